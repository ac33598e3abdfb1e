//! Ends the program on signals: the first one shuts it down gracefully where possible, the second one immediately.
//!
//! A separate thread receives signals from the start of the program, also as process 1, for which the kernel drops signals
//! without a handler. So signals work while the program waits for a disk, a pipe or a terminal, or is busy computing.

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

use crate::run::stop_reason::{Signal, StopReason, StopRequest};

/// How long the program may take to exit after a signal during work that cannot be interrupted: the summary of a run that
/// could not start, and the output after a run. The HTML report of millions of rows takes seconds.
const EXIT_TIMEOUT: Duration = Duration::from_secs(3);

/// How long the output after a run may take once the run has stopped for a second signal.
const AFTER_SECOND: Duration = Duration::from_secs(10);

/// The descriptors that receiving signals needs, with one in reserve. tokio panics if there are none.
const DESCRIPTORS: usize = 6;

/// Runs before a signal ends the process, if no run has started.
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

/// What the program is doing, which decides the effect of a signal.
enum Phase {
    /// Work that does not observe signals: the first signal ends the process.
    Busy,
    /// A future that the first signal cancels.
    Waiting,
    /// A run, which receives a stop request.
    Running(mpsc::Sender<StopRequest>),
    /// The final output is being written.
    Finishing,
    /// A signal is ending the process; no other phase may start.
    Ended,
}

/// What to do after a signal was recorded.
enum Due {
    /// Nothing: the program exits on its own.
    Nothing,
    /// Run the exit handler, then exit.
    End(Option<ExitHandler>),
    /// Exit after this time, unless the program exits on its own before.
    EndAfter(Duration),
    /// Exit unless the run closes this channel in time.
    EndUnlessClosed(mpsc::Sender<StopRequest>),
}

impl fmt::Debug for Signals {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Signals").finish_non_exhaustive()
    }
}

impl Signals {
    /// Starts to receive signals. Until another phase begins, the first one ends the process.
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
            move || runtime.block_on(handle(merged, &shared))
        })?;
        Ok(Self { shared })
    }

    /// Sets what to do before a signal ends the process, as long as no run has started.
    pub(crate) fn set_exit_handler(&self, exit_handler: impl FnOnce(Signal) + Send + 'static) {
        self.shared.lock().exit_handler = Some(Box::new(exit_handler));
    }

    /// Waits for `future`. After a signal, drops it as soon as `must_finish` returns false, and returns the signal.
    pub(crate) fn wait_for<T>(
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
        // The lock decides the race: a signal is handled either here or by the signal thread.
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

    /// Starts the phase of a run: signals are sent to the returned receiver. Once it is dropped, a signal ends the process.
    pub(crate) fn begin_run(&self) -> mpsc::Receiver<StopRequest> {
        let (sender, receiver) = mpsc::channel(2);
        self.begin(Phase::Running(sender));
        receiver
    }

    /// Starts the phase in which the output of a failed start is written.
    pub(crate) fn begin_end(&self) {
        self.begin(Phase::Finishing);
    }

    /// Starts a phase. Does not return if a signal is already ending the process.
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
    /// Returns false if a signal is already ending the process.
    fn begin(&mut self, phase: Phase) -> bool {
        let may_begin = !matches!(self.phase, Phase::Ended);
        if may_begin {
            self.phase = phase;
        }
        may_begin
    }

    /// Records a signal; `again` is false for the first one.
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
                    Ok(()) if again => Due::EndUnlessClosed(run.clone()),
                    Ok(()) => Due::Nothing,
                }
            }
            Phase::Finishing | Phase::Ended => Due::EndAfter(EXIT_TIMEOUT),
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
    reason = "the graceful exit is blocked, or would have ended the process before"
)]
async fn handle(mut signals: mpsc::Receiver<Signal>, shared: &Shared) {
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
            Due::End(exit_handler) => run_exit_handler(signal, exit_handler).await,
            Due::EndAfter(time) => sleep(time).await,
            Due::EndUnlessClosed(run) => {
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

/// Runs the exit handler on a separate thread with a timeout, since the files it writes to may block.
async fn run_exit_handler(signal: Signal, exit_handler: Option<ExitHandler>) {
    let Some(exit_handler) = exit_handler else {
        return;
    };
    let (done, is_done) = oneshot::channel();
    let thread = thread::Builder::new().name("exit handler".to_owned());
    let started = thread.spawn(move || {
        exit_handler(signal);
        let _timed_out = done.send(());
    });
    if started.is_ok() {
        drop(timeout(EXIT_TIMEOUT, is_done).await);
    }
}

/// Whether to handle a signal. Signals that were ignored when the process started stay ignored, as with `nohup` or in the
/// background of a script. Process 1 of a container could then only be ended by SIGKILL, so there only SIGHUP stays
/// ignored.
fn is_wanted(kind: SignalKind, process: u32, is_ignored: bool) -> bool {
    !is_ignored || process == 1 && kind != SignalKind::hangup()
}

/// Whether the process was started with this signal ignored; false if `/proc` does not show it.
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
    fn ignored_signals_stay_ignored_except_those_that_end_process_1() {
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
        assert!(waiting.begin(Phase::Finishing));
    }

    #[test]
    fn a_run_gets_a_graceful_then_an_immediate_stop_request_and_a_bounded_time_to_exit() {
        let (sender, mut receiver) = mpsc::channel(2);
        let mut state = state(Phase::Running(sender));
        assert!(matches!(state.take(Signal::Terminate, false), Due::Nothing));
        let second = state.take(Signal::Interrupt, true);
        assert!(matches!(second, Due::EndUnlessClosed(_)));
        let graceful = StopRequest::Gracefully(Signal::Terminate);
        assert_eq!(receiver.try_recv(), Ok(graceful));
        assert_eq!(receiver.try_recv(), Ok(StopRequest::Now(Signal::Interrupt)));
        drop(receiver);
        let late = state.take(Signal::Interrupt, false);
        assert!(matches!(late, Due::EndAfter(EXIT_TIMEOUT)));
    }
}
