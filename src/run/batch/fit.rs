//! How many pairs of the same two types go into one call. Pure.

/// A call that is so small, and likely to be refused all the same, is not halved: over a tenth is bad.
const LEAST: usize = 10;

/// So many good rows are assumed before any was met: one bad row at the start says little.
const ASSUMED_GOOD: u64 = 100;

/// What was met longer ago counts less.
const REMEMBERED: u64 = 20_000;

/// What is known of the calls for one pair of types.
#[derive(Debug)]
pub(super) struct Fit {
    /// Pairs per call at most.
    most: usize,
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

impl Fit {
    pub(super) fn new(most: usize) -> Self {
        Self {
            most,
            proven: 0,
            in_flight: 0,
            active: 0,
            confirmed: 0,
            bad: 0,
        }
    }

    /// Pairs per call at most.
    pub(super) fn most(&self) -> usize {
        self.most
    }

    /// Pairs that a group collects. Where a bad row is hidden and costs a search, about every second call should
    /// be without one: a reply tells most when it is hard to foresee.
    pub(super) fn size(&self) -> usize {
        let met = self.confirmed + ASSUMED_GOOD;
        let best = (met * 7).checked_div(self.bad * 10);
        let best = best.map_or(usize::MAX, |best| {
            usize::try_from(best).unwrap_or(usize::MAX)
        });
        best.max(LEAST).min(self.most)
    }

    /// Whether among so many suspects there are too many bad ones for a search.
    pub(super) fn is_crowded(&self, suspects: usize) -> bool {
        suspects <= LEAST && self.bad > 0 && self.size() <= LEAST
    }

    pub(super) fn took(&mut self, pairs: usize, confirmed: usize) {
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

    pub(super) fn found_bad(&mut self) {
        self.bad += 1;
    }

    pub(super) fn learn_most(&mut self, most: usize) {
        self.most = self.most.min(most.max(1));
    }

    pub(super) fn may_send(&self, pairs: usize) -> bool {
        pairs.min(self.most) <= self.proven || self.in_flight == 0
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

    pub(super) fn came_back(&mut self) {
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
            let mut fit = Fit::new(2000);
            fit.took(2000, confirmed);
            (0..bad).for_each(|_| fit.found_bad());
            assert_eq!(fit.size(), size, "{confirmed} good, {bad} bad");
        }
    }

    #[test]
    fn what_was_bad_long_ago_is_forgotten() {
        let mut fit = Fit::new(2000);
        (0..30).for_each(|_| fit.found_bad());
        assert_eq!(fit.size(), 10);
        (0..60).for_each(|_| fit.took(2000, 2000));
        assert_eq!(fit.size(), 2000);
    }

    #[test]
    fn the_most_is_learnt_and_one_call_at_a_time_finds_it_out() {
        let mut fit = Fit::new(2000);
        fit.took(50, 50);
        fit.sent();
        assert!(!fit.may_send(2000) && fit.may_send(50));
        fit.came_back();
        fit.learn_most(100);
        assert_eq!(
            (fit.size(), fit.most(), fit.may_send(2000)),
            (100, 100, true)
        );
        fit.sent();
        assert!(!fit.may_send(100));
        fit.took(100, 0);
        assert!(fit.may_send(2000));
        fit.learn_most(500);
        assert_eq!(fit.most(), 100);
    }
}
