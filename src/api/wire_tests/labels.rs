//! The requests that write and remove labels.

use httpmock::prelude::*;
use serde_json::json;

use super::{TOKEN, pair, play_for, settings, status};
use crate::api::client::HttpEndpoint;
use crate::api::endpoint::Endpoint;
use crate::api::link_body::labels_to_archive;
use crate::api::link_call::{LinkCall, LinkRoute};
use crate::api::request::ApiVersion;
use crate::api::response::body::{Body, Unreadable};
use crate::api::response::headers::Reply;
use crate::domain::association_type::AssociationType;
use crate::domain::fixtures::LabelledPair;
use crate::domain::pair::{ObjectType, RecordId};
use crate::sandbox::server::Sandbox;
use crate::sandbox::settings::SandboxSettings;

const VERSIONS: [ApiVersion; 3] = [ApiVersion::V4, ApiVersion::Of202603, ApiVersion::Of202609];

fn label(type_id: u64, name: &str) -> AssociationType {
    AssociationType {
        category: "USER_DEFINED".into(),
        type_id,
        label: Some(name.into()),
    }
}

/// Contact 41001 -> company, with one label.
fn row(to: &str, type_id: u64, name: &str) -> LabelledPair {
    let mut pair = pair("contacts", "0-2");
    pair.to.id = RecordId::new(to).unwrap();
    LabelledPair::new(pair, &label(type_id, name).to_string(), "")
}

fn run<F: Future<Output = Reply>>(
    base_url: &str,
    version: ApiVersion,
    send: impl FnOnce(HttpEndpoint) -> F,
) -> Reply {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let settings = settings(base_url, version);
    runtime.block_on(async { send(HttpEndpoint::new(settings).unwrap()).await })
}

fn put(base_url: &str, version: ApiVersion, row: &LabelledPair) -> Reply {
    run(base_url, version, async |endpoint| {
        endpoint.associate(row).await
    })
}

fn post(base_url: &str, version: ApiVersion, rows: &[LabelledPair]) -> Reply {
    run(base_url, version, async |endpoint| {
        endpoint.associate_all(rows).await
    })
}

#[test]
fn a_labelled_request_is_a_put_with_a_json_list_of_types() {
    let body = r#"[{"associationCategory":"USER_DEFINED","associationTypeId":37}]"#;
    let answer = b"HTTP/1.1 201 Created\r\ncontent-length: 2\r\n\r\n{}";
    let (request, reply) = play_for(body.len(), answer, |url| {
        put(url, ApiVersion::V4, &row("0052002", 37, "Decision maker"))
    });
    assert_eq!(status(&reply), Some(201));
    let (head, sent) = request.split_once("\r\n\r\n").unwrap();
    assert_eq!(sent, body);
    let mut lines: Vec<_> = head.split("\r\n").collect();
    assert_eq!(
        lines.remove(0),
        "PUT /crm/v4/objects/contacts/41001/associations/0-2/0052002 HTTP/1.1"
    );
    lines.retain(|line| !line.starts_with("host: "));
    lines.sort_unstable();
    assert_eq!(
        lines,
        [
            "accept-encoding: identity",
            "accept: application/json",
            &format!("authorization: Bearer {TOKEN}"),
            &format!("content-length: {}", body.len()),
            "content-type: application/json",
            concat!("user-agent: hubspot-associate/", env!("CARGO_PKG_VERSION")),
        ]
    );
}

#[test]
fn each_version_has_its_paths_of_labelled_requests() {
    let server = MockServer::start();
    let types = json!([{"associationCategory": "USER_DEFINED", "associationTypeId": 3}]);
    let input = |to: &str| json!({"from": {"id": "41001"}, "to": {"id": to}, "types": types});
    let inputs = json!({"inputs": [input("1"), input("2")]});
    for (version, single, batch) in [
        (
            ApiVersion::V4,
            "/crm/v4/objects/contacts/41001/associations/0-2/1",
            "/crm/v4/associations/contacts/0-2/batch/create",
        ),
        (
            ApiVersion::Of202603,
            "/crm/objects/2026-03/contacts/41001/associations/0-2/1",
            "/crm/associations/2026-03/contacts/0-2/batch/create",
        ),
        (
            ApiVersion::Of202609,
            "/crm/objects/2026-09/contacts/41001/associations/0-2/1",
            "/crm/associations/2026-09/contacts/0-2/batch/create",
        ),
    ] {
        let one = server.mock(|when, then| {
            when.method(PUT).path(single).json_body(types.clone());
            then.status(201).body("{}");
        });
        let several = server.mock(|when, then| {
            when.method(POST).path(batch).json_body(inputs.clone());
            then.status(207).body("{}");
        });
        let rows = [row("1", 3, "A"), row("2", 3, "A")];
        let reply = put(&server.base_url(), version, &rows[0]);
        assert_eq!(status(&reply), Some(201), "{single}");
        let reply = post(&server.base_url(), version, &rows);
        assert_eq!(status(&reply), Some(207), "{batch}");
        one.assert();
        several.assert();
    }
}

#[test]
fn the_reply_to_a_batch_may_list_fifty_labels_for_each_pair() {
    let server = MockServer::start();
    let rows: Vec<_> = (1..=200).map(|to| row(&to.to_string(), 3, "A")).collect();
    let labels: Vec<String> = (0..50).map(|index| format!("{index:0>100}")).collect();
    let result = |to: usize| json!({"fromObjectTypeId": "0-1", "fromObjectId": 41001, "toObjectTypeId": "0-2", "toObjectId": to, "labels": labels});
    for (results, is_read) in [(200, true), (400, false)] {
        let results: Vec<_> = (1..=results).map(result).collect();
        let body = json!({"status": "COMPLETE", "results": results}).to_string();
        let mut mock = server.mock(|when, then| {
            when.method(POST);
            then.status(201).body(body);
        });
        let reply = post(&server.base_url(), ApiVersion::V4, &rows);
        let body = &reply.answer().unwrap().body;
        assert_eq!(body.envelope().is_some(), is_read);
        assert_eq!(*body == Body::Unread(Unreadable::TooLong), !is_read);
        mock.delete();
    }
}

#[test]
fn labels_are_written_and_removed_in_the_sandbox_under_every_version() {
    let sandbox = Sandbox::start(SandboxSettings::default()).unwrap();
    let object_type = |name| ObjectType::new(name).unwrap();
    let call = |route, body| LinkCall {
        from_type: object_type("contacts"),
        to_type: object_type("0-2"),
        route,
        body,
    };
    let url = sandbox.url();
    for version in VERSIONS {
        let rows = [
            row("7", 1, "Decision maker"),
            row("8", 3, "Billing contact"),
        ];
        assert_eq!(status(&put(&url, version, &rows[0])), Some(201));
        assert_eq!(status(&post(&url, version, &rows)), Some(201));
        let labels = || {
            let read = json!({"inputs": [{"id": "41001"}]})
                .to_string()
                .into_bytes();
            let read = call(LinkRoute::Read, read);
            let reply = run(&url, version, async |endpoint| endpoint.links(&read).await);
            let Some(Body::Raw(body)) = reply.answer().map(|answer| &answer.body) else {
                panic!("{reply:?}");
            };
            let body = String::from_utf8_lossy(body);
            ["Decision maker", "Billing contact"].map(|name| body.contains(name))
        };
        assert_eq!(labels(), [true, true], "{version:?}");
        let types = [label(3, "Billing contact")];
        let removed = labels_to_archive(std::iter::once((&rows[1].0, &types[..])));
        let archive = call(LinkRoute::ArchiveLabels, removed);
        let reply = run(&url, version, async |endpoint| {
            endpoint.links(&archive).await
        });
        let expected = if version == ApiVersion::V4 { 204 } else { 200 };
        assert_eq!(status(&reply), Some(expected), "{version:?}");
        assert_eq!(labels(), [true, false], "{version:?}");
    }
}
