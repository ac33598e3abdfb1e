//! The portals that a report names, and the one whose links are removed. Pure.

use std::collections::BTreeMap;
use std::num::NonZeroU64;

/// The portals that are counted on their own. A report names one; only a damaged or edited one names more than a few.
const MAX_PORTALS: usize = 1000;

/// How many lines of a report name which portal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Portals {
    lines: BTreeMap<u64, u64>,
}

/// The portal whose links are removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Chosen {
    /// No line names a portal: nothing is proved.
    None,
    /// This one.
    One(u64),
    /// The lines name several, and it is not known which one is meant.
    Several(Vec<u64>),
    /// The lines name portals, but not the expected one.
    Other {
        /// Those that they name.
        found: Vec<u64>,
        /// The one that was expected.
        expected: NonZeroU64,
    },
}

impl Portals {
    /// Adds the portal of a line.
    pub fn add(&mut self, portal: Option<u64>) {
        let Some(portal) = portal else {
            return;
        };
        if self.lines.len() < MAX_PORTALS || self.lines.contains_key(&portal) {
            *self.lines.entry(portal).or_default() += 1;
        }
    }

    /// The portal whose links are removed. `expected` is what `--expect-portal` names.
    #[must_use]
    pub fn choose(&self, expected: Option<NonZeroU64>) -> Chosen {
        let mut found = self.lines.keys().copied();
        match (expected, self.lines.len()) {
            (_, 0) => Chosen::None,
            (Some(expected), _) if self.lines.contains_key(&expected.get()) => {
                Chosen::One(expected.get())
            }
            (Some(expected), _) => Chosen::Other {
                found: found.collect(),
                expected,
            },
            (None, 1) => found.next().map_or(Chosen::None, Chosen::One),
            (None, _) => Chosen::Several(found.collect()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_portal_is_the_expected_one_or_the_only_one() {
        let other = |found: &[u64], expected| Chosen::Other {
            found: found.to_vec(),
            expected: NonZeroU64::new(expected).unwrap(),
        };
        for (lines, expected, chosen) in [
            (&[][..], None, Chosen::None),
            (&[], Some(1), Chosen::None),
            (&[None], Some(1), Chosen::None),
            (&[Some(1), None, Some(1)], None, Chosen::One(1)),
            (&[Some(1)], Some(1), Chosen::One(1)),
            (&[Some(1)], Some(2), other(&[1], 2)),
            (&[Some(2), Some(1)], None, Chosen::Several(vec![1, 2])),
            (&[Some(2), Some(1)], Some(2), Chosen::One(2)),
            (&[Some(2), Some(1)], Some(3), other(&[1, 2], 3)),
        ] {
            let mut portals = Portals::default();
            for &portal in lines {
                portals.add(portal);
            }
            let expected = expected.map(|portal| NonZeroU64::new(portal).unwrap());
            assert_eq!(portals.choose(expected), chosen, "{lines:?} {expected:?}");
        }
    }
}
