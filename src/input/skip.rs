//! Pairs that need not be sent: those that occurred in the input before, and those that an earlier report lists
//! as associated. A pair that asks for labels is one of these only if all its labels are known with it. Pure.

use std::path::PathBuf;

use crate::domain::known_links::KnownLinks;
use crate::domain::label_set::LabelSet;
use crate::domain::label_set_of_link::LabelSetOfLink;
use crate::domain::labels::AskedLabels;
use crate::domain::pair::Pair;
use crate::input::row::{CheckedRow, InvalidRow, RawValues, RowContent, SkippedRow};
use crate::input::validate::problem::RowProblem;

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
    /// The labels of the links so far, if the labels of a row replace those of its link.
    replaced: Option<Box<LabelSetOfLink>>,
}

impl Skips {
    /// `associated`: the pairs that are linked already.
    #[must_use]
    pub fn new(associated: KnownLinks, duplicates: bool) -> Self {
        Self {
            associated,
            seen: duplicates.then(KnownLinks::default),
            replaced: None,
        }
    }

    /// Makes a row invalid that would replace the labels of an earlier row, if `replaces`.
    #[must_use]
    pub fn replacing_labels(mut self, replaces: bool) -> Self {
        self.replaced = replaces.then(Box::default);
        self
    }

    /// Counts these pairs as pairs that occurred before, if duplicates are skipped. To be called before the first row.
    pub fn begin_with(&mut self, pairs: KnownLinks) {
        if let Some(seen) = &mut self.seen {
            *seen = pairs;
        }
    }

    /// Counts the labels of a row that the report has already, if labels are replaced. To be called before the first row,
    /// in any order.
    pub fn begin_with_labels(&mut self, row: u64, pair: &Pair, labels: &LabelSet) {
        if let Some(replaced) = &mut self.replaced {
            replaced.add_reported(row, pair, labels);
        }
    }

    /// Marks the row as skipped if its pair need not be sent, and as invalid if it would replace the labels of an earlier
    /// row. A row with keys stays as it is.
    pub fn apply(&mut self, row: &mut CheckedRow) {
        if self.associated.is_empty() && self.seen.is_none() && self.replaced.is_none() {
            return;
        }
        let RowContent::Pair(pair) = &row.content else {
            return;
        };
        if let Some(problem) = self.other_labels(row.key.row, pair, row.labels.as_ref()) {
            row.content = RowContent::Invalid(InvalidRow {
                problems: vec![problem],
                values: RawValues::of(pair),
            });
            row.labels = None;
        } else if let Some(skipped) = self.check(pair, row.labels.as_ref()) {
            row.content = RowContent::Skipped(skipped);
        }
    }

    fn other_labels(
        &mut self,
        row: u64,
        pair: &Pair,
        labels: Option<&AskedLabels>,
    ) -> Option<RowProblem> {
        let labels = labels?.known()?;
        let row = self.replaced.as_mut()?.other_row(row, pair, labels)?;
        Some(RowProblem::OtherLabels { row })
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
    use crate::domain::fixtures::{key, label_set, pair};
    use crate::input::row::target_of;

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

    /// A row that asks for these labels of the link to a deal.
    fn labelled(row: u64, to: &str, labels: &str) -> CheckedRow {
        CheckedRow {
            key: key(row),
            content: RowContent::Pair(contact_and_deal(to)),
            labels: Some(AskedLabels::Known(label_set(labels))),
        }
    }

    #[test]
    fn a_pair_with_another_label_is_another_row() {
        let mut associated = KnownLinks::default();
        let known = contact_and_deal("7");
        let ids = [known.from.id, known.to.id];
        associated.insert_known(known.types(), ids, Some(&label_set("USER_DEFINED:1:A")));
        let mut skips = Skips::new(associated, true);
        let both = "USER_DEFINED:1:A;USER_DEFINED:2:B";
        for (row, to, labels, kind) in [
            (1, "7", "USER_DEFINED:1:renamed", "linked"),
            (2, "7", both, "sent"),
            (3, "7", "USER_DEFINED:2:B", "repeated"),
            (4, "5", "USER_DEFINED:1:A", "sent"),
            (5, "5", "USER_DEFINED:2:B", "sent"),
            (6, "5", both, "repeated"),
        ] {
            let mut row = labelled(row, to, labels);
            skips.apply(&mut row);
            let found = match row.content {
                RowContent::Pair(_) => "sent",
                RowContent::Skipped(SkippedRow::AlreadyAssociated(_)) => "linked",
                RowContent::Skipped(SkippedRow::Duplicate(_)) => "repeated",
                _ => "other",
            };
            assert_eq!(found, kind, "{:?}", row.key);
            assert_eq!(row.labels, Some(AskedLabels::Known(label_set(labels))));
        }
    }

    #[test]
    fn with_labels_that_replace_others_a_row_with_other_labels_of_a_link_is_invalid() {
        let mut skips = Skips::new(KnownLinks::default(), true).replacing_labels(true);
        skips.begin_with_labels(2, &contact_and_deal("9"), &label_set("USER_DEFINED:1:A"));
        for (row, to, labels, other) in [
            (3, "5", "USER_DEFINED:1:A;USER_DEFINED:2:B", None),
            (4, "9", "USER_DEFINED:2:B", Some(2)),
            // All its labels are known, but it would remove one of row 3.
            (5, "5", "USER_DEFINED:2:B", Some(3)),
        ] {
            let mut row = labelled(row, to, labels);
            let target = target_of(&row);
            skips.apply(&mut row);
            assert_eq!(target_of(&row).values(), target.values());
            assert_eq!(row.labels.is_none(), other.is_some());
            let problems = match row.content {
                RowContent::Invalid(invalid) => invalid.problems,
                _ => Vec::new(),
            };
            let expected = other.map(|row| RowProblem::OtherLabels { row });
            assert_eq!(problems, Vec::from_iter(expected));
        }
        let mut keeping = Skips::new(KnownLinks::default(), false);
        for (row, labels) in [(1, "USER_DEFINED:1:A"), (2, "USER_DEFINED:2:B")] {
            let mut row = labelled(row, "5", labels);
            keeping.apply(&mut row);
            assert!(matches!(row.content, RowContent::Pair(_)));
        }
    }
}
