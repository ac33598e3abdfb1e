//! What lookups stop a run for, and how a stop ends lookups.

use std::time::Duration;

use serde_json::json;

use crate::api::lookup_call::Route;
use crate::api::response::headers::Reply;
use crate::domain::category::Category;
use crate::domain::outcome::OutcomeKind;
use crate::exit_status::ExitStatus;
use crate::run::guards::failure_limit::FailureLimit;
use crate::run::stop_reason::{PropertyRefusal, Signal, StopReason, StopRequest, UniformFailure};
use crate::run::tests::lookups::crm::*;
use crate::verdict::retry::FatalCause;

fn emails(rows: u64) -> LookupRun {
    LookupRun::of((1..=rows).map(|row| by_email(row, &format!("user{row}@x.de"))))
}

fn not_unique() -> Reply {
    let message = "Property email is not a unique property";
    raw(
        400,
        &json!({"status": "error", "category": "VALIDATION_ERROR", "message": message}),
    )
}

#[tokio::test(start_paused = true)]
async fn a_missing_scope_stops_the_run_and_is_named() {
    let ended = emails(300)
        .answering(|_, _| {
            let body = json!({"status": "error", "category": "MISSING_SCOPES", "message": "m",
                "context": {"requiredScopes": ["crm.objects.contacts.read"]}});
            Some(raw(403, &body))
        })
        .run()
        .await;
    assert_eq!(ended.status(), ExitStatus::Credentials);
    let Some(StopReason::Fatal { cause, scopes, .. }) = &ended.ending.stop else {
        panic!("{:?}", ended.ending.stop);
    };
    assert_eq!(*cause, FatalCause::MissingScopes);
    assert_eq!(scopes, &["crm.objects.contacts.read"]);
    assert_eq!((ended.outcomes.len(), ended.pairs().len()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_token_that_is_refused_stops_the_run() {
    let ended = emails(3)
        .answering(|_, _| Some(raw(401, &json!({"category": "INVALID_AUTHENTICATION"}))))
        .run()
        .await;
    assert_eq!(ended.status(), ExitStatus::Credentials);
    assert_eq!((ended.outcomes.len(), ended.asked.len()), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn a_single_401_among_good_replies_does_not_stop_the_run() {
    let ended = emails(900)
        .answering(|_, number| {
            (number == 8).then(|| raw(401, &json!({"category": "INVALID_AUTHENTICATION"})))
        })
        .run()
        .await;
    assert_eq!(ended.status(), ExitStatus::Done);
    assert_eq!(ended.asked.len(), 10);
}

#[tokio::test(start_paused = true)]
async fn a_refused_property_stops_the_run_before_anything_is_linked() {
    let unknown = || {
        let message = "Property \"email\" does not exist";
        raw(400, &json!({"status": "error", "message": message}))
    };
    let cases: [(fn() -> Reply, PropertyRefusal); 2] = [
        (not_unique, PropertyRefusal::NotUnique),
        (unknown, PropertyRefusal::Unknown),
    ];
    for (reply, expected) in cases {
        let mut run = emails(300).answering(move |_, _| Some(reply()));
        run.lookup.allow_search = false;
        let ended = run.run().await;
        assert_eq!(ended.status(), ExitStatus::Usage);
        let Some(StopReason::PropertyRefused {
            property,
            object_type,
            refusal,
            ..
        }) = &ended.ending.stop
        else {
            panic!("{:?}", ended.ending.stop);
        };
        let named = (property.as_str(), object_type.as_str(), *refusal);
        assert_eq!(named, ("email", "contacts", expected));
        assert_eq!((ended.outcomes.len(), ended.pairs().len()), (0, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn a_property_that_is_known_not_to_be_unique_is_refused_before_any_request() {
    let mut run = LookupRun::of([by_email_and_domain(1, "user1@x.de", "company1.com")]);
    run.lookup.allow_search = false;
    let ended = run.run().await;
    assert_eq!(ended.status(), ExitStatus::Usage);
    assert!(matches!(
        ended.ending.stop,
        Some(StopReason::PropertyRefused {
            refusal: PropertyRefusal::NotUnique,
            ..
        })
    ));
    assert_eq!(ended.asked.len(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_property_that_is_refused_as_not_unique_is_searched_if_that_is_allowed() {
    let ended = emails(450)
        .answering(|asked, _| (asked.route == Route::BatchRead).then(not_unique))
        .run()
        .await;
    assert_eq!(ended.status(), ExitStatus::Done);
    assert_eq!(ended.of(OutcomeKind::Associated), 450);
    let of = |route| ended.asked.iter().filter(move |asked| asked.route == route);
    let mut searched: Vec<_> = of(Route::Search).flat_map(|asked| &asked.keys).collect();
    searched.sort_unstable();
    searched.dedup();
    assert_eq!(searched.len(), 450);
    assert_eq!(
        of(Route::Search)
            .map(|asked| asked.keys.len())
            .sum::<usize>(),
        450
    );
    assert!(of(Route::BatchRead).count() <= 8);
}

#[tokio::test(start_paused = true)]
async fn a_property_of_another_type_that_is_refused_later_rejects_its_rows_only() {
    let rows = (1..=200).map(|row| match row {
        ..=100 => by_email(row, &format!("user{row}@x.de")),
        _ => keyed(row, key("2-7", &format!("other{row}")), id(row + 1_000_000)),
    });
    let mut run = LookupRun::of(rows).answering(|asked, _| {
        let is_early = asked.at < Duration::from_millis(300);
        let is_other = asked.keys[0].starts_with("other");
        is_other.then(|| {
            if is_early {
                raw_text(503, "")
            } else {
                not_unique()
            }
        })
    });
    run.lookup.allow_search = false;
    let ended = run.run().await;
    assert!(ended.ending.stop.is_none(), "{:?}", ended.ending.stop);
    assert_eq!(ended.of(OutcomeKind::Associated), 100);
    assert_eq!(ended.of(OutcomeKind::Rejected), 100);
    let details = &ended.outcomes[150].details;
    assert_eq!(details.message, "Property email is not a unique property");
}

#[tokio::test(start_paused = true)]
async fn a_path_that_does_not_exist_stops_the_run_like_one_of_the_requests_that_link() {
    let ended = emails(100)
        .answering(|_, _| Some(raw_text(404, "<html>not found</html>")))
        .run()
        .await;
    assert_eq!(ended.status(), ExitStatus::Usage);
    assert!(matches!(
        ended.ending.stop,
        Some(StopReason::UniformFailures {
            what: UniformFailure::NotFound,
            ..
        })
    ));
}

#[tokio::test(start_paused = true)]
async fn a_run_stops_when_none_of_a_thousand_keys_has_a_record() {
    let missing =
        |rows| LookupRun::of((1..=rows).map(|row| by_email(row, &format!("missing{row}@x.de"))));
    for (rows, stops) in [(999, false), (3000, true)] {
        let mut run = missing(rows);
        // Keys without a record do not count towards this limit so soon.
        run.settings.failure_limit = FailureLimit::default();
        let ended = run.run().await;
        let expected = if stops {
            ExitStatus::StoppedEarly
        } else {
            ExitStatus::SomeRowsNot
        };
        assert_eq!(ended.status(), expected);
        match &ended.ending.stop {
            Some(StopReason::NoKeyFound { property, keys, .. }) => {
                assert_eq!((property.as_str(), *keys), ("email", 1000));
                assert!(ended.asked.len() < 30, "{}", ended.asked.len());
            }
            stop => assert!(!stops, "{stop:?}"),
        }
        assert_eq!(ended.with(Category::KeyNotFound), ended.outcomes.len());
    }
}

#[tokio::test(start_paused = true)]
async fn keys_without_a_record_count_towards_the_failure_limit_after_a_thousand() {
    let cell = |row: u64| match row {
        1 => "user1@x.de".to_owned(),
        row => format!("missing{row}@x.de"),
    };
    let mut run = LookupRun::of((1..=3000).map(|row| by_email(row, &cell(row))));
    run.settings.failure_limit = FailureLimit::default();
    let ended = run.run().await;
    assert!(
        matches!(ended.ending.stop, Some(StopReason::FailureLimit(_))),
        "{:?}",
        ended.ending.stop
    );
    let rejected = ended.with(Category::KeyNotFound);
    assert!((900..2000).contains(&rejected), "{rejected}");
}

#[tokio::test(start_paused = true)]
async fn an_interrupt_ends_lookups_without_lines_for_their_rows() {
    let mut run = emails(5000);
    run.lookup_latency = Duration::from_secs(10);
    run.stops = vec![(
        Duration::from_secs(15),
        StopRequest::Gracefully(Signal::Interrupt),
    )];
    let ended = run.run().await;
    assert_eq!(ended.status(), ExitStatus::Interrupted);
    assert!(ended.took < Duration::from_secs(16), "{:?}", ended.took);
    // Eight lookups were answered.
    assert_eq!(ended.of(OutcomeKind::Associated), 800);
    assert_eq!(ended.outcomes.len(), 800);
    assert!(ended.ending.counts.without_outcome > 0);
}
