//! # fauxforce
//!
//! A local Salesforce org for tests.
#![warn(missing_docs)]

pub mod api;
#[cfg(feature = "cli")]
pub mod cli;
pub mod clock;
#[doc(hidden)]
pub mod dml;
pub mod error;
pub mod id;
#[doc(hidden)]
pub mod objects;
mod org;
#[allow(dead_code)]
mod scenario;
pub mod schema;
#[cfg(feature = "server")]
pub mod server;
pub mod soql;
pub mod sosl;
#[doc(hidden)]
pub mod store;
pub mod time;
pub mod value;
