//! The access token, and how it is kept out of all output.

use std::fmt;

use std::sync::Arc;

use memchr::memmem::Finder;
use reqwest::header::HeaderValue;

use crate::api::auth::error::CredentialsError;
use crate::api::auth::mask::hide;

/// The prefix of the token in the header.
const SCHEME: &str = "Bearer ";

/// HubSpot's tokens are longer. A shorter one is a placeholder for a rehearsal, and masking every `x` in a reply would
/// make it unreadable.
const MIN_SECRET_LENGTH: usize = 16;

/// The replacement for the token in text from a server.
const MASK: &str = "(token)";

/// A bearer token. It is never printed, not even by `Debug`.
#[derive(Clone)]
pub struct Token {
    authorization: HeaderValue,
    /// Finds the token in text from a server; `None` if it is too short to be a secret.
    finder: Option<Arc<Finder<'static>>>,
}

impl Token {
    /// Creates a token from text; surrounding whitespace and line ends are removed.
    pub fn new(text: &str) -> Result<Self, CredentialsError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(CredentialsError::Missing);
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(CredentialsError::Malformed);
        }
        let mut authorization = HeaderValue::from_str(&format!("{SCHEME}{text}"))
            .map_err(|_| CredentialsError::Malformed)?;
        // Keeps the value out of logs that print headers.
        authorization.set_sensitive(true);
        let is_secret = text.len() >= MIN_SECRET_LENGTH;
        let finder = is_secret.then(|| Arc::new(Finder::new(text).into_owned()));
        Ok(Self {
            authorization,
            finder,
        })
    }

    /// The value of the `Authorization` header, marked as sensitive.
    #[must_use]
    pub fn authorization(&self) -> HeaderValue {
        self.authorization.clone()
    }

    /// The token itself, for uses other than the header.
    pub(crate) fn text(&self) -> &str {
        let value = self.authorization.to_str().unwrap_or_default();
        value.strip_prefix(SCHEME).unwrap_or_default()
    }

    /// Masks the token in bytes from a server.
    pub fn mask(&self, bytes: &mut Vec<u8>) {
        if let Some(finder) = &self.finder {
            hide(bytes, finder, MASK.as_bytes());
        }
    }

    /// Masks the token in text from a server.
    pub fn mask_text(&self, text: &mut String) {
        let mut bytes = std::mem::take(text).into_bytes();
        self.mask(&mut bytes);
        // The mask replaces ASCII by ASCII, so the text is still valid.
        *text = String::from_utf8(bytes).unwrap_or_default();
    }

    /// The data-hosting region that the token names. The common host may refuse the token of a region other than North
    /// America.
    #[must_use]
    pub fn region(&self) -> Option<&str> {
        let text = self
            .authorization
            .to_str()
            .ok()?
            .strip_prefix("Bearer pat-")?;
        let (region, _secret) = text.split_once('-')?;
        // Only the known form is returned, so no other part of a token is shown: two letters and a digit.
        let known = region.len() == 3
            && region[..2].bytes().all(|byte| byte.is_ascii_lowercase())
            && region.as_bytes()[2].is_ascii_digit();
        known.then_some(region)
    }
}

impl PartialEq for Token {
    fn eq(&self, other: &Self) -> bool {
        self.authorization == other.authorization
    }
}

impl Eq for Token {}

impl fmt::Debug for Token {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Token(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_trimmed_and_never_shown() {
        let token = Token::new(" pat-eu1-secret\r\n").unwrap();
        assert_eq!(
            token.authorization().to_str().unwrap(),
            "Bearer pat-eu1-secret"
        );
        assert!(token.authorization().is_sensitive());
        assert_eq!(
            format!("{token:?} {:?}", token.authorization()),
            "Token(…) Sensitive"
        );
    }

    #[test]
    fn a_token_that_a_server_repeats_is_masked() {
        for (secret, sent, masked) in [
            (
                "pat-na1-0123456789",
                "no pat-na1-0123456789 and pat-na1-0123456789.",
                "no (token) and (token).",
            ),
            ("pat-na1-0123456789", "pat-na1-", "pat-na1-"),
            ("pat-na1-0123456789", "", ""),
            ("token", "the token expired", "the token expired"),
            ("s", "status", "status"),
        ] {
            let token = Token::new(secret).unwrap();
            let mut bytes = sent.as_bytes().to_vec();
            token.mask(&mut bytes);
            assert_eq!(String::from_utf8(bytes).unwrap(), masked);
        }
    }

    #[test]
    fn a_token_that_is_not_a_valid_header_value_is_refused_without_being_shown() {
        for (text, error) in [
            ("", CredentialsError::Missing),
            (" \n", CredentialsError::Missing),
            ("two words", CredentialsError::Malformed),
            ("line\nbreak", CredentialsError::Malformed),
            ("pat-na1-é", CredentialsError::Malformed),
        ] {
            let found = Token::new(text).unwrap_err().to_string();
            assert_eq!(found, error.to_string(), "{text:?}");
        }
    }

    #[test]
    fn the_region_is_read_only_from_the_known_form() {
        for (text, region) in [
            ("pat-eu1-0000", Some("eu1")),
            ("pat-na1-0000", Some("na1")),
            ("pat-0000", None),
            ("pat-sec-ret", None),
            ("CiRuYTEt", None),
        ] {
            assert_eq!(Token::new(text).unwrap().region(), region, "{text}");
        }
    }
}
