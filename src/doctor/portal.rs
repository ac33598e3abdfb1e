//! Which account the token belongs to, and whether it is the expected one. Pure.

use crate::api::account::Account;
use crate::api::inspect::QueryResult;
use crate::api::response::headers::Answer;
use crate::doctor::remark::{Answers, Facts, Level, Remark, remark, unreadable};
use crate::domain::outcome::Details;
use crate::verdict::classify::is_daily_limit;
use crate::verdict::describe::describe_refusal;

/// The remarks about the account.
pub(crate) fn remarks(facts: &Facts, answers: &Answers) -> Vec<Remark> {
    let account = match &answers.account {
        QueryResult::Known(account) => account,
        // The quota's remark covers this: nothing is wrong with the portal.
        QueryResult::Refused(answer) if is_daily_limit(answer) => {
            let says = "not known while the daily limit is used up";
            return vec![remark(Level::Warning, "portal", says)];
        }
        QueryResult::Refused(answer) => {
            return no_portal(facts, refused_account(facts, answers, answer));
        }
        QueryResult::Unreadable(status, body) => {
            return no_portal(facts, unreadable("portal", *status, body));
        }
        QueryResult::Unreachable(_) => return Vec::new(),
    };
    let mut remarks = match (account.portal_id, facts.expect_portal) {
        (None, _) => no_portal(
            facts,
            remark(
                Level::Warning,
                "portal",
                "not known: the reply does not name the portal",
            ),
        ),
        (Some(id), Some(expected)) if id != expected.get() => {
            let says = format!("{id}, but {expected} is expected");
            vec![
                remark(Level::Problem, "portal", &says)
                    .hint("use the token of the expected account, or change `--expect-portal`"),
            ]
        }
        (Some(id), _) => vec![remark(Level::Ok, "portal", &id.to_string())],
    };
    remarks.push(match account.account_type.as_deref() {
        Some("STANDARD") => remark(
            Level::Warning,
            "account",
            "STANDARD: THIS IS A PRODUCTION PORTAL; an import changes real data",
        )
        .hint("first rehearse with `--sandbox`, or in a test account"),
        Some(other @ ("SANDBOX" | "DEVELOPER_TEST" | "APP_DEVELOPER")) => {
            let says = format!("{other}, not a production portal");
            remark(Level::Ok, "account", &says)
        }
        Some(other) => {
            let says = format!("{other}: this may be a production portal");
            remark(Level::Warning, "account", &says)
        }
        None => remark(
            Level::Warning,
            "account",
            "the type of the account is not known",
        ),
    });
    remarks.push(place(account));
    remarks
}

fn place(account: &Account) -> Remark {
    let known = |value: &Option<String>| value.clone().unwrap_or_else(|| "not known".to_owned());
    let says = format!(
        "data location {}, time zone {}",
        known(&account.data_hosting_location),
        known(&account.time_zone)
    );
    let is_known = account.data_hosting_location.is_some() && account.time_zone.is_some();
    let level = if is_known { Level::Ok } else { Level::Warning };
    remark(level, "place", &says)
}

/// Adds a problem if a portal is expected but not known.
fn no_portal(facts: &Facts, why: Remark) -> Vec<Remark> {
    let expected = facts.expect_portal.map(|expected| {
        let says = format!("{expected} is expected, but the portal of the token is not known");
        remark(Level::Problem, "portal", &says)
    });
    std::iter::once(why).chain(expected).collect()
}

/// Some keys may link records but not read the account.
fn refused_account(facts: &Facts, answers: &Answers, answer: &Answer) -> Remark {
    let Details {
        categories,
        message,
        ..
    } = describe_refusal(answer);
    let category = categories.first().map_or("", String::as_str);
    let works = matches!(answers.types, Some((_, _, QueryResult::Known(()))));
    let says = format!(
        "not known: {message} ({category}, status {})",
        answer.status
    );
    let remark = remark(Level::Warning, "portal", &says);
    match answer.status {
        401 if works => remark.hint(
            "this is normal for a service key without access to the account; it can link records",
        ),
        401 if category == "EXPIRED_AUTHENTICATION" => remark
            .problem()
            .credentials()
            .hint("the token has expired: use a new token"),
        401 => {
            let regional = facts
                .region
                .as_ref()
                .filter(|region| *region != "na1" && !facts.base_url.contains(region.as_str()));
            let host = regional.map_or(String::new(), |region| {
                format!(
                    "; a `{region}` token may need `--base-url https://api-{region}.hubapi.com`"
                )
            });
            remark.problem().credentials().hint(&format!(
                "HubSpot refuses the token, or it is a service key without access to the account: to find out, \
                 run again with `--from-type` and `--to-type`{host}"
            ))
        }
        _ => remark,
    }
}
