//! The account of a run: a token of another account is never used. The decision is pure.
//!
//! The account is the one that `--expect-portal` names, or else the first one that HubSpot reports for the token.

use std::num::NonZeroU64;
use std::sync::{Arc, Mutex, PoisonError};

use crate::api::auth::session::Session;
use crate::api::client::HttpEndpoint;
use crate::api::endpoint::RefreshOutcome;
use crate::api::inspect::QueryResult;

/// The account that requests may be sent to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Known {
    id: u64,
    /// Whether the user named it: then every token must be verified to belong to this account.
    named: bool,
}

/// Shared by all clones of an endpoint.
#[derive(Clone, Debug, Default)]
pub(crate) struct RunPortal(Arc<Mutex<Option<Known>>>);

/// What to do with a new token.
#[derive(Debug, PartialEq, Eq)]
enum Decision {
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

    fn known(&self) -> Option<Known> {
        *self.lock()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Known>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    /// Decides about a token by the account reported for it.
    fn judge(self, found: Result<u64, String>) -> Decision {
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

impl HttpEndpoint {
    /// Restricts the run to tokens of this account, named by the user.
    pub fn require_portal(&self, id: NonZeroU64) {
        self.portal.require(id);
    }

    /// Uses a new token, unless it belongs to another account than the run's. `query_result` is the account that came
    /// with the token; without it, HubSpot is queried, which is the only earlier request made with the token.
    pub(crate) async fn use_session(
        &self,
        session: Session,
        query_result: Option<u64>,
    ) -> RefreshOutcome {
        if let Some(known) = self.portal.known() {
            let found = match query_result {
                Some(id) => Ok(id),
                None => self.portal_of(&session).await,
            };
            match known.judge(found) {
                Decision::Use => {}
                Decision::UseUnchecked(why) => {
                    tracing::warn!("the portal of the new token is not known: {why}");
                }
                Decision::Refuse(refresh) => return refresh,
            }
        } else if let Some(portal) = query_result
            && self.portal.learn(portal)
        {
            tracing::info!(portal, "writing to the portal of the token");
        }
        self.begin_session(session);
        RefreshOutcome::New
    }

    async fn portal_of(&self, session: &Session) -> Result<u64, String> {
        match self.account_of(session).await {
            QueryResult::Known(account) => account
                .portal_id
                .ok_or_else(|| "the reply does not name it".to_owned()),
            QueryResult::Refused(answer) => {
                Err(format!("HubSpot replied with status {}", answer.status))
            }
            QueryResult::Unreadable(status, _) => Err(format!(
                "the reply (status {status}) does not describe an account"
            )),
            QueryResult::Unreachable(why) => Err(why),
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
