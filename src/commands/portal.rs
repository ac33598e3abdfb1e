//! Which account an import is about to write to, and whether it is the one that was named.

use std::num::NonZeroU64;
use std::time::Duration;

use jiff::tz::TimeZone;
use tokio::time::{Instant, timeout};
use tracing::{info, warn};

use crate::api::{Account, Endpoint, HttpEndpoint, QueryResult, RefreshOutcome};
use crate::verdict::describe_refusal;

/// How long the end of a run is held up at most to learn the account's time zone.
const TIME_ZONE_TIMEOUT: Duration = Duration::from_secs(5);

/// It is not the account that was named, or nobody can tell.
#[derive(Debug, thiserror::Error)]
pub enum PortalError {
    /// The token is of another account.
    #[error("the token belongs to portal {found}, not to {expected} as `--expect-portal` says")]
    Other {
        /// Whose it is.
        found: u64,
        /// Whose it should be.
        expected: NonZeroU64,
    },
    /// HubSpot does not say whose it is.
    #[error(
        "`--expect-portal {expected}`: it cannot be known which portal the token belongs to: {why}"
    )]
    Unknown {
        /// Whose it should be.
        expected: NonZeroU64,
        /// Why it is not known.
        why: String,
    },
}

/// Fails unless the token belongs to `expected`; else it is this account. Costs one request, before the first row's.
pub(super) async fn check(
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
        None => Err(unknown("the reply does not say".to_owned())),
        Some(found) if found != expected.get() => Err(PortalError::Other { found, expected }),
        Some(_) => {
            log_account(&account);
            Ok(account)
        }
    }
}

/// Makes sure that there is a token to ask with: an OAuth app has none before its first exchange. The error is what
/// came of the try to have one.
pub(super) async fn obtain_token(endpoint: &HttpEndpoint) -> Result<(), RefreshOutcome> {
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

/// The time zone in which the account's days begin, if it says so.
pub(super) fn zone_of(account: &Account) -> Option<TimeZone> {
    TimeZone::get(account.time_zone.as_deref()?).ok()
}

/// The same where a run has ended for the day's requests: one more request, which may well be refused.
pub(super) async fn zone_at_the_end(endpoint: &HttpEndpoint) -> Option<TimeZone> {
    match timeout(TIME_ZONE_TIMEOUT, endpoint.account()).await {
        Ok(QueryResult::Known(account)) => zone_of(&account),
        _ => None,
    }
}

/// Tells whoever watches where the rows go.
pub(super) fn log_account(account: &Account) {
    let Some(portal) = account.portal_id else {
        return;
    };
    match account.account_type.as_deref() {
        Some("STANDARD") => warn!(portal, "writing to a production portal"),
        kind => info!(portal, kind, "writing to a portal"),
    }
}
