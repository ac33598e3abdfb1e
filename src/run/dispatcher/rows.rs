//! Takes rows: from the input, through the stages that look records up and read links, to the queue or to their end.

use tokio::time::Instant;

use crate::domain::outcome::{Details, Outcome, OutcomeKind};
use crate::domain::proof::ExistedBefore;
use crate::input::error::InputError;
use crate::input::row::{CheckedRow, RowContent, SkippedRow};
use crate::run::dispatcher::Dispatcher;
use crate::run::row::{SendableRow, invalid_outcome, labels_of, skipped_outcome};
use crate::run::stop_reason::StopReason;

impl Dispatcher<'_> {
    /// Takes the next row. Returns whether there was one.
    pub(super) fn take_next(&mut self) -> bool {
        match self.links {
            Some(_) => self.take_from_links(),
            None => self.take_from_input(),
        }
    }

    /// Takes the next row of the input whose keys have their answers. Returns whether there was one.
    pub(super) fn take_from_input(&mut self) -> bool {
        if self.lookups.is_some() {
            return self.take_looked_up();
        }
        match self.input_buffer.pop_front() {
            Some(row) => {
                self.take(row);
                true
            }
            None => false,
        }
    }

    pub(super) fn take(&mut self, row: Result<CheckedRow, InputError>) {
        match row {
            Ok(CheckedRow {
                key,
                content,
                labels,
            }) => match content {
                RowContent::Pair(pair) => self.enqueue(SendableRow {
                    labels: labels_of(labels),
                    ..SendableRow::new(key, pair)
                }),
                RowContent::LabelsOf(pair) => self.enqueue(SendableRow {
                    labels: labels_of(labels),
                    existed_before: Some(ExistedBefore::Yes),
                    ..SendableRow::new(key, pair)
                }),
                // Only an input with properties has such rows, and its run has lookups.
                RowContent::Keyed(_) => unreachable!("the key of a row was not looked up"),
                RowContent::Invalid(invalid) => {
                    self.finish_with(invalid_outcome(key, &invalid, (self.context.now)()));
                }
                RowContent::Skipped(SkippedRow::AlreadyReported(_)) => {
                    self.failure_tracker.note_good();
                }
                RowContent::Skipped(skipped) => {
                    self.finish_with(Outcome {
                        labels: labels_of(labels),
                        ..skipped_outcome(key, skipped, (self.context.now)())
                    });
                }
            },
            Err(error) => {
                // Rows that were read before the error are still sent.
                self.input_over = true;
                StopReason::raise(&mut self.reason, StopReason::Input(error));
            }
        }
    }

    pub(super) fn enqueue(&mut self, row: SendableRow) {
        if self.settings.lookup_only {
            let (now, wall) = (Instant::now(), (self.context.now)());
            let found = row.outcome(OutcomeKind::Skipped, Details::default(), now, wall);
            return self.finish_with(found);
        }
        match &mut self.links {
            Some(stage) => stage.push(row.into(), Instant::now().into_std()),
            None => self.enqueue_to_send(row),
        }
    }

    pub(super) fn enqueue_to_send(&mut self, row: SendableRow) {
        match &mut self.batches {
            Some(batches) => batches.push(row),
            None => self.queue.push(row),
        }
    }
}
