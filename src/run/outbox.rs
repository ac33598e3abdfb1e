//! Outcomes on their way to the disk, and when which step of it is due.
//!
//! An outcome is with the report first, then handed to the system, then brought to the disk. Only from
//! the second step on does it count. Both steps may take long, so they are done beside the run, which can
//! still be stopped meanwhile; it sends nothing more once too much waits for a slow disk.

use std::io;
use std::time::Duration;

use tokio::task::{JoinError, JoinHandle, spawn_blocking};
use tokio::time::Instant;

use super::alarm::Alarm;
use super::{ReportJob, WriteReport};
use crate::outcome::Outcome;

/// An outcome is handed to the system after this at the latest.
const HAND_OVER_WITHIN: Duration = Duration::from_millis(80);

/// Outcomes are brought to the disk this often.
const SYNC_EVERY: Duration = Duration::from_millis(500);

/// So many outcomes may wait for a slow disk before nothing more is sent.
const MAX_WAITING: usize = 5000;

type Running = JoinHandle<io::Result<()>>;

/// What the report was given and the system was not yet.
#[derive(Debug)]
pub(super) struct Outbox {
    added: Vec<Outcome>,
    due: Option<Instant>,
    /// Handed over just now, and the job that does it.
    leaving: Option<(Running, Vec<Outcome>)>,
    sync: Option<Running>,
    sync_at: Instant,
    hand_over_alarm: Alarm,
    sync_alarm: Alarm,
}

/// What came of a step.
#[derive(Debug)]
pub(super) enum Step {
    /// These outcomes count from now on.
    HandedOver(Vec<Outcome>),
    /// What was handed over is on the disk.
    Synced,
    /// The report cannot be written; so many outcomes are lost for this run.
    Failed(io::Error, usize),
}

impl Outbox {
    pub(super) fn new() -> Self {
        Self {
            added: Vec::new(),
            due: None,
            leaving: None,
            sync: None,
            sync_at: Instant::now() + SYNC_EVERY,
            hand_over_alarm: Alarm::new(),
            sync_alarm: Alarm::new(),
        }
    }

    /// Gives an outcome to the report.
    pub(super) fn add(&mut self, outcome: Outcome, report: &mut impl WriteReport) {
        report.add(&outcome);
        self.added.push(outcome);
        if self.leaving.is_none() && report.is_full() {
            self.hand_over(report);
        } else if self.due.is_none() {
            self.due = Some(Instant::now() + HAND_OVER_WITHIN);
        }
    }

    /// Whether the disk keeps up.
    pub(super) fn has_room(&self) -> bool {
        self.added.len() < MAX_WAITING
    }

    /// Outcomes that do not count yet.
    pub(super) fn waiting(&self) -> usize {
        self.added.len()
            + self
                .leaving
                .as_ref()
                .map_or(0, |(_, outcomes)| outcomes.len())
    }

    /// Does the next step once it is time, and says what came of it. May be dropped while it waits: what
    /// was begun goes on, and the next call waits for it.
    pub(super) async fn step(&mut self, report: &mut impl WriteReport) -> Step {
        loop {
            if self.leaving.is_none() && report.is_full() {
                self.hand_over(report);
            }
            let due = self.due.filter(|_| self.leaving.is_none());
            let sync_at = self.sync.is_none().then_some(self.sync_at);
            tokio::select! {
                biased;
                done = finish(self.leaving.as_mut().map(|(job, _)| job)) => return self.handed_over(done),
                () = self.hand_over_alarm.at(due) => self.hand_over(report),
                done = finish(self.sync.as_mut()) => return self.synced(done),
                () = self.sync_alarm.at(sync_at) => self.begin_sync(report),
            }
        }
    }

    /// What still has to be done so that everything is on the disk; `None` once it is.
    pub(super) async fn last_step(&mut self, report: &mut impl WriteReport) -> Option<Step> {
        if self.leaving.is_none() && !self.added.is_empty() {
            self.hand_over(report);
        }
        if let Some((job, _)) = &mut self.leaving {
            let done = finish(Some(job)).await;
            return Some(self.handed_over(done));
        }
        if self.sync.is_none() {
            self.sync = Some(spawn_blocking(report.sync()?));
        }
        let done = finish(self.sync.as_mut()).await;
        Some(self.synced(done))
    }

    fn hand_over(&mut self, report: &mut impl WriteReport) {
        self.due = None;
        let job: ReportJob = report.hand_over();
        // As many will come again.
        let next = Vec::with_capacity(self.added.len());
        let leaving = std::mem::replace(&mut self.added, next);
        self.leaving = Some((spawn_blocking(job), leaving));
    }

    fn begin_sync(&mut self, report: &mut impl WriteReport) {
        self.sync_at = Instant::now() + SYNC_EVERY;
        self.sync = report.sync().map(spawn_blocking);
    }

    fn handed_over(&mut self, done: io::Result<()>) -> Step {
        let outcomes = self
            .leaving
            .take()
            .map(|(_, outcomes)| outcomes)
            .unwrap_or_default();
        match done {
            Ok(()) => Step::HandedOver(outcomes),
            Err(error) => Step::Failed(error, outcomes.len()),
        }
    }

    fn synced(&mut self, done: io::Result<()>) -> Step {
        self.sync = None;
        match done {
            Ok(()) => Step::Synced,
            Err(error) => Step::Failed(error, 0),
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
