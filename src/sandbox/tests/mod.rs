//! The rules as a whole without sockets, the bodies against the published schemas, and the bytes on real sockets.

mod batches;
mod faults;
mod limits;
mod pairs;
mod schemas;
mod sockets;
mod support;
