//! Parses the account's details and its daily usage from reply bodies. Pure.
//!
//! Source: <https://developers.hubspot.com/docs/api-reference/account-account-info-v3/guide>. Every field is optional;
//! a field that cannot be parsed counts as missing and does not hide the others.

use jiff::Timestamp;
use serde_json::{Map, Value};

/// An account, which HubSpot calls a portal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_field_names, reason = "the names are HubSpot's")]
pub struct Account {
    /// Its id.
    pub portal_id: Option<u64>,
    /// `STANDARD`, `SANDBOX`, `DEVELOPER_TEST` or `APP_DEVELOPER`.
    pub account_type: Option<String>,
    /// Its IANA time zone: the daily limit resets at midnight in this zone.
    pub time_zone: Option<String>,
    /// Where its data is hosted, such as `eu1`.
    pub data_hosting_location: Option<String>,
}

/// An account's daily usage, which HubSpot counts in one or more pools.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DailyUsage {
    /// The pool with the largest share used; `None` if no pool has valid numbers.
    pub fullest: Option<Pool>,
    /// The pools without valid numbers: each name, with the status that explains it.
    pub unknown: Vec<String>,
}

/// Requests that count against one daily limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pool {
    /// The limit; never 0.
    pub limit: u64,
    /// The number of requests made.
    pub used: u64,
    /// When the limit resets.
    pub resets_at: Option<Timestamp>,
}

/// Parses the account from a reply body; `None` if the body does not describe one.
pub(crate) fn account(body: &[u8]) -> Option<Account> {
    let fields: Map<String, Value> = serde_json::from_slice(body).ok()?;
    let word = |name: &str| {
        let word = fields.get(name)?.as_str()?.trim();
        (!word.is_empty()).then(|| word.to_owned())
    };
    let account = Account {
        portal_id: fields.get("portalId").and_then(number),
        account_type: word("accountType"),
        time_zone: word("timeZone"),
        data_hosting_location: word("dataHostingLocation"),
    };
    (account != Account::default()).then_some(account)
}

/// Parses the usage from a reply body; `None` if the body holds no list of pools.
pub(crate) fn daily_usage(body: &[u8]) -> Option<DailyUsage> {
    let reply: Value = serde_json::from_slice(body).ok()?;
    let mut usage = DailyUsage::default();
    for entry in reply.get("results")?.as_array()? {
        match pool(entry) {
            Ok(pool)
                if usage
                    .fullest
                    .as_ref()
                    .is_none_or(|best| pool.is_fuller(best)) =>
            {
                usage.fullest = Some(pool);
            }
            Ok(_) => {}
            Err(why) => usage.unknown.push(why),
        }
    }
    Some(usage)
}

/// One pool, or its name and why its numbers are not valid.
fn pool(entry: &Value) -> Result<Pool, String> {
    let word = |name: &str| entry.get(name).and_then(Value::as_str);
    let unknown = |why: &str| {
        let name = word("name").unwrap_or("a pool without a name");
        Err(format!("{name}: {why}"))
    };
    // After TIMEOUT, FAILURE and NOTFOUND the numbers are present because the schema requires them, but not valid.
    if let Some(status) = word("fetchStatus")
        && !["SUCCESS", "CACHED"].contains(&status.to_uppercase().as_str())
    {
        return unknown(status);
    }
    let count = |name: &str| entry.get(name).and_then(number);
    match (count("usageLimit"), count("currentUsage")) {
        (Some(limit @ 1..), Some(used)) => Ok(Pool {
            limit,
            used,
            resets_at: word("resetsAt").and_then(|at| at.parse().ok()),
        }),
        _ => unknown("without a limit and a usage"),
    }
}

impl Pool {
    /// Whether this pool has used a larger share of its limit than `other`.
    fn is_fuller(&self, other: &Self) -> bool {
        let [limit, used, other_limit, other_used] =
            [self.limit, self.used, other.limit, other.used].map(u128::from);
        used * other_limit > other_used * limit
    }
}

/// A count, written as a number or as a string.
fn number(value: &Value) -> Option<u64> {
    match value {
        Value::String(text) => text.trim().parse().ok(),
        other => other.as_u64(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_of_an_account_are_parsed_and_absent_ones_are_none() {
        let body = br#"{"portalId":1,"accountType":"STANDARD","timeZone":"US/Eastern","utcOffset":"-04:00"}"#;
        let account_of = account(body).unwrap();
        assert_eq!(account_of.portal_id, Some(1));
        assert_eq!(account_of.time_zone.as_deref(), Some("US/Eastern"));
        assert_eq!(account_of.data_hosting_location, None);
        let odd = account(br#"{"portalId":"7","accountType":null,"timeZone":9}"#).unwrap();
        assert_eq!((odd.portal_id, odd.time_zone), (Some(7), None));
    }

    #[test]
    fn a_body_that_does_not_describe_an_account_is_none() {
        for body in [
            &b"<html>"[..],
            b"",
            b"{}",
            b"[]",
            br#"{"timeZone":7}"#,
            br#"{"status":"error","message":"no"}"#,
        ] {
            assert_eq!(account(body), None);
        }
    }

    #[test]
    fn the_fullest_pool_is_the_one_with_the_largest_share_used() {
        let body = br#"{"results":[
            {"name":"small","usageLimit":100,"currentUsage":10,"resetsAt":"2026-05-05T04:00:00Z","fetchStatus":"CACHED"},
            {"name":"large","usageLimit":500000,"currentUsage":499000,"resetsAt":"soon","fetchStatus":"SUCCESS"},
            {"name":"untold","usageLimit":"500","currentUsage":"490"}]}"#;
        let usage = daily_usage(body).unwrap();
        assert_eq!(
            usage.fullest,
            Some(Pool {
                limit: 500_000,
                used: 499_000,
                resets_at: None
            })
        );
        assert_eq!(usage.unknown, [""; 0]);
    }

    #[test]
    fn numbers_that_hubspot_could_not_fetch_are_unknown_and_do_not_hide_other_pools() {
        for status in ["NOTFOUND", "FAILURE", "TIMEOUT", "timeout"] {
            let odd = format!(
                r#"{{"name":"odd","usageLimit":0,"currentUsage":0,"fetchStatus":"{status}"}}"#
            );
            let spent = r#"{"name":"spent","usageLimit":500,"currentUsage":490}"#;
            for pools in [format!("{odd},{spent}"), format!("{spent},{odd}")] {
                let usage = daily_usage(format!(r#"{{"results":[{pools}]}}"#).as_bytes()).unwrap();
                assert_eq!(usage.fullest.unwrap().used, 490, "{status}");
                assert_eq!(usage.unknown, [format!("odd: {status}")]);
            }
        }
        for odd in [
            r#"{"usageLimit":0,"currentUsage":0}"#,
            r#"{"usageLimit":-1,"currentUsage":3}"#,
            r#"{"usageLimit":5}"#,
            "7",
        ] {
            let usage = daily_usage(format!(r#"{{"results":[{odd}]}}"#).as_bytes()).unwrap();
            assert_eq!(usage.fullest, None, "{odd}");
            assert_eq!(
                usage.unknown,
                ["a pool without a name: without a limit and a usage"]
            );
        }
    }

    #[test]
    fn a_body_without_a_list_of_pools_is_none() {
        for body in [&b"{}"[..], b"no", br#"{"results":7}"#] {
            assert_eq!(daily_usage(body), None);
        }
        assert_eq!(
            daily_usage(br#"{"results":[]}"#),
            Some(DailyUsage::default())
        );
    }
}
