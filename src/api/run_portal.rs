//! The account of a run: a token of another account is never used. The decision is pure.
//!
//! The account is the one that `--expect-portal` names, or else the first one that HubSpot reports for the token.

use std::num::NonZeroU64;
use std::sync::{Arc, Mutex, PoisonError};

use crate::api::endpoint::RefreshOutcome;

/// The account that requests may be sent to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Known {
    pub(crate) id: u64,
    /// Whether the user named it: then every token must be verified to belong to this account.
    pub(crate) named: bool,
}

/// Shared by all clones of an endpoint.
#[derive(Clone, Debug, Default)]
pub(crate) struct RunPortal(Arc<Mutex<Option<Known>>>);

/// What to do with a new token.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    Use,
    /// HubSpot does not report its account, and the user did not ask for a check.
    UseUnchecked(String),
    Refuse(RefreshOutcome),
}

impl RunPortal {
    /// Restricts the run to this account's tokens.
    pub(crate) fn require(&self, id: NonZeroU64) {
        *self.lock() = Some(Known {
            id: id.get(),
            named: true,
        });
    }

    /// Records that the token in use belongs to this account. Returns whether that was not known before.
    pub(crate) fn learn(&self, id: u64) -> bool {
        let mut known = self.lock();
        let is_new = known.is_none();
        known.get_or_insert(Known { id, named: false });
        is_new
    }

    pub(crate) fn known(&self) -> Option<Known> {
        *self.lock()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Known>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    /// Decides about a token by the account reported for it.
    pub(crate) fn judge(self, found: Result<u64, String>) -> Decision {
        match found {
            Ok(found) if found == self.id => Decision::Use,
            Ok(found) => Decision::Refuse(RefreshOutcome::OtherPortal {
                found,
                expected: self.id,
            }),
            Err(why) if self.named => Decision::Refuse(RefreshOutcome::Failed(format!(
                "the portal of the new token is not known: {why}"
            ))),
            Err(why) => Decision::UseUnchecked(why),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_of_another_account_is_refused_and_an_unknown_one_only_where_the_account_was_named() {
        let other = || {
            Decision::Refuse(RefreshOutcome::OtherPortal {
                found: 999,
                expected: 111,
            })
        };
        let unknown = "the portal of the new token is not known: no reply in time";
        for (named, found, expected) in [
            (true, Ok(111), Decision::Use),
            (false, Ok(111), Decision::Use),
            (true, Ok(999), other()),
            (false, Ok(999), other()),
            (
                true,
                Err("no reply in time"),
                Decision::Refuse(RefreshOutcome::Failed(unknown.to_owned())),
            ),
            (
                false,
                Err("no reply in time"),
                Decision::UseUnchecked("no reply in time".to_owned()),
            ),
        ] {
            let known = Known { id: 111, named };
            assert_eq!(known.judge(found.map_err(str::to_owned)), expected);
        }
    }

    #[test]
    fn a_named_account_is_never_replaced_by_a_reported_one() {
        let portal = RunPortal::default();
        assert!(portal.learn(5) && !portal.learn(6));
        assert_eq!(
            portal.known(),
            Some(Known {
                id: 5,
                named: false
            })
        );
        portal.require(NonZeroU64::MIN);
        assert!(!portal.learn(7));
        assert_eq!(portal.known(), Some(Known { id: 1, named: true }));
    }
}
