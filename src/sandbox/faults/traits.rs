//! Records whose links behave in a particular way, by their ids.
//!
//! An id of exactly 15 digits that begins with 97 names its trait in the next three digits; ten digits are free.

use crate::sandbox::data::ids::RecordId;

/// The first two digits.
const MARK: u128 = 97;
/// The number of ids with the same trait: ten digits are free.
const FREE: u128 = 10_000_000_000;

/// How the links of a record behave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LinkTrait {
    /// They show only when they are read from the record's own side.
    OneSided,
    /// They have a label as soon as they exist, as if another client had added it.
    GainsLabel,
    /// They are confirmed and not made.
    Vanishing,
    /// They stay when they are archived.
    Staying,
}

/// A trait of the table in the documentation.
#[derive(Clone, Copy, Debug)]
pub struct KnownTrait {
    /// Its name.
    pub name: &'static str,
    /// Its three digits in an id.
    pub code: u16,
    /// A short description.
    pub effect: &'static str,
    link_trait: LinkTrait,
}

const fn known(
    name: &'static str,
    code: u16,
    link_trait: LinkTrait,
    effect: &'static str,
) -> KnownTrait {
    KnownTrait {
        name,
        code,
        effect,
        link_trait,
    }
}

/// All traits.
#[rustfmt::skip] // One trait per line.
pub const KNOWN_TRAITS: [KnownTrait; 4] = [
    known("one-sided", 100, LinkTrait::OneSided, "links show only when they are read from this record's side"),
    known("gains-label", 200, LinkTrait::GainsLabel, "links gain the label `Partner` as soon as they exist"),
    known("vanishing", 300, LinkTrait::Vanishing, "links are confirmed and not made"),
    known("staying", 400, LinkTrait::Staying, "links stay when they are archived, although the reply is a success"),
];

/// A record id with this trait; `serial` makes such ids unique. `None` if the name is unknown.
#[must_use]
pub fn trait_id(name: &str, serial: u32) -> Option<String> {
    let known = KNOWN_TRAITS.iter().find(|known| known.name == name)?;
    Some(format!("{MARK}{:03}{serial:010}", known.code))
}

/// The trait that a record id names.
pub(crate) fn of_id(id: RecordId) -> Option<LinkTrait> {
    let front = id.value() / FREE;
    let code = front.checked_sub(MARK * 1000)?;
    let known = KNOWN_TRAITS
        .iter()
        .find(|known| u128::from(known.code) == code)?;
    Some(known.link_trait)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_names_its_trait_and_ordinary_ids_name_none() {
        for known in KNOWN_TRAITS {
            let id = trait_id(known.name, 7).unwrap();
            assert_eq!(id.len(), 15);
            let id = RecordId::parse(&id).unwrap();
            assert_eq!(of_id(id), Some(known.link_trait), "{id:?}");
        }
        for id in ["971", "971000000000", "9710000000000001", "979990000000001"] {
            assert_eq!(of_id(RecordId::parse(id).unwrap()), None, "{id}");
        }
        assert_eq!(trait_id("unheard-of", 1), None);
    }

    #[test]
    fn the_documentation_lists_every_trait() {
        let page = include_str!("../../../docs/sandbox.md");
        for KnownTrait {
            name, code, effect, ..
        } in KNOWN_TRAITS
        {
            let line = format!("| `{name}` | `{MARK}{code}xxxxxxxxxx` | {effect} |");
            assert!(page.contains(&line), "docs/sandbox.md lacks: {line}");
        }
    }
}
