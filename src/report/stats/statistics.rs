//! Computes the statistics of a report in one pass over its lines, in constant memory.
//!
//! | file | what it counts |
//! |---|---|
//! | `timeline` | rows, retries and 429 replies over time |
//! | `durations` | how long rows took |
//! | `requests` | how many requests rows took |
//!
//! Outcomes and categories are counted with the same [`RunCounts`] as during a run.

use std::io::Read;
use std::path::Path;

use jiff::Timestamp;

use crate::domain::outcome::OutcomeKind;
use crate::domain::run_counts::RunCounts;
use crate::report::column::Column;
use crate::report::end_of_run::EndOfRun;
use crate::report::error::ReportError;
use crate::report::origin::Origin;
use crate::report::read_error::ReadBackError;
use crate::report::reader::ReportReader;
use crate::report::report_line::ReportLine;
use crate::report::report_source::open_to_read;
use crate::report::stats::durations::Durations;
use crate::report::stats::requests::{RequestCounter, Requests};
use crate::report::stats::timeline::Timeline;

/// Rows with this many attempts or more are counted together.
pub const MANY_ATTEMPTS: usize = 20;

/// The number of accounts that are listed.
const MAX_PORTALS: usize = 10;

/// The length of a report's time up to the second: `2026-05-04T09:15:22`.
const SECOND_LENGTH: usize = 19;

/// The statistics of a report.
#[derive(Debug)]
pub struct Statistics {
    counts: RunCounts,
    timeline: Timeline,
    durations: Durations,
    pub(crate) requests: RequestCounter,
    attempts: [u64; MANY_ATTEMPTS + 1],
    ends: Option<(Timestamp, Timestamp)>,
    rehearsed: u64,
    portals: Vec<u64>,
    end_of_run: EndOfRun,
    /// The last second that was parsed: many rows end in the same one.
    second: ([u8; SECOND_LENGTH], i64),
}

impl Default for Statistics {
    fn default() -> Self {
        Self {
            counts: RunCounts::default(),
            timeline: Timeline::default(),
            durations: Durations::default(),
            requests: RequestCounter::default(),
            attempts: [0; MANY_ATTEMPTS + 1],
            ends: None,
            rehearsed: 0,
            portals: Vec::new(),
            end_of_run: EndOfRun::default(),
            second: ([0; SECOND_LENGTH], 0),
        }
    }
}

impl Statistics {
    /// Reads the report at `path`, which a run may still be writing.
    pub fn read(path: &Path) -> Result<Self, ReportError> {
        Self::of(open_to_read(path)?).map_err(|source| ReportError::ReadBack {
            path: path.to_owned(),
            source,
        })
    }

    /// Reads a report from any source.
    pub fn of(report: impl Read) -> Result<Self, ReadBackError> {
        let mut reader = ReportReader::new(report)?;
        let mut statistics = Self::default();
        while let Some(line) = reader.read()? {
            statistics.add(&line);
        }
        statistics.end_of_run = reader.end_of_run();
        Ok(statistics)
    }

    pub(crate) fn add(&mut self, line: &ReportLine<'_>) {
        line.count_in(&mut self.counts);
        self.rehearsed += u64::from(line.origin() == Origin::Rehearsal);
        if let Some(portal) = line.portal_id()
            && self.portals.len() < MAX_PORTALS
            && !self.portals.contains(&portal)
        {
            self.portals.push(portal);
        }
        // More attempts than this program can count were not written by it, and must not overflow the sums.
        let attempts = line.number_in(Column::Attempts).min(u64::from(u32::MAX));
        // A row that was not sent took no time, and says nothing about the speed.
        if attempts == 0 {
            return;
        }
        self.requests.add(line.reply_id(), attempts);
        let place = usize::try_from(attempts).map_or(MANY_ATTEMPTS, |n| n.min(MANY_ATTEMPTS));
        self.attempts[place] += 1;
        if !line.field(Column::DurationMs).is_empty() {
            self.durations.add(line.number_in(Column::DurationMs));
        }
        let Some(ended) = self.ended(line.field(Column::FinishedAt)) else {
            return;
        };
        let (first, last) = self.ends.get_or_insert((ended, ended));
        *first = (*first).min(ended);
        *last = (*last).max(ended);
        let slot = self.timeline.at(ended.as_second());
        match line.outcome {
            OutcomeKind::Associated => slot.associated += 1,
            OutcomeKind::Rejected => slot.rejected += 1,
            OutcomeKind::Failed | OutcomeKind::Invalid | OutcomeKind::Skipped => slot.failed += 1,
        }
        slot.sent_again += attempts - 1;
    }

    /// The time at which a row ended; `None` if the field is not a time.
    fn ended(&mut self, text: &[u8]) -> Option<Timestamp> {
        let (second, fraction) = text.split_first_chunk::<SECOND_LENGTH>()?;
        let millisecond = match fraction {
            [b'.', digits @ .., b'Z'] if digits.len() == 3 => str::from_utf8(digits).ok(),
            _ => None,
        };
        let millisecond = millisecond.and_then(|digits| digits.parse::<i32>().ok());
        let Some(millisecond) = millisecond else {
            // Another program may have written the time in another format.
            return str::from_utf8(text).ok()?.parse().ok();
        };
        if self.second.0 != *second {
            let text = str::from_utf8(text).ok()?;
            let time: Timestamp = text.parse().ok()?;
            self.second = (*second, time.as_second());
        }
        Timestamp::new(self.second.1, millisecond * 1_000_000).ok()
    }

    /// The number of requests that the rows took.
    #[must_use]
    pub fn requests(&self) -> Requests {
        self.requests.requests()
    }

    /// Rows by outcome and category. Counts that only a run knows are 0; for requests see [`Statistics::requests`].
    #[must_use]
    pub fn counts(&self) -> &RunCounts {
        &self.counts
    }

    /// The number of lines that a rehearsal wrote: all or none, unless the report was assembled by hand.
    #[must_use]
    pub fn rehearsed(&self) -> u64 {
        self.rehearsed
    }

    /// The accounts that the lines name: at most one, unless the report was assembled by hand.
    #[must_use]
    pub fn portals(&self) -> &[u64] {
        &self.portals
    }

    /// Whether the run that wrote the report has finished.
    #[must_use]
    pub fn end_of_run(&self) -> EndOfRun {
        self.end_of_run
    }

    /// The times at which rows that were sent ended.
    #[must_use]
    pub fn timeline(&self) -> &Timeline {
        &self.timeline
    }

    /// Adds the counts over time that only the run itself has.
    pub fn add_to_timeline(&mut self, other: &Timeline) {
        self.timeline.add(other);
    }

    /// The durations of the rows that were sent.
    #[must_use]
    pub fn durations(&self) -> &Durations {
        &self.durations
    }

    /// The number of rows by their number of attempts, ascending; [`MANY_ATTEMPTS`] includes all rows with more.
    pub fn attempts(&self) -> impl Iterator<Item = (u64, u64)> {
        let counts = (0..).zip(self.attempts);
        counts.filter(|&(_, rows)| rows > 0)
    }

    /// The times at which the first and the last of the rows that were sent ended.
    #[must_use]
    pub fn first_and_last(&self) -> Option<(Timestamp, Timestamp)> {
        self.ends
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::link_counts::ExistedCounts;

    const REPORT: &str = "\
row,line,from_object_type,from_object_id,to_object_type,to_object_id,outcome,http_status,error_categories,error_message,correlation_id,attempts,duration_ms,finished_at
1,2,contacts,1,deals,9,associated,200,,,c-1,1,40,2026-05-04T09:15:22.118Z
2,3,contacts,2,deals,9,rejected,404,OBJECT_NOT_FOUND,gone,c-2,1,60,2026-05-04T09:15:22.900Z
3,4,contacts,3,deals,9,failed,502,HTTP_502,bad,,6,31000,2026-05-04T09:15:53+00:00
4,5,contacts,x,deals,9,invalid,,CLIENT_INVALID_ROW,no id,,0,0,2026-05-04T09:15:20.000Z
5,6,contacts,5,deals,9,skipped,,CLIENT_DUPLICATE,,,0,0,2026-05-04T09:15:20.000Z
6,7,contacts,6,deals,9,associated,200,,,,400,7,nonsense
7,8,contacts,7,deals,9,assoc";

    #[test]
    fn rows_are_counted_by_whether_their_pair_was_linked_before() {
        let report = "\
row,line,from_object_type,from_object_id,to_object_type,to_object_id,outcome,error_categories,existed_before
1,2,contacts,1,deals,9,associated,,no
2,3,contacts,2,deals,9,associated,,yes
3,4,contacts,3,deals,9,rejected,OBJECT_NOT_FOUND,unknown
4,5,contacts,4,deals,9,skipped,CLIENT_EXISTS,yes
5,6,contacts,5,deals,9,skipped,CLIENT_DUPLICATE,
";
        let statistics = Statistics::of(report.as_bytes()).unwrap();
        let counts = statistics.counts();
        let (yes, no, unknown) = (2, 1, 1);
        assert_eq!(counts.existed, ExistedCounts { yes, no, unknown });
        assert_eq!(counts.skipped_as_linked, 1);
    }

    #[test]
    fn one_pass_counts_outcomes_attempts_durations_and_times() {
        let statistics = Statistics::of(REPORT.as_bytes()).unwrap();
        let counts = statistics.counts();
        assert_eq!((counts.finished(), counts.with_problems()), (6, 3));
        let requests = statistics.requests();
        assert_eq!(
            (requests.at_least, requests.at_most),
            (400, 1 + 1 + 6 + 400)
        );
        assert_eq!(
            statistics.attempts().collect::<Vec<_>>(),
            [(1, 2), (6, 1), (20, 1)]
        );
        let (first, last) = statistics.first_and_last().unwrap();
        assert_eq!(first.to_string(), "2026-05-04T09:15:22.118Z");
        assert_eq!(last.to_string(), "2026-05-04T09:15:53Z");
        let percentiles = statistics.durations().percentiles().unwrap();
        assert_eq!((percentiles.rows, percentiles.max), (4, 31_000));
        let total = statistics.timeline().total();
        assert_eq!((total.associated, total.rejected, total.failed), (1, 1, 1));
        assert_eq!(total.sent_again, 5);
        let examples = &counts.categories()[0].examples;
        assert_eq!(examples[0].key.line, 3);
        assert_eq!(examples[0].correlation_id.as_deref(), Some("c-2"));
        assert_eq!(examples[0].values, ["contacts", "2", "deals", "9"]);
    }

    #[test]
    fn impossible_counts_do_not_overflow() {
        let mut report = REPORT.lines().next().unwrap().to_owned() + "\n";
        for row in 1..=3 {
            let line = format!(
                "{row},{0},a,1,b,2,failed,{0},X,,,{0},{0},2026-05-04T09:15:2{row}.000Z\n",
                u64::MAX
            );
            report.push_str(&line);
        }
        let statistics = Statistics::of(report.as_bytes()).unwrap();
        assert_eq!(statistics.attempts().collect::<Vec<_>>(), [(20, 3)]);
        assert_eq!(statistics.requests().at_most, 3 * u64::from(u32::MAX));
        assert_eq!(
            statistics.counts().categories()[0].examples[0].http_status,
            None
        );
        assert_eq!(statistics.timeline().total().failed, 3);
    }

    #[test]
    fn a_report_without_lines_or_columns_is_empty_and_no_error() {
        let short = "row,from_object_type,from_object_id,to_object_type,to_object_id,outcome\n1,a,1,b,2,associated\n";
        for (report, settled) in [("", 0), (short, 1)] {
            let statistics = Statistics::of(report.as_bytes()).unwrap();
            assert_eq!(statistics.counts().finished(), settled);
            assert!(statistics.first_and_last().is_none());
            assert!(statistics.durations().percentiles().is_none());
            assert!(statistics.timeline().slots().next().is_none());
        }
    }
}
