//! Shell completions complete the command line, and manual pages have all sections and flags.

use crate::support::{Rehearsal, finish};

/// The names of the commands, as `--help` lists them.
fn commands(rehearsal: &Rehearsal) -> Vec<String> {
    let help = finish(rehearsal.command(&["--help"]).output().unwrap()).stdout;
    let (_, list) = help.split_once("\nCommands:\n").unwrap();
    let (list, _) = list.split_once("\n\n").unwrap();
    let names = list
        .lines()
        .filter_map(|line| line.strip_prefix("  ")?.split(' ').next());
    let names: Vec<_> = names
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect();
    assert!(names.len() >= 7, "{names:?}");
    names
}

/// The completions that bash offers for the last of these words.
fn offered(rehearsal: &Rehearsal, words: &[&str]) -> Vec<String> {
    let place = words.len() - 1;
    let list = words.join("' '");
    let script = format!(
        "eval \"$(hubspot-associate completions bash)\"\n\
         complete=$(complete -p hubspot-associate | sed 's/.*-F \\([^ ]*\\).*/\\1/')\n\
         COMP_WORDS=('{list}') COMP_CWORD={place}\n\
         \"$complete\" hubspot-associate '{}' '{}'\n\
         printf '%s\\n' \"${{COMPREPLY[@]}}\"",
        words[place],
        words[place - 1]
    );
    let finished = rehearsal.shell(&script);
    assert_eq!(finished.code, 0, "{}", finished.stderr);
    finished.stdout.lines().map(str::to_owned).collect()
}

#[test]
fn bash_completes_commands_flags_and_values() {
    let rehearsal = Rehearsal::new();
    let found = offered(&rehearsal, &["hubspot-associate", ""]);
    for command in commands(&rehearsal) {
        assert!(found.contains(&command), "{command}: {found:?}");
    }
    for (words, expected) in [
        (&["hubspot-associate", "imp"][..], &["import"][..]),
        (&["hubspot-associate", "import", "--san"], &["--sandbox"]),
        (
            &["hubspot-associate", "import", "--mode", ""],
            &["single", "batch"],
        ),
        (
            &["hubspot-associate", "report", "--h"],
            &["--html", "--help"],
        ),
        (&["hubspot-associate", "man", "doc"], &["doctor"]),
    ] {
        assert_eq!(offered(&rehearsal, words), expected, "{words:?}");
    }
}

#[test]
fn every_shell_has_a_completion_script() {
    let rehearsal = Rehearsal::new();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let finished = finish(rehearsal.command(&["completions", shell]).output().unwrap());
        assert_eq!((finished.code, finished.stderr.as_str()), (0, ""));
        assert!(
            finished.stdout.contains("--skip-associated-in") || shell == "fish",
            "{shell}"
        );
        assert!(finished.stdout.contains("skip-associated-in"), "{shell}");
    }
}

#[test]
fn a_manual_page_has_every_flag_of_its_command() {
    let rehearsal = Rehearsal::new();
    for command in [String::new()].into_iter().chain(commands(&rehearsal)) {
        let name: &[&str] = if command.is_empty() { &[] } else { &[&command] };
        let run = |words: &[&str]| finish(rehearsal.command(words).output().unwrap());
        let page = run(&[&["man"], name].concat());
        assert_eq!((page.code, page.stderr.as_str()), (0, ""));
        let text = page.stdout.replace("\\-", "-");
        let help = run(&[name, &["--help"]].concat());
        let flags = help.stdout.lines().filter_map(|line| {
            let flag = line
                .trim_start()
                .split([' ', ','])
                .find(|word| word.starts_with("--"))?;
            (line.starts_with("      --") || line.starts_with("  -")).then_some(flag)
        });
        let mut count = 0;
        for flag in flags {
            assert!(
                text.contains(flag.trim_end_matches('.')),
                "{command}: {flag}"
            );
            count += 1;
        }
        assert!(count >= 5, "{command}: {count}");
    }
}

#[test]
fn the_version_is_that_of_the_package() {
    let rehearsal = Rehearsal::new();
    let version = finish(rehearsal.command(&["--version"]).output().unwrap());
    let expected = concat!("hubspot-associate ", env!("CARGO_PKG_VERSION"));
    assert!(
        version.stdout.trim_end().starts_with(expected),
        "{}",
        version.stdout
    );
}
