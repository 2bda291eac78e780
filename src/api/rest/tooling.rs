//! The Tooling API under `/services/data/{version}/tooling`, as far as its data is the schema's: queries,
//! describes, rows. `reference/rest.md` §7. Nothing is written through it, and no Apex runs.

use super::super::home::Home;
use super::super::reply::Reply;
use super::super::{describe, json, render};
use super::{Call, Outcome, discovery, query, rows};
use crate::error::OrgError;
use crate::schema::{Lookup, ObjectSpec, catalog};
use std::sync::Arc;

/// The resources that the guide lists.
const RESOURCES: [&str; 8] = [
    "completions",
    "executeAnonymous",
    "query",
    "runTestsAsynchronous",
    "runTestsSynchronous",
    "search",
    "sobjects",
    "tests",
];

/// Anything under `tooling`.
pub fn handle(call: &Call<'_>, path: &[&str]) -> Outcome {
    match path {
        [] => resources(call),
        ["query"] => query::query(call, query::Through::Tooling),
        ["query", locator] => query::more(call, locator),
        ["sobjects"] => discovery::derived(call, "tooling global", "DescribeGlobal", |out| {
            describe::global(out, &call.state.schema, home(call));
        }),
        ["sobjects", ..] if !call.reads() => {
            Err(OrgError::tooling_not_emulated(&path.join("/")).into())
        }
        ["sobjects", name] => {
            let mut out = String::new();
            describe::basic_info(&mut out, object(call, name)?, home(call), "[]");
            Ok(Reply::json(out, name.to_string()))
        }
        ["sobjects", name, "describe"] => {
            let object = object(call, name)?;
            let what = format!("tooling {}", object.name);
            discovery::derived(call, &what, "DescribeSObject", |out| {
                let (schema, base) = (&call.state.schema, call.entry.base_url());
                describe::sobject(out, schema, object, home(call), &base);
            })
        }
        ["sobjects", name, key] => row(call, object(call, name)?, key),
        _ => Err(OrgError::tooling_not_emulated(&path.join("/")).into()),
    }
}

fn home(call: &Call<'_>) -> Home {
    Home { version: call.version, tooling: true }
}

fn resources(call: &Call<'_>) -> Outcome {
    if !call.reads() {
        return call.only("HEAD,GET");
    }
    let mut out = String::with_capacity(512);
    for (place, name) in RESOURCES.iter().enumerate() {
        out.push(if place == 0 { '{' } else { ',' });
        json::push_str(&mut out, name);
        out.push(':');
        let url = format!("/services/data/v{}.0/tooling/{name}", call.version);
        json::push_str(&mut out, &url);
    }
    out.push('}');
    Ok(Reply::json(out, "urls"))
}

/// The object of a name in the URL, if the Tooling API has it.
fn object<'c>(call: &'c Call<'_>, name: &str) -> Result<&'c Arc<ObjectSpec>, OrgError> {
    let canonical = catalog::in_tooling(name).ok_or_else(OrgError::not_found)?;
    match call.state.schema.lookup(canonical) {
        Lookup::Object(object) => Ok(object),
        Lookup::KnownElsewhere(_) | Lookup::Unknown => {
            Err(OrgError::tooling_object_not_emulated(canonical))
        }
    }
}

fn row(call: &Call<'_>, object: &Arc<ObjectSpec>, key: &str) -> Outcome {
    let (_, row) = rows::addressed(call, object, key)?;
    let mut out = String::with_capacity(4096);
    match call.params.get("fields") {
        None => render::push_row(&mut out, object, &row, home(call)),
        Some(list) => {
            let slots = rows::fields(object, list)?;
            render::push_row_fields(&mut out, object, &row, &slots, home(call));
        }
    }
    Ok(Reply::json(out, object.name.to_string()))
}
