//! The fidelity ledger is in order: every row is complete, ids are unique, and what is said to test a
//! claim exists.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

const CONFIDENCES: [&str; 6] = ["recorded", "documented", "observed", "peer", "inferred", "chosen"];
const KEYS: [&str; 5] = ["id", "claim", "source", "confidence", "test"];

/// What is wrong with a ledger; `read` gives the text of a file of the repository.
fn problems(ledger: &str, read: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let table: toml::Table = match ledger.parse() {
        Ok(table) => table,
        Err(error) => return vec![error.to_string()],
    };
    let mut found = Vec::new();
    let mut ids = BTreeSet::new();
    let facts = table.get("fact").and_then(toml::Value::as_array);
    for (place, fact) in facts.into_iter().flatten().enumerate() {
        let text = |key: &str| fact.get(key).and_then(toml::Value::as_str).unwrap_or_default();
        let id = text("id");
        let mut report = |what: String| found.push(format!("fact {place} ({id}): {what}"));
        for key in fact.as_table().into_iter().flat_map(toml::Table::keys) {
            if !KEYS.contains(&key.as_str()) {
                report(format!("unknown key {key}"));
            }
        }
        for key in KEYS {
            if text(key).is_empty() {
                report(format!("no {key}"));
            }
        }
        if !id
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        {
            report("an id is of lower-case letters, digits and hyphens".to_owned());
        }
        if !ids.insert(id.to_owned()) {
            report("the id is taken".to_owned());
        }
        if !CONFIDENCES.contains(&text("confidence")) {
            report(format!("confidence {} is not one of {CONFIDENCES:?}", text("confidence")));
        }
        if let Some(missing) = missing_test(text("test"), &read) {
            report(missing);
        }
    }
    if ids.is_empty() {
        found.push("the ledger has no facts".to_owned());
    }
    found
}

/// Why a named test does not exist.
fn missing_test(test: &str, read: impl Fn(&str) -> Option<String>) -> Option<String> {
    let Some((file, name)) = test.split_once("::") else {
        return Some(format!("test {test} is not `file::name`"));
    };
    let Some(text) = read(file) else { return Some(format!("there is no file {file}")) };
    let is_rust = Path::new(file).extension().is_some_and(|extension| extension == "rs");
    let wanted = if is_rust { format!("fn {name}(") } else { name.to_owned() };
    (name.is_empty() || !text.contains(&wanted)).then(|| format!("{file} has no {name}"))
}

#[test]
fn the_ledger_is_in_order() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |file: &str| fs::read_to_string(root.join(file)).ok();
    let ledger = read("fixtures/fidelity.toml").expect("the ledger");
    let found = problems(&ledger, read);
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn what_is_not_in_order_is_found() {
    let good = "[[fact]]\nid = \"a\"\nclaim = \"c\"\nsource = \"s\"\nconfidence = \"chosen\"\n\
                test = \"t.rs::works\"\n";
    let read = |file: &str| (file == "t.rs").then(|| "fn works() {}".to_owned());
    assert_eq!(problems(good, read), Vec::<String>::new());
    let finds = |ledger: &str, part: &str| {
        let found = problems(ledger, read);
        assert!(found.len() == 1 && found[0].contains(part), "{part}: {found:?}");
    };
    finds("", "no facts");
    finds("[[fact]", "expected");
    finds(&good.repeat(2), "the id is taken");
    finds(&good.replace("\"a\"", "\"A b\""), "lower-case");
    finds(&good.replace("chosen", "sure"), "confidence sure");
    finds(&good.replace("claim = \"c\"\n", ""), "no claim");
    finds(&good.replace("t.rs::works", "t.rs::fails"), "t.rs has no fails");
    finds(&good.replace("t.rs::works", "u.rs::works"), "no file u.rs");
    finds(&good.replace("t.rs::works", "t.rs"), "is not `file::name`");
    finds(&format!("{good}note = 1\n"), "unknown key note");
}
