//! Events of the SAP Concur tenant: sent to whoever subscribed, when they happen, and what became of
//! each is in the outbox.
#![cfg(feature = "server")]

mod provisioning;

use fauxforce::api::Method;
use fauxforce::{Org, Server};
use provisioning::{call, settings};
use serde_json::{Value, json};
use std::time::Duration;
use wiremock::matchers::{header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

fn provision(org: &Org) -> String {
    let user = json!({
        "userName": "mia@acme.test", "active": true,
        "name": {"familyName": "M", "givenName": "A"}, "emails": [{"value": "mia@acme.test"}],
        ENTERPRISE: {"companyId": "aa076ada-80a9-4f57-8e98-9300b1c3171d", "employeeNumber": "1"},
    });
    let operation = json!({"method": "POST", "path": "/Users", "bulkId": "1", "data": user});
    let body = json!({"Operations": [operation]});
    let answer = call(org, Method::Post, "/profile/v4/Bulk", &body);
    assert_eq!(answer.status, 202, "{}", answer.body);
    answer.body["id"].as_str().expect("an id").to_owned()
}

fn outbox(org: &Org) -> Value {
    call(org, Method::Get, "/_fauxforce/orgs/default/outbox", &Value::Null).body["items"].clone()
}

#[test]
fn an_event_is_sent_when_the_clock_reaches_it_though_nobody_asks() {
    let server = Server::builder().clock("2026-01-15T09:00:00Z").start().expect("a server");
    let org = server.org("default").expect("an org");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let hook = runtime.block_on(MockServer::start());
    runtime.block_on(
        Mock::given(method("POST"))
            .and(path("/hook"))
            .and(header("Content-Type", "application/json"))
            .respond_with(ResponseTemplate::new(202))
            .mount(&hook),
    );
    let webhook = format!("{}/hook", hook.uri());
    settings(&org, &json!({"concur": {"latency": "PT5M", "webhook": webhook}}));
    let id = provision(&org);
    org.advance(Duration::from_mins(4));
    assert!(runtime.block_on(hook.received_requests()).expect("requests").is_empty());
    org.advance(Duration::from_mins(1));
    org.drain();
    let asked = runtime.block_on(hook.received_requests()).expect("requests");
    assert_eq!(asked.len(), 1);
    let event: Value = serde_json::from_slice(&asked[0].body).expect("JSON");
    assert_eq!(event["topic"], "public.concur.user.provisioning");
    assert_eq!(event["eventType"], "provisionCompleted");
    assert_eq!(event["timeStamp"], "2026-01-15T09:05:00.000Z");
    assert_eq!(event["facts"]["provisionId"], id);
    assert_eq!(event["facts"]["success"], true);
    let link = event["facts"]["provisionStatusHref"].as_str().expect("a link");
    assert!(link.ends_with(&format!("/provisioning/v4/provisions/{id}/status")), "{link}");
    let items = outbox(&org);
    assert_eq!(items[0]["body"], event);
    assert_eq!((&items[0]["sent"], &items[0]["to"]), (&json!(true), &json!(webhook)));
    assert_eq!(items[0]["failed"], Value::Null);
}

#[test]
fn the_outbox_says_why_an_event_was_not_taken() {
    let server = Server::builder().clock("2026-01-15T09:00:00Z").start().expect("a server");
    let org = server.org("default").expect("an org");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let hook = runtime.block_on(MockServer::start());
    settings(&org, &json!({"concur": {"webhook": hook.uri()}}));
    provision(&org);
    org.drain();
    let items = outbox(&org);
    assert_eq!(items[0]["sent"], false);
    assert_eq!(items[0]["failed"], format!("POST {} was answered 404", hook.uri()));
    // Without a server nothing is sent, and the outbox says that too.
    let org = provisioning::start(fauxforce::StateMode::Enforce);
    settings(&org, &json!({"concur": {"webhook": "http://localhost:9/"}}));
    provision(&org);
    org.drain();
    let failed = outbox(&org)[0]["failed"].as_str().expect("a reason").to_owned();
    assert!(failed.starts_with("http://localhost:9/ was not called"), "{failed}");
}

#[test]
fn a_webhook_is_a_url() {
    let org = provisioning::start(fauxforce::StateMode::Enforce);
    let body = json!({"concur": {"webhook": "hook.test"}});
    let answer = call(&org, Method::Put, "/_fauxforce/orgs/default/settings", &body);
    assert_eq!(answer.status, 400);
    assert_eq!(answer.body["error"]["path"], "concur.webhook");
}
