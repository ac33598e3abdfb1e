//! What can be told of an import before there is one: whose token it is, which account it would write to, how
//! much of its day is left. Pure: facts → remarks.
//!
//! What cannot be known is said, not guessed: some tokens may link records and not ask about the account.

use std::num::NonZeroU64;

use serde::Serialize;

use crate::api::{Account, Answer, DailyUsage, Renewal, Told};
use crate::exit::ExitStatus;
use crate::outcome::Finding;
use crate::pair::ObjectType;
use crate::text::one_line;
use crate::verdict::{describe_refusal, scopes};

/// From this share of the day's requests on, an import should wait for the next day.
const NEARLY_USED_PERCENT: u64 = 90;

/// Characters of a remark.
const MAX_CHARS: usize = 300;

/// How serious a remark is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// As it should be.
    Ok,
    /// Worth a thought, or not to be known.
    Warning,
    /// An import would not work.
    Problem,
}

/// One thing that was found out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Remark {
    /// How serious it is.
    pub level: Level,
    /// What it is about.
    pub about: &'static str,
    /// What was found out, on one line.
    pub says: String,
    /// What to do.
    pub hint: Option<String>,
    /// Whether it is the credentials' fault.
    #[serde(skip)]
    is_credentials: bool,
}

/// What was asked, and what came back.
#[derive(Debug)]
pub struct Facts {
    /// What came of the exchange of a refresh token, if there is one.
    pub renewal: Option<Renewal>,
    /// The region that the token names, if it does.
    pub region: Option<String>,
    /// Where the API was looked for.
    pub base_url: String,
    /// The scopes of the token, where they can be asked for.
    pub scopes: Option<Vec<String>>,
    /// The account.
    pub account: Told<Account>,
    /// The day's requests.
    pub usage: Told<DailyUsage>,
    /// Two types, and whether they can be reached.
    pub types: Option<(ObjectType, ObjectType, Told<()>)>,
    /// The account that it should be.
    pub expect_portal: Option<NonZeroU64>,
}

/// How `doctor` ends with these remarks.
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

/// What the facts say, in the order in which it is shown.
#[must_use]
pub fn remarks(facts: &Facts) -> Vec<Remark> {
    let mut remarks = vec![token(facts)];
    if remarks[0].level == Level::Problem {
        return remarks;
    }
    if let Told::Unreachable(why) = &facts.account {
        let hint = "check the network, the proxy variables and `--base-url`";
        let says = format!("`{}` cannot be reached: {why}", facts.base_url);
        remarks.push(remark(Level::Problem, "api", &says).hint(hint));
        return remarks;
    }
    account(facts, &mut remarks);
    remarks.push(usage(&facts.usage));
    remarks.push(match &facts.scopes {
        Some(scopes) => remark(Level::Ok, "scopes", &scopes.join(", ")),
        None => remark(
            Level::Warning,
            "scopes",
            "not known: HubSpot tells them of OAuth tokens only",
        ),
    });
    if let Some((from, to, told)) = &facts.types {
        remarks.push(types(&format!("{from} and {to}"), told));
    }
    remarks
}

fn token(facts: &Facts) -> Remark {
    match (&facts.renewal, &facts.region) {
        (Some(Renewal::Refused(why)), _) => remark(
            Level::Problem,
            "token",
            &format!("the refresh token is not accepted: {why}"),
        )
        .credentials()
        .hint("let the account install the app again"),
        (Some(Renewal::Failed(why)), _) => remark(
            Level::Problem,
            "token",
            &format!("cannot be had now: {why}"),
        )
        .credentials(),
        (Some(Renewal::New | Renewal::Same), _) => remark(Level::Ok, "token", "an OAuth app's"),
        (None, Some(region)) => remark(
            Level::Ok,
            "token",
            &format!("a service key's or private app's, of region {region}"),
        ),
        (None, None) => remark(Level::Ok, "token", "of a kind that its form does not tell"),
    }
}

fn account(facts: &Facts, remarks: &mut Vec<Remark>) {
    let account = match &facts.account {
        Told::Known(account) => account,
        Told::Refused(answer) => {
            remarks.push(no_account(facts, answer));
            if let Some(expected) = facts.expect_portal {
                let says = format!("expected {expected}, and it cannot be known");
                remarks.push(remark(Level::Problem, "portal", &says));
            }
            return;
        }
        Told::Unreachable(_) => return,
    };
    let name = account.portal_name.as_ref();
    let name = name.map(|name| format!(" ({name})")).unwrap_or_default();
    let id = account.portal_id;
    let shown = id.map_or_else(|| "without an id".to_owned(), |id| id.to_string());
    match facts.expect_portal {
        Some(expected) if id != Some(expected.get()) => remarks.push(
            remark(
                Level::Problem,
                "portal",
                &format!("{shown}{name}, expected {expected}"),
            )
            .hint("use the token of the other account, or name this one"),
        ),
        _ => remarks.push(remark(Level::Ok, "portal", &format!("{shown}{name}"))),
    }
    remarks.push(match account.account_type.as_deref() {
        Some("STANDARD") => remark(
            Level::Warning,
            "account",
            "STANDARD: THIS IS A PRODUCTION PORTAL, what is linked here is real",
        )
        .hint("rehearse with `--sandbox` or in a test account first"),
        Some(other) => remark(
            Level::Ok,
            "account",
            &format!("{other}, no production portal"),
        ),
        None => remark(Level::Warning, "account", "its type is not known"),
    });
    let known = |value: &Option<String>| value.clone().unwrap_or_else(|| "not known".to_owned());
    let place = format!(
        "data hosted in {}, time zone {}",
        known(&account.data_hosting_location),
        known(&account.time_zone)
    );
    remarks.push(remark(Level::Ok, "place", &place));
}

/// Some keys may link records and not ask this.
fn no_account(facts: &Facts, answer: &Answer) -> Remark {
    let Finding {
        categories,
        message,
        ..
    } = describe_refusal(answer);
    let category = categories.first().map_or("", String::as_str);
    let works = matches!(facts.types, Some((_, _, Told::Known(()))));
    let says = format!(
        "not known: {message} ({category}, status {})",
        answer.status
    );
    let remark = remark(Level::Warning, "portal", &says);
    match answer.status {
        401 if works => remark
            .hint("a service key without access to the account is answered like that; links work"),
        401 if category == "EXPIRED_AUTHENTICATION" => remark
            .problem()
            .credentials()
            .hint("the token has expired: get another one"),
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
                "the token is refused, or is a service key without access to the account: \
                 `--from-type` and `--to-type` tell which{host}"
            ))
        }
        _ => remark,
    }
}

fn usage(told: &Told<DailyUsage>) -> Remark {
    let usage = match told {
        Told::Known(usage) => usage,
        Told::Refused(answer) => {
            let says = format!("not known (status {})", answer.status);
            return remark(Level::Warning, "quota", &says);
        }
        Told::Unreachable(why) => {
            return remark(Level::Warning, "quota", &format!("not known: {why}"));
        }
    };
    let resets = usage
        .resets_at
        .map(|at| format!(", resets at {at:.0}"))
        .unwrap_or_default();
    let says = format!(
        "{} of {} requests of the day used{resets}",
        usage.used, usage.limit
    );
    let remark = remark(Level::Ok, "quota", &says);
    if usage.used >= usage.limit {
        remark.problem().hint("wait until it resets")
    } else if usage.used.saturating_mul(100) >= usage.limit.saturating_mul(NEARLY_USED_PERCENT) {
        remark
            .warning()
            .hint("nearly used up: an import ends at the limit, and goes on with `--resume`")
    } else {
        remark
    }
}

fn types(types: &str, told: &Told<()>) -> Remark {
    let answer = match told {
        Told::Known(()) => {
            return remark(
                Level::Ok,
                "types",
                &format!("{types} are known and can be read"),
            );
        }
        Told::Unreachable(why) => {
            return remark(Level::Warning, "types", &format!("not known: {why}"));
        }
        Told::Refused(answer) => answer,
    };
    let message = describe_refusal(answer).message;
    let says = |what: &str| format!("{types}: {what}: {message}");
    match answer.status {
        400 => remark(Level::Problem, "types", &says("HubSpot does not know one"))
            .hint("a custom object needs its id, such as 2-1234567, or its full name"),
        401 => remark(Level::Problem, "types", &says("the token is refused")).credentials(),
        403 => {
            let missing = scopes(answer).join(", ");
            remark(Level::Problem, "types", &says("the token lacks a scope"))
                .credentials()
                .hint(&format!("give it one of: {missing}"))
        }
        status => {
            let says = format!("{types}: not known (status {status})");
            remark(Level::Warning, "types", &says)
        }
    }
}

fn remark(level: Level, about: &'static str, says: &str) -> Remark {
    Remark {
        level,
        about,
        says: one_line(says, MAX_CHARS),
        hint: None,
        is_credentials: false,
    }
}

impl Remark {
    fn hint(self, hint: &str) -> Self {
        let hint = Some(one_line(hint, MAX_CHARS));
        Self { hint, ..self }
    }

    fn problem(self) -> Self {
        let level = Level::Problem;
        Self { level, ..self }
    }

    fn warning(self) -> Self {
        let level = Level::Warning;
        Self { level, ..self }
    }

    fn credentials(self) -> Self {
        let is_credentials = true;
        Self {
            is_credentials,
            ..self
        }
    }
}
