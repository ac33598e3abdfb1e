//! The `sandbox` command, run as a separate program.

use crate::support::{Program, Rehearsal, finish, good_rows, signal};

#[test]
fn it_prints_its_address_serves_and_stops_on_request() {
    let rehearsal = Rehearsal::new().rows(good_rows(5));
    let mut server = rehearsal
        .command(&[
            "sandbox",
            "--listen",
            "127.0.0.1:0",
            "--limit",
            "off",
            "--latency",
            "0",
        ])
        .spawn()
        .unwrap();
    let mut stdout = server.stdout();
    let greeting = stdout.line().unwrap();
    let url = greeting
        .trim()
        .strip_prefix("listening on ")
        .unwrap()
        .to_owned();
    let arguments = [
        "import",
        "pairs.csv",
        "--base-url",
        &url,
        "--rate",
        "unlimited",
    ];
    assert_eq!(
        finish(rehearsal.command(&arguments).output().unwrap()).code,
        0
    );
    signal(&server, "INT");
    let said = stdout.all();
    assert!(said.starts_with(&format!(
        "{greeting}try: HUBSPOT_ACCESS_TOKEN=sandbox hubspot-associate import pairs.csv --report rehearsal.csv --base-url {url}\n"
    )));
    assert!(said.ends_with("6 requests, 0 answered 429\n"), "{said}");
    assert_eq!(server.ended().code(), Some(0));
}

#[test]
fn it_listens_on_a_remote_address_only_if_allowed() {
    let rehearsal = Rehearsal::new();
    let finished = finish(
        rehearsal
            .command(&["sandbox", "--listen", "0.0.0.0:0"])
            .output()
            .unwrap(),
    );
    assert_eq!((finished.code, finished.stdout.as_str()), (2, ""));
    assert!(
        finished.stderr.contains("--allow-remote"),
        "{}",
        finished.stderr
    );
}

#[test]
fn an_address_in_use_is_an_error_with_its_cause() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let rehearsal = Rehearsal::new();
    let finished = finish(
        rehearsal
            .command(&["sandbox", "--listen", &address])
            .output()
            .unwrap(),
    );
    assert_eq!(finished.code, 2);
    assert!(
        finished
            .stderr
            .starts_with("error: cannot start the sandbox\n  caused by: "),
        "{}",
        finished.stderr
    );
}

#[test]
fn the_same_seed_brings_the_same_faults_at_any_speed() {
    let outcomes = |concurrency: &str| {
        let settings = hubspot_associate::sandbox::settings::SandboxSettings {
            faults: "missing=10%,empty-results=10%,embedded-error=5%"
                .parse()
                .unwrap(),
            seed: 7,
            ..crate::support::instant()
        };
        let rehearsal = Rehearsal::against(settings).rows(good_rows(200));
        assert_eq!(
            rehearsal
                .import(&["--concurrency", concurrency, "--max-attempts", "1"])
                .code,
            1
        );
        rehearsal.outcomes()
    };
    let slow = outcomes("1");
    assert!(
        slow.iter()
            .filter(|outcome| outcome.ends_with("rejected"))
            .count()
            > 20
    );
    assert_eq!(slow, outcomes("32"));
}

/// As in the background of a script, under `nohup`, or in some CI systems.
#[test]
fn signals_reach_the_programs_of_a_test_that_was_started_with_them_ignored() {
    let test = "sandbox::it_prints_its_address_serves_and_stops_on_request";
    let again = Program::new(std::env::current_exe().unwrap())
        .args([test, "--exact"])
        .under("sh", "trap '' INT HUP TERM; exec \"$@\"")
        .output();
    let again = finish(again.unwrap());
    assert_eq!(again.code, 0, "{}", again.stdout);
    assert!(again.stdout.contains("1 passed"), "{}", again.stdout);
}
