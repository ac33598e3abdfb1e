//! The rules as a whole, without sockets: requests at simulated times, replies as data.

use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use crate::sandbox::faults::effect::Action;
use crate::sandbox::faults::table::{KNOWN_FAULTS, fault_id};
use crate::sandbox::http::reply::Reply;
use crate::sandbox::settings::{BatchErrors, Latency, SandboxSettings};
use crate::sandbox::state::world::{Plan, Request, World};

const BATCH: &str = "/crm/v4/associations/contacts/companies/batch/associate/default";

fn world(settings: SandboxSettings) -> World {
    let started = SystemTime::UNIX_EPOCH + Duration::from_millis(1_777_886_122_031);
    World::new(settings, started)
}

fn unlimited() -> SandboxSettings {
    SandboxSettings {
        limit: None,
        latency: Latency::NONE,
        ..SandboxSettings::default()
    }
}

fn pair_path(from: &str, to: &str) -> String {
    format!("/crm/v4/objects/contacts/{from}/associations/default/companies/{to}")
}

fn plan(world: &mut World, method: &str, target: &str, body: &str, now: Duration) -> Plan {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let request = Request {
        method,
        path,
        query,
        authorization: Some("Bearer anything"),
        body: body.as_bytes(),
    };
    world.answer(request, now)
}

fn reply(world: &mut World, method: &str, target: &str, body: &str) -> Reply {
    let plan = plan(world, method, target, body, Duration::ZERO);
    match plan.action {
        Action::Answer(reply) => reply,
        other => panic!("expected a reply, got {other:?}"),
    }
}

fn body(reply: &Reply) -> Value {
    serde_json::from_slice(&reply.body).unwrap()
}

fn put(world: &mut World, path: &str) -> (u16, Value) {
    let reply = reply(world, "PUT", path, "");
    (reply.status, body(&reply))
}

fn header<'a>(reply: &'a Reply, name: &str) -> Option<&'a str> {
    let found = reply.headers.iter().find(|(header, _)| *header == name);
    found.map(|(_, value)| value.as_str())
}

fn batch_body(pairs: &[(&str, &str)]) -> String {
    let inputs: Vec<Value> = pairs
        .iter()
        .map(|(from, to)| json!({"from": {"id": from}, "to": {"id": to}}))
        .collect();
    json!({"inputs": inputs}).to_string()
}

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
fn the_window_refuses_requests_over_the_limit_and_headers_show_the_rest() {
    let mut world = world(SandboxSettings {
        limit: Some(2),
        announced_limit: Some(190),
        daily_limit: Some(250_000),
        ..unlimited()
    });
    let path = pair_path("1", "2");
    let first = reply(&mut world, "PUT", &path, "");
    for (name, value) in [
        ("x-hubspot-ratelimit-max", "190"),
        ("x-hubspot-ratelimit-remaining", "189"),
        ("x-hubspot-ratelimit-interval-milliseconds", "10000"),
        ("x-hubspot-ratelimit-daily", "250000"),
        ("x-hubspot-ratelimit-daily-remaining", "249999"),
        ("x-hubspot-ratelimit-secondly", "19"),
        ("x-hubspot-ratelimit-secondly-remaining", "18"),
    ] {
        assert_eq!(header(&first, name), Some(value), "{name}");
    }
    assert!(header(&first, "x-hubspot-correlation-id").is_some());
    put(&mut world, &path);
    let (status, said) = put(&mut world, &path);
    assert_eq!(
        (status, &said["policyName"]),
        (429, &json!("TEN_SECONDLY_ROLLING"))
    );
    let batch = reply(&mut world, "POST", BATCH, &batch_body(&[("1", "2")]));
    assert_eq!(batch.status, 200, "batch calls are exempt");
    assert_eq!(header(&batch, "x-hubspot-ratelimit-max"), None);
    let seen = world.seen();
    assert_eq!(
        (seen.over_window, seen.throttled(), seen.peak_in_window),
        (1, 1, 3)
    );
    assert_eq!(seen.pair("contacts", "1", "companies", "2").puts, 3);
}

#[test]
fn a_used_up_daily_limit_refuses_every_call_until_it_resets() {
    let mut world = world(SandboxSettings {
        daily_limit: Some(1),
        day_length: Some(Duration::from_mins(1)),
        limit_headers: false,
        ..unlimited()
    });
    let path = pair_path("1", "2");
    let first = reply(&mut world, "PUT", &path, "");
    assert!(header(&first, "x-hubspot-ratelimit-daily").is_none());
    let refused = reply(&mut world, "POST", BATCH, &batch_body(&[("1", "2")]));
    assert_eq!(body(&refused)["policyName"], "DAILY");
    let later = plan(&mut world, "PUT", &path, "", Duration::from_mins(1));
    assert!(matches!(later.action, Action::Answer(reply) if reply.status == 200));
}

#[test]
fn an_issued_token_expires_by_use_and_gets_no_daily_headers() {
    let mut world = world(SandboxSettings {
        token_uses: Some(1),
        daily_limit: Some(10),
        ..unlimited()
    });
    let form = "grant_type=refresh_token&client_id=i&client_secret=s&refresh_token=r";
    let issued = body(&reply(&mut world, "POST", "/oauth/2026-03/token", form));
    let bearer = format!("Bearer {}", issued["access_token"].as_str().unwrap());
    let path = pair_path("1", "2");
    let mut answer = || {
        let request = Request {
            method: "PUT",
            path: &path,
            query: "",
            authorization: Some(&bearer),
            body: b"",
        };
        match world.answer(request, Duration::ZERO).action {
            Action::Answer(reply) => reply,
            other => panic!("expected a reply, got {other:?}"),
        }
    };
    let first = answer();
    assert_eq!(first.status, 200);
    assert_eq!(header(&first, "x-hubspot-ratelimit-daily"), None);
    let second = answer();
    assert_eq!(second.status, 401);
    assert_eq!(body(&second)["category"], "EXPIRED_AUTHENTICATION");
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
fn an_id_names_its_fault_on_either_side_and_how_often_it_occurs() {
    let mut world = world(unlimited());
    let twice = fault_id("status:503", 2, 1).unwrap();
    let path = pair_path("17", &twice);
    for status in [503, 503, 200, 200] {
        assert_eq!(reply(&mut world, "PUT", &path, "").status, status);
    }
    let missing = fault_id("missing", 0, 1).unwrap();
    let (status, said) = put(&mut world, &pair_path(&missing, "17"));
    let line = format!("CONTACT={missing} is not valid");
    assert_eq!(
        (status, &said["context"]["INVALID_OBJECT_IDS"][0]),
        (400, &json!(line))
    );
    let (_, said) = put(&mut world, &pair_path("17", &missing));
    let line = format!("COMPANY={missing} is not valid");
    assert_eq!(said["context"]["INVALID_OBJECT_IDS"], json!([line]));
}

#[test]
fn every_known_fault_affects_the_pair_as_its_description_says() {
    for known in KNOWN_FAULTS {
        let mut world = world(unlimited());
        let id = fault_id(known.name, 0, 1).unwrap();
        let planned = plan(&mut world, "PUT", &pair_path("17", &id), "", Duration::ZERO);
        let associated = world
            .seen()
            .pair("contacts", "17", "companies", &id)
            .associated;
        let effect = known.effect;
        let said = effect.contains("not associated");
        if said || effect.starts_with(['3', '4', '5']) {
            assert!(!associated, "{}", known.name);
        }
        if !said && (effect.starts_with("success") || effect.contains("; associated")) {
            assert!(associated, "{}", known.name);
        }
        if let Action::Answer(reply) = planned.action {
            let status = reply.status.to_string();
            let success = effect.starts_with("success") || effect.starts_with("the same");
            assert!(
                success || effect.starts_with(&status),
                "{}: {status}",
                known.name
            );
        }
    }
}

#[test]
fn a_merged_record_is_returned_and_associated_under_its_other_id() {
    let mut world = world(unlimited());
    let id = fault_id("merged", 0, 1).unwrap();
    let other = format!("8{}", &id[1..]);
    let (_, said) = put(&mut world, &pair_path(&id, "17"));
    assert_eq!(said["results"][0]["from"]["id"], json!(other));
    let seen = world.seen();
    assert!(!seen.pair("contacts", &id, "companies", "17").associated);
    assert!(seen.pair("contacts", &other, "companies", "17").associated);
}

#[test]
fn drawn_faults_do_not_depend_on_the_order_of_requests() {
    let statuses = |order: &mut dyn Iterator<Item = u32>| {
        let mut world = world(SandboxSettings {
            faults: "status:502=30%,missing=10%".parse().unwrap(),
            seed: 7,
            ..unlimited()
        });
        let mut met: Vec<(u32, u16)> = order
            .map(|id| {
                let path = pair_path(&(id + 1).to_string(), "17");
                (id, reply(&mut world, "PUT", &path, "").status)
            })
            .collect();
        met.sort_unstable();
        met
    };
    let forward = statuses(&mut (0..200));
    assert_eq!(forward, statuses(&mut (0..200).rev()));
    let failed = forward.iter().filter(|(_, status)| *status == 502).count();
    assert!((40..80).contains(&failed), "{failed} of 200 at 30 %");
}

#[test]
fn a_second_attempt_gets_a_new_draw() {
    let mut world = world(SandboxSettings {
        faults: "status:502=50%".parse().unwrap(),
        ..unlimited()
    });
    let path = pair_path("1", "2");
    let statuses: Vec<u16> = (0..40)
        .map(|_| reply(&mut world, "PUT", &path, "").status)
        .collect();
    assert!(statuses.contains(&200) && statuses.contains(&502));
}

#[test]
fn a_batch_with_a_missing_record_gets_the_configured_reply() {
    let missing = fault_id("missing", 0, 1).unwrap();
    let sent = batch_body(&[("1", "2"), ("3", &missing), ("5", "6")]);
    for (way, status, results, errors, associated) in [
        (BatchErrors::Listed, 207, Some(4), Some(1), 2),
        (BatchErrors::ListedWithOk, 200, Some(4), Some(1), 2),
        (BatchErrors::ListedUnnamed, 207, Some(4), Some(1), 2),
        (BatchErrors::Named, 400, None, None, 0),
        (BatchErrors::NamedFirst, 400, None, None, 0),
        (BatchErrors::Unnamed, 400, None, None, 0),
        (BatchErrors::LeftOut, 200, Some(4), None, 2),
    ] {
        let mut world = world(SandboxSettings {
            batch_errors: way,
            ..unlimited()
        });
        let reply = reply(&mut world, "POST", BATCH, &sent);
        let said = body(&reply);
        let length = |field: &str| said[field].as_array().map(Vec::len);
        assert_eq!(reply.status, status, "{way:?}");
        assert_eq!(
            (length("results"), length("errors")),
            (results, errors),
            "{way:?}"
        );
        assert_eq!(
            said.to_string().contains(&missing),
            !matches!(
                way,
                BatchErrors::ListedUnnamed | BatchErrors::Unnamed | BatchErrors::LeftOut
            ),
            "{way:?}"
        );
        assert_eq!(world.seen().pairs_associated, associated, "{way:?}");
    }
}

#[test]
fn only_the_first_of_several_invalid_ids_is_named() {
    let [one, two] = [1, 2].map(|serial| fault_id("missing", 0, serial).unwrap());
    let sent = batch_body(&[("1", &one), ("3", &two)]);
    for (way, both) in [(BatchErrors::Named, true), (BatchErrors::NamedFirst, false)] {
        let mut world = world(SandboxSettings {
            batch_errors: way,
            ..unlimited()
        });
        let said = body(&reply(&mut world, "POST", BATCH, &sent)).to_string();
        assert!(said.contains(&one));
        assert_eq!(said.contains(&two), both, "{way:?}");
    }
}

#[test]
fn a_batch_that_is_too_long_or_malformed_is_refused() {
    let mut world = world(SandboxSettings {
        batch_limit: 1,
        ..unlimited()
    });
    let long = batch_body(&[("1", "2"), ("3", "4")]);
    for sent in [long.as_str(), "", "{}", "{\"inputs\":[]}", "nonsense"] {
        let reply = reply(&mut world, "POST", BATCH, sent);
        assert_eq!(reply.status, 400, "{sent}");
        assert_eq!(body(&reply)["category"], "VALIDATION_ERROR");
    }
    assert_eq!(world.seen().pairs_associated, 0);
}

#[test]
fn other_faults_apply_to_a_batch_as_a_whole() {
    let mut world = world(unlimited());
    let once = fault_id("status:504", 1, 1).unwrap();
    let sent = batch_body(&[("1", "2"), ("3", &once)]);
    assert_eq!(reply(&mut world, "POST", BATCH, &sent).status, 504);
    assert_eq!(reply(&mut world, "POST", BATCH, &sent).status, 200);
    assert_eq!(world.seen().pairs_associated, 2);
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
