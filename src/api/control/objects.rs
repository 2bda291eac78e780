//! Adds objects and fields to an org's schema.

use super::super::json;
use super::body;
use super::{Answer, Call};
use crate::error::ControlError;
use crate::org::Org;
use crate::schema::{ImportError, Schema, import};
use std::sync::Arc;

/// Takes one describe or a list of describes and answers the names of their objects.
pub(super) fn add(call: &Call<'_>, org: &Org) -> Answer {
    let text = body::text(call.request)?;
    if text.trim_start().starts_with('<') {
        return Err(ControlError::not_emulated("Metadata XML of objects"));
    }
    let invalid = |error: ImportError| ControlError::invalid(error.message).at(error.path);
    let additions = import::describe(&text).map_err(invalid)?;
    let now = org.now(call.now);
    org.change(|state| {
        let mut schema = Schema::clone(&state.schema);
        schema.extend(additions)?;
        state.set_schema(Arc::new(schema), now);
        Ok(())
    })
    .map_err(invalid)?;
    Ok((201, names_json(&text)))
}

fn names_json(text: &str) -> String {
    let json: serde_json::Value = serde_json::from_str(text).unwrap_or_default();
    let list = json.as_array().map_or(std::slice::from_ref(&json), Vec::as_slice);
    let names = list.iter().filter_map(|object| object["name"].as_str());
    let mut out = String::from("{\"objects\":[");
    for (place, name) in names.enumerate() {
        if place > 0 {
            out.push(',');
        }
        json::push_str(&mut out, name);
    }
    out.push_str("]}");
    out
}
