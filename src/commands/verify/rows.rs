//! Feeds a verification: the rows of a report or of a CSV that are not settled, through a channel.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use tokio::sync::mpsc;

use crate::commands::import::rows::Rows;
use crate::commands::read_ahead::read_ahead;
use crate::commands::verify::output::Settled;
use crate::commands::verify::report_rows::{LinkedRows, RowsError};
use crate::commands::verify::source::{ReadyInput, ReadyReport, Source};
use crate::error::RunError;
use crate::input::error::InputError;
use crate::input::row::{CheckedRow, RowContent, SkippedRow};
use crate::input::skip::Skips;
use crate::report::checkpoint::RowStatus;
use crate::report::row_identity::RowIdentity;
use crate::verify::sample::Chosen;
use crate::verify::survey::Survey;

type Receiver = mpsc::Receiver<Result<CheckedRow, InputError>>;

/// The rows of a run, and how many were left out so far.
pub(crate) struct Feed {
    pub(crate) rows: Receiver,
    pub(crate) left_out: Arc<AtomicU64>,
}

/// Reads the rows on a separate thread.
pub(crate) fn feed(source: Source, settled: Settled) -> Result<Feed, RunError> {
    match source {
        Source::Report(report) => of_report(&report, settled),
        Source::Input(input) => of_input(*input, settled).map_err(RunError::System),
    }
}

fn of_report(report: &ReadyReport, settled: Settled) -> Result<Feed, RunError> {
    let left_out = Arc::new(report.survey.left_out.into());
    let mut rows = LinkedRows::open(&report.path)?;
    let (chosen, path) = (report.chosen, report.path.clone());
    let rows = read_ahead(move || {
        loop {
            let next = rows.next();
            let next = next.map_err(|error| changed(&path, rows.survey(), error))?;
            let Some(row) = next else {
                return Ok(None);
            };
            let row = CheckedRow::from(row);
            if is_chosen(&row, chosen.as_ref()) && !is_settled(&row, &settled) {
                return Ok(Some(row));
            }
        }
    });
    let rows = rows.map_err(RunError::System)?;
    Ok(Feed { rows, left_out })
}

fn of_input(input: ReadyInput, settled: Settled) -> io::Result<Feed> {
    let left_out = Arc::new(AtomicU64::default());
    let ReadyInput {
        settings,
        input,
        chosen,
        labeler,
    } = input;
    let comparison = match settled {
        Settled::InOrder(comparison) => Some(*comparison),
        Settled::InAnyOrder(_) | Settled::None => None,
    };
    let mut rows = Rows::new(input, &settings, Skips::default(), comparison, labeler);
    let counter = Arc::clone(&left_out);
    let rows = read_ahead(move || {
        while let Some(row) = rows.next()? {
            if let RowContent::Skipped(SkippedRow::NothingToLink(_)) = &row.content {
                counter.fetch_add(1, Relaxed);
            } else if is_chosen(&row, chosen.as_ref()) {
                return Ok(Some(row));
            }
        }
        Ok(None)
    })?;
    Ok(Feed { rows, left_out })
}

/// Whether the row is in the sample. A row that is no pair is in none.
fn is_chosen(row: &CheckedRow, chosen: Option<&Chosen>) -> bool {
    let Some(chosen) = chosen else {
        return true;
    };
    let values = row.content.pair_values();
    values.is_some_and(|values| chosen.contains(row.key.row, values))
}

/// Whether the output has a line of the row that is kept.
fn is_settled(row: &CheckedRow, settled: &Settled) -> bool {
    let Settled::InAnyOrder(checkpoint) = settled else {
        return false;
    };
    let fingerprint = RowIdentity::of(row).fingerprint();
    checkpoint.status(row.key.row, fingerprint) == Some(RowStatus::Reported)
}

/// The error for a report that was readable before the run began.
fn changed(path: &Path, lines: Survey, error: RowsError) -> InputError {
    let source = match error {
        RowsError::Report(error) => io::Error::other(error),
        RowsError::Refused(_) => io::Error::other("it changed while it was read"),
    };
    InputError::Read {
        input: path.display().to_string(),
        // After the header.
        line: lines.verified + lines.left_out + 1,
        source,
    }
}
