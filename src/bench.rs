//! The pure steps of a row, for `benches/parts.rs` only; no part of the interface of this crate.
//!
//! Each function takes and returns plain data, so that the types of the steps stay private.

use std::hint::black_box;
use std::path::Path;
use std::time::Duration;

use crate::api::response::body::Body;
use crate::api::response::headers::{Answer, Reply, ReplyHeaders};
use crate::domain::outcome::{Outcome, OutcomeKind, RowTarget};
use crate::domain::pair::{ObjectType, Pair, Record, RecordId, RowKey};
use crate::domain::quota::Quota;
use crate::input::csv_input::Input;
use crate::input::decode::source::InputSource;
use crate::input::row::CheckedRow;
use crate::input::settings::InputSettings;
use crate::rate_limit::controller::{Observation, RateController};
use crate::rate_limit::rate::Share;
use crate::report::line::LineBuffer;
use crate::report::reader::ReportReader;
use crate::report::stats::statistics::Statistics;
use crate::verdict::batch::attribute::attribute;
use crate::verdict::classify::classify;
use crate::verdict::describe::describe;
use crate::verdict::retry::{AttemptCounts, RetryPolicy};

/// Reads and checks all rows of a file, and returns their number.
#[must_use]
pub fn read_rows(path: &Path) -> u64 {
    let settings = InputSettings {
        path: InputSource::File(path.to_owned()),
        ..InputSettings::default()
    };
    let mut input = Input::open(&settings).expect("the file has a header");
    let mut row = CheckedRow::default();
    while input.read(&mut row).expect("the file is a CSV") {}
    input.rows()
}

fn pair_of(from_id: &str, to_id: &str) -> Pair {
    let record = |object_type, id| Record {
        object_type: ObjectType::new(object_type).expect("it is a type"),
        id: RecordId::new(id).expect("it is an id"),
    };
    Pair {
        from: record("contacts", from_id),
        to: record("companies", to_id),
    }
}

fn answer(status: u16, body: Body) -> Reply {
    Reply::Answered(Answer {
        status,
        headers: ReplyHeaders::default(),
        body,
    })
}

/// A parsed reply to the request of one pair.
#[derive(Debug)]
pub struct SingleReply {
    pair: Pair,
    reply: Reply,
}

impl SingleReply {
    /// Parses a body.
    pub fn parse(body: &[u8]) {
        black_box(Body::parse(body));
    }

    /// The reply with this status and body, for the pair of these ids.
    #[must_use]
    pub fn new(from_id: &str, to_id: &str, status: u16, body: &[u8]) -> Self {
        Self {
            pair: pair_of(from_id, to_id),
            reply: answer(status, Body::parse(body)),
        }
    }

    /// Classifies the reply, and decides what follows.
    pub fn judge(&self) {
        let policy = RetryPolicy {
            max_attempts: 6.try_into().expect("it is not zero"),
        };
        let class = classify(black_box(&self.reply), &self.pair);
        let mut attempts = AttemptCounts::default();
        attempts.count(class);
        black_box(policy.judge(class, attempts, None, 0.5));
    }

    /// Describes the reply for the report.
    pub fn describe(&self) {
        black_box(describe(black_box(&self.reply), &self.pair));
    }

    /// Parses a body, and classifies and describes it for this pair.
    pub fn process(&self, status: u16, body: &[u8]) {
        let reply = answer(status, Body::parse(body));
        black_box((classify(&reply, &self.pair), describe(&reply, &self.pair)));
    }
}

/// The pairs of a batch.
#[derive(Debug)]
pub struct Batch(Vec<Pair>);

impl Batch {
    /// Pairs of contacts and companies with these ids.
    #[must_use]
    pub fn new(ids: impl Iterator<Item = (usize, usize)>) -> Self {
        let pairs = ids.map(|(from, to)| pair_of(&from.to_string(), &to.to_string()));
        Self(pairs.collect())
    }

    /// Parses the reply to the batch, and finds the outcome of each pair.
    pub fn process(&self, status: u16, body: &[u8]) {
        black_box(attribute(&answer(status, Body::parse(body)), &self.0));
    }
}

/// A rate limit of 100 per ten seconds, in simulated time.
#[derive(Debug)]
pub struct RateLimit {
    controller: RateController,
    now: Duration,
}

impl Default for RateLimit {
    fn default() -> Self {
        let rate = "100/10s".parse().expect("it is a rate");
        Self {
            controller: RateController::new(rate, Share::ALL),
            now: Duration::ZERO,
        }
    }
}

impl RateLimit {
    /// Takes a permit, and observes the reply to its request.
    pub fn permit_and_reply(&mut self) {
        while let Err(wait) = self.controller.try_acquire(self.now) {
            self.now += wait;
        }
        black_box(self.controller.observe(Observation {
            sent_at: self.now,
            now: self.now + Duration::from_millis(80),
            throttled: false,
            quota: Quota {
                max: Some(100),
                remaining: Some(50),
                interval: Some(Duration::from_secs(10)),
                ..Quota::default()
            },
        }));
    }
}

/// Writes lines of a report to memory.
#[derive(Debug)]
pub struct ReportLines {
    outcome: Outcome,
    lines: LineBuffer,
}

impl ReportLines {
    /// The size at which the lines are taken out of the buffer.
    const MAX_BYTES: usize = 1 << 16;

    /// Lines for the outcome of this reply.
    #[must_use]
    pub fn new(reply: &SingleReply) -> Self {
        let outcome = Outcome {
            key: RowKey {
                row: 123_456,
                line: 123_457,
            },
            target: RowTarget::Pair(reply.pair.clone()),
            keys: None,
            kind: OutcomeKind::Associated,
            details: describe(&reply.reply, &reply.pair),
            attempts: 1,
            duration: Duration::from_millis(87),
            finished_at: "2026-05-04T09:15:22.118Z".parse().expect("it is a time"),
            existed_before: None,
            labels: None,
            proof: None,
        };
        Self {
            outcome,
            lines: LineBuffer::default(),
        }
    }

    /// Adds a line.
    pub fn add(&mut self) {
        self.lines.add(black_box(&self.outcome));
        if self.lines.bytes() > Self::MAX_BYTES {
            black_box(self.lines.take());
        }
    }

    /// A report of `rows` lines.
    #[must_use]
    pub fn report(&self, rows: u64) -> Vec<u8> {
        let mut lines = LineBuffer::default();
        lines.add_header();
        for _ in 0..rows {
            lines.add(&self.outcome);
        }
        lines.take()
    }
}

/// Reads the lines of a report, and returns their number.
#[must_use]
pub fn read_report(text: &[u8]) -> u64 {
    let mut reader = ReportReader::new(text).expect("it has a header");
    let mut lines = 0;
    while let Some(line) = reader.read().expect("it is not damaged") {
        black_box(line.row);
        lines += 1;
    }
    lines
}

/// Reads a report into the statistics of its summary.
pub fn summarize(text: &[u8]) {
    black_box(Statistics::of(text).expect("it is not damaged"));
}
