//! Sets up the HTTP client: connections, timeouts, proxy and certificates. Sends nothing.

use std::time::Duration;

use reqwest::header::HeaderValue;
use reqwest::{Client, ClientBuilder, redirect, retry};

use crate::api::proxy::{self, ProxyError};
use crate::api::request::BaseUrl;
use crate::api::tls::{self, RootCertificates};

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

/// The HTTP client could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// TLS could not be set up.
    #[error("cannot set up the HTTP client")]
    Tls(#[from] reqwest::Error),
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

/// Sets up the client for a base URL. At most `kept` idle connections are kept alive.
pub(crate) fn client(
    base_url: &BaseUrl,
    roots: &RootCertificates,
    kept: usize,
) -> Result<Client, ClientError> {
    // Plain HTTP is allowed because it stays on this machine, so loopback requests must not go to a proxy.
    let is_proxied = !base_url.is_loopback();
    if is_proxied {
        proxy::check(|name| std::env::var_os(name))?;
    }
    let builder = || builder(is_proxied, kept);
    // Reading the system's certificates takes longer than a request to loopback, so it is skipped there.
    let client = if base_url.is_encrypted() {
        tls::client(builder, roots)
    } else {
        builder().tls_certs_only([]).build()
    };
    Ok(client?)
}

fn builder(is_proxied: bool, kept: usize) -> ClientBuilder {
    let builder = Client::builder()
        .user_agent(AGENT)
        .redirect(redirect::Policy::none())
        // Without a maximum of 0, each request is copied for a retry that never happens.
        .retry(retry::never().max_retries_per_request(0))
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_idle_timeout(POOL_IDLE)
        .pool_max_idle_per_host(kept)
        .tcp_keepalive(KEEPALIVE)
        .tcp_keepalive_interval(KEEPALIVE)
        .tcp_keepalive_retries(KEEPALIVE_PROBES);
    #[cfg(target_os = "linux")]
    let builder = builder.tcp_user_timeout(UNACKNOWLEDGED);
    if is_proxied {
        builder
    } else {
        builder.no_proxy()
    }
}
