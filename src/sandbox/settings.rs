//! All settings of a sandbox, with their defaults; every number is defined here.
//!
//! The values are plain data. Only [`SandboxSettings::check`] validates them, before anything is bound.

use std::net::{Ipv4Addr, SocketAddr};
use std::str::FromStr;
use std::time::Duration;

use crate::sandbox::data::durations;
use crate::sandbox::faults::spec::Faults;
use crate::sandbox::rate_setting::{DEFAULT_WINDOW, SettingError};
use crate::sandbox::read_settings::ReadSettings;

/// Requests per [`DEFAULT_WINDOW`] of the smallest accounts.
const DEFAULT_LIMIT: u32 = 100;
/// Shorter than the 30 to 110 ms seen in captures, so that a rehearsal is fast.
const DEFAULT_LATENCY: Latency = Latency {
    min: Duration::from_millis(20),
    max: Duration::from_millis(60),
};
/// The lifetime of HubSpot's OAuth tokens.
const DEFAULT_TOKEN_LIFETIME: Duration = Duration::from_mins(30);

/// The configuration of a sandbox.
#[derive(Clone, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an independent setting"
)]
pub struct SandboxSettings {
    /// Where to listen; port 0 takes any free port.
    pub listen: SocketAddr,
    /// Allows `listen` to be reachable from other machines.
    pub allow_remote: bool,
    /// Requests accepted in any `window`; `None` disables the limit.
    pub limit: Option<u32>,
    /// The length of the rolling window.
    pub window: Duration,
    /// The value of the `Max` header if it differs from `limit`: HubSpot may announce the general limit while it
    /// enforces a lower one.
    pub announced_limit: Option<u32>,
    /// Whether replies have rate-limit headers at all.
    pub limit_headers: bool,
    /// Other clients that use the same rolling window.
    pub others: Option<Others>,
    /// Requests per day; `None` disables the limit and its headers.
    pub daily_limit: Option<u64>,
    /// The length of a day, counted from the start; `None` ends days at midnight in the account's time zone.
    pub day_length: Option<Duration>,
    /// Whether batch calls are exempt from the rolling window, as HubSpot's description states.
    pub batch_exempt: bool,
    /// The delay until a request arrives and is counted.
    pub inbound: Latency,
    /// The delay of the reply after that.
    pub latency: Latency,
    /// Faults drawn at random, reproducible by `seed`.
    pub faults: Faults,
    /// The seed of every draw.
    pub seed: u64,
    /// The maximum number of inputs of a batch call.
    pub batch_limit: usize,
    /// How a batch call replies when some of its pairs are invalid.
    pub batch_errors: BatchErrors,
    /// The most pairs of a call that removes associations.
    pub archive_limit: usize,
    /// Whether a labelled write keeps the other labels of a pair, in place of replacing them.
    pub keep_labels: bool,
    /// How long the `slow` fault delays a reply.
    pub slow: Duration,
    /// How long the `stall` faults hold a connection, unless the client disconnects first.
    pub stall: Duration,
    /// The value of `Retry-After` in the faults that have the header.
    pub retry_after: Duration,
    /// The only bearer token accepted besides issued ones; `None` accepts any that is not empty.
    pub token: Option<String>,
    /// How many requests a token from the OAuth call serves before it expires; `None` means no limit.
    pub token_uses: Option<u32>,
    /// The lifetime of a token from the OAuth call.
    pub token_lifetime: Duration,
    /// The only refresh token accepted; `None` accepts any that is not empty.
    pub refresh_token: Option<String>,
    /// Whether every refresh is refused as revoked.
    pub refuse_refresh: bool,
    /// Whether a refresh returns a new refresh token, after which the old one is refused.
    pub rotate_refresh: bool,
    /// `accountType` of the account: `STANDARD`, `SANDBOX`, `DEVELOPER_TEST` or `APP_DEVELOPER`.
    pub account_type: String,
    /// `portalId` of the account.
    pub portal_id: u64,
    /// Whether a token that was not issued here may read the account's details and usage: a service key without that
    /// scope may link records but gets a 401 there.
    pub account_access: bool,
    /// Whether tokens lack the scopes of all object types.
    pub missing_scopes: bool,
    /// The form of bodies where captures differ from the published schemas.
    pub bodies: BodyForm,
    /// The calls that read records and their associations.
    pub reads: ReadSettings,
}

impl Default for SandboxSettings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            allow_remote: false,
            limit: Some(DEFAULT_LIMIT),
            window: DEFAULT_WINDOW,
            announced_limit: None,
            limit_headers: true,
            others: None,
            daily_limit: None,
            day_length: None,
            batch_exempt: true,
            inbound: Latency::NONE,
            latency: DEFAULT_LATENCY,
            faults: Faults::default(),
            seed: 0,
            batch_limit: 2_000,
            batch_errors: BatchErrors::default(),
            archive_limit: 1_000,
            keep_labels: false,
            slow: Duration::from_secs(10),
            stall: Duration::from_mins(5),
            retry_after: Duration::from_secs(1),
            token: None,
            token_uses: None,
            token_lifetime: DEFAULT_TOKEN_LIFETIME,
            refresh_token: None,
            refuse_refresh: false,
            rotate_refresh: false,
            account_type: "DEVELOPER_TEST".to_owned(),
            portal_id: 1_234_567,
            account_access: true,
            missing_scopes: false,
            bodies: BodyForm::default(),
            reads: ReadSettings::default(),
        }
    }
}

impl SandboxSettings {
    /// Refuses settings that would be unsafe or meaningless to serve.
    pub fn check(&self) -> Result<(), SettingsError> {
        if !self.listen.ip().is_loopback() && !self.allow_remote {
            return Err(SettingsError::NotLoopback {
                listen: self.listen,
            });
        }
        if self.window.is_zero() || self.day_length.is_some_and(|length| length.is_zero()) {
            return Err(SettingsError::NoTime);
        }
        Ok(())
    }
}

/// Why a sandbox cannot be started with these settings.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// Other machines could reach it, and no setting allows that.
    #[error(
        "`{listen}` can be reached from other machines; listen on 127.0.0.1, or allow it with \
         `--allow-remote`"
    )]
    NotLoopback {
        /// The refused address.
        listen: SocketAddr,
    },
    /// A window or a day of zero length.
    #[error("the window and the day must be longer than zero")]
    NoTime,
}

/// The form of bodies where captures differ from the published schemas.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum BodyForm {
    /// The published schemas: every error has a category, entries of `errors` have nested errors, ids are strings
    #[default]
    Schema,
    /// What was captured: no category where a type is unknown or a limit is passed, plain entries, numbers for ids
    Captured,
}

/// The range of reply delays, for random draws.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Latency {
    /// The shortest.
    pub min: Duration,
    /// The longest.
    pub max: Duration,
}

impl Latency {
    /// No delay.
    pub const NONE: Self = Self {
        min: Duration::ZERO,
        max: Duration::ZERO,
    };

    /// The latency for `draw`, a number from 0.0 up to 1.0.
    pub(super) fn at(self, draw: f64) -> Duration {
        self.min + self.max.saturating_sub(self.min).mul_f64(draw)
    }
}

impl FromStr for Latency {
    type Err = SettingError;

    /// Parses `40ms`, `40ms-1s`, `40-160ms` or `0`.
    fn from_str(text: &str) -> Result<Self, SettingError> {
        let refused = SettingError::new("a latency such as `40ms`, `40-160ms` or `0`");
        let (min, max) = text.split_once('-').unwrap_or((text, text));
        let most_read = durations::parse(max).ok_or(refused.clone())?;
        let unit = max.trim_start_matches(|letter: char| letter.is_ascii_digit());
        let min = durations::parse(min)
            .or_else(|| durations::parse(&format!("{min}{unit}")))
            .ok_or(refused.clone())?;
        if min > most_read {
            return Err(refused);
        }
        Ok(Self {
            min,
            max: most_read,
        })
    }
}

/// Other clients that use the same quota, at even intervals, from some time on: `50@30s` is 50 requests per window
/// from second 30.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Others {
    /// Requests per window.
    pub requests: u32,
    /// When they start, as a time since the start.
    pub after: Duration,
}

impl FromStr for Others {
    type Err = SettingError;

    fn from_str(text: &str) -> Result<Self, SettingError> {
        let (requests, after) = text.split_once('@').unwrap_or((text, "0"));
        let requests = requests
            .trim()
            .parse()
            .ok()
            .filter(|&requests| requests > 0);
        match (requests, durations::parse(after)) {
            (Some(requests), Some(after)) => Ok(Self { requests, after }),
            _ => Err(SettingError::new(
                "requests per window, optionally with a start, such as `50` or `50@30s`",
            )),
        }
    }
}

/// How a batch call replies when some of its pairs are invalid; HubSpot's behaviour is not established.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum BatchErrors {
    /// 207: the valid pairs in `results`, the invalid ones in `errors`.
    #[default]
    Listed,
    /// The same with status 200.
    #[value(name = "listed-200")]
    ListedWithOk,
    /// 207: the valid pairs in `results`, and one error per invalid pair, naming none.
    #[value(name = "listed-unnamed")]
    ListedUnnamed,
    /// 400 for the whole batch, naming the invalid ids; nothing is associated.
    #[value(name = "named-400")]
    Named,
    /// The same, naming only the first of them.
    #[value(name = "first-400")]
    NamedFirst,
    /// 400 for the whole batch, naming no id; nothing is associated.
    #[value(name = "unnamed-400")]
    Unnamed,
    /// 200 whose `results` lack the invalid pairs.
    LeftOut,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_clients_are_requests_with_an_optional_start() {
        let others = |requests, seconds| {
            let after = Duration::from_secs(seconds);
            Ok(Others { requests, after })
        };
        assert_eq!("50".parse::<Others>(), others(50, 0));
        assert_eq!("50@30s".parse::<Others>(), others(50, 30));
        for text in ["", "0", "50@", "@3s", "x@1s"] {
            assert!(text.parse::<Others>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_latency_is_one_duration_or_a_range_that_may_share_its_unit() {
        let latency = |min, max| {
            Ok(Latency {
                min: Duration::from_millis(min),
                max: Duration::from_millis(max),
            })
        };
        assert_eq!("40ms".parse::<Latency>(), latency(40, 40));
        assert_eq!("40-160ms".parse::<Latency>(), latency(40, 160));
        assert_eq!("40ms-1s".parse::<Latency>(), latency(40, 1000));
        assert_eq!("0".parse::<Latency>(), latency(0, 0));
        assert_eq!("0-5ms".parse::<Latency>(), latency(0, 5));
        for refused in ["", "fast", "40", "9s-1s", "40-"] {
            assert!(refused.parse::<Latency>().is_err(), "{refused:?}");
        }
    }

    #[test]
    fn only_loopback_is_served_unless_remote_is_allowed() {
        let mut settings = SandboxSettings {
            listen: "0.0.0.0:80".parse().unwrap(),
            ..SandboxSettings::default()
        };
        let refusal = settings.check().unwrap_err();
        assert!(refusal.to_string().contains("--allow-remote"), "{refusal}");
        settings.allow_remote = true;
        assert_eq!(settings.check(), Ok(()));
        settings.listen = "[::1]:0".parse().unwrap();
        settings.allow_remote = false;
        assert_eq!(settings.check(), Ok(()));
    }
}
