//! Refreshes the token in use, and reads what HubSpot reports about it.

use std::time::Duration;

use reqwest::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderValue, USER_AGENT};
use reqwest::{Body, Method, Url};
use secrecy::{ExposeSecret, SecretString};
use tokio::time::Instant;
use tracing::warn;

use crate::api::auth::error::CredentialsError;
use crate::api::auth::oauth::{IssuedToken, OAuthApp, RefreshError};
use crate::api::auth::session::Session;
use crate::api::auth::source::TokenSource;
use crate::api::client::{HttpEndpoint, request};
use crate::api::endpoint::RefreshOutcome;
use crate::api::error_chain::chain;
use crate::api::response::coding;
use crate::api::transport::AGENT;

/// The minimum timeout of an exchange, even if an attempt's timeout is shorter.
const EXCHANGE_TIMEOUT: Duration = Duration::from_secs(40);

impl HttpEndpoint {
    /// Reads the token again from its source, or exchanges a refresh token.
    pub(crate) async fn refresh_token_now(&self) -> RefreshOutcome {
        let app = match &self.settings().source {
            TokenSource::OAuth(app) => app,
            source => {
                return match source.read().await {
                    Ok(Some(token)) if self.session().token() != Some(&token) => {
                        self.use_session(Session::of(token), None).await
                    }
                    Ok(_) => RefreshOutcome::Same,
                    Err(error) => RefreshOutcome::Failed(error.to_string()),
                };
            }
        };
        match self.exchange_token(app).await {
            Ok(IssuedToken {
                token,
                good_for,
                portal,
                ..
            }) => {
                let session = Session::lasting(token, good_for);
                self.use_session(session, portal).await
            }
            Err(RefreshError::Refused(why)) => RefreshOutcome::Refused(why),
            Err(RefreshError::Failed(why)) => RefreshOutcome::Failed(why),
        }
    }

    /// Exchanges a refresh token for an access token, and stores the new refresh token.
    async fn exchange_token(&self, app: &OAuthApp) -> Result<IssuedToken, RefreshError> {
        let failed = |error: CredentialsError| RefreshError::Failed(chain(&error));
        let held = app.hold().await.map_err(failed)?;
        // From here on this must not be dropped: HubSpot may already have replaced the refresh token.
        let _exchanging = self.begin_exchange();
        let mut result = self.exchange_once(app).await;
        // A user who authorised the app again changes the file without taking the lock.
        if let (Err(RefreshError::Refused(_)), Some(held)) = (&result, &held)
            && app.read_again(held).await.map_err(failed)?
        {
            result = self.exchange_once(app).await;
        }
        let mut issued = result?;
        if let Some(rotated) = issued.rotated.take()
            && let Err(error) = app.rotate(rotated, held).await
        {
            warn!("HubSpot returned a new refresh token, which could not be stored: {error}");
        }
        Ok(issued)
    }

    /// Writes the refresh token to the app's file if that was not possible when HubSpot issued it.
    pub async fn keep_refresh_token(&self) -> Result<(), CredentialsError> {
        match &self.settings().source {
            TokenSource::OAuth(app) if app.has_token_to_keep() => app.hold().await.map(drop),
            _ => Ok(()),
        }
    }

    async fn exchange_once(&self, app: &OAuthApp) -> Result<IssuedToken, RefreshError> {
        let url = self.settings().base_url.oauth_token();
        let started = Instant::now();
        // The server may have processed the request: wait longer for a new refresh token than for a row's reply.
        let time = self.settings().timeout.max(EXCHANGE_TIMEOUT);
        let (status, body) = self
            .post_form(url, &app.form(), time)
            .await
            .map_err(RefreshError::Failed)?;
        app.read(status, &body, started.elapsed())
    }

    /// The scopes of an OAuth app's token, as HubSpot reports them; `None` if they are not known.
    pub async fn scopes(&self) -> Option<Vec<String>> {
        let TokenSource::OAuth(app) = &self.settings().source else {
            return None;
        };
        let session = self.session();
        let form = app.introspection_form(session.token()?.text());
        let url = self.settings().base_url.oauth_introspection();
        let (status, body) = self
            .post_form(url, &form, self.settings().timeout)
            .await
            .ok()?;
        (status == 200).then(|| OAuthApp::scopes(&body)).flatten()
    }

    /// Sends a form. Returns status and body of the reply, or why there is none.
    async fn post_form(
        &self,
        url: Url,
        form: &SecretString,
        time: Duration,
    ) -> Result<(u16, Vec<u8>), String> {
        let headers = HeaderMap::from_iter([
            (USER_AGENT, AGENT),
            (ACCEPT, HeaderValue::from_static("application/json")),
            (ACCEPT_ENCODING, coding::ACCEPTED),
            (
                CONTENT_TYPE,
                HeaderValue::from_static("application/x-www-form-urlencoded"),
            ),
        ]);
        let form = Body::from(form.expose_secret().to_owned());
        let request = request(Method::POST, url, headers, Some(form));
        self.exchange_whole(request, time).await
    }
}
