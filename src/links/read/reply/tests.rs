//! Replies in all their forms.

use crate::links::read::found::Found;
use crate::links::read::number::RecordNumber;
use crate::links::read::reply::asked::{Asked, Named};
use crate::links::read::reply::read_reply::read_reply;
use crate::links::read::reply::types::SharedTypes;

fn number(id: &str) -> RecordNumber {
    RecordNumber::of_text(id).unwrap()
}

/// Asks for links of 1 to 10 and 20, and of 2 to 10.
fn asked() -> Asked {
    let mut asked = Asked::default();
    let wanted =
        |others: &[&str]| -> Vec<_> { others.iter().map(|id| number(id)).zip(0..).collect() };
    asked.add(number("1"), wanted(&["20", "10"]).into_iter(), true);
    asked.add(number("2"), wanted(&["10"]).into_iter(), true);
    asked
}

fn read(body: &str) -> Result<Asked, &'static str> {
    let mut asked = asked();
    read_reply(
        &mut asked,
        &mut SharedTypes::default(),
        207,
        body.as_bytes(),
    )
    .map(|()| asked)
}

/// The types of each wanted link, as text.
fn found(asked: &Asked) -> Vec<String> {
    let wanted = (0..asked.len()).flat_map(|place| asked.wanted_of(place));
    wanted
        .map(|link| match link.found.as_deref() {
            Some(Found::Linked(types)) => types.iter().map(ToString::to_string).collect(),
            _ => "-".to_owned(),
        })
        .collect()
}

fn named(asked: &Asked) -> Vec<&'static str> {
    (0..asked.len())
        .map(|place| match asked.record(place).named {
            Named::Not => "not",
            Named::WithoutLinks => "without",
            Named::Problem(ref problem) if problem.may_pass => "may pass",
            Named::Problem(_) => "problem",
        })
        .collect()
}

#[test]
fn a_wanted_link_is_found_whatever_the_form_and_the_order_of_the_fields() {
    let types = r#"[{"category":"HUBSPOT_DEFINED","typeId":279,"label":null}]"#;
    for body in [
        format!(r#"{{"status":"COMPLETE","results":[{{"from":{{"id":"1"}},"to":[{{"toObjectId":10,"associationTypes":{types}}}]}}]}}"#),
        format!(r#"{{"results":[{{"to":[{{"associationTypes":{types},"toObjectId":"10"}}],"paging":null,"from":{{"id":1}}}}],"status":null}}"#),
        format!("\u{feff}{{\"results\":[{{\"from\":{{\"new\":[1],\"id\":\"0001\"}},\"to\":[{{\"toObjectId\":77,\"associationTypes\":[]}},{{\"toObjectId\":\"\\u0031\\u0030\",\"associationTypes\":{types}}}]}}]}}"),
        r#"{"results":[{"from":"1","to":[{"toObjectId":"10","associationTypes":[{"typeId":"279","category":"HUBSPOT_DEFINED"}]}]}]}"#.to_owned(),
    ] {
        let read = read(&body).unwrap_or_else(|why| panic!("{why}: {body}"));
        assert_eq!(found(&read), ["HUBSPOT_DEFINED:279:", "-", "-"], "{body}");
        assert!(read.record(0).is_listed && !read.record(1).is_listed);
        assert!(read.was_seen(number("10")) && !read.was_seen(number("20")));
    }
}

#[test]
fn all_types_and_labels_of_a_link_are_kept() {
    let read = read(
        r#"{"results":[{"from":{"id":"2"},"to":[{"toObjectId":10,"associationTypes":[
            {"category":"HUBSPOT_DEFINED","typeId":1,"label":"Primary"},
            {"category":"USER_DEFINED","typeId":37,"label":"D\u00e9cideur"}]}]}]}"#,
    );
    assert_eq!(
        found(&read.unwrap())[2],
        "HUBSPOT_DEFINED:1:PrimaryUSER_DEFINED:37:Décideur"
    );
}

#[test]
fn a_label_that_is_not_valid_text_hides_nothing() {
    let body = b"{\"results\":[{\"from\":{\"id\":\"2\"},\"to\":[{\"toObjectId\":10,\"associationTypes\":[{\"category\":\"U\",\"typeId\":3,\"label\":\"\xff\"}]}]}]}";
    let mut asked = asked();
    read_reply(&mut asked, &mut SharedTypes::default(), 200, body).unwrap();
    assert_eq!(found(&asked)[2], "U:3:\u{fffd}");
}

#[test]
fn the_next_page_is_a_text_or_a_number_and_absent_on_the_last_page() {
    for (paging, next) in [
        (r#"{"next":{"after":"abc=","link":"x"}}"#, Some("abc=")),
        (r#"{"next":{"after":500}}"#, Some("500")),
        (r#"{"next":{"after":null}}"#, None),
        (r#"{"next":{"after":""}}"#, None),
        (r#"{"next":null}"#, None),
        ("{}", None),
        ("null", None),
    ] {
        let body = format!(r#"{{"results":[{{"from":{{"id":"1"}},"to":[],"paging":{paging}}}]}}"#);
        let read = read(&body).unwrap();
        assert_eq!(read.record(0).next.as_deref(), next, "{paging}");
    }
}

#[test]
fn errors_say_which_records_have_no_links_and_which_could_not_be_read() {
    let no_links = "crm.associations.NO_ASSOCIATIONS_FOUND";
    for (error, expected) in [
        (
            format!(r#"{{"subCategory":"{no_links}","context":{{"fromObjectId":["1"]}}}}"#),
            ["without", "not"],
        ),
        (
            format!(r#"{{"subCategory":"{no_links}","context":{{"fromObjectId":["1",2]}}}}"#),
            ["without", "without"],
        ),
        (
            format!(r#"{{"subCategory":{{"name":"{no_links}"}},"context":{{"fromObjectId":2}}}}"#),
            ["not", "without"],
        ),
        // Only the error inside names the record, or the sub-category.
        (
            format!(
                r#"{{"context":{{}},"errors":[{{"subCategory":"{no_links}","context":{{"fromObjectId":["0002"]}}}}]}}"#
            ),
            ["not", "without"],
        ),
        (
            format!(
                r#"{{"context":{{"fromObjectId":["2"]}},"errors":[{{"subCategory":"{no_links}","context":"none"}}]}}"#
            ),
            ["not", "without"],
        ),
        // A record of the other side, and none at all.
        (
            format!(r#"{{"subCategory":"{no_links}","context":{{"toObjectId":["1"]}}}}"#),
            ["not", "not"],
        ),
        (format!(r#"{{"subCategory":"{no_links}"}}"#), ["not", "not"]),
        // Other errors, also beside one that says so.
        (
            r#"{"category":"VALIDATION_ERROR","context":{"fromObjectId":["1"]}}"#.to_owned(),
            ["problem", "not"],
        ),
        (
            r#"{"category":"RATE_LIMITS","context":{"ids":["1"]}}"#.to_owned(),
            ["may pass", "not"],
        ),
        (
            r#"{"category":"INTERNAL","context":{},"errors":[{"context":{"id":"2"}}]}"#.to_owned(),
            ["not", "may pass"],
        ),
        (
            format!(
                r#"{{"subCategory":"{no_links}","context":{{"fromObjectId":["1"]}},"errors":[{{"subCategory":"OTHER","context":{{"fromObjectId":["1"]}}}}]}}"#
            ),
            ["may pass", "not"],
        ),
    ] {
        let read = read(&format!(r#"{{"results":[],"errors":[{error}]}}"#)).unwrap();
        assert_eq!(named(&read), expected, "{error}");
    }
}

#[test]
fn an_error_about_no_record_of_the_request_is_kept_apart() {
    for error in [
        r#"{"category":"INTERNAL","message":"m"}"#,
        r#"{"category":"INTERNAL","message":"m","context":{"fromObjectId":["3"]}}"#,
    ] {
        let read = read(&format!(
            r#"{{"results":[],"errors":[{error}],"correlationId":"c"}}"#
        ))
        .unwrap();
        assert_eq!(named(&read), ["not", "not"]);
        let stray = read.stray.unwrap().details;
        assert!(
            stray.message.starts_with('m') && stray.categories == ["INTERNAL"],
            "{stray:?}"
        );
        assert_eq!(
            (stray.http_status, stray.correlation_id.as_deref()),
            (Some(207), Some("c"))
        );
    }
}

#[test]
fn a_reply_about_other_records_says_nothing_about_the_asked_ones() {
    let read =
        read(r#"{"results":[{"from":{"id":"3"},"to":[{"toObjectId":10,"associationTypes":[]}]}]}"#)
            .unwrap();
    assert_eq!(found(&read), ["-", "-", "-"]);
    assert!(!read.record(0).is_listed && !read.record(1).is_listed);
}

#[test]
fn what_cannot_be_read_in_full_is_not_used_at_all() {
    let link = r#"{"toObjectId":10,"associationTypes":[{"category":"U","typeId":3}]}"#;
    let body = format!(r#"{{"results":[{{"from":{{"id":"1"}},"to":[{link}]}}]}}"#);
    assert!(read(&body).is_ok());
    for length in 0..body.len() {
        assert!(read(&body[..length]).is_err(), "{}", &body[..length]);
    }
    for body in [
        "<html>",
        "[]",
        "null",
        "{}",
        r#"{"message":"m","category":"X"}"#,
        r#"{"results":null}"#,
        r#"{"status":"PENDING","results":[]}"#,
        r#"{"results":[{"to":[]}]}"#,
        r#"{"results":[{"from":{"id":"x"},"to":[]}]}"#,
        r#"{"results":[{"from":{"id":"1"},"to":[{"toObjectId":null,"associationTypes":[]}]}]}"#,
        r#"{"results":[{"from":{"id":"1"},"to":[{"associationTypes":[]}]}]}"#,
        // A wanted link whose types are missing: it is there, but a link has a type.
        r#"{"results":[{"from":{"id":"1"},"to":[{"toObjectId":10}]}]}"#,
        r#"{"results":[{"from":{"id":"1"},"to":[{"toObjectId":10,"associationTypes":[{"category":"U"}]}]}]}"#,
    ] {
        assert!(read(body).is_err(), "{body}");
    }
}

#[test]
fn rows_with_the_same_link_share_its_types() {
    let mut asked = Asked::default();
    let wanted = [(number("10"), 5), (number("10"), 6), (number("11"), 7)];
    asked.add(number("1"), wanted.into_iter(), false);
    let body = r#"{"results":[{"from":{"id":"1"},"to":[
        {"toObjectId":10,"associationTypes":[{"category":"U","typeId":3}]},
        {"toObjectId":11,"associationTypes":[{"category":"U","typeId":3,"label":""}]}]}]}"#;
    read_reply(
        &mut asked,
        &mut SharedTypes::default(),
        200,
        body.as_bytes(),
    )
    .unwrap();
    let found: Vec<_> = asked
        .wanted_of(0)
        .iter()
        .map(|link| link.found.clone().unwrap())
        .collect();
    assert!(
        std::sync::Arc::ptr_eq(&found[0], &found[1])
            && std::sync::Arc::ptr_eq(&found[0], &found[2])
    );
}
