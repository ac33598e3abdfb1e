//! How much of the daily limit is used. Pure.

use crate::api::account::{DailyUsage, Pool};
use crate::api::inspect::QueryResult;
use crate::doctor::remark::{Level, Remark, remark, unreadable};
use crate::verdict::classify::is_daily_limit;
use crate::verdict::describe::describe_refusal;

/// From this percentage on, an import should wait until the limit resets.
const NEARLY_USED_PERCENT: u64 = 90;

/// The remark about the daily usage.
pub(crate) fn quota(result: &QueryResult<DailyUsage>) -> Remark {
    let usage = match result {
        QueryResult::Known(usage) => usage,
        QueryResult::Refused(answer) if is_daily_limit(answer) => {
            let message = describe_refusal(answer).message;
            return remark(
                Level::Problem,
                "quota",
                &format!("the daily limit is used up: {message}"),
            )
            .hint("wait until the limit resets, at midnight in the account's time zone");
        }
        QueryResult::Refused(answer) => {
            let says = format!("not known (status {})", answer.status);
            return remark(Level::Warning, "quota", &says);
        }
        QueryResult::Unreadable(status, body) => return unreadable("quota", *status, body),
        QueryResult::Unreachable(why) => {
            return remark(Level::Warning, "quota", &format!("not known: {why}"));
        }
    };
    let unknown = usage.unknown.join(", ");
    match &usage.fullest {
        Some(pool) => pool_remark(pool, &unknown),
        None if unknown.is_empty() => remark(
            Level::Warning,
            "quota",
            "not known: the reply lists no daily limit",
        ),
        None => remark(
            Level::Warning,
            "quota",
            &format!("not known: HubSpot returned no numbers ({unknown})"),
        ),
    }
}

fn pool_remark(pool: &Pool, unknown: &str) -> Remark {
    let resets = pool
        .resets_at
        .map(|at| format!(", resets at {at:.0}"))
        .unwrap_or_default();
    let others = if unknown.is_empty() {
        String::new()
    } else {
        format!("; other limits are not known ({unknown})")
    };
    let says = format!(
        "{} of {} requests used today{resets}{others}",
        pool.used, pool.limit
    );
    let remark = remark(Level::Ok, "quota", &says);
    if pool.used >= pool.limit {
        remark.problem().hint("wait until the limit resets")
    } else if pool.used.saturating_mul(100) >= pool.limit.saturating_mul(NEARLY_USED_PERCENT) {
        remark
            .warning()
            .hint("almost used up: an import stops at the limit, and `--resume` continues it later")
    } else if unknown.is_empty() {
        remark
    } else {
        remark.warning()
    }
}
