//! What an undo does with each row of a report, and how many rows that are. Pure.

use std::num::NonZeroU64;

use crate::domain::label_set::LabelSet;
use crate::domain::proof::ExistedBefore;
use crate::undo::error::UndoError;
use crate::undo::keep_reason::KeepReason;
use crate::undo::label_counts::LabelCounts;
use crate::undo::labelled_link::LabelledLink;
use crate::undo::link_row::LinkRow;
use crate::undo::shared_pairs::{SharedPair, SharedPairs};
use crate::undo::types_counts::TypesCounts;

/// What is done with the link of an associated row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// The link is read again, and removed if it has not changed.
    Remove,
    /// The same for a link to which the import gave labels. If it has others now, it loses only those of the import, and
    /// stays; so does a link that was there before.
    RemoveLabelled {
        /// Whether the import made the link.
        made_link: bool,
        /// The labels that the import added, in the direction of the row.
        labels: LabelSet,
    },
    /// It stays.
    Keep(KeepReason),
}

impl Fate {
    fn of(made_link: bool, labels: Option<&LabelSet>) -> Option<Self> {
        match labels {
            Some(labels) => Some(Self::RemoveLabelled {
                made_link,
                labels: labels.clone(),
            }),
            None => made_link.then_some(Self::Remove),
        }
    }
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
        row.is_associated
            .then(|| self.decide_associated(row).unwrap_or_else(Fate::Keep))
    }

    fn decide_associated(&mut self, row: &LinkRow<'_>) -> Result<Fate, KeepReason> {
        let existed = row.existed_before == Some(ExistedBefore::Yes);
        if existed && row.labels.is_none() {
            return Err(KeepReason::Existed);
        }
        if let Some(portal) = row.portal
            && self.portal != Some(portal)
        {
            return Err(KeepReason::OtherPortal(portal));
        }
        if !self.shared.is_empty() {
            let link = row.link_hash();
            match self.shared.get(link) {
                Some(&SharedPair::ExistedIn(other)) => return Err(KeepReason::ExistedInRow(other)),
                Some(&SharedPair::RemovedIn(other)) => {
                    let is_first = row.is_proved() && self.shared.take(link, false);
                    return is_first
                        .then_some(Fate::Remove)
                        .ok_or(KeepReason::SamePair(other));
                }
                Some(SharedPair::Labelled(labelled)) => {
                    let labelled = labelled.clone();
                    return self.decide_labelled(row, link, &labelled);
                }
                None => {}
            }
        }
        Fate::of(row.is_proved(), row.proved_labels()).ok_or_else(|| unproved(row))
    }

    /// What is done with a link that has labels and stands in other rows too.
    fn decide_labelled(
        &mut self,
        row: &LinkRow<'_>,
        link: u64,
        labelled: &LabelledLink,
    ) -> Result<Fate, KeepReason> {
        let order = row.is_inverse();
        if let Some(remover) = labelled.remover(order)
            && remover.row == row.row
            && let Some(fate) = Fate::of(remover.made_link, remover.labels.as_ref())
            && self.shared.take(link, order)
        {
            return Ok(fate);
        }
        let existed = row.existed_before == Some(ExistedBefore::Yes);
        Err(match (labelled.stand_in(order), labelled.existed_in()) {
            (_, Some(_)) if existed && row.labels_added.is_none() => KeepReason::Existed,
            (Some(other), _) => KeepReason::SamePair(other),
            (None, Some(other)) if !existed => KeepReason::ExistedInRow(other),
            (None, _) => unproved(row),
        })
    }

    /// Begins again with the first row of the report.
    pub fn rewind(&mut self) {
        self.shared.rewind();
    }
}

/// Why the link of a row that proves nothing is kept.
fn unproved(row: &LinkRow<'_>) -> KeepReason {
    match (row.existed_before, row.portal) {
        (None, _) => KeepReason::NotAsked,
        (Some(ExistedBefore::Unknown), _) => KeepReason::NotRead,
        (Some(ExistedBefore::No), None) => KeepReason::NoPortal,
        (Some(ExistedBefore::Yes), None) if row.labels_added.is_some() => KeepReason::NoPortal,
        (Some(ExistedBefore::Yes | ExistedBefore::No), _) => KeepReason::Existed,
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
    /// The links to remove, and those that stay and lose labels.
    pub remove: u64,
    /// Those of them that stay: they were there before.
    pub stay: u64,
    /// The links to remove, by the types of their records.
    pub types: TypesCounts,
    /// The labels that links lose which stay.
    pub labels: LabelCounts,
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
            Some(
                Fate::Remove
                | Fate::RemoveLabelled {
                    made_link: true, ..
                },
            ) => {
                self.associated += 1;
                self.remove += 1;
                self.types.add(row.pair);
            }
            Some(Fate::RemoveLabelled { labels, .. }) => {
                self.associated += 1;
                self.remove += 1;
                self.stay += 1;
                self.labels.add(&labels);
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

    /// The links that are removed whole.
    #[must_use]
    pub fn links(&self) -> u64 {
        self.remove - self.stay
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
    use jiff::Timestamp;
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
        let remove = || Some(Fate::Remove);
        let same = |row| keep(KeepReason::SamePair(row));
        let existed = |row| keep(KeepReason::ExistedInRow(row));
        for (rows, expected) in [
            (
                vec![of(1, Some(No)), of(2, Some(No))],
                vec![remove(), same(1)],
            ),
            (
                vec![of(9, Some(No)), of(2, Some(No)), of(3, Some(No))],
                vec![remove(), same(9), same(9)],
            ),
            (
                vec![of(1, Some(No)), associated(2, &inverse, Some(No))],
                vec![remove(), same(1)],
            ),
            (
                vec![of(1, Some(Unknown)), of(2, None), of(3, Some(No))],
                vec![same(3), same(3), remove()],
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
                vec![remove(), keep(KeepReason::OtherPortal(2))],
            ),
        ] {
            assert_eq!(fates(&rows), expected, "{rows:?}");
        }
    }

    /// A row that is associated in portal 1, with these labels asked for and added, and its time in seconds.
    fn labelled<'r>(
        (row, pair): (u64, &'r Pair),
        existed_before: ExistedBefore,
        (asked, added): (&'r LabelSet, Option<&'r LabelSet>),
        seconds: i64,
    ) -> LinkRow<'r> {
        LinkRow {
            labels: Some(asked),
            labels_added: added,
            finished_at: Some(Timestamp::from_second(seconds).unwrap()),
            ..associated(row, pair, Some(existed_before))
        }
    }

    #[test]
    fn a_link_that_is_proved_by_one_row_loses_the_labels_that_this_row_added() {
        let pair = pair("contacts 1", "companies 2");
        let [both, one] = ["USER_DEFINED:1:A;USER_DEFINED:2:B", "USER_DEFINED:2:B"].map(set);
        let of = |existed, added| labelled((7, &pair), existed, (&both, added), 1);
        let removes = |made_link, labels: &LabelSet| {
            let labels = labels.clone();
            Some(Fate::RemoveLabelled { made_link, labels })
        };
        for (row, fate) in [
            (of(No, Some(&both)), removes(true, &both)),
            (of(Yes, Some(&one)), removes(false, &one)),
            (of(Yes, None), keep(KeepReason::Existed)),
            (of(Unknown, None), keep(KeepReason::NotRead)),
            (
                LinkRow {
                    portal: Some(2),
                    ..of(Yes, Some(&one))
                },
                keep(KeepReason::OtherPortal(2)),
            ),
            (
                LinkRow {
                    portal: None,
                    ..of(Yes, Some(&one))
                },
                keep(KeepReason::NoPortal),
            ),
            (
                LinkRow {
                    portal: None,
                    ..of(No, Some(&one))
                },
                keep(KeepReason::NoPortal),
            ),
            (
                LinkRow {
                    is_associated: false,
                    ..of(Yes, Some(&one))
                },
                None,
            ),
        ] {
            assert_eq!(fates(&[row]), [fate], "{row:?}");
        }
    }

    fn set(text: &str) -> LabelSet {
        LabelSet::parse(text).unwrap()
    }

    #[test]
    fn the_row_that_ended_first_decides_whether_the_import_made_a_labelled_link() {
        let link = pair("contacts 1", "companies 2");
        let [a, b, both] = [
            "USER_DEFINED:1:A",
            "USER_DEFINED:2:B",
            "USER_DEFINED:1:A;USER_DEFINED:2:B",
        ]
        .map(set);
        let of = |row, existed, (asked, added), seconds| {
            labelled((row, &link), existed, (asked, added), seconds)
        };
        let removes = |made_link, labels: &LabelSet| {
            let labels = labels.clone();
            Some(Fate::RemoveLabelled { made_link, labels })
        };
        let same = |row| keep(KeepReason::SamePair(row));
        for (rows, expected) in [
            // The second row finds the link that the first one made.
            (
                vec![of(1, No, (&a, Some(&a)), 1), of(2, Yes, (&b, Some(&b)), 2)],
                vec![removes(true, &both), same(1)],
            ),
            // Whatever the order of the lines.
            (
                vec![of(2, Yes, (&b, Some(&b)), 2), of(1, No, (&a, Some(&a)), 1)],
                vec![same(1), removes(true, &both)],
            ),
            // At the same time, the order of the lines decides.
            (
                vec![of(1, No, (&a, Some(&a)), 1), of(2, Yes, (&b, Some(&b)), 1)],
                vec![removes(true, &both), same(1)],
            ),
            // The link was there, and was removed and made again.
            (
                vec![of(1, Yes, (&a, None), 1), of(2, No, (&b, Some(&b)), 2)],
                vec![keep(KeepReason::Existed), removes(false, &b)],
            ),
            // The label was there, although a later row added it once more.
            (
                vec![
                    of(1, Yes, (&a, None), 1),
                    of(2, Yes, (&both, Some(&both)), 2),
                ],
                vec![keep(KeepReason::Existed), removes(false, &b)],
            ),
            (
                vec![
                    of(1, Yes, (&a, Some(&a)), 1),
                    of(2, Yes, (&both, Some(&b)), 2),
                ],
                vec![removes(false, &both), same(1)],
            ),
            (
                vec![of(1, Yes, (&a, None), 1), of(2, Yes, (&b, None), 2)],
                vec![keep(KeepReason::Existed), keep(KeepReason::Existed)],
            ),
            // A row that says nothing may have been there first.
            (
                vec![of(1, Unknown, (&a, None), 1), of(2, Yes, (&b, Some(&b)), 2)],
                vec![same(2), removes(false, &b)],
            ),
            // A row without labels has no time.
            (
                vec![
                    of(1, No, (&a, Some(&a)), 1),
                    associated(2, &link, Some(Yes)),
                ],
                vec![removes(false, &a), keep(KeepReason::Existed)],
            ),
        ] {
            assert_eq!(fates(&rows), expected, "{rows:?}");
        }
    }

    #[test]
    fn each_direction_of_a_link_loses_its_own_labels() {
        let (link, inverse) = (
            pair("contacts 1", "companies 2"),
            pair("companies 2", "contacts 1"),
        );
        let [a, b] = ["USER_DEFINED:1:A", "USER_DEFINED:6:B"].map(set);
        let rows = [
            labelled((1, &link), No, (&a, Some(&a)), 1),
            labelled((2, &inverse), Yes, (&b, Some(&b)), 2),
            labelled((3, &inverse), Yes, (&b, None), 3),
        ];
        let expected = [
            Some(Fate::RemoveLabelled {
                made_link: true,
                labels: a.clone(),
            }),
            Some(Fate::RemoveLabelled {
                made_link: false,
                labels: b.clone(),
            }),
            keep(KeepReason::SamePair(2)),
        ];
        assert_eq!(fates(&rows), expected);
    }

    #[test]
    fn a_plan_counts_links_that_stay_and_the_labels_that_they_lose() {
        let link = pair("contacts 1", "companies 2");
        let labels = set("USER_DEFINED:1:A;USER_DEFINED:2:B");
        let row = labelled((1, &link), Yes, (&labels, Some(&labels)), 1);
        let mut plan = Plan::new(Some(1));
        for made_link in [true, false, false] {
            let labels = labels.clone();
            plan.add(&row, Some(Fate::RemoveLabelled { made_link, labels }));
        }
        assert_eq!((plan.remove, plan.stay, plan.links()), (3, 2, 1));
        let listed = [("USER_DEFINED:1:A", 2), ("USER_DEFINED:2:B", 2)];
        let listed = listed.map(|(label, links)| (label.to_owned(), links));
        assert_eq!(plan.labels.listed(), listed);
        assert_eq!(plan.types.listed()[0].1, 1);
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
                LinkRow { is_associated, portal, ..associated(row, pair, existed_before) }
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
