//! Tests of the table in the module documentation, line by line.

use std::num::NonZeroU32;
use std::time::Duration;

use crate::api::response::body::{Body, Unreadable};
use crate::api::response::headers::{Answer, Reply, ReplyHeaders};
use crate::domain::outcome::OutcomeKind;
use crate::domain::pair::{ObjectType, Pair, Record, RecordId};
use crate::domain::quota::Quota;
use crate::verdict::classify::{Class, classify};
use crate::verdict::describe::{describe, scopes};
use crate::verdict::retry::{AttemptCounts, FatalCause, RetryPolicy, Verdict, cooldown};
use crate::verdict::sanitize::MAX_MESSAGE_CHARS;

fn pair() -> Pair {
    let record = |object_type, id| Record {
        object_type: ObjectType::new(object_type).unwrap(),
        id: RecordId::new(id).unwrap(),
    };
    Pair {
        from: record("contacts", "41001"),
        to: record("companies", "52002"),
    }
}

fn answer(status: u16, body: &str) -> Reply {
    Reply::Answered(Answer {
        status,
        headers: ReplyHeaders::default(),
        body: Body::parse(body.as_bytes()),
    })
}

fn unread(status: u16, why: Unreadable) -> Reply {
    Reply::Answered(Answer {
        status,
        headers: ReplyHeaders::default(),
        body: Body::Unread(why),
    })
}

const FORWARD: &str =
    r#"{"from":{"id":"41001"},"to":{"id":"52002"},"associationSpec":{"associationTypeId":279}}"#;
const INVERSE: &str =
    r#"{"from":{"id":52002},"to":{"id":41001},"associationSpec":{"associationTypeId":280}}"#;
const OTHER: &str =
    r#"{"from":{"id":"41001"},"to":{"id":"7"},"associationSpec":{"associationTypeId":279}}"#;

/// A 2xx body with these results, and `rest` before its closing brace.
fn body(results: &[&str], rest: &str) -> String {
    format!(
        r#"{{"status":"COMPLETE","results":[{}]{rest}}}"#,
        results.join(",")
    )
}

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
    let daily_header = Reply::Answered(Answer {
        status: 429,
        headers: ReplyHeaders {
            quota: Quota {
                daily_remaining: Some(0),
                ..Quota::default()
            },
            ..ReplyHeaders::default()
        },
        body: Body::Empty,
    });
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

/// status, body → categories, sub-categories, `num_errors`, message
type Described = (
    u16,
    &'static str,
    &'static [&'static str],
    &'static [&'static str],
    u64,
    &'static str,
);

const DESCRIBED: &[Described] = &[
    (
        400,
        r#"{"status":"error","message":"One or more associations are invalid","category":"VALIDATION_ERROR",
               "context":{"INVALID_OBJECT_IDS":["CONTACT=41001 is not valid"],"objectId":["41001"]}}"#,
        &["VALIDATION_ERROR"],
        &[],
        1,
        "One or more associations are invalid (INVALID_OBJECT_IDS: CONTACT=41001 is not valid; objectId: 41001)",
    ),
    (
        400,
        r#"{"status":"error","message":"Unable to infer object type from: widgets"}"#,
        &["HTTP_400"],
        &[],
        1,
        "Unable to infer object type from: widgets",
    ),
    (
        429,
        r#"{"message":"You have reached your ten_secondly_rolling limit.","errorType":"RATE_LIMIT","policyName":"TEN_SECONDLY_ROLLING"}"#,
        &["RATE_LIMIT"],
        &["TEN_SECONDLY_ROLLING"],
        1,
        "You have reached your ten_secondly_rolling limit.",
    ),
    (
        200,
        r#"{"status":"COMPLETE","results":[],"numErrors":1,"errors":[{"status":"error","category":"OBJECT_NOT_FOUND",
               "subCategory":"crm.associations.TO_OBJECT_NOT_FOUND","message":"No company with ID 52002 exists",
               "context":{"objectType":["company"],"id":["52002"]}}]}"#,
        &["OBJECT_NOT_FOUND"],
        &["crm.associations.TO_OBJECT_NOT_FOUND"],
        1,
        "No company with ID 52002 exists (id: 52002; objectType: company)",
    ),
    (
        200,
        r#"{"status":"COMPLETE","results":[],"numErrors":1,"errors":[{"status":"error","category":"VALIDATION_ERROR",
               "message":"One or more associations are invalid","context":{},"links":{},"errors":[
               {"message":"CONTACT 41001 was deleted","code":"OBJECT_DELETED","in":"fromObjectId",
                "subCategory":"crm.associations.FROM_OBJECT_NOT_FOUND","context":{"fromObjectId":["41001"]}}]}]}"#,
        &["VALIDATION_ERROR"],
        &["crm.associations.FROM_OBJECT_NOT_FOUND", "OBJECT_DELETED"],
        1,
        "One or more associations are invalid; CONTACT 41001 was deleted (fromObjectId: 41001)",
    ),
    (
        400,
        r#"{"status":"error","category":"VALIDATION_ERROR","message":"Invalid input","errors":[
               {"message":"too large","in":"inputs[0].from.id","code":"OUT_OF_RANGE"}]}"#,
        &["VALIDATION_ERROR"],
        &["OUT_OF_RANGE"],
        1,
        "Invalid input; too large (in: inputs[0].from.id)",
    ),
    (
        200,
        r#"{"status":"COMPLETE","numErrors":3}"#,
        &["HTTP_200"],
        &[],
        3,
        "HTTP 200 with 3 error(s) and no message",
    ),
    (
        207,
        r#"{"status":"COMPLETE","errors":[{"category":"A","message":"x"},{"category":"B","message":"y"},{"category":"A","message":"x"}]}"#,
        &["A", "B"],
        &[],
        3,
        "x; y",
    ),
    (
        200,
        r#"{"numErrors":0,"errors":[{"category":"A"},{"category":"A"}]}"#,
        &["A"],
        &[],
        2,
        "HTTP 200 with 2 error(s) and no message",
    ),
    (
        502,
        "<html>\n<b>Bad gateway</b>",
        &["HTTP_502"],
        &[],
        1,
        "HTTP 502: <html> <b>Bad gateway</b>",
    ),
    (404, "", &["HTTP_404"], &[], 1, "HTTP 404"),
    (
        204,
        "",
        &["CLIENT_NO_RESULT"],
        &[],
        1,
        "HTTP 204 without a body does not confirm the association",
    ),
    (
        200,
        "<html>hi",
        &["CLIENT_UNREADABLE_REPLY"],
        &[],
        1,
        "the reply is not JSON of the HubSpot API: <html>hi",
    ),
    (
        200,
        r#"{"status":"COMPLETE","results":[]}"#,
        &["CLIENT_NO_RESULT"],
        &[],
        1,
        "the reply does not confirm the association: `results` is empty",
    ),
    (
        200,
        r#"{"status":"PENDING","results":[]}"#,
        &["CLIENT_NOT_COMPLETE"],
        &[],
        1,
        "the reply's status is PENDING, not COMPLETE",
    ),
    (
        200,
        r#"{"status":"COMPLETE","results":[{"from":{"id":"41001"},"to":{"id":"9"}}]}"#,
        &["CLIENT_RESULT_MISMATCH"],
        &[],
        1,
        "the reply confirms different records than the row has (merged?): 41001 -> 9",
    ),
];

#[test]
fn errors_are_described_with_all_that_their_bodies_name() {
    for (status, body, categories, subcategories, num_errors, message) in DESCRIBED {
        let details = describe(&answer(*status, body), &pair());
        assert_eq!(details.http_status, Some(*status), "{body}");
        assert_eq!(details.categories, *categories, "{body}");
        assert_eq!(details.subcategories, *subcategories, "{body}");
        assert_eq!(details.num_errors, *num_errors, "{body}");
        assert_eq!(details.message, *message, "{body}");
    }
}

#[test]
fn a_confirmed_association_lists_its_types_with_the_requested_direction_first() {
    for results in [[FORWARD, INVERSE], [INVERSE, FORWARD]] {
        let details = describe(&answer(200, &body(&results, "")), &pair());
        assert_eq!(details.association_type_ids, ["279", "280"]);
        assert_eq!(details.batch_status.as_deref(), Some("COMPLETE"));
        assert_eq!((details.num_errors, details.message.as_str()), (0, ""));
    }
}

#[test]
fn the_correlation_id_of_the_body_takes_precedence_over_the_header() {
    let with = |body: &str| {
        let headers = ReplyHeaders {
            correlation_id: Some("header".into()),
            ..ReplyHeaders::default()
        };
        let reply = Reply::Answered(Answer {
            status: 400,
            headers,
            body: Body::parse(body.as_bytes()),
        });
        describe(&reply, &pair()).correlation_id
    };
    assert_eq!(with(r#"{"correlationId":"body"}"#).as_deref(), Some("body"));
    assert_eq!(with("<html>").as_deref(), Some("header"));
}

#[test]
fn a_message_is_one_line_and_bounded() {
    let body = format!(r#"{{"message":"a\nb {}"}}"#, "x".repeat(5000));
    let message = describe(&answer(400, &body), &pair()).message;
    assert!(message.starts_with("a b x"));
    assert_eq!(message.chars().count(), MAX_MESSAGE_CHARS);
}

#[test]
fn text_from_a_server_is_always_bounded() {
    let errors: Vec<_> = (0..1000)
        .map(|index| format!(r#"{{"category":"C\n{index}"}}"#))
        .collect();
    let body = format!(
        r#"{{"status":"A\nB","errors":[{}],"correlationId":"{}"}}"#,
        errors.join(","),
        "x".repeat(5000)
    );
    let details = describe(&answer(200, &body), &pair());
    assert_eq!(details.categories.len(), 10);
    assert_eq!(details.categories[0], "C 0");
    assert_eq!(details.batch_status.as_deref(), Some("A B"));
    assert_eq!(details.correlation_id.unwrap().chars().count(), 200);
    assert_eq!(details.num_errors, 1000);
}

#[test]
fn an_unread_body_is_described_where_the_status_is_not_definite() {
    for (status, why, category) in [
        (200, Unreadable::Cut, "CLIENT_UNREADABLE_REPLY"),
        (200, Unreadable::TooLong, "CLIENT_UNREADABLE_REPLY"),
        (400, Unreadable::Cut, "CLIENT_UNREADABLE_REPLY"),
        (400, Unreadable::TooLong, "HTTP_400"),
        (502, Unreadable::Cut, "HTTP_502"),
    ] {
        assert_eq!(
            describe(&unread(status, why), &pair()).categories,
            [category],
            "{status} {why:?}"
        );
    }
}

const POLICY: RetryPolicy = RetryPolicy {
    max_attempts: NonZeroU32::new(6).unwrap(),
};

/// Judges replies of these classes in sequence: all but the last must lead to a retry.
fn after(policy: RetryPolicy, classes: &[Class]) -> Verdict {
    let mut attempt_counts = AttemptCounts::default();
    let mut verdict = Verdict::Retry {
        after: Duration::ZERO,
    };
    for &class in classes {
        assert!(
            matches!(verdict, Verdict::Retry { .. }),
            "{classes:?} ended early"
        );
        attempt_counts.count(class);
        verdict = policy.judge(class, attempt_counts, None, 0.5);
    }
    verdict
}

#[test]
fn each_class_is_sent_as_often_as_the_table_says() {
    use Class as C;
    for (class, times, end) in [
        (C::Associated, 1, Verdict::Finish(OutcomeKind::Associated)),
        (C::Refused, 1, Verdict::Finish(OutcomeKind::Rejected)),
        (C::Unconfirmed, 2, Verdict::Finish(OutcomeKind::Rejected)),
        (C::Conflict, 3, Verdict::Finish(OutcomeKind::Rejected)),
        (C::Transient, 6, Verdict::Finish(OutcomeKind::Failed)),
        (C::BrieflyTransient, 3, Verdict::Finish(OutcomeKind::Failed)),
        (C::Locked, 6, Verdict::Finish(OutcomeKind::Failed)),
        (C::Throttled, 20, Verdict::Finish(OutcomeKind::Failed)),
        (C::DailyLimit, 1, Verdict::Stop(FatalCause::DailyLimit)),
        (C::Unauthorized, 1, Verdict::Stop(FatalCause::Unauthorized)),
        (
            C::MissingScopes,
            1,
            Verdict::Stop(FatalCause::MissingScopes),
        ),
        (C::Forbidden, 2, Verdict::Stop(FatalCause::Forbidden)),
        (C::Untrusted, 1, Verdict::Stop(FatalCause::Untrusted)),
    ] {
        assert_eq!(after(POLICY, &vec![class; times]), end, "{class:?}");
    }
}

#[test]
fn with_one_attempt_nothing_but_throttling_is_sent_again() {
    let once = RetryPolicy {
        max_attempts: NonZeroU32::MIN,
    };
    for class in [
        Class::Unconfirmed,
        Class::Conflict,
        Class::Transient,
        Class::BrieflyTransient,
        Class::Locked,
    ] {
        assert_eq!(
            after(once, &[class]),
            Verdict::Finish(class.outcome()),
            "{class:?}"
        );
    }
    assert_eq!(
        after(once, &[Class::Throttled; 3]),
        Verdict::Retry {
            after: Duration::ZERO
        }
    );
}

#[test]
fn throttling_uses_up_no_attempt() {
    let mut mixed = vec![Class::Throttled; 19];
    mixed.extend([Class::Transient; 5]);
    assert!(matches!(after(POLICY, &mixed), Verdict::Retry { .. }));
    mixed.push(Class::Transient);
    assert_eq!(after(POLICY, &mixed), Verdict::Finish(OutcomeKind::Failed));
}

#[test]
fn two_unconfirmed_replies_finish_a_row_with_any_replies_between() {
    use Class as C;
    let mixed = [C::Unconfirmed, C::Transient, C::Throttled, C::Unconfirmed];
    assert_eq!(
        after(POLICY, &mixed),
        Verdict::Finish(OutcomeKind::Rejected)
    );
}

fn wait(class: Class, sent: u32, retry_after: Option<u64>, draw: f64) -> f64 {
    let mut attempt_counts = AttemptCounts::default();
    for _ in 0..sent {
        attempt_counts.count(class);
    }
    let policy = RetryPolicy {
        max_attempts: NonZeroU32::new(100).unwrap(),
    };
    match policy.judge(
        class,
        attempt_counts,
        retry_after.map(Duration::from_secs),
        draw,
    ) {
        Verdict::Retry { after } => after.as_secs_f64(),
        other => panic!("{other:?}"),
    }
}

#[test]
#[expect(
    clippy::float_cmp,
    reason = "the draws are chosen so that the waits are exact"
)]
fn the_backoff_is_drawn_below_a_bound_that_doubles_from_one_second_to_sixty() {
    for (sent, bound) in [
        (1, 1.0),
        (2, 2.0),
        (3, 4.0),
        (6, 32.0),
        (7, 60.0),
        (8, 60.0),
        (99, 60.0),
    ] {
        assert_eq!(wait(Class::Transient, sent, None, 1.0), bound);
        assert_eq!(wait(Class::Transient, sent, None, 0.5), bound / 2.0);
        assert_eq!(wait(Class::Transient, sent, None, 0.0), 0.0);
    }
    assert_eq!(wait(Class::Locked, 1, None, 0.0), 2.0);
    assert_eq!(wait(Class::Locked, 1, None, 0.5), 2.5);
}

#[test]
#[expect(
    clippy::float_cmp,
    reason = "the draws are chosen so that the waits are exact"
)]
fn retry_after_is_a_floor_under_the_backoff_up_to_a_quarter_of_an_hour() {
    assert_eq!(wait(Class::Transient, 1, Some(7), 0.5), 7.0);
    assert_eq!(wait(Class::Transient, 7, Some(7), 0.5), 30.0);
    assert_eq!(wait(Class::Transient, 1, Some(86_400), 0.5), 900.0);
}

fn throttled(status: u16, retry_after: Option<u64>, body: &str) -> Reply {
    Reply::Answered(Answer {
        status,
        headers: ReplyHeaders {
            retry_after: retry_after.map(Duration::from_secs),
            ..ReplyHeaders::default()
        },
        body: Body::parse(body.as_bytes()),
    })
}

#[test]
fn the_cooldown_is_as_long_as_the_server_asks() {
    for (reply, seconds) in [
        (throttled(429, None, ""), None),
        (throttled(429, Some(3), ""), Some(3)),
        (
            throttled(429, None, r#"{"policyName":"SECONDLY"}"#),
            Some(1),
        ),
        (throttled(429, Some(900), ""), Some(900)),
        (throttled(477, Some(30), ""), Some(30)),
        (throttled(477, None, ""), Some(10)),
    ] {
        let pause = cooldown(Class::Throttled, &reply);
        assert_eq!(pause, seconds.map(Duration::from_secs), "{reply:?}");
    }
    assert_eq!(
        cooldown(Class::Forbidden, &answer(403, "")),
        Some(Duration::from_secs(5))
    );
    assert_eq!(cooldown(Class::Transient, &answer(502, "")), None);
    assert_eq!(cooldown(Class::Transient, &Reply::TimedOut), None);
}

#[test]
fn a_retry_after_of_more_than_a_quarter_of_an_hour_ends_the_run() {
    let mut attempt_counts = AttemptCounts::default();
    attempt_counts.count(Class::Throttled);
    let long = Duration::from_secs(901);
    let verdict = POLICY.judge(Class::Throttled, attempt_counts, Some(long), 0.0);
    assert_eq!(verdict, Verdict::Stop(FatalCause::LongWait(long)));
}
