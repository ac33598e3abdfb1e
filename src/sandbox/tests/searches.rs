//! Searching for records by the values of a property.

use std::time::Duration;

use serde_json::{Value, json};

use crate::sandbox::faults::effect::Action;
use crate::sandbox::http::reply::Reply;
use crate::sandbox::rate_setting::RateLimit;
use crate::sandbox::read_settings::ReadSettings;
use crate::sandbox::settings::SandboxSettings;
use crate::sandbox::state::world::World;
use crate::sandbox::tests::support::{body, header, plan, unlimited, world};

const COMPANIES: &str = "/crm/v3/objects/companies/search";

fn request(property: &str, values: &[&str], limit: usize, after: Option<&str>) -> String {
    let filter = json!({"propertyName": property, "operator": "IN", "values": values});
    let groups = json!([{"filters": [filter]}]);
    let mut body = json!({"filterGroups": groups, "properties": [property], "limit": limit});
    if let Some(after) = after {
        body["after"] = json!(after);
    }
    body.to_string()
}

fn search_at(world: &mut World, path: &str, sent: &str, seconds: u64) -> Reply {
    let now = Duration::from_secs(seconds);
    match plan(world, "POST", path, sent, now).action {
        Action::Answer(reply) => reply,
        other => panic!("expected a reply, got {other:?}"),
    }
}

fn search(world: &mut World, sent: &str) -> Value {
    let reply = search_at(world, COMPANIES, sent, 0);
    assert_eq!(reply.status, 200, "{}", body(&reply));
    body(&reply)
}

fn ids(said: &Value) -> Vec<u128> {
    let results = said["results"].as_array().unwrap().iter();
    let id = |record: &Value| record["id"].as_str().unwrap().parse().unwrap();
    results.map(id).collect()
}

#[test]
fn a_domain_finds_its_company_and_shared_ones_find_several() {
    let mut world = world(unlimited());
    let values = ["company17.example", "many3.example", "missing1.example"];
    let said = search(&mut world, &request("domain", &values, 200, None));
    assert_eq!((said["total"].as_u64(), ids(&said).len()), (Some(4), 4));
    assert!(ids(&said).contains(&17));
    let domain = |id| {
        let at = ids(&said).iter().position(|other| *other == id).unwrap();
        said["results"][at]["properties"]["domain"].clone()
    };
    assert_eq!(domain(17), "company17.example");
    let shared = ids(&said).into_iter().filter(|id| *id != 17);
    assert!(shared.map(domain).all(|value| value == "many3.example"));
}

#[test]
fn values_must_be_in_lower_case_as_they_are_stored() {
    let mut world = world(unlimited());
    let said = search(&mut world, &request("domain", &["Acme.test"], 10, None));
    assert_eq!(said["total"], 0);
    let said = search(&mut world, &request("domain", &["acme.test"], 10, None));
    assert_eq!(said["total"], 1);
}

#[test]
fn results_come_page_by_page_and_end_at_ten_thousand() {
    let mut world = world(unlimited());
    let mut found = Vec::new();
    let mut after = None;
    loop {
        let sent = request("domain", &["many450.example"], 200, after.as_deref());
        let said = search(&mut world, &sent);
        assert_eq!(said["total"], 450);
        found.extend(ids(&said));
        match said["paging"]["next"]["after"].as_str() {
            Some(next) => after = Some(next.to_owned()),
            None => break,
        }
    }
    assert_eq!(found.len(), 450);
    found.dedup();
    assert_eq!(found.len(), 450);
    let sent = request("domain", &["many12000.example"], 200, Some("9800"));
    let said = search(&mut world, &sent);
    assert_eq!(
        (said["total"].as_u64(), ids(&said).len()),
        (Some(12_000), 200)
    );
    let sent = request("domain", &["many12000.example"], 200, Some("9801"));
    assert_eq!(search_at(&mut world, COMPANIES, &sent, 0).status, 400);
}

#[test]
fn a_search_outside_its_limits_is_refused() {
    let mut world = world(unlimited());
    let many = vec!["a.test"; 101];
    let long = format!("{}.test", "a".repeat(2_990));
    let operator = request("domain", &["a.test"], 10, None).replace("IN", "GT");
    for sent in [
        request("domain", &many, 10, None),
        request("domain", &[], 10, None),
        request("domain", &[&long], 10, None),
        request("domain", &["a.test"], 201, None),
        request("domain", &["a.test"], 0, None),
        request("domain", &["a.test"], 10, Some("x")),
        request("unknown_key", &["a.test"], 10, None),
        operator,
        String::new(),
    ] {
        let reply = search_at(&mut world, COMPANIES, &sent, 0);
        assert_eq!(reply.status, 400, "{sent}");
        assert_eq!(body(&reply)["category"], "VALIDATION_ERROR");
    }
}

#[test]
fn a_new_record_is_found_only_after_the_lag() {
    let mut world = world(SandboxSettings {
        reads: ReadSettings {
            search_lag: Duration::from_secs(5),
            ..ReadSettings::unlimited()
        },
        ..unlimited()
    });
    let sent = request("domain", &["new1.example"], 10, None);
    let mut total =
        |seconds| body(&search_at(&mut world, COMPANIES, &sent, seconds))["total"].clone();
    assert_eq!([total(0), total(4), total(5), total(9)], [0, 0, 1, 1]);
}

#[test]
fn a_search_by_email_does_not_find_secondary_emails() {
    let mut world = world(unlimited());
    let sent = request(
        "email",
        &["alias1@example.com", "user2@example.com"],
        10,
        None,
    );
    let reply = search_at(&mut world, "/crm/objects/2026-09/contacts/search", &sent, 0);
    assert_eq!(ids(&body(&reply)), [2]);
}

#[test]
fn searches_have_a_limit_per_second_without_headers() {
    let mut world = world(SandboxSettings {
        daily_limit: Some(1_000),
        reads: ReadSettings {
            search_limit: RateLimit::per(5, Duration::from_secs(1)),
            ..ReadSettings::unlimited()
        },
        ..unlimited()
    });
    let sent = request("domain", &["a.test"], 10, None);
    for _ in 0..5 {
        let reply = search_at(&mut world, COMPANIES, &sent, 0);
        assert_eq!(reply.status, 200);
        assert_eq!(header(&reply, "x-hubspot-ratelimit-max"), None);
        assert_eq!(header(&reply, "x-hubspot-ratelimit-daily"), None);
    }
    let refused = search_at(&mut world, COMPANIES, &sent, 0);
    assert_eq!(refused.status, 429);
    assert_eq!(body(&refused)["policyName"], "SECONDLY");
    assert_eq!(search_at(&mut world, COMPANIES, &sent, 1).status, 200);
    let seen = world.seen();
    assert_eq!((seen.search.refused, seen.search.peak), (1, 6));
    assert_eq!((seen.calls("search"), seen.used_today), (7, 6));
}
