//! The settings of the calls that read: looking records up, searching, and their limits.

use std::time::Duration;

use crate::sandbox::faults::spec::Faults;
use crate::sandbox::rate_setting::{DEFAULT_WINDOW, RateLimit};

/// How the sandbox answers calls that read.
#[derive(Clone, Debug)]
pub struct ReadSettings {
    /// The rolling window of all calls that are neither associations nor searches.
    pub general_limit: RateLimit,
    /// The window of search calls. Their replies have no rate-limit headers.
    pub search_limit: RateLimit,
    /// How long a search does not find a `new…` key after the first search for it.
    pub search_lag: Duration,
    /// How the batch read of records answers keys without a record.
    pub missing_keys: MissingKeys,
    /// The status for an `idProperty` that is not unique: 400 or 404.
    pub not_unique_status: u16,
    /// At which of its two places under v4 the list of labels is.
    pub labels_path: LabelsPaths,
    /// Whether tokens lack the scopes to read records, while they may write associations.
    pub missing_scopes: bool,
    /// Faults drawn at random for calls that read.
    pub faults: Faults,
}

impl Default for ReadSettings {
    fn default() -> Self {
        Self {
            general_limit: RateLimit::per(100, DEFAULT_WINDOW),
            search_limit: RateLimit::per(5, Duration::from_secs(1)),
            search_lag: Duration::from_secs(5),
            missing_keys: MissingKeys::default(),
            not_unique_status: 400,
            labels_path: LabelsPaths::default(),
            missing_scopes: false,
            faults: Faults::default(),
        }
    }
}

impl ReadSettings {
    /// The defaults without any limit.
    #[must_use]
    pub fn unlimited() -> Self {
        Self {
            general_limit: RateLimit::OFF,
            search_limit: RateLimit::OFF,
            ..Self::default()
        }
    }
}

/// How the batch read of records answers keys without a record; HubSpot's behaviour is not established.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum MissingKeys {
    /// 207 with one error that lists all of them
    #[default]
    Listed,
    /// 200 with fewer results
    Fewer,
    /// 404 if no key of the call has a record, otherwise `listed`
    #[value(name = "not-found")]
    NotFound,
    /// 207 with empty `results` and one error that lists only the first of them
    Unnamed,
}

/// The places of the list of labels under v4.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum LabelsPaths {
    /// Both paths
    #[default]
    Both,
    /// Only `/crm/associations/v4/…`
    New,
    /// Only `/crm/v4/associations/…`
    Old,
}
