//! The controller in scenarios.

use std::path::Path;
use std::time::Duration;

use proptest::prelude::*;

use crate::domain::quota::Quota;
use crate::rate_limit::burst_limit::BurstLimit;
use crate::rate_limit::controller::{Observation, RateController};
use crate::rate_limit::permit::Permit;
use crate::rate_limit::rate::{Rate, RateSetting, Share};
use crate::rate_limit::simulation::{Expect, Others, Scenario, Server, simulate};

fn scenarios() -> Vec<(String, Scenario)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/rate_limit/scenarios");
    let mut scenarios: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|file| {
            let path = file.unwrap().path();
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            let text = std::fs::read_to_string(&path).unwrap();
            (
                name.clone(),
                toml::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}")),
            )
        })
        .collect();
    scenarios.sort_by(|one, other| one.0.cmp(&other.0));
    scenarios
}

#[test]
fn every_scenario_holds_with_any_jitter() {
    let scenarios = scenarios();
    assert!(scenarios.len() >= 12);
    for (name, scenario) in scenarios {
        assert!(!scenario.intent.trim().is_empty(), "{name}");
        for seed in 0..20 {
            let measured = simulate(&scenario, seed);
            let Expect {
                use_at_least,
                throttled_at_most,
                throttled_share_at_most,
                ..
            } = scenario.expect;
            let share = f64::from(measured.throttled) / f64::from(measured.requests);
            if seed == 0 {
                println!("{name}: {measured:?}, {:.2} % throttled", share * 100.0);
            }
            assert!(
                measured.use_share >= use_at_least,
                "{name}, seed {seed}: {measured:?}"
            );
            assert!(
                throttled_at_most.is_none_or(|most| measured.throttled <= most),
                "{name}, seed {seed}: {measured:?}"
            );
            assert!(
                throttled_share_at_most.is_none_or(|most| share <= most),
                "{name}, seed {seed}: {measured:?}"
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn the_window_limit_is_kept_and_all_rows_are_sent_with_any_server(
        limit in 20_u32..250,
        announces in any::<bool>(),
        remaining_of_announced in any::<bool>(),
        jitter in 0.0..60.0,
        latency in 20.0..500.0,
        others in proptest::option::of((5.0..60.0, 1_u32..15)),
        seed in any::<u64>(),
    ) {
        // The table of the association limits has no entry for an announced limit between its rows.
        let announced = if limit == 150 { 190 } else { limit.min(200) };
        let limit = if announced == 190 { 150 } else { announced };
        let scenario = Scenario {
            intent: String::new(),
            rate: "auto".into(),
            share: "100%".into(),
            rows: limit * 8,
            server: Server {
                limit,
                window_seconds: 10.0,
                announces: announces.then_some(announced),
                remaining_of_announced,
                counts_refused: false,
                inbound_ms: [0.0, jitter],
                reply_ms: [latency, latency * 2.0],
                clock: 1.0,
            },
            others: others
                .map(|(from_second, take)| Others { from_second, to_second: f64::INFINITY, take })
                .into_iter().collect(),
            expect: Expect {
                use_at_least: 0.0, after_second: 0.0, throttled_at_most: None, throttled_share_at_most: None,
            },
        };
        let measured = simulate(&scenario, seed);
        let share = f64::from(measured.throttled) / f64::from(measured.requests);
        // Without headers and with other clients active, any step upward may be answered with a 429.
        let blind = !announces && others.is_some();
        prop_assert!(share <= if blind { 0.15 } else { 0.08 }, "{measured:?}");
        if announces && others.is_none() {
            prop_assert_eq!(measured.throttled, 0, "{:?}", measured);
            prop_assert!(measured.peak <= limit as usize, "{:?}", measured);
            prop_assert!(measured.use_share >= 0.95 || limit > 100, "{:?}", measured);
        }
    }
}

/// What happens between two requests for a permit.
#[derive(Clone, Debug)]
enum Change {
    Nothing,
    Announced {
        max: u32,
        remaining: u32,
        milliseconds: u64,
    },
    Throttled,
    Paused {
        milliseconds: u64,
    },
}

fn any_change() -> impl Strategy<Value = Change> {
    prop_oneof![
        Just(Change::Nothing),
        (1_u32..300, 0_u32..300, 100_u64..=10_000).prop_map(|(max, remaining, milliseconds)| {
            Change::Announced {
                max,
                remaining,
                milliseconds,
            }
        }),
        Just(Change::Throttled),
        (1_u64..3000).prop_map(|milliseconds| Change::Paused { milliseconds }),
    ]
}

/// Applies a change; a reply is one to the last request of `sent`.
fn apply(change: &Change, controller: &mut RateController, now: Duration, sent: &mut Vec<Permit>) {
    let Some(&last) = sent.last() else {
        return;
    };
    let mut observation = Observation {
        sent_at: last.at,
        now,
        throttled: false,
        quota: Quota::default(),
    };
    match *change {
        Change::Nothing => return,
        Change::Paused { milliseconds } => {
            controller.pause(now + Duration::from_millis(milliseconds));
            return;
        }
        Change::Announced {
            max,
            remaining,
            milliseconds,
        } => {
            observation.quota = Quota {
                max: Some(max),
                remaining: Some(remaining),
                interval: Some(Duration::from_millis(milliseconds)),
                ..Quota::default()
            };
        }
        Change::Throttled => {
            // The server does not count it in its window.
            sent.pop();
            observation.throttled = true;
        }
    }
    controller.observe(observation);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn however_the_rate_changes_no_window_exceeds_its_limit_and_no_more_than_two_requests_are_sent_at_once(
        setting in prop_oneof![Just("auto"), Just("100/10s"), Just("300/s"), Just("3/10s")],
        steps in proptest::collection::vec(
            (prop_oneof![Just(0), 0_u64..400], any_change(), 0_usize..8),
            1..400,
        ),
    ) {
        let mut controller = RateController::new(setting.parse().unwrap(), Share::ALL);
        let mut sent: Vec<Permit> = Vec::new();
        let mut now = Duration::ZERO;
        for (elapsed, change, attempts) in steps {
            now += Duration::from_millis(elapsed);
            apply(&change, &mut controller, now, &mut sent);
            for _ in 0..attempts {
                match controller.try_acquire(now) {
                    Ok(permit) => sent.push(permit),
                    Err(wait) => {
                        prop_assert!(!wait.is_zero());
                        break;
                    }
                }
                let at_once = sent.iter().filter(|permit| permit.at == now).count();
                prop_assert!(at_once <= 2, "{} at once", at_once);
                let rate = controller.rate_limit(now).unwrap();
                let in_window = sent.iter().filter(|permit| permit.at + rate.window() > now).count();
                prop_assert!(in_window <= rate.requests() as usize, "{} with {}", in_window, rate);
            }
        }
        // At most one wait each for the pause, the window and the even spacing.
        let mut refusals = 0;
        while let Err(wait) = controller.try_acquire(now) {
            now += wait;
            refusals += 1;
            prop_assert!(refusals <= 3);
        }
    }
}

pub(super) fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub(super) fn observe(
    controller: &mut RateController,
    at: Duration,
    throttled: bool,
    quota: Quota,
) -> Option<Duration> {
    controller.observe(Observation {
        sent_at: at,
        now: at,
        throttled,
        quota,
    })
}

fn requests(controller: &RateController, now: Duration) -> Option<u32> {
    controller.rate_limit(now).map(Rate::requests)
}

pub(super) fn max(max: u32) -> Quota {
    Quota {
        max: Some(max),
        ..Quota::default()
    }
}

#[test]
fn auto_starts_at_the_lowest_limit_and_learns_the_tier_from_the_headers() {
    let mut controller = RateController::new(RateSetting::Auto, Share::ALL);
    assert_eq!(requests(&controller, seconds(0)), Some(100));
    for (announced, expected) in [
        (100, 100),
        (110, 110),
        (190, 150),
        (250, 200),
        (60, 60),
        (199, 199),
        (1000, 200),
    ] {
        observe(&mut controller, seconds(1), false, max(announced));
        assert_eq!(
            requests(&controller, seconds(1)),
            Some(expected),
            "{announced}"
        );
    }
    observe(&mut controller, seconds(1), false, max(0));
    assert_eq!(
        requests(&controller, seconds(1)),
        Some(200),
        "a limit of zero is ignored"
    );
}

#[test]
fn requests_with_another_limit_have_a_rate_of_their_own() {
    let general = BurstLimit {
        initial: "5/s".parse().unwrap(),
        ..BurstLimit::GENERAL
    };
    let mut controller = RateController::with_limit(general, RateSetting::Auto, Share::ALL);
    let rate = |controller: &RateController| controller.rate_limit(seconds(1)).unwrap();
    assert_eq!(rate(&controller).to_string(), "5/s");
    observe(&mut controller, seconds(1), false, Quota::default());
    assert_eq!(rate(&controller).to_string(), "5/s", "nothing is announced");
    for announced in [100, 190, 250] {
        let quota = Quota {
            interval: Some(seconds(10)),
            ..max(announced)
        };
        observe(&mut controller, seconds(1), false, quota);
        assert_eq!(
            rate(&controller),
            Rate::new(announced, seconds(10)).unwrap()
        );
    }
}

#[test]
fn headers_about_another_limit_change_nothing() {
    let mut controller =
        RateController::with_limit(BurstLimit::SEARCH, RateSetting::Auto, Share::ALL);
    let quota = Quota {
        interval: Some(seconds(10)),
        remaining: Some(0),
        ..max(190)
    };
    observe(&mut controller, seconds(1), false, quota);
    let rate = controller.rate_limit(seconds(1)).unwrap();
    assert_eq!(rate.to_string(), "5/s");
}

#[test]
fn the_headers_name_the_window_too() {
    let mut controller = RateController::new(RateSetting::Auto, Share::ALL);
    observe(
        &mut controller,
        seconds(1),
        false,
        Quota {
            interval: Some(seconds(1)),
            ..max(10)
        },
    );
    assert_eq!(
        controller.rate_limit(seconds(1)).unwrap().to_string(),
        "10/s"
    );
}

#[test]
fn headers_lower_an_explicit_rate_and_never_raise_it() {
    let mut controller = RateController::new("120/10s".parse().unwrap(), Share::ALL);
    observe(&mut controller, seconds(1), false, max(250));
    assert_eq!(requests(&controller, seconds(1)), Some(120));
    observe(&mut controller, seconds(1), false, max(100));
    assert_eq!(requests(&controller, seconds(1)), Some(100));
}

#[test]
fn unlimited_stays_unlimited() {
    let mut controller = RateController::new(RateSetting::Unlimited, Share::ALL);
    observe(&mut controller, seconds(1), true, max(100));
    assert_eq!(controller.rate_limit(seconds(1)), None);
}

#[test]
fn replies_to_requests_sent_before_a_429_do_not_lower_the_limit_again() {
    let mut controller = RateController::new(RateSetting::Auto, Share::ALL);
    for index in 0..60 {
        controller
            .try_acquire(Duration::from_millis(index * 101))
            .unwrap();
    }
    let at = |milliseconds| Duration::from_millis(milliseconds);
    let mut quiets = vec![];
    for index in 0..5 {
        let (sent_at, now) = (at(5959 - index), at(6100 + index));
        quiets.extend(controller.observe(Observation {
            sent_at,
            now,
            throttled: true,
            quota: Quota::default(),
        }));
    }
    assert_eq!(quiets, [seconds(1)]);
    assert_eq!(requests(&controller, at(6200)), Some(59));
}

#[test]
fn a_429_with_room_in_the_headers_pauses_and_lowers_the_limit_only_if_repeated() {
    let quota = |remaining| Quota {
        remaining: Some(remaining),
        ..max(100)
    };
    let mut controller = RateController::new(RateSetting::Auto, Share::ALL);
    for index in 0..10 {
        controller
            .try_acquire(Duration::from_millis(index * 101))
            .unwrap();
    }
    assert_eq!(
        observe(&mut controller, seconds(2), true, quota(90)),
        Some(seconds(1))
    );
    assert_eq!(requests(&controller, seconds(2)), Some(100));
    assert_eq!(
        observe(&mut controller, seconds(4), true, quota(90)),
        Some(seconds(2))
    );
    assert_eq!(requests(&controller, seconds(4)), Some(10));

    let mut controller = RateController::new(RateSetting::Auto, Share::ALL);
    controller.try_acquire(seconds(0)).unwrap();
    observe(&mut controller, seconds(1), true, quota(0));
    assert_eq!(
        requests(&controller, seconds(1)),
        Some(1),
        "a full window lowers the limit immediately"
    );
}

#[test]
fn consecutive_pauses_grow_up_to_one_window() {
    let mut controller = RateController::new(RateSetting::Auto, Share::ALL);
    let mut quiets = vec![];
    for step in 1..=6 {
        quiets.extend(observe(
            &mut controller,
            seconds(step * 100),
            true,
            Quota::default(),
        ));
    }
    assert_eq!(quiets, [1, 2, 4, 8, 10, 10].map(seconds));
    observe(&mut controller, seconds(700), false, Quota::default());
    assert_eq!(
        observe(&mut controller, seconds(800), true, Quota::default()),
        Some(seconds(1))
    );
}
