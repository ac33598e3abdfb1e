//! Prepares the report before a run: plan, input and known pairs → a new report or one to resume, and the rows that it
//! already contains.

use tracing::{info, warn};

use crate::commands::import::carry;
use crate::domain::known_links::KnownLinks;
use crate::domain::pair::RowKey;
use crate::domain::run_counts::RunCounts;
use crate::error::RunError;
use crate::input::csv_input::Input;
use crate::input::decode::source::InputSource;
use crate::input::error::InputError;
use crate::input::row::CheckedRow;
use crate::input::settings::InputSettings;
use crate::input::skip::{SkipSettings, Skips};
use crate::labels::labeler::Labeler;
use crate::report::comparison::{Comparison, Mismatch, MissingColumns};
use crate::report::error::ReportError;
use crate::report::existing_file::{IfExists, Resume};
use crate::report::known_failures::KnownFailures;
use crate::report::known_pairs::KnownPairs;
use crate::report::line_pair::PairReader;
use crate::report::locked_report::{LockedReport, ReportPlan};
use crate::report::resume::PreviousReport;
use crate::report::row_identity::RowIdentity;
use crate::report::writer::ReportFile;
use crate::settings::import::ImportSettings;

/// A report that is ready for a run.
pub(crate) struct PreparedReport {
    pub(crate) report: ReportFile,
    /// Finds the rows still to be sent, if the report has lines.
    pub(crate) comparison: Option<Comparison>,
    /// The counts of the lines in the report.
    pub(crate) previous_counts: RunCounts,
    /// The pairs to skip.
    pub(crate) skips: Skips,
    /// The rows that ended with a failure before.
    pub(crate) failures: KnownFailures,
    /// Resolves the labels of the rows, if they have any.
    pub(crate) labeler: Option<Labeler>,
}

/// What is known once requests can be sent.
#[derive(Debug, Default)]
pub(crate) struct Connected {
    /// The account, if it is known.
    pub(crate) portal: Option<u64>,
    /// Resolves the labels of the rows, if they have any.
    pub(crate) labeler: Option<Labeler>,
}

/// What a report is prepared for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReportSettings<'s> {
    pub(crate) plan: &'s ReportPlan,
    pub(crate) input: &'s InputSettings,
    pub(crate) skip: &'s SkipSettings,
    /// Whether the labels of a row replace those of its link, and rows differ in their labels.
    pub(crate) replaces_labels: bool,
}

impl<'s> ReportSettings<'s> {
    pub(crate) fn of(settings: &'s ImportSettings) -> Self {
        Self {
            plan: &settings.report,
            input: &settings.input,
            skip: &settings.skip,
            replaces_labels: settings
                .labels
                .as_ref()
                .is_some_and(|labels| labels.replace)
                && settings.input.columns.label_column.is_some(),
        }
    }

    /// Prepares the report. Changes nothing in an existing one before the input is compared with it. `connect` is
    /// called once the report may be used, so that one that is refused costs no request.
    pub(crate) fn prepare(
        self,
        mut known_pairs: KnownPairs,
        connect: impl FnOnce() -> Result<Connected, RunError>,
    ) -> Result<PreparedReport, RunError> {
        let Self {
            plan,
            input,
            skip,
            replaces_labels,
        } = self;
        let mut locked = LockedReport::open(plan, input.path.path())?;
        if let Some(lock_file) = locked.lock_file() {
            info!(
                "the file system of the report has no locks: using the lock file `{}`",
                lock_file.display()
            );
        }
        let Connected {
            portal,
            mut labeler,
        } = match connect() {
            Ok(connected) => connected,
            Err(error) => {
                locked.give_up();
                return Err(error);
            }
        };
        locked.plan.portal = portal;
        known_pairs.check_portal(&locked.plan)?;
        let carried = has_lines(&mut locked)? && carry::is_needed(plan, &skip.associated_in);
        if carried {
            locked = carry::carry(locked, input, labeler.as_mut(), &mut known_pairs)?;
        }
        let resume = match plan.if_exists {
            IfExists::Resume(resume) => Some(resume),
            _ => carried.then(Resume::default),
        };
        match resume {
            Some(resume) if has_lines(&mut locked)? => ExistingReport {
                locked,
                carried,
                input,
                skip,
                replaces_labels,
                labeler,
            }
            .resume(resume, known_pairs),
            _ => Ok(PreparedReport {
                labeler,
                ..self.begin(locked, known_pairs)?
            }),
        }
    }

    /// Begins a report without lines.
    fn begin(
        self,
        locked: LockedReport,
        known_pairs: KnownPairs,
    ) -> Result<PreparedReport, RunError> {
        if let IfExists::Resume(_) = self.plan.if_exists {
            warn!(
                "there is no earlier run to resume in `{}`: starting at row 1",
                self.plan.path.display()
            );
        }
        let skips = Skips::new(known_pairs.associated, self.skip.duplicates);
        Ok(PreparedReport {
            report: locked.begin()?,
            comparison: None,
            previous_counts: RunCounts::default(),
            skips: skips.replacing_labels(self.replaces_labels),
            failures: known_pairs.failures,
            labeler: None,
        })
    }
}

/// Whether the report has anything besides its header.
pub(crate) fn has_lines(locked: &mut LockedReport) -> Result<bool, ReportError> {
    locked.has_lines().map_err(|source| ReportError::Io {
        path: locked.path().to_owned(),
        source,
    })
}

/// A report with lines, which a run continues.
struct ExistingReport<'p> {
    locked: LockedReport,
    /// Whether the lines are those of carried pairs.
    carried: bool,
    input: &'p InputSettings,
    skip: &'p SkipSettings,
    /// Whether a row may not replace the labels of an earlier row.
    replaces_labels: bool,
    labeler: Option<Labeler>,
}

impl ExistingReport<'_> {
    /// Reads the lines, compares them with the input, and removes those of the rows to send again.
    fn resume(
        mut self,
        resume: Resume,
        known_pairs: KnownPairs,
    ) -> Result<PreparedReport, RunError> {
        let KnownPairs {
            associated,
            mut failures,
            ..
        } = known_pairs;
        let skips = Skips::new(associated, self.skip.duplicates);
        let mut skips = skips.replacing_labels(self.replaces_labels);
        let mut pairs = PairReader::default();
        let mut previous_counts = RunCounts::default();
        let mut looked_up = KnownLinks::default();
        let mut found = self.locked.read_back(resume, |line, is_kept| {
            if is_kept {
                line.count_in(&mut previous_counts);
                if self.skip.duplicates {
                    line.add_looked_up_pair_to(&mut looked_up);
                }
                // Other rows count when they are read again; only the lines of these have their ids.
                if self.replaces_labels
                    && line.has_keys()
                    && let (Some(pair), Some(labels)) = (pairs.pair(line), line.labels())
                {
                    skips.begin_with_labels(line.row, &pair, &labels);
                }
            } else {
                failures.add(line);
            }
        })?;
        if !self.carried {
            previous_counts.already_reported = previous_counts.finished();
        }
        self.log(&previous_counts, &found);
        let mut comparison = Comparison::new(
            std::mem::take(&mut found.checkpoint),
            self.input.split.is_some(),
            found.layout(),
        );
        self.compare_file(&mut comparison)?;
        skips.begin_with(looked_up);
        Ok(PreparedReport {
            report: self.locked.resume(&found)?,
            comparison: Some(comparison),
            previous_counts,
            skips,
            failures,
            labeler: self.labeler,
        })
    }

    /// Compares the rows of a file. Those of a stream can be read only once: they are compared while they are sent.
    fn compare_file(&mut self, comparison: &mut Comparison) -> Result<(), RunError> {
        if let InputSource::File(_) = self.input.path
            && !self.carried
        {
            let labeler = self.labeler.as_mut();
            compare(&mut self.locked, self.input, labeler, comparison)?;
            comparison.rewind();
        }
        Ok(())
    }

    /// Logs what the lines are, and whether some are damaged.
    fn log(&self, counts: &RunCounts, found: &PreviousReport) {
        let kept = counts.finished();
        if self.carried {
            info!(
                known = kept,
                "carried over the pairs that the report shows as associated"
            );
        } else {
            info!(kept, sent_again = found.replaced(), "resuming the report");
        }
        if !found.damage().is_none() {
            warn!(
                "the report `{}` is damaged: {}; the rest is kept, and rows without a line are sent again",
                self.locked.path().display(),
                found.damage()
            );
        }
    }
}

/// Compares the input with the lines of the report.
pub(crate) fn compare(
    locked: &mut LockedReport,
    input: &InputSettings,
    mut labeler: Option<&mut Labeler>,
    comparison: &mut Comparison,
) -> Result<(), RunError> {
    let name = input.path.name();
    // A pilot sends only the first rows, but the report may have lines for more.
    let mut input = Input::open(&InputSettings {
        first: None,
        ..input.clone()
    })?;
    let mut found = String::new();
    let mut row = CheckedRow::default();
    let mismatch = loop {
        if !input.read(&mut row)? {
            break comparison.end().err();
        }
        if let Some(labeler) = &mut labeler {
            labeler.apply(&mut row)?;
        }
        let identity = RowIdentity::of(&row);
        if let Err(mismatch) = comparison.check(row.key, &identity) {
            found = found_at(mismatch, row.key, &identity);
            break Some(mismatch);
        }
        if row.key.row > comparison.last_row() {
            break None;
        }
    };
    let Some(mismatch) = mismatch else {
        return Ok(());
    };
    let path = locked.path().to_owned();
    let reported = locked
        .lines_shown(mismatch.row)
        .map_err(|source| ReportError::ReadBack { path, source })?;
    Err(changed(&name, mismatch, &found, &reported).into())
}

/// The row of the input with this position, if it is the one that differs; empty for a row before it.
pub(crate) fn found_at(mismatch: Mismatch, key: RowKey, identity: &RowIdentity) -> String {
    if mismatch.key == Some(key) {
        identity.to_string()
    } else {
        String::new()
    }
}

/// The error for an input that differs from the report.
pub(crate) fn changed(
    input: &str,
    mismatch: Mismatch,
    found: &str,
    reported: &[String],
) -> InputError {
    let Mismatch { row, key, lacks } = mismatch;
    let now = match key {
        None => "the input ends before it".to_owned(),
        Some(_) if found.is_empty() => "the input has another pair there".to_owned(),
        Some(_) => format!("the input has {found}"),
    };
    let before = if let Some(lacks) = lacks {
        let lacks = match lacks {
            MissingColumns::Keys => "keys",
            MissingColumns::Labels => "labels",
        };
        format!(", and the report is from a version without {lacks}: it has no columns for them")
    } else if reported.is_empty() {
        String::new()
    } else {
        format!(", the report has {}", reported.join(" and "))
    };
    InputError::Changed {
        input: input.to_owned(),
        line: key.map(|key| key.line),
        row,
        how: format!("{now}{before}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::fixtures::key;

    fn message(mismatch: Mismatch, found: &str, reported: &[&str]) -> String {
        let reported: Vec<String> = reported.iter().map(|&text| text.to_owned()).collect();
        changed("pairs.csv", mismatch, found, &reported).to_string()
    }

    #[test]
    fn the_error_for_a_changed_row_shows_what_both_sides_have() {
        let found = "contacts 1 -> deals 2 with the labels `USER_DEFINED:2:B`";
        let reported =
            "contacts 1 -> deals 2 with the labels `USER_DEFINED:1:A` (line 9 of the report)";
        let text = message(Mismatch::at(key(8)), found, &[reported]);
        let shown = format!("the input has {found}, the report has {reported}");
        assert!(text.contains(&shown), "{text}");
        for (lacks, word) in [
            (MissingColumns::Keys, "keys"),
            (MissingColumns::Labels, "labels"),
        ] {
            let mismatch = Mismatch {
                lacks: Some(lacks),
                ..Mismatch::at(key(8))
            };
            let text = message(mismatch, found, &[]);
            let shown =
                format!("the report is from a version without {word}: it has no columns for them");
            assert!(text.contains(&shown), "{text}");
        }
    }
}
