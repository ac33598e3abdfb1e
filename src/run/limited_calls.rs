//! The requests of a stage besides those that link: two kinds of calls, each with a rate limit of its own and a maximum
//! number in flight, and one pool of workers.

use std::time::Duration;

use tokio::task::JoinError;
use tokio::time::Instant;

use crate::api::endpoint::Endpoint;
use crate::rate_limit::burst_limit::BurstLimit;
use crate::rate_limit::controller::RateController;
use crate::rate_limit::limiter::RateLimiter;
use crate::rate_limit::permit::Permit;
use crate::rate_limit::rate::{RateSetting, Share};
use crate::run::worker_pool::{Answered, Job, WorkerPool};

/// Something that happened to the requests of a stage. `K` names a kind of calls.
pub(crate) enum CallEvent<J, K> {
    /// A request has its reply.
    Reply(Box<Answered<J>>),
    /// A worker panicked.
    Panic(JoinError),
    /// A request of this kind can be sent.
    Permit(K, Permit),
}

/// The requests of one kind.
pub(crate) struct CallLimit {
    limiter: RateLimiter,
    in_flight: usize,
    max_in_flight: usize,
}

impl CallLimit {
    /// `is_unlimited` lifts a limit that replies announce, no other.
    pub(crate) fn new(
        limit: BurstLimit,
        is_unlimited: bool,
        share: Share,
        max_in_flight: usize,
    ) -> Self {
        let setting = if is_unlimited && limit.is_announced {
            RateSetting::Unlimited
        } else {
            RateSetting::Auto
        };
        let controller = RateController::with_limit(limit, setting, share);
        Self {
            limiter: RateLimiter::new(controller),
            in_flight: 0,
            max_in_flight,
        }
    }
}

/// The requests of a stage.
pub(crate) struct LimitedCalls<J, K> {
    workers: WorkerPool<J>,
    kinds: [(K, CallLimit); 2],
}

impl<J: Job, K: Copy + PartialEq> LimitedCalls<J, K> {
    pub(crate) fn new(kinds: [(K, CallLimit); 2], endpoint: impl Endpoint) -> Self {
        Self {
            workers: WorkerPool::new(endpoint),
            kinds,
        }
    }

    fn of(&mut self, kind: K) -> &mut CallLimit {
        let [(first, one), (_, other)] = &mut self.kinds;
        if *first == kind { one } else { other }
    }

    /// The limiter of this kind.
    pub(crate) fn limiter(&mut self, kind: K) -> &mut RateLimiter {
        &mut self.of(kind).limiter
    }

    /// Whether requests of this kind pause.
    pub(crate) fn is_paused(&self, kind: K) -> bool {
        let [(first, one), (_, other)] = &self.kinds;
        let limit = if *first == kind { one } else { other };
        limit.limiter.pause_remaining(Instant::now()).is_some()
    }

    /// Whether one more request of this kind may be in flight.
    pub(crate) fn has_slot(&mut self, kind: K) -> bool {
        let limit = self.of(kind);
        limit.in_flight < limit.max_in_flight
    }

    /// Sends a request.
    pub(crate) fn send(&mut self, kind: K, job: J, permit: Permit) {
        self.of(kind).in_flight += 1;
        self.workers.send(job, permit);
    }

    /// Records that a request of this kind has its reply.
    pub(crate) fn reply_received(&mut self, kind: K) {
        self.of(kind).in_flight -= 1;
    }

    /// The number of requests without a reply yet.
    pub(crate) fn in_flight(&self) -> usize {
        self.workers.busy()
    }

    /// Waits for the next event. `wants` says for which kinds a permit is wanted, in their order. Cancel safe.
    async fn next(&mut self, wants: [bool; 2]) -> CallEvent<J, K> {
        let [(first, one), (second, other)] = &mut self.kinds;
        tokio::select! {
            biased;
            done = self.workers.next(), if self.workers.busy() > 0 => match done {
                Ok(done) => CallEvent::Reply(Box::new(done)),
                Err(error) => CallEvent::Panic(error),
            },
            permit = one.limiter.acquire(), if wants[0] => CallEvent::Permit(*first, permit),
            permit = other.limiter.acquire(), if wants[1] => CallEvent::Permit(*second, permit),
            else => std::future::pending().await,
        }
    }

    /// Pauses all requests.
    pub(crate) fn pause(&mut self, period: Duration) {
        for (_, limit) in &mut self.kinds {
            limit.limiter.pause(period);
        }
    }

    /// Aborts all requests: their replies are discarded.
    pub(crate) fn abandon(&mut self) {
        self.workers.abandon();
    }
}

/// The next event of a stage; none ever comes where there is no stage. Cancel safe.
pub(crate) async fn next_event<J: Job, K: Copy + PartialEq>(
    calls: Option<&mut LimitedCalls<J, K>>,
    wants: [bool; 2],
) -> CallEvent<J, K> {
    match calls {
        Some(calls) => calls.next(wants).await,
        None => std::future::pending().await,
    }
}
