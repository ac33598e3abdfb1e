//! TLS: which servers are trusted, and which requests are sent to them.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::support::tls_server::{Answers, TlsServer};
use crate::support::{Finished, Rehearsal, TOKEN, finish};

/// Starts a server whose certificate is issued by an unknown authority. It confirms every requested pair. Returns the
/// authority's certificate as PEM.
fn serve() -> (String, u16) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let certificate = params.signed_by(&key, &issuer).unwrap();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            // A client that does not trust the certificate closes the connection.
            drop(answer(StreamOwned::new(connection, stream.unwrap())));
        }
    });
    (issuer.pem(), port)
}

fn answer(mut stream: impl Read + Write) -> std::io::Result<()> {
    let mut request = Vec::new();
    let mut byte = [0];
    loop {
        while !request.ends_with(b"\r\n\r\n") {
            stream.read_exact(&mut byte)?;
            request.push(byte[0]);
        }
        let text = String::from_utf8_lossy(&request).into_owned();
        let ids: Vec<_> = text
            .split(['/', ' '])
            .filter(|part| part.parse::<u64>().is_ok())
            .collect();
        let body = match ids.as_slice() {
            [from, to] => format!(
                r#"{{"status":"COMPLETE","results":[{{"from":{{"id":"{from}"}},"to":{{"id":"{to}"}}}}]}}"#
            ),
            _ => r#"{"portalId":7}"#.to_owned(),
        };
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len());
        stream.write_all((head + &body).as_bytes())?;
        stream.flush()?;
        request.clear();
    }
}

fn import(rehearsal: &Rehearsal, port: u16, flags: &[&str]) -> Finished {
    let url = format!("https://localhost:{port}");
    let arguments = [
        &["import", "pairs.csv", "--base-url", &url, "--overwrite"],
        flags,
    ]
    .concat();
    finish(rehearsal.command(&arguments).output().unwrap())
}

#[test]
fn a_certificate_without_a_trusted_issuer_is_refused_unless_a_file_trusts_it() {
    let (authority, port) = serve();
    let rehearsal = Rehearsal::new().rows(["contacts,41001,companies,52001"]);
    let finished = import(&rehearsal, port, &[]);
    assert_eq!(finished.code, 2, "{}", finished.stderr);
    let refused = format!(
        "error: stopped: the certificate of `https://localhost:{port}` is not trusted; 0 rows are in the report\n"
    );
    assert!(finished.stderr.starts_with(&refused), "{}", finished.stderr);
    assert!(
        finished.stderr.contains("`--ca-file`"),
        "{}",
        finished.stderr
    );
    std::fs::write(rehearsal.path("ca.pem"), authority).unwrap();
    let finished = import(&rehearsal, port, &["--ca-file", "ca.pem"]);
    assert_eq!((finished.code, finished.stderr.as_str()), (0, ""));
    assert_eq!(rehearsal.outcomes(), ["1 associated"]);
    let finished = import(&rehearsal, port, &["--ca-file", "pairs.csv"]);
    assert_eq!(
        (finished.code, finished.stderr.as_str()),
        (
            2,
            "error: cannot use the certificates in `pairs.csv`: it holds none in PEM form\n"
        )
    );
}

#[test]
fn a_machine_without_system_certificates_can_rehearse_and_still_refuses_an_unknown_issuer() {
    let (_, port) = serve();
    let rehearsal = Rehearsal::new().rows(["contacts,41001,companies,52001"]);
    let bare = |arguments: &[&str]| {
        let mut command = rehearsal.command(arguments);
        command
            .env("SSL_CERT_FILE", "/nonexistent")
            .env("SSL_CERT_DIR", "/nonexistent");
        finish(command.output().unwrap())
    };
    let finished = bare(&["import", "pairs.csv", "--sandbox"]);
    assert_eq!((finished.code, finished.stderr.as_str()), (0, ""));
    let url = format!("https://localhost:{port}");
    let finished = bare(&["import", "pairs.csv", "--base-url", &url]);
    assert_eq!(finished.code, 2);
    assert!(
        finished.stderr.contains("is not trusted"),
        "{}",
        finished.stderr
    );
}

/// Imports with the server's authority trusted.
fn import_over_tls(rehearsal: &Rehearsal, server: &TlsServer, flags: &[&str]) -> Finished {
    std::fs::write(rehearsal.path("ca.pem"), &server.authority).unwrap();
    let flags = [&["--ca-file", "ca.pem", "--rate", "unlimited"], flags].concat();
    import(rehearsal, server.port, &flags)
}

#[test]
fn http_2_is_used_where_the_server_offers_it() {
    for (protocols, version) in [
        (&["h2", "http/1.1"][..], hyper::Version::HTTP_2),
        (&["http/1.1"], hyper::Version::HTTP_11),
        (&[], hyper::Version::HTTP_11),
    ] {
        let server = TlsServer::start("localhost", protocols, Answers::Confirm);
        let rehearsal =
            Rehearsal::new().rows((1..=40).map(|id| format!("contacts,{id},companies,{id}")));
        let finished = import_over_tls(&rehearsal, &server, &["--concurrency", "8"]);
        assert_eq!((finished.code, finished.stderr.as_str()), (0, ""));
        let outcomes: Vec<_> = (1..=40).map(|row| format!("{row} associated")).collect();
        assert_eq!(rehearsal.outcomes(), outcomes);
        // One is for the account.
        let expected = vec![(version, format!("Bearer {TOKEN}")); 41];
        assert_eq!(server.requests(), expected, "{protocols:?}");
    }
}

#[test]
fn a_refused_stream_is_an_attempt_and_the_client_does_not_repeat_it() {
    let server = TlsServer::start("localhost", &["h2"], Answers::RefuseStream);
    let rehearsal = Rehearsal::new().rows(["contacts,41001,companies,52001"]);
    let finished = import_over_tls(&rehearsal, &server, &["--max-attempts", "1"]);
    assert_eq!(finished.code, 1, "{}", finished.stderr);
    assert_eq!(rehearsal.outcomes(), ["1 failed"]);
    let row = &rehearsal.report()[0];
    assert_eq!(row["error_categories"], "CLIENT_CONNECTION");
    assert_eq!(row["attempts"], "1");
    assert_eq!(server.requests().len(), 2, "one is for the account");
}
