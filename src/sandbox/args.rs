//! The flags of the `sandbox` command, and the settings they produce.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use crate::sandbox::data::durations::parse_argument as duration;
use crate::sandbox::faults::spec::Faults;
use crate::sandbox::rate_setting::RateLimit;
use crate::sandbox::read_args::ReadArgs;
use crate::sandbox::settings::{
    BatchErrors, BodyForm, Latency, Others, SandboxSettings, SettingsError,
};

const DEFAULT_LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8787);

/// How the sandbox behaves.
#[derive(clap::Args, Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is an independent flag")]
pub struct SandboxArgs {
    /// Address and port to listen on; port 0 selects a free port
    #[arg(long, value_name = "ADDRESS", default_value_t = DEFAULT_LISTEN)]
    pub listen: SocketAddr,

    /// Allow listening on an address that other machines can reach
    #[arg(long)]
    pub allow_remote: bool,

    /// Requests accepted per rolling window, such as `150/10s`, or `off`
    #[arg(long, value_name = "N/TIME", default_value = "100/10s")]
    pub limit: RateLimit,

    /// Announce this limit in the headers instead of the enforced one
    #[arg(long, value_name = "N")]
    pub announce: Option<u32>,

    /// Send no rate-limit headers
    #[arg(long)]
    pub no_limit_headers: bool,

    /// Requests accepted per day [default: no limit]
    #[arg(long, value_name = "N")]
    pub daily_limit: Option<u64>,

    /// End the day after this time [default: at midnight in the account's zone]
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub day_length: Option<Duration>,

    /// Count batch calls against the rolling window as well
    #[arg(long)]
    pub count_batches: bool,

    /// Requests per window that other clients use, also from a time on: `50@30s`
    #[arg(long, value_name = "N@TIME")]
    pub others: Option<Others>,

    /// How long requests take to arrive: `40ms`, `0-40ms` or `0`
    #[arg(long, value_name = "TIME", default_value = "0")]
    pub inbound: Latency,

    /// How long replies take: `40ms`, `40-160ms` or `0`
    #[arg(long, value_name = "TIME", default_value = "20-60ms")]
    pub latency: Latency,

    /// Random faults with their shares, such as `status:502=1%,reset=0.5%`
    #[arg(
        long,
        value_name = "SPEC",
        default_value = "",
        hide_default_value = true
    )]
    pub faults: Faults,

    /// Seed of the random numbers; the same seed gives the same faults
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,

    /// The maximum number of inputs of a batch call
    #[arg(long, value_name = "N", default_value_t = 2000)]
    pub batch_limit: usize,

    /// How a batch call replies when some of its pairs are invalid
    #[arg(long, value_name = "WAY", value_enum, default_value_t)]
    pub batch_errors: BatchErrors,

    /// The maximum number of pairs of a call that removes associations
    #[arg(long, value_name = "N", default_value_t = 1000)]
    pub archive_limit: usize,

    /// Keep other labels when labels are written, in place of replacing them
    #[arg(long)]
    pub keep_labels: bool,

    /// How long the `slow` fault delays a reply
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = duration)]
    pub slow: Duration,

    /// How long the `stall` faults hold a connection
    #[arg(long, value_name = "TIME", default_value = "5m", value_parser = duration)]
    pub stall: Duration,

    /// The value of `Retry-After` in faults with that header
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = duration)]
    pub retry_after: Duration,

    /// Expire a token from the OAuth call after this many requests
    #[arg(long, value_name = "N")]
    pub token_uses: Option<u32>,

    /// The lifetime of a token from the OAuth call
    #[arg(long, value_name = "TIME", default_value = "30m", value_parser = duration)]
    pub token_lifetime: Duration,

    /// Return a new refresh token with every refresh
    #[arg(long)]
    pub rotate_refresh: bool,

    /// Refuse every refresh as revoked
    #[arg(long)]
    pub refuse_refresh: bool,

    /// The account's type, such as `STANDARD`
    #[arg(long, value_name = "TYPE", default_value = "DEVELOPER_TEST")]
    pub account_type: String,

    /// The account's id
    #[arg(long, value_name = "ID", default_value_t = 1_234_567)]
    pub portal_id: u64,

    /// Reply with 401 to account requests, as HubSpot does for some service keys
    #[arg(long)]
    pub no_account_access: bool,

    /// Reply with 403 to all requests about records: the token lacks their scopes
    #[arg(long)]
    pub missing_scopes: bool,

    /// The form of bodies where real replies differ from the published schemas
    #[arg(long, value_name = "FORM", value_enum, default_value_t)]
    pub bodies: BodyForm,

    /// The calls that read.
    #[command(flatten)]
    pub reads: ReadArgs,
}

impl SandboxArgs {
    /// Converts the flags to settings.
    ///
    /// Fails if serving them would be unsafe, such as on an address open to other machines.
    pub fn settings(&self) -> Result<SandboxSettings, SettingsError> {
        let settings = SandboxSettings {
            listen: self.listen,
            allow_remote: self.allow_remote,
            limit: self.limit.requests,
            window: self.limit.window,
            announced_limit: self.announce,
            limit_headers: !self.no_limit_headers,
            others: self.others,
            inbound: self.inbound,
            daily_limit: self.daily_limit,
            day_length: self.day_length,
            batch_exempt: !self.count_batches,
            latency: self.latency,
            faults: self.faults.clone(),
            seed: self.seed,
            batch_limit: self.batch_limit,
            batch_errors: self.batch_errors,
            archive_limit: self.archive_limit,
            keep_labels: self.keep_labels,
            slow: self.slow,
            stall: self.stall,
            retry_after: self.retry_after,
            token: None,
            token_uses: self.token_uses,
            token_lifetime: self.token_lifetime,
            refresh_token: None,
            refuse_refresh: self.refuse_refresh,
            rotate_refresh: self.rotate_refresh,
            account_type: self.account_type.clone(),
            portal_id: self.portal_id,
            account_access: !self.no_account_access,
            missing_scopes: self.missing_scopes,
            bodies: self.bodies,
            reads: self.reads.settings(),
        };
        settings.check()?;
        Ok(settings)
    }
}

#[cfg(test)]
mod tests {
    use clap::{Args as _, Command, FromArgMatches as _};

    use super::*;

    fn parsed(flags: &[&str]) -> Result<SandboxArgs, clap::Error> {
        let command = SandboxArgs::augment_args(Command::new("sandbox").no_binary_name(true));
        let matches = command.try_get_matches_from(flags)?;
        SandboxArgs::from_arg_matches(&matches)
    }

    #[test]
    fn without_flags_the_settings_are_the_defaults_at_a_fixed_port() {
        let settings = parsed(&[]).unwrap().settings().unwrap();
        let expected = SandboxSettings {
            listen: DEFAULT_LISTEN,
            ..SandboxSettings::default()
        };
        assert_eq!(format!("{settings:?}"), format!("{expected:?}"));
    }

    #[test]
    fn an_address_reachable_from_other_machines_needs_its_flag() {
        let open = ["--listen", "0.0.0.0:8787"];
        let refusal = parsed(&open).unwrap().settings().unwrap_err();
        assert!(
            refusal.to_string().contains("`--allow-remote`"),
            "{refusal}"
        );
        let allowed = [&open[..], &["--allow-remote"]].concat();
        assert!(parsed(&allowed).unwrap().settings().is_ok());
    }

    #[test]
    fn an_invalid_fault_is_refused_with_its_reason() {
        let refusal = parsed(&["--faults", "rest=1%"]).unwrap_err().to_string();
        assert!(refusal.contains("`rest` is not a known fault"), "{refusal}");
    }

    #[test]
    fn every_flag_has_one_line_of_help_that_fits() {
        let command = SandboxArgs::augment_args(Command::new("sandbox"));
        for argument in command.get_arguments() {
            let help = argument
                .get_help()
                .map(ToString::to_string)
                .unwrap_or_default();
            assert!(
                (1..=80).contains(&help.len()),
                "{}: {help}",
                argument.get_id()
            );
        }
    }
}
