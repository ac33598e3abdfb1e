//! The rules as a whole without sockets, the bodies against the published schemas, and the bytes on real sockets.

mod batches;
mod faults;
mod limits;
mod pairs;
mod records;
mod schemas;
mod searches;
mod sockets;
mod support;
