//! The output of `doctor` for accounts and credentials in every state.

use std::time::Duration;

use httpmock::prelude::*;

use crate::support::{Finished, Rehearsal, finish, instant};

use hubspot_associate::sandbox::settings::SandboxSettings;

pub(crate) fn doctor(
    rehearsal: &Rehearsal,
    flags: &[&str],
    environment: &[(&str, &str)],
) -> Finished {
    let url = rehearsal.url();
    let arguments = [&["doctor", "--base-url", &url], flags].concat();
    let mut command = rehearsal.command(&arguments);
    finish(command.envs(environment.iter().copied()).output().unwrap())
}

pub(crate) const TYPES: [&str; 4] = ["--from-type", "contacts", "--to-type", "companies"];

pub(crate) const KEY: [(&str, &str); 1] = [("HUBSPOT_ACCESS_TOKEN", "pat-eu1-7f3e-0123456789")];

#[test]
fn doctor_for_a_good_token_prints_the_same_as_json_and_changes_nothing() {
    let rehearsal = Rehearsal::new();
    let finished = doctor(&rehearsal, &TYPES, &KEY);
    assert_eq!((finished.code, finished.stderr.as_str()), (0, ""));
    let json = doctor(&rehearsal, &["--json"], &KEY);
    let json: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(json["version"], 1);
    assert_eq!(
        json["remarks"][1],
        serde_json::json!({"level": "ok", "about": "portal", "says": "1234567", "hint": null})
    );
    assert_eq!(rehearsal.seen().pairs_put, 0);
}

#[test]
fn a_production_portal_is_a_warning_and_an_unexpected_one_is_a_problem() {
    let rehearsal = Rehearsal::against(SandboxSettings {
        account_type: "STANDARD".to_owned(),
        ..instant()
    });
    let finished = doctor(&rehearsal, &["--expect-portal", "7"], &KEY);
    assert_eq!(finished.code, 1);
    let said = &finished.stdout;
    assert!(
        said.contains(
            "problem  portal   1234567, but 7 is expected\n                  use the token of the expected account, or change `--expect-portal`\n"
        ),
        "{said}"
    );
    assert!(said.contains("PRODUCTION PORTAL"), "{said}");
    let finished = doctor(&rehearsal, &["--expect-portal", "1234567"], &KEY);
    assert_eq!(finished.code, 0);
}

#[test]
fn a_refused_or_expired_token_is_the_credentials_fault() {
    let rehearsal = Rehearsal::against(SandboxSettings {
        token: Some("another-one".to_owned()),
        ..instant()
    });
    let finished = doctor(&rehearsal, &[], &KEY);
    assert_eq!(finished.code, 3);
    assert!(
        finished
            .stdout
            .contains("INVALID_AUTHENTICATION, status 401"),
        "{}",
        finished.stdout
    );
    assert!(
        finished
            .stdout
            .contains("`--base-url https://api-eu1.hubapi.com`"),
        "{}",
        finished.stdout
    );
    let finished = doctor(&rehearsal, &TYPES, &KEY);
    assert_eq!(finished.code, 3);
    assert!(
        finished
            .stdout
            .contains("problem  types    contacts and companies: the token is refused")
    );
}

#[test]
fn a_key_without_access_to_the_account_is_not_a_problem_if_links_can_be_read() {
    let rehearsal = Rehearsal::against(SandboxSettings {
        account_access: false,
        ..instant()
    });
    let finished = doctor(&rehearsal, &TYPES, &KEY);
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    assert!(
        finished.stdout.contains("it can link records"),
        "{}",
        finished.stdout
    );
    assert!(
        finished
            .stdout
            .contains("warning  quota    not known (status 401)\n")
    );
    let finished = doctor(&rehearsal, &[], &KEY);
    assert_eq!(finished.code, 3, "indistinguishable from a refused token");
    let finished = doctor(
        &rehearsal,
        &[&TYPES[..], &["--expect-portal", "1234567"]].concat(),
        &KEY,
    );
    assert_eq!(finished.code, 1, "the expected portal cannot be verified");
}

#[test]
fn a_missing_scope_and_an_unknown_type_are_distinguished() {
    let rehearsal = Rehearsal::against(SandboxSettings {
        missing_scopes: true,
        ..instant()
    });
    let finished = doctor(&rehearsal, &TYPES, &KEY);
    assert_eq!(finished.code, 3);
    assert!(
        finished.stdout.contains(
            "add one of these scopes: crm.objects.contacts.write, crm.objects.companies.write\n"
        ),
        "{}",
        finished.stdout
    );
    let widgets = ["--from-type", "widgets", "--to-type", "companies"];
    let finished = doctor(&rehearsal, &widgets, &KEY);
    assert_eq!(finished.code, 1);
    assert!(
        finished.stdout.contains(
            "problem  types    widgets and companies: HubSpot does not know one of the types: Unable to infer object type from: widgets\n"
        ),
        "{}",
        finished.stdout
    );
}

#[test]
fn a_day_that_is_nearly_used_up_is_a_warning_and_a_used_up_one_a_problem() {
    let rehearsal = Rehearsal::against(SandboxSettings {
        daily_limit: Some(4),
        day_length: Some(Duration::from_hours(1)),
        ..instant()
    });
    let finished = doctor(&rehearsal, &[], &KEY);
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    let finished = doctor(&rehearsal, &[], &KEY);
    assert!(
        finished
            .stdout
            .contains("quota    4 of 4 requests used today"),
        "{}",
        finished.stdout
    );
    assert_eq!(finished.code, 1);
}

#[test]
fn doctor_shows_the_scopes_of_an_oauth_app_or_that_it_must_be_installed_again() {
    let app = [
        ("HUBSPOT_CLIENT_ID", "client-1"),
        ("HUBSPOT_CLIENT_SECRET", "client-secret-7f3e"),
        ("HUBSPOT_REFRESH_TOKEN", "refresh-7f3e"),
        ("HUBSPOT_ACCESS_TOKEN", ""),
    ];
    let finished = doctor(&Rehearsal::new(), &[], &app);
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    assert!(
        finished
            .stdout
            .starts_with("ok       token    of an OAuth app\n")
    );
    assert!(
        finished
            .stdout
            .contains("ok       scopes   oauth, crm.objects.contacts.write, crm.objects.companies.write, tickets\n"),
        "{}",
        finished.stdout
    );
    let refused = Rehearsal::against(SandboxSettings {
        refuse_refresh: true,
        ..instant()
    });
    let finished = doctor(&refused, &[], &app);
    assert_eq!(finished.code, 3);
    assert_eq!(
        finished.stdout,
        "problem  token    the refresh token is not accepted: refresh token is invalid, expired or revoked (status 400)\n                  \
         install the app in the account again\n"
    );
}

#[test]
fn an_unreachable_server_is_a_problem() {
    let rehearsal = Rehearsal::new();
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let url = format!("http://{port}");
    let arguments = ["doctor", "--base-url", &url];
    let finished = finish(rehearsal.command(&arguments).output().unwrap());
    assert_eq!(finished.code, 1);
    assert!(
        finished
            .stdout
            .contains(&format!("problem  api      `{url}` is unreachable: ")),
        "{}",
        finished.stdout
    );
}

#[test]
fn an_import_into_an_unexpected_portal_sends_nothing() {
    let rehearsal = Rehearsal::new().rows(["contacts,41001,companies,52001"]);
    let finished = rehearsal.import(&["--expect-portal", "7"]);
    assert_eq!(
        (finished.code, finished.stderr.as_str()),
        (
            2,
            &*format!(
                "error: the token belongs to portal 1234567, not to 7 as `--expect-portal` says\n\
                 hint: nothing was sent; run `hubspot-associate doctor --base-url {} --expect-portal 7` to check the \
                 token\n",
                rehearsal.url()
            )
        )
    );
    assert_eq!(rehearsal.seen().pairs_put, 0);
    assert!(!rehearsal.path("pairs.report.csv").exists());
    let finished = rehearsal.import(&["--expect-portal", "1234567"]);
    assert_eq!((finished.code, finished.stderr.as_str()), (0, ""));
    let rehearsal = Rehearsal::against(SandboxSettings {
        account_access: false,
        account_type: "STANDARD".to_owned(),
        ..instant()
    })
    .rows(["contacts,41001,companies,52001"]);
    let finished = rehearsal.import(&["--expect-portal", "1234567"]);
    assert_eq!(finished.code, 2);
    assert!(
        finished.stderr.contains("cannot determine which portal"),
        "{}",
        finished.stderr
    );
}

#[test]
fn an_expired_token_is_distinguished_from_an_unknown_one() {
    let rehearsal = Rehearsal::against(SandboxSettings {
        token_lifetime: Duration::ZERO,
        ..instant()
    });
    let app = [
        ("HUBSPOT_CLIENT_ID", "client-1"),
        ("HUBSPOT_CLIENT_SECRET", "client-secret-7f3e"),
        ("HUBSPOT_REFRESH_TOKEN", "refresh-7f3e"),
        ("HUBSPOT_ACCESS_TOKEN", ""),
    ];
    let finished = doctor(&rehearsal, &[], &app);
    assert_eq!(finished.code, 3, "{}", finished.stdout);
    assert!(
        finished
            .stdout
            .contains("the token has expired: use a new token\n"),
        "{}",
        finished.stdout
    );
}

/// A server that replies to three of `doctor`'s requests with the given status and body.
fn server(account: (u16, &str), usage: (u16, &str), links: (u16, &str)) -> MockServer {
    let server = MockServer::start();
    for (path, (status, body)) in [
        ("/account-info/v3/details", account),
        ("/account-info/v3/api-usage/daily/private-apps", usage),
        ("/crm/v4/objects/contacts/1/associations/companies", links),
    ] {
        server.mock(|when, then| {
            when.method(GET).path(path);
            then.status(status).body(body);
        });
    }
    server
}

fn doctor_of(server: &MockServer, flags: &[&str]) -> Finished {
    let rehearsal = Rehearsal::new();
    let url = server.base_url();
    let arguments = [&["doctor", "--base-url", &url], flags].concat();
    finish(rehearsal.command(&arguments).envs(KEY).output().unwrap())
}

const ACCOUNT: (u16, &str) = (
    200,
    r#"{"portalId":7,"accountType":"SANDBOX","timeZone":"UTC","dataHostingLocation":"na1"}"#,
);

const USAGE: (u16, &str) = (
    200,
    r#"{"results":[{"name":"a","usageLimit":100,"currentUsage":1,"fetchStatus":"SUCCESS"}]}"#,
);

const LINKS: (u16, &str) = (200, r#"{"results":[]}"#);

const KNOWN_TYPES: &str = "ok       types    contacts and companies are known and can be read\n";

#[test]
fn only_a_reply_about_the_record_shows_that_the_types_are_known() {
    for (links, line) in [
        (LINKS, KNOWN_TYPES),
        (
            (
                404,
                r#"{"message":"Object not found","category":"OBJECT_NOT_FOUND"}"#,
            ),
            KNOWN_TYPES,
        ),
        (
            (404, r#"{"status":"error","message":"resource not found"}"#),
            "warning  types    contacts and companies: not known (status 404): resource not found\n",
        ),
        (
            (404, "<html>no such page</html>"),
            "warning  types    contacts and companies: not known (status 404): ",
        ),
        (
            (200, "<html>log in</html>"),
            "warning  types    not known: the reply (status 200) is not valid: it begins with `<html>log in</html>`\n",
        ),
    ] {
        let finished = doctor_of(&server(ACCOUNT, USAGE, links), &TYPES);
        assert_eq!(finished.code, 0, "{}", finished.stdout);
        assert!(finished.stdout.contains(line), "{}", finished.stdout);
    }
}

#[test]
fn a_pool_that_hubspot_could_not_count_is_unknown_and_does_not_hide_others() {
    for (usage, line) in [
        (
            r#"{"results":[{"name":"a","usageLimit":0,"currentUsage":0,"fetchStatus":"TIMEOUT"}]}"#,
            "warning  quota    not known: HubSpot returned no numbers (a: TIMEOUT)\n",
        ),
        (
            r#"{"results":[{"name":"a","usageLimit":0,"currentUsage":0,"fetchStatus":"NOTFOUND"},
                {"name":"b","usageLimit":1000,"currentUsage":950,"fetchStatus":"CACHED"}]}"#,
            "warning  quota    950 of 1000 requests used today; other limits are not known (a: NOTFOUND)\n                  almost used up: ",
        ),
        (
            r#"{"results":[]}"#,
            "warning  quota    not known: the reply lists no daily limit\n",
        ),
        (
            "{",
            "warning  quota    not known: the reply (status 200) is not valid: it begins with `{`\n",
        ),
    ] {
        let finished = doctor_of(&server(ACCOUNT, (200, usage), LINKS), &[]);
        assert!(finished.stdout.contains(line), "{}", finished.stdout);
    }
}

#[test]
fn an_unreadable_account_is_reported() {
    for (body, line) in [
        (
            "<html>log in</html>",
            "warning  portal   not known: the reply (status 200) is not valid: it begins with `<html>log in</html>`\n",
        ),
        (
            "",
            "warning  portal   not known: the reply (status 200) is not valid: it is empty\n",
        ),
        (
            "{}",
            "warning  portal   not known: the reply (status 200) is not valid: it begins with `{}`\n",
        ),
        (
            r#"{"timeZone":"UTC"}"#,
            "warning  portal   not known: the reply does not name the portal\n",
        ),
    ] {
        let server = server((200, body), (500, ""), (500, ""));
        let finished = doctor_of(&server, &TYPES);
        assert_eq!(finished.code, 0, "{}", finished.stdout);
        assert!(finished.stdout.contains(line), "{}", finished.stdout);
        let finished = doctor_of(&server, &["--expect-portal", "7"]);
        assert_eq!(finished.code, 1, "{}", finished.stdout);
        let expected =
            "problem  portal   7 is expected, but the portal of the token is not known\n";
        assert!(finished.stdout.contains(expected), "{}", finished.stdout);
    }
    let server = server((200, "<html>"), USAGE, LINKS);
    let rehearsal = Rehearsal::new().rows(["contacts,1,companies,2"]);
    let url = server.base_url();
    let flags = [
        "import",
        "pairs.csv",
        "--base-url",
        &url,
        "--expect-portal",
        "7",
    ];
    let finished = finish(rehearsal.command(&flags).output().unwrap());
    assert_eq!(finished.code, 2);
    let why = "cannot determine which portal the token belongs to: the reply (status 200) does not describe an account\n";
    assert!(finished.stderr.contains(why), "{}", finished.stderr);
}

#[test]
fn a_token_that_no_reply_has_accepted_is_not_called_ok() {
    let silent = server((500, ""), (500, ""), (404, ""));
    let finished = doctor_of(&silent, &TYPES);
    let line = "warning  token    of a service key or a private app, region eu1; no reply shows that it is accepted\n";
    assert!(finished.stdout.starts_with(line), "{}", finished.stdout);
    assert!(!finished.stdout.contains("ok "), "{}", finished.stdout);
    for answers in [
        (ACCOUNT, (401, ""), (401, "")),
        ((401, ""), USAGE, (401, "")),
        ((401, ""), (401, ""), LINKS),
    ] {
        let finished = doctor_of(&server(answers.0, answers.1, answers.2), &TYPES);
        let line = "ok       token    of a service key or a private app, region eu1\n";
        assert!(finished.stdout.starts_with(line), "{}", finished.stdout);
    }
}

#[test]
fn a_used_up_daily_limit_is_not_a_problem_of_the_portal() {
    let refused = (
        429,
        r#"{"policyName":"DAILY","message":"You have reached your daily limit."}"#,
    );
    let server = server(refused, refused, refused);
    let finished = doctor_of(&server, &["--expect-portal", "7"]);
    assert_eq!(finished.code, 1, "{}", finished.stdout);
    let lines = "warning  portal   not known while the daily limit is used up\n\
                 problem  quota    the daily limit is used up: You have reached your daily limit.\n";
    assert!(finished.stdout.contains(lines), "{}", finished.stdout);
}

#[test]
fn after_a_refused_exchange_no_request_is_sent_without_a_token() {
    let app = [
        ("HUBSPOT_CLIENT_ID", "client-1"),
        ("HUBSPOT_CLIENT_SECRET", "client-secret-7f3e"),
        ("HUBSPOT_REFRESH_TOKEN", "refresh-7f3e"),
        ("HUBSPOT_ACCESS_TOKEN", ""),
    ];
    let refused = || {
        Rehearsal::against(SandboxSettings {
            refuse_refresh: true,
            ..instant()
        })
    };
    let rehearsal = refused();
    let finished = doctor(&rehearsal, &TYPES, &app);
    assert_eq!((finished.code, rehearsal.seen().requests), (3, 1));
    // An import queries the account as well: each exchange is refused, and no other request is sent.
    for flag in [&["--wait-for-daily-reset"][..], &["--expect-portal", "7"]] {
        let rehearsal = refused().rows(["contacts,1,companies,2"]);
        let finished = finish(rehearsal.import_command(flag).envs(app).output().unwrap());
        assert_ne!(finished.code, 0);
        let replies = rehearsal.seen().replies;
        assert!(replies.keys().all(|status| *status == 400), "{replies:?}");
    }
}
