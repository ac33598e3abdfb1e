//! `doctor`: credentials → remarks about account, quota and types. Changes nothing in HubSpot.

use crate::api::auth::source::TokenSource;
use crate::api::client::HttpEndpoint;
use crate::api::endpoint::{Endpoint, RefreshOutcome};
use crate::api::inspect::QueryResult;
use crate::api::lookup_call::{LookupCall, Route};
use crate::cli::doctor::DoctorArgs;
use crate::commands::connection::Connection;
use crate::commands::context::Context;
use crate::doctor::key::{CallResult, KeyCheck, unlikely_value};
use crate::doctor::remark::{Answers, Facts};
use crate::doctor::remarks::{exit_status, remarks};
use crate::error::RunError;
use crate::exit_status::ExitStatus;
use crate::lookup::property::LookupProperty;
use crate::lookup::request::body;
use crate::output::text::doctor::{remarks_to_json, remarks_to_text};
use crate::process::stdout::print;
use crate::run::stop_reason::StopReason;
use crate::settings::connection::{Destination, Transport, api};

pub(crate) fn doctor(flags: &DoctorArgs, ctx: &Context) -> Result<ExitStatus, RunError> {
    let transport = Transport::resolve(&flags.connection)?;
    let (base_url, source) = api(&flags.connection, &ctx.environment)?;
    let is_oauth = matches!(source, TokenSource::OAuth(_));
    let destination = Destination::Api { base_url, source };
    let connection = Connection::open(&destination, &transport, 1, &ctx.signals)?;
    let endpoint = &connection.endpoint;
    let queries = async {
        endpoint.prepare().await?;
        let refresh = if is_oauth {
            Some(endpoint.refresh().await)
        } else {
            None
        };
        let has_token = matches!(
            refresh,
            None | Some(RefreshOutcome::New | RefreshOutcome::Same)
        );
        Ok::<_, RunError>(Facts {
            refresh,
            region: endpoint.region(),
            base_url: connection.base_url.to_string(),
            answers: if has_token {
                Some(query(endpoint, flags).await)
            } else {
                None
            },
            expect_portal: flags.connection.expect_portal,
        })
    };
    let facts = match connection.wait_for(queries) {
        Ok(facts) => facts?,
        Err(signal) => return Ok(StopReason::Signal(signal).exit_status()),
    };
    let remarks = remarks(&facts);
    print(&if flags.json {
        remarks_to_json(&remarks)
    } else {
        remarks_to_text(&remarks)
    })?;
    Ok(exit_status(&remarks))
}

async fn query(endpoint: &HttpEndpoint, flags: &DoctorArgs) -> Answers {
    let mut answers = Answers {
        scopes: endpoint.scopes().await,
        account: endpoint.account().await,
        usage: endpoint.daily_usage().await,
        types: match (&flags.from_type, &flags.to_type) {
            (Some(from), Some(to)) => {
                let result = endpoint.can_read_links(from, to).await;
                Some((from.clone(), to.clone(), result))
            }
            _ => None,
        },
        keys: Vec::new(),
    };
    // Each request to a server that does not reply takes as long as the timeout.
    if !matches!(answers.account, QueryResult::Unreachable(_)) {
        for property in properties(flags) {
            let check = check_key(endpoint, property, flags.allow_search).await;
            answers.keys.push(check);
        }
    }
    answers
}

/// The properties that the flags name, each with the call that looks it up.
fn properties(flags: &DoctorArgs) -> Vec<LookupProperty> {
    let sides = [
        (&flags.from_type, &flags.from_id_property),
        (&flags.to_type, &flags.to_id_property),
    ];
    let mut properties: Vec<LookupProperty> = Vec::new();
    for (object_type, name) in sides {
        if let (Some(object_type), Some(name)) = (object_type, name) {
            let mut property =
                LookupProperty::new(object_type.clone(), name.as_str().into(), Route::BatchRead);
            if property.is_known_not_unique() {
                property.route = Route::Search;
            }
            if !properties.iter().any(|known| known.is_same_as(&property)) {
                properties.push(property);
            }
        }
    }
    properties
}

/// Looks up a value that hardly any record has.
async fn check_key(
    endpoint: &HttpEndpoint,
    property: LookupProperty,
    allow_search: bool,
) -> KeyCheck {
    let value = unlikely_value(property.kind);
    let call = LookupCall {
        object_type: property.object_type.clone(),
        route: property.route,
        body: body(&property, property.route, &[value], None),
    };
    let reply = endpoint.lookup(&call).await;
    KeyCheck {
        call: CallResult::of(&property, value, reply),
        unique: endpoint.unique_properties(&property.object_type).await,
        property,
        allow_search,
    }
}
