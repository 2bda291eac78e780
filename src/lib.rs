//! # fauxforce
//!
//! A local Salesforce org for tests.
#![warn(missing_docs)]

pub mod api;
pub mod clock;
mod dml;
pub mod error;
pub mod id;
mod objects;
mod org;
pub mod schema;
pub mod soql;
mod store;
pub mod time;
pub mod value;
