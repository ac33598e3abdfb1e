//! Reports before an import what is known about it: whether the token is valid, which account it would write to, and
//! how much of the daily limit is left. Pure: facts → remarks.
//!
//! Unknown facts are reported as unknown, not guessed: some tokens may link records but not read the account.

use crate::api::endpoint::RefreshOutcome;
use crate::api::inspect::QueryResult;
use crate::doctor::key::key;
use crate::doctor::refusal::refused;
use crate::doctor::remark::{Answers, Facts, Level, Remark, remark, unreadable};
use crate::exit_status::ExitStatus;
use crate::verdict::describe::describe_refusal;

/// The exit status of `doctor` for these remarks.
#[must_use]
pub fn exit_status(remarks: &[Remark]) -> ExitStatus {
    let problems = || {
        remarks
            .iter()
            .filter(|remark| remark.level == Level::Problem)
    };
    if problems().any(|remark| remark.is_credentials) {
        ExitStatus::Credentials
    } else if problems().next().is_some() {
        ExitStatus::SomeRowsNot
    } else {
        ExitStatus::Done
    }
}

/// Derives the remarks from the facts, in the order in which they are shown.
#[must_use]
pub fn remarks(facts: &Facts) -> Vec<Remark> {
    let mut remarks = vec![token(facts)];
    let Some(answers) = &facts.answers else {
        return remarks;
    };
    if let QueryResult::Unreachable(why) = &answers.account {
        let hint = "check the network, the proxy variables and `--base-url`";
        let says = format!("`{}` is unreachable: {why}", facts.base_url);
        remarks.push(remark(Level::Problem, "api", &says).hint(hint));
        return remarks;
    }
    remarks.extend(crate::doctor::portal::remarks(facts, answers));
    remarks.push(crate::doctor::quota::quota(&answers.usage));
    remarks.push(match &answers.scopes {
        Some(scopes) if scopes.is_empty() => remark(Level::Warning, "scopes", "none"),
        Some(scopes) => remark(Level::Ok, "scopes", &scopes.join(", ")),
        None if facts.refresh.is_some() => remark(
            Level::Warning,
            "scopes",
            "not known: HubSpot did not list them",
        ),
        None => remark(
            Level::Warning,
            "scopes",
            "not known: HubSpot lists them for OAuth tokens only",
        ),
    });
    if let Some((from, to, result)) = &answers.types {
        remarks.push(types(&format!("{from} and {to}"), result));
    }
    remarks.extend(answers.keys.iter().map(key));
    remarks
}

pub(crate) fn token(facts: &Facts) -> Remark {
    let says = match (&facts.refresh, &facts.region) {
        (Some(RefreshOutcome::Refused(why)), _) => {
            let says = format!("the refresh token is not accepted: {why}");
            return remark(Level::Problem, "token", &says)
                .credentials()
                .hint("install the app in the account again");
        }
        (Some(refresh @ (RefreshOutcome::Failed(_) | RefreshOutcome::OtherPortal { .. })), _) => {
            let says = format!("could not refresh the access token: {refresh}");
            return remark(Level::Problem, "token", &says).credentials();
        }
        (Some(RefreshOutcome::New | RefreshOutcome::Same), _) => "of an OAuth app".to_owned(),
        (None, Some(region)) => format!("of a service key or a private app, region {region}"),
        (None, None) => "of unknown kind".to_owned(),
    };
    let is_proved = matches!(facts.refresh, Some(RefreshOutcome::New))
        || facts.answers.as_ref().is_some_and(Answers::prove_token);
    if is_proved {
        remark(Level::Ok, "token", &says)
    } else {
        let says = format!("{says}; no reply shows that it is accepted");
        remark(Level::Warning, "token", &says)
    }
}

pub(crate) fn types(types: &str, query_result: &QueryResult<()>) -> Remark {
    let answer = match query_result {
        QueryResult::Known(()) => {
            return remark(
                Level::Ok,
                "types",
                &format!("{types} are known and can be read"),
            );
        }
        QueryResult::Unreadable(status, body) => return unreadable("types", *status, body),
        QueryResult::Unreachable(why) => {
            return remark(Level::Warning, "types", &format!("not known: {why}"));
        }
        QueryResult::Refused(answer) => answer,
    };
    if answer.status == 400 {
        let message = describe_refusal(answer).message;
        let says = format!("{types}: HubSpot does not know one of the types: {message}");
        return remark(Level::Problem, "types", &says)
            .hint("for a custom object, use its id, such as 2-1234567, or its full name");
    }
    refused("types", types, answer)
}
