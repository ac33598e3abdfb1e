//! What is put on a connection byte by byte where a well-formed reply would not misbehave enough.

use std::time::Duration;

use bytes::Bytes;

use super::reply::Reply;

/// One thing done to the connection.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Send(Bytes),
    /// Sends the bytes over and over, this many times at most.
    SendOver(Bytes, u64),
    /// Waits, unless the client goes.
    Wait(Duration),
}

/// How the connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// In order, with everything sent delivered.
    Close,
    /// At once, with a reset.
    Reset,
}

/// Steps, then an end. It travels through the HTTP server as an error, which makes that let go of
/// the connection without writing to it.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the connection is handed over to a fault")]
pub(super) struct RawResponse {
    pub(super) steps: Vec<Step>,
    pub(super) end: End,
}

/// How a body says where it ends.
#[derive(Clone, Copy)]
pub(super) enum Framing {
    /// By a length, which may be a lie.
    Length(usize),
    Chunked,
}

/// The bytes of a reply up to its body.
pub(super) fn head(reply: &Reply, framing: Framing) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {} \r\n", reply.status);
    for (name, value) in &reply.headers {
        head += &[name, ": ", value, "\r\n"].concat();
    }
    match framing {
        Framing::Length(length) => head += &["content-length: ", &length.to_string()].concat(),
        Framing::Chunked => head += "transfer-encoding: chunked",
    }
    head += "\r\n\r\n";
    head.into_bytes()
}

/// One chunk of a chunked body.
pub(super) fn chunk(data: &[u8]) -> Vec<u8> {
    let mut chunk = format!("{:x}\r\n", data.len()).into_bytes();
    chunk.extend_from_slice(data);
    chunk.extend_from_slice(b"\r\n");
    chunk
}
