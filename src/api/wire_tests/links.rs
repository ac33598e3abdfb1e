//! The calls that read and remove links.

use std::time::Duration;

use httpmock::prelude::*;
use serde_json::{Value, json};

use super::{TOKEN, pair, play_for, settings, status};
use crate::api::client::HttpEndpoint;
use crate::api::endpoint::Endpoint;
use crate::api::link_call::{LinkCall, LinkRoute, MAX_LINK_REPLY_BYTES};
use crate::api::request::ApiVersion;
use crate::api::response::body::{Body, Unreadable};
use crate::api::response::headers::Reply;
use crate::domain::pair::ObjectType;
use crate::sandbox::server::Sandbox;
use crate::sandbox::settings::SandboxSettings;

const VERSIONS: [ApiVersion; 3] = [ApiVersion::V4, ApiVersion::Of202603, ApiVersion::Of202609];

fn call(route: LinkRoute, body: &Value) -> LinkCall {
    let object_type = |name| ObjectType::new(name).unwrap();
    LinkCall {
        from_type: object_type("contacts"),
        to_type: object_type("0-2"),
        route,
        body: body.to_string().into_bytes(),
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
}

fn send(base_url: &str, version: ApiVersion, call: &LinkCall) -> Reply {
    let settings = settings(base_url, version);
    runtime().block_on(async { HttpEndpoint::new(settings).unwrap().links(call).await })
}

#[test]
fn a_call_is_a_post_of_its_body_and_its_reply_is_not_parsed() {
    let body = json!({"inputs": [{"id": "41001"}]});
    let read = call(LinkRoute::Read, &body);
    let answer =
        b"HTTP/1.1 207 Multi-Status\r\ncontent-length: 40\r\n\r\n{\"results\":[],\"m\":\"pat-na1-7f3e-secret\"}";
    let (request, reply) = play_for(read.body.len(), answer, |url| {
        send(url, ApiVersion::V4, &read)
    });
    let (head, sent) = request.split_once("\r\n\r\n").unwrap();
    assert_eq!(sent, body.to_string());
    let mut lines: Vec<_> = head.split("\r\n").collect();
    assert_eq!(
        lines.remove(0),
        "POST /crm/v4/associations/contacts/0-2/batch/read HTTP/1.1"
    );
    lines.retain(|line| !line.starts_with("host: "));
    lines.sort_unstable();
    assert_eq!(
        lines,
        [
            "accept-encoding: identity",
            "accept: application/json",
            &format!("authorization: Bearer {TOKEN}"),
            &format!("content-length: {}", sent.len()),
            "content-type: application/json",
            concat!("user-agent: hubspot-associate/", env!("CARGO_PKG_VERSION")),
        ]
    );
    let answer = reply.answer().unwrap();
    assert_eq!(answer.status, 207);
    let masked = br#"{"results":[],"m":"(token)"}"#;
    assert_eq!(answer.body, Body::Raw(masked.to_vec()));
}

#[test]
fn each_version_has_its_path() {
    let server = MockServer::start();
    for (version, route, path) in [
        (
            ApiVersion::V4,
            LinkRoute::Archive,
            "/crm/v4/associations/contacts/0-2/batch/archive",
        ),
        (
            ApiVersion::Of202603,
            LinkRoute::Read,
            "/crm/associations/2026-03/contacts/0-2/batch/read",
        ),
        (
            ApiVersion::Of202609,
            LinkRoute::Archive,
            "/crm/associations/2026-09/contacts/0-2/batch/archive",
        ),
        (
            ApiVersion::V4,
            LinkRoute::ArchiveLabels,
            "/crm/v4/associations/contacts/0-2/batch/labels/archive",
        ),
        (
            ApiVersion::Of202603,
            LinkRoute::ArchiveLabels,
            "/crm/associations/2026-03/contacts/0-2/batch/labels/archive",
        ),
    ] {
        let mock = server.mock(|when, then| {
            when.method(POST).path(path);
            then.status(204);
        });
        let reply = send(&server.base_url(), version, &call(route, &json!({})));
        assert_eq!(status(&reply), Some(204), "{path}");
        mock.assert();
    }
}

#[test]
fn a_reply_over_the_bound_is_recognizable_whether_or_not_it_states_its_length() {
    let body = |length: usize| format!("{{\"m\":\"{}\"}}", "x".repeat(length - 8));
    let server = MockServer::start();
    for (length, is_read) in [
        (MAX_LINK_REPLY_BYTES, true),
        (MAX_LINK_REPLY_BYTES + 1, false),
    ] {
        let mut mock = server.mock(|when, then| {
            when.method(POST);
            then.status(200).body(body(length));
        });
        let read = call(LinkRoute::Read, &json!({}));
        let reply = send(&server.base_url(), ApiVersion::V4, &read);
        let answer = reply.answer().unwrap();
        assert_eq!(matches!(answer.body, Body::Raw(_)), is_read, "{length}");
        assert_eq!(
            answer.body == Body::Unread(Unreadable::TooLong),
            !is_read,
            "{length}"
        );
        mock.delete();
    }
}

#[test]
fn a_stated_length_over_the_bound_is_enough() {
    let stated = b"HTTP/1.1 200 OK\r\ncontent-length: 99999999\r\n\r\n{";
    let read = call(LinkRoute::Read, &json!({}));
    let (_, reply) = play_for(read.body.len(), stated, |url| {
        send(url, ApiVersion::V4, &read)
    });
    let answer = reply.answer().unwrap();
    assert_eq!(answer.body, Body::Unread(Unreadable::TooLong));
}

#[test]
fn a_call_without_a_reply_times_out() {
    let server = MockServer::start();
    server.mock(|when, then| {
        when.method(POST);
        then.status(200).delay(Duration::from_mins(1));
    });
    let settings = crate::api::client::ClientSettings {
        timeout: Duration::from_millis(50),
        ..settings(&server.base_url(), ApiVersion::V4)
    };
    let read = call(LinkRoute::Read, &json!({}));
    let reply =
        runtime().block_on(async { HttpEndpoint::new(settings).unwrap().links(&read).await });
    assert_eq!(reply, Reply::TimedOut);
}

#[test]
fn links_are_read_and_removed_in_the_sandbox_under_every_version() {
    let sandbox = Sandbox::start(SandboxSettings::default()).unwrap();
    let linked = pair("contacts", "companies");
    let [from, to] = [linked.from.id.as_str(), "52002"];
    let read = call(LinkRoute::Read, &json!({"inputs": [{"id": from}]}));
    let archive = json!({"inputs": [{"from": {"id": from}, "to": [{"id": to}]}]});
    let archive = call(LinkRoute::Archive, &archive);
    for version in VERSIONS {
        let url = sandbox.url();
        let made = runtime().block_on(async {
            let settings = settings(&url, version);
            HttpEndpoint::new(settings)
                .unwrap()
                .associate(&linked)
                .await
        });
        assert_eq!(status(&made), Some(200));
        let lists_it = || {
            let reply = send(&url, version, &read);
            let Some(Body::Raw(body)) = reply.answer().map(|answer| &answer.body) else {
                panic!("{reply:?}");
            };
            String::from_utf8_lossy(body).contains(to)
        };
        assert!(lists_it(), "{version:?}");
        let removed = status(&send(&url, version, &archive));
        let expected = if version == ApiVersion::V4 { 204 } else { 200 };
        assert_eq!(removed, Some(expected), "{version:?}");
        assert!(!lists_it(), "{version:?}");
    }
}
