//! Whether the records of a type can be looked up by a property. Pure.

use std::sync::Arc;

use crate::api::inspect::QueryResult;
use crate::api::lookup_call::Route;
use crate::api::response::body::Body;
use crate::api::response::headers::{Answer, Reply};
use crate::doctor::refusal::refused;
use crate::doctor::remark::{Level, Remark, remark};
use crate::domain::key_kind::KeyKind;
use crate::domain::outcome::Details;
use crate::lookup::property::LookupProperty;
use crate::lookup::reply::lookup_reply::LookupReply;
use crate::lookup::reply::refusal::Common;
use crate::lookup::reply::{batch_read, search};
use crate::lookup::result::KeyResult;
use crate::verdict::describe::describe_unread;

/// The subject of the remarks.
const KEYS: &str = "keys";

/// A property, and what HubSpot says about it.
#[derive(Debug)]
pub struct KeyCheck {
    /// The property, and the call that looks it up.
    pub(crate) property: LookupProperty,
    /// Whether the search may be used.
    pub(crate) allow_search: bool,
    /// The result of looking up a value.
    pub(crate) call: CallResult,
    /// The unique properties of the type.
    pub(crate) unique: QueryResult<Vec<String>>,
}

/// The result of looking up a value that hardly any record has.
#[derive(Debug)]
pub(crate) enum CallResult {
    /// A record has it, or none has.
    Works,
    /// HubSpot refuses the property or its type.
    Refused(Common, Arc<Details>),
    /// HubSpot refuses the value.
    ValueRefused(Arc<Details>),
    /// The status of the reply says why.
    ByStatus(Box<Answer>),
    /// There is no reply, or none that can be read.
    NotKnown(String),
}

/// A value that hardly any record has, in the form of the property's values.
pub(crate) fn unlikely_value(kind: KeyKind) -> &'static str {
    match kind {
        KeyKind::Email => "doctor@hubspot-associate.example",
        KeyKind::Domain => "hubspot-associate.example",
        KeyKind::Text => "hubspot-associate doctor",
    }
}

impl CallResult {
    /// Reads the reply to a lookup of this value.
    pub(crate) fn of(property: &LookupProperty, value: &str, mut reply: Reply) -> Self {
        let Reply::Answered(answer) = &mut reply else {
            return Self::NotKnown(describe_unread(&reply, "").message);
        };
        let Body::Raw(body) = std::mem::replace(&mut answer.body, Body::Empty) else {
            return Self::NotKnown("the reply was not received whole".to_owned());
        };
        let read = match property.route {
            Route::BatchRead => batch_read::read,
            Route::Search => search::read,
        };
        match read(property, &[value], answer.status, &body) {
            LookupReply::Keys(results) => match results.into_iter().next() {
                Some(KeyResult::Refused(details)) => Self::ValueRefused(details),
                _ => Self::Works,
            },
            LookupReply::Page(_) => Self::Works,
            LookupReply::Refused(common, details) => Self::Refused(common, details),
            LookupReply::Unreadable(why) => Self::NotKnown(why.to_owned()),
            LookupReply::ByStatus => {
                answer.body = Body::parse(&body);
                Self::ByStatus(Box::new(answer.clone()))
            }
        }
    }
}

/// The remark about a property.
pub(crate) fn key(check: &KeyCheck) -> Remark {
    let LookupProperty {
        object_type, name, ..
    } = &check.property;
    let subject = format!("`{name}` of {object_type}");
    let problem = |what: &str| remark(Level::Problem, KEYS, &format!("{subject}: {what}"));
    match &check.call {
        CallResult::Works if check.property.route == Route::Search => searched(check, &subject),
        CallResult::Works => {
            let says = format!("{subject} can be looked up; {}", unique(check));
            remark(Level::Ok, KEYS, &says)
        }
        CallResult::Refused(Common::NotUnique, _) => searched(check, &subject),
        CallResult::Refused(Common::UnknownProperty, details) => {
            problem(&details.message).hint(&format!("name another property; {}", unique(check)))
        }
        CallResult::Refused(Common::Type, details) => problem(&details.message)
            .hint("for a custom object, use its id, such as 2-1234567, or its full name"),
        CallResult::ValueRefused(details) => {
            let says = format!(
                "{subject}: HubSpot refuses a test value: {}",
                details.message
            );
            remark(Level::Warning, KEYS, &says).hint(&unique(check))
        }
        CallResult::ByStatus(answer) => refused(KEYS, &subject, answer),
        CallResult::NotKnown(why) => remark(
            Level::Warning,
            KEYS,
            &format!("{subject}: not known: {why}"),
        ),
    }
}

/// The remark about a property that only the search can look up.
fn searched(check: &KeyCheck, subject: &str) -> Remark {
    if check.allow_search {
        let says = format!(
            "{subject} is not unique: the search looks it up, 5 times per second with up to 100 values"
        );
        return remark(Level::Ok, KEYS, &says);
    }
    let says = format!("{subject} is not unique: only the search can look it up");
    remark(Level::Problem, KEYS, &says).hint(&format!(
        "add `--allow-search`, which is slow, or name another property; {}",
        unique(check)
    ))
}

/// The unique properties of the type, in words.
fn unique(check: &KeyCheck) -> String {
    let object_type = &check.property.object_type;
    let QueryResult::Known(listed) = &check.unique else {
        return format!("the unique properties of {object_type} are not known");
    };
    // HubSpot keeps the email unique, but does not list it so.
    let is_email = KeyKind::of(object_type, "email") == KeyKind::Email;
    let email = is_email.then_some("email").into_iter();
    let others = listed
        .iter()
        .map(String::as_str)
        .filter(|name| *name != "email");
    let names: Vec<String> = email
        .chain(others)
        .map(|name| format!("`{name}`"))
        .collect();
    if names.is_empty() {
        return format!("{object_type} has no unique properties");
    }
    format!("unique properties: {}", names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::response::headers::ReplyHeaders;
    use crate::domain::pair::ObjectType;

    fn check(
        object_type: &str,
        name: &str,
        allow_search: bool,
        (status, body): (u16, &str),
    ) -> Remark {
        let object_type = ObjectType::new(object_type).unwrap();
        let mut property = LookupProperty::new(object_type, name.into(), Route::BatchRead);
        if property.is_known_not_unique() {
            property.route = Route::Search;
        }
        let reply = Reply::Answered(Answer {
            status,
            headers: ReplyHeaders::default(),
            body: Body::Raw(body.as_bytes().to_vec()),
        });
        let value = unlikely_value(property.kind);
        key(&KeyCheck {
            call: CallResult::of(&property, value, reply),
            property,
            allow_search,
            unique: QueryResult::Known(vec!["own_key".to_owned()]),
        })
    }

    const MISSING: (u16, &str) = (
        207,
        r#"{"results": [], "errors": [{"category": "OBJECT_NOT_FOUND", "message": "x",
            "context": {"ids": ["doctor@hubspot-associate.example"]}}]}"#,
    );
    const EMPTY: (u16, &str) = (200, r#"{"total": 0, "results": []}"#);
    const NOT_UNIQUE: (u16, &str) = (
        400,
        r#"{"category": "VALIDATION_ERROR", "message": "Property note is not a unique property"}"#,
    );

    /// Checks the level, and parts of the finding and the hint.
    #[track_caller]
    fn assert_remark(remark: Remark, level: Level, says: &str, hint: &str) {
        assert_eq!(remark.level, level, "{remark:?}");
        assert!(remark.says.contains(says), "{remark:?}");
        assert!(remark.hint.unwrap_or_default().contains(hint), "{says}");
    }

    #[test]
    fn a_property_can_be_looked_up_if_hubspot_answers_for_a_value() {
        let unique = "`email` of contacts can be looked up; unique properties: `email`, `own_key`";
        let searched = "the search looks it up";
        let add = "add `--allow-search`, which is slow, or name another property; unique properties: `own_key`";
        for (object_type, name, allow_search, reply, level, says, hint) in [
            ("contacts", "email", false, MISSING, Level::Ok, unique, ""),
            (
                "contacts",
                "email",
                false,
                (404, MISSING.1),
                Level::Ok,
                unique,
                "",
            ),
            (
                "2-7",
                "note",
                false,
                NOT_UNIQUE,
                Level::Problem,
                "is not unique",
                add,
            ),
            ("2-7", "note", true, NOT_UNIQUE, Level::Ok, searched, ""),
            (
                "companies",
                "domain",
                false,
                EMPTY,
                Level::Problem,
                "only the search",
                add,
            ),
            ("companies", "domain", true, EMPTY, Level::Ok, searched, ""),
        ] {
            assert_remark(
                check(object_type, name, allow_search, reply),
                level,
                says,
                hint,
            );
        }
    }

    #[test]
    fn a_refusal_of_the_property_or_the_token_is_a_problem_and_an_unknown_reply_a_warning() {
        let unknown =
            r#"{"category": "VALIDATION_ERROR", "message": "Property 'emial' does not exist"}"#;
        let scopes = r#"{"category": "MISSING_SCOPES", "message": "no",
            "errors": [{"message": "no", "context": {"requiredGranularScopes": ["crm.objects.contacts.read"]}}]}"#;
        let value = r#"{"category": "VALIDATION_ERROR", "message": "x is not a number"}"#;
        for (name, reply, level, says, hint) in [
            (
                "emial",
                (400, unknown),
                Level::Problem,
                "does not exist",
                "name another",
            ),
            (
                "number",
                (400, value),
                Level::Warning,
                "refuses a test value",
                "unique",
            ),
            (
                "email",
                (403, scopes),
                Level::Problem,
                "lacks a scope",
                "crm.objects.contacts.read",
            ),
            (
                "email",
                (401, "{}"),
                Level::Problem,
                "the token is refused",
                "",
            ),
            (
                "email",
                (502, "<html>"),
                Level::Warning,
                "not known (status 502)",
                "",
            ),
            ("email", (200, "<html>"), Level::Warning, "not known: ", ""),
        ] {
            assert_remark(check("contacts", name, false, reply), level, says, hint);
        }
    }

    #[test]
    fn no_reply_says_nothing_about_a_property() {
        let email = ObjectType::new("contacts").unwrap();
        let email = LookupProperty::new(email, "email".into(), Route::BatchRead);
        let call = CallResult::of(&email, "x", Reply::TimedOut);
        assert!(matches!(call, CallResult::NotKnown(why) if why.contains("timeout")));
    }
}
