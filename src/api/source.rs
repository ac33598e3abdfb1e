//! Where the access token comes from, and how another one is had when HubSpot refuses it.

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use tokio::process::Command;
use tokio::time::timeout;

use super::bare_value::{bare_value, decoded};
use super::credentials::{CredentialsError, Token};
use super::oauth::OAuthApp;

/// The name under which systemd hands a service its token
/// (<https://systemd.io/CREDENTIALS/>).
pub const SYSTEMD_CREDENTIAL: &str = "hubspot-access-token";

/// How long a command may take to print a token.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(30);

/// The longest file or output that is taken for a token.
const MAX_TOKEN_BYTES: usize = 16 * 1024;

/// Where the access token comes from.
#[derive(Clone, Debug)]
pub enum TokenSource {
    /// It is what it is.
    Fixed(Token),
    /// A file; whoever rotates the token writes it anew.
    File(PathBuf),
    /// What a command prints.
    Command(TokenCommand),
    /// An app's refresh token, which HubSpot exchanges.
    OAuth(OAuthApp),
}

/// A program and its arguments; no shell is between.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenCommand {
    program: OsString,
    arguments: Vec<OsString>,
}

impl TokenCommand {
    /// Splits a line into words as a shell does, without anything else that a shell does. `None` if a quote is
    /// open or no word is there.
    #[must_use]
    pub fn new(line: &str) -> Option<Self> {
        let mut words = shlex::split(line)?.into_iter().map(OsString::from);
        Some(Self {
            program: words.next()?,
            arguments: words.collect(),
        })
    }

    async fn run(&self) -> Result<SecretString, CredentialsError> {
        let program = self.program.to_string_lossy().into_owned();
        let failed = |why: String| CredentialsError::Command {
            program: program.clone(),
            why,
        };
        let output = Command::new(&self.program)
            .args(&self.arguments)
            .stdin(Stdio::null())
            .stderr(Stdio::inherit())
            .kill_on_drop(true)
            .output();
        let output = timeout(COMMAND_TIMEOUT, output)
            .await
            .map_err(|_| failed(format!("it took more than {} s", COMMAND_TIMEOUT.as_secs())))?
            .map_err(|error| failed(error.to_string()))?;
        if !output.status.success() {
            return Err(failed(output.status.to_string()));
        }
        // Whatever it printed is not shown.
        secret(&output.stdout).ok_or_else(|| failed("what it printed is no token".to_owned()))
    }
}

impl TokenSource {
    /// Reads the token; `None` from a source that must be asked over the network.
    pub(super) async fn read(&self) -> Result<Option<Token>, CredentialsError> {
        let (text, from) = match self {
            Self::Fixed(token) => return Ok(Some(token.clone())),
            Self::OAuth(_) => return Ok(None),
            Self::File(path) => {
                let failed = |source: io::Error| CredentialsError::File {
                    path: path.clone(),
                    source,
                };
                let bytes = tokio::fs::read(path).await.map_err(failed)?;
                (secret(&bytes), format!("the file `{}`", path.display()))
            }
            Self::Command(command) => {
                let from = format!("what `{}` prints", command.program.to_string_lossy());
                (Some(command.run().await?), from)
            }
        };
        let text = text.ok_or_else(|| CredentialsError::NoToken { from: from.clone() })?;
        let token = Token::new(bare_value(text.expose_secret(), &from)?);
        token
            .map(Some)
            .map_err(|_| CredentialsError::NoToken { from })
    }

    /// Whether another token may be had than the one it gave.
    #[must_use]
    pub fn can_change(&self) -> bool {
        !matches!(self, Self::Fixed(_))
    }
}

fn secret(bytes: &[u8]) -> Option<SecretString> {
    if bytes.len() > MAX_TOKEN_BYTES {
        return None;
    }
    decoded(bytes)
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
    fn a_command_is_split_as_a_shell_splits_it_and_seen_by_none() {
        for (line, words) in [
            ("pass show hubspot", Some(&["pass", "show", "hubspot"][..])),
            (
                "op read 'op://vault/my key'",
                Some(&["op", "read", "op://vault/my key"]),
            ),
            ("echo $HOME | cat", Some(&["echo", "$HOME", "|", "cat"])),
            ("", None),
            ("echo 'x", None),
        ] {
            let command = TokenCommand::new(line);
            let found = command.map(|command| {
                let mut words = vec![command.program];
                words.extend(command.arguments);
                words
            });
            let words = words.map(|words| words.iter().map(OsString::from).collect::<Vec<_>>());
            assert_eq!(found, words, "{line}");
        }
    }

    #[test]
    fn a_token_is_what_a_file_holds_or_a_command_prints_without_the_blanks_around() {
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
    fn what_gives_no_token_says_so_and_never_what_it_gave() {
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
                format!("the file `{name}` holds no token"),
            ),
            (
                Some("two words"),
                file(),
                format!("the file `{name}` holds no token"),
            ),
            (
                None,
                command("false"),
                "`false` gave no token: exit status: 1".to_owned(),
            ),
            (
                None,
                command("printf 'two words'"),
                "what `printf` prints holds no token".to_owned(),
            ),
            (
                None,
                command("/nowhere/x"),
                "`/nowhere/x` gave no token: No such file or directory (os error 2)".to_owned(),
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
