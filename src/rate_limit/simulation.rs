//! A simulated server with a strict rolling window, a client under [`RateController`], and a simulated clock.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::time::Duration;

use serde::Deserialize;

use crate::domain::quota::Quota;
use crate::rate_limit::controller::{Observation, RateController};

/// A scenario file: one behaviour, and what must hold.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Scenario {
    /// The purpose of the scenario, for readers who change the controller.
    pub(super) intent: String,
    /// The `--rate`.
    pub(super) rate: String,
    /// The `--share`.
    #[serde(default = "all")]
    pub(super) share: String,
    /// Rows to send.
    pub(super) rows: u32,
    pub(super) server: Server,
    #[serde(default)]
    pub(super) others: Vec<Others>,
    pub(super) expect: Expect,
}

/// The server's settings.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Server {
    /// The limit that it enforces per window.
    pub(super) limit: u32,
    #[serde(default = "ten")]
    pub(super) window_seconds: f64,
    /// The value of the `Max` header; none means no headers at all.
    pub(super) announces: Option<u32>,
    /// Whether `Remaining` counts down from `announces` instead of `limit`.
    #[serde(default)]
    pub(super) remaining_of_announced: bool,
    /// Whether refused requests count in the window too.
    #[serde(default)]
    pub(super) counts_refused: bool,
    /// The latency to the server: minimum and maximum.
    pub(super) inbound_ms: [f64; 2],
    /// The latency of the reply: minimum and maximum.
    pub(super) reply_ms: [f64; 2],
    /// The speed of its clock, relative to the client's.
    #[serde(default = "one")]
    pub(super) clock: f64,
}

/// Other clients that use the same quota, for a period of time.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Others {
    pub(super) from_second: f64,
    #[serde(default = "forever")]
    pub(super) to_second: f64,
    /// Requests per window.
    pub(super) take: u32,
}

/// The expectations.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Expect {
    /// The minimum use of the quota that other clients leave.
    pub(super) use_at_least: f64,
    /// When measuring the use starts.
    #[serde(default)]
    pub(super) after_second: f64,
    /// Replies with 429, at most.
    pub(super) throttled_at_most: Option<u32>,
    /// Share of replies with 429, at most.
    pub(super) throttled_share_at_most: Option<f64>,
}

fn all() -> String {
    "100%".to_owned()
}

fn ten() -> f64 {
    10.0
}

fn one() -> f64 {
    1.0
}

fn forever() -> f64 {
    f64::INFINITY
}

/// The measured results.
#[derive(Clone, Copy, Debug)]
#[expect(dead_code, reason = "printed where a scenario fails")]
pub(super) struct Measured {
    pub(super) use_share: f64,
    pub(super) throttled: u32,
    pub(super) requests: u32,
    /// The most requests of the run that arrived in any window.
    pub(super) peak: usize,
    pub(super) seconds: f64,
}

/// The maximum of requests in flight; high enough not to limit the rate under test.
const CONCURRENCY: usize = 64;

/// A strict rolling window.
struct Window {
    server: Server,
    /// The client's window length in the server's time.
    length: f64,
    places: VecDeque<f64>,
    others: VecDeque<f64>,
}

impl Window {
    fn new(scenario: &Scenario) -> Self {
        let server = scenario.server.clone();
        Self {
            length: server.window_seconds * server.clock,
            places: VecDeque::new(),
            others: arrivals_of_others(&scenario.others, server.window_seconds),
            server,
        }
    }

    /// Handles the arrival of a request: whether it fits, and the value of `Remaining`.
    fn arrive(&mut self, at: f64) -> (bool, Option<u32>) {
        while let Some(&other) = self.others.front().filter(|&&other| other <= at) {
            if self.has_room(other) {
                self.places.push_back(other);
            }
            self.others.pop_front();
        }
        let fits = self.has_room(at);
        if fits || self.server.counts_refused {
            self.places.push_back(at);
        }
        let used = u32::try_from(self.places.len()).unwrap();
        let Server {
            limit,
            announces,
            remaining_of_announced,
            ..
        } = self.server;
        let from = if remaining_of_announced {
            announces.unwrap_or(limit)
        } else {
            limit
        };
        (fits, announces.map(|_| from.saturating_sub(used)))
    }

    fn has_room(&mut self, at: f64) -> bool {
        while self
            .places
            .front()
            .is_some_and(|&place| place <= at - self.length)
        {
            self.places.pop_front();
        }
        self.places.len() < self.server.limit as usize
    }
}

/// Sends all rows of a scenario. The clock advances only from one event to the next.
pub(super) fn simulate(scenario: &Scenario, seed: u64) -> Measured {
    let mut chance = fastrand::Rng::with_seed(seed);
    let mut between = |range: [f64; 2]| (range[0] + chance.f64() * (range[1] - range[0])) / 1000.0;
    let server = &scenario.server;
    let mut window = Window::new(scenario);
    let mut controller = RateController::new(
        scenario.rate.parse().unwrap(),
        scenario.share.parse().unwrap(),
    );
    // Event times, in microseconds; the second number orders events with equal times.
    let mut events: BinaryHeap<Reverse<(u64, u64, Event)>> = BinaryHeap::new();
    let (mut accepted, mut all) = (Vec::new(), Vec::new());
    let (mut now, mut in_flight, mut left, mut sequence) = (0.0_f64, 0, scenario.rows, 0);
    while left > 0 || in_flight > 0 {
        sequence += 1;
        let permit = controller.next_permit_at(time(now)).as_secs_f64();
        let next_event = events.peek().map(|Reverse((at, ..))| *at as f64 / 1e6);
        if left > 0 && in_flight < CONCURRENCY && next_event.is_none_or(|at| permit.max(now) <= at)
        {
            now = now.max(permit);
            controller.take_permit(time(now));
            (in_flight, left) = (in_flight + 1, left - 1);
            let there = micros(now + between(server.inbound_ms));
            events.push(Reverse((
                there,
                sequence,
                Event::Arrives {
                    sent_at: micros(now),
                },
            )));
            continue;
        }
        let Reverse((at, _, event)) = events.pop().unwrap();
        now = now.max(at as f64 / 1e6);
        match event {
            Event::Arrives { sent_at } => {
                let (fits, remaining) = window.arrive(now);
                all.push(now);
                if fits {
                    accepted.push(now);
                }
                let back = micros(now + between(server.reply_ms));
                events.push(Reverse((
                    back,
                    sequence,
                    Event::Replies {
                        sent_at,
                        fits,
                        remaining,
                    },
                )));
            }
            Event::Replies {
                sent_at,
                fits,
                remaining,
            } => {
                in_flight -= 1;
                left += u32::from(!fits);
                let quota = Quota {
                    max: server.announces,
                    remaining,
                    interval: server.announces.map(|_| time(server.window_seconds)),
                    ..Quota::default()
                };
                let (sent_at, now) = (Duration::from_micros(sent_at), time(now));
                if let Some(pause) = controller.observe(Observation {
                    sent_at,
                    now,
                    throttled: !fits,
                    quota,
                }) {
                    controller.pause(now + pause);
                }
            }
        }
    }
    measure(scenario, &accepted, &all, window.length)
}

fn measure(scenario: &Scenario, accepted: &[f64], all: &[f64], window: f64) -> Measured {
    let end = accepted.last().copied().unwrap_or_default();
    let after = scenario.expect.after_second;
    let ours = accepted.iter().filter(|&&at| at >= after).count() as f64;
    let taken = |others: &Others| {
        let time = others.to_second.min(end) - others.from_second.max(after);
        time.max(0.0) * f64::from(others.take) / window
    };
    let whole = (end - after) * f64::from(scenario.server.limit) / window;
    let left_for_us = whole - scenario.others.iter().map(taken).sum::<f64>();
    let in_window = |first: usize| all[first..].partition_point(|&at| at < all[first] + window);
    Measured {
        use_share: ours / left_for_us,
        throttled: u32::try_from(all.len() - accepted.len()).unwrap(),
        requests: u32::try_from(all.len()).unwrap(),
        peak: (0..all.len()).map(in_window).max().unwrap_or_default(),
        seconds: end,
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Arrives {
        sent_at: u64,
    },
    Replies {
        sent_at: u64,
        fits: bool,
        remaining: Option<u32>,
    },
}

fn arrivals_of_others(others: &[Others], window: f64) -> VecDeque<f64> {
    // No simulation runs for longer than an hour.
    let until = |second: f64| second.min(3600.0);
    let mut arrivals: Vec<f64> = others
        .iter()
        .flat_map(|others| {
            let period = window / f64::from(others.take);
            let end = until(others.to_second);
            (0..)
                .map(move |index| others.from_second + f64::from(index) * period)
                .take_while(move |&at| at < end)
        })
        .collect();
    arrivals.sort_by(f64::total_cmp);
    arrivals.into()
}

fn micros(seconds: f64) -> u64 {
    u64::try_from(time(seconds).as_micros()).unwrap()
}

fn time(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}
