//! The current session with the API: a token, the headers of every request, and the token's expiry.

use std::time::Duration;

use reqwest::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_LENGTH, HeaderMap, HeaderValue, USER_AGENT,
};
use tokio::time::Instant;

use crate::api::auth::token::Token;
use crate::api::response::coding;
use crate::api::transport::AGENT;

/// A token in use.
#[derive(Debug)]
pub(crate) struct Session {
    /// The headers of every `PUT` without a body.
    pub(crate) headers: HeaderMap,
    token: Option<Token>,
    /// When to refresh the token, if that is known.
    refresh_due: Option<Instant>,
}

impl Default for Session {
    /// A session without a token: one is due immediately.
    fn default() -> Self {
        Self {
            headers: HeaderMap::new(),
            token: None,
            refresh_due: Some(Instant::now()),
        }
    }
}

impl Session {
    /// A session whose token has no known expiry.
    pub(crate) fn of(token: Token) -> Self {
        Self::lasting(token, None)
    }

    /// A session whose token is used for this long.
    pub(crate) fn lasting(token: Token, good_for: Option<Duration>) -> Self {
        let headers = HeaderMap::from_iter([
            (AUTHORIZATION, token.authorization()),
            (USER_AGENT, AGENT),
            (ACCEPT, HeaderValue::from_static("application/json")),
            (ACCEPT_ENCODING, coding::ACCEPTED),
            // A PUT without a body should state its length; some proxies require it (RFC 9110, section 8.6).
            (CONTENT_LENGTH, HeaderValue::from_static("0")),
        ]);
        Self {
            headers,
            token: Some(token),
            refresh_due: good_for.map(|time| Instant::now() + time),
        }
    }

    pub(crate) fn token(&self) -> Option<&Token> {
        self.token.as_ref()
    }

    pub(crate) fn refresh_due(&self) -> Option<Instant> {
        self.refresh_due
    }

    /// Masks the token in bytes from a server.
    pub(crate) fn mask(&self, bytes: &mut Vec<u8>) {
        if let Some(token) = &self.token {
            token.mask(bytes);
        }
    }

    /// Masks the token in text from a server.
    pub(crate) fn mask_text(&self, text: &mut String) {
        if let Some(token) = &self.token {
            token.mask_text(text);
        }
    }
}
