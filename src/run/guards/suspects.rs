//! Holds rows that are refused for the credentials while others are accepted, until it is clear whether
//! the row is the cause or the credentials were revoked. Pure.
//!
//! A firewall rule that matches an id, or a scope that one object type needs, refuses a row permanently.
//! Such a row is held until a request that was sent after the refusal is accepted: then the credentials
//! are valid, and the row is rejected. If several rows are refused and none is accepted in between, the
//! credentials are the cause, and no row is rejected for it.

use crate::domain::outcome::Details;
use crate::run::row::SendableRow;
use crate::verdict::retry::FatalCause;

/// If this number of rows are refused and none is accepted in between, the credentials are no longer
/// valid.
const MAX_HELD: usize = 5;

/// A reply that refused the credentials.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    pub(crate) cause: FatalCause,
    /// The scopes that it named as missing.
    pub(crate) scopes: Vec<String>,
    pub(crate) details: Details,
}

/// A row that was refused.
#[derive(Debug)]
struct Suspect {
    row: SendableRow,
    refusal: Refusal,
    /// The number of the last request that was sent before the refusal arrived.
    last_sent: u64,
}

/// The rows that are held.
#[derive(Debug, Default)]
pub(crate) struct Suspects {
    held: Vec<Suspect>,
    /// Number of requests sent.
    sent: u64,
    /// Whether some row was accepted.
    has_accepted: bool,
}

impl Suspects {
    /// The number for a request that is sent now.
    pub(crate) fn next_request(&mut self) -> u64 {
        self.sent += 1;
        self.sent
    }

    /// Whether some row was accepted in this run.
    pub(crate) fn has_accepted(&self) -> bool {
        self.has_accepted
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.held.len()
    }

    /// Holds a row that was refused; returns whether the credentials are the cause.
    pub(crate) fn hold(&mut self, row: SendableRow, refusal: Refusal) -> bool {
        self.held.push(Suspect {
            row,
            refusal,
            last_sent: self.sent,
        });
        !self.has_accepted || self.held.len() >= MAX_HELD
    }

    /// The latest refusal.
    pub(crate) fn last_refusal(&self) -> Option<&Refusal> {
        self.held.last().map(|suspect| &suspect.refusal)
    }

    /// The request with this number was accepted. Returns the rows that were refused before it was sent.
    pub(crate) fn accept(&mut self, request: u64) -> Vec<(SendableRow, Details)> {
        self.has_accepted = true;
        if self.held.is_empty() {
            return Vec::new();
        }
        let is_row_cause = |suspect: &mut Suspect| suspect.last_sent < request;
        let rejected = self.held.extract_if(.., is_row_cause);
        rejected
            .map(|suspect| (suspect.row, suspect.refusal.details))
            .collect()
    }

    /// The token was refreshed: returns the rows, which can be sent again.
    pub(crate) fn release(&mut self) -> impl Iterator<Item = SendableRow> {
        self.held.drain(..).map(|suspect| suspect.row)
    }

    /// Called when nothing is left to send that could be accepted. Returns the row if only one is held.
    /// Several held rows, with none accepted since, indicate revoked credentials.
    pub(crate) fn take_only(&mut self) -> Option<(SendableRow, Details)> {
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
    use crate::domain::pair::{ObjectType, Pair, Record, RecordId, RowKey};

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
    fn only_a_request_sent_after_a_refusal_shows_that_the_row_was_the_cause() {
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
    fn the_credentials_are_the_cause_for_several_rows_or_if_nothing_was_ever_accepted() {
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
    fn at_the_end_one_held_row_is_the_cause_and_several_are_not() {
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
