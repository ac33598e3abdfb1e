//! An OAuth app's tokens: builds the exchange request and parses its reply.
//!
//! Source of the call: <https://developers.hubspot.com/changelog/new-oauth-v3-api-endpoints-and-standardized-error-responses>.
//! An access token lasts half an hour; any exchange may replace the refresh token, and the new one is written back to
//! the file that the old one came from.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use memchr::memmem::Finder;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::api::auth::error::CredentialsError;
use crate::api::auth::mask::hide;
use crate::api::auth::oauth_file::{AppFile, HeldFile, Values};
use crate::api::auth::token::Token;
use crate::api::error_chain::chain;
use crate::text::one_line;

/// The path of the token exchange.
pub(crate) const PATH: &str = "/oauth/2026-03/token";

/// Where a token is introspected
/// (<https://developers.hubspot.com/changelog/new-oauth-v3-api-endpoints-and-standardized-error-responses>).
pub(crate) const INTROSPECTION_PATH: &str = "/oauth/2026-03/token/introspect";

/// How long before its expiry a token is no longer used. For short-lived tokens, a quarter of their lifetime.
const MARGIN: Duration = Duration::from_secs(90);

/// The longest time that a token is used; some servers express "never" as the largest number they have.
const LONGEST_LIFETIME: Duration = Duration::from_hours(24);

/// How many characters of the server's message are shown.
const MAX_MESSAGE_CHARS: usize = 300;

/// An app that an account has authorised.
#[derive(Clone, Debug)]
pub struct OAuthApp {
    state: Arc<Mutex<State>>,
    /// The file that stores them, if it can be written.
    file: Option<AppFile>,
}

#[derive(Debug)]
struct State {
    /// The values that are sent.
    values: Values,
    /// The values last read from the file: if the file differs, another process or the user has changed it.
    in_file: Values,
}

/// A new access token.
#[derive(Debug)]
pub(crate) struct IssuedToken {
    pub(crate) token: Token,
    /// How long it should be used.
    pub(crate) good_for: Option<Duration>,
    /// The portal it belongs to, which HubSpot returns with every token.
    pub(crate) portal: Option<u64>,
    /// The refresh token that replaces the one that was sent.
    pub(crate) rotated: Option<SecretString>,
}

/// Why there is none.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum RefreshError {
    /// HubSpot refuses this refresh token permanently.
    Refused(String),
    /// A later try may succeed.
    Failed(String),
}

impl OAuthApp {
    /// Creates an app from its three values, read from the environment.
    #[must_use]
    pub fn new(
        client_id: String,
        client_secret: SecretString,
        refresh_token: SecretString,
    ) -> Self {
        Self::with(
            Values {
                client_id,
                client_secret,
                refresh_token,
            },
            None,
        )
    }

    /// Reads an app from a JSON file with `client_id`, `client_secret` and `refresh_token`, which must be readable by
    /// its owner only.
    pub fn from_file(path: &Path) -> Result<Self, CredentialsError> {
        let file = AppFile::new(path);
        let values = file.read()?;
        let file = file.is_regular().then_some(file);
        Ok(Self::with(values, file))
    }

    fn with(values: Values, file: Option<AppFile>) -> Self {
        let in_file = values.clone();
        Self {
            state: Arc::new(Mutex::new(State { values, in_file })),
            file,
        }
    }

    /// Prepares an exchange so that its result can be stored: takes the lock against other processes, reads the file's
    /// current values, and checks that the file can be written. `None` if there is no file.
    pub(crate) async fn hold(&self) -> Result<Option<HeldFile>, CredentialsError> {
        let Some(file) = &self.file else {
            return Ok(None);
        };
        let mut held = file.hold().await?;
        self.read_again(&held).await?;
        held.keep(&self.values().refresh_token).await?;
        let mut state = self.state();
        state.in_file = state.values.clone();
        drop(state);
        Ok(Some(held))
    }

    /// Reads the file's values again and uses them. Returns whether they changed since they were last read.
    pub(crate) async fn read_again(&self, held: &HeldFile) -> Result<bool, CredentialsError> {
        let found = held.read().await?;
        let mut state = self.state();
        let is_changed = state.in_file != found;
        if is_changed {
            state.in_file = found.clone();
            state.values = found;
        }
        Ok(is_changed)
    }

    /// The form of an exchange (`application/x-www-form-urlencoded`).
    pub(crate) fn form(&self) -> SecretString {
        let values = self.values();
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.append_pair("grant_type", "refresh_token")
            .append_pair("client_id", &values.client_id)
            .append_pair("client_secret", values.client_secret.expose_secret())
            .append_pair("refresh_token", values.refresh_token.expose_secret());
        form.finish().into()
    }

    /// The form of an introspection.
    pub(crate) fn introspection_form(&self, token: &str) -> SecretString {
        let values = self.values();
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.append_pair("client_id", &values.client_id)
            .append_pair("client_secret", values.client_secret.expose_secret())
            .append_pair("token", token)
            .append_pair("token_type_hint", "access_token");
        form.finish().into()
    }

    /// Parses the scopes from the reply.
    pub(crate) fn scopes(body: &[u8]) -> Option<Vec<String>> {
        #[derive(Deserialize)]
        struct Reply {
            active: bool,
            scopes: Vec<String>,
        }
        let reply: Reply = serde_json::from_slice(body).ok()?;
        reply.active.then_some(reply.scopes)
    }

    /// Parses the reply; `took` is how long the exchange took.
    pub(crate) fn read(
        &self,
        status: u16,
        body: &[u8],
        took: Duration,
    ) -> Result<IssuedToken, RefreshError> {
        let json: Option<Map<String, Value>> = serde_json::from_slice(body).ok();
        let field = |name: &str| json.as_ref()?.get(name)?.as_str();
        if !(200..=299).contains(&status) {
            let said = ["error_description", "message", "error"];
            let said = said.into_iter().find_map(field).unwrap_or("no reason");
            let why = self.masked(&format!("{said} (status {status})"));
            // Only a body of this call can refuse; a page from a gateway or proxy cannot.
            let refuses =
                matches!(status, 400 | 401 | 403) && field("error").or(field("status")).is_some();
            return Err(if refuses {
                RefreshError::Refused(why)
            } else {
                RefreshError::Failed(why)
            });
        }
        let unreadable = || RefreshError::Failed("the reply contains no token".to_owned());
        let token = field("access_token").ok_or_else(unreadable)?;
        let token = Token::new(token).map_err(|_| unreadable())?;
        let expires_in = json
            .as_ref()
            .and_then(|json| json.get("expires_in")?.as_u64());
        let good_for = expires_in.and_then(|seconds| good_for(seconds, took));
        let before = self.values().refresh_token;
        let rotated = field("refresh_token")
            .filter(|token| !token.is_empty() && *token != before.expose_secret())
            .map(SecretString::from);
        Ok(IssuedToken {
            token,
            good_for,
            portal: json.as_ref().and_then(|json| json.get("hub_id")?.as_u64()),
            rotated,
        })
    }

    /// Uses a new refresh token, and writes it to the file that the old one came from. Fails if there is no file or it
    /// cannot be written: then the next run has no valid refresh token.
    pub(crate) async fn rotate(
        &self,
        token: SecretString,
        held: Option<HeldFile>,
    ) -> Result<(), String> {
        self.state().values.refresh_token = token.clone();
        let Some(mut held) = held else {
            return Err("it did not come from a file; `--oauth-file` keeps it".to_owned());
        };
        let kept = held.keep(&token).await;
        kept.map_err(|error| chain(&error))?;
        let mut state = self.state();
        state.in_file = state.values.clone();
        Ok(())
    }

    /// Whether HubSpot issued a refresh token that could not be written to the file yet.
    pub(crate) fn has_token_to_keep(&self) -> bool {
        let state = self.state();
        let tokens = [&state.values, &state.in_file].map(|values| &values.refresh_token);
        self.file.is_some() && tokens[0].expose_secret() != tokens[1].expose_secret()
    }

    fn values(&self) -> Values {
        self.state().values.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A server's message, with any repeated secrets masked.
    fn masked(&self, text: &str) -> String {
        let values = self.values();
        let secrets = [&values.client_secret, &values.refresh_token];
        let mut bytes = text.as_bytes().to_vec();
        for secret in secrets {
            let finder = Finder::new(secret.expose_secret());
            hide(&mut bytes, &finder, b"(secret)");
        }
        one_line(&String::from_utf8_lossy(&bytes), MAX_MESSAGE_CHARS)
    }
}

/// How long to use a token with a lifetime of `expires_in` seconds, whose exchange took `took`. `None` means until it
/// is refused: a lifetime shorter than the next exchange would leave no time to send anything.
fn good_for(expires_in: u64, took: Duration) -> Option<Duration> {
    let lifetime = Duration::from_secs(expires_in).min(LONGEST_LIFETIME);
    let good_for = lifetime.saturating_sub(MARGIN.min(lifetime / 4));
    (good_for > took).then_some(good_for)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn app() -> OAuthApp {
        OAuthApp::new("app&1".into(), "s3cret+one".into(), "refresh-1".into())
    }

    #[test]
    fn the_form_has_the_four_fields_encoded() {
        assert_eq!(
            app().form().expose_secret(),
            "grant_type=refresh_token&client_id=app%261&client_secret=s3cret%2Bone&refresh_token=refresh-1"
        );
    }

    #[test]
    fn a_token_is_used_until_a_margin_before_its_end() {
        let took = Duration::from_millis(300);
        for (expires_in, good_for) in [
            (1800, Some(1710)),
            (360, Some(270)),
            (60, Some(45)),
            (0, None),
            (86_400, Some(86_310)),
            (100_000, Some(86_310)),
            (u64::MAX / 2, Some(86_310)),
            (u64::MAX, Some(86_310)),
        ] {
            let body = format!(
                r#"{{"access_token":"a","refresh_token":"refresh-1","hub_id":7,"expires_in":{expires_in}}}"#
            );
            let issued = app().read(200, body.as_bytes(), took).unwrap();
            assert_eq!(issued.good_for, good_for.map(Duration::from_secs));
            assert!(issued.rotated.is_none());
            assert_eq!(issued.portal, Some(7));
        }
        let more_than_u64 = br#"{"access_token":"a","expires_in":99999999999999999999999}"#;
        let no_number = br#"{"access_token":"a","expires_in":"never"}"#;
        for body in [&br#"{"access_token":"a"}"#[..], more_than_u64, no_number] {
            let issued = app().read(200, body, took).unwrap();
            assert_eq!(issued.good_for, None);
        }
    }

    #[test]
    fn a_lifetime_shorter_than_an_exchange_is_ignored() {
        let seconds = Duration::from_secs;
        for (expires_in, took, expected) in [
            (
                1,
                Duration::from_millis(300),
                Some(Duration::from_millis(750)),
            ),
            (1, seconds(1), None),
            (40, seconds(29), Some(seconds(30))),
            (40, seconds(30), None),
        ] {
            assert_eq!(good_for(expires_in, took), expected);
        }
    }

    #[test]
    fn a_refusal_differs_from_a_temporary_failure_and_shows_no_secret() {
        let refused = |why: &str| RefreshError::Refused(why.to_owned());
        let failed = |why: &str| RefreshError::Failed(why.to_owned());
        for (status, body, expected) in [
            (
                400,
                r#"{"error":"invalid_grant","error_description":"refresh token is invalid, expired or revoked","status":"BAD_REFRESH_TOKEN"}"#,
                refused("refresh token is invalid, expired or revoked (status 400)"),
            ),
            (
                401,
                r#"{"status":"error","message":"client s3cret+one of refresh-1\nis unknown"}"#,
                refused("client (secret) of (secret) is unknown (status 401)"),
            ),
            (403, "<html>", failed("no reason (status 403)")),
            (
                429,
                r#"{"message":"slow down"}"#,
                failed("slow down (status 429)"),
            ),
            (502, "", failed("no reason (status 502)")),
            (200, "{}", failed("the reply contains no token")),
            (
                200,
                r#"{"access_token":"a b"}"#,
                failed("the reply contains no token"),
            ),
        ] {
            assert_eq!(
                app()
                    .read(status, body.as_bytes(), Duration::ZERO)
                    .unwrap_err(),
                expected
            );
        }
    }

    #[test]
    fn nothing_shows_a_secret() {
        let shown = format!("{:?}", app());
        assert!(
            !shown.contains("s3cret") && !shown.contains("refresh-1"),
            "{shown}"
        );
    }
}
