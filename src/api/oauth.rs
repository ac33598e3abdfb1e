//! An OAuth app's tokens: what is sent for a new access token, and what comes back.
//!
//! Source of the call: <https://developers.hubspot.com/changelog/new-oauth-v3-api-endpoints-and-standardized-error-responses>.
//! An access token lasts half an hour; the refresh token may be replaced by every exchange, and the new one is
//! written back to the file that it came from.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::bare_value::{bare_value, decoded};
use super::credentials::{CredentialsError, Token};
use crate::text::one_line;
use crate::whole_file::WholeFile;

/// Where tokens are exchanged.
pub(super) const PATH: &str = "/oauth/2026-03/token";

/// Where a token is looked into
/// (<https://developers.hubspot.com/changelog/new-oauth-v3-api-endpoints-and-standardized-error-responses>).
pub(super) const INTROSPECTION_PATH: &str = "/oauth/2026-03/token/introspect";

/// How long before its end a token is not used any more. Shorter-lived ones have a quarter of their time.
const MARGIN: Duration = Duration::from_secs(90);

/// Characters of what the server says that are shown.
const MAX_MESSAGE_CHARS: usize = 300;

/// An app that an account has let in.
#[derive(Clone, Debug)]
pub struct OAuthApp {
    client_id: String,
    client_secret: SecretString,
    /// The one that is good now.
    refresh_token: Arc<Mutex<SecretString>>,
    /// Where the last one is kept.
    file: Option<PathBuf>,
}

/// A new access token.
#[derive(Debug)]
pub(super) struct Issued {
    pub(super) token: Token,
    /// For how long it should be used.
    pub(super) good_for: Option<Duration>,
    /// The portal that it is for, which HubSpot tells with every token.
    pub(super) portal: Option<u64>,
    /// The refresh token that takes the place of the one that was sent.
    pub(super) rotated: Option<SecretString>,
}

/// Why there is none.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NotIssued {
    /// HubSpot will not exchange this refresh token, whenever it is asked.
    Refused(String),
    /// It may work later.
    Failed(String),
}

impl OAuthApp {
    /// From its three values, which came from the environment.
    #[must_use]
    pub fn new(
        client_id: String,
        client_secret: SecretString,
        refresh_token: SecretString,
    ) -> Self {
        Self {
            client_id,
            client_secret,
            refresh_token: Arc::new(Mutex::new(refresh_token)),
            file: None,
        }
    }

    /// From a JSON file with `client_id`, `client_secret` and `refresh_token`, which nobody else may read.
    pub fn from_file(path: &Path) -> Result<Self, CredentialsError> {
        let failed = |source| CredentialsError::File {
            path: path.to_owned(),
            source,
        };
        if is_readable_by_others(path).map_err(failed)? {
            return Err(CredentialsError::Exposed {
                path: path.to_owned(),
            });
        }
        let malformed = || CredentialsError::OAuthFile {
            path: path.to_owned(),
        };
        let text = decoded(&fs::read(path).map_err(failed)?).ok_or_else(malformed)?;
        let fields: Fields = serde_json::from_str(text.expose_secret()).map_err(|_| malformed())?;
        let value = |name: &str, text: &str| {
            let from = format!("`{name}` in `{}`", path.display());
            match bare_value(text, &from)? {
                "" => Err(malformed()),
                value => Ok(value.to_owned()),
            }
        };
        Ok(Self {
            file: Some(path.to_owned()),
            ..Self::new(
                value("client_id", &fields.client_id)?,
                value("client_secret", &fields.client_secret)?.into(),
                value("refresh_token", &fields.refresh_token)?.into(),
            )
        })
    }

    /// What is sent (`application/x-www-form-urlencoded`).
    pub(super) fn form(&self) -> SecretString {
        let refresh_token = self.refresh_token();
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.append_pair("grant_type", "refresh_token")
            .append_pair("client_id", &self.client_id)
            .append_pair("client_secret", self.client_secret.expose_secret())
            .append_pair("refresh_token", refresh_token.expose_secret());
        form.finish().into()
    }

    /// What is sent to look into a token.
    pub(super) fn introspection_form(&self, token: &str) -> SecretString {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.append_pair("client_id", &self.client_id)
            .append_pair("client_secret", self.client_secret.expose_secret())
            .append_pair("token", token)
            .append_pair("token_type_hint", "access_token");
        form.finish().into()
    }

    /// The scopes in what came back.
    pub(super) fn scopes(body: &[u8]) -> Option<Vec<String>> {
        #[derive(Deserialize)]
        struct Reply {
            active: bool,
            scopes: Vec<String>,
        }
        let reply: Reply = serde_json::from_slice(body).ok()?;
        reply.active.then_some(reply.scopes)
    }

    /// What came back.
    pub(super) fn read(&self, status: u16, body: &[u8]) -> Result<Issued, NotIssued> {
        let json: Option<Map<String, Value>> = serde_json::from_slice(body).ok();
        let field = |name: &str| json.as_ref()?.get(name)?.as_str();
        if !(200..=299).contains(&status) {
            let said = ["error_description", "message", "error"];
            let said = said.into_iter().find_map(field).unwrap_or("no reason");
            let why = self.masked(&format!("{said} (status {status})"));
            // Only a body of this call can refuse; a page of something in between cannot.
            let refuses =
                matches!(status, 400 | 401 | 403) && field("error").or(field("status")).is_some();
            return Err(if refuses {
                NotIssued::Refused(why)
            } else {
                NotIssued::Failed(why)
            });
        }
        let unreadable = || NotIssued::Failed("the reply holds no token".to_owned());
        let token = field("access_token").ok_or_else(unreadable)?;
        let token = Token::new(token).map_err(|_| unreadable())?;
        let expires_in = json
            .as_ref()
            .and_then(|json| json.get("expires_in")?.as_u64());
        let good_for = expires_in.map(|seconds| {
            let lifetime = Duration::from_secs(seconds);
            lifetime.saturating_sub(MARGIN.min(lifetime / 4))
        });
        let before = self.refresh_token();
        let rotated = field("refresh_token")
            .filter(|token| !token.is_empty() && *token != before.expose_secret())
            .map(SecretString::from);
        Ok(Issued {
            token,
            good_for,
            portal: json.as_ref().and_then(|json| json.get("hub_id")?.as_u64()),
            rotated,
        })
    }

    /// Takes a new refresh token into use, and writes it back to the file that the old one came from. Fails if
    /// there is none, or it cannot be written: then the next run has none that is good.
    pub(super) fn rotate(&self, token: SecretString) -> io::Result<()> {
        let kept = match &self.file {
            Some(path) => Self::write_back(path, &token),
            None => Err(io::Error::other(
                "it came from the environment; `--oauth-file` keeps it",
            )),
        };
        *self
            .refresh_token
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = token;
        kept
    }

    /// Whatever else stands in it stays.
    fn write_back(path: &Path, token: &SecretString) -> io::Result<()> {
        let text =
            decoded(&fs::read(path)?).ok_or_else(|| io::Error::from(io::ErrorKind::InvalidData))?;
        let mut fields: Map<String, Value> = serde_json::from_str(text.expose_secret())?;
        fields.insert("refresh_token".to_owned(), token.expose_secret().into());
        let text = SecretString::from(serde_json::to_string_pretty(&fields)? + "\n");
        WholeFile::write(path, text.expose_secret().as_bytes())
    }

    fn refresh_token(&self) -> SecretString {
        let token = self.refresh_token.lock();
        token.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What a server said, without the secrets that it may have repeated.
    fn masked(&self, text: &str) -> String {
        let refresh_token = self.refresh_token();
        let secrets = [&self.client_secret, &refresh_token];
        let masked = secrets.iter().fold(text.to_owned(), |text, secret| {
            text.replace(secret.expose_secret(), "(secret)")
        });
        one_line(&masked, MAX_MESSAGE_CHARS)
    }
}

#[derive(Deserialize)]
struct Fields {
    client_id: String,
    client_secret: String,
    refresh_token: String,
}

#[cfg(unix)]
fn is_readable_by_others(path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::PermissionsExt;
    Ok(fs::metadata(path)?.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn is_readable_by_others(_path: &Path) -> io::Result<bool> {
    Ok(false)
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
        for (expires_in, good_for) in [(1800, 1710), (360, 270), (60, 45), (0, 0)] {
            let body = format!(
                r#"{{"access_token":"a","refresh_token":"refresh-1","hub_id":7,"expires_in":{expires_in}}}"#
            );
            let issued = app().read(200, body.as_bytes()).unwrap();
            assert_eq!(issued.good_for, Some(Duration::from_secs(good_for)));
            assert!(issued.rotated.is_none());
            assert_eq!(issued.portal, Some(7));
        }
        let issued = app().read(200, br#"{"access_token":"a"}"#).unwrap();
        assert_eq!(issued.good_for, None);
    }

    #[test]
    fn a_refusal_is_told_from_what_may_pass_and_repeats_no_secret() {
        let refused = |why: &str| NotIssued::Refused(why.to_owned());
        let failed = |why: &str| NotIssued::Failed(why.to_owned());
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
            (200, "{}", failed("the reply holds no token")),
            (
                200,
                r#"{"access_token":"a b"}"#,
                failed("the reply holds no token"),
            ),
        ] {
            assert_eq!(app().read(status, body.as_bytes()).unwrap_err(), expected);
        }
    }

    #[test]
    #[cfg(unix)]
    fn a_rotated_refresh_token_is_written_back_and_nothing_else_is_changed() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("app.json");
        let text =
            r#"{"note":"ours","client_id":"c","client_secret":"s","refresh_token":"refresh-1"}"#;
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(
            OAuthApp::from_file(&path),
            Err(CredentialsError::Exposed { .. })
        ));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        let app = OAuthApp::from_file(&path).unwrap();
        let body = br#"{"access_token":"a","refresh_token":"refresh-2"}"#;
        let issued = app.read(200, body).unwrap();
        app.rotate(issued.rotated.unwrap()).unwrap();
        assert!(
            app.form()
                .expose_secret()
                .ends_with("refresh_token=refresh-2")
        );
        let fields: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        assert_eq!(fields["note"], "ours");
        assert_eq!(fields["refresh_token"], "refresh-2");
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
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
