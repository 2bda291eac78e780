//! An org as the tests of provisioning use it: requests of its administrator, in process.
#![allow(dead_code, unreachable_pub)] // Each test file uses a part.

use fauxforce::api::{Method, Request};
use fauxforce::{Org, StateMode};
use serde_json::{Value, json};

/// The connected app of every org.
pub const APP: &str = "fauxforce";

const SOBJECTS: &str = "/services/data/v67.0/sobjects";

/// What a call answered.
pub struct Answer {
    /// Status.
    pub status: u16,
    /// Body; null when there is none.
    pub body: Value,
    /// `X-Fauxforce-Warning`.
    pub warning: Option<String>,
}

/// An org on a standing clock.
pub fn start(mode: StateMode) -> Org {
    let org = Org::builder().clock("2026-01-15T09:00:00Z").state_mode(mode);
    org.start().expect("an org")
}

/// Makes a request of the administrator.
pub fn call(org: &Org, method: Method, path: &str, body: &Value) -> Answer {
    let request = Request::new(method, path).bearer(org.access_token());
    let request = if body.is_null() { request } else { request.json(body.to_string()) };
    let response = org.call(request);
    let status = response.status;
    let warning = response.header("X-Fauxforce-Warning").map(ToOwned::to_owned);
    let bytes = response.into_bytes().expect("a body in memory");
    Answer { status, body: serde_json::from_slice(&bytes).unwrap_or_default(), warning }
}

/// Creates a record that must be taken; gives its id.
pub fn create(org: &Org, object: &str, fields: &Value) -> String {
    let answer = call(org, Method::Post, &format!("{SOBJECTS}/{object}"), fields);
    assert_eq!(answer.status, 201, "{object} {fields}: {}", answer.body);
    answer.body["id"].as_str().expect("an id").to_owned()
}

/// Tries to change a record.
pub fn try_update(org: &Org, object: &str, id: &str, fields: &Value) -> Answer {
    call(org, Method::Patch, &format!("{SOBJECTS}/{object}/{id}"), fields)
}

/// Changes a record; the change must be taken.
pub fn update(org: &Org, object: &str, id: &str, fields: &Value) {
    let answer = try_update(org, object, id, fields);
    assert_eq!(answer.status, 204, "{object} {fields}: {}", answer.body);
}

/// Deletes a record.
pub fn delete(org: &Org, object: &str, id: &str) {
    let answer = call(org, Method::Delete, &format!("{SOBJECTS}/{object}/{id}"), &Value::Null);
    assert_eq!(answer.status, 204, "{object} {id}: {}", answer.body);
}

/// Reads a record.
pub fn get(org: &Org, object: &str, id: &str) -> Value {
    let answer = call(org, Method::Get, &format!("{SOBJECTS}/{object}/{id}"), &Value::Null);
    assert_eq!(answer.status, 200, "{object} {id}: {}", answer.body);
    answer.body
}

/// All records that a query finds.
pub fn query(org: &Org, soql: &str) -> Vec<Value> {
    let mut rows = Vec::new();
    let mut path = format!("/services/data/v67.0/query?q={}", soql.replace(' ', "+"));
    loop {
        let mut answer = call(org, Method::Get, &path, &Value::Null);
        assert_eq!(answer.status, 200, "{soql}: {}", answer.body);
        rows.append(answer.body["records"].as_array_mut().expect("records"));
        match answer.body["nextRecordsUrl"].as_str() {
            Some(next) => next.clone_into(&mut path),
            None => break,
        }
    }
    for row in &mut rows {
        row.as_object_mut().expect("a record").remove("attributes");
    }
    rows
}

/// How many records a query finds.
pub fn count(org: &Org, from: &str) -> usize {
    query(org, &format!("SELECT Id FROM {from}")).len()
}

/// Changes settings.
pub fn settings(org: &Org, body: &Value) {
    let path = format!("/_fauxforce/orgs/{}/settings", org.name());
    let answer = call(org, Method::Put, &path, body);
    assert_eq!(answer.status, 200, "{body}: {}", answer.body);
}

/// The id of the connected app of every org.
pub fn app(org: &Org) -> String {
    named(org, "ConnectedApplication", APP)
}

/// The id of a record by its Name.
pub fn named(org: &Org, object: &str, name: &str) -> String {
    let rows = query(org, &format!("SELECT Id FROM {object} WHERE Name = '{name}'"));
    rows[0]["Id"].as_str().expect("an id").to_owned()
}

/// Creates a user.
pub fn user(org: &Org, name: &str, profile: &str, more: &Value) -> String {
    let mut fields = json!({
        "LastName": name, "Username": format!("{name}@example.com"), "Alias": "x",
        "Email": format!("{name}@example.com"), "ProfileId": named(org, "Profile", profile),
        "TimeZoneSidKey": "Europe/Paris", "LocaleSidKey": "en_US", "EmailEncodingKey": "UTF-8",
        "LanguageLocaleKey": "en_US",
    });
    for (key, value) in more.as_object().into_iter().flatten() {
        fields[key] = value.clone();
    }
    create(org, "User", &fields)
}
