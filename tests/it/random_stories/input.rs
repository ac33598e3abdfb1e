//! The rows of a story, and the possible outcomes of their pairs.

use std::collections::HashSet;

use fastrand::Rng;

use crate::support::HEADER;

use hubspot_associate::sandbox::faults::table::fault_id;

/// Temporary faults; a row that gets them too often has failed, and is sent again.
const PASSING: [&str; 19] = [
    "status:500",
    "status:502",
    "status:503",
    "status:429",
    "status:423",
    "status:477",
    "bare-throttle",
    "reset",
    "reset-after",
    "reset-inside",
    "close",
    "cut",
    "cut-chunked",
    "garbage",
    "pending",
    "invalid-json",
    "page-with-ok",
    "stall",
    "stall-inside",
];

/// Refusals, and replies that do not confirm the pair: the row is rejected.
const FINAL: [&str; 8] = [
    "missing",
    "missing-old-form",
    "bare-refusal",
    "association-limit",
    "embedded-error",
    "only-count",
    "only-errors",
    "canceled",
];

/// Replies that are accepted only when they come twice.
const ONCE: [&str; 4] = ["empty-results", "null-results", "empty-ok", "status:409"];

/// Replies that end the run: refused credentials and the daily limit.
const STOPPING: [&str; 4] = ["status:401", "expired-token", "status:403", "daily"];

/// Success in an unusual form.
const ODD_SUCCESS: [&str; 7] = [
    "zero-errors",
    "forward-only",
    "inverse-only",
    "inverse-first",
    "numeric-ids",
    "unknown-fields",
    "slow",
];

const INVALID: [&str; 5] = ["x17", "5.12E+11", "0", "-4", "12345678901234567890123"];

/// The possible outcomes of a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Associated,
    AssociatedOrRejected,
    Rejected,
    Invalid,
    Skipped,
}

impl End {
    /// Whether the pair may have this outcome after a finished run. `may_reject`: the server draws refusals.
    pub(super) fn allows(self, outcome: &str, may_reject: bool) -> bool {
        match outcome {
            "associated" => matches!(self, Self::Associated | Self::AssociatedOrRejected),
            "rejected" => match self {
                Self::Associated => may_reject,
                Self::AssociatedOrRejected | Self::Rejected => true,
                Self::Invalid | Self::Skipped => false,
            },
            "invalid" => self == Self::Invalid,
            "skipped" => self == Self::Skipped,
            _ => false,
        }
    }
}

/// One line that the report must contain at the end.
#[derive(Clone, Debug)]
pub(super) struct Expected {
    pub(super) row: u64,
    pub(super) from: String,
    pub(super) to: String,
    pub(super) end: End,
}

impl Expected {
    /// The key of a report line.
    pub(super) fn key(&self) -> (u64, String, String) {
        (self.row, self.from.clone(), self.to.clone())
    }
}

pub(super) const TYPES: [&str; 2] = ["contacts", "companies"];

/// A CSV and its expected results.
#[derive(Clone, Debug)]
pub(super) struct Rows {
    pub(super) text: String,
    pub(super) count: u64,
    pub(super) expected: Vec<Expected>,
    /// Whether some rows get replies that end a run.
    pub(super) stops: bool,
}

/// The properties of the rows, apart from random choices.
#[expect(clippy::struct_excessive_bools, reason = "each is drawn by itself")]
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    pub(super) rows: u64,
    pub(super) split: bool,
    pub(super) skip_duplicates: bool,
    /// Several pairs per call: the first id in it that names a fault determines the result of all of them.
    pub(super) batch: bool,
    /// Faults in ids that end a run by themselves.
    pub(super) stops: bool,
}

impl Rows {
    pub(super) fn draw(chance: &mut Rng, shape: Shape) -> Self {
        let mut rows = Self {
            text: format!("{HEADER}\n"),
            count: shape.rows,
            expected: Vec::new(),
            stops: shape.stops,
        };
        let mut known: Vec<(String, String, End)> = Vec::new();
        let mut seen = HashSet::new();
        for row in 1..=shape.rows {
            let lists = if shape.split { chance.u32(0..4) } else { 1 };
            let mut pieces: Vec<(String, String, End)> = Vec::new();
            // Several lists of one record, so that a pair may occur in two of them.
            let first = if shape.split { row / 2 } else { row };
            let from = (40_000 + first).to_string();
            for piece in 0..lists {
                let serial = u32::try_from(row).unwrap() * 10 + piece;
                pieces.push(draw_pair(chance, shape, &from, serial, &known));
            }
            if !shape.split {
                rows.text += &line(&pieces[0].0, &pieces[0].1);
            } else if lists == 0 {
                rows.text += &line(&from, "");
                pieces.push((from, String::new(), End::Skipped));
            } else {
                // An id that occurs in a list twice makes one pair.
                let mut ids = HashSet::new();
                pieces.retain(|(_, to, _)| ids.insert(to.clone()));
                let ids: Vec<&str> = pieces.iter().map(|(_, to, _)| to.as_str()).collect();
                rows.text += &line(&from, &ids.join(";"));
            }
            for (from, to, mut end) in pieces {
                if !matches!(end, End::Invalid | End::Skipped) {
                    let is_new = seen.insert((from.clone(), to.clone()));
                    known.push((from.clone(), to.clone(), end));
                    if !is_new && shape.skip_duplicates {
                        end = End::Skipped;
                    }
                }
                rows.expected.push(Expected { row, from, to, end });
            }
        }
        rows
    }
}

fn line(from: &str, to: &str) -> String {
    format!("{},{from},{},{to}\n", TYPES[0], TYPES[1])
}

/// Two ids and the possible outcomes of their pair. `from` is the row's first id.
fn draw_pair(
    chance: &mut Rng,
    shape: Shape,
    from: &str,
    serial: u32,
    known: &[(String, String, End)],
) -> (String, String, End) {
    let kind = chance.u32(..100);
    let with = |to: String, end| (from.to_owned(), to, end);
    let mut fault = |names: &[&str], times: u32, end| {
        let name = names[chance.usize(..names.len())];
        with(fault_id(name, times, serial).unwrap(), end)
    };
    match kind {
        0..10 if shape.batch => fault(&FINAL, 0, End::AssociatedOrRejected),
        0..10 => fault(&FINAL, 0, End::Rejected),
        10..14 => fault(&ODD_SUCCESS, 0, End::Associated),
        14..22 => {
            let times = 1 + serial % 3;
            fault(&PASSING, times, End::Associated)
        }
        22..25 => fault(&ONCE, 1, End::Associated),
        25..27 if shape.stops => fault(&STOPPING, 1, End::AssociatedOrRejected),
        27..32 => with(
            INVALID[chance.usize(..INVALID.len())].to_owned(),
            End::Invalid,
        ),
        32..42 => {
            let alike: Vec<_> = known
                .iter()
                .filter(|known| !shape.split || known.0 == from)
                .collect();
            match alike.len() {
                0 => with((50_000 + serial).to_string(), End::Associated),
                number => alike[chance.usize(..number)].clone(),
            }
        }
        _ => with((50_000 + serial).to_string(), End::Associated),
    }
}
