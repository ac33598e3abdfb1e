//! What the answers to the keys of a row make of it.

use serde_json::json;

use crate::domain::category::Category;
use crate::domain::outcome::{Outcome, OutcomeKind};
use crate::domain::row_keys::MatchKind;
use crate::exit_status::ExitStatus;
use crate::run::tests::lookups::crm::*;

fn matched(outcome: &Outcome) -> [Option<MatchKind>; 2] {
    let keys = outcome.keys.as_ref().unwrap();
    [&keys.from, &keys.to].map(|key| key.as_ref().and_then(|key| key.matched))
}

#[tokio::test(start_paused = true)]
async fn a_row_whose_keys_have_one_record_each_is_linked_with_their_ids() {
    let ended = LookupRun::of([
        by_email(1, "user1@x.de"),
        by_email(2, "User2@X.de"),
        by_email(3, "alias3@x.de"),
        by_email_and_domain(4, "user4@x.de", "https://www.company4.com/about"),
    ])
    .run()
    .await;
    assert_eq!(ended.status(), ExitStatus::Done);
    let pairs = [(1, 1_000_001), (2, 1_000_002), (3, 1_000_003), (4, 4)];
    assert_eq!(ended.pairs(), pairs);
    let all: Vec<_> = ended.outcomes.iter().map(matched).collect();
    let from = |kind| [Some(kind), None];
    assert_eq!(
        all,
        [
            from(MatchKind::Exact),
            from(MatchKind::Folded),
            from(MatchKind::Secondary),
            [Some(MatchKind::Exact), Some(MatchKind::Search)],
        ]
    );
    let keys = ended.outcomes[3].keys.as_ref().unwrap();
    let cell = keys.to.as_ref().map(|key| &*key.cell);
    assert_eq!(cell, Some("https://www.company4.com/about"));
    let counts = ended.ending.counts.lookup;
    assert_eq!((counts.keys(), counts.calls), (5, 2));
    assert_eq!(ended.ending.counts.requests, 2 + 4);
}

#[tokio::test(start_paused = true)]
async fn a_row_whose_key_has_no_record_or_several_is_rejected_and_not_linked() {
    let ended = LookupRun::of([
        by_email(1, "missing1@x.de"),
        by_email_and_domain(2, "user2@x.de", "many2.com"),
        by_email_and_domain(3, "missing3@x.de", "many3.com"),
        by_email(4, "user4@x.de"),
    ])
    .run()
    .await;
    assert_eq!(ended.status(), ExitStatus::SomeRowsNot);
    assert_eq!(ended.pairs(), [(4, 1_000_004)]);
    let [none, several, both, _] = &ended.outcomes[..] else {
        panic!("{:?}", ended.outcomes);
    };
    let details = &none.details;
    assert_eq!(none.kind, OutcomeKind::Rejected);
    assert_eq!(details.categories, [Category::KeyNotFound.as_str()]);
    assert_eq!((details.num_errors, details.http_status), (1, None));
    assert_eq!(
        details.message,
        "no record has the `email` `missing1@x.de` of contacts"
    );
    assert_eq!(
        none.target.values(),
        ["contacts", "", "companies", "1000001"]
    );
    assert_eq!(
        several.details.categories,
        [Category::KeyAmbiguous.as_str()]
    );
    assert_eq!(
        several.details.message,
        "3 records have the `domain` `many2.com` of companies: 2001, 2002, 2003"
    );
    assert_eq!(several.target.values(), ["contacts", "2", "companies", ""]);
    assert_eq!(matched(several), [Some(MatchKind::Exact), None]);
    assert_eq!(both.details.num_errors, 2);
    assert_eq!(
        both.details.categories,
        [
            Category::KeyNotFound.as_str(),
            Category::KeyAmbiguous.as_str()
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn at_most_ten_of_the_records_that_have_a_key_are_listed() {
    let ended = LookupRun::of([by_email(1, "user1@x.de")])
        .answering(|_, _| {
            let record =
                |id: u64| json!({"id": id.to_string(), "properties": {"email": "user1@x.de"}});
            let records: Vec<_> = (1..=14).map(record).collect();
            Some(raw(200, &json!({"results": records})))
        })
        .run()
        .await;
    let message = &ended.outcomes[0].details.message;
    let expected = "at least 10 records have the `email` `user1@x.de` of contacts: 1, 2, 3, 4, 5, 6, 7, 8, 9, 10";
    assert_eq!(message, expected);
}

#[tokio::test(start_paused = true)]
async fn a_key_that_the_api_refuses_rejects_its_row_with_the_apis_words() {
    let ended = LookupRun::of([by_email(1, "user1@x.de"), by_email(2, "user2@x.de")])
        .answering(|asked, _| {
            let is_refused = asked.keys.iter().any(|key| key.starts_with("user2"));
            let body = json!({"status": "error", "category": "VALIDATION_ERROR", "message": "bad value", "correlationId": "c-1"});
            is_refused.then(|| raw(400, &body))
        })
        .run()
        .await;
    assert_eq!(ended.pairs(), [(1, 1_000_001)]);
    let details = &ended.outcomes[1].details;
    assert_eq!(ended.outcomes[1].kind, OutcomeKind::Rejected);
    assert_eq!(details.categories, ["VALIDATION_ERROR"]);
    assert_eq!(details.message, "bad value");
    assert_eq!(details.correlation_id.as_deref(), Some("c-1"));
    assert_eq!(ended.ending.counts.lookup.refused, 1);
}

#[tokio::test(start_paused = true)]
async fn a_lookup_is_retried_and_its_rows_fail_once_the_attempts_are_used_up() {
    for (status, attempts) in [(500, 3), (503, 6), (423, 6), (200, 6)] {
        let ended = LookupRun::of([by_email(1, "user1@x.de"), by_email(2, "user2@x.de")])
            .answering(move |_, _| Some(raw_text(status, "<html>")))
            .run()
            .await;
        assert_eq!(ended.asked.len(), attempts, "{status}");
        assert_eq!(ended.of(OutcomeKind::Failed), 2, "{status}");
        assert_eq!(ended.pairs(), []);
        let details = &ended.outcomes[0].details;
        assert_eq!(details.http_status, Some(status));
        let category = match status {
            200 => Category::UnreadableReply.as_str().to_owned(),
            status => format!("HTTP_{status}"),
        };
        assert_eq!(details.categories, [category]);
        assert_eq!(ended.ending.counts.lookup.failed, 2);
        assert_eq!(ended.ending.counts.lookup.calls, attempts as u64);
    }
}

#[tokio::test(start_paused = true)]
async fn a_404_that_lists_no_record_as_found_is_the_answer_to_all_keys() {
    let rows = (1..=60).map(|row| by_email(row, &format!("missing{row}@x.de")));
    let ended = LookupRun::of(rows)
        .answering(|asked, _| {
            let body = json!({"status": "error", "category": "OBJECT_NOT_FOUND", "message": "m", "context": {"ids": asked.keys}});
            Some(raw(404, &body))
        })
        .run()
        .await;
    assert!(ended.ending.stop.is_none(), "{:?}", ended.ending.stop);
    assert_eq!(ended.with(Category::KeyNotFound), 60);
    assert_eq!(ended.asked.len(), 1);
}
