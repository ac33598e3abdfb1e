//! The limiter with a paused clock.

use std::time::Duration;

use tokio::time::Instant;

use crate::rate_limit::controller::RateController;
use crate::rate_limit::limiter::RateLimiter;
use crate::rate_limit::rate::{RateSetting, Share};
use crate::rate_limit::tests::{max, seconds};

/// The times, in milliseconds, at which `count` permits are granted.
async fn permits(rate_limiter: &mut RateLimiter, start: Instant, count: usize) -> Vec<u128> {
    let mut times = vec![];
    for _ in 0..count {
        rate_limiter.acquire().await;
        times.push(start.elapsed().as_millis());
    }
    times
}

fn rate_limiter(rate: &str) -> (RateLimiter, Instant) {
    (
        RateLimiter::new(RateController::new(rate.parse().unwrap(), Share::ALL)),
        Instant::now(),
    )
}

#[tokio::test(start_paused = true)]
async fn permits_are_evenly_spaced_and_no_window_exceeds_its_limit() {
    let (mut rate_limiter, start) = rate_limiter("100/10s");
    let times = permits(&mut rate_limiter, start, 1000).await;
    for window in times.windows(101) {
        assert!(window[100] - window[0] >= 10_000, "{window:?}");
    }
    // 999 periods, each 1 % longer than announced; late timers do not accumulate.
    assert!((100_899..100_920).contains(&times[999]), "{}", times[999]);
}

#[tokio::test(start_paused = true)]
async fn without_a_limit_every_permit_is_available_at_once() {
    let (mut rate_limiter, start) = rate_limiter("unlimited");
    assert_eq!(permits(&mut rate_limiter, start, 1000).await, [0; 1000]);
}

#[tokio::test(start_paused = true)]
async fn a_pause_lasts_until_the_latest_requested_end() {
    let (mut rate_limiter, start) = rate_limiter("unlimited");
    rate_limiter.pause(seconds(10));
    rate_limiter.pause(seconds(3));
    assert_eq!(
        rate_limiter.pause_remaining(Instant::now()),
        Some(seconds(10))
    );
    assert_eq!(permits(&mut rate_limiter, start, 2).await, [10_000, 10_000]);
    assert_eq!(rate_limiter.pause_remaining(Instant::now()), None);
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_acquire_loses_no_permit() {
    let (mut rate_limiter, start) = rate_limiter("1/s");
    rate_limiter.acquire().await;
    for _ in 0..5 {
        let waited = tokio::time::timeout(Duration::from_millis(100), rate_limiter.acquire()).await;
        assert!(waited.is_err());
    }
    assert_eq!(permits(&mut rate_limiter, start, 1).await, [1010]);
}

#[tokio::test(start_paused = true)]
async fn a_changed_rate_causes_no_burst() {
    let mut rate_limiter = RateLimiter::new(RateController::new(RateSetting::Auto, Share::ALL));
    let start = Instant::now();
    let mut times = vec![];
    for announced in (0..200).map(|index| 100 + index % 2) {
        let permit = rate_limiter.acquire().await;
        times.push(start.elapsed());
        rate_limiter.observe(permit, Instant::now(), max(announced), false);
    }
    for window in times.windows(102) {
        assert!(window[0] + seconds(10) <= window[101]);
    }
}
