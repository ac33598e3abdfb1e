//! What a reply is.

use crate::api::response::body::{Body, Unreadable};
use crate::api::response::headers::{Reply, ReplyHeaders};
use crate::domain::quota::Quota;
use crate::verdict::classify::{Class, classify};
use crate::verdict::describe::{describe, scopes};
use crate::verdict::tests::support::{FORWARD, INVERSE, OTHER, answer, body, pair, reply, unread};

#[test]
fn a_2xx_is_associated_only_if_it_confirms_the_pair() {
    let cases = [
        (body(&[FORWARD, INVERSE], ""), Class::Associated),
        (body(&[INVERSE, FORWARD], ""), Class::Associated),
        (body(&[FORWARD], ""), Class::Associated),
        (body(&[INVERSE], ""), Class::Associated),
        (body(&[OTHER, INVERSE], ""), Class::Associated),
        (
            body(&[FORWARD], r#","numErrors":0,"errors":[]"#),
            Class::Associated,
        ),
        (
            body(&[FORWARD], r#","numErrors":null,"errors":null"#),
            Class::Associated,
        ),
        (
            body(&[FORWARD], r#","warnings":["new"],"links":{}"#),
            Class::Associated,
        ),
        (body(&[FORWARD], r#","numErrors":-1"#), Class::Associated),
        (body(&[FORWARD], r#","numErrors":1"#), Class::Refused),
        (body(&[FORWARD], r#","errors":[{}]"#), Class::Refused),
        (
            body(&[FORWARD], r#","numErrors":0,"errors":[{"message":"x"}]"#),
            Class::Refused,
        ),
        (
            body(&[FORWARD], r#","category":"VALIDATION_ERROR""#),
            Class::Refused,
        ),
        (body(&[], ""), Class::Unconfirmed),
        (
            r#"{"status":"COMPLETE","results":null}"#.into(),
            Class::Unconfirmed,
        ),
        (r#"{"status":"COMPLETE"}"#.into(), Class::Unconfirmed),
        ("{}".into(), Class::Unconfirmed),
        (String::new(), Class::Unconfirmed),
        (body(&[OTHER], ""), Class::Unconfirmed),
        (
            body(&[FORWARD], "").replace("COMPLETE", "CANCELED"),
            Class::Unconfirmed,
        ),
        (
            body(&[FORWARD], "").replace("COMPLETE", "CANCELLED"),
            Class::Unconfirmed,
        ),
        (
            body(&[FORWARD], "").replace("COMPLETE", "BRAND_NEW"),
            Class::Unconfirmed,
        ),
        (
            body(&[FORWARD], "").replace("\"COMPLETE\"", "null"),
            Class::Unconfirmed,
        ),
        (
            body(&[FORWARD], "").replace("COMPLETE", "PENDING"),
            Class::Transient,
        ),
        (
            body(&[], "").replace("COMPLETE", "PROCESSING"),
            Class::Transient,
        ),
        ("<html>ok</html>".into(), Class::Transient),
        ("{\"status\":".into(), Class::Transient),
        ("[]".into(), Class::Transient),
    ];
    for status in [200, 201, 207] {
        for (body, class) in &cases {
            assert_eq!(
                classify(&answer(status, body), &pair()),
                *class,
                "{status} {body}"
            );
        }
        for why in [Unreadable::Cut, Unreadable::TooLong] {
            assert_eq!(classify(&unread(status, why), &pair()), Class::Transient);
        }
    }
}

#[test]
fn every_status_without_a_body_has_its_class() {
    for status in 100..=999 {
        let expected = match status {
            200..=299 => Class::Unconfirmed,
            401 => Class::Unauthorized,
            403 => Class::Forbidden,
            409 => Class::Conflict,
            423 => Class::Locked,
            429 | 477 => Class::Throttled,
            408 | 425 | 502..=504 | 520..=524 | 527 | 530 => Class::Transient,
            400..=499 => Class::Refused,
            _ => Class::BrieflyTransient,
        };
        assert_eq!(classify(&answer(status, ""), &pair()), expected, "{status}");
    }
}

#[test]
fn a_request_without_a_reply_is_transient_unless_the_server_is_not_trusted() {
    let why = || "x".to_owned();
    for (reply, class, category) in [
        (Reply::TimedOut, Class::Transient, "CLIENT_TIMEOUT"),
        (
            Reply::Disconnected { why: why() },
            Class::Transient,
            "CLIENT_CONNECTION",
        ),
        (
            Reply::InvalidHttp { why: why() },
            Class::Transient,
            "CLIENT_UNREADABLE_REPLY",
        ),
        (
            Reply::Untrusted { why: why() },
            Class::Untrusted,
            "CLIENT_CONNECTION",
        ),
    ] {
        assert_eq!(classify(&reply, &pair()), class);
        let details = describe(&reply, &pair());
        assert_eq!((details.http_status, details.num_errors), (None, 1));
        assert_eq!(details.categories, [category]);
    }
}

#[test]
fn an_unread_body_leaves_a_definite_status_definite() {
    for (status, why, class) in [
        (401, Unreadable::Cut, Class::Unauthorized),
        (403, Unreadable::Cut, Class::Forbidden),
        (429, Unreadable::Cut, Class::Throttled),
        (502, Unreadable::Cut, Class::Transient),
        (404, Unreadable::Cut, Class::Transient),
        (404, Unreadable::TooLong, Class::Refused),
    ] {
        assert_eq!(
            classify(&unread(status, why), &pair()),
            class,
            "{status} {why:?}"
        );
    }
}

#[test]
fn the_policies_of_429_are_distinguished() {
    let headers = ReplyHeaders {
        quota: Quota {
            daily_remaining: Some(0),
            ..Quota::default()
        },
        ..ReplyHeaders::default()
    };
    let daily_header = reply(429, headers, Body::Empty);
    assert_eq!(classify(&daily_header, &pair()), Class::DailyLimit);
    for (body, class) in [
        (
            r#"{"errorType":"RATE_LIMIT","policyName":"TEN_SECONDLY_ROLLING"}"#,
            Class::Throttled,
        ),
        (
            r#"{"errorType":"RATE_LIMIT","policyName":"DAILY"}"#,
            Class::DailyLimit,
        ),
        (
            r#"{"message":"You have reached your daily limit."}"#,
            Class::DailyLimit,
        ),
        (
            r#"{"message":"You have reached your ten_secondly_rolling limit."}"#,
            Class::Throttled,
        ),
        (
            r#"{"policyName":"SECONDLY","message":"not your daily limit"}"#,
            Class::Throttled,
        ),
        ("<html>429</html>", Class::Throttled),
    ] {
        assert_eq!(classify(&answer(429, body), &pair()), class, "{body}");
    }
}

#[test]
fn missing_scopes_are_found_wherever_the_api_lists_them() {
    for body in [
        r#"{"category":"MISSING_SCOPES","context":{"missingScopes":["a","b"]}}"#,
        r#"{"category":"MISSING_SCOPES","errors":[{"context":{"requiredScopes":["a"]}},{"context":{"requiredScopes":["b","a"]}}]}"#,
        r#"{"errors":[{"context":{"requiredGranularScopes":["a","b"]}}]}"#,
    ] {
        let reply = answer(403, body);
        assert_eq!(classify(&reply, &pair()), Class::MissingScopes, "{body}");
        assert_eq!(scopes(reply.answer().unwrap()), ["a", "b"], "{body}");
    }
    assert_eq!(
        classify(&answer(403, r#"{"category":"MISSING_SCOPES"}"#), &pair()),
        Class::MissingScopes
    );
    for body in ["<html>blocked</html>", r#"{"category":"BANNED"}"#, ""] {
        assert_eq!(
            classify(&answer(403, body), &pair()),
            Class::Forbidden,
            "{body}"
        );
    }
}
