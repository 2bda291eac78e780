//! What every property of a field does when records are saved: one test a property, named by it,
//! through the public API, on real objects and on custom fields. The map from property to test is at
//! the end of this file.
#![cfg(feature = "cli")]

mod common;
#[path = "field_properties/keys.rs"]
mod keys;
#[path = "field_properties/references.rs"]
mod references;
#[path = "field_properties/types.rs"]
mod types;

use common::Answer;
use common::served::{Client, Served};
use serde_json::{Value as Json, json};

/// An org and a client of it.
fn org() -> (Served, Client) {
    let served = Served::start();
    let client = served.client();
    (served, client)
}

/// An org whose `Thing__c` has these fields.
fn org_with(fields: &Json) -> (Served, Client) {
    let (served, mut client) = org();
    let body = json!({"name": "Thing__c", "label": "Thing", "fields": fields}).to_string();
    let answer = client.ask("POST", "/_fauxforce/orgs/default/objects", &body);
    assert_eq!(answer.status, 201, "{}", answer.text());
    (served, client)
}

fn post(client: &mut Client, object: &str, body: &Json) -> Answer {
    client.ask("POST", &format!("sobjects/{object}"), &body.to_string())
}

fn patch(client: &mut Client, object: &str, id: &str, body: &Json) -> Answer {
    client.ask("PATCH", &format!("sobjects/{object}/{id}"), &body.to_string())
}

fn create(client: &mut Client, object: &str, body: &Json) -> String {
    client.create(object, &body.to_string())
}

fn update(client: &mut Client, object: &str, id: &str, body: &Json) {
    let answer = patch(client, object, id, body);
    assert_eq!(answer.status, 204, "{body}: {}", answer.text());
}

fn delete(client: &mut Client, object: &str, id: &str) {
    let answer = client.ask("DELETE", &format!("sobjects/{object}/{id}"), "");
    assert_eq!(answer.status, 204, "{}", answer.text());
}

/// The faults of a refused request as `code fields message`, in order.
fn faults(answer: &Answer) -> Vec<String> {
    assert!((400..500).contains(&answer.status), "{}: {}", answer.status, answer.text());
    let faults = answer.json();
    let one = |fault: &Json| {
        let text = |key: &str| fault[key].as_str().expect("a text").to_owned();
        let fields = &fault["fields"];
        let fields = if fields.is_null() { String::new() } else { format!("{fields} ") };
        format!("{} {fields}{}", text("errorCode"), text("message"))
    };
    faults.as_array().expect("a list").iter().map(one).collect()
}

/// Asserts that a request is refused with exactly these faults.
#[track_caller]
fn refused(answer: &Answer, expected: &[&str]) {
    assert_eq!(answer.status, 400, "{}", answer.text());
    assert_eq!(faults(answer), expected);
}

/// A user that can be created, with another username, nickname and so on by its name.
fn user(name: &str) -> Json {
    json!({
        "Username": format!("{name}@example.com"), "LastName": name, "Alias": name,
        "Email": format!("{name}@example.com"), "CommunityNickname": name,
        "TimeZoneSidKey": "America/Los_Angeles", "LocaleSidKey": "en_US",
        "EmailEncodingKey": "UTF-8", "LanguageLocaleKey": "en_US",
        "ProfileId": "00eff0000000001AAA",
    })
}

fn request() -> Json {
    json!({"State": "New", "Operation": "Create", "ApprovalStatus": "NotRequired"})
}

fn employee(contact: &str, number: &str) -> Json {
    json!({
        "ContactId": contact, "EmployeeNumber": number, "EmployeeStatus": "Active",
        "StatusStartDate": "2026-01-01T00:00:00Z",
    })
}

fn with(mut base: Json, more: &Json) -> Json {
    for (key, value) in more.as_object().expect("an object") {
        base[key] = value.clone();
    }
    base
}

const NOT_WRITABLE: &str = "Please check the security settings of this field and verify that it is \
                            read/write for your profile or permission set.";

#[test]
fn createable() {
    let (_served, mut client) = org();
    let body = json!({"LastName": "x", "CreatedDate": "2026-01-01T00:00:00Z", "IsDeleted": true});
    let message = format!(
        r#"INVALID_FIELD_FOR_INSERT_UPDATE ["CreatedDate","IsDeleted"] Unable to create/update fields: CreatedDate, IsDeleted. {NOT_WRITABLE}"#
    );
    refused(&post(&mut client, "Contact", &body), &[&message]);
    // The same values, even null, are refused.
    let body = json!({"LastName": "x", "CreatedDate": null});
    assert_eq!(post(&mut client, "Contact", &body).status, 400);
    // An object that is not createable refuses whatever it is given.
    refused(
        &post(&mut client, "Organization", &json!({"Name": "x"})),
        &["CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY [] entity type cannot be inserted: Organization"],
    );
    assert_eq!(client.count("Contact"), 0);
}

#[test]
fn updateable() {
    let (_served, mut client) = org();
    let process = create(&mut client, "EmpUserProvisioningProcess", &json!({}));
    let body = json!({"ProvisioningProcessId": process});
    let error = create(&mut client, "EmpUserProvisionProcessErr", &body);
    // Createable only: even the value that it has is refused afterwards.
    let message = format!(
        r#"INVALID_FIELD_FOR_INSERT_UPDATE ["ProvisioningProcessId"] Unable to create/update fields: ProvisioningProcessId. {NOT_WRITABLE}"#
    );
    refused(&patch(&mut client, "EmpUserProvisionProcessErr", &error, &body), &[&message]);
    update(&mut client, "EmpUserProvisionProcessErr", &error, &json!({"ErrorMessage": "x"}));
    let row = client.row("EmpUserProvisionProcessErr", &error);
    assert_eq!(row["ErrorMessage"], "x");
    assert_eq!(row["ProvisioningProcessId"], process.as_str());
    // Custom fields have the property too.
    let (_served, mut client) =
        org_with(&json!([{"name": "Once__c", "type": "string", "length": 9, "updateable": false}]));
    let thing = create(&mut client, "Thing__c", &json!({"Once__c": "a"}));
    assert_eq!(patch(&mut client, "Thing__c", &thing, &json!({"Once__c": "b"})).status, 400);
    assert_eq!(client.row("Thing__c", &thing)["Once__c"], "a");
}

#[test]
fn nillable() {
    let (_served, mut client) = org();
    let missing = r#"REQUIRED_FIELD_MISSING ["LastName"] Required fields are missing: [LastName]"#;
    for body in [json!({}), json!({"LastName": null}), json!({"LastName": ""})] {
        refused(&post(&mut client, "Contact", &body), &[missing]);
    }
    refused(
        &post(&mut client, "UserProvisioningRequest", &json!({"Operation": "Create"})),
        &[
            r#"REQUIRED_FIELD_MISSING ["State","ApprovalStatus"] Required fields are missing: [State, ApprovalStatus]"#,
        ],
    );
    let id = create(&mut client, "Contact", &json!({"LastName": "x", "FirstName": "y"}));
    // An update need not name it, but cannot empty it.
    update(&mut client, "Contact", &id, &json!({"FirstName": null}));
    refused(&patch(&mut client, "Contact", &id, &json!({"LastName": null})), &[missing]);
    let row = client.row("Contact", &id);
    assert_eq!((&row["LastName"], &row["FirstName"]), (&json!("x"), &json!(null)));
    let (_served, mut client) =
        org_with(&json!([{"name": "Must__c", "type": "string", "length": 9, "nillable": false}]));
    refused(
        &post(&mut client, "Thing__c", &json!({})),
        &[r#"REQUIRED_FIELD_MISSING ["Must__c"] Required fields are missing: [Must__c]"#],
    );
}

#[test]
fn defaulted_on_create() {
    let (served, mut client) = org();
    let me = served.ready["org"]["user_id"].as_str().expect("a user").to_owned();
    let id =
        create(&mut client, "UserProvAccount", &json!({"LinkState": "Linked", "Status": "Active"}));
    let row = client.row("UserProvAccount", &id);
    for field in ["CreatedDate", "LastModifiedDate", "SystemModstamp"] {
        assert_eq!(row[field], "2026-01-15T09:00:00.000+0000", "{field}");
    }
    assert_eq!((&row["CreatedById"], &row["LastModifiedById"]), (&json!(me), &json!(me)));
    assert_eq!((&row["IsKnownLink"], &row["IsDeleted"]), (&json!(false), &json!(false)));
    // An owner that is not given is the caller; null asks for the default, too.
    let id = create(&mut client, "Account", &json!({"Name": "x", "OwnerId": null}));
    assert_eq!(client.row("Account", &id)["OwnerId"], me.as_str());
    // A custom object's record without a name is named by its id.
    let (_served, mut client) = org_with(&json!([]));
    let id = create(&mut client, "Thing__c", &json!({}));
    assert_eq!(client.row("Thing__c", &id)["Name"], id[..15]);
}

#[test]
fn default_value() {
    let (_served, mut client) = org();
    let id = create(&mut client, "Task", &json!({}));
    let row = client.row("Task", &id);
    assert_eq!((&row["Status"], &row["Priority"]), (&json!("Not Started"), &json!("Normal")));
    let (_served, mut client) = org_with(&json!([
        {"name": "Flag__c", "type": "boolean", "defaultValue": true},
        {"name": "Pick__c", "type": "picklist",
         "picklistValues": [{"value": "one"}, {"value": "two", "defaultValue": true}]},
    ]));
    let id = create(&mut client, "Thing__c", &json!({}));
    let row = client.row("Thing__c", &id);
    assert_eq!((&row["Flag__c"], &row["Pick__c"]), (&json!(true), &json!("two")));
    let id = create(&mut client, "Thing__c", &json!({"Flag__c": false, "Pick__c": "one"}));
    let row = client.row("Thing__c", &id);
    assert_eq!((&row["Flag__c"], &row["Pick__c"]), (&json!(false), &json!("one")));
}

#[test]
fn auto_number() {
    let (_served, mut client) = org();
    let name = |client: &mut Client, id: &str| {
        client.row("UserProvisioningRequest", id)["Name"].as_str().expect("a name").to_owned()
    };
    let object = "UserProvisioningRequest";
    let first = create(&mut client, object, &request());
    let second = create(&mut client, object, &request());
    assert_eq!(name(&mut client, &first), "UPR-00000001");
    assert_eq!(name(&mut client, &second), "UPR-00000002");
    // Not writable.
    let body = with(request(), &json!({"Name": "UPR-9"}));
    assert_eq!(post(&mut client, object, &body).status, 400);
    assert_eq!(patch(&mut client, object, &first, &json!({"Name": "UPR-9"})).status, 400);
    // A deleted number is not given again.
    delete(&mut client, object, &second);
    let third = create(&mut client, object, &request());
    assert_eq!(name(&mut client, &third), "UPR-00000003");
    // A create that fails gives its number to nobody else than the next.
    let body = with(request(), &json!({"State": "Nonsense"}));
    assert_eq!(post(&mut client, object, &body).status, 400);
    let fourth = create(&mut client, object, &request());
    assert_eq!(name(&mut client, &fourth), "UPR-00000004");
    // Nor does a create whose failure shows late, after the number was drawn.
    let contact = create(&mut client, "Contact", &json!({"LastName": "x"}));
    let one = create(&mut client, "Employee2", &employee(&contact, "E-1"));
    assert_eq!(post(&mut client, "Employee2", &employee(&contact, "E-1")).status, 400);
    let two = create(&mut client, "Employee2", &employee(&contact, "E-2"));
    let number = |client: &mut Client, id: &str| client.row("Employee2", id)["Name"].clone();
    assert_ne!(number(&mut client, &one), number(&mut client, &two));
}

#[test]
fn restricted_picklist() {
    let (_served, mut client) = org();
    let object = "UserProvisioningRequest";
    let body = with(request(), &json!({"State": "Sleeping", "Operation": "Dream"}));
    refused(
        &post(&mut client, object, &body),
        &[
            r#"INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST ["Operation"] Operation: bad value for restricted picklist field: Dream"#,
            r#"INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST ["State"] State: bad value for restricted picklist field: Sleeping"#,
        ],
    );
    // The value is what counts, not the label; letter case does not, and is put right.
    let labelled = json!({"DeveloperName": "Dir", "MasterLabel": "Dir", "Language": "English"});
    assert_eq!(post(&mut client, "UserProvisioningConfig", &labelled).status, 400);
    let id =
        create(&mut client, object, &with(request(), &json!({"ApprovalStatus": "notrequired"})));
    assert_eq!(client.row(object, &id)["ApprovalStatus"], "NotRequired");
    // Null is a value for a field that is nillable.
    let process =
        create(&mut client, "EmpUserProvisioningProcess", &json!({"ProcessStatus": null}));
    assert_eq!(client.row("EmpUserProvisioningProcess", &process)["ProcessStatus"], json!(null));
}

#[test]
fn picklist_values() {
    let (_served, mut client) = org_with(&json!([
        {"name": "Free__c", "type": "picklist", "picklistValues": [{"value": "one"}, {"value": "two"}]},
        {"name": "Strict__c", "type": "picklist", "restrictedPicklist": true,
         "picklistValues": [{"value": "one"}, {"value": "old", "active": false}]},
        {"name": "Many__c", "type": "multipicklist", "restrictedPicklist": true, "length": 4099,
         "picklistValues": [{"value": "a"}, {"value": "b"}, {"value": "c"}]},
    ]));
    let id = create(&mut client, "Thing__c", &json!({"Free__c": "three", "Many__c": "c;a;c"}));
    let row = client.row("Thing__c", &id);
    // An unrestricted picklist takes what it does not list; many values come in their own order.
    assert_eq!((&row["Free__c"], &row["Many__c"]), (&json!("three"), &json!("a;c")));
    refused(
        &patch(&mut client, "Thing__c", &id, &json!({"Many__c": "a;x"})),
        &[
            r#"INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST ["Many__c"] Many: bad value for restricted picklist field: x"#,
        ],
    );
    refused(
        &patch(&mut client, "Thing__c", &id, &json!({"Strict__c": "old"})),
        &[
            r#"INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST ["Strict__c"] Strict: bad value for restricted picklist field: old"#,
        ],
    );
}

#[test]
fn calculated() {
    let (_served, mut client) = org();
    let body = json!({"FirstName": "Ann", "LastName": "Okafor"});
    let id = create(&mut client, "Contact", &body);
    assert_eq!(client.row("Contact", &id)["Name"], "Ann Okafor");
    update(&mut client, "Contact", &id, &json!({"FirstName": null}));
    assert_eq!(client.row("Contact", &id)["Name"], "Okafor");
    for body in [json!({"Name": "x"}), json!({"MailingAddress": null}), json!({"PhotoUrl": "x"})] {
        let field = body.as_object().and_then(|b| b.keys().next().cloned()).expect("a field");
        let found = faults(&patch(&mut client, "Contact", &id, &body));
        let start = format!(r#"INVALID_FIELD_FOR_INSERT_UPDATE ["{field}"]"#);
        assert!(found[0].starts_with(&start), "{found:?}");
    }
}

#[test]
fn compound_field_name() {
    let (_served, mut client) = org();
    let id = create(&mut client, "Account", &json!({"Name": "x"}));
    assert_eq!(client.row("Account", &id)["BillingAddress"], json!(null));
    update(&mut client, "Account", &id, &json!({"BillingCity": "Springfield"}));
    let row = client.row("Account", &id);
    assert_eq!(row["BillingAddress"]["city"], "Springfield");
    assert_eq!(row["BillingAddress"]["street"], json!(null));
    update(&mut client, "Account", &id, &json!({"BillingCity": ""}));
    assert_eq!(client.row("Account", &id)["BillingAddress"], json!(null));
}

#[test]
fn audit_fields() {
    let (served, mut client) = org();
    let me = served.ready["org"]["user_id"].clone();
    let id = create(&mut client, "Contact", &json!({"LastName": "x"}));
    for field in [
        "Id",
        "IsDeleted",
        "CreatedDate",
        "CreatedById",
        "LastModifiedDate",
        "LastModifiedById",
        "SystemModstamp",
    ] {
        let body = json!({field: client.row("Contact", &id)[field]});
        assert_eq!(patch(&mut client, "Contact", &id, &body).status, 400, "{field}");
    }
    let clock = r#"{"advance":"PT90S"}"#;
    assert_eq!(client.ask("PUT", "/_fauxforce/orgs/default/clock", clock).status, 200);
    update(&mut client, "Contact", &id, &json!({}));
    let row = client.row("Contact", &id);
    assert_eq!(row["CreatedDate"], "2026-01-15T09:00:00.000+0000");
    for field in ["LastModifiedDate", "SystemModstamp"] {
        assert_eq!(row[field], "2026-01-15T09:01:30.000+0000", "{field}");
    }
    assert_eq!(row["LastModifiedById"], me);
}

#[test]
fn several_faults_come_in_the_order_of_the_rules() {
    let (_served, mut client) = org();
    let body = json!({
        "Email": "nobody", "Phone": "1".repeat(41), "AccountId": "003ff0000000001AAA",
        "ReportsToId": "003ff0000000009AAA", "MailingLatitude": 91,
    });
    let found = faults(&post(&mut client, "Contact", &body));
    let codes: Vec<&str> = found.iter().filter_map(|fault| fault.split(' ').next()).collect();
    assert_eq!(
        codes,
        [
            "REQUIRED_FIELD_MISSING",
            "MALFORMED_ID",
            "STRING_TOO_LONG",
            "NUMBER_OUTSIDE_VALID_RANGE",
            "INVALID_EMAIL_ADDRESS",
            "INVALID_CROSS_REFERENCE_KEY",
        ]
    );
    // Fields that may not be written are reported alone: nothing else can be said of them.
    let found = faults(&post(&mut client, "Contact", &with(body, &json!({"IsDeleted": true}))));
    assert_eq!(found.len(), 1);
    assert_eq!(client.count("Contact"), 0);
}

// property                              test
// createable                            createable
// updateable                            updateable
// nillable, required                    nillable
// defaultedOnCreate                     defaulted_on_create
// defaultValue                          default_value
// autoNumber                            auto_number
// restrictedPicklist                    restricted_picklist
// picklistValues (value, active)        picklist_values
// length                                types::length
// digits                                types::digits
// precision, scale                      types::precision_and_scale
// ours: range                           types::ranges
// type boolean                          types::type_boolean
// type date                             types::type_date
// type datetime                         types::type_datetime
// type time                             types::type_time
// type string, phone, url, textarea     types::type_text
// type email                            types::type_email
// unique                                keys::unique
// caseSensitive                         keys::case_sensitive
// ours: unique rule of usernames        keys::unique_username
// ours: unique rule of nicknames        keys::unique_community_nickname
// ours: unique, User.FederationIdentifier   keys::unique_federation_identifier
// ours: unique, Employee2.EmployeeNumber    keys::unique_employee_number
// externalId                            keys::external_id
// idLookup                              keys::id_lookup
// referenceTo                           references::reference_to
// polymorphicForeignKey, namePointing   references::polymorphic_foreign_key
// cascadeDelete                         references::cascade_delete
// restrictedDelete                      references::restricted_delete
// neither of these two                  references::lookups_are_emptied_when_their_target_goes
// ours: set-once                        references::set_once
// calculated                            calculated
// compoundFieldName                     compound_field_name
// audit fields                          audit_fields
// all together                          several_faults_come_in_the_order_of_the_rules
//
// Undelete has no REST resource: src/dml/tests.rs. The other properties of a describe say nothing about
// saving: tests/schema_table.rs, tests/golden/discovery.
