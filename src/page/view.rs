//! Statistics → the texts of the page. Pure.

use askama::Template;

use super::Page;
use super::chart::{Ink, Series, bars, over_time, shares};
use super::time_axis::{TimeAxis, formatted};
use crate::closing::{Closing, Step, WORTH_A_REASON, advice};
use crate::number::{grouped, per_second, span};
use crate::outcome::OutcomeKind;
use crate::program::Program;
use crate::run::{CategoryCount, Example, Tally};
use crate::statistics::{Durations, MANY_ATTEMPTS, Slot, Statistics, Timeline};
use crate::text::excerpt;

/// Characters of a message that are shown.
const MAX_MESSAGE_CHARS: usize = 400;

/// So many categories are shown, the most frequent ones.
const MAX_CATEGORIES: usize = 20;

/// What stands on the page.
#[derive(Template)]
#[template(path = "page.html", config = "src/page/askama.toml")]
pub(super) struct View {
    style: &'static str,
    title: String,
    tone: &'static str,
    lead: String,
    causes: Vec<String>,
    facts: Vec<(&'static str, String)>,
    outcomes: Vec<Outcome>,
    outcome_chart: Chart,
    categories: Vec<Category>,
    more_categories: Option<String>,
    time: Option<Time>,
    duration: Option<Duration>,
    /// What for, and the command.
    steps: Vec<(String, String)>,
    made: String,
}

struct Chart {
    /// What a reader hears who cannot see it.
    alt: String,
    svg: String,
    /// What is drawn how.
    keys: Vec<(Ink, &'static str)>,
}

struct Outcome {
    color: String,
    word: &'static str,
    rows: String,
    share: String,
    meaning: &'static str,
}

struct Category {
    name: String,
    outcome: &'static str,
    rows: String,
    advice: String,
    examples: Vec<Sample>,
}

struct Sample {
    row: String,
    line: String,
    pair: String,
    status: String,
    message: String,
    correlation_id: String,
}

struct Time {
    throughput: Chart,
    trouble: Chart,
    note: &'static str,
    slot: String,
    has_throttled: bool,
    slots: Vec<[String; 7]>,
}

struct Duration {
    chart: Chart,
    percentiles: Vec<(&'static str, String)>,
    attempts: Vec<(String, String, String)>,
}

impl View {
    pub(super) fn of(page: &Page<'_>) -> Self {
        let tally = page.statistics.tally();
        let input = page.closing.map(|closing| shown(closing.input));
        let report = shown(&page.report.to_string_lossy());
        let (tone, lead) = lead(tally, page.closing);
        let categories = tally.categories();
        let (listed, more) = categories.split_at(categories.len().min(MAX_CATEGORIES));
        let more: u64 = more.iter().map(|count| count.rows).sum();
        let problem = page.closing.and_then(|closing| closing.problem);
        Self {
            style: include_str!("page.css"),
            title: match &input {
                Some(input) => format!("Import of {input}"),
                None => format!("Report {report}"),
            },
            tone,
            lead,
            causes: problem.map_or(Vec::new(), |problem| {
                let causes = problem.causes.iter();
                causes
                    .map(|cause| excerpt(cause, MAX_MESSAGE_CHARS))
                    .collect()
            }),
            facts: facts(page, report),
            outcomes: outcomes(tally),
            outcome_chart: outcome_chart(tally),
            categories: listed.iter().map(|count| category(count)).collect(),
            more_categories: (more > 0).then(|| {
                format!(
                    "{} of other categories; the report has them all.",
                    rows(more)
                )
            }),
            time: time(page.statistics, page.closing.is_some()),
            duration: duration(page.statistics),
            steps: page
                .steps
                .iter()
                .map(|Step { what, command }| (capital(what), shown(command)))
                .collect(),
            made: format!(
                "Made {} UTC by {} {} from {}.",
                formatted(page.made_at.as_second(), "%Y-%m-%d %H:%M"),
                Program::THIS.name,
                Program::THIS.version_and_commit(),
                shown(&page.report.to_string_lossy()),
            ),
        }
    }
}

/// Foreign text, with what cannot be seen made visible.
fn shown(text: &str) -> String {
    excerpt(text, usize::MAX)
}

fn rows(count: u64) -> String {
    let word = if count == 1 { "row" } else { "rows" };
    format!("{} {word}", grouped(count))
}

/// The first sentence, and how it is meant.
fn lead(tally: &Tally, closing: Option<&Closing<'_>>) -> (&'static str, String) {
    let (settled, bad) = (tally.settled(), tally.not_good());
    let good = if bad == 0 {
        "all of them are associated or skipped".to_owned()
    } else {
        format!("{} of them are not associated", grouped(bad))
    };
    let problem = closing.and_then(|closing| closing.problem);
    match (problem, closing) {
        (Some(problem), _) => {
            let what = excerpt(&problem.what, MAX_MESSAGE_CHARS);
            ("stopped", format!("{}.", capital(&what)))
        }
        (None, Some(_)) if settled == 0 => ("good", "Finished: there were no rows.".to_owned()),
        (None, Some(closing)) => {
            let place = if closing.rehearsed {
                " This was a rehearsal: nothing was linked in HubSpot."
            } else {
                ""
            };
            (
                tone(bad),
                format!("Finished: {}; {good}.{place}", rows(settled)),
            )
        }
        (None, None) if settled == 0 => ("good", "No row has its line yet.".to_owned()),
        (None, None) => (tone(bad), format!("{} with a line; {good}.", rows(settled))),
    }
}

fn tone(bad: u64) -> &'static str {
    if bad == 0 { "good" } else { "bad" }
}

fn capital(text: &str) -> String {
    let mut characters = text.chars();
    match characters.next() {
        Some(first) => first.to_uppercase().chain(characters).collect(),
        None => String::new(),
    }
}

fn facts(page: &Page<'_>, report: String) -> Vec<(&'static str, String)> {
    let statistics = page.statistics;
    let tally = statistics.tally();
    let moment = |second| formatted(second, "%Y-%m-%d %H:%M:%S");
    let mut facts = vec![("Report", report)];
    if let Some(closing) = page.closing {
        let status = format!("{} ({})", closing.status.code(), closing.reason);
        facts.push(("Exit status", status));
        let start = moment(closing.started_at.as_second());
        facts.push(("Started", format!("{start} UTC")));
        facts.push(("Took", span(closing.elapsed)));
        if closing.tally.earlier > 0 {
            let earlier = format!("{} in earlier runs", rows(closing.tally.earlier));
            facts.push(("Of these", earlier));
        }
        let run = closing.tally;
        let throttled = match run.throttled {
            0 => "none answered 429".to_owned(),
            some => format!("{} answered 429", grouped(some)),
        };
        let requests = format!("{}, {throttled}", grouped(run.requests));
        facts.push(("Requests of this run", requests));
        if let Some((share, why)) = run.usage.of(run.requests) {
            let why = why.filter(|_| share < WORTH_A_REASON);
            let why = why.map(|why| format!("; {}", why.as_str().replace('`', "")));
            let share = format!("{:.0} % used{}", share * 100.0, why.unwrap_or_default());
            facts.push(("Quota", share));
        }
        if let Some(daily) = run.daily {
            let left = format!("{} of {}", grouped(daily.remaining), grouped(daily.limit));
            facts.push(("Requests left today", left));
        }
        return facts;
    }
    if let Some((first, last)) = statistics.first_and_last() {
        let times = [first, last].map(|time| moment(time.as_second()));
        facts.push(("First row sent ended", format!("{} UTC", times[0])));
        facts.push(("Last", format!("{} UTC", times[1])));
    }
    facts.push(("Requests for these rows", grouped(tally.requests)));
    facts
}

fn ink(kind: OutcomeKind) -> Ink {
    match kind {
        OutcomeKind::Associated => Ink::Associated,
        OutcomeKind::Rejected => Ink::Rejected,
        OutcomeKind::Failed => Ink::Failed,
        OutcomeKind::Invalid => Ink::Invalid,
        OutcomeKind::Skipped => Ink::Skipped,
    }
}

fn meaning(kind: OutcomeKind) -> &'static str {
    match kind {
        OutcomeKind::Associated => "HubSpot’s reply confirms the link.",
        OutcomeKind::Rejected => "HubSpot’s definite no: mend the cause, then send again.",
        OutcomeKind::Failed => "A passing cause outlived the attempts: send again later.",
        OutcomeKind::Invalid => "Never sent: the row itself is wrong.",
        OutcomeKind::Skipped => "Never sent: there was nothing to do.",
    }
}

fn outcomes(tally: &Tally) -> Vec<Outcome> {
    let settled = tally.settled();
    OutcomeKind::ALL
        .into_iter()
        .map(|kind| Outcome {
            color: ink(kind).hex(),
            word: kind.as_str(),
            rows: grouped(tally.of(kind)),
            share: share(tally.of(kind), settled),
            meaning: meaning(kind),
        })
        .collect()
}

/// `3.4 %`; what is there is never said to be nothing, nor what is not all to be all.
fn share(part: u64, whole: u64) -> String {
    if whole == 0 || part == 0 {
        return "0 %".to_owned();
    }
    if part == whole {
        return "100 %".to_owned();
    }
    match part as f64 / whole as f64 * 100.0 {
        share if share < 0.1 => "under 0.1 %".to_owned(),
        share if share > 99.9 => "over 99.9 %".to_owned(),
        share => format!("{share:.1} %"),
    }
}

fn outcome_chart(tally: &Tally) -> Chart {
    let settled = tally.settled();
    let there = OutcomeKind::ALL
        .into_iter()
        .filter(|&kind| tally.of(kind) > 0);
    let told: Vec<String> = there
        .map(|kind| format!("{} {kind}", share(tally.of(kind), settled)))
        .collect();
    Chart {
        alt: format!("Rows by outcome: {}.", told.join(", ")),
        svg: shares(&OutcomeKind::ALL.map(|kind| (ink(kind), tally.of(kind)))),
        keys: Vec::new(),
    }
}

fn category(count: &CategoryCount) -> Category {
    Category {
        name: excerpt(&count.category, 120),
        outcome: count.kind.as_str(),
        rows: rows(count.rows),
        advice: capital(advice(count)),
        examples: count.examples.iter().map(sample).collect(),
    }
}

fn sample(example: &Example) -> Sample {
    let [from_type, from_id, to_type, to_id] =
        example.values.each_ref().map(|value| excerpt(value, 60));
    Sample {
        row: grouped(example.key.row),
        line: grouped(example.key.line),
        pair: format!("{from_type} {from_id} → {to_type} {to_id}"),
        status: example
            .http_status
            .map_or("none".to_owned(), |status| status.to_string()),
        message: excerpt(&example.message, MAX_MESSAGE_CHARS),
        correlation_id: match &example.correlation_id {
            Some(id) => excerpt(id, 200),
            None => "none".to_owned(),
        },
    }
}

fn time(statistics: &Statistics, knows_throttled: bool) -> Option<Time> {
    let timeline = statistics.timeline();
    let slots: Vec<(i64, Slot)> = timeline.slots().collect();
    if slots.is_empty() {
        return None;
    }
    let axis = TimeAxis::of(timeline);
    Some(Time {
        throughput: throughput(timeline, &slots, &axis),
        trouble: trouble(timeline, &slots, &axis, knows_throttled),
        note: if knows_throttled {
            "429s are those of this run, at the moment they came; earlier runs with the same report left no note of theirs."
        } else {
            "The report tells how often a row was sent, not which of its replies were 429s: import --html counts those."
        },
        slot: span(std::time::Duration::from_secs(
            timeline.seconds().unsigned_abs(),
        )),
        has_throttled: knows_throttled,
        slots: slots
            .iter()
            .filter(|(_, slot)| *slot != Slot::default())
            .map(|(second, slot)| {
                [
                    formatted(*second, "%Y-%m-%d %H:%M:%S"),
                    grouped(slot.rows()),
                    per_second(slot.rows() as f64 / timeline.seconds() as f64),
                    grouped(slot.rejected),
                    grouped(slot.failed),
                    grouped(slot.sent_again),
                    grouped(slot.throttled),
                ]
            })
            .collect(),
    })
}

fn throughput(timeline: &Timeline, slots: &[(i64, Slot)], axis: &TimeAxis) -> Chart {
    let seconds = timeline.seconds() as f64;
    let values: Vec<f64> = slots
        .iter()
        .map(|(_, slot)| slot.rows() as f64 / seconds)
        .collect();
    let highest = (0..values.len()).max_by(|&a, &b| values[a].total_cmp(&values[b]));
    let highest = highest.unwrap_or_default();
    let total: f64 = values.iter().sum();
    Chart {
        alt: format!(
            "Rows per second over time: {} on average, {} at most, at {} (UTC).",
            per_second(total / values.len() as f64),
            per_second(values[highest]),
            formatted(slots[highest].0, "%H:%M:%S on %d %b %Y"),
        ),
        svg: over_time(
            axis,
            &[Series {
                ink: Ink::Associated,
                values,
            }],
            "rows per second",
        ),
        keys: Vec::new(),
    }
}

/// `minute`, `5 minutes`: what fits behind "per".
fn slot_name(seconds: i64) -> String {
    let units = [
        (604_800, "week"),
        (86_400, "day"),
        (3600, "hour"),
        (60, "minute"),
        (1, "second"),
    ];
    let fits = |(length, _): &(i64, &str)| seconds % length == 0;
    let (length, unit) = units.into_iter().find(fits).unwrap_or((1, "second"));
    match seconds / length {
        1 => unit.to_owned(),
        many => format!("{many} {unit}s"),
    }
}

type CountOf = fn(&Slot) -> u64;

fn trouble(
    timeline: &Timeline,
    slots: &[(i64, Slot)],
    axis: &TimeAxis,
    knows_throttled: bool,
) -> Chart {
    let total = timeline.total();
    let mut lines: Vec<(Ink, &'static str, CountOf)> = vec![
        (Ink::Rejected, "rejected", |slot| slot.rejected),
        (Ink::Failed, "failed", |slot| slot.failed),
        (Ink::SentAgain, "sent again", |slot| slot.sent_again),
    ];
    if knows_throttled {
        lines.push((Ink::Throttled, "answered 429", |slot| slot.throttled));
    }
    // A line that never leaves the ground only hides the others.
    let drawn: Vec<_> = lines
        .iter()
        .filter(|(.., count)| count(&total) > 0)
        .collect();
    let series: Vec<Series> = drawn
        .iter()
        .map(|(ink, _, count)| Series {
            ink: *ink,
            values: slots.iter().map(|(_, slot)| count(slot) as f64).collect(),
        })
        .collect();
    let told: Vec<String> = lines
        .iter()
        .map(|(_, word, count)| format!("{} {word}", grouped(count(&total))))
        .collect();
    let unit = format!("per {}", slot_name(timeline.seconds()));
    Chart {
        alt: format!("Over all the time: {}.", told.join(", ")),
        svg: over_time(axis, &series, &unit),
        keys: drawn.iter().map(|(ink, word, _)| (*ink, *word)).collect(),
    }
}

fn duration(statistics: &Statistics) -> Option<Duration> {
    let percentiles = statistics.durations().percentiles()?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "an average of milliseconds"
    )]
    let mean = percentiles.mean.round() as u64;
    let sent: u64 = statistics.attempts().map(|(_, rows)| rows).sum();
    Some(Duration {
        chart: duration_chart(statistics.durations(), percentiles.p50, percentiles.p99),
        percentiles: vec![
            ("shortest", milliseconds(percentiles.min)),
            ("half of the rows within", milliseconds(percentiles.p50)),
            ("90 % within", milliseconds(percentiles.p90)),
            ("95 % within", milliseconds(percentiles.p95)),
            ("99 % within", milliseconds(percentiles.p99)),
            ("99.9 % within", milliseconds(percentiles.p99_9)),
            ("longest", milliseconds(percentiles.max)),
            ("average", milliseconds(mean)),
        ],
        attempts: statistics
            .attempts()
            .map(|(attempts, rows)| {
                let more = if attempts == MANY_ATTEMPTS as u64 {
                    " or more"
                } else {
                    ""
                };
                (
                    format!("{attempts}{more}"),
                    grouped(rows),
                    share(rows, sent),
                )
            })
            .collect(),
    })
}

fn duration_chart(durations: &Durations, half: u64, most: u64) -> Chart {
    let buckets = durations.buckets();
    let counts: Vec<u64> = buckets.iter().map(|bucket| bucket.rows).collect();
    let ends = buckets.iter().map(|bucket| bucket.to).next_back();
    let edges: Vec<String> = buckets
        .iter()
        .map(|bucket| bucket.from)
        .chain(ends)
        .map(|edge| match edge {
            u64::MAX => "longer".to_owned(),
            edge => milliseconds(edge),
        })
        .collect();
    Chart {
        alt: format!(
            "Rows by how long they took: half of them at most {}, 99 % at most {}.",
            milliseconds(half),
            milliseconds(most)
        ),
        svg: bars(
            Ink::Throttled,
            &counts,
            &edges,
            "from the first request to the last reply",
        ),
        keys: Vec::new(),
    }
}

/// `40 ms`, `1.5 s`, `3m 7s`.
fn milliseconds(milliseconds: u64) -> String {
    match milliseconds {
        0..1000 => format!("{milliseconds} ms"),
        1000..60_000 => {
            let seconds = format!("{:.1}", milliseconds as f64 / 1000.0);
            format!("{} s", seconds.trim_end_matches(".0"))
        }
        _ => span(std::time::Duration::from_millis(milliseconds)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_never_says_all_or_nothing_where_that_is_not_so() {
        for (part, whole, text) in [
            (0, 0, "0 %"),
            (0, 10, "0 %"),
            (10, 10, "100 %"),
            (1, 3, "33.3 %"),
            (1, 10_000_000, "under 0.1 %"),
            (9_999_999, 10_000_000, "over 99.9 %"),
        ] {
            assert_eq!(share(part, whole), text);
        }
    }

    #[test]
    fn a_slot_is_named_as_people_would() {
        for (seconds, name) in [
            (1, "second"),
            (15, "15 seconds"),
            (60, "minute"),
            (900, "15 minutes"),
            (14_400, "4 hours"),
            (604_800, "week"),
        ] {
            assert_eq!(slot_name(seconds), name);
        }
    }

    #[test]
    fn times_are_told_in_the_unit_that_fits() {
        for (time, text) in [
            (0, "0 ms"),
            (999, "999 ms"),
            (1000, "1 s"),
            (1500, "1.5 s"),
            (187_000, "3m 7s"),
        ] {
            assert_eq!(milliseconds(time), text);
        }
    }
}
