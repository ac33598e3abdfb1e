//! The ways to misbehave, as one closed list.
//!
//! What each looks like is in `misbehave`; its name, number and description are in `fault_table`.

/// One way to answer other than associating the pair and saying so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Fault {
    /// This status, with the body that goes with it.
    Status(u16),

    // Refusals with particular bodies.
    Missing,
    MissingOldForm,
    BareRefusal,
    AssociationLimit,
    ExpiredToken,
    OldScopes,
    SpecScopes,
    BlockedPage,
    DailyLimit,
    BurstRetrySeconds,
    BurstRetryDate,
    SecondlyLimit,
    BareThrottle,
    UnavailableRetry,
    InternalPage,
    EmptyInternal,

    // Success statuses that prove nothing, or prove it oddly.
    EmbeddedError,
    OnlyCount,
    OnlyErrors,
    ZeroErrors,
    EmptyResults,
    NullResults,
    NoResults,
    Merged,
    ForwardOnly,
    InverseOnly,
    InverseFirst,
    NumericIds,
    UnknownFields,
    Pending,
    Processing,
    Canceled,
    Cancelled,
    NoStatus,
    InvalidJson,
    PageWithOk,
    EmptyOk,
    Huge,

    // Trouble on the connection.
    Reset,
    Close,
    Stall,
    Cut,
    CutChunked,
    StallInside,
    Slow,
    Endless,
    Garbage,
    ResetInside,
    ResetAfter,
}
