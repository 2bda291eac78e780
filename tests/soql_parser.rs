//! The parser on queries kept as data: each file of `tests/soql` is a list of
//!
//! ```text
//! # What the case shows.
//! > query
//! > its further lines
//! ---
//! canonical text of the tree, or the error's code, place and message
//! ```
//!
//! with an empty line after each. The canonical text stands for the tree:
//! `canonical_text_parses_to_the_same_tree` shows that it says all there is to say. `UPDATE_GOLDEN=1` rewrites the files.

#[path = "soql/generate.rs"]
mod generate;

use fauxforce::soql::parser::parse;
use proptest::prelude::*;
use std::fmt::Write as _;
use std::path::Path;

fn outcome(query: &str) -> String {
    match parse(query) {
        Ok(tree) => tree.to_string(),
        Err(error) => {
            let place = error
                .position
                .map_or(String::new(), |(row, column)| format!(" at row {row}, column {column}"));
            format!("{}{place}\n{}", error.code, error.message.trim_start_matches('\n'))
        }
    }
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
        } else if let Some(part) = line.strip_prefix("> ").or((line == ">").then_some("")) {
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
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/soql").join(name);
    let expected = std::fs::read_to_string(&path).expect("the file is readable");
    let actual = run(&expected);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &actual).expect("the file is writable");
        return;
    }
    for (place, (expected, actual)) in expected.lines().zip(actual.lines()).enumerate() {
        assert_eq!(actual, expected, "{name}, line {}", place + 1);
    }
    assert_eq!(actual.lines().count(), expected.lines().count(), "{name}");
}

#[test]
fn select_and_from() {
    check("select.txt");
}

#[test]
fn conditions() {
    check("conditions.txt");
}

#[test]
fn literals() {
    check("literals.txt");
}

#[test]
fn clauses() {
    check("clauses.txt");
}

#[test]
fn errors() {
    check("errors.txt");
}

#[test]
fn sizes_are_bounded() {
    let long = format!("SELECT Id FROM A WHERE f = '{}'", "é".repeat(99_000));
    assert!(parse(&long).is_ok());
    let too_long = format!("SELECT Id FROM A WHERE f = '{}'", "x".repeat(100_000));
    let error = parse(&too_long).expect_err("too long");
    assert_eq!(error.code, "MALFORMED_QUERY");
    assert_eq!(error.message, "SOQL statements cannot be longer than 100000 characters.");

    let nested = |depth: usize| {
        format!("SELECT Id FROM A WHERE {}f = 1{}", "(".repeat(depth), ")".repeat(depth))
    };
    assert!(parse(&nested(200)).is_ok());
    for depth in [201, 40_000] {
        let error = parse(&nested(depth)).expect_err("too deep");
        assert_eq!(error.code, "QUERY_TOO_COMPLICATED");
    }
    let children = "SELECT (".repeat(12_000);
    assert_eq!(parse(&children).expect_err("too deep").code, "QUERY_TOO_COMPLICATED");
    let joins = "SELECT Id FROM A WHERE Id IN (".repeat(3_000);
    assert_eq!(parse(&joins).expect_err("too deep").code, "QUERY_TOO_COMPLICATED");
}

#[test]
fn names_keep_their_place() {
    let query = "SELECT Id, MAX(Owner.Name) m FROM Account a WHERE a.Name = 'x'";
    let tree = parse(query).expect("a query");
    let fauxforce::soql::ast::Select::Items(items) = &tree.select else { panic!("no items") };
    let alias = items[1].alias.as_ref().expect("an alias");
    assert_eq!(&query[alias.span.start as usize..alias.span.end as usize], "m");
    let fauxforce::soql::ast::SelectValue::Field(field) = &items[1].value else {
        panic!("no field")
    };
    let span = field.span();
    assert_eq!(&query[span.start as usize..span.end as usize], "MAX(Owner.Name)");
    assert_eq!(field.path().segments().collect::<Vec<_>>(), ["Owner", "Name"]);
    assert_eq!(&query[tree.span.start as usize..tree.span.end as usize], query);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn canonical_text_parses_to_the_same_tree(tree in generate::query()) {
        let text = tree.to_string();
        match parse(&text) {
            Ok(again) => prop_assert_eq!(again, tree, "{}", text),
            Err(error) => prop_assert!(false, "{text}\n{error}"),
        }
    }

    #[test]
    fn any_text_gives_a_tree_or_an_error(text in "SELECT [ -~\n\\PC]{0,60}") {
        let _ = parse(&text);
    }
}
