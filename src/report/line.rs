//! Writes an outcome as one line of the report.

use crate::domain::outcome::{Details, Outcome};
use crate::domain::proof::ExistedBefore;
use crate::domain::row_keys::{CellKey, MatchKind, RowKeys};
use crate::report::layout::{Layout, ReportKind};
use crate::report::line_fields::{LineFields, formula_safe};
use crate::report::origin::{Origin, write_correlation_id};
use crate::report::proof_line::{add_undone, add_verified};
use crate::text::excerpt;

/// The columns of the labels, for a row without labels.
const NO_LABELS: &[u8] = b",,";

/// The end of the column of the account, and the column of the end of the run: a run that is being written has not
/// ended.
const NOT_THE_END: &[u8] = b",0,";

/// The number of characters of a key that its line shows.
const MAX_KEY_CHARS: usize = 200;

/// A buffer of lines that are not yet written to the file, as CSV.
#[derive(Debug, Default)]
pub struct LineBuffer {
    fields: LineFields,
    origin: Origin,
    layout: Layout,
    /// The account that the run writes to; empty if it is not known.
    portal: String,
    /// The last correlation id; the allocation is reused.
    correlation_id: String,
}

impl LineBuffer {
    /// Creates a buffer for lines of this kind of run, with these columns. `portal` is the account that the run writes
    /// to, if it is known.
    #[must_use]
    pub fn of(origin: Origin, layout: Layout, portal: Option<u64>) -> Self {
        Self {
            origin,
            layout,
            portal: portal.map(|id| id.to_string()).unwrap_or_default(),
            ..Self::default()
        }
    }

    /// Adds the header.
    pub fn add_header(&mut self) {
        self.fields
            .bytes
            .extend_from_slice(self.layout.header().as_bytes());
    }

    /// Adds the line of an outcome.
    pub fn add(&mut self, outcome: &Outcome) {
        match self.layout.kind() {
            ReportKind::Import => self.add_imported(outcome),
            ReportKind::Verify => add_verified(&mut self.fields, outcome),
            ReportKind::Undo => add_undone(&mut self.fields, outcome),
        }
        self.fields.end_line();
    }

    /// Adds the fields of a row of an import.
    fn add_imported(&mut self, outcome: &Outcome) {
        let Details {
            http_status,
            batch_status,
            num_errors,
            categories,
            subcategories,
            message,
            association_type_ids,
            correlation_id,
        } = &outcome.details;
        self.fields.add_number(outcome.key.row);
        self.fields.add_number(outcome.key.line);
        self.fields.add_target(&outcome.target);
        self.fields.add_plain(outcome.kind.as_str());
        match http_status {
            Some(status) => self.fields.add_number(*status),
            None => self.fields.add_plain(""),
        }
        self.fields
            .add_untrusted_text(batch_status.as_deref().unwrap_or_default());
        self.fields.add_number(*num_errors);
        self.fields.add_list(categories);
        self.fields.add_list(subcategories);
        self.fields.add_untrusted_text(message);
        self.fields.add_list(association_type_ids);
        self.add_correlation_id(correlation_id.as_deref().unwrap_or_default());
        self.fields.add_number(outcome.attempts);
        self.fields
            .add_number(u64::try_from(outcome.duration.as_millis()).unwrap_or(u64::MAX));
        self.fields.add_time(outcome.finished_at);
        if self.layout.has_keys() {
            self.add_keys(outcome.keys.as_deref());
            self.fields
                .add_plain(outcome.existed_before.map_or("", ExistedBefore::as_str));
            match outcome.labels.as_deref() {
                Some(labels) => {
                    self.fields.add_asked_labels(Some(labels));
                    self.fields.add_added_labels(outcome, labels);
                }
                None => self.fields.bytes.extend_from_slice(NO_LABELS),
            }
        }
        if self.layout.has_portal() {
            self.fields.bytes.extend_from_slice(self.portal.as_bytes());
            self.fields.bytes.extend_from_slice(NOT_THE_END);
        }
    }

    /// Adds the columns of the keys.
    fn add_keys(&mut self, keys: Option<&RowKeys>) {
        const NO_KEY: &[u8] = b",,";
        for key in keys.map_or([None, None], |keys| [keys.from.as_ref(), keys.to.as_ref()]) {
            match key {
                Some(CellKey { cell, matched }) => {
                    self.fields.add_text(&key_value(cell));
                    self.fields.add_plain(matched.map_or("", MatchKind::as_str));
                }
                None => self.fields.bytes.extend_from_slice(NO_KEY),
            }
        }
    }

    fn add_correlation_id(&mut self, id: &str) {
        let mut field = std::mem::take(&mut self.correlation_id);
        write_correlation_id(self.origin, id, &mut field);
        self.fields.add_untrusted_text(&field);
        self.correlation_id = field;
    }

    /// The number of bytes in the buffer.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.fields.bytes.len()
    }

    /// Takes all bytes and leaves the buffer empty.
    #[must_use]
    pub fn take(&mut self) -> Vec<u8> {
        // The next lines are likely to need as much.
        let next = Vec::with_capacity(self.fields.bytes.len());
        std::mem::replace(&mut self.fields.bytes, next)
    }
}

/// The value in the column of a key.
pub(crate) fn key_value(cell: &str) -> String {
    formula_safe(&excerpt(cell, MAX_KEY_CHARS)).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::fixtures::{outcome, pair};
    use crate::domain::outcome::{OutcomeKind, RowTarget};
    use crate::domain::pair::RowKey;
    use proptest::prelude::*;
    use std::time::Duration;

    fn written(outcome: &Outcome) -> String {
        let mut lines = LineBuffer::default();
        lines.add(outcome);
        let bytes = lines.take();
        assert_eq!(lines.bytes(), 0);
        String::from_utf8(bytes).unwrap()
    }

    fn associated() -> Outcome {
        Outcome {
            key: RowKey { row: 7, line: 9 },
            target: RowTarget::Pair(pair("contacts 041001", "2-1234567 52002")),
            details: Details {
                http_status: Some(200),
                batch_status: Some("COMPLETE".into()),
                association_type_ids: vec!["15".into(), "16".into()],
                correlation_id: Some("8f6e".into()),
                ..Details::default()
            },
            attempts: 2,
            duration: Duration::from_micros(1_234_567),
            finished_at: "2026-05-04T09:15:22.1189Z".parse().unwrap(),
            ..outcome(7, OutcomeKind::Associated)
        }
    }

    #[test]
    fn the_header_is_as_promised() {
        let mut lines = LineBuffer::default();
        lines.add_header();
        assert_eq!(
            String::from_utf8(lines.take()).unwrap(),
            "row,line,from_object_type,from_object_id,to_object_type,to_object_id,outcome,http_status,batch_status,\
             num_errors,error_categories,error_subcategories,error_message,association_type_ids,correlation_id,\
             attempts,duration_ms,finished_at,from_key,from_match,to_key,to_match,existed_before,labels,labels_added,\
             portal_id,end_of_run\n"
        );
    }

    #[test]
    fn an_associated_row_is_one_line() {
        assert_eq!(
            written(&associated()),
            "7,9,contacts,041001,2-1234567,52002,associated,200,COMPLETE,0,,,,15;16,8f6e,2,1234,2026-05-04T09:15:22.118Z,,,,,,,,,0\n"
        );
    }

    #[test]
    fn a_row_that_was_not_sent_leaves_the_reply_columns_empty() {
        let outcome = Outcome {
            target: RowTarget::Raw([
                "contacts".into(),
                "5.12\nE+11".into(),
                String::new(),
                "-1".into(),
            ]),
            keys: None,
            kind: OutcomeKind::Invalid,
            details: Details {
                num_errors: 3,
                categories: vec!["A".into(), "B".into()],
                message: "says \"x\", and more".into(),
                ..Details::default()
            },
            attempts: 0,
            duration: Duration::ZERO,
            ..associated()
        };
        assert_eq!(
            written(&outcome),
            "7,9,contacts,5.12\\nE+11,,'-1,invalid,,,3,A;B,,\"says \"\"x\"\", and more\",,,0,0,2026-05-04T09:15:22.118Z,,,,,,,,,0\n"
        );
    }

    #[test]
    fn text_that_a_spreadsheet_would_run_is_escaped() {
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
        outcome.details.message = "=HYPERLINK(1)".into();
        outcome.details.categories = vec!["@x".into()];
        outcome.details.correlation_id = Some("+1".into());
        let line = written(&outcome);
        assert!(line.contains(",'@x,,'=HYPERLINK(1),"), "{line}");
        assert!(line.contains(",'+1,"), "{line}");
    }

    #[test]
    fn keys_are_written_as_they_stood_in_their_cells_but_short_and_not_as_formulas() {
        let key = |cell: &str, matched| {
            Some(CellKey {
                cell: cell.into(),
                matched,
            })
        };
        let long = "x".repeat(201);
        let shown = format!("{}…", &long[..199]);
        for (from, to, columns) in [
            (
                key("Ann@Example.com", Some(MatchKind::Folded)),
                None,
                "Ann@Example.com,folded,,,,,,,0",
            ),
            (
                None,
                key("=1+1", Some(MatchKind::Search)),
                ",,'=1+1,search,,,,,0",
            ),
            (
                key("a,\"b\"", Some(MatchKind::Exact)),
                key(&long, None),
                &format!("\"a,\"\"b\"\"\",exact,{shown},,,,,,0"),
            ),
            (
                key("a@example.com", Some(MatchKind::Secondary)),
                key("-", None),
                "a@example.com,secondary,'-,,,,,,0",
            ),
        ] {
            let line = written(&Outcome {
                keys: Some(Box::new(RowKeys { from, to })),
                ..associated()
            });
            let (_, end) = line.split_once("22.118Z,").unwrap();
            assert_eq!(end, format!("{columns}\n"));
        }
    }

    #[test]
    fn a_report_of_an_earlier_version_gets_lines_with_its_columns() {
        let outcome = Outcome {
            existed_before: Some(ExistedBefore::No),
            ..associated()
        };
        for (layout, end) in [
            (Layout::Current, ",,,,,no,,,7000001,0"),
            (Layout::WithoutPortal, ",,,,,no,,"),
            (Layout::WithoutKeys, ""),
        ] {
            let mut lines = LineBuffer::of(Origin::RealRun, layout, Some(7_000_001));
            lines.add_header();
            lines.add(&outcome);
            let text = String::from_utf8(lines.take()).unwrap();
            let count = layout.columns().len();
            assert!(text.lines().all(|line| line.split(',').count() == count));
            let end = format!(",2026-05-04T09:15:22.118Z{end}\n");
            assert!(text.ends_with(&end), "{text}");
        }
    }

    #[test]
    fn a_line_shows_whether_the_pair_was_linked_before_if_that_was_asked() {
        for (existed_before, end) in [
            (Some(ExistedBefore::Yes), ",yes,,,,0\n"),
            (Some(ExistedBefore::Unknown), ",unknown,,,,0\n"),
            (None, "Z,,,,,,,,,0\n"),
        ] {
            let line = written(&Outcome {
                existed_before,
                ..associated()
            });
            assert!(line.ends_with(end), "{line}");
        }
    }

    #[test]
    fn each_second_is_formatted_again() {
        let mut lines = LineBuffer::default();
        for (time, written) in [
            ("2026-05-04T09:15:22.1189Z", "2026-05-04T09:15:22.118Z"),
            ("2026-05-04T09:15:22.9999Z", "2026-05-04T09:15:22.999Z"),
            ("2026-05-04T09:15:23Z", "2026-05-04T09:15:23.000Z"),
            ("2026-05-04T09:15:22.005Z", "2026-05-04T09:15:22.005Z"),
        ] {
            lines.add(&Outcome {
                finished_at: time.parse().unwrap(),
                ..associated()
            });
            let line = String::from_utf8(lines.take()).unwrap();
            assert!(line.ends_with(&format!(",{written},,,,,,,,,0\n")), "{line}");
        }
    }

    proptest! {
        #[test]
        fn a_line_is_what_a_csv_writer_would_write(
            message in "(?s).{0,20}",
            categories in proptest::collection::vec("[a,\"\n\r;=]{0,5}", 0..3),
        ) {
            let mut outcome = associated();
            outcome.details.message = message;
            outcome.details.categories = categories;
            let line = written(&outcome);
            let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(line.as_bytes());
            let mut writer = csv::Writer::from_writer(Vec::new());
            for record in reader.byte_records() {
                let record = record.unwrap();
                prop_assert_eq!(record.len(), Layout::Current.columns().len());
                let message = formula_safe(&outcome.details.message);
                prop_assert_eq!(&record[12], message.as_bytes());
                writer.write_byte_record(&record).unwrap();
            }
            prop_assert_eq!(String::from_utf8(writer.into_inner().unwrap()).unwrap(), line);
        }
    }
}
