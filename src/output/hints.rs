//! Hints with a command that keeps the typed flags: error and arguments → hint. Pure.

use std::ffi::OsString;

use crate::domain::pair::ObjectType;
use crate::error::RunError;
use crate::input::error::InputError;
use crate::output::command_line::CommandLine;
use crate::output::next_undo;
use crate::report::error::ReportError;
use crate::report::hint::{OUTPUT_FLAG, REPORT_FLAG};
use crate::report::read_error::ReadBackError;
use crate::undo::error::UndoError;
use crate::verify::error::VerifyError;

/// The hint for an error of the command with these arguments.
#[must_use]
pub fn hint(error: &RunError, arguments: &[OsString]) -> Option<String> {
    match error {
        RunError::Input(InputError::Changed { .. }) if report_flag(arguments) == OUTPUT_FLAG => {
            Some(format!(
                "restore the file and the flags that name types and columns; or start over with `--overwrite` or another \
                 `{OUTPUT_FLAG} PATH`"
            ))
        }
        RunError::Input(input) => of_input(input, arguments).or_else(|| error.hint()),
        RunError::Portal(_) => Some(format!(
            "nothing was sent; run `{}` to check the token",
            doctor(arguments)
        )),
        RunError::Verify(VerifyError::OtherPortal { .. } | VerifyError::UnknownPortal { .. }) => {
            Some(format!(
                "no link was read; run `{}` to check the token",
                doctor(arguments)
            ))
        }
        RunError::Report(report) => of_report(report, arguments),
        RunError::Labels(labels) => {
            let list = labels.types().map(|types| list_of(arguments, types));
            Some(labels.hint(&list.unwrap_or_default(), &doctor(arguments)))
        }
        RunError::Undo(undo) => of_undo(undo, arguments).or_else(|| error.hint()),
        _ => error.hint(),
    }
}

fn of_report(error: &ReportError, arguments: &[OsString]) -> Option<String> {
    let is_damaged = matches!(
        error,
        ReportError::ReadBack {
            source: ReadBackError::Damaged { .. },
            ..
        }
    );
    let command_line = CommandLine::new(arguments);
    if is_damaged && command_line.name().as_deref() == Some("undo") {
        let hint = "`import --resume --repair` repairs the report of an import; an undo report is replaced with `--overwrite`";
        return Some(hint.to_owned());
    }
    error.hint(report_flag(arguments))
}

/// The command that checks the token of the command with these arguments.
fn doctor(arguments: &[OsString]) -> String {
    CommandLine::new(arguments)
        .without_files()
        .only_flags_of("doctor")
        .command("doctor")
        .line()
}

/// The command that lists the labels of two types, with the credentials of the command with these arguments.
fn list_of(arguments: &[OsString], types: [&ObjectType; 2]) -> String {
    CommandLine::new(arguments)
        .without_files()
        .only_flags_of("labels")
        .command("labels")
        .with_files(types.map(ObjectType::as_str))
        .line()
}

/// The flag for the path of the report that the command with these arguments writes.
fn report_flag(arguments: &[OsString]) -> &'static str {
    let command_line = CommandLine::new(arguments);
    match command_line.name().as_deref() {
        Some("verify" | "undo") => OUTPUT_FLAG,
        _ => REPORT_FLAG,
    }
}

/// The hint for an undo whose flags do not fit its plan.
fn of_undo(error: &UndoError, arguments: &[OsString]) -> Option<String> {
    match error {
        UndoError::NoPortal {
            portal: Some(portal),
            planned,
        } => {
            let command = next_undo::confirmed(arguments, *portal, *planned, false);
            Some(format!(
                "if portal {portal} is the right one, run `{command}`"
            ))
        }
        UndoError::NoPortal { portal: None, .. } => {
            Some("add it with the id of the portal; `doctor` shows it".to_owned())
        }
        UndoError::OtherNumber { .. } => Some(format!(
            "look at the plan with `{}`",
            next_undo::planned(arguments)
        )),
        _ => None,
    }
}

/// The hint for a file that only needs more flags.
fn of_input(error: &InputError, arguments: &[OsString]) -> Option<String> {
    let command_line = CommandLine::new(arguments);
    if let InputError::Columns { problem, .. } = error
        && let Some(export) = problem.export()
    {
        let command_line = command_line.with_missing(export.flags());
        return Some(export.hint(&command_line.line()));
    }
    let flags = error.key_flags()?;
    let command_line = command_line.with_missing(flags.flags());
    let command_line = if flags.allow_search() {
        command_line.with("allow-search")
    } else {
        command_line
    };
    Some(flags.hint(&command_line.line()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::portal_error::PortalError;
    use crate::input::columns::resolve::Columns;
    use crate::input::columns::settings::ColumnSettings;
    use crate::labels::error::{LabelError, NotResolved};
    use crate::report::error::ReportError;
    use std::num::NonZeroU64;

    fn arguments(line: &str) -> Vec<OsString> {
        line.split(' ').map(OsString::from).collect()
    }

    #[test]
    fn the_command_for_an_export_keeps_the_typed_flags() {
        let headers = ["Record ID", "Last Name", "Associated Deal IDs"].map(str::to_owned);
        let problem =
            Columns::resolve(&headers, &ColumnSettings::default(), [None, None]).unwrap_err();
        let error = RunError::Input(InputError::Columns {
            input: "-e.csv".to_owned(),
            line: 1,
            hint: problem.hint("-e.csv"),
            problem: Box::new(problem),
        });
        let command_line = arguments("check --delimiter ; --from-type 0-1 --json -- -e.csv");
        assert_eq!(
            hint(&error, &command_line).unwrap(),
            "this looks like an export from HubSpot; run `hubspot-associate check --delimiter ';' --from-type 0-1 --json \
             ./-e.csv --from-id-column 'Record ID' --to-type deals --to-id-column 'Associated Deal IDs' --split ';'`"
        );
    }

    #[test]
    fn the_flag_for_another_report_is_that_of_the_command() {
        let error = RunError::Report(ReportError::Exists {
            path: "r.csv".into(),
        });
        for (line, flag) in [
            ("-v import p.csv", "`--report PATH`"),
            ("-v verify p.csv --resume", "`--output PATH`"),
            ("undo r.csv", "`--output PATH`"),
        ] {
            let hint = hint(&error, &arguments(line)).unwrap();
            assert!(hint.contains(flag), "{hint}");
        }
    }

    #[test]
    fn the_doctor_command_has_the_credentials_of_the_run() {
        let error = RunError::Portal(PortalError::Other {
            expected: NonZeroU64::MIN,
            found: 2,
        });
        let command_line = arguments("-v import p.csv --token-file t --split ; --rate unlimited");
        assert_eq!(
            hint(&error, &command_line).unwrap(),
            "nothing was sent; run `hubspot-associate -v doctor --token-file t` to check the token"
        );
        let [from, to] = ["contacts", "2-7"].map(|name| ObjectType::new(name).unwrap());
        let why = NotResolved::Unknown {
            nearest: Vec::new(),
            all: Vec::new(),
        };
        let name = "Boss".to_owned();
        let error = RunError::Labels(LabelError::NotResolved {
            from,
            to,
            name,
            why,
        });
        assert_eq!(
            hint(&error, &command_line).unwrap(),
            "`hubspot-associate -v labels --token-file t contacts 2-7` lists the labels; create a missing one in HubSpot first"
        );
        let error = RunError::Verify(VerifyError::OtherPortal {
            path: "r.csv".into(),
            portal: 1,
            found: 2,
        });
        assert_eq!(
            hint(&error, &arguments("verify r.csv --token-file t --resume")).unwrap(),
            "no link was read; run `hubspot-associate doctor --token-file t` to check the token"
        );
    }
}
