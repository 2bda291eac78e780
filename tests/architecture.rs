//! Keeps the house in order: which module may name which, which crates belong to which floor, how
//! long a file may be. Reads the source text; nothing is compiled for it.
//!
//! The floors, from the top: `cli` → `facade` → `server` → `api` → `scenario` → `provisioning` →
//! `org` → `sosl` → {`dml`, `soql`} → `objects` → `store` → `schema` → {`value`, `id`, `time`, `error`,
//! `clock`, `glob`, `random`}. A module names lower floors only; unit tests inside `src` obey the same
//! rules.

#[path = "architecture/source.rs"]
mod source;

use fauxforce::schema::{Feature, Features, Schema};
use source::{Named, formatted_messages, paths};
use std::fs;
use std::path::{Path, PathBuf};

/// Most lines of a file under `src`, its unit tests included.
const LONGEST: usize = 600;

/// Crates that belong to some places only: the crates, the places, why.
const OWNED: [(&[&str], &[&str], &str); 3] = [
    (
        &[
            "hyper",
            "hyper_util",
            "http_body_util",
            "tokio",
            "rcgen",
            "rustls",
            "rustls_native_certs",
            "tokio_rustls",
            "socket2",
        ],
        &["server/"],
        "only server/ knows the network",
    ),
    (&["chrono", "chrono_tz"], &["time.rs"], "times are integers everywhere else"),
    (
        &["serde_json", "quick_xml", "toml", "csv"],
        &[
            "api/",
            "scenario/",
            "schema/load.rs",
            "schema/import.rs",
            "schema/extend.rs",
            "schema/usual.rs",
        ],
        "JSON, XML, TOML and CSV text ends at api/, scenario/ and the readers of schema/",
    ),
];

/// What breaks a rule for a reason: the file, the crate or module that it names, the reason.
const EXCEPTIONS: [(&str, &str, &str); 1] =
    [("provisioning/mapping.rs", "serde_json", "UserAccountMapping is a field that holds JSON")];

/// A module's floor; a higher one may name a lower one.
fn floor(module: &str) -> Option<u8> {
    Some(match module {
        "value" | "id" | "time" | "error" | "clock" | "glob" | "random" => 0,
        "schema" => 10,
        "store" => 20,
        "objects" => 30,
        "dml" | "soql" => 40,
        "sosl" => 45, // searches return what SOQL's field lists describe
        "org" => 50,
        "provisioning" => 60,
        "scenario" => 70,
        "api" => 80,
        "server" => 90,
        "facade" => 100,
        "cli" => 110,
        _ => return None,
    })
}

/// The floor of a file: `lib.rs` and `main.rs` stand above all.
fn floor_of_file(file: &str) -> Option<u8> {
    match file {
        "lib.rs" | "main.rs" => Some(u8::MAX),
        _ => floor(top(file)),
    }
}

/// The top-level module of a file.
fn top(file: &str) -> &str {
    let first = file.split('/').next().unwrap_or(file);
    first.strip_suffix(".rs").unwrap_or(first)
}

/// The parts of SOQL and SOSL that must work without a schema.
fn is_schemaless(file: &str) -> bool {
    let parts = ["soql/parser", "soql/lexer", "soql/ast", "soql/token", "sosl/parser", "sosl/ast"];
    parts.iter().any(|part| file.starts_with(part))
}

/// What a file of the library does that the architecture forbids.
fn violations(file: &str, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let lines = text.lines().count();
    if lines > LONGEST {
        found.push(format!("{file}: {lines} lines; the most is {LONGEST}"));
    }
    let Some(own) = floor_of_file(file) else {
        found.push(format!("{file}: the module {} has no floor in this test", top(file)));
        return found;
    };
    for named in paths(file, text) {
        let wrong =
            if named.inside { wrong_module(file, own, &named) } else { wrong_crate(file, &named) };
        if let Some(why) = wrong {
            let path = named.segments.join("::");
            found.push(format!("{file}:{}: {path}: {why}", named.line));
        }
    }
    if top(file) != "error" {
        for line in formatted_messages(text) {
            found.push(format!("{file}:{line}: only error/ formats messages"));
        }
    }
    found
}

fn wrong_module(file: &str, own: u8, named: &Named) -> Option<String> {
    let target = named.segments.first()?;
    if is_schemaless(file) {
        let second = named.segments.get(1).map(String::as_str);
        if target == "schema" || (target == "soql" && second == Some("resolve")) {
            return Some("this part of a query language sees no schema".to_owned());
        }
    }
    if target == top(file) || is_excepted(file, target) {
        return None;
    }
    // An item at the root of the crate (`crate::Org`, `crate::check_scenario`) is the façade's.
    let is_alone = named.segments.len() == 1 && floor(target).is_none();
    let is_item = is_alone || target.starts_with(char::is_uppercase);
    let Some(other) = (if is_item { floor("facade") } else { floor(target) }) else {
        return Some(format!("the module {target} has no floor in this test"));
    };
    let among_leaves = own == 0 && other == 0;
    (other >= own && !among_leaves).then(|| format!("{} may not name {target}", top(file)))
}

fn wrong_crate(file: &str, named: &Named) -> Option<String> {
    let name = named.segments.first()?.as_str();
    let (_, places, why) = OWNED.iter().find(|(crates, ..)| crates.contains(&name))?;
    let allowed = places.iter().any(|place| file.starts_with(place)) || is_excepted(file, name);
    (!allowed).then(|| (*why).to_owned())
}

fn is_excepted(file: &str, target: &str) -> bool {
    EXCEPTIONS.iter().any(|(own, name, _)| *own == file && *name == target)
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every file under `src`, by its path inside it with `/` between the parts.
fn library() -> Vec<(String, String)> {
    let mut folders = vec![root().join("src")];
    let mut files: Vec<PathBuf> = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a readable folder") {
            let path = entry.expect("a readable entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    files.iter().map(|path| (name(path), fs::read_to_string(path).expect("UTF-8 source"))).collect()
}

fn name(path: &Path) -> String {
    let inside = path.strip_prefix(root().join("src")).expect("a file under src");
    let parts: Vec<_> =
        inside.components().map(|part| part.as_os_str().to_string_lossy()).collect();
    parts.join("/")
}

#[test]
fn the_library_obeys() {
    let library = library();
    assert!(library.iter().any(|(file, _)| file == "lib.rs"), "src was not read");
    let found: Vec<String> =
        library.iter().flat_map(|(file, text)| violations(file, text)).collect();
    assert!(found.is_empty(), "{} violations:\n{}", found.len(), found.join("\n"));
}

#[test]
fn exceptions_are_still_needed() {
    let library = library();
    for (file, target, _) in EXCEPTIONS {
        let text = library.iter().find(|(own, _)| own == file).map(|(_, text)| text);
        let text = text.unwrap_or_else(|| panic!("the exception names {file}, which is not there"));
        let names = paths(file, text).into_iter().any(|named| named.segments[0] == target);
        assert!(names, "{file} no longer names {target}: drop its exception");
    }
}

#[test]
fn every_schema_file_makes_an_object() {
    let all = Feature::ALL.iter().fold(Features::NONE, |set, (feature, _)| set.with(*feature));
    let schema = Schema::standard(all);
    let mut count = 0;
    for entry in fs::read_dir(root().join("fixtures/schema")).expect("fixtures/schema") {
        let path = entry.expect("a readable entry").path();
        let name = path.file_stem().and_then(|stem| stem.to_str()).expect("a name").to_owned();
        assert_eq!(path.extension().and_then(|e| e.to_str()), Some("json"), "{name}");
        let object = schema.by_name(&name).unwrap_or_else(|| panic!("{name} is not in the schema"));
        assert_eq!(*object.name, *name);
        assert!(object.field("Id").is_some(), "{name} has no Id");
        count += 1;
    }
    assert!(count > 30, "only {count} schema files were found");
}

/// The checker finds what it shall find, and nothing else.
#[test]
fn the_checker_can_fail() {
    let finds = |file: &str, text: &str, part: &str| {
        let found = violations(file, text);
        assert!(
            found.len() == 1 && found[0].contains(part),
            "{file}: expected one violation with `{part}`, got {found:?}"
        );
    };
    finds("store/row.rs", "use crate::org::Org;", "row.rs:1: org::Org: store may not name org");
    finds("store/row.rs", "\nfn f() { super::super::api::handle(); }", "row.rs:2: api::handle");
    finds("store/mod.rs", "mod tests { use super::super::dml; }", "store may not name dml");
    finds("dml/mod.rs", "use crate::{\n    error::OrgError,\n    soql::ast,\n};", "mod.rs:3:");
    finds("soql/exec.rs", "use crate::dml::Raw;", "soql may not name dml");
    finds("scenario/base.rs", "use crate::api::json;", "scenario may not name api");
    finds("api/route.rs", "use crate::server::Edge;", "api may not name server");
    finds("api/route.rs", "fn f(_: &crate::Server) {}", "api may not name Server");
    finds("api/route.rs", "fn f() { crate::check_scenario(n) }", "api may not name check");
    finds("value.rs", "use crate::schema::Slot;", "value may not name schema");
    finds("id.rs", "use crate::novelty::Thing;", "novelty has no floor");
    finds("novelty.rs", "", "novelty has no floor");
    finds("org/mod.rs", "use tokio::sync::Mutex;", "only server/ knows the network");
    finds("api/reply.rs", "fn f() { ::hyper::body::x() }", "only server/");
    finds("clock.rs", "use chrono::{Utc};", "times are integers");
    finds("store/state.rs", "let v = serde_json::from_str(t);", "JSON, XML");
    finds("soql/parser/mod.rs", "use crate::schema::Schema;", "sees no schema");
    finds("soql/ast.rs", "use super::resolve::Names;", "sees no schema");
    finds("dml/rules.rs", "OrgError::save(&format!(\"a {b}\"), 1)", "only error/ formats");
    let long = "\n".repeat(LONGEST + 1);
    finds("dml/rules.rs", &long, "601 lines");
}

#[test]
fn the_checker_leaves_good_code_alone() {
    let passes = |file: &str, text: &str| {
        let found = violations(file, text);
        assert!(found.is_empty(), "{file}: {found:?}");
    };
    passes("store/row.rs", "use crate::{schema::Slot, value::Value};\nuse super::table::Table;");
    passes("store/row.rs", "// use crate::org::Org;\n/* crate::api /* x */ crate::cli::y */");
    passes("store/row.rs", "/// See [`crate::org::Org`].\nconst A: &str = \"crate::org::Org\";");
    passes("store/row.rs", "const A: &str = r#\"\"crate::api::x\"#; const B: char = '\"';");
    passes("store/row.rs", "fn f<'a>(x: &'a str) -> Vec<u8> { Vec::<u8>::new() }");
    passes("store/mod.rs", "mod tests { use super::*; mod deep { use super::super::Row; } }");
    passes("value.rs", "use crate::id::Id;");
    passes("time.rs", "use chrono::Utc;");
    passes("error/record.rs", "OrgError::save(format!(\"a {b}\"), 1)");
    passes("dml/rules.rs", "OrgError::missing(name).hint(format!(\"set {name}\"))");
    passes("cli/scenario.rs", "use crate::Server; fn f() { crate::check_scenario(n) }");
    passes("main.rs", "fn main() { fauxforce::cli::main() }");
    passes("dml/rules.rs", &"\n".repeat(LONGEST));
}
