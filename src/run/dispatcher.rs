//! The main loop: decides which row is sent next, handles every reply, and determines when the run is
//! over.
//!
//! It owns all state, so nothing is shared or locked. The only `select!` of the run turns each event
//! into one call of a synchronous method.

pub mod batch_responses;
pub mod batches;
pub mod call_replies;
pub mod events;
pub mod links;
pub mod lookups;
pub mod refusals;
pub mod responses;
pub mod rows;
pub mod shutdown;
pub mod token_refresh;

use std::collections::VecDeque;

use tokio::time::{Instant, Interval, MissedTickBehavior, interval};

use crate::api::endpoint::Endpoint;
use crate::domain::outcome::Outcome;
use crate::domain::run_counts::RunCounts;
use crate::input::error::InputError;
use crate::input::row::CheckedRow;
use crate::rate_limit::permit::Permit;
use crate::run::batch::groups::Batches;
use crate::run::batch::request::BatchRequest;
use crate::run::commit_queue::CommitQueue;
use crate::run::context::{RunContext, RunOutcome, RunSettings};
use crate::run::guards::failure_limit::FailureTracker;
use crate::run::guards::uniform_failures::UniformFailureDetector;
use crate::run::limited_calls::next_event;
use crate::run::links::stage::LinkStage;
use crate::run::lookup::stage::LookupStage;
use crate::run::queue::Queue;
use crate::run::reply_handler::ReplyHandler;
use crate::run::reusable_timer::ReusableTimer;
use crate::run::row::SendableRow;
use crate::run::stop_reason::StopReason;
use crate::run::token_refresh::TokenRefresh;
use crate::run::worker_pool::WorkerPool;

/// Number of rows taken from the input at a time: each receive may wake the reader thread.
const ROWS_AT_ONCE: usize = 128;

/// Sends every row of the input until each has an outcome, or a reason to stop occurs.
pub async fn run<E: Endpoint>(
    endpoint: E,
    settings: RunSettings,
    context: RunContext<'_>,
) -> RunOutcome {
    let mut tick = interval(context.observer.tick_every());
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let replies = ReplyHandler::new(
        settings.retry,
        settings.daily_reset.clone(),
        endpoint.can_refresh(),
        (context.now)(),
    );
    let dispatcher = Dispatcher {
        failure_tracker: FailureTracker::new(settings.failure_limit),
        counts: context.previous_counts.clone(),
        batches: settings.batch.map(Batches::new),
        lookups: settings
            .lookup
            .clone()
            .map(|lookup| Box::new(LookupStage::new(lookup, endpoint.clone()))),
        links: settings.links.map(|links| {
            Box::new(LinkStage::new(
                links,
                settings.batch.is_some(),
                endpoint.clone(),
            ))
        }),
        settings,
        in_flight: WorkerPool::new(endpoint.clone()),
        batches_in_flight: WorkerPool::new(endpoint.clone()),
        context,
        started: Instant::now(),
        reason: None,
        phase: Phase::Running,
        input_over: false,
        input_buffer: VecDeque::new(),
        due_timer: ReusableTimer::new(),
        queue: Queue::default(),
        commit_queue: CommitQueue::new(),
        replies,
        uniform_failures: UniformFailureDetector::default(),
        token_refresh: TokenRefresh::new(endpoint),
        tick,
        last_tick: Instant::now(),
    };
    // The future of a run has many kilobytes.
    Box::pin(dispatcher.run()).await
}

/// The phase of the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Rows are read and sent.
    Running,
    /// No new request is sent; requests in flight may still get replies.
    Stopping,
    /// The run no longer waits for replies.
    Abandoned,
}

struct Dispatcher<'p> {
    settings: RunSettings,
    context: RunContext<'p>,
    started: Instant,
    counts: RunCounts,
    reason: Option<StopReason>,
    phase: Phase,
    input_over: bool,
    /// Rows that were received from the input and not processed yet.
    input_buffer: VecDeque<Result<CheckedRow, InputError>>,
    due_timer: ReusableTimer,
    queue: Queue,
    in_flight: WorkerPool<SendableRow>,
    /// In batch mode: the rows that are sent together, and the batches in flight.
    batches: Option<Batches>,
    batches_in_flight: WorkerPool<BatchRequest>,
    /// In a run with keys: the rows whose keys are looked up.
    lookups: Option<Box<LookupStage>>,
    /// In a run that reads links: the rows whose links are read or removed.
    links: Option<Box<LinkStage>>,
    commit_queue: CommitQueue,
    /// Decides what follows from a reply.
    replies: ReplyHandler,
    uniform_failures: UniformFailureDetector,
    failure_tracker: FailureTracker,
    token_refresh: TokenRefresh,
    tick: Interval,
    last_tick: Instant,
}

impl Dispatcher<'_> {
    async fn run(mut self) -> RunOutcome {
        let mut read = Vec::with_capacity(ROWS_AT_ONCE);
        loop {
            self.fill_slots();
            self.end_suspects();
            if self.is_over() {
                break;
            }
            let running = self.phase == Phase::Running;
            let next_due = self.next_due().filter(|_| running);
            let refreshes = self.may_refresh();
            let wants_permit = self.wants_permit() && !self.needs_token();
            let reads = !self.input_over && self.wants_rows();
            let lookups = self.wanted_lookups();
            let links = self.wanted_link_calls();
            tokio::select! {
                biased;
                Some(stop) = self.context.stop.recv() => self.handle_stop_request(stop),
                step = self.commit_queue.step(self.context.report) => self.handle_commit(step),
                _ = self.tick.tick() => self.emit_tick(),
                done = self.in_flight.next(), if self.in_flight.busy() > 0 => {
                    self.handle_row_reply(done);
                    while let Some(done) = self.in_flight.try_next() {
                        self.handle_row_reply(Ok(done));
                    }
                }
                refresh = self.token_refresh.next() => {
                    if let Some(refresh) = refresh {
                        self.handle_refresh(refresh);
                    }
                }
                done = self.batches_in_flight.next(), if self.batches_in_flight.busy() > 0 => self.handle_batch_reply(done),
                event = next_event(self.lookups.as_mut().map(|stage| &mut stage.calls), lookups), if self.lookups.is_some() => {
                    self.handle_lookup_event(event);
                }
                event = next_event(self.links.as_mut().map(|stage| &mut stage.calls), links), if self.links.is_some() => {
                    self.handle_link_event(event);
                }
                () = self.due_timer.wait_until(next_due), if next_due.is_some() => self.release_due(),
                permit = self.context.rate_limiter.acquire(), if refreshes || wants_permit => {
                    if refreshes {
                        // A refresh is a request too: it uses up the permit.
                        self.token_refresh.start();
                    } else {
                        self.send(permit);
                    }
                }
                count = self.context.rows.recv_many(&mut read, ROWS_AT_ONCE), if reads => {
                    self.input_over = count == 0;
                    self.input_buffer.extend(read.drain(..));
                }
            }
        }
        self.end().await
    }

    fn is_over(&self) -> bool {
        match self.phase {
            Phase::Running => {
                self.has_sent_all() && self.rows_in_links() == 0 && self.replies.suspects.is_empty()
            }
            Phase::Stopping => self.nothing_is_awaited(),
            Phase::Abandoned => true,
        }
    }

    /// Whether every row was sent that can be, and every reply received.
    fn has_sent_all(&self) -> bool {
        self.no_row_can_come()
            && self.nothing_is_awaited()
            && self.queue.len() == 0
            && self.batches.as_ref().is_none_or(Batches::is_empty)
    }

    /// Whether no row can come from the input, or from a stage, before one that was sent has its outcome.
    fn no_row_can_come(&self) -> bool {
        let links = self.links.as_ref();
        let is_last = self.input_over && self.input_buffer.is_empty() && self.rows_looked_up() == 0;
        is_last && links.is_none_or(|stage| stage.has_only_held_rows())
            || links.is_some_and(|stage| stage.is_blocked())
    }

    fn has_slot(&self) -> bool {
        self.phase == Phase::Running
            && self.in_flight.busy() < self.settings.concurrency.get()
            && self.replies.may_send_besides(self.requests_in_flight())
            && self.commit_queue.has_room()
    }

    /// Whether no reply is pending, neither for a row nor for a token refresh that may return the next
    /// refresh token. A lookup changes nothing, so its reply need not be awaited.
    fn nothing_is_awaited(&self) -> bool {
        self.in_flight.busy() + self.batches_in_flight.busy() == 0
            && !self.awaits_links()
            && !self.token_refresh.must_finish()
    }

    fn requests_in_flight(&self) -> usize {
        let lookups = self.lookups.as_ref();
        let lookups = lookups.map_or(0, |stage| stage.calls.in_flight());
        let links = self.links.as_ref();
        let links = links.map_or(0, |stage| stage.calls.in_flight());
        self.in_flight.busy() + self.batches_in_flight.busy() + lookups + links
    }

    /// The number of rows whose keys are looked up.
    fn rows_looked_up(&self) -> usize {
        self.lookups.as_ref().map_or(0, |stage| stage.rows.len())
    }

    /// Whether a request could be sent now if there were a permit.
    fn wants_permit(&self) -> bool {
        self.has_slot() && self.queue.is_ready() || self.wants_permit_for_batch()
    }

    /// Whether one more row can be taken.
    fn can_take_row(&self) -> bool {
        match &self.batches {
            Some(batches) => self.can_take_row_into(batches),
            None => self.has_slot() && self.queue.has_capacity(),
        }
    }

    /// Sends every request that does not have to wait for anything.
    fn fill_slots(&mut self) {
        self.advance_lookups();
        self.advance_links();
        loop {
            self.distribute_batch_rows();
            if self.wants_permit()
                && !self.needs_token()
                && let Ok(permit) = self.context.rate_limiter.try_acquire()
            {
                self.send(permit);
            } else if self.can_take_from_links() && self.take_next() {
                // A row was taken.
            } else if !self.flush_partial_groups() {
                break;
            }
        }
    }

    /// Sends the next row, or else the next batch, with this permit.
    fn send(&mut self, permit: Permit) {
        let row = self.has_slot().then(|| self.queue.pop());
        let Some(mut row) = row.flatten() else {
            return self.send_batch(permit);
        };
        row.first_sent.get_or_insert_with(Instant::now);
        self.replies.stamp(&mut row.request);
        self.in_flight.send(row, permit);
    }

    /// Finishes a row. Its outcome counts once it is flushed.
    fn finish_with(&mut self, outcome: Outcome) {
        // A failure that stopped an earlier run, or that it tolerated, must not stop every later run.
        if outcome.kind.is_good() || !(self.context.failed_before)(&outcome) {
            if let Some(reason) = self.uniform_failures.note(&outcome) {
                self.stop(reason);
            }
            self.count_towards_limit(&outcome);
        }
        self.clear_uniform_failure(&outcome);
        self.commit_queue.add(outcome, self.context.report);
    }

    fn count_towards_limit(&mut self, outcome: &Outcome) {
        let batches = self.batches.as_ref();
        let open = || batches.map_or(0, Batches::len);
        if let Some(reached) = self.failure_tracker.note(outcome, open) {
            self.stop(StopReason::FailureLimit(reached));
        }
    }
}
