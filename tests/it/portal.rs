//! A token that replaces another one during a run is used only if it belongs to the same account.

use httpmock::Mock;
use httpmock::prelude::*;
use serde_json::{Value, json};

use crate::support::{Finished, Rehearsal, finish, good_rows};

const FIRST: &str = "pat-na1-7f3e-first-one";
const SECOND: &str = "pat-na1-7f3e-second-one";

/// A server that accepts the first token for the first row only, and the second token for the second row.
struct Server {
    server: MockServer,
}

fn linked(row: u64) -> Value {
    let (from, to) = ((41_000 + row).to_string(), (52_000 + row).to_string());
    json!({"status": "COMPLETE", "results": [{"from": {"id": from}, "to": {"id": to}}]})
}

impl Server {
    fn start() -> Self {
        let server = MockServer::start();
        let first = format!("Bearer {FIRST}");
        server.mock(|when, then| {
            when.method(PUT)
                .path_includes("/41001/")
                .header("authorization", &first);
            then.status(200).json_body(linked(1));
        });
        server.mock(|when, then| {
            when.method(PUT)
                .path_includes("/41002/")
                .header("authorization", &first);
            then.status(401)
                .json_body(json!({"category": "EXPIRED_AUTHENTICATION"}));
        });
        Self { server }
    }

    /// Its reply about a token's account.
    fn account(&self, token: &str, status: u16, body: Value) {
        self.server.mock(|when, then| {
            when.method(GET)
                .path("/account-info/v3/details")
                .header("authorization", format!("Bearer {token}"));
            then.status(status).json_body(body);
        });
    }

    /// The reply to the row that is sent with the second token.
    fn row(&self) -> Mock<'_> {
        self.server.mock(|when, then| {
            when.method(PUT)
                .header("authorization", format!("Bearer {SECOND}"));
            then.status(200).json_body(linked(2));
        })
    }

    /// Imports two rows with flags and variables that give the first token and then the second one.
    fn import(&self, flags: &[&str], environment: &[(&str, &str)]) -> Finished {
        let rehearsal = Rehearsal::new().rows(good_rows(2));
        std::fs::write(
            rehearsal.path("next.sh"),
            format!("if mkdir asked 2>/dev/null; then echo {FIRST}; else echo {SECOND}; fi"),
        )
        .unwrap();
        let url = self.server.base_url();
        let arguments = [
            &[
                "import",
                "pairs.csv",
                "--base-url",
                &url,
                "--concurrency",
                "1",
            ],
            flags,
        ]
        .concat();
        let mut command = rehearsal.command(&arguments);
        command.env_remove("HUBSPOT_ACCESS_TOKEN");
        command.envs(environment.iter().copied());
        finish(command.output().unwrap())
    }
}

const COMMAND: [&str; 2] = ["--token-command", "sh next.sh"];

#[test]
fn a_token_of_another_account_is_not_used() {
    let server = Server::start();
    server.account(FIRST, 200, json!({"portalId": 111}));
    server.account(SECOND, 200, json!({"portalId": 999}));
    let row = server.row();
    // The account was named, or became known when its time zone was requested.
    for flags in [&["--expect-portal", "111"][..], &["--wait-for-daily-reset"]] {
        let finished = server.import(&[&COMMAND, flags].concat(), &[]);
        assert_eq!(finished.code, 2, "{}", finished.stderr);
        assert!(
            finished.stderr.contains(
                "error: stopped: the new token belongs to another account, and nothing was sent with it; \
                 1 row is in the report\n  \
                 caused by: the new token belongs to portal 999, not to 111\n"
            ),
            "{}",
            finished.stderr
        );
        assert!(finished.stderr.contains("--resume"), "{}", finished.stderr);
    }
    row.assert_calls(0);
}

#[test]
fn a_token_of_the_same_account_is_used() {
    let server = Server::start();
    server.account(FIRST, 200, json!({"portalId": 111}));
    server.account(SECOND, 200, json!({"portalId": 111}));
    let row = server.row();
    let flags = [&COMMAND[..], &["--expect-portal", "111"]].concat();
    let finished = server.import(&flags, &[]);
    assert_eq!(finished.code, 0, "{}", finished.stderr);
    row.assert_calls(1);
}

#[test]
fn a_token_whose_account_is_not_known_is_used_only_where_no_account_was_named() {
    let server = Server::start();
    server.account(FIRST, 200, json!({"portalId": 111}));
    server.account(SECOND, 403, json!({"category": "MISSING_SCOPES"}));
    let row = server.row();
    let named = ["--expect-portal", "111", "--max-attempts", "1"];
    let finished = server.import(&[&COMMAND[..], &named].concat(), &[]);
    assert_eq!(finished.code, 3, "{}", finished.stderr);
    row.assert_calls(0);
    let flags = [&COMMAND[..], &["--wait-for-daily-reset"]].concat();
    let finished = server.import(&flags, &[]);
    assert_eq!(finished.code, 0, "{}", finished.stderr);
    assert!(
        finished
            .stderr
            .contains("the portal of the new token is not known: HubSpot replied with status 403"),
        "{}",
        finished.stderr
    );
    row.assert_calls(1);
}

#[test]
fn an_exchange_for_another_account_is_not_used() {
    for flags in [&["--expect-portal", "111"][..], &[]] {
        let server = Server::start();
        server.account(FIRST, 200, json!({"portalId": 111}));
        // Each exchange replaces the refresh token, so that the second one can get a different reply.
        for (sent, token, next, portal) in [
            ("refresh-1", FIRST, "refresh-2", 111),
            ("refresh-2", SECOND, "refresh-3", 999),
        ] {
            server.server.mock(|when, then| {
                when.method(POST)
                    .path("/oauth/2026-03/token")
                    .body_includes(format!("refresh_token={sent}"));
                then.status(200).json_body(json!({
                    "access_token": token,
                    "refresh_token": next,
                    "expires_in": 1800,
                    "hub_id": portal,
                }));
            });
        }
        let row = server.row();
        let app = [
            ("HUBSPOT_CLIENT_ID", "client-1"),
            ("HUBSPOT_CLIENT_SECRET", "client-secret-7f3e"),
            ("HUBSPOT_REFRESH_TOKEN", "refresh-1"),
        ];
        let finished = server.import(flags, &app);
        assert_eq!(finished.code, 2, "{}", finished.stderr);
        row.assert_calls(0);
    }
}
