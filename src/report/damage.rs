//! Detects damage in a report, as power cuts, bad disks and edits cause it: how a damaged line is recognized, and how
//! a reader handles it. Pure.
//!
//! A report has no checksums. A line is damaged if it has the wrong number of fields, no valid row or outcome, or
//! bytes that are not text. Zeros are such bytes, and so is almost everything else that a bad disk leaves in place of
//! text.

use std::fmt;

use crate::text::excerpt;

/// How a reader handles damaged lines that are followed by whole ones. Damaged lines up to the end of the file are
/// never returned: a crash leaves them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnDamage {
    /// Fail at the first one.
    #[default]
    Refuse,
    /// Skip them, for a reader that loses nothing else by it.
    Skip,
    /// Skip them, and every line whose beginning or end may be part of the damage: all lines that are returned are
    /// kept.
    Repair,
}

/// The lines that a reader skipped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Damage {
    /// The number of lines.
    pub lines: u64,
    /// Their size in bytes.
    pub bytes: u64,
    /// The first of them.
    pub first_line: u64,
}

impl Damage {
    /// Whether no line was skipped.
    #[must_use]
    pub fn is_none(self) -> bool {
        self.lines == 0
    }

    pub(crate) fn add(&mut self, line: u64, bytes: u64) {
        if self.is_none() {
            self.first_line = line;
        }
        self.lines += 1;
        self.bytes += bytes;
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            lines,
            bytes,
            first_line,
        } = self;
        match lines {
            1 => write!(formatter, "line {first_line} ({bytes} bytes)"),
            _ => write!(
                formatter,
                "{lines} lines ({bytes} bytes), the first is line {first_line}"
            ),
        }
    }
}

/// Whether this program may have written the line: text without control characters.
pub(crate) fn is_text(line: &[u8]) -> bool {
    is_plain(line) || (!line.iter().copied().any(is_control) && str::from_utf8(line).is_ok())
}

/// Whether there are bytes that are not text, other than zeros. Such bytes may include false line breaks; zeros do
/// not.
pub(crate) fn has_garbage(bytes: &[u8]) -> bool {
    !is_plain(bytes)
        && (bytes.iter().any(|&byte| byte != 0 && is_control(byte))
            || str::from_utf8(bytes).is_err())
}

/// Whether all bytes are printable ASCII, as in almost every line. A fold without a branch per byte is faster.
fn is_plain(bytes: &[u8]) -> bool {
    let other = bytes
        .iter()
        .fold(false, |other, byte| other | !(0x20..0x7f).contains(byte));
    !other
}

fn is_control(byte: u8) -> bool {
    byte < 0x20 && !b"\t\r\n".contains(&byte)
}

/// Damaged text as a message shows it.
pub(crate) fn shown(bytes: &[u8]) -> String {
    excerpt(&String::from_utf8_lossy(&bytes[..bytes.len().min(200)]), 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_distinguished_from_damage() {
        for (bytes, text, garbage) in [
            (&b""[..], true, false),
            (b"1,2,contacts,associated", true, false),
            ("1,é,\u{a0}\t".as_bytes(), true, false),
            (b"1,2,con\0\0", false, false),
            (b"\0\0\0\0", false, false),
            (b"1,2,\x01", false, true),
            (b"1,\0,\x1b", false, true),
            (b"1,2,\xff\xff", false, true),
            (b"1,2,\xc3", false, true),
        ] {
            assert_eq!(is_text(bytes), text, "{bytes:?}");
            assert_eq!(has_garbage(bytes), garbage, "{bytes:?}");
        }
    }

    #[test]
    fn damage_is_shown_with_its_size_and_place() {
        let mut damage = Damage::default();
        assert!(damage.is_none());
        damage.add(7, 90);
        assert_eq!(damage.to_string(), "line 7 (90 bytes)");
        damage.add(9, 10);
        let shown = "2 lines (100 bytes), the first is line 7";
        assert_eq!(damage.to_string(), shown);
    }
}
