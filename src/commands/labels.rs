//! `labels`: two object types → their association labels. Changes nothing in HubSpot.

use crate::cli::labels_command::LabelsArgs;
use crate::commands::connection::Connection;
use crate::commands::context::Context;
use crate::commands::label_lists::{Refresh, list};
use crate::commands::portal::Access;
use crate::error::RunError;
use crate::exit_status::ExitStatus;
use crate::labels::error::LabelError;
use crate::labels::labeler::Listed;
use crate::output::json::labels::labels_to_json;
use crate::output::text::labels::labels_to_text;
use crate::process::stdout::print;
use crate::settings::connection::{Destination, Transport, api};

/// Runs `labels`.
pub(crate) fn labels(flags: &LabelsArgs, ctx: &Context) -> Result<ExitStatus, RunError> {
    let transport = Transport::resolve(&flags.connection)?;
    let (base_url, source) = api(&flags.connection, &ctx.environment)?;
    let destination = Destination::Api { base_url, source };
    let mut connection = Connection::open(&destination, &transport, 1, &ctx.signals)?;
    connection.prepare(flags.connection.expect_portal, Access::Read)?;
    let listed = connection
        .wait_for(list(
            &connection.endpoint,
            &flags.from,
            &flags.to,
            Refresh::Allowed,
        ))
        .map_err(RunError::Stopped)??;
    let labels = match listed {
        Listed::Known(labels) => labels,
        Listed::Refused(why) => {
            return Err(LabelError::Refused {
                from: flags.from.clone(),
                to: flags.to.clone(),
                why,
                is_forbidden: false,
            }
            .into());
        }
    };
    print(&if flags.json {
        labels_to_json(&labels)
    } else {
        labels_to_text(&labels)
    })?;
    if let Some(error) = connection.close(false).lost_token {
        return Err(error.into());
    }
    Ok(ExitStatus::Done)
}
