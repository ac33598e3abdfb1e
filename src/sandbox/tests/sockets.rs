//! The sandbox over real sockets, tested with raw bytes: what a client receives.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::sandbox::faults::table::fault_id;
use crate::sandbox::server::Sandbox;
use crate::sandbox::settings::{Latency, SandboxSettings};
use crate::sandbox::state::seen::Seen;

fn quick() -> SandboxSettings {
    SandboxSettings {
        limit: None,
        latency: Latency::NONE,
        slow: Duration::from_millis(30),
        stall: Duration::from_millis(30),
        ..SandboxSettings::default()
    }
}

fn connect(sandbox: &Sandbox) -> TcpStream {
    let stream = TcpStream::connect(sandbox.address()).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(10)))
        .unwrap();
    stream
}

fn request(from: &str, to: &str, more: &str) -> String {
    format!(
        "PUT /crm/v4/objects/contacts/{from}/associations/default/companies/{to} HTTP/1.1\r\n\
         Host: sandbox\r\nAuthorization: Bearer t\r\n{more}\r\n"
    )
}

/// Sends one request for a pair and reads until the connection ends.
fn exchange(sandbox: &Sandbox, to: &str) -> (Vec<u8>, Option<ErrorKind>) {
    let mut stream = connect(sandbox);
    let sent = request("17", to, "Connection: close\r\n");
    stream.write_all(sent.as_bytes()).unwrap();
    let mut received = Vec::new();
    let ended = stream.read_to_end(&mut received);
    (received, ended.err().map(|error| error.kind()))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn associated(seen: &Seen, to: &str) -> bool {
    seen.pair("contacts", "17", "companies", to).associated
}

/// Reads one reply with a `Content-Length` from a connection that stays open.
fn read_reply(stream: &mut TcpStream) -> String {
    let mut received = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let length = stream.read(&mut buffer).unwrap();
        assert!(length > 0, "ended after {}", text(&received));
        received.extend_from_slice(&buffer[..length]);
        let so_far = text(&received);
        let Some((head, body)) = so_far.split_once("\r\n\r\n") else {
            continue;
        };
        let announced = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "))
            .map_or(0, |length| length.parse::<usize>().unwrap());
        if body.len() >= announced {
            return so_far;
        }
    }
}

#[test]
fn requests_follow_each_other_on_one_connection() {
    let sandbox = Sandbox::start(quick()).unwrap();
    let mut stream = connect(&sandbox);
    for id in ["1", "2", "3"] {
        stream.write_all(request("17", id, "").as_bytes()).unwrap();
        let reply = read_reply(&mut stream);
        assert!(reply.starts_with("HTTP/1.1 200 OK\r\n"), "{reply}");
        assert!(reply.contains("x-hubspot-correlation-id: "), "{reply}");
    }
    let seen = sandbox.seen();
    assert_eq!((seen.requests, seen.pairs_associated), (3, 3));
}

#[test]
fn an_interrupted_body_is_shorter_than_announced() {
    let sandbox = Sandbox::start(quick()).unwrap();
    let id = fault_id("cut", 0, 1).unwrap();
    let (received, failed) = exchange(&sandbox, &id);
    let received = text(&received);
    let (head, body) = received.split_once("\r\n\r\n").unwrap();
    let promised = head.split_once("content-length: ").unwrap().1;
    assert_eq!(promised.parse::<usize>().unwrap() / 2, body.len());
    assert_eq!(failed, None);
    let id = fault_id("cut-chunked", 0, 1).unwrap();
    let (received, failed) = exchange(&sandbox, &id);
    let received = text(&received);
    assert!(received.contains("transfer-encoding: chunked\r\n\r\n"));
    assert!(!received.ends_with("0\r\n\r\n"));
    assert_eq!(failed, None);
    assert!(associated(&sandbox.seen(), &id));
}

#[test]
fn connections_end_before_a_reply_by_reset_or_by_close() {
    let sandbox = Sandbox::start(quick()).unwrap();
    for (name, failed, done) in [
        ("reset", Some(ErrorKind::ConnectionReset), false),
        ("reset-after", Some(ErrorKind::ConnectionReset), true),
        ("close", None, false),
        ("stall", None, false),
    ] {
        let id = fault_id(name, 0, 1).unwrap();
        assert_eq!(exchange(&sandbox, &id), (Vec::new(), failed), "{name}");
        assert_eq!(associated(&sandbox.seen(), &id), done, "{name}");
    }
    let id = fault_id("reset-inside", 0, 1).unwrap();
    let (received, failed) = exchange(&sandbox, &id);
    assert!(text(&received).starts_with("HTTP/1.1 200 "));
    assert_eq!(failed, Some(ErrorKind::ConnectionReset));
    assert_eq!(sandbox.seen().broken, 5);
}

#[test]
fn other_odd_replies_arrive_as_described() {
    let sandbox = Sandbox::start(quick()).unwrap();
    let received = |name| exchange(&sandbox, &fault_id(name, 0, 1).unwrap()).0;
    assert!(!text(&received("garbage")).contains("HTTP/1.1"));
    assert!(text(&received("slow")).contains("\"COMPLETE\""));
    assert!(text(&received("status:477")).contains("HTTP/1.1 477 "));
    assert!(text(&received("status:302")).contains("location: /crm/elsewhere"));
    assert!(text(&received("burst-retry-date")).contains(" GMT\r\n"));
    assert!(text(&received("burst-retry-seconds")).contains("retry-after: 1\r\n"));
    assert!(text(&received("status:204")).starts_with("HTTP/1.1 204 No Content\r\n"));
    assert!(!text(&received("stall-inside")).contains("startedAt\":"));
    assert!(received("huge").len() > 8 * 1024 * 1024);
}

#[test]
fn an_endless_body_lasts_until_the_client_disconnects() {
    let sandbox = Sandbox::start(quick()).unwrap();
    let mut stream = connect(&sandbox);
    let id = fault_id("endless", 0, 1).unwrap();
    stream.write_all(request("17", &id, "").as_bytes()).unwrap();
    let mut received = vec![0; 4 * 1024 * 1024];
    stream.read_exact(&mut received).unwrap();
    drop(stream);
    assert!(text(&received[..200]).contains("transfer-encoding: chunked"));
}

#[test]
fn a_sandbox_stops_immediately_even_while_a_reply_is_pending() {
    let sandbox = Sandbox::start(SandboxSettings {
        stall: Duration::from_mins(10),
        ..quick()
    })
    .unwrap();
    let mut stream = connect(&sandbox);
    let id = fault_id("stall", 0, 1).unwrap();
    stream.write_all(request("17", &id, "").as_bytes()).unwrap();
    while sandbox.seen().requests == 0 {
        std::thread::yield_now();
    }
    let address = sandbox.address();
    let asked = Instant::now();
    drop(sandbox);
    assert!(asked.elapsed() < Duration::from_secs(5));
    assert!(TcpStream::connect(address).is_err());
}

#[test]
fn waiting_ends_when_the_stopper_is_used() {
    let sandbox = Sandbox::start(quick()).unwrap();
    let stopper = sandbox.stopper();
    let waiting = std::thread::spawn(move || sandbox.wait());
    stopper.stop();
    assert_eq!(waiting.join().unwrap().requests, 0);
}

#[test]
fn an_address_in_use_or_reachable_from_other_machines_is_an_error() {
    let first = Sandbox::start(quick()).unwrap();
    let taken = SandboxSettings {
        listen: first.address(),
        ..quick()
    };
    let error = Sandbox::start(taken).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::AddrInUse);
    let open = SandboxSettings {
        listen: "0.0.0.0:0".parse().unwrap(),
        ..quick()
    };
    let error = Sandbox::start(open).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
}
