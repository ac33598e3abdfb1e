//! What pace is right, given what the replies showed. Pure: every time is an argument.
//!
//! Three things bound the requests of a window; the lowest counts:
//!
//! 1. what the user allows ([`RateSetting`]);
//! 2. what the account may do: the limit that the headers announce, through the table of the association
//!    limits, less what others are seen to take of it ([`Foreign`]);
//! 3. what a 429 taught: no more than had been accepted in the window before it. From there the bound is
//!    searched upward in steps, which come the later the more often they failed.
//!
//! Requests leave evenly, and a log of those that left makes sure that no window ever holds more than its
//! limit, not even where a pace changed in its middle.

use std::time::Duration;

use super::foreign::Foreign;
use super::lesson::Lesson;
use super::log::SentLog;
use super::rate::{Pace, RateSetting, Share};
use super::spread::Spread;
use super::usage::Why;
use crate::api::Quota;

/// The window of HubSpot's burst limit, unless the headers name another
/// (<https://developers.hubspot.com/docs/developer-tooling/platform/usage-guidelines>).
const WINDOW: Duration = Duration::from_secs(10);

/// The lowest of the association limits; safe for every account.
const FIRST_LIMIT: u32 = 100;

/// The highest of the association limits: a second increase of the API limit adds nothing to it.
const MOST_ASSOCIATIONS: u32 = 200;

/// How much higher than announced `Remaining` must be to count as evidence: requests overtake each other.
const EVIDENCE: u32 = 3;

/// How long everybody is quiet after a first 429 that names no time; doubles while they follow each other.
const FIRST_QUIET: Duration = Duration::from_secs(1);

/// A timer may be this late.
const TIMER: Duration = Duration::from_millis(4);

/// What a reply showed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Observation {
    /// When its request left.
    pub sent_at: Duration,
    /// When it came.
    pub now: Duration,
    /// Whether it said that we were too fast.
    pub throttled: bool,
    /// What its headers said of the quota.
    pub quota: Quota,
}

/// The pace and how it came about.
#[derive(Clone, Debug)]
pub struct Control {
    setting: RateSetting,
    share: Share,
    sent: SentLog,
    /// When the next request may leave so that they leave evenly.
    even: Duration,
    quiet_until: Duration,
    /// How often in a row a 429 met a request that had left after the one before.
    strikes: u32,
    /// The limit in the headers, and its window.
    announced: Option<(u32, Duration)>,
    /// Whether `Remaining` counts down from the announced limit, not from the association limit below it.
    counts_from_announced: bool,
    foreign: Foreign,
    spread: Spread,
    lesson: Option<Lesson>,
}

impl Control {
    /// Starts with what `setting` says, and never takes more than `share` of the account's limit.
    #[must_use]
    pub fn new(setting: RateSetting, share: Share) -> Self {
        Self {
            setting,
            share,
            sent: SentLog::default(),
            even: Duration::ZERO,
            quiet_until: Duration::ZERO,
            strikes: 0,
            announced: None,
            counts_from_announced: false,
            foreign: Foreign::default(),
            spread: Spread::default(),
            lesson: None,
        }
    }

    /// When the next request may leave; a time in the past means now.
    #[must_use]
    pub fn next_turn(&self, now: Duration) -> Duration {
        let mut next = self.quiet_until;
        for pace in self.bounds(now).into_iter().flatten() {
            let margin = self.spread.margin(pace.window());
            next = next.max(self.sent.next(pace, margin));
        }
        if self.pace(now).is_some() {
            next.max(self.even)
        } else {
            next
        }
    }

    /// A request leaves.
    pub fn take_turn(&mut self, now: Duration) {
        let Some(pace) = self.pace(now) else {
            return;
        };
        let period = (pace.window() + self.spread.margin(pace.window())) / pace.requests();
        // A turn that came late does not delay those behind it; what is made up for stays short of a burst.
        let made_up = period.max(TIMER);
        self.even = self.even.max(now.saturating_sub(made_up)) + period;
        let windows = self.bounds(now).into_iter().flatten().map(Pace::window);
        let longest = windows.max().unwrap_or(WINDOW).max(WINDOW);
        self.sent.push(now, longest * 2);
    }

    /// Lets nobody through until `until`, or longer if that was said before.
    pub fn be_quiet(&mut self, until: Duration) {
        self.quiet_until = self.quiet_until.max(until);
    }

    /// How long everybody still has to be quiet, if they have to.
    #[must_use]
    pub fn quiet_for(&self, now: Duration) -> Option<Duration> {
        self.quiet_until
            .checked_sub(now)
            .filter(|left| !left.is_zero())
    }

    /// The pace to keep now: the slowest of the bounds. `None` means none.
    #[must_use]
    pub fn pace(&self, now: Duration) -> Option<Pace> {
        let slower = |one: Pace, other: Pace| {
            if other.period() > one.period() {
                other
            } else {
                one
            }
        };
        self.bounds(now).into_iter().flatten().reduce(slower)
    }

    /// What the user allows, and what the account does. Both must hold.
    fn bounds(&self, now: Duration) -> [Option<Pace>; 2] {
        let own = match self.setting {
            RateSetting::Unlimited => return [None, None],
            RateSetting::AtMost(pace) => Some(pace),
            RateSetting::Auto => None,
        };
        let known = self.announced.is_some()
            || self.lesson.is_some()
            || own.is_none()
            || self.share != Share::ALL;
        let account = known.then(|| {
            let left = self
                .share
                .of(self.account_limit())
                .min(self.left_by_others(now));
            let taught = self.lesson.map_or(left, |lesson| lesson.limit.min(left));
            Pace::new(taught.max(1), self.window()).expect("neither is zero")
        });
        [own, account]
    }

    fn left_by_others(&self, now: Duration) -> u32 {
        let taken = self.foreign.expected(now, self.window());
        self.account_limit().saturating_sub(taken)
    }

    /// All that the account may do, whoever does it; `None` where nothing is paced.
    #[must_use]
    pub fn account_pace(&self) -> Option<Pace> {
        match self.setting {
            RateSetting::Unlimited => None,
            _ => Pace::new(self.account_limit(), self.window()),
        }
    }

    /// Why less than the account's limit is used now, if it is.
    #[must_use]
    pub fn why_below_limit(&self, now: Duration) -> Option<Why> {
        let limit = self.account_limit();
        let shared = self.share.of(limit);
        let left = self.left_by_others(now);
        if self.quiet_for(now).is_some() {
            Some(Why::Quiet)
        } else if self
            .lesson
            .is_some_and(|lesson| lesson.limit < shared.min(left))
        {
            Some(Why::Throttled)
        } else if left < shared {
            Some(Why::Others)
        } else if shared < limit {
            Some(Why::Share)
        } else {
            let own = self.bounds(now)[0]?;
            let account = self.account_pace()?;
            (own.period() > account.period()).then_some(Why::Rate)
        }
    }

    fn window(&self) -> Duration {
        self.announced.map_or(WINDOW, |(_, window)| window)
    }

    /// The limit of association calls under the general limit that the headers name
    /// (<https://developers.hubspot.com/docs/api-reference/latest/crm/associations/associate-records/guide>).
    fn account_limit(&self) -> u32 {
        match (self.announced, self.setting) {
            (Some((190, _)), _) => 150,
            (Some((announced, _)), _) => announced.min(MOST_ASSOCIATIONS),
            (None, RateSetting::AtMost(pace)) => {
                let share = WINDOW.as_secs_f64() / pace.window().as_secs_f64();
                whole(f64::from(pace.requests()) * share).max(1)
            }
            (None, _) => FIRST_LIMIT,
        }
    }

    /// Learns from a reply. Returns how long everybody should be quiet for it, if at all.
    pub fn observe(&mut self, observation: Observation) -> Option<Duration> {
        let Observation {
            sent_at,
            now,
            throttled,
            quota,
        } = observation;
        if let Some(max) = quota.max.filter(|&max| max > 0) {
            self.announced = Some((max, quota.interval.unwrap_or(WINDOW)));
        }
        if throttled {
            self.sent.take_back(sent_at);
            return self.learn(sent_at, now, quota.remaining);
        }
        self.strikes = 0;
        self.spread.saw(now.saturating_sub(sent_at));
        if let Some(remaining) = quota.remaining {
            self.look_for_others(sent_at, now, remaining);
        }
        self.search_upward(now, quota.remaining.is_some());
        None
    }

    fn look_for_others(&mut self, sent_at: Duration, now: Duration, remaining: u32) {
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
        self.foreign.saw(now, from.saturating_sub(seen));
    }

    /// What is left of the association limit when the headers say that so much remains.
    fn room(&self, remaining: u32) -> u32 {
        match self.announced {
            Some((announced, _)) if self.counts_from_announced => {
                remaining.saturating_sub(announced.saturating_sub(self.account_limit()))
            }
            _ => remaining,
        }
    }

    /// A 429: everything accepted in the window before it is what fits.
    fn learn(
        &mut self,
        sent_at: Duration,
        now: Duration,
        remaining: Option<u32>,
    ) -> Option<Duration> {
        if self.lesson.is_some_and(|lesson| sent_at <= lesson.since) {
            // It left before the lesson it would teach.
            return None;
        }
        // Where the headers show room in the window, a first 429 has another cause than the pace.
        if self.strikes > 0 || remaining.is_none_or(|remaining| self.room(remaining) == 0) {
            let fits = self.sent.count(sent_at, self.window());
            self.lesson = Some(Lesson::taught(now, fits, self.lesson));
        }
        let quiet = FIRST_QUIET
            .saturating_mul(1 << self.strikes.min(10))
            .min(self.window());
        self.strikes += 1;
        Some(quiet)
    }

    /// Raises what a 429 taught by a step, once that has held for a while. Where the headers show what
    /// others take, they do the slowing down, and the lesson may be forgotten sooner.
    fn search_upward(&mut self, now: Duration, headers: bool) {
        let patience = if headers {
            self.window() / 4
        } else {
            self.window()
        };
        let full = self.account_limit();
        self.lesson = self
            .lesson
            .and_then(|lesson| lesson.search_upward(now, patience, full));
    }
}

/// The whole part; the values here are small and not negative.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "saturates"
)]
fn whole(value: f64) -> u32 {
    value as u32
}
