//! Rate limits, pauses and outages of lookups.

use std::time::Duration;

use serde_json::json;

use crate::api::lookup_call::Route;
use crate::api::response::headers::Reply;
use crate::domain::outcome::OutcomeKind;
use crate::exit_status::ExitStatus;
use crate::run::guards::daily_limit::DailyReset;
use crate::run::tests::lookups::crm::*;
use crate::run::tests::support::throttled;

fn both_keys(rows: u64) -> LookupRun {
    LookupRun::of((1..=rows).map(|row| {
        by_email_and_domain(
            row,
            &format!("user{row}@x.de"),
            &format!("company{row}.com"),
        )
    }))
}

fn times(ended: &Ended, route: Route) -> Vec<Duration> {
    let of_route = ended.asked.iter().filter(|asked| asked.route == route);
    of_route.map(|asked| asked.at).collect()
}

#[tokio::test(start_paused = true)]
async fn a_429_pauses_only_the_lookups_with_the_same_limit() {
    for paused in Route::BOTH {
        let ended = both_keys(1000)
            .answering(move |asked, number| {
                let is_first = asked.route == paused && number < 20;
                let is_early = is_first && asked.at < Duration::from_millis(1);
                is_early.then(|| throttled(30))
            })
            .run()
            .await;
        assert_eq!(ended.of(OutcomeKind::Associated), 1000);
        assert!(ended.ending.counts.throttled > 0);
        for route in Route::BOTH {
            let times = times(&ended, route);
            let after_first = times.iter().filter(|at| **at > Duration::from_millis(50));
            assert!(after_first.clone().count() > 0, "{times:?}");
            let waits = after_first.clone().all(|at| *at >= Duration::from_secs(30));
            assert_eq!(waits, route == paused, "{paused:?} {route:?} {times:?}");
        }
        assert!(ended.events.contains(&"LookupsPaused".to_owned()));
        assert!(!ended.events.contains(&"Paused".to_owned()));
    }
}

#[tokio::test(start_paused = true)]
async fn a_429_of_a_request_that_links_does_not_pause_lookups() {
    let rows = (1..=3000).map(|row| by_email(row, &format!("user{row}@x.de")));
    let mut run = LookupRun::of(rows);
    run.first_link = Some(throttled(30));
    let ended = run.run().await;
    assert_eq!(ended.of(OutcomeKind::Associated), 3000);
    let last = ended.asked.last().unwrap().at;
    assert!(last < Duration::from_secs(1), "{last:?}");
    let paused = ended
        .linked
        .iter()
        .filter(|(.., at)| *at >= Duration::from_secs(30));
    assert!(paused.count() > 2900);
}

#[tokio::test(start_paused = true)]
async fn searches_keep_their_limit_also_in_a_run_without_one() {
    let ended = both_keys(2500).run().await;
    let times = times(&ended, Route::Search);
    assert!(times.len() >= 25, "{}", times.len());
    for window in times.windows(6) {
        assert!(
            window[5] >= window[0] + Duration::from_secs(1),
            "{window:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn batch_reads_keep_the_general_limit_unless_the_run_has_none() {
    let rows = |rows| (1..=rows).map(|row| by_email(row, &format!("user{row}@x.de")));
    let mut run = LookupRun::of(rows(15_000));
    run.lookup.is_unlimited = false;
    let ended = run.run().await;
    let times = times(&ended, Route::BatchRead);
    assert_eq!(times.len(), 150);
    for window in times.windows(101) {
        assert!(
            window[100] >= window[0] + Duration::from_secs(10),
            "{window:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn during_an_outage_lookups_wait_and_no_row_fails() {
    let rows = (1..=500).map(|row| by_email(row, &format!("user{row}@x.de")));
    let mut run = LookupRun::of(rows);
    run.away = Some(Duration::ZERO..Duration::from_mins(1));
    let ended = run.run().await;
    assert_eq!(ended.status(), ExitStatus::Done);
    assert_eq!(ended.of(OutcomeKind::Associated), 500);
    for event in ["ApiUnreachable", "ApiRecovered"] {
        assert!(
            ended.events.contains(&event.to_owned()),
            "{:?}",
            ended.events
        );
    }
    let probes = ended
        .asked
        .iter()
        .filter(|asked| asked.at < Duration::from_mins(1));
    assert!(probes.count() < 20, "single requests probe");
}

fn daily() -> Reply {
    raw(
        429,
        &json!({"status": "error", "message": "You have reached your daily limit.", "policyName": "DAILY"}),
    )
}

#[tokio::test(start_paused = true)]
async fn the_daily_limit_stops_the_run_at_a_lookup() {
    let rows = (1..=300).map(|row| by_email(row, &format!("user{row}@x.de")));
    let ended = LookupRun::of(rows)
        .answering(|_, number| (number == 1).then(daily))
        .run()
        .await;
    assert_eq!(ended.status(), ExitStatus::StoppedEarly);
    assert!(ended.ending.stop.as_ref().unwrap().is_daily_limit());
    assert_eq!(
        ended.of(OutcomeKind::Failed) + ended.of(OutcomeKind::Rejected),
        0
    );
    assert!(ended.outcomes.len() < 300);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_waits_for_the_daily_reset_pauses_all_requests() {
    let rows = (1..=300).map(|row| by_email(row, &format!("user{row}@x.de")));
    let mut run = LookupRun::of(rows).answering(|_, number| (number == 0).then(daily));
    run.settings.daily_reset = Some(DailyReset { zone: None });
    let ended = run.run().await;
    assert_eq!(ended.status(), ExitStatus::Done);
    let reset = Duration::from_hours(1);
    let last = ended.asked.last().unwrap();
    assert!(last.at >= reset, "{last:?}");
    assert!(ended.linked.iter().all(|(.., at)| *at >= reset));
}
