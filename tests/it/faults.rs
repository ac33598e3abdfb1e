//! Disks that are full, slow or removed.

use std::fs;
use std::time::Duration;

use crate::support::{Program, Rehearsal, finish, good_rows, insist, instant, wait_until};

use hubspot_associate::sandbox::settings::{Latency, SandboxSettings};

/// `command` under a shell that lets no file grow beyond `blocks` of 512 bytes.
pub(crate) fn with_little_room(command: &Program, blocks: u32) -> Program {
    command.under("sh", &format!("ulimit -f {blocks}; exec \"$@\""))
}

#[test]
fn a_full_disk_stops_the_run_which_is_resumed_elsewhere() {
    let latency = Duration::from_millis(2);
    let settings = SandboxSettings {
        latency: Latency {
            min: latency,
            max: latency,
        },
        ..instant()
    };
    let rehearsal = Rehearsal::against(settings).rows(good_rows(3000));
    let command = rehearsal.import_command(&[]);
    let stopped = finish(with_little_room(&command, 128).output().unwrap());
    assert_eq!(stopped.code, 6, "{}", stopped.stderr);
    assert!(
        stopped.stderr.contains("error: cannot write the report"),
        "{}",
        stopped.stderr
    );
    let torn = fs::read(rehearsal.path("pairs.report.csv")).unwrap();
    assert!(torn.len() <= 64 * 1024);
    let whole = String::from_utf8_lossy(&torn).matches('\n').count() as u64 - 1;
    // The lines that were being written, in two chunks at most, and the requests in flight.
    let requests = rehearsal.seen().requests;
    assert!(requests <= whole + 2 * 300 + 16, "{requests} for {whole}");

    fs::create_dir(rehearsal.path("elsewhere")).unwrap();
    fs::copy(
        rehearsal.path("pairs.report.csv"),
        rehearsal.path("elsewhere/r.csv"),
    )
    .unwrap();
    let resumed = rehearsal.import(&["--report", "elsewhere/r.csv", "--resume"]);
    assert_eq!(resumed.code, 0, "{}", resumed.stderr);
    let mut rows: Vec<u64> = rehearsal
        .report_named("elsewhere/r.csv")
        .iter()
        .map(|line| line["row"].parse().unwrap())
        .collect();
    rows.sort_unstable();
    assert_eq!(rows, (1..=3000).collect::<Vec<_>>());
    assert_eq!(rehearsal.seen().requests, requests + 3000 - whole);
}

#[test]
fn a_full_disk_stops_verify_and_undo_with_the_number_of_lines_that_were_written() {
    let rehearsal = Rehearsal::against(instant()).rows(good_rows(600));
    let import = rehearsal.import(&["--check-existing"]);
    assert_eq!(import.code, 0, "{}", import.stderr);
    let url = rehearsal.url();
    let read = ["verify", "pairs.report.csv", "--base-url", &url];
    let removal = [
        "undo",
        "pairs.report.csv",
        "--base-url",
        &url,
        "--expect-portal",
        "1234567",
        "--confirm",
        "600",
    ];
    for flags in [&read[..], &removal] {
        let command = rehearsal.command(flags);
        let stopped = finish(with_little_room(&command, 8).output().unwrap());
        assert_eq!(stopped.code, 6, "{}", stopped.stderr);
        for part in ["cannot write the report", "with `--output PATH`"] {
            assert!(stopped.stderr.contains(part), "{}", stopped.stderr);
        }
        let number_before = |text: &str, words: &str| {
            let (before, _) = text.split_once(words).unwrap();
            before.rsplit(' ').next().unwrap().parse::<u64>().unwrap()
        };
        let summarized = stopped.stdout.lines().next().unwrap();
        let counted = match flags[0] {
            "verify" => number_before(summarized, " pairs verified"),
            _ => number_before(summarized, " rows in"),
        };
        assert_eq!(
            counted,
            number_before(&stopped.stderr, " rows are in the report"),
            "{}{}",
            stopped.stdout,
            stopped.stderr
        );
    }
}

#[test]
fn a_disk_that_is_full_from_the_start_costs_no_request() {
    let rehearsal = Rehearsal::new().rows(good_rows(30));
    let refused = rehearsal.import(&["--report", "/dev/full"]);
    assert_eq!((refused.code, rehearsal.seen().requests), (6, 0));
    assert!(
        refused.stderr.starts_with(
            "error: cannot write the report `/dev/full`\n  caused by: No space left on device"
        ),
        "{}",
        refused.stderr
    );
}

#[test]
fn a_full_disk_leaves_the_report_that_is_to_be_resumed_as_it_was() {
    let rows = (1..=400).map(|id| format!("contacts,9950000{id:08},companies,2"));
    let rehearsal = Rehearsal::new().rows(good_rows(400).chain(rows));
    assert_eq!(
        rehearsal
            .import(&["--max-attempts", "1", "--max-failed-percent", "100"])
            .code,
        1
    );
    let before = fs::read(rehearsal.path("pairs.report.csv")).unwrap();
    let requests = rehearsal.seen().requests;
    let command = rehearsal.import_command(&["--resume"]);
    let stopped = finish(with_little_room(&command, 40).output().unwrap());
    assert_eq!(stopped.code, 6, "{}", stopped.stderr);
    assert_eq!(
        fs::read(rehearsal.path("pairs.report.csv")).unwrap(),
        before
    );
    assert_eq!(rehearsal.seen().requests, requests);
    assert_eq!(fs::read_dir(rehearsal.folder.path()).unwrap().count(), 2);
}

#[test]
fn a_report_whose_folder_is_deleted_stops_the_run() {
    let latency = Duration::from_millis(20);
    let settings = SandboxSettings {
        latency: Latency {
            min: latency,
            max: latency,
        },
        ..instant()
    };
    let rehearsal = Rehearsal::against(settings).rows(good_rows(20_000));
    fs::create_dir(rehearsal.path("out")).unwrap();
    let (child, finish) = rehearsal.start(50, &["--report", "out/r.csv"]);
    fs::remove_dir_all(rehearsal.path("out")).unwrap();
    let stopped = finish(child);
    assert_eq!(stopped.code, 6);
    assert!(
        stopped
            .stderr
            .contains("the report no longer exists; nothing more was sent; "),
        "{}",
        stopped.stderr
    );
    for part in [
        "caused by: it was deleted during the run\n",
        "\nhint: find out which program deleted it, and restore it; ",
    ] {
        assert!(stopped.stderr.contains(part), "{}", stopped.stderr);
    }
    assert!(!stopped.stderr.contains("free some space"));
    assert!(rehearsal.seen().requests < 10_000);
}

#[test]
fn a_disk_that_does_not_respond_does_not_delay_a_second_signal() {
    let rehearsal = Rehearsal::new().rows(good_rows(20_000));
    let pipe = rehearsal.path("stuck");
    assert!(
        Program::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    // Never read: the pipe is full after 64 KiB, and stays full.
    let _reader = fs::OpenOptions::new()
        .read(true)
        .write(true)
        .open(&pipe)
        .unwrap();
    let mut child = rehearsal
        .import_command(&["--report", "stuck"])
        .spawn()
        .unwrap();
    wait_until("more lines than a pipe takes", || {
        rehearsal.seen().requests >= 2000
    });
    insist(&mut child);
    let stopped = finish(child.output());
    assert_eq!(stopped.code, 130);
    let requests = rehearsal.seen().requests;
    assert!(requests < 10_000, "a slow disk slows the run: {requests}");
    assert!(stopped.stderr.contains(" --resume`"), "{}", stopped.stderr);
}

#[test]
fn a_limit_on_file_sizes_ends_every_command_with_its_status_and_leaves_no_part_of_a_file() {
    let rehearsal =
        Rehearsal::new().rows((1..=400).map(|id| format!("contacts,9970000{id:08},companies,2")));
    let flags = ["--max-failed-percent", "100"];
    assert_eq!(rehearsal.import(&flags).code, 1);
    let outputs = [
        &["--rejects", "rejects.csv", "--html", "page.html"][..],
        &["--summary", "summary.json", "--overwrite"],
    ]
    .concat();
    for command in [
        rehearsal.import_command(&[&outputs[..], &flags].concat()),
        rehearsal.command(&["report", "pairs.report.csv", "--rejects", "rejects.csv"]),
        rehearsal.command(&["report", "pairs.report.csv", "--html", "page.html"]),
    ] {
        let stopped = finish(with_little_room(&command, 8).output().unwrap());
        assert_eq!(stopped.code, 6, "{}", stopped.stderr);
        assert!(
            stopped.stderr.contains("caused by: File too large"),
            "{}",
            stopped.stderr
        );
        for file in fs::read_dir(rehearsal.folder.path()).unwrap() {
            let name = file.unwrap().file_name().into_string().unwrap();
            assert!(!name.ends_with(".writing"), "{name}");
            assert!(!["rejects.csv", "page.html"].contains(&&*name), "{name}");
        }
        // The first command has no room for its report either, and the others read a whole report.
        assert_eq!(
            rehearsal
                .import(&[&["--overwrite"], &flags[..]].concat())
                .code,
            1
        );
    }
}

/// Every command that prints, in a folder with an input and its report.
const PRINTING: [&str; 9] = [
    "import --base-url URL --rate unlimited --overwrite pairs.csv",
    "import --base-url URL --rate unlimited --overwrite --summary - pairs.csv",
    "check pairs.csv",
    "check --json pairs.csv",
    "report pairs.report.csv",
    "report --json pairs.report.csv",
    "doctor --base-url URL",
    "completions bash",
    "man",
];

#[test]
fn what_cannot_be_written_to_standard_output_ends_with_status_6_and_a_message() {
    let rehearsal = Rehearsal::new().rows(good_rows(3));
    assert_eq!(rehearsal.import(&[]).code, 0);
    let url = rehearsal.url();
    for line in PRINTING {
        let words: Vec<&str> = (line.split(' '))
            .map(|word| if word == "URL" { &url } else { word })
            .collect();
        let full = fs::OpenOptions::new().write(true).open("/dev/full");
        let refused = finish((rehearsal.command(&words).stdout(full.unwrap()).output()).unwrap());
        assert_eq!(refused.code, 6, "{line}: {}", refused.stderr);
        let message =
            "error: cannot write to standard output\n  caused by: No space left on device";
        assert!(
            refused.stderr.contains(message),
            "{line}: {}",
            refused.stderr
        );

        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let unread = finish(rehearsal.command(&words).stdout(writer).output().unwrap());
        assert_eq!((unread.code, unread.stderr.as_str()), (0, ""), "{line}");
    }
}
