//! Which keys that were collected are asked, and when. Pure.

use std::time::{Duration, Instant};

use crate::lookup::group::PropertyState;
use crate::lookup::key_table::{KeyNumber, KeyState};
use crate::lookup::limits::LINGER;
use crate::lookup::lookup_request::{LookupRequest, PropertyNumber};
use crate::lookup::lookups::Lookups;

impl<R> Lookups<R> {
    /// When the group is sent that the first row waits for.
    pub(super) fn linger_due(&self) -> Option<Instant> {
        let (_, since) = self.group_of_first_row()?;
        let wait = if self.has_capacity() {
            LINGER
        } else {
            Duration::ZERO
        };
        Some(since + wait)
    }

    /// The property of an incomplete group that the first row waits for, and since when the group exists.
    pub(super) fn group_of_first_row(&self) -> Option<(PropertyNumber, Instant)> {
        let keys = self.rows.front()?.keys.iter().flatten();
        let collected = keys.filter(|key| self.keys.state(key.number) == KeyState::Collected);
        let groups = collected.filter_map(|key| {
            let property = self.keys.property(key.number);
            let group = self.properties.get(property as usize)?.group.as_ref()?;
            Some((property, group.since))
        });
        groups.min_by_key(|&(_, since)| since)
    }

    /// Makes requests for keys that were asked before.
    pub(super) fn ask_now(&mut self, property: PropertyNumber, keys: &[KeyNumber]) {
        let keys = keys.iter().map(|&key| (key, self.keys.text(key)));
        let requests = self.properties[property as usize].requests(property, keys);
        for request in requests {
            self.requests.push(request);
        }
    }

    pub(super) fn ask(&mut self, property: PropertyNumber, keys: Vec<KeyNumber>) {
        for &key in &keys {
            self.keys.set_state(key, KeyState::Asked);
        }
        let route = self.properties[property as usize].property.route;
        self.requests
            .push(LookupRequest::new(property, route, keys));
    }

    pub(super) fn flush(&mut self, property: PropertyNumber) {
        if let Some(keys) = self.properties[property as usize].take_group() {
            self.ask(property, keys);
        }
    }

    /// Sends the incomplete groups of the properties that `is_due` selects.
    pub(super) fn flush_where(&mut self, is_due: impl Fn(&PropertyState) -> bool) {
        for number in 0..self.properties.len() {
            if is_due(&self.properties[number])
                && let Ok(property) = PropertyNumber::try_from(number)
            {
                self.flush(property);
            }
        }
        self.find_oldest_group();
    }

    pub(super) fn find_oldest_group(&mut self) {
        let groups = self
            .properties
            .iter()
            .filter_map(|state| state.group.as_ref());
        self.oldest_group = groups.map(|group| group.first_row).min();
    }
}
