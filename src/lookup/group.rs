//! The properties that are looked up, and for each the keys that wait for their request to be complete. Pure.

use std::sync::Arc;
use std::time::Instant;

use crate::api::lookup_call::Route;
use crate::domain::outcome::Details;
use crate::lookup::key_table::KeyNumber;
use crate::lookup::lookup_request::{LookupRequest, PropertyNumber};
use crate::lookup::property::LookupProperty;
use crate::lookup::request::{MAX_KEYS, MAX_SEARCH_BODY, added_by, body_without_keys};

/// A property with what is known about it.
#[derive(Debug)]
pub(crate) struct PropertyState {
    pub(crate) property: LookupProperty,
    /// The length of a request's body without keys.
    empty_body: usize,
    pub(crate) group: Option<Group>,
    /// Why the API refuses the property or its type.
    pub(crate) refused: Option<Arc<Details>>,
    /// Keys that a record matches or none does.
    pub(crate) answered: u64,
    /// Those of them that one or more records match.
    pub(crate) matched: u64,
}

/// Keys for the next request of a property.
#[derive(Debug)]
pub(crate) struct Group {
    keys: Vec<KeyNumber>,
    /// The length of the request's body.
    length: usize,
    /// When its first key was added.
    pub(crate) since: Instant,
    /// The number of the row with its first key.
    pub(crate) first_row: u64,
}

impl PropertyState {
    pub(crate) fn new(property: LookupProperty) -> Self {
        Self {
            empty_body: body_without_keys(&property),
            property,
            group: None,
            refused: None,
            answered: 0,
            matched: 0,
        }
    }

    /// The search looks its values up from now on. There must be no group.
    pub(crate) fn use_search(&mut self) {
        self.property.route = Route::Search;
        self.empty_body = body_without_keys(&self.property);
    }

    /// Adds a key to the group. Returns the keys of requests that are complete.
    pub(crate) fn add(
        &mut self,
        key: (KeyNumber, &str),
        now: Instant,
        row: u64,
    ) -> [Option<Vec<KeyNumber>>; 2] {
        let (number, text) = key;
        let added = added_by(text);
        let route = self.property.route;
        let is_too_long =
            |group: &Group| route == Route::Search && group.length + added > MAX_SEARCH_BODY;
        let full = match &self.group {
            Some(group) if is_too_long(group) => self.take_group(),
            _ => None,
        };
        let group = self.group.get_or_insert_with(|| Group {
            keys: Vec::new(),
            length: self.empty_body,
            since: now,
            first_row: row,
        });
        group.keys.push(number);
        group.length += added;
        let complete = if group.keys.len() == MAX_KEYS {
            self.take_group()
        } else {
            None
        };
        [full, complete]
    }

    /// Takes the keys of the group.
    pub(crate) fn take_group(&mut self) -> Option<Vec<KeyNumber>> {
        self.group.take().map(|group| group.keys)
    }

    /// Requests for these keys, as few as possible.
    pub(crate) fn requests<'t>(
        &self,
        number: PropertyNumber,
        keys: impl Iterator<Item = (KeyNumber, &'t str)>,
    ) -> Vec<LookupRequest> {
        let mut lists: Vec<Vec<KeyNumber>> = Vec::new();
        let mut length = 0;
        for (key, text) in keys {
            let added = added_by(text);
            let is_search = self.property.route == Route::Search;
            match lists.last_mut() {
                Some(list)
                    if list.len() < MAX_KEYS
                        && !(is_search && length + added > MAX_SEARCH_BODY) =>
                {
                    list.push(key);
                    length += added;
                }
                _ => {
                    lists.push(vec![key]);
                    length = self.empty_body + added;
                }
            }
        }
        let route = self.property.route;
        let request = |keys| LookupRequest::new(number, route, keys);
        lists.into_iter().map(request).collect()
    }
}
