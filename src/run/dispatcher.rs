//! The loop that decides everything: which row is sent next, what becomes of it, when the run is over.
//!
//! It owns all state, so nothing is shared and nothing locked. The only `select!` of the run turns what
//! happens into one call of a synchronous method each.

mod answers;
mod calls;
mod day;
mod machine;
mod refusals;
mod renewing;

mod stopping;
mod telling;

use std::collections::VecDeque;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval};

use super::WriteReport;
use renewing::Renewing;

use super::alarm::Alarm;
use super::batch::{Batches, Call};
use super::budget::Budget;
use super::daily::DailyWait;
use super::descriptors::Descriptors;
use super::event::Observe;
use super::outage::Outage;
use super::outbox::Outbox;
use super::parts::{Ending, Parts, RunSettings};
use super::queue::Queue;
use super::row::{SendableRow, invalid_outcome, skipped_outcome};
use super::stop::{Likeness, StopReason};
use super::suspects::Suspects;
use super::tally::Tally;
use super::workers::Workers;
use crate::api::Endpoint;
use crate::input::{CheckedRow, InputError, RowContent, SkippedRow};
use crate::outcome::Outcome;
use crate::rate_limit::Permit;

/// Rows are taken from the input so many at a time: each time may wake the thread that reads them.
const ROWS_AT_ONCE: usize = 128;

/// Sends every row of the input until it has an outcome, or something stops the run.
pub async fn run<E: Endpoint, W: WriteReport, O: Observe>(
    settings: RunSettings,
    parts: Parts<'_, E, W, O>,
) -> Ending {
    let mut tick = interval(parts.observer.tick_every());
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let can_renew = parts.endpoint.can_renew();
    let now = (parts.now)();
    let dispatcher = Dispatcher {
        budget: Budget::new(settings.error_budget),
        tally: parts.earlier.clone(),
        batches: settings.batch.map(Batches::new),
        settings,
        in_flight: Workers::new(parts.endpoint.clone()),
        calls: Workers::new(parts.endpoint.clone()),
        parts,
        started: Instant::now(),
        reason: None,
        phase: Phase::Running,
        input_over: false,
        read: VecDeque::new(),
        due_alarm: Alarm::new(),
        queue: Queue::default(),
        outbox: Outbox::new(),
        likeness: Likeness::default(),
        suspects: Suspects::default(),
        outage: Outage::default(),
        daily_wait: DailyWait::default(),
        descriptors: Descriptors::default(),
        renewing: Renewing::new(can_renew),
        tick,
        told_at: Instant::now(),
        told_at_wall: now,
        standstills: 0,
        stood_still: Duration::ZERO,
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
    /// Rows that came from the input and are not taken yet.
    read: VecDeque<Result<CheckedRow, InputError>>,
    due_alarm: Alarm,
    queue: Queue,
    in_flight: Workers<E, SendableRow>,
    /// In batch mode: the rows that are sent together, and the calls in flight.
    batches: Option<Batches>,
    calls: Workers<E, Call>,
    outbox: Outbox,
    likeness: Likeness,
    suspects: Suspects,
    outage: Outage,
    daily_wait: DailyWait,
    descriptors: Descriptors,
    budget: Budget,
    renewing: Renewing,
    tick: Interval,
    /// When time was last told, by both clocks.
    told_at: Instant,
    told_at_wall: Timestamp,
    /// How often the process stood still.
    standstills: u32,
    /// How much of that time was counted by the clock.
    stood_still: Duration,
}

impl<E: Endpoint, W: WriteReport, O: Observe> Dispatcher<'_, E, W, O> {
    async fn run(mut self) -> Ending {
        let mut read = Vec::with_capacity(ROWS_AT_ONCE);
        loop {
            self.fill_slots();
            self.end_suspects();
            if self.is_over() {
                break;
            }
            let running = self.phase == Phase::Running;
            let next_due = self.next_due().filter(|_| running);
            let renews = self.may_renew();
            let wants_permit = self.wants_permit() && !self.needs_token();
            let reads = !self.input_over && self.takes_row();
            tokio::select! {
                biased;
                Some(stop) = self.parts.stop.recv() => self.asked_to_stop(stop),
                step = self.outbox.step(self.parts.report) => self.wrote(step),
                _ = self.tick.tick() => self.tell_time(),
                done = self.in_flight.next(), if self.in_flight.busy() > 0 => {
                    self.answered(done);
                    while let Some(done) = self.in_flight.try_next() {
                        self.answered(Ok(done));
                    }
                }
                renewal = self.renewing.next() => {
                    if let Some(renewal) = renewal {
                        self.renewed(renewal);
                    }
                }
                done = self.calls.next(), if self.calls.busy() > 0 => self.call_answered(done),
                () = self.due_alarm.at(next_due), if next_due.is_some() => self.wake(),
                permit = self.parts.rate_limiter.acquire(), if renews || wants_permit => {
                    if renews {
                        self.renew(permit);
                    } else {
                        self.send(permit);
                    }
                }
                count = self.parts.rows.recv_many(&mut read, ROWS_AT_ONCE), if reads => {
                    self.input_over = count == 0;
                    self.read.extend(read.drain(..));
                }
            }
        }
        self.end().await
    }

    fn is_over(&self) -> bool {
        match self.phase {
            Phase::Running => self.has_sent_all() && self.suspects.is_empty(),
            Phase::Stopping => self.nothing_is_awaited(),
            Phase::Abandoned => true,
        }
    }

    /// Whether no row is left to be sent, and no reply to come.
    fn has_sent_all(&self) -> bool {
        self.input_over
            && self.read.is_empty()
            && self.nothing_is_awaited()
            && self.queue.len() == 0
            && self.batches.as_ref().is_none_or(Batches::is_empty)
    }

    fn has_slot(&self) -> bool {
        self.phase == Phase::Running
            && self.in_flight.busy() < self.settings.concurrency.get()
            && self.may_send_beside_others()
            && self.descriptors.has_room(self.requests_in_flight())
            && self.outbox.has_room()
    }

    /// Whether no reply is on its way: neither for a row, nor one that may hold the next refresh token.
    fn nothing_is_awaited(&self) -> bool {
        self.requests_in_flight() == 0 && !self.must_finish_renewal()
    }

    fn requests_in_flight(&self) -> usize {
        self.in_flight.busy() + self.calls.busy()
    }

    /// While the API is away one request at a time is enough to see when it is back, and while the token is in doubt
    /// to see whether it is good.
    fn may_send_beside_others(&self) -> bool {
        !(self.outage.is_on() || self.renewing.is_in_doubt()) || self.requests_in_flight() == 0
    }

    /// Whether something would be sent at once if there were a turn.
    fn wants_permit(&self) -> bool {
        self.has_slot() && self.queue.is_ready() || self.wants_permit_for_call()
    }

    /// Whether one more row may be taken.
    fn takes_row(&self) -> bool {
        match &self.batches {
            Some(batches) => self.takes_row_into(batches),
            None => self.has_slot() && self.queue.takes_more(),
        }
    }

    /// Sends whatever may leave without waiting for anything.
    fn fill_slots(&mut self) {
        loop {
            self.sort_out_calls();
            if self.wants_permit()
                && !self.needs_token()
                && let Ok(permit) = self.parts.rate_limiter.try_acquire()
            {
                self.send(permit);
            } else if self.takes_row()
                && let Some(row) = self.read.pop_front()
            {
                self.take(row);
            } else if !self.flush_last_calls() {
                break;
            }
        }
    }

    fn take(&mut self, row: Result<CheckedRow, InputError>) {
        match row {
            Ok(CheckedRow { key, content }) => match content {
                RowContent::Pair(pair) => {
                    let row = SendableRow::new(key, pair);
                    match &mut self.batches {
                        Some(batches) => batches.push(row),
                        None => self.queue.push(row),
                    }
                }
                RowContent::Invalid(invalid) => {
                    self.settle(invalid_outcome(key, &invalid, (self.parts.now)()));
                }
                RowContent::Skipped(SkippedRow::Settled(_)) => self.budget.note_good(),
                RowContent::Skipped(skipped) => {
                    self.settle(skipped_outcome(key, skipped, (self.parts.now)()));
                }
            },
            Err(error) => {
                // The rows read before are sent to their end; there are just no more of them.
                self.input_over = true;
                StopReason::raise(&mut self.reason, StopReason::Input(error));
            }
        }
    }

    /// Sends the next row, or else the next call, with this turn.
    fn send(&mut self, permit: Permit) {
        let row = self.has_slot().then(|| self.queue.pop());
        let Some(mut row) = row.flatten() else {
            return self.send_call(permit);
        };
        row.first_sent.get_or_insert_with(Instant::now);
        row.generation = self.renewing.generation();
        row.standstills = self.standstills;
        row.request = self.suspects.next_request();
        self.in_flight.send(row, permit);
    }

    /// A row ended. It counts once it is handed over.
    fn settle(&mut self, outcome: Outcome) {
        // What stopped one run, or was let pass by it, must not stop each one after it.
        if outcome.kind.is_good() || !(self.parts.failed_before)(&outcome) {
            if let Some(reason) = self.likeness.note(&outcome) {
                self.stop(reason);
            }
            if let Some(spent) = self.budget.note(&outcome) {
                self.stop(StopReason::BudgetSpent(spent));
            }
        }
        self.reconsider(&outcome);
        self.outbox.add(outcome, self.parts.report);
    }
}
