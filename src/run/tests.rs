//! Tests of the run with a paused clock, against an endpoint in memory.

mod batch;
mod machine;
mod refusals;
mod stop_during_refresh;

use std::collections::HashMap;
use std::io;
use std::ops::Range;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use proptest::prelude::*;
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::api::endpoint::Endpoint;
use crate::api::response::body::{Body, Unreadable};
use crate::api::response::headers::{Answer, Reply, ReplyHeaders};
use crate::domain::outcome::{Outcome, OutcomeKind};
use crate::domain::pair::{ObjectType, Pair, Record, RecordId, RowKey};
use crate::domain::quota::Quota;
use crate::domain::run_counts::RunCounts;
use crate::exit_status::ExitStatus;
use crate::input::error::InputError;
use crate::input::fixtures;
use crate::input::row::{CheckedRow, RowContent};
use crate::rate_limit::controller::RateController;
use crate::rate_limit::limiter::RateLimiter;
use crate::rate_limit::rate::Share;
use crate::run::batch::groups::BatchSettings;
use crate::run::context::{RunContext, RunOutcome, RunSettings};
use crate::run::dispatcher::run;
use crate::run::event::{Event, Observe, RunEvent};
use crate::run::guards::daily_limit::DailyReset;
use crate::run::guards::failure_limit::FailureLimit;
use crate::run::guards::time_limit::TimeLimits;
use crate::run::stop_reason::{Signal, StopReason, StopRequest};
use crate::run::write_report::{ReportJob, WriteReport};
use crate::verdict::retry::{FatalCause, RetryPolicy};

fn pair(id: u64) -> Pair {
    let record = |object_type, id: u64| Record {
        object_type: ObjectType::new(object_type).unwrap(),
        id: RecordId::new(&id.to_string()).unwrap(),
    };
    Pair {
        from: record("contacts", id),
        to: record("companies", id + 1_000_000),
    }
}

fn row(number: u64) -> CheckedRow {
    CheckedRow {
        key: RowKey {
            row: number,
            line: number + 1,
        },
        content: RowContent::Pair(pair(number)),
    }
}

fn answer(status: u16, body: &str) -> Reply {
    Reply::Answered(Answer {
        status,
        headers: ReplyHeaders::default(),
        body: Body::parse(body.as_bytes()),
    })
}

fn throttled(seconds: u64) -> Reply {
    Reply::Answered(Answer {
        status: 429,
        headers: ReplyHeaders {
            retry_after: Some(Duration::from_secs(seconds)),
            ..ReplyHeaders::default()
        },
        body: Body::Empty,
    })
}

fn good(pair: &Pair) -> Reply {
    let body = format!(
        r#"{{"status":"COMPLETE","results":[{{"from":{{"id":"{}"}},"to":{{"id":"{}"}}}}]}}"#,
        pair.from.id, pair.to.id
    );
    answer(200, &body)
}

/// An endpoint that replies to each row's requests from a script, then confirms.
#[derive(Clone, Default)]
struct Scripted {
    scripts: Arc<HashMap<u64, Vec<Reply>>>,
    latency: Duration,
    /// When the API is unreachable.
    away: Option<Range<Instant>>,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Default)]
struct Seen {
    /// The row of each request, and the time it was sent.
    requests: Vec<(u64, Instant)>,
    in_flight: usize,
    max_in_flight: usize,
    confirmed: Vec<u64>,
}

impl Endpoint for Scripted {
    async fn associate_all<P: AsRef<Pair> + Sync>(&self, _pairs: &[P]) -> Reply {
        unreachable!("one row at a time")
    }

    async fn associate(&self, pair: &Pair) -> Reply {
        let row: u64 = pair.from.id.as_str().parse().unwrap();
        let earlier = {
            let mut seen = self.seen.lock().unwrap();
            let earlier = seen
                .requests
                .iter()
                .filter(|(other, _)| *other == row)
                .count();
            seen.requests.push((row, Instant::now()));
            seen.in_flight += 1;
            seen.max_in_flight = seen.max_in_flight.max(seen.in_flight);
            earlier
        };
        let away = self.away.as_ref();
        let is_away = away.is_some_and(|away| away.contains(&Instant::now()));
        tokio::time::sleep(self.latency).await;
        let mut seen = self.seen.lock().unwrap();
        seen.in_flight -= 1;
        if is_away {
            let why = "no route to host".to_owned();
            return Reply::Disconnected { why };
        }
        let script = self
            .scripts
            .get(&row)
            .and_then(|script| script.get(earlier));
        script.cloned().unwrap_or_else(|| {
            seen.confirmed.push(row);
            good(pair)
        })
    }
}

/// A report in memory whose writes can fail.
#[derive(Default)]
struct Memory {
    added: Vec<Outcome>,
    flushed: Arc<Mutex<Vec<Outcome>>>,
    refuse_after: Option<usize>,
}

impl WriteReport for Memory {
    fn add(&mut self, outcome: &Outcome) {
        self.added.push(outcome.clone());
    }

    fn is_full(&self) -> bool {
        self.added.len() >= 50
    }

    fn flush(&mut self) -> ReportJob {
        let mut added = std::mem::take(&mut self.added);
        let flushed = Arc::clone(&self.flushed);
        let refuse_after = self.refuse_after;
        Box::new(move || {
            let mut flushed = flushed.lock().unwrap();
            if refuse_after.is_some_and(|max| flushed.len() >= max) {
                return Err(io::Error::from(io::ErrorKind::StorageFull));
            }
            flushed.append(&mut added);
            Ok(())
        })
    }

    fn sync(&mut self) -> Option<ReportJob> {
        None
    }
}

/// Records the events, and checks that each outcome was counted first.
#[derive(Default)]
struct TestObserver {
    shown: Vec<u64>,
    counted_when_shown: Vec<u64>,
    kinds: Vec<String>,
}

impl Observe for TestObserver {
    fn on(&mut self, event: &Event<'_>) {
        match &event.kind {
            RunEvent::RowFinished(outcome) => {
                self.shown.push(outcome.key.row);
                self.counted_when_shown.push(event.counts.finished());
            }
            RunEvent::Tick { .. } => {}
            other => self.kinds.push(
                format!("{other:?}")
                    .split([' ', '('])
                    .next()
                    .unwrap()
                    .to_owned(),
            ),
        }
    }
}

/// The settings and script of a run.
struct TestRun {
    rows: Vec<Result<CheckedRow, InputError>>,
    scripts: HashMap<u64, Vec<Reply>>,
    latency: Duration,
    /// When the API is unreachable, relative to the start.
    away: Option<Range<Duration>>,
    rate: &'static str,
    concurrency: usize,
    max_attempts: u32,
    refuse_after: Option<usize>,
    stops: Vec<(Duration, StopRequest)>,
    draw: f64,
    daily_reset: Option<DailyReset>,
    failure_limit: FailureLimit,
    time_limits: TimeLimits,
    batch: Option<BatchSettings>,
    /// Whether the input stays open after its rows.
    endless: bool,
}

struct Done {
    ending: RunOutcome,
    flushed: Vec<Outcome>,
    observer: TestObserver,
    seen: Arc<Mutex<Seen>>,
    took: Duration,
}

impl TestRun {
    fn of(rows: u64) -> Self {
        Self {
            rows: (1..=rows).map(|number| Ok(row(number))).collect(),
            scripts: HashMap::new(),
            latency: Duration::from_millis(100),
            away: None,
            rate: "unlimited",
            concurrency: 4,
            max_attempts: 6,
            refuse_after: None,
            stops: vec![],
            draw: 0.5,
            daily_reset: None,
            failure_limit: FailureLimit {
                max_failed: None,
                max_failed_percent: 100,
            },
            time_limits: TimeLimits::default(),
            batch: None,
            endless: false,
        }
    }

    fn server_says(mut self, row: u64, replies: impl Into<Vec<Reply>>) -> Self {
        self.scripts.insert(row, replies.into());
        self
    }

    async fn run(self) -> Done {
        let started = Instant::now();
        let (sender, rows) = mpsc::channel(8);
        let all = self.rows;
        let endless = self.endless;
        tokio::spawn(async move {
            for row in all {
                if sender.send(row).await.is_err() {
                    return;
                }
            }
            if endless {
                sender.closed().await;
            }
        });
        let (asker, stop) = mpsc::channel(4);
        let stops = self.stops;
        tokio::spawn(async move {
            for (at, stop) in stops {
                tokio::time::sleep_until(started + at).await;
                asker.send(stop).await.ok();
            }
            asker.closed().await;
        });
        let endpoint = Scripted {
            scripts: Arc::new(self.scripts),
            latency: self.latency,
            away: self
                .away
                .map(|away| started + away.start..started + away.end),
            seen: Arc::default(),
        };
        let seen = Arc::clone(&endpoint.seen);
        let mut report = Memory {
            refuse_after: self.refuse_after,
            ..Memory::default()
        };
        let mut observer = TestObserver::default();
        let draw = self.draw;
        let context = RunContext {
            endpoint,
            rate_limiter: RateLimiter::new(RateController::new(
                self.rate.parse().unwrap(),
                Share::ALL,
            )),
            report: &mut report,
            observer: &mut observer,
            rows,
            previous_counts: RunCounts::default(),
            failed_before: Box::new(|_| false),
            stop,
            now: || Timestamp::UNIX_EPOCH,
            draw: Box::new(move || draw),
        };
        let settings = RunSettings {
            concurrency: self.concurrency.try_into().unwrap(),
            retry: RetryPolicy {
                max_attempts: self.max_attempts.try_into().unwrap(),
            },
            failure_limit: self.failure_limit,
            time_limits: self.time_limits,
            daily_reset: self.daily_reset,
            batch: self.batch,
        };
        let ending = run(settings, context).await;
        let flushed = std::mem::take(&mut *report.flushed.lock().unwrap());
        Done {
            ending,
            flushed,
            observer,
            seen,
            took: started.elapsed(),
        }
    }
}

impl Done {
    /// `(row, outcome, attempts)` in the order of rows.
    fn lines(&self) -> Vec<(u64, OutcomeKind, u32)> {
        let mut lines: Vec<_> = self
            .flushed
            .iter()
            .map(|outcome| (outcome.key.row, outcome.kind, outcome.attempts))
            .collect();
        lines.sort_unstable();
        lines
    }

    fn requests(&self) -> usize {
        self.seen.lock().unwrap().requests.len()
    }

    fn status(&self) -> ExitStatus {
        match &self.ending.stop {
            Some(reason) => reason.exit_status(),
            None => self.ending.counts.exit_status(),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn every_row_is_sent_once_and_gets_one_line() {
    let done = TestRun::of(200).run().await;
    let expected: Vec<_> = (1..=200)
        .map(|row| (row, OutcomeKind::Associated, 1))
        .collect();
    assert_eq!(done.lines(), expected);
    assert_eq!((done.requests(), done.status()), (200, ExitStatus::Done));
    assert_eq!(done.seen.lock().unwrap().max_in_flight, 4);
    assert_eq!(done.ending.counts.requests, 200);
}

#[tokio::test(start_paused = true)]
async fn an_empty_input_is_no_error() {
    let done = TestRun::of(0).run().await;
    assert_eq!((done.lines(), done.status()), (vec![], ExitStatus::Done));
}

#[tokio::test(start_paused = true)]
async fn an_outcome_is_flushed_then_counted_then_shown() {
    let done = TestRun::of(120).run().await;
    let written: Vec<_> = done.flushed.iter().map(|outcome| outcome.key.row).collect();
    assert_eq!(done.observer.shown, written);
    assert_eq!(
        done.observer.counted_when_shown,
        (1..=120).collect::<Vec<_>>()
    );
}

#[tokio::test(start_paused = true)]
async fn a_throttled_row_is_sent_again_and_reported_once() {
    let done = TestRun::of(1).server_says(1, [throttled(1)]).run().await;
    assert_eq!(done.lines(), [(1, OutcomeKind::Associated, 2)]);
    assert_eq!((done.requests(), done.ending.counts.throttled), (2, 1));
}

#[tokio::test(start_paused = true)]
async fn one_429_pauses_all_requests() {
    let mut test_run = TestRun::of(100).server_says(1, [throttled(30)]);
    test_run.concurrency = 8;
    let done = test_run.run().await;
    let seen = done.seen.lock().unwrap();
    let first = seen.requests[0].1;
    let mut times: Vec<_> = seen
        .requests
        .iter()
        .map(|(_, at)| at.duration_since(first))
        .collect();
    times.retain(|at| *at > Duration::from_millis(100) && *at < Duration::from_secs(30));
    assert_eq!(
        times,
        [],
        "no request is sent between the 429 and the end of the pause"
    );
    assert_eq!(seen.requests.len(), 101);
    assert_eq!(
        done.observer
            .kinds
            .iter()
            .filter(|kind| *kind == "Paused")
            .count(),
        1
    );
}

#[tokio::test(start_paused = true)]
async fn retries_need_permits_like_first_attempts() {
    let mut test_run = TestRun::of(40);
    for row in 1..=40 {
        test_run = test_run.server_says(row, vec![answer(502, ""); 3]);
    }
    test_run.rate = "10/s";
    let done = test_run.run().await;
    let seen = done.seen.lock().unwrap();
    assert_eq!(seen.requests.len(), 160);
    for window in seen.requests.windows(11) {
        assert!(window[10].1.duration_since(window[0].1) >= Duration::from_secs(1));
    }
}

#[tokio::test(start_paused = true)]
async fn a_row_waiting_for_its_next_attempt_delays_no_other_row() {
    let mut test_run = TestRun::of(100);
    for row in 1..=8 {
        test_run = test_run.server_says(row, vec![answer(503, ""); 5]);
    }
    test_run.concurrency = 2;
    test_run.draw = 1.0;
    let done = test_run.run().await;
    let seen = done.seen.lock().unwrap();
    let first = seen.requests[0].1;
    let new = seen
        .requests
        .iter()
        .filter(|(row, _)| *row > 8)
        .map(|(_, at)| at.duration_since(first));
    // 100 rows of 100 ms in two slots, plus the retries of the eight rows meanwhile.
    assert!(new.max().unwrap() <= Duration::from_secs(7));
    assert!(done.took >= Duration::from_secs(31));
}

/// Every kind of reply: the replies, the outcome, the number of requests, the category.
#[expect(clippy::too_many_lines, reason = "a table")]
fn kinds() -> Vec<(&'static str, Vec<Reply>, OutcomeKind, u32, &'static str)> {
    use OutcomeKind::{Associated, Failed, Rejected};
    let always = |reply: Reply| vec![reply; 30];
    let why = || "reset".to_owned();
    let cut = |status| {
        Reply::Answered(Answer {
            status,
            headers: ReplyHeaders::default(),
            body: Body::Unread(Unreadable::Cut),
        })
    };
    let status = |status| always(answer(status, ""));
    vec![
        ("confirmed", vec![], Associated, 1, ""),
        (
            "400",
            always(answer(400, r#"{"category":"VALIDATION_ERROR"}"#)),
            Rejected,
            1,
            "VALIDATION_ERROR",
        ),
        ("404", status(404), Rejected, 1, "HTTP_404"),
        ("414", status(414), Rejected, 1, "HTTP_414"),
        ("408", status(408), Failed, 6, "HTTP_408"),
        (
            "409",
            always(answer(409, r#"{"category":"CONFLICT"}"#)),
            Rejected,
            3,
            "CONFLICT",
        ),
        ("423", status(423), Failed, 6, "HTTP_423"),
        ("429", always(throttled(1)), Failed, 20, "HTTP_429"),
        ("477", status(477), Failed, 20, "HTTP_477"),
        ("500", status(500), Failed, 3, "HTTP_500"),
        ("501", status(501), Failed, 3, "HTTP_501"),
        ("502", status(502), Failed, 6, "HTTP_502"),
        ("503", status(503), Failed, 6, "HTTP_503"),
        ("504", status(504), Failed, 6, "HTTP_504"),
        ("520", status(520), Failed, 6, "HTTP_520"),
        ("522", status(522), Failed, 6, "HTTP_522"),
        ("524", status(524), Failed, 6, "HTTP_524"),
        ("525", status(525), Failed, 3, "HTTP_525"),
        ("302", status(302), Failed, 3, "HTTP_302"),
        (
            "timeout",
            always(Reply::TimedOut),
            Failed,
            6,
            "CLIENT_TIMEOUT",
        ),
        (
            "reset",
            always(Reply::Disconnected { why: why() }),
            Failed,
            6,
            "CLIENT_CONNECTION",
        ),
        (
            "garbage",
            always(Reply::InvalidHttp { why: why() }),
            Failed,
            6,
            "CLIENT_UNREADABLE_REPLY",
        ),
        (
            "cut",
            always(cut(200)),
            Failed,
            6,
            "CLIENT_UNREADABLE_REPLY",
        ),
        (
            "html",
            always(answer(200, "<html>")),
            Failed,
            6,
            "CLIENT_UNREADABLE_REPLY",
        ),
        ("empty", status(200), Rejected, 2, "CLIENT_NO_RESULT"),
        ("204", status(204), Rejected, 2, "CLIENT_NO_RESULT"),
        (
            "nothing",
            always(answer(200, r#"{"status":"COMPLETE","results":[]}"#)),
            Rejected,
            2,
            "CLIENT_NO_RESULT",
        ),
        (
            "pending",
            always(answer(200, r#"{"status":"PENDING"}"#)),
            Failed,
            6,
            "CLIENT_NOT_COMPLETE",
        ),
        (
            "canceled",
            always(answer(200, r#"{"status":"CANCELED"}"#)),
            Rejected,
            2,
            "CLIENT_NOT_COMPLETE",
        ),
        (
            "errors",
            always(answer(200, r#"{"errors":[{"category":"X"}]}"#)),
            Rejected,
            1,
            "X",
        ),
        (
            "count",
            always(answer(207, r#"{"numErrors":2}"#)),
            Rejected,
            1,
            "HTTP_207",
        ),
        ("502 once", vec![answer(502, "")], Associated, 2, ""),
        ("429 ten times", vec![throttled(0); 10], Associated, 11, ""),
        ("nothing once", vec![answer(200, "{}")], Associated, 2, ""),
        (
            "pending twice",
            vec![answer(200, r#"{"status":"PROCESSING"}"#); 2],
            Associated,
            3,
            "",
        ),
        (
            "403 once",
            vec![answer(403, "<html>blocked</html>")],
            Associated,
            2,
            "",
        ),
    ]
}

#[tokio::test(start_paused = true)]
async fn every_kind_of_reply_gives_the_outcome_in_the_table() {
    let mut test_run = TestRun::of(0);
    for (index, (_, replies, ..)) in kinds().into_iter().enumerate() {
        let number = index as u64 + 1;
        test_run.rows.push(Ok(row(number)));
        test_run = test_run.server_says(number, replies);
    }
    let done = test_run.run().await;
    for (index, (name, _, kind, attempts, category)) in kinds().into_iter().enumerate() {
        let lines: Vec<_> = done
            .flushed
            .iter()
            .filter(|line| line.key.row == index as u64 + 1)
            .collect();
        assert_eq!(lines.len(), 1, "{name}");
        let first = lines[0]
            .details
            .categories
            .first()
            .map_or("", String::as_str);
        assert_eq!(
            (lines[0].kind, lines[0].attempts, first),
            (kind, attempts, category),
            "{name}"
        );
        assert_eq!(
            lines[0].details.num_errors > 0,
            kind != OutcomeKind::Associated,
            "{name}"
        );
    }
    assert_eq!(done.status(), ExitStatus::SomeRowsNot);
}

#[tokio::test(start_paused = true)]
async fn refused_credentials_in_the_middle_stop_the_run_and_fail_no_row() {
    let unauthorized = answer(401, r#"{"category":"INVALID_AUTHENTICATION"}"#);
    let scopes = answer(403, r#"{"category":"MISSING_SCOPES"}"#);
    let forbidden = answer(403, "<html>");
    for (reply, cause) in [
        (unauthorized, FatalCause::Unauthorized),
        (scopes, FatalCause::MissingScopes),
        (forbidden, FatalCause::Forbidden),
    ] {
        let mut test_run = TestRun::of(20_000);
        test_run.concurrency = 16;
        for row in 1000..=20_000 {
            test_run = test_run.server_says(row, vec![reply.clone(); 30]);
        }
        let done = test_run.run().await;
        let expected: Vec<_> = (1..1000)
            .map(|row| (row, OutcomeKind::Associated, 1))
            .collect();
        assert_eq!(done.lines(), expected, "{cause:?}");
        assert!(
            matches!(&done.ending.stop, Some(StopReason::Fatal { cause: stopped, .. }) if *stopped == cause)
        );
        assert_eq!(done.status(), ExitStatus::Credentials);
        assert!(
            done.requests() < 1000 + 50,
            "{cause:?}: {}",
            done.requests()
        );
    }
}

#[tokio::test(start_paused = true)]
async fn after_one_401_among_good_replies_the_row_is_sent_once_more_after_a_pause() {
    let unauthorized = || answer(401, r#"{"category":"INVALID_AUTHENTICATION"}"#);
    let mut test_run = TestRun::of(200);
    // Two at once, and later a single one.
    for row in [50, 51, 120] {
        test_run = test_run.server_says(row, vec![unauthorized()]);
    }
    let done = test_run.run().await;
    assert_eq!(done.status(), ExitStatus::Done);
    let lines = done.lines();
    assert_eq!(lines.len(), 200);
    assert!(lines.iter().all(|line| line.1 == OutcomeKind::Associated));
    // The request that brought the token into doubt counts; the other one was already in flight.
    assert_eq!(done.requests(), 203);
    assert_eq!((lines[49].2, lines[119].2), (2, 2));
    assert!(done.took >= Duration::from_secs(2 + 2), "{:?}", done.took);
}

#[tokio::test(start_paused = true)]
async fn a_token_that_was_never_good_is_not_tried_again() {
    let unauthorized = answer(401, "{}");
    let mut test_run = TestRun::of(100);
    for row in 1..=100 {
        test_run = test_run.server_says(row, vec![unauthorized.clone(); 30]);
    }
    let done = test_run.run().await;
    assert_eq!(done.status(), ExitStatus::Credentials);
    assert_eq!((done.lines().len(), done.requests()), (0, 4));
    assert!(done.took < Duration::from_secs(1), "{:?}", done.took);
}

#[tokio::test(start_paused = true)]
async fn the_daily_limit_stops_the_run_on_a_refusal_or_a_header() {
    let refused = answer(429, r#"{"policyName":"DAILY"}"#);
    let mut last = good(&pair(10));
    if let Reply::Answered(answer) = &mut last {
        answer.headers.quota = Quota {
            daily_remaining: Some(0),
            ..Quota::default()
        };
    }
    for (reply, lines) in [(refused, 9), (last, 10)] {
        let mut test_run = TestRun::of(50).server_says(10, vec![reply]);
        test_run.concurrency = 1;
        let done = test_run.run().await;
        assert_eq!((done.lines().len(), done.requests()), (lines, 10));
        assert_eq!(done.status(), ExitStatus::StoppedEarly);
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_that_waits_for_the_daily_reset_resumes_after_midnight() {
    let refused = answer(429, r#"{"policyName":"DAILY"}"#);
    let mut last = good(&pair(10));
    if let Reply::Answered(answer) = &mut last {
        answer.headers.quota = Quota {
            daily_remaining: Some(0),
            ..Quota::default()
        };
    }
    for reply in [refused, last] {
        let mut test_run = TestRun::of(50).server_says(10, vec![reply]);
        // A zone in which the test's clock shows 23:00.
        let zone = Some(jiff::tz::TimeZone::fixed(jiff::tz::offset(23)));
        test_run.daily_reset = Some(DailyReset { zone });
        let done = test_run.run().await;
        assert_eq!((done.lines().len(), done.status()), (50, ExitStatus::Done));
        assert!(done.took > Duration::from_hours(1) && done.took < Duration::from_mins(62));
    }
}

#[tokio::test(start_paused = true)]
async fn a_reason_to_stop_that_comes_with_the_last_row_is_ignored() {
    let mut last = good(&pair(3));
    if let Reply::Answered(answer) = &mut last {
        answer.headers.quota = Quota {
            daily_remaining: Some(0),
            ..Quota::default()
        };
    }
    let mut test_run = TestRun::of(3).server_says(3, [last]);
    test_run.concurrency = 1;
    let done = test_run.run().await;
    assert_eq!((done.lines().len(), done.status()), (3, ExitStatus::Done));
}

#[tokio::test(start_paused = true)]
async fn three_identical_type_errors_at_the_start_stop_the_run() {
    let mut test_run = TestRun::of(1000);
    for row in 1..=1000 {
        test_run = test_run.server_says(
            row,
            [answer(
                400,
                r#"{"message":"Unable to infer object type from: x"}"#,
            )],
        );
    }
    let done = test_run.run().await;
    assert_eq!(done.status(), ExitStatus::Usage);
    assert!(done.requests() <= 3 + 4);
    assert_eq!(
        done.lines().len(),
        done.requests(),
        "every row with a reply has its line"
    );
}

#[tokio::test(start_paused = true)]
async fn a_row_associated_meanwhile_clears_the_uniform_failure() {
    let mut test_run = TestRun::of(50);
    for row in 1..=3 {
        let refused = answer(400, r#"{"message":"Unable to infer object type from: x"}"#);
        test_run = test_run.server_says(row, [refused]);
    }
    let done = test_run.run().await;
    assert_eq!(
        (done.lines().len(), done.status()),
        (50, ExitStatus::SomeRowsNot)
    );
}

#[tokio::test(start_paused = true)]
async fn a_429_without_retry_after_still_pauses() {
    let mut test_run = TestRun::of(1).server_says(1, vec![throttled(0); 30]);
    test_run.rate = "unlimited";
    let done = test_run.run().await;
    assert_eq!(done.lines(), [(1, OutcomeKind::Failed, 20)]);
    assert!(done.took > Duration::from_secs(100), "{:?}", done.took);
}

#[tokio::test(start_paused = true)]
async fn the_first_request_to_stop_waits_for_the_requests_in_flight() {
    let mut test_run = TestRun::of(100).server_says(1, vec![answer(502, ""); 6]);
    test_run.draw = 1.0;
    test_run.concurrency = 3;
    test_run.stops = vec![(
        Duration::from_millis(450),
        StopRequest::Gracefully(Signal::Interrupt),
    )];
    let done = test_run.run().await;
    assert_eq!(done.status(), ExitStatus::Interrupted);
    assert_eq!(done.took, Duration::from_millis(500));
    // Row 1 was waiting for its second attempt; every other row that was sent has a line.
    assert_eq!(done.lines().len(), done.requests() - 1);
    assert!(done.lines().iter().all(|(row, ..)| *row != 1));
    assert_eq!(done.ending.counts.without_outcome, 1);
    assert!(done.observer.kinds.contains(&"Stopping".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_stop_is_handled_while_requests_are_paused_and_while_the_input_is_idle() {
    let mut paused = TestRun::of(50).server_says(1, [throttled(600)]);
    paused.stops = vec![(
        Duration::from_secs(5),
        StopRequest::Gracefully(Signal::Terminate),
    )];
    let mut idle = TestRun::of(3);
    idle.endless = true;
    idle.stops = vec![(
        Duration::from_secs(5),
        StopRequest::Gracefully(Signal::Terminate),
    )];
    for test_run in [paused, idle] {
        let done = test_run.run().await;
        assert_eq!(done.took, Duration::from_secs(5));
        assert_eq!(done.status(), ExitStatus::Terminated);
        assert!(!done.lines().is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn the_second_request_to_stop_waits_for_no_reply() {
    let mut test_run = TestRun::of(10);
    test_run.latency = Duration::from_secs(30);
    test_run.stops = vec![
        (
            Duration::from_secs(1),
            StopRequest::Gracefully(Signal::Interrupt),
        ),
        (Duration::from_secs(2), StopRequest::Now(Signal::Interrupt)),
    ];
    let done = test_run.run().await;
    assert_eq!(
        (done.took, done.status()),
        (Duration::from_secs(2), ExitStatus::Interrupted)
    );
    assert_eq!(
        (done.lines(), done.ending.counts.without_outcome),
        (vec![], 4)
    );
}

#[tokio::test(start_paused = true)]
async fn a_report_that_cannot_be_written_stops_the_run_at_once() {
    let mut test_run = TestRun::of(1000);
    test_run.refuse_after = Some(20);
    let done = test_run.run().await;
    assert_eq!(done.status(), ExitStatus::CannotWrite);
    assert!(done.lines().len() < 30);
    assert!(
        done.requests() <= done.lines().len() + 3 * 4,
        "{}",
        done.requests()
    );
    assert_eq!(
        done.ending.counts.finished(),
        done.lines().len() as u64,
        "only what is written counts"
    );
}

#[tokio::test(start_paused = true)]
async fn a_slow_server_does_not_keep_outcomes_from_the_report() {
    let mut test_run =
        TestRun::of(2).server_says(2, [answer(502, ""), answer(502, ""), answer(502, "")]);
    test_run.draw = 1.0;
    test_run.stops = vec![(
        Duration::from_millis(200),
        StopRequest::Now(Signal::Interrupt),
    )];
    let done = test_run.run().await;
    assert_eq!(done.observer.shown, [1]);
}

#[tokio::test(start_paused = true)]
async fn rows_before_a_broken_one_are_sent_to_their_end() {
    let text =
        "from_type,from_id,to_type,to_id\ncontacts,1,companies,2\ncontacts,\"3,companies,4\n";
    let mut input = fixtures::open(text).unwrap();
    let first = fixtures::next_row(&mut input).unwrap().unwrap();
    let error = fixtures::next_row(&mut input).unwrap_err();
    let mut test_run = TestRun::of(0).server_says(1, [answer(502, "")]);
    test_run.rows = vec![Ok(first), Err(error)];
    let done = test_run.run().await;
    assert_eq!(done.flushed.len(), 1);
    assert_eq!(done.status(), ExitStatus::Usage);
}

#[tokio::test(start_paused = true)]
async fn an_invalid_row_is_never_sent_and_lists_all_its_problems() {
    let text = "from_type,from_id,to_type,to_id\ncontacts,,companies,1.0\n";
    let mut input = fixtures::open(text).unwrap();
    let mut test_run = TestRun::of(0);
    test_run.rows = vec![Ok(fixtures::next_row(&mut input).unwrap().unwrap())];
    let done = test_run.run().await;
    assert_eq!(
        (done.requests(), done.lines()),
        (0, vec![(1, OutcomeKind::Invalid, 0)])
    );
    let details = &done.flushed[0].details;
    assert_eq!(
        (details.num_errors, details.categories.as_slice()),
        (2, &["CLIENT_INVALID_ROW".to_owned()][..])
    );
}

/// Any reply that a server may send.
fn any_reply() -> impl Strategy<Value = Reply> {
    prop_oneof![
        Just(answer(502, "")),
        Just(answer(500, "")),
        Just(answer(423, "")),
        Just(answer(404, "")),
        Just(answer(409, "")),
        Just(answer(200, "{}")),
        Just(answer(200, r#"{"status":"PENDING"}"#)),
        Just(answer(200, "<html>")),
        Just(throttled(0)),
        Just(throttled(7)),
        Just(Reply::TimedOut),
        Just(Reply::Disconnected {
            why: "reset".into()
        }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn every_row_gets_one_outcome_and_no_limit_is_exceeded_with_any_replies(
        scripts in proptest::collection::vec(proptest::collection::vec(any_reply(), 0..8), 1..60),
        concurrency in 1_usize..9,
        draw in 0.0..1.0,
        stop_at in proptest::option::of(0_u64..60_000),
        away in proptest::option::of((0_u64..5000, 1_u64..5_000_000)),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time().start_paused(true).build().unwrap();
        let rows = scripts.len() as u64;
        let mut test_run = TestRun::of(rows);
        test_run.scripts = (1..).zip(scripts).collect();
        test_run.concurrency = concurrency;
        test_run.draw = draw;
        test_run.rate = "20/s";
        test_run.away = away.map(|(start, lasted)| {
            let start = Duration::from_millis(start);
            start..start + Duration::from_millis(lasted)
        });
        test_run.stops = stop_at
            .map(|at| (Duration::from_millis(at), StopRequest::Gracefully(Signal::Interrupt)))
            .into_iter().collect();
        let done = runtime.block_on(test_run.run());

        let mut lines: Vec<u64> = done.lines().into_iter().map(|(row, ..)| row).collect();
        let written = lines.len();
        lines.dedup();
        prop_assert_eq!(lines.len(), written, "a row has two lines");
        let seen = done.seen.lock().unwrap();
        prop_assert!(seen.max_in_flight <= concurrency);
        for window in seen.requests.windows(21) {
            prop_assert!(window[20].1.duration_since(window[0].1) >= Duration::from_secs(1));
        }
        let associated: Vec<u64> = done.flushed.iter()
            .filter(|line| line.kind == OutcomeKind::Associated).map(|line| line.key.row).collect();
        let mut confirmed = seen.confirmed.clone();
        confirmed.sort_unstable();
        let mut sorted = associated.clone();
        sorted.sort_unstable();
        prop_assert_eq!(sorted, confirmed, "what the server confirmed is what the report says");
        for line in &done.flushed {
            let sent = seen.requests.iter().filter(|(row, _)| *row == line.key.row).count();
            prop_assert_eq!(sent, line.attempts as usize);
        }
        if done.ending.stop.is_none() {
            prop_assert_eq!(written as u64, rows);
        }
        prop_assert_eq!(done.ending.counts.finished(), written as u64);
    }
}

/// A run of 5,000 rows at 10 per second, 16 at a time, while the API is unreachable for some time.
async fn outage(away: Range<Duration>) -> Done {
    let mut test_run = TestRun::of(5000);
    test_run.rate = "100/10s";
    test_run.concurrency = 16;
    test_run.failure_limit = FailureLimit::default();
    test_run.away = Some(away);
    test_run.run().await
}

#[tokio::test(start_paused = true)]
async fn an_outage_costs_time_and_no_row() {
    let (start, end) = (Duration::from_mins(1), Duration::from_mins(50));
    let done = outage(start..end).await;
    assert_eq!(done.status(), ExitStatus::Done);
    assert_eq!(done.flushed.len(), 5000);
    let seen = done.seen.lock().unwrap();
    let sent = |during: Range<Duration>| {
        let first = seen.requests[0].1;
        let times = seen.requests.iter().map(|(_, at)| at.duration_since(first));
        times.filter(|at| during.contains(at)).count()
    };
    let while_away = sent(start..end);
    assert!((100..160).contains(&while_away), "{while_away}");
    let after = sent(end + Duration::from_secs(30)..end + Duration::from_mins(1));
    assert!(
        (290..=301).contains(&after),
        "{after}: the rate is unchanged"
    );
    let events: Vec<_> = done
        .observer
        .kinds
        .iter()
        .filter(|kind| kind.starts_with("Api"))
        .collect();
    assert_eq!(events, ["ApiUnreachable", "ApiRecovered"]);
}

#[tokio::test(start_paused = true)]
async fn an_outage_that_does_not_end_ends_the_run_and_fails_no_row() {
    let hours = Duration::from_hours;
    for (start, max) in [
        (Duration::from_mins(1), hours(1) + Duration::from_mins(3)),
        (Duration::ZERO, Duration::from_mins(3)),
    ] {
        let done = outage(start..hours(9)).await;
        assert_eq!(done.status(), ExitStatus::StoppedEarly);
        assert!(matches!(
            done.ending.stop,
            Some(StopReason::ApiUnreachable { .. })
        ));
        assert!(
            done.flushed
                .iter()
                .all(|row| row.kind == OutcomeKind::Associated)
        );
        assert!(done.took < start + max, "{:?}", done.took);
    }
}

#[tokio::test(start_paused = true)]
async fn rows_that_each_get_their_own_error_are_no_outage() {
    let mut test_run = TestRun::of(200);
    for row in 1..=200 {
        test_run = test_run.server_says(row, vec![answer(500, ""); 3]);
    }
    let done = test_run.run().await;
    assert!(
        done.lines()
            .iter()
            .all(|&(_, kind, attempts)| (kind, attempts) == (OutcomeKind::Failed, 3))
    );
    assert!(done.took < Duration::from_mins(1), "{:?}", done.took);
}

#[tokio::test(start_paused = true)]
async fn the_failure_limit_stops_the_run_after_about_a_hundred_rows() {
    let mut test_run = TestRun::of(5000);
    test_run.failure_limit = FailureLimit::default();
    for row in 1..=5000 {
        test_run = test_run.server_says(row, [answer(400, r#"{"category":"VALIDATION_ERROR"}"#)]);
    }
    let done = test_run.run().await;
    assert_eq!(done.status(), ExitStatus::StoppedEarly);
    assert!(done.requests() < 100 + 4, "{}", done.requests());
    assert_eq!(
        done.lines().len(),
        done.requests(),
        "every reply has its line"
    );
}

#[tokio::test(start_paused = true)]
async fn a_run_ends_at_its_time_limit_even_while_it_waits_for_the_quota() {
    for (rate, least) in [("unlimited", 300), ("1/10s", 1)] {
        let mut test_run = TestRun::of(5000);
        test_run.rate = rate;
        test_run.time_limits.max_duration = Some(Duration::from_secs(9));
        let done = test_run.run().await;
        assert_eq!(done.status(), ExitStatus::StoppedEarly);
        assert!(done.took < Duration::from_millis(9500), "{:?}", done.took);
        assert!(done.lines().len() >= least, "{}", done.lines().len());
        assert_eq!(done.lines().len(), done.requests());
    }
}

#[tokio::test(start_paused = true)]
async fn a_panic_in_a_worker_is_reported_and_every_other_reply_is_kept() {
    #[derive(Clone)]
    struct Buggy(Scripted);
    impl Endpoint for Buggy {
        async fn associate_all<P: AsRef<Pair> + Sync>(&self, pairs: &[P]) -> Reply {
            self.0.associate_all(pairs).await
        }

        async fn associate(&self, pair: &Pair) -> Reply {
            assert!(pair.from.id.as_str() != "50", "out of cheese");
            self.0.associate(pair).await
        }
    }
    let (sender, rows) = mpsc::channel(100);
    for number in 1..=100 {
        sender.try_send(Ok(row(number))).unwrap();
    }
    drop(sender);
    let (_asker, stop) = mpsc::channel(1);
    let mut report = Memory::default();
    let mut observer = TestObserver::default();
    let endpoint = Scripted {
        latency: Duration::from_millis(100),
        ..Scripted::default()
    };
    let ending = run(
        RunSettings {
            concurrency: 4.try_into().unwrap(),
            retry: RetryPolicy {
                max_attempts: 6.try_into().unwrap(),
            },
            failure_limit: FailureLimit::default(),
            time_limits: TimeLimits::default(),
            daily_reset: None,
            batch: None,
        },
        RunContext {
            endpoint: Buggy(endpoint.clone()),
            rate_limiter: RateLimiter::new(RateController::new(
                "unlimited".parse().unwrap(),
                Share::ALL,
            )),
            report: &mut report,
            observer: &mut observer,
            rows,
            previous_counts: RunCounts::default(),
            failed_before: Box::new(|_| false),
            stop,
            now: || Timestamp::UNIX_EPOCH,
            draw: Box::new(|| 0.5),
        },
    )
    .await;
    let Some(StopReason::Bug(what)) = &ending.stop else {
        panic!("{:?}", ending.stop);
    };
    assert_eq!(what, "out of cheese");
    let answered = endpoint.seen.lock().unwrap().confirmed.len();
    assert_eq!(report.flushed.lock().unwrap().len(), answered);
    assert!((48..60).contains(&answered), "{answered}");
}
