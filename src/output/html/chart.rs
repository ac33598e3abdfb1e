//! Renders charts as inline SVG. Pure.
//!
//! Colours are those of the light page; page.css maps them to the colours of the dark one.

use std::ops::Range;

use plotters::coord::Shift;
use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;

use crate::output::html::time_axis::TimeAxis;

/// Twice the displayed size, because the library draws at whole pixels.
const SIZE: (u32, u32) = (960, 440);

/// The size of the bar of outcomes.
const BAR_SIZE: (u32, u32) = (1920, 72);

const FONT: (&str, u32) = ("sans-serif", 32);

const GRID: RGBColor = RGBColor(0xd9, 0xd9, 0xde);
const AXIS: RGBColor = RGBColor(0x8a, 0x8a, 0x94);
const LABEL: RGBColor = RGBColor(0x55, 0x55, 0x5e);

/// The colour and line style of a series; both distinguish it from the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SeriesStyle {
    Associated,
    Rejected,
    Failed,
    Invalid,
    Skipped,
    Throttled,
    SentAgain,
}

impl SeriesStyle {
    #[cfg(test)]
    pub(crate) const ALL: [Self; 7] = [
        Self::Associated,
        Self::Rejected,
        Self::Failed,
        Self::Invalid,
        Self::Skipped,
        Self::Throttled,
        Self::SentAgain,
    ];

    fn color(self) -> RGBColor {
        match self {
            Self::Associated => RGBColor(0x1f, 0x6f, 0x54),
            Self::Rejected => RGBColor(0xb3, 0x26, 0x1e),
            Self::Failed => RGBColor(0x9a, 0x5b, 0x00),
            Self::Invalid => RGBColor(0x6a, 0x3d, 0x9a),
            Self::Skipped => RGBColor(0x6b, 0x70, 0x78),
            Self::Throttled => RGBColor(0x0b, 0x57, 0xa4),
            Self::SentAgain => RGBColor(0x7a, 0x52, 0x30),
        }
    }

    /// The colour as written in CSS and SVG.
    pub(crate) fn hex(self) -> String {
        let RGBColor(red, green, blue) = self.color();
        format!("#{red:02X}{green:02X}{blue:02X}")
    }

    /// Lines that may cross differ in more than their colour.
    pub(crate) fn is_dashed(self) -> bool {
        matches!(self, Self::Failed | Self::SentAgain)
    }
}

/// One line of a chart over time: its style and a value for each slot.
pub(crate) struct Series {
    pub(crate) series_style: SeriesStyle,
    pub(crate) values: Vec<f64>,
}

/// Values over time, one for each whole slot. The first series is filled if it is the only one.
pub(crate) fn over_time(axis: &TimeAxis, series: &[Series], unit: &str) -> String {
    let most = series.iter().flat_map(|series| &series.values);
    let most = most.copied().fold(0.0, f64::max);
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        let (start, end) = axis.range();
        let x = Ticks::at(start..end, axis.ticks());
        let label = |second: &f64| axis.label(*second);
        let mut chart = chart(&area, x, top(most), unit, &label, TimeAxis::TITLE);
        for Series {
            series_style,
            values,
        } in series
        {
            let points = steps(axis, values);
            let style = series_style.color().stroke_width(4);
            let drawn = if series_style.is_dashed() {
                chart
                    .draw_series(DashedLineSeries::new(points, 12, 8, style))
                    .map(drop)
            } else if series.len() == 1 {
                let fill = series_style.color().mix(0.18);
                let filled = AreaSeries::new(points, 0.0, fill).border_style(style);
                chart.draw_series(filled).map(drop)
            } else {
                chart.draw_series(LineSeries::new(points, style)).map(drop)
            };
            drawn.expect("drawing to a string does not fail");
        }
        area.present().expect("drawing to a string does not fail");
    }
    svg
}

/// A bar for each count; `edges` are the labels between the bars, one more than there are counts.
pub(crate) fn bars(
    series_style: SeriesStyle,
    counts: &[u64],
    edges: &[String],
    title: &str,
) -> String {
    let most = counts.iter().copied().max().unwrap_or_default();
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        let end = counts.len().max(1) as f64;
        // Labels are thinned out so that they do not overlap.
        let every = edges.len().div_ceil(8).max(1);
        let ticks = (0..edges.len()).step_by(every).map(|edge| edge as f64);
        let x = Ticks::at(0.0..end, ticks.collect());
        let label = |edge: &f64| {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "the number of an edge"
            )]
            let edge = edge.round() as usize;
            edges.get(edge).cloned().unwrap_or_default()
        };
        let mut chart = chart(&area, x, top(most as f64), "rows", &label, title);
        let bars = (0_u32..).map(f64::from).zip(counts).map(|(place, &count)| {
            let corners = [(place + 0.06, 0.0), (place + 0.94, count as f64)];
            Rectangle::new(corners, series_style.color().filled())
        });
        chart
            .draw_series(bars)
            .expect("drawing to a string does not fail");
        area.present().expect("drawing to a string does not fail");
    }
    svg
}

/// One bar, divided in proportion to the counts. Every count above 0 is visible.
pub(crate) fn shares(counts: &[(SeriesStyle, u64)]) -> String {
    let (width, height) = (BAR_SIZE.0.cast_signed(), BAR_SIZE.1.cast_signed());
    let total: u64 = counts.iter().map(|(_, count)| count).sum();
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, BAR_SIZE).into_drawing_area();
        let mut from = 0;
        for &(series_style, count) in counts.iter().filter(|(_, count)| *count > 0) {
            #[expect(clippy::cast_possible_truncation, reason = "a share of the width")]
            let share = (count as f64 / total as f64 * f64::from(width)).round() as i32;
            let to = (from + share.max(8)).min(width);
            let bar = Rectangle::new([(from, 0), (to, height)], series_style.color().filled());
            area.draw(&bar).expect("drawing to a string does not fail");
            from = to + 4;
        }
        area.present().expect("drawing to a string does not fail");
    }
    svg
}

/// The height of a chart: a little above the highest value, and never 0.
fn top(most: f64) -> f64 {
    if most > 0.0 { most * 1.08 } else { 1.0 }
}

/// Both ends of each slot, at the height of its value.
fn steps(axis: &TimeAxis, values: &[f64]) -> Vec<(f64, f64)> {
    let slots = axis.slots().zip(values);
    slots
        .flat_map(|((from, to), &value)| [(from, value), (to, value)])
        .collect()
}

/// An axis with ticks at chosen positions instead of round numbers.
struct Ticks {
    axis: RangedCoordf64,
    at: Vec<f64>,
}

impl Ticks {
    fn at(range: Range<f64>, at: Vec<f64>) -> Self {
        Self {
            axis: range.into(),
            at,
        }
    }
}

impl Ranged for Ticks {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, limit: (i32, i32)) -> i32 {
        self.axis.map(value, limit)
    }

    fn key_points<Hint: KeyPointHint>(&self, _hint: Hint) -> Vec<f64> {
        self.at.clone()
    }

    fn range(&self) -> Range<f64> {
        self.axis.range()
    }
}

impl ValueFormatter<f64> for Ticks {
    fn format(value: &f64) -> String {
        amount(*value)
    }
}

type Area<'s> = DrawingArea<SVGBackend<'s>, Shift>;

type Chart<'s> = ChartContext<'s, SVGBackend<'s>, Cartesian2d<Ticks, RangedCoordf64>>;

/// The frame of a chart: a grid of fine lines, and labels at both axes.
fn chart<'s>(
    area: &Area<'s>,
    x: Ticks,
    top: f64,
    unit: &str,
    x_label: &dyn Fn(&f64) -> String,
    x_title: &str,
) -> Chart<'s> {
    let mut chart = ChartBuilder::on(area)
        .margin_right(72)
        .margin_top(20)
        .x_label_area_size(92)
        .y_label_area_size(132)
        .build_cartesian_2d(x, 0.0..top)
        .expect("the size is fixed");
    chart
        .configure_mesh()
        .bold_line_style(GRID.stroke_width(2))
        .light_line_style(TRANSPARENT)
        .axis_style(AXIS.stroke_width(2))
        .label_style(FONT.into_font().color(&LABEL))
        .axis_desc_style(FONT.into_font().color(&LABEL))
        .y_labels(5)
        .x_label_formatter(x_label)
        .y_label_formatter(&|value| amount(*value))
        .x_desc(x_title)
        .y_desc(unit)
        .draw()
        .expect("drawing to a string does not fail");
    chart
}

/// A number at an axis: short, without insignificant digits.
fn amount(value: f64) -> String {
    match value {
        1e6.. => format!("{} M", plain(value / 1e6)),
        1e4.. => format!("{} k", plain(value / 1e3)),
        _ => plain(value),
    }
}

fn plain(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_at_an_axis_are_short() {
        for (value, text) in [
            (0.0, "0"),
            (0.25, "0.25"),
            (15.0, "15"),
            (2500.0, "2500"),
            (40_000.0, "40 k"),
            (1_250_000.0, "1.25 M"),
        ] {
            assert_eq!(amount(value), text);
        }
    }

    #[test]
    fn every_count_above_zero_is_visible_in_the_bar() {
        let svg = shares(&[
            (SeriesStyle::Associated, 10_000_000),
            (SeriesStyle::Rejected, 1),
            (SeriesStyle::Failed, 0),
        ]);
        assert_eq!(svg.matches("<rect").count(), 2, "{svg}");
        assert!(svg.contains(&SeriesStyle::Rejected.hex()));
        assert_eq!(shares(&[]).matches("<rect").count(), 0);
    }

    #[test]
    fn every_count_has_its_bar() {
        let edges = ["1 ms", "2 ms", "5 ms", "10 ms"].map(String::from);
        let svg = bars(SeriesStyle::Associated, &[3, 0, 9], &edges, "time");
        let fill = format!("fill=\"{}\"", SeriesStyle::Associated.hex());
        assert_eq!(svg.matches(&fill).count(), 3, "{svg}");
        for edge in &edges {
            assert!(svg.contains(edge.as_str()), "{edge}");
        }
    }
}
