//! Exponential backoff. Pure.

use std::time::Duration;

/// The delay after `earlier` delays before it: `initial` at first, doubled each time, at most `max`.
#[must_use]
pub fn exponential(initial: Duration, max: Duration, earlier: u32) -> Duration {
    initial.saturating_mul(1 << earlier.min(31)).min(max)
}

/// Full jitter: a random part of a delay. `draw` is a random number in 0.0..1.0.
#[must_use]
pub fn jittered(delay: Duration, draw: f64) -> Duration {
    delay.mul_f64(draw.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_up_to_the_maximum() {
        let (initial, max) = (Duration::from_secs(1), Duration::from_mins(1));
        for (earlier, seconds) in [(0, 1), (1, 2), (5, 32), (6, 60), (31, 60), (u32::MAX, 60)] {
            let delay = exponential(initial, max, earlier);
            assert_eq!(delay, Duration::from_secs(seconds), "{earlier}");
        }
    }

    #[test]
    fn jitter_takes_a_part_of_the_delay_and_never_more() {
        for (draw, millis) in [(0.0, 0), (0.25, 500), (1.0, 2000), (7.0, 2000), (-1.0, 0)] {
            let delay = jittered(Duration::from_secs(2), draw);
            assert_eq!(delay, Duration::from_millis(millis), "{draw}");
        }
    }
}
