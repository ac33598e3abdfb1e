//! What the report says about a reply.

use crate::api::response::body::Unreadable;
use crate::verdict::describe::describe;
use crate::verdict::sanitize::MAX_MESSAGE_CHARS;
use crate::verdict::tests::support::{
    FORWARD, INVERSE, answer, answer_with_id, body, pair, unread,
};

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
        let reply = answer_with_id(400, "header", body);
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
