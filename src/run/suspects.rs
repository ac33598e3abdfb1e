//! Rows that are refused for the credentials while others are accepted: is it the row, or are the credentials revoked?
//! Pure.
//!
//! A firewall's rule that an id happens to meet, or a scope that one object type needs, refuses one row for ever. So such a
//! row is held until a request that left later is accepted: then the credentials are good, and the row is rejected. Where
//! several rows are refused and nothing is accepted in between, the credentials are to blame, and no row is charged.

use super::row::SendableRow;
use crate::outcome::Details;
use crate::verdict::FatalCause;

/// So many rows that are refused with nothing accepted in between mean that the credentials are not good any more.
const MAX_HELD: usize = 5;

/// What a reply said that refused the credentials.
#[derive(Clone, Debug)]
pub(super) struct Refusal {
    pub(super) cause: FatalCause,
    /// The scopes that it named as missing.
    pub(super) scopes: Vec<String>,
    pub(super) details: Details,
}

/// A row that was refused.
#[derive(Debug)]
struct Suspect {
    row: SendableRow,
    refusal: Refusal,
    /// The number of the last request that left before the refusal came.
    last_sent: u64,
}

/// The rows that are held.
#[derive(Debug, Default)]
pub(super) struct Suspects {
    held: Vec<Suspect>,
    /// Requests that left.
    sent: u64,
    /// Whether some row was accepted.
    has_accepted: bool,
}

impl Suspects {
    /// The number of a request that leaves now.
    pub(super) fn next_request(&mut self) -> u64 {
        self.sent += 1;
        self.sent
    }

    /// Whether some row was accepted in this run.
    pub(super) fn has_accepted(&self) -> bool {
        self.has_accepted
    }

    pub(super) fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.held.len()
    }

    /// Holds a row that was refused; says whether the credentials are to blame.
    pub(super) fn hold(&mut self, row: SendableRow, refusal: Refusal) -> bool {
        self.held.push(Suspect {
            row,
            refusal,
            last_sent: self.sent,
        });
        !self.has_accepted || self.held.len() >= MAX_HELD
    }

    /// The refusal that came last.
    pub(super) fn last_refusal(&self) -> Option<&Refusal> {
        self.held.last().map(|suspect| &suspect.refusal)
    }

    /// The request with this number was accepted. Gives the rows that were refused before it left.
    pub(super) fn accept(&mut self, request: u64) -> Vec<(SendableRow, Details)> {
        self.has_accepted = true;
        if self.held.is_empty() {
            return Vec::new();
        }
        let of_rows = |suspect: &mut Suspect| suspect.last_sent < request;
        let of_rows = self.held.extract_if(.., of_rows);
        of_rows
            .map(|suspect| (suspect.row, suspect.refusal.details))
            .collect()
    }

    /// There is another token: the rows may be sent again.
    pub(super) fn release(&mut self) -> impl Iterator<Item = SendableRow> {
        self.held.drain(..).map(|suspect| suspect.row)
    }

    /// Nothing is left to send that could be accepted. Gives the row if it is only one; more of them, and nothing accepted
    /// since, look like credentials that were revoked.
    pub(super) fn take_only(&mut self) -> Option<(SendableRow, Details)> {
        if self.held.len() > 1 || !self.has_accepted {
            return None;
        }
        self.held
            .pop()
            .map(|suspect| (suspect.row, suspect.refusal.details))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pair::{ObjectType, Pair, Record, RecordId, RowKey};

    fn row(number: u64) -> SendableRow {
        let record = || Record {
            object_type: ObjectType::new("contacts").unwrap(),
            id: RecordId::new(&number.to_string()).unwrap(),
        };
        let key = RowKey {
            row: number,
            line: number + 1,
        };
        let (from, to) = (record(), record());
        SendableRow::new(key, Pair { from, to })
    }

    fn refusal() -> Refusal {
        Refusal {
            cause: FatalCause::Forbidden,
            scopes: Vec::new(),
            details: Details::default(),
        }
    }

    fn numbers(rows: Vec<(SendableRow, Details)>) -> Vec<u64> {
        rows.into_iter().map(|(row, _)| row.key.row).collect()
    }

    #[test]
    fn only_a_request_that_left_after_a_refusal_shows_that_it_was_the_rows_own() {
        let mut suspects = Suspects::default();
        let requests: Vec<u64> = (0..3).map(|_| suspects.next_request()).collect();
        assert_eq!(numbers(suspects.accept(requests[0])), [0; 0]);
        assert!(!suspects.hold(row(2), refusal()));
        let later = suspects.next_request();
        assert!(!suspects.hold(row(3), refusal()));
        assert_eq!(numbers(suspects.accept(requests[2])), [0; 0]);
        assert_eq!(numbers(suspects.accept(later)), [2]);
        let last = suspects.next_request();
        assert_eq!(numbers(suspects.accept(last)), [3]);
        assert!(suspects.is_empty());
    }

    #[test]
    fn the_credentials_are_blamed_for_several_rows_or_where_nothing_was_ever_accepted() {
        let mut suspects = Suspects::default();
        assert!(suspects.hold(row(1), refusal()));
        let mut suspects = Suspects::default();
        let first = suspects.next_request();
        suspects.accept(first);
        let blamed: Vec<bool> = (1..=5)
            .map(|number| suspects.hold(row(number), refusal()))
            .collect();
        assert_eq!(blamed, [false, false, false, false, true]);
        assert_eq!(suspects.len(), 5);
    }

    #[test]
    fn at_the_end_one_row_is_taken_for_its_own_and_several_are_not() {
        let mut suspects = Suspects::default();
        let first = suspects.next_request();
        suspects.accept(first);
        suspects.hold(row(8), refusal());
        assert_eq!(suspects.take_only().map(|(row, _)| row.key.row), Some(8));
        suspects.hold(row(8), refusal());
        suspects.hold(row(9), refusal());
        assert!(suspects.take_only().is_none());
    }
}
