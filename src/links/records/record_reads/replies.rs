//! What follows from the replies to the reads of records. Pure.

use crate::domain::proof::RecordState;
use crate::links::after_reply::AfterReply;
use crate::links::records::record_read::RecordRead;
use crate::links::records::record_reads::{RecordReads, WaitingRow};
use crate::links::records::reply::{RecordReply, read};
use crate::links::records::states::RecordKey;

impl<R> RecordReads<R> {
    /// Reads the reply to a request.
    pub(crate) fn reply(
        &mut self,
        request: RecordRead,
        status: u16,
        body: &[u8],
    ) -> AfterReply<RecordRead> {
        let records = request.records.iter();
        let asked: Vec<u128> = records.map(|record| record.number()).collect();
        let kind = &mut self.types[usize::from(request.object_type)];
        match read(&asked, status, body) {
            RecordReply::Records(results) => {
                kind.is_read = true;
                self.store(request, results);
            }
            RecordReply::WithoutMergedIds if request.asks_merged_ids => {
                kind.has_merged_ids = false;
                let again = RecordRead::new(request.object_type, request.records);
                self.requests.push_first(again);
            }
            RecordReply::Unreadable(why) => return AfterReply::Unreadable { request, why },
            RecordReply::WithoutMergedIds | RecordReply::ByStatus => {
                return AfterReply::ByStatus(request);
            }
        }
        AfterReply::Stored
    }

    /// Stores the states of a request's records, and asks again for those that are open.
    fn store(&mut self, request: RecordRead, states: Vec<Option<RecordState>>) {
        let mut open = Vec::new();
        for (&record, state) in request.records.iter().zip(states) {
            match state {
                Some(state) => self.settle(record, state),
                None => open.push(record),
            }
        }
        if open.len() == request.records() {
            self.halve(request);
        } else if !open.is_empty() {
            let rest = RecordRead::new(request.object_type, open);
            self.requests.push_first(rest);
        }
    }

    /// Divides a request that the API refuses, to find the record that it refuses: the state of a single one is unknown.
    pub(crate) fn refused(&mut self, request: RecordRead) {
        let number = request.object_type;
        let kind = &mut self.types[usize::from(number)];
        kind.refused += u32::from(request.records() == 1);
        if !kind.is_refused() {
            self.halve(request);
            return;
        }
        self.fail(&request);
        let group = std::mem::take(&mut self.types[usize::from(number)].group);
        self.fail(&RecordRead::new(number, group));
        for request in self.requests.take_all(|other| other.object_type == number) {
            self.fail(&request);
        }
    }

    fn halve(&mut self, request: RecordRead) {
        if request.records() < 2 {
            self.fail(&request);
            return;
        }
        for half in request.halves().into_iter().rev() {
            self.requests.push_first(half);
        }
    }

    /// Gives up a request: the states of its records are unknown.
    pub(crate) fn fail(&mut self, request: &RecordRead) {
        for &record in &request.records {
            self.settle(record, RecordState::Unknown);
        }
    }

    /// Keeps the state of a record, and passes it to the rows that wait for it.
    pub(super) fn settle(&mut self, record: RecordKey, state: RecordState) {
        self.states.insert(record, state);
        let mut next = self.open.remove(&record);
        while let Some(waiter) = next {
            let Some(waiting) = self.rows.get_mut(waiter.place()) else {
                return;
            };
            waiting.states[waiter.side()] = state;
            next = waiting.next[waiter.side()];
            self.settle_one(waiter.place());
        }
    }

    /// A row waits for one thing less.
    pub(super) fn settle_one(&mut self, place: u32) {
        let Some(waiting) = self.rows.get_mut(place) else {
            return;
        };
        waiting.open -= 1;
        if waiting.open == 0
            && let Some(WaitingRow { row, states, .. }) = self.rows.remove(place)
        {
            self.done.push_back((row, states));
        }
    }
}
