//! The queue of outcomes that are not on disk yet, and the schedule of their commits.
//!
//! An outcome is added to the report buffer, then flushed (written to the operating system), then synced
//! to disk. It counts once it is flushed. Flush and sync may be slow, so they run on blocking threads,
//! and the run can still be stopped meanwhile. The run sends no more requests while too many outcomes
//! wait for a slow disk.

use std::io;
use std::time::Duration;

use tokio::task::{JoinError, JoinHandle, spawn_blocking};
use tokio::time::Instant;

use crate::domain::outcome::Outcome;
use crate::run::reusable_timer::ReusableTimer;
use crate::run::write_report::{ReportJob, WriteReport};

/// Maximum time before an outcome is flushed.
const FLUSH_WITHIN: Duration = Duration::from_millis(80);

/// Interval between syncs to disk.
const SYNC_EVERY: Duration = Duration::from_millis(500);

/// Maximum number of outcomes that may wait for a slow disk before the run stops sending requests.
const MAX_WAITING: usize = 5000;

type Running = JoinHandle<io::Result<()>>;

/// Outcomes that were added to the report and are not flushed yet.
#[derive(Debug)]
pub(crate) struct CommitQueue {
    added: Vec<Outcome>,
    due: Option<Instant>,
    /// The flush in progress, and its outcomes.
    flushing: Option<(Running, Vec<Outcome>)>,
    sync: Option<Running>,
    sync_at: Instant,
    flush_timer: ReusableTimer,
    sync_timer: ReusableTimer,
}

/// The result of a step.
#[derive(Debug)]
pub(crate) enum CommitStep {
    /// These outcomes were flushed and count from now on.
    Flushed(Vec<Outcome>),
    /// Everything that was flushed is on disk.
    Synced,
    /// The report cannot be written; this number of outcomes is lost for this run.
    Failed(io::Error, usize),
}

impl CommitQueue {
    pub(crate) fn new() -> Self {
        Self {
            added: Vec::new(),
            due: None,
            flushing: None,
            sync: None,
            sync_at: Instant::now() + SYNC_EVERY,
            flush_timer: ReusableTimer::new(),
            sync_timer: ReusableTimer::new(),
        }
    }

    /// Adds an outcome to the report.
    pub(crate) fn add(&mut self, outcome: Outcome, report: &mut dyn WriteReport) {
        report.add(&outcome);
        self.added.push(outcome);
        if self.flushing.is_none() && report.is_full() {
            self.flush(report);
        } else if self.due.is_none() {
            self.due = Some(Instant::now() + FLUSH_WITHIN);
        }
    }

    /// Whether the disk keeps up.
    pub(crate) fn has_room(&self) -> bool {
        self.added.len() < MAX_WAITING
    }

    /// Number of outcomes that do not count yet.
    pub(crate) fn waiting(&self) -> usize {
        self.added.len()
            + self
                .flushing
                .as_ref()
                .map_or(0, |(_, outcomes)| outcomes.len())
    }

    /// Waits until the next step is due, executes it, and returns its result. Cancel safe: a job that
    /// was started continues, and the next call waits for it.
    pub(crate) async fn step(&mut self, report: &mut dyn WriteReport) -> CommitStep {
        loop {
            if self.flushing.is_none() && report.is_full() {
                self.flush(report);
            }
            let due = self.due.filter(|_| self.flushing.is_none());
            let sync_at = self.sync.is_none().then_some(self.sync_at);
            tokio::select! {
                biased;
                done = finish(self.flushing.as_mut().map(|(job, _)| job)) => return self.flushed(done),
                () = self.flush_timer.wait_until(due) => self.flush(report),
                done = finish(self.sync.as_mut()) => return self.synced(done),
                () = self.sync_timer.wait_until(sync_at) => self.begin_sync(report),
            }
        }
    }

    /// Executes the next step that is needed to bring everything to disk; `None` once it is there.
    pub(crate) async fn final_step(&mut self, report: &mut dyn WriteReport) -> Option<CommitStep> {
        if self.flushing.is_none() && !self.added.is_empty() {
            self.flush(report);
        }
        if let Some((job, _)) = &mut self.flushing {
            let done = finish(Some(job)).await;
            return Some(self.flushed(done));
        }
        if self.sync.is_none() {
            self.sync = Some(spawn_blocking(report.sync()?));
        }
        let done = finish(self.sync.as_mut()).await;
        Some(self.synced(done))
    }

    fn flush(&mut self, report: &mut dyn WriteReport) {
        self.due = None;
        let job: ReportJob = report.flush();
        // The next flush is likely to have about as many outcomes.
        let next = Vec::with_capacity(self.added.len());
        let flushing = std::mem::replace(&mut self.added, next);
        self.flushing = Some((spawn_blocking(job), flushing));
    }

    fn begin_sync(&mut self, report: &mut dyn WriteReport) {
        self.sync_at = Instant::now() + SYNC_EVERY;
        self.sync = report.sync().map(spawn_blocking);
    }

    fn flushed(&mut self, done: io::Result<()>) -> CommitStep {
        let outcomes = self
            .flushing
            .take()
            .map(|(_, outcomes)| outcomes)
            .unwrap_or_default();
        match done {
            Ok(()) => CommitStep::Flushed(outcomes),
            Err(error) => CommitStep::Failed(error, outcomes.len()),
        }
    }

    fn synced(&mut self, done: io::Result<()>) -> CommitStep {
        self.sync = None;
        match done {
            Ok(()) => CommitStep::Synced,
            Err(error) => CommitStep::Failed(error, 0),
        }
    }
}

async fn finish(job: Option<&mut Running>) -> io::Result<()> {
    match job {
        Some(job) => job
            .await
            .map_err(|error: JoinError| io::Error::other(error))
            .flatten(),
        None => std::future::pending().await,
    }
}
