//! What can be told of an import before there is one: whose token it is, which account it would write to, how
//! much of its day is left. Pure: facts → remarks.
//!
//! What cannot be known is said, not guessed: some tokens may link records and not ask about the account.

use std::num::NonZeroU64;

use serde::Serialize;

use crate::api::{Account, Answer, DailyUsage, Pool, Renewal, Told};
use crate::exit::ExitStatus;
use crate::outcome::Finding;
use crate::pair::ObjectType;
use crate::text::one_line;
use crate::verdict::{describe_refusal, is_daily_limit, scopes};

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
    /// What HubSpot answered; `None` if there was no token to ask with.
    pub answers: Option<Answers>,
    /// The account that it should be.
    pub expect_portal: Option<NonZeroU64>,
}

/// What HubSpot answered.
#[derive(Debug)]
pub struct Answers {
    /// The scopes of the token, where they can be asked for.
    pub scopes: Option<Vec<String>>,
    /// The account.
    pub account: Told<Account>,
    /// The day's requests.
    pub usage: Told<DailyUsage>,
    /// Two types, and whether they can be reached.
    pub types: Option<(ObjectType, ObjectType, Told<()>)>,
}

impl Answers {
    /// Whether a reply shows that HubSpot accepts the token.
    fn prove_the_token(&self) -> bool {
        let types = self.types.as_ref().map(|(_, _, told)| told);
        self.scopes.is_some()
            || matches!(self.account, Told::Known(_))
            || matches!(self.usage, Told::Known(_))
            || matches!(types, Some(Told::Known(())))
    }
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
    let Some(answers) = &facts.answers else {
        return remarks;
    };
    if let Told::Unreachable(why) = &answers.account {
        let hint = "check the network, the proxy variables and `--base-url`";
        let says = format!("`{}` cannot be reached: {why}", facts.base_url);
        remarks.push(remark(Level::Problem, "api", &says).hint(hint));
        return remarks;
    }
    remarks.extend(account(facts, answers));
    remarks.push(usage(&answers.usage));
    remarks.push(match &answers.scopes {
        Some(scopes) => remark(Level::Ok, "scopes", &scopes.join(", ")),
        None if facts.renewal.is_some() => remark(
            Level::Warning,
            "scopes",
            "not known: HubSpot did not list them",
        ),
        None => remark(
            Level::Warning,
            "scopes",
            "not known: HubSpot tells them of OAuth tokens only",
        ),
    });
    if let Some((from, to, told)) = &answers.types {
        remarks.push(types(&format!("{from} and {to}"), told));
    }
    remarks
}

fn token(facts: &Facts) -> Remark {
    let says = match (&facts.renewal, &facts.region) {
        (Some(Renewal::Refused(why)), _) => {
            let says = format!("the refresh token is not accepted: {why}");
            return remark(Level::Problem, "token", &says)
                .credentials()
                .hint("let the account install the app again");
        }
        (Some(Renewal::Failed(why)), _) => {
            let says = format!("cannot be had now: {why}");
            return remark(Level::Problem, "token", &says).credentials();
        }
        (Some(Renewal::New | Renewal::Same), _) => "an OAuth app's".to_owned(),
        (None, Some(region)) => format!("a service key's or private app's, of region {region}"),
        (None, None) => "of a kind that its form does not tell".to_owned(),
    };
    let is_proved = matches!(facts.renewal, Some(Renewal::New))
        || facts.answers.as_ref().is_some_and(Answers::prove_the_token);
    if is_proved {
        remark(Level::Ok, "token", &says)
    } else {
        let says = format!("{says}; no reply shows that it is accepted");
        remark(Level::Warning, "token", &says)
    }
}

fn account(facts: &Facts, answers: &Answers) -> Vec<Remark> {
    let account = match &answers.account {
        Told::Known(account) => account,
        // The quota's remark says it all: nothing is wrong with the portal.
        Told::Refused(answer) if is_daily_limit(answer) => {
            let says = "not known while the daily limit is used up";
            return vec![remark(Level::Warning, "portal", says)];
        }
        Told::Refused(answer) => {
            return no_portal(facts, refused_account(facts, answers, answer));
        }
        Told::Unreadable(status, body) => {
            return no_portal(facts, unreadable("portal", *status, body));
        }
        Told::Unreachable(_) => return Vec::new(),
    };
    let mut remarks = match (account.portal_id, facts.expect_portal) {
        (None, _) => no_portal(
            facts,
            remark(
                Level::Warning,
                "portal",
                "not known: the reply does not name it",
            ),
        ),
        (Some(id), Some(expected)) if id != expected.get() => {
            let says = format!("{id}, expected {expected}");
            vec![
                remark(Level::Problem, "portal", &says)
                    .hint("use the token of the other account, or name this one"),
            ]
        }
        (Some(id), _) => vec![remark(Level::Ok, "portal", &id.to_string())],
    };
    remarks.push(match account.account_type.as_deref() {
        Some("STANDARD") => remark(
            Level::Warning,
            "account",
            "STANDARD: THIS IS A PRODUCTION PORTAL, what is linked here is real",
        )
        .hint("rehearse with `--sandbox` or in a test account first"),
        Some(other @ ("SANDBOX" | "DEVELOPER_TEST" | "APP_DEVELOPER")) => {
            let says = format!("{other}, no production portal");
            remark(Level::Ok, "account", &says)
        }
        Some(other) => {
            let says = format!("{other}: it is not known whether this is a production portal");
            remark(Level::Warning, "account", &says)
        }
        None => remark(Level::Warning, "account", "its type is not known"),
    });
    remarks.push(place(account));
    remarks
}

fn place(account: &Account) -> Remark {
    let known = |value: &Option<String>| value.clone().unwrap_or_else(|| "not known".to_owned());
    let says = format!(
        "data hosted in {}, time zone {}",
        known(&account.data_hosting_location),
        known(&account.time_zone)
    );
    let is_known = account.data_hosting_location.is_some() && account.time_zone.is_some();
    let level = if is_known { Level::Ok } else { Level::Warning };
    remark(level, "place", &says)
}

/// The portal is not known, which is a problem if a certain one is expected.
fn no_portal(facts: &Facts, why: Remark) -> Vec<Remark> {
    let expected = facts.expect_portal.map(|expected| {
        let says = format!("expected {expected}, and it cannot be known");
        remark(Level::Problem, "portal", &says)
    });
    std::iter::once(why).chain(expected).collect()
}

/// A reply of success that does not answer the question.
fn unreadable(about: &'static str, status: u16, body: &str) -> Remark {
    let body = if body.is_empty() {
        "it is empty".to_owned()
    } else {
        format!("it begins with `{body}`")
    };
    let says = format!("not known: the reply (status {status}) cannot be read: {body}");
    remark(Level::Warning, about, &says)
}

/// Some keys may link records and not ask this.
fn refused_account(facts: &Facts, answers: &Answers, answer: &Answer) -> Remark {
    let Finding {
        categories,
        message,
        ..
    } = describe_refusal(answer);
    let category = categories.first().map_or("", String::as_str);
    let works = matches!(answers.types, Some((_, _, Told::Known(()))));
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
        Told::Refused(answer) if is_daily_limit(answer) => {
            let message = describe_refusal(answer).message;
            return remark(
                Level::Problem,
                "quota",
                &format!("the daily limit is used up: {message}"),
            )
            .hint("wait until it resets, at midnight in the account's time zone");
        }
        Told::Refused(answer) => {
            let says = format!("not known (status {})", answer.status);
            return remark(Level::Warning, "quota", &says);
        }
        Told::Unreadable(status, body) => return unreadable("quota", *status, body),
        Told::Unreachable(why) => {
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
            &format!("not known: HubSpot gives no numbers ({unknown})"),
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
        format!("; not known of others ({unknown})")
    };
    let says = format!(
        "{} of {} requests of the day used{resets}{others}",
        pool.used, pool.limit
    );
    let remark = remark(Level::Ok, "quota", &says);
    if pool.used >= pool.limit {
        remark.problem().hint("wait until it resets")
    } else if pool.used.saturating_mul(100) >= pool.limit.saturating_mul(NEARLY_USED_PERCENT) {
        remark
            .warning()
            .hint("nearly used up: an import ends at the limit, and `--resume` continues it")
    } else if unknown.is_empty() {
        remark
    } else {
        remark.warning()
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
        Told::Unreadable(status, body) => return unreadable("types", *status, body),
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
            if missing.is_empty() {
                return remark(Level::Problem, "types", &says("access is refused")).credentials();
            }
            remark(Level::Problem, "types", &says("the token lacks a scope"))
                .credentials()
                .hint(&format!("give it one of: {missing}"))
        }
        404 => remark(Level::Warning, "types", &says("not known (status 404)"))
            .hint("the path may not exist: check `--base-url` and `--api-version`"),
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
