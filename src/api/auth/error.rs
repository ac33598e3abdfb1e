//! Why there is no usable token.

use std::io;
use std::path::PathBuf;

use crate::api::auth::variables::ACCESS_TOKEN_VARIABLE;
/// What was found instead of the bare value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Surplus {
    /// `"value"`
    #[error("a value with quotes around it")]
    Quotes,
    /// `NAME=value`
    #[error("a line `NAME=value`, not the value alone")]
    Name,
    /// `Bearer value`
    #[error("a value with `Bearer` in front of it")]
    Scheme,
    /// `{"name": "value"}`
    #[error("a JSON object, not the value alone")]
    Json,
}

/// Why there is no usable token.
#[derive(Debug, thiserror::Error)]
pub enum CredentialsError {
    /// The variable is not set, or empty.
    #[error("no access token: `{ACCESS_TOKEN_VARIABLE}` is not set")]
    Missing,
    /// Its value cannot be sent in a header.
    #[error(
        "the access token in `{ACCESS_TOKEN_VARIABLE}` contains a space or another character that is not valid in a token"
    )]
    Malformed,
    /// A file or a command returned something else.
    #[error("{from} contains no token")]
    NoToken {
        /// The place it was read from.
        from: String,
    },
    /// The value is surrounded by text that is not part of it.
    #[error("{from} holds {surplus}")]
    NotBare {
        /// The place it was read from.
        from: String,
        /// The surrounding text that was recognised.
        surplus: Surplus,
    },
    /// A file with secrets could not be read.
    #[error("cannot read the token file `{}`", path.display())]
    File {
        /// Its path.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// A command failed.
    #[error("`{program}` did not print a token: {why}")]
    Command {
        /// The command's first word.
        program: String,
        /// What went wrong.
        why: String,
    },
    /// Other users may read a file with long-lived secrets.
    #[error("`{}` can be read by other users", path.display())]
    Exposed {
        /// Its path.
        path: PathBuf,
    },
    /// The OAuth app's file cannot be updated with the refresh token that an exchange returns.
    #[error("cannot store a refresh token in `{}`", path.display())]
    NotKept {
        /// Its path.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file of an OAuth app lacks one of its values.
    #[error(
        "`{}` is not a JSON object with `client_id`, `client_secret` and `refresh_token`",
        path.display()
    )]
    OAuthFile {
        /// Its path.
        path: PathBuf,
    },
}
