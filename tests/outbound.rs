//! Targets that are reached over HTTP: what they are asked, what becomes of their answers, and what a
//! log says of everything that can go wrong on the way.
#![cfg(feature = "server")]

mod provisioning;

use fauxforce::{Org, Server};
use provisioning::{app, call, create, get, named, query, settings, update, user};
use serde_json::{Value, json};
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::Mutex;
use std::time::Duration;
use wiremock::matchers::{body_partial_json, header, method, path, query_param};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

const REQUEST: &str = "UserProvisioningRequest";
const PROFILE: &str = "Standard User";

/// A served org on a standing clock, and a system that it calls.
struct World {
    org: Org,
    target: MockServer,
    runtime: tokio::runtime::Runtime,
    _server: Server,
}

impl World {
    /// The app's target is reached so, at `/scim` of the mock server unless `more` says otherwise.
    fn new(adapter: &str, more: &Value) -> World {
        let server = Server::builder().clock("2026-01-15T09:00:00Z").start().expect("a server");
        let org = server.org("default").expect("an org");
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        let target = runtime.block_on(MockServer::start());
        let mut keys = json!({"adapter": adapter, "url": format!("{}/scim", target.uri())});
        for (key, value) in more.as_object().into_iter().flatten() {
            keys[key] = value.clone();
        }
        settings(&org, &json!({"targets": {"fauxforce": keys}}));
        let config = json!({
            "DeveloperName": "fauxforce", "MasterLabel": "fauxforce", "ConnectedAppId": app(&org),
            "Enabled": true, "EnabledOperations": "Create,Update,EnableAndDisable,SuspendAndRestore",
            "OnUpdateAttributes": "Email,Title", "ReconFilter": "active eq true",
        });
        create(&org, "UserProvisioningConfig", &config);
        let profile = named(&org, "Profile", PROFILE);
        let set =
            query(&org, &format!("SELECT Id FROM PermissionSet WHERE ProfileId = '{profile}'"));
        let grant = json!({"ParentId": set[0]["Id"], "SetupEntityId": app(&org)});
        create(&org, "SetupEntityAccess", &grant);
        World { org, target, runtime, _server: server }
    }

    fn answers(&self, mock: Mock) {
        self.runtime.block_on(mock.mount(&self.target));
    }

    /// What the target was asked, oldest first.
    fn asked(&self) -> Vec<Request> {
        self.runtime.block_on(self.target.received_requests()).expect("they are recorded")
    }

    /// Method, path and body of what the target was asked.
    fn lines(&self) -> Vec<String> {
        let line = |request: &Request| {
            let body = String::from_utf8_lossy(&request.body);
            let query = request.url.query().map(|query| format!("?{query}")).unwrap_or_default();
            format!("{} {}{query} {body}", request.method, request.url.path()).trim_end().to_owned()
        };
        self.asked().iter().map(line).collect()
    }

    /// A user who reaches the app; all that follows has happened.
    fn user(&self, more: &Value) -> String {
        let id = user(&self.org, "mia", PROFILE, more);
        self.org.drain();
        id
    }

    fn requests(&self) -> Vec<Value> {
        let fields = "Operation, State, ExternalUserId, UserProvAccount.Status";
        query(&self.org, &format!("SELECT {fields} FROM {REQUEST} ORDER BY Name"))
    }

    /// Status and Details of all logs.
    fn logs(&self) -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let rows =
            query(&self.org, "SELECT Status, Details FROM UserProvisioningLog ORDER BY Name");
        rows.iter().map(|row| (text(&row["Status"]), text(&row["Details"]))).collect()
    }

    fn accounts(&self) -> Vec<Value> {
        let fields = "ExternalUserId, ExternalUsername, ExternalEmail, LinkState, Status";
        query(&self.org, &format!("SELECT {fields} FROM UserProvAccount ORDER BY Name"))
    }
}

fn made(id: &str) -> ResponseTemplate {
    let body = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "id": id,
        "userName": "mia@example.com", "name": {"familyName": "mia"},
        "emails": [{"value": "old@example.com"}, {"value": "mia@target.test", "primary": true}],
    });
    ResponseTemplate::new(201).set_body_raw(body.to_string(), "application/scim+json")
}

fn any() -> wiremock::MockBuilder {
    Mock::given(wiremock::matchers::any())
}

#[test]
fn a_scim_service_is_asked_to_create_a_user() {
    let world = World::new("scim", &json!({"authorization": "Bearer secret"}));
    world.answers(
        Mock::given(method("POST"))
            .and(path("/scim/Users"))
            .and(header("Authorization", "Bearer secret"))
            .and(header("Content-Type", "application/scim+json"))
            .respond_with(made("ext-1")),
    );
    let user = world.user(&json!({"FirstName": "Mia", "Title": "CFO", "Department": "Finance"}));
    let asked = world.asked();
    let body: Value = serde_json::from_slice(&asked[0].body).expect("JSON");
    let expected = json!({
        "schemas": [
            "urn:ietf:params:scim:schemas:core:2.0:User",
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
        ],
        "externalId": user,
        "userName": "mia@example.com",
        "name": {"formatted": "Mia mia", "familyName": "mia", "givenName": "Mia"},
        "displayName": "Mia mia",
        "title": "CFO",
        "emails": [{"value": "mia@example.com", "type": "work", "primary": true}],
        "active": true,
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"department": "Finance"},
    });
    assert_eq!(body, expected);
    let account = json!({
        "ExternalUserId": "ext-1", "ExternalUsername": "mia@example.com",
        "ExternalEmail": "mia@target.test", "LinkState": "Linked", "Status": "Active",
    });
    assert_eq!(world.accounts(), [account]);
    let requests = world.requests();
    assert_eq!(requests[0]["State"], "Completed");
    assert_eq!(requests[0]["ExternalUserId"], "ext-1");
    let log = ("201".to_owned(), "Create of mia@example.com succeeded".to_owned());
    assert_eq!(world.logs(), [log]);
    // Nobody is told the secret.
    let shown = call(
        &world.org,
        fauxforce::api::Method::Get,
        "/_fauxforce/orgs/default/settings",
        &Value::Null,
    );
    assert!(!shown.body.to_string().contains("secret"));
}

#[test]
fn a_scim_service_is_asked_for_every_operation() {
    let world = World::new("scim", &json!({}));
    world.answers(Mock::given(method("POST")).respond_with(made("ext/1")));
    world.answers(Mock::given(method("PATCH")).respond_with(ResponseTemplate::new(204)));
    let user = world.user(&json!({}));
    let logins = query(&world.org, &format!("SELECT Id FROM UserLogin WHERE UserId = '{user}'"));
    let login = logins[0]["Id"].as_str().expect("an id");
    let steps = [
        ("User", &*user, json!({"Title": "CFO"})),
        ("User", &*user, json!({"IsActive": false})),
        ("User", &*user, json!({"IsActive": true})),
        ("UserLogin", login, json!({"IsFrozen": true})),
        ("UserLogin", login, json!({"IsFrozen": false})),
    ];
    let mut statuses = Vec::new();
    for (object, id, fields) in steps {
        update(&world.org, object, id, &fields);
        world.org.drain();
        statuses.push(world.accounts()[0]["Status"].clone());
    }
    assert_eq!(statuses, ["Active", "Deactivated", "Active", "Deactivated", "Active"]);
    let active = |on: bool| {
        let schemas = "\"schemas\":[\"urn:ietf:params:scim:api:messages:2.0:PatchOp\"]";
        let operation = format!("{{\"op\":\"replace\",\"value\":{{\"active\":{on}}}}}");
        format!("PATCH /scim/Users/ext%2F1 {{{schemas},\"Operations\":[{operation}]}}")
    };
    let lines = world.lines();
    assert_eq!(lines[2..], [active(false), active(true), active(false), active(true)]);
    assert!(
        lines[1].contains("\"title\":\"CFO\"") && !lines[1].contains("core:2.0"),
        "{}",
        lines[1]
    );
    let operations: Vec<Value> =
        world.requests().iter().map(|own| own["Operation"].clone()).collect();
    assert_eq!(operations, ["Create", "Update", "Deactivate", "Activate", "Freeze", "Unfreeze"]);
    assert!(world.requests().iter().all(|own| own["State"] == "Completed"));
}

#[test]
fn a_target_may_want_deactivated_users_deleted() {
    let world = World::new("scim", &json!({"onDeactivate": "delete"}));
    world.answers(Mock::given(method("POST")).respond_with(made("7")));
    world.answers(
        Mock::given(method("DELETE"))
            .and(path("/scim/Users/7"))
            .respond_with(ResponseTemplate::new(204)),
    );
    let user = world.user(&json!({}));
    update(&world.org, "User", &user, &json!({"IsActive": false}));
    world.org.drain();
    assert_eq!(world.accounts()[0]["Status"], "Deleted");
    assert_eq!(world.requests()[1]["State"], "Completed");
}

#[test]
fn a_user_whose_id_is_not_known_is_looked_up_by_name() {
    let world = World::new("scim", &json!({}));
    let found =
        json!({"totalResults": 1, "Resources": [{"id": "9", "userName": "MIA@example.com"}]});
    world.answers(
        Mock::given(method("GET"))
            .and(path("/scim/Users"))
            .and(query_param("filter", "userName eq \"mia@example.com\""))
            .respond_with(ResponseTemplate::new(200).set_body_json(&found)),
    );
    world.answers(
        Mock::given(method("PATCH"))
            .and(path("/scim/Users/9"))
            .and(body_partial_json(json!({"Operations": [{"op": "replace"}]})))
            .respond_with(ResponseTemplate::new(200)),
    );
    // The app learns of the user only when it changes: nothing was created there.
    settings(&world.org, &json!({"targets": {"fauxforce": {"outcomes": [500, "ok"]}}}));
    let user = world.user(&json!({}));
    assert!(world.asked().is_empty(), "a scripted failure calls nobody");
    update(&world.org, "User", &user, &json!({"Email": "new@example.com"}));
    world.org.drain();
    assert_eq!(world.requests()[1]["State"], "Completed");
    assert_eq!(world.requests()[1]["ExternalUserId"], "9");
    // Nobody of that name there.
    let world = World::new("scim", &json!({"outcomes": [500, "ok"]}));
    let none = json!({"totalResults": 0});
    world.answers(any().respond_with(ResponseTemplate::new(200).set_body_json(&none)));
    let user = world.user(&json!({}));
    update(&world.org, "User", &user, &json!({"Email": "new@example.com"}));
    world.org.drain();
    assert_eq!(world.requests()[1]["State"], "Failed");
    let (status, details) = world.logs().remove(1);
    assert_eq!(status, "404");
    assert!(
        details.ends_with("the target has no user whose userName is mia@example.com"),
        "{details}"
    );
}

/// A create that fails: Status and Details of its only log.
fn failure(world: &World) -> (String, String) {
    world.user(&json!({}));
    let requests = world.requests();
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0]["State"], "Failed", "{:?}", world.logs());
    assert!(world.accounts().is_empty());
    let mut logs = world.logs();
    assert_eq!(logs.len(), 1, "{logs:?}");
    logs.remove(0)
}

#[test]
fn what_a_target_answers_badly_stands_in_the_log() {
    let text = |status: u16, body: &str| ResponseTemplate::new(status).set_body_string(body);
    let scim = |status: u16, detail: &str| {
        let body = json!({"detail": detail, "status": status.to_string()});
        ResponseTemplate::new(status).set_body_json(&body)
    };
    let cases = [
        (text(401, ""), "401", "POST {url}/Users was answered 401"),
        (scim(409, "taken"), "409", "POST {url}/Users was answered 409: taken"),
        (text(503, "<h1>busy\n</h1>"), "503", "POST {url}/Users was answered 503: <h1>busy </h1>"),
        (
            text(200, "<html>"),
            "BAD_ANSWER",
            "POST {url}/Users was answered 200, but not in JSON: <html>",
        ),
        (text(200, ""), "BAD_ANSWER", "POST {url}/Users was answered 200, but not in JSON: "),
        (text(201, "[1]"), "BAD_ANSWER", "POST {url}/Users was answered without an id: [1]"),
        (
            text(201, "{\"id\":{}}"),
            "BAD_ANSWER",
            "POST {url}/Users was answered without an id: {\"id\":{}}",
        ),
        (
            text(200, &"x".repeat(1024 * 1024 + 1)),
            "ANSWER_TOO_LARGE",
            "{url}/Users answered with more than 1048576 bytes",
        ),
        (
            ResponseTemplate::new(307).insert_header("Location", "/scim/Users"),
            "307",
            "POST {url}/Users was answered 307, which points to /scim/Users: redirects are not \
             followed, give the target's own URL",
        ),
        (text(304, ""), "304", "POST {url}/Users was answered 304"),
    ];
    for (answer, status, details) in cases {
        let world = World::new("scim", &json!({}));
        world.answers(any().respond_with(answer));
        let url = format!("{}/scim", world.target.uri());
        assert_eq!(failure(&world), (status.to_owned(), details.replace("{url}", &url)));
        assert_eq!(world.asked().len(), 1, "no retries, no redirects");
    }
}

/// The URL of a server that does something with each connection.
fn raw_server(with: impl Fn(std::net::TcpStream) + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/scim", listener.local_addr().expect("an address"));
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut head = [0; 4096];
            let _ = stream.read(&mut head);
            with(stream);
        }
    });
    url
}

#[test]
fn what_goes_wrong_on_the_way_stands_in_the_log() {
    let nobody = {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        format!("http://{}", listener.local_addr().expect("an address"))
    };
    let cases = [
        (nobody, "UNREACHABLE", "cannot be reached: Connection refused"),
        ("http://[::1]:1".to_owned(), "UNREACHABLE", "cannot be reached: "),
        ("http://no-such-host.invalid".to_owned(), "UNREACHABLE", "cannot be reached: "),
        ("http://[bad".to_owned(), "BAD_URL", "cannot be called: give an http or https URL"),
        (raw_server(drop), "NO_ANSWER", "broke off before it had answered: "),
        (
            raw_server(|mut stream| drop(stream.write_all(b"what is this\r\n\r\n"))),
            "NO_ANSWER",
            "broke off before it had answered: ",
        ),
        (
            raw_server(|mut stream| {
                drop(
                    stream.write_all(b"HTTP/1.1 201 Created\r\nContent-Length: 99\r\n\r\n{\"id\""),
                );
            }),
            "NO_ANSWER",
            "broke off before it had answered: ",
        ),
        (
            raw_server({
                let held = Mutex::new(Vec::new());
                move |stream| held.lock().expect("nobody panics").push(stream)
            }),
            "TIMEOUT",
            "did not answer within 0.300 seconds",
        ),
    ];
    for (url, status, details) in cases {
        let timeout = if status == "TIMEOUT" { "PT0.3S" } else { "PT30S" };
        let world = World::new("scim", &json!({"url": url, "timeout": timeout}));
        let (own, said) = failure(&world);
        assert_eq!(own, status, "{url}: {said}");
        assert!(said.starts_with(&url) && said.contains(details), "{said}");
    }
}

#[test]
fn a_target_that_trickles_runs_into_the_time_out_as_a_whole() {
    let url = raw_server(|mut stream| {
        let _ = stream.write_all(b"HTTP/1.1 201 Created\r\nContent-Length: 1000\r\n\r\n");
        let pause = Some(Duration::from_millis(20));
        stream.set_read_timeout(pause).expect("a time-out");
        while stream.write_all(b" ").is_ok() {
            let _ = stream.read(&mut [0]);
        }
    });
    let world = World::new("scim", &json!({"url": url, "timeout": "PT0.4S"}));
    assert_eq!(failure(&world).0, "TIMEOUT");
}

#[test]
fn retries_are_off_unless_asked_for_and_wait_on_the_orgs_clock() {
    let world = World::new("scim", &json!({"retries": 2, "retryDelay": "PT1M"}));
    let busy = ResponseTemplate::new(429).insert_header("Retry-After", "90");
    world.answers(any().respond_with(busy).up_to_n_times(1));
    world.answers(any().respond_with(ResponseTemplate::new(503)).up_to_n_times(1));
    world.answers(any().respond_with(made("ext-1")));
    world.user(&json!({}));
    assert_eq!(world.requests()[0]["State"], "Completed");
    let logs = world.logs();
    assert_eq!(logs.iter().map(|(status, _)| &**status).collect::<Vec<_>>(), ["429", "503", "201"]);
    assert!(logs[0].1.ends_with("(try 1 of 3)") && logs[1].1.ends_with("(try 2 of 3)"), "{logs:?}");
    // The target wanted 90 seconds once, the settings want a minute.
    assert_eq!(world.org.now(), "2026-01-15T09:02:30.000Z");
    // What cannot pass is not tried again.
    let world = World::new("scim", &json!({"retries": 2}));
    world.answers(any().respond_with(ResponseTemplate::new(400)));
    assert!(failure(&world).1.ends_with("(try 1 of 3)"));
    assert_eq!(world.asked().len(), 1);
    // What does not pass fails after the last try.
    let world = World::new("scim", &json!({"retries": 1}));
    world.answers(any().respond_with(ResponseTemplate::new(500)));
    world.user(&json!({}));
    assert_eq!(world.requests()[0]["State"], "Failed");
    assert_eq!(world.logs().len(), 2);
    assert_eq!(world.asked().len(), 2);
}

#[test]
fn latency_passes_on_the_orgs_clock_before_the_call() {
    let world = World::new("scim", &json!({"latency": "PT10M"}));
    world.answers(any().respond_with(made("ext-1")));
    user(&world.org, "mia", PROFILE, &json!({}));
    world.org.advance(Duration::from_mins(9));
    assert!(world.asked().is_empty());
    world.org.advance(Duration::from_mins(1));
    world.org.drain();
    assert_eq!(world.requests()[0]["State"], "Completed");
    assert_eq!(world.org.now(), "2026-01-15T09:10:00.000Z");
}

#[test]
fn a_webhook_gets_the_five_inputs_and_gives_the_nine_outputs() {
    let world = World::new("webhook", &json!({}));
    let outputs = json!({
        "Status": "Provisioned", "Details": "welcome", "ExternalUserId": "ext-1",
        "ExternalUsername": "mia", "ExternalEmail": "mia@target.test", "ExternalFirstName": "Mia",
        "ExternalLastName": "M", "reconState": null, "nextReconOffset": null,
    });
    world.answers(
        Mock::given(method("POST"))
            .and(path("/scim"))
            .respond_with(ResponseTemplate::new(200).set_body_json(&outputs)),
    );
    let user = world.user(&json!({}));
    let body: Value = serde_json::from_slice(&world.asked()[0].body).expect("JSON");
    let rows = query(&world.org, &format!("SELECT Id FROM {REQUEST}"));
    let expected = json!({
        "userProvisioningRequestId": rows[0]["Id"], "userId": user, "NamedCredDevName": null,
        "reconFilter": null, "reconOffset": null,
    });
    assert_eq!(body, expected);
    assert_eq!(world.logs(), [("Provisioned".to_owned(), "welcome".to_owned())]);
    let account = &world.accounts()[0];
    assert_eq!(account["ExternalUsername"], "mia");
    assert_eq!(world.requests()[0]["ExternalUserId"], "ext-1");
}

#[test]
fn a_webhook_says_in_its_status_that_it_failed() {
    let cases = [
        (json!({"Status": "Failed", "Details": "no seat"}), "Failed", "no seat"),
        (json!({"Status": 409}), "409", "the plug-in answered 409"),
        (json!(["Status"]), "BAD_ANSWER", "without an object of outputs: [\"Status\"]"),
        (json!({"ExternalUserId": {}}), "BAD_ANSWER", "without a text as ExternalUserId"),
        (
            json!({"nextReconOffset": "x"}),
            "BAD_ANSWER",
            "without a whole number as nextReconOffset",
        ),
    ];
    for (outputs, status, details) in cases {
        let world = World::new("webhook", &json!({}));
        world.answers(any().respond_with(ResponseTemplate::new(200).set_body_json(&outputs)));
        let (own, said) = failure(&world);
        assert_eq!(own, status, "{outputs}");
        assert!(said.contains(details), "{said}");
    }
}

fn reconcile(world: &World) -> Value {
    let fields = json!({
        "ConnectedAppId": app(&world.org), "Operation": "Reconcile", "State": "New",
        "ApprovalStatus": "NotRequired",
    });
    let id = create(&world.org, REQUEST, &fields);
    world.org.drain();
    get(&world.org, REQUEST, &id)["State"].clone()
}

#[test]
fn a_scim_service_is_collected_page_by_page() {
    let world = World::new("scim", &json!({"pageSize": 2}));
    let page = |start: u32, users: Value| {
        let body = json!({"totalResults": 3, "startIndex": start, "Resources": users});
        Mock::given(query_param("startIndex", start.to_string()))
            .and(query_param("count", "2"))
            .and(query_param("filter", "active eq true"))
            .respond_with(ResponseTemplate::new(200).set_body_json(&body))
    };
    let (admin, nobody) = (world.org.username(), "nobody@example.com");
    world
        .answers(page(1, json!([{"id": "1", "userName": admin}, {"id": "2", "userName": nobody}])));
    world.answers(page(3, json!([{"id": 3, "userName": "third@example.com"}])));
    assert_eq!(reconcile(&world), "Analyzed");
    let rows = "SELECT ExternalUserId, LinkState FROM UserProvAccountStaging ORDER BY Name";
    let expected = [
        json!({"ExternalUserId": "1", "LinkState": "Linked"}),
        json!({"ExternalUserId": "2", "LinkState": "Orphaned"}),
        json!({"ExternalUserId": "3", "LinkState": "Orphaned"}),
    ];
    assert_eq!(query(&world.org, rows), expected);
}

#[test]
fn a_collection_that_fails_or_never_ends_fails_the_request() {
    let listed = |body: Value| ResponseTemplate::new(200).set_body_json(body);
    let cases = [
        ("scim", ResponseTemplate::new(500), "500", "was answered 500"),
        ("scim", listed(json!({"Resources": []})), "BAD_ANSWER", "without totalResults"),
        ("scim", listed(json!({"totalResults": 9})), "500", "after 100 pages without an account"),
        (
            "scim",
            listed(json!({"totalResults": 1, "Resources": [{}]})),
            "BAD_ANSWER",
            "without an id of every resource",
        ),
        ("webhook", listed(json!({})), "BAD_ANSWER", "reconState complete or a nextReconOffset"),
        (
            "webhook",
            listed(json!({"nextReconOffset": "0"})),
            "500",
            "after 100 pages without an account",
        ),
    ];
    for (adapter, answer, status, details) in cases {
        let world = World::new(adapter, &json!({}));
        world.answers(any().respond_with(answer));
        assert_eq!(reconcile(&world), "Failed");
        let (own, said) = world.logs().remove(0);
        assert_eq!(own, status, "{said}");
        assert!(said.contains(details), "{said}");
    }
}

#[test]
fn a_webhook_stages_accounts_itself_and_says_where_it_goes_on() {
    let world = World::new("webhook", &json!({}));
    let outputs = |outputs: Value| ResponseTemplate::new(200).set_body_json(outputs);
    world.answers(any().respond_with(outputs(json!({"nextReconOffset": "5000"}))).up_to_n_times(1));
    world.answers(any().respond_with(outputs(json!({"reconState": "Completed"}))));
    // It would do this while it is called; what it stages is in the org either way.
    let app = app(&world.org);
    settings(&world.org, &json!({"targets": {"fauxforce": {"latency": "PT1M"}}}));
    let fields = json!({
        "ConnectedAppId": app, "Operation": "Reconcile", "State": "New",
        "ApprovalStatus": "NotRequired",
    });
    let id = create(&world.org, REQUEST, &fields);
    get(&world.org, REQUEST, &id);
    let staged = json!({
        "ConnectedAppId": app, "ExternalUserId": "1", "ExternalUsername": world.org.username(),
        "LinkState": "Orphaned", "Status": "Active",
    });
    create(&world.org, "UserProvAccountStaging", &staged);
    world.org.drain();
    assert_eq!(get(&world.org, REQUEST, &id)["State"], "Analyzed");
    let offsets: Vec<Value> = world
        .asked()
        .iter()
        .map(|asked| serde_json::from_slice(&asked.body).expect("JSON"))
        .map(|body: Value| json!([body["reconFilter"], body["reconOffset"], body["userId"]]))
        .collect();
    assert_eq!(
        offsets,
        [json!(["active eq true", "0", null]), json!(["active eq true", "5000", null])]
    );
    let rows = query(&world.org, "SELECT LinkState FROM UserProvAccountStaging");
    assert_eq!(rows, [json!({"LinkState": "Linked"})]);
}

#[test]
fn forks_and_resets_await_their_own_answers_only() {
    let world = World::new("scim", &json!({"latency": "PT1H"}));
    world.answers(any().respond_with(made("ext-1")));
    user(&world.org, "mia", PROFILE, &json!({}));
    let state = |org: &Org| query(org, &format!("SELECT State FROM {REQUEST}"))[0]["State"].clone();
    assert_eq!(state(&world.org), "Requested");
    let fork = world.org.fork().expect("a fork");
    fork.drain();
    assert_eq!(state(&fork), "Completed");
    assert_eq!(state(&world.org), "Requested");
    assert_eq!(world.asked().len(), 1);
    world.org.drain();
    assert_eq!(state(&world.org), "Completed");
    assert_eq!(world.asked().len(), 2);
    // An answer that comes after a reset is nobody's.
    let world = World::new("scim", &json!({}));
    world.answers(any().respond_with(made("ext-1").set_delay(Duration::from_millis(200))));
    user(&world.org, "mia", PROFILE, &json!({}));
    assert_eq!(state(&world.org), "Requested");
    world.org.reset();
    assert_eq!(world.org.drain(), 0);
    assert!(query(&world.org, &format!("SELECT Id FROM {REQUEST}")).is_empty());
}

#[test]
fn many_calls_wait_their_turn() {
    let world = World::new("scim", &json!({}));
    let slow = made("ext-1").set_delay(Duration::from_millis(5));
    world.answers(any().respond_with(slow));
    for number in 0..150 {
        user(&world.org, &format!("user{number}"), PROFILE, &json!({}));
    }
    world.org.drain();
    let done = query(&world.org, &format!("SELECT Id FROM {REQUEST} WHERE State = 'Completed'"));
    assert_eq!(done.len(), 150);
    assert_eq!(world.asked().len(), 150);
}

#[test]
fn an_org_that_nobody_serves_calls_nobody() {
    let org = provisioning::start(fauxforce::StateMode::Enforce);
    let target = json!({"adapter": "webhook", "url": "http://localhost:9/"});
    settings(&org, &json!({"targets": {"fauxforce": target}}));
    let config = json!({
        "DeveloperName": "f", "MasterLabel": "f", "ConnectedAppId": app(&org), "Enabled": true,
    });
    create(&org, "UserProvisioningConfig", &config);
    let fields = json!({
        "ConnectedAppId": app(&org), "Operation": "Create", "State": "New",
        "ApprovalStatus": "NotRequired", "SalesforceUserId": org.user_id(),
    });
    let id = create(&org, REQUEST, &fields);
    assert_eq!(get(&org, REQUEST, &id)["State"], "Failed");
    let logs = query(&org, "SELECT Status, Details FROM UserProvisioningLog");
    assert_eq!(logs[0]["Status"], "NOT_SENT");
    let details = logs[0]["Details"].as_str().expect("a text");
    assert!(details.starts_with("http://localhost:9/ was not called"), "{details}");
}

#[test]
fn settings_of_such_targets_are_checked() {
    let org = provisioning::start(fauxforce::StateMode::Enforce);
    let cases = [
        (json!({"adapter": "scim"}), "a target over HTTP needs a url"),
        (json!({"adapter": "scim", "url": "localhost:80"}), "must be an http or https URL"),
        (json!({"adapter": "scim", "url": "http://"}), "must be an http or https URL"),
        (json!({"adapter": "scim", "url": "http://a:b@c/"}), "must be an http or https URL"),
        (json!({"adapter": "scim", "url": "http://a", "timeout": "PT1H"}), "up to PT10M"),
        (json!({"adapter": "scim", "url": "http://a", "retries": 101}), "100"),
        (json!({"authorization": "a\nb"}), "must be one line of ASCII"),
        (json!({"onDeactivate": "drop"}), "there are deactivate, delete"),
    ];
    for (target, expected) in cases {
        let path = "/_fauxforce/orgs/default/settings";
        let body = json!({"targets": {"fauxforce": target}});
        let answer = call(&org, fauxforce::api::Method::Put, path, &body);
        assert_eq!(answer.status, 400, "{target}");
        let message = answer.body["error"]["message"].as_str().expect("a message").to_owned();
        assert!(message.contains(expected), "{message}");
    }
    // A key may come later than the others.
    settings(&org, &json!({"targets": {"fauxforce": {"url": "http://localhost:1/"}}}));
    settings(&org, &json!({"targets": {"fauxforce": {"adapter": "webhook"}}}));
}
