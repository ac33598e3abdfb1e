//! Responses specified byte by byte, for faults that a well-formed reply cannot express.

use std::time::Duration;

use bytes::Bytes;

use crate::sandbox::http::reply::Reply;

/// One step on the connection.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Send(Bytes),
    /// Sends the bytes repeatedly, this many times at most.
    SendOver(Bytes, u64),
    /// Waits, unless the client disconnects.
    Wait(Duration),
}

/// How the connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// Gracefully, with all sent data delivered.
    Close,
    /// Immediately, with a reset.
    Reset,
}

/// Steps, then an end. Passed through the HTTP server as an error, which makes it release the connection without
/// writing to it.
#[derive(Clone, Debug, thiserror::Error)]
#[error("a fault takes over the connection")]
pub(crate) struct RawResponse {
    pub(crate) steps: Vec<Step>,
    pub(crate) end: End,
}

/// How a body's end is marked.
#[derive(Clone, Copy)]
pub(crate) enum Framing {
    /// By a length, which may be wrong.
    Length(usize),
    Chunked,
}

/// The bytes of a reply before its body.
pub(crate) fn head(reply: &Reply, framing: Framing) -> Vec<u8> {
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
pub(crate) fn chunk(data: &[u8]) -> Vec<u8> {
    let mut chunk = format!("{:x}\r\n", data.len()).into_bytes();
    chunk.extend_from_slice(data);
    chunk.extend_from_slice(b"\r\n");
    chunk
}
