//! The rolling window, the daily limit and the lifetime of tokens.

use std::time::Duration;

use serde_json::json;

use crate::sandbox::faults::effect::Action;
use crate::sandbox::settings::SandboxSettings;
use crate::sandbox::state::world::Request;
use crate::sandbox::tests::support::{
    BATCH, batch_body, body, header, pair_path, plan, put, reply, unlimited, world,
};

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
