//! Queries and their answers, kept as data: each file of `tests/soql/run` is a list of
//!
//! ```text
//! # What the case shows.
//! > query
//! ---
//! one record a line (children too), as JSON without its attributes, or the error's code and message
//! ```
//!
//! with an empty line after each. `tests/soql/run/org.rs` builds the org. `UPDATE_GOLDEN=1` rewrites
//! the files.

#[path = "soql/run/org.rs"]
mod org;

use fauxforce::api::query_json;
use fauxforce::id::Id;
use fauxforce::soql::{self, Context};
use fauxforce::store::{IndexCache, State};
use fauxforce::time;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::{Arc, LazyLock};

static STATE: LazyLock<Arc<State>> = LazyLock::new(|| Arc::new(org::state()));

fn outcome(query: &str) -> String {
    let indexes = IndexCache::default();
    let now = time::parse_datetime(org::NOW).expect("an instant");
    let context = Context::new(&STATE, &indexes, Id::own(*b"005", 1), now, 66);
    let result = match soql::query(query, &context) {
        Ok(result) => result,
        Err(error) => {
            return format!("{}\n{}", error.code, error.message.trim_start_matches('\n'));
        }
    };
    let mut page = String::new();
    query_json::page(&mut page, &result, 0, usize::MAX, 66, None);
    let total = result.total();
    let (_, records) = page.split_once("\"records\":[").expect("records");
    let records = records.strip_suffix("]}").expect("the end of the records");
    let lines = without_attributes(records).replace("},{", "},\n{");
    if lines.is_empty() { format!("total {total}") } else { lines }
}

/// Drops `"attributes":{…}`, which `attributes_tell_type_and_place` checks.
fn without_attributes(records: &str) -> String {
    let mut out = String::new();
    let mut rest = records;
    while let Some((before, after)) = rest.split_once("\"attributes\":{") {
        out.push_str(before);
        let end = after.find('}').expect("the end of the attributes");
        rest = after[end + 1..].trim_start_matches(',');
    }
    out.push_str(rest);
    out
}

/// Runs one file; returns its text as it should be.
fn run(text: &str) -> String {
    let mut out = String::new();
    let mut query: Vec<&str> = Vec::new();
    let mut in_expected = false;
    for line in text.lines() {
        if in_expected {
            in_expected = !line.is_empty();
            if !in_expected {
                out.push('\n');
            }
        } else if let Some(part) = line.strip_prefix("> ") {
            query.push(part);
            let _ = writeln!(out, "{line}");
        } else if line == "---" {
            let _ = writeln!(out, "---\n{}", outcome(&query.join("\n")));
            query.clear();
            in_expected = true;
        } else {
            let _ = writeln!(out, "{line}");
        }
    }
    out
}

fn check(name: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/soql/run").join(name);
    let expected = std::fs::read_to_string(&path).expect("the file of cases");
    let actual = run(&expected);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &actual).expect("the file can be written");
        return;
    }
    for (line, (expected, actual)) in expected.lines().zip(actual.lines()).enumerate() {
        assert_eq!(actual, expected, "{name}, line {}", line + 1);
    }
    assert_eq!(actual.lines().count(), expected.lines().count(), "{name}");
}

#[test]
fn filters() {
    check("filters.txt");
}

#[test]
fn records() {
    check("records.txt");
}

#[test]
fn groups() {
    check("groups.txt");
}

#[test]
fn faults() {
    check("faults.txt");
}

#[test]
fn attributes_tell_type_and_place() {
    let indexes = IndexCache::default();
    let context = Context::new(&STATE, &indexes, Id::own(*b"005", 1), 0, 58);
    let query = "SELECT Box__r.Name, Home__r.Name FROM Thing__c WHERE Name = 'Ant'";
    let result = soql::query(query, &context).expect("a result");
    let mut page = String::new();
    query_json::page(&mut page, &result, 0, 1, 58, Some("/services/data/v58.0/query/x-1"));
    let url = |object: &str, id: Id| format!("/services/data/v58.0/sobjects/{object}/{id}");
    let prefix = |object: &str| STATE.schema.by_name(object).expect("an object").key_prefix;
    let thing = url("Thing__c", Id::own(prefix("Thing__c"), 1));
    let home = url("Box__c", Id::own(prefix("Box__c"), 1));
    assert_eq!(
        page,
        format!(
            "{{\"totalSize\":1,\"done\":false,\"nextRecordsUrl\":\"/services/data/v58.0/query/x-1\",\
             \"records\":[{{\"attributes\":{{\"type\":\"Thing__c\",\"url\":\"{thing}\"}},\
             \"Box__r\":{{\"attributes\":{{\"type\":\"Box__c\",\"url\":\"{home}\"}},\"Name\":\"Blue\"}},\
             \"Home__r\":{{\"attributes\":{{\"type\":\"Name\",\"url\":\"{home}\"}},\"Name\":\"Blue\"}}\
             }}]}}"
        )
    );
}
