//! What an org begins with, and scenario files: records, generated records, what happens, what must
//! hold afterwards.

pub mod base;

pub use base::{administrator, empty_org};
