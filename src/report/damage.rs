//! Damage in a report, as power cuts, bad disks and edits leave it: how a line shows that it is not whole, and what a
//! reader does about such a line. Pure.
//!
//! A report has no checksums. A line shows damage by its number of fields, by its row and outcome, and by bytes that no
//! text has. Zeros are such bytes, and so is nearly everything else that a disk leaves where text was.

use std::fmt;

/// What a reader does about lines that are not whole and stand in front of others that are. Lines that are not whole up to
/// the end of the file are never given out: they are what a crash leaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnDamage {
    /// It fails with the first of them.
    #[default]
    Refuse,
    /// It leaves them out, for a reader that loses nothing else by it.
    Skip,
    /// It leaves them out, and with them every line whose beginning or end may be part of the damage: what is given out is
    /// kept as the truth.
    Repair,
}

/// The lines that a reader left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Damage {
    /// How many.
    pub lines: u64,
    /// The bytes that they take.
    pub bytes: u64,
    /// The first of them.
    pub first_line: u64,
}

impl Damage {
    /// Whether there is none.
    #[must_use]
    pub fn is_none(self) -> bool {
        self.lines == 0
    }

    pub(super) fn add(&mut self, line: u64, bytes: u64) {
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

/// Whether a line may be what this program wrote: text without control characters.
pub(super) fn is_text(line: &[u8]) -> bool {
    is_plain(line) || (!line.iter().copied().any(is_control) && str::from_utf8(line).is_ok())
}

/// Whether there are bytes that no text has, zeros aside. A line break among them may be no genuine one; zeros have none.
pub(super) fn has_garbage(bytes: &[u8]) -> bool {
    !is_plain(bytes)
        && (bytes.iter().any(|&byte| byte != 0 && is_control(byte))
            || str::from_utf8(bytes).is_err())
}

/// Printable ASCII and nothing else, as nearly every line is. Without a branch for each byte, which takes longer.
fn is_plain(bytes: &[u8]) -> bool {
    let other = bytes
        .iter()
        .fold(false, |other, byte| other | !(0x20..0x7f).contains(byte));
    !other
}

fn is_control(byte: u8) -> bool {
    byte < 0x20 && !b"\t\r\n".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_told_from_what_a_disk_leaves() {
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
