//! Tests of replies to batches and the pairs that they mention.

use proptest::prelude::*;

use super::*;
use crate::api::response::body::Unreadable;
use crate::domain::pair::{Pair, RecordId};
use crate::verdict::tests::support::{CONTACTS, answer_with_id, pair_of, unread};

/// 1 -> 10, 2 -> 20, 3 -> 1, 4 -> 20.
fn pairs(types: [&str; 2]) -> [Pair; 4] {
    [["1", "10"], ["2", "20"], ["3", "1"], ["4", "20"]].map(|ids| pair_of(types, ids))
}

/// The correlation id of the headers of [`answer`].
pub(super) const HEADER_ID: &str = "8f6e";

pub(super) fn answer(status: u16, body: &str) -> Reply {
    answer_with_id(status, HEADER_ID, body)
}

/// One letter per pair: `c`onfirmed, `n`amed, without a `l`abel or `-`.
pub(super) fn letters(verdict: &BatchVerdict) -> String {
    let BatchVerdict::PerPair { results, .. } = verdict else {
        return format!("{verdict:?}");
    };
    results
        .iter()
        .map(|results| match results {
            PairResult::Confirmed(_) => 'c',
            PairResult::Named(_) => 'n',
            PairResult::WithoutLabel => 'l',
            PairResult::NotMentioned => '-',
        })
        .collect()
}

#[test]
fn a_pair_is_confirmed_by_a_result_in_either_direction_of_a_complete_reply() {
    let link = |from: &str, to: &str| format!(r#"{{"from":{{"id":{from}}},"to":{{"id":{to}}}}}"#);
    let all = [link("\"0010\"", "1"), link("2", "20"), link("3", "\"1\"")].join(",");
    for (status, rest, expected) in [
        (r#""COMPLETE""#, "", "ccc-"),
        (
            r#""COMPLETE""#,
            r#","numErrors":1,"errors":[{"message":"x"}]"#,
            "ccc-",
        ),
        // An error about a confirmed pair must be about another pair.
        (
            r#""COMPLETE""#,
            r#","errors":[{"context":{"ids":["20"]}}]"#,
            "cccn",
        ),
        (
            r#""COMPLETE""#,
            r#","errors":[{"context":{"ids":["20","2"]}}]"#,
            "ccc-",
        ),
        (r#""CANCELED""#, "", "----"),
        ("null", "", "----"),
        (
            r#""COMPLETED""#,
            r#","errors":[{"context":{"fromObjectId":"1"}}]"#,
            "n---",
        ),
    ] {
        let body = format!(r#"{{"status":{status},"results":[{all}]{rest}}}"#);
        for code in [200, 201, 207] {
            let verdict = attribute(&answer(code, &body), &pairs(CONTACTS));
            assert_eq!(letters(&verdict), expected, "{body}");
            assert_eq!(verdict.class(), Class::Associated);
        }
    }
}

#[test]
fn an_error_is_about_the_pairs_that_hold_its_ids_on_its_side() {
    let found = |sub: &str| format!(r#""subCategory":"crm.associations.{sub}_OBJECT_NOT_FOUND","#);
    let (from, to) = (found("FROM"), found("TO"));
    for (types, error, expected) in [
        // The error states the side.
        (CONTACTS, format!(r#"{{{from}"context":{{"id":["1"]}}}}"#), "n---"),
        (CONTACTS, format!(r#"{{{to}"context":{{"id":["1"]}}}}"#), "--n-"),
        (CONTACTS, format!(r#"{{{to}"context":{{"ids":["020",10]}}}}"#), "nn-n"),
        (CONTACTS, r#"{"context":{"fromObjectId":["1","4"]}}"#.to_owned(), "n--n"),
        (CONTACTS, r#"{"context":{"toObjectId":"1"}}"#.to_owned(), "--n-"),
        (CONTACTS, r#"{"category":"TO_OBJECT_NOT_FOUND","context":{"id":"1"}}"#.to_owned(), "--n-"),
        // The error names a pair, not two records.
        (CONTACTS, r#"{"context":{"fromObjectId":["2"],"toObjectId":["20"]}}"#.to_owned(), "-n--"),
        // The type determines the side.
        (CONTACTS, r#"{"context":{"objectType":["contact"],"id":["1"]}}"#.to_owned(), "n---"),
        (CONTACTS, r#"{"context":{"objectType":["COMPANY"],"objectId":["1"]}}"#.to_owned(), "--n-"),
        (["0-1", "0-2"], r#"{"context":{"objectType":["COMPANY"],"id":["1"]}}"#.to_owned(), "--n-"),
        (CONTACTS, r#"{"context":{"INVALID_OBJECT_IDS":["CONTACT=1 is not valid","COMPANY=20 is not valid"]}}"#.to_owned(), "nn-n"),
        (CONTACTS, r#"{"context":{"INVALID_OBJECT_IDS":["COMPANY=1 is not valid"],"objectId":["1"],"objectType":["COMPANY"]}}"#.to_owned(), "--n-"),
        // The side cannot be determined: nothing is guessed, unless the id occurs on one side only.
        (CONTACTS, r#"{"context":{"id":["1"]}}"#.to_owned(), "----"),
        (CONTACTS, r#"{"category":"OBJECT_NOT_FOUND","context":{"id":["20"]}}"#.to_owned(), "-n-n"),
        // A record that occurs in other pairs as well is at fault only where the error says so.
        (CONTACTS, r#"{"context":{"id":["20"]}}"#.to_owned(), "----"),
        (CONTACTS, r#"{"context":{"toObjectId":["20"]}}"#.to_owned(), "----"),
        (CONTACTS, r#"{"context":{"toObjectId":["20"]},"code":"OBJECT_DELETED"}"#.to_owned(), "-n-n"),
        (CONTACTS, r#"{"category":"VALIDATION_ERROR","context":{"ids":["4","20"]}}"#.to_owned(), "---n"),
        (CONTACTS, r#"{"category":"OBJECT_NOT_FOUND","context":{"ids":["4","20"]}}"#.to_owned(), "---n"),
        (CONTACTS, r#"{"category":"OBJECT_NOT_FOUND","context":{"ids":["3","20"]}}"#.to_owned(), "-nnn"),
        (CONTACTS, r#"{"context":{"ids":["3","20"]}}"#.to_owned(), "----"),
        (CONTACTS, r#"{"context":{"ids":["4","77"]}}"#.to_owned(), "----"),
        (CONTACTS, r#"{"context":{"fromObjectId":["4"],"toObjectId":["77"]}}"#.to_owned(), "----"),
        (CONTACTS, format!(r#"{{{to}"context":{{"fromObjectId":["4"],"toObjectId":["20"]}}}}"#), "-n-n"),
        (["p_a", "p_b"], r#"{"context":{"INVALID_OBJECT_IDS":["VENDOR=1 is not valid"]}}"#.to_owned(), "----"),
        // The same type on both sides: a missing record is missing on both.
        (["contacts", "0-1"], r#"{"category":"OBJECT_NOT_FOUND","context":{"id":["1"]}}"#.to_owned(), "n-n-"),
        (["contacts", "0-1"], r#"{"context":{"id":["1"]}}"#.to_owned(), "----"),
        (["contacts", "0-1"], r#"{"context":{"id":["4"]}}"#.to_owned(), "---n"),
        (["contacts", "0-1"], r#"{"context":{"ids":["20","4"]}}"#.to_owned(), "---n"),
        // The inner errors name the record, or state its side.
        (CONTACTS, format!(r#"{{"message":"generic","context":{{}},"errors":[{{{to}"context":{{"toObjectId":["20"]}}}}]}}"#), "-n-n"),
        (CONTACTS, format!(r#"{{"context":{{}},"errors":[{{{from}"context":{{"id":"1"}}}},{{{to}"context":{{"id":"1"}}}}]}}"#), "n-n-"),
        (CONTACTS, format!(r#"{{"context":{{"id":["1"]}},"errors":[{{{to}"message":"it was deleted"}}]}}"#), "--n-"),
        (CONTACTS, r#"{"context":{"id":["1"]},"errors":[{"in":"fromObjectId"}]}"#.to_owned(), "n---"),
        (CONTACTS, r#"{"errors":[{"in":"inputs[2].to.id","context":{"id":["1"]}}]}"#.to_owned(), "--n-"),
        (CONTACTS, r#"{"errors":[{"code":"LIMIT","context":{"ids":["4","20"]}}]}"#.to_owned(), "---n"),
        // Nothing usable.
        (CONTACTS, r#"{"context":{"id":["77","x","-1","1.0",null]}}"#.to_owned(), "----"),
        (CONTACTS, r#"{"context":{"INVALID_OBJECT_IDS":["CONTACT 1","=","CONTACT="]}}"#.to_owned(), "----"),
        (CONTACTS, r#"{"context":{"limit":["1"]},"message":"1 -> 10"}"#.to_owned(), "----"),
    ] {
        let inside = format!(r#"{{"status":"COMPLETE","results":[],"errors":[{error}]}}"#);
        let accepted = attribute(&answer(207, &inside), &pairs(types));
        assert_eq!(letters(&accepted), expected, "207 {error}");
        let refused = attribute(&answer(400, &error), &pairs(types));
        assert_eq!(letters(&refused), expected, "400 {error}");
        assert_eq!(refused.class(), Class::Refused);
    }
}

#[test]
fn a_named_pair_gets_only_its_own_errors() {
    let body = r#"{"category":"VALIDATION_ERROR","message":"One or more associations are invalid",
        "correlationId":"aa11","context":{"INVALID_OBJECT_IDS":["CONTACT=1 is not valid","CONTACT=4 is not valid"],
        "objectId":["1","4"],"objectType":["CONTACT","CONTACT"]}}"#;
    let BatchVerdict::PerPair { results, refused } =
        attribute(&answer(400, body), &pairs(CONTACTS))
    else {
        panic!("{body}");
    };
    let PairResult::Named(details) = &results[3] else {
        panic!("{results:?}");
    };
    assert!(refused);
    let mut message = details.message.clone();
    for part in [
        "INVALID_OBJECT_IDS: CONTACT=4 is not valid",
        "objectId: 4",
        "objectType: CONTACT",
    ] {
        assert!(message.contains(part), "{message}");
        message = message.replace(part, "");
    }
    assert_eq!(message, "One or more associations are invalid (; ; )");
    assert_eq!(details.categories, ["VALIDATION_ERROR"]);
    assert_eq!((details.http_status, details.num_errors), (Some(400), 1));
    assert_eq!(details.correlation_id.as_deref(), Some("aa11"));
    // An error without a category gets the category of the reply, or its status.
    for (top, category) in [(r#""category":"X","#, "X"), ("", "HTTP_400")] {
        let body =
            format!(r#"{{{top}"errors":[{{"message":"m","context":{{"fromObjectId":"1"}}}}]}}"#);
        let verdict = attribute(&answer(400, &body), &pairs(CONTACTS));
        let BatchVerdict::PerPair { results, .. } = verdict else {
            panic!("{verdict:?}");
        };
        let PairResult::Named(details) = &results[0] else {
            panic!("{results:?}");
        };
        assert_eq!(details.categories, [category]);
        assert_eq!(details.correlation_id.as_deref(), Some(HEADER_ID));
    }
}

#[test]
fn a_pair_that_only_an_inner_error_names_keeps_all_that_the_error_says() {
    let inner = |id: &str| {
        format!(
            r#"{{"message":"CONTACT {id} was deleted","code":"OBJECT_DELETED","in":"fromObjectId",
               "subCategory":"crm.associations.FROM_OBJECT_NOT_FOUND","context":{{"fromObjectId":["{id}"]}}}}"#
        )
    };
    let body = format!(
        r#"{{"status":"COMPLETE","results":[],"numErrors":1,"errors":[{{"status":"error","category":"VALIDATION_ERROR",
            "message":"One or more associations are invalid","context":{{}},"links":{{}},"errors":[{},{}]}}]}}"#,
        inner("1"),
        inner("4")
    );
    let verdict = attribute(&answer(207, &body), &pairs(CONTACTS));
    assert_eq!(letters(&verdict), "n--n");
    let BatchVerdict::PerPair { results, .. } = verdict else {
        panic!("{verdict:?}");
    };
    let PairResult::Named(details) = &results[3] else {
        panic!("{results:?}");
    };
    assert_eq!(details.categories, ["VALIDATION_ERROR"]);
    assert_eq!(
        details.subcategories,
        ["crm.associations.FROM_OBJECT_NOT_FOUND", "OBJECT_DELETED"]
    );
    assert_eq!(
        details.message,
        "One or more associations are invalid; CONTACT 4 was deleted (fromObjectId: 4)"
    );
    assert_eq!(details.num_errors, 1);
}

#[test]
fn a_reply_that_names_no_pair_is_classified_as_a_whole() {
    let pending = r#"{"status":"PENDING","results":[]}"#;
    for (reply, class) in [
        (Reply::TimedOut, Class::Transient),
        (Reply::Untrusted { why: String::new() }, Class::Untrusted),
        (answer(200, pending), Class::Transient),
        (answer(200, "<html>"), Class::Transient),
        (unread(200, Unreadable::Cut), Class::Transient),
        (unread(200, Unreadable::TooLong), Class::Transient),
        (unread(400, Unreadable::Cut), Class::Transient),
        (answer(401, "{}"), Class::Unauthorized),
        (answer(403, "{}"), Class::Forbidden),
        (
            answer(403, r#"{"category":"MISSING_SCOPES"}"#),
            Class::MissingScopes,
        ),
        (answer(409, "{}"), Class::Conflict),
        (answer(423, ""), Class::Locked),
        (answer(429, "{}"), Class::Throttled),
        (answer(429, r#"{"policyName":"DAILY"}"#), Class::DailyLimit),
        (
            answer(500, r#"{"context":{"fromObjectId":"1"}}"#),
            Class::BrieflyTransient,
        ),
        (answer(502, "<html>"), Class::Transient),
    ] {
        let verdict = attribute(&reply, &pairs(CONTACTS));
        assert_eq!(verdict, BatchVerdict::WholeBatch(class), "{reply:?}");
        assert_eq!(verdict.class(), class);
    }
    for (reply, refused) in [
        (answer(200, ""), false),
        (answer(204, ""), false),
        (answer(400, ""), true),
        (answer(400, "<html>"), true),
        (answer(400, r#"{"message":"Invalid input"}"#), true),
    ] {
        let results = vec![PairResult::NotMentioned; 4];
        let expected = BatchVerdict::PerPair { results, refused };
        assert_eq!(attribute(&reply, &pairs(CONTACTS)), expected, "{reply:?}");
    }
}

#[test]
fn refusals_of_the_path_and_of_the_count_belong_to_no_pair() {
    for (status, message, expected) in [
        (404, "resource not found", BatchVerdict::PathRefused),
        (
            400,
            "Unable to infer object type from: widgets",
            BatchVerdict::PathRefused,
        ),
        (
            400,
            "Invalid object or event type id: 0-9999",
            BatchVerdict::PathRefused,
        ),
        (413, "", BatchVerdict::TooMany { max: 2 }),
        (
            400,
            "inputs must number 1 to 3, but there are 4",
            BatchVerdict::TooMany { max: 3 },
        ),
    ] {
        let body = serde_json::json!({ "message": message }).to_string();
        let verdict = attribute(&answer(status, &body), &pairs(CONTACTS));
        assert_eq!(verdict, expected, "{status} {message}");
    }
    // An id that is named takes precedence over a mention of a limit.
    let body = r#"{"message":"too many pairs in the batch","context":{"fromObjectId":"1"}}"#;
    let verdict = attribute(&answer(400, body), &pairs(CONTACTS));
    assert_eq!(letters(&verdict), "n---");
}

proptest! {
    #[test]
    fn no_pair_is_judged_by_what_is_not_about_it(
        status in proptest::sample::select(vec![200_u16, 207, 400]),
        links in proptest::collection::vec((1..8_u8, 1..8_u8), 0..6),
        ids in proptest::collection::vec((0..9_usize, 1..8_u8), 0..4),
        same in any::<bool>(),
    ) {
        let keys = [
            "id", "ids", "objectId", "fromObjectId", "toObjectId", "CONTACT", "COMPANY", "VENDOR", "other",
        ];
        let results: Vec<_> = links
            .iter()
            .map(|(from, to)| serde_json::json!({"from": {"id": from}, "to": {"id": to}}))
            .collect();
        let errors: Vec<_> = ids
            .iter()
            .map(|(key, id)| match keys[*key] {
                name @ ("CONTACT" | "COMPANY" | "VENDOR") => serde_json::json!(
                    {"context": {"INVALID_OBJECT_IDS": [format!("{name}={id} is not valid")]}}),
                key => serde_json::json!({"context": {key: [id]}}),
            })
            .collect();
        let body = serde_json::json!({"status": "COMPLETE", "results": results, "errors": errors});
        let types = if same { ["contacts", "contacts"] } else { CONTACTS };
        let mut requested = Vec::new();
        for from in 1..8_u8 {
            for to in from..8_u8 {
                requested.push(pair_of(types, [&from.to_string(), &to.to_string()]));
            }
        }
        let verdict = attribute(&answer(status, &body.to_string()), &requested);
        let BatchVerdict::PerPair { results, refused } = verdict else {
            return Err(TestCaseError::fail(format!("{verdict:?}")));
        };
        prop_assert_eq!(refused, status == 400);
        prop_assert_eq!(results.len(), requested.len());
        for (pair, results) in requested.iter().zip(results) {
            let number = |id: &RecordId| u8::try_from(id.number()).unwrap();
            let (from, to) = (number(&pair.from.id), number(&pair.to.id));
            let is_linked = links.contains(&(from, to)) || links.contains(&(to, from));
            prop_assert_eq!(matches!(results, PairResult::Confirmed(_)), is_linked && !refused);
            if matches!(results, PairResult::Named(_)) {
                let is_about = ids.iter().any(|(key, id)| match keys[*key] {
                    "fromObjectId" => *id == from,
                    "toObjectId" => *id == to,
                    "CONTACT" if !same => *id == from,
                    "COMPANY" if !same => *id == to,
                    "other" => false,
                    _ => *id == from || *id == to,
                });
                prop_assert!(is_about, "{} by {}", pair, body);
            }
        }
    }

    #[test]
    fn arbitrary_bodies_never_panic(status in 100_u16..600, body in "\\{\"(errors|context|results)\":[\\[\\]{}:,\"0-9a-zA-Z=]{0,60}\\}") {
        drop(attribute(&answer(status, &body), &pairs(CONTACTS)));
    }
}

#[test]
fn each_pair_of_a_record_that_thousands_of_errors_name_gets_the_first_ten_of_them() {
    let pairs: Vec<Pair> = (1..=50)
        .map(|to| pair_of(CONTACTS, ["1", (1000 + to).to_string().as_str()]))
        .collect();
    let errors: Vec<String> = (0..3000)
        .map(|index| format!(r#"{{"category":"OBJECT_NOT_FOUND","message":"no {index}","context":{{"id":["1"]}}}}"#))
        .collect();
    let body = format!(r#"{{"status":"COMPLETE","errors":[{}]}}"#, errors.join(","));
    let BatchVerdict::PerPair { results, .. } = attribute(&answer(207, &body), &pairs) else {
        panic!("{body}");
    };
    let first: Vec<String> = (0..10).map(|index| format!("no {index} (id: 1)")).collect();
    for results in results {
        let PairResult::Named(details) = results else {
            panic!("{results:?}");
        };
        assert_eq!(details.message, first.join("; "));
        assert_eq!((details.num_errors, details.categories.len()), (10, 1));
    }
}
