//! The State of a `UserProvisioningRequest`: every step from every State, in every mode, and the
//! page of the documentation that is printed from the same table.

mod provisioning;

use fauxforce::{Org, StateMode};
use provisioning::{call, create, get, settings, start, try_update};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::path::Path;

const OBJECT: &str = "UserProvisioningRequest";

/// The table as the file has it.
fn table() -> toml::Table {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/provisioning/transitions.toml");
    std::fs::read_to_string(path).expect("the table").parse().expect("TOML")
}

/// The States in the order of the file.
const STATES: [&str; 11] = [
    "New",
    "Requested",
    "Collecting",
    "Collected",
    "Analyzing",
    "Analyzed",
    "Committing",
    "Completed",
    "Failed",
    "Retried",
    "Manually Completed",
];

/// A cell: value, confidence, enforce, reason.
fn cell<'t>(table: &'t toml::Table, from: &str, to: &str) -> [&'t str; 4] {
    let cell = table[from][to].as_array().expect("a cell");
    std::array::from_fn(|part| cell[part].as_str().expect("text"))
}

fn request(state: &str) -> Value {
    json!({"State": state, "Operation": "Create", "ApprovalStatus": "NotRequired"})
}

/// What a mode shall answer: status, and whether it warns.
fn expected(mode: StateMode, [value, confidence, enforce, _]: [&str; 4]) -> (u16, bool) {
    let refused = enforce == "reject";
    match mode {
        StateMode::Off => (204, false),
        StateMode::Warn => (204, refused),
        StateMode::Enforce => (if refused { 400 } else { 204 }, false),
        StateMode::Strict => {
            let taken = value == "same" || (value == "allowed" && confidence != "low");
            (if taken { 204 } else { 400 }, false)
        }
    }
}

const MODES: [StateMode; 4] =
    [StateMode::Off, StateMode::Warn, StateMode::Enforce, StateMode::Strict];

#[test]
fn every_step_in_every_mode() {
    let table = table();
    for mode in MODES {
        let org = start(StateMode::Off);
        let requests = STATES.map(|state| create(&org, OBJECT, &request(state)));
        let name = format!("{mode:?}").to_lowercase();
        settings(&org, &json!({"state": name}));
        for (from, id) in STATES.iter().zip(&requests) {
            for to in STATES {
                let fork = org.fork().expect("a fork");
                let answer = try_update(&fork, OBJECT, id, &json!({"State": to}));
                let (status, warns) = expected(mode, cell(&table, from, to));
                let place = format!("{mode:?}: {from} to {to}");
                assert_eq!(answer.status, status, "{place}: {}", answer.body);
                assert_eq!(answer.warning.is_some(), warns, "{place}: {:?}", answer.warning);
                let stays = if status == 204 { to } else { from };
                assert_eq!(get(&fork, OBJECT, id)["State"], stays, "{place}");
                if status == 400 {
                    let message = format!("State: invalid transition from {from} to {to}");
                    let error = json!([{
                        "message": message,
                        "errorCode": "FIELD_INTEGRITY_EXCEPTION",
                        "fields": ["State"],
                    }]);
                    assert_eq!(answer.body, error, "{place}");
                }
            }
        }
    }
}

#[test]
fn where_a_request_may_begin() {
    const INITIAL: [&str; 4] = ["New", "Requested", "Collecting", "Analyzing"];
    for mode in MODES {
        let org = start(mode);
        for state in STATES {
            let path = format!("/services/data/v67.0/sobjects/{OBJECT}");
            let answer = call(&org, fauxforce::api::Method::Post, &path, &request(state));
            let taken = mode != StateMode::Strict || INITIAL.contains(&state);
            assert_eq!(answer.status, if taken { 201 } else { 400 }, "{mode:?}: {state}");
        }
    }
}

#[test]
fn other_fields_may_change_in_every_state() {
    let org = start(StateMode::Off);
    let requests = STATES.map(|state| create(&org, OBJECT, &request(state)));
    settings(&org, &json!({"state": "strict"}));
    for (state, id) in STATES.iter().zip(&requests) {
        let answer = try_update(&org, OBJECT, id, &json!({"ExternalUserId": "x", "State": state}));
        assert_eq!(answer.status, 204, "{state}: {}", answer.body);
    }
}

#[test]
fn both_spellings_of_disputed_values_are_taken() {
    let org = start(StateMode::Enforce);
    let fields = json!({"State": "Failed", "Operation": "Read", "ApprovalStatus": "Not Required"});
    let id = create(&org, OBJECT, &fields);
    assert_eq!(get(&org, OBJECT, &id)["ApprovalStatus"], "NotRequired");
    let step = json!({"State": "ManuallyCompleted"});
    assert_eq!(try_update(&org, OBJECT, &id, &step).status, 204);
    assert_eq!(get(&org, OBJECT, &id)["State"], "Manually Completed");
}

#[test]
fn an_owner_who_knows_better_corrects_a_cell() {
    let org = start(StateMode::Strict);
    let id = create(&org, OBJECT, &request("New"));
    let step = |org: &Org| try_update(org, OBJECT, &id, &json!({"State": "Completed"})).status;
    assert_eq!(step(&org), 400);
    settings(&org, &json!({"transitions": {"New": {"Completed": "allowed"}}}));
    assert_eq!(step(&org), 204);
}

/// The page of the documentation, from the data.
fn page() -> String {
    let table = table();
    let mut out = String::from(
        "# The State of a UserProvisioningRequest\n\n\
         Printed from `fixtures/provisioning/transitions.toml`; \
         `cargo test --test provisioning_states -- --ignored` prints it again.\n\n\
         Salesforce publishes this table with images in its cells, and no copy of it kept them. Each \
         cell here is derived from the object's description; `?` marks what follows from it, `??` a \
         guess. If you know better, correct a cell with the setting `transitions`, for example \
         `{\"transitions\": {\"Completed\": {\"New\": \"allowed\"}}}`.\n\n\
         yes = any caller, SF = only Salesforce's own jobs, no = nobody, `=` = no transition. Rows \
         are the present State, columns the new one. **Bold** cells are refused by default.\n\n",
    );
    let columns: Vec<String> = STATES.iter().map(|state| format!(" {state} |")).collect();
    let _ = writeln!(out, "| from |{}", columns.concat());
    let _ = writeln!(out, "|---|{}", "---|".repeat(STATES.len()));
    for from in STATES {
        let _ = write!(out, "| {from} |");
        for to in STATES {
            let [value, confidence, enforce, _] = cell(&table, from, to);
            let shown = match value {
                "same" => "=",
                "allowed" => "yes",
                "salesforce_only" => "SF",
                _ => "no",
            };
            let mark = match confidence {
                "low" => "??",
                "medium" => "?",
                _ => "",
            };
            let bold = if enforce == "reject" { "**" } else { "" };
            let _ = write!(out, " {bold}{shown}{mark}{bold} |");
        }
        out.push('\n');
    }
    out.push_str(
        "\n## What the org does with it\n\n\
         The setting `state` (`--strict-state`) says what becomes of an API write:\n\n\
         | mode | takes |\n|---|---|\n\
         | `off` | every step |\n\
         | `warn` | every step; those in bold with the header `X-Fauxforce-Warning` |\n\
         | `enforce` (default) | every step that is not in bold; any State on create |\n\
         | `strict` | only `yes`, `yes?` and `=`; New, Requested, Collecting, Analyzing on create |\n\n\
         A refused step answers 400 `FIELD_INTEGRITY_EXCEPTION` with the field `State`. The text of \
         the message is ours: no real one is public. The org's own jobs may take every step.\n\n\
         ## Why\n\n| from | to | why |\n|---|---|---|\n",
    );
    for from in STATES {
        for to in STATES {
            let [value, _, _, reason] = cell(&table, from, to);
            if value != "same" {
                let reason = table["reasons"][reason].as_str().expect("a sentence");
                let _ = writeln!(out, "| {from} | {to} | {reason} |");
            }
        }
    }
    out
}

fn page_path() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/state-machine.md")
}

#[test]
fn the_documentation_is_printed_from_the_table() {
    let held = std::fs::read_to_string(page_path()).unwrap_or_default();
    assert!(held == page(), "docs/state-machine.md is stale; print it with -- --ignored");
}

#[test]
#[ignore = "writes docs/state-machine.md"]
fn print_the_documentation() {
    std::fs::write(page_path(), page()).expect("a writable page");
}
