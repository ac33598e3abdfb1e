//! Counts the rows that are in the report, beside the other observers of a run.

use std::time::Duration;

use crate::domain::outcome::Outcome;
use crate::run::event::{Event, Observe, RunEvent};

/// An observer that passes each row whose line is in the report to `count`, and all events to `observer`. A row whose line
/// cannot be written is not counted.
pub(crate) struct CountedRows<'o, F> {
    pub(crate) observer: &'o mut dyn Observe,
    pub(crate) count: F,
}

impl<F: FnMut(&Outcome)> Observe for CountedRows<'_, F> {
    fn tick_every(&self) -> Duration {
        self.observer.tick_every()
    }

    fn on(&mut self, event: &Event<'_>) {
        if let RunEvent::RowFinished(outcome) = event.kind {
            (self.count)(outcome);
        }
        self.observer.on(event);
    }
}
