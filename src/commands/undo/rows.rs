//! Feeds an undo: the associated rows of a report that are not settled, through a channel.

use std::io;

use tokio::sync::mpsc;

use crate::commands::read_ahead::read_ahead;
use crate::commands::undo::earlier::status;
use crate::commands::undo::lines::{LinkLine, LinkLines};
use crate::commands::undo::source::Source;
use crate::diagnostic::Problem;
use crate::domain::labels::AskedLabels;
use crate::error::RunError;
use crate::input::error::InputError;
use crate::input::row::{CheckedRow, RowContent, SkippedRow};
use crate::report::checkpoint::{Checkpoint, RowStatus};
use crate::undo::plan::{Decider, Fate};

/// The rows of an undo.
pub(crate) struct UndoRows {
    pub(crate) lines: LinkLines,
    pub(crate) decider: Decider,
    /// The rows that an earlier undo settled.
    pub(crate) settled: Checkpoint,
    /// The report, for messages.
    pub(crate) input: String,
}

impl UndoRows {
    /// The rows of this report.
    pub(crate) fn open(
        source: &Source,
        decider: Decider,
        settled: Checkpoint,
    ) -> Result<Self, RunError> {
        Ok(Self {
            lines: LinkLines::open(&source.path)?,
            decider,
            settled,
            input: source.path.display().to_string(),
        })
    }

    /// Reads the rows on a separate thread, ahead of the run.
    pub(crate) fn read(mut self) -> io::Result<mpsc::Receiver<Result<CheckedRow, InputError>>> {
        read_ahead(move || self.next())
    }

    fn next(&mut self) -> Result<Option<CheckedRow>, InputError> {
        while let Some(line) = self.lines.next().map_err(|error| self.changed(&error))? {
            if let Some(row) = self.row_of(line) {
                return Ok(Some(row));
            }
        }
        Ok(None)
    }

    /// The row of this line; `None` if it is not associated, or settled.
    fn row_of(&mut self, line: LinkLine) -> Option<CheckedRow> {
        let row = line.row()?;
        // Also for a settled row: it may stand for others with the same pair.
        let fate = self.decider.decide(&row)?;
        if status(&self.settled, row.row, row.pair) == Some(RowStatus::Reported) {
            return None;
        }
        let key = line.key();
        let pair = line.into_pair()?;
        let (content, labels) = match fate {
            Fate::Remove => (RowContent::Pair(pair), None),
            Fate::RemoveLabelled { made_link, labels } => {
                let content = if made_link {
                    RowContent::Pair(pair)
                } else {
                    RowContent::LabelsOf(pair)
                };
                (content, Some(AskedLabels::Known(labels)))
            }
            Fate::Keep(reason) => {
                let kept = SkippedRow::Kept(pair, reason.text());
                (RowContent::Skipped(kept), None)
            }
        };
        Some(CheckedRow {
            key,
            content,
            labels,
        })
    }

    /// The error for a report that was readable before the run began.
    fn changed(&self, error: &RunError) -> InputError {
        let Problem { what, causes, .. } = Problem::new(error, None);
        let why: Vec<String> = std::iter::once(what).chain(causes).collect();
        InputError::Read {
            input: self.input.clone(),
            line: self.lines.number(),
            source: io::Error::other(why.join(": ")),
        }
    }
}
