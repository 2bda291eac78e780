use super::*;
use serde_json::json;

fn rule(json: &serde_json::Value) -> Result<Rule, Problem> {
    read(&Node::from_json(json))
}

#[test]
fn the_rule_of_the_documentation() {
    let rule = rule(&json!({
        "id": "locked",
        "match": {"method": "PATCH", "path": "/services/data/*/sobjects/**", "object": "Account",
            "operation": "update", "record": {"Name": "Acme", "NumberOfEmployees": 7, "Site": null}},
        "when": {"nth": 2, "after": "2026-01-15T09:00:00Z", "probability": 0.5},
        "then": {"error": "UNABLE_TO_LOCK_ROW", "status": 409},
    }))
    .expect("a rule");
    assert_eq!((rule.id.as_str(), rule.matching.method), ("locked", Some("PATCH")));
    assert_eq!(rule.matching.record.len(), 3);
    assert_eq!((rule.when.nth, rule.when.probability), (Some(2), Some(0.5)));
    assert!(matches!(&rule.then, Then::Error(error) if error.status == Some(409)));
    assert!(rule.is_of_records());
}

#[test]
fn every_named_fault_is_a_rule() {
    for (name, title) in library() {
        let rule = parse(name).expect(name);
        assert!(rule.text.starts_with(&format!("{{\"name\":\"{name}\",")), "{}", rule.text);
        assert!(!title.is_empty(), "{name}");
    }
    for name in [
        "request-limit-exceeded",
        "row-lock",
        "session-expires",
        "server-unavailable",
        "query-timeout",
        "lost-response",
        "slow",
        "maintenance",
        "storage-limit",
        "login-rate",
    ] {
        assert!(library().any(|(own, _)| own == name), "{name}");
    }
}

#[test]
fn named_faults_take_parameters() {
    let lock = parse("row-lock:object=Account,nth=3,record.Name=Acme").expect("a rule");
    assert_eq!(
        &*lock.text,
        "{\"name\":\"row-lock\",\"match\":{\"object\":\"Account\",\"record\":{\"Name\":\"Acme\"}},\
         \"when\":{\"nth\":3},\"then\":{\"error\":\"UNABLE_TO_LOCK_ROW\"}}"
    );
    assert_eq!(parse("slow:delay=PT0.5S").expect("a rule").then, Then::Delay(500));
    let lost = parse("lost-response:nth=2,method=POST").expect("a rule");
    assert_eq!(lost.when, When { nth: Some(2), ..When::default() }, "its own times is gone");
    let busy = rule(&json!({"name": "server-unavailable", "message": "Later.",
        "match": {"object": "Lead"}, "when": {"times": 2}}))
    .expect("a rule");
    assert!(matches!(&busy.then, Then::Error(e) if e.message.as_deref() == Some("Later.")));
    assert_eq!((busy.matching.object.as_deref(), busy.when.times), (Some("Lead"), Some(2)));
    let json = parse("{\"then\":{\"drop\":\"before\"}}").expect("a rule");
    assert_eq!(json.then, Then::Drop(Moment::Before));
    let other = rule(&json!({"name": "row-lock", "then": {"delay": "PT1S"}})).expect("a rule");
    assert_eq!(other.then, Then::Delay(1000));
}

#[test]
fn several_faults_in_one_text() {
    let faults =
        split("row-lock:object=Account,nth=3, slow,query-timeout,after=2026-01-15T09:00:00Z");
    assert_eq!(
        faults,
        ["row-lock:object=Account,nth=3", "slow", "query-timeout:after=2026-01-15T09:00:00Z"]
    );
    assert_eq!(split("{\"a\":1,\"b\":2}"), ["{\"a\":1,\"b\":2}"]);
    for fault in faults {
        parse(&fault).expect("a rule");
    }
}

#[test]
fn what_is_wrong_is_named_with_its_place() {
    let drop = json!({"drop": "after"});
    let cases = [
        (
            json!({"macth": {}, "then": drop}),
            "macth: no such key of a fault rule: macth; did you mean match?",
        ),
        (
            json!({"match": {"objct": "X"}, "then": drop}),
            "match.objct: no such key of match: objct; did you mean object?",
        ),
        (
            json!({"match": {"operation": "querry"}, "then": drop}),
            "match.operation: no such operation: querry; did you mean query?",
        ),
        (
            json!({"match": {"method": "FETCH"}, "then": drop}),
            "match.method: no such method: FETCH",
        ),
        (json!({"match": {"path": ""}, "then": drop}), "match.path: must have 1 to 512"),
        (json!({"match": {"path": ["/a", 7]}, "then": drop}), "match.path[1]: must be text"),
        (
            json!({"match": {"record": {"Name": [1]}}, "then": drop}),
            "match.record.Name: must be a single value",
        ),
        (
            json!({"match": {"record": {"Name": "x"}}, "then": {"drop": "before"}}),
            "match.record: is looked at when",
        ),
        (json!({"when": {"nth": 0}, "then": drop}), "when.nth: must be a whole number"),
        (json!({"when": {"probability": 2}, "then": drop}), "when.probability: must be a share"),
        (json!({"when": {"after": "noon"}, "then": drop}), "when.after: must be an instant"),
        (json!({}), "then: needs one of error, http"),
        (json!({"then": {}}), "then: needs one of error, http"),
        (json!({"then": {"delay": "PT1S", "drop": "after"}}), "then: needs one of error, http"),
        (json!({"then": {"delay": "3s"}}), "then.delay: must be a duration"),
        (
            json!({"then": {"delay": "PT1S", "status": 500}}),
            "then.status: status goes with error only",
        ),
        (
            json!({"then": {"error": "UNABLE_TO_LOKC_ROW"}}),
            "then.error: no such Salesforce code: UNABLE_TO_LOKC_ROW; did you mean UNABLE_TO_LOCK_ROW?; any other",
        ),
        (json!({"then": {"http": {}}}), "then.http: status is missing"),
        (
            json!({"then": {"http": {"status": 200, "headers": {"Content-Length": "1"}}}}),
            "then.http.headers.Content-Length: is set by the server",
        ),
        (json!({"then": {"expire_session": false}}), "then.expire_session: must be true"),
        (json!({"name": "row-lok"}), "name: no such fault: row-lok; did you mean row-lock?"),
        (json!({"id": "a b", "then": drop}), "id: must be up to 80 letters"),
        (json!([]), "must be a table"),
    ];
    for (json, expected) in cases {
        let problem = rule(&json).expect_err("a problem").to_string();
        assert!(problem.starts_with(expected), "{json}: {problem}");
    }
    let own = json!({"then": {"error": "ACME_DOWN", "message": "Gone fishing", "status": 503}});
    rule(&own).expect("a code of one's own");
    let problem = parse("slow:speed=9").expect_err("a problem");
    assert!(problem.to_string().starts_with("--fault slow:speed=9: speed: no such key of a"));
}
