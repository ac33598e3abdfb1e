//! Requests that are not in flight: ready ones, and those that wait for their time. Pure.

use std::collections::{BTreeMap, VecDeque};
use std::time::Instant;

/// The requests.
#[derive(Debug)]
pub(crate) struct RequestQueue<Q> {
    ready: VecDeque<Q>,
    /// By earliest time of the next attempt; the number makes equal times distinct.
    delayed: BTreeMap<(Instant, u64), Q>,
    sequence: u64,
}

impl<Q> Default for RequestQueue<Q> {
    fn default() -> Self {
        Self {
            ready: VecDeque::new(),
            delayed: BTreeMap::new(),
            sequence: 0,
        }
    }
}

impl<Q> RequestQueue<Q> {
    /// Appends a request to those that are ready.
    pub(crate) fn push(&mut self, request: Q) {
        self.ready.push_back(request);
    }

    /// Puts a request in front of those that are ready: rows wait for it already.
    pub(crate) fn push_first(&mut self, request: Q) {
        self.ready.push_front(request);
    }

    /// Makes a request wait.
    pub(crate) fn push_delayed(&mut self, request: Q, due: Instant) {
        self.sequence += 1;
        self.delayed.insert((due, self.sequence), request);
    }

    /// Takes the next request that is ready.
    pub(crate) fn pop(&mut self) -> Option<Q> {
        self.ready.pop_front()
    }

    /// Whether a request is ready.
    pub(crate) fn is_ready(&self) -> bool {
        !self.ready.is_empty()
    }

    /// When the first of the waiting requests is due.
    pub(crate) fn next_due(&self) -> Option<Instant> {
        self.delayed.keys().next().map(|&(due, _)| due)
    }

    /// Makes the requests ready that are due.
    pub(crate) fn release_due(&mut self, now: Instant) {
        let later = self.delayed.split_off(&(now, u64::MAX));
        let due = std::mem::replace(&mut self.delayed, later);
        for request in due.into_values().rev() {
            self.push_first(request);
        }
    }

    /// Takes out all requests that `is_meant` selects.
    pub(crate) fn take_all(&mut self, is_meant: impl Fn(&Q) -> bool) -> Vec<Q> {
        let mut taken = Vec::new();
        for request in std::mem::take(&mut self.ready) {
            if is_meant(&request) {
                taken.push(request);
            } else {
                self.ready.push_back(request);
            }
        }
        let delayed = self.delayed.extract_if(.., |_, request| is_meant(request));
        taken.extend(delayed.map(|(_, request)| request));
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn requests_that_are_due_come_before_those_that_are_ready_in_the_order_of_their_times() {
        let now = Instant::now();
        let mut queue = RequestQueue::default();
        queue.push(4);
        queue.push_delayed(3, now + Duration::from_secs(2));
        queue.push_delayed(1, now + Duration::from_secs(1));
        queue.push_delayed(2, now + Duration::from_secs(1));
        queue.push_delayed(9, now + Duration::from_secs(3));
        assert_eq!(queue.next_due(), Some(now + Duration::from_secs(1)));
        queue.release_due(now + Duration::from_secs(2));
        let order: Vec<i32> = std::iter::from_fn(|| queue.pop()).collect();
        assert_eq!(order, [1, 2, 3, 4]);
        assert!(!queue.is_ready());
        assert_eq!(queue.take_all(|_| true), [9]);
        assert_eq!(queue.next_due(), None);
    }
}
