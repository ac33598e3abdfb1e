//! Files on disk: read with a bound, written so that others only ever see them whole.

pub mod atomic_file;
pub mod bounded_file;
pub mod lock;
pub mod lock_file;
pub mod lock_owner;
pub mod output_error;
