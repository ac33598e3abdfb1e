//! The durations of rows: a histogram of milliseconds with three significant digits, in a fixed amount of memory.

use hdrhistogram::Histogram;
use serde::Serialize;

/// The longest duration that is recorded exactly, in milliseconds: thirty days.
const MAX_MILLISECONDS: u64 = 30 * 24 * 3600 * 1000;

/// The number of significant digits.
const DIGITS: u8 = 3;

/// The durations of rows.
#[derive(Debug)]
pub struct Durations {
    histogram: Histogram<u64>,
    /// Exact; the histogram keeps only three digits.
    shortest: u64,
    longest: u64,
}

/// Percentiles of the durations, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Percentiles {
    /// The number of rows.
    pub rows: u64,
    /// The shortest.
    pub min: u64,
    /// The mean.
    pub mean: f64,
    /// The median.
    pub p50: u64,
    /// The 90th percentile.
    pub p90: u64,
    /// The 95th percentile.
    pub p95: u64,
    /// The 99th percentile.
    pub p99: u64,
    /// The 99.9th percentile.
    pub p99_9: u64,
    /// The longest.
    pub max: u64,
}

/// The number of rows that took at least `from` and less than `to` milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// The lower bound, inclusive.
    pub from: u64,
    /// The upper bound, exclusive.
    pub to: u64,
    /// The number of rows.
    pub rows: u64,
}

impl Default for Durations {
    fn default() -> Self {
        let histogram = Histogram::new_with_bounds(1, MAX_MILLISECONDS, DIGITS);
        Self {
            histogram: histogram.expect("the bounds are fixed"),
            shortest: u64::MAX,
            longest: 0,
        }
    }
}

impl Durations {
    /// Adds a row; durations over thirty days count as thirty days.
    pub fn add(&mut self, milliseconds: u64) {
        let milliseconds = milliseconds.min(MAX_MILLISECONDS);
        self.histogram.saturating_record(milliseconds);
        self.shortest = self.shortest.min(milliseconds);
        self.longest = self.longest.max(milliseconds);
    }

    /// The percentiles; `None` without a row.
    #[must_use]
    pub fn percentiles(&self) -> Option<Percentiles> {
        let histogram = &self.histogram;
        let at = |percent| histogram.value_at_percentile(percent).min(self.longest);
        (!histogram.is_empty()).then(|| Percentiles {
            rows: histogram.len(),
            min: self.shortest,
            mean: histogram.mean(),
            p50: at(50.0),
            p90: at(90.0),
            p95: at(95.0),
            p99: at(99.0),
            p99_9: at(99.9),
            max: self.longest,
        })
    }

    /// The rows by duration, in steps of 1, 2, 5, 10, 20 …, from the first step that has rows to the last.
    #[must_use]
    pub fn buckets(&self) -> Vec<Bucket> {
        let mut buckets: Vec<Bucket> = steps()
            .map(|(from, to)| Bucket { from, to, rows: 0 })
            .collect();
        for value in self.histogram.iter_recorded() {
            let milliseconds = value.value_iterated_to();
            let after = buckets.partition_point(|bucket| bucket.from <= milliseconds);
            buckets[after - 1].rows += value.count_at_value();
        }
        let has_rows = |bucket: &Bucket| bucket.rows > 0;
        let Some(first) = buckets.iter().position(has_rows) else {
            return Vec::new();
        };
        let last = buckets.iter().rposition(has_rows).unwrap_or(first);
        buckets[first..=last].to_vec()
    }
}

fn steps() -> impl Iterator<Item = (u64, u64)> {
    let powers = std::iter::successors(Some(1_u64), |power| power.checked_mul(10));
    let edges = powers
        .take(11)
        .flat_map(|power| [1, 2, 5].map(|n| n * power));
    let edges: Vec<u64> = std::iter::once(0).chain(edges).collect();
    let last = edges.len() - 1;
    let pairs: Vec<(u64, u64)> = edges.windows(2).map(|pair| (pair[0], pair[1])).collect();
    pairs
        .into_iter()
        .chain(std::iter::once((edges[last], u64::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn percentiles_are_those_of_the_rows() {
        let mut durations = Durations::default();
        assert_eq!(durations.percentiles(), None);
        for milliseconds in 1..=1000 {
            durations.add(milliseconds);
        }
        let expected = Percentiles {
            rows: 1000,
            min: 1,
            mean: 500.5,
            p50: 500,
            p90: 900,
            p95: 950,
            p99: 990,
            p99_9: 1000,
            max: 1000,
        };
        assert_eq!(durations.percentiles(), Some(expected));
    }

    #[test]
    fn buckets_begin_and_end_where_rows_are() {
        let mut durations = Durations::default();
        assert_eq!(durations.buckets(), []);
        for milliseconds in [0, 40, 49, 50, 199, 200] {
            durations.add(milliseconds);
        }
        let buckets = durations.buckets();
        let rows: Vec<_> = buckets
            .iter()
            .map(|bucket| (bucket.from, bucket.rows))
            .collect();
        assert_eq!(
            rows,
            [
                (0, 1),
                (1, 0),
                (2, 0),
                (5, 0),
                (10, 0),
                (20, 2),
                (50, 1),
                (100, 1),
                (200, 1)
            ]
        );
    }

    proptest! {
        #[test]
        fn every_row_is_in_one_bucket(times in prop::collection::vec(any::<u64>(), 1..50)) {
            let mut durations = Durations::default();
            for &time in &times {
                durations.add(time);
            }
            let rows: u64 = durations.buckets().iter().map(|bucket| bucket.rows).sum();
            prop_assert_eq!(rows, times.len() as u64);
            let percentiles = durations.percentiles().unwrap();
            prop_assert!(percentiles.min <= percentiles.p50 && percentiles.p50 <= percentiles.p99_9);
            prop_assert!(percentiles.p99_9 <= percentiles.max);
        }
    }
}
