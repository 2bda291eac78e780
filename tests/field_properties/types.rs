//! How values of each type are read.

use super::common::served::Client;
use super::{create, faults, org, org_with, patch, post, refused, request, with};
use serde_json::{Value as Json, json};

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
