//! Pairs that need not be sent: those that occurred in the input before, and those that an earlier report lists
//! as associated. A pair that asks for labels is one of these only if all its labels are known with it. Pure.

use std::path::PathBuf;

use crate::domain::known_links::KnownLinks;
use crate::domain::labels::AskedLabels;
use crate::domain::pair::Pair;
use crate::input::row::{CheckedRow, RowContent, SkippedRow};

/// The pairs that the user wants to skip.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SkipSettings {
    /// Whether a pair that occurs in the input again is skipped.
    pub duplicates: bool,
    /// The reports whose associated pairs are skipped.
    pub associated_in: Vec<PathBuf>,
}

/// Decides which pairs need not be sent. It must be given every pair of the input, in order: a pair with keys once its ids
/// are known, and also one that the report has already, with the ids of its line.
#[derive(Debug, Default)]
pub struct Skips {
    associated: KnownLinks,
    /// The pairs so far, if duplicates are skipped.
    seen: Option<KnownLinks>,
}

impl Skips {
    /// `associated`: the pairs that are linked already.
    #[must_use]
    pub fn new(associated: KnownLinks, duplicates: bool) -> Self {
        Self {
            associated,
            seen: duplicates.then(KnownLinks::default),
        }
    }

    /// Counts these pairs as pairs that occurred before, if duplicates are skipped. To be called before the first row.
    pub fn begin_with(&mut self, pairs: KnownLinks) {
        if let Some(seen) = &mut self.seen {
            *seen = pairs;
        }
    }

    /// Marks the row as skipped if its pair need not be sent. A row with keys stays as it is.
    pub fn apply(&mut self, row: &mut CheckedRow) {
        if self.associated.is_empty() && self.seen.is_none() {
            return;
        }
        if let RowContent::Pair(pair) = &row.content
            && let Some(skipped) = self.check(pair, row.labels.as_ref())
        {
            row.content = RowContent::Skipped(skipped);
        }
    }

    /// Why the pair need not be sent with these labels; it counts as seen with them from now on.
    fn check(&mut self, pair: &Pair, labels: Option<&AskedLabels>) -> Option<SkippedRow> {
        if self.associated.contains(pair, labels) {
            Some(SkippedRow::AlreadyAssociated(pair.clone()))
        } else if self
            .seen
            .as_mut()
            .is_some_and(|seen| !seen.insert(pair, labels))
        {
            Some(SkippedRow::Duplicate(pair.clone()))
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::fixtures::pair;

    fn contact_and_deal(to: &str) -> Pair {
        pair("contacts 1", &format!("deals {to}"))
    }

    #[test]
    fn a_pair_is_sent_once_and_not_at_all_if_it_is_linked() {
        let associated = || {
            let mut associated = KnownLinks::default();
            associated.insert(&contact_and_deal("7"), None);
            associated
        };
        let send = |to| RowContent::Pair(contact_and_deal(to));
        let linked = |to| RowContent::Skipped(SkippedRow::AlreadyAssociated(contact_and_deal(to)));
        let mut skips = Skips::new(associated(), true);
        let seen = |skips: &mut Skips, to| {
            let mut row = CheckedRow {
                content: send(to),
                ..CheckedRow::default()
            };
            skips.apply(&mut row);
            row.content
        };
        let first = ["5", "7", "5", "05", "6", "7"].map(|to| seen(&mut skips, to));
        let repeated = |to| RowContent::Skipped(SkippedRow::Duplicate(contact_and_deal(to)));
        assert_eq!(
            first,
            [
                send("5"),
                linked("7"),
                repeated("5"),
                repeated("05"),
                send("6"),
                linked("7")
            ]
        );
        let mut skips = Skips::new(KnownLinks::default(), true);
        skips.begin_with(associated());
        assert_eq!(
            ["7", "5"].map(|to| seen(&mut skips, to)),
            [repeated("7"), send("5")]
        );
        let mut skips = Skips::new(associated(), false);
        let second = ["5", "7", "5"].map(|to| seen(&mut skips, to));
        assert_eq!(second, [send("5"), linked("7"), send("5")]);
    }

    #[test]
    fn pairs_are_compared_once_their_ids_are_known() {
        let mut skips = Skips::new(KnownLinks::default(), true);
        let keyed = RowContent::Keyed(Box::new(crate::domain::keyed_pair::KeyedPair {
            from: crate::domain::keyed_pair::RecordName::Id(contact_and_deal("2").from),
            to: crate::domain::keyed_pair::RecordName::Key {
                object_type: contact_and_deal("2").to.object_type,
                cell: "D-2".into(),
            },
        }));
        for _ in 0..2 {
            let mut row = CheckedRow {
                content: keyed.clone(),
                ..CheckedRow::default()
            };
            skips.apply(&mut row);
            assert_eq!(row.content, keyed);
        }
        let found = contact_and_deal("2");
        assert_eq!(skips.check(&found, None), None);
        assert_eq!(
            skips.check(&found, None),
            Some(SkippedRow::Duplicate(found.clone()))
        );
    }
}
