//! The plan of a story: everything is drawn from its seed before anything is run.

use std::time::Duration;

use fastrand::Rng;

use super::input::{Rows, Shape};
use crate::support::instant;

use hubspot_associate::sandbox::faults::spec::Faults;
use hubspot_associate::sandbox::settings::{BatchErrors, Latency, SandboxSettings};

/// A server, an input, and runs until the input is finished.
#[expect(clippy::struct_excessive_bools, reason = "each is drawn by itself")]
#[derive(Debug)]
pub(super) struct Story {
    pub(super) rows: Rows,
    pub(super) split: bool,
    pub(super) skip_duplicates: bool,
    /// How many rows an earlier report contains that is used as known pairs.
    pub(super) memory: Option<usize>,
    pub(super) credentials: Credentials,
    pub(super) server: SandboxSettings,
    pub(super) flags: Vec<String>,
    /// The runs with events. Runs without faults follow until the input is finished.
    pub(super) runs: Vec<Run>,
    /// Whether a drawn fault may refuse a valid pair.
    pub(super) may_reject: bool,
    /// Whether the rejected rows are imported again at the end.
    pub(super) feed_back: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Credentials {
    Variable,
    TokenFile,
    OAuthFile,
}

/// One run and its events.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) flags: Vec<String>,
    /// The faults that the server draws from the start, and those that it draws after this many requests.
    pub(super) phase: FaultPhase,
    pub(super) next_phase: Option<(u64, FaultPhase)>,
    pub(super) interruption: Option<(Trigger, Interruption)>,
    /// How much the files may grow, in blocks of 512 bytes.
    pub(super) file_blocks: Option<u32>,
}

/// A set of drawn faults.
#[derive(Clone, Debug, Default)]
pub(super) struct FaultPhase {
    pub(super) faults: Faults,
    pub(super) is_daily_limit: bool,
    /// Every request fails.
    pub(super) is_outage: bool,
}

/// When a run is interrupted.
#[derive(Clone, Copy, Debug)]
pub(super) enum Trigger {
    /// Once the server has received this many requests of the run.
    Requests(u64),
    /// Once the report has grown by this many lines.
    Lines(usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Interruption {
    Interrupt,
    Terminate,
    Twice,
    Kill,
    /// Stopped for this long, then continued.
    Stop(Duration),
}

impl Story {
    pub(super) fn of(seed: u64) -> Self {
        let mut chance = Rng::with_seed(seed);
        // Similar seeds start with similar values; after one step they no longer do.
        chance.u64(..);
        let chance = &mut chance;
        let (split, skip_duplicates) = (chance.u32(..4) == 0, chance.u32(..3) == 0);
        let flags = draw_flags(chance);
        let shape = Shape {
            rows: chance.u64(1..60),
            batch: flags.iter().any(|flag| flag == "batch"),
            split,
            skip_duplicates,
            stops: chance.u32(..3) == 0,
        };
        let rows = Rows::draw(chance, shape);
        let memory = (chance.u32(..6) == 0).then(|| chance.usize(..=rows.expected.len()));
        let may_reject = chance.u32(..4) == 0;
        let credentials = match chance.u32(..6) {
            0 => Credentials::TokenFile,
            1 => Credentials::OAuthFile,
            _ => Credentials::Variable,
        };
        let (number, runs) = (chance.u32(1..4), rows.count);
        let runs = (0..number).map(|number| Run::draw(chance, runs, may_reject, number == 0));
        let runs = runs.collect();
        Self {
            split,
            skip_duplicates,
            memory,
            credentials,
            server: draw_server(chance, credentials),
            flags,
            runs,
            may_reject,
            feed_back: chance.u32(..4) == 0,
            rows,
        }
    }
}

fn draw_server(chance: &mut Rng, credentials: Credentials) -> SandboxSettings {
    let max = Duration::from_millis([0, 0, 2, 20][chance.usize(..4)]);
    let mut server = SandboxSettings {
        seed: chance.u64(..),
        latency: Latency {
            min: Duration::ZERO,
            max,
        },
        retry_after: Duration::from_secs(chance.u64(..2)),
        limit_headers: chance.u32(..4) > 0,
        batch_exempt: chance.bool(),
        batch_errors: draw_batch_errors(chance),
        account_access: chance.u32(..4) > 0,
        ..instant()
    };
    match chance.u32(..8) {
        0 => {
            server.limit = Some(chance.u32(20..60));
            server.window = Duration::from_millis(300);
        }
        1 => {
            server.daily_limit = Some(chance.u64(20..60));
            server.day_length = Some(Duration::from_secs(1));
        }
        _ => {}
    }
    if credentials == Credentials::OAuthFile {
        server.token_uses = Some(chance.u32(20..40));
    }
    server
}

fn draw_batch_errors(chance: &mut Rng) -> BatchErrors {
    let ways = [
        BatchErrors::Listed,
        BatchErrors::ListedWithOk,
        BatchErrors::ListedUnnamed,
        BatchErrors::Named,
        BatchErrors::NamedFirst,
        BatchErrors::Unnamed,
        BatchErrors::LeftOut,
    ];
    ways[chance.usize(..ways.len())]
}

fn draw_flags(chance: &mut Rng) -> Vec<String> {
    let mut flags = words("--timeout 1s --summary summary.json");
    flags.extend(words(&format!("--max-attempts {}", chance.u32(2..4))));
    flags.extend(words(&format!(
        "--concurrency {}",
        [1, 3, 16][chance.usize(..3)]
    )));
    if chance.u32(..5) < 2 {
        flags.extend(words("--mode batch --batch-concurrency 2"));
        let size = [1, 2, 7, 2000][chance.usize(..4)];
        flags.extend(words(&format!("--batch-size {size}")));
    }
    if chance.u32(..3) == 0 {
        flags.extend(words("--rejects rejects.csv --html page.html"));
    }
    if chance.u32(..4) == 0 {
        flags.extend(words("--metrics import.prom"));
    }
    flags
}

impl Run {
    /// A run against a server without faults, and without events.
    pub(super) fn without_events() -> Self {
        Self {
            flags: Vec::new(),
            phase: FaultPhase::default(),
            next_phase: None,
            interruption: None,
            file_blocks: None,
        }
    }

    fn draw(chance: &mut Rng, rows: u64, may_reject: bool, is_first: bool) -> Self {
        let mut run = Self {
            phase: FaultPhase::draw(chance, may_reject),
            ..Self::without_events()
        };
        if run.phase.is_outage || chance.u32(..3) == 0 {
            // While the API is unreachable, requests are rare: the outage must be short.
            let at = chance.u64(1..19);
            let mut next = FaultPhase::draw(chance, may_reject);
            if run.phase.is_outage {
                next = FaultPhase::default();
            }
            run.next_phase = (!next.is_outage).then_some((at, next));
        }
        match chance.u32(..14) {
            0 if is_first => run.flags = words(&format!("--first {}", chance.u64(1..=rows))),
            1 => run.flags = words("--max-duration 300ms"),
            2 => run.flags = words(&format!("--max-failed {}", chance.u64(1..5))),
            3 => run.flags = words("--retry-rejected"),
            4 | 5 => run.file_blocks = Some(chance.u32(..24)),
            _ => {
                let trigger = match chance.u32(..3) {
                    0 => Trigger::Lines(chance.usize(1..=usize::try_from(rows).unwrap())),
                    _ => Trigger::Requests(chance.u64(..=rows)),
                };
                let interruption = match chance.u32(..7) {
                    0 => Interruption::Interrupt,
                    1 => Interruption::Terminate,
                    2 => Interruption::Twice,
                    3 => Interruption::Stop(draw_pause(chance)),
                    _ => Interruption::Kill,
                };
                run.interruption = Some((trigger, interruption));
            }
        }
        run
    }
}

impl FaultPhase {
    fn draw(chance: &mut Rng, may_reject: bool) -> Self {
        let passing = [
            "status:500=4%,status:502=4%",
            "status:503=10%,internal-page=3%",
            "reset=5%,reset-after=5%,close=3%",
            "cut=5%,cut-chunked=5%,reset-inside=5%",
            "status:429=10%,bare-throttle=2%",
            "status:429=40%",
            "burst-retry-seconds=3%,secondly=1%",
            "garbage=5%,invalid-json=5%",
            "slow=20%,pending=5%,processing=3%",
            "status:423=3%,unavailable-retry=3%",
            "stall=2%,stall-inside=2%",
            "numeric-ids=30%,inverse-first=20%",
        ];
        let outages = [
            "status:503=100%",
            "reset=100%",
            "close=100%",
            "status:521=100%",
            "stall=100%",
        ];
        let refusing = [
            "missing=5%,embedded-error=5%",
            "empty-results=10%,no-results=5%",
            "status:409=5%,canceled=3%,empty-ok=5%",
        ];
        let one_of = |chance: &mut Rng, faults: &[&str]| {
            let faults = faults[chance.usize(..faults.len())];
            faults.parse().unwrap()
        };
        match chance.u32(..10) {
            0 | 1 => Self::default(),
            2 => Self {
                faults: one_of(chance, &outages),
                is_outage: true,
                ..Self::default()
            },
            3 => Self {
                faults: "daily=5%".parse().unwrap(),
                is_daily_limit: true,
                ..Self::default()
            },
            4 | 5 if may_reject => Self {
                faults: one_of(chance, &refusing),
                ..Self::default()
            },
            _ => Self {
                faults: one_of(chance, &passing),
                ..Self::default()
            },
        }
    }
}

/// Rarely longer than the timeout of an attempt.
fn draw_pause(chance: &mut Rng) -> Duration {
    let max = if chance.u32(..4) == 0 { 1500 } else { 200 };
    Duration::from_millis(chance.u64(1..max))
}

fn words(text: &str) -> Vec<String> {
    text.split(' ').map(ToOwned::to_owned).collect()
}
