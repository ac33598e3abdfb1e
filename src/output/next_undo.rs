//! Builds the commands to run before and after an undo from the typed arguments. Pure.

use std::ffi::OsString;

use crate::output::command_line::CommandLine;

/// The command that removes the planned links. `is_begun` says whether an earlier undo settled some of them.
#[must_use]
pub(crate) fn confirmed(arguments: &[OsString], portal: u64, links: u64, is_begun: bool) -> String {
    let command_line = CommandLine::new(arguments)
        .without(&["json"])
        .with_value("expect-portal", portal.to_string())
        .with_value("confirm", links.to_string());
    if is_begun {
        command_line.with("resume").line()
    } else {
        command_line.line()
    }
}

/// The typed command without the confirmation, which shows the plan again.
#[must_use]
pub(crate) fn planned(arguments: &[OsString]) -> String {
    CommandLine::new(arguments).without(&["confirm"]).line()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(line: &str) -> Vec<OsString> {
        line.split(' ').map(OsString::from).collect()
    }

    #[test]
    fn the_plan_leads_to_its_confirmation_and_back() {
        for typed in [
            "undo r.csv --token-file t",
            "undo r.csv --confirm 9 --token-file t --expect-portal=5",
        ] {
            let typed = arguments(typed);
            assert_eq!(
                confirmed(&typed, 7, 1200, false),
                "hubspot-associate undo r.csv --token-file t --expect-portal 7 --confirm 1200"
            );
        }
        let typed = arguments("undo r.csv --confirm 9 --expect-portal 7");
        assert_eq!(
            planned(&typed),
            "hubspot-associate undo r.csv --expect-portal 7"
        );
    }
}
