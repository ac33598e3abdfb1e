//! The fields of a line, as CSV: what is quoted, and what is escaped for spreadsheets.

use std::borrow::{Borrow, Cow};

use jiff::Timestamp;

use crate::domain::outcome::RowTarget;
use crate::domain::pair::{Pair, Record, RecordId};
use crate::text::excerpt;

/// The separator between several values in one field.
pub(crate) const SEPARATOR: &str = ";";

/// Lines that are not yet written to the file, field by field. Every field is followed by a comma.
#[derive(Debug, Default)]
pub(crate) struct LineFields {
    pub(crate) bytes: Vec<u8>,
    clock: Clock,
}

impl LineFields {
    /// Adds a time.
    pub(crate) fn add_time(&mut self, time: Timestamp) {
        self.clock.write(time, &mut self.bytes);
        self.bytes.push(b',');
    }

    pub(crate) fn add_number(&mut self, number: impl itoa::Integer) {
        self.add_plain(itoa::Buffer::new().format(number));
    }

    pub(crate) fn add_target(&mut self, of: &RowTarget) {
        match of {
            RowTarget::Pair(Pair { from, to }) => {
                for Record { object_type, id } in [from, to] {
                    self.add_untrusted_text(object_type.as_str());
                    self.add_plain(id.as_str());
                }
            }
            RowTarget::Raw(_) => {
                for value in target_values(of) {
                    self.add_text(&value);
                }
            }
        }
    }

    pub(crate) fn add_list<T: Borrow<str>>(&mut self, texts: &[T]) {
        let start = self.bytes.len();
        for (index, text) in texts.iter().enumerate() {
            if index > 0 {
                self.bytes.extend_from_slice(SEPARATOR.as_bytes());
            }
            self.bytes.extend_from_slice(text.borrow().as_bytes());
        }
        self.end_untrusted_field(start);
    }

    /// Adds text from a file or a server.
    pub(crate) fn add_untrusted_text(&mut self, text: &str) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(text.as_bytes());
        self.end_untrusted_field(start);
    }

    pub(crate) fn add_text(&mut self, text: &str) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(text.as_bytes());
        self.end_field(start);
    }

    /// Adds digits or a word of this program: nothing in them has a meaning in CSV or in a spreadsheet.
    pub(crate) fn add_plain(&mut self, text: &str) {
        self.bytes.extend_from_slice(text.as_bytes());
        self.bytes.push(b',');
    }

    /// Ends the field that begins at `start`, with text from a file or a server.
    pub(crate) fn end_untrusted_field(&mut self, start: usize) {
        if is_formula(&self.bytes[start..]) {
            self.bytes.insert(start, b'\'');
        }
        self.end_field(start);
    }

    /// Ends the field that begins at `start`, and quotes it where necessary.
    fn end_field(&mut self, start: usize) {
        if self.bytes[start..]
            .iter()
            .any(|byte| b",\"\r\n".contains(byte))
        {
            let text = self.bytes.split_off(start);
            self.bytes.push(b'"');
            for byte in text {
                if byte == b'"' {
                    self.bytes.push(b'"');
                }
                self.bytes.push(byte);
            }
            self.bytes.push(b'"');
        }
        self.bytes.push(b',');
    }

    /// Ends the line: the comma after its last field becomes the line break.
    pub(crate) fn end_line(&mut self) {
        if let Some(last) = self.bytes.last_mut() {
            *last = b'\n';
        }
    }
}

/// Writes times as RFC 3339 in UTC. Many rows end in the same second, so its text is cached.
#[derive(Debug, Default)]
struct Clock {
    second: i64,
    /// `2026-05-04T09:15:22.`; empty before the first time.
    start: String,
}

impl Clock {
    fn write(&mut self, time: Timestamp, bytes: &mut Vec<u8>) {
        let second = time.as_second();
        if self.start.is_empty() || self.second != second {
            self.second = second;
            self.start = format!("{time:.3}");
            self.start.truncate(self.start.len() - "000Z".len());
        }
        bytes.extend_from_slice(self.start.as_bytes());
        // Before 1970 the milliseconds would be wrong. No row ends then.
        let millisecond = 1000 + time.subsec_millisecond().unsigned_abs();
        bytes.extend_from_slice(&itoa::Buffer::new().format(millisecond).as_bytes()[1..]);
        bytes.push(b'Z');
    }
}

/// The values in the four columns of the pair.
pub(crate) fn target_values(target: &RowTarget) -> [Cow<'_, str>; 4] {
    match target {
        RowTarget::Pair(pair) => [
            formula_safe(pair.from.object_type.as_str()),
            Cow::from(pair.from.id.as_str()),
            formula_safe(pair.to.object_type.as_str()),
            Cow::from(pair.to.id.as_str()),
        ],
        RowTarget::Raw(values) => values.each_ref().map(|value| match RecordId::new(value) {
            Some(_) => Cow::from(value),
            // Escaped, so that a cell of an invalid row cannot break a line of the report.
            None => Cow::from(formula_safe(&excerpt(value, usize::MAX)).into_owned()),
        }),
    }
}

/// Prevents a spreadsheet that opens the report from running text of a file or a server as a formula
/// (<https://owasp.org/www-community/attacks/CSV_Injection>).
pub(crate) fn formula_safe(text: &str) -> Cow<'_, str> {
    if is_formula(text.as_bytes()) {
        Cow::from(format!("'{text}"))
    } else {
        Cow::from(text)
    }
}

/// Whether a spreadsheet would run the text as a formula.
pub(crate) fn is_formula(text: &[u8]) -> bool {
    matches!(text, [b'=' | b'+' | b'-' | b'@', ..])
}
