//! The requests in flight: one worker each. Workers stay, because to make a task for every request would
//! cost more than the row does elsewhere in the run.

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::{JoinError, JoinSet};

use super::batch::BatchRequest;
use super::row::SendableRow;
use crate::api::{Endpoint, Reply};
use crate::rate_limit::Permit;

/// What one request carries.
pub(super) trait Job: Send + 'static {
    /// Sends it.
    fn execute<E: Endpoint>(&self, endpoint: &E) -> impl Future<Output = Reply> + Send;
}

impl Job for SendableRow {
    async fn execute<E: Endpoint>(&self, endpoint: &E) -> Reply {
        endpoint.associate(&self.pair).await
    }
}

impl Job for BatchRequest {
    async fn execute<E: Endpoint>(&self, endpoint: &E) -> Reply {
        endpoint.associate_all(&self.rows).await
    }
}

/// A load on its way, with the turn it left with.
type Sent<L> = (L, Permit);

/// A load that came back.
pub(super) type Answered<L> = (L, Permit, Reply);

/// As many workers as there ever were requests in flight at once.
#[derive(Debug)]
pub(super) struct WorkerPool<E, L> {
    endpoint: E,
    tasks: JoinSet<()>,
    /// How each of them is handed its next load.
    job_senders: Vec<UnboundedSender<Sent<L>>>,
    /// Those that have nothing to do.
    idle: Vec<usize>,
    busy: usize,
    sender: UnboundedSender<(usize, Answered<L>)>,
    answered: UnboundedReceiver<(usize, Answered<L>)>,
}

impl<E: Endpoint, L: Job> WorkerPool<E, L> {
    pub(super) fn new(endpoint: E) -> Self {
        let (sender, answered) = unbounded_channel();
        Self {
            endpoint,
            tasks: JoinSet::new(),
            job_senders: Vec::new(),
            idle: Vec::new(),
            busy: 0,
            sender,
            answered,
        }
    }

    /// Requests that wait for their reply.
    pub(super) fn busy(&self) -> usize {
        self.busy
    }

    /// Sends a load at once.
    pub(super) fn send(&mut self, job: L, permit: Permit) {
        let worker = self.idle.pop().unwrap_or_else(|| self.spawn_worker());
        self.busy += 1;
        // Who is idle waits at its inbox.
        drop(self.job_senders[worker].send((job, permit)));
    }

    fn spawn_worker(&mut self) -> usize {
        let worker = self.job_senders.len();
        let (jobs, mut loads) = unbounded_channel::<Sent<L>>();
        self.job_senders.push(jobs);
        let (endpoint, sender) = (self.endpoint.clone(), self.sender.clone());
        self.tasks.spawn(async move {
            while let Some((job, permit)) = loads.recv().await {
                let reply = job.execute(&endpoint).await;
                if sender.send((worker, (job, permit, reply))).is_err() {
                    break;
                }
            }
        });
        worker
    }

    /// The next load that comes back, or the panic of a worker, which is not seen again. May be dropped while
    /// it waits.
    pub(super) async fn next(&mut self) -> Result<Answered<L>, JoinError> {
        tokio::select! {
            biased;
            Some((worker, answered)) = self.answered.recv() => Ok(self.release_worker(worker, answered)),
            Some(Err(panic)) = self.tasks.join_next() => {
                self.busy -= 1;
                Err(panic)
            }
        }
    }

    /// The next load that came back already.
    pub(super) fn try_next(&mut self) -> Option<Answered<L>> {
        let (worker, answered) = self.answered.try_recv().ok()?;
        Some(self.release_worker(worker, answered))
    }

    fn release_worker(&mut self, worker: usize, answered: Answered<L>) -> Answered<L> {
        self.busy -= 1;
        self.idle.push(worker);
        answered
    }

    /// Waits for nobody any more.
    pub(super) fn abandon(&mut self) {
        self.tasks.abort_all();
    }
}
