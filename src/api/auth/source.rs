//! The source of the access token, and whether it can return another one after HubSpot refuses it.

use std::io;
use std::path::PathBuf;

use secrecy::ExposeSecret;

use crate::api::auth::bare_value::{MAX_TOKEN_BYTES, bare_value, secret};
use crate::api::auth::error::CredentialsError;
use crate::api::auth::oauth::OAuthApp;
use crate::api::auth::token::Token;
use crate::api::auth::token_command::TokenCommand;
use crate::files::bounded_file;

/// The source of the access token.
#[derive(Clone, Debug)]
pub enum TokenSource {
    /// A fixed token.
    Fixed(Token),
    /// A file, which is rewritten when the token is rotated.
    File(PathBuf),
    /// The output of a command.
    Command(TokenCommand),
    /// An app's refresh token, which HubSpot exchanges.
    OAuth(OAuthApp),
}

impl TokenSource {
    /// Reads the token; `None` for a source that needs the network.
    pub(crate) async fn read(&self) -> Result<Option<Token>, CredentialsError> {
        let (text, from) = match self {
            Self::Fixed(token) => return Ok(Some(token.clone())),
            Self::OAuth(_) => return Ok(None),
            Self::File(path) => {
                let failed = |source: io::Error| CredentialsError::File {
                    path: path.clone(),
                    source,
                };
                let bytes = bounded_file::read_async(path, MAX_TOKEN_BYTES).await;
                let bytes = bytes.map_err(failed)?;
                (secret(&bytes), format!("the file `{}`", path.display()))
            }
            Self::Command(command) => {
                let from = format!("the output of `{}`", command.name());
                (Some(command.run().await?), from)
            }
        };
        let text = text.ok_or_else(|| CredentialsError::NoToken { from: from.clone() })?;
        let token = Token::new(bare_value(text.expose_secret(), &from)?);
        token
            .map(Some)
            .map_err(|_| CredentialsError::NoToken { from })
    }

    /// Whether the source may return another token than the last one.
    #[must_use]
    pub fn can_change(&self) -> bool {
        !matches!(self, Self::Fixed(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(source: &TokenSource) -> Result<Option<Token>, CredentialsError> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        runtime.unwrap().block_on(source.read())
    }

    #[test]
    fn a_token_from_a_file_or_a_command_is_trimmed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        std::fs::write(&path, " pat-na1-1234 \n").unwrap();
        for source in [
            TokenSource::File(path.clone()),
            TokenSource::Command(TokenCommand::new("printf ' pat-na1-1234 \n'").unwrap()),
        ] {
            let token = read(&source).unwrap().unwrap();
            assert_eq!(token.authorization(), "Bearer pat-na1-1234");
        }
    }

    #[test]
    fn a_source_without_a_token_is_an_error_that_does_not_repeat_its_text() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        let command = |line: &str| TokenSource::Command(TokenCommand::new(line).unwrap());
        let file = || TokenSource::File(path.clone());
        let name = path.display();
        for (content, source, message) in [
            (None, file(), format!("cannot read the token file `{name}`")),
            (
                Some(""),
                file(),
                format!("the file `{name}` contains no token"),
            ),
            (
                Some("two words"),
                file(),
                format!("the file `{name}` contains no token"),
            ),
            (
                None,
                command("false"),
                "`false` did not print a token: exit status: 1".to_owned(),
            ),
            (
                None,
                command("printf 'two words'"),
                "the output of `printf` contains no token".to_owned(),
            ),
            (
                None,
                command("/nowhere/x"),
                "`/nowhere/x` did not print a token: No such file or directory (os error 2)"
                    .to_owned(),
            ),
        ] {
            drop(std::fs::remove_file(&path));
            if let Some(content) = content {
                std::fs::write(&path, content).unwrap();
            }
            assert_eq!(read(&source).unwrap_err().to_string(), message);
        }
    }
}
