use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use scraper::{ElementRef, Html, Selector};

use crate::diagnostic::Problem;
use crate::domain::run_counts::RunCounts;
use crate::exit_status::ExitStatus;
use crate::output::html::chart::SeriesStyle;
use crate::output::html::page::Page;
use crate::output::summary::{NextStep, Summary};
use crate::report::stats::statistics::Statistics;

const CSS: &str = include_str!("page.css");

const HEADER: &str = "row,line,from_object_type,from_object_id,to_object_type,to_object_id,outcome,http_status,\
error_categories,error_message,correlation_id,attempts,duration_ms,finished_at\n";

/// A report with every outcome, and with hostile text.
fn report() -> String {
    let mut text = HEADER.to_owned();
    let rows = [
        "associated,200,,,c-1,1,40,2026-05-04T09:15:22.118Z",
        "rejected,404,<b>NOT</b>,<script>alert(1)</script>,\"\"\" onload=alert(2) x=\"\"\",1,60,2026-05-04T09:15:22.900Z",
        "failed,502,HTTP_502,</style><img src=x>,,6,31000,2026-05-04T09:16:53.000Z",
        "invalid,,CLIENT_INVALID_ROW,`from_object_id` (column 2) is blank,,0,0,2026-05-04T09:15:20.000Z",
        "skipped,,CLIENT_DUPLICATE,,,0,0,2026-05-04T09:15:20.000Z",
    ];
    for (row, rest) in (1..).zip(rows) {
        let _infallible = writeln!(text, "{row},{},contacts,{row},deals,9,{rest}", row + 1);
    }
    text
}

fn statistics(report: &str) -> Statistics {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("r.csv");
    std::fs::write(&path, report).unwrap();
    Statistics::read(&path).unwrap()
}

fn page_of(report: &str, summary: Option<&Summary<'_>>) -> String {
    Page {
        statistics: &statistics(report),
        report: Path::new("a<b>.report.csv"),
        summary,
        steps: &[NextStep {
            what: "fix the causes, then run".into(),
            command: "hubspot-associate import 'a<b>.csv' --resume".into(),
        }],
        made_at: Timestamp::UNIX_EPOCH,
    }
    .to_html()
}

fn with_summary(test: impl FnOnce(&Summary<'_>)) {
    let mut counts = RunCounts::default();
    counts.requests = 9;
    counts.throttled = 3;
    counts.lookup.calls = 2;
    counts.lookup.exact = 101;
    let problem = Problem {
        what: "interrupted; 5 rows have their line in the report".into(),
        causes: vec!["<i>why</i>".into()],
        hint: None,
    };
    test(&Summary {
        input: "a<b>.csv",
        report: Some(Path::new("a<b>.report.csv")),
        rehearsed: false,
        started_at: Timestamp::UNIX_EPOCH,
        elapsed: Duration::from_secs(61),
        counts: &counts,
        status: ExitStatus::Interrupted,
        reason: "interrupted",
        resumable: true,
        problem: Some(&problem),
        rejects: None,
        html: None,
        next: None,
    });
}

pub(super) fn all<'p>(page: &'p Html, selector: &str) -> Vec<ElementRef<'p>> {
    page.select(&Selector::parse(selector).unwrap()).collect()
}

pub(super) fn text_of(element: ElementRef<'_>) -> String {
    element.text().collect::<String>().trim().to_owned()
}

fn both(test: impl Fn(&str)) {
    test(&page_of(&report(), None));
    with_summary(|summary| test(&page_of(&report(), Some(summary))));
}

/// Checks that a page is well-formed and loads nothing.
pub(super) fn check_form(text: &str) {
    let page = Html::parse_document(text);
    assert_eq!(page.errors, [""; 0]);
    for foreign in [
        "script", "link", "img", "iframe", "object", "embed", "base", "form", "video", "use",
    ] {
        assert!(all(&page, foreign).is_empty(), "<{foreign}>");
    }
    for element in all(&page, "*") {
        for (name, value) in element.value().attrs() {
            let calls = ["src", "href", "srcset", "action", "background", "poster"];
            let is_foreign = calls.contains(&name) || name.starts_with("on");
            assert!(!is_foreign, "{name}={value}");
            // The namespace names SVG and is never fetched.
            let names = name == "xmlns" && value == "http://www.w3.org/2000/svg";
            assert!(names || !value.contains("://"), "{name}={value}");
        }
    }
    for call in ["url(", "@import", "expression("] {
        assert!(!CSS.contains(call), "{call}");
    }
}

/// Checks that a page has headings and captions, and describes its charts.
pub(super) fn check_content(text: &str, charts: usize) {
    let page = Html::parse_document(text);
    assert_eq!(all(&page, "html[lang]").len(), 1);
    assert_eq!(all(&page, "h1").len(), 1);
    assert_eq!(all(&page, "main").len(), 1);
    let mut level = 0;
    for heading in all(&page, "h1, h2, h3, h4") {
        let next: u32 = heading.value().name()[1..].parse().unwrap();
        assert!(next <= level + 1, "{} skips a level", text_of(heading));
        level = next;
    }
    for section in all(&page, "section") {
        let id = section.value().attr("aria-labelledby").unwrap();
        assert_eq!(all(&page, &format!("h2#{id}")).len(), 1, "{id}");
    }
    for table in all(&page, "table") {
        let caption = Selector::parse("caption").unwrap();
        assert_eq!(table.select(&caption).count(), 1);
    }
    for header in all(&page, "th") {
        let scope = header.value().attr("scope");
        assert!(matches!(scope, Some("row" | "col")), "{}", text_of(header));
    }
    let drawn = all(&page, "[role=img]");
    assert_eq!(drawn.len(), charts);
    for chart in drawn {
        let descriptions = chart.value().attr("aria-label").unwrap();
        assert!(descriptions.contains(char::is_numeric), "{descriptions}");
    }
    for drawing in all(&page, "svg") {
        let hidden = drawing.value().attr("aria-hidden") == Some("true");
        let parent = drawing.parent().and_then(ElementRef::wrap).unwrap();
        assert!(hidden || parent.value().attr("role") == Some("img"));
    }
}

#[test]
fn the_page_is_well_formed_and_loads_no_other_resource() {
    both(check_form);
}

#[test]
fn the_page_has_the_same_content_as_text() {
    both(|text| check_content(text, 4));
}

#[test]
fn text_from_files_and_servers_stays_text() {
    with_summary(|summary| {
        let page = Html::parse_document(&page_of(&report(), Some(summary)));
        let texts: Vec<String> = all(&page, "h1, h3, td, th, p, code")
            .into_iter()
            .map(text_of)
            .collect();
        for harm in [
            "Import of a<b>.csv",
            "<b>NOT</b> 1 row rejected",
            "<script>alert(1)</script>",
            "\" onload=alert(2) x=\"",
            "</style><img src=x>",
            "<i>why</i>",
            "hubspot-associate import 'a<b>.csv' --resume",
        ] {
            assert!(texts.iter().any(|text| text == harm), "{harm}: {texts:#?}");
        }
    });
}

#[test]
fn the_page_shows_outcomes_causes_timeline_and_durations() {
    let page = Html::parse_document(&page_of(&report(), None));
    let headings: Vec<_> = all(&page, "h2").into_iter().map(text_of).collect();
    assert_eq!(
        headings,
        [
            "Next commands",
            "Outcomes",
            "Why rows are not associated",
            "Progress over time",
            "How long rows took"
        ]
    );
    assert_eq!(
        text_of(all(&page, ".lead")[0]),
        "5 rows in the report; 3 of them are not associated."
    );
    let descriptions: Vec<_> = all(&page, ".description")
        .into_iter()
        .map(text_of)
        .collect();
    assert_eq!(
        descriptions,
        [
            "Rows per second over time: 0.0 on average, 2.0 at most, at 09:15:22 on 04 May 2026 (UTC).",
            "In total: 1 rejected, 1 failed, 5 sent again.",
            "Rows by duration: half of them took at most 60 ms, 99 % at most 31 s."
        ]
    );
}

#[test]
fn only_the_page_of_a_run_shows_status_429() {
    let mut statistics = statistics(&report());
    let mut throttles = crate::report::stats::timeline::Timeline::default();
    let second: Timestamp = "2026-05-04T09:15:40Z".parse().unwrap();
    throttles.at(second.as_second()).throttled += 3;
    statistics.add_to_timeline(&throttles);
    with_summary(|summary| {
        let page = Page {
            statistics: &statistics,
            report: Path::new("r.csv"),
            summary: Some(summary),
            steps: &[],
            made_at: Timestamp::UNIX_EPOCH,
        }
        .to_html();
        assert!(
            page.contains("5 sent again, 3 replies with status 429."),
            "{page}"
        );
        assert!(page.contains(">status 429</th>"));
        assert!(!page.contains("Next commands"));
    });
    assert!(!page_of(&report(), None).contains(">status 429</th>"));
}

#[test]
fn the_page_of_a_run_with_keys_shows_its_lookups() {
    with_summary(|summary| {
        let page = Html::parse_document(&page_of(&report(), Some(summary)));
        let facts: Vec<_> = all(&page, ".facts div").into_iter().map(text_of).collect();
        let lookups = facts.iter().find(|fact| fact.starts_with("Lookups"));
        let lookups = lookups.unwrap();
        assert!(lookups.contains("101 keys with 2 calls: 101 exact, "));
    });
    assert!(!page_of(&report(), None).contains("Lookups"));
}

#[test]
fn an_example_of_a_row_by_key_shows_the_key() {
    let report = "row,from_object_type,from_object_id,to_object_type,to_object_id,outcome,error_categories,from_key\n\
                  1,contacts,,deals,9,rejected,CLIENT_KEY_NOT_FOUND,ada@acme.com\n";
    let page = Html::parse_document(&page_of(report, None));
    let pairs: Vec<_> = all(&page, "[data-name=pair]")
        .into_iter()
        .map(text_of)
        .collect();
    assert_eq!(pairs, ["contacts ada@acme.com → deals 9"]);
}

#[test]
fn a_report_without_rows_makes_a_page_too() {
    for report in ["", HEADER] {
        let text = page_of(report, None);
        let page = Html::parse_document(&text);
        assert_eq!(page.errors, [""; 0]);
        assert_eq!(
            text_of(all(&page, ".lead")[0]),
            "The report has no rows yet."
        );
        assert!(all(&page, "#when, #long").is_empty());
    }
}

#[test]
fn a_page_stays_small_for_any_report() {
    let mut report = HEADER.to_owned();
    let message = "&".repeat(1000);
    for row in 1..20_000 {
        let second = row * 977;
        let (day, hour) = (1 + second / 86_400 % 28, second / 3600 % 24);
        let (minute, rest) = (second / 60 % 60, second % 60);
        let _infallible = writeln!(
            report,
            "{row},{row},{message:.60},{row},deals,9,rejected,404,C{},{message},{message:.200},{},{},2026-05-{day:02}T{hour:02}:{minute:02}:{rest:02}.000Z",
            row % 300,
            1 + row % 30,
            row * 1000
        );
    }
    let page = page_of(&report, None);
    assert!(page.len() < 1_000_000, "{}", page.len());
    assert!(page.contains("with other categories: the report lists them."));
}

/// The variables of the light page, and of the dark one.
fn colors() -> [BTreeMap<String, [f64; 3]>; 2] {
    let (light, rest) = CSS.split_once("@media screen").unwrap();
    let (dark, _) = rest.split_once("* { box-sizing").unwrap();
    [light, dark].map(|block| {
        let variables = block.lines().filter_map(|line| {
            let (name, value) = line.trim().strip_prefix("--")?.split_once(": #")?;
            let channel = |at: usize| u8::from_str_radix(&value[at..at + 2], 16).unwrap();
            let channels = [0, 2, 4].map(|at| f64::from(channel(at)) / 255.0);
            Some((name.to_owned(), channels))
        });
        variables.collect()
    })
}

/// The ratio of the luminances of two colours (WCAG 2.2, "contrast ratio").
fn contrast(one: [f64; 3], other: [f64; 3]) -> f64 {
    let luminance = |color: [f64; 3]| {
        let [red, green, blue] = color.map(|channel| {
            if channel <= 0.040_45 {
                channel / 12.92
            } else {
                ((channel + 0.055) / 1.055).powf(2.4)
            }
        });
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    };
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

#[test]
fn text_and_charts_stand_out_on_the_light_page_and_on_the_dark_one() {
    for colors in colors() {
        for (front, back, least) in [
            ("ink", "page", 7.0),
            ("ink", "card", 7.0),
            ("muted", "page", 4.5),
            ("muted", "card", 4.5),
            ("associated", "page", 4.5),
            ("rejected", "page", 4.5),
            ("failed", "page", 4.5),
            ("invalid", "page", 4.5),
            ("skipped", "page", 3.0),
            ("throttled", "page", 4.5),
            ("again", "page", 4.5),
            ("axis", "page", 3.0),
        ] {
            let ratio = contrast(colors[front], colors[back]);
            assert!(ratio >= least, "{front} on {back}: {ratio:.1}");
        }
    }
}

#[test]
fn every_colour_of_a_chart_has_its_counterpart_on_the_dark_page() {
    let page = page_of(&report(), None);
    let drawn: Vec<&str> = page
        .split(['"'])
        .filter(|value| value.starts_with('#') && value.len() == 7)
        .collect();
    assert!(drawn.len() > 20);
    for series_style in SeriesStyle::ALL {
        assert!(
            CSS.contains(&format!("svg [fill=\"{}\"]", series_style.hex())),
            "{series_style:?}"
        );
    }
    for color in drawn {
        // All texts have one colour.
        assert!(
            color == "#55555E" || CSS.contains(&format!("=\"{color}\"]")),
            "{color}"
        );
    }
}
