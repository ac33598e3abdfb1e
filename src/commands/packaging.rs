//! `completions` and `man`: shell completions and manual pages for packages, generated from the flags.

use clap_complete::Shell;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use crate::cli::command_line::Cli;
use crate::cli::help::{Notes, in_lines};
use crate::error::RunError;
use crate::exit_status::ExitStatus;
use crate::process::program::Program;
use crate::process::stdout::print;

/// Prints the completion script for a shell.
pub(crate) fn completions(shell: Shell) -> Result<ExitStatus, RunError> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut description(), Program::THIS.name, &mut script);
    let script = String::from_utf8_lossy(&script);
    // In the bash script, clap_complete 4.6.11 spells a name with a dash in two ways, so that it finds no subcommand's
    // flags. Replace the second spelling by the first; this changes nothing once a version fixes it.
    let [right, wrong] = ["__", "__subcmd__"].map(|dash| Program::THIS.name.replace('-', dash));
    print(&script.replace(&wrong, &right))?;
    Ok(ExitStatus::Done)
}

/// Prints the manual page of a command, or of the program.
pub(crate) fn man(command: Option<&str>) -> Result<ExitStatus, RunError> {
    print(&page(command.unwrap_or_default()))?;
    Ok(ExitStatus::Done)
}

/// The description of the command line.
fn description() -> clap::Command {
    let mut description = Cli::described(&[], |_| None);
    description.build();
    description
}

fn page(command: &str) -> String {
    let program = description();
    let described = program.find_subcommand(command).unwrap_or(&program);
    let man = Man::new(described.clone())
        .title(described.get_display_name().unwrap_or(Program::THIS.name))
        .source(format!(
            "{} {}",
            Program::THIS.name,
            Program::THIS.version_and_commit()
        ))
        .manual("User Commands");
    let mut page = Vec::new();
    let parts = [
        man.render_title(&mut page),
        man.render_name_section(&mut page),
        man.render_synopsis_section(&mut page),
        man.render_description_section(&mut page),
        man.render_options_section(&mut page),
        if command.is_empty() {
            man.render_subcommands_section(&mut page)
        } else {
            Ok(())
        },
    ];
    for part in parts {
        part.expect("writing to memory does not fail");
    }
    let mut page = String::from_utf8_lossy(&page).into_owned();
    if let Some(notes) = Notes::of(command) {
        page.push_str(&sections(notes));
    }
    page
}

fn sections(notes: &Notes) -> String {
    let mut roff = Roff::new();
    roff.control("SH", ["NOTES"]);
    for line in notes.text.lines() {
        if line.is_empty() {
            roff.control("PP", []);
        } else if line.starts_with(' ') {
            roff.control("br", []);
            roff.text([roman(line)]);
        } else {
            roff.text([roman(line)]);
        }
    }
    roff.control("SH", ["EXAMPLES"]);
    for (what, line) in notes.examples {
        roff.control("PP", []);
        roff.text([roman(format!("{what}:"))]);
        roff.control("PP", []);
        roff.control("RS", ["4"]);
        // Not filled: a line that is wrapped cannot be pasted.
        roff.control("nf", []);
        roff.text([bold(in_lines(line, 2))]);
        roff.control("fi", []);
        roff.control("RE", []);
    }
    roff.control("SH", ["EXIT STATUS"]);
    for (status, meaning) in notes.statuses {
        roff.control("TP", []);
        roff.text([bold(*status)]);
        roff.text([roman(*meaning)]);
    }
    roff.control("SH", ["SEE ALSO"]);
    let pages: Vec<String> = crate::cli::help::NOTES
        .iter()
        .filter(|other| other.command != notes.command)
        .map(|other| match other.command {
            "" => format!("{}(1)", Program::THIS.name),
            command => format!("{}-{command}(1)", Program::THIS.name),
        })
        .collect();
    roff.text([roman(pages.join(", "))]);
    roff.to_roff()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_a_page_with_examples_and_exit_statuses() {
        for notes in &crate::cli::help::NOTES {
            let page = page(notes.command);
            for section in ["NAME", "SYNOPSIS", "EXAMPLES", "\"EXIT STATUS\""] {
                assert!(
                    page.contains(&format!(".SH {section}\n")),
                    "{section}: {page}"
                );
            }
            let title = match notes.command {
                "" => ".TH hubspot-associate 1".to_owned(),
                command => format!(".TH hubspot-associate-{command} 1"),
            };
            assert!(page.contains(&title), "{page}");
            for (status, _) in notes.statuses {
                assert!(page.contains(&format!("\\fB{status}\\fR\n")), "{status}");
            }
        }
    }
}
