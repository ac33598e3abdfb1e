//! Another token for the one in use, and what HubSpot tells of it.

use bytes::Bytes;
use hyper::Method;
use hyper::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderValue, USER_AGENT};
use secrecy::{ExposeSecret, SecretString};
use tracing::warn;

use super::Renewal;
use super::client::{HttpEndpoint, MAX_REPLY_BYTES, chain, whole_body};
use super::coding;
use super::connect::AGENT;
use super::oauth::{Issued, NotIssued, OAuthApp};
use super::running_time::within;
use super::session::Session;
use super::source::TokenSource;

impl HttpEndpoint {
    /// Reads the token again where it came from, or has a refresh token exchanged.
    pub(super) async fn renew_token(&self) -> Renewal {
        let app = match &self.settings().source {
            TokenSource::OAuth(app) => app,
            source => {
                return match source.read().await {
                    Ok(Some(token)) if self.session().token() != Some(&token) => {
                        self.take_into_use(Session::of(token), None).await
                    }
                    Ok(_) => Renewal::Same,
                    Err(error) => Renewal::Failed(error.to_string()),
                };
            }
        };
        let _exchanging = self.begin_exchange();
        match self.exchange_token(app).await {
            Ok(Issued {
                token,
                good_for,
                portal,
                rotated,
            }) => {
                if let Some(rotated) = rotated
                    && let Err(error) = app.rotate(rotated)
                {
                    warn!("HubSpot gave another refresh token, which cannot be kept: {error}");
                }
                let session = Session::lasting(token, good_for);
                self.take_into_use(session, portal).await
            }
            Err(NotIssued::Refused(why)) => Renewal::Refused(why),
            Err(NotIssued::Failed(why)) => Renewal::Failed(why),
        }
    }

    /// Has a refresh token exchanged for an access token.
    async fn exchange_token(&self, app: &OAuthApp) -> Result<Issued, NotIssued> {
        let url = self.settings().base_url.oauth_token();
        let (status, body) = self
            .post_form(url, &app.form())
            .await
            .map_err(NotIssued::Failed)?;
        app.read(status, &body)
    }

    /// The scopes of the token, as HubSpot tells them of an OAuth app's; `None` if they cannot be known.
    pub async fn scopes(&self) -> Option<Vec<String>> {
        let TokenSource::OAuth(app) = &self.settings().source else {
            return None;
        };
        let session = self.session();
        let form = app.introspection_form(session.token()?.text());
        let url = self.settings().base_url.oauth_introspection();
        let (status, body) = self.post_form(url, &form).await.ok()?;
        (status == 200).then(|| OAuthApp::scopes(&body)).flatten()
    }

    /// Sends a form; status and body of the reply, or why there is none.
    async fn post_form(&self, url: String, form: &SecretString) -> Result<(u16, Vec<u8>), String> {
        let headers = HeaderMap::from_iter([
            (USER_AGENT, AGENT),
            (ACCEPT, HeaderValue::from_static("application/json")),
            (ACCEPT_ENCODING, coding::ACCEPTED),
            (
                CONTENT_TYPE,
                HeaderValue::from_static("application/x-www-form-urlencoded"),
            ),
        ]);
        let form = Bytes::copy_from_slice(form.expose_secret().as_bytes());
        let asking = async {
            let response = self.send_body(Method::POST, url, headers, form).await;
            let response = response.map_err(|error| chain(&*error))?;
            let status = response.status().as_u16();
            let body = whole_body(response, MAX_REPLY_BYTES).await;
            Ok((status, body.unwrap_or_default()))
        };
        let answered = within(self.settings().timeout, asking).await;
        answered.unwrap_or_else(|| Err("no reply in time".to_owned()))
    }
}
