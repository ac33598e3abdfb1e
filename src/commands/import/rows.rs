//! Feeds a run: input, skips and comparison → the rows that are not final yet, through a channel.

use std::io;
use std::num::NonZeroU64;

use tokio::sync::mpsc;
use tracing::warn;

use crate::commands::import::prepare::{changed, found_at};
use crate::commands::read_ahead::read_ahead;
use crate::input::csv_input::Input;
use crate::input::error::InputError;
use crate::input::row::{CheckedRow, RowContent, SkippedRow};
use crate::input::settings::InputSettings;
use crate::input::skip::Skips;
use crate::labels::labeler::Labeler;
use crate::report::checkpoint::RowStatus;
use crate::report::comparison::{Comparison, Mismatch};
use crate::report::row_identity::RowIdentity;

/// The rows of an input, without those that the report already contains.
pub(crate) struct Rows {
    input: Input,
    /// With a limit on rows, the last row is not the end of the input.
    first: Option<NonZeroU64>,
    skips: Skips,
    comparison: Option<Comparison>,
    labeler: Option<Labeler>,
    /// Whether the warning about quoted lines that look like rows was printed.
    has_warned: bool,
    /// The row that was read last; its buffers are reused if the row is skipped here.
    row: CheckedRow,
}

impl Rows {
    pub(crate) fn new(
        input: Input,
        settings: &InputSettings,
        skips: Skips,
        comparison: Option<Comparison>,
        labeler: Option<Labeler>,
    ) -> Self {
        Self {
            input,
            first: settings.first,
            skips,
            comparison,
            labeler,
            has_warned: false,
            row: CheckedRow::default(),
        }
    }

    /// Reads the rows on a separate thread and sends them to the returned channel, which limits the lookahead.
    pub(crate) fn read(mut self) -> io::Result<mpsc::Receiver<Result<CheckedRow, InputError>>> {
        read_ahead(move || self.next())
    }

    /// The next row that is not final; `None` at the end.
    pub(crate) fn next(&mut self) -> Result<Option<CheckedRow>, InputError> {
        loop {
            if !self.input.read(&mut self.row)? {
                return self.end().map(|()| None);
            }
            self.warn_of_quoted_rows();
            self.resolve_labels()?;
            // Rows that the report contains count too, for later duplicates. Those by key count from the beginning: only
            // their lines have their ids.
            // A row is compared as the input has it, and may have another outcome in the report.
            let identity = self
                .comparison
                .is_some()
                .then(|| RowIdentity::of(&self.row));
            self.skips.apply(&mut self.row);
            if let (Some(comparison), Some(identity)) = (&mut self.comparison, identity) {
                match comparison.check(self.row.key, &identity) {
                    Ok(RowStatus::Reported) => {
                        // The run still counts a pair that is known as associated.
                        if let RowContent::Skipped(SkippedRow::AlreadyAssociated(pair)) =
                            &self.row.content
                        {
                            return Ok(Some(CheckedRow {
                                key: self.row.key,
                                content: RowContent::Skipped(SkippedRow::AlreadyReported(
                                    pair.clone(),
                                )),
                                labels: None,
                            }));
                        }
                        continue;
                    }
                    Ok(RowStatus::ToBeSent) => {}
                    Err(mismatch) => {
                        let found = found_at(mismatch, self.row.key, &identity);
                        return Err(self.changed(mismatch, &found));
                    }
                }
            }
            return Ok(Some(std::mem::take(&mut self.row)));
        }
    }

    fn resolve_labels(&mut self) -> Result<(), InputError> {
        let Some(labeler) = &mut self.labeler else {
            return Ok(());
        };
        labeler
            .apply(&mut self.row)
            .map_err(|error| InputError::Labels {
                input: self.input.name().to_owned(),
                line: self.row.key.line,
                why: error.to_string(),
                hint: error.plain_hint(),
            })
    }

    /// Warns once. `check` shows how many there are.
    fn warn_of_quoted_rows(&mut self) {
        if self.has_warned {
            return;
        }
        if let Some(line) = self.input.quoted_rows().first_line {
            self.has_warned = true;
            warn!(
                line,
                "a quoted field contains lines that look like rows of this file; they are not read as rows: check for a \
                 missing or extra quote"
            );
        }
    }

    /// At the end of the input: fails if the report has lines for further rows.
    fn end(&mut self) -> Result<(), InputError> {
        let is_cut_short = self
            .first
            .is_some_and(|first| self.input.rows() >= first.get());
        match &mut self.comparison {
            Some(comparison) if !is_cut_short => {
                let end = comparison.end();
                end.map_err(|mismatch| self.changed(mismatch, ""))
            }
            _ => Ok(()),
        }
    }

    fn changed(&self, mismatch: Mismatch, found: &str) -> InputError {
        changed(self.input.name(), mismatch, found, &[])
    }
}
