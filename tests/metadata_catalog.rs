//! The metadata catalog says what the describes say: the same objects, fields, flags and picklist
//! values, in every org, whatever its features and whatever was added to its schema.

use fauxforce::Org;
use fauxforce::api::{Method, Request};
use serde_json::{Value, json};

const DATA: &str = "/services/data/v66.0";

fn ask(org: &Org, method: Method, path: &str, body: &Value) -> Value {
    let request = Request::new(method, path).bearer(org.access_token());
    let request = if body.is_null() { request } else { request.json(body.to_string()) };
    let response = org.call(request);
    let status = response.status;
    let bytes = response.into_bytes().expect("a body in memory");
    let answer = serde_json::from_slice(&bytes).unwrap_or_default();
    assert!((200..300).contains(&status), "{path}: {status} {answer}");
    answer
}

fn get(org: &Org, path: &str) -> Value {
    ask(org, Method::Get, &format!("{DATA}/{path}"), &Value::Null)
}

/// Every record of a query.
fn query(org: &Org, soql: &str) -> Vec<Value> {
    let mut answer = get(org, &format!("tooling/query?q={}", soql.replace(' ', "+")));
    let mut records = answer["records"].as_array().cloned().unwrap_or_default();
    while let Some(next) = answer["nextRecordsUrl"].as_str() {
        answer = ask(org, Method::Get, next, &Value::Null);
        records.extend(answer["records"].as_array().cloned().unwrap_or_default());
    }
    records
}

fn texts(list: &[Value], key: &str) -> Vec<String> {
    list.iter().map(|entry| entry[key].as_str().unwrap_or_default().to_owned()).collect()
}

fn with_everything() -> Org {
    let org = Org::builder().clock("2026-01-15T09:00:00Z").start().expect("an org");
    let features = json!({"features": {
        "personAccounts": true, "multiCurrency": true, "stateCountryPicklists": true,
        "recordLocking": true, "industries": true,
    }});
    ask(&org, Method::Put, "/_fauxforce/orgs/default/settings", &features);
    let object = json!([
        {"name": "Project__c", "fields": [
            {"name": "Kind__c", "type": "picklist", "picklistValues": ["A", {"value": "B", "label": "Bee"}]},
            {"name": "Lead__c", "type": "reference", "referenceTo": ["Contact"]},
        ]},
        {"name": "Account", "fields": [{"name": "Ext__c", "type": "string", "externalId": true}]},
    ]);
    ask(&org, Method::Post, "/_fauxforce/orgs/default/objects", &object);
    org
}

fn agrees(org: &Org) {
    let described = get(org, "sobjects");
    let described = described["sobjects"].as_array().expect("sobjects");
    let rows = query(org, "SELECT QualifiedApiName, DurableId, IsQueryable FROM EntityDefinition");
    assert_eq!(texts(&rows, "QualifiedApiName"), texts(described, "name"));
    let mut durable: Vec<String> = texts(&rows, "DurableId");
    durable.sort_unstable();
    durable.dedup();
    assert_eq!(durable.len(), rows.len(), "durable ids are different");
    for name in texts(described, "name") {
        let describe = get(org, &format!("sobjects/{name}/describe"));
        let fields = describe["fields"].as_array().expect("fields");
        let particles = query(
            org,
            &format!(
                "SELECT QualifiedApiName, DataType, Label, Length, IsNillable, IsCreatable, IsComponent, \
                 EntityDefinition.QualifiedApiName, FieldDefinition.QualifiedApiName FROM EntityParticle \
                 WHERE EntityDefinition.QualifiedApiName = '{name}'"
            ),
        );
        assert_eq!(texts(&particles, "QualifiedApiName"), texts(fields, "name"), "{name}");
        for (particle, field) in particles.iter().zip(fields) {
            let place = format!("{name}.{}", field["name"]);
            for (own, other) in [
                ("DataType", "type"),
                ("Label", "label"),
                ("Length", "length"),
                ("IsNillable", "nillable"),
                ("IsCreatable", "createable"),
            ] {
                assert_eq!(particle[own], field[other], "{place}: {own}");
            }
            assert_eq!(particle["EntityDefinition"]["QualifiedApiName"], name.as_str(), "{place}");
            let whole = &particle["FieldDefinition"]["QualifiedApiName"];
            let is_whole = *whole == field["name"];
            assert_eq!(is_whole, particle["IsComponent"] == false, "{place} belongs to {whole}");
        }
        let wholes = particles.iter().filter(|particle| particle["IsComponent"] == false);
        let wholes: Vec<Value> = wholes.cloned().collect();
        let soql = format!(
            "SELECT QualifiedApiName FROM FieldDefinition WHERE EntityDefinition.QualifiedApiName = '{name}'"
        );
        assert_eq!(
            texts(&query(org, &soql), "QualifiedApiName"),
            texts(&wholes, "QualifiedApiName"),
            "{name}"
        );
        let values = query(
            org,
            &format!(
                "SELECT Value, Label, IsActive FROM PicklistValueInfo \
                 WHERE EntityParticle.EntityDefinition.QualifiedApiName = '{name}'"
            ),
        );
        let expected: Vec<Value> = fields
            .iter()
            .flat_map(|field| field["picklistValues"].as_array().cloned().unwrap_or_default())
            .collect();
        assert_eq!(texts(&values, "Value"), texts(&expected, "value"), "{name}");
        assert_eq!(texts(&values, "Label"), texts(&expected, "label"), "{name}");
    }
}

#[test]
fn the_catalog_of_a_new_org_says_what_its_describes_say() {
    agrees(&Org::builder().clock("2026-01-15T09:00:00Z").start().expect("an org"));
}

#[test]
fn so_does_that_of_an_org_with_every_feature_and_objects_of_its_own() {
    agrees(&with_everything());
}

#[test]
fn it_follows_the_schema_of_each_org() {
    let org = Org::builder().clock("2026-01-15T09:00:00Z").start().expect("an org");
    let soql = "SELECT QualifiedApiName FROM EntityDefinition";
    let before = query(&org, soql).len();
    let fork = org.fork().expect("a fork");
    let object = json!({"name": "Project__c", "fields": []});
    let path = format!("/_fauxforce/orgs/{}/objects", fork.id());
    ask(&fork, Method::Post, &path, &object);
    assert_eq!(query(&fork, soql).len(), before + 1);
    assert_eq!(query(&org, soql).len(), before);
}

/// No row of a real table stands where the catalog's would be.
#[test]
fn scenarios_cannot_write_it() {
    let org = Org::builder().clock("2026-01-15T09:00:00Z").start().expect("an org");
    let scenario = json!({"name": "x", "records": [
        {"object": "ApexClass", "fields": {"Name": "Thing", "Body": "class Thing {}"}},
    ]});
    let request = Request::new(Method::Post, "/_fauxforce/orgs/default/scenarios");
    let response = org.call(request.json(scenario.to_string()));
    assert_ne!(response.status, 200);
    assert_eq!(query(&org, "SELECT Id FROM ApexClass").len(), 0);
}
