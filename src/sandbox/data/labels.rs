//! The association types between two object types: the unlabelled one, the primary one where there is one, and labels.
//!
//! Every pair of object types has the same labels. A type id is unique only within its category and direction: user-defined
//! 1 from contacts to companies is not HubSpot's 1, the primary company.

use crate::sandbox::data::association_types;
use crate::sandbox::data::object_types;

/// The primary types' ids, from the record to its company and back.
const PRIMARY: &[(&str, u32, u32)] = &[("contact", 1, 2), ("deal", 5, 6), ("ticket", 25, 26)];

/// A label between two types, in both directions: from the type that comes first, and back.
struct Label {
    category: &'static str,
    numbers: [u32; 2],
    names: [&'static str; 2],
}

const fn label(category: &'static str, numbers: [u32; 2], names: [&'static str; 2]) -> Label {
    Label {
        category,
        numbers,
        names,
    }
}

/// The labels, in the order of their places in a [`TypeSet`].
#[rustfmt::skip] // One label per line.
const LABELS: [Label; 9] = [
    label("USER_DEFINED", [1, 2], ["Decision maker"; 2]),
    label("USER_DEFINED", [3, 4], ["Billing contact"; 2]),
    label("USER_DEFINED", [5, 6], ["Manager", "Employee"]),
    label("USER_DEFINED", [7, 8], ["Partner"; 2]),
    label("USER_DEFINED", [9, 10], ["Reseller"; 2]),
    label("INTEGRATOR_DEFINED", [9, 10], ["Reseller"; 2]),
    label("USER_DEFINED", [11, 12], ["Sales; EMEA"; 2]),
    label("USER_DEFINED", [13, 14], [UNCONFIRMED; 2]),
    label("USER_DEFINED", [15, 16], [FULL; 2]),
];

/// The label that a record gains without a write of this program's.
pub(crate) const GAINED: &str = "Partner";
/// The label that a write neither sets nor confirms.
pub(crate) const UNCONFIRMED: &str = "Unconfirmed";
/// The label whose limit is reached on every record.
pub(crate) const FULL: &str = "Full";

const UNLABELLED_PLACE: u8 = 0;
const PRIMARY_PLACE: u8 = 1;
const FIRST_LABEL_PLACE: u8 = 2;
/// The place of the label with two names.
const MANAGER_PLACE: u8 = FIRST_LABEL_PLACE + 2;
/// Between records of one type, its other name is a type of its own in the same direction.
const EMPLOYEE_PLACE: u8 = 15;

/// The types of one link, as places in the list of [`between`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct TypeSet(u16);

impl TypeSet {
    pub(crate) const NONE: Self = Self(0);
    pub(crate) const UNLABELLED: Self = Self(1 << UNLABELLED_PLACE);
    pub(crate) const PRIMARY: Self = Self(1 << PRIMARY_PLACE);

    pub(crate) fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(crate) fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    pub(crate) fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(crate) fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// The types that a write of other labels leaves.
    pub(crate) fn without_labels(self) -> Self {
        Self(self.0 & (Self::UNLABELLED.0 | Self::PRIMARY.0))
    }

    /// The same link's types in the other direction.
    pub(crate) fn inverse(self, same_type: bool) -> Self {
        if !same_type {
            return self;
        }
        let [manager, employee] = [MANAGER_PLACE, EMPLOYEE_PLACE].map(|place| 1 << place);
        let others = self.0 & !(manager | employee);
        let swapped = |from, to| if self.0 & from == 0 { 0 } else { to };
        Self(others | swapped(manager, employee) | swapped(employee, manager))
    }
}

/// One association type in one direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AssociationType {
    pub(crate) category: &'static str,
    pub(crate) number: u32,
    pub(crate) label: Option<&'static str>,
    pub(crate) set: TypeSet,
}

/// All types from one object type to another.
pub(crate) fn between(from: &str, to: &str) -> Vec<AssociationType> {
    let of = |place: u8, category, number, label| AssociationType {
        category,
        number,
        label,
        set: TypeSet(1 << place),
    };
    let unlabelled = association_types::number(from, to);
    let category = association_types::category(from, to);
    let mut types = vec![of(UNLABELLED_PLACE, category, unlabelled, None)];
    if let Some(number) = primary(from, to) {
        types.push(of(
            PRIMARY_PLACE,
            "HUBSPOT_DEFINED",
            number,
            Some("Primary"),
        ));
    }
    let side = usize::from(!object_types::is_in_order(from, to));
    types.extend((FIRST_LABEL_PLACE..).zip(&LABELS).map(|(place, label)| {
        let number = label.numbers[side];
        of(place, label.category, number, Some(label.names[side]))
    }));
    if from == to {
        let manager = &LABELS[usize::from(MANAGER_PLACE - FIRST_LABEL_PLACE)];
        let (number, name) = (manager.numbers[1], manager.names[1]);
        types.push(of(EMPLOYEE_PLACE, manager.category, number, Some(name)));
    }
    types
}

fn primary(from: &str, to: &str) -> Option<u32> {
    let of = |name: &str| PRIMARY.iter().find(|(record, ..)| *record == name);
    match (from, to) {
        (from, "company") => of(from).map(|(_, number, _)| *number),
        ("company", to) => of(to).map(|(_, _, number)| *number),
        _ => None,
    }
}

/// Whether links from this type can be primary: a record has one primary company at most.
pub(crate) fn has_primary(from: &str, to: &str) -> bool {
    to == "company" && primary(from, to).is_some()
}

/// The type of a category and number.
pub(crate) fn find(from: &str, to: &str, category: &str, number: u32) -> Option<AssociationType> {
    between(from, to)
        .into_iter()
        .find(|kind| kind.category == category && kind.number == number)
}

/// The user-defined types of a label.
pub(crate) fn named(from: &str, to: &str, name: &str) -> TypeSet {
    between(from, to)
        .into_iter()
        .filter(|kind| kind.category == "USER_DEFINED" && kind.label == Some(name))
        .fold(TypeSet::NONE, |set, kind| set.with(kind.set))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_type_id_is_unique_within_its_category_and_direction_only() {
        for (from, to) in [
            ("contact", "company"),
            ("company", "contact"),
            ("contact", "contact"),
            ("2-7", "deal"),
        ] {
            let types = between(from, to);
            let mut seen = HashSet::new();
            for kind in &types {
                assert!(
                    seen.insert((kind.category, kind.number)),
                    "{from} {to} {kind:?}"
                );
                assert_eq!(find(from, to, kind.category, kind.number), Some(*kind));
            }
        }
        let [user, hubspot] = ["USER_DEFINED", "HUBSPOT_DEFINED"]
            .map(|category| find("contact", "company", category, 1).unwrap().label);
        assert_eq!((user, hubspot), (Some("Decision maker"), Some("Primary")));
    }

    #[test]
    fn a_label_can_have_another_name_in_the_other_direction() {
        let name = |from, to, number| find(from, to, "USER_DEFINED", number).unwrap().label;
        assert_eq!(name("contact", "company", 5), Some("Manager"));
        assert_eq!(name("company", "contact", 6), Some("Employee"));
        assert!(find("company", "contact", "USER_DEFINED", 5).is_none());
        // The same place on both sides.
        let manager = named("contact", "company", "Manager");
        assert_eq!(
            named("company", "contact", "Employee"),
            manager.inverse(false)
        );
        // Between records of one type both names exist in each direction.
        let manager = named("contact", "contact", "Manager");
        let employee = named("contact", "contact", "Employee");
        assert_ne!(manager, employee);
        assert_eq!(manager.inverse(true), employee);
        assert_eq!(employee.inverse(true), manager);
    }

    #[test]
    fn only_companies_can_be_primary() {
        assert!(has_primary("contact", "company") && has_primary("ticket", "company"));
        assert!(!has_primary("company", "contact") && !has_primary("contact", "deal"));
        let back = find("company", "deal", "HUBSPOT_DEFINED", 6).unwrap();
        assert_eq!(back.set, TypeSet::PRIMARY);
    }
}
