//! What a request looks like, byte for byte, and what the client does with odd servers.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::time::Duration;

use httpmock::prelude::*;

use crate::support::{Rehearsal, TOKEN, finish, join};

use hubspot_associate::api::auth::source::TokenSource;
use hubspot_associate::api::auth::token::Token;
use hubspot_associate::api::client::{ClientSettings, HttpEndpoint};
use hubspot_associate::api::endpoint::Endpoint;
use hubspot_associate::api::inspect::QueryResult;
use hubspot_associate::api::request::ApiVersion;
use hubspot_associate::api::response::headers::Reply;
use hubspot_associate::api::tls::RootCertificates;
use hubspot_associate::domain::pair::{ObjectType, Pair, Record, RecordId};

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

/// Reads a request up to its body.
fn head(stream: &mut impl Read) -> Vec<u8> {
    let mut request = Vec::new();
    let mut buffer = [0; 4096];
    while !request.ends_with(b"\r\n\r\n") {
        let length = stream.read(&mut buffer).unwrap();
        assert!(length > 0);
        request.extend_from_slice(&buffer[..length]);
    }
    request
}

/// Plays a server for one connection: returns what it was sent, and what the client made of `answer`.
fn play(answer: &'static [u8]) -> (String, Reply) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let request = head(&mut stream);
        stream.write_all(answer).unwrap();
        String::from_utf8(request).unwrap()
    });
    let reply = ask(&url, ApiVersion::V4, &pair("contacts", "companies"));
    (join(server), reply)
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
    let rehearsal = Rehearsal::new();
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
            zone(&rehearsal.url(), version).as_deref(),
            Some("America/Bogota")
        );
    }
    assert_eq!(
        zone(&format!("{}/elsewhere", rehearsal.url()), ApiVersion::V4),
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

#[test]
fn a_proxy_is_asked_for_a_tunnel_and_sees_no_token_and_its_password_is_not_shown() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let proxy = listener.local_addr().unwrap();
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let request = head(&mut stream);
        stream
            .write_all(b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n")
            .unwrap();
        String::from_utf8(request).unwrap()
    });
    let rehearsal = Rehearsal::new().rows(["contacts,1,companies,2"]);
    let arguments = [
        "import",
        "pairs.csv",
        "--base-url",
        "https://api.example.test",
        "--max-attempts",
        "1",
        "-vvv",
    ];
    let output = rehearsal
        .command(&arguments)
        .env("HTTPS_PROXY", format!("http://ada:pass-7f3e-word@{proxy}"))
        .env_remove("NO_PROXY")
        .env_remove("no_proxy")
        .output()
        .unwrap();
    let request = join(server);
    assert!(
        request.starts_with("CONNECT api.example.test:443 HTTP/1.1\r\n"),
        "{request}"
    );
    // `ada:pass-7f3e-word`
    let credentials = "authorization: basic ywrhonbhc3mtn2yzzs13b3jk\r\n";
    let request = request.to_lowercase();
    assert!(request.contains(credentials), "{request}");
    assert!(!request.contains(TOKEN), "{request}");
    let finished = finish(output);
    assert_eq!(rehearsal.outcomes(), ["1 failed"]);
    let said = [&finished.stdout, &finished.stderr].map(|text| text.contains("pass-7f3e-word"));
    assert_eq!(said, [false, false], "{}", finished.stderr);
    assert_eq!(
        rehearsal.report()[0]["error_categories"],
        "CLIENT_CONNECTION"
    );
}
