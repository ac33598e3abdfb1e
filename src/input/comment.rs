//! Lines that are not part of the data: how the user marks them. Pure.

use std::fmt;
use std::str::FromStr;

/// The character that begins a line which is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Comment(u8);

/// Why a text is no [`Comment`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected one character such as `#` or `%`: no letter, digit, blank, quote or delimiter")]
pub struct CommentError;

impl Comment {
    pub(super) const NUMBER_SIGN: Self = Self(b'#');

    /// The character as it stands in the file.
    #[must_use]
    pub fn as_byte(self) -> u8 {
        self.0
    }
}

impl FromStr for Comment {
    type Err = CommentError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match *text.as_bytes() {
            // A row may begin with any of these.
            [b'"' | b'\'' | b',' | b';' | b'|' | b'+' | b'-' | b'=' | b'_'] => Err(CommentError),
            [byte] if byte.is_ascii_punctuation() => Ok(Self(byte)),
            _ => Err(CommentError),
        }
    }
}

impl fmt::Display for Comment {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", char::from(self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_is_marked_by_one_character_that_begins_no_row() {
        for text in ["#", "%", "!", "/", "*"] {
            assert_eq!(text.parse::<Comment>().unwrap().to_string(), text);
        }
        for text in [
            "", "##", "//", "a", "7", " ", "\t", "\"", ",", ";", "|", "=", "é", "\n",
        ] {
            assert_eq!(text.parse::<Comment>(), Err(CommentError), "{text:?}");
        }
    }
}
