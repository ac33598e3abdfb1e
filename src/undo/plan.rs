//! What an undo does with each row of a report, and how many rows that are. Pure.

use std::num::NonZeroU64;

use crate::domain::proof::ExistedBefore;
use crate::undo::error::UndoError;
use crate::undo::keep_reason::KeepReason;
use crate::undo::link_row::LinkRow;
use crate::undo::shared_pairs::{SharedPair, SharedPairs};
use crate::undo::types_counts::TypesCounts;

/// What is done with the link of an associated row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is read again, and removed if it has not changed.
    Remove,
    /// It stays.
    Keep(KeepReason),
}

/// Decides about each row of a report, in the order of the report.
#[derive(Debug)]
pub struct Decider {
    portal: Option<u64>,
    shared: SharedPairs,
}

impl Decider {
    /// `portal` is the one whose links are removed; `None` if the report names none.
    #[must_use]
    pub fn new(portal: Option<u64>, shared: SharedPairs) -> Self {
        Self { portal, shared }
    }

    /// What is done with the link of the row; `None` if the row is not associated.
    pub fn decide(&mut self, row: &LinkRow<'_>) -> Option<Fate> {
        row.is_associated.then(|| match self.keep_reason(row) {
            Some(reason) => Fate::Keep(reason),
            None => Fate::Remove,
        })
    }

    fn keep_reason(&mut self, row: &LinkRow<'_>) -> Option<KeepReason> {
        if row.existed_before == Some(ExistedBefore::Yes) {
            return Some(KeepReason::Existed);
        }
        if let Some(portal) = row.portal
            && self.portal != Some(portal)
        {
            return Some(KeepReason::OtherPortal(portal));
        }
        if !self.shared.is_empty() {
            let link = row.link_hash();
            match self.shared.get(link) {
                Some(SharedPair::ExistedIn(other)) => return Some(KeepReason::ExistedInRow(other)),
                Some(SharedPair::RemovedIn(other)) => {
                    let is_first = row.is_proved() && self.shared.take(link);
                    return (!is_first).then_some(KeepReason::SamePair(other));
                }
                None => {}
            }
        }
        match (row.existed_before, row.portal) {
            (None, _) => Some(KeepReason::NotAsked),
            (Some(ExistedBefore::Unknown), _) => Some(KeepReason::NotRead),
            (Some(ExistedBefore::Yes), _) => Some(KeepReason::Existed),
            (Some(ExistedBefore::No), None) => Some(KeepReason::NoPortal),
            (Some(ExistedBefore::No), Some(_)) => None,
        }
    }

    /// Begins again with the first row of the report.
    pub fn rewind(&mut self) {
        self.shared.rewind();
    }
}

/// How many links of a report are removed, and why the others are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// The portal whose links are removed; `None` if the report names none.
    pub portal: Option<u64>,
    /// The rows of the report that are associated.
    pub associated: u64,
    /// The rows that are not associated: there is nothing to undo.
    pub others: u64,
    /// The links to remove.
    pub remove: u64,
    /// The same, by the types of their records.
    pub types: TypesCounts,
    /// The associated rows that are kept, by reason, in the order in which the reasons were first met.
    pub kept: Vec<(&'static str, u64)>,
}

impl Plan {
    /// A plan for this portal that no row is counted in.
    #[must_use]
    pub fn new(portal: Option<u64>) -> Self {
        Self {
            portal,
            ..Self::default()
        }
    }

    /// Counts a row.
    pub fn add(&mut self, row: &LinkRow<'_>, fate: Option<Fate>) {
        match fate {
            None => self.add_other(),
            Some(Fate::Remove) => {
                self.associated += 1;
                self.remove += 1;
                self.types.add(row.pair);
            }
            Some(Fate::Keep(reason)) => {
                self.associated += 1;
                let group = reason.group();
                match self.kept.iter_mut().find(|(counted, _)| *counted == group) {
                    Some((_, count)) => *count += 1,
                    None => self.kept.push((group, 1)),
                }
            }
        }
    }

    /// Counts a row that is not associated.
    pub fn add_other(&mut self) {
        self.others += 1;
    }

    /// Fails unless these are the values of `--confirm` and `--expect-portal` for this plan; `false` if the plan is only
    /// shown.
    pub fn is_confirmed(
        &self,
        confirmed: Option<u64>,
        expected: Option<NonZeroU64>,
    ) -> Result<bool, UndoError> {
        match (confirmed, expected) {
            (None, _) => Ok(false),
            (Some(confirmed), _) if confirmed != self.remove => Err(UndoError::OtherNumber {
                planned: self.remove,
                confirmed,
            }),
            (Some(_), None) => Err(UndoError::NoPortal {
                portal: self.portal,
                planned: self.remove,
            }),
            (Some(_), Some(_)) => Ok(true),
        }
    }

    /// The associated rows that are kept.
    #[must_use]
    pub fn kept_rows(&self) -> u64 {
        self.associated - self.remove
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::fixtures::pair;
    use crate::domain::pair::Pair;
    use crate::domain::proof::ExistedBefore::{No, Unknown, Yes};
    use crate::undo::link_row::tests::associated;
    use crate::undo::pair_uses::PairUses;
    use proptest::prelude::*;
    use std::collections::HashSet;

    /// The fates of these rows in portal 1, decided in a first and a second pass, which must agree.
    fn fates(rows: &[LinkRow<'_>]) -> Vec<Option<Fate>> {
        let mut uses = PairUses::default();
        for row in rows {
            uses.add(row);
        }
        let mut decider = Decider::new(Some(1), uses.into_shared(Some(1)));
        let first: Vec<_> = rows.iter().map(|row| decider.decide(row)).collect();
        decider.rewind();
        let second: Vec<_> = rows.iter().map(|row| decider.decide(row)).collect();
        assert_eq!(first, second);
        first
    }

    #[expect(clippy::unnecessary_wraps, reason = "as the decider returns it")]
    fn keep(reason: KeepReason) -> Option<Fate> {
        Some(Fate::Keep(reason))
    }

    #[test]
    fn only_a_row_that_proves_its_link_is_removed() {
        let pair = pair("contacts 1", "companies 2");
        let proved = associated(7, &pair, Some(No));
        for (row, fate) in [
            (proved, Some(Fate::Remove)),
            (
                LinkRow {
                    is_associated: false,
                    ..proved
                },
                None,
            ),
            (associated(7, &pair, Some(Yes)), keep(KeepReason::Existed)),
            (
                associated(7, &pair, Some(Unknown)),
                keep(KeepReason::NotRead),
            ),
            (associated(7, &pair, None), keep(KeepReason::NotAsked)),
            (
                LinkRow {
                    portal: None,
                    ..proved
                },
                keep(KeepReason::NoPortal),
            ),
            (
                LinkRow {
                    portal: Some(2),
                    ..proved
                },
                keep(KeepReason::OtherPortal(2)),
            ),
        ] {
            assert_eq!(fates(&[row]), [fate], "{row:?}");
        }
    }

    #[test]
    fn a_link_in_several_rows_is_removed_once_and_never_if_a_row_shows_that_it_existed() {
        let link = pair("contacts 1", "companies 2");
        let inverse = pair("companies 2", "contacts 1");
        let of = |row, existed_before| associated(row, &link, existed_before);
        let remove = Some(Fate::Remove);
        let same = |row| keep(KeepReason::SamePair(row));
        let existed = |row| keep(KeepReason::ExistedInRow(row));
        for (rows, expected) in [
            (
                vec![of(1, Some(No)), of(2, Some(No))],
                vec![remove, same(1)],
            ),
            (
                vec![of(9, Some(No)), of(2, Some(No)), of(3, Some(No))],
                vec![remove, same(9), same(9)],
            ),
            (
                vec![of(1, Some(No)), associated(2, &inverse, Some(No))],
                vec![remove, same(1)],
            ),
            (
                vec![of(1, Some(Unknown)), of(2, None), of(3, Some(No))],
                vec![same(3), same(3), remove],
            ),
            (
                vec![of(1, Some(No)), of(2, Some(Yes)), of(3, Some(Unknown))],
                vec![existed(2), keep(KeepReason::Existed), existed(2)],
            ),
            // A row that was skipped because the link existed.
            (
                vec![
                    of(1, Some(No)),
                    LinkRow {
                        is_associated: false,
                        ..of(2, Some(Yes))
                    },
                ],
                vec![existed(2), None],
            ),
            // Of another portal, and so another link.
            (
                vec![
                    of(1, Some(No)),
                    LinkRow {
                        portal: Some(2),
                        ..of(2, Some(No))
                    },
                ],
                vec![remove, keep(KeepReason::OtherPortal(2))],
            ),
        ] {
            assert_eq!(fates(&rows), expected, "{rows:?}");
        }
    }

    #[test]
    fn a_plan_counts_each_row_once() {
        let (one, other) = (
            pair("contacts 1", "companies 2"),
            pair("deals 1", "companies 2"),
        );
        let rows = [
            associated(1, &one, Some(No)),
            associated(2, &other, Some(No)),
            associated(3, &one, None),
            associated(4, &other, Some(Yes)),
            LinkRow {
                is_associated: false,
                ..associated(5, &one, None)
            },
        ];
        let mut plan = Plan::new(Some(1));
        for (row, fate) in rows.iter().zip([
            Some(Fate::Remove),
            Some(Fate::Remove),
            keep(KeepReason::NotAsked),
            keep(KeepReason::NotAsked),
            None,
        ]) {
            plan.add(row, fate);
        }
        assert_eq!((plan.associated, plan.others), (4, 1));
        assert_eq!((plan.remove, plan.kept_rows()), (2, 2));
        assert_eq!(plan.kept, [(KeepReason::NotAsked.group(), 2)]);
        assert_eq!(plan.types.listed().len(), 2);
    }

    #[test]
    fn links_are_removed_only_with_the_number_of_the_plan_and_a_portal() {
        let plan = Plan {
            remove: 5,
            associated: 5,
            ..Plan::new(Some(1))
        };
        let portal = NonZeroU64::new(1);
        let other = |confirmed| {
            Err(UndoError::OtherNumber {
                planned: 5,
                confirmed,
            })
        };
        let no_portal = Err(UndoError::NoPortal {
            portal: Some(1),
            planned: 5,
        });
        for (confirmed, expected, result) in [
            (None, None, Ok(false)),
            (None, portal, Ok(false)),
            (Some(5), portal, Ok(true)),
            (Some(5), None, no_portal),
            (Some(4), portal, other(4)),
            (Some(0), None, other(0)),
        ] {
            assert_eq!(plan.is_confirmed(confirmed, expected), result);
        }
    }

    fn any_row() -> impl Strategy<Value = (u64, bool, bool, Option<ExistedBefore>, Option<u64>)> {
        let existed = prop::option::of(prop::sample::select(vec![Yes, No, Unknown]));
        let portal = prop::option::of(1..3_u64);
        (1..6_u64, any::<bool>(), any::<bool>(), existed, portal)
    }

    proptest! {
        #[test]
        fn whatever_a_report_shows_a_link_is_removed_at_most_once_and_only_if_no_row_says_that_it_existed(
            rows in prop::collection::vec(any_row(), 0..30),
        ) {
            let pairs: Vec<Pair> = rows.iter().map(|&(contact, inverse, ..)| {
                if inverse {
                    pair("companies 9", &format!("contacts {contact}"))
                } else {
                    pair(&format!("contacts {contact}"), "companies 9")
                }
            }).collect();
            let rows: Vec<_> = (1_u64..).zip(&rows).zip(&pairs).map(|((row, &(_, _, is_associated, existed_before, portal)), pair)| {
                LinkRow { row, pair, is_associated, existed_before, portal }
            }).collect();
            let fates = fates(&rows);
            let mut removed = HashSet::new();
            for (row, fate) in rows.iter().zip(&fates) {
                prop_assert_eq!(fate.is_some(), row.is_associated);
                if *fate != Some(Fate::Remove) {
                    continue;
                }
                prop_assert!(row.is_proved() && row.portal == Some(1));
                prop_assert!(removed.insert(row.link_hash()));
            }
            for (row, fate) in rows.iter().zip(&fates) {
                if row.existed_before == Some(Yes) {
                    prop_assert!(!removed.contains(&row.link_hash()));
                }
                if let Some(Fate::Keep(KeepReason::SamePair(_))) = fate {
                    prop_assert!(removed.contains(&row.link_hash()));
                }
            }
            // What is proved, and contradicted by no row, is removed.
            for row in rows.iter().filter(|row| row.is_proved() && row.portal == Some(1)) {
                let link = row.link_hash();
                let is_contradicted = rows.iter().any(|other| other.existed_before == Some(Yes) && other.link_hash() == link);
                prop_assert!(is_contradicted || removed.contains(&link));
            }
        }
    }
}
