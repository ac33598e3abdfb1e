//! Splits batches: to find the bad rows in them, or because the API accepts fewer pairs per batch.

use crate::run::batch::groups::Batches;
use crate::run::batch::request::{BatchRequest, types_of};
use crate::run::row::SendableRow;

/// Up to this number, suspects are sent one by one: bisecting would not save a request.
const MAX_SUSPECTS_SENT_ONE_BY_ONE: usize = 3;

impl Batches {
    /// Searches for the bad rows among `suspects`, at least one of which is bad.
    pub(crate) fn search(&mut self, mut suspects: Vec<SendableRow>) {
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
        self.push_ready_first(BatchRequest::half(suspects, rest));
    }

    /// Sends rows again in two halves. The reply confirmed other rows and did not mention these.
    pub(crate) fn halve(&mut self, mut rows: Vec<SendableRow>) {
        if rows.len() <= MAX_SUSPECTS_SENT_ONE_BY_ONE {
            self.send_singly(rows);
            return;
        }
        let rest = rows.split_off(rows.len().div_ceil(2));
        for half in [rest, rows] {
            self.push_ready_first(BatchRequest::new(half));
        }
    }

    /// Lowers the maximum batch size for these types to `max` and splits `batch` accordingly.
    pub(crate) fn lower_max_size(&mut self, batch: BatchRequest, max: usize) {
        if let Some(types) = batch.types() {
            self.sizer(&types).lower_max_size(max);
        }
        let BatchRequest {
            rows, rest, named, ..
        } = batch;
        let mut rows = rows.into_iter().chain(rest).peekable();
        let mut split = Vec::new();
        while rows.peek().is_some() {
            split.push(BatchRequest::new(rows.by_ref().take(max).collect()));
        }
        // Named rows finish after all the others; see `BatchRequest::named`.
        if let Some(last) = split.last_mut() {
            last.named = named;
        }
        for batch in split.into_iter().rev() {
            self.push_ready_first(batch);
        }
    }
}
