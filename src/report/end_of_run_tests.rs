//! The mark of a finished run: where it is after any sequence of runs, crashes and edits.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use proptest::prelude::*;

use crate::domain::outcome::OutcomeKind;
use crate::report::damage::OnDamage;
use crate::report::end_of_run::EndOfRun;
use crate::report::error::ReportError;
use crate::report::existing_file::{IfExists, Resume};
use crate::report::layout::{Layout, ReportKind};
use crate::report::line::LineBuffer;
use crate::report::locked_report::{LockedReport, ReportPlan};
use crate::report::lost_report::LostReport;
use crate::report::origin::Origin;
use crate::report::reader::ReportReader;
use crate::report::report_source::open_to_read;
use crate::report::resume::tests::{add, open, open_of, outcome};
use crate::report::writer::ReportFile;
use crate::run::write_report::WriteReport;

/// Reads the report to its end.
fn end_of_run(path: &Path) -> Result<EndOfRun, ReportError> {
    let mut reader = ReportReader::with(open_to_read(path)?, OnDamage::Skip).unwrap();
    while reader.read().unwrap().is_some() {}
    Ok(reader.end_of_run())
}

const PLAIN: Resume = Resume {
    retry_rejected: false,
    repair: false,
};

const REPAIR: Resume = Resume {
    retry_rejected: true,
    repair: true,
};

/// Continues the report, or begins it.
fn continued(path: &Path, resume: Resume) -> ReportFile {
    let mut locked = open(path, IfExists::Resume(resume));
    if !locked.has_lines().unwrap() {
        return locked.begin().unwrap();
    }
    let found = locked.read_back(resume, |_, _| ()).unwrap();
    locked.resume(&found).unwrap()
}

/// The values of the last column in all whole lines of a report.
fn marks(path: &Path) -> Vec<String> {
    let text = fs::read(path).unwrap();
    let text = String::from_utf8_lossy(&text);
    let whole = text
        .split_inclusive('\n')
        .filter(|line| line.ends_with('\n'));
    let last = |line: &str| line.trim_end().rsplit(',').next().unwrap().to_owned();
    whole.skip(1).map(last).collect()
}

/// A report of a finished run with these rows.
fn finished(folder: &tempfile::TempDir, rows: u64) -> PathBuf {
    let path = folder.path().join("r.csv");
    let mut report = continued(&path, PLAIN);
    add(
        &mut report,
        (1..=rows).map(|row| outcome(row, OutcomeKind::Associated)),
    );
    report.mark_finished().unwrap();
    path
}

/// What happens to a report.
#[derive(Clone, Debug)]
enum Step {
    /// A run adds rows, and finishes or is stopped.
    Run { kinds: Vec<OutcomeKind>, ends: bool },
    /// A crash leaves only this share of the last run's bytes, and perhaps zeros.
    Crash { share: f64, zeros: usize },
}

fn step() -> impl Strategy<Value = Step> {
    let kinds = prop::collection::vec(prop::sample::select(OutcomeKind::ALL.to_vec()), 0..5);
    prop_oneof![
        (kinds, any::<bool>()).prop_map(|(kinds, ends)| Step::Run { kinds, ends }),
        (0.0..=1.0_f64, prop_oneof![Just(0), 1..50_usize])
            .prop_map(|(share, zeros)| Step::Crash { share, zeros }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn at_most_the_last_line_of_a_finished_run_is_marked(
        steps in prop::collection::vec(step(), 1..8),
        resume in prop::sample::select(vec![PLAIN, REPAIR]),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("r.csv");
        fs::write(&path, "").unwrap();
        let mut row = 0;
        let mut is_finished = false;
        // The bytes before the last run are on disk; a crash cannot take them.
        let mut before = 0;
        for step in steps {
            match step {
                Step::Run { kinds, ends } => {
                    let mut report = continued(&path, resume);
                    before = fs::metadata(&path).unwrap().len();
                    prop_assert!(marks(&path).iter().all(|mark| mark == "0"), "not reset");
                    for kind in kinds {
                        row += 1;
                        add(&mut report, [outcome(row, kind)]);
                    }
                    if ends {
                        report.mark_finished().unwrap();
                    }
                    is_finished = ends && !marks(&path).is_empty();
                }
                Step::Crash { share, zeros } => {
                    let text = fs::read(&path).unwrap();
                    // The first run puts the header on disk before anything else.
                    if text.is_empty() {
                        continue;
                    }
                    let kept = usize::try_from(before).unwrap().min(text.len());
                    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an offset in a short file")]
                    let end = kept + ((text.len() - kept) as f64 * share) as usize;
                    let is_touched = end < text.len() || zeros > 0;
                    fs::write(&path, [&text[..end], &vec![0; zeros][..]].concat()).unwrap();
                    is_finished &= !is_touched;
                    // What a crash left is on disk for the next one.
                    before = fs::metadata(&path).unwrap().len();
                }
            }
            let found = marks(&path);
            if is_finished {
                let (last, others) = found.split_last().unwrap();
                prop_assert_eq!(last, "1");
                prop_assert!(others.iter().all(|mark| mark == "0"));
            } else {
                let count = found.iter().filter(|mark| *mark == "1").count();
                prop_assert!(count == 0 || fs::read(&path).unwrap().ends_with(b"\0"));
            }
            let is_marked = end_of_run(&path).unwrap() == EndOfRun::Finished;
            prop_assert_eq!(is_marked, is_finished);
        }
    }
}

#[test]
fn a_run_that_continues_a_finished_report_takes_its_mark_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = finished(&folder, 3);
    assert_eq!(marks(&path), ["0", "0", "1"]);
    let mut report = continued(&path, PLAIN);
    assert_eq!(marks(&path), ["0", "0", "0"]);
    // It has nothing to send.
    report.mark_finished().unwrap();
    report.mark_finished().unwrap();
    assert_eq!(marks(&path), ["0", "0", "1"]);
    drop(report);
    let mut report = continued(&path, PLAIN);
    add(&mut report, [outcome(4, OutcomeKind::Failed)]);
    report.mark_finished().unwrap();
    drop(report);
    // The marked line is the one that is dropped.
    drop(continued(&path, PLAIN));
    assert_eq!(marks(&path), ["0", "0", "0"]);
}

#[test]
fn a_mark_in_the_middle_of_an_edited_report_is_removed() {
    let folder = tempfile::tempdir().unwrap();
    let path = finished(&folder, 2);
    let text = fs::read_to_string(&path).unwrap();
    let [header, first, last] = &text.split_inclusive('\n').collect::<Vec<_>>()[..] else {
        panic!("{text}");
    };
    let quoted = |line: &str, end: &str| {
        let line = line.trim_end().strip_suffix('1').unwrap();
        format!("{line}{end}")
    };
    for content in [
        [header, last, *first].concat(),
        [header, &*quoted(last, "\"1\"\n"), *first].concat(),
        [header, *first, &*quoted(last, "\"1\"\r\n")].concat(),
        [header, *first, &*quoted(last, "1\r\n")].concat(),
    ] {
        fs::write(&path, &content).unwrap();
        drop(continued(&path, PLAIN));
        let marked = |mark: &String| mark.contains('1');
        assert!(!marks(&path).iter().any(marked), "{content}");
        assert_eq!(end_of_run(&path).unwrap(), EndOfRun::NotFinished);
        continued(&path, PLAIN).mark_finished().unwrap();
        assert_eq!(end_of_run(&path).unwrap(), EndOfRun::Finished, "{content}");
    }
}

#[test]
fn a_report_that_cannot_have_a_mark_stays_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("r.csv");
    for layout in [Layout::WithoutPortal, Layout::WithoutKeys] {
        let mut lines = LineBuffer::of(Origin::RealRun, layout, None);
        lines.add_header();
        lines.add(&outcome(1, OutcomeKind::Associated));
        let text = lines.take();
        fs::write(&path, &text).unwrap();
        continued(&path, PLAIN).mark_finished().unwrap();
        assert_eq!(fs::read(&path).unwrap(), text);
        assert_eq!(end_of_run(&path).unwrap(), EndOfRun::NotNoted);
    }
    for kind in [ReportKind::Verify, ReportKind::Undo] {
        fs::write(&path, "").unwrap();
        let mut report = open_of(&path, IfExists::Refuse, kind).begin().unwrap();
        add(&mut report, [outcome(1, OutcomeKind::Skipped)]);
        let text = fs::read(&path).unwrap();
        report.mark_finished().unwrap();
        assert_eq!(fs::read(&path).unwrap(), text);
    }
    fs::write(&path, "").unwrap();
    continued(&path, PLAIN).mark_finished().unwrap();
    let header = fs::read_to_string(&path).unwrap();
    assert_eq!(header, Layout::Current.header());
    assert_eq!(end_of_run(&path).unwrap(), EndOfRun::NotNoted);
    let mut device = open(Path::new("/dev/null"), IfExists::Refuse)
        .begin()
        .unwrap();
    device.add(&outcome(1, OutcomeKind::Associated));
    device.mark_finished().unwrap();
}

#[test]
fn lines_that_were_not_flushed_are_written_before_the_mark() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("r.csv");
    let mut report = continued(&path, PLAIN);
    report.add(&outcome(1, OutcomeKind::Associated));
    report.mark_finished().unwrap();
    assert_eq!(marks(&path), ["1"]);
}

#[test]
fn a_report_that_another_program_replaced_is_not_marked() {
    let folder = tempfile::tempdir().unwrap();
    let path = finished(&folder, 2);
    let mut report = continued(&path, PLAIN);
    let copy = fs::read(&path).unwrap();
    fs::rename(&path, folder.path().join("moved.csv")).unwrap();
    fs::write(&path, &copy).unwrap();
    let error = report.mark_finished().unwrap_err();
    assert_eq!(LostReport::cause_of(&error), Some(LostReport::Replaced));
    assert_eq!(fs::read(&path).unwrap(), copy);
}

#[test]
fn pairs_that_are_carried_over_are_not_those_of_a_finished_run() {
    let folder = tempfile::tempdir().unwrap();
    let path = finished(&folder, 2);
    let locked = open(&path, IfExists::Overwrite);
    let carried = locked.replace_with_lines(|add| {
        add(&outcome(1, OutcomeKind::Associated)).map_err(|error: ReportError| error)
    });
    drop(carried.unwrap());
    assert_eq!(marks(&path), ["0"]);
}

#[test]
fn a_compressed_report_shows_its_end_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = finished(&folder, 2);
    let packed = folder.path().join("r.csv.gz");
    let text = fs::read(&path).unwrap();
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(&text).unwrap();
    fs::write(&packed, encoder.finish().unwrap()).unwrap();
    assert_eq!(end_of_run(&packed).unwrap(), EndOfRun::Finished);
    let torn = [&text[..], b"3,4,con"].concat();
    fs::write(&packed, zstd::encode_all(&torn[..], 3).unwrap()).unwrap();
    assert_eq!(end_of_run(&packed).unwrap(), EndOfRun::NotFinished);
}

#[test]
fn a_run_continues_no_report_of_another_portal() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("r.csv");
    let of = |portal: Option<u64>, if_exists| {
        let plan = ReportPlan {
            path: path.clone(),
            if_exists,
            origin: Origin::RealRun,
            portal,
            kind: ReportKind::Import,
        };
        LockedReport::open(&plan, Path::new("/nowhere/pairs.csv")).unwrap()
    };
    for (wrote, continues, is_refused) in [
        (Some(1), Some(1), false),
        (Some(1), Some(2), true),
        (Some(1), None, false),
        (None, Some(2), false),
    ] {
        let mut report = of(wrote, IfExists::Overwrite).begin().unwrap();
        add(
            &mut report,
            [OutcomeKind::Associated, OutcomeKind::Failed].map(|kind| outcome(1, kind)),
        );
        drop(report);
        let text = fs::read(&path).unwrap();
        fs::write(&path, &text).unwrap();
        let mut locked = of(continues, IfExists::Resume(PLAIN));
        let read = locked.read_back(PLAIN, |_, _| ());
        match read {
            Err(ReportError::OtherPortal {
                line: 2,
                found: 1,
                wanted: 2,
                ..
            }) => assert!(is_refused),
            read => assert!(!is_refused, "{read:?}"),
        }
        assert_eq!(fs::read(&path).unwrap(), text);
    }
}
