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
mod facade;
mod glob;
pub mod id;
#[doc(hidden)]
pub mod objects;
mod org;
mod provisioning;
mod random;
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

#[cfg(feature = "wiremock")]
pub use facade::OrgResponder;
pub use facade::{
    Expectation, Expected, Fault, FaultGuard, Options, Org, OrgBuilder, Recorded, SnapshotError,
    StartError, built_in_scenario, built_in_scenarios, check_scenario,
};
#[cfg(feature = "server")]
pub use facade::{Server, ServerBuilder};
pub use store::StateMode;

/// The README's examples are tests too.
#[cfg(all(doctest, feature = "server"))]
#[doc = include_str!("../README.md")]
struct Readme;
