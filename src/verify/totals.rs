//! What `verify` found, counted: for the summary, the JSON and the exit status. Pure.

use std::time::Duration;

use crate::domain::link_counts::LinkCounts;
use crate::domain::proof::{LinkState, RecordState, Verified};
use crate::exit_status::ExitStatus;

/// Pairs of types that are counted on their own. Without this limit, an input with a new type in each row would make
/// memory grow with it.
const MAX_TYPES: usize = 100;

/// The types under which pairs beyond the limit are counted.
const OTHER: &str = "(other)";

/// Whether the records of a missing pair exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MissingRecords {
    /// Both exist: importing the pair again can link it.
    Exist,
    /// They are linked, but the link lacks a label that the row asks for.
    Linked,
    /// At least one was deleted, or never existed.
    Deleted,
    /// At least one was merged into another, and none was deleted.
    Merged,
    /// At least one could not be read, and the other exists.
    Unknown,
    /// Not asked: the pair is expected to be missing.
    NotAsked,
}

impl MissingRecords {
    /// The state of the pair, from the states of its records.
    #[must_use]
    pub fn of(records: Option<&[RecordState; 2]>) -> Self {
        let Some(records) = records else {
            return Self::NotAsked;
        };
        let any = |is: fn(&RecordState) -> bool| records.iter().any(is);
        if any(|record| matches!(record, RecordState::Deleted)) {
            Self::Deleted
        } else if any(|record| matches!(record, RecordState::MergedInto(_))) {
            Self::Merged
        } else if any(|record| matches!(record, RecordState::Unknown)) {
            Self::Unknown
        } else {
            Self::Exist
        }
    }
}

/// How a line of the report of `verify` is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PairState {
    /// It is linked.
    Present,
    /// It is not linked.
    Missing(MissingRecords),
    /// Its links could not be read.
    Unknown,
}

impl PairState {
    /// How a result is counted.
    #[must_use]
    pub fn of(verified: &Verified) -> Self {
        let has_types = !verified.types.is_empty();
        Self::new(verified.state, has_types, verified.records.as_ref())
    }

    /// How a pair with this state is counted, if its records were found as these. `has_types` says whether it is linked in
    /// some way.
    #[must_use]
    pub fn new(state: LinkState, has_types: bool, records: Option<&[RecordState; 2]>) -> Self {
        match state {
            LinkState::Present => Self::Present,
            LinkState::Missing if has_types => Self::Missing(MissingRecords::Linked),
            LinkState::Missing => Self::Missing(MissingRecords::of(records)),
            LinkState::Unknown => Self::Unknown,
        }
    }
}

/// Missing pairs by their records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MissingCounts {
    /// Both records exist.
    pub exist: u64,
    /// They are linked without a label that the row asks for.
    pub linked: u64,
    /// A record was deleted, or never existed.
    pub deleted: u64,
    /// A record was merged into another.
    pub merged: u64,
    /// It is not known whether both records exist.
    pub unknown: u64,
    /// Not asked, because the pairs are expected to be missing.
    pub not_asked: u64,
}

impl MissingCounts {
    /// All missing pairs.
    #[must_use]
    pub fn all(&self) -> u64 {
        self.exist + self.linked + self.deleted + self.merged + self.unknown + self.not_asked
    }
}

/// Pairs by their state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StateCounts {
    /// Pairs that are linked.
    pub present: u64,
    /// Pairs that are not linked.
    pub missing: MissingCounts,
    /// Pairs whose links could not be read.
    pub unknown: u64,
}

impl StateCounts {
    /// All pairs.
    #[must_use]
    pub fn pairs(&self) -> u64 {
        self.present + self.missing.all() + self.unknown
    }

    fn count(&mut self, state: PairState) {
        let counter = match state {
            PairState::Present => &mut self.present,
            PairState::Unknown => &mut self.unknown,
            PairState::Missing(records) => match records {
                MissingRecords::Exist => &mut self.missing.exist,
                MissingRecords::Linked => &mut self.missing.linked,
                MissingRecords::Deleted => &mut self.missing.deleted,
                MissingRecords::Merged => &mut self.missing.merged,
                MissingRecords::Unknown => &mut self.missing.unknown,
                MissingRecords::NotAsked => &mut self.missing.not_asked,
            },
        };
        *counter += 1;
    }
}

/// The pairs of two types by their state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypesCounts {
    /// The types of the records named first and second; both `(other)` beyond the limit.
    pub types: [String; 2],
    /// The pairs.
    pub states: StateCounts,
}

/// A sample of the pairs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// The seed that chose them.
    pub seed: u64,
    /// The pairs that were chosen.
    pub pairs: u64,
    /// The pairs that they were chosen from.
    pub of: u64,
}

/// What `verify` found. The lines of earlier runs that it resumed are counted too.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VerifyTotals {
    /// Whether the pairs are expected to be missing (`--expect absent`).
    pub expects_absent: bool,
    /// The pairs by their state.
    pub states: StateCounts,
    /// The pairs of every two types, in the order in which the types were first counted.
    pub by_types: Vec<TypesCounts>,
    /// Rows that name no pair: they are invalid, or no record has their key.
    pub invalid: u64,
    /// Rows that are not verified: those of a report that it does not show as linked, and those with an empty list of
    /// ids.
    pub left_out: u64,
    /// The sample, if only a sample is verified.
    pub sample: Option<Sample>,
    /// Lines of earlier runs that were kept, counted in the others.
    pub from_earlier_runs: u64,
    /// Rows that were read but have no line, because the run stopped first.
    pub without_line: u64,
    /// The calls of this run.
    pub calls: LinkCounts,
    /// How long this run took.
    pub elapsed: Duration,
}

impl VerifyTotals {
    /// Counts a pair of these types.
    pub fn count(&mut self, types: [&str; 2], state: PairState) {
        self.states.count(state);
        let place = self
            .by_types
            .iter()
            .position(|counts| counts.types == types);
        let is_full = place.is_none() && self.by_types.len() >= MAX_TYPES;
        let place = match place {
            Some(place) => place,
            None if is_full && self.by_types.len() > MAX_TYPES => MAX_TYPES,
            None => {
                let types = if is_full { [OTHER; 2] } else { types };
                self.by_types.push(TypesCounts {
                    types: types.map(str::to_owned),
                    states: StateCounts::default(),
                });
                self.by_types.len() - 1
            }
        };
        self.by_types[place].states.count(state);
    }

    /// Pairs that are known not to be as expected.
    #[must_use]
    pub fn unexpected(&self) -> u64 {
        if self.expects_absent {
            self.states.present
        } else {
            self.states.missing.all()
        }
    }

    /// Pairs that are as expected.
    #[must_use]
    pub fn expected(&self) -> u64 {
        if self.expects_absent {
            self.states.missing.all()
        } else {
            self.states.present
        }
    }

    /// The exit status of a run that was not stopped.
    #[must_use]
    pub fn exit_status(&self) -> ExitStatus {
        if self.unexpected() + self.states.unknown + self.invalid == 0 {
            ExitStatus::Done
        } else {
            ExitStatus::SomeRowsNot
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::pair::RecordId;

    const TYPES: [&str; 2] = ["contacts", "companies"];

    #[test]
    fn a_missing_pair_is_counted_by_the_record_that_hinders_it_most() {
        let merged = || RecordState::MergedInto(RecordId::new("7").unwrap());
        for (records, expected) in [
            (
                [RecordState::Exists, RecordState::Exists],
                MissingRecords::Exist,
            ),
            ([merged(), RecordState::Deleted], MissingRecords::Deleted),
            ([RecordState::Exists, merged()], MissingRecords::Merged),
            ([RecordState::Unknown, merged()], MissingRecords::Merged),
            (
                [RecordState::Exists, RecordState::Unknown],
                MissingRecords::Unknown,
            ),
        ] {
            assert_eq!(MissingRecords::of(Some(&records)), expected, "{records:?}");
        }
        assert_eq!(MissingRecords::of(None), MissingRecords::NotAsked);
    }

    #[test]
    fn pairs_are_counted_in_all_and_by_their_types() {
        let mut totals = VerifyTotals::default();
        totals.count(TYPES, PairState::Present);
        totals.count(["deals", "0-2"], PairState::Unknown);
        totals.count(TYPES, PairState::Missing(MissingRecords::Merged));
        assert_eq!(totals.states.pairs(), 3);
        assert_eq!(totals.by_types.len(), 2);
        assert_eq!(totals.by_types[0].types, TYPES);
        assert_eq!(totals.by_types[0].states.missing.merged, 1);
        assert_eq!(totals.by_types[0].states.pairs(), 2);
    }

    #[test]
    fn an_input_with_a_type_of_its_own_in_each_row_does_not_grow_the_totals() {
        let mut totals = VerifyTotals::default();
        for number in 0..1000 {
            totals.count([&format!("p_{number}"), "companies"], PairState::Present);
        }
        totals.count(["p_0", "companies"], PairState::Present);
        assert_eq!(totals.by_types.len(), MAX_TYPES + 1);
        assert_eq!(totals.by_types[0].states.present, 2);
        assert_eq!(totals.by_types[MAX_TYPES].types, [OTHER; 2]);
        assert_eq!(totals.by_types[MAX_TYPES].states.present, 900);
        assert_eq!(totals.states.present, 1001);
    }

    #[test]
    fn only_pairs_that_are_all_as_expected_give_status_0() {
        let missing = PairState::Missing(MissingRecords::NotAsked);
        for (expects_absent, state, status) in [
            (false, PairState::Present, ExitStatus::Done),
            (false, missing, ExitStatus::SomeRowsNot),
            (false, PairState::Unknown, ExitStatus::SomeRowsNot),
            (true, PairState::Present, ExitStatus::SomeRowsNot),
            (true, missing, ExitStatus::Done),
            (true, PairState::Unknown, ExitStatus::SomeRowsNot),
        ] {
            let mut totals = VerifyTotals {
                expects_absent,
                ..VerifyTotals::default()
            };
            assert_eq!(totals.exit_status(), ExitStatus::Done);
            totals.count(TYPES, state);
            assert_eq!(totals.exit_status(), status, "{expects_absent} {state:?}");
        }
        let invalid = VerifyTotals {
            invalid: 1,
            ..VerifyTotals::default()
        };
        assert_eq!(invalid.exit_status(), ExitStatus::SomeRowsNot);
    }
}
