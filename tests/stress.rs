//! Many clients at once against one org: whatever the order, totals and invariants hold. Nothing here
//! asserts on time.
#![cfg(feature = "cli")]

mod common;

use common::served::{Client, Served};
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};

const THREADS: usize = 8;

/// Runs a client a thread and collects what they give back.
fn together<T: Send>(served: &Served, work: impl Fn(usize, &mut Client) -> T + Sync) -> Vec<T> {
    std::thread::scope(|scope| {
        let work = &work;
        let threads: Vec<_> = (0..THREADS)
            .map(|number| scope.spawn(move || work(number, &mut served.client())))
            .collect();
        threads.into_iter().map(|thread| thread.join().expect("a thread that ends")).collect()
    })
}

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }
}

fn id_of(answer: &common::Answer) -> String {
    answer.json()["id"].as_str().expect("an id").to_owned()
}

fn all(client: &mut Client, query: &str) -> Vec<Json> {
    let mut page = client.get(&format!("query?q={}", query.replace(' ', "+")));
    let mut rows = page["records"].as_array().expect("records").clone();
    while let Some(next) = page["nextRecordsUrl"].as_str() {
        page = client.get(next);
        rows.extend(page["records"].as_array().expect("records").iter().cloned());
    }
    assert_eq!(page["totalSize"], rows.len());
    rows
}

/// What a client did.
#[derive(Default)]
struct Done {
    created: Vec<String>,
    deleted: Vec<String>,
    refused: usize,
}

#[test]
fn writers_and_readers_mixed() {
    let served = Served::start();
    let object = "UserProvisioningRequest";
    let done = together(&served, |number, client| {
        let mut dice = Dice(number as u64);
        let mut done = Done::default();
        let mut live: Vec<String> = Vec::new();
        for step in 0..250 {
            match dice.below(10) {
                // Creates, one in ten of which fails.
                0..=3 => {
                    let state = if dice.below(10) == 0 { "Nonsense" } else { "New" };
                    let body = json!({
                        "State": state, "Operation": "Create", "ApprovalStatus": "NotRequired",
                        "AppName": format!("app {number}"), "RetryCount": step,
                    });
                    let answer =
                        client.ask("POST", &format!("sobjects/{object}"), &body.to_string());
                    match answer.status {
                        201 => {
                            let id = id_of(&answer);
                            live.push(id.clone());
                            done.created.push(id);
                        }
                        400 => done.refused += 1,
                        status => panic!("{status}: {}", answer.text()),
                    }
                }
                4 if !live.is_empty() => {
                    let id = live.swap_remove(dice.below(live.len()));
                    let answer = client.ask("DELETE", &format!("sobjects/{object}/{id}"), "");
                    assert_eq!(answer.status, 204, "{}", answer.text());
                    let answer = client.ask("GET", &format!("sobjects/{object}/{id}"), "");
                    assert_eq!(answer.status, 404);
                    done.deleted.push(id);
                }
                5 | 6 if !live.is_empty() => {
                    let id = live[dice.below(live.len())].clone();
                    let body = json!({"RetryCount": step + 1000}).to_string();
                    let answer = client.ask("PATCH", &format!("sobjects/{object}/{id}"), &body);
                    assert_eq!(answer.status, 204, "{}", answer.text());
                    // One reads what one wrote.
                    assert_eq!(client.row(object, &id)["RetryCount"], step + 1000);
                }
                7 if !live.is_empty() => {
                    let id = &live[dice.below(live.len())];
                    assert_eq!(client.row(object, id)["Id"], id.as_str());
                }
                8 => {
                    // A query sees the rows of this thread, all and only those.
                    let query = format!(
                        "SELECT COUNT(Id) rows FROM {object} WHERE AppName = 'app {number}'"
                    );
                    let result = client.get(&format!("query?q={}", query.replace(' ', "+")));
                    assert_eq!(result["records"][0]["rows"], live.len());
                }
                _ => {
                    client.count(object);
                }
            }
        }
        done
    });

    let mut client = served.client();
    let created: Vec<&String> = done.iter().flat_map(|done| &done.created).collect();
    let deleted: BTreeSet<&String> = done.iter().flat_map(|done| &done.deleted).collect();
    let live: BTreeSet<&String> =
        created.iter().copied().filter(|id| !deleted.contains(id)).collect();
    assert!(done.iter().any(|done| done.refused > 0));
    // Every id was given once.
    assert_eq!(created.iter().collect::<BTreeSet<_>>().len(), created.len());
    assert_eq!(client.count(object), live.len() as u64);
    // What is left is what was made and not deleted, deleted rows are in the recycle bin.
    let rows = all(&mut client, &format!("SELECT Id, Name FROM {object} ORDER BY Name"));
    let found: BTreeSet<String> =
        rows.iter().map(|row| row["Id"].as_str().expect("an id").to_owned()).collect();
    assert_eq!(found.iter().collect::<BTreeSet<_>>(), live);
    let query = format!("queryAll?q=SELECT+COUNT()+FROM+{object}");
    assert_eq!(client.get(&query)["totalSize"], created.len());
    // Auto-numbers: one for each row that was ever made, without a gap.
    let query = format!("queryAll?q=SELECT+Name+FROM+{object}+ORDER+BY+Name");
    let mut page = client.get(&query);
    let mut names = Vec::new();
    loop {
        let rows = page["records"].as_array().expect("records");
        names.extend(rows.iter().map(|row| row["Name"].as_str().expect("a name").to_owned()));
        let Some(next) = page["nextRecordsUrl"].as_str().map(ToOwned::to_owned) else { break };
        page = client.get(&next);
    }
    let expected: Vec<String> =
        (1..=created.len()).map(|number| format!("UPR-{number:08}")).collect();
    assert_eq!(names, expected);
}

/// A counter that everybody raises under `If-Match` loses no update.
#[test]
fn no_lost_update() {
    let served = Served::start();
    let account = served.client().create("Account", r#"{"Name":"x","NumberOfEmployees":0}"#);
    let path = format!("sobjects/Account/{account}");
    let clashes = AtomicUsize::new(0);
    let raised: usize = together(&served, |_, client| {
        let mut raised = 0;
        while raised < 40 {
            let row = client.ask("GET", &path, "");
            let etag = row.header("etag").expect("an ETag").to_owned();
            let count = row.json()["NumberOfEmployees"].as_i64().expect("a number");
            let body = json!({"NumberOfEmployees": count + 1}).to_string();
            let answer = client.ask_with("PATCH", &path, &[("If-Match", &etag)], &body);
            match answer.status {
                204 => raised += 1,
                412 => {
                    clashes.fetch_add(1, Ordering::Relaxed);
                }
                status => panic!("{status}: {}", answer.text()),
            }
        }
        raised
    })
    .into_iter()
    .sum();
    let row = served.client().row("Account", &account);
    assert_eq!(row["NumberOfEmployees"], raised, "{} clashes", clashes.into_inner());
}

/// Everybody upserts the same keys: one row a key, and each create is told once.
#[test]
fn upserts_of_the_same_keys() {
    let served = Served::start();
    let thing = json!({"name": "Thing__c", "fields": [
        {"name": "Key__c", "type": "string", "length": 40, "externalId": true, "unique": true},
    ]});
    let mut client = served.client();
    let answer = client.ask("POST", "/_fauxforce/orgs/default/objects", &thing.to_string());
    assert_eq!(answer.status, 201);
    let created: usize = together(&served, |_, client| {
        let upsert = |key: usize| {
            let path = format!("sobjects/Thing__c/Key__c/k{key}");
            let answer = client.ask("PATCH", &path, r#"{"Name":"x"}"#);
            assert!(matches!(answer.status, 200 | 201), "{}", answer.text());
            assert_eq!(answer.json()["created"], answer.status == 201);
            usize::from(answer.status == 201)
        };
        (0..60).map(upsert).sum::<usize>()
    })
    .into_iter()
    .sum();
    assert_eq!(created, 60);
    assert_eq!(client.count("Thing__c"), 60);
}

/// Unique values: of those who want the same, one gets it.
#[test]
fn unique_values_are_given_once() {
    let served = Served::start();
    let contact = served.client().create("Contact", r#"{"LastName":"x"}"#);
    let won = together(&served, |_, client| {
        let mut won = BTreeSet::new();
        for number in 0..40 {
            let body = json!({
                "ContactId": contact, "EmployeeNumber": format!("E-{number}"),
                "EmployeeStatus": "Active", "StatusStartDate": "2026-01-01T00:00:00Z",
            });
            let answer = client.ask("POST", "sobjects/Employee2", &body.to_string());
            match answer.status {
                201 => assert!(won.insert(number)),
                400 => assert_eq!(answer.json()[0]["errorCode"], "DUPLICATE_VALUE"),
                status => panic!("{status}: {}", answer.text()),
            }
        }
        won
    });
    assert_eq!(won.iter().map(BTreeSet::len).sum::<usize>(), 40);
    assert_eq!(served.client().count("Employee2"), 40);
}

/// One deletes a parent while others give it children: no child is left without it.
#[test]
fn no_orphans() {
    let served = Served::start();
    let mut client = served.client();
    let parents: Vec<String> =
        (0..40).map(|_| client.create("EmpUserProvisioningProcess", "{}")).collect();
    together(&served, |number, client| {
        for parent in &parents {
            if number == 0 {
                let path = format!("sobjects/EmpUserProvisioningProcess/{parent}");
                assert_eq!(client.ask("DELETE", &path, "").status, 204);
                continue;
            }
            let body = json!({"ProvisioningProcessId": parent}).to_string();
            let answer = client.ask("POST", "sobjects/EmpUserProvisionProcessErr", &body);
            assert!(matches!(answer.status, 201 | 400), "{}", answer.text());
        }
    });
    assert_eq!(client.count("EmpUserProvisioningProcess"), 0);
    assert_eq!(client.count("EmpUserProvisionProcessErr"), 0);
}

/// Pages show the moment of their query, whatever is written meanwhile.
#[test]
fn pages_of_a_moment() {
    let served = Served::start();
    let mut client = served.client();
    for number in 0..450 {
        client.create("Account", &json!({"Name": format!("a{number:03}")}).to_string());
    }
    let options = [("Sforce-Query-Options", "batchSize=200")];
    together(&served, |number, client| {
        for round in 0..12 {
            if number % 2 == 0 {
                let body = json!({"Name": format!("b{number}-{round}")}).to_string();
                let id = client.create("Account", &body);
                let answer = client.ask("DELETE", &format!("sobjects/Account/{id}"), "");
                assert_eq!(answer.status, 204);
                continue;
            }
            let query = "query?q=SELECT+Id,Name+FROM+Account+ORDER+BY+Name";
            let mut page = client.ask_with("GET", query, &options, "").json();
            let total = page["totalSize"].as_u64().expect("a size");
            let mut names: Vec<String> = Vec::new();
            loop {
                let rows = page["records"].as_array().expect("records");
                names.extend(
                    rows.iter().map(|row| row["Name"].as_str().expect("a name").to_owned()),
                );
                let Some(next) = page["nextRecordsUrl"].as_str().map(ToOwned::to_owned) else {
                    break;
                };
                // Ten cursors a user: one that was crowded out is refused, not answered wrongly.
                let answer = client.ask("GET", &next, "");
                if answer.status == 400 {
                    assert_eq!(answer.json()[0]["errorCode"], "INVALID_QUERY_LOCATOR");
                    names.clear();
                    break;
                }
                page = answer.json();
            }
            if !names.is_empty() {
                assert_eq!(names.len() as u64, total);
                assert!(names.is_sorted());
                assert_eq!(names.iter().filter(|name| name.starts_with('a')).count(), 450);
            }
        }
    });
    assert_eq!(client.count("Account"), 450);
}

/// Forks of an org go their own ways while it is written to.
#[test]
fn forks() {
    let served = Served::start();
    let mut client = served.client();
    for _ in 0..20 {
        client.create("Account", r#"{"Name":"shared"}"#);
    }
    together(&served, |number, client| {
        for round in 0..6 {
            let name = format!("fork-{number}-{round}");
            let body = json!({"name": name}).to_string();
            let answer = client.ask("POST", "/_fauxforce/orgs/default/fork", &body);
            assert_eq!(answer.status, 201, "{}", answer.text());
            let token = answer.json()["access_token"].as_str().expect("a token").to_owned();
            let own = std::mem::replace(&mut client.token, token);
            let at_first = client.count("Account");
            assert!(at_first >= 20);
            for _ in 0..3 {
                client.create("Account", r#"{"Name":"of the fork"}"#);
            }
            assert_eq!(client.count("Account"), at_first + 3);
            client.token = own;
            client.create("Account", r#"{"Name":"of the origin"}"#);
        }
    });
    let rows = all(&mut client, "SELECT Name FROM Account");
    assert_eq!(rows.len(), 20 + THREADS * 6);
    assert!(rows.iter().all(|row| row["Name"] != "of the fork"));
}
