//! The rows that wait for their keys, and the requests that look the keys up, with their rate limits and workers.

use tokio::task::JoinError;
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
use crate::rate_limit::controller::RateController;
use crate::rate_limit::limiter::RateLimiter;
use crate::rate_limit::permit::Permit;
use crate::rate_limit::rate::RateSetting;
use crate::run::context::LookupSettings;
use crate::run::lookup::job::LookupJob;
use crate::run::lookup::resolve::keys_of;
use crate::run::worker_pool::{Answered, WorkerPool};

/// Maximum number of batch reads in flight. A reply takes a few tenths of a second, so these use the highest general
/// limit up.
const BATCH_READS: usize = 8;

/// Maximum number of searches in flight: their limit is five per second.
const SEARCHES: usize = 2;

/// Something that happened to the lookups.
pub(crate) enum LookupEvent {
    /// A request has its reply.
    Reply(Box<Answered<LookupJob>>),
    /// A worker panicked.
    Panic(JoinError),
    /// A request of this call can be sent.
    Permit(Route, Permit),
}

/// A property that must not be looked up without the permission to search.
#[derive(Debug)]
pub(crate) struct NeedsSearch(pub(crate) LookupProperty);

/// The lookups of a run.
pub(crate) struct LookupStage {
    settings: LookupSettings,
    pub(crate) rows: Lookups<CheckedRow>,
    workers: WorkerPool<LookupJob>,
    batch_reads: RouteState,
    searches: RouteState,
    /// For each side, the type of the last row and its property.
    last: [Option<(ObjectType, PropertyNumber)>; 2],
    has_ended: bool,
    /// Whether a pair was passed on to be linked.
    pub(crate) has_passed_on: bool,
}

/// The requests of one call.
struct RouteState {
    limiter: RateLimiter,
    in_flight: usize,
    max_in_flight: usize,
}

impl RouteState {
    fn new(limit: BurstLimit, settings: &LookupSettings, max_in_flight: usize) -> Self {
        let setting = if settings.is_unlimited && limit.is_announced {
            RateSetting::Unlimited
        } else {
            RateSetting::Auto
        };
        let controller = RateController::with_limit(limit, setting, settings.share);
        Self {
            limiter: RateLimiter::new(controller),
            in_flight: 0,
            max_in_flight,
        }
    }
}

impl LookupStage {
    pub(crate) fn new(settings: LookupSettings, endpoint: impl Endpoint) -> Self {
        Self {
            batch_reads: RouteState::new(BurstLimit::GENERAL, &settings, BATCH_READS),
            searches: RouteState::new(BurstLimit::SEARCH, &settings, SEARCHES),
            settings,
            rows: Lookups::new(Limits::USUAL),
            workers: WorkerPool::new(endpoint),
            last: [None, None],
            has_ended: false,
            has_passed_on: false,
        }
    }

    fn route(&mut self, route: Route) -> &mut RouteState {
        match route {
            Route::BatchRead => &mut self.batch_reads,
            Route::Search => &mut self.searches,
        }
    }

    /// The limiter of this call.
    pub(crate) fn limiter(&mut self, route: Route) -> &mut RateLimiter {
        &mut self.route(route).limiter
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
        let RouteState {
            in_flight,
            max_in_flight,
            ..
        } = *self.route(route);
        in_flight < max_in_flight && self.rows.is_ready(route)
    }

    /// Takes the next request of this call.
    pub(crate) fn next_job(&mut self, route: Route) -> Option<LookupJob> {
        let lookup = self.rows.pop_request(route)?;
        let call = self.rows.call(&lookup);
        Some(LookupJob::new(lookup, call))
    }

    /// Sends a request.
    pub(crate) fn send(&mut self, job: LookupJob, permit: Permit) {
        self.route(job.lookup.route).in_flight += 1;
        self.workers.send(job, permit);
    }

    /// Records that a request of this call has its reply.
    pub(crate) fn reply_received(&mut self, route: Route) {
        self.route(route).in_flight -= 1;
    }

    /// The number of requests without a reply yet.
    pub(crate) fn in_flight(&self) -> usize {
        self.workers.busy()
    }

    /// Waits for the next event. `wants` says for which calls, in the order of [`Route::BOTH`], a permit is wanted. Cancel
    /// safe.
    pub(crate) async fn next(&mut self, wants: [bool; 2]) -> LookupEvent {
        let [wants_read, wants_search] = wants;
        tokio::select! {
            biased;
            done = self.workers.next(), if self.workers.busy() > 0 => match done {
                Ok(done) => LookupEvent::Reply(Box::new(done)),
                Err(error) => LookupEvent::Panic(error),
            },
            permit = self.batch_reads.limiter.acquire(), if wants_read => {
                LookupEvent::Permit(Route::BatchRead, permit)
            }
            permit = self.searches.limiter.acquire(), if wants_search => {
                LookupEvent::Permit(Route::Search, permit)
            }
            else => std::future::pending().await,
        }
    }

    /// Pauses all requests.
    pub(crate) fn pause(&mut self, period: std::time::Duration) {
        self.batch_reads.limiter.pause(period);
        self.searches.limiter.pause(period);
    }

    /// Aborts all requests: their replies are discarded.
    pub(crate) fn abandon(&mut self) {
        self.workers.abandon();
    }
}
