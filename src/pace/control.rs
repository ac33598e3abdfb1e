//! What pace is right, given what the replies showed. Pure: times are durations since the start.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use jiff::SignedDuration;

use crate::api::Quota;

/// The window of HubSpot's burst limit, unless the headers name another
/// (<https://developers.hubspot.com/docs/developer-tooling/platform/usage-guidelines>).
const WINDOW: Duration = Duration::from_secs(10);

/// The lowest of the association limits; safe for every account.
const FIRST_PACE: Pace = Pace {
    requests: 100,
    window: WINDOW,
};

/// The highest of the association limits: a second increase of the API limit adds nothing to it.
const MOST_ASSOCIATIONS: u32 = 200;

/// What remains of the pace after a 429.
const CUT: f64 = 0.7;

/// What a window without a 429 gives back, as a share of the full pace.
const RECOVERY: f64 = 0.1;

/// The pace is never cut below this share.
const LEAST_SHARE: f64 = 0.1;

/// Allowed requests per window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    requests: u32,
    window: Duration,
}

/// Why text is no pace.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "`{text}` is no rate: expected `auto`, `unlimited`, or requests per time such as `100/10s` or `15/s`"
)]
pub struct PaceError {
    text: String,
}

impl Pace {
    /// At least one request per window, and the window not empty.
    #[must_use]
    pub fn new(requests: u32, window: Duration) -> Option<Self> {
        (requests > 0 && !window.is_zero()).then_some(Self { requests, window })
    }

    /// Allowed requests per window.
    #[must_use]
    pub fn requests(self) -> u32 {
        self.requests
    }

    /// The window's length.
    #[must_use]
    pub fn window(self) -> Duration {
        self.window
    }

    /// Requests per second.
    #[must_use]
    pub fn per_second(self) -> f64 {
        f64::from(self.requests) / self.window.as_secs_f64()
    }

    fn slower_of(self, other: Self) -> Self {
        if other.per_second() < self.per_second() {
            other
        } else {
            self
        }
    }
}

impl fmt::Display for Pace {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.window.as_secs_f64();
        if self.window == Duration::from_secs(1) {
            write!(formatter, "{}/s", self.requests)
        } else {
            write!(formatter, "{}/{seconds}s", self.requests)
        }
    }
}

impl FromStr for Pace {
    type Err = PaceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parse = || {
            let (requests, window) = text.trim().split_once('/')?;
            let window = window.trim();
            let starts_with_number = window.starts_with(|c: char| c.is_ascii_digit());
            let window = if starts_with_number {
                window.to_owned()
            } else {
                format!("1{window}")
            };
            let window = Duration::try_from(window.parse::<SignedDuration>().ok()?).ok()?;
            Self::new(requests.trim().parse().ok()?, window)
        };
        parse().ok_or_else(|| PaceError {
            text: text.to_owned(),
        })
    }
}

/// What the user wants of the pace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RateSetting {
    /// Start low and learn the limit from the headers.
    #[default]
    Auto,
    /// Never faster than this; headers can lower it.
    AtMost(Pace),
    /// No pacing at all; a 429 still makes everybody wait.
    Unlimited,
}

impl fmt::Display for RateSetting {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => formatter.write_str("auto"),
            Self::AtMost(pace) => pace.fmt(formatter),
            Self::Unlimited => formatter.write_str("unlimited"),
        }
    }
}

impl FromStr for RateSetting {
    type Err = PaceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.trim() {
            "auto" => Ok(Self::Auto),
            "unlimited" => Ok(Self::Unlimited),
            pace => pace.parse().map(Self::AtMost),
        }
    }
}

/// What a reply showed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Observation {
    /// A reply came that says nothing against the pace.
    Answered(Quota),
    /// We were too fast.
    Throttled(Quota),
}

/// The pace and how it came about.
#[derive(Clone, Debug)]
pub struct Control {
    setting: RateSetting,
    /// What the headers allow, through the association table.
    announced: Option<Pace>,
    /// The share of the full pace in use: 1 unless we were throttled.
    share: f64,
    /// When the share last changed.
    changed_at: Option<Duration>,
}

impl Control {
    /// Starts with what `setting` says.
    #[must_use]
    pub fn new(setting: RateSetting) -> Self {
        Self {
            setting,
            announced: None,
            share: 1.0,
            changed_at: None,
        }
    }

    /// The pace to keep now; `None` means none.
    #[must_use]
    pub fn pace(&self) -> Option<Pace> {
        let full = self.full()?;
        // Rounding up keeps at least one request; the share has a lower bound anyway.
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a share of a u32 is one"
        )]
        let requests = (f64::from(full.requests) * self.share).ceil() as u32;
        Pace::new(requests, full.window)
    }

    fn full(&self) -> Option<Pace> {
        match (self.setting, self.announced) {
            (RateSetting::Unlimited, _) => None,
            (RateSetting::Auto, announced) => Some(announced.unwrap_or(FIRST_PACE)),
            (RateSetting::AtMost(most), None) => Some(most),
            (RateSetting::AtMost(most), Some(announced)) => Some(most.slower_of(announced)),
        }
    }

    /// Learns from a reply that came `now`. Of several 429s within a window one counts: they all
    /// answer requests that had left before the first came back.
    pub fn observe(&mut self, now: Duration, observation: Observation) {
        let (Observation::Answered(quota) | Observation::Throttled(quota)) = observation;
        if let Some(announced) = announced_pace(quota) {
            self.announced = Some(announced);
        }
        let window = self.full().map_or(WINDOW, Pace::window);
        let settled = self
            .changed_at
            .is_none_or(|changed_at| now.saturating_sub(changed_at) >= window);
        match observation {
            Observation::Throttled(_) if settled => {
                self.share = (self.share * CUT).max(LEAST_SHARE);
                self.changed_at = Some(now);
            }
            Observation::Answered(_) if settled && self.share < 1.0 => {
                self.share = (self.share + RECOVERY).min(1.0);
                self.changed_at = Some(now);
            }
            _ => {}
        }
    }
}

/// The limit of association calls under the general limit that the headers name
/// (<https://developers.hubspot.com/docs/api-reference/latest/crm/associations/associate-records/guide>).
fn announced_pace(quota: Quota) -> Option<Pace> {
    let requests = match quota.max? {
        190 => 150,
        other => other.min(MOST_ASSOCIATIONS),
    };
    Pace::new(requests, quota.interval.unwrap_or(WINDOW))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quota(max: u32) -> Quota {
        Quota {
            max: Some(max),
            ..Quota::default()
        }
    }

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn requests(control: &Control) -> Option<u32> {
        control.pace().map(Pace::requests)
    }

    #[test]
    fn a_rate_is_read_as_requests_per_time() {
        for (text, expected) in [
            ("auto", RateSetting::Auto),
            ("unlimited", RateSetting::Unlimited),
            (
                "100/10s",
                RateSetting::AtMost(Pace::new(100, seconds(10)).unwrap()),
            ),
            (
                "15/s",
                RateSetting::AtMost(Pace::new(15, seconds(1)).unwrap()),
            ),
            (
                " 5 / 500ms ",
                RateSetting::AtMost(Pace::new(5, Duration::from_millis(500)).unwrap()),
            ),
            (
                "60/m",
                RateSetting::AtMost(Pace::new(60, seconds(60)).unwrap()),
            ),
        ] {
            assert_eq!(text.parse(), Ok(expected), "{text}");
        }
        for text in [
            "", "fast", "100", "0/10s", "100/0s", "-1/s", "1.5/s", "100/10", "/s", "100/",
        ] {
            let error = text.parse::<RateSetting>().unwrap_err();
            assert!(
                error
                    .to_string()
                    .starts_with(&format!("`{text}` is no rate")),
                "{text}"
            );
        }
    }

    #[test]
    fn a_pace_is_written_as_it_is_read() {
        for text in ["100/10s", "15/s", "5/0.5s"] {
            assert_eq!(text.parse::<Pace>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn auto_starts_at_the_lowest_limit_and_learns_the_tier_from_the_headers() {
        let mut control = Control::new(RateSetting::Auto);
        assert_eq!(requests(&control), Some(100));
        for (max, expected) in [
            (100, 100),
            (110, 110),
            (190, 150),
            (250, 200),
            (60, 60),
            (199, 199),
            (1000, 200),
        ] {
            control.observe(seconds(1), Observation::Answered(quota(max)));
            assert_eq!(requests(&control), Some(expected), "{max}");
        }
        control.observe(seconds(1), Observation::Answered(quota(0)));
        assert_eq!(
            requests(&control),
            Some(200),
            "a limit of nothing is no limit that can be kept"
        );
    }

    #[test]
    fn the_headers_name_the_window_too() {
        let mut control = Control::new(RateSetting::Auto);
        let quota = Quota {
            interval: Some(seconds(1)),
            ..quota(10)
        };
        control.observe(seconds(1), Observation::Answered(quota));
        assert_eq!(control.pace().unwrap().to_string(), "10/s");
    }

    #[test]
    fn headers_lower_an_explicit_rate_and_never_raise_it() {
        let mut control = Control::new("120/10s".parse().unwrap());
        control.observe(seconds(1), Observation::Answered(quota(250)));
        assert_eq!(requests(&control), Some(120));
        control.observe(seconds(1), Observation::Answered(quota(100)));
        assert_eq!(requests(&control), Some(100));
    }

    #[test]
    fn unlimited_stays_unlimited() {
        let mut control = Control::new(RateSetting::Unlimited);
        control.observe(seconds(1), Observation::Throttled(quota(100)));
        assert_eq!(control.pace(), None);
    }

    #[test]
    fn throttled_replies_of_one_window_cut_the_pace_once_and_it_recovers_in_steps() {
        let mut control = Control::new(RateSetting::Auto);
        for milliseconds in 0..50 {
            control.observe(
                Duration::from_millis(3000 + milliseconds),
                Observation::Throttled(Quota::default()),
            );
        }
        assert_eq!(requests(&control), Some(70));
        let answered = Observation::Answered(Quota::default());
        let mut seen = vec![];
        for second in 4..60 {
            control.observe(seconds(second), answered);
            seen.push(requests(&control).unwrap());
        }
        seen.dedup();
        assert_eq!(seen, [70, 80, 90, 100]);
    }

    #[test]
    fn the_pace_is_never_cut_to_nothing() {
        let mut control = Control::new("1/s".parse().unwrap());
        for second in 1..1000 {
            control.observe(
                seconds(second * 20),
                Observation::Throttled(Quota::default()),
            );
            assert_eq!(requests(&control), Some(1));
        }
    }
}
