//! Duplicate rules, against a model: a record is refused exactly when another live one has the same
//! values in the rule's fields.

use fauxforce::Org;
use fauxforce::api::{Method, Request};
use proptest::prelude::*;
use serde_json::{Value, json};

const DATA: &str = "/services/data/v66.0/sobjects/Contact";

fn send(org: &Org, method: Method, path: &str, body: &Value) -> (u16, Value) {
    let request = Request::new(method, path).json(body.to_string());
    let response = org.call(request.bearer(org.access_token()));
    let status = response.status;
    let body = response.into_bytes().expect("a body");
    (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
}

/// What is done to the org.
#[derive(Clone, Debug)]
enum Step {
    Create(usize, Option<usize>),
    Update(usize, usize, Option<usize>),
    Delete(usize),
}

const NAMES: [&str; 3] = ["Smith", "SMITH", "Jones"];
const MAILS: [&str; 3] = ["a@b.test", "A@B.test", "c@d.test"];

fn step() -> impl Strategy<Value = Step> {
    let mail = || proptest::option::of(0..MAILS.len());
    prop_oneof![
        3 => (0..NAMES.len(), mail()).prop_map(|(name, mail)| Step::Create(name, mail)),
        2 => (0..8usize, 0..NAMES.len(), mail()).prop_map(|(row, name, mail)| Step::Update(row, name, mail)),
        1 => (0..8usize).prop_map(Step::Delete),
    ]
}

/// The values that count, or nothing where one of them is empty.
fn key(name: usize, mail: Option<usize>) -> Option<(String, String)> {
    Some((NAMES[name].to_lowercase(), MAILS[mail?].to_lowercase()))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_duplicate_is_refused_and_nothing_else(steps in proptest::collection::vec(step(), 1..25)) {
        let rules = json!({"duplicateRules": {"Contact": {"fields": ["LastName", "Email"]}}});
        let org = Org::builder().clock("2026-01-15T09:00:00Z").start().expect("an org");
        let settings = Request::new(Method::Put, "/_fauxforce/orgs/default/settings");
        prop_assert_eq!(org.call(settings.json(rules.to_string())).status, 200);
        // The live records: id and key.
        let mut model: Vec<(String, Option<(String, String)>)> = Vec::new();
        for step in steps {
            match step {
                Step::Create(name, mail) => {
                    let key = key(name, mail);
                    let twins = model.iter().filter(|(_, own)| key.is_some() && *own == key).count();
                    let body = json!({"LastName": NAMES[name], "Email": mail.map(|mail| MAILS[mail])});
                    let (status, answer) = send(&org, Method::Post, DATA, &body);
                    if twins == 0 {
                        prop_assert_eq!(status, 201, "{}", answer);
                        model.push((answer["id"].as_str().expect("an id").to_owned(), key));
                    } else {
                        prop_assert_eq!(status, 400);
                        let found = &answer[0]["duplicateResult"]["matchResults"][0];
                        prop_assert_eq!(&found["size"], &json!(twins));
                    }
                }
                Step::Update(row, name, mail) => {
                    let Some((id, before)) = model.get(row).cloned() else { continue };
                    let key = key(name, mail);
                    let is_twin = |(own, other): &&(String, Option<(String, String)>)| {
                        *own != id && key.is_some() && *other == key
                    };
                    let refused = key != before && model.iter().any(|own| is_twin(&own));
                    let body = json!({"LastName": NAMES[name], "Email": mail.map(|mail| MAILS[mail])});
                    let (status, answer) = send(&org, Method::Patch, &format!("{DATA}/{id}"), &body);
                    prop_assert_eq!(status, if refused { 400 } else { 204 }, "{}", answer);
                    if !refused {
                        model[row].1 = key;
                    }
                }
                Step::Delete(row) => {
                    if row < model.len() {
                        let (id, _) = model.remove(row);
                        let (status, _) = send(&org, Method::Delete, &format!("{DATA}/{id}"), &Value::Null);
                        prop_assert_eq!(status, 204);
                    }
                }
            }
        }
    }
}
