//! `search/suggestions`: records whose names hold what a user has typed so far.
//! `reference/rest.md` §4.7.

use super::super::json;
use super::super::keys::{Keys, list};
use super::super::query_json;
use super::super::reply::Reply;
use super::{Call, Outcome, search};
use crate::error::OrgError;
use crate::schema::ObjectSpec;
use std::sync::Arc;

/// Parameters of real orgs that nothing here carries out.
const REFUSED: [&str; 7] =
    ["contextAttribute", "dynamicFields", "groupId", "networkId", "topicId", "type", "userId"];

/// Records of an answer, unless the request says otherwise.
const USUAL: usize = 5;

/// Most records of an answer.
const MOST: usize = 200;

/// Shorter texts suggest nothing.
const SHORTEST: usize = 3;

/// `GET /search/suggestions?q=acm&sobject=Account`.
pub(super) fn suggestions(call: &Call<'_>) -> Outcome {
    if !call.reads() {
        return call.only("HEAD,GET");
    }
    let asked = call.params.iter().map(|(name, _)| name);
    if let Some(name) = asked.into_iter().find(|name| REFUSED.contains(name)) {
        let what = format!("{name} of search/suggestions");
        return Err(OrgError::not_emulated(&what, "Leave the parameter out.").into());
    }
    let need = |name| call.params.get(name).ok_or_else(|| OrgError::parameter_missing(name));
    let (term, names) = (need("q")?.trim(), need("sobject")?);
    let names = names.split(',').map(str::trim).filter(|name| !name.is_empty());
    let objects = names.map(|name| call.object(name)).collect::<Result<Vec<_>, _>>()?;
    if objects.is_empty() {
        return Err(OrgError::parameter_missing("sobject").into());
    }
    let limit = match call.params.get("limit") {
        Some(text) => text
            .parse::<usize>()
            .map_err(|_| OrgError::search_parameter_not_a_number("limit", text))?
            .min(MOST),
        None => USUAL,
    };
    let mut out = String::from("{\"autoSuggestResults\":[");
    let mut more = false;
    // Of Chinese characters and kana one is enough.
    let letters = term.chars().filter(|c| c.is_alphanumeric());
    let length: usize = letters.map(|c| if c < '\u{3040}' { 1 } else { SHORTEST }).sum();
    if length >= SHORTEST {
        let found = search::find(call, &search_text(call, term, &objects))?;
        let mut shown = 0;
        for found in &found.objects {
            for at in 0..found.records.row_count() {
                if shown == limit {
                    more = true;
                    break;
                }
                if shown > 0 {
                    out.push(',');
                }
                shown += 1;
                query_json::open_record(&mut out, &found.records, at, call.version);
                out.push('}');
            }
        }
    }
    out.push_str("],\"hasMoreResults\":");
    json::push_bool(&mut out, more);
    out.push_str(",\"meta\":");
    meta(&mut out, &objects);
    out.push('}');
    Ok(Reply::json(out, "AutoSuggest"))
}

/// The search behind it: the last word may go on.
fn search_text(call: &Call<'_>, term: &str, objects: &[&Arc<ObjectSpec>]) -> String {
    // What a user types is no language: operators, quotes and wildcards are text.
    let mut text = String::from("FIND {");
    let words: Vec<String> = crate::sosl::words::words(term)
        .map(|word| term.get(word.range).unwrap_or_default().to_owned())
        .collect();
    for (at, word) in words.iter().enumerate() {
        text.push('"');
        text.push_str(word);
        text.push_str(if at + 1 == words.len() { "*\"" } else { "\" " });
    }
    text.push_str("} IN NAME FIELDS RETURNING ");
    for (at, object) in objects.iter().enumerate() {
        if at > 0 {
            text.push_str(", ");
        }
        text.push_str(&object.name);
        text.push_str("(Id");
        if let Some(slot) = object.name_slot.filter(|slot| *slot != object.system.id) {
            text.push_str(", ");
            text.push_str(&object.at(slot).name);
        }
        if let Some(fields) = call.params.get("fields").filter(|fields| !fields.is_empty()) {
            text.push_str(", ");
            text.push_str(fields);
        }
        if let Some(filter) = call.params.get("where").filter(|filter| !filter.is_empty()) {
            text.push_str(" WHERE ");
            text.push_str(filter);
        }
        text.push(')');
    }
    text
}

fn meta(out: &mut String, objects: &[&Arc<ObjectSpec>]) {
    let mut keys = Keys::open(out);
    let named = objects.iter().filter_map(|object| Some((object, object.name_slot?)));
    list(&mut keys, "nameFields", named, |out, (object, slot)| {
        let mut keys = Keys::open(out);
        keys.text("entityApiName", &object.name);
        keys.text("fieldApiName", &object.at(slot).name);
        keys.close();
    });
    keys.raw("secondaryFields", "[]");
    keys.close();
}
