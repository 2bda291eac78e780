//! What an org begins with, and scenario files: records, generated records, what happens, what must
//! hold afterwards.

pub mod base;
mod format;
mod generate;
mod load;
mod people;
mod problem;
mod random;
pub mod settings;
mod tree;

pub use base::{administrator, empty_org};
pub use format::Scenario;
pub use load::{Loaded, load};
pub use problem::Problem;
pub use tree::Node;
