//! The rows that wait for their keys, and the requests that look the keys up, with their rate limits and workers.

use tokio::time::Instant;

use crate::api::endpoint::Endpoint;
use crate::api::lookup_call::Route;
use crate::domain::key_kind::KeyKind;
use crate::domain::pair::ObjectType;
use crate::domain::property_name::PropertyName;
use crate::input::row::{CheckedRow, RowContent};
use crate::input::validate::key::read_key::read_key;
use crate::lookup::limits::Limits;
use crate::lookup::lookup_request::PropertyNumber;
use crate::lookup::lookups::{KeyOfRow, Lookups};
use crate::lookup::property::LookupProperty;
use crate::rate_limit::burst_limit::BurstLimit;
use crate::run::context::LookupSettings;
use crate::run::limited_calls::{CallEvent, CallLimit, LimitedCalls};
use crate::run::lookup::job::LookupJob;
use crate::run::lookup::resolve::keys_of;

/// Maximum number of batch reads in flight. A reply takes a few tenths of a second, so these use the highest general
/// limit up.
const BATCH_READS: usize = 8;

/// Maximum number of searches in flight: their limit is five per second.
const SEARCHES: usize = 2;

/// Something that happened to the lookups.
pub(crate) type LookupEvent = CallEvent<LookupJob, Route>;

/// A property that must not be looked up without the permission to search.
#[derive(Debug)]
pub(crate) struct NeedsSearch(pub(crate) LookupProperty);

/// The lookups of a run.
pub(crate) struct LookupStage {
    settings: LookupSettings,
    pub(crate) rows: Lookups<CheckedRow>,
    pub(crate) calls: LimitedCalls<LookupJob, Route>,
    /// For each side, the type of the last row and its property.
    last: [Option<(ObjectType, PropertyNumber)>; 2],
    has_ended: bool,
    /// Whether a pair was passed on to be linked.
    pub(crate) has_passed_on: bool,
}

impl LookupStage {
    pub(crate) fn new(settings: LookupSettings, endpoint: impl Endpoint) -> Self {
        let limit = |limit: BurstLimit, max_in_flight| {
            CallLimit::new(limit, settings.is_unlimited, settings.share, max_in_flight)
        };
        let kinds = [
            (Route::BatchRead, limit(BurstLimit::GENERAL, BATCH_READS)),
            (Route::Search, limit(BurstLimit::SEARCH, SEARCHES)),
        ];
        Self {
            calls: LimitedCalls::new(kinds, endpoint),
            settings,
            rows: Lookups::new(Limits::USUAL),
            last: [None, None],
            has_ended: false,
            has_passed_on: false,
        }
    }

    /// The properties of both sides.
    pub(crate) fn properties(&self) -> [Option<&PropertyName>; 2] {
        [self.settings.from.as_ref(), self.settings.to.as_ref()]
    }

    /// Whether properties that are not unique may be searched.
    pub(crate) fn allows_search(&self) -> bool {
        self.settings.allow_search
    }

    /// Adds the next row of the input.
    pub(crate) fn push(&mut self, row: CheckedRow) -> Result<(), NeedsSearch> {
        let RowContent::Keyed(pair) = &row.content else {
            self.rows.push(row, [None, None]);
            return Ok(());
        };
        let mut keys = [None, None];
        for (side, key) in keys_of(pair).into_iter().enumerate() {
            if let Some((object_type, cell)) = key {
                keys[side] = self.add_key(side, object_type, cell)?;
            }
        }
        self.rows.push(row, keys);
        Ok(())
    }

    /// Adds a key; `None` if it cannot be looked up.
    fn add_key(
        &mut self,
        side: usize,
        object_type: &ObjectType,
        cell: &str,
    ) -> Result<Option<KeyOfRow>, NeedsSearch> {
        let Some(name) = self.properties()[side] else {
            return Ok(None);
        };
        let kind = KeyKind::of(object_type, name.as_str());
        let Ok(key) = read_key(cell, kind) else {
            return Ok(None);
        };
        let Some(number) = self.number(side, object_type)? else {
            return Ok(None);
        };
        let now = Instant::now().into_std();
        Ok(Some(self.rows.add_key(number, &key, now)))
    }

    /// The number of the property of this side, for this type.
    pub(crate) fn number(
        &mut self,
        side: usize,
        object_type: &ObjectType,
    ) -> Result<Option<PropertyNumber>, NeedsSearch> {
        if let Some((last, number)) = &self.last[side]
            && last == object_type
        {
            return Ok(Some(*number));
        }
        let Some(name) = self.properties()[side] else {
            return Ok(None);
        };
        let mut property =
            LookupProperty::new(object_type.clone(), name.as_str().into(), Route::BatchRead);
        if property.is_known_not_unique() {
            if !self.allows_search() {
                return Err(NeedsSearch(property));
            }
            property.route = Route::Search;
        }
        let number = self.rows.property_number(&property);
        self.last[side] = number.map(|number| (object_type.clone(), number));
        Ok(number)
    }

    /// Records that no more rows come.
    pub(crate) fn end_input(&mut self) {
        if !self.has_ended {
            self.has_ended = true;
            self.rows.end_input();
        }
    }

    /// Whether a request of this call could be sent now if there were a permit.
    pub(crate) fn wants_permit(&mut self, route: Route) -> bool {
        self.rows.is_ready(route) && self.calls.has_slot(route)
    }

    /// Takes the next request of this call.
    pub(crate) fn next_job(&mut self, route: Route) -> Option<LookupJob> {
        let lookup = self.rows.pop_request(route)?;
        let call = self.rows.call(&lookup);
        Some(LookupJob::new(lookup, call))
    }
}
