//! Setup objects and others do not mix in one transaction, unless the org's owner says so.

use fauxforce::Org;
use fauxforce::api::{Method, Request};
use serde_json::{Value, json};

fn call(org: &Org, method: Method, path: &str, body: &Value) -> (u16, Value) {
    let request = Request::new(method, path).bearer(org.access_token()).json(body.to_string());
    let response = org.call(request);
    let status = response.status;
    let bytes = response.into_bytes().expect("a body");
    (status, serde_json::from_slice(&bytes).unwrap_or_default())
}

fn org() -> Org {
    Org::builder().clock("2026-01-15T09:00:00Z").start().expect("an org")
}

/// A role, an account and another role in one collection; what became of each.
fn mixed(org: &Org, all_or_none: bool) -> Vec<Value> {
    let record = |object: &str, name: &str| json!({"attributes": {"type": object}, "Name": name});
    let records = [record("UserRole", "A"), record("Account", "B"), record("UserRole", "C")];
    let body = json!({"allOrNone": all_or_none, "records": records});
    let (status, results) =
        call(org, Method::Post, "/services/data/v67.0/composite/sobjects", &body);
    assert_eq!(status, 200);
    let results = results.as_array().expect("results");
    results.iter().map(|result| result["errors"][0]["statusCode"].clone()).collect()
}

fn count(org: &Org, object: &str) -> Value {
    let path = format!("/services/data/v67.0/query?q=SELECT+COUNT()+FROM+{object}");
    call(org, Method::Get, &path, &Value::Null).1["totalSize"].clone()
}

#[test]
fn what_comes_first_decides_which_kind_is_refused() {
    let org = org();
    assert_eq!(mixed(&org, false), [Value::Null, json!("MIXED_DML_OPERATION"), Value::Null]);
    assert_eq!((count(&org, "UserRole"), count(&org, "Account")), (json!(2), json!(0)));
    let undone = json!("ALL_OR_NONE_OPERATION_ROLLED_BACK");
    assert_eq!(mixed(&org, true), [undone.clone(), json!("MIXED_DML_OPERATION"), undone]);
    assert_eq!((count(&org, "UserRole"), count(&org, "Account")), (json!(2), json!(0)));
}

#[test]
fn a_record_that_failed_mixes_with_nothing() {
    let org = org();
    let records = json!([
        {"attributes": {"type": "Account"}, "Name": ""},
        {"attributes": {"type": "UserRole"}, "Name": "A"},
    ]);
    let body = json!({"records": records});
    let (_, results) = call(&org, Method::Post, "/services/data/v67.0/composite/sobjects", &body);
    assert_eq!(results[0]["errors"][0]["statusCode"], "REQUIRED_FIELD_MISSING");
    assert_eq!(results[1]["success"], true);
}

#[test]
fn requests_of_their_own_never_mix() {
    let org = org();
    for object in ["UserRole", "Account", "UserRole"] {
        let path = format!("/services/data/v67.0/sobjects/{object}");
        assert_eq!(call(&org, Method::Post, &path, &json!({"Name": "A"})).0, 201, "{object}");
    }
    // Without allOrNone the parts of a composite request are transactions of their own too.
    let part = |object: &str| {
        json!({"method": "POST", "referenceId": object, "body": {"Name": "B"},
                 "url": format!("/services/data/v67.0/sobjects/{object}")})
    };
    let body = json!({"compositeRequest": [part("UserRole"), part("Account")]});
    let (_, answer) = call(&org, Method::Post, "/services/data/v67.0/composite", &body);
    let parts = answer["compositeResponse"].as_array().expect("parts");
    assert!(parts.iter().all(|part| part["httpStatusCode"] == 201), "{answer}");
}

#[test]
fn the_owner_may_let_them_mix() {
    let org = org();
    let settings = "/_fauxforce/orgs/default/settings";
    let (status, shown) = call(&org, Method::Put, settings, &json!({"mixedDml": false}));
    assert_eq!((status, &shown["mixedDml"]), (200, &json!(false)));
    assert_eq!(mixed(&org, true), [Value::Null, Value::Null, Value::Null]);
    let (_, shown) = call(&org, Method::Put, settings, &json!({"mixedDml": null}));
    assert_eq!(shown["mixedDml"], true);
}
