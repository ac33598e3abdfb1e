//! Line numbers as an editor shows them, for any kind of line end. Pure.

use memchr::memchr_iter;

/// Counts lines that end with LF, CRLF or a lone CR.
///
/// A CR counts immediately and a directly following LF does not, so the counter never has to wait for the next
/// byte.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LineCount {
    /// The line of the next byte, counted from 1.
    pub(crate) line: u64,
    behind_carriage_return: bool,
}

impl LineCount {
    pub(crate) fn new() -> Self {
        Self {
            line: 1,
            behind_carriage_return: false,
        }
    }

    /// Advances past one byte.
    pub(crate) fn pass(&mut self, byte: u8) {
        let ends_line = byte == b'\r' || (byte == b'\n' && !self.behind_carriage_return);
        self.line += u64::from(ends_line);
        self.behind_carriage_return = byte == b'\r';
    }

    /// Advances past `bytes`, in which every CR but perhaps the last byte is followed by an LF, and which
    /// contain `line_feeds` LFs.
    pub(crate) fn pass_plain(&mut self, bytes: &[u8], line_feeds: u64) {
        let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else {
            return;
        };
        self.line += line_feeds;
        self.line += u64::from(*last == b'\r');
        self.line -= u64::from(*first == b'\n' && self.behind_carriage_return);
        self.behind_carriage_return = *last == b'\r';
    }
}

/// Whether `bytes` contain a CR that no LF follows; a CR at the end of `bytes` is undecided and does not count.
pub(crate) fn has_lone_carriage_return(bytes: &[u8]) -> bool {
    let mut returns = memchr_iter(b'\r', bytes);
    returns.any(|place| bytes.get(place + 1).is_some_and(|&next| next != b'\n'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn lines_are_counted_the_same_byte_by_byte_and_in_bulk(
            text in "[ab\r\n]{0,40}",
            cut in 0_usize..40,
        ) {
            let bytes = text.as_bytes();
            let (head, tail) = bytes.split_at(cut.min(bytes.len()));
            let mut slow = LineCount::new();
            let mut fast = LineCount::new();
            for part in [head, tail] {
                let line_feeds = part.split(|&byte| byte == b'\n').count() as u64 - 1;
                for &byte in part {
                    slow.pass(byte);
                }
                if has_lone_carriage_return(part) {
                    for &byte in part {
                        fast.pass(byte);
                    }
                } else {
                    fast.pass_plain(part, line_feeds);
                }
                prop_assert_eq!(slow.line, fast.line);
            }
        }
    }
}
