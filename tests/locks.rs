//! Row locks over a real socket: rows that another writer holds, and the parents of what is written.
#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used)] // Helpers of tests are tests too.

mod common;

use common::Answer;
use common::served::{Client, Served};
use serde_json::{Value as Json, json};

const LOCKS: &str = "/_fauxforce/orgs/default/locks";

fn lock(client: &mut Client, ids: &[&str], span: &str) -> Answer {
    client.ask("POST", LOCKS, &json!({"ids": ids, "for": span}).to_string())
}

fn refused(answer: &Answer, id: &str) {
    let message = format!("unable to obtain exclusive access to this record or 1 records: {id}");
    assert_eq!(answer.status, 400, "{}", answer.text());
    assert_eq!(
        answer.json(),
        json!([{"message": message, "errorCode": "UNABLE_TO_LOCK_ROW", "fields": []}])
    );
}

fn advance(client: &mut Client, by: &str) {
    let body = json!({"advance": by}).to_string();
    assert_eq!(client.ask("PUT", "/_fauxforce/orgs/default/clock", &body).status, 200);
}

#[test]
fn a_locked_row_cannot_be_written_until_it_is_let_go() {
    let served = Served::start();
    let mut client = served.client();
    let id = client.create("Account", "{\"Name\":\"A\"}");
    let row = format!("sobjects/Account/{id}");
    let held = lock(&mut client, &[&id], "PT2S");
    assert_eq!(held.status, 201);
    assert_eq!(
        held.json(),
        json!({"ids": [id], "until": "2026-01-15T09:00:02.000Z", "wait": "PT0S"})
    );
    refused(&client.ask("PATCH", &row, "{\"Name\":\"B\"}"), &id);
    refused(&client.ask("DELETE", &row, ""), &id);
    assert_eq!(client.row("Account", &id)["Name"], "A", "reads do not wait");
    let hint = client.ask("PATCH", &row, "{\"Name\":\"B\"}");
    assert!(hint.header("x-fauxforce-hint").unwrap().contains("until 2026-01-15T09:00:02.000Z"));
    advance(&mut client, "PT1S");
    refused(&client.ask("PATCH", &row, "{\"Name\":\"B\"}"), &id);
    advance(&mut client, "PT1S");
    assert_eq!(client.ask("PATCH", &row, "{\"Name\":\"B\"}").status, 204);
    assert_eq!(client.get(LOCKS), json!({"items": []}));

    lock(&mut client, &[&id], "P1D");
    assert_eq!(client.get(LOCKS)["items"][0]["ids"], json!([id]));
    assert_eq!(client.ask("DELETE", LOCKS, "").status, 204);
    assert_eq!(client.ask("PATCH", &row, "{\"Name\":\"C\"}").status, 204);
    lock(&mut client, &[&id], "P1D");
    client.ask("POST", "/_fauxforce/orgs/default/reset", "");
    assert_eq!(client.get(LOCKS), json!({"items": []}));
}

#[test]
fn writing_a_child_needs_its_parent() {
    let served = Served::start();
    let mut client = served.client();
    let account = client.create("Account", "{\"Name\":\"Parent\"}");
    let other = client.create("Account", "{\"Name\":\"Other\"}");
    let child = |account: &str| json!({"LastName": "Child", "AccountId": account}).to_string();
    let contact = client.create("Contact", &child(&account));
    let row = format!("sobjects/Contact/{contact}");
    lock(&mut client, &[&account], "PT1H");
    refused(&client.ask("POST", "sobjects/Contact", &child(&account)), &account);
    refused(&client.ask("PATCH", &row, "{\"FirstName\":\"A\"}"), &account);
    refused(&client.ask("PATCH", &row, &json!({"AccountId": other}).to_string()), &account);
    refused(&client.ask("DELETE", &row, ""), &account);
    assert_eq!(client.ask("POST", "sobjects/Contact", &child(&other)).status, 201);
    assert_eq!(client.ask("POST", "sobjects/Contact", "{\"LastName\":\"Orphan\"}").status, 201);
    // The owner is no parent: nobody is deleted with a user.
    let administrator = served.ready["org"]["user_id"].as_str().unwrap();
    client.ask("DELETE", LOCKS, "");
    lock(&mut client, &[administrator], "PT1H");
    assert_eq!(client.ask("PATCH", &row, "{\"FirstName\":\"B\"}").status, 204);
}

#[test]
fn two_loads_that_share_a_parent_meet() {
    let served = Served::start();
    let mut client = served.client();
    let parents: Vec<String> = (0..3)
        .map(|n| client.create("Account", &json!({"Name": format!("P{n}")}).to_string()))
        .collect();
    // The other load works on the children of the second.
    lock(&mut client, &[&parents[1]], "PT30S");
    let record = |n: usize| json!({"attributes": {"type": "Contact"}, "LastName": format!("C{n}"), "AccountId": parents[n % 3]});
    let load = json!({"records": (0..9).map(record).collect::<Vec<Json>>()}).to_string();
    let saved = client.ask("POST", "composite/sobjects", &load).json();
    let outcome: Vec<bool> = (0..9).map(|n| saved[n]["success"].as_bool().unwrap()).collect();
    assert_eq!(outcome, [true, false, true, true, false, true, true, false, true]);
    assert_eq!(saved[1]["errors"][0]["statusCode"], "UNABLE_TO_LOCK_ROW");
    // One after the other they get on.
    advance(&mut client, "PT30S");
    let again =
        json!({"allOrNone": true, "records": [record(1), record(4), record(7)]}).to_string();
    let saved = client.ask("POST", "composite/sobjects", &again).json();
    assert!((0..3).all(|n| saved[n]["success"] == true), "{saved}");
    assert_eq!(client.count("Contact"), 9);
}

#[test]
fn on_a_running_clock_a_writer_waits_for_the_row() {
    let served = Served::start_with(&["--clock", "real"]);
    let mut client = served.client();
    let id = client.create("Account", "{\"Name\":\"A\"}");
    let row = format!("/services/data/v66.0/sobjects/Account/{id}");
    let held = lock(&mut client, &[&id], "PT1S").json();
    assert_eq!(held["wait"], "PT10S");
    let body = "{\"Name\":\"B\"}";
    let mut waiting: Vec<_> = (0..100).map(|_| served.wire()).collect();
    for wire in &mut waiting {
        wire.send(served.head("PATCH", &row, body));
        wire.send(body);
    }
    assert_eq!(client.row("Account", &id)["Name"], "A", "others go on meanwhile");
    for wire in &mut waiting {
        assert_eq!(wire.answer().status, 204, "the row was let go in time");
    }
    // A collection of which nothing is saved yet waits as a whole.
    lock(&mut client, &[&id], "PT0.5S");
    let records = json!({"records": [{"attributes": {"type": "Account"}, "Id": id, "Name": "C"}]})
        .to_string();
    let saved = client.ask("PATCH", "composite/sobjects", &records).json();
    assert_eq!(saved[0]["success"], true, "{saved}");
    // Who would wait too long gives up.
    let patient = json!({"ids": [id], "for": "PT1H", "wait": "PT0.2S"}).to_string();
    assert_eq!(client.ask("POST", LOCKS, &patient).status, 201);
    refused(&client.ask("PATCH", &row, body), &id);
    client.ask("DELETE", LOCKS, "");
    let hasty = json!({"ids": [id], "for": "PT1H", "wait": "PT0S"}).to_string();
    assert_eq!(client.ask("POST", LOCKS, &hasty).json()["wait"], "PT0S");
    refused(&client.ask("PATCH", &row, body), &id);
}

#[test]
fn what_is_no_lock_is_refused_with_its_place() {
    let served = Served::start();
    let mut client = served.client();
    let id = client.create("Account", "{\"Name\":\"A\"}");
    let cases = [
        (json!({"for": "PT1S"}), "ids", "is missing"),
        (json!({"ids": [], "for": "PT1S"}), "ids", "1 to"),
        (
            json!({"ids": [id, "001ff00000000zzAAA"], "for": "PT1S"}),
            "ids[1]",
            "no record has the id",
        ),
        (json!({"ids": [7], "for": "PT1S"}), "ids[0]", "must be text"),
        (json!({"ids": id, "for": "PT1S"}), "ids", "must be a list"),
        (json!({"ids": [id]}), "for", "is missing"),
        (json!({"ids": [id], "for": "2s"}), "for", "must be a duration"),
        (json!({"ids": [id], "for": "PT0S"}), "for", "must be longer"),
        (json!({"ids": [id], "for": "PT1S", "wiat": "PT1S"}), "wiat", "did you mean wait?"),
    ];
    for (body, path, message) in cases {
        let answer = client.ask("POST", LOCKS, &body.to_string());
        let error = &answer.json()["error"];
        assert_eq!((answer.status, error["path"].as_str()), (400, Some(path)), "{body}");
        assert!(error["message"].as_str().unwrap().contains(message), "{error}");
    }
    assert_eq!(client.ask("PUT", LOCKS, "").header("allow"), Some("GET,POST,DELETE"));
    assert_eq!(client.get(LOCKS), json!({"items": []}));
}
