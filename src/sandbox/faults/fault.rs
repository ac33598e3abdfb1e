//! All faults, as one closed list.
//!
//! `odd_responses` defines the reply of each; `fault_table` its name, code and description.

/// A deviation from associating the pair and confirming it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Fault {
    /// This status, with its usual body.
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

    // Success statuses with a body that does not confirm the pair, or confirms it in an unusual form.
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

    // Connection faults.
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

impl Fault {
    /// Whether it can happen to a call that reads: it is not about the records of a pair.
    pub(crate) fn applies_to_reads(self) -> bool {
        !matches!(
            self,
            Self::Missing
                | Self::MissingOldForm
                | Self::AssociationLimit
                | Self::EmbeddedError
                | Self::OnlyErrors
                | Self::Merged
                | Self::ForwardOnly
                | Self::InverseOnly
                | Self::InverseFirst
                | Self::NumericIds
        )
    }
}
