//! One pair per call, and the calls beside it: requests at simulated times, replies as data.

use std::time::Duration;

use serde_json::json;

use crate::sandbox::faults::effect::Action;
use crate::sandbox::settings::SandboxSettings;
use crate::sandbox::state::world::Request;
use crate::sandbox::tests::support::{body, header, pair_path, plan, put, reply, unlimited, world};

#[test]
fn a_pair_is_associated_and_read_back_from_both_sides_under_any_spelling() {
    let mut world = world(unlimited());
    let (status, said) = put(&mut world, &pair_path("41001", "52002"));
    assert_eq!((status, &said["status"]), (200, &json!("COMPLETE")));
    assert!(said.get("numErrors").is_none() && said.get("errors").is_none());
    for (path, other) in [
        ("/crm/v4/objects/contact/41001/associations/0-2", "52002"),
        (
            "/crm/objects/2026-03/COMPANIES/52002/associations/0-1",
            "41001",
        ),
    ] {
        let read = body(&reply(&mut world, "GET", path, ""));
        assert_eq!(read["results"][0]["toObjectId"], json!(other), "{path}");
    }
    let seen = world.seen();
    let pair = seen.pair("0-1", "41001", "company", "52002");
    assert_eq!((pair.puts, pair.associated), (1, true));
    assert_eq!((seen.pairs_put, seen.pairs_associated), (1, 1));
}

#[test]
fn reading_back_goes_page_by_page() {
    let mut world = world(unlimited());
    for to in ["5", "6", "7"] {
        put(&mut world, &pair_path("1", to));
    }
    let path = "/crm/v4/objects/contacts/1/associations/companies";
    let first = body(&reply(&mut world, "GET", &format!("{path}?limit=2"), ""));
    assert_eq!(first["results"].as_array().unwrap().len(), 2);
    assert_eq!(first["paging"]["next"]["after"], "6");
    let next = body(&reply(
        &mut world,
        "GET",
        &format!("{path}?limit=2&after=6"),
        "",
    ));
    assert_eq!(next["results"][0]["toObjectId"], "7");
    assert!(next.get("paging").is_none());
}

#[test]
fn invalid_requests_are_refused_with_the_documented_messages() {
    let mut world = world(unlimited());
    for (path, status, message) in [
        (
            "/crm/v4/objects/widgets/1/associations/default/deals/2",
            400,
            "Unable to infer object type from: widgets",
        ),
        (
            "/crm/v4/objects/vendor/1/associations/default/deals/2",
            400,
            "Unable to infer object type from: vendor",
        ),
        (
            "/crm/v4/objects/deals/1/associations/default/0-9999/2",
            400,
            "Invalid object or event type id: 0-9999",
        ),
        (
            "/crm/v4/objects/deals/1/associations/deals/2",
            400,
            "Invalid JSON input: a request body was expected, but none found",
        ),
        (
            "/crm/v4/objects/deals/x/associations/default/deals/2",
            400,
            "Invalid identifier: x",
        ),
        (
            "/crm/v4/objects/deals/1/associations/default/deals",
            400,
            "Invalid JSON input: a request body was expected, but none found",
        ),
        (
            "/crm/v9/objects/deals/1/associations/default/deals/2",
            404,
            "resource not found",
        ),
    ] {
        let (answered, said) = put(&mut world, path);
        assert_eq!(
            (answered, said["message"].as_str().unwrap()),
            (status, message),
            "{path}"
        );
        let category = match status {
            404 => "RESOURCE_NOT_FOUND",
            _ => "VALIDATION_ERROR",
        };
        assert_eq!(said["category"], category, "{path}");
    }
    let (_, said) = put(
        &mut world,
        "/crm/v4/objects/deals/x/associations/default/deals/2",
    );
    assert_eq!(said["subCategory"], "crm.associations.INVALID_IDENTIFIER");
}

#[test]
fn without_a_token_nothing_is_done() {
    let mut world = world(unlimited());
    let path = pair_path("1", "2");
    let request = Request {
        method: "PUT",
        path: &path,
        query: "",
        authorization: None,
        body: b"",
    };
    let Action::Answer(reply) = world.answer(request, Duration::ZERO).action else {
        panic!("no reply");
    };
    assert_eq!(reply.status, 401);
    assert_eq!(body(&reply)["category"], "INVALID_AUTHENTICATION");
    assert!(
        !world
            .seen()
            .pair("contacts", "1", "companies", "2")
            .associated
    );
}

#[test]
fn the_account_has_a_time_zone_and_a_usage() {
    let mut world = world(unlimited());
    let details = body(&reply(&mut world, "GET", "/account-info/v3/details", ""));
    assert_eq!(details["utcOffsetMilliseconds"], -18_000_000);
    assert_eq!(details["utcOffset"], "-05:00");
    let path = "/account-info/2026-03/api-usage/daily/private-apps";
    let usage = body(&reply(&mut world, "GET", path, ""));
    assert_eq!(usage["results"][0]["currentUsage"], 2);
    assert_eq!(usage["results"][0]["resetsAt"], "2026-05-05T05:00:00.000Z");
}

#[test]
fn correlation_ids_and_latencies_repeat_with_the_seed() {
    let met = |seed| {
        let mut world = world(SandboxSettings {
            seed,
            latency: "20-60ms".parse().unwrap(),
            ..unlimited()
        });
        let planned = plan(&mut world, "PUT", &pair_path("1", "2"), "", Duration::ZERO);
        let Action::Answer(reply) = planned.action else {
            panic!("no reply");
        };
        let id = header(&reply, "x-hubspot-correlation-id").map(str::to_owned);
        (planned.after, id)
    };
    assert_eq!(met(1), met(1));
    assert_ne!(met(1), met(2));
    assert!((20..=60).contains(&met(1).0.as_millis()));
}
