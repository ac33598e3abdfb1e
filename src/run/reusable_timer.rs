//! A timer for repeated waits with mostly the same deadline.

use std::future::pending;
use std::pin::Pin;

use tokio::time::{Instant, Sleep, sleep_until};

/// Keeps its registration with the runtime: waiting again for the same time costs nothing.
#[derive(Debug)]
pub(crate) struct ReusableTimer {
    set: Option<Instant>,
    sleep: Pin<Box<Sleep>>,
}

impl ReusableTimer {
    pub(crate) fn new() -> Self {
        Self {
            set: None,
            sleep: Box::pin(sleep_until(Instant::now())),
        }
    }

    /// Waits until `time`, or forever if there is none. Cancel safe.
    pub(crate) async fn wait_until(&mut self, time: Option<Instant>) {
        let Some(time) = time else {
            return pending().await;
        };
        if self.set != Some(time) {
            self.sleep.as_mut().reset(time);
            self.set = Some(time);
        }
        self.sleep.as_mut().await;
        // A wait for a time that has passed must return immediately, every time.
        self.set = None;
    }
}
