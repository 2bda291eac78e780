//! Fault rules over a real socket: every kind, in every protocol, by every way of asking for them.
#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used)] // Helpers of tests are tests too.

mod common;

use common::Answer;
use common::served::{Client, Served};
use serde_json::{Value as Json, json};

const CONTROL: &str = "/_fauxforce/orgs/default";

/// A served org and a client of it.
struct World {
    served: Served,
    client: Client,
}

impl World {
    fn new() -> World {
        World::with(&[])
    }

    fn with(options: &[&str]) -> World {
        let served = Served::start_with(options);
        let client = served.client();
        World { served, client }
    }

    /// Adds a rule, which must succeed, and returns it.
    #[allow(clippy::needless_pass_by_value)] // Rules are written where they are used.
    fn fault(&mut self, rule: Json) -> Json {
        let answer = self.control("POST", "faults", &rule);
        assert_eq!(answer.status, 201, "{rule}: {}", answer.text());
        answer.json()
    }

    fn control(&mut self, method: &str, path: &str, body: &Json) -> Answer {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.client.ask(method, &format!("{CONTROL}/{path}"), &body)
    }

    fn counts(&mut self, id: &str) -> (u64, u64) {
        let rule = self.control("GET", &format!("faults/{id}"), &Json::Null).json();
        (rule["matched"].as_u64().unwrap(), rule["struck"].as_u64().unwrap())
    }

    #[allow(clippy::needless_pass_by_value)] // Bodies are written where they are used.
    fn post(&mut self, target: &str, body: Json) -> Answer {
        self.client.ask("POST", target, &body.to_string())
    }

    fn create(&mut self, name: &str) -> Answer {
        self.post("sobjects/Account", json!({"Name": name}))
    }

    fn statuses(&mut self, count: usize) -> Vec<u16> {
        (0..count).map(|_| self.client.ask("GET", "limits", "").status).collect()
    }

    fn names(&mut self) -> Vec<String> {
        let found = self.client.get("query?q=SELECT+Name+FROM+Account+ORDER+BY+Name");
        let records = found["records"].as_array().unwrap().iter();
        records.map(|record| record["Name"].as_str().unwrap().to_owned()).collect()
    }

    /// A request whose connection closes without an answer.
    fn lost(&mut self, method: &str, target: &str, body: &str) {
        let mut wire = self.served.wire();
        wire.send(self.served.head(method, target, body));
        wire.send(body);
        assert_eq!(wire.rest(), b"", "{method} {target}");
    }
}

// The control API.

#[test]
fn rules_are_added_listed_and_taken_away() {
    let mut world = World::new();
    let rule = json!({"match": {"object": "Account"}, "when": {"nth": 2}, "then": {"error": "UNABLE_TO_LOCK_ROW"}});
    let added = world.fault(rule.clone());
    assert_eq!(added["id"], "f1");
    for key in ["match", "when", "then"] {
        assert_eq!(added[key], rule[key]);
    }
    assert_eq!((&added["matched"], &added["struck"]), (&json!(0), &json!(0)));
    let named = world.fault(json!({"id": "slow-1", "name": "slow", "delay": "PT0.001S"}));
    assert_eq!((&named["id"], &named["name"]), (&json!("slow-1"), &json!("slow")));
    let taken = world.control("POST", "faults", &json!({"id": "slow-1", "name": "slow"}));
    assert_eq!((taken.status, taken.json()["error"]["path"].as_str()), (409, Some("id")));

    let list = world.control("GET", "faults", &Json::Null).json();
    assert_eq!(list["items"].as_array().unwrap().len(), 2);
    assert_eq!(world.control("DELETE", "faults/f1", &Json::Null).status, 204);
    for (method, path) in
        [("DELETE", "faults/f1"), ("GET", "faults/f1"), ("POST", "faults/f1/release")]
    {
        assert_eq!(world.control(method, path, &Json::Null).status, 404, "{method} {path}");
    }
    assert_eq!(world.control("POST", "faults/slow-1/release", &Json::Null).status, 409);
    assert_eq!(
        world.control("PUT", "faults", &Json::Null).header("allow"),
        Some("GET,POST,DELETE")
    );
    assert_eq!(world.control("DELETE", "faults", &Json::Null).status, 204);
    assert_eq!(world.control("GET", "faults", &Json::Null).json(), json!({"items": []}));
    let library = world.client.ask("GET", "/_fauxforce/faults", "").json();
    let names: Vec<&str> = library["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["name"].as_str().unwrap())
        .collect();
    assert!(names.contains(&"row-lock") && names.contains(&"lost-response"), "{names:?}");
}

#[test]
fn what_is_no_rule_is_refused_with_its_place() {
    let mut world = World::new();
    let cases = [
        (json!({"macth": {}, "then": {"drop": "after"}}), "macth", "did you mean match?"),
        (
            json!({"match": {"obect": "A"}, "then": {"drop": "after"}}),
            "match.obect",
            "did you mean object?",
        ),
        (
            json!({"then": {"error": "REQUEST_LIMIT_EXCEDED"}}),
            "then.error",
            "did you mean REQUEST_LIMIT_EXCEEDED?",
        ),
        (json!({"name": "lost-respnse"}), "name", "did you mean lost-response?"),
        (json!({"name": "slow", "delay": "soon"}), "delay", "must be a duration"),
        (json!({}), "then", "needs one of"),
        (json!([1]), "", "must be a table"),
    ];
    for (rule, path, message) in cases {
        let answer = world.control("POST", "faults", &rule);
        let error = &answer.json()["error"];
        assert_eq!((answer.status, error["path"].as_str()), (400, Some(path)), "{rule}");
        assert!(error["message"].as_str().unwrap().contains(message), "{error}");
    }
    let broken = world.client.ask("POST", &format!("{CONTROL}/faults"), "{\"then\":");
    assert_eq!(
        (broken.status, broken.json()["error"]["code"].as_str()),
        (400, Some("UNREADABLE_BODY"))
    );
    assert_eq!(world.statuses(2), [200, 200], "nothing was taken in");
}

#[test]
fn reset_clears_rules_and_a_fork_has_copies_that_counted_nothing() {
    let mut world = World::new();
    world.fault(json!({"id": "once", "when": {"nth": 2}, "then": {"error": "SERVER_UNAVAILABLE"}}));
    assert_eq!(world.statuses(3), [200, 503, 200]);
    let fork = world.control("POST", "fork", &json!({"name": "fork1"})).json();
    let token = std::mem::replace(
        &mut world.client.token,
        fork["access_token"].as_str().unwrap().to_owned(),
    );
    assert_eq!(world.statuses(3), [200, 503, 200], "the fork begins to count anew");
    world.client.token = token;
    assert_eq!(world.counts("once"), (3, 1));
    assert_eq!(world.control("POST", "reset", &Json::Null).status, 200);
    assert_eq!(world.control("GET", "faults", &Json::Null).json(), json!({"items": []}));
    let in_fork = world.client.ask("GET", "/_fauxforce/orgs/fork1/faults", "").json();
    assert_eq!(in_fork["items"][0]["matched"], 3);
}

#[test]
fn restore_keeps_rules_and_what_they_counted() {
    let mut world = World::new();
    world
        .fault(json!({"id": "third", "when": {"nth": 3}, "then": {"error": "SERVER_UNAVAILABLE"}}));
    assert_eq!(world.control("PUT", "snapshots/before", &Json::Null).status, 201);
    assert_eq!(world.statuses(2), [200, 200]);
    assert_eq!(world.control("POST", "snapshots/before/restore", &Json::Null).status, 200);
    assert_eq!(world.statuses(2), [503, 200]);
    assert_eq!(world.counts("third"), (4, 1));
}

// Which requests.

#[test]
fn rules_strike_what_fits_them_and_nothing_else() {
    let mut world = World::new();
    let error =
        |matching: Json| json!({"match": matching, "then": {"error": "SERVER_UNAVAILABLE"}});
    let account = world.client.create("Account", "{\"Name\":\"A\"}");
    let row = format!("sobjects/Account/{account}");
    let contact = "sobjects/Contact/describe";
    let query = "query?q=SELECT+Name+FROM+Contact+WHERE+LastName='Okafor'";
    let requests =
        [("GET", row.as_str()), ("PATCH", row.as_str()), ("GET", contact), ("GET", query)];
    let cases = [
        (json!({"method": "PATCH"}), [false, true, false, false]),
        (json!({"object": "account"}), [true, true, false, false]),
        (json!({"object": "Contact"}), [false, false, true, true]),
        (json!({"operation": "query"}), [false, false, false, true]),
        (json!({"operation": "update", "object": "Account"}), [false, true, false, false]),
        (json!({"soql_contains": "lastname='OKAFOR'"}), [false, false, false, true]),
        (json!({"path": "/services/data/*/sobjects/**"}), [true, true, true, false]),
        (json!({"path": ["/**/describe", "/**/query"]}), [false, false, true, true]),
        (json!({"path": "/services/data/v66.0"}), [false; 4]),
        (json!({}), [true; 4]),
    ];
    for (matching, expected) in cases {
        let id = world.fault(error(matching.clone()))["id"].as_str().unwrap().to_owned();
        let struck = requests.map(|(method, target)| {
            let body = if method == "PATCH" { "{\"Site\":\"x\"}" } else { "" };
            world.client.ask(method, target, body).status == 503
        });
        assert_eq!(struck, expected, "{matching}");
        let count = expected.iter().filter(|hit| **hit).count() as u64;
        assert_eq!(world.counts(&id), (count, count), "{matching}");
        world.control("DELETE", &format!("faults/{id}"), &Json::Null);
    }
}

#[test]
fn a_rule_waits_for_its_time_on_the_orgs_clock() {
    let mut world = World::new();
    world.fault(json!({"id": "later", "when": {"nth": 1, "after": "2026-01-15T10:00:00Z"},
        "then": {"error": "SERVER_UNAVAILABLE"}}));
    assert_eq!(world.statuses(2), [200, 200]);
    world.control("PUT", "clock", &json!({"advance": "PT1H"}));
    assert_eq!(world.statuses(2), [503, 200]);
    assert_eq!(world.counts("later"), (2, 1));
}

#[test]
fn the_same_seed_strikes_the_same_requests() {
    let run = |seed: &str| {
        let mut world = World::with(&["--seed", seed, "--fault", "flaky:probability=0.4"]);
        world.statuses(60)
    };
    let first = run("7");
    assert_eq!(first, run("7"));
    assert_ne!(first, run("8"));
    let struck = first.iter().filter(|status| **status == 503).count();
    assert!((10..40).contains(&struck), "{struck} of 60");
}

// What happens to them.

#[test]
fn errors_have_the_status_text_and_headers_of_real_ones() {
    let mut world = World::new();
    let cases = [
        ("REQUEST_LIMIT_EXCEEDED", 403, "TotalRequests Limit exceeded."),
        ("SERVER_UNAVAILABLE", 503, "Server too busy"),
        ("QUERY_TIMEOUT", 400, "Your query request was running for too long."),
        ("INVALID_SESSION_ID", 401, "Session expired or invalid"),
        ("API_DISABLED_FOR_ORG", 403, "The REST API is not enabled for this Organization."),
    ];
    for (code, status, message) in cases {
        world.fault(json!({"when": {"times": 1}, "then": {"error": code}}));
        let answer = world.client.ask("GET", "limits", "");
        assert_eq!(answer.status, status, "{code}");
        assert_eq!(
            answer.text(),
            format!("[{{\"message\":\"{message}\",\"errorCode\":\"{code}\"}}]")
        );
        assert!(answer.header("x-fauxforce-hint").unwrap().starts_with("fault rule f"), "{code}");
    }
    // The limit header says what the error says.
    world.fault(json!({"name": "request-limit-exceeded", "times": 1}));
    let answer = world.client.ask("GET", "limits", "");
    assert_eq!(answer.header("sforce-limit-info"), Some("api-usage=100000/100000"));
    world.fault(json!({"name": "not-found"}));
    let answer = world.client.ask("GET", "limits", "");
    assert_eq!(
        answer.text(),
        "[{\"errorCode\":\"NOT_FOUND\",\"message\":\"The requested resource does not exist\"}]"
    );
    let own = json!({"error": "ACME_DOWN", "message": "Gone fishing", "status": 418});
    world.fault(json!({"when": {"times": 1}, "then": own}));
    let answer = world.client.ask_with("GET", "limits", &[("Accept", "application/xml")], "");
    assert_eq!(answer.status, 418);
    assert!(answer.text().contains("<errorCode>ACME_DOWN</errorCode>"), "{}", answer.text());
}

#[test]
fn raw_answers_go_out_as_they_are() {
    let mut world = World::new();
    world.fault(json!({"when": {"times": 1}, "then": {"http": {"status": 502,
        "headers": {"Content-Type": "text/html", "X-Cache": "MISS", "Retry-After": 3}, "body": "<h1>Bad Gateway</h1>"}}}));
    let answer = world.client.ask("GET", "limits", "");
    assert_eq!((answer.status, answer.text()), (502, "<h1>Bad Gateway</h1>"));
    assert_eq!((answer.header("x-cache"), answer.header("retry-after")), (Some("MISS"), Some("3")));
    assert_eq!(answer.header("content-type"), Some("text/html"));
    world.fault(json!({"when": {"times": 1}, "then": {"http": {"status": 200, "body": {"b": 1, "a": [null, true]}}}}));
    assert_eq!(world.client.ask("GET", "limits", "").text(), "{\"a\":[null,true],\"b\":1}");
    world.fault(json!({"name": "maintenance", "when": {"times": 1}}));
    let answer = world.client.ask("GET", "limits", "");
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (503, Some("text/html;charset=UTF-8"))
    );
    assert!(answer.text().contains("We are down for maintenance."));
    assert_eq!(world.statuses(1), [200]);
}

#[test]
fn a_dropped_request_has_no_effect_and_a_lost_response_has() {
    let mut world = World::new();
    world.fault(json!({"name": "connection-reset", "object": "Account"}));
    world.lost("POST", "/services/data/v66.0/sobjects/Account", "{\"Name\":\"Never\"}");
    assert!(world.names().is_empty());
    world.fault(json!({"name": "lost-response", "object": "Account"}));
    world.lost("POST", "/services/data/v66.0/sobjects/Account", "{\"Name\":\"Twice\"}");
    assert_eq!(world.names(), ["Twice"], "it took effect");
    // The client that tries again makes a second one: what the fault is for.
    assert_eq!(world.create("Twice").status, 201);
    assert_eq!(world.names(), ["Twice", "Twice"]);
    // A body that is not read to its end does not turn the end into something else.
    world.fault(json!({"then": {"drop": "before"}, "when": {"times": 1}}));
    let large = format!("{{\"Name\":\"{}\"}}", "x".repeat(300_000));
    world.lost("POST", "/services/data/v66.0/sobjects/Account", &large);
}

#[test]
fn a_truncated_answer_announces_all_and_ends_early() {
    let mut world = World::new();
    let whole = world.client.ask("GET", "sobjects/Account/describe", "");
    world.fault(json!({"then": {"truncate": 100}, "when": {"times": 1}}));
    let mut wire = world.served.wire();
    wire.send(world.served.head("GET", "/services/data/v66.0/sobjects/Account/describe", ""));
    let head = wire.head();
    assert_eq!(head.header("content-length"), Some(whole.body.len().to_string().as_str()));
    assert_eq!(wire.rest(), &whole.body[..100]);
    // A compressed answer is cut as it goes over the wire.
    world.fault(json!({"then": {"truncate": 100}, "when": {"times": 1}}));
    let zipped = world.served.head("GET", "/services/data/v66.0/sobjects/Account/describe", "");
    let mut wire = world.served.wire();
    wire.send(zipped.replace("\r\n\r\n", "\r\nAccept-Encoding: gzip\r\n\r\n"));
    let head = wire.head();
    assert_eq!(head.header("content-encoding"), Some("gzip"));
    let length: usize = head.header("content-length").unwrap().parse().unwrap();
    assert!(length > 100);
    assert_eq!(wire.rest().len(), 100);
}

#[test]
fn delayed_answers_hold_up_nobody() {
    let mut world = World::new();
    world.fault(
        json!({"match": {"object": "Account", "operation": "create"}, "then": {"delay": "PT0.6S"}}),
    );
    let mut slow: Vec<_> = (0..150).map(|_| world.served.wire()).collect();
    let body = "{\"Name\":\"Slow\"}";
    for wire in &mut slow {
        wire.send(world.served.head("POST", "/services/data/v66.0/sobjects/Account", body));
        wire.send(body);
    }
    // More of them than there are threads; others are served meanwhile.
    assert_eq!(world.statuses(20), [200; 20]);
    for wire in &mut slow {
        assert_eq!(wire.answer().status, 201);
    }
}

#[test]
fn a_session_ends_midway_and_a_new_one_goes_on() {
    let mut world = World::new();
    world.fault(json!({"name": "session-expires", "nth": 3}));
    assert_eq!(world.statuses(4), [200, 200, 401, 401], "it stays ended");
    let secret = |key: &str| world.served.ready["org"][key].as_str().unwrap().to_owned();
    let form = format!(
        "grant_type=refresh_token&refresh_token={}&client_id={}&client_secret={}",
        secret("refresh_token"),
        secret("client_id"),
        secret("client_secret")
    );
    let headers = [("Content-Type", "application/x-www-form-urlencoded")];
    let token = world.client.send("POST", "/services/oauth2/token", &headers, form.as_bytes());
    world.client.token = token.json()["access_token"].as_str().unwrap().to_owned();
    assert_eq!(world.statuses(2), [200, 200]);
}

#[test]
fn held_requests_wait_without_holding_up_others() {
    let mut world = World::new();
    world.fault(json!({"id": "race", "match": {"operation": "create"}, "then": {"hold": "gate"}}));
    let body = "{\"Name\":\"Held\"}";
    let mut held: Vec<_> = (0..150).map(|_| world.served.wire()).collect();
    for wire in &mut held {
        wire.send(world.served.head("POST", "/services/data/v66.0/sobjects/Account", body));
        wire.send(body);
    }
    world.until_held("race", 150);
    assert!(world.names().is_empty(), "nothing has taken effect");
    let released = world.control("POST", "faults/race/release", &Json::Null);
    assert_eq!(released.json(), json!({"released": 150}));
    for wire in &mut held {
        assert_eq!(wire.answer().status, 201);
    }
    assert_eq!(world.names().len(), 150);
    let used =
        world.client.ask("GET", "limits", "").header("sforce-limit-info").unwrap().to_owned();
    assert_eq!(used, "api-usage=153/100000", "each was counted once");

    // By the name of the hold, by taking the rule away, by a reset.
    for (method, path) in
        [("POST", "faults/gate/release"), ("DELETE", "faults/race"), ("POST", "reset")]
    {
        if path == "reset" {
            world.fault(json!({"id": "race", "name": "hold", "operation": "create"}));
        }
        let mut wire = world.served.wire();
        wire.send(world.served.head("POST", "/services/data/v66.0/sobjects/Account", body));
        wire.send(body);
        world.until_held("race", 1);
        assert!(world.control(method, path, &Json::Null).status < 300, "{path}");
        assert_eq!(wire.answer().status, 201, "{path}");
    }
}

#[test]
fn a_held_request_goes_on_without_its_client() {
    let mut world = World::new();
    world.fault(json!({"id": "race", "match": {"operation": "create"}, "then": {"hold": "gate"}}));
    let mut wire = world.served.wire();
    let body = "{\"Name\":\"Orphan\"}";
    wire.send(world.served.head("POST", "/services/data/v66.0/sobjects/Account", body));
    wire.send(body);
    world.until_held("race", 1);
    drop(wire);
    world.control("POST", "faults/race/release", &Json::Null);
    while world.names().is_empty() {}
    assert_eq!(world.names(), ["Orphan"]);
}

#[test]
fn a_server_that_stops_lets_go_what_it_holds() {
    let server = fauxforce::Server::start().unwrap();
    let org = server.org("default").unwrap();
    let fault = org.fault(fauxforce::Fault::hold("gate").operation("create"));
    let mut wire = common::Wire::to(std::net::Ipv4Addr::LOCALHOST.into(), server.port());
    let body = "{\"Name\":\"Last\"}";
    wire.send(format!(
        "POST /services/data/v66.0/sobjects/Account HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        org.access_token(), body.len()
    ));
    while fault.held() == 0 {
        std::thread::yield_now();
    }
    drop(server);
    assert_eq!(wire.answer().status, 201);
}

// Records.

#[test]
fn one_record_of_many_fails_alone() {
    let mut world = World::new();
    world.fault(json!({"id": "b", "match": {"object": "Account", "record": {"Name": "B"}},
        "then": {"error": "FIELD_CUSTOM_VALIDATION_EXCEPTION", "message": "No B."}}));
    let record = |name: &str| json!({"attributes": {"type": "Account"}, "Name": name});
    let records: Vec<Json> = (0..200).map(|n| record(if n == 120 { "B" } else { "A" })).collect();
    let saved = world.post("composite/sobjects", json!({"records": records})).json();
    let failed = saved.as_array().unwrap().iter().filter(|saved| saved["success"] == false).count();
    assert_eq!(failed, 1);
    let error = json!([{"statusCode": "FIELD_CUSTOM_VALIDATION_EXCEPTION", "message": "No B.", "fields": []}]);
    assert_eq!(saved[120], json!({"success": false, "errors": error}));
    assert_eq!(world.names().len(), 199);
    assert_eq!(world.counts("b"), (1, 1));

    let all = json!({"allOrNone": true, "records": [record("A"), record("B"), record("C")]});
    let saved = world.post("composite/sobjects", all).json();
    let codes: Vec<&str> =
        (0..3).map(|n| saved[n]["errors"][0]["statusCode"].as_str().unwrap()).collect();
    assert_eq!(
        codes,
        [
            "ALL_OR_NONE_OPERATION_ROLLED_BACK",
            "FIELD_CUSTOM_VALIDATION_EXCEPTION",
            "ALL_OR_NONE_OPERATION_ROLLED_BACK"
        ]
    );

    let row = json!([{"message": "No B.", "errorCode": "FIELD_CUSTOM_VALIDATION_EXCEPTION", "fields": []}]);
    let single = world.create("B");
    assert_eq!((single.status, single.json()), (400, row.clone()));
    let tree = world.post(
        "composite/tree/Account",
        json!({"records": [
        {"attributes": {"type": "Account", "referenceId": "r1"}, "Name": "B"}]}),
    );
    assert_eq!(
        tree.json()["results"][0]["errors"][0]["statusCode"],
        "FIELD_CUSTOM_VALIDATION_EXCEPTION"
    );
    let part = json!({"method": "POST", "url": "/services/data/v66.0/sobjects/Account", "referenceId": "r", "body": {"Name": "B"}});
    let composite = world.post("composite", json!({"compositeRequest": [part]})).json();
    assert_eq!(composite["compositeResponse"][0]["body"], row);

    // An update is judged by what the record will hold, a deletion by what it holds.
    let id = world.client.create("Account", "{\"Name\":\"C\"}");
    let row = format!("sobjects/Account/{id}");
    assert_eq!(world.client.ask("PATCH", &row, "{\"Name\":\"B\"}").status, 400);
    assert_eq!(world.client.ask("PATCH", &row, "{\"Site\":\"x\"}").status, 204);
    world.control("DELETE", "faults", &Json::Null);
    world.fault(json!({"match": {"operation": "delete", "record": {"Name": "C"}}, "then": {"error": "ENTITY_IS_LOCKED"}}));
    let refused = world.client.ask("DELETE", &row, "");
    assert_eq!(
        (refused.status, refused.json()[0]["message"].as_str()),
        (400, Some("the entity is locked for editing"))
    );
    assert_eq!(world.client.ask("PATCH", &row, "{\"Name\":\"D\"}").status, 204);
    assert_eq!(world.client.ask("DELETE", &row, "").status, 204);
}

#[test]
fn an_error_that_records_have_counts_records_and_leaves_reads_alone() {
    let mut world = World::with(&["--fault", "row-lock:every=3"]);
    assert_eq!(world.statuses(7), [200; 7]);
    let records: Vec<Json> = (0..7)
        .map(|n| json!({"attributes": {"type": "Account"}, "Name": format!("N{n}")}))
        .collect();
    let saved = world.post("composite/sobjects", json!({"records": records})).json();
    let good: Vec<bool> = (0..7).map(|n| saved[n]["success"].as_bool().unwrap()).collect();
    assert_eq!(good, [true, true, false, true, true, false, true]);
    assert_eq!(world.counts("f1"), (7, 2));
    // An update names the row that is locked.
    let id = saved[0]["id"].as_str().unwrap();
    let target = format!("sobjects/Account/{id}");
    assert_eq!(world.client.ask("PATCH", &target, "{\"Site\":\"x\"}").status, 204);
    let refused = world.client.ask("PATCH", &target, "{\"Site\":\"y\"}");
    let message = format!("unable to obtain exclusive access to this record or 1 records: {id}");
    assert_eq!(
        refused.text(),
        format!(
            "[{{\"message\":\"{message}\",\"errorCode\":\"UNABLE_TO_LOCK_ROW\",\"fields\":[]}}]"
        )
    );
    // A rule that names a read strikes reads.
    world
        .fault(json!({"match": {"operation": "retrieve"}, "then": {"error": "ENTITY_IS_DELETED"}}));
    assert_eq!(world.client.ask("GET", &target, "").status, 404);
}

#[test]
fn a_record_can_lose_its_answer_too() {
    let mut world = World::new();
    world.fault(json!({"match": {"record": {"Name": "Lost"}}, "then": {"drop": "after"}}));
    assert_eq!(world.create("Kept").status, 201);
    let body = json!({"records": [
        {"attributes": {"type": "Account"}, "Name": "Other"}, {"attributes": {"type": "Account"}, "Name": "Lost"}]});
    world.lost("POST", "/services/data/v66.0/composite/sobjects", &body.to_string());
    assert_eq!(world.names(), ["Kept", "Lost", "Other"]);
}

// Composite requests.

#[test]
fn parts_of_a_composite_request_are_struck_alone() {
    let mut world = World::new();
    world.fault(
        json!({"id": "q", "match": {"operation": "query"}, "then": {"error": "QUERY_TIMEOUT"}}),
    );
    let create = |name: &str, reference: &str| {
        json!({"method": "POST", "referenceId": reference,
        "url": "/services/data/v66.0/sobjects/Account", "body": {"Name": name}})
    };
    let query = json!({"method": "GET", "referenceId": "q", "url": "/services/data/v66.0/query?q=SELECT+Id+FROM+Account"});
    let parts = |all: bool| json!({"allOrNone": all, "compositeRequest": [create("A", "a"), query, create("B", "b")]});
    let statuses = |answer: &Answer| -> Vec<u64> {
        let json = answer.json();
        let parts = json["compositeResponse"].as_array().unwrap().iter();
        parts.map(|part| part["httpStatusCode"].as_u64().unwrap()).collect()
    };
    let answer = world.post("composite", parts(false));
    assert_eq!((answer.status, statuses(&answer)), (200, vec![201, 400, 201]));
    assert_eq!(answer.json()["compositeResponse"][1]["body"][0]["errorCode"], "QUERY_TIMEOUT");
    assert_eq!(world.counts("q"), (1, 1));
    world.post("composite", parts(true));
    world.control("DELETE", "faults", &Json::Null);
    assert_eq!(world.names(), ["A", "B"], "the second was rolled back");

    // A rule that fits the whole is not asked again for its parts.
    world.fault(json!({"id": "all", "when": {"nth": 2}, "then": {"error": "SERVER_UNAVAILABLE"}}));
    assert_eq!(statuses(&world.post("composite", parts(false))), [201, 200, 201]);
    assert_eq!(world.post("composite", parts(false)).status, 503);
    assert_eq!(world.counts("all"), (2, 1));
    world.control("DELETE", "faults", &Json::Null);

    // A raw answer is the part's own; a dropped part drops the connection, and nothing follows.
    world.fault(json!({"match": {"operation": "query"}, "when": {"times": 1}, "then": {"http": {"status": 502, "body": "<b>"}}}));
    let answer = world.post("composite", parts(false));
    assert_eq!(statuses(&answer), [201, 502, 201]);
    assert_eq!(answer.json()["compositeResponse"][1]["body"], "<b>");
    let before = world.names().len();
    world.fault(json!({"match": {"operation": "query"}, "then": {"drop": "before"}}));
    world.lost("POST", "/services/data/v66.0/composite", &parts(true).to_string());
    world.lost("POST", "/services/data/v66.0/composite", &parts(false).to_string());
    world.control("DELETE", "faults", &Json::Null);
    assert_eq!(
        world.names().len(),
        before + 1,
        "only what came before the drop, without allOrNone"
    );
}

#[test]
fn a_composite_request_waits_as_a_whole_for_one_of_its_parts() {
    let mut world = World::new();
    world.fault(json!({"id": "race", "match": {"object": "Contact"}, "then": {"hold": "gate"}}));
    let bodies = [
        (
            "composite",
            json!({"allOrNone": true, "compositeRequest": [
            {"method": "POST", "referenceId": "a", "url": "/services/data/v66.0/sobjects/Account", "body": {"Name": "A"}},
            {"method": "POST", "referenceId": "c", "url": "/services/data/v66.0/sobjects/Contact",
                "body": {"LastName": "C", "AccountId": "@{a.id}"}}]}),
        ),
        (
            "composite/batch",
            json!({"batchRequests": [
            {"method": "POST", "url": "v66.0/sobjects/Contact", "richInput": {"LastName": "D"}}]}),
        ),
    ];
    for (target, body) in bodies {
        let body = body.to_string();
        let mut wire = world.served.wire();
        wire.send(world.served.head("POST", &format!("/services/data/v66.0/{target}"), &body));
        wire.send(&body);
        world.until_held("race", 1);
        assert_eq!(world.create("Other").status, 201, "others write meanwhile");
        world.control("POST", "faults/race/release", &Json::Null);
        assert_eq!(wire.answer().status, 200);
    }
    world.control("DELETE", "faults", &Json::Null);
    assert_eq!(world.names(), ["A", "Other", "Other"]);
    assert_eq!(world.client.count("Contact"), 2);
}

// The other protocols.

#[test]
fn logins_fail_as_their_protocol_says() {
    let mut world = World::new();
    let form = [("Content-Type", "application/x-www-form-urlencoded")];
    let password = b"grant_type=password&username=admin@fauxforce.test&password=fauxforce";
    let soap = "<e:Envelope xmlns:e=\"http://schemas.xmlsoap.org/soap/envelope/\" \
        xmlns=\"urn:partner.soap.sforce.com\"><e:Body><login><username>admin@fauxforce.test</username>\
        <password>fauxforce</password></login></e:Body></e:Envelope>";
    let xml = [("Content-Type", "text/xml")];
    let cases = [
        (
            json!({"name": "login-rate"}),
            "{\"error\":\"invalid_grant\",\"error_description\":\"login rate exceeded\"}",
            "LOGIN_RATE_EXCEEDED",
        ),
        (
            json!({"name": "invalid-login"}),
            "{\"error\":\"invalid_grant\",\"error_description\":\"authentication failure\"}",
            "INVALID_LOGIN",
        ),
        (
            json!({"name": "server-unavailable", "operation": "login"}),
            "{\"error\":\"server_unavailable\",\"error_description\":\"Server too busy\"}",
            "SERVER_UNAVAILABLE",
        ),
        (
            json!({"match": {"operation": "login"}, "then": {"error": "invalid_client"}}),
            "{\"error\":\"invalid_client\",\"error_description\":\"invalid client credentials\"}",
            "invalid_client",
        ),
    ];
    for (rule, body, code) in cases {
        world.fault(rule);
        assert_eq!(world.statuses(1), [200], "what is no login goes on");
        let oauth = world.client.send("POST", "/services/oauth2/token", &form, password);
        assert_eq!(oauth.text(), body);
        assert_eq!(oauth.status, if code == "SERVER_UNAVAILABLE" { 503 } else { 400 });
        let fault = world.client.send("POST", "/services/Soap/u/60.0", &xml, soap.as_bytes());
        assert_eq!(fault.status, 500);
        assert!(
            fault.text().contains(&format!("<faultcode>sf:{code}</faultcode>")),
            "{}",
            fault.text()
        );
        world.control("DELETE", "faults", &Json::Null);
    }
    let good = world.client.send("POST", "/services/Soap/u/60.0", &xml, soap.as_bytes());
    assert_eq!(good.status, 200);
}

#[test]
fn a_login_meets_the_rules_of_the_org_that_it_means() {
    let mut world = World::new();
    world.control("POST", "fork", &json!({"name": "fork1"}));
    let path = "/_fauxforce/orgs/fork1/faults";
    let added = world.client.ask("POST", path, &json!({"name": "login-rate"}).to_string());
    assert_eq!(added.status, 201);
    let secret = |key: &str| world.served.ready["org"][key].as_str().unwrap().to_owned();
    let (id, secret) = (secret("client_id"), secret("client_secret"));
    let mut login = |username: &str| {
        let form = format!(
            "grant_type=password&username={username}&password=fauxforce&client_id={id}&client_secret={secret}"
        );
        let headers = [("Content-Type", "application/x-www-form-urlencoded")];
        world.client.send("POST", "/services/oauth2/token", &headers, form.as_bytes()).status
    };
    assert_eq!(login("admin@fauxforce.test"), 200);
    assert_eq!(login("admin@fauxforce.test.fork1"), 400);
}

#[test]
fn sessions_of_other_protocols_end_too() {
    let mut world = World::new();
    let soap = |token: &str| {
        format!(
            "<e:Envelope xmlns:e=\"http://schemas.xmlsoap.org/soap/envelope/\" xmlns=\"urn:partner.soap.sforce.com\">\
         <e:Header><SessionHeader><sessionId>{token}</sessionId></SessionHeader></e:Header>\
         <e:Body><logout/></e:Body></e:Envelope>"
        )
    };
    world.fault(json!({"name": "session-expires"}));
    let body = soap(&world.client.token);
    let fault = world.client.send(
        "POST",
        "/services/Soap/u/60.0",
        &[("Content-Type", "text/xml")],
        body.as_bytes(),
    );
    assert_eq!(fault.status, 500);
    assert!(
        fault.text().contains("<faultcode>sf:INVALID_SESSION_ID</faultcode>"),
        "{}",
        fault.text()
    );
    world.control("POST", "reset", &json!({"sessions": "drop"}));
    world.fault(json!({"match": {"operation": "identity"}, "then": {"expire_session": true}}));
    let answer = world.client.ask("GET", "/services/oauth2/userinfo", "");
    assert_eq!((answer.status, answer.text()), (403, "Bad_OAuth_Token"));
}

#[test]
fn scim_and_concur_show_errors_in_their_own_form() {
    let mut world = World::new();
    world.fault(
        json!({"name": "server-unavailable", "times": 2, "match": {"path": "/services/scim/**"}}),
    );
    let answer = world.client.ask("GET", "/services/scim/v2/Users", "");
    assert_eq!((answer.status, &answer.json()["detail"]), (503, &json!("Server too busy")));
    world.control("PUT", "settings", &json!({"scim": "rfc"}));
    let answer = world.client.ask("GET", "/services/scim/v2/Users", "");
    assert_eq!(answer.header("content-type"), Some("application/scim+json;charset=UTF-8"));
    assert_eq!(
        answer.json(),
        json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
        "detail": "Server too busy", "status": "503"})
    );
    // A record that cannot be saved is SCIM's own kind of failure.
    world.fault(json!({"id": "u", "match": {"object": "User", "record": {"LastName": "Okafor"}}, "then": {"error": "STORAGE_LIMIT_EXCEEDED"}}));
    let profiles = world.client.get("query?q=SELECT+Id+FROM+Profile+WHERE+Name='Standard+User'");
    let user = json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "a.okafor@acme.test",
        "name": {"familyName": "Okafor"}, "emails": [{"value": "a.okafor@acme.test"}],
        "entitlements": [{"value": profiles["records"][0]["Id"]}]});
    let answer = world.client.ask("POST", "/services/scim/v2/Users", &user.to_string());
    assert_eq!(answer.status, 400, "{}", answer.text());
    assert!(answer.text().contains("storage limit exceeded"), "{}", answer.text());
    assert_eq!(world.counts("u"), (1, 1));

    world.fault(json!({"match": {"operation": "provision"}, "then": {"error": "SERVER_UNAVAILABLE"}, "when": {"times": 1}}));
    let answer = world.client.ask("POST", "/provisioning/v4/Users", "{}");
    assert_eq!(answer.status, 503);
    assert!(answer.text().contains("SERVER_UNAVAILABLE"), "{}", answer.text());
}

// Other ways to ask for them.

#[test]
fn scenarios_bring_faults_and_take_them_away() {
    let mut world = World::new();
    let scenario = "name = \"flaky-load\"\n\
        [[faults]]\nid = \"own\"\nname = \"row-lock\"\nobject = \"Account\"\nnth = 1\n\
        [[faults]]\nthen = { delay = \"PT0.001S\" }\n";
    let headers = [("Content-Type", "application/toml")];
    let load = |world: &mut World| {
        world.client.send("POST", &format!("{CONTROL}/scenarios"), &headers, scenario.as_bytes())
    };
    let loaded = load(&mut world);
    assert_eq!(loaded.status, 200, "{}", loaded.text());
    let list = world.control("GET", "faults", &Json::Null).json();
    assert_eq!(list["items"].as_array().unwrap().len(), 2);
    assert_eq!(world.create("A").status, 400);
    assert_eq!(world.create("A").status, 201);
    let again = load(&mut world);
    assert_eq!((again.status, again.json()["error"]["path"].as_str()), (400, Some("faults[0].id")));
    let made = world.client.ask(
        "POST",
        "/_fauxforce/orgs",
        &json!({"name": "other", "scenarios": [
        {"name": "x", "faults": [{"name": "slow"}]}]})
        .to_string(),
    );
    assert_eq!(made.status, 201, "{}", made.text());
    let list = world.client.ask("GET", "/_fauxforce/orgs/other/faults", "").json();
    assert_eq!(list["items"][0]["name"], "slow");
    let wrong = world.client.ask(
        "POST",
        "/_fauxforce/orgs",
        &json!({"name": "wrong", "scenarios": [
        {"name": "x", "faults": [{"nmae": "slow"}]}]})
        .to_string(),
    );
    assert_eq!(wrong.json()["error"]["path"], "scenarios[0].faults[0].nmae");
}

#[test]
fn steps_of_scenarios_bring_faults_and_take_them_away() {
    let call = |status: u16| {
        format!(
            "[[when]]\nmethod = \"GET\"\npath = \"/services/data/v67.0/limits\"\nstatus = {status}\n"
        )
    };
    let fault = "[[when]]\nfault = { id = \"busy\", name = \"server-unavailable\" }\n";
    let lost = "[[when]]\nfault = { name = \"lost-response\", object = \"Account\" }\n\
        [[when]]\nmethod = \"POST\"\npath = \"/services/data/v67.0/sobjects/Account\"\n\
        body = { Name = \"Lost\" }\nlost = true\n";
    let clear = |what: &str| format!("[[when]]\nclear = \"{what}\"\n");
    let then = "[[then]]\nsoql = \"SELECT Name FROM Account\"\nrows = [{ Name = \"Lost\" }]\n";
    let check = |name: &str, steps: &[&str]| {
        let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::write(&path, steps.concat()).unwrap();
        fauxforce::check_scenario(path.to_str().unwrap())
    };
    let (ok, busy) = (call(200), call(503));
    let good =
        [&ok, fault, &busy, &busy, &clear("busy"), &ok, fault, &clear("faults"), &ok, lost, then];
    assert_eq!(check("good.toml", &good), Ok(()));
    let unmet = check("unmet.toml", &[fault, &ok]).unwrap_err().concat();
    assert!(unmet.contains("unmet.toml:3") && unmet.contains("Server too busy"), "{unmet}");
    let unknown = check("unknown.toml", &[&clear("nothing")]).unwrap_err().concat();
    assert!(unknown.contains("there is no fault rule nothing"), "{unknown}");
    let wrong =
        check("wrong.toml", &["[[when]]\nfault = { name = \"slwo\" }\n"]).unwrap_err().concat();
    assert!(
        wrong.contains("wrong.toml:2: when[0].fault.name: no such fault: slwo; did you mean slow?"),
        "{wrong}"
    );
}

#[test]
fn calls_to_targets_are_struck_too() {
    for name in ["target-answer-is-lost", "employees-meet-a-locked-row"] {
        assert_eq!(fauxforce::check_scenario(name), Ok(()), "{name}");
    }
}

#[test]
fn the_journal_says_which_rule_struck() {
    let mut world = World::new();
    world.fault(
        json!({"id": "second", "when": {"nth": 2}, "then": {"error": "SERVER_UNAVAILABLE"}}),
    );
    world.fault(json!({"id": "row", "match": {"record": {"Name": "B"}}, "then": {"error": "UNABLE_TO_LOCK_ROW"}}));
    world.fault(json!({"id": "held", "match": {"object": "Lead"}, "then": {"hold": "gate"}}));
    world.statuses(3);
    world.create("B");
    let mut wire = world.served.wire();
    wire.send(world.served.head("GET", "/services/data/v66.0/sobjects/Lead/describe", ""));
    world.until_held("held", 1);
    world.control("POST", "faults/held/release", &Json::Null);
    assert_eq!(wire.answer().status, 200);
    let journal = world.control("GET", "requests", &Json::Null).json();
    let seen: Vec<(u64, Option<&str>)> = journal["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| (item["status"].as_u64().unwrap(), item["fault"].as_str()))
        .collect();
    assert_eq!(
        seen,
        [(200, None), (503, Some("second")), (200, None), (400, Some("row")), (200, Some("held"))]
    );
}

#[test]
fn faults_of_the_command_line() {
    let mut world = World::with(&[
        "--fault",
        "query-timeout:nth=1,object=Account",
        "--fault",
        "{\"id\":\"own\",\"then\":{\"drop\":\"after\"},\"when\":{\"nth\":99}}",
    ]);
    let list = world.control("GET", "faults", &Json::Null).json();
    assert_eq!((&list["items"][0]["id"], &list["items"][1]["id"]), (&json!("f1"), &json!("own")));
    assert_eq!(world.client.ask("GET", "query?q=SELECT+Id+FROM+Account", "").status, 400);
    for (fault, message) in [("row-lok", "did you mean row-lock?"), ("slow:speed=1", "no such key")]
    {
        let binary = env!("CARGO_BIN_EXE_fauxforce");
        let output = std::process::Command::new(binary)
            .args(["serve", "--port", "0", "--fault", fault])
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(64));
        assert!(String::from_utf8_lossy(&output.stderr).contains(message), "{output:?}");
    }
}

#[test]
fn faults_from_rust_end_with_their_guard() {
    use fauxforce::api::{Method, Request};
    use fauxforce::{Fault, Org};
    let org = Org::start().unwrap();
    let get = || {
        org.call(
            Request::new(Method::Get, "/services/data/v66.0/limits").bearer(org.access_token()),
        )
    };
    let fault =
        org.fault(Fault::named("server-unavailable").status(502).message("Not now.").every(2));
    let statuses: Vec<u16> = (0..4).map(|_| get().status).collect();
    assert_eq!((statuses, fault.matched(), fault.struck()), (vec![200, 502, 200, 502], 4, 2));
    drop(fault);
    assert_eq!(get().status, 200);
    let json = Fault::from_json("{\"then\":{\"delay\":\"PT7S\"}}").unwrap();
    let delayed = org.fault(json);
    assert_eq!(get().transport.delay, 7000, "what the edge would do is told, not done");
    drop(delayed);
    let wrong = Fault::from_json("{\"then\":{\"dely\":\"PT7S\"}}").unwrap_err().to_string();
    assert!(wrong.contains("did you mean delay?"), "{wrong}");

    // A thread that is held goes on when the guard is gone.
    let hold = org.fault(Fault::hold("gate"));
    std::thread::scope(|scope| {
        let held = scope.spawn(|| get().status);
        while hold.held() == 0 {
            std::thread::yield_now();
        }
        drop(hold);
        assert_eq!(held.join().unwrap(), 200);
    });
}

impl World {
    /// Waits until a rule holds so many requests.
    fn until_held(&mut self, id: &str, count: u64) {
        loop {
            let rule = self.control("GET", &format!("faults/{id}"), &Json::Null).json();
            if rule["held"].as_u64() == Some(count) {
                return;
            }
        }
    }
}
