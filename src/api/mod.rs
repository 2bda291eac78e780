//! Protocol adapters on plain structs: bytes in, bytes out.

mod apex_rest;
mod auth;
mod body;
mod composite;
mod concur;
mod control;
pub mod describe;
mod doc_text;
mod entry;
mod facts;
mod hints;
pub mod home;
mod http;
mod jackson;
mod journal;
pub mod json;
mod keys;
pub mod layouts;
mod list_views;
#[cfg(feature = "server")]
pub(crate) mod outbound;
mod params;
mod query_columns;
pub mod query_json;
mod record;
pub mod render;
mod reply;
mod rest;
mod route;
mod scim;
mod search_json;
mod session;
mod soap;
mod strike;
mod trace;
#[cfg(feature = "cli")]
mod tree;
mod ui;
mod xml;

pub(crate) use control::diff_json;
#[cfg(feature = "server")]
pub(crate) use control::push_org;
pub use facts::Operation;
pub use http::{
    HeaderText, Headers, Method, Origin, Pause, Pending, Request, RequestBody, Response,
    ResponseBody, Resumed, Transport, Until,
};
pub(crate) use journal::{Pattern, Status, Times, json_tree, push as push_exchange, told};
pub use route::handle;
#[cfg(feature = "cli")]
pub(crate) use tree::Json;

use crate::org::Hooks;
use crate::provisioning;

/// What the floors from here down do in every org.
pub(crate) static HOOKS: Hooks = Hooks {
    writes: provisioning::WRITES,
    step: |kind| provisioning::step(kind).or_else(|| concur::step(kind)),
    answered: |kind| provisioning::answered(kind).or_else(|| concur::answered(kind)),
};
