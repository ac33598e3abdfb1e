//! Decides how a row of an import continues once the links of its pair are read. Pure.

use std::time::Duration;

use jiff::Timestamp;

use crate::domain::labels::LinkLabels;
use crate::domain::outcome::{Details, Outcome, OutcomeKind, RowTarget};
use crate::domain::proof::ExistedBefore;
use crate::input::row::SkippedRow;
use crate::links::read::found::LinksFound;
use crate::run::context::LinkLabelUse;
use crate::run::links::decide::Next;
use crate::run::links::row::LinkRow;
use crate::run::row::{SendableRow, skipped_outcome};
use crate::text::one_line;
use crate::verdict::sanitize::MAX_MESSAGE_CHARS;

/// Sends a row, skips it, or fails it if what has to be kept is not known.
pub(crate) fn import(
    mut row: LinkRow,
    found: &LinksFound,
    skip_existing: bool,
    use_of_labels: LinkLabelUse,
    now: Timestamp,
) -> Next {
    let types = match found {
        LinksFound::Known { types, .. } => Some(types.as_slice()),
        LinksFound::Unknown(details) => {
            if use_of_labels == LinkLabelUse::Kept && row.labels.is_some() {
                return Next::Finish(unread(row, details, now));
            }
            None
        }
    };
    let existed_before = match types {
        Some([]) => ExistedBefore::No,
        Some(_) => ExistedBefore::Yes,
        None => ExistedBefore::Unknown,
    };
    let labels = row.labels.take().map(|asked| {
        Box::new(match types {
            Some(types) if use_of_labels == LinkLabelUse::Kept => LinkLabels::beside(asked, types),
            Some(types) => LinkLabels::instead_of(asked, types),
            None => LinkLabels::only(asked),
        })
    });
    let has_labels = labels.as_ref().is_none_or(|labels| labels.adds_none());
    if skip_existing && existed_before == ExistedBefore::Yes && has_labels {
        let mut skipped = Outcome {
            keys: row.keys,
            labels,
            ..skipped_outcome(row.key, SkippedRow::Exists(row.pair), now)
        };
        if skipped.labels.is_some() {
            "HubSpot shows the pair as associated, with all labels of the row"
                .clone_into(&mut skipped.details.message);
        }
        return Next::Finish(skipped);
    }
    Next::Send(SendableRow {
        labels,
        existed_before: Some(existed_before),
        ..row.into()
    })
}

/// The outcome of a row with labels whose links could not be read: what is sent could remove labels of the link.
fn unread(row: LinkRow, details: &Details, now: Timestamp) -> Outcome {
    let why = &details.message;
    let message = format!("the labels of the link could not be read, so nothing was sent: {why}");
    let details = Details {
        num_errors: details.num_errors.max(1),
        message: one_line(&message, MAX_MESSAGE_CHARS),
        ..details.clone()
    };
    let labels = row.labels.map(|asked| Box::new(LinkLabels::only(asked)));
    Outcome {
        key: row.key,
        target: RowTarget::Pair(row.pair),
        keys: row.keys,
        kind: OutcomeKind::Failed,
        details,
        attempts: 0,
        duration: Duration::ZERO,
        finished_at: now,
        existed_before: Some(ExistedBefore::Unknown),
        labels,
        proof: None,
    }
}
