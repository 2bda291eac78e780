//! # fauxforce
//!
//! A local Salesforce org for tests.
#![warn(missing_docs)]

pub mod api;
pub mod clock;
pub mod error;
pub mod id;
pub mod soql;
pub mod time;
pub mod value;
