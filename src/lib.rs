//! # fauxforce
//!
//! A local Salesforce org for tests.
#![warn(missing_docs)]

pub mod api;
pub mod clock;
#[doc(hidden)]
pub mod dml;
pub mod error;
pub mod id;
#[doc(hidden)]
pub mod objects;
mod org;
pub mod schema;
pub mod soql;
#[doc(hidden)]
pub mod store;
pub mod time;
pub mod value;
