//! What a write does to the associations of two records.

use crate::sandbox::data::ids::RecordId;
use crate::sandbox::data::labels;
use crate::sandbox::data::labels::TypeSet;
use crate::sandbox::faults::traits;
use crate::sandbox::faults::traits::LinkTrait;
use crate::sandbox::state::store::Link;
use crate::sandbox::state::world::World;

/// What is written to one pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Write {
    /// Nothing: a labelled write without types.
    Nothing,
    /// The unlabelled association.
    Unlabelled,
    /// These types, and the unlabelled association.
    Labels(TypeSet),
}

impl World {
    /// Associates two records in both directions; idempotent.
    pub(crate) fn associate(&mut self, link: Link, write: Write) {
        let has_trait = |wanted| {
            [link.from, link.to]
                .map(traits::of_id)
                .contains(&Some(wanted))
        };
        if write == Write::Nothing || has_trait(LinkTrait::Vanishing) {
            return;
        }
        let (from, to) = (
            self.types.name(link.from_type),
            self.types.name(link.to_type),
        );
        let before = self.store.state(link).types;
        let mut types = before.with(TypeSet::UNLABELLED);
        if let Write::Labels(asked) = write {
            if !self.settings.keep_labels {
                types = types.without_labels();
            }
            let asked = asked.without(labels::named(from, to, labels::UNCONFIRMED));
            types = types.with(asked);
        }
        if before.is_empty() && has_trait(LinkTrait::GainsLabel) {
            types = types.with(labels::named(from, to, labels::GAINED));
        }
        let to_company = if labels::has_primary(from, to) {
            Some(link)
        } else if labels::has_primary(to, from) {
            Some(link.inverse())
        } else {
            None
        };
        if let Some(to_company) = to_company {
            types = self.with_primary(to_company, before, types);
        }
        self.store.set_types(link, types);
    }

    /// The first company of a record becomes its primary one by itself; another one takes its place only if a write says
    /// so. Primary types have the same place in both directions.
    fn with_primary(&mut self, to_company: Link, before: TypeSet, types: TypeSet) -> TypeSet {
        let Link {
            from_type,
            from,
            to_type,
            to,
        } = to_company;
        let companies = || {
            self.store
                .associated(from_type, from, to_type, RecordId::MIN)
        };
        if before.is_empty() && companies().next().is_none() {
            return types.with(TypeSet::PRIMARY);
        }
        if types.has(TypeSet::PRIMARY) && !before.has(TypeSet::PRIMARY) {
            let others: Vec<(RecordId, TypeSet)> = companies()
                .filter(|(other, types)| *other != to && types.has(TypeSet::PRIMARY))
                .collect();
            for (other, types) in others {
                let link = Link {
                    to: other,
                    ..to_company
                };
                self.store.set_types(link, types.without(TypeSet::PRIMARY));
            }
        }
        types
    }

    /// The types without the primary one, if the record has a primary company already.
    fn without_second_primary(&self, link: Link, types: TypeSet) -> TypeSet {
        let [from, to] = [link.from_type, link.to_type].map(|number| self.types.name(number));
        let mut companies =
            self.store
                .associated(link.from_type, link.from, link.to_type, RecordId::MIN);
        let is_primary =
            |(other, types): (RecordId, TypeSet)| other != link.to && types.has(TypeSet::PRIMARY);
        if labels::has_primary(from, to) && companies.any(is_primary) {
            types.without(TypeSet::PRIMARY)
        } else {
            types
        }
    }

    /// Removes these types from an association, or all if they include the unlabelled one.
    pub(crate) fn archive(&mut self, link: Link, types: TypeSet) {
        let before = self.store.state(link).types;
        let stays = [link.from, link.to]
            .map(traits::of_id)
            .contains(&Some(LinkTrait::Staying));
        if before.is_empty() || stays {
            return;
        }
        let left = if types.has(TypeSet::UNLABELLED) {
            TypeSet::NONE
        } else {
            before.without(types)
        };
        self.store.set_types(link, left);
    }

    /// Deletes a record with its associations, or merges it into another one, which takes them over.
    ///
    /// `None` if the type or an id is invalid.
    pub(crate) fn remove_record(
        &mut self,
        object_type: &str,
        id: &str,
        merged_into: Option<&str>,
    ) -> Option<()> {
        let object_type = self.types.resolve(object_type).ok()?;
        let id = RecordId::parse(id)?;
        let survivor = match merged_into {
            Some(other) => Some(RecordId::parse(other)?),
            None => None,
        };
        self.directory.remove(object_type, id, survivor);
        for (link, types) in self.store.remove_links_of(object_type, id) {
            if let Some(survivor) = survivor.filter(|survivor| *survivor != link.to) {
                let moved = Link {
                    from: survivor,
                    ..link
                };
                let types = self.store.state(moved).types.with(types);
                self.store
                    .set_types(moved, self.without_second_primary(moved, types));
            }
        }
        Some(())
    }
}
