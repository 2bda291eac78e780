//! What every property of a field does when records are saved: one test a property, named by it,
//! through the public API, on real objects and on custom fields. The map from property to test is at
//! the end of this file.
#![cfg(feature = "cli")]

mod common;

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
    let body = with(request(), &json!({"ApprovalStatus": "Not Required"}));
    assert_eq!(post(&mut client, object, &body).status, 400);
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
fn length() {
    let (_served, mut client) = org();
    let object = "EmpUserProvisioningProcess";
    let process = create(&mut client, object, &json!({}));
    let object = "EmpUserProvisionProcessErr";
    let body = |text: &str| json!({"ProvisioningProcessId": process, "ErrorMessage": text});
    let longest = "x".repeat(255);
    let id = create(&mut client, object, &body(&longest));
    assert_eq!(client.row(object, &id)["ErrorMessage"], longest.as_str());
    let long = "x".repeat(256);
    let message = format!(
        r#"STRING_TOO_LONG ["ErrorMessage"] Error Message: data value too large: {long} (max length=255)"#
    );
    refused(&post(&mut client, object, &body(&long)), &[&message]);
    refused(&patch(&mut client, object, &id, &json!({"ErrorMessage": long})), &[&message]);
    // Characters are counted, not bytes; one beyond the first plane counts as two, as in Java.
    let accents = "é".repeat(255);
    let id = create(&mut client, object, &body(&accents));
    assert_eq!(client.row(object, &id)["ErrorMessage"], accents.as_str());
    let faces = "😀".repeat(127);
    create(&mut client, object, &body(&faces));
    assert_eq!(post(&mut client, object, &body(&"😀".repeat(128))).status, 400);
    // Blanks at the ends are not kept and do not count.
    create(&mut client, object, &body(&format!("  {longest}  ")));
}

#[test]
fn digits() {
    let (_served, mut client) = org();
    let object = "UserProvisioningRequest";
    let body = |number: i64| with(request(), &json!({"RetryCount": number}));
    for number in [999_999_999, -999_999_999, 0] {
        let id = create(&mut client, object, &body(number));
        assert_eq!(client.row(object, &id)["RetryCount"], number);
    }
    for number in [1_000_000_000, -1_000_000_000] {
        let message = format!(
            r#"NUMBER_OUTSIDE_VALID_RANGE ["RetryCount"] Retry Count: value outside of valid range on numeric field: {number}"#
        );
        refused(&post(&mut client, object, &body(number)), &[&message]);
    }
}

#[test]
fn precision_and_scale() {
    let (_served, mut client) = org_with(&json!([
        {"name": "Small__c", "type": "double", "precision": 5, "scale": 2},
        {"name": "Money__c", "type": "currency", "precision": 18, "scale": 2},
    ]));
    let stored = |client: &mut Client, number: Json| {
        let id = create(client, "Thing__c", &json!({"Small__c": number}));
        client.row("Thing__c", &id)["Small__c"].as_f64().expect("a number")
    };
    for (sent, expected) in [
        (json!(999.99), 999.99),
        (json!(-999.99), -999.99),
        (json!(1.005), 1.01),
        (json!(1.004), 1.0),
        (json!("2.5"), 2.5),
        (json!(0), 0.0),
    ] {
        assert!((stored(&mut client, sent.clone()) - expected).abs() < 1e-9, "{sent}");
    }
    refused(
        &post(&mut client, "Thing__c", &json!({"Small__c": 1000})),
        &[
            r#"NUMBER_OUTSIDE_VALID_RANGE ["Small__c"] Small: value outside of valid range on numeric field: 1000.0"#,
        ],
    );
    // Rounding may carry a number out of its range.
    assert_eq!(post(&mut client, "Thing__c", &json!({"Small__c": 999.995})).status, 400);
    assert_eq!(post(&mut client, "Thing__c", &json!({"Money__c": 1e16})).status, 400);
}

#[test]
fn ranges() {
    let (_served, mut client) = org();
    let body = |latitude: f64, longitude: f64| json!({"Name": "x", "BillingLatitude": latitude, "BillingLongitude": longitude});
    create(&mut client, "Account", &body(90.0, 180.0));
    create(&mut client, "Account", &body(-90.0, -180.0));
    let answer = post(&mut client, "Account", &body(90.5, 180.5));
    let found = faults(&answer);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].starts_with(r#"NUMBER_OUTSIDE_VALID_RANGE ["BillingLatitude"]"#), "{found:?}");
    assert!(
        found[1].starts_with(r#"NUMBER_OUTSIDE_VALID_RANGE ["BillingLongitude"]"#),
        "{found:?}"
    );
}

/// Values of one type and what they are read as; `None` is refused by the parser.
fn read_as(kind: &str, cases: &[(Json, Option<Json>)]) {
    let (_served, mut client) = org_with(&json!([{"name": "Value__c", "type": kind}]));
    for (sent, expected) in cases {
        let answer = post(&mut client, "Thing__c", &json!({"Value__c": sent}));
        if let Some(expected) = expected {
            assert_eq!(answer.status, 201, "{kind} {sent}: {}", answer.text());
            let id = answer.json()["id"].as_str().expect("an id").to_owned();
            assert_eq!(client.row("Thing__c", &id)["Value__c"], *expected, "{kind} {sent}");
        } else {
            let found = faults(&answer);
            let start =
                format!("JSON_PARSER_ERROR Cannot deserialize instance of {kind} from VALUE_");
            assert!(found[0].starts_with(&start), "{kind} {sent}: {found:?}");
        }
    }
}

#[test]
fn type_boolean() {
    read_as(
        "boolean",
        &[
            (json!(true), Some(json!(true))),
            (json!(false), Some(json!(false))),
            (json!("true"), Some(json!(true))),
            (json!("FALSE"), Some(json!(false))),
            (json!("yes"), None),
            (json!(1), None),
            (json!(null), None),
        ],
    );
}

#[test]
fn type_date() {
    read_as(
        "date",
        &[
            (json!("2024-02-29"), Some(json!("2024-02-29"))),
            (json!("1700-01-01"), Some(json!("1700-01-01"))),
            (json!("2026-01-15T23:59:59.000-08:00"), Some(json!("2026-01-15"))),
            (json!(""), Some(json!(null))),
            (json!(null), Some(json!(null))),
            (json!("2023-02-29"), None),
            (json!("2023-13-01"), None),
            (json!("15/01/2026"), None),
            (json!("2026-1-5"), None),
            (json!(20_260_115), None),
        ],
    );
}

#[test]
fn type_datetime() {
    let noon = || Some(json!("2026-01-15T12:00:00.000+0000"));
    read_as(
        "datetime",
        &[
            (json!("2026-01-15T12:00:00Z"), noon()),
            (json!("2026-01-15T12:00:00.000Z"), noon()),
            (json!("2026-01-15T12:00:00.000+0000"), noon()),
            (json!("2026-01-15T13:00:00+01:00"), noon()),
            (json!("2026-01-15T04:00:00-08:00"), noon()),
            (json!("2026-01-15T12:00:00.123Z"), Some(json!("2026-01-15T12:00:00.000+0000"))),
            (json!("2026-01-15 12:00:00"), None),
            (json!("2026-01-15"), None),
            (json!("2026-01-15T25:00:00Z"), None),
            (json!("tomorrow"), None),
            (json!(1_768_478_400_000_i64), None),
        ],
    );
}

#[test]
fn type_time() {
    read_as(
        "time",
        &[
            (json!("11:59:59.000Z"), Some(json!("11:59:59.000Z"))),
            (json!("11:59:59.123Z"), Some(json!("11:59:59.123Z"))),
            (json!("00:00:00Z"), Some(json!("00:00:00.000Z"))),
            (json!("24:00:00.000Z"), None),
            (json!("noon"), None),
            (json!(12), None),
        ],
    );
}

#[test]
fn type_text() {
    read_as(
        "string",
        &[
            (json!("a"), Some(json!("a"))),
            (json!("  a b  "), Some(json!("a b"))),
            (json!(8_758_265), Some(json!("8758265"))),
            (json!(1.50), Some(json!("1.5"))),
            (json!(true), Some(json!("true"))),
            (json!(""), Some(json!(null))),
            (json!("   "), Some(json!(null))),
        ],
    );
}

#[test]
fn type_email() {
    let (_served, mut client) = org();
    let body = |mail: &str| json!({"LastName": "x", "Email": mail});
    for mail in [
        "a@b.co",
        "first.last+tag@sub.example.com",
        "o'brien@example.com",
        "a_b-c@ex-ample.org",
        "1@example.museum",
        "UPPER@EXAMPLE.COM",
    ] {
        create(&mut client, "Contact", &body(mail));
    }
    for mail in [
        "123",
        "a@",
        "@b.co",
        "a@b",
        "a b@c.de",
        "a@b@c.de",
        "a.@b.co",
        ".a@b.co",
        "a..b@c.de",
        "a@b..co",
        "a@.co",
        "a@b.co.",
        "a@b,co",
        "<a@b.co>",
    ] {
        let message =
            format!(r#"INVALID_EMAIL_ADDRESS ["Email"] Email: invalid email address: {mail}"#);
        refused(&post(&mut client, "Contact", &body(mail)), &[&message]);
    }
}

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

#[test]
fn reference_to() {
    let (_served, mut client) = org();
    let account = create(&mut client, "Account", &json!({"Name": "x"}));
    let body = |id: &str| json!({"LastName": "x", "AccountId": id});
    let contact = create(&mut client, "Contact", &body(&account[..15]));
    assert_eq!(client.row("Contact", &contact)["AccountId"], account.as_str());
    // Of the wrong object, and no id at all.
    for bad in [contact.as_str(), "Acme", "001ff0000000001AAB"] {
        let message =
            format!(r#"MALFORMED_ID ["AccountId"] Account ID: id value of incorrect type: {bad}"#);
        refused(&post(&mut client, "Contact", &body(bad)), &[&message]);
    }
    // Never existed.
    refused(
        &post(&mut client, "Contact", &body("001ff0000000009AAA")),
        &["INVALID_CROSS_REFERENCE_KEY [] invalid cross reference id"],
    );
    // Deleted.
    let gone = create(&mut client, "Account", &json!({"Name": "y"}));
    delete(&mut client, "Account", &gone);
    refused(
        &patch(&mut client, "Contact", &contact, &json!({"AccountId": gone})),
        &["ENTITY_IS_DELETED [] entity is deleted"],
    );
    update(&mut client, "Contact", &contact, &json!({"AccountId": null}));
    assert_eq!(client.row("Contact", &contact)["AccountId"], json!(null));
}

#[test]
fn polymorphic_foreign_key() {
    let (_served, mut client) = org();
    let ann = create(&mut client, "User", &user("ann"));
    let queue = create(&mut client, "Group", &json!({"Name": "Queue", "Type": "Queue"}));
    let object = "UserProvisioningRequest";
    for (owner, kind) in [(&ann, "User"), (&queue, "Group")] {
        let id = create(&mut client, object, &with(request(), &json!({"OwnerId": owner})));
        assert_eq!(client.row(object, &id)["OwnerId"], owner.as_str());
        let owner = client.get(&format!("sobjects/{object}/{id}/Owner"));
        assert_eq!(owner["attributes"]["type"], kind);
    }
    let account = create(&mut client, "Account", &json!({"Name": "x"}));
    let message =
        format!(r#"MALFORMED_ID ["OwnerId"] Owner ID: id value of incorrect type: {account}"#);
    refused(
        &post(&mut client, object, &with(request(), &json!({"OwnerId": account}))),
        &[&message],
    );
}

#[test]
fn cascade_delete() {
    let (_served, mut client) = org();
    let process = create(&mut client, "EmpUserProvisioningProcess", &json!({}));
    let other = create(&mut client, "EmpUserProvisioningProcess", &json!({}));
    for id in [&process, &process, &other] {
        create(&mut client, "EmpUserProvisionProcessErr", &json!({"ProvisioningProcessId": id}));
    }
    delete(&mut client, "EmpUserProvisioningProcess", &process);
    assert_eq!(client.count("EmpUserProvisionProcessErr"), 1);
    // Over two levels: an account takes its contacts along, a contact its employees.
    let account = create(&mut client, "Account", &json!({"Name": "x"}));
    let contact = create(&mut client, "Contact", &json!({"LastName": "x", "AccountId": account}));
    let employee = create(&mut client, "Employee2", &employee(&contact, "E-1"));
    delete(&mut client, "Account", &account);
    for (object, id) in [("Contact", &contact), ("Employee2", &employee)] {
        let answer = client.ask("DELETE", &format!("sobjects/{object}/{id}"), "");
        assert!(faults(&answer)[0].starts_with("ENTITY_IS_DELETED"), "{object}");
    }
}

#[test]
fn restricted_delete() {
    let (_served, mut client) = org();
    let account = create(&mut client, "Account", &json!({"Name": "Acme"}));
    let contact = create(&mut client, "Contact", &json!({"LastName": "x", "AccountId": account}));
    let case = create(&mut client, "Case", &json!({"AccountId": account}));
    let answer = client.ask("DELETE", &format!("sobjects/Account/{account}"), "");
    refused(
        &answer,
        &["DELETE_FAILED [] Your attempt to delete Acme could not be completed because it is \
           associated with the following cases.: 00000001\n"],
    );
    // Nothing of a delete that fails is done.
    assert_eq!(client.row("Contact", &contact)["AccountId"], account.as_str());
    delete(&mut client, "Case", &case);
    delete(&mut client, "Account", &account);
    assert_eq!(client.count("Contact"), 0);
}

#[test]
fn lookups_are_emptied_when_their_target_goes() {
    let (_served, mut client) = org();
    let object = "UserProvisioningRequest";
    let parent = create(&mut client, object, &request());
    let child = create(&mut client, object, &with(request(), &json!({"ParentId": parent})));
    delete(&mut client, object, &parent);
    assert_eq!(client.row(object, &child)["ParentId"], json!(null));
}

#[test]
fn set_once() {
    let (_served, mut client) = org();
    let contact = create(&mut client, "Contact", &json!({"LastName": "x"}));
    let [ann, bob] = ["ann", "bob"].map(|name| create(&mut client, "User", &user(name)));
    let id = create(&mut client, "Employee2", &employee(&contact, "E-1"));
    // Null until it is set; then it stays, and may be sent again.
    update(&mut client, "Employee2", &id, &json!({"UserId": null}));
    update(&mut client, "Employee2", &id, &json!({"UserId": ann}));
    update(&mut client, "Employee2", &id, &json!({"UserId": ann}));
    for other in [json!(bob), json!(null)] {
        let found = faults(&patch(&mut client, "Employee2", &id, &json!({"UserId": other})));
        assert!(found[0].starts_with(r#"INVALID_FIELD_FOR_INSERT_UPDATE ["UserId"]"#), "{found:?}");
    }
    assert_eq!(client.row("Employee2", &id)["UserId"], ann.as_str());
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
// length                                length
// digits                                digits
// precision, scale                      precision_and_scale
// ours: range                           ranges
// type boolean                          type_boolean
// type date                             type_date
// type datetime                         type_datetime
// type time                             type_time
// type string, phone, url, textarea     type_text
// type email                            type_email
// unique                                unique
// caseSensitive                         case_sensitive
// ours: unique rule of usernames        unique_username
// ours: unique rule of nicknames        unique_community_nickname
// ours: unique, User.FederationIdentifier   unique_federation_identifier
// ours: unique, Employee2.EmployeeNumber    unique_employee_number
// externalId                            external_id
// idLookup                              id_lookup
// referenceTo                           reference_to
// polymorphicForeignKey, namePointing   polymorphic_foreign_key
// cascadeDelete                         cascade_delete
// restrictedDelete                      restricted_delete
// neither of these two                  lookups_are_emptied_when_their_target_goes
// ours: set-once                        set_once
// calculated                            calculated
// compoundFieldName                     compound_field_name
// audit fields                          audit_fields
// all together                          several_faults_come_in_the_order_of_the_rules
//
// Undelete has no REST resource: src/dml/tests.rs. The other properties of a describe say nothing about
// saving: tests/schema_table.rs, tests/golden/discovery.
