//! The end of an import: the file of what is not associated, the summary, and what stopped it.

use std::path::Path;

use tracing::warn;

use super::route::Route;
use super::{World, next, print};
use crate::api::ACCESS_TOKEN_VARIABLE;
use crate::display::{RejectsFile, Stopped, Summary};
use crate::error::RunError;
use crate::exit::ExitStatus;
use crate::outcome::OutcomeKind;
use crate::rejects;
use crate::run::{Ending, StopReason, Tally};
use crate::settings::{Destination, ImportSettings};
use crate::text::shell_word;

/// Tells how a run ended. Its report is closed by now.
pub(super) fn tell(
    ending: &Ending,
    settings: &ImportSettings,
    route: &Route,
    world: &World,
) -> Result<ExitStatus, RunError> {
    let rejected = write_rejects(ending, settings).transpose();
    let rows = rejected.as_ref().ok().copied().flatten();
    let status = show(ending, settings, route, world, rows);
    rejected.map(|_| status)
}

/// The rows that are not associated. Whoever interrupts a run does not want to wait for this as well, and where
/// the report cannot be written it says too little.
fn write_rejects(ending: &Ending, settings: &ImportSettings) -> Option<Result<u64, RunError>> {
    let status = ending.stop.as_ref().map(StopReason::exit_status);
    let in_haste = [
        ExitStatus::Interrupted,
        ExitStatus::Terminated,
        ExitStatus::CannotWrite,
        ExitStatus::Bug,
    ];
    let path = settings.rejects.as_ref()?;
    if status.is_some_and(|status| in_haste.contains(&status)) {
        warn!("the rejects file is not written: `hubspot-associate report` makes it at any time");
        return None;
    }
    let written = rejects::write(path, &settings.input, &settings.report.path);
    Some(written.map_err(RunError::from))
}

fn show(
    ending: &Ending,
    settings: &ImportSettings,
    route: &Route,
    world: &World,
    rejected: Option<u64>,
) -> ExitStatus {
    let status = match &ending.stop {
        Some(reason) => reason.exit_status(),
        None => ending.tally.exit_status(),
    };
    let rehearsed = matches!(settings.destination, Destination::Sandbox);
    let next = match (&ending.stop, status) {
        (Some(_), _) => None,
        (None, ExitStatus::Done) => rehearsed.then(|| {
            let command = next::without_flag(&world.arguments, "--sandbox");
            format!("the real run, with {ACCESS_TOKEN_VARIABLE} set: {command}")
        }),
        (None, _) => Some(after_failures(&ending.tally, world, &settings.report.path)),
    };
    if !world.manner.is_quiet() {
        let summary = Summary {
            tally: &ending.tally,
            elapsed: ending.elapsed,
            finished: ending.stop.is_none(),
            report: &settings.report.path,
            rejects: settings
                .rejects
                .as_deref()
                .zip(rejected)
                .map(|(path, rows)| RejectsFile { path, rows }),
            next: next.as_deref(),
        };
        print(&summary.to_text());
    }
    if let Some(reason) = &ending.stop {
        let base_url = route.base_url.to_string();
        let stopped = Stopped {
            reason,
            tally: &ending.tally,
            region: route.region.as_deref(),
            base_url: &base_url,
            next: &next::resumed(&world.arguments),
        };
        world.screen.problem(world.manner, &stopped.problem());
    }
    status
}

/// What brings the rows on that are not associated.
fn after_failures(tally: &Tally, world: &World, report: &Path) -> String {
    if tally.of(OutcomeKind::Rejected) > 0 {
        let command = next::resumed_with_rejected(&world.arguments);
        format!("once the causes are mended: {command}")
    } else if tally.of(OutcomeKind::Failed) > 0 {
        let command = next::resumed(&world.arguments);
        format!("later, for the rows that failed: {command}")
    } else {
        format!(
            "put the invalid rows right in a file of their own, and import that: hubspot-associate report {} \
             --rejects PATH makes it",
            shell_word(&report.to_string_lossy())
        )
    }
}
