//! The sandbox's rules: plan a reply from a request, the stored state and the time.
//!
//! Pure state, without waiting: the time is an argument, randomness comes from the seed. The shell around it reads
//! requests, waits as planned and writes.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, SystemTime};

use crate::sandbox::api::bodies::Span;
use crate::sandbox::api::{oauth, refusals};
use crate::sandbox::data::ids::RecordId;
use crate::sandbox::data::object_types::ObjectTypes;
use crate::sandbox::faults::effect::Action;
use crate::sandbox::faults::random;
use crate::sandbox::faults::random::{Fingerprint, Purpose};
use crate::sandbox::http::reply::Reply;
use crate::sandbox::http::route::Route;
use crate::sandbox::settings::SandboxSettings;
use crate::sandbox::state::buckets::{Bucket, Buckets};
use crate::sandbox::state::clock::Clock;
use crate::sandbox::state::directory::Directory;
use crate::sandbox::state::limits::Day;
use crate::sandbox::state::seen::Seen;
use crate::sandbox::state::store::{Link, Store};
use crate::sandbox::state::tokens::{TokenStatus, Tokens};

/// A request as the rules receive it.
#[derive(Clone, Copy)]
pub(crate) struct Request<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) query: &'a str,
    pub(crate) authorization: Option<&'a str>,
    pub(crate) body: &'a [u8],
}

/// What to send, and how long to wait before.
pub(crate) struct Plan {
    pub(crate) after: Duration,
    pub(crate) action: Action,
}

/// One request in progress.
pub(crate) struct Call<'a> {
    pub(crate) request: Request<'a>,
    pub(crate) now: Duration,
    /// The subject of its random draws.
    pub(crate) subject: u64,
    /// How many requests this subject had before.
    pub(crate) nth: u32,
    pub(crate) correlation: String,
    pub(crate) span: Span,
}

/// The state of the sandbox.
pub(crate) struct World {
    pub(crate) settings: SandboxSettings,
    pub(crate) clock: Clock,
    pub(crate) types: ObjectTypes,
    pub(crate) store: Store,
    pub(crate) directory: Directory,
    /// How often each record whose id names a read fault was read.
    pub(crate) faulty_reads: HashMap<RecordId, u32>,
    /// How many keys and ids accepted batch reads of records asked for.
    pub(crate) records_asked: u64,
    buckets: Buckets,
    pub(crate) day: Day,
    inbound: fastrand::Rng,
    tokens: Tokens,
    /// How often each call was made that is not for a single pair.
    asked: HashMap<u64, u32>,
    requests: u64,
    /// Requests by the name of their call.
    pub(crate) calls: BTreeMap<&'static str, u64>,
    replies: BTreeMap<u16, u64>,
    broken: u64,
    over_day: u64,
}

impl World {
    pub(crate) fn new(settings: SandboxSettings, started: SystemTime) -> Self {
        let clock = Clock::new(started);
        Self {
            clock,
            types: ObjectTypes::new(settings.portal_id),
            store: Store::default(),
            inbound: fastrand::Rng::with_seed(settings.seed),
            directory: Directory::default(),
            faulty_reads: HashMap::new(),
            records_asked: 0,
            buckets: Buckets::new(&settings),
            day: Day::new(settings.daily_limit, settings.day_length, clock),
            tokens: Tokens::new(&settings),
            asked: HashMap::new(),
            requests: 0,
            calls: BTreeMap::new(),
            replies: BTreeMap::new(),
            broken: 0,
            over_day: 0,
            settings,
        }
    }

    /// The delay until the next request arrives.
    pub(crate) fn inbound(&mut self) -> Duration {
        self.settings.inbound.at(self.inbound.f64())
    }

    /// Plans the reply to a request that arrived at `now`, a time since the start that never decreases.
    pub(crate) fn answer(&mut self, request: Request<'_>, now: Duration) -> Plan {
        let route = Route::of(request.method, request.path);
        if let Route::Sandbox { segments } = &route {
            return Plan {
                after: Duration::ZERO,
                action: Action::Answer(self.introspect(request.method, segments)),
            };
        }
        let (subject, nth) = self.subject(&route, request);
        let draws = |purpose| random::generator(self.settings.seed, purpose, subject, nth);
        let mut after = self.settings.latency.at(draws(Purpose::Latency).f64());
        let call = Call {
            request,
            now,
            subject,
            nth,
            correlation: random::correlation_id(&mut draws(Purpose::CorrelationId)),
            span: Span {
                started: self.clock.stamp(now),
                completed: self.clock.stamp(now + after),
            },
        };
        let mut action = self.act(&route, &call);
        if let Action::AnswerLate(reply, longer) = action {
            after += longer;
            action = Action::Answer(reply);
        }
        if let Action::Answer(reply) = &mut action {
            let id = &call.correlation;
            reply.headers.push(("x-hubspot-correlation-id", id.clone()));
            reply.headers.push(("x-request-id", id.clone()));
        }
        self.requests += 1;
        *self.calls.entry(route.name()).or_default() += 1;
        match &action {
            Action::Answer(reply) | Action::AnswerLate(reply, _) => {
                *self.replies.entry(reply.status).or_default() += 1;
            }
            Action::TakeOver(_) => self.broken += 1,
        }
        Plan { after, action }
    }

    /// The subject of this request's random draws, and how many requests it had before. Calls for one pair have the
    /// same subject in every version and spelling.
    fn subject(&mut self, route: &Route, request: Request<'_>) -> (u64, u32) {
        if let Some(link) = self.link(route) {
            let before = self.store.state(link).puts;
            self.store.note_put(link);
            let subject = Fingerprint::of(&[
                self.types.name(link.from_type),
                &link.from.value().to_string(),
                self.types.name(link.to_type),
                &link.to.value().to_string(),
            ]);
            return (subject, u32::from(before));
        }
        let mut fingerprint = Fingerprint::new();
        fingerprint.add(request.method.as_bytes());
        fingerprint.add(request.path.as_bytes());
        fingerprint.add(request.body);
        let subject = fingerprint.value();
        let asked = self.asked.entry(subject).or_default();
        let before = *asked;
        *asked = before.saturating_add(1);
        (subject, before)
    }

    /// The pair of a well-formed call for one pair.
    fn link(&mut self, route: &Route) -> Option<Link> {
        let (Route::Pair {
            from_type,
            from_id,
            to_type,
            to_id,
        }
        | Route::Labelled {
            from_type,
            from_id,
            to_type,
            to_id,
        }) = route
        else {
            return None;
        };
        Some(Link {
            from_type: self.types.resolve(from_type).ok()?,
            from: RecordId::parse(from_id)?,
            to_type: self.types.resolve(to_type).ok()?,
            to: RecordId::parse(to_id)?,
        })
    }

    fn act(&mut self, route: &Route, call: &Call<'_>) -> Action {
        let portal_id = self.settings.portal_id;
        let form = call.request.body;
        match route {
            Route::Token => {
                let id = &call.correlation;
                Action::Answer(oauth::token(
                    form,
                    &mut self.tokens,
                    portal_id,
                    call.now,
                    id,
                ))
            }
            Route::Introspection => Action::Answer(oauth::introspection(
                form,
                &self.tokens,
                portal_id,
                call.now,
            )),
            _ => self.act_within_limits(route, call),
        }
    }

    /// The limits are checked first, as at a gateway; then the token; then the call itself.
    fn act_within_limits(&mut self, route: &Route, call: &Call<'_>) -> Action {
        let bucket = Bucket::of(route, &self.settings);
        self.day.start_day_if_over(call.now, self.clock);
        let mut token_status = TokenStatus::Static;
        let mut action = if !self.buckets.arrive(bucket, call.now) {
            Action::Answer(self.over_window(bucket, &call.correlation))
        } else if !self.day.has_room() {
            self.over_day += 1;
            Action::Answer(refusals::daily(self.settings.bodies, &call.correlation))
        } else {
            self.buckets.take(bucket, call.now);
            self.day.take();
            let authorization = call.request.authorization;
            token_status = self.tokens.use_once(authorization, call.now);
            self.dispatch(token_status, route, call)
        };
        if let Action::Answer(reply) | Action::AnswerLate(reply, _) = &mut action
            && self.settings.limit_headers
            && bucket != Bucket::Search
        {
            reply.headers.extend(self.buckets.headers(bucket, call.now));
            // HubSpot omits the daily headers for OAuth tokens.
            if token_status != TokenStatus::OAuth {
                reply.headers.extend(self.day.headers());
            }
        }
        action
    }

    fn over_window(&self, bucket: Bucket, correlation: &str) -> Reply {
        let form = self.settings.bodies;
        if bucket == Bucket::Search {
            refusals::secondly(form, correlation)
        } else {
            refusals::burst(self.settings.portal_id, form, correlation)
        }
    }

    /// How many requests arrived so far.
    pub(crate) fn requests(&self) -> u64 {
        self.requests
    }

    /// What was received so far.
    pub(crate) fn seen(&self) -> Seen {
        let associations = self.buckets.seen(Bucket::Associations);
        Seen {
            requests: self.requests,
            replies: self.replies.clone(),
            broken: self.broken,
            over_window: associations.refused,
            over_day: self.over_day,
            peak_in_window: associations.peak,
            general: self.buckets.seen(Bucket::General),
            search: self.buckets.seen(Bucket::Search),
            calls: self.calls.clone(),
            records_asked: self.records_asked,
            used_today: self.day.used(),
            tokens_issued: self.tokens.issued(),
            pairs_put: self.store.pairs_put(),
            pairs_associated: self.store.pairs_associated(),
            store: self.store.clone(),
            object_types: self.types.clone(),
        }
    }
}
