//! What messages call standard input.

/// The name of standard input in messages.
pub(crate) const STDIN_NAME: &str = "standard input";
