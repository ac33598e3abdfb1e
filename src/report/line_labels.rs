//! The columns of the labels: what is written to them, and how it is read again. Pure.

use std::borrow::Cow;
use std::io::Write;

use crate::domain::association_type::AssociationType;
use crate::domain::label_set::LabelSet;
use crate::domain::labels::LinkLabels;
use crate::domain::outcome::{Outcome, OutcomeKind};
use crate::report::column::Column;
use crate::report::line_fields::{LineFields, SEPARATOR, is_formula};
use crate::report::report_line::ReportLine;
use crate::text::{excerpt, is_invisible};

/// The number of characters of a name that a line shows. A list is never cut, because its ids identify the row.
const MAX_NAME_CHARS: usize = 255;

impl LineFields {
    /// Adds the labels that the row asks for.
    pub(crate) fn add_asked_labels(&mut self, labels: Option<&LinkLabels>) {
        self.add_labels(labels.into_iter().flat_map(|labels| labels.asked.iter()));
    }

    /// Adds the labels that the row gave to its link: none if it is not associated, or if those of the link are not known.
    pub(crate) fn add_added_labels(&mut self, outcome: &Outcome, labels: &LinkLabels) {
        let is_associated = outcome.kind == OutcomeKind::Associated;
        let added = labels.added.iter().filter(|_| is_associated);
        self.add_labels(added.flatten());
    }

    fn add_labels<'l>(&mut self, labels: impl IntoIterator<Item = &'l AssociationType>) {
        let start = self.bytes.len();
        for (index, label) in labels.into_iter().enumerate() {
            let separator = if index > 0 { SEPARATOR } else { "" };
            // Writing to memory cannot fail.
            let _infallible = write!(self.bytes, "{separator}{}", on_one_line(label));
        }
        self.end_untrusted_field(start);
    }
}

/// The label with a name that cannot break a line.
fn on_one_line(label: &AssociationType) -> Cow<'_, AssociationType> {
    let name = label.label.as_deref().unwrap_or_default();
    if name.len() <= MAX_NAME_CHARS && !name.contains(is_invisible) {
        return Cow::Borrowed(label);
    }
    Cow::Owned(AssociationType {
        label: Some(excerpt(name, MAX_NAME_CHARS).into()),
        ..label.clone()
    })
}

impl ReportLine<'_> {
    /// The labels that the row asked for; `None` if it asked for none.
    #[must_use]
    pub fn labels(&self) -> Option<LabelSet> {
        self.labels_in(Column::Labels)
    }

    /// Those of them that its link did not have before; `None` if there are none, or if that is not known.
    #[must_use]
    pub fn labels_added(&self) -> Option<LabelSet> {
        self.labels_in(Column::LabelsAdded)
    }

    fn labels_in(&self, column: Column) -> Option<LabelSet> {
        let text = str::from_utf8(self.field(column)).ok()?;
        // Most lines have none.
        (!text.is_empty()).then(|| LabelSet::parse(without_apostrophe(text)))?
    }
}

/// The text without the apostrophe that keeps a spreadsheet from running it as a formula.
fn without_apostrophe(text: &str) -> &str {
    text.strip_prefix('\'')
        .filter(|rest| is_formula(rest.as_bytes()))
        .unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::fixtures::{label_set, outcome};
    use crate::report::layout::Layout;
    use crate::report::line::LineBuffer;
    use crate::report::origin::Origin;
    use crate::report::reader::ReportReader;
    use proptest::prelude::*;

    type Columns = [Option<LabelSet>; 2];

    fn label(type_id: u64, name: &str) -> AssociationType {
        AssociationType {
            category: "USER_DEFINED".into(),
            type_id,
            label: Some(name.into()),
        }
    }

    /// A report with the line of this outcome.
    fn written(labels: LinkLabels, kind: OutcomeKind, layout: Layout) -> String {
        let mut lines = LineBuffer::of(Origin::RealRun, layout, None);
        lines.add_header();
        lines.add(&Outcome {
            labels: Some(Box::new(labels)),
            ..outcome(7, kind)
        });
        String::from_utf8(lines.take()).unwrap()
    }

    fn read(report: &str) -> Columns {
        let mut reader = ReportReader::new(report.as_bytes()).unwrap();
        let line = reader.read().unwrap().unwrap();
        [line.labels(), line.labels_added()]
    }

    #[test]
    fn a_line_shows_the_labels_asked_for_and_those_that_the_link_did_not_have() {
        let asked = label_set("USER_DEFINED:37:Decision maker;USER_DEFINED:39:A\\; \"b\", c");
        let beside = LinkLabels::beside(asked.clone(), &[label(37, "renamed since")]);
        let both = ",\"USER_DEFINED:37:Decision maker;USER_DEFINED:39:A\\; \"\"b\"\", c\"";
        let added = ",\"USER_DEFINED:39:A\\; \"\"b\"\", c\"";
        for (labels, kind, end) in [
            (
                beside.clone(),
                OutcomeKind::Associated,
                format!("{both}{added},,0\n"),
            ),
            (beside, OutcomeKind::Rejected, format!("{both},,,0\n")),
            (
                LinkLabels::only(asked.clone()),
                OutcomeKind::Associated,
                format!("{both},,,0\n"),
            ),
            (
                LinkLabels::beside(asked.clone(), &[label(37, ""), label(39, "")]),
                OutcomeKind::Associated,
                format!("{both},,,0\n"),
            ),
        ] {
            let report = written(labels, kind, Layout::Current);
            assert!(report.ends_with(&end), "{report}");
            assert_eq!(read(&report)[0], Some(asked.clone()));
        }
    }

    #[test]
    fn a_name_with_line_breaks_or_of_any_length_leaves_the_ids_readable() {
        let long = "x".repeat(400);
        let asked =
            LabelSet::new([label(1, "two\nlines"), label(2, &long), label(3, "C")]).unwrap();
        let report = written(
            LinkLabels::only(asked.clone()),
            OutcomeKind::Failed,
            Layout::Current,
        );
        assert_eq!(report.lines().count(), 2);
        let [found, added] = read(&report);
        let found = found.unwrap();
        assert!(found.has_same_types_as(&asked));
        let names = found.iter().map(|label| label.label.as_deref().unwrap());
        let names: Vec<&str> = names.collect();
        assert_eq!(names[0], "two\\nlines");
        assert_eq!(names[1].chars().count(), 255);
        assert_eq!(added, None);
    }

    #[test]
    fn a_report_without_the_columns_and_a_text_that_is_no_list_have_no_labels() {
        let asked = label_set("USER_DEFINED:1:A");
        let report = written(
            LinkLabels::only(asked),
            OutcomeKind::Associated,
            Layout::WithoutKeys,
        );
        assert_eq!(read(&report), [None, None]);
        for (text, expected) in [
            ("", None),
            ("Decision maker", None),
            ("USER_DEFINED:37", None),
            ("USER_DEFINED:37:", None),
            ("'=X:1:A", Some("=X:1:A")),
            ("USER_DEFINED:1:A", Some("USER_DEFINED:1:A")),
        ] {
            let report = format!(
                "row,from_object_type,from_object_id,to_object_type,to_object_id,outcome,labels\n\
                 1,contacts,1,companies,2,associated,{text}\n"
            );
            let found = read(&report)[0].as_ref().map(LabelSet::to_string);
            assert_eq!(found.as_deref(), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn labels_are_read_back_whatever_their_names_are(
            labels in prop::collection::btree_map(
                (prop::sample::select(vec!["USER_DEFINED", "INTEGRATOR_DEFINED"]), 0_u64..99),
                "\\PC{1,12}|[=+;\\\\,\"\n\r']{1,6}",
                1..5,
            ),
            is_added: bool,
        ) {
            let types = labels.iter().map(|(&(category, type_id), name)| AssociationType {
                category: category.into(),
                type_id,
                label: Some(name.as_str().into()),
            });
            let asked = LabelSet::new(types).unwrap();
            let labels = if is_added {
                LinkLabels::beside(asked.clone(), &[])
            } else {
                LinkLabels::only(asked.clone())
            };
            let report = written(labels, OutcomeKind::Associated, Layout::Current);
            prop_assert_eq!(report.lines().count(), 2);
            let [found, added] = read(&report);
            prop_assert!(found.as_ref().unwrap().has_same_types_as(&asked));
            prop_assert_eq!(added, found.filter(|_| is_added));
        }
    }
}
