//! `requests/verify` and `await` over a real socket, and expectations in Rust.
#![cfg(feature = "cli")]

mod common;

use common::served::{Client, DATA, Served};
use fauxforce::api::{Method, Operation, Request};
use fauxforce::{Expected, Org};
use serde_json::{Value as Json, json};
use std::panic::{AssertUnwindSafe, catch_unwind};

const ORG: &str = "/_fauxforce/orgs/default";

fn post(client: &mut Client, path: &str, body: &Json) -> (u16, Json) {
    let answer = client.ask("POST", &format!("{ORG}{path}"), &body.to_string());
    (answer.status, answer.json())
}

#[test]
fn requests_are_counted_and_the_nearest_told() {
    let served = Served::start();
    let mut client = served.client();
    client.create("Account", r#"{"Name":"Acme","Phone":"1"}"#);
    client.create("Account", r#"{"Name":"Bcme","NumberOfEmployees":5}"#);
    client.create("Contact", r#"{"LastName":"Ito"}"#);
    let mut count = |body: Json| {
        let (status, answer) = post(&mut client, "/requests/verify", &body);
        assert_eq!(status, 200, "{body}: {answer}");
        (answer["matched"] == true, answer["count"].as_u64().expect("a count"))
    };
    for (pattern, expected) in [
        (json!({}), (true, 3)),
        (json!({"operation": "create", "object": "account"}), (true, 2)),
        (json!({"object": "Account", "times": {"exactly": 2}}), (true, 2)),
        (json!({"object": "Account", "times": 1}), (false, 2)),
        (json!({"object": "Account", "times": {"at_most": 1}}), (false, 2)),
        (json!({"object": "Account", "times": {"at_least": 2, "at_most": 3}}), (true, 2)),
        (json!({"object": "Lead"}), (false, 0)),
        (json!({"object": "Lead", "times": {"exactly": 0}}), (true, 0)),
        (json!({"body": {"name": "Bcme"}}), (true, 1)),
        (json!({"body": {"NumberOfEmployees": 5.0}}), (true, 1)),
        (json!({"method": "post", "path": "sobjects/*", "status": 201}), (true, 3)),
        (json!({"path": "/services/data/v66.0/sobjects/Contact", "status": "4xx"}), (false, 0)),
        (json!({"operation": "create", "since": 2}), (true, 1)),
        (json!({"protocol": "rest", "unsupported": false}), (true, 3)),
    ] {
        assert_eq!(count(pattern.clone()), expected, "{pattern}");
    }

    let wanted = json!({"object": "Account", "body": {"Name": "Acme", "Phone": "2"}});
    let (_, answer) = post(&mut client, "/requests/verify", &wanted);
    assert_eq!(
        answer["nearest"][0],
        json!({"seq": 1, "differs": ["body.Phone: expected \"2\", was \"1\""]})
    );
    assert_eq!(answer["nearest"][1]["seq"], 2);
    assert_eq!(answer["nearest"][2]["differs"][0], "object: expected Account, was Contact");
    let (_, answer) =
        post(&mut client, "/requests/verify", &json!({"object": "Account", "times": 1}));
    assert_eq!(answer["nearest"], json!([{"seq": 2, "differs": []}, {"seq": 1, "differs": []}]));
    let (status, answer) = post(&mut client, "/requests/verify?fail=true", &wanted);
    assert_eq!((status, &answer["matched"]), (417, &json!(false)));
    let (status, _) =
        post(&mut client, "/requests/verify?fail=true", &json!({"object": "Account"}));
    assert_eq!(status, 200);
}

#[test]
fn forms_and_xml_are_compared_too() {
    let served = Served::start();
    let mut client = served.client();
    let kind = ("Content-Type", "application/x-www-form-urlencoded");
    client.send("POST", "/services/oauth2/token", &[kind], b"grant_type=password&username=a%40b");
    let xml = ("Content-Type", "application/xml");
    let bearer = format!("Bearer {}", served.token);
    let path = format!("{DATA}/sobjects/Account");
    let row = b"<Account><Name>A &amp; B</Name><NumberOfEmployees>5</NumberOfEmployees></Account>";
    client.send("POST", &path, &[xml, ("Authorization", &bearer)], row);
    for pattern in [
        json!({"operation": "login", "body": {"username": "a@b"}, "times": 1}),
        json!({"operation": "create", "body": {"Name": "A & B", "NumberOfEmployees": 5}, "times": 1}),
    ] {
        let (_, answer) = post(&mut client, "/requests/verify", &pattern);
        assert_eq!(answer["matched"], true, "{pattern}: {answer}");
    }
}

#[test]
fn what_cannot_be_verified_is_refused() {
    let served = Served::start();
    let mut client = served.client();
    for (body, path) in [
        (json!({"metod": "GET"}), "metod"),
        (json!({"operation": "creat"}), "operation"),
        (json!({"times": {"exactly": -1}}), "times.exactly"),
        (json!({"times": {"exactly": 1, "at_least": 1}}), "times"),
        (json!({"times": {"at_least": 2, "at_most": 1}}), "times"),
        (json!({"times": {}}), "times"),
        (json!({"times": {"never": true}}), "times.never"),
        (json!({"status": "many"}), "status"),
        (json!({"unsupported": "yes"}), "unsupported"),
        (json!({"method": 1}), "method"),
        (json!([]), ""),
    ] {
        let (status, answer) = post(&mut client, "/requests/verify", &body);
        assert_eq!((status, &answer["error"]["path"]), (400, &json!(path)), "{body}: {answer}");
    }
    assert_eq!(post(&mut client, "/requests/verify?fial=true", &json!({})).0, 400);
    let answer = client.ask("POST", &format!("{ORG}/requests/verify"), "{");
    assert_eq!(answer.json()["error"]["code"], "UNREADABLE_BODY");
    for (body, path) in [
        (json!({}), ""),
        (json!({"soql": "SELECT Id FROM Account", "request": {}}), ""),
        (json!({"soql": "SELECT Nme FROM Account"}), "soql"),
        (json!({"soql": "SELECT Id FROM Account", "rows": "two"}), "rows"),
        (json!({"soql": "SELECT Id FROM Account", "rows": [1]}), "rows[0]"),
        (json!({"request": {}, "rows": []}), "rows"),
        (json!({"request": {"objct": "Account"}}), "request.objct"),
        (json!({"request": {}, "timeout": "5s"}), "timeout"),
        (json!({"request": {}, "timeout": "P2D"}), "timeout"),
        (json!({"request": {}, "until": "PT1S"}), "until"),
    ] {
        let (status, answer) = post(&mut client, "/await", &body);
        assert_eq!((status, &answer["error"]["path"]), (400, &json!(path)), "{body}: {answer}");
    }
    let answer = client.ask("GET", &format!("{ORG}/await"), "");
    assert_eq!((answer.status, answer.header("allow")), (405, Some("POST")));
    let answer = client.ask("POST", "/_fauxforce/orgs/nobody/await", "{}");
    assert_eq!(answer.status, 404);
}

#[test]
fn await_answers_when_rows_or_requests_are_there() {
    let served = Served::start();
    let mut client = served.client();
    let rows = json!({"soql": "SELECT Name FROM Account ORDER BY Name",
                      "rows": [{"Name": "A"}, {"Name": "B"}], "timeout": "PT20S"});
    let request = json!({"request": {"object": "Account", "status": "2xx", "times": {"exactly": 2}},
                         "timeout": "PT20S"});
    std::thread::scope(|scope| {
        let waiting = [&rows, &request].map(|body| {
            let served = &served;
            scope.spawn(move || post(&mut served.client(), "/await", body))
        });
        client.create("Account", r#"{"Name":"A"}"#);
        client.create("Account", r#"{"Name":"B"}"#);
        let answers = waiting.map(|thread| thread.join().expect("an answer"));
        let [(status, rows), (other, request)] = answers;
        assert_eq!((status, other), (200, 200), "{rows} {request}");
        assert_eq!((&rows["totalSize"], &rows["rows"][1]["Name"]), (&json!(2), &json!("B")));
        assert_eq!((&request["matched"], &request["count"]), (&json!(true), &json!(2)));
    });
    // What holds already is answered at once; a number of rows will do.
    let two = json!({"soql": "SELECT Id FROM Account", "rows": 2, "timeout": "PT0S"});
    assert_eq!(post(&mut client, "/await", &two).0, 200);
    let any = json!({"soql": "SELECT Id FROM Account", "timeout": "PT0S"});
    assert_eq!(post(&mut client, "/await", &any).0, 200);
}

#[test]
fn await_gives_up_with_the_last_state() {
    let served = Served::start();
    let mut client = served.client();
    client.create("Account", r#"{"Name":"A"}"#);
    let rows =
        json!({"soql": "SELECT Name FROM Account", "rows": [{"Name": "B"}], "timeout": "PT0.1S"});
    let (status, answer) = post(&mut client, "/await", &rows);
    assert_eq!((status, &answer["error"]["code"]), (408, &json!("TIMED_OUT")), "{answer}");
    assert_eq!(answer["last"]["rows"][0]["Name"], "A");
    let request = json!({"request": {"object": "Lead"}, "timeout": "PT0.1S"});
    let (status, answer) = post(&mut client, "/await", &request);
    assert_eq!((status, &answer["last"]["count"]), (408, &json!(0)), "{answer}");
    assert_eq!(answer["last"]["nearest"][0]["seq"], 1);
}

#[test]
fn await_lets_background_work_go_on() {
    let served = Served::start_with(&["--scenario", "employees-ready-to-provision"]);
    let mut client = served.client();
    let real = client.ask("PUT", &format!("{ORG}/clock"), r#"{"mode":"real"}"#);
    assert_eq!(real.status, 200, "{}", real.text());
    let slow = json!({"progression": {"provisioning": {"after": "PT0.2S"}}});
    let answer = client.ask("PUT", &format!("{ORG}/settings"), &slow.to_string());
    assert_eq!(answer.status, 200, "{}", answer.text());
    let (status, run) = post(&mut client, "/provisioning/run", &json!({}));
    assert_eq!(status, 202, "{run}");
    let done = json!({"soql": "SELECT ProcessStatus FROM EmpUserProvisioningProcess",
                      "rows": [{"ProcessStatus": "Finished"}], "timeout": "PT20S"});
    let (status, answer) = post(&mut client, "/await", &done);
    assert_eq!(status, 200, "{answer}");
}

/// More wait than there are threads, and everybody else is served meanwhile.
#[test]
fn many_wait_without_a_thread_each() {
    const WAITING: usize = 200;
    let served = Served::start();
    let wanted =
        json!({"soql": "SELECT Id FROM Account", "rows": 3, "timeout": "PT30S"}).to_string();
    let mut waiting: Vec<common::Wire> = (0..WAITING)
        .map(|_| {
            let mut wire = common::Wire::to(std::net::Ipv4Addr::LOCALHOST.into(), served.port);
            let head = format!(
                "POST {ORG}/await HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n{wanted}",
                wanted.len()
            );
            wire.send(head);
            wire
        })
        .collect();
    let mut client = served.client();
    for name in ["A", "B", "C"] {
        // Control calls and composite requests need the pool's threads.
        client.get(&format!("{ORG}/clock"));
        client.create("Account", &json!({ "Name": name }).to_string());
    }
    for wire in &mut waiting {
        assert_eq!(wire.answer().status, 200);
    }
}

fn create(org: &Org, object: &str, body: &str) -> u16 {
    let path = format!("/services/data/v67.0/sobjects/{object}");
    let request = Request::new(Method::Post, &path).bearer(org.access_token());
    org.call(request.json(body.to_owned())).status
}

fn said(work: impl FnOnce()) -> String {
    let panic = catch_unwind(AssertUnwindSafe(work)).expect_err("a panic");
    panic.downcast_ref::<String>().cloned().expect("a text")
}

#[test]
fn expectations_are_checked_when_they_are_dropped() {
    let org = Org::start().expect("an org");
    create(&org, "Account", r#"{"Name":"before"}"#);
    {
        let _once = org.expect(Expected::create("Account").status(201).times(1));
        let _never = org.expect(Expected::new().operation(Operation::Delete).never());
        let _some = org.expect(Expected::new().path("sobjects/*").at_least(1).at_most(2));
        assert_eq!(create(&org, "Account", r#"{"Name":"Acme"}"#), 201);
    }
    let text = said(|| {
        let _expected =
            org.expect(Expected::create("Account").body(json!({"Name": "Bcme"})).times(1));
        create(&org, "Account", r#"{"Name":"Acme"}"#);
        create(&org, "Contact", r#"{"LastName":"Ito"}"#);
    });
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(
        lines[0],
        r#"org default expected a request create Account {"Name":"Bcme"} 1 time; it came 0 times"#
    );
    let nearest = "  #3 POST /services/data/v67.0/sobjects/Account (201): \
                   body.Name: expected \"Bcme\", was \"Acme\"";
    assert_eq!(lines[1], nearest);

    let early = org.expect(Expected::create("Lead"));
    assert!(early.unmet().is_some());
    assert!(said(|| early.verify()).contains("at least 1 time"));
    // A panic under way is not covered up by a second one.
    let text = said(|| {
        let _expected = org.expect(Expected::create("Lead"));
        panic!("{}", "the test's own".to_owned());
    });
    assert_eq!(text, "the test's own");
}

#[test]
fn requests_are_read_in_rust() {
    let org = Org::start().expect("an org");
    create(&org, "account", r#"{"Name":"Acme"}"#);
    let requests = org.requests();
    let [request] = &requests[..] else { panic!("one request: {requests:?}") };
    assert_eq!((request.seq(), request.parent(), request.method()), (1, None, "POST"));
    assert_eq!(request.path(), "/services/data/v67.0/sobjects/account");
    assert_eq!(
        (request.query(), request.operation(), request.object()),
        ("", "create", Some("Account"))
    );
    assert_eq!((request.status(), request.fault(), request.unsupported()), (201, None, None));
    assert_eq!(request.request_body(), br#"{"Name":"Acme"}"#);
    assert_eq!(request.request_header("content-type"), Some("application/json"));
    assert!(request.response_header("date").is_some());
    assert!(request.response_body().starts_with(b"{\"id\""));
    let shown: Json = serde_json::from_str(&request.to_json()).expect("JSON");
    assert_eq!(shown["request"]["headers"]["authorization"], "Bearer ***");
    let fork = org.fork().expect("a fork");
    assert!(fork.requests().is_empty());
    org.forget_requests();
    assert!(org.requests().is_empty());
}

#[test]
fn await_works_in_process_too() {
    let org = Org::start().expect("an org");
    let ask = |body: Json| {
        org.call(
            Request::new(Method::Post, "/_fauxforce/orgs/default/await").json(body.to_string()),
        )
        .status
    };
    assert_eq!(ask(json!({"request": {"object": "Account"}, "timeout": "PT0.05S"})), 408);
    std::thread::scope(|scope| {
        let waiting =
            scope.spawn(|| ask(json!({"request": {"object": "Account"}, "timeout": "PT20S"})));
        create(&org, "Account", r#"{"Name":"Acme"}"#);
        assert_eq!(waiting.join().expect("an answer"), 200);
    });
}
