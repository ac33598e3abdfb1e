//! The access token: where it comes from, how it is refreshed, and how it is kept secret.

pub mod bare_value;
pub mod error;
pub mod mask;
pub mod oauth;
pub mod oauth_file;
pub mod refresh;
pub mod session;
pub mod source;
pub mod token;
pub mod token_command;
pub mod variables;
