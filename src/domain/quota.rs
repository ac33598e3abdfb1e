//! The quota that the headers of a reply state.

use std::time::Duration;

/// The quota in a reply's headers; each of them may be missing
/// (<https://developers.hubspot.com/docs/developer-tooling/platform/usage-guidelines>).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quota {
    /// Requests per window, of the general limit.
    pub max: Option<u32>,
    /// Requests left in the window.
    pub remaining: Option<u32>,
    /// The window's length.
    pub interval: Option<Duration>,
    /// Requests per day.
    pub daily: Option<u64>,
    /// Requests left today.
    pub daily_remaining: Option<u64>,
}
