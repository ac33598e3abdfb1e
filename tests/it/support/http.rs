//! Requests to the sandbox without the client.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

/// The limit of every read, far longer than a busy machine needs.
const MAX_WAIT: Duration = Duration::from_mins(2);

/// Sends one request; returns its status and body.
pub(crate) fn request(url: &str, method: &str, path: &str, body: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(url.trim_start_matches("http://")).unwrap();
    stream.set_read_timeout(Some(MAX_WAIT)).unwrap();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: sandbox\r\nAuthorization: Bearer t\r\n\
         Connection: close\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream
        .write_all(format!("{head}{body}").as_bytes())
        .unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).unwrap();
    let (head, body) = reply.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, body.to_owned())
}

/// Sends JSON; returns the status and the JSON of the reply.
pub(crate) fn post(url: &str, path: &str, body: &Value) -> (u16, Value) {
    let (status, body) = request(url, "POST", path, &body.to_string());
    (status, serde_json::from_str(&body).unwrap())
}
