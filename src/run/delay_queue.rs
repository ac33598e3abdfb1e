//! Items that wait, each until a time of its own. Pure: the time is an argument.

use std::collections::BTreeMap;

use tokio::time::Instant;

/// Items by the time until which they wait; items with equal times keep their order.
#[derive(Debug)]
pub(crate) struct DelayQueue<T> {
    /// The number makes equal times distinct.
    waiting: BTreeMap<(Instant, u64), T>,
    sequence: u64,
}

impl<T> Default for DelayQueue<T> {
    fn default() -> Self {
        Self {
            waiting: BTreeMap::new(),
            sequence: 0,
        }
    }
}

impl<T> DelayQueue<T> {
    pub(crate) fn push(&mut self, item: T, until: Instant) {
        self.sequence += 1;
        self.waiting.insert((until, self.sequence), item);
    }

    /// When the first item is due.
    pub(crate) fn next_due(&self) -> Option<Instant> {
        self.waiting.keys().next().map(|&(due, _)| due)
    }

    /// Takes the items that are due, the earliest first.
    pub(crate) fn take_due(&mut self, now: Instant) -> impl DoubleEndedIterator<Item = T> + use<T> {
        let later = self.waiting.split_off(&(now, u64::MAX));
        std::mem::replace(&mut self.waiting, later).into_values()
    }

    /// The items in the order in which they are due.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.waiting.values()
    }

    pub(crate) fn len(&self) -> usize {
        self.waiting.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn items_are_taken_once_they_are_due_and_equal_times_keep_their_order() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut queue = DelayQueue::default();
        for (item, seconds) in [('c', 2), ('a', 1), ('b', 1), ('d', 5)] {
            queue.push(item, at(seconds));
        }
        assert_eq!(queue.next_due(), Some(at(1)));
        assert!(queue.take_due(start).next().is_none());
        assert_eq!(queue.take_due(at(2)).collect::<String>(), "abc");
        assert_eq!((queue.len(), queue.next_due()), (1, Some(at(5))));
        assert_eq!(queue.iter().collect::<Vec<_>>(), [&'d']);
    }
}
