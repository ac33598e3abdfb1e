//! A world without sockets, and calls to it.

use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use crate::sandbox::faults::effect::Action;
use crate::sandbox::http::reply::Reply;
use crate::sandbox::read_settings::ReadSettings;
use crate::sandbox::settings::{Latency, SandboxSettings};
use crate::sandbox::state::world::{Plan, Request, World};

pub(super) const BATCH: &str = "/crm/v4/associations/contacts/companies/batch/associate/default";

pub(super) fn world(settings: SandboxSettings) -> World {
    let started = SystemTime::UNIX_EPOCH + Duration::from_millis(1_777_886_122_031);
    World::new(settings, started)
}

pub(super) fn unlimited() -> SandboxSettings {
    SandboxSettings {
        limit: None,
        latency: Latency::NONE,
        reads: ReadSettings::unlimited(),
        ..SandboxSettings::default()
    }
}

pub(super) fn pair_path(from: &str, to: &str) -> String {
    format!("/crm/v4/objects/contacts/{from}/associations/default/companies/{to}")
}

pub(super) fn plan(
    world: &mut World,
    method: &str,
    target: &str,
    body: &str,
    now: Duration,
) -> Plan {
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

pub(super) fn reply(world: &mut World, method: &str, target: &str, body: &str) -> Reply {
    let plan = plan(world, method, target, body, Duration::ZERO);
    match plan.action {
        Action::Answer(reply) => reply,
        other => panic!("expected a reply, got {other:?}"),
    }
}

pub(super) fn body(reply: &Reply) -> Value {
    serde_json::from_slice(&reply.body).unwrap()
}

pub(super) fn text(reply: &Reply) -> String {
    String::from_utf8(reply.body.to_vec()).unwrap()
}

/// The association types from a contact to a company.
pub(super) fn types_of(world: &World, from: &str, to: &str) -> Vec<String> {
    world.seen().types("contacts", from, "companies", to)
}

pub(super) fn put(world: &mut World, path: &str) -> (u16, Value) {
    let reply = reply(world, "PUT", path, "");
    (reply.status, body(&reply))
}

pub(super) fn header<'a>(reply: &'a Reply, name: &str) -> Option<&'a str> {
    let found = reply.headers.iter().find(|(header, _)| *header == name);
    found.map(|(_, value)| value.as_str())
}

pub(super) fn batch_body(pairs: &[(&str, &str)]) -> String {
    let inputs: Vec<Value> = pairs
        .iter()
        .map(|(from, to)| json!({"from": {"id": from}, "to": {"id": to}}))
        .collect();
    json!({"inputs": inputs}).to_string()
}
