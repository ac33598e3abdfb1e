//! The account that requests are sent to: names it, compares it with `--expect-portal`, and reads its time zone.

use std::num::NonZeroU64;
use std::time::Duration;

use jiff::tz::TimeZone;
use tokio::time::{Instant, timeout};
use tracing::info;

use crate::api::account::Account;
use crate::api::client::HttpEndpoint;
use crate::api::endpoint::{Endpoint, RefreshOutcome};
use crate::api::inspect::QueryResult;
use crate::api::portal_error::PortalError;
use crate::output::terminal::log::ACCOUNT_TARGET;
use crate::verdict::describe::describe_refusal;

/// How long the end of a run may wait for the account's time zone.
const TIME_ZONE_TIMEOUT: Duration = Duration::from_secs(5);

/// The `accountType` of an account that is not for tests.
const PRODUCTION: &str = "STANDARD";

/// What a command does in the account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// It links records, or removes links.
    Write,
    /// It changes nothing.
    Read,
}

impl Access {
    /// The start of the line that names the account.
    fn verb(self) -> &'static str {
        match self {
            Self::Write => "writing to",
            Self::Read => "reading from",
        }
    }
}

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
    let account = known(endpoint.account().await).map_err(unknown)?;
    match account.portal_id {
        None => Err(unknown("the reply does not name it".to_owned())),
        Some(found) if found != expected.get() => Err(PortalError::Other { found, expected }),
        Some(_) => Ok(account),
    }
}

/// The account of the token, or why it cannot be read: the run reports what is wrong with the token. Sends one request,
/// before the first row's, and does not retry it.
pub(crate) async fn find(endpoint: &HttpEndpoint) -> Result<Account, String> {
    // Without a token the request would be refused.
    obtain_token(endpoint)
        .await
        .map_err(|refresh| refresh.to_string())?;
    known(endpoint.account().await)
}

/// The account in a reply, or why there is none.
fn known(query_result: QueryResult<Account>) -> Result<Account, String> {
    match query_result {
        QueryResult::Known(account) => Ok(account),
        QueryResult::Refused(answer) => Err(describe_refusal(&answer).message),
        QueryResult::Unreadable(status, _) => Err(format!(
            "the reply (status {status}) does not describe an account"
        )),
        QueryResult::Unreachable(why) => Err(why),
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

/// Reads the time zone after a run stopped at the daily limit. Sends one more request, which may be refused.
pub(crate) async fn zone_at_the_end(endpoint: &HttpEndpoint) -> Option<TimeZone> {
    match timeout(TIME_ZONE_TIMEOUT, endpoint.account()).await {
        Ok(QueryResult::Known(account)) => zone_of(&account),
        _ => None,
    }
}

/// Logs which account the command works in; shown unless only errors are. `portal` is its id, where it is known.
pub(crate) fn log_account(access: Access, portal: Option<u64>, account: &Result<Account, String>) {
    let account_type = match account {
        Ok(account) => account.account_type.as_deref(),
        Err(_) => None,
    };
    info!(
        target: ACCOUNT_TARGET,
        portal,
        account_type,
        why = account.as_ref().err().map(String::as_str),
        "{} {}",
        access.verb(),
        description(portal, account_type)
    );
}

/// Whether an account is a production account.
fn description(portal: Option<u64>, account_type: Option<&str>) -> &'static str {
    match (portal, account_type) {
        (None, None) => "a portal that could not be identified",
        (_, None) => "a portal; it is not known whether it is a production portal",
        (_, Some(PRODUCTION)) => "a production portal",
        (_, Some(_)) => "a portal that is not a production portal",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_described_as_far_as_it_is_known() {
        for (portal, account_type, expected) in [
            (Some(7), Some("STANDARD"), "a production portal"),
            (None, Some("STANDARD"), "a production portal"),
            (
                Some(7),
                Some("DEVELOPER_TEST"),
                "a portal that is not a production portal",
            ),
            (
                Some(7),
                None,
                "a portal; it is not known whether it is a production portal",
            ),
            (None, None, "a portal that could not be identified"),
        ] {
            assert_eq!(description(portal, account_type), expected);
        }
    }

    #[test]
    fn the_time_zone_of_an_account_is_one_that_is_known() {
        let account = |time_zone: Option<&str>| Account {
            time_zone: time_zone.map(str::to_owned),
            ..Account::default()
        };
        for (name, is_known) in [
            (Some("US/Eastern"), true),
            (Some("Mars/Olympus"), false),
            (None, false),
        ] {
            assert_eq!(zone_of(&account(name)).is_some(), is_known, "{name:?}");
        }
    }
}
