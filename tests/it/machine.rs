//! Limits of the system: too few file descriptors, and a process that is stopped for some time.

use std::thread;
use std::time::Duration;

use crate::support::{Rehearsal, finish, good_rows, instant, signal, wait_until};

use hubspot_associate::sandbox::settings::{Latency, SandboxSettings};

fn with_latency(latency: Duration) -> SandboxSettings {
    SandboxSettings {
        latency: Latency {
            min: latency,
            max: latency,
        },
        ..instant()
    }
}

#[test]
fn too_few_descriptors_for_a_run_cause_an_error_with_a_hint() {
    let rehearsal = Rehearsal::new().rows(good_rows(10));
    for (limit, status) in [(6, 2), (8, 2)] {
        let script = format!("ulimit -n {limit}; exec \"$@\"");
        let mut command = rehearsal.import_command(&[]).under("sh", &script);
        let finished = finish(command.output().unwrap());
        let error = "error: cannot start the run\n  caused by: Too many open files (os error 24)\n\
                     hint: raise the limit on open files (`ulimit -n` shows it)\n";
        assert_eq!((finished.code, finished.stderr.as_str()), (status, error));
    }
    assert_eq!(rehearsal.seen().requests, 0);
}

#[test]
fn too_few_descriptors_for_the_requests_in_flight_slow_a_run_and_fail_no_row() {
    let settings = with_latency(Duration::from_millis(50));
    let rehearsal = Rehearsal::against(settings).rows(good_rows(300));
    let flags = ["--concurrency", "100", "--max-attempts", "1"];
    let script = "ulimit -n 32; exec \"$@\"";
    let mut command = rehearsal.import_command(&flags).under("sh", script);
    let finished = finish(command.output().unwrap());
    assert_eq!(finished.code, 0, "{}", finished.stderr);
    let warnings = finished
        .stderr
        .matches("no file descriptor for another connection")
        .count();
    assert_eq!(warnings, 1, "{}", finished.stderr);
    let report = rehearsal.report();
    assert_eq!(report.len(), 300);
    assert!(report.iter().all(|line| line["outcome"] == "associated"));
}

#[test]
fn replies_that_arrive_while_the_process_is_stopped_are_in_time() {
    let settings = with_latency(Duration::from_millis(500));
    let rehearsal = Rehearsal::against(settings).rows(good_rows(40));
    let mut running = rehearsal
        .import_command(&["--timeout", "2s", "--max-attempts", "1", "-v"])
        .spawn()
        .unwrap();
    wait_until("requests are in flight", || rehearsal.seen().requests >= 16);
    signal(&running, "STOP");
    // Longer than the timeout, and than the longest gap that still counts as running time.
    thread::sleep(Duration::from_millis(3500));
    signal(&running, "CONT");
    let mut stderr = running.stderr();
    stderr.until("the process was suspended, or the machine slept, for ");
    assert_eq!(running.ended().code(), Some(0), "{}", stderr.all());
    let report = rehearsal.report();
    assert_eq!(report.len(), 40);
    assert!(report.iter().all(|line| line["attempts"] == "1"));
    assert_eq!(rehearsal.seen().requests, 40);
}
