//! What runs the futures of a command.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::time::Duration;
use std::{ops::Deref, thread};

use tokio::runtime::{Builder, Runtime};

/// Threads that wait for the disk stay for later work: there may be no more to be had then.
const KEPT_THREADS: Duration = Duration::from_hours(24 * 365);

/// A runtime that does not wait, at its end, for a thread that waits for a pipe or a disk.
#[derive(Debug)]
pub(super) struct Engine {
    runtime: Option<Runtime>,
}

impl Engine {
    /// Starts it, and the one thread for blocking work without which the runtime panics later.
    pub(super) fn start() -> io::Result<Self> {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .thread_keep_alive(KEPT_THREADS)
            .build()?;
        // For the usual case of a limit on processes this says more than the panic does.
        let probe = thread::Builder::new().spawn(|| ())?;
        drop(probe.join());
        let hook = take_hook();
        set_hook(Box::new(|_| ()));
        let started = catch_unwind(AssertUnwindSafe(|| drop(runtime.spawn_blocking(|| ()))));
        set_hook(hook);
        started.map_err(|_| io::Error::from(io::ErrorKind::WouldBlock))?;
        Ok(Self {
            runtime: Some(runtime),
        })
    }
}

impl Deref for Engine {
    type Target = Runtime;

    fn deref(&self) -> &Runtime {
        self.runtime.as_ref().expect("it is there until the end")
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
