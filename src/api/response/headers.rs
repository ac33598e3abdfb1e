//! Parses status, headers and body of a response into a [`Reply`]. Pure.

use std::ops::RangeInclusive;
use std::time::{Duration, SystemTime};

use reqwest::header::{DATE, HeaderMap};

use crate::api::response::body::Body;
use crate::domain::quota::Quota;

/// The kept length of a header's text.
const MAX_HEADER_CHARS: usize = 200;

/// The longest accepted window. HubSpot's is ten seconds; a window of a year would stall the run.
const PLAUSIBLE_INTERVALS: RangeInclusive<Duration> =
    Duration::from_millis(100)..=Duration::from_mins(1);

/// All possible results of one request. A new way to fail is a new variant, and the compiler then lists the places to
/// update.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// The server replied with a status.
    Answered(Answer),
    /// No complete reply within the timeout of one attempt. The request may have been applied.
    TimedOut,
    /// The connection closed before a status arrived, or could not be established: refused, reset, no such host.
    Disconnected {
        /// The system's error.
        why: String,
    },
    /// The system has no file descriptor for another connection; nothing was sent.
    NoDescriptor {
        /// The system's error.
        why: String,
    },
    /// The response is not HTTP.
    InvalidHttp {
        /// What could not be parsed.
        why: String,
    },
    /// The server's certificate is not trusted; nothing was sent.
    Untrusted {
        /// What is wrong with its certificate.
        why: String,
    },
}

/// A status, with the headers and the body.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The HTTP status code.
    pub status: u16,
    /// The relevant headers.
    pub headers: ReplyHeaders,
    /// The body.
    pub body: Body,
}

/// The relevant headers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReplyHeaders {
    /// The correlation id, which HubSpot's support asks for (`X-HubSpot-Correlation-Id`).
    pub correlation_id: Option<String>,
    /// How long to wait before the next request (`Retry-After`, in seconds or as a date).
    pub retry_after: Option<Duration>,
    /// The server's time (`Date`), if the daily limit may be used up: only the wait for its reset depends on it.
    pub date: Option<SystemTime>,
    /// The target of a redirect; it is not followed.
    pub location: Option<String>,
    /// The remaining quota.
    pub quota: Quota,
}

impl ReplyHeaders {
    /// Parses the headers of a reply with this status; `now` converts a date in `Retry-After` into a duration.
    #[must_use]
    pub fn read(status: u16, headers: &HeaderMap, now: impl Fn() -> SystemTime) -> Self {
        let mut read = Self::default();
        let Quota {
            max,
            remaining,
            interval,
            daily,
            daily_remaining,
        } = &mut read.quota;
        let mut previous = None;
        // One pass over the few headers of a reply costs less than one lookup per known name.
        for (name, value) in headers {
            // The values of a repeated header follow each other; the first one counts.
            if previous.replace(name) == Some(name) {
                continue;
            }
            let value = || value.to_str().ok().map(str::trim);
            match name.as_str() {
                "x-hubspot-correlation-id" => read.correlation_id = value().and_then(shortened),
                "retry-after" => {
                    read.retry_after = value().and_then(|value| retry_after(value, now()));
                }
                "location" => read.location = value().and_then(shortened),
                "x-hubspot-ratelimit-max" => *max = value().and_then(number),
                "x-hubspot-ratelimit-remaining" => *remaining = value().and_then(number),
                "x-hubspot-ratelimit-interval-milliseconds" => {
                    *interval = value()
                        .and_then(number)
                        .map(Duration::from_millis)
                        .filter(|interval| PLAUSIBLE_INTERVALS.contains(interval));
                }
                "x-hubspot-ratelimit-daily" => *daily = value().and_then(number),
                "x-hubspot-ratelimit-daily-remaining" => {
                    *daily_remaining = value().and_then(number);
                }
                _ => {}
            }
        }
        // A date is the header that takes longest to parse.
        if status == 429 || read.quota.daily_remaining == Some(0) {
            let date = headers.get(DATE).and_then(|value| value.to_str().ok());
            read.date = date.and_then(|date| httpdate::parse_http_date(date.trim()).ok());
        }
        read
    }
}

impl Reply {
    /// The HTTP response, if there was one.
    #[must_use]
    pub fn answer(&self) -> Option<&Answer> {
        match self {
            Self::Answered(answer) => Some(answer),
            Self::TimedOut
            | Self::Disconnected { .. }
            | Self::NoDescriptor { .. }
            | Self::InvalidHttp { .. }
            | Self::Untrusted { .. } => None,
        }
    }

    /// The correlation id, from the body or else from the header.
    #[must_use]
    pub fn correlation_id(&self) -> Option<&str> {
        let answer = self.answer()?;
        answer
            .body
            .envelope()
            .and_then(|envelope| envelope.correlation_id.as_deref())
            .or(answer.headers.correlation_id.as_deref())
    }
}

fn number<N: std::str::FromStr>(value: &str) -> Option<N> {
    value.parse().ok()
}

fn shortened(value: &str) -> Option<String> {
    // The value of a header is ASCII here.
    let kept = value.get(..MAX_HEADER_CHARS).unwrap_or(value);
    (!kept.is_empty()).then(|| kept.to_owned())
}

/// Parses seconds, possibly with a fraction, or an HTTP date; a date in the past means no wait.
fn retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    if let Ok(seconds) = value.parse::<f64>() {
        return Some(
            Duration::try_from_secs_f64(seconds).unwrap_or(if seconds > 0.0 {
                Duration::MAX
            } else {
                Duration::ZERO
            }),
        );
    }
    let date = httpdate::parse_http_date(value).ok()?;
    Some(date.duration_since(now).unwrap_or(Duration::ZERO))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&'static str, &str)]) -> ReplyHeaders {
        read_of(200, pairs)
    }

    fn read_of(status: u16, pairs: &[(&'static str, &str)]) -> ReplyHeaders {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, value.parse().unwrap());
        }
        // 2026-05-04T09:15:22Z
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_777_886_122);
        ReplyHeaders::read(status, &headers, || now)
    }

    #[test]
    fn retry_after_is_read_in_seconds_or_as_a_date() {
        let seconds = |seconds| Some(Duration::from_secs(seconds));
        for (value, wait) in [
            ("0", seconds(0)),
            ("7", seconds(7)),
            (" 7 ", seconds(7)),
            ("1.5", Some(Duration::from_millis(1500))),
            ("-3", seconds(0)),
            ("1e300", Some(Duration::MAX)),
            ("Mon, 04 May 2026 09:15:52 GMT", seconds(30)),
            ("Mon, 04 May 2026 09:15:02 GMT", seconds(0)),
            ("soon", None),
            ("", None),
            ("NaN", seconds(0)),
        ] {
            assert_eq!(
                read(&[("retry-after", value)]).retry_after,
                wait,
                "{value:?}"
            );
        }
    }

    #[test]
    fn the_date_is_parsed_where_the_daily_limit_may_be_used_up() {
        let date = ("date", "Mon, 04 May 2026 09:15:22 GMT");
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_777_886_122);
        for (status, remaining, expected) in [
            (429, "7", Some(time)),
            (200, "0", Some(time)),
            (200, "7", None),
            (200, "", None),
        ] {
            let daily = ("x-hubspot-ratelimit-daily-remaining", remaining);
            for headers in [[date, daily], [daily, date]] {
                assert_eq!(
                    read_of(status, &headers).date,
                    expected,
                    "{status} {remaining}"
                );
            }
        }
        assert_eq!(read_of(429, &[("date", "today")]).date, None);
    }

    #[test]
    fn quota_headers_are_parsed_and_invalid_values_are_absent() {
        let headers = read(&[
            ("x-hubspot-ratelimit-max", "190"),
            ("x-hubspot-ratelimit-remaining", "99"),
            ("x-hubspot-ratelimit-interval-milliseconds", "10000"),
            ("x-hubspot-ratelimit-daily", "250000"),
            ("x-hubspot-ratelimit-daily-remaining", "249991"),
            ("x-hubspot-correlation-id", "8f6e"),
        ]);
        assert_eq!(headers.correlation_id.as_deref(), Some("8f6e"));
        assert_eq!(
            headers.quota,
            Quota {
                max: Some(190),
                remaining: Some(99),
                interval: Some(Duration::from_secs(10)),
                daily: Some(250_000),
                daily_remaining: Some(249_991),
            }
        );
        let nonsense = read(&[
            ("x-hubspot-ratelimit-max", "many"),
            ("x-hubspot-ratelimit-remaining", "-1"),
            ("x-hubspot-ratelimit-interval-milliseconds", "1000000000000"),
        ]);
        assert_eq!(nonsense, ReplyHeaders::default());
        let repeated = read(&[
            ("x-hubspot-ratelimit-max", "190"),
            ("x-hubspot-ratelimit-max", "many"),
            ("x-hubspot-ratelimit-daily", "many"),
            ("x-hubspot-ratelimit-daily", "250000"),
        ]);
        assert_eq!(repeated.quota.max, Some(190));
        assert_eq!(repeated.quota.daily, None);
        let nothing = read(&[("x-hubspot-ratelimit-interval-milliseconds", "0")]);
        assert_eq!(nothing, ReplyHeaders::default());
    }
}
