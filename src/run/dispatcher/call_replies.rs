//! Handles the replies to requests that do not link, and applies effects to the rate limit that they are about.

use tokio::time::Instant;

use crate::api::lookup_call::Route;
use crate::api::response::headers::Reply;
use crate::domain::outcome::Details;
use crate::rate_limit::limiter::RateLimiter;
use crate::rate_limit::permit::Permit;
use crate::run::dispatcher::Dispatcher;
use crate::run::effects::Effect;
use crate::run::links::job::LinkLimit;
use crate::run::rate_feedback::RateFeedback;
use crate::run::reply_handler::{Action, Handled};
use crate::run::request::{RequestKind, RequestState};
use crate::verdict::classify::Class;

/// The requests that have one rate limit in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LimitOf {
    /// Those that link.
    Rows,
    /// Lookups by this call.
    Lookups(Route),
    /// Those that read or remove links, or read records.
    Links(LinkLimit),
}

/// A reply to a request that does not link.
pub(super) struct CallReply<'d> {
    pub(super) kind: RequestKind,
    pub(super) limit: LimitOf,
    pub(super) permit: Permit,
    pub(super) class: Class,
    pub(super) reply: &'d Reply,
    pub(super) details: &'d Details,
    pub(super) now: Instant,
}

impl Dispatcher<'_> {
    /// Handles a reply, and applies the effects before its action. Returns the action, and the effects after it.
    pub(super) fn handle_call_reply(
        &mut self,
        reply: &CallReply<'_>,
        request: &mut RequestState,
    ) -> (Action, Vec<Effect<'static>>) {
        let &CallReply {
            kind,
            limit,
            permit,
            class,
            reply,
            details,
            now,
        } = reply;
        // The rate that is shown is that of the requests that link.
        let rate = RateFeedback {
            rate_before: None,
            rate_after: None,
            ..RateFeedback::of(self.limiter(limit), permit, class, reply, now)
        };
        let received = self.received(rate, class, reply, details, now);
        let handled = self
            .replies
            .handle_reply(kind, request, &received, &mut self.counts);
        let Handled {
            before,
            action,
            after,
        } = handled;
        self.apply(before, limit);
        (action, after)
    }

    /// The rate limiter of these requests.
    pub(super) fn limiter(&mut self, limit: LimitOf) -> &mut RateLimiter {
        match (limit, &mut self.lookups, &mut self.links) {
            (LimitOf::Lookups(route), Some(stage), _) => stage.calls.limiter(route),
            (LimitOf::Links(limit), _, Some(stage)) => stage.calls.limiter(limit),
            _ => &mut self.context.rate_limiter,
        }
    }
}
