//! Flags and environment → the source of the token. Fails unless there is exactly one: with two, it would be unclear which
//! account the run writes to.

use secrecy::{ExposeSecret, SecretString};

use crate::api::auth::bare_value::bare_value;
use crate::api::auth::error::CredentialsError;
use crate::api::auth::oauth::OAuthApp;
use crate::api::auth::source::TokenSource;
use crate::api::auth::token::Token;
use crate::api::auth::token_command::TokenCommand;
use crate::api::auth::variables::{ACCESS_TOKEN_VARIABLE, OAUTH_VARIABLES, SYSTEMD_CREDENTIAL};
use crate::cli::credentials::CredentialArgs;
use crate::settings::credentials::Credentials;
use crate::settings::error::SettingsError;

/// Finds the only source of the token. Reads no file except that of an OAuth app.
pub(crate) fn token_source(
    flags: &CredentialArgs,
    environment: &Credentials,
) -> Result<TokenSource, SettingsError> {
    let systemd = environment
        .systemd
        .as_ref()
        .map(|folder| folder.join(SYSTEMD_CREDENTIAL))
        .filter(|path| path.is_file());
    let has_oauth = environment.oauth.iter().flatten().any(is_given);
    let given = [
        ("`--token-command`", flags.token_command.is_some()),
        ("`--token-file`", flags.token_file.is_some()),
        ("`--oauth-file`", flags.oauth_file.is_some()),
        ("`HUBSPOT_REFRESH_TOKEN` or a related variable", has_oauth),
        (
            "`HUBSPOT_ACCESS_TOKEN`",
            environment.access_token.as_ref().is_some_and(is_given),
        ),
        ("the service's credential", systemd.is_some()),
    ];
    let given = given.into_iter().filter(|(_, is_given)| *is_given);
    let given: Vec<_> = given.map(|(name, _)| name).collect();
    if given.len() > 1 {
        return Err(SettingsError::TwoSources { given });
    }
    if let Some(command) = &flags.token_command {
        let command = TokenCommand::new(command).ok_or(SettingsError::TokenCommand)?;
        return Ok(TokenSource::Command(command));
    }
    if let Some(path) = flags.token_file.as_ref().or(systemd.as_ref()) {
        return Ok(TokenSource::File(path.clone()));
    }
    if let Some(path) = &flags.oauth_file {
        return Ok(TokenSource::OAuth(OAuthApp::from_file(path)?));
    }
    if has_oauth {
        return Ok(TokenSource::OAuth(app_of_variables(&environment.oauth)?));
    }
    fixed_token(environment.access_token.as_ref())
}

fn is_given(text: &SecretString) -> bool {
    !text.expose_secret().trim().is_empty()
}

/// The OAuth app of the three variables. Fails if one of them is not set.
fn app_of_variables(values: &[Option<SecretString>; 3]) -> Result<OAuthApp, SettingsError> {
    let value = |index: usize| {
        let name = OAUTH_VARIABLES[index];
        let text = values[index].as_ref();
        let text = text.map_or("", |text| text.expose_secret());
        match bare_value(text, &format!("`{name}`"))? {
            "" => Err(SettingsError::OAuthVariable { name }),
            value => Ok(value),
        }
    };
    let (id, secret, refresh_token) = (value(0)?, value(1)?, value(2)?);
    Ok(OAuthApp::new(
        id.to_owned(),
        secret.into(),
        refresh_token.into(),
    ))
}

/// The token of the variable.
fn fixed_token(token: Option<&SecretString>) -> Result<TokenSource, SettingsError> {
    let token = token.ok_or(CredentialsError::Missing)?;
    let from = format!("`{ACCESS_TOKEN_VARIABLE}`");
    let token = bare_value(token.expose_secret(), &from)?;
    Ok(TokenSource::Fixed(Token::new(token)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credentials(token: &str, oauth: [&str; 3]) -> Credentials {
        let secret = |text: &str| (!text.is_empty()).then(|| SecretString::from(text));
        Credentials {
            access_token: secret(token),
            oauth: oauth.map(secret),
            systemd: None,
        }
    }

    fn file() -> CredentialArgs {
        CredentialArgs {
            token_file: Some("token".into()),
            ..CredentialArgs::default()
        }
    }

    fn command(line: &str) -> CredentialArgs {
        CredentialArgs {
            token_command: Some(line.to_owned()),
            ..CredentialArgs::default()
        }
    }

    #[test]
    fn the_token_comes_from_the_only_source_that_is_given() {
        let none = CredentialArgs::default();
        let no_oauth = [""; 3];
        for (flags, environment, expected) in [
            (&none, credentials("t", no_oauth), "Fixed("),
            (&file(), credentials("", no_oauth), "File("),
            (&file(), credentials("  ", no_oauth), "File("),
            (&command("pass x"), credentials("", no_oauth), "Command("),
            (&none, credentials("", ["a", "b", "c"]), "OAuth("),
        ] {
            let source = format!("{:?}", token_source(flags, &environment).unwrap());
            assert!(source.starts_with(expected), "{source}");
        }
        let folder = tempfile::tempdir().unwrap();
        let systemd = Credentials {
            systemd: Some(folder.path().to_owned()),
            ..Credentials::default()
        };
        assert!(token_source(&none, &systemd).is_err(), "no such file in it");
        std::fs::write(folder.path().join(SYSTEMD_CREDENTIAL), "t").unwrap();
        assert!(matches!(
            token_source(&none, &systemd),
            Ok(TokenSource::File(_))
        ));
    }

    #[test]
    fn several_sources_or_an_incomplete_one_are_refused_and_named() {
        let none = CredentialArgs::default();
        for (flags, environment, message) in [
            (
                &file(),
                credentials("t", [""; 3]),
                "the token comes from more than one place: `--token-file`, `HUBSPOT_ACCESS_TOKEN`",
            ),
            (
                &none,
                credentials("t", ["a", "b", "c"]),
                "the token comes from more than one place: `HUBSPOT_REFRESH_TOKEN` or a related variable, `HUBSPOT_ACCESS_TOKEN`",
            ),
            (
                &none,
                credentials("", ["a", "", "c"]),
                "`HUBSPOT_CLIENT_SECRET` is not set: an OAuth app needs it",
            ),
            (
                &command("'"),
                credentials("", [""; 3]),
                "`--token-command` is not a valid command: it is empty, or a quote is not closed",
            ),
            (
                &none,
                credentials("", [""; 3]),
                "no access token: `HUBSPOT_ACCESS_TOKEN` is not set",
            ),
        ] {
            let error = token_source(flags, &environment).unwrap_err();
            assert_eq!(error.to_string(), message);
        }
    }

    #[test]
    fn a_secret_is_not_shown() {
        let shown = format!("{:?}", credentials("t0p", ["1d", "s3cret", "r3fresh"]));
        for secret in ["t0p", "s3cret", "r3fresh"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
}
