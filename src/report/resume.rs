//! Resumes a report: reads it, cuts off a damaged end, and removes the lines of rows that are sent again.

use std::collections::HashMap;
use std::fs::File;
use std::io::Seek;

use crate::report::checkpoint::Checkpoint;
use crate::report::damage::{Damage, OnDamage};
use crate::report::end_of_run::{self, open_to_overwrite, write_unmarked};
use crate::report::error::ReportError;
use crate::report::existing_file::Resume;
use crate::report::layout::Layout;
use crate::report::locked_report::LockedReport;
use crate::report::read_error::ReadBackError;
use crate::report::reader::ReportReader;
use crate::report::report_line::ReportLine;
use crate::report::writer::ReportFile;

/// The number of lines of a row that a message shows.
const MAX_SHOWN_LINES: usize = 3;

/// The content of a report that is resumed.
#[derive(Debug)]
pub struct PreviousReport {
    /// The state of each row.
    pub checkpoint: Checkpoint,
    /// The columns of its lines.
    layout: Layout,
    /// The raw header, or the one that the lines show if it is damaged.
    header: Vec<u8>,
    /// The number of bytes up to the end of the last whole line.
    whole_length: u64,
    /// Which lines have the mark of a finished run.
    marks: Marks,
    /// The number of lines whose rows are sent again.
    replaced: u64,
    /// The lines that a repair drops.
    damage: Damage,
    resume: Resume,
}

/// Which lines have the mark of a finished run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Marks {
    #[default]
    None,
    /// Only the last line.
    Last,
    /// Others: the report was sorted, or several were put together.
    Others,
}

impl Marks {
    /// The marks with those of one more line.
    fn and(self, line: &ReportLine<'_>) -> Self {
        match (self, line.is_marked_as_last()) {
            (Self::None, Some(true)) => Self::Last,
            (Self::None, _) => Self::None,
            _ => Self::Others,
        }
    }
}

impl PreviousReport {
    /// The columns of its lines, also of those that are added.
    #[must_use]
    pub fn layout(&self) -> Layout {
        self.layout
    }

    /// The number of lines that are dropped because their rows are sent again.
    #[must_use]
    pub fn replaced(&self) -> u64 {
        self.replaced
    }

    /// The lines that are dropped because they are damaged.
    #[must_use]
    pub fn damage(&self) -> Damage {
        self.damage
    }
}

impl LockedReport {
    /// Reads the report without changing it; calls `each` with every line and whether it is kept.
    pub fn read_back(
        &mut self,
        resume: Resume,
        mut each: impl FnMut(&ReportLine<'_>, bool),
    ) -> Result<PreviousReport, ReportError> {
        let path = self.plan.path.clone();
        self.lines(resume, &mut each)
            .map_err(|source| ReportError::of_reading(&path, source))
    }

    fn lines(
        &mut self,
        resume: Resume,
        each: &mut impl FnMut(&ReportLine<'_>, bool),
    ) -> Result<PreviousReport, ReadBackError> {
        let mut reader = self.reader(resume.on_damage())?;
        if reader.layout().is_none() {
            return Err(ReadBackError::other_columns());
        }
        let mut checkpoint = Checkpoint::default();
        let mut replaced = 0;
        let mut marks = Marks::default();
        while let Some(line) = reader.read()? {
            self.plan.check_line(&line)?;
            marks = marks.and(&line);
            let is_kept = resume.keeps(line.outcome);
            checkpoint.insert(line.row, line.fingerprint(), is_kept);
            replaced += u64::from(!is_kept);
            each(&line, is_kept);
        }
        let layout = reader.layout().ok_or_else(ReadBackError::other_columns)?;
        let header = reader.header().to_vec();
        let (whole_length, damage) = (reader.whole_length(), reader.damage());
        if let Err(row) = checkpoint.finish() {
            return Err(self.twice(row, resume)?);
        }
        Ok(PreviousReport {
            checkpoint,
            layout,
            header,
            whole_length,
            marks,
            replaced,
            damage,
            resume,
        })
    }

    /// Finds the two lines of a row that are for the same pair.
    fn twice(&mut self, row: u64, resume: Resume) -> Result<ReadBackError, ReadBackError> {
        let mut reader = self.reader(resume.on_damage())?;
        let mut lines = HashMap::new();
        loop {
            let Some(line) = reader.read()? else {
                let why = "the report changed while it was read".to_owned();
                return Ok(ReadBackError::Damaged { line: 1, why });
            };
            if line.row != row {
                continue;
            }
            if let Some(first) = lines.insert(line.fingerprint(), line.number) {
                let line = line.number;
                return Ok(ReadBackError::Twice { line, first, row });
            }
        }
    }

    /// The first lines of a row, as a message shows them.
    pub fn lines_shown(&mut self, row: u64) -> Result<Vec<String>, ReadBackError> {
        let mut reader = self.reader(OnDamage::Skip)?;
        let mut words = Vec::new();
        while words.len() < MAX_SHOWN_LINES
            && let Some(line) = reader.read()?
        {
            if line.row == row {
                words.push(format!(
                    "{} (line {} of the report)",
                    line.shown(),
                    line.number
                ));
            }
        }
        Ok(words)
    }

    /// Cuts off a damaged end, drops damaged lines and the lines of rows that are sent again, and opens the report to
    /// append to it.
    pub fn resume(self, previous: &PreviousReport) -> Result<ReportFile, ReportError> {
        let path = self.plan.path.clone();
        let failed = |source| ReportError::Io {
            path: path.clone(),
            source,
        };
        let is_unchanged = previous.replaced == 0 && previous.damage.is_none();
        if is_unchanged && previous.marks != Marks::Others {
            // First, so that no crash leaves the mark in a report that looks complete.
            if previous.marks == Marks::Last {
                let file = open_to_overwrite(&self.file, &path).map_err(failed)?;
                end_of_run::reset(&file, previous.whole_length).map_err(failed)?;
            }
            let length = self.file.metadata().map_err(failed)?.len();
            if length > previous.whole_length {
                self.file.set_len(previous.whole_length).map_err(failed)?;
            }
            return ReportFile::append(self, previous.layout);
        }
        let rest = self.replace(|locked, write| locked.write_kept(previous, write))?;
        ReportFile::append(rest, previous.layout)
    }

    /// Writes the header and the lines that are kept.
    fn write_kept(
        &self,
        previous: &PreviousReport,
        write: &mut dyn FnMut(&[u8]) -> Result<(), ReportError>,
    ) -> Result<(), ReportError> {
        let failed = |source| ReportError::ReadBack {
            path: self.plan.path.clone(),
            source,
        };
        let on_damage = previous.resume.on_damage();
        let mut reader = self.reader(on_damage).map_err(failed)?;
        write(&previous.header)?;
        while let Some(line) = reader.read().map_err(failed)? {
            if !previous.resume.keeps(line.outcome) {
                continue;
            }
            match line.is_marked_as_last() {
                Some(true) => write_unmarked(line.raw, &mut *write)?,
                _ => write(line.raw)?,
            }
        }
        Ok(())
    }

    /// Reads the report from its start.
    fn reader(&self, on_damage: OnDamage) -> Result<ReportReader<&File>, ReadBackError> {
        (&self.file).rewind()?;
        ReportReader::of_kind(&self.file, self.plan.kind, on_damage)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::domain::fixtures;
    use crate::domain::fixtures::{details, from_key, label_set, raw};
    use crate::domain::label_set::LabelSet;
    use crate::domain::labels::LinkLabels;
    use crate::domain::outcome::{Outcome, OutcomeKind, RowTarget};
    use crate::domain::row_keys::MatchKind;
    use crate::report::checkpoint::RowStatus;
    use crate::report::comparison::Comparison;
    use crate::report::existing_file::IfExists;
    use crate::report::layout::ReportKind;
    use crate::report::locked_report::ReportPlan;
    use crate::report::lost_report::LostReport;
    use crate::report::origin::Origin;
    use crate::report::row_identity::RowIdentity;
    use crate::run::write_report::WriteReport;
    use proptest::prelude::*;
    use std::fs;
    use std::io::{self, Write};
    use std::path::Path;

    /// The outcome of a row; every third row has a key, which was found unless the row is rejected, and every second one
    /// has labels, which only the line of an invalid row does not show.
    pub(crate) fn outcome(row: u64, kind: OutcomeKind) -> Outcome {
        let labels = labels(row).filter(|_| kind != OutcomeKind::Invalid);
        Outcome {
            labels: labels.map(|labels| LinkLabels::beside(labels, &[]).into()),
            ..unlabelled(row, kind)
        }
    }

    /// The labels that a row asks for.
    fn labels(row: u64) -> Option<LabelSet> {
        let text = format!(r"USER_DEFINED:{row}:=a, b\; c\;USER_DEFINED:999:+x");
        row.is_multiple_of(2).then(|| label_set(&text))
    }

    fn unlabelled(row: u64, kind: OutcomeKind) -> Outcome {
        if row.is_multiple_of(3) {
            let is_found = kind != OutcomeKind::Rejected;
            let id = if is_found { "7" } else { "" };
            let cell = format!("={row}@example.com, \"x\"");
            return Outcome {
                target: raw(["contacts", id, "companies", "1"]),
                keys: Some(from_key(&cell, is_found.then_some(MatchKind::Folded)).into()),
                ..fixtures::outcome(row, kind)
            };
        }
        Outcome {
            target: raw(["contacts", &row.to_string(), "companies", "x,1"]),
            details: details("", &format!("\"{kind}\", row {row}")),
            ..fixtures::outcome(row, kind)
        }
    }

    /// The identity of the row in its input, where no key is looked up yet.
    pub(crate) fn identity(outcome: &Outcome) -> RowIdentity {
        let labels = labels(outcome.key.row);
        let Some(mut keys) = outcome.keys.clone() else {
            return RowIdentity::new(outcome.target.clone(), None).with_labels(labels);
        };
        for key in [&mut keys.from, &mut keys.to].into_iter().flatten() {
            key.matched = None;
        }
        let [from_type, _, to_type, to_id] = outcome.target.values();
        let target = RowTarget::Raw([from_type, String::new(), to_type, to_id]);
        RowIdentity::new(target, Some(keys)).with_labels(labels)
    }

    pub(crate) fn open(path: &Path, if_exists: IfExists) -> LockedReport {
        open_of(path, if_exists, ReportKind::Import)
    }

    pub(crate) fn open_of(path: &Path, if_exists: IfExists, kind: ReportKind) -> LockedReport {
        let plan = ReportPlan {
            path: path.to_owned(),
            if_exists,
            origin: Origin::RealRun,
            portal: None,
            kind,
        };
        LockedReport::open(&plan, Path::new("/nowhere/pairs.csv")).unwrap()
    }

    pub(crate) fn add(report: &mut ReportFile, outcomes: impl IntoIterator<Item = Outcome>) {
        for outcome in outcomes {
            report.add(&outcome);
        }
        report.flush()().unwrap();
        report.sync().unwrap()().unwrap();
    }

    const PLAIN: Resume = Resume {
        retry_rejected: false,
        repair: false,
    };

    const RESUME: IfExists = IfExists::Resume(PLAIN);

    fn kind() -> impl Strategy<Value = OutcomeKind> {
        prop::sample::select(OutcomeKind::ALL.to_vec())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// A report of any outcomes is cut at any byte and resumed: each row has one line in the end, the lines of
        /// finished rows are unchanged, and nothing else is left in the folder.
        #[test]
        fn a_report_cut_anywhere_is_resumed(
            kinds in prop::collection::vec(kind(), 1..30),
            cut in 0.0..1.0_f64,
            retry_rejected: bool,
        ) {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("r.csv");
            let rows = 1_u64..;
            let outcomes: Vec<Outcome> = rows.zip(&kinds).map(|(row, &kind)| outcome(row, kind)).collect();
            let mut report = open(&path, IfExists::Refuse).begin().unwrap();
            add(&mut report, outcomes.clone());
            drop(report);
            let whole = fs::read(&path).unwrap();
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an offset in a short file")]
            let length = (whole.len() as f64 * cut) as usize;
            fs::write(&path, &whole[..length]).unwrap();

            let mut locked = open(&path, RESUME);
            let mut report = if locked.has_lines().unwrap() {
                let mut kept = Vec::new();
                let mut found = locked.read_back(Resume { retry_rejected, repair: false }, |line, is_kept| if is_kept { kept.push(line.raw.to_vec()) }).unwrap();
                let mut comparison = Comparison::new(std::mem::take(&mut found.checkpoint), false, found.layout());
                let mut again = Vec::new();
                for outcome in &outcomes {
                    if comparison.check(outcome.key, &identity(outcome)).unwrap() == RowStatus::ToBeSent {
                        again.push(outcome.clone());
                    }
                }
                comparison.end().unwrap();
                let mut report = locked.resume(&found).unwrap();
                let resumed = fs::read(&path).unwrap();
                prop_assert!(resumed.ends_with(&kept.concat()));
                add(&mut report, again);
                report
            } else {
                let mut report = locked.begin().unwrap();
                add(&mut report, outcomes.clone());
                report
            };
            prop_assert!(report.sync().is_none());
            drop(report);
            let text = fs::read_to_string(&path).unwrap();
            let mut lines: Vec<&str> = text.lines().collect();
            let whole = String::from_utf8(whole).unwrap();
            let mut expected: Vec<&str> = whole.lines().collect();
            lines.sort_unstable();
            expected.sort_unstable();
            prop_assert_eq!(lines, expected);
            prop_assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        }

        /// A report that was written to a disk that failed after any number of bytes can be resumed.
        #[test]
        fn a_report_from_a_failing_disk_is_resumed(room in 0_usize..3000, piece in 1_usize..300) {
            struct Failing { kept: Vec<u8>, room: usize, piece: usize }
            impl Write for Failing {
                fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                    let length = bytes.len().min(self.piece).min(self.room);
                    if length == 0 {
                        return Err(io::ErrorKind::StorageFull.into());
                    }
                    self.kept.extend_from_slice(&bytes[..length]);
                    self.room -= length;
                    Ok(length)
                }
                fn flush(&mut self) -> io::Result<()> {
                    Ok(())
                }
            }
            let mut lines = crate::report::line::LineBuffer::default();
            lines.add_header();
            let mut disk = Failing { kept: Vec::new(), room, piece };
            let mut taken = 0;
            for row in 1..40 {
                lines.add(&outcome(row, OutcomeKind::Associated));
                if disk.write_all(&lines.take()).is_err() {
                    break;
                }
                taken = row;
            }
            let mut reader = match ReportReader::new(disk.kept.as_slice()) {
                Ok(reader) => reader,
                Err(error) => panic!("{error}"),
            };
            let mut last = 0;
            while let Some(line) = reader.read().unwrap() {
                last = line.row;
            }
            prop_assert_eq!(last, taken);
        }
    }

    #[test]
    fn replaced_lines_are_removed_and_the_lock_and_the_links_are_kept() {
        for name in ["r.csv".to_owned(), "r".repeat(255)] {
            replace_lines(&name);
        }
    }

    fn replace_lines(name: &str) {
        use std::os::unix::fs::{MetadataExt, chown};
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        let link = folder.path().join("link.csv");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        let mut report = open(&path, IfExists::Refuse).begin().unwrap();
        let kinds = [
            OutcomeKind::Associated,
            OutcomeKind::Failed,
            OutcomeKind::Rejected,
        ];
        add(
            &mut report,
            (1..).zip(kinds).map(|(row, kind)| outcome(row, kind)),
        );
        drop(report);
        let left = format!("{}.LeftByACrash.writing", &name[..name.len().min(100)]);
        let left = folder.path().join(left);
        fs::write(&left, "").unwrap();
        // Only root may change the owner; for others it is the same before and after.
        let _may_fail = chown(&path, Some(65_534), Some(65_533));
        let before = path.metadata().unwrap();

        let mut locked = open(&link, RESUME);
        let found = locked.read_back(PLAIN, |_, _| ()).unwrap();
        assert_eq!(found.replaced(), 1);
        let report = locked.resume(&found).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(text.lines().count(), 3);
        assert!(!text.contains("failed"), "{text}");
        assert!(link.is_symlink());
        let after = path.metadata().unwrap();
        assert_ne!(after.ino(), before.ino());
        let owner = |file: &fs::Metadata| (file.uid(), file.gid(), file.mode());
        assert_eq!(owner(&after), owner(&before));
        for if_exists in [RESUME, IfExists::Overwrite] {
            let plan = ReportPlan {
                path: path.clone(),
                if_exists,
                origin: Origin::RealRun,
                portal: None,
                kind: ReportKind::Import,
            };
            let error = LockedReport::open(&plan, Path::new("/nowhere/pairs.csv")).unwrap_err();
            assert!(matches!(error, ReportError::Busy { .. }), "{error}");
        }
        drop(report);
        let found = open(&path, RESUME)
            .read_back(
                Resume {
                    retry_rejected: true,
                    ..PLAIN
                },
                |_, _| (),
            )
            .unwrap();
        assert_eq!(found.replaced(), 1, "the rejected row");
        assert!(!left.exists());
    }

    #[test]
    fn a_deleted_report_is_detected_by_the_next_write() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("r.csv");
        let mut report = open(&path, IfExists::Refuse).begin().unwrap();
        fs::remove_file(&path).unwrap();
        report.add(&outcome(1, OutcomeKind::Associated));
        let error = report.flush()().unwrap_err();
        assert_eq!(LostReport::cause_of(&error), Some(LostReport::Deleted));
        report.add(&outcome(2, OutcomeKind::Associated));
        assert!(
            report.flush()().is_err(),
            "nothing is added after a failed write"
        );
        drop(report);
        let mut report = open(&path, IfExists::Refuse).begin().unwrap();
        fs::rename(&path, folder.path().join("moved.csv")).unwrap();
        fs::write(&path, "another's").unwrap();
        report.add(&outcome(1, OutcomeKind::Associated));
        let error = report.flush()().unwrap_err();
        assert_eq!(LostReport::cause_of(&error), Some(LostReport::Replaced));
        assert_eq!(fs::read(&path).unwrap(), b"another's");
    }

    #[test]
    fn a_report_whose_length_another_program_changed_is_detected_by_the_next_write() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("r.csv");
        for (change, is_cut) in [(0_u64, true), (50, true), (1_000, false)] {
            let mut report = open(&path, IfExists::Overwrite).begin().unwrap();
            add(&mut report, [outcome(1, OutcomeKind::Associated)]);
            let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
            file.set_len(change).unwrap();
            report.add(&outcome(2, OutcomeKind::Associated));
            let error = report.flush()().unwrap_err();
            match LostReport::cause_of(&error) {
                Some(LostReport::Cut { found, .. }) => assert_eq!((found, is_cut), (change, true)),
                Some(LostReport::Extended { found, .. }) => {
                    assert_eq!((found, is_cut), (change, false));
                }
                other => panic!("{other:?}"),
            }
            assert_eq!(
                fs::metadata(&path).unwrap().len(),
                change,
                "nothing is written"
            );
            drop(report);
            fs::write(&path, "").unwrap();
        }
        // The last line of a run: the sync after it detects the change.
        let mut report = open(&path, IfExists::Overwrite).begin().unwrap();
        report.add(&outcome(1, OutcomeKind::Associated));
        report.flush()().unwrap();
        fs::OpenOptions::new()
            .write(true)
            .open(&path)
            .unwrap()
            .set_len(0)
            .unwrap();
        let error = report.sync().unwrap()().unwrap_err();
        assert!(matches!(
            LostReport::cause_of(&error),
            Some(LostReport::Cut { .. })
        ));
    }

    #[test]
    fn a_report_with_two_lines_for_one_pair_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("r.csv");
        let mut report = open(&path, IfExists::Refuse).begin().unwrap();
        add(
            &mut report,
            [1, 2, 1].map(|row| outcome(row, OutcomeKind::Associated)),
        );
        drop(report);
        let error = open(&path, RESUME).read_back(PLAIN, |_, _| ()).unwrap_err();
        let ReportError::ReadBack { source, .. } = error else {
            panic!("{error}")
        };
        assert_eq!(
            source.to_string(),
            "line 4: row 1 has two lines for the same pair, this one and line 2"
        );
    }
}
