//! The limits that an account has per rolling window, each for one kind of requests. Pure.

use std::time::Duration;

use crate::rate_limit::rate::Rate;

/// The highest of the association limits: a second API limit increase does not raise it further.
const MAX_ASSOCIATIONS: u32 = 200;

/// The limit of one kind of requests. Each kind has its own [`RateController`](crate::rate_limit::controller::RateController).
#[derive(Clone, Copy, Debug)]
pub struct BurstLimit {
    /// Used until a reply announces a limit; safe for every account. Of requests that are exempt, only its window is.
    pub initial: Rate,
    /// Whether no limit applies until a reply announces one, or is a 429.
    pub is_exempt: bool,
    /// The limit that applies to these requests, by the general limit that the headers announce.
    pub enforced: fn(announced: u32) -> u32,
    /// Whether the headers of the replies are about this limit.
    pub is_announced: bool,
}

impl BurstLimit {
    /// The limit of association calls
    /// (<https://developers.hubspot.com/docs/api-reference/latest/crm/associations/associate-records/guide>). The window
    /// is the one of the general limit (<https://developers.hubspot.com/docs/developer-tooling/platform/usage-guidelines>).
    pub const ASSOCIATIONS: Self = Self {
        initial: Rate::new(100, Duration::from_secs(10)).expect("neither is zero"),
        is_exempt: false,
        enforced: |announced| match announced {
            190 => 150,
            other => other.min(MAX_ASSOCIATIONS),
        },
        is_announced: true,
    };

    /// The general limit, which the batch read of records counts towards
    /// (<https://developers.hubspot.com/docs/developer-tooling/platform/usage-guidelines>).
    pub const GENERAL: Self = Self {
        enforced: |announced| announced,
        ..Self::ASSOCIATIONS
    };

    /// Reading and removing links, which is exempt from the limit per ten seconds
    /// (<https://developers.hubspot.com/docs/api-reference/latest/crm/associations/associate-records/guide>).
    pub const LINKS: Self = Self {
        is_exempt: true,
        ..Self::GENERAL
    };

    /// The limit of the search, the same for every account
    /// (<https://developers.hubspot.com/docs/api-reference/latest/crm/search-the-crm>).
    pub const SEARCH: Self = Self {
        initial: Rate::new(5, Duration::from_secs(1)).expect("neither is zero"),
        is_exempt: false,
        enforced: |announced| announced,
        is_announced: false,
    };
}
