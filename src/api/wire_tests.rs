//! What a request looks like, byte for byte, and what the client does with odd servers.

mod labels;
mod links;

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use httpmock::prelude::*;

use crate::api::auth::source::TokenSource;
use crate::api::auth::token::Token;
use crate::api::client::{ClientSettings, HttpEndpoint};
use crate::api::endpoint::Endpoint;
use crate::api::inspect::QueryResult;
use crate::api::lookup_call::{LookupCall, Route};
use crate::api::request::ApiVersion;
use crate::api::response::body::{Body, Unreadable};
use crate::api::response::headers::Reply;
use crate::api::tls::RootCertificates;
use crate::domain::pair::{ObjectType, Pair, Record, RecordId};
use crate::sandbox::server::Sandbox;
use crate::sandbox::settings::SandboxSettings;

const TOKEN: &str = "pat-na1-7f3e-secret";

fn pair(from_type: &str, to_type: &str) -> Pair {
    let record = |object_type, id| Record {
        object_type: ObjectType::new(object_type).unwrap(),
        id: RecordId::new(id).unwrap(),
    };
    Pair {
        from: record(from_type, "41001"),
        to: record(to_type, "0052002"),
    }
}

fn settings(base_url: &str, version: ApiVersion) -> ClientSettings {
    ClientSettings {
        base_url: base_url.parse().unwrap(),
        version,
        source: TokenSource::Fixed(Token::new(TOKEN).unwrap()),
        roots: RootCertificates::default(),
        timeout: Duration::from_secs(5),
        concurrency: 1,
    }
}

/// What comes of one request.
fn ask(base_url: &str, version: ApiVersion, pair: &Pair) -> Reply {
    let settings = settings(base_url, version);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async { HttpEndpoint::new(settings).unwrap().associate(pair).await })
}

fn status(reply: &Reply) -> Option<u16> {
    reply.answer().map(|answer| answer.status)
}

/// Reads a request with a body of this length.
fn read_request(stream: &mut impl Read, body: usize) -> Vec<u8> {
    let mut request: Vec<u8> = Vec::new();
    let mut buffer = [0; 4096];
    let is_whole = |request: &[u8]| {
        let head = request.len().checked_sub(body);
        head.is_some_and(|head| request[..head].ends_with(b"\r\n\r\n"))
    };
    while !is_whole(&request) {
        let length = stream.read(&mut buffer).unwrap();
        assert!(length > 0);
        request.extend_from_slice(&buffer[..length]);
    }
    request
}

/// Plays a server for one connection: returns what it was sent, and what the client made of `answer`.
fn play(answer: &'static [u8]) -> (String, Reply) {
    play_for(0, answer, |url| {
        ask(url, ApiVersion::V4, &pair("contacts", "companies"))
    })
}

/// The same for a request with a body of this length.
fn play_for(
    length: usize,
    answer: &'static [u8],
    ask: impl FnOnce(&str) -> Reply,
) -> (String, Reply) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (sent, request) = mpsc::channel();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let request = read_request(&mut stream, length);
        stream.write_all(answer).unwrap();
        sent.send(String::from_utf8(request).unwrap())
    });
    let reply = ask(&url);
    let request = request.recv_timeout(Duration::from_mins(1)).unwrap();
    (request, reply)
}

#[test]
fn a_request_is_a_put_with_a_bearer_token_and_no_body() {
    let (request, reply) = play(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}");
    assert_eq!(status(&reply), Some(200));
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    assert_eq!(body, "");
    let mut lines: Vec<_> = head.split("\r\n").collect();
    assert_eq!(
        lines.remove(0),
        "PUT /crm/v4/objects/contacts/41001/associations/default/companies/0052002 HTTP/1.1"
    );
    lines.retain(|line| !line.starts_with("host: "));
    lines.sort_unstable();
    assert_eq!(
        lines,
        [
            "accept-encoding: identity",
            "accept: application/json",
            &format!("authorization: Bearer {TOKEN}"),
            "content-length: 0",
            concat!("user-agent: hubspot-associate/", env!("CARGO_PKG_VERSION")),
        ]
    );
}

/// What comes of one lookup.
fn find(base_url: &str, version: ApiVersion, call: &LookupCall) -> Reply {
    let settings = settings(base_url, version);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async { HttpEndpoint::new(settings).unwrap().lookup(call).await })
}

fn lookup(route: Route, body: &str) -> LookupCall {
    LookupCall {
        object_type: ObjectType::new("contacts").unwrap(),
        route,
        body: body.as_bytes().to_vec(),
    }
}

#[test]
fn a_lookup_is_a_post_of_its_body_and_its_reply_is_not_parsed() {
    for (route, path) in [
        (Route::BatchRead, "/crm/v3/objects/contacts/batch/read"),
        (Route::Search, "/crm/v3/objects/contacts/search"),
    ] {
        let sent = r#"{"idProperty":"email","inputs":[{"id":"ann@x.de"}]}"#;
        let answer =
            b"HTTP/1.1 207 Multi-Status\r\ncontent-length: 42\r\n\r\n{\"results\":[],\"m\":\"pat-na1-7f3e-secret\"}  ";
        let (request, reply) = play_for(sent.len(), answer, |url| {
            find(url, ApiVersion::V4, &lookup(route, sent))
        });
        let (head, body) = request.split_once("\r\n\r\n").unwrap();
        assert_eq!(body, sent);
        let mut lines: Vec<_> = head.split("\r\n").collect();
        assert_eq!(lines.remove(0), format!("POST {path} HTTP/1.1"));
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
        let expected = br#"{"results":[],"m":"(token)"}  "#;
        assert_eq!(answer.body, Body::Raw(expected.to_vec()));
    }
}

#[test]
fn lookups_find_records_of_the_sandbox_under_every_version() {
    let sandbox = Sandbox::start(SandboxSettings::default()).unwrap();
    let batch_read = r#"{"idProperty":"email","inputs":[{"id":"user17@example.com"}],"properties":["email"],"propertiesWithHistory":[]}"#;
    let search = r#"{"filterGroups":[{"filters":[{"propertyName":"email","operator":"IN","values":["user17@example.com"]}]}],"properties":["email"],"limit":200}"#;
    for version in [ApiVersion::V4, ApiVersion::Of202603, ApiVersion::Of202609] {
        for (route, body) in [(Route::BatchRead, batch_read), (Route::Search, search)] {
            let reply = find(&sandbox.url(), version, &lookup(route, body));
            assert_eq!(status(&reply), Some(200), "{version:?} {reply:?}");
            let Some(Body::Raw(body)) = reply.answer().map(|answer| &answer.body) else {
                panic!("{reply:?}");
            };
            let body = String::from_utf8_lossy(body);
            assert!(body.contains(r#""id":"17""#), "{version:?} {body}");
        }
    }
}

#[test]
fn a_lookup_has_the_path_of_its_version_and_a_bound_for_its_reply() {
    let server = MockServer::start();
    for (version, route, path) in [
        (
            ApiVersion::Of202603,
            Route::BatchRead,
            "/crm/objects/2026-03/contacts/batch/read",
        ),
        (
            ApiVersion::Of202609,
            Route::Search,
            "/crm/objects/2026-09/contacts/search",
        ),
    ] {
        let mock = server.mock(|when, then| {
            when.method(POST).path(path);
            then.status(200).body("x".repeat((1 << 20) + 1));
        });
        let reply = find(&server.base_url(), version, &lookup(route, "{}"));
        let answer = reply.answer().unwrap();
        assert_eq!(answer.body, Body::Unread(Unreadable::TooLong));
        mock.assert();
    }
}

#[test]
fn each_version_and_each_form_of_a_type_has_its_path() {
    let server = MockServer::start();
    for (version, from, to, path) in [
        (
            ApiVersion::V4,
            "0-1",
            "2-1234567",
            "/crm/v4/objects/0-1/41001/associations/default/2-1234567/0052002",
        ),
        (
            ApiVersion::Of202603,
            "contacts",
            "p_vendor",
            "/crm/objects/2026-03/contacts/41001/associations/default/p_vendor/0052002",
        ),
        (
            ApiVersion::Of202609,
            "line_items",
            "p123_Vendor-x",
            "/crm/objects/2026-09/line_items/41001/associations/default/p123_Vendor-x/0052002",
        ),
    ] {
        let mock = server.mock(|when, then| {
            when.method(PUT)
                .path(path)
                .header("authorization", format!("Bearer {TOKEN}"))
                .header("accept", "application/json")
                .is_true(|request: &HttpMockRequest| request.body().is_empty());
            then.status(200).body("{}");
        });
        assert_eq!(
            status(&ask(&server.base_url(), version, &pair(from, to))),
            Some(200),
            "{path}"
        );
        mock.assert();
    }
}

#[test]
fn the_accounts_time_zone_is_asked_for_under_every_version_and_may_be_refused() {
    let sandbox = Sandbox::start(SandboxSettings::default()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let zone = |url: &str, version| {
        let settings = settings(url, version);
        runtime.block_on(async {
            match HttpEndpoint::new(settings).unwrap().account().await {
                QueryResult::Known(account) => account.time_zone,
                QueryResult::Refused(_)
                | QueryResult::Unreadable(..)
                | QueryResult::Unreachable(_) => None,
            }
        })
    };
    for version in [ApiVersion::V4, ApiVersion::Of202603, ApiVersion::Of202609] {
        assert_eq!(
            zone(&sandbox.url(), version).as_deref(),
            Some("America/Bogota")
        );
    }
    assert_eq!(
        zone(&format!("{}/elsewhere", sandbox.url()), ApiVersion::V4),
        None
    );
}

#[test]
fn a_redirect_gets_no_request_and_the_token_stays_here() {
    let elsewhere = MockServer::start();
    let followed = elsewhere.mock(|when, then| {
        when.any_request();
        then.status(200).body("{}");
    });
    let server = MockServer::start();
    for code in [301, 302, 303, 307, 308] {
        let mut redirect = server.mock(|when, then| {
            when.method(PUT);
            then.status(code)
                .header("location", elsewhere.url("/there"));
        });
        let reply = ask(
            &server.base_url(),
            ApiVersion::V4,
            &pair("contacts", "companies"),
        );
        assert_eq!(status(&reply), Some(code));
        redirect.delete();
    }
    followed.assert_calls(0);
}

#[test]
fn a_token_that_a_server_repeats_goes_no_further() {
    let (_, reply) = play(
        b"HTTP/1.1 400 Bad Request\r\nx-hubspot-correlation-id: id-pat-na1-7f3e-secret\r\n\
          location: /?token=pat-na1-7f3e-secret\r\nconnection: close\r\n\r\n\
          {\"message\":\"token pat-na1-7f3e-secret is not valid\"}",
    );
    assert_eq!(status(&reply), Some(400));
    assert!(!format!("{reply:?}").contains(TOKEN), "{reply:?}");
    assert!(
        format!("{reply:?}").contains("token (token) is not valid"),
        "{reply:?}"
    );
}

#[test]
fn each_kind_of_broken_server_has_its_reply() {
    let connection_lost = |reply: &Reply| matches!(reply, Reply::Disconnected { .. });
    let (_, reply) = play(b"");
    assert!(connection_lost(&reply), "{reply:?}");
    let (_, reply) = play(b"HTTP/1.1 200 OK\r\ncontent-le");
    assert!(connection_lost(&reply), "{reply:?}");
    let (_, reply) = play(b"SSH-2.0-OpenSSH_9.2p1\r\n");
    assert!(matches!(reply, Reply::InvalidHttp { .. }), "{reply:?}");
    let (_, reply) = play(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n{}");
    assert_eq!(status(&reply), Some(200));
    let (_, reply) = play(b"HTTP/1.0 404 Not Found\r\n\r\n<html>");
    assert_eq!(status(&reply), Some(404));
    let (_, reply) =
        play(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n");
    assert_eq!(status(&reply), Some(502));
}
