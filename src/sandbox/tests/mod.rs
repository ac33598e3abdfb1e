//! The rules as a whole without sockets, the bodies against the published schemas, and the bytes on real sockets.

mod batches;
mod faults;
mod labels;
mod limits;
mod links;
mod pairs;
mod read_schemas;
mod records;
mod schemas;
mod searches;
mod sockets;
mod support;
