//! What to do next, the most useful first. Pure.

use std::path::Path;

use super::{World, next};
use crate::api::ACCESS_TOKEN_VARIABLE;
use crate::closing::{RejectsFile, Step};
use crate::outcome::OutcomeKind;
use crate::run::Ending;
use crate::settings::{Destination, ImportSettings};
use crate::text::shell_word;

/// What to do after a run.
pub(super) fn after_run(
    ending: &Ending,
    settings: &ImportSettings,
    rejects: Option<RejectsFile<'_>>,
    world: &World,
) -> Vec<Step> {
    let tally = &ending.tally;
    let report = &settings.report.path;
    let mut steps = Vec::new();
    if ending.stop.is_some() {
        steps.push(Step {
            what: "once the cause is mended, go on where the run ended".to_owned(),
            command: next::resumed(&world.arguments),
        });
    } else if tally.of(OutcomeKind::Rejected) > 0 {
        steps.push(Step {
            what: "once the causes are mended".to_owned(),
            command: next::resumed_with_rejected(&world.arguments),
        });
    } else if tally.of(OutcomeKind::Failed) > 0 {
        steps.push(Step {
            what: "later, for the rows that failed".to_owned(),
            command: next::resumed(&world.arguments),
        });
    }
    match rejects {
        Some(RejectsFile { path, rows: 1.. }) => steps.push(after_rejects(path)),
        _ if tally.not_good() > 0 => steps.push(make_rejects(report)),
        _ => {}
    }
    if steps.is_empty() && matches!(settings.destination, Destination::Sandbox) {
        steps.push(Step {
            what: format!("the real run, with {ACCESS_TOKEN_VARIABLE} set"),
            command: next::without_flag(&world.arguments, "--sandbox"),
        });
    }
    steps
}

/// How to have the rows that are not associated in a file.
pub(super) fn make_rejects(report: &Path) -> Step {
    Step {
        what: "the rows that are not associated, as a CSV to mend and feed back".to_owned(),
        command: format!(
            "hubspot-associate report {} --rejects rejects.csv",
            shell_word(&report.to_string_lossy())
        ),
    }
}

/// What to do with that file.
pub(super) fn after_rejects(rejects: &Path) -> Step {
    Step {
        what: "once the causes are mended, with the flags of the run".to_owned(),
        command: format!(
            "hubspot-associate import {}",
            shell_word(&rejects.to_string_lossy())
        ),
    }
}
