//! Tokens that change, expire or never arrive during a run.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use crate::support::{Finished, Rehearsal, finish, good_rows, instant, wait_until};

use hubspot_associate::sandbox::settings::{Latency, SandboxSettings};

/// `import pairs.csv` without a token in the environment.
fn import(rehearsal: &Rehearsal, flags: &[&str], environment: &[(&str, &str)]) -> Finished {
    let mut command = rehearsal.import_command(flags);
    command.env_remove("HUBSPOT_ACCESS_TOKEN");
    command.envs(environment.iter().copied());
    finish(command.output().unwrap())
}

const REFRESH: &str = "refresh-7f3e-0123456789";

const APP: [(&str, &str); 3] = [
    ("HUBSPOT_CLIENT_ID", "client-1"),
    ("HUBSPOT_CLIENT_SECRET", "client-secret-7f3e"),
    ("HUBSPOT_REFRESH_TOKEN", REFRESH),
];

fn oauth() -> SandboxSettings {
    SandboxSettings {
        refresh_token: Some(REFRESH.to_owned()),
        token: Some("only OAuth tokens are good".to_owned()),
        ..instant()
    }
}

fn write(path: &Path, text: &str) {
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
}

/// All rows are associated, and no row's attempt count includes a request with an expired token.
fn all_associated_at_once(rehearsal: &Rehearsal, rows: usize) {
    let report = rehearsal.report();
    assert_eq!(report.len(), rows);
    for line in report {
        let row = &line["row"];
        assert_eq!(
            (&*line["outcome"], &*line["attempts"]),
            ("associated", "1"),
            "row {row}"
        );
    }
}

#[test]
fn tokens_that_expire_after_fifty_uses_are_refreshed_once_each() {
    for concurrency in ["1", "16"] {
        let rehearsal = Rehearsal::against(SandboxSettings {
            token_uses: Some(50),
            ..oauth()
        })
        .rows(good_rows(1000));
        let finished = import(&rehearsal, &["--concurrency", concurrency], &APP);
        assert_eq!(finished.code, 0, "{}", finished.stderr);
        all_associated_at_once(&rehearsal, 1000);
        let seen = rehearsal.seen();
        // The first token, and another one for every fifty requests: one is for the account.
        assert_eq!(seen.tokens_issued, 21, "{concurrency} at once");
        assert!(
            seen.requests < 1000 + 20 + 20 * 16,
            "{} requests",
            seen.requests
        );
    }
}

#[test]
fn a_token_is_refreshed_before_it_expires() {
    let rehearsal = Rehearsal::against(SandboxSettings {
        token_lifetime: Duration::from_secs(2),
        latency: Latency {
            min: Duration::from_millis(40),
            max: Duration::from_millis(60),
        },
        ..oauth()
    })
    .rows(good_rows(1000));
    let finished = import(&rehearsal, &["--concurrency", "10"], &APP);
    assert_eq!(finished.code, 0, "{}", finished.stderr);
    all_associated_at_once(&rehearsal, 1000);
    let seen = rehearsal.seen();
    assert!(seen.tokens_issued >= 3, "{} tokens", seen.tokens_issued);
    // A machine that stalls for half a second may let one token expire with all requests in flight; without an early
    // refresh every token would expire in use.
    let refused = seen.replies.get(&401).copied().unwrap_or_default();
    assert!(refused <= 10, "{refused} requests with an expired token");
}

#[test]
fn a_refused_refresh_token_ends_the_run_at_once() {
    let rehearsal = Rehearsal::against(SandboxSettings {
        refuse_refresh: true,
        ..oauth()
    })
    .rows(good_rows(100));
    let finished = import(&rehearsal, &[], &APP);
    assert_eq!(finished.code, 3, "{}", finished.stderr);
    assert!(
        finished.stderr.contains(
            "error: stopped: could not refresh the access token; 0 rows are in the report\n  \
             caused by: refresh token is invalid, expired or revoked (status 400)\n"
        ),
        "{}",
        finished.stderr
    );
    assert!(rehearsal.seen().requests <= 2);
    assert_eq!(rehearsal.report().len(), 0);
}

#[test]
fn a_rotated_refresh_token_is_kept_for_the_next_run() {
    let rehearsal = Rehearsal::against(SandboxSettings {
        rotate_refresh: true,
        ..oauth()
    })
    .rows(good_rows(10));
    let app = rehearsal.path("app.json");
    write(
        &app,
        &format!(
            r#"{{"client_id":"c","client_secret":"client-secret-7f3e","refresh_token":"{REFRESH}"}}"#
        ),
    );
    for _ in 0..3 {
        let flags = ["--oauth-file", "app.json", "--overwrite"];
        let finished = import(&rehearsal, &flags, &[]);
        assert_eq!((finished.code, finished.stderr.as_str()), (0, ""));
    }
    let text = std::fs::read_to_string(&app).unwrap();
    assert!(!text.contains(REFRESH), "{text}");
    let mode = std::fs::metadata(&app).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    // A refresh token from the environment works once, and a message says why it does not work again.
    let rehearsal = Rehearsal::against(SandboxSettings {
        rotate_refresh: true,
        ..oauth()
    })
    .rows(good_rows(10));
    let finished = import(&rehearsal, &[], &APP);
    assert_eq!(finished.code, 0);
    assert!(
        finished
            .stderr
            .contains("a new refresh token, which could not be stored"),
        "{}",
        finished.stderr
    );
}

#[test]
fn two_imports_share_one_file_whose_refresh_token_is_replaced_by_every_exchange() {
    let rehearsal = Rehearsal::against(SandboxSettings {
        rotate_refresh: true,
        token_uses: Some(40),
        ..oauth()
    })
    .rows(good_rows(200));
    let app = format!(
        r#"{{"client_id":"c","client_secret":"client-secret-7f3e","refresh_token":"{REFRESH}"}}"#
    );
    write(&rehearsal.path("app.json"), &app);
    let running: Vec<_> = ["one.csv", "two.csv"]
        .into_iter()
        .map(|report| {
            let flags = ["--oauth-file", "app.json", "--report", report];
            let mut command = rehearsal.import_command(&flags);
            command.env_remove("HUBSPOT_ACCESS_TOKEN");
            command.spawn().unwrap()
        })
        .collect();
    for running in running {
        let finished = finish(running.output());
        assert_eq!((finished.code, finished.stderr.as_str()), (0, ""));
    }
    assert!(rehearsal.seen().tokens_issued >= 10);
    // The next run has the valid refresh token.
    let flags = ["--oauth-file", "app.json", "--report", "three.csv"];
    let finished = import(&rehearsal, &flags, &[]);
    assert_eq!((finished.code, finished.stderr.as_str()), (0, ""));
}

#[test]
fn a_token_file_that_is_replaced_during_a_run_is_read_again() {
    let token = "pat-na1-7f3e-first-one";
    for flags in [
        ["--token-file", "token"],
        ["--token-command", "cat 'token'"],
    ] {
        // The sandbox does not know the first token; the second one is written as soon as the first was refused.
        let rehearsal = Rehearsal::against(SandboxSettings {
            token: Some("pat-na1-7f3e-second".to_owned()),
            latency: Latency {
                min: Duration::from_millis(150),
                max: Duration::from_millis(150),
            },
            ..instant()
        })
        .rows(good_rows(50));
        write(&rehearsal.path("token"), token);
        let mut command = rehearsal.import_command(&flags);
        command.env_remove("HUBSPOT_ACCESS_TOKEN");
        let child = command.spawn().unwrap();
        wait_until("the first token is used", || rehearsal.seen().requests > 0);
        write(&rehearsal.path("token"), "pat-na1-7f3e-second\n");
        let finished = finish(child.output());
        assert_eq!(
            (finished.code, finished.stderr.as_str()),
            (0, ""),
            "{flags:?}"
        );
        all_associated_at_once(&rehearsal, 50);
    }
}

#[test]
fn a_token_that_stays_refused_ends_the_run() {
    let rehearsal = Rehearsal::against(SandboxSettings {
        token: Some("pat-na1-7f3e-another".to_owned()),
        ..instant()
    })
    .rows(good_rows(500));
    write(&rehearsal.path("token"), "pat-na1-7f3e-first-one");
    let finished = import(&rehearsal, &["--token-file", "token"], &[]);
    assert_eq!(finished.code, 3, "{}", finished.stderr);
    assert!(
        finished
            .stderr
            .contains("HubSpot does not accept the token"),
        "{}",
        finished.stderr
    );
    assert!(rehearsal.seen().requests <= 17);
    assert_eq!(rehearsal.report().len(), 0);
}

#[test]
fn problems_of_the_credentials_are_reported_before_anything_is_sent() {
    let rehearsal = Rehearsal::new().rows(good_rows(3));
    write(&rehearsal.path("empty"), "\n");
    std::fs::write(rehearsal.path("open.json"), "{}").unwrap();
    write(&rehearsal.path("half.json"), r#"{"client_id":"c"}"#);
    let both = [("HUBSPOT_ACCESS_TOKEN", "pat-na1-7f3e-first-one")];
    for (flags, environment, stderr) in [
        (
            &[][..],
            &[][..],
            "error: no access token: `HUBSPOT_ACCESS_TOKEN` is not set\n\
             hint: put a service key's or private app's token into `HUBSPOT_ACCESS_TOKEN`, or rehearse with `--sandbox`\n",
        ),
        (
            &["--token-file", "nowhere"],
            &[],
            "error: cannot read the token file `nowhere`\n  caused by: No such file or directory (os error 2)\n",
        ),
        (
            &["--token-file", "empty"],
            &[],
            "error: the file `empty` contains no token\nhint: the token is the only thing that belongs there, on one line\n",
        ),
        (
            &["--token-file", "empty"],
            &both,
            "error: the token comes from more than one place: `--token-file`, `HUBSPOT_ACCESS_TOKEN`\n\
             hint: keep one of them and remove the others\n",
        ),
        (
            &["--oauth-file", "open.json"],
            &[],
            "error: `open.json` can be read by other users\nhint: it holds secrets that last: `chmod 600 open.json`\n",
        ),
        (
            &["--oauth-file", "half.json"],
            &[],
            "error: `half.json` is not a JSON object with `client_id`, `client_secret` and `refresh_token`\n",
        ),
    ] {
        let finished = import(&rehearsal, flags, environment);
        assert_eq!(
            (finished.code, finished.stderr.as_str()),
            (2, stderr),
            "{flags:?}"
        );
        assert!(!rehearsal.path("pairs.report.csv").exists());
    }
    assert_eq!(rehearsal.seen().requests, 0);
}

#[test]
fn no_secret_of_any_kind_is_shown() {
    let secrets = ["client-secret-7f3e", REFRESH];
    for settings in [
        SandboxSettings {
            token_uses: Some(5),
            ..oauth()
        },
        SandboxSettings {
            refuse_refresh: true,
            ..oauth()
        },
    ] {
        for format in ["text", "json"] {
            let rehearsal = Rehearsal::against(settings.clone()).rows(good_rows(20));
            let finished = import(&rehearsal, &["-vvv", "--log-format", format], &APP);
            let report = std::fs::read_to_string(rehearsal.path("pairs.report.csv")).unwrap();
            for secret in secrets {
                for text in [&finished.stdout, &finished.stderr, &report] {
                    assert!(!text.contains(secret), "{text}");
                }
            }
        }
    }
}

#[test]
fn batch_calls_are_also_sent_again_with_a_new_token() {
    let rehearsal = Rehearsal::against(SandboxSettings {
        token_uses: Some(5),
        ..oauth()
    })
    .rows(good_rows(3000));
    let finished = import(
        &rehearsal,
        &["--mode", "batch", "--batch-size", "100"],
        &APP,
    );
    assert_eq!(finished.code, 0, "{}", finished.stderr);
    all_associated_at_once(&rehearsal, 3000);
    // Five of the thirty calls with each token, and one request for the account.
    assert_eq!(rehearsal.seen().tokens_issued, 7);
}

#[test]
fn text_around_a_secret_is_refused_before_anything_is_sent_and_never_shown() {
    const SECRET: &str = "pat-na1-7f3e-around-it";
    let rehearsal = Rehearsal::new().rows(good_rows(3));
    let quoted = format!("\"{SECRET}\"");
    let line = format!("HUBSPOT_ACCESS_TOKEN={SECRET}");
    write(&rehearsal.path("quoted"), &format!("{quoted}\n"));
    write(&rehearsal.path("line"), &format!("\u{feff}export {line}\n"));
    write(
        &rehearsal.path("app.json"),
        &serde_json::json!({"client_id": "c", "client_secret": quoted, "refresh_token": "r"})
            .to_string(),
    );
    let service = rehearsal.path("service");
    std::fs::create_dir(&service).unwrap();
    write(&service.join("hubspot-access-token"), &quoted);
    let [service, print] = [
        service.to_str().unwrap().to_owned(),
        format!("echo '{quoted}'"),
    ];
    let no_quotes = "hint: remove the quotes: they count as part of the value\n";
    let name = "hint: remove the name and the `=`\n";
    let in_variable = |variable, value| [(variable, value)];
    for (flags, environment, place, hint) in [
        (
            &[][..],
            &in_variable("HUBSPOT_ACCESS_TOKEN", &*quoted)[..],
            "`HUBSPOT_ACCESS_TOKEN`",
            no_quotes,
        ),
        (
            &[],
            &in_variable("HUBSPOT_ACCESS_TOKEN", &line),
            "`HUBSPOT_ACCESS_TOKEN`",
            name,
        ),
        (
            &[],
            &[APP[0], APP[1], ("HUBSPOT_REFRESH_TOKEN", &*quoted)],
            "`HUBSPOT_REFRESH_TOKEN`",
            no_quotes,
        ),
        (
            &[],
            &in_variable("CREDENTIALS_DIRECTORY", &service),
            "the file `",
            no_quotes,
        ),
        (
            &["--token-file", "quoted"],
            &[],
            "the file `quoted`",
            no_quotes,
        ),
        (&["--token-file", "line"], &[], "the file `line`", name),
        (
            &["--token-command", &*print],
            &[],
            "the output of `echo`",
            no_quotes,
        ),
        (
            &["--oauth-file", "app.json"],
            &[],
            "`client_secret` in `app.json`",
            no_quotes,
        ),
    ] {
        let finished = import(&rehearsal, flags, environment);
        assert_eq!(finished.code, 2, "{}", finished.stderr);
        let start = format!("error: {place}");
        assert!(finished.stderr.starts_with(&start), "{}", finished.stderr);
        assert!(finished.stderr.ends_with(hint), "{}", finished.stderr);
        assert!(
            !finished.stderr.contains("7f3e-around"),
            "{}",
            finished.stderr
        );
    }
    assert_eq!(rehearsal.seen().requests, 0);
    assert!(!rehearsal.path("pairs.report.csv").exists());
}

#[test]
fn a_byte_order_mark_is_not_part_of_a_secret() {
    let rehearsal = Rehearsal::against(SandboxSettings {
        token: Some("pat-na1-7f3e-0123456789".to_owned()),
        ..instant()
    })
    .rows(good_rows(3));
    let token = "\u{feff}pat-na1-7f3e-0123456789\r\n";
    write(&rehearsal.path("utf-8"), token);
    let utf_16: Vec<u8> = token.encode_utf16().flat_map(u16::to_le_bytes).collect();
    std::fs::write(rehearsal.path("utf-16"), utf_16).unwrap();
    for (flags, environment) in [
        (&["--token-file", "utf-8"][..], &[][..]),
        (&["--token-file", "utf-16"], &[]),
        (&["--token-command", "cat utf-8"], &[]),
        (&[], &[("HUBSPOT_ACCESS_TOKEN", token)]),
    ] {
        let flags = [flags, &["--overwrite"]].concat();
        let finished = import(&rehearsal, &flags, environment);
        assert_eq!(
            (finished.code, finished.stderr.as_str()),
            (0, ""),
            "{flags:?}"
        );
    }
    let app = Rehearsal::against(oauth()).rows(good_rows(3));
    write(
        &app.path("app.json"),
        &format!(
            "\u{feff}{{\"client_id\":\"c\",\"client_secret\":\"s\",\"refresh_token\":\"{REFRESH}\"}}"
        ),
    );
    let finished = import(&app, &["--oauth-file", "app.json"], &[]);
    assert_eq!(finished.code, 0, "{}", finished.stderr);
}
