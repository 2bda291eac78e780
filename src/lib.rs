//! # fauxforce
//!
//! A local Salesforce org for tests.
#![warn(missing_docs)]

pub mod api;
#[cfg(feature = "cli")]
pub mod cli;
pub mod clock;
pub mod error;
pub mod id;
#[cfg(feature = "server")]
pub mod server;
pub mod time;
pub mod value;
