//! The User Interface API and list views of a whole org: laws that hold for every object of the
//! schema, and any text in its parameters.

use fauxforce::Org;
use fauxforce::api::{Method, Request};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::fmt::Write as _;

const DATA: &str = "/services/data/v66.0";

fn org() -> Org {
    Org::builder().clock("2026-01-15T09:00:00Z").start().expect("an org")
}

fn send(org: &Org, request: Request) -> (u16, Value) {
    let response = org.call(request.bearer(org.access_token()));
    let status = response.status;
    let body = response.into_bytes().expect("a body");
    let json =
        if body.is_empty() { Value::Null } else { serde_json::from_slice(&body).expect("JSON") };
    (status, json)
}

fn get(org: &Org, path: &str) -> (u16, Value) {
    let path = if path.starts_with('/') { path.to_owned() } else { format!("{DATA}/{path}") };
    send(org, Request::new(Method::Get, &path))
}

/// The body of an answer that must be 200.
fn good(org: &Org, path: &str) -> Value {
    let (status, body) = get(org, path);
    assert_eq!(status, 200, "{path}: {body:.300}");
    body
}

fn create(org: &Org, object: &str, fields: &Value) -> String {
    let path = format!("{DATA}/sobjects/{object}");
    let (status, body) = send(org, Request::new(Method::Post, &path).json(fields.to_string()));
    assert_eq!(status, 201, "{body}");
    body["id"].as_str().expect("an id").to_owned()
}

fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "%{byte:02X}");
        out
    })
}

fn names(value: &Value) -> Vec<String> {
    value.as_object().expect("an object").keys().cloned().collect()
}

#[test]
fn every_object_has_metadata_layouts_lists_and_defaults() {
    let org = org();
    let directory = good(&org, "ui-api/object-info");
    let objects = names(&directory["objects"]);
    assert!(objects.len() > 20, "{objects:?}");
    for object in &objects {
        let info = good(&org, &format!("ui-api/object-info/{object}"));
        let describe = good(&org, &format!("sobjects/{object}/describe"));
        let mut described: Vec<&str> = describe["fields"]
            .as_array()
            .expect("fields")
            .iter()
            .map(|field| field["name"].as_str().expect("a name"))
            .collect();
        described.sort_unstable();
        let mut fields = names(&info["fields"]);
        fields.sort_unstable();
        assert_eq!(fields, described, "{object}");
        assert_eq!(info["createable"], describe["createable"], "{object}");
        assert_eq!(info["keyPrefix"], describe["keyPrefix"], "{object}");
        for name in info["nameFields"].as_array().expect("names") {
            assert!(
                info["fields"].get(name.as_str().expect("a name")).is_some(),
                "{object} {name}"
            );
        }
        for kind in ["Full", "Compact"] {
            for mode in ["Create", "Edit", "View"] {
                let path = format!("ui-api/layout/{object}?layoutType={kind}&mode={mode}");
                assert_eq!(good(&org, &path)["mode"], mode);
            }
        }
        if info["createable"] == true {
            let defaults = good(&org, &format!("ui-api/record-defaults/create/{object}"));
            assert_eq!(defaults["objectInfos"][object], info, "{object}");
            assert_eq!(defaults["record"]["id"], Value::Null, "{object}");
        }
        let related = good(&org, &format!("ui-api/related-list-info/{object}"));
        for list in related["relatedLists"].as_array().expect("related lists") {
            good(&org, list["relatedListInfoUrl"].as_str().expect("a URL"));
        }
    }
}

#[test]
fn every_list_view_runs_and_says_what_it_runs() {
    let org = org();
    let objects = good(&org, "sobjects");
    let mut seen = 0;
    for object in objects["sobjects"].as_array().expect("objects") {
        let name = object["name"].as_str().expect("a name");
        let views = good(&org, &format!("sobjects/{name}/listviews"));
        let supported = get(&org, &format!("ui-api/object-info/{name}")).0 == 200;
        for view in views["listviews"].as_array().expect("views") {
            seen += 1;
            let described = good(&org, view["describeUrl"].as_str().expect("a URL"));
            let query = described["query"].as_str().expect("a query");
            good(&org, &format!("query?q={}", encoded(query)));
            let results = good(&org, view["resultsUrl"].as_str().expect("a URL"));
            assert_eq!(results["columns"], described["columns"], "{name}");
            if !supported {
                continue;
            }
            let id = view["id"].as_str().expect("an id");
            let list = good(&org, &format!("ui-api/list-ui/{id}"));
            assert_eq!(list["info"], good(&org, &format!("ui-api/list-info/{id}")), "{name}");
            assert_eq!(list["records"]["listInfoETag"], list["info"]["eTag"], "{name}");
            let count = results["size"].as_u64().expect("a size").min(50);
            assert_eq!(list["records"]["count"], json!(count), "{name}");
        }
    }
    assert!(seen > 30, "{seen} list views");
}

#[test]
fn record_ui_is_the_sum_of_its_parts() {
    let org = org();
    let account = create(&org, "Account", &json!({"Name": "Acme"}));
    let contact = create(&org, "Contact", &json!({"LastName": "Ng", "AccountId": account}));
    let ui = good(&org, &format!("ui-api/record-ui/{account},{contact}?modes=View,Edit"));
    for (object, id) in [("Account", &account), ("Contact", &contact)] {
        let record = good(&org, &format!("ui-api/records/{id}?layoutTypes=Full&modes=View,Edit"));
        assert_eq!(ui["records"][id], record);
        assert_eq!(ui["objectInfos"][object], good(&org, &format!("ui-api/object-info/{object}")));
        for mode in ["View", "Edit"] {
            let layout = good(&org, &format!("ui-api/layout/{object}?mode={mode}"));
            assert_eq!(ui["layouts"][object]["012000000000000AAA"]["Full"][mode], layout);
            let states = &ui["layoutUserStates"][layout["id"].as_str().expect("an id")];
            for section in layout["sections"].as_array().expect("sections") {
                let id = section["id"].as_str().expect("an id");
                assert_eq!(states["sectionUserStates"][id]["collapsed"], false);
            }
        }
    }
    assert_eq!(ui["records"][&contact]["fields"]["Account"]["displayValue"], "Acme");
}

#[test]
fn tags_follow_the_content() {
    let org = org();
    let id = create(&org, "Account", &json!({"Name": "Acme"}));
    let read = || good(&org, &format!("ui-api/records/{id}?fields=Account.Name"));
    let before = read();
    assert_eq!(before, read());
    let path = format!("{DATA}/ui-api/records/{id}");
    let body = json!({"fields": {"Name": "Ajax"}}).to_string();
    let (status, _) = send(&org, Request::new(Method::Patch, &path).json(body));
    assert_eq!(status, 200);
    let after = read();
    assert_ne!(before["eTag"], after["eTag"]);
    assert_eq!(after["fields"]["Name"]["value"], "Ajax");
    assert_eq!(after["weakEtag"], json!(1_768_467_600_000_u64));
    assert_eq!(after["systemModstamp"], "2026-01-15T09:00:00.000Z");
}

#[test]
fn pages_visit_every_record_once_and_in_order() {
    let org = org();
    let parent = create(&org, "Account", &json!({"Name": "Parent"}));
    for number in 0..23 {
        let name = format!("N{}", number * 7 % 23);
        create(&org, "Contact", &json!({"LastName": name, "AccountId": parent}));
    }
    let query = encoded("SELECT Id FROM Contact ORDER BY Name NULLS FIRST, Id");
    let query = good(&org, &format!("query?q={query}"));
    let expected: Vec<&Value> =
        query["records"].as_array().expect("records").iter().map(|row| &row["Id"]).collect();
    let starts = [
        "ui-api/list-records/Contact/AllContacts?pageSize=5".to_owned(),
        format!("ui-api/related-list-records/{parent}/Contacts?pageSize=5"),
        "ui-api/list-records/Contact/AllContacts?pageSize=5&sortBy=Contact.Name&fields=Contact.Id"
            .to_owned(),
    ];
    for start in starts {
        let mut url = start.clone();
        let mut found = Vec::new();
        loop {
            let page = good(&org, &url);
            let records = page["records"].as_array().expect("records");
            found.extend(records.iter().map(|record| record["id"].clone()));
            match page["nextPageUrl"].as_str() {
                Some(next) => next.clone_into(&mut url),
                None => break,
            }
        }
        let mut ids = found.iter().collect::<Vec<_>>();
        if start.contains("sortBy") {
            // Equal keys aside the order is that of the names.
            ids.sort_by_key(|id| expected.iter().position(|own| own == id));
        }
        assert_eq!(ids, expected, "{start}");
    }
}

#[test]
fn display_values_need_a_known_locale() {
    let org = org();
    let id = create(&org, "Account", &json!({"Name": "Acme"}));
    let path = format!("{DATA}/sobjects/User/{}", "005ff0000000001AAA");
    let body = json!({"LocaleSidKey": "fr_FR"}).to_string();
    let (status, _) = send(&org, Request::new(Method::Patch, &path).json(body));
    assert_eq!(status, 204);
    let (status, body) = get(&org, &format!("ui-api/records/{id}?fields=Account.Name"));
    assert_eq!((status, &body[0]["errorCode"]), (501, &json!("NOT_EMULATED")));
    let (status, _) = get(&org, "ui-api/object-info/Account");
    assert_eq!(status, 200, "metadata has no display values");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever a client writes, it is answered, and never with a server's fault.
    #[test]
    fn any_text_is_answered(
        text in "\\PC{0,24}",
        path in prop_oneof![
            Just("ui-api/records/001ff0000000001AAA?fields="),
            Just("ui-api/records/001ff0000000001AAA?optionalFields="),
            Just("ui-api/records/001ff0000000001AAA?layoutTypes=Full&childRelationships="),
            Just("ui-api/records/batch/"),
            Just("ui-api/record-ui/"),
            Just("ui-api/object-info/batch/"),
            Just("ui-api/layout/Account?mode="),
            Just("ui-api/list-records/Account/AllAccounts?sortBy="),
            Just("ui-api/list-records/Account/AllAccounts?pageToken="),
            Just("ui-api/list-ui/"),
            Just("ui-api/related-list-records/001ff0000000001AAA/"),
            Just("ui-api/lookups/Contact/AccountId?q="),
            Just("ui-api/lookups/Contact/AccountId?searchType=Search&q="),
            Just("sobjects/Account/listviews/"),
            Just("sobjects/Account/listviews/00Bff000000000I/results?offset="),
            Just("quickActions/"),
        ],
        fields in prop_oneof![Just(""), Just("Account.Name,"), Just("Account.Owner.Profile.Name,")],
    ) {
        let org = org();
        create(&org, "Account", &json!({"Name": "Acme"}));
        let (status, body) = get(&org, &format!("{path}{fields}{}", encoded(&text)));
        prop_assert!(status != 500, "{path}{text}: {body}");
    }

    #[test]
    fn any_body_is_answered(text in "\\PC{0,40}", key in "apiName|fields|sortBy|pageSize|where") {
        let org = org();
        for body in [text.clone(), json!({key.clone(): text.clone()}).to_string(),
            json!({"apiName": "Account", "fields": {text.clone(): text.clone()}}).to_string()]
        {
            for path in ["ui-api/records", "ui-api/list-records/Account/AllAccounts"] {
                let request = Request::new(Method::Post, &format!("{DATA}/{path}"));
                let (status, answer) = send(&org, request.json(body.clone()));
                prop_assert!(status != 500, "{path} {body}: {answer}");
            }
        }
    }
}
