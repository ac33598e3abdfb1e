//! A limit of requests per rolling window, as it is written in a setting.

use std::str::FromStr;
use std::time::Duration;

use crate::sandbox::data::durations;

/// The length of HubSpot's rolling window.
pub(crate) const DEFAULT_WINDOW: Duration = Duration::from_secs(10);

/// Why a setting given as text is invalid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected}")]
pub struct SettingError {
    expected: &'static str,
}

impl SettingError {
    pub(crate) fn new(expected: &'static str) -> Self {
        Self { expected }
    }
}

/// A rolling-window limit as typed: `100/10s`, `100` (per ten seconds) or `off`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit {
    /// Requests per window; `None` means no limit.
    pub requests: Option<u32>,
    /// The window.
    pub window: Duration,
}

impl RateLimit {
    /// No limit.
    pub const OFF: Self = Self {
        requests: None,
        window: DEFAULT_WINDOW,
    };

    /// `requests` in any `window`.
    #[must_use]
    pub const fn per(requests: u32, window: Duration) -> Self {
        Self {
            requests: Some(requests),
            window,
        }
    }
}

impl FromStr for RateLimit {
    type Err = SettingError;

    fn from_str(text: &str) -> Result<Self, SettingError> {
        let refused = SettingError::new("a limit such as `100/10s`, `100` or `off`");
        if text == "off" {
            return Ok(Self::OFF);
        }
        let (requests, window) = match text.split_once('/') {
            Some((requests, window)) => (requests, durations::parse(window)),
            None => (text, Some(DEFAULT_WINDOW)),
        };
        let window = window.filter(|window| !window.is_zero());
        match (requests.trim().parse(), window) {
            (Ok(requests), Some(window)) => Ok(Self {
                requests: Some(requests),
                window,
            }),
            _ => Err(refused),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_a_number_with_an_optional_window_or_off() {
        let limit = |requests, seconds| {
            Ok(RateLimit {
                requests,
                window: Duration::from_secs(seconds),
            })
        };
        assert_eq!("150/5s".parse::<RateLimit>(), limit(Some(150), 5));
        assert_eq!("150".parse::<RateLimit>(), limit(Some(150), 10));
        assert_eq!("off".parse::<RateLimit>(), limit(None, 10));
        for refused in ["", "x", "10/", "10/0", "/10s", "-1"] {
            assert!(refused.parse::<RateLimit>().is_err(), "{refused:?}");
        }
    }
}
