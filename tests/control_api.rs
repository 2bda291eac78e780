//! The control API, in process: orgs, forks, reset, clock, settings, scenarios, objects, and who may
//! use it.

use fauxforce::Org;
use fauxforce::api::{Method, Request, Response};
use serde_json::{Value, json};

/// Calls the control API of the process in which an org lives.
fn call(org: &Org, method: Method, path: &str, body: &Value) -> (u16, Value) {
    let request = Request::new(method, &format!("/_fauxforce{path}"));
    let request = if body.is_null() { request } else { request.json(body.to_string()) };
    answer(org.call(request))
}

fn answer(response: Response) -> (u16, Value) {
    let status = response.status;
    let bytes = response.into_bytes().expect("a body in memory");
    (status, serde_json::from_slice(&bytes).unwrap_or_default())
}

fn get(org: &Org, path: &str) -> Value {
    let (status, body) = call(org, Method::Get, path, &Value::Null);
    assert_eq!(status, 200, "{path}: {body}");
    body
}

fn post(org: &Org, path: &str, body: impl Into<Value>) -> (u16, Value) {
    call(org, Method::Post, path, &body.into())
}

fn put(org: &Org, path: &str, body: impl Into<Value>) -> (u16, Value) {
    call(org, Method::Put, path, &body.into())
}

fn start() -> Org {
    Org::builder().clock("2026-01-15T09:00:00Z").start().expect("an org")
}

#[test]
fn health_says_ready() {
    let health = get(&start(), "/health");
    assert_eq!(health, json!({"status": "ready", "version": env!("CARGO_PKG_VERSION")}));
}

#[test]
fn orgs_are_created_listed_found_and_deleted() {
    let org = start();
    let (status, made) = post(&org, "/orgs", json!({"name": "one", "label": "First"}));
    assert_eq!(status, 201, "{made}");
    assert_eq!(made["username"], "admin@fauxforce.test.one");
    assert_eq!(made["label"], "First");
    let names = |list: &Value| -> Vec<String> {
        let items = list["items"].as_array().expect("items").iter();
        items.map(|item| item["name"].as_str().unwrap_or_default().to_owned()).collect()
    };
    assert_eq!(names(&get(&org, "/orgs")), ["default", "one"]);
    let by_id = get(&org, &format!("/orgs/{}", made["id"].as_str().expect("an id")));
    assert_eq!(by_id, made);
    let (status, error) = post(&org, "/orgs", json!({"name": "one"}));
    assert_eq!((status, &error["error"]["path"]), (409, &json!("name")));
    let (status, error) = post(&org, "/orgs", json!({"name": "No Such Name"}));
    assert_eq!((status, &error["error"]["path"]), (400, &json!("name")));
    assert_eq!(call(&org, Method::Delete, "/orgs/one", &Value::Null).0, 204);
    assert_eq!(call(&org, Method::Get, "/orgs/one", &Value::Null).0, 404);
    assert_eq!(call(&org, Method::Delete, "/orgs/default", &Value::Null).0, 409);
}

#[test]
fn the_org_object_has_the_keys_of_the_ready_line_in_order() {
    let org = start();
    let response = org.call(Request::new(Method::Get, "/_fauxforce/orgs/default"));
    let body = response.into_bytes().expect("a body");
    let text = std::str::from_utf8(&body).expect("UTF-8");
    let keys = [
        "id",
        "name",
        "instance_url",
        "username",
        "password",
        "security_token",
        "user_id",
        "access_token",
        "refresh_token",
        "client_id",
        "client_secret",
    ];
    let mut places = keys.map(|key| text.find(&format!("\"{key}\":")).expect(key));
    assert!(places.is_sorted(), "{text}");
    places.sort_unstable();
    assert!(text.contains("\"username\":\"admin@fauxforce.test\",\"password\":\"fauxforce\""));
}

#[test]
fn a_fork_shares_records_and_goes_its_own_way() {
    let org = start();
    let (status, loaded) =
        post(&org, "/orgs/default/scenarios", json!({"name": "approvals-pending"}));
    assert_eq!(status, 200, "{loaded}");
    let (status, fork) = post(&org, "/orgs/default/fork", json!({"name": "branch"}));
    assert_eq!(status, 201);
    assert_ne!(fork["id"], get(&org, "/orgs/default")["id"]);
    assert_ne!(fork["access_token"], org.access_token());
    put(&org, "/orgs/branch/clock", json!({"advance": "PT1H"}));
    assert_eq!(get(&org, "/orgs/branch/clock")["now"], "2026-01-15T10:00:00.000Z");
    assert_eq!(get(&org, "/orgs/default/clock")["now"], "2026-01-15T09:00:00.000Z");
    let (status, other) = post(&org, "/orgs", json!({"from": "branch"}));
    assert_eq!(status, 201);
    let clock = format!("/orgs/{}/clock", other["name"].as_str().expect("a name"));
    assert_eq!(get(&org, &clock)["now"], "2026-01-15T10:00:00.000Z");
    let (status, error) = post(&org, "/orgs", json!({"from": "nobody"}));
    assert_eq!((status, &error["error"]["path"]), (404, &json!("from")));
    let (status, error) =
        post(&org, "/orgs/default/fork", json!({"clock": "2020-01-01T00:00:00Z"}));
    assert_eq!((status, &error["error"]["path"]), (400, &json!("clock")));
}

#[test]
fn the_clock_moves_forward_only() {
    let org = start();
    let clock = "/orgs/default/clock";
    assert_eq!(get(&org, clock), json!({"now": "2026-01-15T09:00:00.000Z", "mode": "virtual"}));
    let (status, moved) = put(&org, clock, json!({"advance": "P1DT30M"}));
    assert_eq!((status, &moved["now"]), (200, &json!("2026-01-16T09:30:00.000Z")));
    let (status, set) = put(&org, clock, json!({"now": "2026-02-01T00:00:00+01:00"}));
    assert_eq!((status, &set["now"]), (200, &json!("2026-01-31T23:00:00.000Z")));
    for (body, path) in [
        (json!({"now": "2026-01-01T00:00:00Z"}), "now"),
        (json!({"now": "yesterday"}), "now"),
        (json!({"advance": "2 hours"}), "advance"),
        (json!({"advance": 7200}), "advance"),
        (json!({"mode": "fast"}), "mode"),
        (json!({}), ""),
        (json!({"advance": "PT1H", "mode": "real"}), ""),
        (json!({"advnace": "PT1H"}), "advnace"),
    ] {
        let (status, error) = put(&org, clock, body.clone());
        assert_eq!((status, &error["error"]["path"]), (400, &json!(path)), "{body}");
    }
    let (status, real) = put(&org, clock, json!({"mode": "real"}));
    assert_eq!((status, &real["mode"]), (200, &json!("real")));
    assert!(real["now"].as_str() >= Some("2026-01-31T23:00:00.000Z"));
}

#[test]
fn settings_are_merged() {
    let org = start();
    let settings = "/orgs/default/settings";
    let before = get(&org, settings);
    assert_eq!(before["features"]["personAccounts"], false);
    assert_eq!(before["limits"]["DailyApiRequests"], 100_000);
    let change = json!({
        "features": {"personAccounts": true},
        "limits": {"DailyApiRequests": 3},
        "organization": {"timeZone": "Asia/Tokyo"},
    });
    let (status, after) = put(&org, settings, change);
    assert_eq!(status, 200, "{after}");
    assert_eq!(after["features"]["unifiedEmployee"], true);
    assert_eq!(after["organization"]["timeZone"], "Asia/Tokyo");
    assert_eq!(after, get(&org, settings));
    let (_, back) = put(&org, settings, json!({"limits": {"DailyApiRequests": null}}));
    assert_eq!(back["limits"]["DailyApiRequests"], 100_000);
    let (status, error) = put(&org, settings, json!({"progression": {"bulk": "immediate"}}));
    assert_eq!((status, &error["error"]["code"]), (501, &json!("NOT_EMULATED")));
    assert_eq!(error["error"]["path"], "progression.bulk");
    let (status, error) = put(&org, settings, json!({"organization": {"timeZone": 7}}));
    assert_eq!((status, &error["error"]["path"]), (400, &json!("organization.timeZone")));
}

#[test]
fn routes_of_apex_rest_are_shown_as_they_were_set() {
    let org = start();
    let routes = json!([
        {"method": "GET", "path": "/a/*", "status": 203, "headers": {"X-A": "1"}, "body": {"b": [1, null]}},
        {"path": "/b", "status": 200, "body": "text"},
        {"path": "/c", "status": 200, "echo": true},
        {"path": "/d", "status": 204},
    ]);
    let (status, after) = put(&org, "/orgs/default/settings", json!({"apexRest": routes}));
    assert_eq!((status, &after["apexRest"]), (200, &routes));
    let (status, _) = put(&org, "/orgs/default/settings", json!({"apexRest": [{"path": "x"}]}));
    assert_eq!(status, 400);
    assert_eq!(get(&org, "/orgs/default/settings")["apexRest"], routes);
    post(&org, "/orgs/default/reset", json!({}));
    assert_eq!(get(&org, "/orgs/default/settings")["apexRest"], json!([]));
}

#[test]
fn reset_goes_back_to_the_beginning() {
    let org = start();
    put(&org, "/orgs/default/clock", json!({"advance": "P30D"}));
    put(&org, "/orgs/default/settings", json!({"takenUsernames": ["a@b.test"]}));
    let (status, reset) = post(&org, "/orgs/default/reset", json!({"sessions": "drop"}));
    assert_eq!((status, &reset["name"]), (200, &json!("default")));
    assert_eq!(get(&org, "/orgs/default/clock")["now"], "2026-01-15T09:00:00.000Z");
    assert_eq!(get(&org, "/orgs/default/settings")["takenUsernames"], json!([]));
    let (status, error) = post(&org, "/orgs/default/reset", json!({"sessions": 1}));
    assert_eq!((status, &error["error"]["path"]), (400, &json!("sessions")));
}

#[test]
fn scenarios_load_by_name_and_inline() {
    let org = start();
    let scenarios = "/orgs/default/scenarios";
    let inline = json!({
        "name": "mine",
        "records": [
            {"as": "boss", "object": "User", "fields": {"LastName": "Okafor", "Email": "o@example.com"}},
        ],
        "generate": [{"as": "e", "object": "Employee2", "count": 2}],
    });
    let (status, loaded) = post(&org, scenarios, inline);
    assert_eq!((status, &loaded["loaded"]), (200, &json!("mine")), "{loaded}");
    let aliases: Vec<&String> = loaded["records"].as_object().expect("records").keys().collect();
    assert_eq!(aliases, ["boss", "e-1", "e-2"]);
    let toml = Request::new(Method::Post, &format!("/_fauxforce{scenarios}"))
        .header("content-type", "application/toml")
        .body("name = \"toml\"\n[[records]]\nobject = \"User\"\nfields = { LastNam = 1 }\n");
    let (status, error) = answer(org.call(toml));
    assert_eq!(status, 400);
    assert_eq!(error["error"]["path"], "records[0].fields.LastNam");
    assert!(error["error"]["message"].as_str().expect("text").starts_with("line 4: "));
    let (status, error) = post(&org, scenarios, json!({"name": "aprovals-pending"}));
    assert_eq!((status, &error["error"]["path"]), (404, &json!("name")));
    assert!(error["error"]["message"].as_str().expect("text").contains("approvals-pending"));
    let broken = json!({"name": "x", "records": [{"object": "Contact", "fields": {"Email": "x"}}]});
    let (status, error) = post(&org, scenarios, broken);
    assert_eq!((status, &error["error"]["path"]), (400, &json!("records[0].fields.Email")));
}

#[test]
fn a_scenario_that_fails_leaves_nothing() {
    let org = start();
    let broken = json!({
        "name": "x",
        "org": {"takenUsernames": ["a@b.test"]},
        "records": [{"object": "Contact"}],
    });
    assert_eq!(post(&org, "/orgs/default/scenarios", broken.clone()).0, 400);
    assert_eq!(get(&org, "/orgs/default/settings")["takenUsernames"], json!([]));
    let (status, error) =
        post(&org, "/orgs", json!({"name": "new", "scenarios": ["empty-org", broken]}));
    assert_eq!((status, &error["error"]["path"]), (400, &json!("scenarios[1].records[0]")));
    assert_eq!(call(&org, Method::Get, "/orgs/new", &Value::Null).0, 404);
}

#[test]
fn orgs_begin_with_scenarios_clock_and_seed() {
    let org = start();
    let body = json!({
        "name": "new",
        "clock": "2025-06-01T00:00:00Z",
        "seed": 7,
        "scenarios": ["employees-ready-to-provision"],
    });
    let (status, made) = post(&org, "/orgs", body);
    assert_eq!(status, 201, "{made}");
    assert_eq!(get(&org, "/orgs/new/clock")["now"], "2025-06-01T00:00:00.000Z");
    assert_eq!(get(&org, "/orgs/new/settings")["features"]["personAccounts"], true);
}

#[test]
fn objects_are_added_by_describe() {
    let org = start();
    let describe =
        json!({"name": "Project__c", "fields": [{"name": "Budget__c", "type": "currency"}]});
    let (status, added) = post(&org, "/orgs/default/objects", describe);
    assert_eq!((status, &added), (201, &json!({"objects": ["Project__c"]})));
    let record = json!({
        "name": "x",
        "records": [{"as": "p", "object": "Project__c", "fields": {"Name": "P", "Budget__c": 10}}],
    });
    let (status, loaded) = post(&org, "/orgs/default/scenarios", record);
    assert_eq!(status, 200, "{loaded}");
    let (status, error) = post(
        &org,
        "/orgs/default/objects",
        json!([{"name": "Other__c", "fields": [{"name": "X__c", "type": "nothing"}]}]),
    );
    assert_eq!((status, &error["error"]["path"]), (400, &json!("[0].fields[0].type")));
    let xml =
        Request::new(Method::Post, "/_fauxforce/orgs/default/objects").body("<CustomObject/>");
    let response = org.call(xml);
    assert_eq!(response.status, 501);
    assert!(response.header("X-Fauxforce-Unsupported").is_some());
}

#[test]
fn what_is_not_built_is_refused_loudly_and_what_nobody_knows_is_not_found() {
    let org = start();
    let alone = Request::new(Method::Post, "/_fauxforce/orgs").json(r#"{"listen":true}"#);
    let response = org.call(alone);
    assert_eq!(response.status, 501, "nobody listens in this process");
    assert!(response.header("x-fauxforce-unsupported").is_some());
    let drained = json!({"ran": 0, "now": "2026-01-15T09:00:00.000Z"});
    assert_eq!(post(&org, "/orgs/default/drain", json!({})), (200, drained));
    assert_eq!(call(&org, Method::Get, "/nothing", &Value::Null).0, 404);
    assert_eq!(call(&org, Method::Get, "/orgs/default/nothing", &Value::Null).0, 404);
    let response = org.call(Request::new(Method::Delete, "/_fauxforce/orgs/default/clock"));
    assert_eq!((response.status, response.header("allow")), (405, Some("GET,PUT")));
    let (status, error) =
        answer(org.call(Request::new(Method::Post, "/_fauxforce/orgs").json("{\"name\":")));
    assert_eq!((status, &error["error"]["code"]), (400, &json!("UNREADABLE_BODY")));
}

#[test]
fn pages_of_other_sites_are_kept_out() {
    let org = start();
    let from = |origin: &str| {
        let request = Request::new(Method::Get, "/_fauxforce/orgs").header("Origin", origin);
        org.call(request).status
    };
    assert_eq!(from("https://evil.example"), 403);
    assert_eq!(from("null"), 403);
    assert_eq!(from("http://localhost"), 200);
}

#[test]
fn off_loopback_the_token_is_needed() {
    let remote = |org: &Org, path: &str, token: Option<&str>| {
        let mut request = Request::new(Method::Get, &format!("/_fauxforce{path}"));
        request.origin.loopback = false;
        let request = match token {
            Some(token) => request.bearer(token),
            None => request,
        };
        org.call(request).status
    };
    let org = start();
    assert_eq!(remote(&org, "/health", None), 200);
    assert_eq!(remote(&org, "/orgs", None), 401);
    let options = fauxforce::Options { control_token: Some("t0ken".into()), ..Default::default() };
    let org = Org::builder().options(options).start().expect("an org");
    assert_eq!(remote(&org, "/orgs", Some("wrong")), 401);
    assert_eq!(remote(&org, "/orgs", Some("t0ken")), 200);
    assert_eq!(org.call(Request::new(Method::Get, "/_fauxforce/orgs")).status, 401);
}

#[test]
fn a_header_names_the_org_and_forks_it_when_it_is_new() {
    let org = start();
    let with = |value: &str| {
        let request = Request::new(Method::Get, "/services/data");
        org.call(request.header("X-Fauxforce-Org", value)).status
    };
    let count = || get(&org, "/orgs")["items"].as_array().map_or(0, Vec::len);
    assert_eq!((with("mine"), count()), (404, 1));
    assert_eq!((with("?mine"), count()), (200, 2));
    assert_eq!((with("?mine"), count()), (200, 2));
    assert_eq!(with("mine"), 200);
    assert_eq!((with("?No Name"), count()), (404, 2));
}
