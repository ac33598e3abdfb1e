//! Timeouts that measure the time during which the process runs.
//!
//! After a suspension (SIGSTOP, a debugger, a machine that sleeps) a process sees its clock jump, while the replies
//! that arrived meanwhile are still unread. So a long wait consists of short ones: each counts for no more than its
//! planned length, and a late one is never the last.

use std::pin::pin;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

/// The longest single wait.
const SLICE: Duration = Duration::from_secs(1);

/// The remaining time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Left {
    time: Duration,
    /// Whether the last late wait was already compensated.
    is_extended: bool,
}

impl Left {
    fn next_wait(self) -> Duration {
        self.time.min(SLICE)
    }

    /// The remaining time after a wait of this length; `None` if there is none.
    fn after(self, took: Duration) -> Option<Self> {
        let planned = self.next_wait();
        let time = self.time.saturating_sub(planned);
        if !time.is_zero() {
            return Some(Self { time, ..self });
        }
        let is_timeout = took >= planned + SLICE;
        (is_timeout && !self.is_extended).then_some(Self {
            time: SLICE,
            is_extended: true,
        })
    }
}

/// Waits for `future` for at most `time`. `None` if it did not complete.
pub(crate) async fn within<T>(time: Duration, future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    let mut left = Left {
        time,
        is_extended: false,
    };
    loop {
        let started = Instant::now();
        match timeout_at(started + left.next_wait(), future.as_mut()).await {
            Ok(done) => return Some(done),
            Err(_) => left = left.after(started.elapsed())?,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::oneshot;
    use tokio::time::{advance, sleep};

    const TIME: Duration = Duration::from_secs(30);

    #[tokio::test(start_paused = true)]
    async fn a_timeout_fires_exactly_on_time() {
        for (time, took) in [(TIME, TIME), (Duration::from_millis(1500), TIME)] {
            let started = Instant::now();
            assert_eq!(within(time, sleep(took + SLICE)).await, None);
            assert_eq!(started.elapsed(), time);
        }
        assert_eq!(within(TIME, sleep(Duration::from_secs(29))).await, Some(()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_reply_that_arrived_while_the_process_was_stopped_is_in_time() {
        for ran in [Duration::from_millis(500), Duration::from_millis(29_500)] {
            let (sender, receiver) = oneshot::channel();
            let waiting = tokio::spawn(within(TIME, receiver));
            // Timers have a resolution of one millisecond: a jump to an exact instant would only set them.
            for _ in 0..ran.as_millis() / 100 {
                sleep(Duration::from_millis(100)).await;
            }
            advance(Duration::from_hours(3)).await;
            tokio::task::yield_now().await;
            assert!(!waiting.is_finished(), "{ran:?}");
            sender.send(()).unwrap();
            assert_eq!(waiting.await.unwrap(), Some(Ok(())), "{ran:?}");
        }
    }

    #[test]
    fn a_process_that_is_stopped_repeatedly_does_not_wait_forever() {
        let mut left = Left {
            time: TIME,
            is_extended: false,
        };
        let mut waits = 0;
        while let Some(next) = left.after(Duration::from_hours(1)) {
            left = next;
            waits += 1;
        }
        assert_eq!(waits, 30);
    }
}
