//! Outcomes on their way to the disk, and when which step of it is due.
//!
//! An outcome is with the report first, then handed to the system, then brought to the disk. Only from
//! the second step on does it count. The last step may take long, so it runs beside the run.

use std::io;
use std::time::Duration;

use tokio::task::{JoinError, JoinHandle, spawn_blocking};
use tokio::time::Instant;

use super::WriteReport;
use crate::outcome::Outcome;

/// An outcome is handed to the system after this at the latest.
const HAND_OVER_WITHIN: Duration = Duration::from_millis(50);

/// Outcomes are brought to the disk this often.
const SYNC_EVERY: Duration = Duration::from_millis(500);

/// What the report was given and the system was not yet.
#[derive(Debug)]
pub(super) struct Outbox {
    outcomes: Vec<Outcome>,
    hand_over_at: Option<Instant>,
    sync: Option<JoinHandle<io::Result<()>>>,
    sync_at: Instant,
}

impl Outbox {
    pub(super) fn new() -> Self {
        Self {
            outcomes: Vec::new(),
            hand_over_at: None,
            sync: None,
            sync_at: Instant::now() + SYNC_EVERY,
        }
    }

    /// Gives an outcome to the report.
    pub(super) fn add(&mut self, outcome: Outcome, report: &mut impl WriteReport) {
        report.add(&outcome);
        self.outcomes.push(outcome);
        let now = Instant::now();
        let due = if report.is_full() {
            now
        } else {
            now + HAND_OVER_WITHIN
        };
        self.hand_over_at = Some(self.hand_over_at.map_or(due, |known| known.min(due)));
    }

    /// When the next hand-over is due, if one is.
    pub(super) fn hand_over_at(&self) -> Option<Instant> {
        self.hand_over_at
    }

    /// Hands over everything, and returns what counts from now on, or what is lost for this run.
    pub(super) fn hand_over(
        &mut self,
        report: &mut impl WriteReport,
    ) -> Result<Vec<Outcome>, (io::Error, Vec<Outcome>)> {
        self.hand_over_at = None;
        let outcomes = std::mem::take(&mut self.outcomes);
        if outcomes.is_empty() {
            return Ok(outcomes);
        }
        match report.hand_over() {
            Ok(()) => Ok(outcomes),
            Err(error) => Err((error, outcomes)),
        }
    }

    /// Waits until it is time to bring outcomes to the disk, does so, and returns what came of it.
    /// May be dropped while it waits; a sync that was begun is then waited for by the next call.
    pub(super) async fn sync_in_time(&mut self, report: &mut impl WriteReport) -> io::Result<()> {
        if self.sync.is_none() {
            tokio::time::sleep_until(self.sync_at).await;
            self.sync = report.sync().map(spawn_blocking);
        }
        self.finish_sync().await
    }

    /// Brings everything to the disk now.
    pub(super) async fn sync(&mut self, report: &mut impl WriteReport) -> io::Result<()> {
        self.finish_sync().await?;
        self.sync = report.sync().map(spawn_blocking);
        self.finish_sync().await
    }

    async fn finish_sync(&mut self) -> io::Result<()> {
        let done = match &mut self.sync {
            Some(sync) => sync.await,
            None => Ok(Ok(())),
        };
        self.sync = None;
        self.sync_at = Instant::now() + SYNC_EVERY;
        done.map_err(|error: JoinError| io::Error::other(error))
            .flatten()
    }
}
