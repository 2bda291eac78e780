//! Results of searches as REST JSON: `reference/rest.md` §4.5.

use super::keys::{Keys, list};
use super::{json, query_json};
use crate::soql::Rows;
use crate::soql::resolve::tree::Node;
use crate::sosl::{Found, SearchResult};

/// The first version whose answers are objects; earlier ones are bare lists.
const OBJECT_SINCE: u32 = 37;

/// Appends what a search found.
pub(super) fn result(out: &mut String, result: &SearchResult, version: u32) {
    if version < OBJECT_SINCE {
        records(out, result, version);
        return;
    }
    out.push_str("{\"searchRecords\":");
    records(out, result, version);
    if result.labels {
        out.push_str(",\"metadata\":");
        labels(out, result);
    }
    out.push('}');
}

fn records(out: &mut String, result: &SearchResult, version: u32) {
    out.push('[');
    let mut first = true;
    for found in &result.objects {
        for at in 0..found.records.row_count() {
            if !first {
                out.push(',');
            }
            first = false;
            record(out, found, at, version);
        }
    }
    out.push(']');
}

/// Appends one record, its marked texts behind its fields.
fn record(out: &mut String, found: &Found, at: usize, version: u32) {
    query_json::open_record(out, &found.records, at, version);
    for (field, text) in found.highlights.get(at).into_iter().flatten() {
        out.push_str(",\"highlight.");
        out.push_str(field);
        out.push_str("\":");
        json::push_str(out, text);
    }
    out.push('}');
}

/// Appends the labels of the fields that are shown. The key is spelled as in the REST guide.
fn labels(out: &mut String, result: &SearchResult) {
    let mut keys = Keys::open(out);
    let shown = result.objects.iter().filter(|found| found.records.row_count() > 0);
    list(&mut keys, "entityetadata", shown, |out, found| {
        let object = found.records.object();
        let mut keys = Keys::open(out);
        keys.text("entityName", &object.name);
        let nodes = match found.records.rows() {
            Rows::Records(records) => &records.nodes[..],
            _ => &[],
        };
        let fields = nodes.iter().filter_map(|node| match node {
            Node::Field(slot) => Some(object.at(*slot)),
            _ => None,
        });
        list(&mut keys, "fieldMetadata", fields, |out, field| {
            let mut keys = Keys::open(out);
            keys.text("name", &field.name);
            keys.text("label", &field.label);
            keys.close();
        });
        keys.close();
    });
    keys.close();
}
