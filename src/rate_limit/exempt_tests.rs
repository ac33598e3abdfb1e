//! Requests without a limit until a reply shows one.

use std::time::Duration;

use crate::domain::quota::Quota;
use crate::rate_limit::burst_limit::BurstLimit;
use crate::rate_limit::controller::{Observation, RateController};
use crate::rate_limit::rate::{Rate, RateSetting};
use crate::rate_limit::tests::{max, observe, seconds};

/// Takes permits every 50 ms until this second, where there are any, and returns how many there were.
fn permits_until(controller: &mut RateController, from: u64, to: u64) -> usize {
    let times = (from * 20..to * 20).map(|step| Duration::from_millis(step * 50));
    times
        .filter(|&now| controller.try_acquire(now).is_ok())
        .count()
}

fn exempt(setting: RateSetting) -> RateController {
    RateController::with_limit(BurstLimit::LINKS, setting, "50%".parse().unwrap())
}

#[test]
fn exempt_requests_have_no_limit_until_a_reply_announces_one() {
    let mut controller = exempt(RateSetting::Auto);
    assert_eq!(controller.rate_limit(seconds(0)), None);
    assert_eq!(permits_until(&mut controller, 0, 10), 200);
    observe(&mut controller, seconds(9), false, Quota::default());
    assert_eq!(controller.rate_limit(seconds(10)), None);
    observe(&mut controller, seconds(10), false, max(190));
    let limit = controller.rate_limit(seconds(10)).unwrap();
    assert_eq!(limit, Rate::new(95, seconds(10)).unwrap(), "half of it");
    let mut unlimited = exempt(RateSetting::Unlimited);
    observe(&mut unlimited, seconds(10), false, max(190));
    assert_eq!(unlimited.rate_limit(seconds(10)), None);
}

#[test]
fn exempt_requests_keep_to_what_fits_after_a_429_and_try_more_later() {
    let mut controller = exempt(RateSetting::Auto);
    assert_eq!(permits_until(&mut controller, 0, 10), 200);
    let sent_at = Duration::from_millis(9950);
    let pause = controller.observe(Observation {
        sent_at,
        now: seconds(10),
        throttled: true,
        quota: Quota::default(),
    });
    assert_eq!(pause, Some(seconds(1)));
    let limit = |controller: &RateController, at| {
        let limit = controller.rate_limit(seconds(at));
        limit.map(Rate::requests)
    };
    assert_eq!(limit(&controller, 10), Some(199));
    let mut seen = Vec::new();
    for second in 11..100 {
        observe(&mut controller, seconds(second), false, Quota::default());
        seen.push(limit(&controller, second));
    }
    seen.dedup();
    assert_eq!(seen[0], Some(199));
    assert!(seen.is_sorted_by_key(|limit| limit.unwrap_or(u32::MAX)));
    assert!(seen.len() > 3, "in steps: {seen:?}");
    assert_eq!(seen.last(), Some(&None), "no limit applies again");
}

#[test]
fn a_429_to_the_first_exempt_request_does_not_slow_the_others_for_long() {
    let mut controller = exempt(RateSetting::Auto);
    controller.try_acquire(seconds(0)).unwrap();
    controller.observe(Observation {
        sent_at: seconds(0),
        now: seconds(1),
        throttled: true,
        quota: Quota::default(),
    });
    assert!(controller.rate_limit(seconds(1)).unwrap().requests() < 5);
    for second in 2..60 {
        observe(&mut controller, seconds(second), false, Quota::default());
    }
    let limit = controller.rate_limit(seconds(60));
    assert!(limit.is_none_or(|limit| limit.requests() > 30), "{limit:?}");
}
