//! Approval through the approval process resource: who may decide, and what a decision sets off.

mod provisioning;

use fauxforce::api::{Method, Request};
use fauxforce::{Org, StateMode};
use provisioning::{app, call, create, get, named, query, settings, user};
use serde_json::{Value, json};

const REQUEST: &str = "UserProvisioningRequest";
const APPROVALS: &str = "/services/data/v67.0/process/approvals";

/// An org whose app asks for approval, and a request of a user with a manager.
fn waiting(target: &Value) -> (Org, String, String) {
    let org = provisioning::start(StateMode::Enforce);
    settings(&org, &json!({"targets": {"fauxforce": target}}));
    let config = json!({
        "DeveloperName": "f", "MasterLabel": "f", "ConnectedAppId": app(&org), "Enabled": true,
        "EnabledOperations": "Create", "ApprovalRequired": "ManagerApproval",
    });
    create(&org, "UserProvisioningConfig", &config);
    let profile = named(&org, "Profile", "Standard User");
    let set = query(&org, &format!("SELECT Id FROM PermissionSet WHERE ProfileId = '{profile}'"));
    let grant = json!({"ParentId": set[0]["Id"], "SetupEntityId": app(&org)});
    create(&org, "SetupEntityAccess", &grant);
    let admins = "System Administrator";
    let manager = user(&org, "grace", admins, &json!({}));
    user(&org, "mia", "Standard User", &json!({"ManagerId": manager}));
    let request = query(&org, &format!("SELECT Id, State, ApprovalStatus FROM {REQUEST}"));
    assert_eq!(request[0]["State"], "New");
    assert_eq!(request[0]["ApprovalStatus"], "Required");
    let request = request[0]["Id"].as_str().expect("an id").to_owned();
    (org, request, manager)
}

fn process(org: &Org, token: &str, action: &str, context: &str) -> Value {
    let body = json!({"requests": [{"actionType": action, "contextId": context}]});
    let request = Request::new(Method::Post, APPROVALS).bearer(token).json(body.to_string());
    let response = org.call(request);
    assert_eq!(response.status, 200);
    let bytes = response.into_bytes().expect("a body");
    let results: Value = serde_json::from_slice(&bytes).expect("JSON");
    results[0].clone()
}

fn login(org: &Org, username: &str) -> String {
    let form = format!(
        "grant_type=password&username={username}&password={}&client_id={}&client_secret={}",
        org.password(),
        org.client_id(),
        org.client_secret()
    );
    let request = Request::new(Method::Post, "/services/oauth2/token")
        .header("Content-Type", "application/x-www-form-urlencoded")
        .body(form);
    let bytes = org.call(request).into_bytes().expect("a body");
    let json: Value = serde_json::from_slice(&bytes).expect("JSON");
    json["access_token"].as_str().unwrap_or_else(|| panic!("{json}")).to_owned()
}

#[test]
fn the_manager_approves_and_the_request_completes() {
    let (org, request, manager) = waiting(&json!({}));
    let submitted = process(&org, org.access_token(), "Submit", &request);
    assert_eq!(submitted["actorIds"], json!([manager]));
    let item = submitted["newWorkitemIds"][0].as_str().expect("an id");
    assert_eq!(get(&org, REQUEST, &request)["State"], "New");
    // Whom nobody asked may not decide.
    let other = user(&org, "leo", "Standard User", &json!({"IsActive": true}));
    assert!(other.starts_with("005"));
    let refused = process(&org, &login(&org, "leo@example.com"), "Approve", item);
    let code = &refused["errors"][0]["statusCode"];
    assert_eq!(code, "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY");
    assert_eq!(get(&org, REQUEST, &request)["ApprovalStatus"], "Required");
    let approved = process(&org, &login(&org, "grace@example.com"), "Approve", item);
    assert_eq!(approved["instanceStatus"], "Approved");
    let done = get(&org, REQUEST, &request);
    assert_eq!(
        (&done["State"], &done["ApprovalStatus"]),
        (&json!("Completed"), &json!("Approved"))
    );
    let instance = query(&org, "SELECT Status, LastActorId, CompletedDate FROM ProcessInstance");
    assert_eq!(instance[0]["LastActorId"], manager);
    assert_eq!(instance[0]["CompletedDate"], "2026-01-15T09:00:00.000+0000");
}

#[test]
fn a_rejected_request_is_denied() {
    for (target, state) in [(json!({}), "New"), (json!({"onDenied": "fail"}), "Failed")] {
        let (org, request, _) = waiting(&target);
        let submitted = process(&org, org.access_token(), "Submit", &request);
        let item = submitted["newWorkitemIds"][0].as_str().expect("an id");
        // The administrator may modify all data.
        let rejected = process(&org, org.access_token(), "Reject", item);
        assert_eq!(rejected["instanceStatus"], "Rejected");
        let done = get(&org, REQUEST, &request);
        assert_eq!((&done["State"], &done["ApprovalStatus"]), (&json!(state), &json!("Denied")));
    }
}

#[test]
fn approvals_are_part_of_composite_requests() {
    let (org, request, _) = waiting(&json!({}));
    let body = json!({"allOrNone": true, "compositeRequest": [
        {"method": "POST", "referenceId": "submit", "url": APPROVALS,
         "body": {"requests": [{"actionType": "Submit", "contextId": request}]}},
        {"method": "POST", "referenceId": "approve", "url": APPROVALS,
         "body": {"requests": [{"actionType": "Approve",
                                "contextId": "@{submit[0].newWorkitemIds[0]}"}]}},
    ]});
    let answer = call(&org, Method::Post, "/services/data/v67.0/composite", &body);
    let answers = &answer.body["compositeResponse"];
    assert_eq!(answers[1]["body"][0]["instanceStatus"], "Approved", "{}", answer.body);
    assert_eq!(get(&org, REQUEST, &request)["State"], "Completed");
}
