//! The HTML report.

mod categories;
pub mod chart;
pub mod duration_chart;
pub mod figure;
mod frame;
pub mod page;
#[cfg(test)]
mod tests;
pub mod time_axis;
pub mod timeline_chart;
pub mod verify_page;
pub mod view;
