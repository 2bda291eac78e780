//! Whole-org properties of the composite family: what is undone leaves no trace, and many records in
//! one request are the same as one by one. Shapes and texts are in `tests/golden/composite`.

use crate::api::{Method, Request, handle};
use crate::clock::Clock;
use crate::id::Id;
use crate::org::{DEFAULT, Founding, Org, Orgs, Template};
use crate::scenario::base;
use crate::schema::{Features, Slot};
use crate::store::{Key, State};
use proptest::prelude::*;
use serde_json::{Value as Json, json};
use std::fmt::Write as _;
use std::sync::Arc;

/// 2026-01-15T09:00:00Z.
const NOW: i64 = 1_768_467_600_000;

struct World {
    orgs: Orgs,
    org: Arc<Org>,
}

impl World {
    fn new() -> World {
        let orgs = Orgs::new(Template::default());
        let clock = Clock::Virtual { now: NOW };
        let founding = Founding {
            name: Some(DEFAULT),
            label: None,
            ttl: None,
            listen: false,
            administrator: base::administrator(),
            state: base::empty_org(Id::own(*b"00D", 0), Features::DEFAULT, clock),
            adopt: base::adopted,
            like: None,
        };
        let org = orgs.create(founding, NOW).expect("a free name");
        let world = World { orgs, org };
        // The first request of a day sweeps the recycle bin.
        assert_eq!(world.get("limits").0, 200);
        world
    }

    /// Asks under the newest documented version.
    fn ask(&self, method: Method, path: &str, body: &Json) -> (u16, Json) {
        self.ask_with(method, path, body, &[])
    }

    fn ask_with(
        &self,
        method: Method,
        path: &str,
        body: &Json,
        headers: &[(&str, &str)],
    ) -> (u16, Json) {
        let path = match path.strip_prefix("/services") {
            Some(_) => path.to_owned(),
            None => format!("/services/data/v66.0/{path}"),
        };
        let mut request = Request::new(method, &path).bearer(&self.org.credentials.access_token);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let text = if body.is_null() { String::new() } else { body.to_string() };
        let response = handle(&self.orgs, request.json(text));
        let status = response.status;
        let bytes = response.into_bytes().expect("a whole body");
        let json = if bytes.is_empty() {
            Json::Null
        } else {
            serde_json::from_slice(&bytes).expect("a JSON body")
        };
        (status, json)
    }

    fn get(&self, path: &str) -> (u16, Json) {
        self.ask(Method::Get, path, &Json::Null)
    }

    fn post(&self, path: &str, body: &Json) -> (u16, Json) {
        self.ask(Method::Post, path, body)
    }

    /// Everything that the org's data is made of, as text.
    fn portrait(&self) -> String {
        portrait(&self.org.read())
    }
}

fn portrait(state: &State) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "commit {} passwords {:?}", state.commit, state.passwords);
    let _ = writeln!(out, "jobs {:?}", state.jobs);
    let recent: Vec<_> = state.recent(base::administrator()).map(|id| id.to_string()).collect();
    let _ = writeln!(out, "recent {recent:?}");
    for object in state.objects_with_rows() {
        let table = state.table(object);
        let object = state.schema.object(object);
        let counts = (table.next(), table.live(), table.held());
        let _ = writeln!(out, "{} {counts:?}", object.name);
        for (number, row) in table.rows() {
            let _ = write!(out, " {number} @{} -{}", row.commit(), row.deleted_by());
            for slot in 0..object.fields.len() {
                let value = row.get(slot as Slot);
                if !value.is_null() {
                    let _ = write!(out, " {slot}={value:?}");
                }
                if let (Some(keys), Some(key)) = (table.kept(slot as Slot), Key::of(value)) {
                    let found: Vec<_> = keys.equal(&key).collect();
                    let _ = write!(out, " kept {found:?}");
                }
            }
            out.push('\n');
        }
        for stone in table.buried(i64::MIN, i64::MAX) {
            let _ = writeln!(out, " buried {stone:?}");
        }
    }
    out
}

/// Checks that indexes made on demand say what the rows say.
fn indexes_agree(org: &Org) {
    let state = org.read();
    for (object, field) in [
        ("Account", "Name"),
        ("Contact", "AccountId"),
        ("Contact", "Email"),
        ("Case", "CaseNumber"),
    ] {
        let object = state.schema.by_name(object).expect("an object");
        let (slot, _) = object.field(field).expect("a field");
        let table = state.table(object.id);
        let keys = org.indexes.get(object.id, slot, table);
        let mut expected = 0;
        for (number, row) in table.rows() {
            let Some(key) = Key::of(row.get(slot)) else { continue };
            expected += 1;
            assert!(keys.equal(&key).any(|found| found == number), "{field} of row {number}");
        }
        assert_eq!(keys.len(), expected, "{field}");
    }
}

fn account(name: &str) -> Json {
    json!({ "attributes": { "type": "Account" }, "Name": name })
}

fn collection(records: &[Json], all_or_none: bool) -> Json {
    json!({ "allOrNone": all_or_none, "records": records })
}

fn sub(method: &str, path: &str, reference: &str, body: &Json) -> Json {
    let url = format!("/services/data/v66.0/{path}");
    json!({ "method": method, "url": url, "referenceId": reference, "body": body })
}

/// A world with rows, deleted rows, children, recent items, and every cursor in use.
fn furnished() -> (World, Vec<String>) {
    let world = World::new();
    for _ in 0..2 {
        let records: Vec<Json> = (0..150).map(|n| account(&format!("a{n}"))).collect();
        let (status, _) = world.post("composite/sobjects", &collection(&records, false));
        assert_eq!(status, 200);
    }
    let children: Vec<Json> = (1..6)
        .map(|n| {
            json!({ "attributes": { "type": "Contact" }, "LastName": "c", "Email": format!("c{n}@x.com"),
                    "AccountId": format!("001ff000000000{n}") })
        })
        .collect();
    world.post("composite/sobjects", &collection(&children, false));
    world.post("sobjects/Case", &json!({ "Subject": "s" }));
    world.ask(Method::Delete, "sobjects/Account/001ff0000000005", &Json::Null);
    let query = "query?q=SELECT+Id+FROM+Account";
    let pages: Vec<String> = (0..10)
        .map(|_| {
            let headers = [("Sforce-Query-Options", "batchSize=200")];
            let (_, page) = world.ask_with(Method::Get, query, &Json::Null, &headers);
            page["nextRecordsUrl"].as_str().expect("a second page").to_owned()
        })
        .collect();
    indexes_agree(&world.org);
    (world, pages)
}

/// Sub-requests that touch all there is, and then one that fails.
fn everything_and_a_failure() -> Vec<Json> {
    let page = json!({ "Sforce-Query-Options": "batchSize=200" });
    let mut query = sub("GET", "query?q=SELECT Id FROM Account", "page", &Json::Null);
    query["httpHeaders"] = page;
    let user = base::administrator();
    vec![
        sub("POST", "sobjects/Account", "made", &json!({ "Name": "new" })),
        sub(
            "POST",
            "sobjects/Contact",
            "child",
            &json!({ "LastName": "x", "AccountId": "@{made.id}", "Email": "n@x.com" }),
        ),
        sub("POST", "sobjects/Case", "case", &json!({ "Subject": "numbered" })),
        sub("PATCH", "sobjects/Account/001ff0000000001", "changed", &json!({ "Name": "changed" })),
        sub("DELETE", "sobjects/Account/001ff0000000002", "deleted", &Json::Null),
        sub(
            "POST",
            &format!("sobjects/User/{user}/password"),
            "password",
            &json!({ "NewPassword": "secret123" }),
        ),
        sub(
            "POST",
            "composite/sobjects",
            "many",
            &collection(&[account("m1"), account("m2")], true),
        ),
        sub(
            "DELETE",
            "composite/sobjects?ids=001ff0000000003,001ff0000000004",
            "gone",
            &Json::Null,
        ),
        sub(
            "GET",
            "query?q=SELECT Name FROM Contact WHERE AccountId = '@{made.id}'",
            "seen",
            &Json::Null,
        ),
        query,
        sub("POST", "sobjects/Contact", "bad", &json!({ "Email": "123" })),
    ]
}

#[test]
fn what_is_undone_leaves_not_one_trace() {
    let (world, pages) = furnished();
    let before = world.org.read();
    let portrait_before = portrait(&before);
    let all = everything_and_a_failure();
    let rows: Vec<&Json> = all[..5].iter().chain(all.last()).collect();
    let tree = json!({ "records": [
        { "attributes": { "type": "Account", "referenceId": "a" }, "Name": "x", "Contacts": { "records": [
            { "attributes": { "type": "Contact", "referenceId": "b" }, "LastName": "y" },
            { "attributes": { "type": "Contact", "referenceId": "c" }, "Email": "123", "LastName": "y" } ] } } ] });
    let undone = [
        (Method::Post, "composite", json!({ "allOrNone": true, "compositeRequest": all })),
        (
            Method::Post,
            "composite/graph",
            json!({ "graphs": [{ "graphId": "1", "compositeRequest": rows }] }),
        ),
        (Method::Post, "composite/tree/Account", tree),
        (
            Method::Post,
            "composite/sobjects",
            collection(
                &[account("x"), json!({ "attributes": { "type": "Case" } }), account("")],
                true,
            ),
        ),
        (
            Method::Patch,
            "composite/sobjects",
            collection(
                &[
                    json!({ "attributes": { "type": "Account" }, "Id": "001ff0000000001", "Name": "changed" }),
                    json!({ "attributes": { "type": "Account" }, "Id": "001ff0000000001", "Name": null }),
                ],
                true,
            ),
        ),
        (
            Method::Delete,
            "composite/sobjects?ids=001ff0000000001,001ff0000000099999&allOrNone=true",
            Json::Null,
        ),
        // Without allOrNone nothing succeeds either.
        (Method::Post, "composite/sobjects", collection(&[account(""), account("")], false)),
        // Refused after good records were read.
        (
            Method::Post,
            "composite/sobjects",
            collection(
                &[
                    account("x"),
                    json!({ "attributes": { "type": "Account" }, "Name": "x", "NumberOfEmployees": "many" }),
                ],
                false,
            ),
        ),
    ];
    for (method, path, body) in undone {
        let (_, answer) = world.ask(method, path, &body);
        let text = answer.to_string();
        assert!(text.contains("errorCode") || text.contains("statusCode"), "{path}: {text}");
        assert!(Arc::ptr_eq(&before, &world.org.read()), "{path}: {text}");
        assert_eq!(portrait_before, world.portrait(), "{path}");
        indexes_agree(&world.org);
        for page in &pages {
            assert_eq!(world.get(page).0, 200, "{path} closed {page}");
        }
    }
}

#[test]
fn the_failing_request_would_have_changed_all_of_it() {
    let (world, _) = furnished();
    let before = world.portrait();
    let mut all = everything_and_a_failure();
    all.pop();
    let (_, answer) =
        world.post("composite", &json!({ "allOrNone": true, "compositeRequest": all }));
    let answers = answer["compositeResponse"].as_array().expect("answers");
    for answer in answers {
        assert!(answer["httpStatusCode"].as_u64().is_some_and(|s| s < 300), "{answer}");
    }
    assert_ne!(before, world.portrait());
    indexes_agree(&world.org);
    // The new contact was seen by a later sub-request, and its cursor lives on.
    assert_eq!(answers[8]["body"]["totalSize"], 1);
    let next = answers[9]["body"]["nextRecordsUrl"].as_str().expect("a second page");
    assert_eq!(world.get(next).0, 200);
}

#[test]
fn a_cursor_can_be_used_inside_its_unit() {
    let (world, _) = furnished();
    let mut page = sub("GET", "query?q=SELECT Id FROM Account", "page", &Json::Null);
    page["httpHeaders"] = json!({ "Sforce-Query-Options": "batchSize=200" });
    let next = json!({ "method": "GET", "url": "@{page.nextRecordsUrl}", "referenceId": "next" });
    for all_or_none in [true, false] {
        let body = json!({ "allOrNone": all_or_none, "compositeRequest": [&page, &next] });
        let (_, answer) = world.post("composite", &body);
        let second = &answer["compositeResponse"][1];
        assert_eq!(second["httpStatusCode"], 200, "{second}");
        assert_eq!(second["body"]["done"], true);
    }
}

#[test]
fn rows_that_one_collection_deletes_come_back_one_by_one() {
    let (world, _) = furnished();
    world.ask(
        Method::Delete,
        "composite/sobjects?ids=001ff0000000001,001ff0000000002",
        &Json::Null,
    );
    let state = world.org.read();
    let object = state.schema.by_name("Account").expect("an object");
    let group = |number| state.table(object.id).get(number).map(crate::store::Row::deleted_by);
    assert_ne!(group(0), group(1));
}

#[test]
fn limits() {
    let world = World::new();
    let too_many = json!([{
        "message": "record limit reached. cannot submit more than 200 records into this call",
        "errorCode": "EXCEEDED_ID_LIMIT"
    }]);
    let accounts: Vec<Json> = (0..201).map(|n| account(&n.to_string())).collect();
    let answer = world.post("composite/sobjects", &collection(&accounts, false));
    assert_eq!(answer, (400, too_many.clone()));
    let (status, saved) = world.post("composite/sobjects", &collection(&accounts[..200], true));
    assert_eq!((status, saved.as_array().map(Vec::len)), (200, Some(200)));

    let ids: Vec<String> = (1..=201).map(|n| format!("001ff0000000{n:03}")).collect();
    let path = format!("composite/sobjects?ids={}", ids.join(","));
    assert_eq!(world.ask(Method::Delete, &path, &Json::Null), (400, too_many));
    let (status, answer) = world.post(
        "composite/sobjects/Account",
        &json!({ "ids": vec!["001ff0000000001"; 2001], "fields": ["Id"] }),
    );
    assert_eq!((status, &answer[0]["errorCode"]), (400, &json!("EXCEEDED_ID_LIMIT")));
    let (status, answer) = world.post(
        "composite/sobjects/Account",
        &json!({ "ids": vec!["001ff0000000001"; 2000], "fields": ["Id"] }),
    );
    assert_eq!((status, answer.as_array().map(Vec::len)), (200, Some(2000)));

    let nodes = |count: usize| -> Vec<Json> {
        let node = |n| json!({ "attributes": { "type": "Account", "referenceId": format!("r{n}") }, "Name": "x" });
        (0..count).map(node).collect()
    };
    let (status, answer) = world.post("composite/tree/Account", &json!({ "records": nodes(201) }));
    assert_eq!((status, &answer[0]["errorCode"]), (400, &json!("INVALID_INPUT")));
    let (status, _) = world.post("composite/tree/Account", &json!({ "records": nodes(200) }));
    assert_eq!(status, 201);

    let graphs = |count: usize| {
        let node = |n| sub("POST", "sobjects/Account", &format!("n{n}"), &json!({ "Name": "x" }));
        let nodes: Vec<Json> = (0..count).map(node).collect();
        json!({ "graphs": [{ "graphId": "g", "compositeRequest": nodes }] })
    };
    let (status, answer) = world.post("composite/graph", &graphs(501));
    assert_eq!((status, &answer[0]["errorCode"]), (400, &json!("LIMIT_EXCEEDED")));
    let (status, answer) = world.post("composite/graph", &graphs(500));
    assert_eq!((status, &answer["graphs"][0]["isSuccessful"]), (200, &json!(true)));
}

/// A record of an object with fields, good or bad in many ways.
fn any_record() -> impl Strategy<Value = (&'static str, Json)> {
    let contact = |fields: Json| ("Contact", fields);
    prop_oneof![
        "[a-c]{0,3}".prop_map(|name| ("Account", json!({ "Name": name }))),
        Just(("Account", json!({ "Name": "x", "Nonsense__c": 1 }))),
        Just(("Account", json!({ "Name": "y".repeat(256), "Industry": "Banking" }))),
        (0u32..9).prop_map(move |n| contact(
            json!({ "LastName": "l", "AccountId": format!("001ff000000000{n}") })
        )),
        Just(contact(json!({ "LastName": "l", "Email": "123", "AccountId": "nonsense" }))),
        Just(contact(json!({ "FirstName": "only" }))),
        Just(contact(json!({ "LastName": "m", "CreatedDate": "2020-01-01T00:00:00Z" }))),
        (0u32..9).prop_map(|n| ("Case", json!({ "Subject": n.to_string(), "Priority": "High" }))),
        Just(("Case", json!({ "ContactId": "003ff0000000001" }))),
    ]
}

/// The outcome of a single create in the words of a collection.
fn in_a_collection((status, answer): (u16, Json)) -> Json {
    if status == 201 {
        return answer;
    }
    let errors: Vec<Json> = answer
        .as_array()
        .expect("errors")
        .iter()
        .map(|error| {
            let fields = error.get("fields").cloned().unwrap_or(json!([]));
            json!({ "statusCode": error["errorCode"], "message": error["message"], "fields": fields })
        })
        .collect();
    json!({ "success": false, "errors": errors })
}

fn typed((object, fields): &(&'static str, Json)) -> Json {
    let mut record = fields.clone();
    record["attributes"] = json!({ "type": object });
    record
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_collection_is_its_records_one_by_one(
        mut records in prop::collection::vec(any_record(), 1..24)
    ) {
        // Ten runs of one type are the limit.
        records.sort_by_key(|(object, _)| *object);
        let (together, apart) = (World::new(), World::new());
        let all: Vec<Json> = records.iter().map(typed).collect();
        let (status, saved) = together.post("composite/sobjects", &collection(&all, false));
        prop_assert_eq!(status, 200);
        let single: Vec<Json> = records
            .iter()
            .map(|(object, fields)| {
                in_a_collection(apart.post(&format!("sobjects/{object}"), fields))
            })
            .collect();
        prop_assert_eq!(saved, Json::Array(single.clone()));
        prop_assert_eq!(together.portrait(), apart.portrait());

        // With allOrNone it is the same or nothing.
        let whole = World::new();
        let before = whole.org.read();
        whole.post("composite/sobjects", &collection(&all, true));
        if single.iter().all(|one| one["success"] == true) {
            prop_assert_eq!(whole.portrait(), apart.portrait());
        } else {
            prop_assert!(Arc::ptr_eq(&before, &whole.org.read()));
        }
    }

    #[test]
    fn a_composite_request_is_its_parts_one_by_one(
        records in prop::collection::vec(any_record(), 1..24)
    ) {
        let (together, apart, whole) = (World::new(), World::new(), World::new());
        let parts: Vec<Json> = records
            .iter()
            .enumerate()
            .map(|(n, (object, fields))| {
                sub("POST", &format!("sobjects/{object}"), &format!("r{n}"), fields)
            })
            .collect();
        let (_, answer) = together.post("composite", &json!({ "compositeRequest": parts }));
        let mut failed = false;
        for (n, (object, fields)) in records.iter().enumerate() {
            let (status, body) = apart.post(&format!("sobjects/{object}"), fields);
            let part = &answer["compositeResponse"][n];
            prop_assert_eq!(&part["httpStatusCode"], &json!(status));
            prop_assert_eq!(&part["body"], &body);
            failed |= status >= 400;
        }
        prop_assert_eq!(together.portrait(), apart.portrait());
        let before = whole.org.read();
        whole.post("composite", &json!({ "allOrNone": true, "compositeRequest": parts }));
        if failed {
            prop_assert!(Arc::ptr_eq(&before, &whole.org.read()));
        } else {
            prop_assert_eq!(whole.portrait(), apart.portrait());
        }
    }
}
