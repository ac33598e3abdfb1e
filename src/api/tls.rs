//! Which server certificates are trusted: those of the system, and those of a file.
//!
//! The system's come first because a company installs its own proxy's certificate there. On a machine without any,
//! such as a bare container, Mozilla's are used, which are built into this program.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::ClientConfig;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls_platform_verifier::Verifier;
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

/// Sets up TLS. Without `roots` no certificate is trusted, so no TLS connection succeeds.
pub(crate) fn tls(roots: Option<&RootCertificates>) -> Result<ClientConfig, rustls::Error> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()?;
    let Some(roots) = roots else {
        let none = rustls::RootCertStore::empty();
        return Ok(config.with_root_certificates(none).with_no_client_auth());
    };
    // Not dangerous: this is the system's own verifier.
    let config = config.dangerous();
    let config = config.with_custom_certificate_verifier(Arc::new(verifier(roots, &provider)?));
    Ok(config.with_no_client_auth())
}

fn verifier(
    roots: &RootCertificates,
    provider: &Arc<CryptoProvider>,
) -> Result<Verifier, rustls::Error> {
    let with = |roots: Vec<CertificateDer<'static>>| {
        Verifier::new_with_extra_roots(roots, Arc::clone(provider))
    };
    // With additional certificates the verifier is also created on a machine without system certificates, so this must
    // be checked first.
    let has_system_roots = roots.0.is_empty() || Verifier::new(Arc::clone(provider)).is_ok();
    let bundled = TLS_SERVER_ROOT_CERTS.iter().cloned();
    let with_bundled = || with(bundled.chain(roots.0.iter().cloned()).collect());
    if has_system_roots {
        with(roots.0.clone()).or_else(|_| with_bundled())
    } else {
        with_bundled()
    }
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
