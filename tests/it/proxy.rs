//! What a proxy sees of a request.

use std::io::{Read, Write};
use std::net::TcpListener;

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
