//! Decides what to do *now*: finish the row, retry it, or stop the run. Pure.

use std::num::NonZeroU32;
use std::time::Duration;

use crate::api::response::headers::Reply;
use crate::domain::outcome::OutcomeKind;
use crate::verdict::backoff::{exponential, jittered};
use crate::verdict::classify::Class;

/// Maximum number of 429s for a row before it counts as failed; they use up no attempts.
pub const MAX_THROTTLED: u32 = 20;

/// Maximum `Retry-After` that the run obeys. If a server asks for more, the run stops and can be
/// resumed.
pub const MAX_WAIT: Duration = Duration::from_mins(15);

/// Maximum attempts for causes that are rarely temporary: the plain 500, and conflicts.
const BRIEF_ATTEMPTS: u32 = 3;

/// Attempts after which a 2xx that does not confirm the association is final.
const UNCONFIRMED_ATTEMPTS: u32 = 2;

/// Attempts after which a 403 that names no scope is final: the first one may come from a firewall at
/// random.
const FORBIDDEN_ATTEMPTS: u32 = 2;

/// The first upper limit of the backoff; it doubles with each attempt.
const INITIAL_BACKOFF: Duration = Duration::from_secs(1);

/// The highest upper limit of the backoff.
const MAX_BACKOFF: Duration = Duration::from_mins(1);

/// HubSpot's locks last two seconds
/// (<https://developers.hubspot.com/docs/api-reference/error-handling>).
const LOCK: Duration = Duration::from_secs(2);

/// How long all requests pause after a 403 that names no scope.
const FORBIDDEN_PAUSE: Duration = Duration::from_secs(5);

/// How long all requests pause after a 477 without a `Retry-After`.
const MIGRATION_PAUSE: Duration = Duration::from_secs(10);

/// The window of the policy `SECONDLY`.
const SECOND: Duration = Duration::from_secs(1);

/// The attempts of a row so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AttemptCounts {
    /// Requests sent for the row.
    pub sent: u32,
    throttled: u32,
    unconfirmed: u32,
    forbidden: u32,
    unauthorized: u32,
    daily_limited: u32,
    exempted: u32,
}

impl AttemptCounts {
    /// Counts one more request, by the class of its reply.
    pub fn count(&mut self, class: Class) {
        self.sent += 1;
        match class {
            Class::Throttled => self.throttled += 1,
            Class::Unconfirmed => self.unconfirmed += 1,
            Class::Forbidden => self.forbidden += 1,
            Class::Unauthorized => self.unauthorized += 1,
            Class::DailyLimit => self.daily_limited += 1,
            _ => {}
        }
    }

    /// Excludes the latest request from the attempts of the row: the API was unreachable then.
    pub fn exempt(&mut self) {
        self.exempted += 1;
    }

    /// The requests that count as attempts.
    fn counted_attempts(self) -> u32 {
        let free = self.throttled + self.forbidden + self.unauthorized + self.daily_limited;
        self.sent - free - self.exempted
    }

    /// Whether a request was refused for its token, and counted.
    #[must_use]
    pub fn was_unauthorized(self) -> bool {
        self.unauthorized > 0
    }
}

/// Why the run must stop; no row fails for any of these causes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FatalCause {
    /// The daily limit is used up.
    DailyLimit,
    /// The server asked for a pause longer than [`MAX_WAIT`].
    LongWait(Duration),
    /// Forbidden twice, without a missing scope being named.
    Forbidden,
    /// A permission is missing.
    MissingScopes,
    /// The credentials are not accepted.
    Unauthorized,
    /// The access token could not be refreshed.
    NoToken,
    /// The new token belongs to another account.
    OtherPortal,
    /// The server could not prove its identity.
    Untrusted,
}

/// What to do with a row after a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The row finishes.
    Finish(OutcomeKind),
    /// The row is sent again after a delay.
    Retry {
        /// The minimum delay.
        after: Duration,
    },
    /// The run stops, and the row has no report line.
    Stop(FatalCause),
}

/// How often a row is attempted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Maximum attempts for temporary failures.
    pub max_attempts: NonZeroU32,
}

impl RetryPolicy {
    /// `attempt_counts` already includes the attempt that got `class`. `draw` is a random number in
    /// 0.0..1.0.
    #[must_use]
    pub fn judge(
        self,
        class: Class,
        attempt_counts: AttemptCounts,
        retry_after: Option<Duration>,
        draw: f64,
    ) -> Verdict {
        let attempts = self.max_attempts.get();
        let exhausted = match class {
            Class::Associated | Class::Refused => true,
            Class::Unconfirmed => {
                attempt_counts.unconfirmed >= UNCONFIRMED_ATTEMPTS
                    || attempt_counts.counted_attempts() >= attempts
            }
            Class::Conflict | Class::BrieflyTransient => {
                attempt_counts.counted_attempts() >= attempts.min(BRIEF_ATTEMPTS)
            }
            Class::Transient | Class::Locked => attempt_counts.counted_attempts() >= attempts,
            Class::Throttled => match retry_after {
                Some(wait) if wait > MAX_WAIT => {
                    return Verdict::Stop(FatalCause::LongWait(wait));
                }
                _ => attempt_counts.throttled >= MAX_THROTTLED,
            },
            Class::Forbidden if attempt_counts.forbidden < FORBIDDEN_ATTEMPTS => false,
            Class::Forbidden => return Verdict::Stop(FatalCause::Forbidden),
            Class::DailyLimit => return Verdict::Stop(FatalCause::DailyLimit),
            Class::Unauthorized => return Verdict::Stop(FatalCause::Unauthorized),
            Class::MissingScopes => return Verdict::Stop(FatalCause::MissingScopes),
            Class::Untrusted => return Verdict::Stop(FatalCause::Untrusted),
        };
        if exhausted {
            return Verdict::Finish(class.outcome());
        }
        let min = match class {
            Class::Locked => LOCK,
            _ => Duration::ZERO,
        };
        let after = match class {
            // The rate limiter pauses all requests, including this row's.
            Class::Throttled | Class::Forbidden => Duration::ZERO,
            _ => (min + backoff(attempt_counts.counted_attempts(), draw))
                .max(retry_after.unwrap_or_default().min(MAX_WAIT)),
        };
        Verdict::Retry { after }
    }
}

/// A random delay between zero and a limit that doubles with each attempt.
fn backoff(attempt: u32, draw: f64) -> Duration {
    let limit = exponential(INITIAL_BACKOFF, MAX_BACKOFF, attempt.saturating_sub(1));
    jittered(limit, draw)
}

/// How long this reply requires all requests to pause, if it does. After a 429 without a `Retry-After`,
/// the rate controller decides.
#[must_use]
pub fn cooldown(class: Class, reply: &Reply) -> Option<Duration> {
    let answer = reply.answer()?;
    let retry_after = answer.headers.retry_after;
    let policy = || answer.body.envelope()?.top.policy_name.as_deref();
    let pause = match class {
        Class::Forbidden => FORBIDDEN_PAUSE,
        Class::Throttled if answer.status == 477 => retry_after.unwrap_or(MIGRATION_PAUSE),
        Class::Throttled if policy() == Some("SECONDLY") => retry_after.unwrap_or(SECOND),
        Class::Throttled => retry_after?,
        _ => return None,
    };
    Some(pause.min(MAX_WAIT))
}
