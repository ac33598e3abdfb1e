//! Which replies confirm the labels of a row, and what the report says about the others.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::domain::fixtures::{LabelledPair, pair as pair_of};
use crate::verdict::batch::attribute::{BatchVerdict, PairResult, attribute};
use crate::verdict::classify::{Class, classify};
use crate::verdict::describe::describe;
use crate::verdict::tests::support::{FORWARD, answer, body, pair};

const A: &str = "USER_DEFINED:1:A";
const BOTH: &str = "USER_DEFINED:1:A;USER_DEFINED:3:B";
/// Two labels with the same name.
const RESELLERS: &str = "INTEGRATOR_DEFINED:9:Reseller;USER_DEFINED:9:Reseller";
/// Another label with the name of `A`.
const OTHER_A: &str = "INTEGRATOR_DEFINED:7:A";

fn row(asked: &str, kept: &str) -> LabelledPair {
    LabelledPair::new(pair(), asked, kept)
}

/// The result for a pair with these labels.
fn result(ids: [&str; 2], labels: &Value) -> Value {
    json!({"fromObjectTypeId": "0-1", "fromObjectId": ids[0], "toObjectTypeId": "0-2", "toObjectId": ids[1],
        "labels": labels})
}

const IDS: [&str; 2] = ["41001", "52002"];
const INVERSE: [&str; 2] = ["52002", "41001"];

/// asked, kept, labels of the result → whether they are confirmed
fn replies() -> Vec<(&'static str, &'static str, Value, bool)> {
    vec![
        (A, "", json!(["A"]), true),
        (A, "", json!(["Primary", "A", "C"]), true),
        (BOTH, "", json!(["B", "A"]), true),
        (BOTH, "", json!(["A"]), false),
        (A, "", json!([]), false),
        (A, "", Value::Null, false),
        (A, "", json!("A"), false),
        // Names are compared as HubSpot lists them.
        (A, "", json!(["a"]), false),
        (A, "", json!(["A "]), false),
        // A kept label need not be confirmed, unless its name is that of a label asked for.
        (A, "USER_DEFINED:3:B", json!(["A"]), true),
        (A, OTHER_A, json!(["A"]), false),
        (A, OTHER_A, json!(["A", "A"]), true),
        (RESELLERS, "", json!(["Reseller"]), false),
        (RESELLERS, "", json!(["Reseller", "Reseller"]), true),
    ]
}

#[test]
fn a_labelled_row_is_associated_only_if_all_its_labels_are_listed() {
    for (asked, kept, labels, is_confirmed) in replies() {
        let class = if is_confirmed {
            Class::Associated
        } else {
            Class::Unconfirmed
        };
        let row = row(asked, kept);
        let alone = result(IDS, &labels).to_string();
        let among_others = [
            result(["1", "2"], &json!(["A", "B", "Reseller"])),
            result(IDS, &labels),
        ];
        let listed = json!({"status": "COMPLETE", "results": among_others}).to_string();
        for status in [200, 201, 207] {
            for body in [&alone, &listed] {
                assert_eq!(classify(&answer(status, body), &row), class, "{body}");
            }
        }
        let BatchVerdict::PerPair { results, .. } = attribute(&answer(201, &listed), &[row]) else {
            panic!("{listed}");
        };
        let was_confirmed = matches!(results[0], PairResult::Confirmed(_));
        assert_eq!(was_confirmed, is_confirmed, "{listed}");
        assert_eq!(results[0] == PairResult::WithoutLabel, !is_confirmed);
    }
}

#[test]
fn a_result_in_the_other_direction_confirms_equal_names_unless_both_types_are_the_same() {
    let one_type = LabelledPair::new(pair_of("contacts 41001", "0-1 52002"), A, "");
    for (row, results, class) in [
        (row(A, ""), vec![(INVERSE, json!(["A"]))], Class::Associated),
        (
            row(A, ""),
            vec![(INVERSE, json!(["Inverse of A"]))],
            Class::Unconfirmed,
        ),
        // The requested direction decides where it lists labels.
        (
            row(A, ""),
            vec![(INVERSE, json!(["A"])), (IDS, json!([]))],
            Class::Unconfirmed,
        ),
        (
            row(A, ""),
            vec![(INVERSE, json!([])), (IDS, json!(["A"]))],
            Class::Associated,
        ),
        (
            row(A, ""),
            vec![(INVERSE, json!(["A"])), (IDS, Value::Null)],
            Class::Associated,
        ),
        // One result for each label.
        (
            row(BOTH, ""),
            vec![(IDS, json!(["A"])), (IDS, json!(["B"]))],
            Class::Associated,
        ),
        (
            row(RESELLERS, ""),
            vec![(IDS, json!(["Reseller"])), (IDS, json!(["Reseller"]))],
            Class::Unconfirmed,
        ),
        (
            one_type.clone(),
            vec![(INVERSE, json!(["A"]))],
            Class::Unconfirmed,
        ),
        (one_type, vec![(IDS, json!(["A"]))], Class::Associated),
    ] {
        let results: Vec<Value> = results
            .iter()
            .map(|(ids, labels)| result(*ids, labels))
            .collect();
        let body = json!({"status": "COMPLETE", "results": results}).to_string();
        assert_eq!(classify(&answer(201, &body), &row), class, "{body}");
        let verdict = attribute(&answer(201, &body), &[row]);
        let BatchVerdict::PerPair { results, .. } = verdict else {
            panic!("{body}");
        };
        let is_confirmed = matches!(results[0], PairResult::Confirmed(_));
        assert_eq!(is_confirmed, class == Class::Associated, "{body}");
    }
}

#[test]
fn a_status_or_an_error_beside_the_labels_has_its_usual_meaning() {
    let with = |more: Value| {
        let mut body = result(IDS, &json!(["A"]));
        let more = more.as_object().unwrap().clone();
        body.as_object_mut().unwrap().extend(more);
        body.to_string()
    };
    let listed = |status: &str| {
        let results = [result(IDS, &json!(["A"]))];
        format!(r#"{{"status":{status},"results":{}}}"#, json!(results))
    };
    for (body, class) in [
        (with(json!({"status": "COMPLETE"})), Class::Associated),
        (with(json!({"status": "PENDING"})), Class::Transient),
        (with(json!({"status": "CANCELED"})), Class::Unconfirmed),
        (with(json!({"status": "error"})), Class::Refused),
        (with(json!({"numErrors": 1})), Class::Refused),
        (with(json!({"errors": [{"message": "x"}]})), Class::Refused),
        (
            with(json!({"category": "VALIDATION_ERROR"})),
            Class::Refused,
        ),
        (with(json!({"results": []})), Class::Unconfirmed),
        (listed("\"COMPLETE\""), Class::Associated),
        (listed("null"), Class::Unconfirmed),
        // The reply to the default request says nothing about labels.
        (body(&[FORWARD], ""), Class::Unconfirmed),
        (body(&[], ""), Class::Unconfirmed),
        (
            result(["41001", "7"], &json!(["A"])).to_string(),
            Class::Unconfirmed,
        ),
        ("[]".to_owned(), Class::Transient),
        (String::new(), Class::Unconfirmed),
    ] {
        assert_eq!(classify(&answer(201, &body), &row(A, "")), class, "{body}");
    }
    // Only the reply to a labelled request may lack a status.
    let alone = result(IDS, &json!(["A"])).to_string();
    assert_eq!(classify(&answer(201, &alone), &pair()), Class::Unconfirmed);
}

#[test]
fn the_report_names_the_labels_that_are_missing() {
    let missing = "HubSpot linked the pair, but does not confirm the label";
    for (asked, labels, category, message) in [
        (
            A,
            json!([]),
            "CLIENT_LABEL_NOT_CONFIRMED",
            format!("{missing} \"A\""),
        ),
        (
            BOTH,
            json!(["B"]),
            "CLIENT_LABEL_NOT_CONFIRMED",
            format!("{missing} \"A\""),
        ),
        (
            BOTH,
            json!(["C"]),
            "CLIENT_LABEL_NOT_CONFIRMED",
            format!("{missing}s \"A\", \"B\""),
        ),
        (
            RESELLERS,
            json!(["Reseller"]),
            "CLIENT_LABEL_NOT_CONFIRMED",
            format!("{missing} \"Reseller\""),
        ),
    ] {
        let body = result(IDS, &labels).to_string();
        let details = describe(&answer(201, &body), &row(asked, ""));
        assert_eq!(details.categories, [category]);
        assert_eq!(details.message, message);
        assert_eq!((details.http_status, details.num_errors), (Some(201), 1));
    }
    let confirmed = result(IDS, &json!(["A"])).to_string();
    let details = describe(&answer(201, &confirmed), &row(A, ""));
    assert!(details.message.is_empty() && details.association_type_ids.is_empty());
    assert_eq!((details.http_status, details.num_errors), (Some(201), 0));
}

#[test]
fn the_report_names_a_type_that_is_refused() {
    let body = r#"{"status":"error","message":"One or more associations are invalid","category":"VALIDATION_ERROR",
        "context":{"associationSpec":["USER_DEFINED=1"],
        "INVALID_ASSOCIATION_TYPE_ID":["USER_DEFINED=1 is not a valid association definition id"]}}"#;
    let reply = answer(400, body);
    assert_eq!(classify(&reply, &row(A, "")), Class::Refused);
    let message = describe(&reply, &row(A, "")).message;
    for part in [
        "One or more associations are invalid",
        "USER_DEFINED=1 is not a valid association definition id",
    ] {
        assert!(message.contains(part), "{message}");
    }
}

fn any_labels() -> impl Strategy<Value = Value> {
    let names = proptest::sample::select(vec!["A", "B", "a", "Reseller", "", "C"]);
    prop_oneof![
        6 => proptest::collection::vec(names, 0..5).prop_map(|names| json!(names)),
        1 => Just(Value::Null),
        1 => Just(json!({"A": 1})),
    ]
}

proptest! {
    #[test]
    fn no_row_is_confirmed_while_one_of_its_labels_is_missing(
        status in proptest::sample::select(vec![200_u16, 201, 207]),
        results in proptest::collection::vec((0..3_usize, any_labels()), 0..4),
        asked in proptest::sample::select(vec![A, BOTH, RESELLERS, "USER_DEFINED:3:B"]),
        kept in proptest::sample::select(vec!["", "USER_DEFINED:5:C", OTHER_A]),
        is_alone: bool,
    ) {
        let row = row(asked, kept);
        let listed: Vec<Value> = results
            .iter()
            .map(|(ids, labels)| result([IDS, INVERSE, ["41001", "7"]][*ids], labels))
            .collect();
        let body = match listed.first() {
            Some(result) if is_alone => result.to_string(),
            _ => json!({"status": "COMPLETE", "results": listed}).to_string(),
        };
        let results = if is_alone { &results[..results.len().min(1)] } else { &results[..] };
        let reply = answer(status, &body);
        let is_associated = classify(&reply, &row) == Class::Associated;
        let labels = row.1.as_ref().unwrap();
        let count = |name: &str, labels: &Value| {
            let labels = labels.as_array().into_iter().flatten();
            labels.filter(|label| *label == name).count()
        };
        for name in labels.asked.iter().filter_map(|label| label.label.as_deref()) {
            let needed = labels.sent.iter().filter(|label| label.label.as_deref() == Some(name)).count();
            let best = results.iter().filter(|(ids, _)| *ids < 2).map(|(_, labels)| count(name, labels)).max();
            prop_assert!(!is_associated || best.unwrap_or(0) >= needed, "{}", body);
        }
        // A batch and a request of its own agree, except that only the latter may lack a status.
        let BatchVerdict::PerPair { results, .. } = attribute(&reply, &[row]) else {
            return Err(TestCaseError::fail(body));
        };
        let is_batch = body.contains("COMPLETE");
        prop_assert_eq!(matches!(results[0], PairResult::Confirmed(_)), is_associated && is_batch, "{}", body);
    }
}
