//! What a line of a report shows about a link. Pure.

use std::hash::{DefaultHasher, Hash, Hasher};

use jiff::Timestamp;

use crate::domain::label_set::LabelSet;
use crate::domain::pair::{Pair, Record};
use crate::domain::proof::ExistedBefore;
use crate::domain::standard_type::canonical;

/// What a line of a report shows about a link.
#[derive(Clone, Copy, Debug)]
pub struct LinkRow<'r> {
    /// The number of its row in the input.
    pub row: u64,
    /// The pair.
    pub pair: &'r Pair,
    /// Whether the row is associated.
    pub is_associated: bool,
    /// Whether the pair was linked before; `None` if that was not asked.
    pub existed_before: Option<ExistedBefore>,
    /// The portal of the run; `None` if the line does not name it.
    pub portal: Option<u64>,
    /// The labels that it asked for.
    pub labels: Option<&'r LabelSet>,
    /// Those of them that the link did not have before, as far as that is known.
    pub labels_added: Option<&'r LabelSet>,
    /// When it ended, if it has labels.
    pub finished_at: Option<Timestamp>,
}

impl LinkRow<'_> {
    /// Whether the line proves that the import made the link in a portal that it names.
    #[must_use]
    pub fn is_proved(&self) -> bool {
        self.is_associated
            && self.existed_before == Some(ExistedBefore::No)
            && self.portal.is_some()
    }

    /// The labels that the line proves the import added in a portal that it names.
    #[must_use]
    pub fn proved_labels(&self) -> Option<&LabelSet> {
        let is_read = matches!(
            self.existed_before,
            Some(ExistedBefore::Yes | ExistedBefore::No)
        );
        self.labels_added
            .filter(|_| self.is_associated && is_read && self.portal.is_some())
    }

    /// Whether it names the records of its link in one of the two orders. Each order has label ids of its own.
    #[must_use]
    pub fn is_inverse(&self) -> bool {
        end_hash(&self.pair.from) > end_hash(&self.pair.to)
    }

    /// A hash of the link: both directions of a pair, all spellings of its types and of its ids have the same one.
    ///
    /// Two different links have the same hash with a probability of one in 10^19. The second is then kept, as if it were
    /// the first: a hash never causes a removal.
    #[must_use]
    pub fn link_hash(&self) -> u64 {
        let mut ends = [end_hash(&self.pair.from), end_hash(&self.pair.to)];
        ends.sort_unstable();
        let mut hasher = DefaultHasher::new();
        ends.hash(&mut hasher);
        hasher.finish()
    }
}

fn end_hash(record: &Record) -> u64 {
    let mut hasher = DefaultHasher::new();
    canonical(record.object_type.as_str()).hash(&mut hasher);
    record.id.number().hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::domain::fixtures::pair;

    /// A row that is associated in portal 1.
    pub(crate) fn associated(
        row: u64,
        pair: &Pair,
        existed_before: Option<ExistedBefore>,
    ) -> LinkRow<'_> {
        LinkRow {
            row,
            pair,
            is_associated: true,
            existed_before,
            portal: Some(1),
            labels: None,
            labels_added: None,
            finished_at: None,
        }
    }

    fn hash(pair: &Pair) -> u64 {
        associated(1, pair, None).link_hash()
    }

    #[test]
    fn a_link_has_one_hash_in_both_directions_and_in_every_spelling() {
        let link = pair("contacts 41", "companies 7");
        for same in [
            pair("companies 7", "contacts 41"),
            pair("0-1 041", "0-2 7"),
            pair("COMPANY 007", "Contact 41"),
        ] {
            assert_eq!(hash(&link), hash(&same), "{same}");
        }
        for other in [
            pair("contacts 7", "companies 41"),
            pair("contacts 41", "deals 7"),
            pair("contacts 41", "companies 70"),
        ] {
            assert_ne!(hash(&link), hash(&other), "{other}");
        }
    }

    #[test]
    fn only_an_associated_row_that_was_not_linked_before_in_a_named_portal_is_proved() {
        let pair = pair("contacts 1", "companies 2");
        let proved = associated(1, &pair, Some(ExistedBefore::No));
        assert!(proved.is_proved());
        for row in [
            LinkRow {
                is_associated: false,
                ..proved
            },
            LinkRow {
                existed_before: None,
                ..proved
            },
            LinkRow {
                existed_before: Some(ExistedBefore::Unknown),
                ..proved
            },
            LinkRow {
                existed_before: Some(ExistedBefore::Yes),
                ..proved
            },
            LinkRow {
                portal: None,
                ..proved
            },
        ] {
            assert!(!row.is_proved(), "{row:?}");
        }
    }
}
