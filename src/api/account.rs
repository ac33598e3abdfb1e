//! What the account says of itself, and of the day's requests. Pure.
//!
//! Source: <https://developers.hubspot.com/docs/api-reference/account-account-info-v3/guide>. Every field is
//! optional: what is missing is not known, and said to be so.

use jiff::Timestamp;
use serde::Deserialize;

/// An account, which HubSpot calls a portal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Account {
    /// Its id.
    pub portal_id: Option<u64>,
    /// Its name; only newer versions of the API tell it.
    pub portal_name: Option<String>,
    /// `STANDARD`, `SANDBOX`, `DEVELOPER_TEST` or `APP_DEVELOPER`.
    pub account_type: Option<String>,
    /// Its IANA time zone: the day of the daily limit ends at midnight there.
    pub time_zone: Option<String>,
    /// Where its data is hosted, such as `eu1`.
    pub data_hosting_location: Option<String>,
}

/// The day's requests of all private apps of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DailyUsage {
    /// How many are allowed.
    pub limit: u64,
    /// How many were made.
    pub used: u64,
    /// When the next day begins.
    pub resets_at: Option<Timestamp>,
}

/// The account in the body of a reply.
pub(super) fn account(body: &[u8]) -> Option<Account> {
    serde_json::from_slice(body).ok()
}

/// The usage in the body of a reply: that of the pool which is nearest to its limit.
pub(super) fn daily_usage(body: &[u8]) -> Option<DailyUsage> {
    #[derive(Deserialize)]
    struct Reply {
        results: Vec<Pool>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Pool {
        usage_limit: Option<u64>,
        current_usage: Option<u64>,
        resets_at: Option<Timestamp>,
    }
    let reply: Reply = serde_json::from_slice(body).ok()?;
    let pools = reply.results.into_iter().filter_map(|pool| {
        Some(DailyUsage {
            limit: pool.usage_limit?,
            used: pool.current_usage?,
            resets_at: pool.resets_at,
        })
    });
    pools.min_by_key(|usage| usage.limit.saturating_sub(usage.used))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_account_says_is_read_and_what_it_does_not_say_is_not_known() {
        let body = br#"{"portalId":1,"accountType":"STANDARD","timeZone":"US/Eastern","utcOffset":"-04:00"}"#;
        let account_of = account(body).unwrap();
        assert_eq!(account_of.portal_id, Some(1));
        assert_eq!(account_of.time_zone.as_deref(), Some("US/Eastern"));
        assert_eq!(account_of.portal_name, None);
        assert_eq!(account(b"{}"), Some(Account::default()));
        for body in [&b"<html>"[..], b"", br#"{"timeZone":7}"#] {
            assert_eq!(account(body), None);
        }
    }

    #[test]
    fn the_usage_is_that_of_the_fullest_pool() {
        let body = br#"{"results":[
            {"name":"a","usageLimit":100,"currentUsage":10,"resetsAt":"2026-05-05T04:00:00Z"},
            {"name":"b","usageLimit":500,"currentUsage":490},
            {"name":"c","fetchStatus":"FAILURE"}]}"#;
        let usage = daily_usage(body).unwrap();
        assert_eq!((usage.limit, usage.used, usage.resets_at), (500, 490, None));
        for body in [&b"{}"[..], br#"{"results":[]}"#, b"no"] {
            assert_eq!(daily_usage(body), None);
        }
    }
}
