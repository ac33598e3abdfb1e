//! Every body matches the published descriptions, unless the captured form is requested.

use std::time::Duration;

use jsonschema::Validator;
use serde_json::{Value, json};

use crate::sandbox::faults::effect::Action;
use crate::sandbox::faults::table::{KNOWN_FAULTS, fault_id};
use crate::sandbox::http::reply::Reply;
use crate::sandbox::settings::{BatchErrors, BodyForm, Latency, SandboxSettings};
use crate::sandbox::state::world::{Request, World};
use crate::sandbox::tests::support::{BATCH, reply, unlimited, world};

const SCHEMAS: &str = include_str!("../api.schema.json");
const PUT: &str = "/crm/v4/objects/contacts/1/associations/default/companies/2";
const READ: &str = "/crm/v4/objects/contacts/1/associations/companies";

/// Faults whose error body follows their description, not the schema.
const CAPTURED_FAULTS: [&str; 6] = [
    "status:404",
    "status:423",
    "status:477",
    "status:500",
    "bare-refusal",
    "unavailable-retry",
];

/// Faults whose success body matches the schema: only its values are unusual.
const PLAIN_SUCCESSES: [&str; 13] = [
    "status:201",
    "status:207",
    "embedded-error",
    "only-count",
    "only-errors",
    "zero-errors",
    "empty-results",
    "merged",
    "forward-only",
    "inverse-only",
    "inverse-first",
    "pending",
    "canceled",
];

fn schema(name: &str) -> Validator {
    let mut schema: Value = serde_json::from_str(SCHEMAS).unwrap();
    schema["$ref"] = json!(format!("#/$defs/{name}"));
    jsonschema::validator_for(&schema).unwrap()
}

/// The schema violations of a reply's body, if it should be one of this name.
fn faults(name: &str, reply: &Reply) -> Vec<String> {
    let body: Value = match serde_json::from_slice(&reply.body) {
        Ok(body) => body,
        Err(error) => return vec![error.to_string()],
    };
    let validator = schema(name);
    let errors = validator.iter_errors(&body);
    errors.map(|error| format!("{error} in {body}")).collect()
}

pub(super) fn check(name: &str, status: u16, reply: &Reply) {
    assert_eq!(reply.status, status, "{reply:?}");
    assert_eq!(faults(name, reply), Vec::<String>::new());
}

fn ask(world: &mut World, token: &str, method: &str, target: &str, body: &str) -> Action {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let bearer = format!("Bearer {token}");
    let request = Request {
        method,
        path,
        query,
        authorization: Some(&bearer),
        body: body.as_bytes(),
    };
    world.answer(request, Duration::ZERO).action
}

fn put_to(id: &str) -> String {
    PUT.replace("companies/2", &format!("companies/{id}"))
}

fn batch_of(id: &str) -> String {
    json!({"inputs": [{"from": {"id": "1"}, "to": {"id": "2"}}, {"from": {"id": "3"}, "to": {"id": id}}]}).to_string()
}

#[test]
fn replies_to_pairs_batches_and_lists_match_the_schema() {
    let mut world = world(unlimited());
    check("linked", 200, &reply(&mut world, "PUT", PUT, ""));
    check("linked", 200, &reply(&mut world, "PUT", &put_to("3"), ""));
    let batch = reply(&mut world, "POST", BATCH, &batch_of("4"));
    check("linked", 200, &batch);
    check("read", 200, &reply(&mut world, "GET", READ, ""));
    let page = reply(&mut world, "GET", &format!("{READ}?limit=1"), "");
    check("read", 200, &page);
    let page: Value = serde_json::from_slice(&page.body).unwrap();
    assert_eq!(page["results"][0]["toObjectId"], "2");
    assert!(page["paging"]["next"]["after"].is_string());
}

#[test]
fn every_reply_to_invalid_pairs_matches_the_schema_and_only_nested_errors_name_the_record() {
    let missing = fault_id("missing", 0, 1).unwrap();
    for (way, status) in [
        (BatchErrors::Listed, 207),
        (BatchErrors::ListedWithOk, 200),
        (BatchErrors::ListedUnnamed, 207),
        (BatchErrors::Named, 400),
        (BatchErrors::NamedFirst, 400),
        (BatchErrors::Unnamed, 400),
        (BatchErrors::LeftOut, 200),
    ] {
        let mut world = world(SandboxSettings {
            batch_errors: way,
            ..unlimited()
        });
        let reply = reply(&mut world, "POST", BATCH, &batch_of(&missing));
        let name = if status == 400 { "error" } else { "linked" };
        check(name, status, &reply);
        if way == BatchErrors::Listed {
            let body: Value = serde_json::from_slice(&reply.body).unwrap();
            let error = &body["errors"][0];
            assert_eq!(error["context"], json!({}));
            assert!(error["subCategory"].is_object());
            assert_eq!(error["errors"][0]["context"]["id"], json!([missing]));
            assert_eq!(error["errors"][0]["in"], "toObjectId");
            assert!(body["requestedAt"].is_string() && body["links"].is_object());
        }
    }
}

#[test]
fn refusals_match_the_schema_unless_their_description_says_otherwise() {
    for known in KNOWN_FAULTS {
        let mut world = world(unlimited());
        let id = fault_id(known.name, 0, 1).unwrap();
        let Action::Answer(reply) = ask(&mut world, "x", "PUT", &put_to(&id), "") else {
            continue;
        };
        let is_json = reply.headers[0].1.starts_with("application/json");
        if PLAIN_SUCCESSES.contains(&known.name) {
            assert_eq!(
                faults("linked", &reply),
                Vec::<String>::new(),
                "{}",
                known.name
            );
        } else if reply.status >= 400 && is_json {
            let is_described = faults("error", &reply).is_empty();
            assert_eq!(
                is_described,
                !CAPTURED_FAULTS.contains(&known.name),
                "{}",
                known.name
            );
        }
    }
}

#[test]
fn refusals_before_any_pair_is_checked_match_the_schema() {
    let of = |more: SandboxSettings, token: &str, method: &str, target: &str, body: &str| {
        let mut world = world(SandboxSettings {
            latency: Latency::NONE,
            ..more
        });
        match ask(&mut world, token, method, target, body) {
            Action::Answer(reply) => reply,
            other => panic!("expected a reply, got {other:?}"),
        }
    };
    let widgets = PUT.replace("contacts", "widgets");
    for (status, method, target) in [
        (400, "PUT", widgets.as_str()),
        (
            400,
            "PUT",
            "/crm/v4/objects/deals/1/associations/default/0-9999/2",
        ),
        (
            400,
            "PUT",
            "/crm/v4/objects/deals/x/associations/default/deals/2",
        ),
        (400, "PUT", "/crm/v4/objects/deals/1/associations/deals/2"),
        (400, "POST", BATCH),
        (404, "GET", "/elsewhere"),
        (405, "POST", PUT),
        (405, "GET", BATCH),
    ] {
        check("error", status, &of(unlimited(), "x", method, target, ""));
    }
    check("error", 401, &of(unlimited(), "", "PUT", PUT, ""));
    let no_window = SandboxSettings {
        limit: Some(0),
        ..unlimited()
    };
    check("error", 429, &of(no_window, "x", "PUT", PUT, ""));
    let no_day = SandboxSettings {
        daily_limit: Some(0),
        ..unlimited()
    };
    check("error", 429, &of(no_day, "x", "PUT", PUT, ""));
    let no_scopes = SandboxSettings {
        missing_scopes: true,
        ..unlimited()
    };
    check("error", 403, &of(no_scopes, "x", "PUT", PUT, ""));
    let no_account = SandboxSettings {
        account_access: false,
        ..unlimited()
    };
    let details = "/account-info/v3/details";
    check("error", 401, &of(no_account, "x", "GET", details, ""));
}

#[test]
fn an_unsupported_method_is_refused_with_the_supported_one() {
    let mut world = world(unlimited());
    for (method, target, allowed) in [
        ("POST", PUT, "PUT"),
        ("GET", BATCH, "POST"),
        ("PUT", "/account-info/v3/details", "GET"),
        ("DELETE", READ, "GET"),
        ("GET", "/oauth/2026-03/token", "POST"),
    ] {
        let reply = reply(&mut world, method, target, "");
        assert_eq!(reply.status, 405, "{target}");
        let allow = reply.headers.iter().find(|(name, _)| *name == "allow");
        assert_eq!(allow.map(|(_, value)| value.as_str()), Some(allowed));
    }
}

#[test]
fn the_account_its_usage_and_the_token_calls_match_the_schema() {
    let mut world = world(unlimited());
    let details = reply(&mut world, "GET", "/account-info/v3/details", "");
    check("account", 200, &details);
    let path = "/account-info/2026-03/api-usage/daily/private-apps";
    check("usage", 200, &reply(&mut world, "GET", path, ""));
    let path = "/oauth/2026-03/token";
    let form = "grant_type=refresh_token&client_id=i&client_secret=s&refresh_token=r";
    let token = reply(&mut world, "POST", path, form);
    check("token", 200, &token);
    let token: Value = serde_json::from_slice(&token.body).unwrap();
    let token = token["access_token"].as_str().unwrap();
    for (form, refused) in [("grant_type=password", true), ("", true), (form, false)] {
        let name = if refused { "refused_token" } else { "token" };
        let status = if refused { 400 } else { 200 };
        check(name, status, &reply(&mut world, "POST", path, form));
    }
    let path = "/oauth/2026-03/token/introspect";
    for (token, active) in [(token, true), ("unknown", false)] {
        let form = format!("client_id=i&client_secret=s&token={token}");
        let reply = reply(&mut world, "POST", path, &form);
        check("introspection", 200, &reply);
        let body: Value = serde_json::from_slice(&reply.body).unwrap();
        assert_eq!(body["active"], active);
    }
}

#[test]
fn captured_forms_are_sent_on_request_and_do_not_match_the_schema() {
    let mut world = world(SandboxSettings {
        bodies: BodyForm::Captured,
        ..unlimited()
    });
    let missing = fault_id("embedded-error", 0, 1).unwrap();
    check("linked", 200, &reply(&mut world, "PUT", PUT, ""));
    let read = reply(&mut world, "GET", READ, "");
    let link: Value = serde_json::from_slice::<Value>(&read.body).unwrap()["results"][0].take();
    assert_eq!(link["toObjectId"], 2);
    assert_eq!(link["associationTypes"][0]["label"], Value::Null);
    let embedded = reply(&mut world, "PUT", &put_to(&missing), "");
    let body: Value = serde_json::from_slice(&embedded.body).unwrap();
    assert_eq!(
        body["errors"],
        json!([{"status": "error", "category": "OBJECT_NOT_FOUND",
            "subCategory": "crm.associations.TO_OBJECT_NOT_FOUND",
            "message": format!("No company with ID {missing} exists"),
            "context": {"objectType": ["company"], "id": [missing]}}])
    );
    let widgets = PUT.replace("contacts", "widgets");
    let unknown = reply(&mut world, "PUT", &widgets, "");
    let burst = fault_id("status:429", 0, 1).unwrap();
    let burst = reply(&mut world, "PUT", &put_to(&burst), "");
    for (name, reply) in [
        ("read", &read),
        ("linked", &embedded),
        ("error", &unknown),
        ("error", &burst),
    ] {
        assert_ne!(faults(name, reply), Vec::<String>::new());
    }
}
