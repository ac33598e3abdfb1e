//! `doctor`: credentials → remarks about account, quota and types. Changes nothing in HubSpot.

use crate::api::auth::source::TokenSource;
use crate::api::client::HttpEndpoint;
use crate::api::endpoint::{Endpoint, RefreshOutcome};
use crate::cli::doctor::DoctorArgs;
use crate::commands::connection::Connection;
use crate::commands::context::Context;
use crate::doctor::remark::{Answers, Facts};
use crate::doctor::remarks::{exit_status, remarks};
use crate::domain::pair::ObjectType;
use crate::error::RunError;
use crate::exit_status::ExitStatus;
use crate::output::text::doctor::{remarks_to_json, remarks_to_text};
use crate::process::stdout::print;
use crate::run::stop_reason::StopReason;
use crate::settings::connection::{Destination, Transport, api};

pub(crate) fn doctor(flags: DoctorArgs, ctx: &Context) -> Result<ExitStatus, RunError> {
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
        let types = flags.from_type.zip(flags.to_type);
        Ok::<_, RunError>(Facts {
            refresh,
            region: endpoint.region(),
            base_url: connection.base_url.to_string(),
            answers: if has_token {
                Some(query(endpoint, types).await)
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

async fn query(endpoint: &HttpEndpoint, types: Option<(ObjectType, ObjectType)>) -> Answers {
    Answers {
        scopes: endpoint.scopes().await,
        account: endpoint.account().await,
        usage: endpoint.daily_usage().await,
        types: match types {
            Some((from, to)) => {
                let result = endpoint.can_read_links(&from, &to).await;
                Some((from, to, result))
            }
            None => None,
        },
    }
}
