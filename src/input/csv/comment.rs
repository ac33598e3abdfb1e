//! The character that marks comment lines. Pure.

use std::fmt;
use std::str::FromStr;

/// The character at the start of a line that is ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Comment(u8);

/// Why a text is not a [`Comment`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected one character such as `#` or `%`: no letter, digit, blank, quote or delimiter")]
pub struct CommentError;

impl Comment {
    pub(crate) const NUMBER_SIGN: Self = Self(b'#');

    /// The character as a byte.
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
    fn the_comment_character_is_one_that_cannot_begin_a_row() {
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
