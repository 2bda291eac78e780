//! Replays the saved inputs of every fuzz target, so that what fuzzing found once is found by each
//! test run. `scripts/fuzz` looks for more.

#[path = "../fuzz/src/lib.rs"]
mod targets;

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use targets::TARGETS;

fn corpora() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus")
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.expect("a readable entry").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

fn replay(target: &str) {
    let (_, run) = TARGETS.iter().find(|(name, _)| *name == target).expect("a target");
    let folder = corpora().join(target);
    let inputs = names(&folder);
    assert!(inputs.len() >= 10, "{target} has {} saved inputs", inputs.len());
    let failed: Vec<&String> = inputs
        .iter()
        .filter(|name| {
            let data = fs::read(folder.join(name)).expect("a readable input");
            catch_unwind(AssertUnwindSafe(|| run(&data))).is_err()
        })
        .collect();
    assert!(failed.is_empty(), "{target} fails on {failed:?}");
}

#[test]
fn datetime() {
    replay("datetime");
}

#[test]
fn json_body() {
    replay("json_body");
}

#[test]
fn rest_request() {
    replay("rest_request");
}

#[test]
fn soql_parse() {
    replay("soql_parse");
}

#[test]
fn soql_run() {
    replay("soql_run");
}

#[test]
fn sosl_parse() {
    replay("sosl_parse");
}

#[test]
fn every_target_has_a_corpus_and_a_binary() {
    let expected: Vec<String> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(names(&corpora()), expected);
    let binaries = names(&corpora().join("../fuzz_targets"));
    let binaries: Vec<&str> = binaries.iter().filter_map(|name| name.strip_suffix(".rs")).collect();
    assert_eq!(binaries, expected);
}
