//! Why the portal of a token is not the expected one, or not known.

use std::num::NonZeroU64;

/// The account is not the expected one, or it is unknown.
#[derive(Debug, thiserror::Error)]
pub enum PortalError {
    /// The token belongs to another account.
    #[error("the token belongs to portal {found}, not to {expected} as `--expect-portal` says")]
    Other {
        /// The account of the token.
        found: u64,
        /// The expected account.
        expected: NonZeroU64,
    },
    /// The account of the token is unknown.
    #[error(
        "`--expect-portal {expected}`: cannot determine which portal the token belongs to: {why}"
    )]
    Unknown {
        /// The expected account.
        expected: NonZeroU64,
        /// Why it is unknown.
        why: String,
    },
}
