//! The domain in a URL, as HubSpot stores it: `https://www.acme.com/x` → `acme.com`. Pure.
//!
//! Not by the crate `url`, which writes an international domain in ASCII (`xn--…`): HubSpot stores it as it was entered.

use crate::input::validate::key::key_problem::KeyProblem;

/// The domain of a trimmed text that is a domain, or a URL or part of one. Its case is kept.
pub(crate) fn domain_of(text: &str) -> Result<&str, KeyProblem> {
    let scheme = text.split_once("://");
    let rest = match scheme {
        Some((scheme, _)) if !is_scheme(scheme) => return Err(KeyProblem::NotADomain),
        Some((_, rest)) => rest,
        None => text.strip_prefix("//").unwrap_or(text),
    };
    let end = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
    let authority = &rest[..end];
    let host = match authority.rsplit_once('@') {
        Some(_) if scheme.is_none() => return Err(KeyProblem::EmailForDomain),
        Some((_, host)) => host,
        None => authority,
    };
    let host = without_port(host)?.trim_end_matches('.');
    let host = without_www(host);
    let is_address = host.starts_with('[') && host.ends_with(']');
    if is_address || is_name(host) {
        return Ok(host);
    }
    let is_list = |part: &str| !part.is_empty() && is_name(part) && part.contains('.');
    let parts = || {
        text.split([';', ',', '|', ' ', '\t'])
            .filter(|part| !part.is_empty())
    };
    if parts().nth(1).is_some() && parts().all(|part| domain_part(part).is_some_and(is_list)) {
        return Err(KeyProblem::List);
    }
    Err(KeyProblem::NotADomain)
}

/// The host of one element of a list, roughly.
fn domain_part(text: &str) -> Option<&str> {
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    rest.split('/').next()
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|character: char| character.is_ascii_alphabetic())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

fn without_port(host: &str) -> Result<&str, KeyProblem> {
    let after_address = host.rfind(']').map_or(0, |end| end + 1);
    match host[after_address..].split_once(':') {
        Some((_, port)) if port.bytes().any(|byte| !byte.is_ascii_digit()) => {
            Err(KeyProblem::NotADomain)
        }
        Some((_, port)) => Ok(&host[..host.len() - port.len() - 1]),
        None => Ok(host),
    }
}

/// `www.acme.com` is stored as `acme.com`; `www.com` is a domain of its own.
fn without_www(host: &str) -> &str {
    let prefix = host
        .get(..4)
        .filter(|start| start.eq_ignore_ascii_case("www."));
    match prefix {
        Some(prefix) if host[prefix.len()..].contains('.') => &host[prefix.len()..],
        _ => host,
    }
}

/// Whether this is a name of labels, between single dots. Of other scripts all characters are taken, as many of them
/// write letters with marks that count as no letters.
fn is_name(host: &str) -> bool {
    let is_part = |character: char| match character {
        '-' | '_' => true,
        _ if character.is_ascii() => character.is_ascii_alphanumeric(),
        _ => !character.is_whitespace() && !character.is_control(),
    };
    let is_label = |label: &str| !label.is_empty() && label.chars().all(is_part);
    host.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_is_taken_out_of_whatever_part_of_a_url_the_cell_has() {
        for (text, domain) in [
            ("acme.com", "acme.com"),
            ("https://www.acme.com/x", "acme.com"),
            ("http://acme.com", "acme.com"),
            ("HTTPS://WWW.Acme.com:8443/x?y=1#z", "Acme.com"),
            ("//acme.com/x", "acme.com"),
            ("acme.com/x", "acme.com"),
            ("acme.com:80", "acme.com"),
            ("acme.com?x", "acme.com"),
            ("acme.com#x", "acme.com"),
            ("http:\u{2f}\u{2f}acme.com\\x", "acme.com"),
            ("www.acme.com", "acme.com"),
            ("www.com", "www.com"),
            ("www.www.acme.com", "www.acme.com"),
            ("acme.com.", "acme.com"),
            ("https://acme.com./", "acme.com"),
            ("shop.acme.co.uk", "shop.acme.co.uk"),
            ("https://user:secret@acme.com/x", "acme.com"),
            ("https://a@b@acme.com", "acme.com"),
            ("https://münchen.de/x", "münchen.de"),
            ("xn--mnchen-3ya.de", "xn--mnchen-3ya.de"),
            ("हिन्दी.भारत", "हिन्दी.भारत"),
            ("10.0.0.1:80", "10.0.0.1"),
            ("http://[::1]:80/", "[::1]"),
            ("localhost", "localhost"),
            ("my_host.acme.com", "my_host.acme.com"),
        ] {
            assert_eq!(domain_of(text), Ok(domain), "{text}");
        }
    }

    #[test]
    fn what_is_no_domain_is_named() {
        use KeyProblem::{EmailForDomain, List, NotADomain};
        for (text, problem) in [
            ("ann@acme.com", EmailForDomain),
            ("Acme Inc.", NotADomain),
            ("https://", NotADomain),
            ("https:///x", NotADomain),
            ("/x", NotADomain),
            (".com", NotADomain),
            ("acme..com", NotADomain),
            ("a b://acme.com", NotADomain),
            ("acme.com:http", NotADomain),
            ("acme%20.com", NotADomain),
            ("acme.com;b.com", List),
            ("acme.com, b.com", List),
            ("https://acme.com https://b.com", List),
            ("acme, inc", NotADomain),
        ] {
            assert_eq!(domain_of(text), Err(problem), "{text}");
        }
    }
}
