//! Runs that read or remove links, against an API in memory.

mod batch;
mod crm;
mod import;
mod kills;
mod labels;
mod limits;
mod property;
mod sandbox;
mod stops;
mod undo;
mod undo_labels;
mod verify;
mod world;
mod writes;
