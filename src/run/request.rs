//! What is known about a request besides its content. Pure.

use crate::verdict::retry::AttemptCounts;

/// What a request contains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RequestKind {
    /// One row.
    Row,
    /// Several rows.
    Batch,
    /// Rows that were already sent in a larger batch, one of which is bad.
    BisectedBatch,
    /// Keys that are looked up by the batch read.
    Lookup,
    /// Keys that are looked up by the search.
    Search,
    /// Records whose links are read.
    LinkRead,
    /// Records that are read to see whether they exist.
    RecordRead,
    /// Pairs whose links are removed.
    LinkRemoval,
}

/// The attempts of a job, and the state of the run when it was last sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct RequestState {
    pub(crate) attempt_counts: AttemptCounts,
    /// The number of the request, in the order of sending.
    pub(crate) number: u64,
    /// The generation of the token.
    pub(crate) token_generation: u32,
    /// How often the process had stood still.
    pub(crate) standstills: u32,
    /// How often the job was refused for the credentials, with any token.
    pub(crate) refusals: u32,
}
