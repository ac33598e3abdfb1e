//! [`Endpoint`] over HTTP: the only file that sends requests.
//!
//! One call is one request: redirects are not followed, and nothing is retried here. (The connection pool does open a
//! new connection when a kept one turns out to be closed before any byte of the request was written; the server never
//! sees the first try, so it is not an attempt.)

use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Body, Client, Method, Request, Url};
use tokio::time::Instant;

use crate::api::auth::error::CredentialsError;
use crate::api::auth::session::Session;
use crate::api::auth::source::TokenSource;
use crate::api::endpoint::{Endpoint, RefreshOutcome};
use crate::api::error_chain::chain;
use crate::api::link_body::{inputs, types};
use crate::api::link_call::{LinkCall, MAX_LINK_REPLY_BYTES};
use crate::api::lookup_call::LookupCall;
use crate::api::request::{ApiVersion, BaseUrl};
use crate::api::response::headers::Reply;
use crate::api::response::read::{self, MAX_REPLY_BYTES};
use crate::api::run_portal::RunPortal;
use crate::api::running_time::within;
use crate::api::tls::RootCertificates;
use crate::api::transport::{self, ClientError};
use crate::api::transport_error::reply_without_status;
use crate::domain::link_request::LinkRequest;

/// The additional size limit per pair of a batch call: two results, or one error, take less than half of it.
const MAX_BYTES_PER_PAIR: usize = 1024;

/// The same with labels: a result lists up to 50 of them.
const MAX_BYTES_PER_LABELLED_PAIR: usize = 8 * 1024;

/// The size limit of the reply to a lookup: up to 200 records with a few properties each, or errors with 100 keys.
const MAX_LOOKUP_BYTES: usize = 1 << 20;

/// The client's settings, already validated.
#[derive(Clone, Debug)]
pub struct ClientSettings {
    /// The base URL of the API.
    pub base_url: BaseUrl,
    /// Which API version the path names.
    pub version: ApiVersion,
    /// The source of the token.
    pub source: TokenSource,
    /// The certificates trusted in addition to the system's.
    pub roots: RootCertificates,
    /// The timeout of one attempt, from connecting to the last byte of the reply.
    pub timeout: Duration,
    /// The maximum number of kept connections.
    pub concurrency: usize,
}

/// The API behind HTTP.
#[derive(Clone, Debug)]
pub struct HttpEndpoint {
    client: Client,
    /// The current session; replaced when the token is refreshed.
    session: Arc<RwLock<Arc<Session>>>,
    /// Shared, because every request in flight has its own endpoint.
    settings: Arc<ClientSettings>,
    exchanging: Arc<AtomicBool>,
    pub(crate) portal: RunPortal,
}

/// A token exchange is in progress while this value exists.
#[derive(Debug)]
pub(crate) struct Exchanging(Arc<AtomicBool>);

impl Drop for Exchanging {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

impl HttpEndpoint {
    /// Sets up the client; sends nothing and opens no connection.
    pub fn new(settings: ClientSettings) -> Result<Self, ClientError> {
        let session = match &settings.source {
            TokenSource::Fixed(token) => Session::of(token.clone()),
            _ => Session::default(),
        };
        let client = transport::client(&settings.base_url, &settings.roots, settings.concurrency)?;
        Ok(Self {
            client,
            session: Arc::new(RwLock::new(Arc::new(session))),
            settings: Arc::new(settings),
            exchanging: Arc::default(),
            portal: RunPortal::default(),
        })
    }

    /// Reads the token if that needs no network; for an OAuth app, checks that a new refresh token could be stored.
    /// Problems are thus found before the run.
    pub async fn prepare(&self) -> Result<(), CredentialsError> {
        if let TokenSource::OAuth(app) = &self.settings.source {
            app.hold().await?;
        }
        if let Some(token) = self.settings.source.read().await? {
            self.begin_session(Session::of(token));
        }
        Ok(())
    }

    /// Whether a token exchange is in progress. Dropping it now would lose the refresh token in the reply.
    #[must_use]
    pub fn is_exchanging(&self) -> bool {
        self.exchanging.load(Ordering::Acquire)
    }

    pub(crate) fn begin_exchange(&self) -> Exchanging {
        self.exchanging.store(true, Ordering::Release);
        Exchanging(Arc::clone(&self.exchanging))
    }

    /// The region in the token, if it names one.
    #[must_use]
    pub fn region(&self) -> Option<String> {
        let session = self.session();
        session.token()?.region().map(ToOwned::to_owned)
    }

    pub(crate) fn session(&self) -> Arc<Session> {
        let session = self.session.read();
        Arc::clone(&session.unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn begin_session(&self, session: Session) {
        let mut current = self.session.write().unwrap_or_else(PoisonError::into_inner);
        *current = Arc::new(session);
    }

    pub(crate) fn settings(&self) -> &ClientSettings {
        &self.settings
    }

    /// Sends a request, and reads the whole reply within `time`: status and body. The error says why there is no
    /// reply.
    pub(crate) async fn exchange_whole(
        &self,
        request: Request,
        time: Duration,
    ) -> Result<(u16, Vec<u8>), String> {
        let asking = async {
            let response = self.client.execute(request).await;
            let response = response.map_err(|error| chain(&error.without_url()))?;
            let status = response.status().as_u16();
            let body = read::whole_body(response, MAX_REPLY_BYTES).await;
            Ok((status, body.unwrap_or_default()))
        };
        let answered = within(time, asking).await;
        answered.unwrap_or_else(|| Err("no reply in time".to_owned()))
    }

    async fn put<R: LinkRequest>(&self, row: &R) -> Result<Reply, reqwest::Error> {
        let ClientSettings {
            base_url, version, ..
        } = &*self.settings;
        let session = self.session();
        let request = if let Some(labels) = row.labels() {
            let url = base_url.labelled_association(*version, row.pair());
            with_json(Method::PUT, url, &session, types(&labels.sent))
        } else {
            let url = base_url.association(*version, row.pair());
            request(Method::PUT, url, session.headers.clone(), None)
        };
        let response = self.client.execute(request).await?;
        Ok(read::reply(response, &session, MAX_REPLY_BYTES).await)
    }

    async fn post<R: LinkRequest>(&self, rows: &[R]) -> Result<Reply, reqwest::Error> {
        let ClientSettings {
            base_url, version, ..
        } = &*self.settings;
        let Some(first) = rows.first() else {
            let why = "a call without a pair".to_owned();
            return Ok(Reply::Disconnected { why });
        };
        let session = self.session();
        let [from_type, to_type] = first.pair().types();
        let (url, of_pair) = if first.labels().is_some() {
            let url = base_url.labelled_batch(*version, from_type, to_type);
            (url, MAX_BYTES_PER_LABELLED_PAIR)
        } else {
            let url = base_url.batch(*version, from_type, to_type);
            (url, MAX_BYTES_PER_PAIR)
        };
        let request = with_json(Method::POST, url, &session, inputs(rows));
        let response = self.client.execute(request).await?;
        let max = MAX_REPLY_BYTES + rows.len() * of_pair;
        Ok(read::reply(response, &session, max).await)
    }

    async fn find(&self, call: &LookupCall) -> Result<Reply, reqwest::Error> {
        let url = self.settings.base_url.lookup(self.settings.version, call);
        self.post_raw(url, &call.body, MAX_LOOKUP_BYTES).await
    }

    async fn read_or_remove(&self, call: &LinkCall) -> Result<Reply, reqwest::Error> {
        let url = self
            .settings
            .base_url
            .link_call(self.settings.version, call);
        self.post_raw(url, &call.body, MAX_LINK_REPLY_BYTES).await
    }

    /// A call whose reply, of up to `max` bytes, is not parsed here.
    async fn post_raw(&self, url: Url, body: &[u8], max: usize) -> Result<Reply, reqwest::Error> {
        let session = self.session();
        let request = with_json(Method::POST, url, &session, body.to_vec());
        let response = self.client.execute(request).await?;
        Ok(read::raw_reply(response, &session, max).await)
    }

    /// Waits for an exchange. It is pinned by the caller: moving it would copy a kilobyte, several times per row.
    async fn with_timeout(
        &self,
        exchange: Pin<&mut impl Future<Output = Result<Reply, reqwest::Error>>>,
    ) -> Reply {
        match within(self.settings.timeout, exchange).await {
            Some(Ok(reply)) => reply,
            Some(Err(error)) => reply_without_status(error),
            None => Reply::TimedOut,
        }
    }
}

/// A call with a JSON body.
fn with_json(method: Method, url: Url, session: &Session, body: Vec<u8>) -> Request {
    let mut headers = session.headers.clone();
    // The HTTP library sets `Content-Length`.
    headers.remove(CONTENT_LENGTH);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    request(method, url, headers, Some(Body::from(body)))
}

/// A request with these headers and no others.
pub(crate) fn request(method: Method, url: Url, headers: HeaderMap, body: Option<Body>) -> Request {
    let mut request = Request::new(method, url);
    *request.headers_mut() = headers;
    *request.body_mut() = body;
    request
}

impl Endpoint for HttpEndpoint {
    fn refresh_due(&self) -> Option<Instant> {
        self.session().refresh_due()
    }

    fn can_refresh(&self) -> bool {
        self.settings.source.can_change()
    }

    async fn refresh(&self) -> RefreshOutcome {
        self.refresh_token_now().await
    }

    fn is_exchanging(&self) -> bool {
        Self::is_exchanging(self)
    }

    async fn associate<R: LinkRequest + Sync>(&self, row: &R) -> Reply {
        self.with_timeout(pin!(self.put(row))).await
    }

    async fn associate_all<R: LinkRequest + Sync>(&self, rows: &[R]) -> Reply {
        self.with_timeout(pin!(self.post(rows))).await
    }

    async fn lookup(&self, call: &LookupCall) -> Reply {
        self.with_timeout(pin!(self.find(call))).await
    }

    async fn links(&self, call: &LinkCall) -> Reply {
        self.with_timeout(pin!(self.read_or_remove(call))).await
    }
}
