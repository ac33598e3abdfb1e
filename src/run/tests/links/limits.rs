//! Rate limits, pauses, outages and the daily limit of runs that read or remove links.

use std::time::Duration;

use serde_json::json;

use crate::api::response::body::Body;
use crate::api::response::headers::{Answer, Reply, ReplyHeaders};
use crate::domain::outcome::OutcomeKind;
use crate::domain::proof::{ExistedBefore, LinkState, UndoOutcome};
use crate::domain::quota::Quota;
use crate::exit_status::ExitStatus;
use crate::run::guards::daily_limit::DailyReset;
use crate::run::tests::links::crm::*;
use crate::run::tests::links::world::*;
use crate::run::tests::support::throttled;

/// When the requests of this kind were sent.
fn times(ended: &Ended, kind: Kind) -> Vec<Duration> {
    let of_kind = ended.asked.iter().filter(|asked| asked.kind == kind);
    of_kind.map(|asked| asked.at).collect()
}

#[tokio::test(start_paused = true)]
async fn a_429_to_a_read_pauses_reads_and_not_the_requests_that_link() {
    let ended = LinkRun::import(1..=300)
        .answering(|asked, number| {
            let is_first_put = asked.kind == Kind::Put && number == 0;
            let is_throttled = asked.kind == Kind::Read && number == 0 || is_first_put;
            is_throttled.then(|| Fault::Instead(throttled(30)))
        })
        .run()
        .await;
    assert_eq!(ended.of(OutcomeKind::Associated), 300);
    assert_eq!(ended.existed(ExistedBefore::Unknown), 0);
    let reads = times(&ended, Kind::Read);
    let waited = Duration::from_secs(30);
    assert!(reads.iter().any(|at| *at >= waited), "{reads:?}");
    assert!(ended.events.contains(&"LinkCallsPaused".to_owned()));
    assert_eq!(ended.ending.counts.throttled, 2);
}

#[tokio::test(start_paused = true)]
async fn a_429_to_a_request_that_links_does_not_pause_reads() {
    let ended = LinkRun::import(1..=1900)
        .answering(|asked, number| {
            let is_first = asked.kind == Kind::Put && number == 0;
            is_first.then(|| Fault::Instead(throttled(30)))
        })
        .run()
        .await;
    assert_eq!(ended.of(OutcomeKind::Associated), 1900);
    let last = *times(&ended, Kind::Read).last().unwrap();
    assert!(last < Duration::from_secs(2), "{last:?}");
}

#[tokio::test(start_paused = true)]
async fn reads_have_no_limit_until_a_reply_announces_one() {
    let announcing = |max| {
        Reply::Answered(Answer {
            status: 503,
            headers: ReplyHeaders {
                quota: Quota {
                    max: Some(max),
                    interval: Some(Duration::from_secs(10)),
                    ..Quota::default()
                },
                ..ReplyHeaders::default()
            },
            body: Body::Empty,
        })
    };
    let took = async |announces: bool, is_unlimited: bool| {
        let mut run = LinkRun::verify(1..=20_000)
            .in_world(World::linked(1..=20_000))
            .answering(move |asked, number| {
                let is_first = asked.kind == Kind::Read && number == 0;
                (announces && is_first).then(|| Fault::Instead(announcing(5)))
            });
        run.is_unlimited = is_unlimited;
        let ended = run.run().await;
        assert_eq!(ended.in_state(LinkState::Present), 20_000);
        ended.took
    };
    let free = took(false, false).await;
    assert!(free < Duration::from_secs(2), "{free:?}");
    let limited = took(true, false).await;
    assert!(limited > Duration::from_secs(20), "{limited:?}");
    let lifted = took(true, true).await;
    assert!(lifted < Duration::from_secs(4), "{lifted:?}");
}

#[tokio::test(start_paused = true)]
async fn a_429_pauses_reads_even_without_a_limit() {
    let mut run = LinkRun::verify(1..=300)
        .in_world(World::linked(1..=300))
        .faulty(Kind::Read, |number| number == 0, || throttled(30));
    run.is_unlimited = true;
    let ended = run.run().await;
    assert_eq!(ended.in_state(LinkState::Present), 300);
    assert!(ended.took >= Duration::from_secs(30), "{:?}", ended.took);
}

#[tokio::test(start_paused = true)]
async fn during_an_outage_the_calls_wait_and_no_row_is_unknown() {
    let from_the_start = Duration::ZERO..Duration::from_secs(100);
    let during_removals = Duration::from_millis(150)..Duration::from_mins(5);
    for (run, away, expects) in [
        (
            LinkRun::import(1..=5000),
            from_the_start.clone(),
            OutcomeKind::Associated,
        ),
        (
            LinkRun::verify(1..=5000),
            from_the_start.clone(),
            OutcomeKind::Skipped,
        ),
        (
            LinkRun::undo(1..=5000),
            from_the_start,
            OutcomeKind::Skipped,
        ),
        (
            LinkRun::undo(1..=5000),
            during_removals,
            OutcomeKind::Skipped,
        ),
    ] {
        let mut run = run.in_world(World::linked(1..=5000));
        let end = away.end;
        run.away = Some(away);
        let ended = run.run().await;
        assert_eq!(ended.status(), ExitStatus::Done, "{:?}", ended.ending.stop);
        assert_eq!(ended.of(expects), 5000);
        assert_eq!(ended.existed(ExistedBefore::Unknown), 0);
        for event in ["ApiUnreachable", "ApiRecovered"] {
            let event = event.to_owned();
            assert!(ended.events.contains(&event), "{:?}", ended.events);
        }
        let away = ended.asked.iter().filter(|asked| asked.at < end);
        assert!(away.count() < 60, "single requests probe");
    }
}

fn daily() -> Reply {
    let message = "You have reached your daily limit.";
    raw(
        429,
        &json!({"status": "error", "message": message, "policyName": "DAILY"}),
    )
}

#[tokio::test(start_paused = true)]
async fn the_daily_limit_stops_a_run_at_any_of_its_calls() {
    for (kind, run) in [
        (Kind::Read, LinkRun::import(1..=300)),
        (Kind::Records, LinkRun::verify(1..=300)),
        (
            Kind::Removal,
            LinkRun::undo(1..=300).in_world(World::linked(1..=300)),
        ),
    ] {
        let ended = run.faulty(kind, |_| true, daily).run().await;
        assert_eq!(ended.status(), ExitStatus::StoppedEarly, "{kind:?}");
        assert!(ended.ending.stop.as_ref().unwrap().is_daily_limit());
        assert_eq!(ended.outcomes.len(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_that_waits_for_the_daily_reset_pauses_all_requests() {
    let mut run = LinkRun::undo(1..=300)
        .in_world(World::linked(1..=300))
        .faulty(Kind::Removal, |number| number == 0, daily);
    run.settings.daily_reset = Some(DailyReset { zone: None });
    let ended = run.run().await;
    assert_eq!(ended.status(), ExitStatus::Done);
    assert_eq!(ended.with(UndoOutcome::Removed), 300);
    assert!(ended.took >= Duration::from_hours(1));
}

#[tokio::test(start_paused = true)]
async fn few_reads_are_in_flight_at_once() {
    let mut run = LinkRun::verify(1..=20_000).in_world(World::linked(1..=20_000));
    run.latency = Duration::from_secs(1);
    let ended = run.run().await;
    for at in times(&ended, Kind::Read) {
        let others = times(&ended, Kind::Read);
        let together = others
            .iter()
            .filter(|other| **other <= at && at < **other + Duration::from_secs(1));
        assert!(together.count() <= 4);
    }
}

#[tokio::test(start_paused = true)]
async fn only_a_run_that_links_shows_the_rate_limit_of_links() {
    for (run, shows_rate) in [
        (LinkRun::import(1..=50), true),
        (LinkRun::verify(1..=50), false),
        (LinkRun::undo(1..=50), false),
    ] {
        let mut run = run.in_world(World::linked(1..=50));
        run.is_paced = true;
        let ended = run.run().await;
        assert_eq!(ended.shows_rate, shows_rate);
    }
}
