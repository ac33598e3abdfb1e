//! The flags of `check`.

use std::fmt;
use std::str::FromStr;

use clap::Args;

use crate::cli::input::InputArgs;
use crate::cli::labels::LabelArgs;

/// The flags of `check`.
#[derive(Args, Clone, Debug)]
pub struct CheckArgs {
    /// The input and how to read it.
    #[command(flatten)]
    pub input: InputArgs,

    /// The labels of the associations.
    #[command(flatten)]
    pub labels: LabelArgs,

    /// Memory for an exact count of the duplicates; 0 disables the count
    ///
    /// If the pairs need more memory, the count is an estimate.
    #[arg(long, value_name = "SIZE", default_value_t = ByteSize::FOR_DUPLICATES, help_heading = "Input")]
    pub duplicates_memory: ByteSize,
    /// Print one JSON object instead of text
    #[arg(long, help_heading = "Output")]
    pub json: bool,
}

/// A number of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ByteSize(pub usize);

impl ByteSize {
    /// Enough for an exact count of four million pairs.
    pub const FOR_DUPLICATES: Self = Self(256 << 20);
}

impl fmt::Display for ByteSize {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            bytes if bytes % (1 << 20) == 0 => write!(formatter, "{}MiB", bytes >> 20),
            bytes => write!(formatter, "{bytes}"),
        }
    }
}

/// The text is not a valid [`ByteSize`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a size such as `64MiB`, `2GiB` or `0`")]
pub struct ByteSizeError;

impl FromStr for ByteSize {
    type Err = ByteSizeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim().to_lowercase();
        let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic() || c == ' ');
        let unit = match text[digits.len()..].trim() {
            "" | "b" => 1,
            "k" | "kb" | "kib" => 1 << 10,
            "m" | "mb" | "mib" => 1 << 20,
            "g" | "gb" | "gib" => 1_usize << 30,
            _ => return Err(ByteSizeError),
        };
        let number: usize = digits.parse().map_err(|_| ByteSizeError)?;
        number.checked_mul(unit).map(Self).ok_or(ByteSizeError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_a_number_and_a_unit() {
        for (text, bytes) in [
            ("0", Some(0)),
            ("123", Some(123)),
            ("64 KiB", Some(64 << 10)),
            ("256MiB", Some(256 << 20)),
            ("2g", Some(2 << 30)),
            ("", None),
            ("MiB", None),
            ("1.5G", None),
            ("-1", None),
            ("5 parsec", None),
            ("99999999999G", None),
        ] {
            assert_eq!(text.parse().ok(), bytes.map(ByteSize), "{text}");
        }
        assert_eq!(ByteSize::FOR_DUPLICATES.to_string(), "256MiB");
        assert_eq!(ByteSize(1000).to_string(), "1000");
    }
}
