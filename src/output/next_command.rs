//! Builds the command to run next from the typed arguments, quoted for a shell. Pure.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use crate::domain::file_names::{self, REPORT_OF_STREAM};
use crate::output::command_line::CommandLine;
use crate::output::stop_message::FollowUpCommand;

/// Flags that an import of the rejects must not repeat: the output files of the first run, and the encoding, since the
/// rejects are UTF-8. The layout of the lines is unchanged, including those above the header.
const NOT_FOR_REJECTS: [&str; 15] = [
    "report",
    "resume",
    "retry-rejected",
    "repair",
    "overwrite",
    "rejects",
    "html",
    "summary",
    "metrics",
    "dry-run",
    "first",
    "skip-associated-in",
    "encoding",
    "json",
    "input",
];

/// Flags that an import of the output of `resolve` must not repeat: how its input was read, and whether the output existed.
pub(crate) const NOT_FOR_RESOLVED: [&str; 18] = [
    "from-type",
    "to-type",
    "from-type-column",
    "from-id-column",
    "to-type-column",
    "to-id-column",
    "from-id-property",
    "to-id-property",
    "allow-search",
    "split",
    "delimiter",
    "no-header",
    "skip-lines",
    "comment",
    "encoding",
    "first",
    "output",
    "overwrite",
];

/// The folder of the sample files. Their records exist in no account.
const SAMPLES: &str = "sample-data";

/// The typed command with `--resume`.
#[must_use]
pub(crate) fn resumed(arguments: &[OsString]) -> String {
    to_resume(arguments).line()
}

/// The same, with `--retry-rejected`.
#[must_use]
pub(crate) fn resumed_with_rejected(arguments: &[OsString]) -> String {
    to_resume(arguments).with("retry-rejected").line()
}

/// The same, with the search for properties that are not unique.
#[must_use]
pub(crate) fn resumed_with_search(arguments: &[OsString]) -> String {
    to_resume(arguments).with("allow-search").line()
}

/// A new run without the flags that name `property`, which HubSpot does not know. `given` are the properties of the first
/// and of the second record.
#[must_use]
pub(crate) fn with_another_property(
    arguments: &[OsString],
    property: &str,
    given: [Option<&str>; 2],
) -> FollowUpCommand {
    let flags = ["from-id-property", "to-id-property"]
        .into_iter()
        .zip(given);
    let missing_flags: Vec<_> = flags
        .filter_map(|(flag, given)| (given == Some(property)).then_some(flag))
        .collect();
    FollowUpCommand {
        command: started_again_without(arguments, &missing_flags),
        missing_flags,
    }
}

fn to_resume(arguments: &[OsString]) -> CommandLine {
    CommandLine::new(arguments)
        .without(&["overwrite", "repair"])
        .with("resume")
}

/// The typed command without the `wrong` flags, as a new run that replaces the last one.
#[must_use]
pub(crate) fn started_again_without(arguments: &[OsString], wrong: &[&str]) -> String {
    let command_line = CommandLine::new(arguments).without(wrong).without(&[
        "resume",
        "retry-rejected",
        "repair",
        "overwrite",
    ]);
    // The default report of a rehearsal is replaced without the flag.
    if command_line.has("sandbox") && !command_line.has("report") {
        command_line.line()
    } else {
        command_line.with("overwrite").line()
    }
}

/// The import of the checked input, or a rehearsal of it if the file is one of the samples.
#[must_use]
pub(crate) fn import_of_checked(arguments: &[OsString], input: &OsStr) -> String {
    let command_line = CommandLine::new(arguments)
        .without(&["json", "duplicates-memory", "dry-run"])
        .command("import");
    let command_line = if is_sample(input) && !command_line.has("sandbox") {
        command_line.without(&["base-url"]).with("sandbox")
    } else {
        command_line
    };
    // Standard input has no default place for a report.
    let is_stdin = input == "-";
    command_line
        .with_missing(is_stdin.then_some(("report", REPORT_OF_STREAM)))
        .line()
}

/// The real run after a rehearsal; none for the samples. It writes a new report and replaces none.
#[must_use]
pub(crate) fn real_run(arguments: &[OsString], input: &OsStr, report: &Path) -> Option<String> {
    if is_sample(input) {
        return None;
    }
    let rehearsed = [
        "sandbox",
        "overwrite",
        "resume",
        "retry-rejected",
        "repair",
        "report",
    ];
    let command_line = CommandLine::new(arguments).without(&rehearsed);
    // Standard input has no default place for a report.
    Some(if input == "-" {
        command_line
            .with_value("report", file_names::report_of_real_run(report))
            .line()
    } else {
        command_line.line()
    })
}

/// The import of a rejects file, with the flags of the run, or of the `report` command that made it.
#[must_use]
pub(crate) fn import_of_rejects(
    arguments: &[OsString],
    rejects: &Path,
    is_rehearsed: bool,
) -> String {
    let command_line = CommandLine::new(arguments)
        .without(&NOT_FOR_REJECTS)
        .command("import")
        .file(rejects);
    if is_rehearsed {
        command_line.with("sandbox").line()
    } else {
        command_line.line()
    }
}

/// The command that writes a rejects file from a report, reading the input as the run did. `input` is given if `report`
/// would not find that file itself.
#[must_use]
pub(crate) fn rejects_of(arguments: &[OsString], report: &Path, input: Option<&Path>) -> String {
    let command_line = CommandLine::new(arguments)
        .without(&["rejects", "html", "json", "input"])
        .only_flags_of("report")
        .command("report")
        .file(report)
        .with_value("rejects", file_names::rejects_of(report));
    match input {
        Some(input) => command_line.with_value("input", input).line(),
        None => command_line.line(),
    }
}

/// The typed command, as a command without a report starts again.
#[must_use]
pub(crate) fn repeated(arguments: &[OsString]) -> String {
    CommandLine::new(arguments).line()
}

/// The same, with the search for properties that are not unique.
#[must_use]
pub(crate) fn repeated_with_search(arguments: &[OsString]) -> String {
    CommandLine::new(arguments).with("allow-search").line()
}

/// The same for a run that replaces the last one.
#[must_use]
pub(crate) fn started_again_with_search(arguments: &[OsString]) -> String {
    CommandLine::new(arguments)
        .with("overwrite")
        .with("allow-search")
        .line()
}

/// The import of what `resolve` wrote, which needs no flags to be read.
#[must_use]
pub(crate) fn import_of_resolved(arguments: &[OsString], output: &Path) -> String {
    CommandLine::new(arguments)
        .without(&NOT_FOR_RESOLVED)
        .only_flags_of("import")
        .command("import")
        .file(output)
        .line()
}

fn is_sample(input: &OsStr) -> bool {
    let path = std::path::absolute(input).unwrap_or_default();
    path.parent()
        .and_then(Path::file_name)
        .is_some_and(|folder| folder == SAMPLES)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(words: &[&str]) -> Vec<OsString> {
        words.iter().map(OsString::from).collect()
    }

    #[test]
    fn the_command_to_resume_is_the_typed_one_with_resume_instead_of_overwrite() {
        let command_line = arguments(&["import", "pairs.csv", "--rate", "50/10s"]);
        let resume = "hubspot-associate import pairs.csv --rate 50/10s --resume";
        assert_eq!(resumed(&command_line), resume);
        let rejected = format!("{resume} --retry-rejected");
        assert_eq!(resumed_with_rejected(&command_line), rejected);
        for flag in ["--overwrite", "--resume"] {
            let command_line = arguments(&["import", "pairs.csv", "--rate", "50/10s", flag]);
            assert_eq!(
                (resumed(&command_line), resumed_with_rejected(&command_line)),
                (resume.to_owned(), rejected.clone())
            );
        }
    }

    #[test]
    fn a_property_that_is_not_unique_is_looked_up_with_the_search() {
        for typed in [
            &["import", "crm.csv", "--overwrite"][..],
            &["import", "crm.csv", "--resume"],
        ] {
            let command = resumed_with_search(&arguments(typed));
            assert_eq!(
                command,
                "hubspot-associate import crm.csv --resume --allow-search"
            );
        }
    }

    #[test]
    fn an_unknown_property_is_removed_from_the_flags_that_name_it() {
        for (given, missing_flags) in [
            ([Some("emial"), Some("domain")], &["from-id-property"][..]),
            ([None, Some("emial")], &["to-id-property"]),
            (
                [Some("emial"), Some("emial")],
                &["from-id-property", "to-id-property"],
            ),
            ([Some("email"), None], &[]),
        ] {
            let words = ["import", "crm.csv", "--resume"];
            let follow_up = with_another_property(&arguments(&words), "emial", given);
            assert_eq!(follow_up.missing_flags, missing_flags);
            assert_eq!(
                follow_up.command,
                "hubspot-associate import crm.csv --overwrite"
            );
            let value = if missing_flags.is_empty() {
                "type"
            } else {
                "property"
            };
            assert_eq!(follow_up.missing_value(), value);
        }
    }

    #[test]
    fn the_output_of_resolve_is_imported_without_the_flags_for_its_input() {
        let typed = "resolve crm.csv --from-type contacts --from-id-property email --from-id-column E-mail --to-type companies \
                     --split ; -o ids.csv --overwrite --first 9 --token-file t --rate 50/10s -v";
        let typed = arguments(&typed.split_whitespace().collect::<Vec<_>>());
        assert_eq!(
            import_of_resolved(&typed, Path::new("ids.csv")),
            "hubspot-associate import ids.csv --token-file t --rate 50/10s -v"
        );
    }

    #[test]
    fn words_are_quoted_for_a_shell() {
        let command_line = arguments(&[
            "import",
            "my pairs.csv",
            "--from-id-column",
            "Bob's #3",
            "--delimiter",
            ";",
            "--split=",
        ]);
        assert_eq!(
            resumed(&command_line),
            r"hubspot-associate import 'my pairs.csv' --from-id-column 'Bob'\''s #3' --delimiter ';' --split= --resume"
        );
    }

    #[test]
    fn a_file_that_looks_like_a_flag_stays_a_file() {
        for words in [
            &["-v", "import", "--", "--overwrite"][..],
            &["-v", "import", "./--overwrite"],
        ] {
            assert_eq!(
                resumed(&arguments(words)),
                "hubspot-associate -v import ./--overwrite --resume"
            );
        }
        let command_line = arguments(&["import", "--report", "--overwrite", "-"]);
        assert_eq!(
            resumed(&command_line),
            "hubspot-associate import --report --overwrite - --resume"
        );
        let command_line = arguments(&["import", "pairs.csv"]);
        assert_eq!(
            rejects_of(
                &command_line,
                Path::new("-r.csv"),
                Some(Path::new("-i.csv"))
            ),
            "hubspot-associate report ./-r.csv --rejects rejects.csv --input=-i.csv"
        );
        assert_eq!(
            import_of_rejects(&command_line, Path::new("-r.csv"), false),
            "hubspot-associate import ./-r.csv"
        );
    }

    #[test]
    fn after_a_check_comes_the_import_with_the_same_flags() {
        let command_line = arguments(&[
            "check",
            "check",
            "--json",
            "--duplicates-memory",
            "1GB",
            "--from-type",
            "check",
        ]);
        assert_eq!(
            import_of_checked(&command_line, OsStr::new("check")),
            "hubspot-associate import check --from-type check"
        );
        assert_eq!(
            import_of_checked(&arguments(&["check", "-"]), OsStr::new("-")),
            "hubspot-associate import - --report pairs.report.csv"
        );
        let command_line = arguments(&["import", "pairs.csv", "--dry-run"]);
        assert_eq!(
            import_of_checked(&command_line, OsStr::new("pairs.csv")),
            "hubspot-associate import pairs.csv"
        );
    }

    #[test]
    fn samples_are_only_rehearsed() {
        for file in ["sample-data/pairs.csv", "/x/sample-data/pairs.csv"] {
            let command_line = arguments(&["check", file]);
            assert_eq!(
                import_of_checked(&command_line, OsStr::new(file)),
                format!("hubspot-associate import {file} --sandbox")
            );
            let command_line = arguments(&["import", file, "--sandbox"]);
            assert_eq!(
                real_run(&command_line, OsStr::new(file), Path::new("r.csv")),
                None
            );
        }
    }

    #[test]
    fn the_real_run_replaces_no_report() {
        let command_line = arguments(&[
            "import",
            "p.csv",
            "--sandbox",
            "--overwrite",
            "--report",
            "r.csv",
            "--split",
            ";",
        ]);
        assert_eq!(
            real_run(&command_line, OsStr::new("p.csv"), Path::new("r.csv")).unwrap(),
            "hubspot-associate import p.csv --split ';'"
        );
        for (rehearsed, real) in [
            ("x/r.sandbox.report.csv", "x/r.report.csv"),
            ("r.csv", "r.real.csv"),
            ("r", "r.real.csv"),
        ] {
            let command_line = arguments(&["import", "-", "--sandbox", "--report", rehearsed]);
            assert_eq!(
                real_run(&command_line, OsStr::new("-"), Path::new(rehearsed)).unwrap(),
                format!("hubspot-associate import - --report {real}")
            );
        }
    }

    #[test]
    fn the_rejects_are_imported_with_the_flags_of_the_run() {
        let command_line = arguments(&[
            "-v",
            "import",
            "export.csv",
            "--from-type",
            "contacts",
            "--split=;",
            "--encoding",
            "windows-1252",
            "--no-header",
            "--skip-lines",
            "2",
            "--comment=#",
            "--rate",
            "unlimited",
            "--base-url",
            "http://127.0.0.1:1",
            "--overwrite",
            "--report",
            "r.csv",
            "--rejects",
            "x.csv",
        ]);
        assert_eq!(
            import_of_rejects(&command_line, Path::new("x.csv"), false),
            "hubspot-associate -v import x.csv --from-type contacts '--split=;' --no-header --skip-lines 2 \
             '--comment=#' --rate unlimited \
             --base-url http://127.0.0.1:1"
        );
        assert_eq!(
            rejects_of(
                &command_line,
                Path::new("r.csv"),
                Some(Path::new("export.csv"))
            ),
            "hubspot-associate -v report r.csv --from-type contacts '--split=;' --encoding windows-1252 \
             --no-header --skip-lines 2 '--comment=#' --rejects rejects.csv --input export.csv"
        );
        let command_line = arguments(&[
            "report",
            "p.sandbox.report.csv",
            "--rejects",
            "x.csv",
            "--to-id-column",
            "#2",
        ]);
        assert_eq!(
            import_of_rejects(&command_line, Path::new("x.csv"), true),
            "hubspot-associate import x.csv --to-id-column '#2' --sandbox"
        );
    }

    #[test]
    fn wrong_flags_are_removed() {
        let command_line = arguments(&[
            "import",
            "p.csv",
            "--from-type",
            "contactz",
            "--to-type=deals",
            "--resume",
        ]);
        assert_eq!(
            started_again_without(&command_line, &["from-type"]),
            "hubspot-associate import p.csv --to-type=deals --overwrite"
        );
        for (more, end) in [
            ("", " --overwrite"),
            ("--sandbox --overwrite", " --sandbox"),
            (
                "--sandbox --report r.csv",
                " --sandbox --report r.csv --overwrite",
            ),
        ] {
            let words = format!("import p.csv --from-type x {more}");
            let command_line: Vec<_> = words.split_whitespace().map(OsString::from).collect();
            assert_eq!(
                started_again_without(&command_line, &["from-type"]),
                format!("hubspot-associate import p.csv{end}")
            );
        }
    }
}
