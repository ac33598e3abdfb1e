//! The HTML report.

pub mod chart;
pub mod duration_chart;
pub mod figure;
pub mod page;
#[cfg(test)]
mod tests;
pub mod time_axis;
pub mod timeline_chart;
pub mod view;
