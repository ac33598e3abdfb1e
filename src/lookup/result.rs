//! What a reply says about a key, and what a row gets. Pure.

use std::sync::Arc;

use crate::domain::outcome::Details;
use crate::domain::row_keys::MatchKind;

/// Maximum number of records that are kept for a key with several matches.
pub(crate) const MAX_CANDIDATES: usize = 10;

/// What a reply says about one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum KeyResult {
    /// One record matches.
    Found {
        /// The record.
        id: u64,
        /// How it matches.
        kind: MatchKind,
    },
    /// No record matches.
    NotFound,
    /// Several records match: the first of them, [`MAX_CANDIDATES`] at most.
    Ambiguous(Vec<u64>),
    /// The API refuses this value.
    Refused(Arc<Details>),
    /// The reply leaves it open; the key is to be asked again with fewer others.
    Open,
}

/// What the lookup of a row's key ended with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// One record matches.
    Found {
        /// The record.
        id: u64,
        /// How it matches.
        kind: MatchKind,
    },
    /// No record matches.
    NotFound,
    /// Several records match: the first of them.
    Ambiguous(Vec<u64>),
    /// The API refuses the value, or the type: the row is rejected.
    Refused(Arc<Details>),
    /// A passing cause outlived the attempts: the row failed.
    Failed(Arc<Details>),
}
