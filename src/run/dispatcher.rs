//! The loop that decides everything: which row is sent next, what becomes of it, when the run is over.
//!
//! It owns all state, so nothing is shared and nothing locked. The only `select!` of the run turns what
//! happens into one call of a synchronous method each.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::num::NonZeroUsize;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio::task::{JoinError, JoinHandle, JoinSet};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval, sleep_until};

use super::event::{Event, Observe, RunEvent};
use super::row::{SendableRow, invalid_outcome};
use super::stop::{Likeness, Stop, StopReason};
use super::tally::Tally;
use super::{Ending, WriteReport};
use crate::api::{Endpoint, Reply};
use crate::input::{CheckedRow, InputError};
use crate::outcome::{Finding, Outcome};
use crate::pace::{Gate, Observation};
use crate::verdict::{Class, Halt, RetryPolicy, Verdict, classify, describe, quiet_period, scopes};

/// An outcome is handed to the system after this at the latest.
const HAND_OVER_WITHIN: Duration = Duration::from_millis(50);

/// Outcomes are brought to the disk this often.
const SYNC_EVERY: Duration = Duration::from_millis(500);

/// How often observers hear that time passed.
const TICK: Duration = Duration::from_millis(100);

/// Rows that may wait for their next attempt. They hold no slot, so a few slow failures do not stop
/// the others; beyond this no new row is read, which bounds the memory.
const MAX_WAITING: usize = 1000;

/// What the run needs to know.
#[derive(Clone, Copy, Debug)]
pub struct RunSettings {
    /// Requests in flight at most.
    pub concurrency: NonZeroUsize,
    /// How often a row is sent.
    pub retry: RetryPolicy,
}

/// Everybody whom the run calls.
pub struct Parts<'p, E, W, O> {
    /// Answers requests.
    pub endpoint: E,
    /// Gives turns.
    pub gate: Gate,
    /// Keeps outcomes.
    pub report: &'p mut W,
    /// Shows what happens.
    pub observer: &'p mut O,
    /// Brings rows; its end is the input's end.
    pub rows: mpsc::Receiver<Result<CheckedRow, InputError>>,
    /// Asks to stop.
    pub stop: mpsc::Receiver<Stop>,
    /// The wall clock, for stamps.
    pub now: fn() -> Timestamp,
    /// Chance: draws from 0.0..1.0.
    pub draw: Box<dyn FnMut() -> f64 + 'p>,
}

/// Sends every row of the input until it has an outcome, or something stops the run.
pub async fn run<E: Endpoint, W: WriteReport, O: Observe>(
    settings: RunSettings,
    parts: Parts<'_, E, W, O>,
) -> Ending {
    let mut tick = interval(TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let dispatcher = Dispatcher {
        settings,
        parts,
        started: Instant::now(),
        tally: Tally::default(),
        reason: None,
        phase: Phase::Running,
        input_over: false,
        ready: VecDeque::new(),
        waiting: BTreeMap::new(),
        sequence: 0,
        in_flight: JoinSet::new(),
        unwritten: Vec::new(),
        hand_over_at: None,
        sync: None,
        sync_at: Instant::now() + SYNC_EVERY,
        likeness: Likeness::default(),
        tick,
    };
    dispatcher.run().await
}

/// How far the run has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Rows are read and sent.
    Running,
    /// Nothing more is sent; what is in flight may still be answered.
    Stopping,
    /// Nothing is waited for any more.
    Abandoned,
}

struct Dispatcher<'p, E, W, O> {
    settings: RunSettings,
    parts: Parts<'p, E, W, O>,
    started: Instant,
    tally: Tally,
    reason: Option<StopReason>,
    phase: Phase,
    input_over: bool,
    /// Rows that may be sent now.
    ready: VecDeque<SendableRow>,
    /// Rows that may be sent again, by when; the number keeps equal times apart.
    waiting: BTreeMap<(Instant, u64), SendableRow>,
    sequence: u64,
    in_flight: JoinSet<(SendableRow, Reply)>,
    /// Outcomes that are with the report but not yet handed to the system.
    unwritten: Vec<Outcome>,
    hand_over_at: Option<Instant>,
    sync: Option<JoinHandle<io::Result<()>>>,
    sync_at: Instant,
    likeness: Likeness,
    tick: Interval,
}

impl<E: Endpoint, W: WriteReport, O: Observe> Dispatcher<'_, E, W, O> {
    async fn run(mut self) -> Ending {
        while !self.is_over() {
            let some_time = self.started;
            let next_waiting = self.waiting.keys().next().map(|&(due, _)| due);
            let running = self.phase == Phase::Running;
            let may_send = running && !self.ready.is_empty() && self.has_slot();
            let may_read = running && !self.input_over && self.ready.is_empty() && self.has_slot();
            tokio::select! {
                biased;
                Some(stop) = self.parts.stop.recv() => self.asked_to_stop(stop),
                () = sleep_until(self.hand_over_at.unwrap_or(some_time)), if self.hand_over_at.is_some() => {
                    self.hand_over();
                }
                done = async { self.sync.as_mut().expect("checked before").await }, if self.sync.is_some() => {
                    self.sync = None;
                    self.synced(done);
                }
                () = sleep_until(self.sync_at), if self.sync.is_none() => self.start_sync(),
                _ = self.tick.tick() => self.tell_time(),
                Some(done) = self.in_flight.join_next(), if !self.in_flight.is_empty() => {
                    self.answered(done);
                    while let Some(done) = self.in_flight.try_join_next() {
                        self.answered(done);
                    }
                }
                () = sleep_until(next_waiting.unwrap_or(some_time)), if running && next_waiting.is_some() => {
                    self.wake_waiting();
                }
                () = self.parts.gate.turn(), if may_send => self.send(),
                row = self.parts.rows.recv(), if may_read => self.take(row),
            }
        }
        self.end().await
    }

    fn is_over(&self) -> bool {
        match self.phase {
            Phase::Running => {
                self.input_over
                    && self.in_flight.is_empty()
                    && self.ready.is_empty()
                    && self.waiting.is_empty()
            }
            Phase::Stopping => self.in_flight.is_empty(),
            Phase::Abandoned => true,
        }
    }

    /// Whether one more row may be on its way. Rows that wait hold no slot, up to a bound.
    fn has_slot(&self) -> bool {
        self.in_flight.len() < self.settings.concurrency.get() && self.waiting.len() < MAX_WAITING
    }

    fn take(&mut self, row: Option<Result<CheckedRow, InputError>>) {
        match row {
            None => self.input_over = true,
            Some(Ok(CheckedRow {
                key,
                content: Ok(pair),
            })) => {
                self.ready.push_back(SendableRow::new(key, pair));
            }
            Some(Ok(CheckedRow {
                key,
                content: Err(invalid),
            })) => {
                let outcome = invalid_outcome(key, &invalid, (self.parts.now)());
                self.settle(outcome);
            }
            Some(Err(error)) => {
                // The rows read before are sent to their end; there are just no more of them.
                self.input_over = true;
                StopReason::raise(&mut self.reason, StopReason::Input(error));
            }
        }
    }

    /// Sends the next row; its turn is taken.
    fn send(&mut self) {
        let Some(mut row) = self.ready.pop_front() else {
            return;
        };
        row.first_sent.get_or_insert_with(Instant::now);
        let endpoint = self.parts.endpoint.clone();
        self.in_flight.spawn(async move {
            let reply = endpoint.associate(&row.pair).await;
            (row, reply)
        });
    }

    fn wake_waiting(&mut self) {
        let now = Instant::now();
        while let Some(first) = self.waiting.first_entry() {
            if first.key().0 > now {
                break;
            }
            // In front of the row that was read last: the older row is sent first.
            self.ready.push_front(first.remove());
        }
    }

    fn answered(&mut self, done: Result<(SendableRow, Reply), JoinError>) {
        let (mut row, reply) = match done {
            Ok(done) => done,
            // A bug. Everything received so far is kept, then it is told as loudly as can be.
            Err(error) => {
                self.hand_over();
                std::panic::resume_unwind(error.into_panic());
            }
        };
        let class = classify(&reply, &row.pair);
        row.tries.count(class);
        self.tally.requests += 1;
        let finding = describe(&reply, &row.pair);
        self.observe_pace(class, &reply, &finding);
        let retry_after = reply.answer().and_then(|answer| answer.headers.retry_after);
        let draw = (self.parts.draw)();
        match self
            .settings
            .retry
            .judge(class, row.tries, retry_after, draw)
        {
            Verdict::Settle(kind) => {
                let outcome = row.outcome(kind, finding, (self.parts.now)());
                self.settle(outcome);
            }
            Verdict::Again { after } => self.again(row, &finding, after),
            Verdict::Stop(halt) => {
                self.tally.unsettled += 1;
                let scopes = reply.answer().map(scopes).unwrap_or_default();
                self.halt(halt, scopes, finding);
            }
        }
        let daily_remaining = reply
            .answer()
            .and_then(|answer| answer.headers.quota.daily_remaining);
        if daily_remaining == Some(0) {
            let finding = Finding {
                message: "the reply says that no request is left today".to_owned(),
                ..Finding::default()
            };
            self.halt(Halt::DailyLimit, Vec::new(), finding);
        }
    }

    fn again(&mut self, row: SendableRow, finding: &Finding, after: Duration) {
        self.emit(RunEvent::AttemptFailed {
            key: row.key,
            pair: &row.pair,
            attempts: row.tries.sent,
            why: &finding.message,
            correlation_id: finding.correlation_id.as_deref(),
            next_in: after,
        });
        self.sequence += 1;
        self.waiting
            .insert((Instant::now() + after, self.sequence), row);
    }

    fn observe_pace(&mut self, class: Class, reply: &Reply, finding: &Finding) {
        let gate = &mut self.parts.gate;
        let before = gate.pace();
        if let Some(answer) = reply.answer() {
            let quota = answer.headers.quota;
            gate.observe(if answer.status == 429 {
                self.tally.throttled += 1;
                Observation::Throttled(quota)
            } else {
                Observation::Answered(quota)
            });
        }
        let after = gate.pace();
        let was_quiet = gate.quiet_for().is_some();
        let quiet = quiet_period(class, reply);
        if let Some(period) = quiet {
            gate.be_quiet(period);
        }
        if let (Some(period), false) = (quiet, was_quiet) {
            let why = &finding.message;
            self.emit(RunEvent::Quieted { period, why });
        }
        if before != after {
            self.emit(RunEvent::PaceChanged(after));
        }
    }

    /// A row ended. It counts once it is handed over.
    fn settle(&mut self, outcome: Outcome) {
        self.parts.report.add(&outcome);
        if let Some(reason) = self.likeness.note(&outcome) {
            self.stop(reason);
        }
        self.unwritten.push(outcome);
        if self.parts.report.is_full() {
            self.hand_over();
        } else {
            self.hand_over_at
                .get_or_insert_with(|| Instant::now() + HAND_OVER_WITHIN);
        }
    }

    /// On its way to the disk first, then counted, then shown.
    fn hand_over(&mut self) {
        self.hand_over_at = None;
        if self.unwritten.is_empty() {
            return;
        }
        let outcomes = std::mem::take(&mut self.unwritten);
        if let Err(error) = self.parts.report.hand_over() {
            self.tally.unsettled += outcomes.len() as u64;
            self.cannot_write(error);
            return;
        }
        for outcome in outcomes {
            self.tally.count(&outcome);
            self.emit(RunEvent::RowSettled(&outcome));
        }
    }

    fn start_sync(&mut self) {
        self.sync_at = Instant::now() + SYNC_EVERY;
        self.sync = self.parts.report.sync().map(tokio::task::spawn_blocking);
    }

    fn synced(&mut self, done: Result<io::Result<()>, JoinError>) {
        self.sync_at = Instant::now() + SYNC_EVERY;
        if let Err(error) = done.map_err(io::Error::other).flatten() {
            self.cannot_write(error);
        }
    }

    /// Without a report nothing is to be sent: nobody would know what became of it.
    fn cannot_write(&mut self, error: io::Error) {
        self.stop(StopReason::Report(error));
        self.phase = Phase::Abandoned;
    }

    fn asked_to_stop(&mut self, stop: Stop) {
        let (Stop::Gracefully(signal) | Stop::Now(signal)) = stop;
        self.stop(StopReason::Signal(signal));
        if let Stop::Now(_) = stop {
            self.phase = Phase::Abandoned;
        }
    }

    fn halt(&mut self, halt: Halt, scopes: Vec<String>, finding: Finding) {
        let Finding {
            message,
            correlation_id,
            ..
        } = finding;
        self.stop(StopReason::Halted {
            halt,
            message,
            scopes,
            correlation_id,
        });
    }

    fn stop(&mut self, reason: StopReason) {
        if self.phase == Phase::Running {
            self.phase = Phase::Stopping;
            let in_flight = self.in_flight.len();
            self.emit(RunEvent::Stopping {
                reason: &reason,
                in_flight,
            });
        }
        StopReason::raise(&mut self.reason, reason);
    }

    fn tell_time(&mut self) {
        let event = RunEvent::Tick {
            pace: self.parts.gate.pace(),
            quiet_for: self.parts.gate.quiet_for(),
            in_flight: self.in_flight.len(),
            waiting: self.waiting.len(),
        };
        self.emit(event);
    }

    fn emit(&mut self, kind: RunEvent<'_>) {
        let event = Event {
            at: self.started.elapsed(),
            tally: &self.tally,
            kind,
        };
        self.parts.observer.on(&event);
    }

    async fn end(mut self) -> Ending {
        self.hand_over();
        if let Some(sync) = self.sync.take() {
            let done = sync.await;
            self.synced(done);
        }
        if let Some(sync) = self.parts.report.sync() {
            let done = tokio::task::spawn_blocking(sync).await;
            self.synced(done);
        }
        let left = self.in_flight.len() + self.ready.len() + self.waiting.len();
        self.tally.unsettled += left as u64;
        self.in_flight.abort_all();
        let stop = if self.nothing_is_left() {
            None
        } else {
            self.reason
        };
        Ending {
            tally: self.tally,
            stop,
            elapsed: self.started.elapsed(),
        }
    }

    /// Whether the reason to stop came too late to matter: every row has its line.
    fn nothing_is_left(&mut self) -> bool {
        let cut_short = matches!(
            self.reason,
            Some(StopReason::Report(_) | StopReason::Input(_))
        );
        let read_to_the_end = self.input_over
            || matches!(
                self.parts.rows.try_recv(),
                Err(mpsc::error::TryRecvError::Disconnected)
            );
        !cut_short && self.tally.unsettled == 0 && read_to_the_end
    }
}
