//! [`Endpoint`] over HTTP: the only file that sends requests.
//!
//! One call is one request: redirects are not followed, and nothing is retried here. (The connection pool does open a
//! new connection when a kept one turns out to be closed before any byte of the request was written; the server never
//! sees the first try, so it is not an attempt.)

use std::error::Error;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::{Body as _, Incoming};
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderValue};
use hyper::{Method, Request, Response, Uri};
use tokio::time::Instant;

use crate::api::auth::error::CredentialsError;
use crate::api::auth::session::Session;
use crate::api::auth::source::TokenSource;
use crate::api::connect::Connections;
use crate::api::endpoint::{Endpoint, RefreshOutcome};
use crate::api::error_chain::{causes, chain};
use crate::api::proxy::ProxyError;
use crate::api::request::{ApiVersion, BaseUrl, inputs};
use crate::api::response::body::{Body, Unreadable};
use crate::api::response::coding::Coding;
use crate::api::response::headers::{Answer, Reply, ReplyHeaders};
use crate::api::run_portal::RunPortal;
use crate::api::running_time::within;
use crate::api::tls::RootCertificates;
use crate::api::{connect, proxy, tls};
use crate::domain::pair::Pair;

/// The size limit of a reply body. A single association's reply is under a kilobyte.
pub const MAX_REPLY_BYTES: usize = 256 * 1024;

/// The additional size limit per pair of a batch call: two results, or one error, take less than half of it.
const MAX_BYTES_PER_PAIR: usize = 1024;

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

/// The HTTP client could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// TLS could not be set up.
    #[error("cannot set up the HTTP client")]
    Tls(#[from] rustls::Error),
    /// The environment names a proxy that cannot be used.
    #[error(transparent)]
    Proxy(#[from] ProxyError),
}

impl ClientError {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Tls(_) => None,
            Self::Proxy(_) => Some(ProxyError::HINT.to_owned()),
        }
    }
}

type BoxError = Box<dyn Error + Send + Sync>;

/// The API behind HTTP.
#[derive(Clone, Debug)]
pub struct HttpEndpoint {
    connections: Connections,
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
        // Plain HTTP is allowed because it stays on this machine, so loopback requests must not go to a proxy.
        let proxied = !settings.base_url.is_loopback();
        if proxied {
            proxy::check(|name| std::env::var_os(name))?;
        }
        let session = match &settings.source {
            TokenSource::Fixed(token) => Session::of(token.clone()),
            _ => Session::default(),
        };
        // Reading the system's certificates takes longer than a request to loopback, so it is skipped there.
        let roots = settings.base_url.is_encrypted().then_some(&settings.roots);
        let tls = tls::tls(roots)?;
        Ok(Self {
            connections: connect::connections(tls, proxied, settings.concurrency),
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

    /// Sends one request and reads the whole reply: status, and body with the token masked. The error says why there
    /// is no reply.
    pub(crate) async fn exchange_whole(
        &self,
        session: &Session,
        method: Method,
        url: String,
    ) -> Result<(u16, Vec<u8>), String> {
        let mut headers = session.headers.clone();
        // Only a method that may have a body states that the body is empty (RFC 9110, section 8.6).
        headers.remove(CONTENT_LENGTH);
        let asking = async {
            let response = self.send_body(method, url, headers, Bytes::new()).await;
            let response = response.map_err(|error| chain(&*error))?;
            let status = response.status().as_u16();
            let mut body = whole_body(response, MAX_REPLY_BYTES)
                .await
                .unwrap_or_default();
            session.mask(&mut body);
            Ok((status, body))
        };
        let answered = within(self.settings.timeout, asking).await;
        answered.unwrap_or_else(|| Err("no reply in time".to_owned()))
    }

    pub(crate) async fn send_body(
        &self,
        method: Method,
        url: String,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<Response<Incoming>, BoxError> {
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = method;
        *request.uri_mut() = Uri::try_from(url)?;
        *request.headers_mut() = headers;
        Ok(self.connections.request(request).await?)
    }

    async fn put(&self, pair: &Pair) -> Result<Reply, BoxError> {
        let ClientSettings {
            base_url, version, ..
        } = &*self.settings;
        let url = base_url.association(*version, pair);
        let session = self.session();
        let headers = session.headers.clone();
        let response = self
            .send_body(Method::PUT, url, headers, Bytes::new())
            .await?;
        Ok(read(response, &session, MAX_REPLY_BYTES).await)
    }

    async fn post<P: AsRef<Pair>>(&self, pairs: &[P]) -> Result<Reply, BoxError> {
        let types = pairs.first().map(|pair| pair.as_ref().types());
        let [from_type, to_type] = types.ok_or("a call without a pair")?;
        let ClientSettings {
            base_url, version, ..
        } = &*self.settings;
        let url = base_url.batch(*version, from_type, to_type);
        let session = self.session();
        let mut headers = session.headers.clone();
        // The HTTP library sets `Content-Length`.
        headers.remove(CONTENT_LENGTH);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let body = Bytes::from(inputs(pairs));
        let response = self.send_body(Method::POST, url, headers, body).await?;
        let max = MAX_REPLY_BYTES + pairs.len() * MAX_BYTES_PER_PAIR;
        Ok(read(response, &session, max).await)
    }

    async fn with_timeout(&self, exchange: impl Future<Output = Result<Reply, BoxError>>) -> Reply {
        match within(self.settings.timeout, exchange).await {
            Some(Ok(reply)) => reply,
            Some(Err(error)) => reply_without_status(&*error),
            None => Reply::TimedOut,
        }
    }
}

/// Reads a reply, with up to `max` bytes of its body.
async fn read(response: Response<Incoming>, session: &Session, max: usize) -> Reply {
    let status = response.status().as_u16();
    let mut headers = ReplyHeaders::read(response.headers(), SystemTime::now());
    for text in [&mut headers.correlation_id, &mut headers.location]
        .into_iter()
        .flatten()
    {
        session.mask_text(text);
    }
    let body = match whole_body(response, max).await {
        Ok(mut bytes) => {
            session.mask(&mut bytes);
            parse(bytes).await
        }
        Err(why) => Body::Unread(why),
    };
    Reply::Answered(Answer {
        status,
        headers,
        body,
    })
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
pub(crate) async fn whole_body(
    response: Response<Incoming>,
    max: usize,
) -> Result<Vec<u8>, Unreadable> {
    let coding = Coding::of(response.headers());
    let bytes = sent_body(response.into_body(), max).await?;
    coding.decode(bytes, max)
}

/// Reads a body without decoding it.
async fn sent_body(mut body: Incoming, max: usize) -> Result<Vec<u8>, Unreadable> {
    let mut bytes = Vec::new();
    // Nearly every body is a single frame and says so; polling for another would cost a wake-up.
    while !body.is_end_stream() {
        let Some(frame) = body.frame().await else {
            break;
        };
        let Ok(piece) = frame.map_err(|_| Unreadable::Cut)?.into_data() else {
            continue;
        };
        if bytes.len() + piece.len() > max {
            return Err(Unreadable::TooLong);
        }
        bytes.extend_from_slice(&piece);
    }
    Ok(bytes)
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

    async fn associate(&self, pair: &Pair) -> Reply {
        self.with_timeout(self.put(pair)).await
    }

    async fn associate_all<P: AsRef<Pair> + Sync>(&self, pairs: &[P]) -> Reply {
        self.with_timeout(self.post(pairs)).await
    }
}

/// Classifies the errors that came instead of a status.
fn reply_without_status(error: &(dyn Error + 'static)) -> Reply {
    if causes(error).any(is_timeout) {
        return Reply::TimedOut;
    }
    let why = chain(error);
    let mut system = causes(error).filter_map(|cause| cause.downcast_ref());
    if system.any(is_out_of_descriptors) {
        Reply::NoDescriptor { why }
    } else if causes(error).any(is_certificate_refused) {
        Reply::Untrusted { why }
    } else if causes(error).any(is_not_http) {
        Reply::InvalidHttp { why }
    } else {
        Reply::Disconnected { why }
    }
}

fn is_timeout(error: &(dyn Error + 'static)) -> bool {
    let kind = error.downcast_ref().map(io::Error::kind);
    kind == Some(io::ErrorKind::TimedOut)
        || error.downcast_ref().is_some_and(hyper::Error::is_timeout)
}

/// Whether the process or the whole system has run out of file descriptors.
#[must_use]
pub fn is_out_of_descriptors(error: &io::Error) -> bool {
    /// `ENFILE` and `EMFILE`, the same numbers on Linux, macOS and the BSDs.
    const CODES: [i32; 2] = [23, 24];
    let code = error.raw_os_error();
    code.is_some_and(|code| CODES.contains(&code))
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
