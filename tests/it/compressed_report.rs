//! Reports that were compressed for archiving.

use std::fs;
use std::io::Write;

use crate::support::{Finished, Rehearsal, finish, good_rows};

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn zstd(text: &[u8]) -> Vec<u8> {
    zstd::encode_all(text, 3).unwrap()
}

type Compress = fn(&[u8]) -> Vec<u8>;

const COMPRESSIONS: [(&str, Compress); 2] = [("gz", gzip), ("zst", zstd)];

/// A run with rows that are not associated, and its report compressed in two parts.
fn compressed_report(extension: &str, compress: Compress) -> Rehearsal {
    let bad = [
        "contacts,997000000000001,companies,1",
        "contacts,x,companies,1",
    ];
    let folder = Rehearsal::new().rows(good_rows(20).chain(bad.map(str::to_owned)));
    assert_eq!(folder.import(&["--rejects", "expected.csv"]).code, 1);
    let report = fs::read(folder.path("pairs.report.csv")).unwrap();
    let (start, end) = report.split_at(report.len() / 2);
    let name = format!("pairs.report.csv.{extension}");
    fs::write(
        folder.path(&name),
        [compress(start), compress(end)].concat(),
    )
    .unwrap();
    folder
}

fn report(folder: &Rehearsal, flags: &[&str]) -> Finished {
    finish(
        folder
            .command(&[&["report"], flags].concat())
            .output()
            .unwrap(),
    )
}

#[test]
fn a_compressed_report_gives_the_same_results_as_the_plain_one() {
    for (extension, compress) in COMPRESSIONS {
        let folder = compressed_report(extension, compress);
        let plain = report(&folder, &["pairs.report.csv", "--json"]).stdout;
        let name = format!("pairs.report.csv.{extension}");
        let finished = report(&folder, &[&name, "--json"]);
        assert_eq!(finished.code, 1, "{}", finished.stderr);
        assert_eq!(finished.stdout.replace(&name, "pairs.report.csv"), plain);
        fs::remove_file(folder.path("pairs.report.csv")).unwrap();
        let finished = report(&folder, &[&name, "--rejects", "r.csv", "--html", "p.html"]);
        assert_eq!(finished.code, 1, "{}", finished.stderr);
        assert_eq!(
            fs::read_to_string(folder.path("r.csv")).unwrap(),
            fs::read_to_string(folder.path("expected.csv")).unwrap()
        );
    }
}

#[test]
fn a_compressed_report_gives_the_known_pairs_of_the_next_run() {
    for (extension, compress) in COMPRESSIONS {
        let folder = compressed_report(extension, compress).rows(good_rows(25));
        let requests = folder.seen().requests;
        let name = format!("pairs.report.csv.{extension}");
        let finished = folder.import(&["--report", "new.csv", "--skip-associated-in", &name]);
        assert_eq!(finished.code, 0, "{}", finished.stderr);
        assert_eq!(folder.seen().requests - requests, 5);
    }
}

#[test]
fn a_compressed_report_is_never_written_to() {
    for (extension, compress) in COMPRESSIONS {
        let folder = compressed_report(extension, compress);
        let name = format!("pairs.report.csv.{extension}");
        let before = fs::read(folder.path(&name)).unwrap();
        let requests = folder.seen().requests;
        for flag in [&["--resume"][..], &["--overwrite"], &[]] {
            let finished = folder.import(&[&["--report", &name], flag].concat());
            assert_eq!(finished.code, 2);
            assert!(
                finished.stderr.contains("is compressed ("),
                "{}",
                finished.stderr
            );
            assert!(
                finished.stderr.contains("\nhint: unpack it"),
                "{}",
                finished.stderr
            );
        }
        assert_eq!(fs::read(folder.path(&name)).unwrap(), before);
        assert_eq!(folder.seen().requests, requests);
    }
}

#[test]
fn a_compressed_report_that_is_cut_off_is_refused() {
    for (extension, compress) in COMPRESSIONS {
        let folder = compressed_report(extension, compress);
        let name = format!("pairs.report.csv.{extension}");
        let whole = fs::read(folder.path(&name)).unwrap();
        fs::write(folder.path(&name), &whole[..whole.len() - 5]).unwrap();
        let requests = folder.seen().requests;
        let finished = report(&folder, &[&name]);
        assert_eq!(finished.code, 2);
        assert!(
            finished.stderr.contains(" is cut off at byte "),
            "{}",
            finished.stderr
        );
        let flags = ["--report", "new.csv", "--skip-associated-in", &name];
        assert_eq!(folder.import(&flags).code, 2);
        assert_eq!(folder.seen().requests, requests);
    }
}
