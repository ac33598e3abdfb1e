//! Reads a response from the connection: status, headers, and the body up to its size limit.

use std::time::SystemTime;

use reqwest::Response;

use crate::api::auth::session::Session;
use crate::api::response::body::{Body, Unreadable};
use crate::api::response::coding::Coding;
use crate::api::response::headers::{Answer, Reply, ReplyHeaders};

/// The size limit of a reply body. A single association's reply is under a kilobyte.
pub const MAX_REPLY_BYTES: usize = 256 * 1024;

/// Reads a reply, with up to `max` bytes of its body, and masks the token in it.
pub(crate) async fn reply(response: Response, session: &Session, max: usize) -> Reply {
    match masked(response, session, max).await {
        (status, headers, Ok(bytes)) => answered(status, headers, parse(bytes).await),
        (status, headers, Err(why)) => answered(status, headers, Body::Unread(why)),
    }
}

/// The same without parsing the body.
pub(crate) async fn raw_reply(response: Response, session: &Session, max: usize) -> Reply {
    let (status, headers, body) = masked(response, session, max).await;
    answered(status, headers, body.map_or_else(Body::Unread, Body::Raw))
}

fn answered(status: u16, headers: ReplyHeaders, body: Body) -> Reply {
    Reply::Answered(Answer {
        status,
        headers,
        body,
    })
}

/// Reads status, headers and body, with the token in them masked.
async fn masked(
    response: Response,
    session: &Session,
    max: usize,
) -> (u16, ReplyHeaders, Result<Vec<u8>, Unreadable>) {
    let status = response.status().as_u16();
    let mut headers = ReplyHeaders::read(status, response.headers(), SystemTime::now);
    for text in [&mut headers.correlation_id, &mut headers.location]
        .into_iter()
        .flatten()
    {
        session.mask_text(text);
    }
    let mut body = whole_body(response, max).await;
    if let Ok(bytes) = &mut body {
        session.mask(bytes);
    }
    (status, headers, body)
}

/// Parses a body. A long one, which only a batch call may have, is parsed on a blocking thread: it can take a tenth of
/// a second.
async fn parse(bytes: Vec<u8>) -> Body {
    if bytes.len() <= MAX_REPLY_BYTES {
        return Body::parse(&bytes);
    }
    match tokio::task::spawn_blocking(move || Body::parse(&bytes)).await {
        Ok(body) => body,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The runtime is shutting down, so this value is never read.
            Err(_) => Body::Unread(Unreadable::Cut),
        },
    }
}

/// Reads a reply body to its end, or up to `max` bytes, and decodes its content coding within the same limit.
pub(crate) async fn whole_body(response: Response, max: usize) -> Result<Vec<u8>, Unreadable> {
    let coding = Coding::of(response.headers());
    let bytes = sent_body(response, max).await?;
    coding.decode(bytes, max)
}

/// Reads a body without decoding it.
async fn sent_body(mut response: Response, max: usize) -> Result<Vec<u8>, Unreadable> {
    let length = response.content_length();
    if length.is_some_and(|length| length > max as u64) {
        return Err(Unreadable::TooLong);
    }
    let mut bytes = Vec::new();
    // Nearly every body is a single chunk of a known length; polling for another would cost a wake-up.
    while length != Some(bytes.len() as u64) {
        let Some(chunk) = response.chunk().await.map_err(|_| Unreadable::Cut)? else {
            break;
        };
        if bytes.len() + chunk.len() > max {
            return Err(Unreadable::TooLong);
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}
