//! What an undo does with a link that has labels and stands in several rows. Pure.
//!
//! The rows of such a link usually ask for different labels. The first of them finds no link and makes it; those after it
//! find the link that the import made. So the row that ended first decides about the link, and about each label.

use crate::domain::association_type::AssociationType;
use crate::domain::label_set::LabelSet;

/// What a row of the link shows about labels.
#[derive(Clone, Copy, Debug)]
pub struct LabelUse<'u> {
    /// The number of the row.
    pub row: u64,
    /// The order in which it names the records: each order has label ids of its own.
    pub is_inverse: bool,
    /// The labels that it asked for.
    pub asked: &'u LabelSet,
    /// Those that it proves to have added.
    pub added: Option<&'u LabelSet>,
}

/// The row that removes something of the link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remover {
    /// The number of the row.
    pub row: u64,
    /// Whether the import made the link.
    pub made_link: bool,
    /// The labels that the import added, in the order of the records that the row has.
    pub labels: Option<LabelSet>,
}

/// A link that has labels and stands in several rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelledLink {
    /// The rows that remove something: one for each order of the records.
    removers: [Option<Remover>; 2],
    /// A row that shows that the link existed before, if the import did not make it.
    existed_in: Option<u64>,
}

impl LabelledLink {
    /// The link of these rows, in the order in which they ended. `made` is the row that proves that the import made the link,
    /// and its order; `existed` is a row that found the link.
    #[must_use]
    pub fn of(rows: &[LabelUse<'_>], made: Option<(u64, bool)>, existed: Option<u64>) -> Self {
        let remover = |is_inverse: bool| {
            let rows = rows.iter().filter(|one| one.is_inverse == is_inverse);
            let labels = added_labels(rows.clone());
            let made_in = made.filter(|&(_, order)| order == is_inverse);
            let row = match (made_in, &labels) {
                (Some((row, _)), _) => row,
                (None, Some(labels)) => first_that_added(rows, labels)?,
                (None, None) => return None,
            };
            Some(Remover {
                row,
                made_link: made_in.is_some(),
                labels,
            })
        };
        Self {
            removers: [false, true].map(remover),
            existed_in: existed.filter(|_| made.is_none()),
        }
    }

    /// The row that removes something, for rows with this order of the records.
    #[must_use]
    pub fn remover(&self, is_inverse: bool) -> Option<&Remover> {
        self.removers[usize::from(is_inverse)].as_ref()
    }

    /// The row that stands for one with this order of the records.
    #[must_use]
    pub fn stand_in(&self, is_inverse: bool) -> Option<u64> {
        let made = self.removers.iter().flatten().find(|one| one.made_link);
        let remover = self.remover(is_inverse).or(made)?;
        Some(remover.row)
    }

    /// A row that shows that the link existed before, if the import did not make it.
    #[must_use]
    pub fn existed_in(&self) -> Option<u64> {
        self.existed_in
    }
}

/// The labels that these rows added. A label that an earlier row asked for and did not add was there before.
fn added_labels<'u>(rows: impl Iterator<Item = &'u LabelUse<'u>>) -> Option<LabelSet> {
    let (mut added, mut others): (Vec<AssociationType>, Vec<&AssociationType>) = Default::default();
    for row in rows {
        for label in row.asked.iter() {
            let is_in = |known: &AssociationType| known.is_same_as(label);
            if added.iter().any(is_in) || others.iter().copied().any(is_in) {
                continue;
            }
            if row.added.is_some_and(|added| added.contains(label)) {
                added.push(label.clone());
            } else {
                others.push(label);
            }
        }
    }
    LabelSet::new(added)
}

/// The first of these rows that added one of the labels.
fn first_that_added<'u>(
    mut rows: impl Iterator<Item = &'u LabelUse<'u>>,
    labels: &LabelSet,
) -> Option<u64> {
    let row = rows.find(|one| {
        one.added
            .is_some_and(|added| added.iter().any(|label| labels.contains(label)))
    })?;
    Some(row.row)
}
