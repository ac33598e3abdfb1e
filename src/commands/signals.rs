//! Signals → requests to stop: the first politely, the second now. They are heard by a thread of their own, so that
//! one is heard also where the program waits for a disk or a pipe that does not answer.

use std::time::Duration;
use std::{io, process, thread};

use tokio::runtime::Builder;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio::time::sleep;

use crate::run::{Signal, Stop, StopReason};

/// When nobody listens to requests any more, what is still to be told may take so long after one. The page of millions of
/// rows takes seconds.
const LAST_WORDS: Duration = Duration::from_secs(3);

/// Listens from now on. Once the receiver is dropped, a signal ends the process.
pub(super) fn listen() -> io::Result<mpsc::Receiver<Stop>> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let mut signals = Vec::new();
    {
        let _inside = runtime.enter();
        for (kind, meaning) in [
            (SignalKind::interrupt(), Signal::Interrupt),
            (SignalKind::terminate(), Signal::Terminate),
            (SignalKind::hangup(), Signal::Terminate),
        ] {
            // Whoever started us with `nohup`, or in the background of a script, meant it.
            if !is_ignored(kind) {
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
    let (sender, receiver) = mpsc::channel(2);
    thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || runtime.block_on(pass_on(merged, sender)))?;
    Ok(receiver)
}

#[expect(
    clippy::exit,
    reason = "who should end the process in order is held up, or will have ended it before"
)]
async fn pass_on(mut signals: mpsc::Receiver<Signal>, sender: mpsc::Sender<Stop>) {
    let mut asked_before = false;
    while let Some(meaning) = signals.recv().await {
        let stop = if asked_before {
            Stop::Now(meaning)
        } else {
            Stop::Gracefully(meaning)
        };
        asked_before = true;
        if sender.send(stop).await.is_err() {
            sleep(LAST_WORDS).await;
            process::exit(StopReason::Signal(meaning).exit_status().code().into());
        }
    }
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
