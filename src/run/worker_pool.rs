//! The requests in flight, with one worker task each. Workers are reused: spawning a task for every
//! request would cost more than all other work on a row.

use std::pin::Pin;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::{JoinError, JoinSet};

use crate::api::endpoint::Endpoint;
use crate::api::response::headers::Reply;
use crate::rate_limit::permit::Permit;
use crate::run::batch::request::BatchRequest;
use crate::run::row::SendableRow;

/// The work of one request.
pub(crate) trait Job: Send + 'static {
    /// Sends the request.
    fn execute<E: Endpoint>(&self, endpoint: &E) -> impl Future<Output = Reply> + Send;
}

impl Job for SendableRow {
    async fn execute<E: Endpoint>(&self, endpoint: &E) -> Reply {
        endpoint.associate(self).await
    }
}

impl Job for BatchRequest {
    async fn execute<E: Endpoint>(&self, endpoint: &E) -> Reply {
        endpoint.associate_all(&self.rows).await
    }
}

/// A job with the permit that it is sent with.
type Sent<J> = (J, Permit);

/// A job with its permit and reply.
pub(crate) type Answered<J> = (J, Permit, Reply);

type Replies<J> = UnboundedSender<(usize, Answered<J>)>;

/// The work of a worker, without the type of its endpoint. One boxed future per worker serves all of its
/// jobs.
trait Work<J> {
    fn start(
        &self,
        worker: usize,
        jobs: UnboundedReceiver<Sent<J>>,
        replies: Replies<J>,
    ) -> Pin<Box<dyn Future<Output = ()> + Send>>;
}

struct SendTo<E>(E);

impl<E: Endpoint, J: Job> Work<J> for SendTo<E> {
    fn start(
        &self,
        worker: usize,
        mut jobs: UnboundedReceiver<Sent<J>>,
        replies: Replies<J>,
    ) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        let endpoint = self.0.clone();
        Box::pin(async move {
            while let Some((job, permit)) = jobs.recv().await {
                let reply = job.execute(&endpoint).await;
                if replies.send((worker, (job, permit, reply))).is_err() {
                    break;
                }
            }
        })
    }
}

/// A pool that grows to the highest number of requests that were in flight at once.
pub(crate) struct WorkerPool<J> {
    work: Box<dyn Work<J>>,
    tasks: JoinSet<()>,
    /// The channel to each worker.
    job_senders: Vec<UnboundedSender<Sent<J>>>,
    /// The workers without a job.
    idle: Vec<usize>,
    busy: usize,
    sender: Replies<J>,
    answered: UnboundedReceiver<(usize, Answered<J>)>,
}

impl<J: Job> WorkerPool<J> {
    pub(crate) fn new(endpoint: impl Endpoint) -> Self {
        let (sender, answered) = unbounded_channel();
        Self {
            work: Box::new(SendTo(endpoint)),
            tasks: JoinSet::new(),
            job_senders: Vec::new(),
            idle: Vec::new(),
            busy: 0,
            sender,
            answered,
        }
    }

    /// Number of requests without a reply yet.
    pub(crate) fn busy(&self) -> usize {
        self.busy
    }

    /// Sends a job immediately.
    pub(crate) fn send(&mut self, job: J, permit: Permit) {
        let worker = self.idle.pop().unwrap_or_else(|| self.spawn_worker());
        self.busy += 1;
        // An idle worker is blocked on `recv`, so this cannot fail.
        drop(self.job_senders[worker].send((job, permit)));
    }

    fn spawn_worker(&mut self) -> usize {
        let worker = self.job_senders.len();
        let (job_sender, jobs) = unbounded_channel();
        self.job_senders.push(job_sender);
        self.tasks
            .spawn(self.work.start(worker, jobs, self.sender.clone()));
        worker
    }

    /// Waits for the next reply, or for the panic of a worker; each panic is returned once. Cancel safe.
    pub(crate) async fn next(&mut self) -> Result<Answered<J>, JoinError> {
        tokio::select! {
            biased;
            Some((worker, answered)) = self.answered.recv() => Ok(self.release_worker(worker, answered)),
            Some(Err(panic)) = self.tasks.join_next() => {
                self.busy -= 1;
                Err(panic)
            }
        }
    }

    /// Returns the next reply if one has arrived already.
    pub(crate) fn try_next(&mut self) -> Option<Answered<J>> {
        let (worker, answered) = self.answered.try_recv().ok()?;
        Some(self.release_worker(worker, answered))
    }

    fn release_worker(&mut self, worker: usize, answered: Answered<J>) -> Answered<J> {
        self.busy -= 1;
        self.idle.push(worker);
        answered
    }

    /// Aborts all workers: their replies are discarded.
    pub(crate) fn abandon(&mut self) {
        self.tasks.abort_all();
    }
}
