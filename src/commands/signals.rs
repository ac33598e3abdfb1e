//! Signals → the end of the program: in order where that is possible, and now at the second one.
//!
//! They are received by a thread of their own from the very start, as process 1 too, for which the system drops signals
//! without a handler. So a signal is acted on also where the program waits for a disk, a pipe or a terminal, or computes.

use std::fmt;
use std::future::poll_fn;
use std::os::unix::net::UnixStream;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;
use std::{io, process, thread};

use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{sleep, timeout};

use crate::run::{Signal, StopReason, StopRequest};

/// How long the end of the program may take after a signal, where it cannot be made shorter: the summary of a run that
/// could not begin, and what follows a run. The page of millions of rows takes seconds.
const EXIT_TIMEOUT: Duration = Duration::from_secs(3);

/// How long a run that took note of a second signal may take for all that follows it.
const AFTER_SECOND: Duration = Duration::from_secs(10);

/// Descriptors that receiving signals takes, with one in reserve. The library panics where there are none.
const DESCRIPTORS: usize = 6;

/// What is done before a signal ends a run that has not begun.
type ExitHandler = Box<dyn FnOnce(Signal) + Send>;

/// Receives the signals that end the program. Clones share them.
#[derive(Clone)]
pub struct Signals {
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    /// The signal that was received while [`Signals::wait_for`] waited.
    received: watch::Sender<Option<Signal>>,
}

struct State {
    phase: Phase,
    exit_handler: Option<ExitHandler>,
}

/// What the program does, and so what a signal leads to.
enum Phase {
    /// Something that takes no notice of signals: the first one ends the process.
    Busy,
    /// A future that the first signal ends.
    Waiting,
    /// A run, which is asked to stop.
    Running(mpsc::Sender<StopRequest>),
    /// The end is written and shown.
    RunOutcome,
    /// A signal ends the process right now; nothing else is begun.
    Ended,
}

/// What is left to do about a signal.
enum Due {
    /// The program ends by itself.
    Nothing,
    /// The process ends after its last words.
    End(Option<ExitHandler>),
    /// The process ends unless it does so itself soon.
    EndAfter(Duration),
    /// The process ends unless the run does so soon.
    EndWithout(mpsc::Sender<StopRequest>),
}

impl fmt::Debug for Signals {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Signals").finish_non_exhaustive()
    }
}

impl Signals {
    /// Receives signals from now on; until anything else is said, the first one ends the process.
    pub fn listen() -> io::Result<Self> {
        let descriptors: io::Result<Vec<_>> =
            (0..DESCRIPTORS / 2).map(|_| UnixStream::pair()).collect();
        drop(descriptors?);
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let mut signals = Vec::new();
        {
            let _inside = runtime.enter();
            for (kind, meaning) in [
                (SignalKind::interrupt(), Signal::Interrupt),
                (SignalKind::terminate(), Signal::Terminate),
                (SignalKind::hangup(), Signal::Terminate),
            ] {
                if is_wanted(kind, process::id(), is_ignored(kind)) {
                    signals.push((signal(kind)?, meaning));
                }
            }
        }
        let (merge, merged) = mpsc::channel(2);
        for (mut signal, meaning) in signals {
            let merge = merge.clone();
            runtime.spawn(async move {
                while signal.recv().await.is_some() && merge.send(meaning).await.is_ok() {}
            });
        }
        let shared = Arc::new(Shared {
            state: Mutex::new(State {
                phase: Phase::Busy,
                exit_handler: None,
            }),
            received: watch::channel(None).0,
        });
        thread::Builder::new().name("signals".to_owned()).spawn({
            let shared = Arc::clone(&shared);
            move || runtime.block_on(obey(merged, &shared))
        })?;
        Ok(Self { shared })
    }

    /// What is done before a signal ends the process, as long as no run has begun.
    pub(super) fn set_exit_handler(&self, exit_handler: impl FnOnce(Signal) + Send + 'static) {
        self.shared.lock().exit_handler = Some(Box::new(exit_handler));
    }

    /// Waits for `future`, or until a signal comes: then it is dropped, once `must_finish` says no.
    pub(super) fn wait_for<T>(
        &self,
        runtime: &Runtime,
        future: impl Future<Output = T>,
        must_finish: impl Fn() -> bool,
    ) -> Result<T, Signal> {
        self.begin(Phase::Waiting);
        let mut received = self.shared.received.subscribe();
        let ended = runtime.block_on(async {
            let mut future = pin!(future);
            let mut signal = pin!(received.wait_for(Option::is_some));
            let mut is_over = false;
            poll_fn(|context| {
                is_over = is_over || signal.as_mut().poll(context).is_ready();
                match future.as_mut().poll(context) {
                    Poll::Ready(done) => Poll::Ready(Some(done)),
                    Poll::Pending if is_over && !must_finish() => Poll::Ready(None),
                    Poll::Pending => Poll::Pending,
                }
            })
            .await
        });
        // A signal is acted on here or there, never in between.
        let mut state = self.shared.lock();
        let signal = *self.shared.received.borrow();
        match (ended, signal) {
            (Some(done), None) => {
                state.begin(Phase::Busy);
                Ok(done)
            }
            (_, Some(signal)) => Err(signal),
            (None, None) => Err(Signal::Terminate),
        }
    }

    /// A run begins, which is asked to stop from now on. Once the receiver is dropped, a signal ends the process.
    pub(super) fn begin_run(&self) -> mpsc::Receiver<StopRequest> {
        let (sender, receiver) = mpsc::channel(2);
        self.begin(Phase::Running(sender));
        receiver
    }

    /// The end of what could not begin is written and shown.
    pub(super) fn begin_end(&self) {
        self.begin(Phase::RunOutcome);
    }

    /// Does not return where a signal ends the process already.
    fn begin(&self, phase: Phase) {
        let begins = self.shared.lock().begin(phase);
        if !begins {
            loop {
                thread::park();
            }
        }
    }
}

impl State {
    /// Returns false where a signal ends the process already.
    fn begin(&mut self, phase: Phase) -> bool {
        let goes_on = !matches!(self.phase, Phase::Ended);
        if goes_on {
            self.phase = phase;
        }
        goes_on
    }

    /// A signal came; `again` says that it is not the first one.
    fn take(&mut self, signal: Signal, again: bool) -> Due {
        match &self.phase {
            Phase::Waiting if !again => Due::Nothing,
            Phase::Busy | Phase::Waiting => {
                self.phase = Phase::Ended;
                Due::End(self.exit_handler.take())
            }
            Phase::Running(run) => {
                let stop = if again {
                    StopRequest::Now(signal)
                } else {
                    StopRequest::Gracefully(signal)
                };
                match run.try_send(stop) {
                    Err(_) => Due::EndAfter(EXIT_TIMEOUT),
                    Ok(()) if again => Due::EndWithout(run.clone()),
                    Ok(()) => Due::Nothing,
                }
            }
            Phase::RunOutcome | Phase::Ended => Due::EndAfter(EXIT_TIMEOUT),
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[expect(
    clippy::exit,
    reason = "what should end the process in order is held up, or will have ended it before"
)]
async fn obey(mut signals: mpsc::Receiver<Signal>, shared: &Shared) {
    let mut again = false;
    while let Some(signal) = signals.recv().await {
        let due = {
            let mut state = shared.lock();
            let due = state.take(signal, again);
            if let (Due::Nothing, Phase::Waiting) = (&due, &state.phase) {
                shared.received.send_replace(Some(signal));
            }
            due
        };
        again = true;
        match due {
            Due::Nothing => continue,
            Due::End(exit_handler) => say(signal, exit_handler).await,
            Due::EndAfter(time) => sleep(time).await,
            Due::EndWithout(run) => {
                if timeout(EXIT_TIMEOUT, run.closed()).await.is_ok()
                    && timeout(AFTER_SECOND, signals.recv()).await.is_ok()
                {
                    sleep(EXIT_TIMEOUT).await;
                }
            }
        }
        process::exit(StopReason::Signal(signal).exit_status().code().into());
    }
}

/// On a thread of their own, for what they are written to may be stuck.
async fn say(signal: Signal, exit_handler: Option<ExitHandler>) {
    let Some(exit_handler) = exit_handler else {
        return;
    };
    let (done, is_done) = oneshot::channel();
    let thread = thread::Builder::new().name("last words".to_owned());
    let speaking = thread.spawn(move || {
        exit_handler(signal);
        let _heard = done.send(());
    });
    if speaking.is_ok() {
        drop(timeout(EXIT_TIMEOUT, is_done).await);
    }
}

/// What was ignored when the process was started stays so: `nohup`, or the background of a script. To process 1 of a
/// container that would leave no way to end it but SIGKILL, so only the loss of a terminal stays ignored there.
fn is_wanted(kind: SignalKind, process: u32, is_ignored: bool) -> bool {
    !is_ignored || process == 1 && kind != SignalKind::hangup()
}

/// Whether the process was started with this signal ignored, as far as the system tells.
fn is_ignored(kind: SignalKind) -> bool {
    let Ok(status) = std::fs::read_to_string("/proc/self/status") else {
        return false;
    };
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask >> (kind.as_raw_value() - 1) & 1 == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(phase: Phase) -> State {
        State {
            phase,
            exit_handler: None,
        }
    }

    #[test]
    fn what_was_ignored_stays_so_but_for_the_ways_to_end_process_1() {
        let (interrupt, terminate, hangup) = (
            SignalKind::interrupt(),
            SignalKind::terminate(),
            SignalKind::hangup(),
        );
        for (kind, process, ignored, wanted) in [
            (interrupt, 7, false, true),
            (hangup, 7, false, true),
            (interrupt, 7, true, false),
            (terminate, 7, true, false),
            (hangup, 7, true, false),
            (interrupt, 1, true, true),
            (terminate, 1, true, true),
            (hangup, 1, true, false),
            (hangup, 1, false, true),
        ] {
            let found = is_wanted(kind, process, ignored);
            assert_eq!(found, wanted, "{kind:?} {process} {ignored}");
        }
    }

    #[test]
    fn a_signal_ends_a_phase_that_does_not_handle_it_and_no_phase_starts_after_it() {
        for (phase, again) in [
            (Phase::Busy, false),
            (Phase::Busy, true),
            (Phase::Waiting, true),
        ] {
            let mut state = state(phase);
            assert!(matches!(
                state.take(Signal::Terminate, again),
                Due::End(None)
            ));
            assert!(!state.begin(Phase::Busy));
            assert!(!state.begin(Phase::Running(mpsc::channel(2).0)));
        }
        let mut waiting = state(Phase::Waiting);
        assert!(matches!(
            waiting.take(Signal::Interrupt, false),
            Due::Nothing
        ));
        assert!(waiting.begin(Phase::RunOutcome));
    }

    #[test]
    fn a_run_is_asked_to_stop_then_to_stop_now_and_is_not_waited_for_without_end() {
        let (sender, mut receiver) = mpsc::channel(2);
        let mut state = state(Phase::Running(sender));
        assert!(matches!(state.take(Signal::Terminate, false), Due::Nothing));
        let second = state.take(Signal::Interrupt, true);
        assert!(matches!(second, Due::EndWithout(_)));
        let graceful = StopRequest::Gracefully(Signal::Terminate);
        assert_eq!(receiver.try_recv(), Ok(graceful));
        assert_eq!(receiver.try_recv(), Ok(StopRequest::Now(Signal::Interrupt)));
        drop(receiver);
        let late = state.take(Signal::Interrupt, false);
        assert!(matches!(late, Due::EndAfter(EXIT_TIMEOUT)));
    }
}
