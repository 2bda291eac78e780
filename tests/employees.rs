//! Employees become users: settings, the automatic run, matching, seats, permission sets, and the
//! control calls of runs.

mod provisioning;

use fauxforce::api::Method;
use fauxforce::{Org, StateMode};
use provisioning::{
    call, count, create, get, named, query, settings, start, try_update, update, user,
};
use serde_json::{Value, json};
use std::time::Duration;

/// An org with all that employees need.
fn org(more: &Value) -> Org {
    let org = start(StateMode::Enforce);
    let features = json!({
        "personAccounts": true, "workplaceCommandCenter": true, "employeeExperience": true,
        "unifiedEmployee": true,
    });
    settings(&org, &json!({"features": features}));
    settings(&org, more);
    org
}

/// A Person Account's contact.
fn contact(org: &Org, last: &str, email: &str) -> String {
    let fields = json!({"FirstName": "Ana", "LastName": last, "PersonEmail": email});
    let account = create(org, "Account", &fields);
    get(org, "Account", &account)["PersonContactId"].as_str().expect("a contact").to_owned()
}

fn employee(org: &Org, contact: &str, number: &str, status: &str) -> String {
    let fields = json!({
        "ContactId": contact, "EmployeeNumber": number, "EmployeeStatus": status,
        "StatusStartDate": "2026-01-01T00:00:00Z",
    });
    create(org, "Employee2", &fields)
}

fn load(org: &Org, body: &Value) -> (u16, Value) {
    let path = format!("/_fauxforce/orgs/{}/scenarios", org.name());
    let answer = call(org, Method::Post, &path, body);
    (answer.status, answer.body)
}

fn control(org: &Org, path: &str) -> (u16, Value) {
    let path = format!("/_fauxforce/orgs/{}/provisioning/{path}", org.name());
    let answer = call(org, Method::Post, &path, &Value::Null);
    (answer.status, answer.body)
}

fn run(org: &Org) -> String {
    let (status, body) = control(org, "run");
    assert_eq!(status, 202, "{body}");
    let id = body["processId"].as_str().expect("an id");
    assert!(id.starts_with("3wO") && id.len() == 18, "{id}");
    id.to_owned()
}

fn process(org: &Org, id: &str) -> (String, [i64; 3]) {
    let row = get(org, "EmpUserProvisioningProcess", id);
    let counts = ["TotalRecordCount", "SuccessRecordCount", "ErrorRecordCount"];
    let counts = counts.map(|name| row[name].as_i64().expect("a number"));
    (row["ProcessStatus"].as_str().expect("a status").to_owned(), counts)
}

fn errors(org: &Org) -> Vec<String> {
    let rows = query(org, "SELECT ErrorCode FROM EmpUserProvisionProcessErr ORDER BY Name");
    rows.iter().map(|row| row["ErrorCode"].as_str().expect("a code").to_owned()).collect()
}

fn seats(org: &Org, license: &str) -> i64 {
    let rows = query(org, &format!("SELECT UsedLicenses FROM UserLicense WHERE Name='{license}'"));
    rows[0]["UsedLicenses"].as_i64().expect("a number")
}

#[test]
fn settings_have_the_names_of_the_metadata() {
    let org = start(StateMode::Enforce);
    let read = |org: &Org| {
        let path = format!("/_fauxforce/orgs/{}/settings", org.name());
        call(org, Method::Get, &path, &Value::Null).body
    };
    let usual = read(&org)["employeeUserSettings"].clone();
    assert_eq!(
        usual,
        json!({
            "enableEmployeeAutoCreateUser": false, "enableEmployeeIsSourceOfTruth": false,
            "emailEncoding": "UTF-8", "profile": "Standard User", "permset": "",
            "usernameSuffix": "", "employeeStatus": "Active",
            "matchOrder": ["contact", "employeeNumber", "email"], "overflow": "leave",
            "onPermissionSetFailure": "keep",
        })
    );
    let own = json!({
        "enableEmployeeAutoCreateUser": true, "enableEmployeeIsSourceOfTruth": true,
        "emailEncoding": "ISO-8859-1", "profile": "Read Only", "permset": "Hub",
        "usernameSuffix": "acme.test", "employeeStatus": "Leave", "matchOrder": ["email"],
        "overflow": "reject", "onPermissionSetFailure": "undo",
    });
    settings(&org, &json!({"employeeUserSettings": own, "licenses": {"Identity": 3}}));
    assert_eq!(read(&org)["employeeUserSettings"], own);
    assert_eq!(read(&org)["licenses"]["Identity"], 3);
    // What is shown can be given back; null puts things back.
    let shown = read(&org);
    settings(&org, &json!({"employeeUserSettings": shown["employeeUserSettings"]}));
    assert_eq!(read(&org), shown);
    settings(&org, &json!({"employeeUserSettings": null, "licenses": {"Identity": null}}));
    assert_eq!(read(&org)["employeeUserSettings"], usual);
    assert_eq!(read(&org)["licenses"]["Identity"], 20_000);
    for (body, path) in [
        (json!({"employeeUserSettings": {"profil": "x"}}), "employeeUserSettings.profil"),
        (
            json!({"employeeUserSettings": {"emailEncoding": "x"}}),
            "employeeUserSettings.emailEncoding",
        ),
        (
            json!({"employeeUserSettings": {"usernameSuffix": "x"}}),
            "employeeUserSettings.usernameSuffix",
        ),
        (
            json!({"employeeUserSettings": {"matchOrder": ["x"]}}),
            "employeeUserSettings.matchOrder[0]",
        ),
        (json!({"licenses": {"Salesfroce": 1}}), "licenses.Salesfroce"),
        (json!({"licenses": {"Salesforce": -1}}), "licenses.Salesforce"),
    ] {
        let settings = format!("/_fauxforce/orgs/{}/settings", org.name());
        let answer = call(&org, Method::Put, &settings, &body);
        assert_eq!((answer.status, &answer.body["error"]["path"]), (400, &json!(path)));
    }
}

#[test]
fn an_employee_with_the_provisioning_status_becomes_a_user() {
    let org = org(&json!({"employeeUserSettings": {
        "enableEmployeeAutoCreateUser": true, "usernameSuffix": "acme.test",
    }}));
    let person = contact(&org, "Fernandez", "Ana.Fernandez@example.com");
    let id = employee(&org, &person, "E7", "Active");
    let row = get(&org, "Employee2", &id);
    let made = get(&org, "User", row["UserId"].as_str().expect("a user"));
    for (field, value) in [
        ("Username", "ana.fernandez@acme.test"),
        ("Email", "ana.fernandez@example.com"),
        ("FirstName", "Ana"),
        ("LastName", "Fernandez"),
        ("Alias", "afernand"),
        ("EmployeeNumber", "E7"),
        ("EmailEncodingKey", "UTF-8"),
        ("TimeZoneSidKey", "America/Los_Angeles"),
        ("LocaleSidKey", "en_US"),
        ("LanguageLocaleKey", "en_US"),
        ("UserType", "Standard"),
    ] {
        let own = made[field].as_str().expect(field);
        assert!(own.eq_ignore_ascii_case(value), "{field}: {own}");
    }
    assert_eq!((&made["IsActive"], &made["ContactId"]), (&json!(true), &Value::Null));
    assert_eq!(query(&org, "SELECT ProcessStatus FROM EmpUserProvisioningProcess").len(), 1);
    // The lookup is set once.
    let other = try_update(&org, "Employee2", &id, &json!({"UserId": org.user_id()}));
    assert_eq!(other.status, 400, "{}", other.body);
    // Nothing happens without the status, or when it stays.
    let person = contact(&org, "Ito", "ito@example.com");
    let away = employee(&org, &person, "E8", "Leave");
    update(&org, "Employee2", &id, &json!({"EmployeeType": "Intern"}));
    assert_eq!(get(&org, "Employee2", &away)["UserId"], Value::Null);
    assert_eq!(count(&org, "EmpUserProvisioningProcess"), 1);
}

#[test]
fn the_employees_of_one_transaction_are_one_run() {
    let org = org(&json!({"employeeUserSettings": {"enableEmployeeAutoCreateUser": true}}));
    let three = json!({"live": true, "generate": [{"object": "Employee2", "count": 3}]});
    assert_eq!(load(&org, &three).0, 200);
    let rows =
        query(&org, "SELECT ProcessStatus, TotalRecordCount FROM EmpUserProvisioningProcess");
    assert_eq!(rows, [json!({"ProcessStatus": "Finished", "TotalRecordCount": 3})]);
    // Without `live` records are plain records.
    let plain = json!({"generate": [{"object": "Employee2", "count": 3}]});
    assert_eq!(load(&org, &plain).0, 200);
    assert_eq!(count(&org, "EmpUserProvisioningProcess"), 1);
}

#[test]
fn too_many_in_one_transaction_can_be_refused() {
    let org = org(&json!({"employeeUserSettings": {
        "enableEmployeeAutoCreateUser": true, "overflow": "reject",
    }}));
    let many = json!({"live": true, "generate": [{"object": "Employee2", "count": 2001}]});
    let (status, body) = load(&org, &many);
    assert_eq!(status, 400);
    let message = body["error"]["message"].as_str().expect("text");
    assert!(message.contains("You can import only 2000 records per transaction"), "{message}");
    assert_eq!(count(&org, "Employee2"), 0);
    assert_eq!(count(&org, "EmpUserProvisioningProcess"), 0);
}

#[test]
fn clients_see_each_stage_of_a_run() {
    let org = org(&json!({"progression": {"provisioning": {"polls": 1}}}));
    load(&org, &json!({"generate": [{"object": "Employee2", "count": 250}]}));
    let id = run(&org);
    let stages: Vec<(String, [i64; 3])> = (0..5).map(|_| process(&org, &id)).collect();
    let expected = [
        ("Initializing", [0, 0, 0]),
        ("Processing", [250, 0, 0]),
        ("Processing", [250, 200, 0]),
        ("Finished", [250, 250, 0]),
        ("Finished", [250, 250, 0]),
    ];
    assert_eq!(stages, expected.map(|(status, counts)| (status.to_owned(), counts)));
}

#[test]
fn runs_are_stopped_as_far_as_they_have_come() {
    let org = org(&json!({"progression": {"provisioning": {"after": "PT5S"}}}));
    load(&org, &json!({"generate": [{"object": "Employee2", "count": 500}]}));
    let (first, second) = (run(&org), run(&org));
    let stop = |id: &str, how: &str| control(&org, &format!("{id}/{how}"));
    let (status, body) = stop(&first, "abort");
    let message = "the run is Queued, and cannot be aborted; cancel it instead";
    assert_eq!((status, &body["error"]["message"]), (409, &json!(message)));
    org.advance(Duration::from_secs(15));
    assert_eq!(process(&org, &first), ("Processing".to_owned(), [500, 200, 0]));
    assert_eq!(process(&org, &second).0, "Queued");
    assert_eq!(stop(&first, "cancel").0, 409);
    let (status, body) = stop(&first, "abort");
    assert_eq!((status, body), (200, json!({"processId": first, "status": "Aborted"})));
    let (status, body) = stop(&first, "abort");
    let message = "the run is Aborted, and cannot be aborted";
    assert_eq!((status, &body["error"]["message"]), (409, &json!(message)));
    org.drain();
    assert_eq!(process(&org, &second), ("Finished".to_owned(), [300, 300, 0]));
    assert_eq!(stop("3wOff0000009999AAA", "abort").0, 404);
    assert_eq!(stop("nothing", "cancel").0, 404);
    let get = format!("/_fauxforce/orgs/{}/provisioning/run", org.name());
    assert_eq!(call(&org, Method::Get, &get, &Value::Null).status, 405);
}

#[test]
fn a_run_whose_record_is_deleted_goes_on() {
    let org = org(&json!({"progression": {"provisioning": {"after": "PT5S"}}}));
    load(&org, &json!({"generate": [{"object": "Employee2", "count": 5}]}));
    let id = run(&org);
    org.advance(Duration::from_secs(5));
    provisioning::delete(&org, "EmpUserProvisioningProcess", &id);
    org.drain();
    assert_eq!(count(&org, "Employee2 WHERE UserId != null"), 5);
}

#[test]
fn matching_follows_the_settings() {
    let org = org(&json!({"employeeUserSettings": {"matchOrder": []}}));
    let there = user(&org, "silva", "Standard User", &json!({"EmployeeNumber": "E1"}));
    let person = contact(&org, "Silva", "silva@example.com");
    let id = employee(&org, &person, "E1", "Active");
    let first = run(&org);
    // The e-mail address is the username that is taken, and nobody looks for its owner.
    assert_eq!(process(&org, &first), ("Finished".to_owned(), [1, 0, 1]));
    assert_eq!(errors(&org), ["DUPLICATE_USERNAME"]);
    settings(&org, &json!({"employeeUserSettings": {"matchOrder": ["employeeNumber"]}}));
    assert_eq!(process(&org, &run(&org)), ("Finished".to_owned(), [1, 1, 0]));
    assert_eq!(get(&org, "Employee2", &id)["UserId"], json!(there));
}

#[test]
fn inactive_users_are_not_linked_and_keep_their_username() {
    let org = org(&json!({}));
    user(&org, "silva", "Standard User", &json!({"IsActive": false}));
    let person = contact(&org, "Silva", "silva@example.com");
    employee(&org, &person, "E1", "Active");
    run(&org);
    assert_eq!(errors(&org), ["DUPLICATE_USERNAME"]);
    let row = &query(&org, "SELECT ErrorMessage, Account.Name FROM EmpUserProvisionProcessErr")[0];
    let message = row["ErrorMessage"].as_str().expect("text");
    assert!(message.starts_with("Duplicate Username.<br>The username already exists"), "{message}");
    assert_eq!(row["Account"]["Name"], "Ana Silva");
}

#[test]
fn seats_are_taken_and_freed() {
    let org = org(&json!({"licenses": {"Salesforce": 3}}));
    let first = user(&org, "one", "Standard User", &json!({}));
    let second = user(&org, "two", "Standard User", &json!({}));
    assert_eq!(seats(&org, "Salesforce"), 3);
    let third = json!({
        "LastName": "three", "Username": "three@example.com", "Alias": "x",
        "Email": "three@example.com", "ProfileId": named(&org, "Profile", "Standard User"),
        "TimeZoneSidKey": "Europe/Paris", "LocaleSidKey": "en_US", "EmailEncodingKey": "UTF-8",
        "LanguageLocaleKey": "en_US",
    });
    let path = "/services/data/v67.0/sobjects/User";
    let answer = call(&org, Method::Post, path, &third);
    let expected = json!([
        {"message": "License Limit Exceeded", "errorCode": "LICENSE_LIMIT_EXCEEDED", "fields": []}
    ]);
    assert_eq!((answer.status, answer.body), (400, expected));
    assert_eq!(seats(&org, "Salesforce"), 3);
    let inactive = user(&org, "four", "Standard User", &json!({"IsActive": false}));
    let activate = json!({"IsActive": true});
    assert_eq!(try_update(&org, "User", &inactive, &activate).status, 400);
    update(&org, "User", &first, &json!({"IsActive": false}));
    assert_eq!(seats(&org, "Salesforce"), 2);
    update(&org, "User", &inactive, &activate);
    assert_eq!(seats(&org, "Salesforce"), 3);
    // A profile of another licence takes its seat instead.
    let platform = named(&org, "Profile", "Standard Platform User");
    update(&org, "User", &second, &json!({"ProfileId": platform}));
    assert_eq!((seats(&org, "Salesforce"), seats(&org, "Salesforce Platform")), (2, 1));
    // What does not touch seats never asks for one.
    settings(&org, &json!({"licenses": {"Salesforce": 0}}));
    update(&org, "User", &inactive, &json!({"Title": "Analyst"}));
}

#[test]
fn fixtures_are_counted_once_they_are_there() {
    let org = org(&json!({}));
    load(&org, &json!({"generate": [{"object": "User", "count": 20}]}));
    assert_eq!(seats(&org, "Salesforce"), 21);
}

#[test]
fn permission_sets_bring_their_licenses() {
    let org = org(&json!({"licenses": {"Unified Employee": 1}}));
    let records = json!({"records": [{"as": "set", "object": "PermissionSet", "fields": {
        "Name": "Unified", "Label": "Unified",
        "LicenseId": "@PermissionSetLicense:UnifiedEmployeePsl",
    }}]});
    let (status, loaded) = load(&org, &records);
    assert_eq!(status, 200, "{loaded}");
    settings(&org, &json!({"employeeUserSettings": {"permset": "Unified"}}));
    load(&org, &json!({"generate": [{"object": "Employee2", "count": 2}]}));
    let id = run(&org);
    assert_eq!(process(&org, &id), ("Finished".to_owned(), [2, 1, 1]));
    assert_eq!(errors(&org), ["LICENSE_LIMIT_EXCEEDED"]);
    let used =
        "SELECT UsedLicenses FROM PermissionSetLicense WHERE DeveloperName='UnifiedEmployeePsl'";
    assert_eq!(query(&org, used), [json!({"UsedLicenses": 1})]);
    assert_eq!(count(&org, "PermissionSetLicenseAssign"), 1);
    // The user stays for the next run, which finds it.
    assert_eq!(count(&org, "User"), 3);
    settings(&org, &json!({"licenses": {"Unified Employee": 2}}));
    assert_eq!(process(&org, &run(&org)), ("Finished".to_owned(), [1, 1, 0]));
    assert_eq!(count(&org, "User"), 3);
    // It can be undone instead.
    settings(&org, &json!({"employeeUserSettings": {"onPermissionSetFailure": "undo"}}));
    load(&org, &json!({"generate": [{"object": "Employee2", "count": 1}]}));
    assert_eq!(process(&org, &run(&org)), ("Finished".to_owned(), [1, 0, 1]));
    assert_eq!(count(&org, "User"), 3);
    assert_eq!(seats(&org, "Salesforce"), 3);
}

#[test]
fn permission_set_groups_are_assigned_too() {
    let org = org(&json!({"employeeUserSettings": {"permset": "Everybody"}}));
    let group = create(
        &org,
        "PermissionSetGroup",
        &json!({"DeveloperName": "Everybody", "MasterLabel": "All"}),
    );
    load(&org, &json!({"generate": [{"object": "Employee", "count": 2}]}));
    run(&org);
    let rows = query(&org, "SELECT PermissionSetGroupId FROM PermissionSetAssignment");
    assert_eq!(rows, vec![json!({"PermissionSetGroupId": group}); 2]);
}

#[test]
fn settings_that_name_nothing_fail_the_run() {
    for (settings_own, message) in [
        (json!({"profile": "Nobody"}), "Employee User Settings: there is no profile Nobody"),
        (
            json!({"permset": "Nothing"}),
            "Employee User Settings: there is no permission set Nothing",
        ),
        (
            json!({"employeeStatus": ""}),
            "Employee User Settings are incomplete: employeeStatus is blank",
        ),
    ] {
        let org = org(&json!({"employeeUserSettings": settings_own}));
        let id = run(&org);
        assert_eq!(process(&org, &id), ("Failed".to_owned(), [0, 0, 0]));
        let rows = query(&org, "SELECT ErrorMessage FROM EmpUserProvisionProcessErr");
        assert_eq!(rows, [json!({"ErrorMessage": message})]);
    }
}

#[test]
fn employees_are_the_source_of_truth_when_the_settings_say_so() {
    let org = org(&json!({"employeeUserSettings": {
        "enableEmployeeAutoCreateUser": true, "enableEmployeeIsSourceOfTruth": true,
    }}));
    let account = create(
        &org,
        "Account",
        &json!({"FirstName": "Ana", "LastName": "Silva", "PersonEmail": "silva@example.com"}),
    );
    let person = get(&org, "Account", &account)["PersonContactId"].as_str().expect("it").to_owned();
    let id = employee(&org, &person, "E1", "Active");
    let own = get(&org, "Employee2", &id)["UserId"].as_str().expect("a user").to_owned();
    update(
        &org,
        "Account",
        &account,
        &json!({"LastName": "Costa", "PersonEmail": "costa@example.com"}),
    );
    update(&org, "Employee2", &id, &json!({"EmployeeNumber": "E2"}));
    let own = get(&org, "User", &own);
    assert_eq!(own["Name"], "Ana Costa");
    assert_eq!(own["Email"], "costa@example.com");
    assert_eq!(own["EmployeeNumber"], "E2");
    assert_eq!(own["Username"], "silva@example.com");
}
