//! Durations as flags take them.

use jiff::SignedDuration;
use std::time::Duration;

pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let duration: SignedDuration = text.trim().parse().map_err(|_| EXPECTED_TIME)?;
    let duration = Duration::try_from(duration).map_err(|_| EXPECTED_TIME)?;
    if duration.is_zero() {
        Err(EXPECTED_TIME.to_owned())
    } else if duration > MAX_TIME {
        Err("expected a time of a year at most".to_owned())
    } else {
        Ok(duration)
    }
}

/// Longer times are mistakes, and overflow some clocks.
const MAX_TIME: Duration = Duration::from_hours(366 * 24);

const EXPECTED_TIME: &str = "expected a time such as `30s`, `1m` or `500ms`";
