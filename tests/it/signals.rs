//! Signals at every moment: before a run, and where something is stuck.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use crate::support::{PROGRAM, Rehearsal, TOKEN, good_rows};

/// The longest wait for anything, far beyond what a busy machine needs.
const PATIENCE: Duration = Duration::from_mins(2);

fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < deadline, "not within {PATIENCE:?}: {what}");
        thread::sleep(Duration::from_millis(2));
    }
}

/// What `task` returns, on a thread of its own.
fn in_time<T: Send + 'static>(what: &str, task: impl FnOnce() -> T + Send + 'static) -> T {
    let (sender, receiver) = channel();
    thread::spawn(move || sender.send(task()));
    let done = receiver.recv_timeout(PATIENCE);
    done.unwrap_or_else(|_| panic!("not within {PATIENCE:?}: {what}"))
}

/// The program in the folder of `rehearsal`, with a token unless `flags` name another.
fn program(rehearsal: &Rehearsal, flags: &[&str]) -> Command {
    let mut command = Command::new(PROGRAM);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("HUBSPOT_") {
            command.env_remove(name);
        }
    }
    command
        .current_dir(rehearsal.folder.path())
        .args(flags)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    if !flags
        .iter()
        .any(|flag| flag.starts_with("--token") || flag.starts_with("--oauth"))
    {
        command.env("HUBSPOT_ACCESS_TOKEN", TOKEN);
    }
    command
}

fn kill(child: &Child, signal: &str) {
    let status = Command::new("sh")
        .args(["-c", &format!("kill -{signal} {}", child.id())])
        .status();
    assert!(status.unwrap().success());
}

/// Its exit status, and what stands on its standard error.
fn ended(mut child: Child) -> (Option<i32>, String) {
    let stderr = child.stderr.take();
    let reading = thread::spawn(move || {
        let mut text = String::new();
        if let Some(mut stderr) = stderr {
            stderr.read_to_string(&mut text).unwrap();
        }
        text
    });
    wait_until("the program ends", || child.try_wait().unwrap().is_some());
    wait_until("its standard error ends", || reading.is_finished());
    (child.wait().unwrap().code(), reading.join().unwrap())
}

fn fifo(rehearsal: &Rehearsal, name: &str) -> PathBuf {
    let path = rehearsal.path(name);
    let made = Command::new("mkfifo").arg(&path).status().unwrap();
    assert!(made.success());
    path
}

/// Waits until the program reads from it, and keeps it open.
fn opened(fifo: PathBuf) -> File {
    in_time("the program opens a pipe", move || {
        OpenOptions::new().write(true).open(fifo).unwrap()
    })
}

fn accepted(listener: &TcpListener) -> TcpStream {
    let listener = listener.try_clone().unwrap();
    let mut stream = in_time("the program connects", move || listener.accept().unwrap().0);
    let mut head = [0; 4096];
    assert!(stream.read(&mut head).unwrap() > 0);
    stream
}

/// Ends a run that waits for something, and looks at what it leaves.
fn ends_in_order(rehearsal: &Rehearsal, child: Child, signal: &str, case: &str) {
    kill(&child, signal);
    let (code, stderr) = ended(child);
    let (status, word) = match signal {
        "INT" => (130, "interrupted"),
        _ => (143, "terminated"),
    };
    assert_eq!(code, Some(status), "{case}: {stderr}");
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
fn a_signal_ends_an_import_in_order_whatever_it_waits_for_before_its_first_row() {
    for signal in ["INT", "TERM", "HUP"] {
        let rehearsal = Rehearsal::new().rows(good_rows(100));
        let url = rehearsal.url();
        let with = |flags: &[&str]| {
            let all: Vec<&str> = [&IMPORT[..], &["--base-url", &url], flags].concat();
            program(&rehearsal, &all).spawn().unwrap()
        };
        let script = rehearsal.path("token.sh");
        std::fs::write(&script, "#!/bin/sh\ntouch started\nexec sleep 300\n").unwrap();
        std::fs::set_permissions(&script, PermissionsExt::from_mode(0o755)).unwrap();
        let child = with(&["--token-command", "./token.sh"]);
        wait_until("the command starts", || rehearsal.path("started").exists());
        ends_in_order(&rehearsal, child, signal, "--token-command");

        let token = fifo(&rehearsal, "token");
        let child = with(&["--token-file", "token"]);
        let _kept = opened(token);
        ends_in_order(&rehearsal, child, signal, "--token-file");

        let memory = fifo(&rehearsal, "memory.csv");
        let child = with(&["--skip-associated-in", "memory.csv"]);
        let _kept = opened(memory);
        ends_in_order(&rehearsal, child, signal, "--skip-associated-in");

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
        let child = program(&rehearsal, &all).spawn().unwrap();
        let _unanswered = accepted(&listener);
        ends_in_order(&rehearsal, child, "TERM", flags[0]);
    }
    std::fs::remove_file(rehearsal.path("pairs.csv")).unwrap();
    let input = fifo(&rehearsal, "pairs.csv");
    let all: Vec<&str> = [&IMPORT[..], &["--base-url", &url, "--report", "r.csv"]].concat();
    let child = program(&rehearsal, &all).spawn().unwrap();
    let _kept = opened(input);
    ends_in_order(&rehearsal, child, "TERM", "the input");
}

#[test]
fn commands_without_a_run_end_at_a_signal_with_its_status() {
    let rehearsal = Rehearsal::new().rows(good_rows(1));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let doctor = program(&rehearsal, &["doctor", "--base-url", &url])
        .spawn()
        .unwrap();
    let _unanswered = accepted(&listener);
    kill(&doctor, "TERM");
    assert_eq!(ended(doctor).0, Some(143));
    let input = fifo(&rehearsal, "input.csv");
    let check = program(&rehearsal, &["check", "input.csv"])
        .spawn()
        .unwrap();
    let _kept = opened(input);
    kill(&check, "INT");
    assert_eq!(ended(check).0, Some(130));
}

#[test]
fn a_token_exchange_is_finished_after_a_signal_and_its_refresh_token_kept() {
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
    let child = program(&rehearsal, &all).spawn().unwrap();
    let mut asked = accepted(&listener);
    kill(&child, "TERM");
    // A while in which the program could end wrongly.
    thread::sleep(Duration::from_millis(300));
    let body = r#"{"access_token":"a-token-of-some-length","refresh_token":"the-next-one","expires_in":1800,"token_type":"bearer"}"#;
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close";
    write!(
        asked,
        "{head}\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let (code, stderr) = ended(child);
    assert_eq!(code, Some(143), "{stderr}");
    let kept = std::fs::read_to_string(&app).unwrap();
    assert!(kept.contains("the-next-one"), "{kept}");
}

/// A pipe that is full and that is not read as long as the first of both is there.
fn stuck() -> (std::io::PipeReader, Stdio) {
    let (reader, writer) = std::io::pipe().unwrap();
    let path = format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&writer));
    // Not to be held up by the write that finds it full.
    const NONBLOCK: i32 = 0o4000;
    let mut filler = OpenOptions::new()
        .write(true)
        .custom_flags(NONBLOCK)
        .open(path)
        .unwrap();
    while filler.write(&[b'.'; 4096]).is_ok() {}
    while filler.write(b".").is_ok() {}
    (reader, writer.into())
}

#[cfg(target_os = "linux")]
#[test]
fn a_standard_error_that_is_not_read_does_not_hold_up_a_run() {
    let rehearsal = Rehearsal::new().rows(good_rows(3000));
    let (_unread, stderr) = stuck();
    let url = rehearsal.url();
    let flags = [
        "import",
        "pairs.csv",
        "-vvv",
        "--rate",
        "unlimited",
        "--base-url",
        &url,
    ];
    let child = program(&rehearsal, &flags).stderr(stderr).spawn().unwrap();
    assert_eq!(ended(child).0, Some(0));
    assert_eq!(rehearsal.report().len(), 3000);
}

#[cfg(target_os = "linux")]
#[test]
fn a_signal_ends_a_program_whose_standard_error_is_not_read() {
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let rehearsal = Rehearsal::new().rows(good_rows(200_000));
        let (_unread, stderr) = stuck();
        let url = rehearsal.url();
        let flags = [
            "import",
            "pairs.csv",
            "-vvv",
            "--rate",
            "unlimited",
            "--base-url",
            &url,
        ];
        let mut child = program(&rehearsal, &flags).stderr(stderr).spawn().unwrap();
        wait_until("rows are sent", || rehearsal.seen().requests > 100);
        wait_until("signals end it", || {
            kill(&child, signal);
            child.try_wait().unwrap().is_some()
        });
        assert_eq!(child.wait().unwrap().code(), Some(code));
    }
}
