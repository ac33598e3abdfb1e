//! Which server certificates are trusted: those of the system, and those of a file.
//!
//! The system's come first because a company installs its own proxy's certificate there. On a machine without any,
//! such as a bare container, Mozilla's are used, which are built into this program.

use std::path::{Path, PathBuf};

use reqwest::{Certificate, Client, ClientBuilder};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use webpki_root_certs::TLS_SERVER_ROOT_CERTS;

use crate::files::bounded_file;

/// The size limit of a certificate file, fifty times the size of all that Mozilla trusts.
const MAX_BYTES: u64 = 16 * 1024 * 1024;

/// Additional certificates to trust.
#[derive(Clone, Debug, Default)]
pub struct RootCertificates(Vec<CertificateDer<'static>>);

/// A certificate file is not usable.
#[derive(Debug, thiserror::Error)]
#[error("cannot use the certificates in `{}`: {why}", path.display())]
pub struct RootCertificatesError {
    path: PathBuf,
    why: String,
}

impl RootCertificates {
    /// Reads a PEM file with one or more certificates.
    pub fn read(path: &Path) -> Result<Self, RootCertificatesError> {
        let failed = |why: String| RootCertificatesError {
            path: path.to_owned(),
            why,
        };
        let bytes =
            bounded_file::read(path, MAX_BYTES).map_err(|error| failed(error.to_string()))?;
        let certificates = CertificateDer::pem_slice_iter(&bytes).collect::<Result<Vec<_>, _>>();
        let certificates = certificates.map_err(|error| failed(error.to_string()))?;
        if certificates.is_empty() {
            return Err(failed("it holds none in PEM form".to_owned()));
        }
        let mut store = rustls::RootCertStore::empty();
        for certificate in &certificates {
            let added = store.add(certificate.clone());
            added.map_err(|error| failed(error.to_string()))?;
        }
        Ok(Self(certificates))
    }
}

/// Builds a client that trusts the system's certificates and `roots`.
pub(crate) fn client(
    builder: impl Fn() -> ClientBuilder,
    roots: &RootCertificates,
) -> reqwest::Result<Client> {
    // With additional certificates a client is also built on a machine without system certificates, so this must be
    // tried first.
    let with_system_roots = builder().build();
    if roots.0.is_empty() && with_system_roots.is_ok() {
        return with_system_roots;
    }
    let bundled = if with_system_roots.is_ok() {
        &[]
    } else {
        TLS_SERVER_ROOT_CERTS
    };
    let trusted = roots.0.iter().chain(bundled);
    let trusted = trusted.map(|certificate| Certificate::from_der(certificate));
    let trusted = trusted.collect::<Result<Vec<_>, _>>()?;
    builder().tls_certs_merge(trusted).build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_a_certificate_is_refused_with_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ca.pem");
        for (content, why) in [
            (None, "No such file or directory (os error 2)"),
            (Some(""), "it holds none in PEM form"),
            (
                Some("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"),
                "it holds none in PEM form",
            ),
            (
                Some("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
                "invalid peer certificate: BadEncoding",
            ),
        ] {
            if let Some(content) = content {
                std::fs::write(&path, content).unwrap();
            }
            let error = RootCertificates::read(&path).unwrap_err().to_string();
            let expected = format!("cannot use the certificates in `{}`: {why}", path.display());
            assert_eq!(error, expected);
        }
    }
}
