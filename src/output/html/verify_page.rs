//! How `verify` ended, as one HTML page. Pure.

use askama::Template;
use jiff::Timestamp;

use crate::number::{counted, grouped, span};
use crate::output::html::categories::{Category, categories};
use crate::output::html::chart::{SeriesStyle, shares};
use crate::output::html::figure::{Figure, Part, share};
use crate::output::html::frame::{capital, causes, made, shown, steps, stopped};
use crate::output::html::time_axis::formatted;
use crate::output::lookups::lookups;
use crate::output::text::run::requests;
use crate::output::verify_summary::{VerifySummary, reasons};
use crate::verify::totals::{StateCounts, TypesCounts, VerifyTotals};

/// The number of pairs of types that are shown.
const MAX_TYPES: usize = 20;

/// The inputs of the page.
#[derive(Debug)]
pub struct VerifyPage<'p> {
    /// How the run ended.
    pub summary: &'p VerifySummary<'p>,
    /// The time at which the page is rendered.
    pub made_at: Timestamp,
}

impl VerifyPage<'_> {
    /// Renders the page.
    ///
    /// # Panics
    ///
    /// If the template fails to render, which is a bug.
    #[must_use]
    pub fn to_html(&self) -> String {
        View::of(self.summary, self.made_at)
            .render()
            .expect("a template of texts can be rendered")
    }
}

/// The content of the page.
#[derive(Template)]
#[template(path = "verify.html", config = "src/output/html/askama.toml")]
struct View {
    style: &'static str,
    title: String,
    tone: &'static str,
    lead: String,
    causes: Vec<String>,
    facts: Vec<(&'static str, String)>,
    states: Vec<Part>,
    state_figure: Figure,
    remarks: Vec<String>,
    reasons: Vec<Reason>,
    types: Vec<[String; 5]>,
    more_types: Option<String>,
    categories: Vec<Category>,
    more_categories: Option<String>,
    steps: Vec<(String, String)>,
    made: String,
}

/// Why pairs are missing.
struct Reason {
    records: String,
    pairs: String,
    advice: &'static str,
}

impl View {
    fn of(summary: &VerifySummary<'_>, made_at: Timestamp) -> Self {
        let totals = summary.totals;
        let (tone, lead) = lead(summary);
        let (categories, more_categories) = categories(summary.counts);
        let (types, more_types) = types(&totals.by_types);
        let left_out = summary.left_out();
        let left_out = left_out.map(|rows| format!("Not verified: {rows}."));
        let unfinished = summary.unfinished();
        let unfinished = unfinished.map(|remark| format!("{}.", capital(remark)));
        let missing = reasons(&totals.states.missing).into_iter();
        Self {
            style: include_str!("page.css"),
            title: format!("Verification of {}", shown(summary.input)),
            tone,
            lead,
            causes: causes(summary.problem),
            facts: facts(summary),
            states: states(totals),
            state_figure: state_figure(totals),
            remarks: unfinished.into_iter().chain(left_out).collect(),
            reasons: missing
                .map(|reason| Reason {
                    records: capital(reason.what),
                    pairs: grouped(reason.pairs),
                    advice: reason.advice,
                })
                .collect(),
            types,
            more_types,
            categories,
            more_categories,
            steps: steps(summary.next),
            made: made(made_at, summary.report),
        }
    }
}

/// The first sentence of the page, and its tone.
fn lead(summary: &VerifySummary<'_>) -> (&'static str, String) {
    let totals = summary.totals;
    if let Some(problem) = summary.problem {
        return ("stopped", stopped(problem));
    }
    let is_good = totals.unexpected() + totals.states.unknown + totals.invalid == 0;
    let tone = if is_good { "good" } else { "bad" };
    let invalid = match totals.invalid {
        0 => String::new(),
        rows => format!(" {} no pair.", counted(rows, "row names", "rows name")),
    };
    (tone, format!("{}.{invalid}", capital(&summary.result())))
}

fn facts(summary: &VerifySummary<'_>) -> Vec<(&'static str, String)> {
    let totals = summary.totals;
    let start = formatted(summary.started_at.as_second(), "%Y-%m-%d %H:%M:%S");
    let status = format!("{} ({})", summary.status.code(), summary.reason);
    let expected = if totals.expects_absent {
        "absent"
    } else {
        "present"
    };
    let mut facts = vec![
        ("Report", shown(&summary.report.to_string_lossy())),
        ("Expected state", expected.to_owned()),
        ("Exit status", status),
        ("Started", format!("{start} UTC")),
        ("Duration", span(totals.elapsed)),
        ("Calls of this run", summary.calls()),
        ("Requests of this run", requests(summary.counts)),
    ];
    facts.extend(summary.sample().map(|sample| ("Sample", sample)));
    if totals.from_earlier_runs > 0 {
        let earlier = grouped(totals.from_earlier_runs);
        facts.push(("Pairs of earlier runs", earlier));
    }
    facts.extend(lookups(&summary.counts.lookup).map(|lookups| ("Lookups", lookups)));
    let missing = summary.missing.map(|file| shown(&file.to_string()));
    facts.extend(missing.map(|file| ("Missing pairs", file)));
    facts
}

/// A state with its colour, its name, its pairs and what it means. The colour shows whether it is the expected one.
fn state_counts(totals: &VerifyTotals) -> [(SeriesStyle, &'static str, u64, &'static str); 3] {
    let [present, missing] = if totals.expects_absent {
        [SeriesStyle::Rejected, SeriesStyle::Associated]
    } else {
        [SeriesStyle::Associated, SeriesStyle::Rejected]
    };
    let states = &totals.states;
    [
        (
            present,
            "present",
            states.present,
            "HubSpot lists the association.",
        ),
        (
            missing,
            "missing",
            states.missing.all(),
            "HubSpot’s reply shows that the pair is not associated.",
        ),
        (
            SeriesStyle::Failed,
            "unknown",
            states.unknown,
            "The associations could not be read. Verify the pair again.",
        ),
    ]
}

fn states(totals: &VerifyTotals) -> Vec<Part> {
    let all = totals.states.pairs();
    state_counts(totals)
        .into_iter()
        .map(|(style, word, pairs, meaning)| Part {
            color: style.hex(),
            word,
            rows: grouped(pairs),
            share: share(pairs, all),
            meaning,
        })
        .collect()
}

fn state_figure(totals: &VerifyTotals) -> Figure {
    let all = totals.states.pairs();
    let counts = state_counts(totals);
    let there = counts.iter().filter(|(_, _, pairs, _)| *pairs > 0);
    let parts: Vec<String> = there
        .map(|(_, word, pairs, _)| format!("{} {word}", share(*pairs, all)))
        .collect();
    let parts = if parts.is_empty() {
        "0 pairs".to_owned()
    } else {
        parts.join(", ")
    };
    Figure {
        alt: format!("Pairs by state: {parts}."),
        svg: shares(&counts.map(|(style, _, pairs, _)| (style, pairs))),
        keys: Vec::new(),
    }
}

/// The pairs of each two types, and a remark on the others if there are more.
fn types(by_types: &[TypesCounts]) -> (Vec<[String; 5]>, Option<String>) {
    let (listed, others) = by_types.split_at(by_types.len().min(MAX_TYPES));
    let more: u64 = others.iter().map(|counts| counts.states.pairs()).sum();
    let line = |TypesCounts { types, states }: &TypesCounts| {
        let [from, to] = types.each_ref().map(|name| shown(name));
        let StateCounts {
            present, unknown, ..
        } = *states;
        let [present, missing, unknown] = [present, states.missing.all(), unknown].map(grouped);
        [from, to, present, missing, unknown]
    };
    let more = (more > 0).then(|| {
        let pairs = counted(more, "pair", "pairs");
        format!("{pairs} of other types: the report lists them.")
    });
    (listed.iter().map(line).collect(), more)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::fixtures::{details, outcome};
    use crate::domain::outcome::{Outcome, OutcomeKind};
    use crate::domain::run_counts::RunCounts;
    use crate::output::html::page::is_page;
    use crate::output::html::tests::{all, check_content, check_form, text_of};
    use crate::output::summary::{NextStep, RejectsFile};
    use crate::output::verify_summary::VerifySource;
    use crate::output::verify_summary::fixtures::{every_state, interrupted, summary, totals};
    use crate::verify::totals::{PairState, Sample};
    use scraper::Html;
    use std::path::Path;

    const HOSTILE: &str = "<script>alert(1)</script>";

    fn page_of(summary: &VerifySummary<'_>) -> String {
        VerifyPage {
            summary,
            made_at: Timestamp::UNIX_EPOCH,
        }
        .to_html()
    }

    /// The page of a run with every state, several types and hostile text in every place.
    fn full_page() -> String {
        let mut counts = RunCounts::default();
        counts.lookup.calls = 1;
        counts.count(&Outcome {
            details: details(HOSTILE, HOSTILE),
            ..outcome(1, OutcomeKind::Failed)
        });
        let mut totals = VerifyTotals {
            invalid: 3,
            left_out: 30,
            from_earlier_runs: 5,
            ..every_state()
        };
        totals.count([HOSTILE, "deals"], PairState::Present);
        let next = [NextStep {
            what: "import the missing pairs".into(),
            command: format!("hubspot-associate import '{HOSTILE}'"),
        }];
        page_of(&VerifySummary {
            input: HOSTILE,
            source: VerifySource::Report { is_finished: false },
            report: Path::new(HOSTILE),
            missing: Some(RejectsFile {
                path: Path::new(HOSTILE),
                rows: 5,
            }),
            next: &next,
            ..summary(&totals, &counts)
        })
    }

    #[test]
    fn the_page_is_well_formed_accessible_and_recognised() {
        let counts = RunCounts::default();
        let none = totals(&[]);
        for page in [full_page(), page_of(&summary(&none, &counts))] {
            check_form(&page);
            check_content(&page, 1);
            assert!(is_page(page.as_bytes()));
        }
    }

    #[test]
    fn the_page_shows_states_reasons_types_and_causes() {
        let page = Html::parse_document(&full_page());
        let texts =
            |selector| -> Vec<String> { all(&page, selector).into_iter().map(text_of).collect() };
        assert_eq!(
            texts("h2"),
            [
                "Next commands",
                "Pairs",
                "Missing pairs",
                "Types",
                "Why pairs are unknown, and rows invalid"
            ]
        );
        assert_eq!(
            texts(".lead"),
            ["Of all 2,001 pairs, 8 are not linked, and 2 are unknown. 3 rows name no pair."]
        );
        assert_eq!(
            texts("[aria-labelledby=missing] tbody td.number"),
            ["5", "2", "1"]
        );
        assert_eq!(
            texts("[aria-labelledby=types] tbody tr:last-child :is(th, td)"),
            [HOSTILE, "deals", "1", "0", "0"]
        );
        for (selector, text) in [
            ("h1", "Verification of <script>alert(1)</script>"),
            (
                ".note",
                "Not verified: 30 rows that the report does not show as linked.",
            ),
            ("h3", "<script>alert(1)</script> 1 row failed"),
            (
                "code",
                "hubspot-associate import '<script>alert(1)</script>'",
            ),
        ] {
            assert!(texts(selector).iter().any(|found| found == text), "{text}");
        }
    }

    #[test]
    fn the_page_of_a_sample_never_says_all() {
        let counts = RunCounts::default();
        let totals = VerifyTotals {
            sample: Some(Sample {
                seed: 7,
                pairs: 2,
                of: 1000,
            }),
            ..totals(&[(PairState::Present, 2)])
        };
        let page = page_of(&summary(&totals, &counts));
        assert!(page.contains("The 2 pairs of the sample are linked."));
        assert!(page.contains("2 of 1,000 pairs, seed 7; the other 998 are not verified"));
        assert!(!page.contains(" all "), "{page}");
    }

    #[test]
    fn the_page_of_a_stopped_run_begins_with_why() {
        let (counts, totals, problem) = (RunCounts::default(), every_state(), interrupted());
        let page = page_of(&VerifySummary {
            problem: Some(&problem),
            ..summary(&totals, &counts)
        });
        let page = Html::parse_document(&page);
        assert_eq!(
            text_of(all(&page, ".lead.stopped")[0]),
            "Interrupted; 2,000 rows have their line in the report."
        );
    }

    #[test]
    fn the_colours_show_which_state_is_expected() {
        let mut totals = every_state();
        let colors = |totals: &VerifyTotals| {
            let states = states(totals).into_iter();
            states.map(|state| state.color).collect::<Vec<_>>()
        };
        let [good, bad, open] = [
            SeriesStyle::Associated,
            SeriesStyle::Rejected,
            SeriesStyle::Failed,
        ]
        .map(SeriesStyle::hex);
        let [good, bad, open] = [good.as_str(), bad.as_str(), open.as_str()];
        assert_eq!(colors(&totals), [good, bad, open]);
        totals.expects_absent = true;
        assert_eq!(colors(&totals), [bad, good, open]);
    }
}
