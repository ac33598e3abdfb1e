//! Tracks the quotes of one record, to find the open field and where it starts.
//!
//! `csv_core` does not expose that state, and it joins text after a closing quote to the field. The reader runs
//! this second, slower pass only for a record that has quotes or is not in its buffer as a whole, so it costs
//! nothing for ordinary records. Pure.

use crate::input::csv::lines::LineCount;

/// The current field of a record, updated byte by byte.
#[derive(Clone, Debug)]
pub(crate) struct OpenField {
    state: State,
    /// The field's number in the record, counted from 1.
    pub(crate) number: usize,
    /// The line on which the field starts.
    pub(crate) line: u64,
    /// The length of the field so far, quotes included.
    length: usize,
    here: LineCount,
    /// The fields with text after their closing quote, counted from 0.
    misquoted: Vec<usize>,
    /// The line on which the first of them starts.
    misquoted_line: u64,
    /// Whether a line ends inside quotes.
    spans_lines: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Start,
    Unquoted,
    Quoted,
    /// After a quote that ends the field, unless another quote follows.
    QuoteInQuoted,
    /// After the closing quote and blanks.
    BehindQuote,
}

impl State {
    /// The state after one more byte.
    fn after(self, byte: u8, delimiter: u8) -> Self {
        match self {
            Self::Quoted if byte == b'"' => Self::QuoteInQuoted,
            Self::Quoted => Self::Quoted,
            Self::Start | Self::QuoteInQuoted if byte == b'"' => Self::Quoted,
            _ if byte == delimiter => Self::Start,
            Self::QuoteInQuoted | Self::BehindQuote if byte.is_ascii_whitespace() => {
                Self::BehindQuote
            }
            _ => Self::Unquoted,
        }
    }
}

/// The fields of a whole record verbatim, with their quotes.
pub(crate) fn raw_fields(record: &[u8], delimiter: u8) -> Vec<&[u8]> {
    let mut state = State::Start;
    let mut fields = Vec::new();
    let mut start = 0;
    for (place, &byte) in record.iter().enumerate() {
        let ends = byte == delimiter && state != State::Quoted;
        state = state.after(byte, delimiter);
        if ends {
            fields.push(&record[start..place]);
            start = place + 1;
        }
    }
    fields.push(&record[start..]);
    fields
}

impl OpenField {
    /// At the first byte of a record that starts at `here`.
    pub(crate) fn new(here: LineCount) -> Self {
        Self {
            state: State::Start,
            number: 1,
            line: here.line,
            length: 0,
            here,
            misquoted: Vec::new(),
            misquoted_line: 0,
            spans_lines: false,
        }
    }

    /// The fields so far that have text after their closing quote, counted from 0.
    pub(crate) fn into_misquoted(self) -> Vec<usize> {
        self.misquoted
    }

    /// Whether a line ended inside quotes.
    pub(crate) fn spans_lines(&self) -> bool {
        self.spans_lines
    }

    /// In a record of several lines, the first field with text after its closing quote: the line on which it
    /// starts, and its number counted from 1. There, quotes of different rows were taken for a pair.
    pub(crate) fn misread_over_lines(&self) -> Option<(u64, usize)> {
        let field = *self.misquoted.first()?;
        self.spans_lines.then_some((self.misquoted_line, field + 1))
    }

    /// Whether the field is quoted and its closing quote has not been read yet.
    pub(crate) fn is_in_quotes(&self) -> bool {
        self.state == State::Quoted
    }

    /// Processes `bytes`, and stops early, with `false`, once a quoted field is longer than `limit`.
    pub(crate) fn follow(&mut self, bytes: &[u8], delimiter: u8, limit: usize) -> bool {
        for &byte in bytes {
            self.here.pass(byte);
            self.length += 1;
            let before = self.state;
            self.state = before.after(byte, delimiter);
            match (before, self.state) {
                (State::Quoted, State::Quoted) if self.length > limit => return false,
                (State::Quoted, State::Quoted) => {
                    self.spans_lines |= matches!(byte, b'\r' | b'\n');
                }
                (_, State::Start) => {
                    self.number += 1;
                    self.line = self.here.line;
                    self.length = 0;
                }
                (State::QuoteInQuoted | State::BehindQuote, State::Unquoted) => {
                    if self.misquoted.is_empty() {
                        self.misquoted_line = self.line;
                    }
                    self.misquoted.push(self.number - 1);
                }
                _ => {}
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn follow(bytes: &[u8], limit: usize) -> (bool, OpenField) {
        let mut field = OpenField::new(LineCount::new());
        let within = field.follow(bytes, b',', limit);
        (within, field)
    }

    #[test]
    fn a_field_is_open_until_its_closing_quote() {
        for (bytes, open, number, line) in [
            ("", false, 1, 1),
            ("abc", false, 1, 1),
            ("\"abc", true, 1, 1),
            ("\"abc\"", false, 1, 1),
            ("\"abc\"\"", true, 1, 1),
            ("\"abc\"\"\"", false, 1, 1),
            ("a\"bc", false, 1, 1),
            ("\"a\"b\"c", false, 1, 1),
            ("a,\"b", true, 2, 1),
            ("\"a\r\nb\rc\nd\",\"e\nf", true, 2, 4),
            ("\"a,b\",c,\"", true, 3, 1),
        ] {
            let (within, field) = follow(bytes.as_bytes(), 100);
            assert!(within, "{bytes:?}");
            assert_eq!(field.is_in_quotes(), open, "{bytes:?}");
            assert_eq!((field.number, field.line), (number, line), "{bytes:?}");
        }
    }

    #[test]
    fn text_after_a_closing_quote_is_found_with_its_field() {
        for (bytes, misquoted) in [
            ("\"1\"2,b,\"c\"", &[0][..]),
            ("a,\"1\" ,\"c\"x,\"d\"\"e\"\r\n", &[2]),
            ("a\"1\"2,\"b\"", &[]),
            ("\"1\"\"2\",\"\"", &[]),
            // Also after blanks, where a quote does not open a field.
            ("\"1\" 2,\"3\" \"4,5\",\"6\" \t,7", &[0, 1]),
        ] {
            assert_eq!(
                follow(bytes.as_bytes(), 100).1.into_misquoted(),
                misquoted,
                "{bytes:?}"
            );
        }
    }

    #[test]
    fn only_a_quoted_field_has_a_limit() {
        assert!(follow(b"aaaaaaaaaaaaaaa,\"bbb", 4).0);
        assert!(!follow(b"aaaaaaaaaaaaaaa,\"bbbb", 4).0);
        assert!(follow(b"\"aaa\",\"bbb\",\"ccc", 4).0);
    }
}
