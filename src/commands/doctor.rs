//! `doctor`: credentials → account, quota, types; nothing is changed.

use tokio::runtime::Builder;

use super::{World, print};
use crate::api::{Endpoint, HttpEndpoint, TokenSource};
use crate::cli::DoctorArgs;
use crate::display::{remarks_to_json, remarks_to_text};
use crate::doctor::{Facts, exit_status, remarks};
use crate::error::RunError;
use crate::exit::ExitStatus;
use crate::settings::{Transport, api};

pub(super) fn doctor(flags: DoctorArgs, world: &World) -> Result<ExitStatus, RunError> {
    let transport = Transport::resolve(&flags.connection)?;
    let (base_url, source) = api(&flags.connection, &world.environment)?;
    let is_oauth = matches!(source, TokenSource::OAuth(_));
    let shown_url = base_url.to_string();
    let endpoint = HttpEndpoint::new(transport.client(base_url, source, 1))?;
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(RunError::System)?;
    let facts = runtime.block_on(async {
        endpoint.prepare().await?;
        let renewal = if is_oauth {
            Some(endpoint.renew().await)
        } else {
            None
        };
        Ok::<_, RunError>(Facts {
            renewal,
            region: endpoint.region(),
            base_url: shown_url,
            scopes: endpoint.scopes().await,
            account: endpoint.account().await,
            usage: endpoint.daily_usage().await,
            types: match flags.from_type.zip(flags.to_type) {
                Some((from, to)) => {
                    let told = endpoint.can_read_links(&from, &to).await;
                    Some((from, to, told))
                }
                None => None,
            },
            expect_portal: flags.connection.expect_portal,
        })
    })?;
    let remarks = remarks(&facts);
    print(&if flags.json {
        remarks_to_json(&remarks)
    } else {
        remarks_to_text(&remarks)
    });
    Ok(exit_status(&remarks))
}
