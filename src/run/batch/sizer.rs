//! Chooses how many pairs of the same two types are sent in one batch. Pure.

/// A batch of at most this size that is still likely to be rejected is not bisected: over a tenth of its
/// rows is bad.
const MIN_HALVED: usize = 10;

/// Number of good rows assumed before any was seen: one bad row at the start is weak evidence.
const ASSUMED_GOOD: u64 = 100;

/// Beyond this number of confirmed rows, the statistics are halved, so that older rows count less.
const REMEMBERED: u64 = 20_000;

/// Statistics about the batches for one pair of types.
#[derive(Debug)]
pub(crate) struct BatchSizer {
    /// Maximum number of pairs per batch.
    max_size: usize,
    /// The largest batch size that was not too large. Larger batches are sent one at a time, so that a
    /// single rejection reveals the limit.
    proven: usize,
    in_flight: usize,
    /// Batches that are ready, wait for a retry, or are in flight.
    active: usize,
    confirmed: u64,
    /// Rows that caused a batch to be rejected without being named.
    bad: u64,
}

impl BatchSizer {
    pub(crate) fn new(max_size: usize) -> Self {
        Self {
            max_size,
            proven: 0,
            in_flight: 0,
            active: 0,
            confirmed: 0,
            bad: 0,
        }
    }

    /// Maximum number of pairs per batch.
    pub(crate) fn max_size(&self) -> usize {
        self.max_size
    }

    /// Number of pairs that a group collects. Where a bad row is not named and costs a bisection, about
    /// every second batch should contain no bad row: a reply carries the most information when both
    /// results are equally likely.
    pub(crate) fn size(&self) -> usize {
        let good = self.confirmed + ASSUMED_GOOD;
        let best = (good * 7).checked_div(self.bad * 10);
        let best = best.map_or(usize::MAX, |best| {
            usize::try_from(best).unwrap_or(usize::MAX)
        });
        best.max(MIN_HALVED).min(self.max_size)
    }

    /// Whether a set of this number of suspects is likely to contain too many bad rows for a bisection.
    pub(crate) fn has_too_many_bad(&self, suspects: usize) -> bool {
        suspects <= MIN_HALVED && self.bad > 0 && self.size() <= MIN_HALVED
    }

    pub(crate) fn record_success(&mut self, pairs: usize, confirmed: usize) {
        self.proven = self.proven.max(pairs);
        self.confirmed += confirmed as u64;
        if self.confirmed > REMEMBERED {
            self.confirmed /= 2;
            self.bad /= 2;
        }
    }

    pub(crate) fn is_known(&self) -> bool {
        self.confirmed > 0
    }

    pub(crate) fn record_bad_row(&mut self) {
        self.bad += 1;
    }

    pub(crate) fn lower_max_size(&mut self, max_size: usize) {
        self.max_size = self.max_size.min(max_size.max(1));
    }

    pub(crate) fn may_send(&self, pairs: usize) -> bool {
        pairs.min(self.max_size) <= self.proven || self.in_flight == 0
    }

    pub(crate) fn begin(&mut self) {
        self.active += 1;
    }

    pub(crate) fn end(&mut self) {
        self.active -= 1;
    }

    pub(crate) fn sent(&mut self) {
        self.in_flight += 1;
    }

    pub(crate) fn reply_received(&mut self) {
        self.in_flight -= 1;
    }

    pub(crate) fn is_active(&self) -> bool {
        self.active > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_grow_as_bad_rows_get_rarer() {
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
    fn old_bad_rows_lose_their_weight() {
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
