//! The error bodies, in HubSpot's envelope.
//!
//! Each function takes the correlation id and returns status and body. Every body has the fields that the published
//! schema requires. Captures lack the `category` where a limit is exceeded, or a type or the path is unknown; those
//! bodies use the requested form.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::sandbox::data::object_types;
use crate::sandbox::data::object_types::UnknownType;
use crate::sandbox::http::pages;
use crate::sandbox::http::reply::Reply;
use crate::sandbox::settings::BodyForm;

fn refusal(status: u16, message: &str, correlation: &str, more: Value) -> Reply {
    let mut body = Map::new();
    body.insert("status".to_owned(), json!("error"));
    body.insert("message".to_owned(), json!(message));
    body.insert("correlationId".to_owned(), json!(correlation));
    if let Value::Object(more) = more {
        body.extend(more);
    }
    Reply::json(status, &Value::Object(body))
}

/// With only status, message and correlation id.
pub(crate) fn bare(status: u16, message: &str, correlation: &str) -> Reply {
    refusal(status, message, correlation, Value::Null)
}

/// With a category too, unless the captured form lacks it.
pub(crate) fn of_category(
    status: u16,
    category: &str,
    message: &str,
    form: BodyForm,
    correlation: &str,
) -> Reply {
    let more = categorized(json!({}), category, form);
    refusal(status, message, correlation, more)
}

fn categorized(mut more: Value, category: &str, form: BodyForm) -> Value {
    if form == BodyForm::Schema {
        more["category"] = json!(category);
    }
    more
}

/// The category of replies to requests over a limit; the schema requires one.
const RATE_LIMITS: &str = "RATE_LIMITS";

pub(crate) fn validation(message: &str, correlation: &str) -> Reply {
    refusal(
        400,
        message,
        correlation,
        json!({"category": "VALIDATION_ERROR"}),
    )
}

pub(crate) fn invalid_identifier(id: &str, correlation: &str) -> Reply {
    refusal(
        400,
        &format!("Invalid identifier: {id}"),
        correlation,
        json!({
            "category": "VALIDATION_ERROR",
            "subCategory": "crm.associations.INVALID_IDENTIFIER",
            "context": {"id": [id]},
        }),
    )
}

/// The request's body as JSON of this form.
pub(crate) fn parse_body<'a, T: Deserialize<'a>>(
    body: &'a [u8],
    correlation: &str,
) -> Result<T, Reply> {
    if body.is_empty() {
        return Err(no_body(correlation));
    }
    serde_json::from_slice(body)
        .map_err(|error| validation(&format!("Invalid JSON input: {error}"), correlation))
}

pub(crate) fn no_body(correlation: &str) -> Reply {
    let message = "Invalid JSON input: a request body was expected, but none found";
    validation(message, correlation)
}

/// A path that is no call.
pub(crate) fn unknown_path(form: BodyForm, correlation: &str) -> Reply {
    let message = "resource not found";
    of_category(404, "RESOURCE_NOT_FOUND", message, form, correlation)
}

/// 404 for something that does not exist, as opposed to a path.
pub(crate) fn not_found(message: &str, form: BodyForm, correlation: &str) -> Reply {
    of_category(404, "OBJECT_NOT_FOUND", message, form, correlation)
}

/// A property that the type does not have.
pub(crate) fn unknown_property(property: &str, correlation: &str) -> Reply {
    validation(
        &format!("Property \"{property}\" does not exist"),
        correlation,
    )
}

/// A property by which records cannot be read, because several records may share a value.
pub(crate) fn not_unique(
    status: u16,
    type_name: &str,
    property: &str,
    portal_id: u64,
    correlation: &str,
) -> Reply {
    let id = object_types::type_id(type_name);
    let message = format!(
        "Unable to perform read by non-unique {id} property {property} in portal ID {portal_id}"
    );
    let category = json!({"category": "VALIDATION_ERROR"});
    refusal(status, &message, correlation, category)
}

/// A path segment that names no object type.
pub(crate) fn unknown_type(unknown: &UnknownType, form: BodyForm, correlation: &str) -> Reply {
    let message = match unknown {
        UnknownType::Name(name) => format!("Unable to infer object type from: {name}"),
        UnknownType::Id(id) => format!("Invalid object or event type id: {id}"),
    };
    of_category(400, "VALIDATION_ERROR", &message, form, correlation)
}

const ASSOCIATIONS_INVALID: &str = "One or more associations are invalid";

/// Records that do not exist: their types in upper case, and their ids.
pub(crate) fn invalid_object_ids(
    records: &[(String, String)],
    old_form: bool,
    correlation: &str,
) -> Reply {
    let lines: Vec<String> = records
        .iter()
        .map(|(label, id)| format!("{label}={id} is not valid"))
        .collect();
    let mut context = json!({"INVALID_OBJECT_IDS": lines});
    if !old_form {
        let (labels, ids): (Vec<&String>, Vec<&String>) =
            records.iter().map(|(label, id)| (label, id)).unzip();
        context["objectId"] = json!(ids);
        context["objectType"] = json!(labels);
    }
    refusal(
        400,
        ASSOCIATIONS_INVALID,
        correlation,
        json!({"category": "VALIDATION_ERROR", "context": context}),
    )
}

/// Association types that do not exist in this direction, each as `CATEGORY=ID`.
pub(crate) fn invalid_types(types: &[String], correlation: &str) -> Reply {
    let lines: Vec<String> = types
        .iter()
        .map(|name| format!("{name} is not a valid association definition id"))
        .collect();
    let context = json!({"associationSpec": types, "INVALID_ASSOCIATION_TYPE_ID": lines});
    refusal(
        400,
        ASSOCIATIONS_INVALID,
        correlation,
        json!({"category": "VALIDATION_ERROR", "context": context}),
    )
}

/// The refusal of invalid records without naming any.
pub(crate) fn associations_invalid(correlation: &str) -> Reply {
    validation(ASSOCIATIONS_INVALID, correlation)
}

pub(crate) fn association_limit(correlation: &str) -> Reply {
    let message = "The record has reached its limit of associations to this object type";
    validation(message, correlation)
}

pub(crate) fn unauthenticated(correlation: &str) -> Reply {
    refusal(
        401,
        "Authentication credentials not found. This API supports OAuth 2.0 authentication and you \
         can find more details at https://developers.hubspot.com/docs/methods/auth/oauth-overview",
        correlation,
        json!({"category": "INVALID_AUTHENTICATION"}),
    )
}

pub(crate) fn expired(ago: u64, since: &str, correlation: &str) -> Reply {
    refusal(
        401,
        &format!("The OAuth token used to make this call expired {ago} second(s) ago."),
        correlation,
        json!({
            "category": "EXPIRED_AUTHENTICATION",
            "context": {"expire time": [since]},
        }),
    )
}

/// Where a refusal for missing scopes lists them.
#[derive(Clone, Copy)]
pub(crate) enum ScopesForm {
    /// `errors[].context.requiredGranularScopes`, the form of 2026.
    Granular,
    /// `errors[].context.requiredScopes`, the form of 2022.
    Required,
    /// `context.missingScopes`, the form of the published description.
    Missing,
}

/// The scopes that a refusal of an association lists.
pub(crate) const WRITE_SCOPES: [&str; 2] =
    ["crm.objects.contacts.write", "crm.objects.companies.write"];

pub(crate) fn missing_scopes(
    form: ScopesForm,
    scopes: &[impl Serialize],
    correlation: &str,
) -> Reply {
    let explained = |key: &str| {
        json!([{
            "message": "One or more of the following scopes are required.",
            "context": {key: scopes},
        }])
    };
    let mut more = json!({
        "category": "MISSING_SCOPES",
        "links": {"scopes": "https://developers.hubspot.com/scopes"},
    });
    match form {
        ScopesForm::Granular => more["errors"] = explained("requiredGranularScopes"),
        ScopesForm::Required => more["errors"] = explained("requiredScopes"),
        ScopesForm::Missing => more["context"] = json!({"missingScopes": scopes}),
    }
    refusal(
        403,
        "This app hasn't been granted all required scopes to make this call. Read more about \
         required scopes here: https://developers.hubspot.com/scopes.",
        correlation,
        more,
    )
}

pub(crate) fn burst(portal_id: u64, form: BodyForm, correlation: &str) -> Reply {
    let more = json!({
        "errorType": "RATE_LIMIT",
        "policyName": "TEN_SECONDLY_ROLLING",
        "groupName": format!("publicapi:private_app-api-calls-ten-secondly:1000001:{portal_id}"),
    });
    let message = "You have reached your ten_secondly_rolling limit.";
    refusal(
        429,
        message,
        correlation,
        categorized(more, RATE_LIMITS, form),
    )
}

pub(crate) fn secondly(form: BodyForm, correlation: &str) -> Reply {
    let more = json!({"errorType": "RATE_LIMIT", "policyName": "SECONDLY"});
    let message = "You have reached your secondly limit.";
    refusal(
        429,
        message,
        correlation,
        categorized(more, RATE_LIMITS, form),
    )
}

pub(crate) fn daily(form: BodyForm, correlation: &str) -> Reply {
    let more = json!({"errorType": "RATE_LIMIT", "policyName": "DAILY", "requestId": correlation});
    let message = "You have reached your daily limit.";
    refusal(
        429,
        message,
        correlation,
        categorized(more, RATE_LIMITS, form),
    )
}

/// A method that a path does not support.
pub(crate) fn wrong_method(allowed: &'static str, form: BodyForm, correlation: &str) -> Reply {
    let message = "method not allowed";
    of_category(405, "METHOD_NOT_ALLOWED", message, form, correlation).with("allow", allowed)
}

/// The usual reply of a status without a specific fault.
pub(crate) fn of_status(status: u16, portal_id: u64, form: BodyForm, correlation: &str) -> Reply {
    match status {
        400 => validation("Invalid input", correlation),
        401 => unauthenticated(correlation),
        403 => missing_scopes(ScopesForm::Granular, &WRITE_SCOPES, correlation),
        404 => bare(404, "resource not found", correlation),
        409 => refusal(
            409,
            "conflict",
            correlation,
            json!({"category": "CONFLICT"}),
        ),
        423 => bare(423, "locked", correlation),
        429 => burst(portal_id, form, correlation),
        414 | 502..=504 | 520..=530 => Reply::page(status, pages::page(status)),
        500 => bare(500, "internal error", correlation),
        _ => bare(status, "error", correlation),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(reply: &Reply) -> Value {
        serde_json::from_slice(&reply.body).unwrap()
    }

    #[test]
    fn a_missing_record_is_named_with_its_type_and_id() {
        let records = [("CONTACT".to_owned(), "99000111".to_owned())];
        let reply = invalid_object_ids(&records, false, "c");
        assert_eq!(reply.status, 400);
        assert_eq!(
            body(&reply),
            json!({
                "status": "error", "message": "One or more associations are invalid",
                "correlationId": "c",
                "context": {"INVALID_OBJECT_IDS": ["CONTACT=99000111 is not valid"],
                            "objectId": ["99000111"], "objectType": ["CONTACT"]},
                "category": "VALIDATION_ERROR",
            })
        );
        let old = body(&invalid_object_ids(&records, true, "c"));
        assert_eq!(
            old["context"],
            json!({"INVALID_OBJECT_IDS": ["CONTACT=99000111 is not valid"]})
        );
    }

    #[test]
    fn throttling_names_its_policy_and_has_a_category_except_in_captured_form() {
        for form in [BodyForm::Schema, BodyForm::Captured] {
            for (reply, policy) in [
                (burst(2, form, "c"), "TEN_SECONDLY_ROLLING"),
                (daily(form, "c"), "DAILY"),
                (secondly(form, "c"), "SECONDLY"),
            ] {
                let body = body(&reply);
                assert_eq!(reply.status, 429);
                assert_eq!(body["policyName"], policy);
                assert_eq!(body["errorType"], "RATE_LIMIT");
                let category = (form == BodyForm::Schema).then_some("RATE_LIMITS");
                assert_eq!(body.get("category").and_then(Value::as_str), category);
            }
        }
    }

    #[test]
    fn the_three_forms_of_missing_scopes_name_them_in_three_places() {
        let of = |form| body(&missing_scopes(form, &WRITE_SCOPES, "c"));
        let granular = of(ScopesForm::Granular);
        assert!(granular["errors"][0]["context"]["requiredGranularScopes"].is_array());
        assert!(of(ScopesForm::Required)["errors"][0]["context"]["requiredScopes"].is_array());
        assert!(of(ScopesForm::Missing)["context"]["missingScopes"].is_array());
        assert_eq!(granular["category"], "MISSING_SCOPES");
    }
}
