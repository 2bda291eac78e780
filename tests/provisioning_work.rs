//! Background work as a client sees it: its pace, its clocks, its order, and what never changes
//! whatever happens.

mod provisioning;

use fauxforce::{Org, StateMode};
use proptest::prelude::*;
use provisioning::{app, count, create, delete, get, named, query, settings, start, update, user};
use serde_json::{Value, json};
use std::collections::HashMap;

const REQUEST: &str = "UserProvisioningRequest";
const PROFILE: &str = "Standard User";

/// An org whose app is provisioned, for what the target's settings say.
fn provisioned(target: &Value) -> Org {
    let org = start(StateMode::Enforce);
    configure(&org, target);
    org
}

fn configure(org: &Org, target: &Value) {
    settings(org, &json!({"targets": {"fauxforce": target}}));
    let config = json!({
        "DeveloperName": "fauxforce", "MasterLabel": "fauxforce", "ConnectedAppId": app(org),
        "Enabled": true, "EnabledOperations": "Create,Update,EnableAndDisable,SuspendAndRestore",
        "OnUpdateAttributes": "Email",
    });
    create(org, "UserProvisioningConfig", &config);
}

/// Gives a profile access to the app.
fn grant(org: &Org, profile: &str) -> String {
    let profile = named(org, "Profile", profile);
    let set = query(org, &format!("SELECT Id FROM PermissionSet WHERE ProfileId = '{profile}'"));
    let fields = json!({"ParentId": set[0]["Id"], "SetupEntityId": app(org)});
    create(org, "SetupEntityAccess", &fields)
}

fn request(org: &Org) -> String {
    let fields = json!({
        "ConnectedAppId": app(org), "Operation": "Create", "State": "New",
        "ApprovalStatus": "NotRequired", "SalesforceUserId": org.user_id(),
    });
    create(org, REQUEST, &fields)
}

fn state(org: &Org, id: &str) -> String {
    get(org, REQUEST, id)["State"].as_str().expect("a State").to_owned()
}

#[test]
fn at_once_by_default() {
    let org = provisioned(&json!({}));
    let id = request(&org);
    assert_eq!(state(&org, &id), "Completed");
}

#[test]
fn after_so_many_requests() {
    let org = provisioned(&json!({}));
    settings(&org, &json!({"progression": {"provisioning": {"polls": 2}}}));
    let id = request(&org);
    let seen: Vec<String> = (0..5).map(|_| state(&org, &id)).collect();
    assert_eq!(seen, ["New", "Requested", "Requested", "Completed", "Completed"]);
}

#[test]
fn after_a_time_on_the_clock() {
    let org = provisioned(&json!({"latency": "PT2S"}));
    settings(&org, &json!({"progression": {"provisioning": {"after": "PT5S"}}}));
    let id = request(&org);
    let mut seen = Vec::new();
    for _ in 0..13 {
        org.advance(std::time::Duration::from_secs(1));
        seen.push(state(&org, &id).chars().next().expect("a letter"));
    }
    // New for five seconds, Requested for five more and the two of the target.
    assert_eq!(seen.into_iter().collect::<String>(), "NNNNRRRRRRRCC");
    let stamp = get(&org, REQUEST, &id)["LastModifiedDate"].clone();
    assert_eq!(stamp, "2026-01-15T09:00:12.000+0000");
}

#[test]
fn one_long_step_of_the_clock_runs_everything_at_its_own_time() {
    let org = provisioned(&json!({"latency": "PT30M"}));
    settings(&org, &json!({"progression": {"provisioning": {"after": "PT15M"}}}));
    let id = request(&org);
    org.advance(std::time::Duration::from_mins(90));
    let request = get(&org, REQUEST, &id);
    assert_eq!(request["State"], "Completed");
    assert_eq!(request["LastModifiedDate"], "2026-01-15T10:00:00.000+0000");
}

#[test]
fn drain_moves_the_clock_to_the_end_of_all_work() {
    let org = provisioned(&json!({"latency": "PT1H"}));
    let id = request(&org);
    assert_eq!(state(&org, &id), "Requested");
    assert_eq!(org.drain(), 1);
    assert_eq!(org.now(), "2026-01-15T10:00:00.000Z");
    assert_eq!(state(&org, &id), "Completed");
    assert_eq!(org.drain(), 0);
}

#[test]
fn a_fork_and_a_reset_carry_on_with_their_own_work() {
    let org = provisioned(&json!({"latency": "PT1H"}));
    let id = request(&org);
    let fork = org.fork().expect("a fork");
    fork.drain();
    assert_eq!(state(&fork, &id), "Completed");
    assert_eq!(state(&org, &id), "Requested");
    org.reset();
    assert_eq!(org.drain(), 0);
}

#[cfg(feature = "server")]
#[test]
fn a_served_org_works_as_time_passes() {
    let server = fauxforce::Server::start().expect("a server");
    let org = server.org("default").expect("the default org");
    configure(&org, &json!({"latency": "PT0.05S"}));
    request(&org);
    // Nobody asks in the meantime, so nothing but the server's own timer takes the steps.
    let (_open, silence) = std::sync::mpsc::channel::<()>();
    let waited = silence.recv_timeout(std::time::Duration::from_millis(600));
    assert!(waited.is_err());
    assert_eq!(org.drain(), 0);
    assert_eq!(count(&org, "UserProvisioningRequest WHERE State = 'Completed'"), 1);
}

#[test]
fn a_target_that_hangs_ends_in_a_clear_failure() {
    let org = provisioned(&json!({"outcomes": ["timeout"], "timeout": "PT30S"}));
    let id = request(&org);
    org.drain();
    assert_eq!(state(&org, &id), "Failed");
    let log = query(&org, "SELECT Status, Details FROM UserProvisioningLog");
    let details = "Create failed: the target did not answer within 30 seconds";
    assert_eq!(log, [json!({"Status": "TIMEOUT", "Details": details})]);
}

#[test]
fn a_mock_target_has_the_accounts_that_its_rows_say() {
    let org = provisioned(&json!({"adapter": "mockTarget"}));
    grant(&org, PROFILE);
    let id = user(&org, "ito", PROFILE, &json!({}));
    let rows = query(&org, "SELECT Name, ExternalUserId, ExternalUsername FROM UserProvMockTarget");
    let row = json!({
        "Name": "ito", "ExternalUserId": "mock-1", "ExternalUsername": "ito@example.com",
    });
    assert_eq!(rows, [row]);
    update(&org, "User", &id, &json!({"Email": "new@example.com"}));
    let rows = query(&org, "SELECT ExternalEmail FROM UserProvMockTarget");
    assert_eq!(rows, [json!({"ExternalEmail": "new@example.com"})]);
    let row = query(&org, "SELECT Id FROM UserProvMockTarget");
    delete(&org, "UserProvMockTarget", row[0]["Id"].as_str().expect("an id"));
    update(&org, "User", &id, &json!({"Email": "newer@example.com"}));
    let failed = query(
        &org,
        "SELECT Status, Details FROM UserProvisioningLog WHERE UserProvisioningRequest.State = \
         'Failed'",
    );
    let details = "Update failed: the target has no account ito@example.com";
    assert_eq!(failed, [json!({"Status": "404", "Details": details})]);
}

#[test]
fn a_request_without_a_user_fails_and_says_so() {
    let org = provisioned(&json!({}));
    let fields = json!({
        "ConnectedAppId": app(&org), "Operation": "Create", "State": "New",
        "ApprovalStatus": "NotRequired",
    });
    let id = create(&org, REQUEST, &fields);
    assert_eq!(state(&org, &id), "Failed");
    let log = query(&org, "SELECT Details FROM UserProvisioningLog");
    let details = "Create failed: the request names no user; set SalesforceUserId";
    assert_eq!(log, [json!({"Details": details})]);
}

#[test]
fn a_client_that_clones_by_itself_gets_no_second_clone() {
    let org = provisioned(&json!({"outcomes": [500, "ok"]}));
    let failed = request(&org);
    let mut clone = json!({
        "ConnectedAppId": app(&org), "Operation": "Create", "State": "New",
        "ApprovalStatus": "NotRequired", "SalesforceUserId": org.user_id(), "RetryCount": 1,
    });
    clone["ParentId"] = json!(failed);
    let clone = create(&org, REQUEST, &clone);
    update(&org, REQUEST, &failed, &json!({"State": "Retried"}));
    assert_eq!(state(&org, &clone), "Completed");
    assert_eq!(count(&org, REQUEST), 2);
}

#[test]
fn a_request_that_somebody_moved_is_left_alone() {
    let org = provisioned(&json!({"latency": "PT1H"}));
    let id = request(&org);
    update(&org, REQUEST, &id, &json!({"State": "Failed"}));
    org.drain();
    assert_eq!(state(&org, &id), "Failed");
    assert_eq!(count(&org, "UserProvAccount"), 0);
}

#[test]
fn two_reconciliations_of_one_app_do_not_mix() {
    let org = provisioned(&json!({"latency": "PT1M", "onAnalyzed": "commit"}));
    let account = json!({
        "ConnectedAppId": app(&org), "ExternalUserId": "ext-1", "LinkState": "Orphaned",
        "Status": "Active",
    });
    create(&org, "UserProvAccount", &account);
    create(&org, "UserProvMockTarget", &json!({"Name": "One", "ExternalUserId": "ext-1"}));
    let fields = json!({
        "ConnectedAppId": app(&org), "Operation": "Reconcile", "State": "New",
        "ApprovalStatus": "NotRequired",
    });
    let (first, second) = (create(&org, REQUEST, &fields), create(&org, REQUEST, &fields));
    org.drain();
    assert_eq!((state(&org, &first), state(&org, &second)), ("Completed".into(), "Failed".into()));
    let log = query(&org, "SELECT Details FROM UserProvisioningLog WHERE Status = '409'");
    let details = "Collecting failed: UPR-00000001 is reconciling the same app; try again when it \
                   has ended";
    assert_eq!(log, [json!({"Details": details})]);
    let accounts = query(&org, "SELECT Status FROM UserProvAccount");
    assert_eq!(accounts, [json!({"Status": "Active"})]);
}

/// What can happen to users and their access.
#[derive(Clone, Copy, Debug)]
enum Event {
    NewUser(bool),
    Profile(usize, bool),
    Active(usize, bool),
    Email(usize),
    Assign(usize),
    Unassign(usize),
    GrantProfile,
    GrantSet,
    Revoke(usize),
    Retry(usize),
    Wait(u64),
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        3 => any::<bool>().prop_map(Event::NewUser),
        2 => (any::<usize>(), any::<bool>()).prop_map(|(at, with)| Event::Profile(at, with)),
        2 => (any::<usize>(), any::<bool>()).prop_map(|(at, active)| Event::Active(at, active)),
        1 => any::<usize>().prop_map(Event::Email),
        3 => any::<usize>().prop_map(Event::Assign),
        2 => any::<usize>().prop_map(Event::Unassign),
        1 => Just(Event::GrantProfile),
        1 => Just(Event::GrantSet),
        1 => any::<usize>().prop_map(Event::Revoke),
        2 => any::<usize>().prop_map(Event::Retry),
        2 => (0u64..90).prop_map(Event::Wait),
    ]
}

/// What the test knows of the org.
#[derive(Default)]
struct Model {
    /// Id, has the profile, is active.
    users: Vec<(String, bool, bool)>,
    /// Row id, user.
    assigned: Vec<(String, String)>,
    /// Row id, of the profile.
    granted: Vec<(String, bool)>,
}

impl Model {
    fn reaches(&self, user: &str) -> bool {
        self.users.iter().any(|(id, profile, active)| {
            let by_profile = *profile && self.granted.iter().any(|(_, of_profile)| *of_profile);
            let by_set = self.assigned.iter().any(|(_, own)| own == id)
                && self.granted.iter().any(|(_, of_profile)| !of_profile);
            id == user && *active && (by_profile || by_set)
        })
    }

    fn run(&mut self, org: &Org, set: &str, event: Event) {
        const OTHER: &str = "Read Only";
        let profile = |with: bool| if with { PROFILE } else { OTHER };
        let users = self.users.len();
        match event {
            Event::NewUser(with) => {
                let id = user(org, &format!("user{users}"), profile(with), &json!({}));
                self.users.push((id, with, true));
            }
            Event::Profile(at, with) if users > 0 => {
                let own = &mut self.users[at % users];
                let id = named(org, "Profile", profile(with));
                update(org, "User", &own.0, &json!({"ProfileId": id}));
                own.1 = with;
            }
            Event::Active(at, active) if users > 0 => {
                let own = &mut self.users[at % users];
                update(org, "User", &own.0, &json!({"IsActive": active}));
                own.2 = active;
            }
            Event::Email(at) if users > 0 => {
                let email = format!("m{}@example.com", count(org, REQUEST));
                update(org, "User", &self.users[at % users].0, &json!({"Email": email}));
            }
            Event::Assign(at) if users > 0 => {
                let id = &self.users[at % users].0;
                if !self.assigned.iter().any(|(_, own)| own == id) {
                    let fields = json!({"PermissionSetId": set, "AssigneeId": id});
                    let row = create(org, "PermissionSetAssignment", &fields);
                    self.assigned.push((row, id.clone()));
                }
            }
            Event::Unassign(at) if !self.assigned.is_empty() => {
                let (row, _) = self.assigned.remove(at % self.assigned.len());
                delete(org, "PermissionSetAssignment", &row);
            }
            Event::GrantProfile if !self.granted.iter().any(|(_, of_profile)| *of_profile) => {
                self.granted.push((grant(org, PROFILE), true));
            }
            Event::GrantSet if self.granted.iter().all(|(_, of_profile)| *of_profile) => {
                let fields = json!({"ParentId": set, "SetupEntityId": app(org)});
                self.granted.push((create(org, "SetupEntityAccess", &fields), false));
            }
            Event::Revoke(at) if !self.granted.is_empty() => {
                let (row, _) = self.granted.remove(at % self.granted.len());
                delete(org, "SetupEntityAccess", &row);
            }
            Event::Retry(at) => {
                let failed =
                    query(org, "SELECT Id FROM UserProvisioningRequest WHERE State = 'Failed'");
                if !failed.is_empty() {
                    let id = failed[at % failed.len()]["Id"].as_str().expect("an id");
                    update(org, REQUEST, id, &json!({"State": "Retried"}));
                }
            }
            Event::Wait(seconds) => org.advance(std::time::Duration::from_secs(seconds)),
            _ => {}
        }
    }
}

fn text<'v>(row: &'v Value, key: &str) -> &'v str {
    row[key].as_str().unwrap_or_default()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Whatever happens to users and their access, at whatever pace, with whatever outcomes.
    #[test]
    fn what_always_holds(
        events in prop::collection::vec(event(), 1..40),
        latency in 0u64..120,
        outcomes in prop::collection::vec(prop_oneof![
            4 => Just(json!("ok")), 1 => Just(json!(503)), 1 => Just(json!("timeout")),
        ], 0..12),
        pace in prop_oneof![
            Just(json!("immediate")), Just(json!({"polls": 3})), Just(json!({"after": "PT7S"})),
        ],
    ) {
        let org = start(StateMode::Enforce);
        let mut outcomes = outcomes;
        outcomes.push(json!("ok"));
        configure(&org, &json!({"latency": format!("PT{latency}S"), "outcomes": outcomes}));
        settings(&org, &json!({"progression": {"provisioning": pace}}));
        let set = create(&org, "PermissionSet", &json!({"Name": "Target", "Label": "Target"}));
        let mut model = Model::default();
        for event in events {
            model.run(&org, &set, event);
        }
        org.drain();
        let requests = query(
            &org,
            "SELECT Id, Name, State, Operation, RetryCount, ParentId, SalesforceUserId, \
             UserProvAccountId FROM UserProvisioningRequest ORDER BY Name",
        );
        let by_id: HashMap<&str, &Value> =
            requests.iter().map(|request| (text(request, "Id"), request)).collect();
        let mut access: HashMap<&str, bool> = HashMap::new();
        for request in &requests {
            // Every request ends.
            let state = text(request, "State");
            prop_assert!(["Completed", "Failed", "Retried"].contains(&state), "{request}");
            match by_id.get(text(request, "ParentId")) {
                // A retry counts on from its parent, which is marked.
                Some(parent) => {
                    let count = |request: &Value| request["RetryCount"].as_i64().unwrap_or(-1);
                    prop_assert_eq!(count(request), count(parent) + 1);
                    prop_assert_eq!(text(parent, "State"), "Retried");
                    prop_assert_eq!(text(request, "Operation"), text(parent, "Operation"));
                }
                None => {
                    prop_assert_eq!(&request["RetryCount"], &json!(0));
                    // Access is given and taken in turns: never twice.
                    let gives = match text(request, "Operation") {
                        "Create" | "Activate" => true,
                        "Deactivate" => false,
                        _ => continue,
                    };
                    let held = access.insert(text(request, "SalesforceUserId"), gives);
                    prop_assert_eq!(held.unwrap_or(false), !gives, "{}", request);
                }
            }
        }
        // Who has access was given it last; nobody else was.
        for (user, ..) in &model.users {
            let given = access.get(user.as_str()).copied().unwrap_or(false);
            prop_assert_eq!(given, model.reaches(user), "{}", user);
        }
        // Each call left one row in the log, each user has one account at most.
        prop_assert_eq!(count(&org, "UserProvisioningLog"), requests.len());
        let accounts = query(&org, "SELECT SalesforceUserId FROM UserProvAccount");
        let mut owners: Vec<&str> = accounts.iter().map(|own| text(own, "SalesforceUserId")).collect();
        owners.sort_unstable();
        let all = owners.len();
        owners.dedup();
        prop_assert_eq!(owners.len(), all);
        // The clock is what every row says at most.
        prop_assert_eq!(org.drain(), 0);
    }
}
