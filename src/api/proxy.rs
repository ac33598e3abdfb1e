//! Validates the proxy that the environment names: ignoring an invalid value would send requests past the proxy. Pure
//! except for reading the environment.

use std::ffi::OsString;

use hyper::Uri;
use hyper::http::uri::Authority;

/// The variables that may name the proxy for encrypted connections.
const VARIABLES: [&str; 4] = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];

/// A variable that names a proxy is not usable. Its value may contain a password.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProxyError {
    /// Its value is not the URL of a proxy.
    #[error("the proxy in `{variable}` is not valid")]
    NotUnderstood {
        /// Its name.
        variable: &'static str,
    },
    /// Its value is the URL of an unsupported kind of proxy.
    #[error(
        "the proxy in `{variable}` is of an unsupported kind: only http and https are supported"
    )]
    Unsupported {
        /// Its name.
        variable: &'static str,
    },
}

impl ProxyError {
    /// What to do about it.
    pub const HINT: &str = "such as http://host:port or http://user:password@host:port, with special characters of the password \
                            percent-encoded; the value is not shown because it may hold one";
}

/// Fails if a variable names an unusable proxy.
pub(crate) fn check(variable: impl Fn(&str) -> Option<OsString>) -> Result<(), ProxyError> {
    for name in VARIABLES {
        if let Some(value) = variable(name).filter(|value| !value.is_empty()) {
            check_value(name, value.to_str())?;
        }
    }
    Ok(())
}

/// The HTTP client ignores a proxy that it cannot parse, so everything that it ignores must be refused here.
fn check_value(variable: &'static str, value: Option<&str>) -> Result<(), ProxyError> {
    let proxy = value.and_then(|value| value.parse::<Uri>().ok());
    let Some(proxy) = proxy.filter(|proxy| proxy.authority().is_some_and(has_valid_port)) else {
        return Err(ProxyError::NotUnderstood { variable });
    };
    match proxy.scheme_str() {
        None | Some("http" | "https") => Ok(()),
        Some("socks4" | "socks4a" | "socks5" | "socks5h") => {
            Err(ProxyError::Unsupported { variable })
        }
        Some(_) => Err(ProxyError::NotUnderstood { variable }),
    }
}

/// Whether there is no port, or a number that can be one. The client would replace any other by the default.
fn has_valid_port(authority: &Authority) -> bool {
    authority.as_str().ends_with(authority.host()) || authority.port_u16().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_that_cannot_be_used_is_refused_and_its_password_not_shown() {
        let not_understood = |variable| Err(ProxyError::NotUnderstood { variable });
        let unsupported = |variable| Err(ProxyError::Unsupported { variable });
        for (variable, value, expected) in [
            ("HTTPS_PROXY", "http://127.0.0.1:9", Ok(())),
            ("https_proxy", "127.0.0.1:9", Ok(())),
            ("https_proxy", "proxy.example", Ok(())),
            ("ALL_PROXY", "https://u:p%20w@proxy.example:3128/", Ok(())),
            ("ALL_PROXY", "", Ok(())),
            ("HTTP_PROXY", "::::", Ok(())),
            (
                "HTTPS_PROXY",
                "http://u:p w@127.0.0.1:9",
                not_understood("HTTPS_PROXY"),
            ),
            ("all_proxy", "::::", not_understood("all_proxy")),
            (
                "https_proxy",
                "ftp://127.0.0.1:9",
                not_understood("https_proxy"),
            ),
            (
                "ALL_PROXY",
                "socks5://u:p@127.0.0.1:9",
                unsupported("ALL_PROXY"),
            ),
            ("ALL_PROXY", "http://u:p@[::1]:9", Ok(())),
            ("ALL_PROXY", "http://[::1]", Ok(())),
            ("ALL_PROXY", "/proxy", not_understood("ALL_PROXY")),
            ("ALL_PROXY", "http://", not_understood("ALL_PROXY")),
            ("ALL_PROXY", "http://u:p@", not_understood("ALL_PROXY")),
            (
                "ALL_PROXY",
                "http://127.0.0.1:99999",
                not_understood("ALL_PROXY"),
            ),
            ("ALL_PROXY", "proxy.example:x", not_understood("ALL_PROXY")),
        ] {
            let checked = check(|name| (name == variable).then(|| value.into()));
            assert_eq!(checked, expected, "{value}");
        }
    }

    #[test]
    #[cfg(unix)]
    fn a_proxy_that_is_not_text_is_refused() {
        use std::os::unix::ffi::OsStringExt;
        let value = OsString::from_vec(b"http://u:\xff@127.0.0.1:9".to_vec());
        assert!(check(|name| (name == "HTTPS_PROXY").then(|| value.clone())).is_err());
    }
}
