//! Signals → requests to stop: the first politely, the second now.

use std::io;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use crate::run::{Signal, Stop};

/// Listens from now on. Ends with the runtime.
pub(super) fn listen() -> io::Result<mpsc::Receiver<Stop>> {
    let (sender, receiver) = mpsc::channel(2);
    let mut signals = Vec::new();
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
    let (merge, mut merged) = mpsc::channel(2);
    for (mut signal, meaning) in signals {
        let merge = merge.clone();
        tokio::spawn(async move {
            while signal.recv().await.is_some() && merge.send(meaning).await.is_ok() {}
        });
    }
    tokio::spawn(async move {
        let mut asked_before = false;
        while let Some(meaning) = merged.recv().await {
            let stop = if asked_before {
                Stop::Now(meaning)
            } else {
                Stop::Gracefully(meaning)
            };
            asked_before = true;
            if sender.send(stop).await.is_err() {
                break;
            }
        }
    });
    Ok(receiver)
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
