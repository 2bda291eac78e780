//! What a run costs beside making the same writes through the core.

mod provisioning;

use fauxforce::clock::Clock;
use fauxforce::dml::{Actor, Given, Transaction};
use fauxforce::id::Id;
use fauxforce::schema::{Feature, Features, ObjectSpec, Schema};
use fauxforce::store::{IndexCache, State};
use fauxforce::value::Value;
use provisioning::{call, count, settings, start};
use serde_json::{Value as Json, json};
use std::sync::Arc;
use std::time::Duration;

const PEOPLE: usize = 100_000;

/// Writes that the engine publishes together.
const SLICE: usize = 30;

/// CPU time that this process has used.
fn cpu() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("Linux");
    let fields: Vec<&str> = stat.rsplit(')').next().expect("fields").split_whitespace().collect();
    let ticks: u64 = fields[11..13].iter().map(|text| text.parse::<u64>().expect("ticks")).sum();
    Duration::from_millis(ticks * 10)
}

fn given(object: &ObjectSpec, fields: &[(&str, Value)]) -> Given {
    let slot = |name: &str| object.field(name).expect("a field").0;
    fields.iter().map(|(name, value)| (slot(name), value.clone())).collect()
}

fn pick(object: &ObjectSpec, field: &str, value: &str) -> Value {
    let list = object.field(field).and_then(|(_, field)| field.picklist.clone());
    Value::Pick(list.and_then(|list| list.code(value)).expect("a value"))
}

/// The same users, seats and employees, written through the core.
fn through_the_core() -> Duration {
    let features = Features::DEFAULT.with(Feature::named("personAccounts").expect("a feature"));
    let schema = Schema::standard(features);
    let object = |name: &str| Arc::clone(schema.by_name(name).expect("an object"));
    let (users, employees, contacts) = (object("User"), object("Employee2"), object("Contact"));
    let (licenses, profiles) = (object("UserLicense"), object("Profile"));
    let indexes = IndexCache::default();
    let actor = Actor { user: Id::own(*b"005", 1), now: 1_768_467_600_000, system: true };
    let mut state = State::new(Arc::clone(&schema), Clock::Virtual { now: actor.now });
    let mut begin = Transaction::begin(&state, actor, &indexes);
    let license = given(
        &licenses,
        &[
            ("Name", Value::text("Salesforce")),
            ("MasterLabel", Value::text("Salesforce")),
            ("LicenseDefinitionKey", Value::text("SFDC")),
            ("TotalLicenses", Value::Int(1_000_000)),
            ("UsedLicenses", Value::Int(0)),
            ("Status", pick(&licenses, "Status", "Active")),
            ("UsedLicensesLastUpdated", Value::DateTime(0)),
        ],
    );
    let license = begin.insert(&licenses, license).expect("a licence");
    let profile =
        given(&profiles, &[("Name", Value::text("P")), ("UserLicenseId", Value::Id(license))]);
    let profile = begin.insert(&profiles, profile).expect("a profile");
    let mut ids = Vec::new();
    for number in 0..PEOPLE {
        let contact = given(&contacts, &[("LastName", Value::text(&format!("Person {number}")))]);
        let contact = begin.insert(&contacts, contact).expect("a contact");
        let employee = given(
            &employees,
            &[
                ("ContactId", Value::Id(contact)),
                ("EmployeeNumber", Value::text(&format!("E{number:05}"))),
                ("EmployeeStatus", pick(&employees, "EmployeeStatus", "Active")),
                ("StatusStartDate", Value::DateTime(0)),
            ],
        );
        ids.push(begin.insert(&employees, employee).expect("an employee"));
    }
    state = begin.state;
    let before = cpu();
    for (slice, ids) in ids.chunks(SLICE).enumerate() {
        let mut transaction = Transaction::begin(&state, actor, &indexes);
        for (at, id) in ids.iter().enumerate() {
            let number = slice * SLICE + at;
            // As with real names, one does not follow the other in the alphabet.
            let name = (number as u32).wrapping_mul(2_654_435_761);
            let email = Value::text(&format!("{name:08x}.{number}@example.com"));
            let user = given(
                &users,
                &[
                    ("ProfileId", Value::Id(profile)),
                    ("IsActive", Value::Bool(true)),
                    ("UserType", pick(&users, "UserType", "Standard")),
                    ("EmailEncodingKey", pick(&users, "EmailEncodingKey", "UTF-8")),
                    ("TimeZoneSidKey", pick(&users, "TimeZoneSidKey", "America/Los_Angeles")),
                    ("LocaleSidKey", pick(&users, "LocaleSidKey", "en_US")),
                    ("LanguageLocaleKey", pick(&users, "LanguageLocaleKey", "en_US")),
                    ("Username", email.clone()),
                    ("Email", email),
                    ("FirstName", Value::text("First")),
                    ("LastName", Value::text("Last")),
                    ("Alias", Value::text("flast")),
                    ("EmployeeNumber", Value::text(&format!("E{number:05}"))),
                ],
            );
            let user = transaction.insert(&users, user).expect("a user");
            let (place, _) = transaction.state.live_row(&licenses, license).expect("it");
            let used = given(&licenses, &[("UsedLicenses", Value::Int(number as i64))]);
            transaction.update(&licenses, place, used).expect("a seat");
            let (place, _) = transaction.state.live_row(&employees, *id).expect("it");
            let linked = given(&employees, &[("UserId", Value::Id(user))]);
            transaction.update(&employees, place, linked).expect("a link");
        }
        state = State::clone(&transaction.state);
    }
    cpu().saturating_sub(before)
}

fn through_a_run() -> Duration {
    let org = start(fauxforce::StateMode::Enforce);
    settings(
        &org,
        &json!({
            "features": {"personAccounts": true, "workplaceCommandCenter": true},
            "licenses": {"Salesforce": 1_000_000},
        }),
    );
    let path = "/_fauxforce/orgs/default/scenarios";
    let body = json!({"generate": [{"object": "Employee2", "count": PEOPLE}]});
    let answer = call(&org, fauxforce::api::Method::Post, path, &body);
    assert_eq!(answer.status, 200, "{}", answer.body);
    let before = cpu();
    let run = "/_fauxforce/orgs/default/provisioning/run";
    let answer = call(&org, fauxforce::api::Method::Post, run, &Json::Null);
    assert_eq!(answer.status, 202, "{}", answer.body);
    org.drain();
    let spent = cpu().saturating_sub(before);
    assert_eq!(count(&org, "Employee2 WHERE UserId = null"), 0);
    spent
}

/// What a run may cost beside its writes. The aim is 1.3: finding users costs the rest.
const MOST: f64 = 1.6;

/// `cargo test --release --test employee_speed -- --ignored --nocapture`
#[test]
#[ignore = "takes minutes without optimization, and measures"]
fn a_run_costs_little_more_than_its_writes() {
    let (core, run) = (through_the_core(), through_a_run());
    let ratio = run.as_secs_f64() / core.as_secs_f64();
    println!("{PEOPLE} employees: {core:?} through the core, {run:?} by a run: {ratio:.2}");
    assert!(ratio <= MOST, "{ratio:.2}");
}
