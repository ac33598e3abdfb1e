//! What every command that sends requests works with: settings → an open endpoint, the runtime that drives it, and the
//! signals that cancel it.

use std::num::NonZeroU64;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use tokio::runtime::Handle;
use tracing::{debug, warn};

use crate::api::account::Account;
use crate::api::auth::error::CredentialsError;
use crate::api::auth::source::TokenSource;
use crate::api::auth::token::Token;
use crate::api::client::HttpEndpoint;
use crate::api::request::BaseUrl;
use crate::commands::portal::{self, Access};
use crate::diagnostic::Problem;
use crate::domain::run_counts::RunCounts;
use crate::error::RunError;
use crate::output::daily_reset::daily_reset;
use crate::output::stop_message::{FollowUpCommand, StopMessage};
use crate::process::engine::Engine;
use crate::process::signals::Signals;
use crate::report::layout::ReportKind;
use crate::run::guards::daily_limit::DailyReset;
use crate::run::stop_reason::{Signal, StopReason};
use crate::sandbox::server::Sandbox;
use crate::sandbox::settings::SandboxSettings;
use crate::settings::connection::{Destination, Transport};

/// An open endpoint with its runtime.
pub(crate) struct Connection {
    pub(crate) endpoint: HttpEndpoint,
    pub(crate) base_url: BaseUrl,
    runtime: Engine,
    signals: Signals,
    /// The time zone of the account, if it is known.
    zone: Option<TimeZone>,
    is_portal_named: bool,
    /// What the command does in the account.
    access: Access,
    /// Serves until it is dropped.
    sandbox: Option<Sandbox>,
}

/// What is known of the destination once no more requests are sent.
pub(crate) struct ClosedConnection {
    pub(crate) base_url: BaseUrl,
    /// The region in the token.
    pub(crate) region: Option<String>,
    /// The time zone of the account, if it is known.
    pub(crate) zone: Option<TimeZone>,
    /// Why a new refresh token could not be stored.
    pub(crate) lost_token: Option<CredentialsError>,
    /// What the command did in the account.
    access: Access,
}

impl ClosedConnection {
    /// Why a run ended early, with the command to run next; `report` is the kind of report that the run writes, if any.
    pub(crate) fn stop_message(
        &self,
        reason: &StopReason,
        counts: &RunCounts,
        next: &FollowUpCommand,
        report: Option<ReportKind>,
    ) -> Problem {
        let base_url = self.base_url.to_string();
        let reset = daily_reset(Timestamp::now(), self.zone.as_ref(), &TimeZone::system());
        let message = StopMessage {
            reason,
            counts,
            region: self.region.as_deref(),
            base_url: &base_url,
            daily_reset: &reset,
            writes: self.access == Access::Write,
            report: report.unwrap_or_default(),
            next,
        };
        if report.is_some() {
            message.problem()
        } else {
            message.problem_without_report()
        }
    }
}

impl Connection {
    /// Opens the destination; sends nothing. Up to `concurrency` connections are kept.
    pub(crate) fn open(
        destination: &Destination,
        transport: &Transport,
        concurrency: usize,
        signals: &Signals,
    ) -> Result<Self, RunError> {
        let (base_url, source, sandbox) = match destination {
            Destination::Api { base_url, source } => (base_url.clone(), source.clone(), None),
            Destination::Sandbox => {
                let sandbox = Sandbox::start(SandboxSettings::default());
                let sandbox = sandbox.map_err(RunError::SandboxStart)?;
                let url = sandbox.url().parse();
                let token = Token::new("sandbox").expect("a word is a token");
                (
                    url.expect("the sandbox listens on loopback"),
                    TokenSource::Fixed(token),
                    Some(sandbox),
                )
            }
        };
        let client = transport.client(base_url.clone(), source, concurrency);
        Ok(Self {
            endpoint: HttpEndpoint::new(client)?,
            base_url,
            runtime: Engine::start().map_err(RunError::System)?,
            signals: signals.clone(),
            zone: None,
            is_portal_named: false,
            access: Access::Write,
            sandbox,
        })
    }

    /// Waits for `future`, which the first signal cancels. It does not cancel a token exchange, whose new refresh token
    /// must be stored, nor a running token command.
    pub(crate) fn wait_for<T>(&self, future: impl Future<Output = T>) -> Result<T, Signal> {
        let must_finish = || self.endpoint.is_exchanging();
        self.signals.wait_for(&self.runtime, future, must_finish)
    }

    /// The runtime, for threads that are not its own.
    pub(crate) fn handle(&self) -> Handle {
        self.runtime.handle().clone()
    }

    /// Runs a future that handles signals itself.
    pub(crate) fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }

    /// Prepares the endpoint, and names the account that the command works in. Fails unless the account is `expected`.
    pub(crate) fn prepare(
        &mut self,
        expected: Option<NonZeroU64>,
        access: Access,
    ) -> Result<(), RunError> {
        self.authenticate(expected, access)?;
        self.name_portal().map(|_| ())
    }

    /// Reads the token. With an `expected` account this sends a request, and fails unless the token is of that account.
    pub(crate) fn authenticate(
        &mut self,
        expected: Option<NonZeroU64>,
        access: Access,
    ) -> Result<(), RunError> {
        self.access = access;
        self.wait_for(self.endpoint.prepare())
            .map_err(RunError::Stopped)??;
        if let Some(expected) = expected {
            let account = self
                .wait_for(portal::check(&self.endpoint, expected))
                .map_err(RunError::Stopped)??;
            self.set_account(Ok(account));
        }
        Ok(())
    }

    /// Names the account, and returns its id if it is known. Sends a request, unless the account is named already. An
    /// account that cannot be read is no error: the run reports what is wrong.
    pub(crate) fn name_portal(&mut self) -> Result<Option<u64>, RunError> {
        if !self.is_portal_named {
            let account = self
                .wait_for(portal::find(&self.endpoint))
                .map_err(RunError::Stopped)?;
            self.set_account(account);
        }
        Ok(self.portal())
    }

    fn set_account(&mut self, account: Result<Account, String>) {
        match &self.sandbox {
            // It is no account of HubSpot's.
            Some(_) => debug!("using the built-in sandbox: nothing is sent to HubSpot"),
            None => portal::log_account(self.access, self.portal(), &account),
        }
        self.is_portal_named = true;
        self.zone = account.ok().as_ref().and_then(portal::zone_of);
    }

    /// The id of the account, if it is known.
    pub(crate) fn portal(&self) -> Option<u64> {
        self.endpoint.portal_id()
    }

    /// When the daily limit resets, for a run that waits for that.
    pub(crate) fn daily_reset(&self) -> DailyReset {
        if self.zone.is_none() {
            warn!("could not read the account's time zone; after the daily limit, retrying hourly");
        }
        DailyReset {
            zone: self.zone.clone(),
        }
    }

    /// Ends the connection: stores a refresh token that could not be stored before. If `needs_zone`, this may send one more
    /// request.
    pub(crate) fn close(self, needs_zone: bool) -> ClosedConnection {
        let zone = match self.zone {
            None if needs_zone => self
                .runtime
                .block_on(portal::zone_at_the_end(&self.endpoint)),
            zone => zone,
        };
        let lost_token = self
            .runtime
            .block_on(self.endpoint.keep_refresh_token())
            .err();
        // Requests in flight and threads blocked on a pipe must not delay the exit.
        drop(self.runtime);
        ClosedConnection {
            base_url: self.base_url,
            region: self.endpoint.region(),
            zone,
            lost_token,
            access: self.access,
        }
    }
}
