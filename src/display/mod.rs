//! Output for people: progress (a bar or lines) and the log on stderr, the summary on stdout.
//!
//! Only this folder and [`crate::error`] write to the terminal. The output is derived from events and
//! the counters in them; this module counts nothing.

mod check_text;
mod doctor_text;
mod duplicate_filter;
mod log;
mod observer;
mod progress;
mod screen;
mod stderr;
mod terminal;

pub use check_text::Checked;
pub use doctor_text::{remarks_to_json, remarks_to_text};
pub use log::start_log;
pub use observer::Display;
pub use screen::{OutputOptions, Screen};
