//! Decides what a refusal of the credentials concerns: one row, or the credentials themselves. Pure.

use crate::run::request::RequestKind;
use crate::verdict::classify::Class;
use crate::verdict::retry::FatalCause;

/// After this number of refusals, the row itself may be the cause.
const REFUSALS: u32 = 2;

/// The same limit where each refusal refreshes the token: a token may expire twice in sequence on the
/// same row.
const REFUSALS_OF_TOKENS: u32 = 3;

/// What is done with a job whose reply is fatal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Blame {
    /// The cause concerns every row: the run ends.
    Run,
    /// The cause may be gone with the next attempt.
    Retry,
    /// The row may be the cause: it is held until other rows show whether it is.
    Row,
    /// One row of the batch may be the cause.
    OneOfBatch,
}

/// Whether a reply of this class refuses the credentials.
pub(crate) fn is_refusal(class: Class) -> bool {
    matches!(
        class,
        Class::Unauthorized | Class::MissingScopes | Class::Forbidden
    )
}

/// Whether the cause concerns what the credentials may access, so that one row alone can trigger it.
pub(crate) fn may_be_one_row(cause: FatalCause) -> bool {
    matches!(
        cause,
        FatalCause::Unauthorized | FatalCause::MissingScopes | FatalCause::Forbidden
    )
}

/// The number of refusals after which neither a new token nor another attempt helps a row, provided that
/// other rows are accepted.
pub(crate) fn max_refusals(can_refresh: bool) -> u32 {
    if can_refresh {
        REFUSALS_OF_TOKENS
    } else {
        REFUSALS
    }
}

/// What is to blame for a fatal reply to a job that was refused this many times. `has_accepted`: some
/// row was accepted in this run.
pub(crate) fn blame(
    kind: RequestKind,
    cause: FatalCause,
    refusals: u32,
    has_accepted: bool,
) -> Blame {
    if !may_be_one_row(cause) {
        return Blame::Run;
    }
    match kind {
        RequestKind::Row if has_accepted && refusals < REFUSALS => Blame::Retry,
        RequestKind::Row => Blame::Row,
        RequestKind::Lookup
        | RequestKind::Search
        | RequestKind::LinkRead
        | RequestKind::RecordRead
        | RequestKind::LinkRemoval => Blame::Run,
        RequestKind::Batch | RequestKind::BisectedBatch => {
            if cause == FatalCause::Unauthorized && !has_accepted {
                Blame::Run
            } else {
                Blame::OneOfBatch
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_credentials_can_be_refused_for_one_row_alone() {
        use FatalCause::{DailyLimit, Forbidden, MissingScopes, NoToken, Unauthorized, Untrusted};
        use RequestKind::{
            Batch, BisectedBatch, LinkRead, LinkRemoval, Lookup, RecordRead, Row, Search,
        };
        for (kind, cause, refusals, has_accepted, expected) in [
            (Row, DailyLimit, 0, true, Blame::Run),
            (Row, Untrusted, 0, true, Blame::Run),
            (Row, NoToken, 0, true, Blame::Run),
            (Batch, DailyLimit, 0, true, Blame::Run),
            (Row, Unauthorized, 1, true, Blame::Retry),
            (Row, MissingScopes, 1, true, Blame::Retry),
            (Row, Forbidden, 2, true, Blame::Row),
            (Row, Unauthorized, 2, true, Blame::Row),
            (Row, Unauthorized, 1, false, Blame::Row),
            (Lookup, MissingScopes, 1, true, Blame::Run),
            (Search, Unauthorized, 1, false, Blame::Run),
            (LinkRead, MissingScopes, 1, true, Blame::Run),
            (RecordRead, Forbidden, 2, true, Blame::Run),
            (LinkRemoval, Unauthorized, 3, true, Blame::Run),
            (Batch, Unauthorized, 1, false, Blame::Run),
            (Batch, Unauthorized, 1, true, Blame::OneOfBatch),
            (Batch, Forbidden, 1, false, Blame::OneOfBatch),
            (BisectedBatch, MissingScopes, 2, true, Blame::OneOfBatch),
        ] {
            let blamed = blame(kind, cause, refusals, has_accepted);
            assert_eq!(
                blamed, expected,
                "{kind:?} {cause:?} {refusals} {has_accepted}"
            );
        }
    }
}
