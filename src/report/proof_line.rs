//! Writes the results of `verify` and `undo` as lines of their reports.

use std::fmt::Write;

use crate::domain::association_type::AssociationType;
use crate::domain::outcome::{Outcome, OutcomeKind};
use crate::domain::proof::{LinkState, Proof, UndoOutcome};
use crate::report::line_fields::{LineFields, SEPARATOR};
use crate::report::record_column::records_text;
use crate::text::excerpt;

/// The number of characters of the association types that a line shows. A link has at most a few dozen types.
const MAX_TYPES_CHARS: usize = 20_000;

/// The number of characters of a reason that a line shows.
const MAX_REASON_CHARS: usize = 1_000;

/// Adds the fields of a row of `verify`. A row that could not be read is `unknown`, and one that is no pair is
/// `invalid`.
pub(crate) fn add_verified(fields: &mut LineFields, outcome: &Outcome) {
    fields.add_number(outcome.key.row);
    fields.add_target(&outcome.target);
    if let Some(Proof::Verified(verified)) = outcome.proof.as_deref() {
        fields.add_plain(verified.state.as_str());
        // Text of the server, which must not break the line.
        let types = excerpt(&types_text(&verified.types), MAX_TYPES_CHARS);
        fields.add_untrusted_text(&types);
        fields.add_plain(&records_text(verified.records.as_ref()));
    } else {
        fields.add_plain(match outcome.kind {
            OutcomeKind::Failed => LinkState::Unknown.as_str(),
            _ => OutcomeKind::Invalid.as_str(),
        });
        fields.add_plain("");
        fields.add_plain("");
    }
    fields.add_time(outcome.finished_at);
    fields.add_asked_labels(outcome.labels.as_deref());
}

/// Adds the fields of a row of `undo`. A row without a result of `undo` ended before its link was read.
pub(crate) fn add_undone(fields: &mut LineFields, outcome: &Outcome) {
    fields.add_number(outcome.key.row);
    fields.add_target(&outcome.target);
    let (word, reason) = match outcome.proof.as_deref() {
        Some(Proof::Undone(undone)) => (undone.outcome.as_str(), &*undone.reason),
        _ => (undone_word(outcome.kind), &*outcome.details.message),
    };
    fields.add_plain(word);
    fields.add_untrusted_text(&excerpt(reason, MAX_REASON_CHARS));
    fields.add_time(outcome.finished_at);
}

/// The outcome of a row that has no result of `undo`: it removed nothing.
fn undone_word(kind: OutcomeKind) -> &'static str {
    match kind {
        OutcomeKind::Failed => UndoOutcome::Failed.as_str(),
        OutcomeKind::Invalid => OutcomeKind::Invalid.as_str(),
        OutcomeKind::Associated | OutcomeKind::Rejected | OutcomeKind::Skipped => {
            UndoOutcome::Kept.as_str()
        }
    }
}

fn types_text(types: &[AssociationType]) -> String {
    let mut text = String::new();
    for (index, of) in types.iter().enumerate() {
        let separator = if index > 0 { SEPARATOR } else { "" };
        // Writing to a string cannot fail.
        let _infallible = write!(text, "{separator}{of}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::fixtures::{details, outcome, pair, raw};
    use crate::domain::outcome::RowTarget;
    use crate::domain::pair::RecordId;
    use crate::domain::proof::{RecordState, Undone, Verified};
    use crate::report::layout::Layout;
    use crate::report::line::LineBuffer;
    use crate::report::origin::Origin;

    fn written(layout: Layout, outcome: &Outcome) -> String {
        let mut lines = LineBuffer::of(Origin::RealRun, layout, Some(7));
        lines.add(outcome);
        String::from_utf8(lines.take()).unwrap()
    }

    fn with(proof: Option<Proof>, kind: OutcomeKind) -> Outcome {
        Outcome {
            target: RowTarget::Pair(pair("contacts 1", "companies 2")),
            proof: proof.map(Box::new),
            details: details("X", "what=went \"wrong\""),
            finished_at: "2026-05-04T09:15:22.1189Z".parse().unwrap(),
            ..outcome(7, kind)
        }
    }

    fn label(type_id: u64, label: Option<&str>) -> AssociationType {
        AssociationType {
            category: "USER_DEFINED".into(),
            type_id,
            label: label.map(Into::into),
        }
    }

    #[test]
    fn a_verified_row_shows_its_state_types_and_records() {
        let verified = |state, types, records| {
            Some(Proof::Verified(Verified {
                state,
                types,
                records,
            }))
        };
        let types = vec![label(1, None), label(37, Some("A, \"b\"\n"))];
        let records = [
            RecordState::Exists,
            RecordState::MergedInto(RecordId::new("52007").unwrap()),
        ];
        for (proof, kind, end) in [
            (
                verified(LinkState::Present, types, None),
                OutcomeKind::Skipped,
                "present,\"USER_DEFINED:1:;USER_DEFINED:37:A, \"\"b\"\"\\n\",",
            ),
            (
                verified(LinkState::Missing, Vec::new(), Some(records)),
                OutcomeKind::Rejected,
                "missing,,to merged into 52007",
            ),
            (
                verified(LinkState::Unknown, Vec::new(), None),
                OutcomeKind::Failed,
                "unknown,,",
            ),
            (None, OutcomeKind::Failed, "unknown,,"),
            (None, OutcomeKind::Invalid, "invalid,,"),
            (None, OutcomeKind::Rejected, "invalid,,"),
        ] {
            let line = written(Layout::Verify, &with(proof, kind));
            let expected = format!("7,contacts,1,companies,2,{end},2026-05-04T09:15:22.118Z,\n");
            assert_eq!(line, expected);
        }
    }

    #[test]
    fn an_undone_row_shows_what_was_done_and_why() {
        let undone = |outcome, reason: &'static str| {
            Some(Proof::Undone(Undone {
                outcome,
                reason: reason.into(),
            }))
        };
        let message = "\"what=went \"\"wrong\"\"\"";
        for (proof, kind, end) in [
            (
                undone(UndoOutcome::Removed, ""),
                OutcomeKind::Skipped,
                "removed,",
            ),
            (
                undone(UndoOutcome::Kept, "=has\na label, since"),
                OutcomeKind::Skipped,
                "kept,\"'=has\\na label, since\"",
            ),
            (
                undone(UndoOutcome::Gone, "absent"),
                OutcomeKind::Skipped,
                "gone,absent",
            ),
            (None, OutcomeKind::Failed, &format!("failed,{message}")),
            (None, OutcomeKind::Invalid, &format!("invalid,{message}")),
            (None, OutcomeKind::Skipped, &format!("kept,{message}")),
        ] {
            let line = written(Layout::Undo, &with(proof, kind));
            let expected = format!("7,contacts,1,companies,2,{end},2026-05-04T09:15:22.118Z\n");
            assert_eq!(line, expected);
        }
    }

    #[test]
    fn a_row_that_is_no_pair_shows_what_stood_in_its_cells() {
        let row = Outcome {
            target: raw(["contacts", "=x,1", "companies", ""]),
            ..with(None, OutcomeKind::Invalid)
        };
        let line = written(Layout::Verify, &row);
        let start = "7,contacts,\"'=x,1\",companies,,invalid,,,2026-";
        assert!(line.starts_with(start), "{line}");
    }
}
