//! [`Endpoint`] over HTTP; the only file that sends anything.
//!
//! One call is one request: redirects are not followed, and the client repeats nothing by itself. (Its
//! connection pool does take a fresh connection when a kept one turns out to be closed before a single
//! byte of the request was written; the server never sees the first try, so it is not an attempt.)

use std::error::Error;
use std::io;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_LENGTH, HeaderMap, HeaderValue};
use reqwest::{Client, redirect, retry};

use super::Endpoint;
use super::account;
use super::body::{Body, Unreadable};
use super::credentials::Token;
use super::reply::{Answer, Reply, ReplyHeaders};
use super::request::{ApiVersion, BaseUrl};
use crate::pair::Pair;

/// How much of a reply's body is read. A single association's reply is under a kilobyte.
pub const MAX_REPLY_BYTES: usize = 256 * 1024;

/// How long a kept connection may idle; shorter than the servers' own bound, so that a request rarely
/// meets a connection that is just being closed.
const POOL_IDLE: Duration = Duration::from_secs(50);

/// What a connection must be made within; the time for one attempt bounds it as well.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

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
pub struct ClientError(#[from] reqwest::Error);

/// The API behind HTTP.
#[derive(Clone, Debug)]
pub struct HttpEndpoint {
    client: Client,
    /// Shared, because every request in flight has an endpoint of its own.
    settings: Arc<ClientSettings>,
}

impl HttpEndpoint {
    /// Sets up the client; nothing is sent and no connection made.
    pub fn new(settings: ClientSettings) -> Result<Self, ClientError> {
        let headers = HeaderMap::from_iter([
            (ACCEPT, HeaderValue::from_static("application/json")),
            // A PUT without a body should say so; some proxies insist (RFC 9110, section 8.6).
            (CONTENT_LENGTH, HeaderValue::from_static("0")),
        ]);
        let mut builder = Client::builder()
            .default_headers(headers)
            .user_agent(concat!(
                env!("CARGO_PKG_NAME"),
                "/",
                env!("CARGO_PKG_VERSION")
            ))
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_idle_timeout(POOL_IDLE)
            .pool_max_idle_per_host(settings.concurrency);
        if settings.base_url.is_loopback() {
            // What may be sent unencrypted because it stays on this machine must not go to a proxy.
            builder = builder.no_proxy();
        }
        Ok(Self {
            client: builder.build()?,
            settings: Arc::new(settings),
        })
    }

    /// Asks for the account's time zone, by its IANA name; `None` if it cannot be had: some tokens may
    /// link records and not ask this.
    pub async fn account_time_zone(&self) -> Option<String> {
        let ClientSettings {
            base_url,
            version,
            token,
            timeout,
            ..
        } = &*self.settings;
        let request = self
            .client
            .get(base_url.account_details(*version))
            .header(AUTHORIZATION, token.authorization())
            .timeout(*timeout);
        let mut response = request.send().await.ok()?.error_for_status().ok()?;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.ok()? {
            if body.len() + chunk.len() > MAX_REPLY_BYTES {
                return None;
            }
            body.extend_from_slice(&chunk);
        }
        account::time_zone(&body)
    }

    async fn exchange(&self, pair: &Pair) -> Result<Reply, reqwest::Error> {
        let url = self
            .settings
            .base_url
            .association(self.settings.version, pair);
        let mut response = self
            .client
            .put(url)
            .header(AUTHORIZATION, self.settings.token.authorization())
            .send()
            .await?;
        let status = response.status().as_u16();
        let mut headers = ReplyHeaders::read(response.headers(), SystemTime::now());
        for text in [&mut headers.correlation_id, &mut headers.location]
            .into_iter()
            .flatten()
        {
            self.settings.token.mask_text(text);
        }
        let mut bytes = Vec::new();
        let body = loop {
            match response.chunk().await {
                Ok(Some(chunk)) if bytes.len() + chunk.len() > MAX_REPLY_BYTES => {
                    break Body::Unread(Unreadable::TooLong);
                }
                Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
                Ok(None) => {
                    self.settings.token.mask(&mut bytes);
                    break Body::parse(&bytes);
                }
                Err(_) => break Body::Unread(Unreadable::Cut),
            }
        };
        Ok(Reply::Answered(Answer {
            status,
            headers,
            body,
        }))
    }
}

impl Endpoint for HttpEndpoint {
    async fn associate(&self, pair: &Pair) -> Reply {
        match tokio::time::timeout(self.settings.timeout, self.exchange(pair)).await {
            Ok(Ok(reply)) => reply,
            Ok(Err(error)) => without_answer(error),
            Err(_) => Reply::TimedOut,
        }
    }
}

/// Tells apart the ways in which no status came.
fn without_answer(error: reqwest::Error) -> Reply {
    if error.is_timeout() {
        return Reply::TimedOut;
    }
    let error = error.without_url();
    let why = chain(&error);
    if causes(&error).any(is_certificate_refused) {
        Reply::Untrusted { why }
    } else if causes(&error).any(is_not_http) {
        Reply::Garbled { why }
    } else {
        Reply::Disconnected { why }
    }
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
        // The client's own layers say no more than that sending failed.
        let says_nothing = ["error sending request", "client error ("];
        if says_nothing.iter().any(|start| text.starts_with(start)) && cause.source().is_some() {
            continue;
        }
        if !parts.iter().any(|part| part.contains(&text)) {
            parts.push(text);
        }
    }
    parts.join(": ")
}
