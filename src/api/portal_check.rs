//! A new token is used only if it is of the portal of the run.

use std::num::NonZeroU64;

use crate::api::auth::session::Session;
use crate::api::client::HttpEndpoint;
use crate::api::endpoint::RefreshOutcome;
use crate::api::inspect::QueryResult;
use crate::api::run_portal::Decision;

impl HttpEndpoint {
    /// Restricts the run to tokens of this account, named by the user.
    pub fn require_portal(&self, id: NonZeroU64) {
        self.portal.require(id);
    }

    /// The account of the run, if it is known.
    #[must_use]
    pub fn portal_id(&self) -> Option<u64> {
        self.portal.known().map(|known| known.id)
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
            tracing::info!(portal, "the new token belongs to this portal");
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
