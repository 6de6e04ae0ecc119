//! imdsure
fn main() {}
