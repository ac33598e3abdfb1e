//! The time axis of a chart: its slots, ticks and labels. All in UTC.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::report::stats::timeline::Timeline;

const MINUTE: i64 = 60;
const HOUR: i64 = 3600;
const DAY: i64 = 86_400;

/// The possible steps between two ticks, in seconds, in the usual units of time.
const STEPS: [i64; 19] = [
    1,
    2,
    5,
    10,
    15,
    30,
    MINUTE,
    2 * MINUTE,
    5 * MINUTE,
    10 * MINUTE,
    15 * MINUTE,
    30 * MINUTE,
    HOUR,
    2 * HOUR,
    3 * HOUR,
    6 * HOUR,
    12 * HOUR,
    DAY,
    2 * DAY,
];

/// The maximum number of ticks: their labels must not overlap.
const MAX_TICKS: i64 = 5;

/// The time span of a chart.
pub(crate) struct TimeAxis {
    start: i64,
    width: i64,
    slots: i64,
}

impl TimeAxis {
    /// The title below the axis.
    pub(crate) const TITLE: &str = "time of day, UTC";

    /// Creates the axis of a timeline.
    pub(crate) fn of(timeline: &Timeline) -> Self {
        Self {
            start: timeline.slots().next().map_or(0, |(second, _)| second),
            width: timeline.seconds(),
            slots: i64::try_from(timeline.slots().count().max(1)).unwrap_or(1),
        }
    }

    fn end(&self) -> i64 {
        self.start + self.slots * self.width
    }

    /// The start and the end, in seconds since 1970.
    pub(crate) fn range(&self) -> (f64, f64) {
        (float(self.start), float(self.end()))
    }

    /// The start and the end of each slot.
    pub(crate) fn slots(&self) -> impl Iterator<Item = (f64, f64)> {
        let starts = (0..self.slots).map(|slot| self.start + slot * self.width);
        starts.map(|start| (float(start), float(start + self.width)))
    }

    fn step(&self) -> i64 {
        let span = self.end() - self.start;
        let fits = |step: &i64| span / step <= MAX_TICKS;
        STEPS.into_iter().find(fits).unwrap_or_else(|| {
            let days = span / MAX_TICKS / DAY + 1;
            days * DAY
        })
    }

    /// The positions of the ticks.
    pub(crate) fn ticks(&self) -> Vec<f64> {
        let step = self.step();
        let first = self.start.div_euclid(step) + i64::from(self.start.rem_euclid(step) > 0);
        let last = self.end().div_euclid(step);
        (first..=last).map(|tick| float(tick * step)).collect()
    }

    /// The label below a tick.
    pub(crate) fn label(&self, second: f64) -> String {
        let form = match self.step() {
            DAY.. => "%d %b",
            MINUTE.. if self.spans_days() => "%d %b %H:%M",
            MINUTE.. => "%H:%M",
            _ => "%H:%M:%S",
        };
        #[expect(clippy::cast_possible_truncation, reason = "whole seconds")]
        formatted(second as i64, form)
    }

    fn spans_days(&self) -> bool {
        self.start.div_euclid(DAY) != (self.end() - 1).div_euclid(DAY)
    }
}

/// A time in UTC, formatted as `form`.
pub(crate) fn formatted(second: i64, form: &str) -> String {
    match Timestamp::from_second(second) {
        Ok(time) => TimeZone::UTC.to_datetime(time).strftime(form).to_string(),
        Err(_) => String::new(),
    }
}

fn float(second: i64) -> f64 {
    second as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(seconds: impl IntoIterator<Item = i64>) -> Vec<String> {
        let mut timeline = Timeline::default();
        for second in seconds {
            timeline.at(second).associated += 1;
        }
        let axis = TimeAxis::of(&timeline);
        axis.ticks()
            .into_iter()
            .map(|tick| axis.label(tick))
            .collect()
    }

    #[test]
    fn ticks_are_at_round_times() {
        let nine: i64 = "2026-05-04T09:00:00Z"
            .parse::<Timestamp>()
            .unwrap()
            .as_second();
        assert_eq!(
            labels(nine..nine + 9),
            ["09:00:00", "09:00:02", "09:00:04", "09:00:06", "09:00:08"]
        );
        assert_eq!(
            labels([nine + 7, nine + 1500]),
            ["09:00", "09:05", "09:10", "09:15", "09:20", "09:25"]
        );
        assert_eq!(
            labels([nine, nine + 16 * HOUR]),
            [
                "04 May 09:00",
                "04 May 12:00",
                "04 May 15:00",
                "04 May 18:00",
                "04 May 21:00",
                "05 May 00:00"
            ]
        );
        assert_eq!(
            labels([nine, nine + 4 * DAY]),
            ["05 May", "06 May", "07 May", "08 May"]
        );
        assert!(labels([nine, nine + 400 * DAY]).len() <= 6);
        assert_eq!(labels([nine]), ["09:00:00", "09:00:01"]);
    }
}
