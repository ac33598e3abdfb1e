//! The rows whose records are being asked for, and the requests that ask. Pure: the caller sends the requests and passes the
//! time.

use std::marker::PhantomData;
use std::time::{Duration, Instant};

use crate::api::lookup_call::LookupCall;
use crate::domain::pair::Pair;
use crate::domain::proof::RecordState;
use crate::links::after_reply::AfterReply;
use crate::links::records::record_read::RecordRead;

/// The reads of records of a run. `R` is a row.
#[derive(Debug)]
pub(crate) struct RecordReads<R> {
    rows: PhantomData<R>,
}

impl<R> RecordReads<R> {
    pub(crate) fn new() -> Self {
        Self { rows: PhantomData }
    }

    /// Adds a row. `seen` says which records of its pair are known to exist, in the order of the pair.
    pub(crate) fn push(&mut self, row: R, pair: &Pair, seen: [bool; 2]) {
        todo!()
    }

    /// Records that no more rows come: makes requests of the groups that are not full.
    pub(crate) fn end_input(&mut self) {
        todo!()
    }

    /// Makes requests of the groups that are not full.
    pub(crate) fn flush(&mut self) {
        todo!()
    }

    /// Whether a request can be sent now.
    pub(crate) fn is_ready(&self) -> bool {
        todo!()
    }

    /// Takes the next request.
    pub(crate) fn pop_request(&mut self) -> Option<RecordRead> {
        todo!()
    }

    /// The call of a request.
    pub(crate) fn call(&self, request: &RecordRead) -> LookupCall {
        todo!()
    }

    /// Reads the reply to a request.
    pub(crate) fn reply(
        &mut self,
        request: RecordRead,
        status: u16,
        body: &[u8],
    ) -> AfterReply<RecordRead> {
        todo!()
    }

    /// Divides a request that the API refuses, to find the record that it refuses: the state of a single one is unknown.
    pub(crate) fn refused(&mut self, request: RecordRead) {
        todo!()
    }

    /// Sends a request again after a delay.
    pub(crate) fn retry(&mut self, request: RecordRead, after: Duration, now: Instant) {
        todo!()
    }

    /// The time of the next scheduled action, for [`Self::advance`].
    pub(crate) fn next_due(&self) -> Option<Instant> {
        todo!()
    }

    /// Makes the requests ready that have waited long enough.
    pub(crate) fn advance(&mut self, now: Instant) {
        todo!()
    }

    /// Gives up a request: the states of its records are unknown.
    pub(crate) fn fail(&mut self, request: &RecordRead) {
        todo!()
    }

    /// Takes a row whose records have their states, in the order of its pair. Rows leave in any order.
    pub(crate) fn pop_row(&mut self) -> Option<(R, [RecordState; 2])> {
        todo!()
    }

    /// The number of rows that wait, or are ready to leave.
    pub(crate) fn len(&self) -> usize {
        todo!()
    }
}
