//! The types of a link in a reply. Pure.

use std::borrow::Cow;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::domain::association_type::AssociationType;
use crate::links::read::found::Found;
use crate::links::read::reply::errors::id_text;

/// Maximum number of sets of types that are remembered, so that rows can share them.
const MAX_SHARED: usize = 32;

/// Sets of types that links had, to be shared by the rows.
#[derive(Debug, Default)]
pub(crate) struct SharedTypes {
    sets: Vec<Arc<Found>>,
    next: usize,
}

/// A text of a body.
#[derive(Deserialize)]
#[serde(transparent)]
pub(super) struct Word<'b>(#[serde(borrow)] pub(super) Cow<'b, str>);

/// One type as the API lists it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WireType<'b> {
    #[serde(borrow)]
    category: Option<Word<'b>>,
    #[serde(borrow)]
    type_id: Option<&'b RawValue>,
    #[serde(borrow)]
    label: Option<Word<'b>>,
}

impl WireType<'_> {
    fn id(&self) -> Option<u64> {
        id_text(self.type_id?).parse().ok()
    }

    fn label(&self) -> Option<&str> {
        let label = self.label.as_ref().map(|label| &*label.0);
        label.filter(|label| !label.is_empty())
    }

    fn is(&self, known: &AssociationType) -> bool {
        self.id() == Some(known.type_id)
            && self
                .category
                .as_ref()
                .is_some_and(|category| *category.0 == *known.category)
            && self.label() == known.label.as_deref()
    }

    fn to_type(&self) -> Option<AssociationType> {
        Some(AssociationType {
            category: (&*self.category.as_ref()?.0).into(),
            type_id: self.id()?,
            label: self.label().map(Into::into),
        })
    }
}

impl SharedTypes {
    /// The set of these types; `None` if there are none or one cannot be read.
    pub(super) fn of(&mut self, types: &[WireType<'_>]) -> Option<Arc<Found>> {
        let is_same = |known: &&Arc<Found>| match &***known {
            Found::Linked(known) => {
                known.len() == types.len()
                    && types.iter().zip(known).all(|(one, known)| one.is(known))
            }
            Found::NotLinked | Found::Unknown(_) => false,
        };
        if let Some(known) = self.sets.iter().find(is_same) {
            return Some(Arc::clone(known));
        }
        let types: Vec<_> = types.iter().map(WireType::to_type).collect::<Option<_>>()?;
        if types.is_empty() {
            return None;
        }
        let found = Arc::new(Found::Linked(types));
        if self.sets.len() < MAX_SHARED {
            self.sets.push(Arc::clone(&found));
        } else {
            self.sets[self.next % MAX_SHARED] = Arc::clone(&found);
            self.next += 1;
        }
        Some(found)
    }
}
