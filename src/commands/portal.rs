//! The account that requests are sent to: compares it with `--expect-portal`, and reads its time zone.

use std::num::NonZeroU64;
use std::time::Duration;

use jiff::tz::TimeZone;
use tokio::time::{Instant, timeout};
use tracing::{info, warn};

use crate::api::account::Account;
use crate::api::client::HttpEndpoint;
use crate::api::endpoint::{Endpoint, RefreshOutcome};
use crate::api::inspect::QueryResult;
use crate::api::portal_error::PortalError;
use crate::verdict::describe::describe_refusal;

/// How long the end of a run may wait for the account's time zone.
const TIME_ZONE_TIMEOUT: Duration = Duration::from_secs(5);

/// Returns the account of the token, or fails unless it is `expected`. Sends one request, before the first row's.
pub(crate) async fn check(
    endpoint: &HttpEndpoint,
    expected: NonZeroU64,
) -> Result<Account, PortalError> {
    let unknown = |why: String| PortalError::Unknown { expected, why };
    endpoint.require_portal(expected);
    obtain_token(endpoint)
        .await
        .map_err(|refresh| match refresh {
            RefreshOutcome::OtherPortal { found, .. } => PortalError::Other { found, expected },
            other => unknown(other.to_string()),
        })?;
    let account = match endpoint.account().await {
        QueryResult::Known(account) => account,
        QueryResult::Refused(answer) => return Err(unknown(describe_refusal(&answer).message)),
        QueryResult::Unreadable(status, _) => {
            let why = format!("the reply (status {status}) does not describe an account");
            return Err(unknown(why));
        }
        QueryResult::Unreachable(why) => return Err(unknown(why)),
    };
    match account.portal_id {
        None => Err(unknown("the reply does not name it".to_owned())),
        Some(found) if found != expected.get() => Err(PortalError::Other { found, expected }),
        Some(_) => {
            log_account(&account);
            Ok(account)
        }
    }
}

/// Gets a token if there is none: an OAuth app has none before its first exchange. The error is the outcome of a failed
/// exchange.
async fn obtain_token(endpoint: &HttpEndpoint) -> Result<(), RefreshOutcome> {
    let is_due = endpoint
        .refresh_due()
        .is_some_and(|due| due <= Instant::now());
    if !is_due {
        return Ok(());
    }
    match endpoint.refresh().await {
        RefreshOutcome::New | RefreshOutcome::Same => Ok(()),
        other => Err(other),
    }
}

/// The account's time zone, if the reply has it.
pub(crate) fn zone_of(account: &Account) -> Option<TimeZone> {
    TimeZone::get(account.time_zone.as_deref()?).ok()
}

/// Reads the time zone in which the daily limit resets. Sends a request, before the first row's.
pub(crate) async fn zone_before_a_run(endpoint: &HttpEndpoint) -> Option<TimeZone> {
    let account = match obtain_token(endpoint).await {
        Ok(()) => endpoint.account().await,
        // Without a token the request would be refused. The run reports why there is none.
        Err(refresh) => QueryResult::Unreachable(refresh.to_string()),
    };
    let zone = match account {
        QueryResult::Known(account) => {
            log_account(&account);
            zone_of(&account)
        }
        QueryResult::Refused(_) | QueryResult::Unreadable(..) | QueryResult::Unreachable(_) => None,
    };
    if zone.is_none() {
        warn!("could not read the account's time zone; after the daily limit, retrying hourly");
    }
    zone
}

/// The same after a run stopped at the daily limit. Sends one more request, which may be refused.
pub(crate) async fn zone_at_the_end(endpoint: &HttpEndpoint) -> Option<TimeZone> {
    match timeout(TIME_ZONE_TIMEOUT, endpoint.account()).await {
        Ok(QueryResult::Known(account)) => zone_of(&account),
        _ => None,
    }
}

/// Logs which portal the run writes to.
fn log_account(account: &Account) {
    let Some(portal) = account.portal_id else {
        return;
    };
    match account.account_type.as_deref() {
        Some("STANDARD") => warn!(portal, "writing to a production portal"),
        kind => info!(portal, kind, "writing to a portal"),
    }
}
