//! Parses the bytes of a reply body into a [`Body`]. Pure.
//!
//! The API's documents ask clients to treat every field as optional
//! (<https://developers.hubspot.com/docs/api-reference/error-handling>), and captured bodies disagree with the
//! published schema about types. So no field can make parsing fail: a field that cannot be parsed is absent, and the
//! fields that decide a row's verdict are accepted in every spelling seen in captures.

use serde_json::Value;

use crate::api::response::envelope::Envelope;
use crate::api::response::fast_path;
use crate::text::{BYTE_ORDER_MARK, one_line};

/// The kept length of an unreadable body, in characters.
const SNIPPET_CHARS: usize = 200;

/// The content of a reply body.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// No bytes, or only whitespace.
    Empty,
    /// A JSON object.
    Json(Box<Envelope>),
    /// A complete body that is not a JSON object: an HTML page, a bare string, broken JSON.
    NotJson {
        /// The start of the body, on one line.
        snippet: String,
    },
    /// A complete body that is not parsed: that of a call that does not link, which its reader parses.
    Raw(Vec<u8>),
    /// The body is incomplete.
    Unread(Unreadable),
}

/// Why a body is incomplete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// The connection closed before the end of the body.
    Cut,
    /// The body exceeds the size limit.
    TooLong,
    /// The body has a content coding that was not requested, or its compressed data is corrupt.
    Coded,
}

impl Body {
    /// Parses a complete body.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Self {
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return Self::Empty;
        }
        if let Some(envelope) = fast_path::read(bytes) {
            return Self::Json(Box::new(envelope));
        }
        Self::parse_any(bytes)
    }

    /// Parses a body that may be incomplete.
    fn parse_any(bytes: &[u8]) -> Self {
        let bytes = bytes
            .strip_prefix(BYTE_ORDER_MARK.as_bytes())
            .unwrap_or(bytes);
        // Invalid UTF-8 in a message must not hide the category beside it.
        match serde_json::from_str(&String::from_utf8_lossy(bytes)) {
            Ok(Value::Object(object)) => Self::Json(Box::new(Envelope::read(object))),
            Ok(_) | Err(_) => Self::NotJson {
                snippet: snippet(bytes),
            },
        }
    }

    /// The envelope, if there is one.
    #[must_use]
    pub fn envelope(&self) -> Option<&Envelope> {
        match self {
            Self::Json(envelope) => Some(envelope),
            Self::Empty | Self::NotJson { .. } | Self::Raw(_) | Self::Unread(_) => None,
        }
    }
}

fn snippet(bytes: &[u8]) -> String {
    // A character takes at most four bytes, and a run of whitespace is collapsed into one space.
    let start = &bytes[..bytes.len().min(SNIPPET_CHARS * 8)];
    one_line(&String::from_utf8_lossy(start), SNIPPET_CHARS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::response::envelope::Linked;
    use crate::api::response::envelope::MAX_CONTEXT_TEXTS;
    use crate::api::response::envelope::MAX_ERRORS;
    use crate::api::response::envelope::MAX_LABELS;
    use crate::api::response::envelope::MAX_TEXT_CHARS;
    use proptest::prelude::*;

    fn envelope(json: &str) -> Envelope {
        match Body::parse(json.as_bytes()) {
            Body::Json(envelope) => *envelope,
            other => panic!("{json}: {other:?}"),
        }
    }

    fn link(from: &str, to: &str, type_id: Option<&str>) -> Linked {
        Linked {
            from: from.into(),
            to: to.into(),
            type_id: type_id.map(Into::into),
            labels: None,
        }
    }

    /// A link that lists its labels.
    fn labelled(from: &str, to: &str, labels: &[&str]) -> Linked {
        let labels = labels.iter().map(|name| (*name).into()).collect();
        Linked {
            labels: Some(labels),
            ..link(from, to, None)
        }
    }

    #[test]
    fn the_reply_to_a_labelled_request_is_a_result_by_itself() {
        for ids in [
            r#""fromObjectId":"41001","toObjectId":"52002""#,
            r#""fromObjectId":41001,"toObjectId":52002"#,
        ] {
            let head = format!(r#""fromObjectTypeId":"0-1","toObjectTypeId":"0-2",{ids}"#);
            for (rest, expected) in [
                (
                    r#","labels":["A","B"]"#,
                    labelled("41001", "52002", &["A", "B"]),
                ),
                (
                    r#","labels":["A",null,7,"",["B"],"A"]"#,
                    labelled("41001", "52002", &["A", "A"]),
                ),
                (r#","labels":[]"#, labelled("41001", "52002", &[])),
                (r#","labels":null"#, link("41001", "52002", None)),
                (r#","labels":"A""#, link("41001", "52002", None)),
                ("", link("41001", "52002", None)),
            ] {
                let read = envelope(&format!("{{{head}{rest}}}"));
                assert!(read.is_result && read.status.is_none(), "{rest}");
                assert_eq!(read.results, std::slice::from_ref(&expected), "{rest}");
                let read = envelope(&format!(
                    r#"{{"status":"COMPLETE","results":[{{{head}{rest}}}]}}"#
                ));
                assert!(!read.is_result, "{rest}");
                assert_eq!(read.results, [expected], "{rest}");
            }
        }
        for json in [
            r#"{"from":{"id":"1"},"to":{"id":"2"},"labels":["A"]}"#,
            r#"{"fromObjectId":"1","labels":["A"]}"#,
            r#"{"fromObjectId":"1","toObjectId":"2","results":[]}"#,
            r#"{"fromObjectId":null,"toObjectId":"2"}"#,
        ] {
            let read = envelope(json);
            assert!(!read.is_result && read.results.is_empty(), "{json}");
        }
    }

    #[test]
    fn only_as_many_labels_are_kept_as_two_types_can_have() {
        let names = vec![format!("\"{}\"", "é".repeat(5000)); 3000].join(",");
        let read = envelope(&format!(
            r#"{{"fromObjectId":1,"toObjectId":2,"labels":[{names}]}}"#
        ));
        let labels = read.results[0].labels.as_ref().unwrap();
        assert_eq!(labels.len(), MAX_LABELS);
        assert_eq!(labels[0].chars().count(), MAX_TEXT_CHARS);
    }

    #[test]
    fn a_success_body_has_links_and_no_errors() {
        let read = envelope(
            r#"{"status":"COMPLETE","results":[
                {"from":{"id":"1"},"to":{"id":"2"},"associationSpec":{"associationCategory":"HUBSPOT_DEFINED","associationTypeId":15}},
                {"from":{"id":"2"},"to":{"id":"1"},"associationSpec":{"associationCategory":"NEW","associationTypeId":16}}],
                "startedAt":"2026-05-04T09:15:22.031Z","completedAt":"2026-05-04T09:15:22.118Z"}"#,
        );
        assert_eq!(read.status.as_deref(), Some("COMPLETE"));
        assert_eq!(
            read.results,
            [link("1", "2", Some("15")), link("2", "1", Some("16"))]
        );
        assert_eq!(read.num_errors, None);
        assert_eq!(read.entries().count(), 0);
    }

    #[test]
    fn ids_are_read_as_strings_or_as_numbers_without_rounding() {
        for id in ["\"12345678901234567890\"", "12345678901234567890"] {
            let read = envelope(&format!(
                r#"{{"results":[{{"from":{{"id":{id}}},"to":{{"id":7}}}}]}}"#
            ));
            assert_eq!(read.results, [link("12345678901234567890", "7", None)]);
        }
    }

    #[test]
    fn nulls_unknown_fields_and_other_types_are_absent_fields() {
        let nothing = envelope("{}");
        for json in [
            r#"{"status":null,"results":null,"numErrors":null,"errors":null,"context":null}"#,
            r#"{"warnings":[{"a":1}],"results":[],"errors":[]}"#,
            r#"{"results":7,"errors":false,"context":"x"}"#,
            r#"{"results":[null,1,"x",{"from":{},"to":{"id":"1"}}]}"#,
        ] {
            assert_eq!(envelope(json), nothing, "{json}");
        }
    }

    #[test]
    fn num_errors_is_parsed_in_any_spelling_and_an_invalid_count_does_not_mean_none() {
        for (spelling, count) in [
            ("0", Some(0)),
            ("3", Some(3)),
            ("\"2\"", Some(2)),
            ("null", None),
            ("-1", None),
            ("\"-2\"", None),
            ("-1.5", None),
            ("-99999999999999999999", None),
            ("\"-x\"", Some(1)),
            ("1.5", Some(1)),
            ("true", Some(1)),
            ("{}", Some(1)),
            ("99999999999999999999", Some(1)),
        ] {
            let read = envelope(&format!(r#"{{"numErrors":{spelling}}}"#));
            assert_eq!(read.num_errors, count, "{spelling}");
        }
    }

    #[test]
    fn an_error_body_has_category_message_and_context() {
        let read = envelope(
            r#"{"status":"error","message":"One or more associations are invalid","correlationId":"8f6e",
                "context":{"INVALID_OBJECT_IDS":["CONTACT=99 is not valid"],"objectId":["99"]},
                "category":"VALIDATION_ERROR"}"#,
        );
        assert_eq!(read.correlation_id.as_deref(), Some("8f6e"));
        assert_eq!(read.top.category.as_deref(), Some("VALIDATION_ERROR"));
        assert_eq!(
            read.top.context,
            [
                (
                    "INVALID_OBJECT_IDS".to_owned(),
                    vec!["CONTACT=99 is not valid".to_owned()]
                ),
                ("objectId".to_owned(), vec!["99".to_owned()]),
            ]
        );
    }

    #[test]
    fn a_sub_category_may_be_an_object_and_an_error_a_plain_string() {
        let read = envelope(
            r#"{"errors":[{"subCategory":{"name":"X"},"context":{"id":7,"ids":[1,"2"]}},"plain"]}"#,
        );
        assert_eq!(read.errors[0].sub_category.as_deref(), Some("X"));
        for (json, word) in [
            (r#""X""#, Some("X")),
            (r#"{"name":"X","retired":false}"#, Some("X")),
            (r#"{"a":"X","b":"Y"}"#, Some(r#"{"a":"X","b":"Y"}"#)),
            (r#"{"a":{"b":"X"}}"#, Some(r#"{"a":{"b":"X"}}"#)),
            ("{}", None),
            ("\"\"", None),
            ("null", None),
            ("7", Some("7")),
        ] {
            let read = envelope(&format!(r#"{{"errors":[{{"subCategory":{json}}}]}}"#));
            assert_eq!(read.errors[0].sub_category.as_deref(), word, "{json}");
        }
        assert_eq!(
            read.errors[0].context,
            [
                ("id".to_owned(), vec!["7".to_owned()]),
                ("ids".to_owned(), vec!["1".to_owned(), "2".to_owned()]),
            ]
        );
        assert_eq!(read.errors[1].message.as_deref(), Some("plain"));
    }

    #[test]
    fn only_as_many_errors_are_kept_as_a_call_of_2000_pairs_needs() {
        let list = |item: &str, count: usize| vec![item; count].join(",");
        let errors = envelope(&format!(r#"{{"errors":[{}]}}"#, list("{}", 30_000)));
        assert_eq!(errors.errors.len(), MAX_ERRORS);
        assert_eq!(errors.num_errors, Some(30_000));
        let inner = envelope(&format!(
            r#"{{"numErrors":1,"errors":[{{"errors":[{}]}}]}}"#,
            list("7", 30_000)
        ));
        assert_eq!(inner.errors[0].details.len(), MAX_ERRORS - 1);
        assert_eq!(inner.num_errors, Some(1));
        let ids = envelope(&format!(
            r#"{{"errors":[{{"context":{{"a":[{0}],"b":[{0}],"c":"1"}}}}]}}"#,
            list("1", 30_000)
        ));
        let kept: usize = ids.errors[0]
            .context
            .iter()
            .map(|(_, texts)| texts.len())
            .sum();
        assert_eq!(kept, MAX_CONTEXT_TEXTS);
        let long = envelope(&format!(r#"{{"message":"{}"}}"#, "é".repeat(5000)));
        let chars = long.top.message.map(|message| message.chars().count());
        assert_eq!(chars, Some(MAX_TEXT_CHARS));
    }

    #[test]
    fn nested_errors_are_parsed_at_any_depth_and_not_counted_as_entries() {
        let read = envelope(
            r#"{"numErrors":1,"errors":[{"message":"outer","links":{},"errors":[
                {"message":"CONTACT 7 was deleted","code":"OBJECT_DELETED","in":"fromObjectId",
                 "subCategory":"crm.associations.FROM_OBJECT_NOT_FOUND","context":{"fromObjectId":["7"]},
                 "errors":[{"code":"DEEPER"}]},
                "plain"]}]}"#,
        );
        assert_eq!(read.errors.len(), 1);
        let [_, first, deeper, plain] = read.entries().collect::<Vec<_>>()[..] else {
            panic!("{read:?}");
        };
        assert_eq!(first.code.as_deref(), Some("OBJECT_DELETED"));
        assert_eq!(first.field.as_deref(), Some("fromObjectId"));
        assert_eq!(
            first.sub_category.as_deref(),
            Some("crm.associations.FROM_OBJECT_NOT_FOUND")
        );
        let context = [("fromObjectId".to_owned(), vec!["7".to_owned()])];
        assert_eq!(first.context, context);
        assert_eq!(deeper.code.as_deref(), Some("DEEPER"));
        assert_eq!(plain.message.as_deref(), Some("plain"));
    }

    #[test]
    fn a_list_of_errors_is_empty_only_without_any_value() {
        for (json, errors) in [
            (r#"{"errors":[]}"#, 0),
            (r#"{"errors":{}}"#, 0),
            (r#"{"errors":[null]}"#, 1),
            (r#"{"errors":[{}]}"#, 1),
            (r#"{"errors":"x"}"#, 1),
            (r#"{"errors":{"message":"x"}}"#, 1),
        ] {
            assert_eq!(envelope(json).errors.len(), errors, "{json}");
        }
    }

    #[test]
    fn a_byte_order_mark_and_invalid_utf8_in_a_text_do_not_hide_other_fields() {
        for bytes in [
            &b"\xef\xbb\xbf{\"category\":\"X\"}"[..],
            b"{\"message\":\"\xff\xfe\",\"category\":\"X\"}",
        ] {
            let body = Body::parse(bytes);
            assert_eq!(body.envelope().unwrap().top.category.as_deref(), Some("X"));
        }
    }

    #[test]
    fn a_body_that_is_not_a_json_object_is_kept_as_a_snippet_on_one_line() {
        for (bytes, expected) in [
            (
                &b"<html>\n <b>502</b>\r\n</html>"[..],
                "<html> <b>502</b> </html>",
            ),
            (b"[1,2]", "[1,2]"),
            (b"{\"status\":", "{\"status\":"),
            (b"\x1b[31mred\xff", "[31mred\u{fffd}"),
        ] {
            let snippet = expected.to_owned();
            assert_eq!(Body::parse(bytes), Body::NotJson { snippet });
        }
        assert_eq!(Body::parse(b" \r\n"), Body::Empty);
        let deep = "[".repeat(100_000);
        assert!(
            matches!(Body::parse(deep.as_bytes()), Body::NotJson { snippet } if snippet.chars().count() == SNIPPET_CHARS)
        );
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            drop(Body::parse(&bytes));
        }

        #[test]
        fn arbitrary_json_never_panics(json in "[\\[\\]{}:,\"0-9a-z ]{0,60}|\\{\"(errors|results|context|numErrors)\":[\\[\\]{}:,\"0-9a-z]{0,40}\\}") {
            drop(Body::parse(json.as_bytes()));
        }
    }

    /// A scalar, or a small value of another type that may appear in its place.
    fn value() -> impl Strategy<Value = String> {
        prop_oneof![
            4 => "[0-9]{1,4}".prop_map(|digits| format!("\"{digits}\"")),
            4 => "(0|[1-9][0-9]{0,21})",
            1 => prop_oneof![
                Just("null"), Just("true"), Just("-0"), Just("1.0"), Just("1e2"), Just("01"), Just("\"\""), Just("[]"),
                Just("{}"), Just("\"a\\nb\""), Just("\"\\ud800\""), Just("\"é\""), Just("nul"), Just("\"COMPLETE\""), Just("\"a\tb\""),
            ]
            .prop_map(str::to_owned),
        ]
    }

    fn object(fields: Vec<(&'static str, String)>) -> String {
        let fields: Vec<String> = fields
            .into_iter()
            .map(|(name, value)| format!("\"{name}\":{value}"))
            .collect();
        format!("{{{}}}", fields.join(","))
    }

    fn link_object() -> impl Strategy<Value = String> {
        (value(), value(), value(), value(), 0..30).prop_map(
            |(from, to, category, type_id, odd)| {
                let spec = object(vec![
                    ("associationCategory", category),
                    ("associationTypeId", type_id),
                ]);
                let near = match odd {
                    3 => format!("[{from}]"),
                    _ => object(vec![("id", from)]),
                };
                let mut fields = vec![
                    ("from", near),
                    ("to", object(vec![("id", to)])),
                    ("associationSpec", spec),
                ];
                match odd {
                    0 => fields.push(("label", "null".to_owned())),
                    4 => fields.push(("labels", "[]".to_owned())),
                    5 => fields.push(("fromObjectId", "7".to_owned())),
                    1 => fields.push(("from", "7".to_owned())),
                    2 => drop(fields.pop()),
                    _ => {}
                }
                object(fields)
            },
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn the_fast_path_parses_every_body_like_the_general_one(
            status in value(),
            links in proptest::collection::vec(link_object(), 0..3),
            more in proptest::collection::vec(
                (proptest::sample::select(vec!["startedAt", "completedAt", "requestedAt", "numErrors", "errors", "message", "status"]), value()),
                0..3,
            ),
            cut in proptest::option::weighted(0.1, 0_usize..200),
            mark in proptest::bool::weighted(0.1),
            blank in proptest::sample::select(vec!["", " ", "\n\t", "\u{a0}"]),
            other in proptest::option::weighted(0.3, (0_usize..300, any::<u8>())),
        ) {
            let mut fields = vec![("status", status), ("results", format!("[{}]", links.join(",")))];
            fields.extend(more);
            // No text of these bodies has such a character.
            let spaced = |character: char| match character {
                '{' | '}' | '[' | ']' | ':' | ',' => format!("{blank}{character}{blank}"),
                other => other.to_string(),
            };
            let mut body = object(fields).chars().map(spaced).collect::<String>().into_bytes();
            if let Some((place, byte)) = other
                && let Some(replaced) = body.get_mut(place)
            {
                *replaced = byte;
            }
            if let Some(0..20) = cut {
                // The fields as an array, in their order.
                body = format!("[{}]", String::from_utf8_lossy(&body)).into_bytes();
            } else if let Some(cut) = cut {
                body.truncate(cut);
            }
            if mark {
                body.splice(0..0, BYTE_ORDER_MARK.bytes());
            }
            if let Some(fast) = fast_path::read(&body) {
                prop_assert_eq!(Body::Json(Box::new(fast)), Body::parse_any(&body));
            }
        }
    }

    #[test]
    fn the_most_common_body_takes_the_fast_path() {
        let body = br#"{"status":"COMPLETE","results":[
            {"from":{"id":"1"},"to":{"id":"2"},"associationSpec":{"associationCategory":"HUBSPOT_DEFINED","associationTypeId":15}},
            {"from":{"id":"2"},"to":{"id":"1"},"associationSpec":{"associationCategory":"HUBSPOT_DEFINED","associationTypeId":16}}],
            "startedAt":"2026-05-04T09:15:22.031Z","completedAt":"2026-05-04T09:15:22.118Z"}"#;
        assert!(fast_path::read(body).is_some());
        for other in [
            &b"{}"[..],
            b"",
            br#"{"status":"COMPLETE","results":[],"numErrors":0}"#,
            br#"{"status":"COMPLETE","results":[]} x"#,
            br#"{"status":"COMPLETE","results":[],}"#,
            b"{\"status\":\"COM\tPLETE\",\"results\":[]}",
        ] {
            assert_eq!(fast_path::read(other), None);
        }
        let long = "x".repeat(MAX_TEXT_CHARS + 1);
        let long = format!(r#"{{"status":"{long}","results":[]}}"#);
        assert_eq!(fast_path::read(long.as_bytes()), None);
    }
}
