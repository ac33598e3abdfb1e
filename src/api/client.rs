//! [`Endpoint`] over HTTP; the only file that sends anything.
//!
//! One call is one request: redirects are not followed, and nothing is repeated. (The
//! connection pool does take a fresh connection when a kept one turns out to be closed before a single
//! byte of the request was written; the server never sees the first try, so it is not an attempt.)

use std::error::Error;
use std::io;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http_body_util::{BodyExt, Empty};
use hyper::body::{Body as _, Incoming};
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_LENGTH, HeaderMap, HeaderValue, USER_AGENT};
use hyper::{Method, Request, Response, Uri};

use super::Endpoint;
use super::account;
use super::body::{Body, Unreadable};
use super::connect::{self, AGENT, Connections};
use super::credentials::Token;
use super::reply::{Answer, Reply, ReplyHeaders};
use super::request::{ApiVersion, BaseUrl};
use crate::pair::Pair;

/// How much of a reply's body is read. A single association's reply is under a kilobyte.
pub const MAX_REPLY_BYTES: usize = 256 * 1024;

/// What the client needs to know, all of it checked.
#[derive(Clone, Debug)]
pub struct ClientSettings {
    /// Where the API is.
    pub base_url: BaseUrl,
    /// Which form of the path is asked for.
    pub version: ApiVersion,
    /// Who we are.
    pub token: Token,
    /// The time for one attempt, from connecting to the last byte of the reply.
    pub timeout: Duration,
    /// How many connections may be kept.
    pub concurrency: usize,
}

/// The HTTP client could not be set up.
#[derive(Debug, thiserror::Error)]
#[error("cannot set up the HTTP client")]
pub struct ClientError(#[from] rustls::Error);

type BoxError = Box<dyn Error + Send + Sync>;

/// The API behind HTTP.
#[derive(Clone, Debug)]
pub struct HttpEndpoint {
    connections: Connections,
    /// What every request says; the PUTs', without a body.
    headers: HeaderMap,
    /// Shared, because every request in flight has an endpoint of its own.
    settings: Arc<ClientSettings>,
}

impl HttpEndpoint {
    /// Sets up the client; nothing is sent and no connection made.
    pub fn new(settings: ClientSettings) -> Result<Self, ClientError> {
        let headers = HeaderMap::from_iter([
            (AUTHORIZATION, settings.token.authorization()),
            (USER_AGENT, AGENT),
            (ACCEPT, HeaderValue::from_static("application/json")),
            // A PUT without a body should say so; some proxies insist (RFC 9110, section 8.6).
            (CONTENT_LENGTH, HeaderValue::from_static("0")),
        ]);
        // What may be sent unencrypted because it stays on this machine must not go to a proxy.
        let proxied = !settings.base_url.is_loopback();
        Ok(Self {
            connections: connect::connections(proxied, settings.concurrency)?,
            headers,
            settings: Arc::new(settings),
        })
    }

    /// Asks for the account's time zone, by its IANA name; `None` if it cannot be had: some tokens may
    /// link records and not ask this.
    pub async fn account_time_zone(&self) -> Option<String> {
        let ClientSettings {
            base_url,
            version,
            timeout,
            ..
        } = &*self.settings;
        let asking = async {
            let url = base_url.account_details(*version);
            let response = self.send(Method::GET, url).await.ok()?;
            if !response.status().is_success() {
                return None;
            }
            let body = whole_body(response.into_body()).await.ok()?;
            account::time_zone(&body)
        };
        tokio::time::timeout(*timeout, asking).await.ok()?
    }

    async fn send(&self, method: Method, url: String) -> Result<Response<Incoming>, BoxError> {
        let mut request = Request::new(Empty::new());
        *request.method_mut() = method;
        *request.uri_mut() = Uri::try_from(url)?;
        *request.headers_mut() = self.headers.clone();
        Ok(self.connections.request(request).await?)
    }

    async fn exchange(&self, pair: &Pair) -> Result<Reply, BoxError> {
        let ClientSettings {
            base_url,
            version,
            token,
            ..
        } = &*self.settings;
        let url = base_url.association(*version, pair);
        let response = self.send(Method::PUT, url).await?;
        let status = response.status().as_u16();
        let mut headers = ReplyHeaders::read(response.headers(), SystemTime::now());
        for text in [&mut headers.correlation_id, &mut headers.location]
            .into_iter()
            .flatten()
        {
            token.mask_text(text);
        }
        let body = match whole_body(response.into_body()).await {
            Ok(mut bytes) => {
                token.mask(&mut bytes);
                Body::parse(&bytes)
            }
            Err(why) => Body::Unread(why),
        };
        Ok(Reply::Answered(Answer {
            status,
            headers,
            body,
        }))
    }
}

/// Reads a body up to its end, or up to the bound.
async fn whole_body(mut body: Incoming) -> Result<Vec<u8>, Unreadable> {
    let mut bytes = Vec::new();
    // Nearly every body is one piece, and says so; asking for another would cost a wake-up.
    while !body.is_end_stream() {
        let Some(frame) = body.frame().await else {
            break;
        };
        let Ok(piece) = frame.map_err(|_| Unreadable::Cut)?.into_data() else {
            continue;
        };
        if bytes.len() + piece.len() > MAX_REPLY_BYTES {
            return Err(Unreadable::TooLong);
        }
        bytes.extend_from_slice(&piece);
    }
    Ok(bytes)
}

impl Endpoint for HttpEndpoint {
    async fn associate(&self, pair: &Pair) -> Reply {
        match tokio::time::timeout(self.settings.timeout, self.exchange(pair)).await {
            Ok(Ok(reply)) => reply,
            Ok(Err(error)) => without_answer(&*error),
            Err(_) => Reply::TimedOut,
        }
    }
}

/// Tells apart the ways in which no status came.
fn without_answer(error: &(dyn Error + 'static)) -> Reply {
    if causes(error).any(is_late) {
        return Reply::TimedOut;
    }
    let why = chain(error);
    if causes(error).any(is_certificate_refused) {
        Reply::Untrusted { why }
    } else if causes(error).any(is_not_http) {
        Reply::Garbled { why }
    } else {
        Reply::Disconnected { why }
    }
}

fn is_late(error: &(dyn Error + 'static)) -> bool {
    let kind = error.downcast_ref().map(io::Error::kind);
    kind == Some(io::ErrorKind::TimedOut)
        || error.downcast_ref().is_some_and(hyper::Error::is_timeout)
}

fn is_certificate_refused(error: &(dyn Error + 'static)) -> bool {
    matches!(
        error.downcast_ref(),
        Some(
            rustls::Error::InvalidCertificate(_)
                | rustls::Error::NoCertificatesPresented
                | rustls::Error::UnsupportedNameType
        )
    )
}

fn is_not_http(error: &(dyn Error + 'static)) -> bool {
    error.downcast_ref().is_some_and(hyper::Error::is_parse)
}

/// The error and what caused it, outermost first. An I/O error hides the error it was made from.
fn causes<'e>(
    error: &'e (dyn Error + 'static),
) -> impl Iterator<Item = &'e (dyn Error + 'static)> + 'e {
    std::iter::successors(Some(error), |&error| {
        error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref)
            .map(|inner| inner as &(dyn Error + 'static))
            .or_else(|| error.source())
    })
}

/// The messages of an error and its causes on one line, each once.
fn chain(error: &(dyn Error + 'static)) -> String {
    let mut parts: Vec<String> = Vec::new();
    for cause in causes(error) {
        let text = cause.to_string();
        // The client's outermost layer says no more than that sending failed.
        if text.starts_with("client error (") && cause.source().is_some() {
            continue;
        }
        if !parts.iter().any(|part| part.contains(&text)) {
            parts.push(text);
        }
    }
    parts.join(": ")
}
