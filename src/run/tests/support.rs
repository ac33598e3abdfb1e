//! Fixtures of the tests of the run: an endpoint, a report and an observer in memory.

use std::collections::HashMap;
use std::io;
use std::ops::Range;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::api::endpoint::Endpoint;
use crate::api::link_call::LinkCall;
use crate::api::lookup_call::LookupCall;
use crate::api::response::body::Body;
use crate::api::response::headers::{Answer, Reply, ReplyHeaders};
use crate::domain::link_request::LinkRequest;
use crate::domain::outcome::{Outcome, OutcomeKind};
use crate::domain::pair::{ObjectType, Pair, Record, RecordId, RowKey};
use crate::domain::run_counts::RunCounts;
use crate::exit_status::ExitStatus;
use crate::input::error::InputError;
use crate::input::row::{CheckedRow, RowContent};
use crate::input::skip::Skips;
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
use crate::run::stop_reason::StopRequest;
use crate::run::write_report::{ReportJob, WriteReport};
use crate::verdict::retry::RetryPolicy;

pub(super) fn pair(id: u64) -> Pair {
    let record = |object_type, id: u64| Record {
        object_type: ObjectType::new(object_type).unwrap(),
        id: RecordId::new(&id.to_string()).unwrap(),
    };
    Pair {
        from: record("contacts", id),
        to: record("companies", id + 1_000_000),
    }
}

pub(super) fn row(number: u64) -> CheckedRow {
    CheckedRow {
        key: RowKey {
            row: number,
            line: number + 1,
        },
        content: RowContent::Pair(pair(number)),
        labels: None,
    }
}

pub(super) fn answer(status: u16, body: &str) -> Reply {
    Reply::Answered(Answer {
        status,
        headers: ReplyHeaders::default(),
        body: Body::parse(body.as_bytes()),
    })
}

pub(super) fn throttled(seconds: u64) -> Reply {
    Reply::Answered(Answer {
        status: 429,
        headers: ReplyHeaders {
            retry_after: Some(Duration::from_secs(seconds)),
            ..ReplyHeaders::default()
        },
        body: Body::Empty,
    })
}

pub(super) fn disconnected() -> Reply {
    Reply::Disconnected {
        why: "connection reset".to_owned(),
    }
}

pub(super) fn good(pair: &Pair) -> Reply {
    let body = format!(
        r#"{{"status":"COMPLETE","results":[{{"from":{{"id":"{}"}},"to":{{"id":"{}"}}}}]}}"#,
        pair.from.id, pair.to.id
    );
    answer(200, &body)
}

/// An endpoint that replies to each row's requests from a script, then confirms.
#[derive(Clone, Default)]
pub(super) struct Scripted {
    pub(super) scripts: Arc<HashMap<u64, Vec<Reply>>>,
    pub(super) latency: Duration,
    /// When the API is unreachable.
    pub(super) away: Option<Range<Instant>>,
    pub(super) seen: Arc<Mutex<Seen>>,
}

#[derive(Default)]
pub(super) struct Seen {
    /// The row of each request, and the time it was sent.
    pub(super) requests: Vec<(u64, Instant)>,
    pub(super) in_flight: usize,
    pub(super) max_in_flight: usize,
    pub(super) confirmed: Vec<u64>,
}

impl Endpoint for Scripted {
    async fn links(&self, _call: &LinkCall) -> Reply {
        unreachable!("a run that does not read links")
    }

    async fn lookup(&self, _call: &LookupCall) -> Reply {
        unreachable!("rows with ids")
    }

    async fn associate_all<P: LinkRequest + Sync>(&self, _pairs: &[P]) -> Reply {
        unreachable!("one row at a time")
    }

    async fn associate<R: LinkRequest + Sync>(&self, row: &R) -> Reply {
        let pair = row.pair();
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
pub(super) struct Memory {
    pub(super) added: Vec<Outcome>,
    pub(super) flushed: Arc<Mutex<Vec<Outcome>>>,
    pub(super) refuse_after: Option<usize>,
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
pub(super) struct TestObserver {
    pub(super) shown: Vec<u64>,
    pub(super) counted_when_shown: Vec<u64>,
    pub(super) kinds: Vec<String>,
    /// Whether a tick had a rate limit.
    pub(super) shows_rate: bool,
}

impl Observe for TestObserver {
    fn on(&mut self, event: &Event<'_>) {
        match &event.kind {
            RunEvent::RowFinished(outcome) => {
                self.shown.push(outcome.key.row);
                self.counted_when_shown.push(event.counts.finished());
            }
            RunEvent::Tick { rate, .. } => self.shows_rate |= rate.is_some(),
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

/// Settings for one request per row, without limits.
pub(super) fn settings(concurrency: usize, max_attempts: u32) -> RunSettings {
    RunSettings {
        concurrency: concurrency.try_into().unwrap(),
        batch: None,
        retry: RetryPolicy {
            max_attempts: max_attempts.try_into().unwrap(),
        },
        failure_limit: FailureLimit {
            max_failed: None,
            max_failed_percent: 100,
        },
        time_limits: TimeLimits::default(),
        daily_reset: None,
        lookup: None,
        lookup_only: false,
        links: None,
    }
}

/// The rows of an input that ends after them.
pub(super) fn input_of(
    rows: impl IntoIterator<Item = CheckedRow>,
) -> mpsc::Receiver<Result<CheckedRow, InputError>> {
    let rows: Vec<_> = rows.into_iter().collect();
    let (sender, receiver) = mpsc::channel(rows.len().max(1));
    for row in rows {
        sender.try_send(Ok(row)).unwrap();
    }
    receiver
}

/// A channel without requests to stop.
pub(super) fn no_stops() -> mpsc::Receiver<StopRequest> {
    mpsc::channel(1).1
}

/// A run without a rate limit.
pub(super) fn context<'p>(
    rows: mpsc::Receiver<Result<CheckedRow, InputError>>,
    stop: mpsc::Receiver<StopRequest>,
    report: &'p mut Memory,
    observer: &'p mut TestObserver,
) -> RunContext<'p> {
    RunContext {
        rate_limiter: RateLimiter::new(RateController::new(
            "unlimited".parse().unwrap(),
            Share::ALL,
        )),
        report,
        observer,
        rows,
        skips: Skips::default(),
        previous_counts: RunCounts::default(),
        failed_before: Box::new(|_| false),
        stop,
        now: || Timestamp::UNIX_EPOCH,
        draw: Box::new(|| 0.5),
    }
}

/// The settings and script of a run.
pub(super) struct TestRun {
    pub(super) rows: Vec<Result<CheckedRow, InputError>>,
    pub(super) scripts: HashMap<u64, Vec<Reply>>,
    pub(super) latency: Duration,
    /// When the API is unreachable, relative to the start.
    pub(super) away: Option<Range<Duration>>,
    pub(super) rate: &'static str,
    pub(super) concurrency: usize,
    pub(super) max_attempts: u32,
    pub(super) refuse_after: Option<usize>,
    pub(super) stops: Vec<(Duration, StopRequest)>,
    pub(super) draw: f64,
    pub(super) daily_reset: Option<DailyReset>,
    pub(super) failure_limit: FailureLimit,
    pub(super) time_limits: TimeLimits,
    pub(super) batch: Option<BatchSettings>,
    /// Whether the input stays open after its rows.
    pub(super) endless: bool,
}

pub(super) struct Done {
    pub(super) ending: RunOutcome,
    pub(super) flushed: Vec<Outcome>,
    pub(super) observer: TestObserver,
    pub(super) seen: Arc<Mutex<Seen>>,
    pub(super) took: Duration,
}

impl TestRun {
    pub(super) fn of(rows: u64) -> Self {
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
            failure_limit: settings(1, 1).failure_limit,
            time_limits: TimeLimits::default(),
            batch: None,
            endless: false,
        }
    }

    pub(super) fn server_says(mut self, row: u64, replies: impl Into<Vec<Reply>>) -> Self {
        self.scripts.insert(row, replies.into());
        self
    }

    pub(super) async fn run(self) -> Done {
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
        let rate = RateController::new(self.rate.parse().unwrap(), Share::ALL);
        let context = RunContext {
            rate_limiter: RateLimiter::new(rate),
            draw: Box::new(move || draw),
            ..context(rows, stop, &mut report, &mut observer)
        };
        let settings = RunSettings {
            failure_limit: self.failure_limit,
            time_limits: self.time_limits,
            daily_reset: self.daily_reset,
            batch: self.batch,
            ..settings(self.concurrency, self.max_attempts)
        };
        let ending = run(endpoint, settings, context).await;
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
    pub(super) fn lines(&self) -> Vec<(u64, OutcomeKind, u32)> {
        let mut lines: Vec<_> = self
            .flushed
            .iter()
            .map(|outcome| (outcome.key.row, outcome.kind, outcome.attempts))
            .collect();
        lines.sort_unstable();
        lines
    }

    pub(super) fn requests(&self) -> usize {
        self.seen.lock().unwrap().requests.len()
    }

    pub(super) fn status(&self) -> ExitStatus {
        match &self.ending.stop {
            Some(reason) => reason.exit_status(),
            None => self.ending.counts.exit_status(),
        }
    }
}
