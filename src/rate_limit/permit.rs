//! Permission to send one request.

use std::time::Duration;

/// Permission to send one request, with the time at which it was granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permit {
    /// The time since the start.
    pub(super) at: Duration,
}
