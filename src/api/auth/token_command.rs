//! Runs a command that prints the token, such as a password manager, with limits on time and output.

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use secrecy::SecretString;
use tokio::io::AsyncReadExt;
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::api::auth::bare_value::{MAX_TOKEN_BYTES, secret};
use crate::api::auth::error::CredentialsError;
use crate::api::auth::variables::{ACCESS_TOKEN_VARIABLE, OAUTH_VARIABLES};

/// The time limit of the command.
const TIME: Duration = Duration::from_secs(30);

/// A program and its arguments, run without a shell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenCommand {
    program: OsString,
    arguments: Vec<OsString>,
}

impl TokenCommand {
    /// Splits a line into words as a shell does, but supports no other shell syntax. `None` if a quote is unclosed or
    /// there is no word.
    #[must_use]
    pub fn new(line: &str) -> Option<Self> {
        let mut words = shlex::split(line)?.into_iter().map(OsString::from);
        Some(Self {
            program: words.next()?,
            arguments: words.collect(),
        })
    }

    /// The program's name for messages: the arguments may be secret.
    pub(crate) fn name(&self) -> String {
        self.program.to_string_lossy().into_owned()
    }

    /// Runs the command and returns its output. The command and its child processes are killed when the future is
    /// dropped, times out or fails.
    pub(crate) async fn run(&self) -> Result<SecretString, CredentialsError> {
        self.run_within(TIME).await
    }

    async fn run_within(&self, time: Duration) -> Result<SecretString, CredentialsError> {
        let failed = |why: String| CredentialsError::Command {
            program: self.name(),
            why,
        };
        // Only the terminal's own process group may prompt for a passphrase.
        let own_group = !has_terminal();
        let child = self.command(own_group).spawn();
        let mut running = Running {
            child: child.map_err(|error| failed(error.to_string()))?,
            own_group,
        };
        let printing = timeout(time, running.output()).await;
        let (status, printed) = printing
            .map_err(|_| failed(format!("it took more than {} s", time.as_secs())))?
            .map_err(|error| failed(error.to_string()))?;
        if !status.success() {
            return Err(failed(status.to_string()));
        }
        // The output is never shown.
        secret(&printed).ok_or_else(|| failed("its output is not a token".to_owned()))
    }

    fn command(&self, own_group: bool) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(&self.arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .kill_on_drop(true);
        // It uses its own credentials.
        for name in OAUTH_VARIABLES.into_iter().chain([ACCESS_TOKEN_VARIABLE]) {
            command.env_remove(name);
        }
        #[cfg(unix)]
        if own_group {
            command.process_group(0);
        }
        command
    }
}

/// Whether the program belongs to a terminal session.
fn has_terminal() -> bool {
    File::open("/dev/tty").is_ok()
}

/// The running command. Dropped before its end, it is killed with its process group.
struct Running {
    child: Child,
    own_group: bool,
}

impl Running {
    async fn output(&mut self) -> io::Result<(ExitStatus, Vec<u8>)> {
        let mut printed = Vec::new();
        if let Some(stdout) = self.child.stdout.take() {
            let max = MAX_TOKEN_BYTES + 1;
            stdout.take(max).read_to_end(&mut printed).await?;
        }
        if printed.len() as u64 > MAX_TOKEN_BYTES {
            let why = format!("it prints more than {MAX_TOKEN_BYTES} bytes");
            return Err(io::Error::other(why));
        }
        Ok((self.child.wait().await?, printed))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Without an id it has ended, and the number may already belong to another process.
        #[cfg(unix)]
        if self.own_group
            && let Some(id) = self.child.id()
            && let Some(group) = i32::try_from(id)
                .ok()
                .and_then(rustix::process::Pid::from_raw)
        {
            // It may have ended just now.
            rustix::process::kill_process_group(group, rustix::process::Signal::KILL).ok();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_split_into_words_like_a_shell_does() {
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
    fn the_command_does_not_inherit_secrets_from_the_environment() {
        let command = TokenCommand::new("env").unwrap().command(true);
        for name in [
            "HUBSPOT_ACCESS_TOKEN",
            "HUBSPOT_CLIENT_ID",
            "HUBSPOT_CLIENT_SECRET",
            "HUBSPOT_REFRESH_TOKEN",
        ] {
            let mut set = command.as_std().get_envs();
            assert!(
                set.any(|(set, value)| set == name && value.is_none()),
                "{name}"
            );
        }
    }

    #[tokio::test]
    async fn a_command_with_endless_output_is_killed() {
        let command = TokenCommand::new("yes abcdefghijklmnopqrstuvwxyz").unwrap();
        let error = command.run().await.unwrap_err().to_string();
        assert_eq!(
            error,
            "`yes` did not print a token: it prints more than 16384 bytes"
        );
    }

    /// Whether a process has ended, even if it has not been waited for.
    #[cfg(target_os = "linux")]
    fn has_ended(id: &str) -> bool {
        let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
        let state = stat.rsplit(") ").next().unwrap_or_default();
        stat.is_empty() || state.starts_with(['Z', 'X'])
    }

    #[tokio::test]
    #[cfg(target_os = "linux")]
    async fn child_processes_of_a_command_are_killed_with_it() {
        use std::time::Instant;
        if has_terminal() {
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("id");
        for script in [
            "sleep 1000 & echo $! > \"$1\"; wait",
            "sleep 1000 & echo $! > \"$1\"; exec yes abcdefghijklmnopqrstuvwxyz",
        ] {
            let line = format!("sh -c '{script}' sh '{}'", file.display());
            let command = TokenCommand::new(&line).unwrap();
            // Dropped once it has started the other process.
            let started = async {
                while std::fs::read_to_string(&file)
                    .unwrap_or_default()
                    .is_empty()
                {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            };
            tokio::select! {
                run = command.run_within(Duration::from_mins(2)) => assert!(run.is_err()),
                () = started => {}
            }
            let id = std::fs::read_to_string(&file).unwrap();
            let deadline = Instant::now() + Duration::from_mins(1);
            while !has_ended(id.trim()) {
                assert!(Instant::now() < deadline, "{script}");
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            std::fs::remove_file(&file).unwrap();
        }
    }

    #[tokio::test]
    async fn a_command_that_takes_too_long_is_killed() {
        let command = TokenCommand::new("sleep 1000").unwrap();
        let run = command.run_within(Duration::ZERO).await;
        let error = run.unwrap_err().to_string();
        assert_eq!(
            error,
            "`sleep` did not print a token: it took more than 0 s"
        );
    }
}
