//! Turns the headers of `fixtures/schema/*.json` into a static table, so that start-up and
//! describeGlobal parse no describe (`src/schema/catalog.rs` includes it), and lists the built-in
//! scenarios (`src/scenario/mod.rs`).
#![allow(clippy::disallowed_methods)] // A build script learns its folders from the environment.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

const FLAGS: [(&str, &str); 23] = [
    ("activateable", "activateable"),
    ("compactLayoutable", "compact_layoutable"),
    ("createable", "createable"),
    ("custom", "custom"),
    ("customSetting", "custom_setting"),
    ("deepCloneable", "deep_cloneable"),
    ("deletable", "deletable"),
    ("deprecatedAndHidden", "deprecated_and_hidden"),
    ("feedEnabled", "feed_enabled"),
    ("hasSubtypes", "has_subtypes"),
    ("isInterface", "is_interface"),
    ("isSubtype", "is_subtype"),
    ("layoutable", "layoutable"),
    ("mergeable", "mergeable"),
    ("mruEnabled", "mru_enabled"),
    ("queryable", "queryable"),
    ("replicateable", "replicateable"),
    ("retrieveable", "retrieveable"),
    ("searchLayoutable", "search_layoutable"),
    ("searchable", "searchable"),
    ("triggerable", "triggerable"),
    ("undeletable", "undeletable"),
    ("updateable", "updateable"),
];

struct Source {
    path: PathBuf,
    json: Value,
}

fn main() {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let folder = root.join("fixtures/schema");
    println!("cargo::rerun-if-changed=fixtures/schema");
    println!("cargo::rerun-if-changed=build.rs");
    let mut sources: Vec<Source> = fs::read_dir(&folder)
        .expect("fixtures/schema exists")
        .map(|entry| read(&entry.expect("readable folder").path()))
        .collect();
    sources.sort_by_key(|source| name(source).to_ascii_lowercase());
    // Objects that only some orgs have: a parent's describe then depends on their features too.
    let gated: BTreeMap<String, Vec<String>> = sources
        .iter()
        .map(|source| (name(source).to_owned(), texts(&source.json["feature"])))
        .filter(|(_, features)| !features.is_empty())
        .collect();

    let mut out =
        String::from("/// Every standard object of this schema, by name, letter case aside.\n");
    out.push_str("pub static STANDARD: &[Header] = &[\n");
    let mut prefixes = BTreeMap::new();
    for (position, source) in sources.iter().enumerate() {
        let prefix = header(&mut out, source, &gated);
        let taken = prefixes.insert(prefix.clone(), position);
        assert!(taken.is_none(), "{}: key prefix {prefix} is taken", source.path.display());
    }
    out.push_str("];\n\nstatic PREFIXES: &[(KeyPrefix, u16)] = &[\n");
    for (prefix, position) in prefixes {
        let _ = writeln!(out, "    (*b\"{prefix}\", {position}),");
    }
    out.push_str("];\n");
    let target = PathBuf::from(env::var("OUT_DIR").expect("cargo sets it"));
    fs::write(target.join("catalog.rs"), out).expect("OUT_DIR is writable");
    let scenarios = scenarios(&root.join("fixtures/scenarios"));
    fs::write(target.join("scenarios.rs"), scenarios).expect("OUT_DIR is writable");
}

/// The scenarios of a folder, by name: an array of name and text.
fn scenarios(folder: &Path) -> String {
    println!("cargo::rerun-if-changed={}", folder.display());
    let files = fs::read_dir(folder).expect("fixtures/scenarios exists");
    let mut paths: Vec<PathBuf> = files.map(|file| file.expect("readable folder").path()).collect();
    paths.sort();
    let rows = joined(&paths, |path| {
        let name = path.file_stem().and_then(|stem| stem.to_str()).expect("a name of text");
        format!("    ({name:?}, include_str!({:?})),\n", path.to_str().expect("a path of text"))
    });
    format!("&[\n{rows}]\n")
}

fn read(path: &Path) -> Source {
    let text = fs::read_to_string(path).expect("readable file");
    let json = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let source = Source { path: path.to_owned(), json };
    let stem = path.file_stem().and_then(|stem| stem.to_str());
    assert_eq!(stem, Some(name(&source)), "a schema file is named after its object");
    source
}

fn name(source: &Source) -> &str {
    text(source, "name").expect("a schema file names its object")
}

fn text<'a>(source: &'a Source, key: &str) -> Option<&'a str> {
    source.json[key].as_str()
}

/// A text, or a list of texts.
fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(one) => vec![one.clone()],
        Value::Array(many) => many.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

/// `personAccounts` → `Feature::PersonAccounts`; a name that does not exist fails to compile.
fn feature(name: &str) -> String {
    variant("Feature", name)
}

fn variant(kind: &str, name: &str) -> String {
    let (first, rest) = name.split_at(1);
    format!("{kind}::{}{rest}", first.to_ascii_uppercase())
}

fn joined<T>(items: impl IntoIterator<Item = T>, print: impl Fn(T) -> String) -> String {
    items.into_iter().map(print).collect::<Vec<_>>().concat()
}

/// Writes one header and gives its key prefix.
fn header(out: &mut String, source: &Source, gated: &BTreeMap<String, Vec<String>>) -> String {
    let public = text(source, "keyPrefix");
    let prefix = public.or_else(|| text(source, "internalPrefix"));
    let prefix = prefix.unwrap_or_else(|| panic!("{}: no key prefix", source.path.display()));
    let flags = FLAGS.iter().filter(|(key, _)| source.json[*key] == true);
    let flags = joined(flags, |(_, rust)| format!("{rust}: true, "));
    let links = joined(texts(&source.json["urls"]), |link| format!(".with_named(\"{link}\")"));
    let features = joined(texts(&source.json["feature"]), |name| feature(&name) + ", ");
    let relevant = joined(relevant(source, gated), |name| format!(".with({})", feature(&name)));
    let associate =
        match (text(source, "associateEntityType"), text(source, "associateParentEntity")) {
            (Some(kind), Some(parent)) => format!("Some((\"{kind}\", \"{parent}\"))"),
            _ => String::from("None"),
        };
    let derived = text(source, "derived")
        .map_or_else(|| String::from("None"), |name| format!("Some({})", variant("Derived", name)));
    let _ = write!(
        out,
        "    Header {{\n        name: {:?},\n        key_prefix: *b{prefix:?},\n        \
         key_prefix_public: {},\n        label: {:?},\n        label_plural: {:?},\n        \
         flags: ObjectFlags {{ {flags}..ObjectFlags::NONE }},\n        links: Links::ALWAYS{links},\n        \
         features: &[{}],\n        derived: {derived},\n        relevant: Features::NONE{relevant},\n        \
         associate: {associate},\n        json: include_str!({:?}),\n    }},\n",
        name(source),
        public.is_some(),
        text(source, "label").expect("a schema file has a label"),
        text(source, "labelPlural").expect("a schema file has a plural label"),
        features.trim_end_matches(", "),
        source.path.to_str().expect("a path of text"),
    );
    prefix.to_owned()
}

/// The features that the object's own describe depends on.
fn relevant(source: &Source, gated: &BTreeMap<String, Vec<String>>) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let list = |key: &str| source.json[key].as_array().cloned().unwrap_or_default();
    for field in list("fields") {
        names.extend(texts(&field["feature"]));
        names.extend(field["when"].as_object().into_iter().flat_map(|when| when.keys().cloned()));
        if field["name"] == "CurrencyIsoCode" {
            names.insert(String::from("multiCurrency"));
        }
    }
    for info in list("recordTypeInfos") {
        names.extend(texts(&info["feature"]));
    }
    for child in list("childRelationships") {
        names.extend(texts(&child["feature"]));
        let path = child.as_str().or_else(|| child["child"].as_str()).unwrap_or_default();
        let object = path.split('.').next().unwrap_or_default();
        names.extend(gated.get(object).cloned().unwrap_or_default());
    }
    names
}
