//! Classifies the errors that come instead of a status. Pure.

use std::error::Error;
use std::io;

use crate::api::error_chain::{causes, chain};
use crate::api::response::headers::Reply;

/// The reply for an error of the HTTP client.
pub(crate) fn reply_without_status(error: reqwest::Error) -> Reply {
    // A report already names the pair, so the URL adds nothing.
    let error = error.without_url();
    if error.is_timeout() || causes(&error).any(is_timeout) {
        return Reply::TimedOut;
    }
    let why = chain(&error);
    let mut system = causes(&error).filter_map(|cause| cause.downcast_ref());
    if system.any(is_out_of_descriptors) {
        Reply::NoDescriptor { why }
    } else if causes(&error).any(is_certificate_refused) {
        Reply::Untrusted { why }
    } else if causes(&error).any(is_not_http) {
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
