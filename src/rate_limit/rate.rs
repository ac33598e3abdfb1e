//! A rate, and the user's setting for it. Pure.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use jiff::SignedDuration;

/// Allowed requests per window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    requests: u32,
    window: Duration,
}

/// The longest window: HubSpot's longest limit is per day.
const MAX_WINDOW: Duration = Duration::from_hours(24);

/// Why a text is not a rate.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "`{text}` is not a rate: expected `auto`, `unlimited`, or requests per time, 24 hours at most, such as `100/10s` or `15/s`"
)]
pub struct RateError {
    text: String,
}

impl Rate {
    /// Creates a rate: at least one request per window, and a window that is not empty.
    #[must_use]
    pub const fn new(requests: u32, window: Duration) -> Option<Self> {
        if requests == 0 || window.is_zero() {
            None
        } else {
            Some(Self { requests, window })
        }
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

    /// The same requests in a window that is longer by `margin`.
    #[must_use]
    pub fn with_margin(self, margin: Duration) -> Self {
        Self {
            window: self.window + margin,
            ..self
        }
    }

    /// Requests per second.
    #[must_use]
    pub fn per_second(self) -> f64 {
        f64::from(self.requests) / self.window.as_secs_f64()
    }

    /// The interval between two evenly spaced requests at this rate.
    #[must_use]
    pub fn period(self) -> Duration {
        self.window / self.requests
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.window.as_secs_f64();
        if self.window == Duration::from_secs(1) {
            write!(formatter, "{}/s", self.requests)
        } else {
            write!(formatter, "{}/{seconds}s", self.requests)
        }
    }
}

impl FromStr for Rate {
    type Err = RateError;

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
            if window > MAX_WINDOW {
                return None;
            }
            Self::new(requests.trim().parse().ok()?, window)
        };
        parse().ok_or_else(|| RateError {
            text: text.to_owned(),
        })
    }
}

/// The share of the quota that may be used, in per cent; the rest is left to other clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share(u8);

/// Why a text is not a share.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("`{text}` is not a share: expected `1%` to `100%`")]
pub struct ShareError {
    text: String,
}

impl Share {
    /// The full quota.
    pub const ALL: Self = Self(100);

    /// This share of `requests`, rounded down, but at least one.
    #[must_use]
    pub fn of(self, requests: u32) -> u32 {
        let part = u64::from(requests) * u64::from(self.0) / 100;
        u32::try_from(part).unwrap_or(requests).max(1)
    }
}

impl Default for Share {
    fn default() -> Self {
        Self::ALL
    }
}

impl fmt::Display for Share {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}%", self.0)
    }
}

impl FromStr for Share {
    type Err = ShareError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number = text.trim().trim_end_matches('%').trim_end();
        match number.parse() {
            Ok(percent @ 1..=100) => Ok(Self(percent)),
            _ => Err(ShareError {
                text: text.to_owned(),
            }),
        }
    }
}

/// The user's setting of the rate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RateSetting {
    /// Start at the lowest limit and learn the account's from the headers.
    #[default]
    Auto,
    /// Never faster than this; the headers can lower it.
    AtMost(Rate),
    /// No rate limit; a 429 still pauses all requests.
    Unlimited,
}

impl fmt::Display for RateSetting {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => formatter.write_str("auto"),
            Self::AtMost(rate_limit) => rate_limit.fmt(formatter),
            Self::Unlimited => formatter.write_str("unlimited"),
        }
    }
}

impl FromStr for RateSetting {
    type Err = RateError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.trim() {
            "auto" => Ok(Self::Auto),
            "unlimited" => Ok(Self::Unlimited),
            rate_limit => rate_limit.parse().map(Self::AtMost),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_rate_is_read_as_requests_per_time() {
        for (text, expected) in [
            ("auto", RateSetting::Auto),
            ("unlimited", RateSetting::Unlimited),
            (
                "100/10s",
                RateSetting::AtMost(Rate::new(100, seconds(10)).unwrap()),
            ),
            (
                "15/s",
                RateSetting::AtMost(Rate::new(15, seconds(1)).unwrap()),
            ),
            (
                " 5 / 500ms ",
                RateSetting::AtMost(Rate::new(5, Duration::from_millis(500)).unwrap()),
            ),
            (
                "60/m",
                RateSetting::AtMost(Rate::new(60, seconds(60)).unwrap()),
            ),
        ] {
            assert_eq!(text.parse(), Ok(expected), "{text}");
        }
        for text in [
            "",
            "fast",
            "100",
            "0/10s",
            "100/0s",
            "-1/s",
            "1.5/s",
            "100/10",
            "/s",
            "100/",
            "1/25h",
            "1/2562047788015215h",
            "4294967296/s",
        ] {
            let error = text.parse::<RateSetting>().unwrap_err();
            assert!(
                error
                    .to_string()
                    .starts_with(&format!("`{text}` is not a rate")),
                "{text}"
            );
        }
    }

    #[test]
    fn a_rate_is_displayed_as_it_is_parsed() {
        for text in ["100/10s", "15/s", "5/0.5s"] {
            assert_eq!(text.parse::<Rate>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn a_share_is_one_to_a_hundred_per_cent() {
        for (text, of_150) in [("100%", 150), ("50%", 75), ("33", 49), (" 1 % ", 1)] {
            assert_eq!(text.parse::<Share>().unwrap().of(150), of_150, "{text}");
        }
        for text in ["", "0", "101%", "-5", "half", "1.5%"] {
            assert!(text.parse::<Share>().is_err(), "{text}");
        }
        assert_eq!("7".parse::<Share>().unwrap().to_string(), "7%");
        assert_eq!("1%".parse::<Share>().unwrap().of(20), 1);
    }
}
