//! Serves the sandbox on a socket: a thin shell around [`World`].
//!
//! It runs on its own thread with its own runtime, so that it is independent of the caller's. Connections are tasks;
//! the world is behind a lock that is never held across an await.

use std::error::Error as _;
use std::io;
use std::net::{SocketAddr, TcpListener as StdTcpListener};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::header::{AUTHORIZATION, HeaderName, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request as HttpRequest, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::sandbox::faults::effect::Action;
use crate::sandbox::faults::spec::Faults;
use crate::sandbox::http::raw_connection;
use crate::sandbox::http::raw_response::RawResponse;
use crate::sandbox::http::reply::Reply;
use crate::sandbox::settings::SandboxSettings;
use crate::sandbox::state::seen::Seen;
use crate::sandbox::state::world::{Request, World};

/// The largest body read: far larger than the largest batch.
const MAX_BODY_BYTES: usize = 16 * 1024 * 1024;
/// How long to wait when the system has no more sockets.
const OUT_OF_SOCKETS: Duration = Duration::from_millis(10);

/// A running sandbox. It stops when dropped.
pub struct Sandbox {
    address: SocketAddr,
    shared: Arc<Shared>,
    stopper: Stopper,
    thread: Option<JoinHandle<()>>,
}

/// Stops a sandbox from another thread, such as a signal handler's.
#[derive(Clone)]
pub struct Stopper(Arc<watch::Sender<bool>>);

impl Stopper {
    /// Requests the sandbox to stop; returns immediately.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }
}

struct Shared {
    started: Instant,
    world: Mutex<World>,
}

impl Shared {
    /// Locks the world, even if a thread panicked while holding it: its numbers are still the best available.
    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether dates up to some years from now can be written in a header.
fn has_date(now: SystemTime) -> bool {
    /// The start of the year 9991, in seconds.
    const END: u64 = 253_118_304_000;
    now.duration_since(SystemTime::UNIX_EPOCH)
        .is_ok_and(|since| since.as_secs() < END)
}

impl Sandbox {
    /// Binds and serves. When this returns, requests are accepted.
    ///
    /// Fails if the settings are invalid ([`SandboxSettings::check`]) or the address is in use.
    pub fn start(settings: SandboxSettings) -> io::Result<Self> {
        settings
            .check()
            .map_err(|refusal| io::Error::new(io::ErrorKind::InvalidInput, refusal))?;
        let now = SystemTime::now();
        if !has_date(now) {
            return Err(io::Error::other(
                "the clock is outside of the years 1970 to 9990, and replies carry the date",
            ));
        }
        let listener = StdTcpListener::bind(settings.listen)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            started: Instant::now(),
            world: Mutex::new(World::new(settings, now)),
        });
        let (stop, stopped) = watch::channel(false);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let thread = std::thread::Builder::new()
            .name("sandbox".to_owned())
            .spawn({
                let shared = Arc::clone(&shared);
                move || {
                    if let Err(error) = runtime.block_on(serve(listener, shared, stopped)) {
                        tracing::error!(%error, "the sandbox failed to serve");
                    }
                    // Dropping the runtime here also closes all connections.
                }
            })?;
        Ok(Self {
            address,
            shared,
            stopper: Stopper(Arc::new(stop)),
            thread: Some(thread),
        })
    }

    /// The address it listens on, with the actual port.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The base URL for requests.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What it received so far. Copies the state of every pair.
    #[must_use]
    pub fn seen(&self) -> Seen {
        self.shared.world().seen()
    }

    /// How many requests arrived so far, without copying everything else.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.shared.world().requests()
    }

    /// Draws from these faults from now on, instead of the initial ones.
    pub fn set_faults(&self, faults: Faults) {
        self.shared.world().settings.faults = faults;
    }

    /// Sets the records that a key of this type and property finds, in place of those that its spelling gives it. None
    /// makes it a key without a record.
    ///
    /// Fails if the type, the property or an id is invalid.
    pub fn assign_key(
        &self,
        object_type: &str,
        property: &str,
        key: &str,
        ids: &[&str],
    ) -> io::Result<()> {
        let assigned = self
            .shared
            .world()
            .assign_key(object_type, property, key, ids);
        assigned.ok_or_else(|| io::ErrorKind::InvalidInput.into())
    }

    /// Deletes a record, as another client would. Fails if the type or the id is invalid.
    pub fn delete_record(&self, object_type: &str, id: &str) -> io::Result<()> {
        let deleted = self.shared.world().remove_record(object_type, id, None);
        deleted.ok_or_else(|| io::ErrorKind::InvalidInput.into())
    }

    /// Merges a record into another one, as another client would. Fails if the type or an id is invalid.
    pub fn merge_record(&self, object_type: &str, id: &str, into: &str) -> io::Result<()> {
        let merged = self
            .shared
            .world()
            .remove_record(object_type, id, Some(into));
        merged.ok_or_else(|| io::ErrorKind::InvalidInput.into())
    }

    /// A handle to stop it from another thread.
    #[must_use]
    pub fn stopper(&self) -> Stopper {
        self.stopper.clone()
    }

    /// Blocks until it is stopped by its [`Stopper`]; returns what it received.
    #[must_use]
    pub fn wait(mut self) -> Seen {
        self.join();
        self.seen()
    }

    fn join(&mut self) {
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the sandbox's thread panicked");
        }
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.stopper.stop();
        self.join();
    }
}

async fn serve(
    listener: StdTcpListener,
    shared: Arc<Shared>,
    mut stopped: watch::Receiver<bool>,
) -> io::Result<()> {
    let listener = TcpListener::from_std(listener)?;
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            // An error means that all senders are gone, which also means stop.
            _ = stopped.wait_for(|stopped| *stopped) => return Ok(()),
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(serve_connection(stream, Arc::clone(&shared)));
                }
                Err(error) => {
                    tracing::debug!(%error, "failed to accept a connection");
                    tokio::time::sleep(OUT_OF_SOCKETS).await;
                }
            },
        }
    }
}

/// Serves the requests of one connection until it ends or a fault takes it over.
async fn serve_connection(stream: TcpStream, shared: Arc<Shared>) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "failed to set TCP_NODELAY: small packets may be delayed");
    }
    // Boxed because cancelling a connection requires movable futures.
    let service = service_fn(|request| Box::pin(respond(request, Arc::clone(&shared))));
    let mut connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    let ended =
        std::future::poll_fn(|context| Pin::new(&mut connection).poll_without_shutdown(context))
            .await;
    let Err(error) = ended else {
        return;
    };
    let Some(raw_response) = error
        .source()
        .and_then(|cause| cause.downcast_ref::<RawResponse>())
    else {
        tracing::debug!(%error, "a connection ended early");
        return;
    };
    let stream = connection.into_parts().io.into_inner();
    if let Err(error) = raw_connection::execute(raw_response, stream).await {
        tracing::debug!(%error, "the client disconnected before the end of the fault");
    }
}

async fn respond(
    request: HttpRequest<Incoming>,
    shared: Arc<Shared>,
) -> Result<Response<Full<Bytes>>, RawResponse> {
    let (head, body) = request.into_parts();
    let Ok(body) = Limited::new(body, MAX_BODY_BYTES).collect().await else {
        return Ok(response(Reply::empty(413)));
    };
    let body = body.to_bytes();
    let authorization = head.headers.get(AUTHORIZATION);
    let inbound = shared.world().inbound();
    if !inbound.is_zero() {
        tokio::time::sleep(inbound).await;
    }
    let plan = {
        let mut world = shared.world();
        // Read under the lock, so that the world's time never decreases.
        let now = shared.started.elapsed();
        let request = Request {
            method: head.method.as_str(),
            path: head.uri.path(),
            query: head.uri.query().unwrap_or_default(),
            authorization: authorization.and_then(|value| value.to_str().ok()),
            body: &body,
        };
        world.answer(request, now)
    };
    if !plan.after.is_zero() {
        tokio::time::sleep(plan.after).await;
    }
    match plan.action {
        Action::Answer(reply) | Action::AnswerLate(reply, _) => Ok(response(reply)),
        Action::TakeOver(raw_response) => Err(raw_response),
    }
}

fn response(reply: Reply) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(reply.body));
    *response.status_mut() =
        StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in reply.headers {
        if let Ok(value) = HeaderValue::from_maybe_shared(Bytes::from(value)) {
            response
                .headers_mut()
                .append(HeaderName::from_static(name), value);
        }
    }
    response
}
