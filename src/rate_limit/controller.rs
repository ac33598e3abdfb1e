//! Computes the rate from the observed replies. Pure: every time is an argument.
//!
//! Three bounds apply to the requests of a window; the lowest counts:
//!
//! 1. the rate that the user allows ([`RateSetting`]);
//! 2. the account's limit: the limit that applies where the headers announce theirs ([`BurstLimit`]), minus the observed
//!    usage of other clients ([`CompetingUsage`]);
//! 3. the limit learned from a 429: no more than were accepted in the window before it. From there the bound is raised
//!    in steps; the more steps failed, the longer the wait before the next.
//!
//! Requests that are exempt from the account's limit ([`BurstLimit::is_exempt`]) have no bound until a reply announces one
//! or is a 429.
//!
//! A permit must pass three checks, in this order: no pause; no window holds more than its limit, not even where the rate
//! changes within it ([`RollingWindow`]); requests are spaced evenly ([`Spacing`]).

use std::time::Duration;

use crate::domain::quota::Quota;
use crate::domain::utilization::LimitingFactor;
use crate::rate_limit::burst_limit::BurstLimit;
use crate::rate_limit::competing_usage::CompetingUsage;
use crate::rate_limit::jitter::JitterMargin;
use crate::rate_limit::learned_limit::LearnedLimit;
use crate::rate_limit::permit::Permit;
use crate::rate_limit::rate::{Rate, RateSetting, Share};
use crate::rate_limit::rolling_window::RollingWindow;
use crate::rate_limit::spacing::Spacing;

/// How much higher than announced `Remaining` must be to count as evidence: requests overtake each other.
const EVIDENCE: u32 = 3;

/// The length of the pause after a first 429 that names none; doubles with each consecutive 429.
const INITIAL_PAUSE: Duration = Duration::from_secs(1);

/// An observation from one reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Observation {
    /// When the request was sent.
    pub sent_at: Duration,
    /// When the reply arrived.
    pub now: Duration,
    /// Whether the reply was a throttling 429.
    pub throttled: bool,
    /// The quota in its headers.
    pub quota: Quota,
}

/// The current rate, and the state it derives from.
#[derive(Debug)]
pub struct RateController {
    limit: BurstLimit,
    setting: RateSetting,
    share: Share,
    sent: RollingWindow,
    spacing: Spacing,
    paused_until: Duration,
    /// How many consecutive 429s came for requests sent after the previous one.
    consecutive_throttles: u32,
    /// The limit in the headers, and its window.
    announced: Option<(u32, Duration)>,
    /// Whether `Remaining` counts down from the announced limit rather than from the lower one that is enforced.
    counts_from_announced: bool,
    competing: CompetingUsage,
    jitter: JitterMargin,
    learned: Option<LearnedLimit>,
    /// Of exempt requests: up to where the learned limit is raised before none applies again.
    assumed: u32,
}

impl RateController {
    /// The rate of association calls: starts at the rate of `setting`, and never uses more than `share` of the account's
    /// limit.
    #[must_use]
    pub fn new(setting: RateSetting, share: Share) -> Self {
        Self::with_limit(BurstLimit::ASSOCIATIONS, setting, share)
    }

    /// The same for requests with another limit, which is counted separately.
    #[must_use]
    pub fn with_limit(limit: BurstLimit, setting: RateSetting, share: Share) -> Self {
        Self {
            limit,
            setting,
            share,
            sent: RollingWindow::default(),
            spacing: Spacing::default(),
            paused_until: Duration::ZERO,
            consecutive_throttles: 0,
            announced: None,
            counts_from_announced: false,
            competing: CompetingUsage::default(),
            jitter: JitterMargin::default(),
            learned: None,
            assumed: limit.initial.requests(),
        }
    }

    /// Takes a permit if one is available now; otherwise returns how long to wait before trying again.
    pub fn try_acquire(&mut self, now: Duration) -> Result<Permit, Duration> {
        if let Some(left) = self.pause_remaining(now) {
            return Err(left);
        }
        let permit = Permit { at: now };
        let bounds = self.bounds(now);
        let mut longest = self.limit.initial.window();
        let Some(rate_limit) = slowest(bounds) else {
            if self.setting != RateSetting::Unlimited {
                // A 429 would show that a limit applies to these requests after all.
                self.sent.push(now, longest * 2);
            }
            return Ok(permit);
        };
        let mut has_room_at = now;
        for bound in bounds.into_iter().flatten() {
            let margin = self.jitter.margin(bound.window());
            has_room_at = has_room_at.max(self.sent.next(bound, margin));
            longest = longest.max(bound.window());
        }
        let wait = has_room_at.saturating_sub(now);
        if !wait.is_zero() {
            return Err(wait);
        }
        let margin = self.jitter.margin(rate_limit.window());
        self.spacing
            .try_acquire(now, rate_limit.with_margin(margin))?;
        self.sent.push(now, longest * 2);
        Ok(permit)
    }

    /// Grants no permit until `until`, or until the end of a longer pause that is already set.
    pub fn pause(&mut self, until: Duration) {
        self.paused_until = self.paused_until.max(until);
    }

    /// The rest of the current pause, if there is one.
    #[must_use]
    pub fn pause_remaining(&self, now: Duration) -> Option<Duration> {
        self.paused_until
            .checked_sub(now)
            .filter(|left| !left.is_zero())
    }

    /// The current rate: the lowest of the bounds. `None` means unlimited.
    #[must_use]
    pub fn rate_limit(&self, now: Duration) -> Option<Rate> {
        slowest(self.bounds(now))
    }

    /// The lower of the user's rate and the account's rate.
    fn bounds(&self, now: Duration) -> [Option<Rate>; 2] {
        let own = match self.setting {
            RateSetting::Unlimited => return [None, None],
            RateSetting::AtMost(rate_limit) => Some(rate_limit),
            RateSetting::Auto => None,
        };
        let known = self.announced.is_some()
            || self.learned.is_some()
            || !self.limit.is_exempt && (own.is_none() || self.share != Share::ALL);
        let account = known.then(|| {
            let left = self.shared_limit().min(self.available_limit(now));
            let after_throttle = self.learned.map_or(left, |learned| learned.limit.min(left));
            Rate::new(after_throttle.max(1), self.window()).expect("neither is zero")
        });
        [own, account]
    }

    /// The share of the account's limit; all of a limit that is only assumed.
    fn shared_limit(&self) -> u32 {
        if self.limit.is_exempt && self.announced.is_none() {
            self.account_limit()
        } else {
            self.share.of(self.account_limit())
        }
    }

    fn available_limit(&self, now: Duration) -> u32 {
        let taken = self.competing.expected(now, self.window());
        self.account_limit().saturating_sub(taken)
    }

    /// The account's full rate, including what other clients use; `None` where no rate limit applies.
    #[must_use]
    pub fn account_rate(&self) -> Option<Rate> {
        match self.setting {
            RateSetting::Unlimited => None,
            _ => Rate::new(self.account_limit(), self.window()),
        }
    }

    /// Why less than the account's limit is used now, if so.
    #[must_use]
    pub fn limiting_factor(&self, now: Duration) -> Option<LimitingFactor> {
        let limit = self.account_limit();
        let shared = self.shared_limit();
        let left = self.available_limit(now);
        if self.pause_remaining(now).is_some() {
            Some(LimitingFactor::Paused)
        } else if self
            .learned
            .is_some_and(|learned| learned.limit < shared.min(left))
        {
            Some(LimitingFactor::Throttled)
        } else if left < shared {
            Some(LimitingFactor::CompetingUsage)
        } else if shared < limit {
            Some(LimitingFactor::Share)
        } else {
            let own = self.bounds(now)[0]?;
            let account = self.account_rate()?;
            (own.period() > account.period()).then_some(LimitingFactor::Rate)
        }
    }

    fn window(&self) -> Duration {
        let initial = self.limit.initial.window();
        self.announced.map_or(initial, |(_, window)| window)
    }

    /// The limit per window.
    fn account_limit(&self) -> u32 {
        match (self.announced, self.setting) {
            (Some((announced, _)), _) => (self.limit.enforced)(announced),
            (None, RateSetting::AtMost(rate_limit)) => {
                let share = self.window().as_secs_f64() / rate_limit.window().as_secs_f64();
                whole(f64::from(rate_limit.requests()) * share).max(1)
            }
            (None, _) => self.assumed,
        }
    }

    /// Learns from a reply. Returns how long to pause because of it, if at all.
    pub fn observe(&mut self, observation: Observation) -> Option<Duration> {
        let Observation {
            sent_at,
            now,
            throttled,
            quota,
        } = observation;
        let quota = if self.limit.is_announced {
            quota
        } else {
            Quota::default()
        };
        if let Some(max) = quota.max.filter(|&max| max > 0) {
            self.announced = Some((max, quota.interval.unwrap_or(self.limit.initial.window())));
        }
        if throttled {
            self.sent.remove(sent_at);
            return self.learn_from_throttle(sent_at, now, quota.remaining);
        }
        self.consecutive_throttles = 0;
        self.jitter.record(now.saturating_sub(sent_at));
        if let Some(remaining) = quota.remaining {
            self.estimate_competing_usage(sent_at, now, remaining);
        }
        self.raise_learned_limit(now, quota.remaining.is_some());
        None
    }

    fn estimate_competing_usage(&mut self, sent_at: Duration, now: Duration, remaining: u32) {
        let Some((announced, window)) = self.announced else {
            return;
        };
        let ours = self.sent.count(sent_at, window);
        let limit = self.account_limit();
        let seen = remaining.saturating_add(ours);
        self.counts_from_announced |= seen > limit.saturating_add(EVIDENCE);
        let from = if self.counts_from_announced {
            announced
        } else {
            limit
        };
        self.competing.record(now, from.saturating_sub(seen));
    }

    /// The remaining part of the enforced limit for this `Remaining` header.
    fn remaining_of_limit(&self, remaining: u32) -> u32 {
        match self.announced {
            Some((announced, _)) if self.counts_from_announced => {
                remaining.saturating_sub(announced.saturating_sub(self.account_limit()))
            }
            _ => remaining,
        }
    }

    /// Handles a 429: the limit becomes the number accepted in the window before it.
    fn learn_from_throttle(
        &mut self,
        sent_at: Duration,
        now: Duration,
        remaining: Option<u32>,
    ) -> Option<Duration> {
        if self.learned.is_some_and(|learned| sent_at <= learned.since) {
            // Sent before the limit was lowered: ignore.
            return None;
        }
        // Where the headers show room in the window, a first 429 has a cause other than the rate.
        if self.consecutive_throttles > 0
            || remaining.is_none_or(|remaining| self.remaining_of_limit(remaining) == 0)
        {
            let fits = self.sent.count(sent_at, self.window());
            if self.limit.is_exempt {
                self.assumed = self.assumed.max(fits.saturating_mul(2));
            }
            self.learned = Some(LearnedLimit::after_throttle(now, fits, self.learned));
        }
        let pause = INITIAL_PAUSE
            .saturating_mul(1 << self.consecutive_throttles.min(10))
            .min(self.window());
        self.consecutive_throttles += 1;
        Some(pause)
    }

    /// Raises the learned limit by a step once it has held for a while. Where the headers show other clients' usage,
    /// that already lowers the rate, and the learned limit may be dropped sooner.
    fn raise_learned_limit(&mut self, now: Duration, headers: bool) {
        let hold_time = if headers {
            self.window() / 4
        } else {
            self.window()
        };
        let full = self.account_limit();
        self.learned = self
            .learned
            .and_then(|learned| learned.raise(now, hold_time, full));
    }
}

/// The rate with the longest time between requests. `None` means unlimited.
fn slowest(bounds: [Option<Rate>; 2]) -> Option<Rate> {
    let slower = |one: Rate, other: Rate| {
        if other.period() > one.period() {
            other
        } else {
            one
        }
    };
    bounds.into_iter().flatten().reduce(slower)
}

/// The integer part; the values here are small and not negative.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "saturates"
)]
fn whole(value: f64) -> u32 {
    value as u32
}
