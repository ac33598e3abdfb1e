//! Finds the pairs that the errors of a reply name. Pure.
//!
//! An error names records by their ids, in its context or in the context of an inner error, and
//! indicates more or less clearly on which side of a pair they are. If it says that a record itself is
//! at fault, it is about every pair with that record on that side. Otherwise it is about a pair only if
//! it names both of its records, or one record that occurs in no other pair: a record of a rejected pair
//! may be valid in other pairs. An error that names no id, and calls an association type invalid, is about
//! every pair that is sent with this type.
//!
//! A reply may have thousands of errors that name the record of thousands of pairs. So the errors are
//! first indexed by record and by pair, and only the first [`MAX_ERRORS`] of each pair are processed:
//! the cost grows with the reply and with the number of pairs, not with their product.

use std::collections::HashMap;

use crate::api::response::envelope::{Entry, Envelope};
use crate::domain::link_request::LinkRequest;
use crate::verdict::batch::mention::{FaultCertainty, Mention, names};
use crate::verdict::batch::named_types::{TypeErrors, is_type_key};
use crate::verdict::batch::sides::{Clues, IdKey, Side, Sides};
use crate::verdict::batch::unit::{
    ErrorAbout, Kept, Listed, Unit, each_once, first_of, only, ordered, types,
};

/// Maximum number of errors that are described for one pair. The report keeps ten categories and a
/// thousand characters.
pub(crate) const MAX_ERRORS: usize = 10;

/// Maximum number of their inner errors.
const MAX_INNER: usize = 20;

/// An error and its inner errors.
struct Group {
    outer: usize,
    /// The first of its inner errors that name no id and no invalid type.
    unspecific: Vec<usize>,
    /// Whether all errors in it are like that.
    is_unspecific: bool,
}

/// The records that the errors of a reply name.
pub(crate) struct ErrorMatches<'e> {
    groups: Vec<Group>,
    units: Vec<Unit<'e>>,
    sides: Sides,
    /// By side and record: the errors that name it.
    mentions: [Vec<Vec<Mention>>; 2],
    /// By side and record: the first errors that are about every pair with this record.
    about_record: [Vec<Vec<usize>>; 2],
    /// By pair: the first errors that name both of its records.
    about_pair: Vec<Vec<usize>>,
    /// By type: the first errors that call it invalid; empty if no pair has labels.
    about_type: TypeErrors<'e>,
    has_labels: bool,
    /// The first errors without any id or invalid type. They add details to the top-level error.
    explaining: Vec<usize>,
}

impl<'e> ErrorMatches<'e> {
    /// `open` are the pairs that the errors may be about. No two of them may have the same two ids.
    pub(crate) fn of<R: LinkRequest>(envelope: &'e Envelope, open: &[R]) -> Self {
        let sides = Sides::of(open.iter().map(LinkRequest::pair));
        let empty = |side| vec![Vec::new(); sides.records(side)];
        let mut named = Self {
            groups: Vec::new(),
            units: Vec::new(),
            mentions: Side::BOTH.map(|side| vec![Vec::new(); sides.records(side)]),
            about_record: Side::BOTH.map(empty),
            about_pair: vec![Vec::new(); open.len()],
            about_type: TypeErrors::default(),
            has_labels: open.iter().any(|row| row.labels().is_some()),
            explaining: Vec::new(),
            sides,
        };
        let top = &envelope.top;
        let clues = |entry| Clues::of(entry, &named.sides);
        let top_clues = clues(top);
        let errors: Vec<(&Entry, Clues, Vec<Clues>)> = envelope
            .errors
            .iter()
            .map(|error| {
                let details = error.details.iter().map(clues).collect();
                (error, clues(error), details)
            })
            .collect();
        let near = only(&errors).map(|(_, clues, _)| *clues);
        named.add_group(top, top_clues.or(near.unwrap_or_default()));
        for (error, clues, details) in errors {
            let near = only(&details).copied().unwrap_or_default();
            named.add_group(error, clues.or(near).or(top_clues));
            for (detail, own) in error.details.iter().zip(details) {
                named.add(detail, own.or(clues).or(top_clues));
            }
        }
        named.find_pairs();
        named.find_records();
        named.find_explaining();
        named
    }

    fn add_group(&mut self, entry: &'e Entry, clues: Clues) {
        self.groups.push(Group {
            outer: self.units.len(),
            unspecific: Vec::new(),
            is_unspecific: true,
        });
        self.add(entry, clues);
    }

    /// Adds an error to the last group.
    fn add(&mut self, entry: &'e Entry, clues: Clues) {
        let index = self.units.len();
        let mut unit = Unit::of(entry, self.groups.len() - 1);
        let mut keys = [false; 2];
        let mut has_stranger = false;
        for (key, values) in &entry.context {
            let kept = if let Some(kind) = IdKey::of(key) {
                keys[0] |= kind == IdKey::On(Side::From);
                keys[1] |= kind == IdKey::On(Side::To);
                let ids = self.add_ids(&mut unit, index, (kind, clues), values, &mut has_stranger);
                unit.is_specific |= !ids.is_empty();
                Kept::Ids(ordered(ids))
            } else if self.has_labels && is_type_key(key) {
                Kept::Types(ordered(types(values)))
            } else {
                Kept::Texts(each_once(values))
            };
            unit.context.push((key, kept));
        }
        if self.has_labels && !unit.is_specific {
            unit.is_specific = self.about_type.add(entry, index);
        }
        unit.is_pair = keys == [true; 2];
        let is_two_sided = unit.records.iter().all(|records| !records.is_empty());
        unit.is_one_sided = !unit.is_pair && !has_stranger && !is_two_sided;
        self.add_to_group(&unit, index);
        self.units.push(unit);
    }

    /// Adds the ids under a key of an error, and returns them. Sets `has_stranger` if no pair has one of them.
    fn add_ids(
        &mut self,
        unit: &mut Unit<'_>,
        index: usize,
        (kind, clues): (IdKey, Clues),
        values: &'e [String],
        has_stranger: &mut bool,
    ) -> Vec<Listed<'e, u128>> {
        let mut ids = Vec::with_capacity(values.len());
        for value in values {
            let Some((id, type_name)) = kind.read(value) else {
                continue;
            };
            let number = id.number();
            ids.push(Listed {
                key: number,
                text: value,
                place: ids.len(),
            });
            let meant = self.sides.of_id(kind, clues, type_name, number);
            let mut is_known = false;
            for side in Side::BOTH.into_iter().filter(|side| meant[*side as usize]) {
                let Some(record) = self.sides.record(side, number) else {
                    continue;
                };
                is_known = true;
                let fault = FaultCertainty::of(kind == IdKey::Sentence, side, clues);
                self.mention(unit, index, side, record, fault);
            }
            *has_stranger |= !is_known;
        }
        ids
    }

    fn mention(
        &mut self,
        unit: &mut Unit<'_>,
        index: usize,
        side: Side,
        record: usize,
        fault: FaultCertainty,
    ) {
        let mentions = &mut self.mentions[side as usize][record];
        match mentions.last_mut() {
            Some(last) if last.unit == index => last.fault = last.fault.max(fault),
            _ => {
                mentions.push(Mention { unit: index, fault });
                unit.records[side as usize].push(record);
            }
        }
    }

    fn add_to_group(&mut self, unit: &Unit<'_>, index: usize) {
        let Some(group) = self.groups.last_mut() else {
            return;
        };
        group.is_unspecific &= !unit.is_specific;
        if index > group.outer && !unit.is_specific && group.unspecific.len() < MAX_ERRORS {
            group.unspecific.push(index);
        }
    }

    /// Finds the errors that name both records of a pair.
    fn find_pairs(&mut self) {
        let records = self.sides.records_of_pairs();
        let by_records: HashMap<[usize; 2], usize> = records.iter().copied().zip(0..).collect();
        for (index, unit) in self.units.iter_mut().enumerate() {
            let about_pair = &mut self.about_pair;
            let mut names_pair = |pair: usize| {
                unit.is_pair = true;
                let about = &mut about_pair[pair];
                if about.len() < MAX_ERRORS {
                    about.push(index);
                }
            };
            let [from, to] = &unit.records;
            // Choose the cheaper way: check each pair that the ids could form, or each pair that one of
            // the sides has.
            let held = |side: Side, records: &[usize]| -> usize {
                let pairs = |&record: &usize| self.sides.pairs(side, record).len();
                records.iter().map(pairs).sum()
            };
            let made = from.len().saturating_mul(to.len());
            let (held_from, held_to) = if made < 2 {
                (usize::MAX, usize::MAX)
            } else {
                (held(Side::From, from), held(Side::To, to))
            };
            if made <= held_from.min(held_to) {
                let made = from
                    .iter()
                    .flat_map(|from| to.iter().map(|to| [*from, *to]));
                made.filter_map(|records| by_records.get(&records))
                    .for_each(|&pair| names_pair(pair));
                continue;
            }
            let (side, held) = if held_from <= held_to {
                (Side::From, from)
            } else {
                (Side::To, to)
            };
            let other = match side {
                Side::From => Side::To,
                Side::To => Side::From,
            };
            let mentions = &self.mentions[other as usize];
            held.iter()
                .flat_map(|&record| self.sides.pairs(side, record))
                .filter(|&&pair| names(&mentions[records[pair][other as usize]], index))
                .for_each(|&pair| names_pair(pair));
        }
    }

    /// Finds the errors that are about every pair with a record.
    fn find_records(&mut self) {
        for side in Side::BOTH {
            for (record, mentions) in self.mentions[side as usize].iter().enumerate() {
                let is_alone = self.sides.pairs(side, record).len() == 1;
                self.about_record[side as usize][record] = mentions
                    .iter()
                    .filter(|mention| self.applies_to_pairs_of(mention, is_alone))
                    .map(|mention| mention.unit)
                    .take(MAX_ERRORS)
                    .collect();
            }
        }
    }

    fn find_explaining(&mut self) {
        self.explaining = (1..self.groups.len())
            .filter(|&group| self.groups[group].is_unspecific)
            .take(MAX_ERRORS)
            .collect();
    }

    /// Whether an error that names one record of a pair is about the pair. `is_alone` says whether no
    /// other pair has this record on that side.
    fn applies_to_pairs_of(&self, mention: &Mention, is_alone: bool) -> bool {
        let unit = &self.units[mention.unit];
        match mention.fault {
            FaultCertainty::Certain => true,
            FaultCertainty::Likely if !unit.is_pair => true,
            FaultCertainty::Likely | FaultCertainty::Unstated => is_alone && unit.is_one_sided,
        }
    }

    /// Whether no error names any record of the pairs, or an invalid type.
    pub(crate) fn is_empty(&self) -> bool {
        self.about_type.is_empty() && self.mentions.iter().flatten().all(Vec::is_empty)
    }

    /// The first errors about the row at `index` among the open ones.
    pub(crate) fn errors_about(&self, index: usize, row: &impl LinkRequest) -> Vec<ErrorAbout<'_>> {
        let about = self.units_about(index, row);
        let Some(first) = about.first() else {
            return Vec::new();
        };
        let of_units = about.iter().map(|&unit| self.units[unit].group);
        // Unspecific errors may add details to a top-level error about the pair.
        let explaining = self.explaining.iter().filter(|_| *first == 0);
        let groups = first_of(of_units.chain(explaining.copied()), MAX_ERRORS);
        let mut left = MAX_INNER;
        let mut errors = Vec::with_capacity(groups.len());
        for group in groups {
            let Group {
                outer, unspecific, ..
            } = &self.groups[group];
            let own = about
                .iter()
                .filter(|&&unit| unit > *outer && self.units[unit].group == group);
            let inner = first_of(own.chain(unspecific).copied(), left);
            left -= inner.len();
            errors.push(ErrorAbout {
                outer: self.units[*outer].part_about(row),
                inner: inner
                    .into_iter()
                    .map(|unit| self.units[unit].part_about(row))
                    .collect(),
            });
        }
        errors
    }

    /// The first errors about a pair, in their order.
    fn units_about(&self, index: usize, row: &impl LinkRequest) -> Vec<usize> {
        let [from, to] = self.sides.records_of_pairs()[index];
        let [about_from, about_to] = &self.about_record;
        let about = [&about_from[from], &about_to[to], &self.about_pair[index]];
        let of_types = row
            .labels()
            .into_iter()
            .flat_map(|labels| self.about_type.about(&labels.sent));
        first_of(
            about.into_iter().flatten().copied().chain(of_types),
            MAX_ERRORS,
        )
    }
}
