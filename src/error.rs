//! The errors of commands, with their exit statuses and hints, and the text in which an error is printed.
//!
//! A row that fails is an outcome, not an error; an error here means that the run could not start.

use std::io;

use crate::api::auth::error::CredentialsError;
use crate::api::portal_error::PortalError;
use crate::api::transport::ClientError;
use crate::api::transport_error::is_out_of_descriptors;
use crate::exit_status::ExitStatus;
use crate::files::output_error::OutputError;
use crate::input::error::InputError;
use crate::labels::error::LabelError;
use crate::process::stdout::StdoutError;
use crate::report::error::ReportError;
use crate::report::hint::REPORT_FLAG;
use crate::report::rejects_error::RejectsError;
use crate::resolve::error::ResolveError;
use crate::run::stop_reason::Signal;
use crate::sandbox::settings::SettingsError as SandboxSettingsError;
use crate::settings::error::{SettingsError, credentials_hint};
use crate::undo::error::UndoError;
use crate::verify::error::VerifyError;

/// A command failed.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// Flags or environment are invalid.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The token cannot be read.
    #[error(transparent)]
    Credentials(#[from] CredentialsError),
    /// The account is not the expected one, or unknown.
    #[error(transparent)]
    Portal(#[from] PortalError),
    /// The input cannot be used.
    #[error(transparent)]
    Input(#[from] InputError),
    /// The labels of the rows cannot be written.
    #[error(transparent)]
    Labels(#[from] LabelError),
    /// The report cannot be used.
    #[error(transparent)]
    Report(#[from] ReportError),
    /// The rejects file cannot be written.
    #[error(transparent)]
    Rejects(#[from] RejectsError),
    /// The output of `resolve` cannot be written.
    #[error(transparent)]
    Resolve(#[from] ResolveError),
    /// An undo is refused.
    #[error(transparent)]
    Undo(#[from] UndoError),
    /// `verify` cannot start.
    #[error(transparent)]
    Verify(#[from] VerifyError),
    /// Another output file cannot be written.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// Data cannot be written to standard output.
    #[error(transparent)]
    Stdout(#[from] StdoutError),
    /// The HTTP client cannot be set up.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The sandbox's flags contradict each other.
    #[error(transparent)]
    SandboxSettings(#[from] SandboxSettingsError),
    /// The sandbox cannot start.
    #[error("cannot start the sandbox")]
    SandboxStart(#[source] io::Error),
    /// A signal arrived before the run started.
    #[error("{} before the first row was sent", word_of(*.0))]
    Stopped(Signal),
    /// The system refused a thread, a timer or a signal handler.
    #[error("cannot start the run")]
    System(#[source] io::Error),
}

impl RunError {
    /// The exit status of the program.
    #[must_use]
    pub fn exit_status(&self) -> ExitStatus {
        match self {
            Self::Stopped(Signal::Interrupt) => ExitStatus::Interrupted,
            Self::Stopped(Signal::Terminate) => ExitStatus::Terminated,
            Self::Labels(error) => error.exit_status(),
            Self::Report(ReportError::Busy { .. }) => ExitStatus::ReportBusy,
            Self::Report(ReportError::Io { .. })
            | Self::Rejects(RejectsError::Io { .. })
            | Self::Output(OutputError::Io { .. })
            | Self::Stdout(_)
            | Self::Credentials(CredentialsError::NotKept { .. }) => ExitStatus::CannotWrite,
            _ => ExitStatus::Usage,
        }
    }

    /// What the user can do. [`commands::hint`](crate::output::hints::hint) returns a more specific hint where the command line
    /// is known.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Settings(error) => error.hint(),
            Self::Credentials(error) => credentials_hint(error),
            Self::Client(error) => error.hint(),
            Self::System(error) | Self::SandboxStart(error) => limit_hint(error),
            Self::Stopped(_) => Some(
                "nothing was sent; run the command again, with `--resume` if a report exists"
                    .to_owned(),
            ),
            Self::Input(error) => error.hint(),
            Self::Labels(error) => Some(error.plain_hint()),
            Self::Rejects(error) => error.hint(),
            Self::Resolve(error) => Some(error.hint()),
            Self::Undo(error) => error.hint(),
            Self::Verify(error) => Some(error.hint().to_owned()),
            Self::Output(error) => error.hint(),
            Self::Report(error) => error.hint(REPORT_FLAG),
            _ => None,
        }
    }
}

/// The word for being stopped by this signal.
#[must_use]
pub fn word_of(signal: Signal) -> &'static str {
    match signal {
        Signal::Interrupt => "interrupted",
        Signal::Terminate => "terminated",
    }
}

/// The hint if a limit of the system is the likely cause.
fn limit_hint(error: &io::Error) -> Option<String> {
    if is_out_of_descriptors(error) {
        Some("raise the limit on open files (`ulimit -n` shows it)".to_owned())
    } else if error.kind() == io::ErrorKind::WouldBlock {
        Some("raise the limit on processes and threads (`ulimit -u` shows it)".to_owned())
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Problem;
    use std::path::PathBuf;

    fn plain(text: &str) -> String {
        anstream::adapter::strip_str(text).to_string()
    }

    #[test]
    fn an_error_is_printed_with_its_causes_and_one_hint() {
        let error = ReportError::Io {
            path: PathBuf::from("r.csv"),
            source: io::Error::other("no \u{1b}[31mspace"),
        };
        let problem = Problem::new(&error, Some("free some".to_owned()));
        assert_eq!(
            plain(&problem.to_text()),
            "error: cannot write the report `r.csv`\n  caused by: no \\u{1b}[31mspace\nhint: free some\n"
        );
    }

    #[test]
    fn every_error_of_a_report_has_its_exit_status() {
        let path = PathBuf::from("r.csv");
        for (error, status) in [
            (
                ReportError::Exists { path: path.clone() },
                ExitStatus::Usage,
            ),
            (
                ReportError::IsInput { path: path.clone() },
                ExitStatus::Usage,
            ),
            (
                ReportError::Busy {
                    path: path.clone(),
                    by: None,
                    lock_file: None,
                },
                ExitStatus::ReportBusy,
            ),
            (
                ReportError::Io {
                    path,
                    source: io::Error::other("x"),
                },
                ExitStatus::CannotWrite,
            ),
        ] {
            assert_eq!(RunError::from(error).exit_status(), status);
        }
    }

    #[test]
    fn an_unsaved_refresh_token_has_the_status_of_an_output_that_cannot_be_written() {
        let error = RunError::from(CredentialsError::NotKept {
            path: PathBuf::from("app.json"),
            source: io::ErrorKind::ReadOnlyFilesystem.into(),
        });
        assert_eq!(error.exit_status(), ExitStatus::CannotWrite);
        let problem = Problem::new(&error, error.hint());
        assert_eq!(problem.what, "cannot store a refresh token in `app.json`");
        assert_eq!(problem.causes, ["read-only filesystem or storage medium"]);
        assert!(problem.hint.unwrap().contains("make the file writable"));
    }
}
