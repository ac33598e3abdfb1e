//! One file per command. Each only connects parts; decisions are made elsewhere.

pub mod check;
pub mod connection;
pub mod context;
pub mod counted_rows;
pub mod dispatch;
pub mod doctor;
pub mod entry;
pub mod import;
pub mod label_lists;
pub mod labels;
pub mod next_steps;
pub mod observers;
pub mod packaging;
pub mod portal;
pub mod read_ahead;
pub mod report;
pub mod resolve;
pub mod sandbox;
pub mod undo;
pub mod verify;
