//! The rows that are brought to a run: those of the input that still have something to do.

use std::io;
use std::num::NonZeroU64;
use std::thread;

use tokio::sync::mpsc;
use tracing::warn;

use super::prepare::changed;
use crate::input::{CheckedRow, Input, InputError, InputSettings, RowContent, SkippedRow, Skips};
use crate::report::{Comparison, Mismatch, RowStatus};
use crate::run::target_of;

/// Rows that are read ahead of being sent.
const ROWS_AHEAD: usize = 256;

/// The rows of an input, less those that are settled.
pub(super) struct Rows {
    input: Input,
    /// If only the first rows are read, their end is not the input's.
    first: Option<NonZeroU64>,
    skips: Skips,
    comparison: Option<Comparison>,
    /// Whether lines inside quotes that look like rows were warned of.
    has_warned: bool,
    /// The row that was read last; its place is used again if it is settled already.
    row: CheckedRow,
}

impl Rows {
    pub(super) fn new(
        input: Input,
        settings: &InputSettings,
        skips: Skips,
        comparison: Option<Comparison>,
    ) -> Self {
        Self {
            input,
            first: settings.first,
            skips,
            comparison,
            has_warned: false,
            row: CheckedRow::default(),
        }
    }

    /// Reads them on a thread of their own, as fast as they are taken.
    pub(super) fn read(mut self) -> io::Result<mpsc::Receiver<Result<CheckedRow, InputError>>> {
        let (sender, receiver) = mpsc::channel(ROWS_AHEAD);
        let thread = thread::Builder::new().name("input".to_owned());
        thread.spawn(move || {
            while let Some(row) = self.next().transpose() {
                let last = row.is_err();
                // Nobody takes rows any more once the run has stopped.
                if sender.blocking_send(row).is_err() || last {
                    break;
                }
            }
        })?;
        Ok(receiver)
    }

    fn next(&mut self) -> Result<Option<CheckedRow>, InputError> {
        loop {
            if !self.input.read(&mut self.row)? {
                return self.end().map(|()| None);
            }
            self.warn_of_quoted_rows();
            // Also what is settled counts as met.
            self.skips.apply(&mut self.row.content);
            if let Some(comparison) = &mut self.comparison {
                let target = target_of(&self.row);
                match comparison.check(self.row.key, &target) {
                    Ok(RowStatus::Reported) => {
                        // That its pair is linked counts all the same.
                        if let RowContent::Skipped(SkippedRow::AlreadyAssociated(pair)) =
                            &self.row.content
                        {
                            return Ok(Some(CheckedRow {
                                key: self.row.key,
                                content: RowContent::Skipped(SkippedRow::AlreadyReported(
                                    pair.clone(),
                                )),
                            }));
                        }
                        continue;
                    }
                    Ok(RowStatus::ToBeSent) => {}
                    Err(mismatch) => return Err(self.changed(mismatch, &target.to_string())),
                }
            }
            return Ok(Some(std::mem::take(&mut self.row)));
        }
    }

    /// Once: `check` counts them.
    fn warn_of_quoted_rows(&mut self) {
        if self.has_warned {
            return;
        }
        if let Some(line) = self.input.quoted_rows().first_line {
            self.has_warned = true;
            warn!(
                line,
                "a quoted field holds lines that look like rows of this file, and they are not read as rows: is a \
                 quote missing or too many there?"
            );
        }
    }

    /// Nothing more is read: is nothing of the report left over either?
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
