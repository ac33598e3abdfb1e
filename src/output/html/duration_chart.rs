//! The part of the page about durations and requests per row. Pure.

use std::time::Duration;

use crate::number::{grouped, span};
use crate::output::html::chart::{SeriesStyle, bars};
use crate::output::html::figure::{Figure, share};
use crate::report::stats::durations::Durations;
use crate::report::stats::statistics::{MANY_ATTEMPTS, Statistics};

/// The durations of rows.
pub(crate) struct DurationChart {
    pub(crate) figure: Figure,
    pub(crate) percentiles: Vec<(&'static str, String)>,
    pub(crate) attempts: Vec<(String, String, String)>,
}

impl DurationChart {
    /// Creates the chart from the statistics of a report; `None` if no row was sent.
    pub(crate) fn of(statistics: &Statistics) -> Option<Self> {
        let percentiles = statistics.durations().percentiles()?;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "an average of milliseconds"
        )]
        let mean = percentiles.mean.round() as u64;
        let sent: u64 = statistics.attempts().map(|(_, rows)| rows).sum();
        Some(Self {
            figure: figure(statistics.durations(), percentiles.p50, percentiles.p99),
            percentiles: vec![
                ("shortest", milliseconds(percentiles.min)),
                ("50 % of the rows within", milliseconds(percentiles.p50)),
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
}

fn figure(durations: &Durations, half: u64, most: u64) -> Figure {
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
    Figure {
        alt: format!(
            "Rows by duration: half of them took at most {}, 99 % at most {}.",
            milliseconds(half),
            milliseconds(most)
        ),
        svg: bars(
            SeriesStyle::Throttled,
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
        _ => span(Duration::from_millis(milliseconds)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_shown_in_the_unit_that_fits() {
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
