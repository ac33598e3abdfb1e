//! How fast requests may leave. Every one of them, retries included, takes a turn at the [`Gate`].
//!
//! [`Control`] decides (pure: observation in, pace out); [`Gate`] keeps the time. Whoever holds the gate
//! asks for a turn, sends, and tells it what came back.

mod control;
mod gate;

pub use control::{Control, Observation, Pace, PaceError, RateSetting};
pub use gate::Gate;
