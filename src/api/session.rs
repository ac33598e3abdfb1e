//! Who we are to the API at the moment: a token, what every request says with it, and until when it is good.

use std::time::Duration;

use hyper::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_LENGTH, HeaderMap, HeaderValue, USER_AGENT,
};
use tokio::time::Instant;

use super::coding;
use super::connect::AGENT;
use super::credentials::Token;

/// A token in use.
#[derive(Debug)]
pub(super) struct Session {
    /// What every `PUT` without a body says.
    pub(super) headers: HeaderMap,
    token: Option<Token>,
    /// When another token should be had, if that is known.
    refresh_due: Option<Instant>,
}

impl Default for Session {
    /// Without a token: one is due.
    fn default() -> Self {
        Self {
            headers: HeaderMap::new(),
            token: None,
            refresh_due: Some(Instant::now()),
        }
    }
}

impl Session {
    /// With a token that is good for all that is known.
    pub(super) fn of(token: Token) -> Self {
        Self::lasting(token, None)
    }

    /// With a token that is good for so long.
    pub(super) fn lasting(token: Token, good_for: Option<Duration>) -> Self {
        let headers = HeaderMap::from_iter([
            (AUTHORIZATION, token.authorization()),
            (USER_AGENT, AGENT),
            (ACCEPT, HeaderValue::from_static("application/json")),
            (ACCEPT_ENCODING, coding::ACCEPTED),
            // A PUT without a body should say so; some proxies insist (RFC 9110, section 8.6).
            (CONTENT_LENGTH, HeaderValue::from_static("0")),
        ]);
        Self {
            headers,
            token: Some(token),
            refresh_due: good_for.map(|time| Instant::now() + time),
        }
    }

    pub(super) fn token(&self) -> Option<&Token> {
        self.token.as_ref()
    }

    pub(super) fn refresh_due(&self) -> Option<Instant> {
        self.refresh_due
    }

    /// Takes the token out of what a server sent back.
    pub(super) fn mask(&self, bytes: &mut Vec<u8>) {
        if let Some(token) = &self.token {
            token.mask(bytes);
        }
    }

    /// Takes the token out of a text that a server sent back.
    pub(super) fn mask_text(&self, text: &mut String) {
        if let Some(token) = &self.token {
            token.mask_text(text);
        }
    }
}
