//! The rows that are not associated, as a file that can be imported again.

use std::collections::BTreeMap;

use crate::support::{EXPORT, Rehearsal, finish, instant};

use hubspot_associate::sandbox::settings::SandboxSettings;

/// A server without faults.
fn fixed() -> Rehearsal {
    Rehearsal::new()
}

/// A server that refuses some of the pairs and fails for others.
fn faulty() -> Rehearsal {
    Rehearsal::against(SandboxSettings {
        faults: "missing=20%,status:404=10%,reset=10%".parse().unwrap(),
        seed: 7,
        ..instant()
    })
}

/// The flags for an export with lists of ids.
fn with_lists(more: &[&'static str]) -> Vec<&'static str> {
    [&EXPORT[..], &["--split", ";"], more].concat()
}

/// Counts how often each pair is associated in a report.
fn associated(rehearsal: &Rehearsal, name: &str, counts: &mut BTreeMap<String, u32>) {
    for line in rehearsal.report_named(name) {
        if line["outcome"] == "associated" {
            let pair = format!("{} {}", line["from_object_id"], line["to_object_id"]);
            *counts.entry(pair).or_default() += 1;
        }
    }
}

#[test]
fn rejects_imported_again_complete_the_input_for_lists_of_ids_too() {
    // 300 rows with one to three ids: every id of a list gets its own result.
    let mut rows = String::from("Name,Record ID,Associated Company IDs\r\n");
    let mut pairs = 0;
    for row in 0..300_u64 {
        let ids: Vec<_> = (0..=row % 3)
            .map(|id| (52_000 + row * 3 + id).to_string())
            .collect();
        pairs += ids.len();
        let cells = [(41_000 + row).to_string(), ids.join(";")].join(",");
        rows.extend(["\"A; \"\"quoted\"\"\",", &cells, "\r\n"]);
    }
    let first = faulty().file(&rows);
    let flags = with_lists(&[
        "--rejects",
        "again.csv",
        "--max-attempts",
        "1",
        "--max-failed-percent",
        "100",
    ]);
    let finished = first.import(&flags);
    assert_eq!(finished.code, 1, "{}", finished.stderr);
    let lines = first.report();
    let bad = lines
        .iter()
        .filter(|line| line["outcome"] != "associated")
        .count();
    assert!(bad > 50, "{bad}");
    assert!(
        finished
            .stdout
            .contains(&format!("\nrejects: again.csv, {bad} rows\n")),
        "{}",
        finished.stdout
    );
    let second = fixed();
    std::fs::copy(first.path("again.csv"), second.path("pairs.csv")).unwrap();
    let finished = second.import(&with_lists(&[]));
    assert_eq!((finished.code, finished.stderr.as_str()), (0, ""));
    let mut counts = BTreeMap::new();
    associated(&first, "pairs.report.csv", &mut counts);
    associated(&second, "pairs.report.csv", &mut counts);
    assert_eq!(counts.len(), pairs);
    assert!(counts.values().all(|&count| count == 1));
}

#[test]
fn rows_are_in_the_order_of_the_input_with_unchanged_cells() {
    let input = b"sep=;\r\n\
        note;From Type;From Id;To Type;To Id\r\n\
        \"said \"\"no\"\"; twice\";contacts;994040000000001;companies;52001\r\n\
        good;contacts;41001;companies;52001\r\n\
        \r\n\
        \xff\xfe raw ;contacts;\" 41002 \";companies;\"5.2E+4\"\r\n\
        =1+1;contacts;\"4\"1003;companies;52001\r\n\
        \"two\r\nlines\";contacts;997000000000001;companies;52001\r\n\
        short;contacts\r\n";
    let rehearsal = Rehearsal::new().file(input);
    let finished = rehearsal.import(&["--rejects", "r.csv", "--max-failed-percent", "100"]);
    assert_eq!(finished.code, 1, "{}", finished.stderr);
    let written = std::fs::read(rehearsal.path("r.csv")).unwrap();
    let missing = rehearsal
        .report()
        .into_iter()
        .find(|line| line["row"] == "1")
        .unwrap();
    let expected = [
        &b"sep=;\nnote;From Type;From Id;To Type;To Id;error_category;error_message\n"[..],
        b"\"said \"\"no\"\"; twice\";contacts;994040000000001;companies;52001;HTTP_404;",
        missing["error_message"].as_bytes(),
        b"\n\xff\xfe raw ;contacts;\" 41002 \";companies;\"5.2E+4\";CLIENT_INVALID_ROW;",
        "\"`To Id` (column 5): `5.2E+4` is in scientific notation, a spreadsheet rounded it: re-export the column \
          as text\"\n"
            .replace('"', "")
            .as_bytes(),
        b"=1+1;contacts;\"4\"1003;companies;52001;CLIENT_INVALID_ROW;\
          `From Id` (column 3): `41003` has text after its closing quote\n",
        b"\"two\r\nlines\";contacts;997000000000001;companies;52001;VALIDATION_ERROR;",
    ]
    .concat();
    assert_eq!(
        String::from_utf8_lossy(&written[..expected.len()]),
        String::from_utf8_lossy(&expected)
    );
    assert!(written.ends_with(b"\nshort;contacts;CLIENT_INVALID_ROW;expected 5 fields, found 2\n"));
    // Imported again unchanged, all rows end as before, and the new rejects file is the same.
    std::fs::rename(rehearsal.path("r.csv"), rehearsal.path("again.csv")).unwrap();
    let url = rehearsal.url();
    let arguments = [
        "import",
        "again.csv",
        "--base-url",
        &url,
        "--rate",
        "unlimited",
        "--rejects",
        "r.csv",
        "--max-failed-percent",
        "100",
    ];
    let finished = finish(rehearsal.command(&arguments).output().unwrap());
    assert_eq!(finished.code, 1, "{}", finished.stderr);
    assert!(
        finished.stdout.contains("\n  invalid               3\n"),
        "{}",
        finished.stdout
    );
    let again = std::fs::read(rehearsal.path("r.csv")).unwrap();
    let lines = |bytes: &[u8]| String::from_utf8_lossy(bytes).lines().count();
    assert_eq!(lines(&again), lines(&written));
    assert_eq!(&again[..expected.len()][..60], &expected[..60]);
}

#[test]
fn rejects_of_another_encoding_are_utf_8_with_a_byte_order_mark() {
    let header = "from_type,from_id,to_type,to_id,nom\n";
    for (encoding, bytes) in [
        ("windows-1252", b"Soci\xe9t\xe9".to_vec()),
        ("shift_jis", b"Soci\x83\x41t".to_vec()),
    ] {
        let row = b"contacts,994040000000001,companies,52001,";
        let rehearsal = Rehearsal::new().file([header.as_bytes(), row, &bytes, b"\n"].concat());
        let flags = ["--encoding", encoding, "--rejects", "r.csv"];
        assert_eq!(rehearsal.import(&flags).code, 1);
        let text = std::fs::read_to_string(rehearsal.path("r.csv")).unwrap();
        assert!(text.starts_with("\u{feff}from_type,"), "{text}");
        let (name, _, _) = encoding_rs::Encoding::for_label(encoding.as_bytes())
            .unwrap()
            .decode(&bytes);
        assert!(text.contains(&format!(",{name},HTTP_404,")), "{text}");
        // The same flags read it again.
        let again = fixed().file(text.replace("994040000000001", "41001"));
        let finished = again.import(&["--encoding", encoding]);
        assert_eq!((finished.code, finished.stderr.as_str()), (0, ""));
    }
}

#[test]
fn the_rejects_of_a_report_can_be_written_at_any_time() {
    let rehearsal = Rehearsal::new().rows([
        "contacts,41001,companies,52001",
        "contacts,994040000000001,companies,52001",
        "contacts,994040000000002,companies,52001",
        "contacts,x,companies,52001",
    ]);
    assert_eq!(rehearsal.import(&[]).code, 1);
    let report = |flags: &[&str]| {
        let arguments = [&["report", "pairs.report.csv"], flags].concat();
        finish(rehearsal.command(&arguments).output().unwrap())
    };
    let finished = report(&[]);
    assert_eq!(finished.code, 1, "{}", finished.stderr);
    assert_eq!(
        finished.stdout,
        "\
report: pairs.report.csv, 4 rows
portal: 1234567
  associated            1
  rejected              2
  invalid               1
why:
         2  rejected HTTP_404
            not found: check the ids; if all rows have this error, check --base-url, --api-version
         1  invalid CLIENT_INVALID_ROW
            correct the rows in the input: the report shows the column and the reason
requests: 3
next: write a CSV of the rows that are not associated, to correct and import again: hubspot-associate report pairs.report.csv --rejects rejects.csv
"
    );
    let finished = report(&["--rejects", "r.csv"]);
    assert_eq!((finished.code, finished.stderr.as_str()), (1, ""));
    assert!(
        finished.stdout.ends_with(
            "rejects: r.csv, 3 rows\nnext: fix the causes, then import the rejects with the flags of the run: \
             hubspot-associate import r.csv\n"
        ),
        "{}",
        finished.stdout
    );
    let text = std::fs::read_to_string(rehearsal.path("r.csv")).unwrap();
    assert_eq!(text.lines().count(), 4);
    // Another input is not accepted for this report.
    std::fs::write(
        rehearsal.path("other.csv"),
        "from_type,from_id,to_type,to_id\ncontacts,1,companies,2\ncontacts,3,companies,4\n",
    )
    .unwrap();
    let finished = report(&["--rejects", "r.csv", "--input", "other.csv"]);
    assert_eq!(finished.code, 2);
    assert!(
        finished.stderr.starts_with(
            "error: `other.csv` is not the input that the report was made from: row 2 (line 3): the input has \
             another pair there\n"
        ),
        "{}",
        finished.stderr
    );
    assert_eq!(
        std::fs::read_to_string(rehearsal.path("r.csv")).unwrap(),
        text
    );
    std::fs::remove_file(rehearsal.path("pairs.csv")).unwrap();
    let finished = report(&["--rejects", "r.csv"]);
    assert_eq!(
        (finished.code, finished.stderr.as_str()),
        (
            2,
            "error: there is no input file beside the report\nhint: name it with `--input FILE`\n"
        )
    );
}

#[test]
fn a_rejects_file_that_cannot_be_written_is_refused_before_anything_is_sent() {
    for (rejects, code, stderr) in [
        (
            "pairs.csv",
            2,
            "error: the rejects file `pairs.csv` is the input itself\nhint: name another file with `--rejects PATH`\n",
        ),
        (
            "./pairs.report.csv",
            2,
            "error: the rejects file `./pairs.report.csv` is the report itself\nhint: name another file with `--rejects PATH`\n",
        ),
        (
            "precious.csv",
            2,
            "error: `precious.csv` exists and is not a rejects file\nhint: name another file with `--rejects PATH`\n",
        ),
        (
            "nowhere/r.csv",
            6,
            "error: cannot write the rejects file `nowhere/r.csv`\n  caused by: No such file or directory (os error 2)\n",
        ),
    ] {
        let rehearsal = Rehearsal::new().rows(["contacts,1,companies,2"]);
        std::fs::write(rehearsal.path("precious.csv"), "name,id\n").unwrap();
        std::fs::write(rehearsal.path("pairs.report.csv"), "").unwrap();
        let finished = rehearsal.import(&["--rejects", rejects]);
        assert_eq!((finished.code, finished.stderr.as_str()), (code, stderr));
        assert_eq!(rehearsal.seen().requests, 0);
    }
    let rehearsal = Rehearsal::new();
    let arguments = ["import", "-", "--report", "r.csv", "--rejects", "j.csv"];
    let finished = finish(rehearsal.command(&arguments).output().unwrap());
    assert_eq!(finished.code, 2);
    assert!(
        finished
            .stderr
            .contains("can be read only once, so its rejects"),
        "{}",
        finished.stderr
    );
}

#[test]
fn a_run_without_rejects_writes_a_file_with_only_a_header() {
    let rehearsal = Rehearsal::new().rows(["contacts,41001,companies,52001"]);
    std::fs::write(
        rehearsal.path("r.csv"),
        "a,error_category,error_message\nof,last,night\n",
    )
    .unwrap();
    let finished = rehearsal.import(&["--rejects", "r.csv"]);
    assert_eq!((finished.code, finished.stderr.as_str()), (0, ""));
    let text = std::fs::read_to_string(rehearsal.path("r.csv")).unwrap();
    assert_eq!(text.lines().count(), 1);
    assert!(text.ends_with(",to_object_id,error_category,error_message\n"));
    let names: Vec<_> = std::fs::read_dir(rehearsal.folder.path())
        .unwrap()
        .collect();
    assert_eq!(names.len(), 3, "{names:?}");
}
