//! A simulated server with a strict rolling window, a client under [`RateController`], and a simulated clock.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use serde::Deserialize;

use crate::domain::quota::Quota;
use crate::rate_limit::controller::{Observation, RateController};
use crate::rate_limit::permit::Permit;

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

/// An event after a request was sent with this permit.
#[derive(Clone, Copy, Debug)]
enum Event {
    Arrives(Permit),
    Replies {
        permit: Permit,
        fits: bool,
        remaining: Option<u32>,
    },
}

/// A run. The clock advances only from one event to the next.
struct Simulation<'s> {
    scenario: &'s Scenario,
    chance: fastrand::Rng,
    window: Window,
    controller: RateController,
    /// By their times, in microseconds; the second number orders events with equal times.
    events: BTreeMap<(u64, u64), Event>,
    sequence: u64,
    now: f64,
    in_flight: usize,
    left: u32,
    /// When requests arrived: those that fit, and all.
    accepted: Vec<f64>,
    all: Vec<f64>,
}

/// Sends all rows of a scenario.
pub(super) fn simulate(scenario: &Scenario, seed: u64) -> Measured {
    let mut run = Simulation::new(scenario, seed);
    while run.left > 0 || run.in_flight > 0 {
        let next_event = run.events.keys().next().map(|&(at, _)| at as f64 / 1e6);
        if run.left > 0 && run.in_flight < CONCURRENCY {
            match run.controller.try_acquire(time(run.now)) {
                Ok(permit) => {
                    run.send(permit);
                    continue;
                }
                Err(wait) => {
                    let at = run.now + wait.as_secs_f64();
                    if next_event.is_none_or(|event| at <= event) {
                        run.now = at;
                        continue;
                    }
                }
            }
        }
        run.handle_next_event();
    }
    measure(scenario, &run.accepted, &run.all, run.window.length)
}

impl<'s> Simulation<'s> {
    fn new(scenario: &'s Scenario, seed: u64) -> Self {
        Self {
            scenario,
            chance: fastrand::Rng::with_seed(seed),
            window: Window::new(scenario),
            controller: RateController::new(
                scenario.rate.parse().unwrap(),
                scenario.share.parse().unwrap(),
            ),
            events: BTreeMap::new(),
            sequence: 0,
            now: 0.0,
            in_flight: 0,
            left: scenario.rows,
            accepted: Vec::new(),
            all: Vec::new(),
        }
    }

    fn send(&mut self, permit: Permit) {
        self.in_flight += 1;
        self.left -= 1;
        self.schedule(self.scenario.server.inbound_ms, Event::Arrives(permit));
    }

    /// Adds an event after a random delay.
    fn schedule(&mut self, delay: [f64; 2], event: Event) {
        let delay = (delay[0] + self.chance.f64() * (delay[1] - delay[0])) / 1000.0;
        self.sequence += 1;
        let at = micros(self.now + delay);
        self.events.insert((at, self.sequence), event);
    }

    fn handle_next_event(&mut self) {
        let ((at, _), event) = self.events.pop_first().unwrap();
        self.now = self.now.max(at as f64 / 1e6);
        match event {
            Event::Arrives(permit) => {
                let (fits, remaining) = self.window.arrive(self.now);
                self.all.push(self.now);
                if fits {
                    self.accepted.push(self.now);
                }
                let reply = Event::Replies {
                    permit,
                    fits,
                    remaining,
                };
                self.schedule(self.scenario.server.reply_ms, reply);
            }
            Event::Replies {
                permit,
                fits,
                remaining,
            } => self.handle_reply(permit, fits, remaining),
        }
    }

    fn handle_reply(&mut self, permit: Permit, fits: bool, remaining: Option<u32>) {
        self.in_flight -= 1;
        self.left += u32::from(!fits);
        let server = &self.scenario.server;
        let now = time(self.now);
        let observation = Observation {
            sent_at: permit.at,
            now,
            throttled: !fits,
            quota: Quota {
                max: server.announces,
                remaining,
                interval: server.announces.map(|_| time(server.window_seconds)),
                ..Quota::default()
            },
        };
        if let Some(pause) = self.controller.observe(observation) {
            self.controller.pause(now + pause);
        }
    }
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
