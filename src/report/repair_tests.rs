//! Reports in which a block of bytes was overwritten: which lines are kept.

use std::collections::HashSet;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use proptest::prelude::*;

use crate::domain::outcome::{Outcome, OutcomeKind};
use crate::report::checkpoint::RowStatus;
use crate::report::comparison::Comparison;
use crate::report::error::ReportError;
use crate::report::existing_file::{IfExists, Resume};
use crate::report::layout::Layout;
use crate::report::line::LineBuffer;
use crate::report::origin::Origin;
use crate::report::read_error::ReadBackError;
use crate::report::resume::tests::{add, identity, open, open_of, outcome};
use crate::run::write_report::WriteReport;

/// A block that a disk left in place of text.
#[derive(Clone, Debug)]
enum Block {
    Zeros,
    Garbage(Vec<u8>),
}

fn block() -> impl Strategy<Value = Block> {
    // The first byte is not text; any bytes may follow, including line breaks.
    let no_text = prop::sample::select(vec![1_u8, 7, 0x1b, 0xf8, 0xff]);
    let garbage = (no_text, prop::collection::vec(any::<u8>(), 1..400))
        .prop_map(|(first, rest)| Block::Garbage([vec![first], rest].concat()));
    prop_oneof![Just(Block::Zeros), garbage]
}

/// A report on disk, whole and with an overwritten block.
struct Damaged {
    _folder: tempfile::TempDir,
    path: PathBuf,
    outcomes: Vec<Outcome>,
    layout: Layout,
    whole: Vec<u8>,
    block: Range<usize>,
}

impl Damaged {
    fn new(
        kinds: &[OutcomeKind],
        layout: Layout,
        place: f64,
        length: usize,
        block: &Block,
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("r.csv");
        let outcomes = (1..).zip(kinds).map(|(row, &kind)| outcome(row, kind));
        // A report without columns for keys or labels is of an input without them.
        let outcomes = outcomes.filter(|outcome| {
            (layout.has_keys() || outcome.keys.is_none())
                && (layout.has_labels() || !identity(outcome).has_labels())
        });
        let outcomes: Vec<Outcome> = outcomes.collect();
        let whole = text(&outcomes, layout);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "an offset in a short file"
        )]
        let start = (whole.len() as f64 * place) as usize;
        let length = match block {
            Block::Zeros => length,
            Block::Garbage(bytes) => bytes.len(),
        };
        let end = (start + length).min(whole.len());
        let mut damaged = whole.clone();
        match block {
            Block::Zeros => damaged[start..end].fill(0),
            Block::Garbage(bytes) => damaged[start..end].copy_from_slice(&bytes[..end - start]),
        }
        fs::write(&path, damaged).unwrap();
        Self {
            _folder: folder,
            path,
            outcomes,
            layout,
            whole,
            block: start..end,
        }
    }

    /// Whether a file has a line for each row. A report that starts over has the columns of this version.
    fn is_whole(&self, file: &[u8], may_start_over: bool) -> bool {
        let started_over = text(&self.outcomes, self.layout.kind().layout());
        has_the_same_lines(file, &self.whole)
            || (may_start_over && has_the_same_lines(file, &started_over))
    }

    /// The lines below the header that the block does not touch, and whose preceding line break it does not touch
    /// either.
    fn untouched(&self) -> Vec<&[u8]> {
        let mut start = 0;
        let lines = self.whole.split_inclusive(|&byte| byte == b'\n');
        let places = lines.map(|line| {
            start += line.len();
            (start - line.len(), line)
        });
        places
            .skip(1)
            .filter(|(place, line)| {
                place + line.len() <= self.block.start || *place > self.block.end
            })
            .map(|(_, line)| line)
            .collect()
    }
}

fn lines(bytes: &[u8]) -> Vec<&[u8]> {
    bytes.split_inclusive(|&byte| byte == b'\n').collect()
}

/// The report of these outcomes.
fn text(outcomes: &[Outcome], layout: Layout) -> Vec<u8> {
    let mut lines = LineBuffer::of(Origin::RealRun, layout, None);
    lines.add_header();
    for outcome in outcomes {
        lines.add(outcome);
    }
    lines.take()
}

/// Resumes the report; returns the lines that it kept, and the final content of the file.
fn resumed(damaged: &Damaged, resume: Resume) -> Result<(Vec<Vec<u8>>, Vec<u8>), ReportError> {
    let if_exists = IfExists::Resume(resume);
    let mut locked = open_of(&damaged.path, if_exists, damaged.layout.kind());
    if !locked.has_lines().unwrap() {
        let mut report = locked.begin().unwrap();
        add(&mut report, damaged.outcomes.clone());
        drop(report);
        return Ok((Vec::new(), fs::read(&damaged.path).unwrap()));
    }
    let mut found_lines = Vec::new();
    let mut found = locked.read_back(resume, |line, _| found_lines.push(line.raw.to_vec()))?;
    let mut comparison =
        Comparison::new(std::mem::take(&mut found.checkpoint), false, found.layout());
    let mut again = Vec::new();
    for outcome in &damaged.outcomes {
        if comparison.check(outcome.key, &identity(outcome)).unwrap() == RowStatus::ToBeSent {
            again.push(outcome.clone());
        }
    }
    comparison.end().unwrap();
    let before = fs::read(&damaged.path).unwrap();
    let mut report = locked.resume(&found).unwrap();
    if !found.damage().is_none() {
        assert_ne!(fs::read(&damaged.path).unwrap(), before, "not rewritten");
    }
    add(&mut report, again);
    assert!(report.sync().is_none());
    drop(report);
    Ok((found_lines, fs::read(&damaged.path).unwrap()))
}

fn kinds() -> impl Strategy<Value = Vec<OutcomeKind>> {
    prop::collection::vec(prop::sample::select(OutcomeKind::ALL.to_vec()), 1..30)
}

fn is_no_report(error: &ReportError) -> bool {
    let ReportError::ReadBack { source, .. } = error else {
        return false;
    };
    matches!(
        source,
        ReadBackError::NoReport { .. } | ReadBackError::Damaged { line: 1, .. }
    )
}

/// Whether both have the same lines, in any order.
fn has_the_same_lines(found: &[u8], expected: &[u8]) -> bool {
    let sorted = |bytes| {
        let mut lines = lines(bytes);
        lines.sort_unstable();
        lines
    };
    sorted(found) == sorted(expected)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn a_report_repaired_ends_with_one_line_per_row_and_keeps_only_lines_that_were_written(
        kinds in kinds(),
        layout in prop::sample::select(Layout::ALL.to_vec()),
        place in 0.0..1.0_f64,
        length in 1..1500_usize,
        block in block(),
        retry_rejected: bool,
    ) {
        let damaged = Damaged::new(&kinds, layout, place, length, &block);
        let written: HashSet<&[u8]> = lines(&damaged.whole).into_iter().collect();
        let untouched = damaged.untouched();
        match resumed(&damaged, Resume { retry_rejected, repair: true }) {
            Ok((kept, end)) => {
                prop_assert!(kept.iter().all(|line| written.contains(&line[..])));
                match block {
                    Block::Zeros => prop_assert_eq!(&kept, &untouched),
                    // The line after garbage may begin inside it.
                    Block::Garbage(_) => prop_assert!(kept.len() + 1 >= untouched.len()),
                }
                prop_assert!(damaged.is_whole(&end, kept.is_empty()));
            }
            // Without a header, and without a whole line that would confirm it.
            Err(error) => {
                prop_assert!(is_no_report(&error), "{}", error);
                let header = lines(&damaged.whole)[0].len();
                prop_assert!(damaged.block.start < header && untouched.len() <= 1);
            }
        }
    }

    #[test]
    fn a_report_that_is_not_repaired_is_refused_or_cut_behind_its_whole_lines(
        kinds in kinds(),
        layout in prop::sample::select(Layout::ALL.to_vec()),
        place in 0.0..1.0_f64,
        length in 1..1500_usize,
        block in block(),
    ) {
        let damaged = Damaged::new(&kinds, layout, place, length, &block);
        let bytes = fs::read(&damaged.path).unwrap();
        if let Ok((kept, end)) = resumed(&damaged, Resume::default()) {
            let start = [lines(&damaged.whole)[0], &kept.concat()].concat();
            prop_assert!(kept.is_empty() || damaged.whole.starts_with(&start));
            prop_assert!(damaged.is_whole(&end, kept.is_empty()));
        } else {
            prop_assert_eq!(fs::read(&damaged.path).unwrap(), bytes);
        }
    }
}

#[test]
fn a_damaged_end_of_any_length_is_cut_off() {
    for (length, filler) in [(1, 0), (5_000, 0), (3_000_000, 0), (3_000_000, 0xff)] {
        let damaged = Damaged::new(
            &[OutcomeKind::Associated; 5],
            Layout::Current,
            1.0,
            0,
            &Block::Zeros,
        );
        let tail = vec![filler; length];
        // First after the last line break, then with half a line before it and line breaks in it.
        for tail in [
            tail.clone(),
            [b"6,7,con", &tail[..], b"\n\n", &tail].concat(),
        ] {
            fs::write(&damaged.path, [&damaged.whole[..], &tail].concat()).unwrap();
            let (kept, end) = resumed(&damaged, Resume::default()).unwrap();
            assert_eq!(kept.len(), 5, "{length} {filler}");
            assert_eq!(end, damaged.whole);
        }
    }
}

#[test]
fn a_long_run_of_zeros_in_the_middle_is_refused_and_repaired() {
    let damaged = Damaged::new(
        &[OutcomeKind::Associated; 5],
        Layout::Current,
        1.0,
        0,
        &Block::Zeros,
    );
    let [header, first, rest @ ..] = &lines(&damaged.whole)[..] else {
        panic!("it is shorter");
    };
    let zeros = vec![0; 3_000_000];
    let bytes = [header, first, &zeros[..], &rest.concat()].concat();
    fs::write(&damaged.path, bytes).unwrap();
    let error = resumed(&damaged, Resume::default()).unwrap_err();
    let ReportError::ReadBack { source, .. } = error else {
        panic!("{error}");
    };
    let message = "line 3: is longer than any line that this program writes";
    assert_eq!(source.to_string(), message);
    let repair = Resume {
        repair: true,
        ..Resume::default()
    };
    let (kept, end) = resumed(&damaged, repair).unwrap();
    assert_eq!(kept.len(), 4);
    assert!(has_the_same_lines(&end, &damaged.whole));
}

#[test]
fn a_file_of_something_else_is_never_repaired() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("customers.csv");
    let repair = Resume {
        repair: true,
        ..Resume::default()
    };
    for content in ["name,email\nA,a@example.com\n", "precious", "\0\0\0\0\n\0"] {
        fs::write(&path, content).unwrap();
        let error = held_error(&path, repair);
        assert!(is_no_report(&error), "{error}");
        assert_eq!(fs::read_to_string(&path).unwrap(), content);
    }
}

fn held_error(path: &Path, resume: Resume) -> ReportError {
    let mut locked = open(path, IfExists::Resume(resume));
    locked.read_back(resume, |_, _| ()).unwrap_err()
}
