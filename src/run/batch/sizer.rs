//! How many pairs of the same two types go into one call. Pure.

/// A call that is so small, and likely to be refused all the same, is not halved: over a tenth is bad.
const MIN_HALVED: usize = 10;

/// So many good rows are assumed before any was met: one bad row at the start says little.
const ASSUMED_GOOD: u64 = 100;

/// What was met longer ago counts less.
const REMEMBERED: u64 = 20_000;

/// What is known of the calls for one pair of types.
#[derive(Debug)]
pub(super) struct BatchSizer {
    /// Pairs per call at most.
    max_size: usize,
    /// A call with so many pairs was not too large. Larger ones are sent one at a time, so that one refusal
    /// is enough to learn from.
    proven: usize,
    in_flight: usize,
    /// Calls that are ready, wait, or are in flight.
    active: usize,
    confirmed: u64,
    /// Rows that made a call be refused without being named.
    bad: u64,
}

impl BatchSizer {
    pub(super) fn new(max_size: usize) -> Self {
        Self {
            max_size,
            proven: 0,
            in_flight: 0,
            active: 0,
            confirmed: 0,
            bad: 0,
        }
    }

    /// Pairs per call at most.
    pub(super) fn max_size(&self) -> usize {
        self.max_size
    }

    /// Pairs that a group collects. Where a bad row is hidden and costs a search, about every second call should
    /// be without one: a reply tells most when it is hard to foresee.
    pub(super) fn size(&self) -> usize {
        let met = self.confirmed + ASSUMED_GOOD;
        let best = (met * 7).checked_div(self.bad * 10);
        let best = best.map_or(usize::MAX, |best| {
            usize::try_from(best).unwrap_or(usize::MAX)
        });
        best.max(MIN_HALVED).min(self.max_size)
    }

    /// Whether among so many suspects there are too many bad ones for a search.
    pub(super) fn has_too_many_bad(&self, suspects: usize) -> bool {
        suspects <= MIN_HALVED && self.bad > 0 && self.size() <= MIN_HALVED
    }

    pub(super) fn record_success(&mut self, pairs: usize, confirmed: usize) {
        self.proven = self.proven.max(pairs);
        self.confirmed += confirmed as u64;
        if self.confirmed > REMEMBERED {
            self.confirmed /= 2;
            self.bad /= 2;
        }
    }

    pub(super) fn is_known(&self) -> bool {
        self.confirmed > 0
    }

    pub(super) fn record_bad_row(&mut self) {
        self.bad += 1;
    }

    pub(super) fn lower_max_size(&mut self, max_size: usize) {
        self.max_size = self.max_size.min(max_size.max(1));
    }

    pub(super) fn may_send(&self, pairs: usize) -> bool {
        pairs.min(self.max_size) <= self.proven || self.in_flight == 0
    }

    pub(super) fn begin(&mut self) {
        self.active += 1;
    }

    pub(super) fn end(&mut self) {
        self.active -= 1;
    }

    pub(super) fn sent(&mut self) {
        self.in_flight += 1;
    }

    pub(super) fn reply_received(&mut self) {
        self.in_flight -= 1;
    }

    pub(super) fn is_active(&self) -> bool {
        self.active > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_as_large_as_bad_rows_are_rare() {
        for (confirmed, bad, size) in [
            (0, 0, 2000),
            (100_000, 0, 2000),
            (0, 1, 70),
            (1000, 10, 77),
            (9000, 3, 2000),
            (50, 10, 10),
            (0, 1000, 10),
        ] {
            let mut sizer = BatchSizer::new(2000);
            sizer.record_success(2000, confirmed);
            (0..bad).for_each(|_| sizer.record_bad_row());
            assert_eq!(sizer.size(), size, "{confirmed} good, {bad} bad");
        }
    }

    #[test]
    fn what_was_bad_long_ago_is_forgotten() {
        let mut sizer = BatchSizer::new(2000);
        (0..30).for_each(|_| sizer.record_bad_row());
        assert_eq!(sizer.size(), 10);
        (0..60).for_each(|_| sizer.record_success(2000, 2000));
        assert_eq!(sizer.size(), 2000);
    }

    #[test]
    fn the_max_size_is_learned_with_one_batch_at_a_time() {
        let mut sizer = BatchSizer::new(2000);
        sizer.record_success(50, 50);
        sizer.sent();
        assert!(!sizer.may_send(2000) && sizer.may_send(50));
        sizer.reply_received();
        sizer.lower_max_size(100);
        assert_eq!(
            (sizer.size(), sizer.max_size(), sizer.may_send(2000)),
            (100, 100, true)
        );
        sizer.sent();
        assert!(!sizer.may_send(100));
        sizer.record_success(100, 0);
        assert!(sizer.may_send(2000));
        sizer.lower_max_size(500);
        assert_eq!(sizer.max_size(), 100);
    }
}
