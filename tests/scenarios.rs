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
