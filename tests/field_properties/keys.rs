//! What makes a field a key: unique values, external ids.

use super::{
    create, delete, employee, faults, org, org_with, patch, post, refused, request, update, user,
    with,
};
use serde_json::json;

#[test]
fn unique() {
    let (_served, mut client) = org_with(&json!([
        {"name": "Code__c", "type": "string", "length": 20, "unique": true},
        {"name": "Number__c", "type": "double", "precision": 18, "scale": 0, "unique": true},
    ]));
    let first = create(&mut client, "Thing__c", &json!({"Code__c": "abc", "Number__c": 7}));
    let other = create(&mut client, "Thing__c", &json!({"Code__c": "def"}));
    let message = format!(
        "DUPLICATE_VALUE [] duplicate value found: Code__c duplicates value on record with id: {}",
        &first[..15]
    );
    refused(&post(&mut client, "Thing__c", &json!({"Code__c": "ABC"})), &[&message]);
    refused(&patch(&mut client, "Thing__c", &other, &json!({"Code__c": "aBc"})), &[&message]);
    assert_eq!(post(&mut client, "Thing__c", &json!({"Number__c": 7.0})).status, 400);
    // A row does not collide with itself, null with nothing, and nothing with a deleted row.
    update(&mut client, "Thing__c", &first, &json!({"Code__c": "ABC"}));
    create(&mut client, "Thing__c", &json!({"Code__c": null}));
    create(&mut client, "Thing__c", &json!({"Code__c": ""}));
    delete(&mut client, "Thing__c", &first);
    create(&mut client, "Thing__c", &json!({"Code__c": "abc", "Number__c": 7}));
}

#[test]
fn case_sensitive() {
    let (_served, mut client) = org_with(&json!([
        {"name": "Exact__c", "type": "string", "length": 20, "unique": true, "caseSensitive": true,
         "externalId": true},
    ]));
    let small = create(&mut client, "Thing__c", &json!({"Exact__c": "abc"}));
    let big = create(&mut client, "Thing__c", &json!({"Exact__c": "ABC"}));
    assert_eq!(post(&mut client, "Thing__c", &json!({"Exact__c": "abc"})).status, 400);
    for (value, id) in [("abc", &small), ("ABC", &big)] {
        let row = client.get(&format!("sobjects/Thing__c/Exact__c/{value}"));
        assert_eq!(row["Id"], id.as_str());
    }
    assert_eq!(client.ask("GET", "sobjects/Thing__c/Exact__c/Abc", "").status, 404);
}

#[test]
fn unique_username() {
    let (_served, mut client) = org();
    create(&mut client, "User", &user("ann"));
    let body = with(user("bob"), &json!({"Username": "ANN@example.com"}));
    let found = faults(&post(&mut client, "User", &body));
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with(r#"DUPLICATE_USERNAME ["Username"] Duplicate Username.<br>"#));
    // Usernames that other organizations hold are taken, too.
    let settings = json!({"takenUsernames": ["Cleo@example.com"]}).to_string();
    assert_eq!(client.ask("PUT", "/_fauxforce/orgs/default/settings", &settings).status, 200);
    let found = faults(&post(&mut client, "User", &user("cleo")));
    assert!(found[0].starts_with("DUPLICATE_USERNAME"), "{found:?}");
    // A username is shaped like an e-mail address.
    let body = with(user("dan"), &json!({"Username": "dan"}));
    let found = faults(&post(&mut client, "User", &body));
    assert!(found[0].starts_with(r#"INVALID_EMAIL_ADDRESS ["Username"]"#), "{found:?}");
    assert_eq!(client.count("User"), 2);
}

#[test]
fn unique_community_nickname() {
    let (_served, mut client) = org();
    create(&mut client, "User", &user("ann"));
    let body = with(user("bob"), &json!({"CommunityNickname": "ANN"}));
    refused(
        &post(&mut client, "User", &body),
        &[
            r#"DUPLICATE_COMM_NICKNAME ["CommunityNickname"] Another user has already selected this nickname.<br>Please select another."#,
        ],
    );
    // A user without one gets one of their own.
    let mut body = user("cleo");
    body.as_object_mut().expect("an object").remove("CommunityNickname");
    let id = create(&mut client, "User", &body);
    assert!(client.row("User", &id)["CommunityNickname"].is_string());
}

#[test]
fn unique_federation_identifier() {
    let (_served, mut client) = org();
    let federated = |name: &str, id: &str| with(user(name), &json!({"FederationIdentifier": id}));
    create(&mut client, "User", &federated("ann", "f-1"));
    let found = faults(&post(&mut client, "User", &federated("bob", "f-1")));
    assert!(found[0].starts_with("DUPLICATE_VALUE"), "{found:?}");
    assert!(found[0].contains("FederationIdentifier"), "{found:?}");
    create(&mut client, "User", &federated("cleo", "f-2"));
    create(&mut client, "User", &user("dan"));
    create(&mut client, "User", &user("eve"));
}

#[test]
fn unique_employee_number() {
    let (_served, mut client) = org();
    let contact = create(&mut client, "Contact", &json!({"LastName": "x"}));
    let first = create(&mut client, "Employee2", &employee(&contact, "E-1"));
    let message = format!(
        "DUPLICATE_VALUE [] duplicate value found: EmployeeNumber duplicates value on record with id: {}",
        &first[..15]
    );
    refused(&post(&mut client, "Employee2", &employee(&contact, "e-1")), &[&message]);
    assert_eq!(client.count("Employee2"), 1);
}

#[test]
fn external_id() {
    let (_served, mut client) = org_with(&json!([
        {"name": "Key__c", "type": "string", "length": 20, "externalId": true},
        {"name": "Plain__c", "type": "string", "length": 20},
    ]));
    let answer = client.ask("PATCH", "sobjects/Thing__c/Key__c/k-1", "{}");
    assert_eq!(answer.status, 201);
    let answer = client.ask("PATCH", "sobjects/Thing__c/key__c/K-1", r#"{"Plain__c":"x"}"#);
    assert_eq!(answer.status, 200, "{}", answer.text());
    let row = client.get("sobjects/Thing__c/Key__c/k-1");
    assert_eq!((&row["Key__c"], &row["Plain__c"]), (&json!("k-1"), &json!("x")));
    // Without the property the field is no address.
    assert_eq!(client.ask("GET", "sobjects/Thing__c/Plain__c/x", "").status, 404);
    // It need not be unique.
    create(&mut client, "Thing__c", &json!({"Key__c": "k-1"}));
    assert_eq!(client.ask("GET", "sobjects/Thing__c/Key__c/k-1", "").status, 300);
}

#[test]
fn id_lookup() {
    let (_served, mut client) = org();
    let id = create(&mut client, "Contact", &json!({"LastName": "x", "Email": "a@example.com"}));
    let row = client.get("sobjects/Contact/Email/A@EXAMPLE.com");
    assert_eq!(row["Id"], id.as_str());
    let name = client.get("sobjects/UserProvisioningRequest/describe");
    let name = name["fields"].as_array().expect("fields").iter().find(|f| f["name"] == "Name");
    assert_eq!(name.expect("Name")["idLookup"], true);
    let id = create(&mut client, "UserProvisioningRequest", &request());
    let row = client.get("sobjects/UserProvisioningRequest/Name/upr-00000001");
    assert_eq!(row["Id"], id.as_str());
    assert_eq!(client.ask("GET", "sobjects/Contact/LastName/x", "").status, 404);
}
