//! Signals at any time: before a run, and while the program is blocked.

use std::fs::{File, OpenOptions};
use std::io::{PipeReader, PipeWriter, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use crate::support::{
    Finished, Program, Rehearsal, Running, finish, good_rows, insist, join, signal, wait_until,
};

/// Starts the program in the folder of `rehearsal`, with a token in the environment unless `flags` name a source.
fn start(rehearsal: &Rehearsal, flags: &[&str]) -> Running {
    let mut command = rehearsal.command(flags);
    if flags
        .iter()
        .any(|flag| flag.starts_with("--token") || flag.starts_with("--oauth"))
    {
        command.env_remove("HUBSPOT_ACCESS_TOKEN");
    }
    command.spawn().unwrap()
}

/// Runs `task` on a separate thread and waits for it with a timeout, since `task` has none.
fn in_time<T: Send + 'static>(task: impl FnOnce() -> T + Send + 'static) -> T {
    join(thread::spawn(task))
}

fn fifo(rehearsal: &Rehearsal, name: &str) -> PathBuf {
    let path = rehearsal.path(name);
    let made = Program::new("mkfifo").arg(&path).status().unwrap();
    assert!(made.success());
    path
}

/// Waits until the program reads from the pipe, and returns the open end for writing.
fn opened(fifo: PathBuf) -> File {
    in_time(move || OpenOptions::new().write(true).open(fifo).unwrap())
}

fn accepted(listener: &TcpListener) -> TcpStream {
    let listener = listener.try_clone().unwrap();
    let mut stream = in_time(move || listener.accept().unwrap().0);
    let mut head = [0; 4096];
    assert!(stream.read(&mut head).unwrap() > 0);
    stream
}

/// Sends a signal to a blocked run, and checks its error, summary and metrics.
fn ends_gracefully(rehearsal: &Rehearsal, running: Running, name: &str, case: &str) {
    signal(&running, name);
    let Finished { code, stderr, .. } = finish(running.output());
    let (status, word) = match name {
        "INT" => (130, "interrupted"),
        _ => (143, "terminated"),
    };
    assert_eq!(code, status, "{case}: {stderr}");
    let error = format!("error: {word} before the first row was sent\nhint: nothing was sent; ");
    assert!(stderr.contains(&error), "{case}: {stderr}");
    let summary = std::fs::read_to_string(rehearsal.path("summary.json")).unwrap();
    let summary: serde_json::Value = serde_json::from_str(&summary).unwrap();
    assert_eq!(summary["exit"]["status"], status, "{case}");
    assert_eq!(summary["exit"]["reason"], word, "{case}");
    let metrics = std::fs::read_to_string(rehearsal.path("m.prom")).unwrap();
    assert!(metrics.contains(word), "{case}: {metrics}");
}

const IMPORT: [&str; 6] = [
    "import",
    "pairs.csv",
    "--summary",
    "summary.json",
    "--metrics",
    "m.prom",
];

#[test]
fn a_signal_ends_an_import_gracefully_at_any_wait_before_its_first_row() {
    for name in ["INT", "TERM", "HUP"] {
        let rehearsal = Rehearsal::new().rows(good_rows(100));
        let url = rehearsal.url();
        let with = |flags: &[&str]| {
            let all: Vec<&str> = [&IMPORT[..], &["--base-url", &url], flags].concat();
            start(&rehearsal, &all)
        };
        let script = rehearsal.path("token.sh");
        std::fs::write(&script, "#!/bin/sh\ntouch started\nexec sleep 300\n").unwrap();
        std::fs::set_permissions(&script, PermissionsExt::from_mode(0o755)).unwrap();
        let child = with(&["--token-command", "./token.sh"]);
        wait_until("the command starts", || rehearsal.path("started").exists());
        ends_gracefully(&rehearsal, child, name, "--token-command");

        let token = fifo(&rehearsal, "token");
        let child = with(&["--token-file", "token"]);
        let _kept = opened(token);
        ends_gracefully(&rehearsal, child, name, "--token-file");

        let known_pairs = fifo(&rehearsal, "earlier.csv");
        let child = with(&["--skip-associated-in", "earlier.csv"]);
        let _kept = opened(known_pairs);
        ends_gracefully(&rehearsal, child, name, "--skip-associated-in");

        assert_eq!(rehearsal.seen().requests, 0);
        assert!(!rehearsal.path("pairs.report.csv").exists());
    }
}

#[test]
fn a_signal_ends_an_import_that_waits_for_its_input_or_for_the_account() {
    let rehearsal = Rehearsal::new().rows(good_rows(100));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    for flags in [
        &["--expect-portal", "7"][..],
        &["--wait-for-daily-reset", "--overwrite"],
    ] {
        let all: Vec<&str> = [&IMPORT[..], &["--base-url", &url], flags].concat();
        let child = start(&rehearsal, &all);
        let _unanswered = accepted(&listener);
        ends_gracefully(&rehearsal, child, "TERM", flags[0]);
    }
    std::fs::remove_file(rehearsal.path("pairs.csv")).unwrap();
    let input = fifo(&rehearsal, "pairs.csv");
    let all: Vec<&str> = [&IMPORT[..], &["--base-url", &url, "--report", "r.csv"]].concat();
    let child = start(&rehearsal, &all);
    let _kept = opened(input);
    ends_gracefully(&rehearsal, child, "TERM", "the input");
}

#[test]
fn commands_without_a_run_end_at_a_signal_with_its_status() {
    let rehearsal = Rehearsal::new().rows(good_rows(1));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let doctor = start(&rehearsal, &["doctor", "--base-url", &url]);
    let _unanswered = accepted(&listener);
    signal(&doctor, "TERM");
    assert_eq!(finish(doctor.output()).code, 143);
    let input = fifo(&rehearsal, "input.csv");
    let check = start(&rehearsal, &["check", "input.csv"]);
    let _kept = opened(input);
    signal(&check, "INT");
    assert_eq!(finish(check.output()).code, 130);
}

#[test]
fn a_token_exchange_is_finished_after_a_signal_and_its_refresh_token_saved() {
    let rehearsal = Rehearsal::new().rows(good_rows(100));
    let app = rehearsal.path("app.json");
    std::fs::write(
        &app,
        r#"{"client_id":"c","client_secret":"s","refresh_token":"the-first-one"}"#,
    )
    .unwrap();
    std::fs::set_permissions(&app, PermissionsExt::from_mode(0o600)).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let flags = [
        "--base-url",
        &url,
        "--oauth-file",
        "app.json",
        "--expect-portal",
        "7",
    ];
    let all: Vec<&str> = [&IMPORT[..], &flags].concat();
    let child = start(&rehearsal, &all);
    let mut connection = accepted(&listener);
    signal(&child, "TERM");
    // Time in which the program could exit too early.
    thread::sleep(Duration::from_millis(300));
    let body = r#"{"access_token":"a-token-of-some-length","refresh_token":"the-next-one","expires_in":1800,"token_type":"bearer"}"#;
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close";
    write!(
        connection,
        "{head}\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let finished = finish(child.output());
    assert_eq!(finished.code, 143, "{}", finished.stderr);
    let kept = std::fs::read_to_string(&app).unwrap();
    assert!(kept.contains("the-next-one"), "{kept}");
}

/// A full pipe that is never read. Writing fails once the reader is dropped.
fn full_pipe() -> (PipeReader, PipeWriter) {
    let (reader, mut writer) = std::io::pipe().unwrap();
    // The capacity of a pipe.
    writer.write_all(&vec![b'.'; 64 * 1024]).unwrap();
    (reader, writer)
}

#[test]
fn a_standard_error_that_is_not_read_does_not_delay_a_run() {
    let rehearsal = Rehearsal::new().rows(good_rows(3000));
    let (_unread, stderr) = full_pipe();
    let mut running = rehearsal
        .import_command(&["-vvv"])
        .stderr(stderr)
        .spawn()
        .unwrap();
    assert_eq!(running.ended().code(), Some(0));
    assert_eq!(rehearsal.report().len(), 3000);
}

#[test]
fn a_signal_ends_a_program_whose_standard_error_is_not_read() {
    let rehearsal = Rehearsal::new().rows(good_rows(200_000));
    let (_unread, stderr) = full_pipe();
    let mut running = rehearsal
        .import_command(&["-vvv"])
        .stderr(stderr)
        .spawn()
        .unwrap();
    wait_until("rows are sent", || rehearsal.seen().requests > 100);
    insist(&mut running);
    assert_eq!(running.ended().code(), Some(130));
}
