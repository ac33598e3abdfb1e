//! Which labels the rows so far ask for, by link: with `--replace-labels`, a row that asks for other labels of the same link
//! would remove those of the row before it. Exact.
//!
//! A link takes 40 bytes, and 45 to 90 with the spare capacity of the table: types and sets of labels are stored once for
//! all links that share them.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::Hash;

use smol_str::SmolStr;

use crate::domain::label_set::LabelSet;
use crate::domain::pair::{Pair, Record};
use crate::domain::standard_type::canonical;

/// The set of labels that the first row of each link asks for.
#[derive(Debug, Default)]
pub struct LabelSetOfLink {
    types: HashMap<SmolStr, u32>,
    sets: Vec<LabelSet>,
    set_numbers: HashMap<LabelSet, u32>,
    links: HashMap<Ends<u64>, FirstRow>,
    /// Links with an id that does not fit in 64 bits.
    large: HashMap<Ends<u128>, FirstRow>,
}

/// The ends of a link, the smaller one first: the number of its type, and its id.
type Ends<N> = ([u32; 2], [N; 2]);

/// The first row of a link.
#[derive(Clone, Copy, Debug)]
struct FirstRow {
    row: u64,
    set: u32,
    /// Whether it names the greater end first.
    is_reversed: bool,
}

impl LabelSetOfLink {
    /// Notes what a row asks for. Returns the row that asked for another set of labels of this link before, whichever
    /// record was named first there.
    ///
    /// Ids of labels belong to one direction. Labels of both directions are the same if their names are, so the two names of
    /// a paired label count as different labels.
    pub fn other_row(&mut self, row: u64, pair: &Pair, labels: &LabelSet) -> Option<u64> {
        let (first, is_reversed) = self.first_row(row, pair, labels);
        let before = &self.sets[first.set as usize];
        let is_same = before.has_same_types_as(labels)
            || (first.is_reversed != is_reversed && have_same_names(before, labels));
        (!is_same).then_some(first.row)
    }

    /// Notes what a row of a report asked for. These rows come in any order: the one with the lowest number is the first.
    pub fn add_reported(&mut self, row: u64, pair: &Pair, labels: &LabelSet) {
        self.first_row(row, pair, labels);
    }

    /// The first row of the link, which may be this one, and whether this one names the greater end first.
    fn first_row(&mut self, row: u64, pair: &Pair, labels: &LabelSet) -> (FirstRow, bool) {
        let mut ends = [&pair.from, &pair.to].map(|end| (self.type_number(end), end.id.number()));
        let is_reversed = ends[0] > ends[1];
        ends.sort_unstable();
        let own = FirstRow {
            row,
            set: self.set_number(labels),
            is_reversed,
        };
        let types = ends.map(|(number, _)| number);
        let first = match ends.map(|(_, id)| u64::try_from(id)) {
            [Ok(from), Ok(to)] => first_of(&mut self.links, (types, [from, to]), own),
            _ => first_of(&mut self.large, (types, ends.map(|(_, id)| id)), own),
        };
        (first, is_reversed)
    }

    fn type_number(&mut self, end: &Record) -> u32 {
        let name = canonical(end.object_type.as_str());
        if let Some(&number) = self.types.get(name) {
            return number;
        }
        let number = next_number(self.types.len());
        self.types.insert(name.into(), number);
        number
    }

    fn set_number(&mut self, labels: &LabelSet) -> u32 {
        if let Some(&number) = self.set_numbers.get(labels) {
            return number;
        }
        let number = next_number(self.sets.len());
        self.sets.push(labels.clone());
        self.set_numbers.insert(labels.clone(), number);
        number
    }
}

/// # Panics
/// If there are more than four billion, which fit in no memory.
fn next_number(count: usize) -> u32 {
    u32::try_from(count).expect("fewer types and sets of labels than rows")
}

fn first_of<N: Eq + Hash>(
    links: &mut HashMap<Ends<N>, FirstRow>,
    link: Ends<N>,
    own: FirstRow,
) -> FirstRow {
    match links.entry(link) {
        Entry::Vacant(free) => *free.insert(own),
        Entry::Occupied(mut known) => {
            if own.row < known.get().row {
                known.insert(own);
            }
            *known.get()
        }
    }
}

fn have_same_names(one: &LabelSet, other: &LabelSet) -> bool {
    let names = |labels: &LabelSet| {
        let mut names: Vec<_> = labels
            .iter()
            .map(|label| (label.category.clone(), label.label.clone()))
            .collect();
        names.sort_unstable();
        names
    };
    names(one) == names(other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::fixtures::{label_set, pair};
    use proptest::prelude::*;

    #[test]
    fn a_link_is_the_same_in_both_directions_and_in_every_spelling() {
        let a = || label_set("USER_DEFINED:1:A");
        let a_inverse = label_set("USER_DEFINED:2:A");
        let employee = label_set("USER_DEFINED:3:Employee");
        let mut links = LabelSetOfLink::default();
        for (row, from, to, labels, other) in [
            (1, "contacts 41", "companies 7", a(), None),
            (2, "0-1 041", "Company 7", a(), None),
            (3, "contacts 41", "companies 7", a_inverse.clone(), Some(1)),
            (4, "companies 7", "contacts 41", a_inverse, None),
            (5, "companies 007", "contacts 41", employee.clone(), Some(1)),
            (6, "contacts 7", "companies 41", employee.clone(), None),
            (7, "companies 41", "contacts 7", a(), Some(6)),
            (8, "contacts 41", "deals 7", employee, None),
        ] {
            let found = links.other_row(row, &pair(from, to), &labels);
            assert_eq!(found, other, "row {row}");
        }
    }

    #[test]
    fn more_labels_or_fewer_are_other_labels_and_another_name_is_none() {
        let link = pair("contacts 1", "contacts 99999999999999999999");
        let mut links = LabelSetOfLink::default();
        for (row, labels, other) in [
            (4, "USER_DEFINED:1:A;USER_DEFINED:5:B", None),
            (5, "USER_DEFINED:1:renamed;USER_DEFINED:5:B", None),
            (6, "USER_DEFINED:1:A", Some(4)),
            (
                7,
                "USER_DEFINED:1:A;USER_DEFINED:5:B;USER_DEFINED:7:C",
                Some(4),
            ),
            (8, "INTEGRATOR_DEFINED:1:A;USER_DEFINED:5:B", Some(4)),
        ] {
            assert_eq!(
                links.other_row(row, &link, &label_set(labels)),
                other,
                "row {row}"
            );
        }
    }

    #[test]
    fn lines_of_a_report_count_in_the_order_of_their_rows() {
        let link = pair("contacts 1", "companies 2");
        let [a, b] = ["USER_DEFINED:1:A", "USER_DEFINED:2:B"].map(label_set);
        let mut links = LabelSetOfLink::default();
        links.add_reported(9, &link, &b);
        links.add_reported(3, &link, &a);
        links.add_reported(5, &link, &b);
        assert_eq!(links.other_row(10, &link, &a), None);
        assert_eq!(links.other_row(11, &link, &b), Some(3));
    }

    proptest! {
        #[test]
        fn it_names_the_first_row_of_the_link_if_that_asks_for_other_labels(
            rows in prop::collection::vec((1_u64..5, 1_u64..5, 1_u64..4, any::<bool>()), 0..60),
        ) {
            let mut links = LabelSetOfLink::default();
            let mut first = HashMap::new();
            for (row, (contact, company, label, is_reversed)) in (1..).zip(rows) {
                let [from, to] = [format!("contacts {contact}"), format!("companies {company}")];
                let pair = if is_reversed { pair(&to, &from) } else { pair(&from, &to) };
                let set = label_set(&format!("USER_DEFINED:{label}:Label {label}"));
                let &mut (first_row, first_label) = first.entry((contact, company)).or_insert((row, label));
                let expected = (first_label != label).then_some(first_row);
                prop_assert_eq!(links.other_row(row, &pair, &set), expected);
            }
        }
    }
}
