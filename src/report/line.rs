//! One outcome as one line of the report, and what of it tells which pair it is about.

use std::borrow::Cow;
use std::hash::{DefaultHasher, Hasher};

use super::column::COLUMNS;
use crate::outcome::{Finding, Outcome, Subject};
use crate::pair::RecordId;
use crate::text::excerpt;

/// What stands between several values in one field.
const SEPARATOR: &str = ";";

/// Lines on their way to the file: CSV in memory.
#[derive(Debug)]
pub struct Lines {
    writer: csv::Writer<Vec<u8>>,
}

impl Default for Lines {
    fn default() -> Self {
        Self {
            writer: csv::Writer::from_writer(Vec::new()),
        }
    }
}

impl Lines {
    /// Adds the line that names the columns.
    pub fn add_header(&mut self) {
        self.add_fields(&COLUMNS);
    }

    /// Adds the line of an outcome.
    pub fn add(&mut self, outcome: &Outcome) {
        let [from_type, from_id, to_type, to_id] = subject(&outcome.subject);
        let Finding {
            http_status,
            batch_status,
            num_errors,
            categories,
            subcategories,
            message,
            association_type_ids,
            correlation_id,
        } = &outcome.finding;
        let row = outcome.key.row.to_string();
        let line = outcome.key.line.to_string();
        let http_status = http_status
            .map(|status| status.to_string())
            .unwrap_or_default();
        let num_errors = num_errors.to_string();
        let attempts = outcome.attempts.to_string();
        let duration = outcome.duration.as_millis().to_string();
        let finished_at = format!("{:.3}", outcome.finished_at);
        let categories = categories.join(SEPARATOR);
        let subcategories = subcategories.join(SEPARATOR);
        let type_ids = association_type_ids.join(SEPARATOR);
        self.add_fields(&[
            row.as_str(),
            &line,
            &from_type,
            &from_id,
            &to_type,
            &to_id,
            outcome.kind.as_str(),
            &http_status,
            &formula_safe(batch_status.as_deref().unwrap_or_default()),
            &num_errors,
            &formula_safe(&categories),
            &formula_safe(&subcategories),
            &formula_safe(message),
            &formula_safe(&type_ids),
            &formula_safe(correlation_id.as_deref().unwrap_or_default()),
            &attempts,
            &duration,
            &finished_at,
        ]);
    }

    fn add_fields(&mut self, fields: &[&str; COLUMNS.len()]) {
        self.writer
            .write_record(fields)
            .and_then(|()| Ok(self.writer.flush()?))
            .expect("memory takes every write, and all lines have as many fields");
    }

    /// How many bytes they take.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.writer.get_ref().len()
    }

    /// Takes them all; none is left here.
    #[must_use]
    pub fn take(&mut self) -> Vec<u8> {
        let bytes = std::mem::take(self).writer.into_inner();
        bytes.expect("memory takes every write")
    }
}

/// Tells pairs apart: what a line says of its pair, in 64 bits. Only good within one run of the program.
#[must_use]
pub(super) fn fingerprint(values: [&[u8]; 4]) -> u64 {
    let mut hasher = DefaultHasher::new();
    for value in values {
        hasher.write(value);
        // No value holds this byte: they are UTF-8.
        hasher.write_u8(0xff);
    }
    hasher.finish()
}

/// The same for what a line would say of `subject`.
#[must_use]
pub(super) fn fingerprint_of(of: &Subject) -> u64 {
    fingerprint(subject(of).each_ref().map(|value| value.as_bytes()))
}

fn subject(subject: &Subject) -> [Cow<'_, str>; 4] {
    match subject {
        Subject::Pair(pair) => [
            formula_safe(pair.from.object_type.as_str()),
            Cow::from(pair.from.id.as_str()),
            formula_safe(pair.to.object_type.as_str()),
            Cow::from(pair.to.id.as_str()),
        ],
        Subject::Raw(values) => values.each_ref().map(|value| match RecordId::new(value) {
            Some(_) => Cow::from(value),
            // Escaped, so that a cell of a broken row cannot break a line of the report as well.
            None => Cow::from(formula_safe(&excerpt(value, usize::MAX)).into_owned()),
        }),
    }
}

/// Keeps a spreadsheet that opens the report from running text of a file or a server as a formula
/// (<https://owasp.org/www-community/attacks/CSV_Injection>).
fn formula_safe(text: &str) -> Cow<'_, str> {
    if text.starts_with(['=', '+', '-', '@']) {
        Cow::from(format!("'{text}"))
    } else {
        Cow::from(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::OutcomeKind;
    use crate::pair::{ObjectType, Pair, Record, RowKey};
    use std::time::Duration;

    fn written(outcome: &Outcome) -> String {
        let mut lines = Lines::default();
        lines.add(outcome);
        let bytes = lines.take();
        assert_eq!(lines.bytes(), 0);
        String::from_utf8(bytes).unwrap()
    }

    fn associated() -> Outcome {
        let record = |object_type, id| Record {
            object_type: ObjectType::new(object_type).unwrap(),
            id: RecordId::new(id).unwrap(),
        };
        Outcome {
            key: RowKey { row: 7, line: 9 },
            subject: Subject::Pair(Pair {
                from: record("contacts", "041001"),
                to: record("2-1234567", "52002"),
            }),
            kind: OutcomeKind::Associated,
            finding: Finding {
                http_status: Some(200),
                batch_status: Some("COMPLETE".into()),
                association_type_ids: vec!["15".into(), "16".into()],
                correlation_id: Some("8f6e".into()),
                ..Finding::default()
            },
            attempts: 2,
            duration: Duration::from_micros(1_234_567),
            finished_at: "2026-05-04T09:15:22.1189Z".parse().unwrap(),
        }
    }

    #[test]
    fn the_header_is_as_promised() {
        let mut lines = Lines::default();
        lines.add_header();
        assert_eq!(
            String::from_utf8(lines.take()).unwrap(),
            "row,line,from_object_type,from_object_id,to_object_type,to_object_id,outcome,http_status,batch_status,\
             num_errors,error_categories,error_subcategories,error_message,association_type_ids,correlation_id,\
             attempts,duration_ms,finished_at\n"
        );
    }

    #[test]
    fn an_associated_row_is_one_line() {
        assert_eq!(
            written(&associated()),
            "7,9,contacts,041001,2-1234567,52002,associated,200,COMPLETE,0,,,,15;16,8f6e,2,1234,2026-05-04T09:15:22.118Z\n"
        );
    }

    #[test]
    fn a_row_that_was_not_sent_leaves_empty_what_no_reply_told() {
        let outcome = Outcome {
            subject: Subject::Raw([
                "contacts".into(),
                "5.12\nE+11".into(),
                String::new(),
                "-1".into(),
            ]),
            kind: OutcomeKind::Invalid,
            finding: Finding {
                num_errors: 3,
                categories: vec!["A".into(), "B".into()],
                message: "says \"x\", and more".into(),
                ..Finding::default()
            },
            attempts: 0,
            duration: Duration::ZERO,
            ..associated()
        };
        assert_eq!(
            written(&outcome),
            "7,9,contacts,5.12\\nE+11,,'-1,invalid,,,3,A;B,,\"says \"\"x\"\", and more\",,,0,0,2026-05-04T09:15:22.118Z\n"
        );
    }

    #[test]
    fn text_that_a_spreadsheet_would_run_is_disarmed() {
        for (text, expected) in [
            ("=1+1", "'=1+1"),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@x", "'@x"),
            ("a=1", "a=1"),
            ("", ""),
            ("'=1", "'=1"),
        ] {
            assert_eq!(formula_safe(text), expected);
        }
        let mut outcome = associated();
        outcome.finding.message = "=HYPERLINK(1)".into();
        outcome.finding.categories = vec!["@x".into()];
        outcome.finding.correlation_id = Some("+1".into());
        let line = written(&outcome);
        assert!(line.contains(",'@x,,'=HYPERLINK(1),"), "{line}");
        assert!(line.contains(",'+1,"), "{line}");
    }
}
