//! The part of the page about progress and errors over time. Pure.

use crate::number::{grouped, per_second};
use crate::output::html::chart::{Series, SeriesStyle, over_time};
use crate::output::html::figure::Figure;
use crate::output::html::time_axis::{TimeAxis, formatted};
use crate::report::stats::statistics::Statistics;
use crate::report::stats::timeline::{Slot, Timeline};

/// The rows by the time at which they ended.
pub(crate) struct TimelineChart {
    pub(crate) throughput: Figure,
    pub(crate) failures: Figure,
    pub(crate) note: &'static str,
    pub(crate) slot: String,
    pub(crate) has_throttled: bool,
    pub(crate) slots: Vec<[String; 7]>,
}

impl TimelineChart {
    /// Creates the chart from the statistics of a report; `None` if no row was sent. Only the run itself knows its
    /// 429 replies.
    pub(crate) fn of(statistics: &Statistics, knows_throttled: bool) -> Option<Self> {
        let timeline = statistics.timeline();
        let slots: Vec<(i64, Slot)> = timeline.slots().collect();
        if slots.is_empty() {
            return None;
        }
        let axis = TimeAxis::of(timeline);
        Some(Self {
            throughput: throughput(timeline, &slots, &axis),
            failures: failures(timeline, &slots, &axis, knows_throttled),
            note: if knows_throttled {
                "The numbers of replies with status 429 are of this run only. The report does not record the replies of earlier runs."
            } else {
                "The report does not record replies with status 429. The page that import --html writes counts them."
            },
            slot: slot_name(timeline.seconds()),
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
}

fn throughput(timeline: &Timeline, slots: &[(i64, Slot)], axis: &TimeAxis) -> Figure {
    let seconds = timeline.seconds() as f64;
    let values: Vec<f64> = slots
        .iter()
        .map(|(_, slot)| slot.rows() as f64 / seconds)
        .collect();
    let highest = (0..values.len()).max_by(|&a, &b| values[a].total_cmp(&values[b]));
    let highest = highest.unwrap_or_default();
    let total: f64 = values.iter().sum();
    Figure {
        alt: format!(
            "Rows per second over time: {} on average, {} at most, at {} (UTC).",
            per_second(total / values.len() as f64),
            per_second(values[highest]),
            formatted(slots[highest].0, "%H:%M:%S on %d %b %Y"),
        ),
        svg: over_time(
            axis,
            &[Series {
                series_style: SeriesStyle::Associated,
                values,
            }],
            "rows per second",
        ),
        keys: Vec::new(),
    }
}

/// `minute`, `5 minutes`: the words after "per".
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

fn failures(
    timeline: &Timeline,
    slots: &[(i64, Slot)],
    axis: &TimeAxis,
    knows_throttled: bool,
) -> Figure {
    let total = timeline.total();
    let mut lines: Vec<(SeriesStyle, &'static str, CountOf)> = vec![
        (SeriesStyle::Rejected, "rejected", |slot| slot.rejected),
        (SeriesStyle::Failed, "failed", |slot| slot.failed),
        (SeriesStyle::SentAgain, "sent again", |slot| slot.sent_again),
    ];
    if knows_throttled {
        lines.push((SeriesStyle::Throttled, "replies with status 429", |slot| {
            slot.throttled
        }));
    }
    // A line that is always 0 only hides the others.
    let drawn: Vec<_> = lines
        .iter()
        .filter(|(.., count)| count(&total) > 0)
        .collect();
    let series: Vec<Series> = drawn
        .iter()
        .map(|(series_style, _, count)| Series {
            series_style: *series_style,
            values: slots.iter().map(|(_, slot)| count(slot) as f64).collect(),
        })
        .collect();
    let totals: Vec<String> = lines
        .iter()
        .map(|(_, word, count)| format!("{} {word}", grouped(count(&total))))
        .collect();
    let unit = format!("per {}", slot_name(timeline.seconds()));
    Figure {
        alt: format!("In total: {}.", totals.join(", ")),
        svg: over_time(axis, &series, &unit),
        keys: drawn
            .iter()
            .map(|(series_style, word, _)| (*series_style, *word))
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_width_of_a_slot_is_given_in_words() {
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
}
