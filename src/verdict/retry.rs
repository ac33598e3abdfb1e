//! What to do *now*: settle the row, send it again, or stop the run. Pure.

use std::num::NonZeroU32;
use std::time::Duration;

use crate::api::Reply;
use crate::outcome::OutcomeKind;

use super::classify::Class;

/// How many 429s the same row may get before it counts as failed; they use up no attempts.
pub const MAX_THROTTLED: u32 = 20;

/// The longest that `Retry-After` is obeyed; a server that asks for more ends the run, resumable.
pub const MAX_WAIT: Duration = Duration::from_mins(15);

/// Attempts for causes that rarely pass: the plain 500, and conflicts.
const BRIEF_ATTEMPTS: u32 = 3;

/// How often a 2xx that confirms nothing is believed.
const UNCONFIRMED_ATTEMPTS: u32 = 2;

/// How often a 403 that names no scope is believed: the first may be a firewall's mood.
const FORBIDDEN_ATTEMPTS: u32 = 2;

/// The backoff's first bound; it doubles with each attempt.
const INITIAL_BACKOFF: Duration = Duration::from_secs(1);

/// The backoff's last bound.
const MAX_BACKOFF: Duration = Duration::from_mins(1);

/// HubSpot's locks last two seconds
/// (<https://developers.hubspot.com/docs/api-reference/error-handling>).
const LOCK: Duration = Duration::from_secs(2);

/// How long everybody waits after a 403 that names no scope.
const FORBIDDEN_PAUSE: Duration = Duration::from_secs(5);

/// How long everybody waits after a 477 that names no time.
const MIGRATION_PAUSE: Duration = Duration::from_secs(10);

/// The window of the policy `SECONDLY`.
const SECOND: Duration = Duration::from_secs(1);

/// What a row has been through.
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
    /// Counts one more request, by what came of it.
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

    /// Lets the request that was counted last not count against the row's attempts: nobody was answered then.
    pub fn exempt(&mut self) {
        self.exempted += 1;
    }

    /// The requests that count against the row's attempts.
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

/// Why the run must stop: no row is charged for any of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FatalCause {
    /// The day's requests are used up.
    DailyLimit,
    /// The server asks to be left alone for longer than [`MAX_WAIT`].
    LongWait(Duration),
    /// Forbidden, twice, without a scope being named.
    Forbidden,
    /// A permission is missing.
    MissingScopes,
    /// The credentials are not accepted.
    Unauthorized,
    /// Another token was needed, and cannot be had.
    NoToken,
    /// Another token was needed, and the one that there is belongs to another account.
    OtherPortal,
    /// The server could not prove who it is.
    Untrusted,
}

/// What is to be done with a row after a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The row ends.
    Finish(OutcomeKind),
    /// The row is sent again, not before this has passed.
    Retry {
        /// How long to wait at least.
        after: Duration,
    },
    /// The run ends, and the row has no line.
    Stop(FatalCause),
}

/// How often a row is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Attempts for transient causes.
    pub max_attempts: NonZeroU32,
}

impl RetryPolicy {
    /// `attempt_counts` counts the attempt that got `class` already. `draw` is a chance in 0.0..1.0.
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
            // The gate keeps everybody waiting, this row included.
            Class::Throttled | Class::Forbidden => Duration::ZERO,
            _ => (min + backoff(attempt_counts.counted_attempts(), draw))
                .max(retry_after.unwrap_or_default().min(MAX_WAIT)),
        };
        Verdict::Retry { after }
    }
}

/// Full jitter: anything between nothing and a bound that doubles with each attempt.
fn backoff(attempt: u32, draw: f64) -> Duration {
    let doublings = attempt.saturating_sub(1).min(16);
    let bound = INITIAL_BACKOFF
        .saturating_mul(1 << doublings)
        .min(MAX_BACKOFF);
    bound.mul_f64(draw.clamp(0.0, 1.0))
}

/// How long this reply asks everybody to be quiet, if it does. A 429 that names no time leaves it to the
/// pace.
#[must_use]
pub fn cooldown(class: Class, reply: &Reply) -> Option<Duration> {
    let answer = reply.answer()?;
    let asked = answer.headers.retry_after;
    let policy = || answer.body.envelope()?.top.policy_name.as_deref();
    let quiet = match class {
        Class::Forbidden => FORBIDDEN_PAUSE,
        Class::Throttled if answer.status == 477 => asked.unwrap_or(MIGRATION_PAUSE),
        Class::Throttled if policy() == Some("SECONDLY") => asked.unwrap_or(SECOND),
        Class::Throttled => asked?,
        _ => return None,
    };
    Some(quiet.min(MAX_WAIT))
}
