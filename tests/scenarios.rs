//! Every built-in scenario loads, and what it promises holds.

use fauxforce::{Org, built_in_scenario, built_in_scenarios, check_scenario};

#[test]
fn every_built_in_scenario_holds() {
    for (name, title) in built_in_scenarios() {
        assert!(!title.is_empty(), "{name}");
        assert_eq!(check_scenario(name), Ok(()), "{name}");
    }
}

#[test]
fn the_documented_ones_are_there() {
    for name in [
        "empty-org",
        "requests-in-every-state",
        "employees-ready-to-provision",
        "finished-process-with-errors",
        "approvals-pending",
    ] {
        assert!(built_in_scenario(name).is_some(), "{name}");
    }
}

#[test]
fn scenarios_load_one_after_the_other() {
    let org = Org::builder()
        .clock("2026-01-15T09:00:00Z")
        .seed(11)
        .scenario("requests-in-every-state")
        .start()
        .expect("an org");
    let records = org.load_scenario("employees-ready-to-provision").expect("a scenario");
    let employees = records.iter().filter(|(alias, _)| alias.starts_with("employee-"));
    assert_eq!(employees.count(), 10);
}

#[test]
fn a_scenario_that_is_not_there_is_named() {
    let error = Org::builder().scenario("emptyorg").start().expect_err("no such scenario");
    assert_eq!(error.to_string(), "no such scenario: emptyorg; did you mean empty-org?");
    let error = Org::builder().scenario("no/such/file.toml").start().expect_err("no such file");
    assert!(error.to_string().starts_with("no/such/file.toml: "), "{error}");
}

/// A scenario file of a test.
fn file(name: &str, text: &str) -> String {
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, text).expect("a folder for tests");
    path.to_str().expect("a path in UTF-8").to_owned()
}

#[test]
fn steps_run_and_expectations_are_checked_against_the_org() {
    let path = file(
        "steps.toml",
        r#"
name = "steps"
[org]
clock = "2026-01-15T09:00:00Z"
[[records]]
as = "boss"
object = "User"
fields = { LastName = "Okafor", Email = "okafor@example.com" }
[[when]]
advance = "PT10M"
[[when]]
as = "ito"
method = "POST"
path = "/services/data/v67.0/sobjects/Contact"
body = { LastName = "Ito", OwnerId = "@boss" }
[[when]]
method = "PATCH"
path = "/services/data/v67.0/sobjects/Contact/@ito"
body = { Email = "no address" }
status = 400
[[then]]
soql = "SELECT LastName, Owner.Name, Email, CreatedDate FROM Contact WHERE Id = '@ito'"
rows = [{ LastName = "Ito", Owner.Name = "Okafor", Email = "", CreatedDate = 2026-01-15T09:10:00Z }]
"#,
    );
    assert_eq!(check_scenario(&path), Ok(()));
}

#[test]
fn an_unmet_expectation_names_its_line() {
    let path = file(
        "unmet.toml",
        "name = \"unmet\"\n[[then]]\nsoql = \"SELECT LastName FROM User\"\nrows = [{ LastName = \"Nobody\" }]\n",
    );
    let problems = check_scenario(&path).expect_err("the administrator is called otherwise");
    let expected = format!(
        "{path}:4: then[0].rows[0]: no such row among those found: [{{\"LastName\":\"User\"}}]"
    );
    assert_eq!(problems, [expected]);
}

#[test]
fn the_documented_example_holds() {
    let manual = include_str!("../docs/scenarios.md");
    let example = manual.split("```").find_map(|block| block.strip_prefix("toml\n"));
    let path = file("documented.toml", example.expect("an example"));
    assert_eq!(check_scenario(&path), Ok(()));
}
