//! The encoding of a file's text. Pure.

use std::fmt;
use std::str::FromStr;

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};

/// An encoding of text, by its name on the web (<https://encoding.spec.whatwg.org/#names-and-labels>).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextEncoding(&'static Encoding);

/// Why a text does not name a [`TextEncoding`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "unknown encoding; examples of names are `windows-1252`, `utf-16le`, `shift_jis` and `gbk`"
)]
pub struct EncodingError;

impl TextEncoding {
    /// UTF-8.
    pub const UTF_8: Self = Self(UTF_8);

    /// The encoding that a byte order mark at the beginning names.
    pub(crate) fn of_mark(prefix: &[u8]) -> Option<Self> {
        Encoding::for_bom(prefix).map(|(encoding, _)| Self(encoding))
    }

    /// Recognises UTF-16 without a mark by the NULs of its ASCII characters.
    pub(crate) fn of_nul_bytes(text: &[u8]) -> Self {
        Self(if text.first() == Some(&0) {
            UTF_16BE
        } else {
            UTF_16LE
        })
    }

    pub(crate) fn as_encoding(self) -> &'static Encoding {
        self.0
    }
}

impl FromStr for TextEncoding {
    type Err = EncodingError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // Some labels name encodings that the standard no longer allows to be decoded.
        let encoding = Encoding::for_label_no_replacement(text.as_bytes());
        encoding.map(Self).ok_or(EncodingError)
    }
}

impl fmt::Display for TextEncoding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_encoding_is_named_as_on_the_web() {
        for (label, name) in [
            ("utf-8", "UTF-8"),
            ("UTF8", "UTF-8"),
            ("latin1", "windows-1252"),
            (" Windows-1252 ", "windows-1252"),
            ("shift_jis", "Shift_JIS"),
            ("utf-16", "UTF-16LE"),
            ("macintosh", "macintosh"),
        ] {
            assert_eq!(label.parse::<TextEncoding>().unwrap().to_string(), name);
        }
        for label in ["", "utf-7", "ebcdic", "iso-2022-kr"] {
            assert_eq!(label.parse::<TextEncoding>(), Err(EncodingError));
        }
    }
}
