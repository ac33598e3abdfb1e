//! The settings of `resolve`, checked.

use std::num::NonZeroU64;
use std::path::PathBuf;

use crate::cli::resolve::ResolveArgs;
use crate::input::settings::InputSettings;
use crate::rate_limit::rate::{RateSetting, Share};
use crate::run::context::RunSettings;
use crate::run::guards::failure_limit::FailureLimit;
use crate::run::guards::time_limit::TimeLimits;
use crate::settings::connection::{Destination, Environment, Transport, api};
use crate::settings::error::SettingsError;
use crate::settings::lookup::lookup_settings;
use crate::verdict::retry::RetryPolicy;

/// All settings of `resolve`, validated.
#[derive(Clone, Debug)]
pub struct ResolveSettings {
    /// The input.
    pub input: InputSettings,
    /// Where the output is written.
    pub output: PathBuf,
    /// The destination of requests.
    pub destination: Destination,
    /// How to send requests there.
    pub transport: Transport,
    /// The only account that is read, if `--expect-portal` is given.
    pub expect_portal: Option<NonZeroU64>,
    /// The rate limit.
    pub rate: RateSetting,
    /// The share of the account's limit to use.
    pub share: Share,
    /// Whether to wait for the reset of the daily limit.
    pub wait_for_daily_reset: bool,
    /// How to send lookups.
    pub run: RunSettings,
}

impl ResolveSettings {
    /// Fails with the first error in the settings.
    pub fn resolve(flags: ResolveArgs, environment: &Environment) -> Result<Self, SettingsError> {
        let limits = &flags.rate_limit;
        let input = flags.input_settings();
        let lookup = lookup_settings(&input, limits);
        if lookup.is_none() {
            return Err(SettingsError::NoProperty);
        }
        let run = RunSettings {
            concurrency: limits.concurrency,
            batch: None,
            retry: RetryPolicy {
                max_attempts: limits.max_attempts,
            },
            // Rows without a match are what the output is for.
            failure_limit: FailureLimit {
                max_failed: None,
                max_failed_percent: 100,
            },
            time_limits: TimeLimits::default(),
            daily_reset: None,
            lookup,
            lookup_only: true,
            links: None,
        };
        let transport = Transport::resolve(&flags.connection)?;
        // Last, so that other errors are reported before a missing token.
        let (base_url, source) = api(&flags.connection, environment)?;
        Ok(Self {
            run,
            input,
            output: flags.output,
            destination: Destination::Api { base_url, source },
            transport,
            expect_portal: flags.connection.expect_portal,
            rate: flags.rate_limit.rate,
            share: flags.rate_limit.share,
            wait_for_daily_reset: flags.rate_limit.wait_for_daily_reset,
        })
    }
}
