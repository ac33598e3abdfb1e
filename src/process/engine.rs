//! The tokio runtime that runs the futures of a command.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::time::Duration;
use std::{ops::Deref, thread};

use tokio::runtime::{Builder, Runtime};

/// How long idle blocking threads are kept: a later spawn could fail at the limit on processes.
const KEPT_THREADS: Duration = Duration::from_hours(24 * 365);

/// A runtime whose shutdown does not wait for threads that are blocked on a pipe or a disk.
#[derive(Debug)]
pub(crate) struct Engine {
    runtime: Option<Runtime>,
}

impl Engine {
    /// Starts the runtime and its first thread for blocking work: tokio panics later if that thread cannot be started.
    pub(crate) fn start() -> io::Result<Self> {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .thread_keep_alive(KEPT_THREADS)
            .build()?;
        // At a limit on processes this returns a clearer error than the panic below.
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
        self.runtime.as_ref().expect("it is only taken on drop")
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
