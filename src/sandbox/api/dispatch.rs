//! Which call a request is for, after the limits and its token were checked.

use crate::sandbox::api::refusals::{ScopesForm, WRITE_SCOPES};
use crate::sandbox::api::{account, refusals};
use crate::sandbox::faults::effect::Action;
use crate::sandbox::http::reply::Reply;
use crate::sandbox::http::route::Route;
use crate::sandbox::state::tokens::TokenStatus;
use crate::sandbox::state::world::{Call, World};

impl World {
    /// Refuses an unusable token, or executes the call.
    pub(crate) fn dispatch(
        &mut self,
        token_status: TokenStatus,
        route: &Route,
        call: &Call<'_>,
    ) -> Action {
        let correlation = &call.correlation;
        match token_status {
            TokenStatus::Unknown => Action::Answer(refusals::unauthenticated(correlation)),
            TokenStatus::Expired { since } => {
                let ago = call.now.saturating_sub(since).as_secs();
                let since = self.clock.stamp(since);
                Action::Answer(refusals::expired(ago, &since, correlation))
            }
            TokenStatus::Static
                if !self.settings.account_access
                    && matches!(route, Route::AccountDetails | Route::ApiUsage) =>
            {
                Action::Answer(refusals::unauthenticated(correlation))
            }
            TokenStatus::Static | TokenStatus::OAuth => self.execute(route, call),
        }
    }

    fn execute(&mut self, route: &Route, call: &Call<'_>) -> Action {
        let correlation = &call.correlation;
        let form = self.settings.bodies;
        let reply = match route {
            Route::Pair { .. } | Route::Batch { .. } if self.settings.missing_scopes => {
                refusals::missing_scopes(ScopesForm::Granular, &WRITE_SCOPES, correlation)
            }
            Route::Pair {
                from_type,
                from_id,
                to_type,
                to_id,
            } => return self.pair_call(call, [(from_type, from_id), (to_type, to_id)]),
            Route::Batch { from_type, to_type } => {
                return self.batch_call(call, from_type, to_type);
            }
            Route::Read {
                from_type,
                from_id,
                to_type,
            } => match self.read_call(call, from_type, from_id, to_type) {
                // Types are resolved before scopes are checked.
                reply if self.settings.missing_scopes && reply.status != 400 => {
                    refusals::missing_scopes(ScopesForm::Granular, &WRITE_SCOPES, correlation)
                }
                reply => reply,
            },
            Route::Records { object_type } => return self.records_call(call, object_type),
            Route::Search { object_type } => return self.search_call(call, object_type),
            Route::Properties { object_type } => return self.properties_call(call, object_type),
            Route::Property { object_type, name } => {
                return self.property_call(call, object_type, name);
            }
            Route::Labelled if call.request.body.is_empty() => refusals::no_body(correlation),
            Route::AccountDetails => Reply::json(200, &account::details(&self.settings)),
            Route::ApiUsage => Reply::json(200, &account::usage(&self.day, self.clock, call.now)),
            Route::WrongMethod { allowed } => refusals::wrong_method(allowed, form, correlation),
            Route::Labelled | Route::Token | Route::Introspection | Route::Unknown => {
                let message = "resource not found";
                refusals::of_category(404, "RESOURCE_NOT_FOUND", message, form, correlation)
            }
        };
        Action::Answer(reply)
    }
}
