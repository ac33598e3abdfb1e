//! How calls are parted: to find the bad rows in them, or because the API takes no more pairs.

use super::{BatchRequest, Batches, types_of};
use crate::run::row::SendableRow;

/// So few suspects are sent one by one: halves would not save a request.
const MAX_SUSPECTS_SENT_ONE_BY_ONE: usize = 3;

impl Batches {
    /// Looks for the bad rows among `suspects`, of which at least one is.
    pub(in crate::run) fn search(&mut self, mut suspects: Vec<SendableRow>) {
        let Some(types) = suspects.first().map(types_of) else {
            return;
        };
        let sizer = self.sizer(&types);
        if suspects.len() <= MAX_SUSPECTS_SENT_ONE_BY_ONE || sizer.has_too_many_bad(suspects.len())
        {
            sizer.record_bad_row();
            self.send_singly(suspects);
            return;
        }
        let rest = suspects.split_off(suspects.len().div_ceil(2));
        self.call_next(BatchRequest::half(suspects, rest));
    }

    /// Sends rows again by halves of which a reply that confirmed others said nothing.
    pub(in crate::run) fn halve(&mut self, mut rows: Vec<SendableRow>) {
        if rows.len() <= MAX_SUSPECTS_SENT_ONE_BY_ONE {
            self.send_singly(rows);
            return;
        }
        let rest = rows.split_off(rows.len().div_ceil(2));
        for half in [rest, rows] {
            self.call_next(BatchRequest::new(half));
        }
    }

    /// The API does not take more pairs per call than this.
    pub(in crate::run) fn lower_max_size(&mut self, call: BatchRequest, max: usize) {
        if let Some(types) = call.types() {
            self.sizer(&types).lower_max_size(max);
        }
        let BatchRequest {
            rows, rest, named, ..
        } = call;
        let mut rows = rows.into_iter().chain(rest).peekable();
        let mut calls = Vec::new();
        while rows.peek().is_some() {
            calls.push(BatchRequest::new(rows.by_ref().take(max).collect()));
        }
        // They are told once all the others are.
        if let Some(last) = calls.last_mut() {
            last.named = named;
        }
        for call in calls.into_iter().rev() {
            self.call_next(call);
        }
    }
}
