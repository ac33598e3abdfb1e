//! What a proxy sees of a request.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use crate::support::tls_server::{Answers, TlsServer};
use crate::support::{Rehearsal, TOKEN, finish, join};

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

/// Starts a proxy that connects every tunnel to this port of loopback. Returns its port, and the requests that it got.
fn tunnel_to(port: u16) -> (u16, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let proxy = listener.local_addr().unwrap().port();
    let requests = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&requests);
    std::thread::spawn(move || {
        for client in listener.incoming() {
            let (mut client, seen) = (client.unwrap(), Arc::clone(&seen));
            // A client may close a connection that it does not need after all.
            std::thread::spawn(move || {
                let request = String::from_utf8(head(&mut client)).unwrap();
                seen.lock().unwrap().push(request);
                let server = TcpStream::connect(("127.0.0.1", port)).unwrap();
                client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
                relay(client.try_clone().unwrap(), server.try_clone().unwrap());
                relay(server, client);
            });
        }
    });
    (proxy, requests)
}

/// Copies what one side sends to the other, until either one closes.
fn relay(mut from: TcpStream, mut to: TcpStream) {
    std::thread::spawn(move || {
        drop(std::io::copy(&mut from, &mut to));
        drop(to.shutdown(Shutdown::Write));
    });
}

#[test]
fn rows_are_sent_through_the_tunnel_of_a_proxy_with_credentials() {
    for protocols in [&["h2"][..], &["http/1.1"]] {
        let server = TlsServer::start("api.example.test", protocols, Answers::Confirm);
        let (proxy, requests) = tunnel_to(server.port);
        let rehearsal =
            Rehearsal::new().rows((1..=20).map(|id| format!("contacts,{id},companies,{id}")));
        std::fs::write(rehearsal.path("ca.pem"), &server.authority).unwrap();
        let arguments = [
            "import",
            "pairs.csv",
            "--base-url",
            "https://api.example.test",
            "--ca-file",
            "ca.pem",
            "--rate",
            "unlimited",
            "-vvv",
        ];
        let output = rehearsal
            .command(&arguments)
            .env(
                "HTTPS_PROXY",
                format!("http://ada:pass-7f3e-word@127.0.0.1:{proxy}"),
            )
            .env_remove("NO_PROXY")
            .env_remove("no_proxy")
            .output()
            .unwrap();
        let finished = finish(output);
        assert_eq!(finished.code, 0, "{}", finished.stderr);
        let outcomes: Vec<_> = (1..=20).map(|row| format!("{row} associated")).collect();
        assert_eq!(rehearsal.outcomes(), outcomes);
        let got = server.requests();
        let is_bearer =
            |(_, authorization): &(_, String)| *authorization == format!("Bearer {TOKEN}");
        // One is for the account.
        assert!(got.len() == 21 && got.iter().all(is_bearer), "{got:?}");
        let requests = requests.lock().unwrap();
        assert!(!requests.is_empty());
        for request in &*requests {
            assert!(
                request.starts_with("CONNECT api.example.test:443 HTTP/1.1\r\n"),
                "{request}"
            );
            let request = request.to_lowercase();
            // `ada:pass-7f3e-word`
            let credentials = "proxy-authorization: basic ywrhonbhc3mtn2yzzs13b3jk\r\n";
            assert!(request.contains(credentials), "{request}");
            assert!(
                request.contains("user-agent: hubspot-associate/"),
                "{request}"
            );
            assert!(!request.contains(TOKEN), "{request}");
        }
        let said = [&finished.stdout, &finished.stderr].map(|text| text.contains("pass-7f3e-word"));
        assert_eq!(said, [false, false], "{}", finished.stderr);
    }
}
