//! The `fauxforce` binary.

fn main() {}
