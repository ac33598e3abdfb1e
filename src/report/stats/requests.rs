//! The number of requests that the rows of a report took, as far as the report shows it. Pure.
//!
//! In batch mode rows share requests: rows that one reply settled have its correlation id. No column shows which
//! earlier attempts a row shared, or with which rows.

use std::fmt;
use std::hash::{DefaultHasher, Hasher};

use crate::number::grouped;

/// Rows of one reply are close together, except for a few that ended a little later.
const RECENT: usize = 16;

/// A number of requests that is known within bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Requests {
    /// The lower bound.
    pub at_least: u64,
    /// The upper bound.
    pub at_most: u64,
}

impl Requests {
    /// The number, if both bounds are equal.
    #[must_use]
    pub fn exact(self) -> Option<u64> {
        (self.at_least == self.at_most).then_some(self.at_least)
    }
}

impl fmt::Display for Requests {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.exact() {
            Some(number) => formatter.write_str(&grouped(number)),
            None => write!(
                formatter,
                "{} to {}, because rows that were sent in one batch share its requests",
                grouped(self.at_least),
                grouped(self.at_most)
            ),
        }
    }
}

/// Counts the requests, line by line.
#[derive(Debug, Default)]
pub(crate) struct RequestCounter {
    /// Replies, or failures without a reply, that ended a row.
    last: u64,
    /// All attempts except the last one of each row.
    earlier: u64,
    max_attempts: u64,
    /// Hashes of the most recent correlation ids; 0 means none.
    recent: [u64; RECENT],
    oldest: usize,
}

impl RequestCounter {
    /// Adds a row that was sent: the correlation id of its last reply, and the number of attempts.
    pub(crate) fn add(&mut self, correlation_id: &[u8], attempts: u64) {
        self.last += u64::from(self.is_new(correlation_id));
        self.earlier += attempts.saturating_sub(1);
        self.max_attempts = self.max_attempts.max(attempts);
    }

    /// A row without an id had no reply; in batch mode the last attempt of such a row is a request of its own.
    fn is_new(&mut self, correlation_id: &[u8]) -> bool {
        if correlation_id.is_empty() {
            return true;
        }
        let mut hasher = DefaultHasher::new();
        hasher.write(correlation_id);
        let hash = hasher.finish().max(1);
        let is_new = !self.recent.contains(&hash);
        if is_new {
            self.recent[self.oldest] = hash;
            self.oldest = (self.oldest + 1) % RECENT;
        }
        is_new
    }

    pub(crate) fn requests(&self) -> Requests {
        Requests {
            at_least: self.last.max(self.max_attempts),
            at_most: self.last + self.earlier,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(rows: &[(&str, u64)]) -> Requests {
        let mut counter = RequestCounter::default();
        for (id, attempts) in rows {
            counter.add(id.as_bytes(), *attempts);
        }
        counter.requests()
    }

    #[test]
    fn rows_with_one_correlation_id_share_a_request() {
        for (rows, at_least, at_most) in [
            (&[][..], 0, 0),
            (&[("a", 1), ("b", 1), ("c", 1)], 3, 3),
            (&[("a", 1), ("a", 1), ("a", 1)], 1, 1),
            (&[("a", 1), ("b", 1), ("a", 1), ("b", 1)], 2, 2),
            // Two rows sent one at a time, one of them twice; or sent together, and one of them once more.
            (&[("a", 1), ("b", 2)], 2, 3),
            (&[("a", 3), ("a", 3)], 3, 5),
            (&[("", 6), ("", 6)], 6, 12),
            (&[("", 1), ("", 1)], 2, 2),
        ] {
            assert_eq!(counted(rows), Requests { at_least, at_most }, "{rows:?}");
        }
    }

    #[test]
    fn a_number_that_is_not_known_is_shown_as_its_bounds() {
        assert_eq!(counted(&[("a", 1)]).to_string(), "1");
        let shown = counted(&[("a", 1000), ("a", 1000)]).to_string();
        assert!(shown.starts_with("1,000 to 1,999, because rows"), "{shown}");
    }
}
