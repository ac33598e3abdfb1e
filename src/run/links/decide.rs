//! Decides how a row continues or ends once its links are read, by the purpose of the run. Pure.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::domain::association_type::AssociationType;
use crate::domain::labels::LinkLabels;
use crate::domain::outcome::{Details, Outcome, OutcomeKind, RowTarget};
use crate::domain::proof::{LinkState, Proof, RecordState, UndoOutcome, Undone, Verified};
use crate::links::decision::{Added, Decision, decide, decide_after, decide_after_labels, unread};
use crate::links::presence::{lacking, state_of};
use crate::links::read::found::LinksFound;
use crate::run::context::LinkPurpose;
use crate::run::links::import::import;
use crate::run::links::row::LinkRow;
use crate::run::row::SendableRow;

/// What happens to a row whose links were read.
#[derive(Debug)]
pub(crate) enum Next {
    /// It is sent.
    Send(SendableRow),
    /// It ends.
    Finish(Outcome),
    /// Its link is missing: its records are read. The array says which of them are known to exist.
    ReadRecords(LinkRow, [bool; 2]),
    /// Its link, or labels of it, are removed.
    Remove(LinkRow),
}

/// What happens to a row after the first read of its links.
pub(crate) fn after_read(
    purpose: LinkPurpose,
    row: LinkRow,
    found: LinksFound,
    now: Timestamp,
) -> Next {
    match purpose {
        LinkPurpose::Import {
            skip_existing,
            labels,
        } => import(row, &found, skip_existing, labels, now),
        LinkPurpose::Verify { expect_absent } => verify(row, found, expect_absent, now),
        LinkPurpose::Undo => undo(row, &found, now),
    }
}

fn undo(row: LinkRow, found: &LinksFound, now: Timestamp) -> Next {
    let added = Added {
        link: !row.keeps_link,
        labels: row.labels.as_ref(),
    };
    let (outcome, reason, details) = match decide(found, added) {
        Decision::Remove => return Next::Remove(row),
        Decision::RemoveLabels(labels) => {
            return Next::Remove(LinkRow {
                labels: Some(labels),
                removes_labels: true,
                ..row
            });
        }
        Decision::Kept(reason) => (UndoOutcome::Kept, reason, None),
        Decision::Gone(reason) => (UndoOutcome::Gone, reason.into(), None),
        Decision::Unknown(details) => {
            let reason = unread(&details).into();
            (UndoOutcome::Failed, reason, Some(details))
        }
    };
    Next::Finish(undone(row, outcome, reason, details, now))
}

fn verify(row: LinkRow, found: LinksFound, expect_absent: bool, now: Timestamp) -> Next {
    let (types, seen) = match found {
        LinksFound::Known { types, seen } => (types, seen),
        LinksFound::Unknown(details) => {
            let unknown = Verified {
                state: LinkState::Unknown,
                types: Vec::new(),
                records: None,
            };
            let details = Details::clone(&details);
            return Next::Finish(verified(row, OutcomeKind::Failed, details, unknown, now));
        }
    };
    if types.is_empty() && !expect_absent {
        return Next::ReadRecords(row, seen);
    }
    // A link that is there, although without a label, shows that its records exist.
    let lacks_label = state_of(&types, row.labels.as_ref(), expect_absent) == LinkState::Missing;
    let records = (lacks_label && !expect_absent).then_some([RecordState::Exists; 2]);
    Next::Finish(known(row, types, records, expect_absent, now))
}

/// The outcome of a row whose link is missing, once its records are read.
pub(crate) fn missing(row: LinkRow, records: [RecordState; 2], now: Timestamp) -> Outcome {
    known(row, Vec::new(), Some(records), false, now)
}

fn known(
    row: LinkRow,
    types: Vec<AssociationType>,
    records: Option<[RecordState; 2]>,
    expect_absent: bool,
    now: Timestamp,
) -> Outcome {
    let state = state_of(&types, row.labels.as_ref(), expect_absent);
    let message = match (state, &row.labels) {
        (LinkState::Missing, Some(labels)) if !types.is_empty() => lacking(&types, labels),
        (LinkState::Missing, _) => "the link is missing".to_owned(),
        _ => "the link is present".to_owned(),
    };
    let is_expected = (state == LinkState::Missing) == expect_absent;
    let found = Verified {
        state,
        types,
        records,
    };
    if is_expected {
        let kind = OutcomeKind::Skipped;
        return verified(row, kind, Details::default(), found, now);
    }
    let details = Details {
        num_errors: 1,
        message,
        ..Details::default()
    };
    verified(row, OutcomeKind::Rejected, details, found, now)
}

fn verified(
    row: LinkRow,
    kind: OutcomeKind,
    details: Details,
    found: Verified,
    now: Timestamp,
) -> Outcome {
    outcome(row, kind, details, Proof::Verified(found), now)
}

/// The outcome of a row whose link was to be removed, once that is read back. What is read decides: the reply to the
/// removal may have been lost, or be about another pair.
pub(crate) fn after_removal(row: LinkRow, found: &LinksFound, now: Timestamp) -> Outcome {
    let removal = row.removal.as_deref();
    let Undone { outcome, reason } = match &row.labels {
        Some(labels) if row.removes_labels => {
            decide_after_labels(found, removal, labels, !row.keeps_link)
        }
        _ => decide_after(found, removal),
    };
    let details = match (found, &row.removal) {
        (LinksFound::Unknown(details), _) => Some(Arc::clone(details)),
        (_, removal) => removal.clone(),
    };
    undone(row, outcome, reason, details, now)
}

fn undone(
    row: LinkRow,
    outcome_of_undo: UndoOutcome,
    reason: Cow<'static, str>,
    details: Option<Arc<Details>>,
    now: Timestamp,
) -> Outcome {
    let is_failed = outcome_of_undo == UndoOutcome::Failed;
    let kind = if is_failed {
        OutcomeKind::Failed
    } else {
        OutcomeKind::Skipped
    };
    let details = match details {
        Some(details) if is_failed => Details::clone(&details),
        None if is_failed => Details {
            num_errors: 1,
            message: reason.clone().into_owned(),
            ..Details::default()
        },
        _ => Details::default(),
    };
    let proof = Proof::Undone(Undone {
        outcome: outcome_of_undo,
        reason,
    });
    outcome(row, kind, details, proof, now)
}

fn outcome(
    row: LinkRow,
    kind: OutcomeKind,
    mut details: Details,
    proof: Proof,
    now: Timestamp,
) -> Outcome {
    if kind == OutcomeKind::Failed {
        details.num_errors = details.num_errors.max(1);
    }
    // The report of an undo shows labels in its reasons.
    let labels = row
        .labels
        .filter(|_| matches!(proof, Proof::Verified(_)))
        .map(|labels| Box::new(LinkLabels::only(labels)));
    Outcome {
        key: row.key,
        target: RowTarget::Pair(row.pair),
        keys: row.keys,
        kind,
        details,
        attempts: 0,
        duration: Duration::ZERO,
        finished_at: now,
        existed_before: None,
        labels,
        proof: Some(Box::new(proof)),
    }
}
