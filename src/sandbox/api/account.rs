//! The account's details and its daily usage.

use std::time::Duration;

use serde_json::{Value, json};

use crate::sandbox::settings::SandboxSettings;
use crate::sandbox::state::clock::{Clock, TIME_ZONE, UTC_OFFSET};
use crate::sandbox::state::limits::Day;

/// The daily limit shown if none is enforced: that of a Professional account.
const UNENFORCED_DAILY_LIMIT: u64 = 500_000;

/// The account's details.
pub(crate) fn details(settings: &SandboxSettings) -> Value {
    json!({
        "portalId": settings.portal_id,
        "accountType": settings.account_type,
        "timeZone": TIME_ZONE,
        "utcOffset": format!("-{:02}:00", UTC_OFFSET.as_secs() / 3600),
        "utcOffsetMilliseconds": -i64::try_from(UTC_OFFSET.as_millis()).unwrap_or_default(),
        "companyCurrency": "USD",
        "additionalCurrencies": [],
        "uiDomain": "app.hubspot.com",
        "dataHostingLocation": "na1",
    })
}

/// The daily usage.
pub(crate) fn usage(day: &Day, clock: Clock, now: Duration) -> Value {
    json!({
        "results": [{
            "name": "private-apps-api-calls-daily",
            "usageLimit": day.limit().unwrap_or(UNENFORCED_DAILY_LIMIT),
            "currentUsage": day.used(),
            "collectedAt": clock.stamp(now),
            "fetchStatus": "SUCCESS",
            "resetsAt": clock.stamp(day.ends()),
        }],
    })
}
