//! The OAuth calls: exchanging a refresh token for an access token, and token introspection.

use std::collections::HashMap;
use std::time::Duration;

use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use crate::sandbox::http::reply::Reply;
use crate::sandbox::state::tokens::Tokens;

const APP_ID: u64 = 1_000_001;
const USER_ID: u64 = 42;
const SCOPES: [&str; 4] = [
    "oauth",
    "crm.objects.contacts.write",
    "crm.objects.companies.write",
    "tickets",
];

/// The reply to the token call with this form.
pub(crate) fn token(
    form: &[u8],
    tokens: &mut Tokens,
    portal_id: u64,
    now: Duration,
    correlation: &str,
) -> Reply {
    let refused =
        |error: &str, status: &str, message: &str| refused(error, status, message, correlation);
    let form = fields(form);
    let field = |name: &str| form.get(name).map_or("", String::as_str);
    if field("grant_type") != "refresh_token" {
        return refused(
            "unsupported_grant_type",
            "BAD_GRANT_TYPE",
            "unknown grant type",
        );
    }
    for name in ["client_id", "client_secret", "refresh_token"] {
        if field(name).is_empty() {
            return refused("invalid_request", "BAD_REQUEST", &format!("missing {name}"));
        }
    }
    let Some((access, refresh)) = tokens.refresh(field("refresh_token"), now) else {
        let message = "refresh token is invalid, expired or revoked";
        return refused("invalid_grant", "BAD_REFRESH_TOKEN", message);
    };
    Reply::json(
        200,
        &json!({
            "token_type": "bearer",
            "token_use": "access_token",
            "access_token": access,
            "refresh_token": refresh,
            "expires_in": tokens.lifetime().as_secs(),
            "hub_id": portal_id,
            "user_id": USER_ID,
            "scopes": SCOPES,
        }),
    )
}

/// The reply to the introspection call with this form.
pub(crate) fn introspection(form: &[u8], tokens: &Tokens, portal_id: u64, now: Duration) -> Reply {
    let form = fields(form);
    let field = |name: &str| form.get(name).map_or("", String::as_str);
    let token = field("token");
    let left = tokens.remaining(token, now);
    let scopes = if left.is_some() { &SCOPES[..] } else { &[] };
    let left = left.map(|left| left.as_secs());
    let body = json!({
        "active": left.is_some(),
        "hub_id": portal_id,
        "app_id": APP_ID,
        "client_id": field("client_id"),
        "user_id": USER_ID,
        "scopes": scopes,
        "expires_in": left.unwrap_or_default(),
        "token": token,
        "token_type": "bearer",
        "token_use": "access_token",
        "is_private_distribution": true,
        "signed_access_token": signed(portal_id, (now.as_secs() + left.unwrap_or_default()) * 1000),
    });
    Reply::json(200, &body)
}

/// The fields of introspection about the app and the user. None of them has a meaning here.
fn signed(portal_id: u64, expires_at: u64) -> Value {
    json!({
        "appId": APP_ID,
        "appInstallId": "0",
        "audience": "",
        "expiresAt": expires_at,
        "hubId": portal_id,
        "hublet": "na1",
        "installingUserId": USER_ID,
        "isPrivateDistribution": true,
        "isServiceAccount": false,
        "isUserLevel": false,
        "newSignature": "",
        "scopeToScopeGroupPks": "",
        "scopes": "",
        "signature": "",
        "trialScopeToScopeGroupPks": "",
        "trialScopes": "",
        "userId": USER_ID,
    })
}

/// An error with the documented fields and those that the schema requires of every error.
fn refused(error: &str, status: &str, message: &str, correlation: &str) -> Reply {
    Reply::json(
        400,
        &json!({
            "error": error,
            "error_description": message,
            "status": status,
            "message": message,
            "category": "VALIDATION_ERROR",
            "correlationId": correlation,
        }),
    )
}

fn fields(form: &[u8]) -> HashMap<String, String> {
    let text = String::from_utf8_lossy(form);
    let decoded = |part: &str| {
        let spaced = part.replace('+', " ");
        percent_decode_str(&spaced).decode_utf8_lossy().into_owned()
    };
    text.split('&')
        .filter_map(|field| field.split_once('='))
        .map(|(name, value)| (decoded(name), decoded(value)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::settings::SandboxSettings;

    const FORM: &str = "grant_type=refresh_token&client_id=i&client_secret=s&refresh_token=r%2Bt";

    fn ask(form: &str, settings: &SandboxSettings) -> (u16, Value) {
        let mut tokens = Tokens::new(settings);
        let reply = token(form.as_bytes(), &mut tokens, 7, Duration::ZERO, "c");
        (reply.status, serde_json::from_slice(&reply.body).unwrap())
    }

    #[test]
    fn a_valid_refresh_token_gets_an_access_token_with_its_lifetime() {
        let settings = SandboxSettings {
            refresh_token: Some("r+t".into()),
            ..SandboxSettings::default()
        };
        let (status, body) = ask(FORM, &settings);
        assert_eq!(status, 200, "{body}");
        assert_eq!(body["expires_in"], 1800);
        assert_eq!(body["access_token"], "sandbox-access-1");
        assert_eq!(body["refresh_token"], "r+t");
    }

    #[test]
    fn a_revoked_refresh_token_is_refused_with_the_documented_message() {
        let settings = SandboxSettings {
            refuse_refresh: true,
            ..SandboxSettings::default()
        };
        let (status, body) = ask(FORM, &settings);
        assert_eq!(status, 400);
        assert_eq!(body["error"], "invalid_grant");
        assert_eq!(body["status"], "BAD_REFRESH_TOKEN");
    }

    #[test]
    fn a_form_that_lacks_a_field_is_refused() {
        for form in [
            "",
            "grant_type=password",
            "grant_type=refresh_token&client_id=i",
        ] {
            assert_eq!(ask(form, &SandboxSettings::default()).0, 400, "{form}");
        }
    }
}
