//! What a rate limiter learns from the reply to a request that it gave a permit for.

use std::time::Duration;

use tokio::time::Instant;

use crate::api::response::headers::Reply;
use crate::rate_limit::limiter::RateLimiter;
use crate::rate_limit::permit::Permit;
use crate::rate_limit::rate::Rate;
use crate::verdict::classify::Class;

/// What follows from a reply for the rate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct RateFeedback {
    /// The rest of the pause that was set before the reply.
    pub(crate) pause_remaining: Option<Duration>,
    /// The pause that the limiter asks for after a 429.
    pub(crate) pause: Option<Duration>,
    pub(crate) rate_before: Option<Rate>,
    pub(crate) rate_after: Option<Rate>,
}

impl RateFeedback {
    /// `now` is when the reply arrived. Reading the clock for each question would take longer than the answers.
    pub(crate) fn of(
        limiter: &mut RateLimiter,
        permit: Permit,
        class: Class,
        reply: &Reply,
        now: Instant,
    ) -> Self {
        let pause_remaining = limiter.pause_remaining(now);
        let rate_before = limiter.rate_limit(now);
        let pause = reply.answer().and_then(|answer| {
            // A used-up daily limit says nothing about the limit per second.
            let is_too_fast = answer.status == 429 && class != Class::DailyLimit;
            limiter.observe(permit, now, answer.headers.quota, is_too_fast)
        });
        Self {
            pause_remaining,
            pause,
            rate_before,
            rate_after: limiter.rate_limit(now),
        }
    }
}
