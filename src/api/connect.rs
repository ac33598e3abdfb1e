//! Connects to a server: TCP, or a tunnel through the proxy set in the environment or the system, and TLS. Connections
//! are kept alive; the TLS handshake negotiates the HTTP version.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::Uri;
use hyper::header::{HeaderMap, HeaderValue, USER_AGENT};
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::client::legacy::connect::{Connected, Connection, HttpConnector};
use hyper_util::client::proxy::matcher::Matcher;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use rustls::ClientConfig;
use tokio::net::TcpStream;
use tower_service::Service;

use crate::api::running_time::within;

/// The timeout for establishing a connection; the attempt's timeout applies as well.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long an idle connection is kept; shorter than the servers' own limit, so that a request is rarely sent on a
/// connection that is being closed.
const POOL_IDLE: Duration = Duration::from_secs(50);

/// A peer that is silent for this long is probed, three times.
const KEEPALIVE: Duration = Duration::from_secs(15);
const KEEPALIVE_PROBES: u32 = 3;

/// A peer that acknowledges none of the sent data for this long is considered gone.
#[cfg(target_os = "linux")]
const UNACKNOWLEDGED: Duration = Duration::from_secs(30);

/// The user agent, sent to servers and proxies.
pub(crate) const AGENT: HeaderValue = HeaderValue::from_static(concat!(
    env!("CARGO_PKG_NAME"),
    "/",
    env!("CARGO_PKG_VERSION")
));

/// Sends requests over kept-alive connections.
pub(crate) type Connections = Client<Connector, Full<Bytes>>;

type BoxError = Box<dyn std::error::Error + Send + Sync>;
type Connecting<S> = Pin<Box<dyn Future<Output = Result<S, BoxError>> + Send>>;

/// A stream to the server, or to a proxy, possibly with TLS to the proxy.
type ProxiedStream = MaybeHttpsStream<TokioIo<TcpStream>>;

/// Sets up the client without connecting. At most `kept` connections are kept alive.
pub(crate) fn connections(tls: ClientConfig, proxied: bool, kept: usize) -> Connections {
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp.set_keepalive(Some(KEEPALIVE));
    tcp.set_keepalive_interval(Some(KEEPALIVE));
    tcp.set_keepalive_retries(Some(KEEPALIVE_PROBES));
    #[cfg(target_os = "linux")]
    tcp.set_tcp_user_timeout(Some(UNACKNOWLEDGED));
    let to_proxy = HttpsConnectorBuilder::new()
        .with_tls_config(tls.clone())
        .https_or_http()
        .enable_http1()
        .wrap_connector(tcp.clone());
    let proxy_connector = ProxyConnector {
        tcp,
        to_proxy,
        proxies: proxied.then(|| Arc::new(Matcher::from_system())),
    };
    let tls = HttpsConnectorBuilder::new()
        .with_tls_config(tls)
        .https_or_http()
        .enable_all_versions()
        .wrap_connector(proxy_connector);
    Client::builder(TokioExecutor::new())
        .timer(TokioTimer::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(POOL_IDLE)
        .pool_max_idle_per_host(kept)
        .build(Connector { tls: Arc::new(tls) })
}

/// Establishes a connection, with TLS if the server's URL requires it. Cloned for each request, even when a kept
/// connection is used.
#[derive(Clone, Debug)]
pub(crate) struct Connector {
    tls: Arc<HttpsConnector<ProxyConnector>>,
}

impl Service<Uri> for Connector {
    type Response = Stream;
    type Error = BoxError;
    type Future = Connecting<Self::Response>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, server: Uri) -> Self::Future {
        let mut tls = (*self.tls).clone();
        Box::pin(async move {
            let connecting = async {
                poll_fn(|context| tls.poll_ready(context)).await?;
                tls.call(server).await
            };
            let late = || io::Error::new(io::ErrorKind::TimedOut, "no connection in time");
            let inner = within(CONNECT_TIMEOUT, connecting)
                .await
                .ok_or_else(late)??;
            Ok(Stream { inner })
        })
    }
}

/// A connection. It reports the negotiated protocol to the client, but not the addresses, which the inner connection
/// would add to every reply.
#[derive(Debug)]
pub(crate) struct Stream {
    inner: MaybeHttpsStream<ProxiedStream>,
}

impl Connection for Stream {
    fn connected(&self) -> Connected {
        let connected = Connected::new();
        if self.inner.connected().is_negotiated_h2() {
            connected.negotiated_h2()
        } else {
            connected
        }
    }
}

impl Read for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(context, buffer)
    }
}

impl Write for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}

/// The stream over which TLS with the server is established.
#[derive(Clone, Debug)]
pub(crate) struct ProxyConnector {
    tcp: HttpConnector,
    to_proxy: HttpsConnector<HttpConnector>,
    proxies: Option<Arc<Matcher>>,
}

impl Service<Uri> for ProxyConnector {
    type Response = ProxiedStream;
    type Error = BoxError;
    type Future = Connecting<ProxiedStream>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.to_proxy.poll_ready(context)
    }

    fn call(&mut self, server: Uri) -> Self::Future {
        let proxies = self.proxies.as_ref();
        if let Some(proxy) = proxies.and_then(|proxies| proxies.intercept(&server)) {
            let named = HeaderMap::from_iter([(USER_AGENT, AGENT)]);
            let mut tunnel =
                Tunnel::new(proxy.uri().clone(), self.to_proxy.clone()).with_headers(named);
            if let Some(auth) = proxy.basic_auth() {
                tunnel = tunnel.with_auth(auth.clone());
            }
            Box::pin(async move { Ok(tunnel.call(server).await?) })
        } else {
            let connecting = self.tcp.call(server);
            Box::pin(async move { Ok(MaybeHttpsStream::Http(connecting.await?)) })
        }
    }
}
