//! The composite family: several records or requests in one. `reference/rest.md` §5.
//!
//! [`handle`] finds the resource by path and version. [`composite`], [`batch`] and [`graph`] read
//! [`subrequest`]s and run them through the dispatch of the socket's requests, with [`references`] to
//! earlier answers; [`collections`] and [`tree`] write many records in one transaction.
//! What must hold together runs in one `org::Unit`, which is published or dropped as a whole.

mod batch;
mod collections;
#[allow(clippy::module_inception)] // The resource has the name of its family.
mod composite;
mod graph;
mod records;
mod references;
mod subrequest;
#[cfg(test)]
mod tests;
mod tree;

pub(super) use records::push_faults;

use super::http::Method;
use super::json;
use super::reply::Reply;
use super::rest::{Call, Outcome};
use crate::error::OrgError;

/// What lies under `composite`, and the version that brought it.
const RESOURCES: [(&str, u32); 4] = [("tree", 34), ("batch", 34), ("sobjects", 42), ("graph", 50)];

/// Anything under `/composite`.
pub fn handle(call: &Call<'_>, path: &[&str]) -> Outcome {
    let since = match path.first() {
        None if call.reads() => 34,
        None => 38,
        Some(name) => {
            let resource = RESOURCES.iter().find(|(own, _)| own == name);
            resource.map(|(_, since)| *since).ok_or_else(OrgError::not_found)?
        }
    };
    if call.version < since {
        return Err(OrgError::not_found().into());
    }
    match path {
        [] if call.reads() => Ok(list(call)),
        [] if call.method == Method::Post => composite::handle(call),
        [] => call.only("HEAD,GET,POST"),
        ["batch"] if call.method == Method::Post => batch::handle(call),
        ["graph"] if call.method == Method::Post => graph::handle(call),
        ["tree", object] if call.method == Method::Post => tree::handle(call, object),
        ["batch" | "graph"] | ["tree", _] => call.only("POST"),
        ["sobjects", rest @ ..] => collections::handle(call, rest),
        _ => Err(OrgError::not_found().into()),
    }
}

/// The resources of the family.
fn list(call: &Call<'_>) -> Reply {
    let mut out = String::with_capacity(256);
    let known = RESOURCES.iter().filter(|(_, since)| *since <= call.version);
    for (place, (name, _)) in known.enumerate() {
        out.push_str(if place == 0 { "{\"" } else { ",\"" });
        out.push_str(name);
        out.push_str("\":\"/services/data/v");
        json::push_int(&mut out, i64::from(call.version));
        out.push_str(".0/composite/");
        out.push_str(name);
        out.push('"');
    }
    out.push('}');
    Reply::json(out, "composite")
}

/// Composite requests and batches do not nest; collections are a part of composite requests.
fn nothing_nested(_: &str, path: &[&str]) -> Result<(), OrgError> {
    match path {
        ["composite", "sobjects", ..] => Ok(()),
        ["composite", ..] => Err(OrgError::not_in_composite(&path.join("/"))),
        _ => Ok(()),
    }
}
