//! The usual names of the files around an input: `pairs.csv` has the report `pairs.report.csv`. Pure.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// The report of an input that has no name of its own, in suggested commands.
pub const REPORT_OF_STREAM: &str = "pairs.report.csv";

/// What the report of a real run ends with.
const REPORT: &str = ".report.csv";

/// What the report of a rehearsal ends with. Also ends with that of a real run.
const REHEARSED_REPORT: &str = ".sandbox.report.csv";

/// The endings of compressed files.
const PACKED: [&str; 4] = ["gz", "zst", "xz", "bz2"];

/// The possible endings of an input.
const INPUT: [&str; 7] = [".csv", ".csv.gz", ".csv.zst", ".tsv", ".txt", ".gz", ".zst"];

/// The report beside an input: `<input stem>.report.csv`, or `<input stem>.sandbox.report.csv` for a rehearsal.
#[must_use]
pub fn report_beside(input: &Path, rehearsed: bool) -> PathBuf {
    beside(input, if rehearsed { REHEARSED_REPORT } else { REPORT })
}

/// The report of `verify` beside its input or report: `pairs.report.csv` → `pairs.report.verify.csv`.
#[must_use]
pub fn verify_report_beside(input: &Path) -> PathBuf {
    beside(input, ".verify.csv")
}

/// The report of `undo` beside the report of the import: `pairs.report.csv` → `pairs.report.undo.csv`.
#[must_use]
pub fn undo_report_beside(report: &Path) -> PathBuf {
    beside(report, ".undo.csv")
}

/// The file with the stem of `path`, without the ending of its compression, and this ending.
fn beside(path: &Path, ending: &str) -> PathBuf {
    let is_packed = |end: &OsStr| PACKED.iter().any(|packed| end.eq_ignore_ascii_case(packed));
    let unpacked = match path.extension() {
        Some(end) if is_packed(end) => path.file_stem().map_or(path, Path::new),
        _ => path,
    };
    let mut name = unpacked
        .file_stem()
        .unwrap_or(OsStr::new("pairs"))
        .to_owned();
    name.push(ending);
    path.with_file_name(name)
}

/// The paths that an input with this report may have; none if the report has no usual name.
pub fn inputs_of(report: &Path) -> impl Iterator<Item = PathBuf> {
    let stem = report.file_name().and_then(|name| {
        let name = name.to_str()?;
        let name = PACKED
            .iter()
            .find_map(|end| name.strip_suffix(end)?.strip_suffix('.'))
            .unwrap_or(name);
        name.strip_suffix(REHEARSED_REPORT)
            .or_else(|| name.strip_suffix(REPORT))
    });
    let names = stem.into_iter().flat_map(|stem| {
        INPUT
            .iter()
            .map(move |ending| report.with_file_name(format!("{stem}{ending}")))
    });
    names.collect::<Vec<_>>().into_iter()
}

/// The report of a real run after a rehearsal: `x.sandbox.report.csv` → `x.report.csv`, `x.csv` → `x.real.csv`.
#[must_use]
pub fn report_of_real_run(rehearsed: &Path) -> PathBuf {
    let name = rehearsed.file_name().unwrap_or_default().to_string_lossy();
    let name = match name.strip_suffix(REHEARSED_REPORT) {
        Some(stem) => format!("{stem}{REPORT}"),
        None => format!("{}.real.csv", name.strip_suffix(".csv").unwrap_or(&name)),
    };
    rehearsed.with_file_name(name)
}

/// A name for the rejects of a report, other than the input's: the rejects of `rejects.csv` are `rejects-2.csv`.
#[must_use]
pub fn rejects_of(report: &Path) -> String {
    let name = report.file_name().unwrap_or_default().to_string_lossy();
    let stem = name.split('.').next().unwrap_or_default();
    let number = match stem.strip_prefix("rejects") {
        Some("") => Some(1_u32),
        Some(rest) => rest
            .strip_prefix('-')
            .and_then(|number| number.parse().ok()),
        None => None,
    };
    match number {
        Some(number) => format!("rejects-{}.csv", number.saturating_add(1)),
        None => "rejects.csv".to_owned(),
    }
}

/// The default path of the missing pairs that a report of `verify` shows.
#[must_use]
pub fn missing_of(report: &Path) -> PathBuf {
    report.with_file_name("missing.csv")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_report_has_the_stem_of_the_input_without_its_compression() {
        for (input, report) in [
            ("pairs.csv", "pairs.report.csv"),
            ("a/pairs", "a/pairs.report.csv"),
            ("pairs.tar.csv", "pairs.tar.report.csv"),
            ("a/pairs.csv.GZ", "a/pairs.report.csv"),
            ("pairs.csv.xz", "pairs.report.csv"),
            ("pairs.zst", "pairs.report.csv"),
        ] {
            assert_eq!(report_beside(Path::new(input), false), Path::new(report));
        }
        let rehearsed = report_beside(Path::new("pairs.csv"), true);
        assert_eq!(rehearsed, Path::new("pairs.sandbox.report.csv"));
    }

    #[test]
    fn the_files_of_a_proof_have_the_whole_stem_of_what_was_read() {
        for (read, verified, undone) in [
            ("pairs.csv", "pairs.verify.csv", "pairs.undo.csv"),
            (
                "a/pairs.report.csv",
                "a/pairs.report.verify.csv",
                "a/pairs.report.undo.csv",
            ),
            (
                "pairs.report.csv.gz",
                "pairs.report.verify.csv",
                "pairs.report.undo.csv",
            ),
        ] {
            let read = Path::new(read);
            assert_eq!(verify_report_beside(read), Path::new(verified));
            assert_eq!(undo_report_beside(read), Path::new(undone));
        }
    }

    #[test]
    fn every_usual_report_leads_back_to_its_input() {
        for input in ["a/pairs.csv", "pairs.csv.gz", "pairs.tsv", "pairs.zst"] {
            for rehearsed in [false, true] {
                let mut report = report_beside(Path::new(input), rehearsed);
                assert!(inputs_of(&report).any(|found| found == Path::new(input)));
                report.as_mut_os_string().push(".gz");
                assert!(inputs_of(&report).any(|found| found == Path::new(input)));
            }
        }
        assert_eq!(inputs_of(Path::new("r.csv")).count(), 0);
    }

    #[test]
    fn the_report_of_the_real_run_is_another_file() {
        for (rehearsed, real) in [
            ("x/r.sandbox.report.csv", "x/r.report.csv"),
            ("r.csv", "r.real.csv"),
            ("r", "r.real.csv"),
        ] {
            assert_eq!(report_of_real_run(Path::new(rehearsed)), Path::new(real));
        }
    }

    #[test]
    fn the_rejects_of_rejects_have_another_name() {
        for (report, name) in [
            ("pairs.report.csv", "rejects.csv"),
            ("a/rejects.report.csv", "rejects-2.csv"),
            ("rejects-2.sandbox.report.csv", "rejects-3.csv"),
            ("rejects-x.report.csv", "rejects.csv"),
        ] {
            assert_eq!(rejects_of(Path::new(report)), name);
        }
    }
}
