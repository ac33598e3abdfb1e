//! Which call a request is for, after the limits and its token were checked.

use crate::sandbox::api::batch::Kind;
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
            Route::AccountDetails => Reply::json(200, &account::details(&self.settings)),
            Route::ApiUsage => Reply::json(200, &account::usage(&self.day, self.clock, call.now)),
            Route::WrongMethod { allowed } => refusals::wrong_method(allowed, form, correlation),
            Route::Sandbox { .. } | Route::Token | Route::Introspection | Route::Unknown => {
                refusals::unknown_path(form, correlation)
            }
            Route::Read { .. }
            | Route::Links { .. }
            | Route::Labels { .. }
            | Route::Records { .. }
            | Route::Search { .. }
            | Route::Properties { .. }
            | Route::Property { .. } => return self.read(route, call),
            // An empty body shows that the path lacks `/default/`, whatever the token may do.
            Route::Labelled { .. } if call.request.body.is_empty() => {
                refusals::no_body(correlation)
            }
            _ if self.settings.missing_scopes => {
                refusals::missing_scopes(ScopesForm::Granular, &WRITE_SCOPES, correlation)
            }
            _ => return self.write(route, call),
        };
        Action::Answer(reply)
    }

    /// Executes a call that changes nothing.
    fn read(&mut self, route: &Route, call: &Call<'_>) -> Action {
        match route {
            Route::Read {
                from_type,
                from_id,
                to_type,
            } => self.read_call(call, from_type, from_id, to_type),
            Route::Links { from_type, to_type } => self.links_call(call, from_type, to_type),
            Route::Labels {
                from_type,
                to_type,
                path,
            } => self.labels_call(call, from_type, to_type, *path),
            Route::Records { object_type } => self.records_call(call, object_type),
            Route::Search { object_type } => self.search_call(call, object_type),
            Route::Properties { object_type } => self.properties_call(call, object_type),
            Route::Property { object_type, name } => self.property_call(call, object_type, name),
            _ => self.no_such_call(call),
        }
    }

    /// Executes a call that changes associations.
    fn write(&mut self, route: &Route, call: &Call<'_>) -> Action {
        match route {
            Route::Pair {
                from_type,
                from_id,
                to_type,
                to_id,
            } => self.pair_call(call, [(from_type, from_id), (to_type, to_id)]),
            Route::Labelled {
                from_type,
                from_id,
                to_type,
                to_id,
            } => self.labelled_call(call, [(from_type, from_id), (to_type, to_id)]),
            Route::Unlink {
                from_type,
                from_id,
                to_type,
                to_id,
            } => self.unlink_call(call, [(from_type, from_id), (to_type, to_id)]),
            Route::Batch { from_type, to_type } => {
                self.batch_call(call, [from_type, to_type], Kind::Default)
            }
            Route::Create { from_type, to_type } => {
                self.batch_call(call, [from_type, to_type], Kind::Labelled)
            }
            Route::Archive {
                from_type,
                to_type,
                is_dated,
            } => self.archive_call(call, [from_type, to_type], *is_dated),
            Route::ArchiveLabels {
                from_type,
                to_type,
                is_dated,
            } => self.archive_labels_call(call, [from_type, to_type], *is_dated),
            _ => self.no_such_call(call),
        }
    }

    fn no_such_call(&self, call: &Call<'_>) -> Action {
        Action::Answer(refusals::unknown_path(
            self.settings.bodies,
            &call.correlation,
        ))
    }
}
