//! Run outcome and settings → the suggested next steps with their commands, the most useful first.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use crate::api::auth::variables::ACCESS_TOKEN_VARIABLE;
use crate::commands::context::Context;
use crate::domain::cause::Cause;
use crate::domain::outcome::OutcomeKind;
use crate::domain::property_name::PropertyName;
use crate::domain::run_counts::RunCounts;
use crate::input::columns::settings::ColumnSettings;
use crate::input::decode::source::InputSource;
use crate::input::settings::InputSettings;
use crate::output::next_command;
use crate::output::stop_message::FollowUpCommand;
use crate::output::summary::{NextStep, RejectsFile};
use crate::run::context::RunOutcome;
use crate::run::stop_reason::{PropertyRefusal, StopReason, UniformFailure};
use crate::settings::connection::Destination;
use crate::settings::import::ImportSettings;
use crate::settings::report_path::input_of;

/// The next steps after a run.
pub(crate) fn after_run(
    result: &RunOutcome,
    settings: &ImportSettings,
    rejects: Option<RejectsFile<'_>>,
    ctx: &Context,
) -> Vec<NextStep> {
    let counts = &result.counts;
    let arguments = &ctx.arguments;
    let mut steps = Vec::new();
    let columns = &settings.input.columns;
    if let Some(reason) = &result.stop {
        let follow_up = command_after_stop(reason, counts, &settings.input, arguments);
        steps.push(with_types(follow_up).unwrap_or_else(|follow_up| NextStep {
            what: "fix the cause, then resume the run".to_owned(),
            command: follow_up.command,
        }));
    } else if let Some(step) = refused_type(counts)
        .and_then(|message| with_types(retyped(message, columns, arguments)).ok())
    {
        steps.push(step);
    } else if counts.of(OutcomeKind::Rejected) > 0 {
        steps.push(NextStep {
            what: "fix the causes, then run".to_owned(),
            command: next_command::resumed_with_rejected(arguments),
        });
    } else if counts.of(OutcomeKind::Failed) > 0 {
        steps.push(NextStep {
            what: "retry the failed rows later".to_owned(),
            command: next_command::resumed(arguments),
        });
    }
    let input = match &settings.input.path {
        InputSource::File(path) => Some(path.as_path()),
        InputSource::Stream(_) | InputSource::Stdin => None,
    };
    let rehearsed = matches!(settings.destination, Destination::Sandbox);
    match (rejects, input) {
        (Some(RejectsFile { path, rows: 1.. }), _) => steps.push(NextStep {
            what: "fix the causes, then import the rejects".to_owned(),
            command: next_command::import_of_rejects(arguments, path, rehearsed),
        }),
        // A stream cannot be read again.
        (_, Some(input)) if counts.with_problems() > 0 => {
            steps.push(make_rejects(arguments, &settings.report.path, Some(input)));
        }
        _ => {}
    }
    if steps.is_empty() && rehearsed && !counts.has_only_empty_lists() {
        let input = input.map_or(OsStr::new("-"), Path::as_os_str);
        let command = next_command::real_run(arguments, input, &settings.report.path);
        steps.extend(command.map(|command| NextStep {
            what: format!("the real run, with {ACCESS_TOKEN_VARIABLE} set"),
            command,
        }));
    }
    steps
}

/// The command to run after a stop. Flags with types that HubSpot does not know are removed: only the user knows the
/// correct ones.
pub(crate) fn command_after_stop(
    reason: &StopReason,
    counts: &RunCounts,
    input: &InputSettings,
    arguments: &[OsString],
) -> FollowUpCommand {
    match reason {
        StopReason::UniformFailures {
            what: UniformFailure::TypeError,
            message,
            ..
        } if counts.of(OutcomeKind::Associated) == 0 => retyped(message, &input.columns, arguments),
        // Rows with a wrong path or type were rejected.
        StopReason::UniformFailures {
            what: UniformFailure::TypeError | UniformFailure::NotFound,
            ..
        } => FollowUpCommand::from(next_command::resumed_with_rejected(arguments)),
        StopReason::PropertyRefused {
            refusal: PropertyRefusal::NotUnique,
            ..
        } => FollowUpCommand::from(next_command::resumed_with_search(arguments)),
        StopReason::PropertyRefused {
            refusal: PropertyRefusal::Unknown,
            property,
            ..
        } => {
            let given = input
                .properties()
                .map(|name| name.map(PropertyName::as_str));
            next_command::with_another_property(arguments, property, given)
        }
        // Rows whose keys no record has were rejected.
        StopReason::NoKeyFound { .. } => {
            FollowUpCommand::from(next_command::resumed_with_rejected(arguments))
        }
        _ => FollowUpCommand::from(next_command::resumed(arguments)),
    }
}

/// HubSpot's message about an unknown object type, if no row is associated.
fn refused_type(counts: &RunCounts) -> Option<&str> {
    let mut categories = counts.categories().into_iter();
    let entry = categories.find(|entry| entry.cause == Cause::UnknownType)?;
    (counts.of(OutcomeKind::Associated) == 0).then(|| entry.message())
}

/// A new run without the flags whose type occurs in `message`. It replaces the report, which has no associated rows, and
/// whose rows have other types than the corrected ones.
fn retyped(message: &str, columns: &ColumnSettings, arguments: &[OsString]) -> FollowUpCommand {
    let is_in_type =
        |character: char| character.is_ascii_alphanumeric() || matches!(character, '_' | '-');
    let missing_flags: Vec<_> = [
        ("from-type", &columns.from_type),
        ("to-type", &columns.to_type),
    ]
    .into_iter()
    .filter_map(|(flag, given)| {
        let given = given.as_ref()?;
        let mut words = message.split(|character| !is_in_type(character));
        words
            .any(|word| word.eq_ignore_ascii_case(given.as_str()))
            .then_some(flag)
    })
    .collect();
    FollowUpCommand {
        command: next_command::started_again_without(arguments, &missing_flags),
        missing_flags,
    }
}

/// The step for a command that needs a type from the user; returns the command if it needs none.
fn with_types(follow_up: FollowUpCommand) -> Result<NextStep, FollowUpCommand> {
    match follow_up.missing_flags_text() {
        Some(missing_flags_text) => Ok(NextStep {
            what: format!(
                "add {missing_flags_text} with the correct {}, then run",
                follow_up.missing_value()
            ),
            command: follow_up.command,
        }),
        None => Err(follow_up),
    }
}

/// The step that writes the rows that are not associated to a file. `input` is the input of the run, if it is known.
pub(crate) fn make_rejects(
    arguments: &[OsString],
    report: &Path,
    input: Option<&Path>,
) -> NextStep {
    let named = input.filter(|input| input_of(report).as_deref() != Some(input));
    NextStep {
        what: "write a CSV of the rows that are not associated, to correct and import again"
            .to_owned(),
        command: next_command::rejects_of(arguments, report, named),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::pair::ObjectType;

    fn refused(message: &str) -> StopReason {
        StopReason::UniformFailures {
            what: UniformFailure::TypeError,
            rows: 3,
            message: message.to_owned(),
        }
    }

    #[test]
    fn the_command_after_a_stop_omits_an_unknown_type() {
        let columns = ColumnSettings {
            from_type: ObjectType::new("contactz"),
            to_type: ObjectType::new("0-9999"),
            ..ColumnSettings::default()
        };
        let words = "import p.csv --from-type contactz --to-type 0-9999 --resume";
        let arguments: Vec<OsString> = words.split(' ').map(OsString::from).collect();
        for (message, missing_flags, command) in [
            (
                "Unable to infer object type from: contactz",
                &["from-type"][..],
                "import p.csv --to-type 0-9999 --overwrite",
            ),
            (
                "Invalid object or event type id: 0-9999",
                &["to-type"],
                "import p.csv --from-type contactz --overwrite",
            ),
            (
                "Unable to infer object type from: contact",
                &[],
                "import p.csv --from-type contactz --to-type 0-9999 --overwrite",
            ),
        ] {
            let follow_up = command_after_stop(
                &refused(message),
                &RunCounts::default(),
                &InputSettings {
                    columns: columns.clone(),
                    ..InputSettings::default()
                },
                &arguments,
            );
            assert_eq!(follow_up.missing_flags, missing_flags);
            assert_eq!(follow_up.command, format!("hubspot-associate {command}"));
        }
    }

    #[test]
    fn a_report_with_associated_rows_is_resumed_after_a_wrong_type() {
        let mut counts = RunCounts::default();
        counts.count_row(OutcomeKind::Associated, None, || unreachable!());
        let arguments = ["import", "p.csv"].map(OsString::from);
        let follow_up = command_after_stop(
            &refused("Unable to infer object type from: x"),
            &counts,
            &InputSettings::default(),
            &arguments,
        );
        assert_eq!(
            follow_up.command,
            "hubspot-associate import p.csv --resume --retry-rejected"
        );
    }
}
