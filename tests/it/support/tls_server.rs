//! An HTTPS server for HTTP/1.1 or HTTP/2, whose certificate is issued by an unknown authority.

use std::net::TcpListener as StdListener;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response, Version};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// What the server does with a request.
#[derive(Clone, Copy)]
pub(crate) enum Answers {
    /// It confirms the requested pair.
    Confirm,
    /// It refuses the HTTP/2 stream, which invites the client to send the request again.
    RefuseStream,
}

/// The version and the authorization of each request.
type Requests = Arc<Mutex<Vec<(Version, String)>>>;

pub(crate) struct TlsServer {
    /// The authority's certificate as PEM.
    pub(crate) authority: String,
    pub(crate) port: u16,
    requests: Requests,
}

impl TlsServer {
    /// Starts a server for this host name, which speaks these protocols, named as in ALPN.
    pub(crate) fn start(host: &str, protocols: &[&str], answers: Answers) -> Self {
        let (authority, mut config) = certified(host);
        config.alpn_protocols = protocols
            .iter()
            .map(|name| name.as_bytes().to_vec())
            .collect();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = StdListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let requests = Requests::default();
        let seen = Arc::clone(&requests);
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                listener.set_nonblocking(true).unwrap();
                let listener = TcpListener::from_std(listener).unwrap();
                loop {
                    let (stream, _) = listener.accept().await.unwrap();
                    let serving = serve(stream, acceptor.clone(), Arc::clone(&seen), answers);
                    tokio::spawn(serving);
                }
            });
        });
        Self {
            authority,
            port,
            requests,
        }
    }

    /// The requests so far.
    pub(crate) fn requests(&self) -> Vec<(Version, String)> {
        self.requests.lock().unwrap().clone()
    }
}

/// An authority's certificate as PEM, and a configuration with a certificate that it issued.
fn certified(host: &str) -> (String, ServerConfig) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec![host.to_owned()]).unwrap();
    let certificate = params.signed_by(&key, &issuer).unwrap();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    (issuer.pem(), config)
}

async fn serve(stream: TcpStream, acceptor: TlsAcceptor, requests: Requests, answers: Answers) {
    // A client that does not trust the certificate, or ends, closes the connection.
    let Ok(stream) = acceptor.accept(stream).await else {
        return;
    };
    let is_http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
    let service = service_fn(move |request| {
        let reply = answer(&request, &requests, answers);
        async move { reply }
    });
    let stream = TokioIo::new(stream);
    if is_http2 {
        let http2 = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
        drop(http2.serve_connection(stream, service).await);
    } else {
        let http1 = hyper::server::conn::http1::Builder::new();
        drop(http1.serve_connection(stream, service).await);
    }
}

fn answer(
    request: &Request<Incoming>,
    requests: &Requests,
    answers: Answers,
) -> Result<Response<Unsized>, h2::Error> {
    let authorization = request.headers()["authorization"].to_str().unwrap();
    let seen = (request.version(), authorization.to_owned());
    requests.lock().unwrap().push(seen);
    if matches!(answers, Answers::RefuseStream) {
        return Err(h2::Reason::REFUSED_STREAM.into());
    }
    let segments = request.uri().path().split('/');
    let ids: Vec<_> = segments
        .filter(|segment| segment.parse::<u64>().is_ok())
        .collect();
    let body = match ids.as_slice() {
        [from, to] => format!(
            r#"{{"status":"COMPLETE","results":[{{"from":{{"id":"{from}"}},"to":{{"id":"{to}"}}}}]}}"#
        ),
        _ => r#"{"portalId":7}"#.to_owned(),
    };
    Ok(Response::new(Unsized(Some(body.into()))))
}

/// A body whose length is not announced, as a gateway sends it.
struct Unsized(Option<Bytes>);

impl Body for Unsized {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        Poll::Ready(self.0.take().map(|bytes| Ok(Frame::data(bytes))))
    }
}
