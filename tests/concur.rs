//! SAP Concur's provisioning on the org's clock: latency, the time-out after 120 minutes, the seven
//! days for which a status is kept; and that the tenant is part of the org's state.

use fauxforce::Org;
use fauxforce::api::{Method, Request};
use serde_json::{Value, json};

const COMPANY: &str = "aa076ada-80a9-4f57-8e98-9300b1c3171d";
const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
const APPROVER: &str = "urn:ietf:params:scim:schemas:extension:spend:2.0:Approver";

fn call(org: &Org, method: Method, path: &str, body: Option<&Value>) -> (u16, Value, String) {
    let token = login(org);
    let mut request = Request::new(method, path).bearer(&token);
    if let Some(body) = body {
        request = request.json(body.to_string());
    }
    let response = org.call(request);
    let status = response.status;
    let outbox = response.header("X-Fauxforce-Outbox").unwrap_or_default().to_owned();
    let bytes = response.into_bytes().expect("a body");
    (status, serde_json::from_slice(&bytes).unwrap_or_default(), outbox)
}

/// Sessions end long before seven days do.
fn login(org: &Org) -> String {
    let form = format!(
        "grant_type=password&username={}&password={}&client_id={}&client_secret={}",
        org.username(),
        org.password(),
        org.client_id(),
        org.client_secret()
    );
    let request = Request::new(Method::Post, "/services/oauth2/token")
        .header("Content-Type", "application/x-www-form-urlencoded")
        .body(form);
    let bytes = org.call(request).into_bytes().expect("a body");
    let json: Value = serde_json::from_slice(&bytes).expect("JSON");
    json["access_token"].as_str().expect("a token").to_owned()
}

fn clock(org: &Org, body: &Value) {
    let (status, ..) = call(org, Method::Put, "/_fauxforce/orgs/default/clock", Some(body));
    assert_eq!(status, 200);
}

fn settings(org: &Org, body: &Value) {
    let (status, said, _) = call(org, Method::Put, "/_fauxforce/orgs/default/settings", Some(body));
    assert_eq!(status, 200, "{said}");
}

fn user(name: &str) -> Value {
    json!({
        "userName": format!("{name}@acme.test"), "active": true,
        "name": {"familyName": name, "givenName": "A"},
        "emails": [{"value": format!("{name}@acme.test")}],
        ENTERPRISE: {"companyId": COMPANY, "employeeNumber": name},
    })
}

fn bulk(org: &Org, names: &[String]) -> (u16, Value) {
    let operation = |name: &String| json!({"method": "POST", "path": "/Users", "bulkId": name, "data": user(name)});
    let operations: Vec<Value> = names.iter().map(operation).collect();
    let body = json!({"Operations": operations});
    let (status, body, _) = call(org, Method::Post, "/profile/v4/Bulk", Some(&body));
    (status, body)
}

fn names(count: usize) -> Vec<String> {
    (1..=count).map(|number| format!("u{number}")).collect()
}

fn status_of(org: &Org, id: &str, query: &str) -> (u16, Value) {
    let path = format!("/profile/v4/provisions/{id}/status{query}");
    let (status, body, _) = call(org, Method::Get, &path, None);
    (status, body)
}

fn start() -> Org {
    Org::builder().clock("2026-01-15T09:00:00Z").start().expect("an org")
}

#[test]
fn a_hundred_converge_as_time_passes() {
    let org = start();
    settings(
        &org,
        &json!({"concur": {"latency": "PT10S", "outcomes": [
        {"userName": "u1*", "latency": "PT20S"}, {"userName": "u2*", "latency": "PT30S"}]}}),
    );
    let (status, begun) = bulk(&org, &names(100));
    assert_eq!(status, 202);
    let id = begun["id"].as_str().expect("an id").to_owned();
    let mut seen = Vec::new();
    for _ in 0..4 {
        let (_, body) = status_of(&org, &id, "");
        let count = &body["operationsCount"];
        assert_eq!(count["total"], 100);
        seen.push((count["success"].as_u64(), count["pending"].as_u64(), body["status"].clone()));
        clock(&org, &json!({"advance": "PT10S"}));
    }
    let pending = json!({"completed": false, "success": null});
    let done = json!({"completed": true, "success": true});
    // u1, u10–u19 and u100; then u2 and u20–u29.
    assert_eq!(
        seen,
        [
            (Some(0), Some(100), pending.clone()),
            (Some(77), Some(23), pending.clone()),
            (Some(89), Some(11), pending),
            (Some(100), Some(0), done),
        ]
    );
}

#[test]
fn pages_of_a_state() {
    let org = start();
    settings(&org, &json!({"concur": {"outcomes": [{"userName": "u1*", "message": "no"}]}}));
    let (_, begun) = bulk(&org, &names(100));
    let id = begun["id"].as_str().expect("an id").to_owned();
    let page = |query: &str| status_of(&org, &id, &format!("?attributes=operations&{query}")).1;
    let first = page("state=failed&count=5");
    assert_eq!(first["totalResults"], 12);
    assert_eq!(first["itemsPerPage"], 5);
    assert_eq!(first["startIndex"], 1);
    assert_eq!(first["operations"][1]["id"], "10");
    let last = page("state=failed&count=5&startIndex=11");
    assert_eq!((&last["itemsPerPage"], &last["startIndex"]), (&json!(2), &json!(11)));
    assert_eq!(page("count=0")["itemsPerPage"], 0);
    assert_eq!(page("startIndex=0&count=1")["operations"][0]["id"], "1");
    assert_eq!(page("startIndex=101")["itemsPerPage"], 0);
    assert_eq!(page("state=success")["totalResults"], 88);
    assert_eq!(page("state=pending")["totalResults"], 0);
}

#[test]
fn limits_of_a_bulk_request() {
    let org = start();
    let (status, body) = bulk(&org, &names(101));
    assert_eq!((status, body["scimType"].as_str()), (400, Some("tooMany")));
    let (status, _) = bulk(&org, &names(100));
    assert_eq!(status, 202);
    let mut large = user("large");
    large["title"] = json!("x".repeat(400 * 1024));
    let operation = json!({"method": "POST", "path": "/Users", "bulkId": "1", "data": large});
    let body = json!({"Operations": [operation]});
    let (status, body, _) = call(&org, Method::Post, "/profile/v4/Bulk", Some(&body));
    assert_eq!((status, body["scimType"].as_str()), (400, Some("tooMany")));
}

#[test]
fn a_stuck_request_times_out_after_120_minutes() {
    let org = start();
    settings(&org, &json!({"concur": {"outcomes": [{"userName": "*", "timeout": true}]}}));
    let (_, begun) = bulk(&org, &names(1));
    let id = begun["id"].as_str().expect("an id").to_owned();
    clock(&org, &json!({"advance": "PT1H59M59S"}));
    assert_eq!(status_of(&org, &id, "").1["status"]["completed"], false);
    clock(&org, &json!({"advance": "PT1S"}));
    let (_, body) = status_of(&org, &id, "?attributes=operations");
    assert_eq!(body["status"], json!({"completed": true, "success": false}));
    assert_eq!(body["meta"]["completed"], "2026-01-15T11:00:00.000+0000");
    // Nothing was done: the name is free.
    settings(&org, &json!({"concur": null}));
    let (_, again) = bulk(&org, &names(1));
    let id = again["id"].as_str().expect("an id").to_owned();
    assert_eq!(status_of(&org, &id, "").1["status"]["success"], true);
}

#[test]
fn a_status_is_kept_for_seven_days() {
    let org = start();
    let (_, begun) = bulk(&org, &names(1));
    let id = begun["id"].as_str().expect("an id").to_owned();
    clock(&org, &json!({"now": "2026-01-22T08:59:59Z"}));
    assert_eq!(status_of(&org, &id, "").0, 200);
    clock(&org, &json!({"now": "2026-01-22T09:00:00Z"}));
    let (status, body) = status_of(&org, &id, "");
    assert_eq!((status, body["status"].as_str()), (404, Some("404")));
    // The user stays.
    let (status, _) = bulk(&org, &names(1));
    assert_eq!(status, 202);
}

#[test]
fn spend_fails_identity_stays_and_a_patch_mends_it() {
    let org = start();
    let mut wanted = user("mia");
    wanted[APPROVER] = json!({"report": [{"approver": {"employeeNumber": "77"}, "primary": true}]});
    let (status, made, outbox) = call(&org, Method::Post, "/profile/v4/Users", Some(&wanted));
    assert_eq!(status, 201);
    assert!(outbox.contains("not sent"), "{outbox}");
    let id = made["id"].as_str().expect("an id");
    let provision = made["meta"]["provisionId"].as_str().expect("an id");
    let (_, body) = status_of(&org, provision, "?attributes=operations");
    let operation = &body["operations"][0];
    assert_eq!(operation["status"]["code"], "207");
    let failed = operation["extensions"].as_array().expect("a list").iter();
    let failed: Vec<&Value> = failed.filter(|own| own["status"]["success"] == false).collect();
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0]["name"], APPROVER);
    assert_eq!(failed[0]["messages"][0]["message"], "Employee does not exist");
    assert_eq!(failed[0]["messages"][0]["schemaPath"], format!("{APPROVER}:report[0].approver"));
    let (_, boss, _) = call(&org, Method::Post, "/profile/v4/Users", Some(&user("77")));
    assert!(boss["id"].is_string());
    let patch = json!({"Operations": [{"op": "replace", "path": format!("{APPROVER}:report"),
        "value": [{"approver": {"employeeNumber": "77"}, "primary": true}]}]});
    let path = format!("/profile/v4/Users/{id}");
    let (status, body, _) = call(&org, Method::Patch, &path, Some(&patch));
    assert_eq!(status, 200, "{body}");
    let provision = body["meta"]["provisionId"].as_str().expect("an id");
    assert_eq!(status_of(&org, provision, "").1["status"]["success"], true);
}

#[test]
fn names_are_unique_across_companies() {
    let org = start();
    settings(&org, &json!({"takenUsernames": ["Taken@Elsewhere.test"]}));
    let mut other = user("leo");
    other["userName"] = json!("taken@elsewhere.test");
    let (status, body, _) = call(&org, Method::Post, "/profile/v4/Users", Some(&other));
    assert_eq!((status, body["scimType"].as_str()), (400, Some("uniqueness")));
    call(&org, Method::Post, "/profile/v4/Users", Some(&user("mia")));
    let mut other = user("mia");
    other[ENTERPRISE] = json!({"companyId": "another", "employeeNumber": "mia"});
    let (status, ..) = call(&org, Method::Post, "/profile/v4/Users", Some(&other));
    assert_eq!(status, 400);
}

#[test]
fn the_tenant_is_part_of_the_state() {
    let org = start();
    let (_, made, _) = call(&org, Method::Post, "/profile/v4/Users", Some(&user("mia")));
    let path = format!("/profile/identity/v4/Users/{}", made["id"].as_str().expect("an id"));
    let fork = org.fork().expect("a fork");
    assert_eq!(call(&fork, Method::Get, &path, None).0, 200);
    call(&fork, Method::Delete, &path.replace("identity/", ""), None);
    assert_eq!(call(&fork, Method::Get, &path, None).0, 404);
    assert_eq!(call(&org, Method::Get, &path, None).0, 200);
    org.reset();
    assert_eq!(call(&org, Method::Get, &path, None).0, 404);
}

#[test]
fn events_wait_in_the_outbox() {
    let org = start();
    settings(&org, &json!({"concur": {"latency": "PT5M", "webhook": "https://hook.test/"}}));
    call(&org, Method::Post, "/profile/v4/Users", Some(&user("mia")));
    let outbox = || call(&org, Method::Get, "/_fauxforce/orgs/default/outbox", None).1;
    assert_eq!(outbox()["items"], json!([]));
    clock(&org, &json!({"advance": "PT1H"}));
    let items = outbox();
    let item = &items["items"][0];
    // It happened when it was due, not when somebody looked.
    assert_eq!(item["at"], "2026-01-15T09:05:00.000Z");
    assert_eq!(item["to"], "https://hook.test/");
    assert_eq!(item["body"]["topic"], "public.concur.user.provisioning");
    assert_eq!(item["body"]["facts"]["success"], true);
}
