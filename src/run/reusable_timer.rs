//! A timer that is asked again and again for what is nearly always the same time.

use std::future::pending;
use std::pin::Pin;

use tokio::time::{Instant, Sleep, sleep_until};

/// Keeps its place among the runtime's timers: to wait again for the same time costs nothing.
#[derive(Debug)]
pub(super) struct ReusableTimer {
    set: Option<Instant>,
    sleep: Pin<Box<Sleep>>,
}

impl ReusableTimer {
    pub(super) fn new() -> Self {
        Self {
            set: None,
            sleep: Box::pin(sleep_until(Instant::now())),
        }
    }

    /// Waits until `time`; for ever if there is none. May be dropped while it waits.
    pub(super) async fn wait_until(&mut self, time: Option<Instant>) {
        let Some(time) = time else {
            return pending().await;
        };
        if self.set != Some(time) {
            self.sleep.as_mut().reset(time);
            self.set = Some(time);
        }
        self.sleep.as_mut().await;
        // Who waits for a time that has passed is told at once, every time.
        self.set = None;
    }
}
