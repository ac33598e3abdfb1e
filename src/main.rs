//! Parse, run, exit; no decisions.

fn main() {}
