//! One remark of `doctor`, and the facts it is made from.

use serde::Serialize;
use std::num::NonZeroU64;

use crate::api::account::{Account, DailyUsage};
use crate::api::endpoint::RefreshOutcome;
use crate::api::inspect::QueryResult;
use crate::doctor::key::KeyCheck;
use crate::domain::pair::ObjectType;
use crate::text::one_line;

/// The maximum length of a remark, in characters.
const MAX_CHARS: usize = 300;

/// The severity of a remark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// As expected.
    Ok,
    /// Worth attention, or not known.
    Warning,
    /// An import would fail.
    Problem,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Remark {
    /// The severity.
    pub level: Level,
    /// The subject.
    pub about: &'static str,
    /// The finding, on one line.
    pub says: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// Whether the credentials are the cause.
    #[serde(skip)]
    pub(crate) is_credentials: bool,
}

/// The requests and their results.
#[derive(Debug)]
pub struct Facts {
    /// The result of exchanging a refresh token, if there is one.
    pub refresh: Option<RefreshOutcome>,
    /// The region that the token names, if any.
    pub region: Option<String>,
    /// The base URL of the API.
    pub base_url: String,
    /// HubSpot's answers; `None` if there was no token to send.
    pub answers: Option<Answers>,
    /// The expected account.
    pub expect_portal: Option<NonZeroU64>,
}

/// HubSpot's answers.
#[derive(Debug)]
pub struct Answers {
    /// The scopes of the token, if HubSpot can list them.
    pub scopes: Option<Vec<String>>,
    /// The account.
    pub account: QueryResult<Account>,
    /// The daily usage.
    pub usage: QueryResult<DailyUsage>,
    /// Two types, and whether they can be read.
    pub types: Option<(ObjectType, ObjectType, QueryResult<()>)>,
    /// The properties to look records up by.
    pub keys: Vec<KeyCheck>,
}

impl Answers {
    /// Whether any reply shows that HubSpot accepts the token.
    pub(crate) fn prove_token(&self) -> bool {
        let types = self.types.as_ref().map(|(_, _, result)| result);
        self.scopes.is_some()
            || matches!(self.account, QueryResult::Known(_))
            || matches!(self.usage, QueryResult::Known(_))
            || matches!(types, Some(QueryResult::Known(())))
    }
}

/// A success reply with a body that cannot be parsed.
pub(crate) fn unreadable(about: &'static str, status: u16, body: &str) -> Remark {
    let body = if body.is_empty() {
        "it is empty".to_owned()
    } else {
        format!("it begins with `{body}`")
    };
    let says = format!("not known: the reply (status {status}) is not valid: {body}");
    remark(Level::Warning, about, &says)
}

pub(crate) fn remark(level: Level, about: &'static str, says: &str) -> Remark {
    Remark {
        level,
        about,
        says: one_line(says, MAX_CHARS),
        hint: None,
        is_credentials: false,
    }
}

impl Remark {
    pub(crate) fn hint(self, hint: &str) -> Self {
        let hint = Some(one_line(hint, MAX_CHARS));
        Self { hint, ..self }
    }

    pub(crate) fn problem(self) -> Self {
        let level = Level::Problem;
        Self { level, ..self }
    }

    pub(crate) fn warning(self) -> Self {
        let level = Level::Warning;
        Self { level, ..self }
    }

    pub(crate) fn credentials(self) -> Self {
        let is_credentials = true;
        Self {
            is_credentials,
            ..self
        }
    }
}
