//! The journal over a real socket: what is recorded, of whom, how it is filtered and exported, what
//! it never shows, and that nothing is lost.
#![cfg(feature = "cli")]

mod common;

use common::served::{Client, DATA, Served};
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;

const REQUESTS: &str = "/_fauxforce/orgs/default/requests";

/// The journal's entries.
fn items(client: &mut Client, filter: &str) -> Vec<Json> {
    client.get(&format!("{REQUESTS}{filter}"))["items"].as_array().expect("items").clone()
}

/// The values of a key in all entries.
fn column(items: &[Json], key: &str) -> Vec<Json> {
    items.iter().map(|item| item[key].clone()).collect()
}

/// Posts to the control API of the default org.
fn control(client: &mut Client, path: &str, body: &Json) -> (u16, Json) {
    let path = format!("/_fauxforce/orgs/default{path}");
    let answer = client.ask("POST", &path, &body.to_string());
    (answer.status, serde_json::from_slice(&answer.body).unwrap_or_default())
}

#[test]
fn an_entry_tells_request_and_answer() {
    let served = Served::start();
    let mut client = served.client();
    client.create("Account", r#"{"Name":"Acme","AnnualRevenue":1.50}"#);
    let items = items(&mut client, "");
    let [entry] = &items[..] else { panic!("one entry: {items:?}") };
    for (key, value) in [
        ("seq", json!(1)),
        ("at", json!("2026-01-15T09:00:00.000Z")),
        ("method", json!("POST")),
        ("path", json!(format!("{DATA}/sobjects/Account"))),
        ("protocol", json!("rest")),
        ("operation", json!("create")),
        ("object", json!("Account")),
        ("status", json!(201)),
    ] {
        assert_eq!(entry[key], value, "{key}");
    }
    assert!(entry["duration_us"].is_u64());
    for absent in ["fault", "unsupported", "parent"] {
        assert_eq!(entry.get(absent), None, "{absent}");
    }
    assert_eq!(entry["request"]["body"], json!({"Name": "Acme", "AnnualRevenue": 1.5}));
    assert_eq!(entry["request"]["headers"]["content-type"], "application/json");
    assert_eq!(entry["response"]["body"]["success"], true);
    assert_eq!(
        entry["response"]["headers"]["cache-control"],
        "no-cache,must-revalidate,max-age=0,no-store,private"
    );
    // As it was written: the number keeps its digits.
    let answer = client.ask("GET", REQUESTS, "");
    assert!(answer.text().contains(r#""body":{"Name":"Acme","AnnualRevenue":1.50}"#));
}

#[test]
fn filters() {
    let served = Served::start();
    let mut client = served.client();
    let account = client.create("Account", r#"{"Name":"Acme"}"#);
    client.create("Contact", r#"{"LastName":"Ito"}"#);
    client.row("Account", &account);
    client.get("query?q=SELECT+Id+FROM+aCCOUNT");
    assert_eq!(client.ask("GET", "sobjects/Nonsense/x", "").status, 404);
    assert_eq!(client.ask("GET", "chatter/feeds", "").status, 501);
    let mut seqs = |filter: &str| {
        let items = items(&mut client, filter);
        items.iter().map(|item| item["seq"].as_u64().expect("a number")).collect::<Vec<u64>>()
    };
    for (filter, expected) in [
        ("", &[1, 2, 3, 4, 5, 6][..]),
        ("?method=post", &[1, 2]),
        ("?object=account", &[1, 3, 4]),
        ("?operation=query", &[4]),
        ("?protocol=rest&method=GET", &[3, 4, 5, 6]),
        ("?status=404", &[5]),
        ("?status=2xx&object=Contact", &[2]),
        ("?unsupported=true", &[6]),
        ("?unsupported=false&since=4", &[5]),
        ("?path=sobjects/Account/*", &[3]),
        ("?path=/services/data/*/sobjects/*", &[1, 2]),
        ("?path=/services/data/**/x", &[5]),
        ("?path=query%3Fq%3D*aCCOUNT", &[4]),
        ("?limit=2", &[5, 6]),
        ("?since=1&limit=2", &[2, 3]),
        ("?since=6", &[]),
        ("?since=600", &[]),
    ] {
        assert_eq!(seqs(filter), expected, "{filter}");
    }
    assert_eq!(client.get(&format!("{REQUESTS}?status=418"))["latest"], 6);
    for (filter, path) in [
        ("?status=nonsense", "status"),
        ("?since=-1", "since"),
        ("?limit=many", "limit"),
        ("?unsupported=yes", "unsupported"),
        ("?operation=creat", "operation"),
        ("?format=xml", "format"),
        ("?objct=Account", "objct"),
    ] {
        let answer = client.ask("GET", &format!("{REQUESTS}{filter}"), "");
        assert_eq!(
            (answer.status, &answer.json()["error"]["path"]),
            (400, &json!(path)),
            "{filter}"
        );
    }
    let answer = client.ask("GET", &format!("{REQUESTS}?objct=Account"), "");
    assert!(answer.text().contains("did you mean object?"), "{}", answer.text());
}

#[test]
fn no_secret_is_shown() {
    let served = Served::start();
    let org = &served.ready["org"];
    let text = |key: &str| org[key].as_str().expect("a text").to_owned();
    let mut client = served.client();
    let form = format!(
        "grant_type=password&username={}&password={}{}&client_id={}&client_secret={}",
        text("username"),
        text("password"),
        text("security_token"),
        text("client_id"),
        text("client_secret")
    );
    let kind = ("Content-Type", "application/x-www-form-urlencoded");
    let token = client.send("POST", "/services/oauth2/token", &[kind], form.as_bytes());
    assert_eq!(token.status, 200, "{}", token.text());
    let issued = token.json()["access_token"].as_str().expect("a token").to_owned();
    let refresh = format!(
        "grant_type=refresh_token&refresh_token={}&client_id={}&client_secret={}",
        text("refresh_token"),
        text("client_id"),
        text("client_secret")
    );
    let again = client.send("POST", "/services/oauth2/token", &[kind], refresh.as_bytes());
    assert_eq!(again.status, 200, "{}", again.text());
    let soap = format!(
        "<e:Envelope xmlns:e='http://schemas.xmlsoap.org/soap/envelope/'><e:Body>\
         <login xmlns='urn:partner.soap.sforce.com'><username>{}</username><password>{}{}\
         </password></login></e:Body></e:Envelope>",
        text("username"),
        text("password"),
        text("security_token")
    );
    let kind = ("Content-Type", "text/xml");
    let login = client.send("POST", "/services/Soap/u/60.0", &[kind], soap.as_bytes());
    assert_eq!(login.status, 200, "{}", login.text());
    let session = login.text().split("<sessionId>").nth(1).and_then(|rest| rest.split('<').next());
    let session = session.expect("a session id").to_owned();
    client.ask("GET", &format!("limits?oauth_token={issued}"), "");
    let cookie = format!("sid={issued}");
    client.ask_with("GET", "limits", &[("Cookie", &cookie), ("X-SFDC-Session", &issued)], "");
    client.ask(
        "POST",
        "sobjects/Account",
        &json!({ "Name": "x", "Description": issued }).to_string(),
    );

    for format in ["json", "har"] {
        let answer = client.ask("GET", &format!("{REQUESTS}?format={format}"), "");
        assert_eq!(answer.status, 200);
        let shown = answer.text();
        let secrets = [
            text("access_token"),
            text("refresh_token"),
            text("client_secret"),
            text("security_token"),
            format!("password={}", text("password")),
            format!("<password>{}", text("password")),
            issued.clone(),
            session.clone(),
        ];
        for secret in secrets {
            assert!(!shown.contains(&secret), "{format} shows {secret}");
        }
        for kept in [text("username"), "grant_type=password".to_owned(), "Bearer ***".to_owned()] {
            assert!(shown.contains(&kept), "{format} lacks {kept}");
        }
    }
    let items = items(&mut client, "?operation=login");
    assert_eq!(column(&items, "protocol"), ["oauth", "oauth", "soap"]);
}

#[test]
fn what_is_inside_composite_requests_has_entries_too() {
    let served = Served::start();
    let mut client = served.client();
    let body = json!({ "allOrNone": false, "compositeRequest": [
        { "method": "POST", "url": format!("{DATA}/sobjects/Account"), "referenceId": "a", "body": { "Name": "A" } },
        { "method": "PATCH", "url": format!("{DATA}/sobjects/Account/@{{a.id}}"), "referenceId": "b", "body": { "Name": "B" } },
        { "method": "GET", "url": format!("{DATA}/sobjects/@{{none.id}}"), "referenceId": "c" },
        { "method": "GET", "url": format!("{DATA}/chatter/feeds"), "referenceId": "d" },
    ]});
    assert_eq!(client.ask("POST", "composite", &body.to_string()).status, 200);
    let all = items(&mut client, "");
    assert_eq!(column(&all, "parent"), [Json::Null, json!(1), json!(1), json!(1), json!(1)]);
    assert_eq!(column(&all, "operation"), ["composite", "create", "update", "describe", "info"]);
    assert_eq!(column(&all, "status"), [200, 201, 204, 400, 501]);
    let id = all[1]["response"]["body"]["id"].as_str().expect("an id");
    assert_eq!(all[2]["path"], format!("{DATA}/sobjects/Account/{id}"));
    assert_eq!(all[4]["unsupported"], "resource chatter/feeds");
    assert_eq!(all[0]["unsupported"], "resource chatter/feeds");
    assert!(all[3]["response"]["headers"]["x-fauxforce-hint"].is_string(), "{}", all[3]);

    // What was taken back was not done.
    let body = json!({ "allOrNone": true, "compositeRequest": [
        { "method": "POST", "url": format!("{DATA}/sobjects/Account"), "referenceId": "a", "body": { "Name": "A" } },
        { "method": "POST", "url": format!("{DATA}/sobjects/Contact"), "referenceId": "b", "body": {} },
    ]});
    assert_eq!(client.ask("POST", "composite", &body.to_string()).status, 200);
    let taken_back = items(&mut client, "?since=6");
    assert_eq!(column(&taken_back, "status"), [400, 400]);
    assert_eq!(taken_back[0]["response"]["body"][0]["errorCode"], "PROCESSING_HALTED");
    assert_eq!(taken_back[1]["response"]["body"][0]["errorCode"], "REQUIRED_FIELD_MISSING");

    // A batch's parts are there; a collection is one request.
    let batch = json!({ "batchRequests": [{ "method": "GET", "url": "v66.0/limits" }] });
    assert_eq!(client.ask("POST", "composite/batch", &batch.to_string()).status, 200);
    let records = json!({ "records": [{ "attributes": { "type": "contact" }, "LastName": "x" }] });
    assert_eq!(client.ask("POST", "composite/sobjects", &records.to_string()).status, 200);
    let rest = items(&mut client, "?since=8");
    assert_eq!(column(&rest, "operation"), ["composite", "info", "create"]);
    assert_eq!(column(&rest, "object"), [Json::Null, Json::Null, json!("Contact")]);
}

#[test]
fn warnings_of_parts_reach_the_answer_and_the_journal() {
    let served =
        Served::start_with(&["--strict-state", "warn", "--scenario", "requests-in-every-state"]);
    let mut client = served.client();
    let rows = client.get("query?q=SELECT+Id+FROM+UserProvisioningRequest+WHERE+State='Completed'");
    let id = rows["records"][0]["Id"].as_str().expect("a completed request").to_owned();
    let part = json!({
        "method": "PATCH",
        "url": format!("{DATA}/sobjects/UserProvisioningRequest/{id}"),
        "referenceId": "a",
        "body": { "State": "New" }
    });
    let composite = |all: bool, more: &[Json]| {
        let parts: Vec<Json> = [part.clone()].iter().chain(more).cloned().collect();
        json!({ "allOrNone": all, "compositeRequest": parts }).to_string()
    };
    let bad = json!({
        "method": "POST", "url": format!("{DATA}/sobjects/Contact"), "referenceId": "b", "body": {}
    });
    let undone = client.ask("POST", "composite", &composite(true, &[bad]));
    assert_eq!(undone.header("x-fauxforce-warning"), None, "nothing was kept");
    let answer = client.ask("POST", "composite", &composite(true, &[]));
    assert_eq!(answer.json()["compositeResponse"][0]["httpStatusCode"], 204, "{}", answer.text());
    let warning = answer.header("x-fauxforce-warning").expect("a warning").to_owned();
    let all = items(&mut client, "?operation=composite&limit=1");
    assert_eq!(all[0]["response"]["headers"]["x-fauxforce-warning"], *warning);

    let back = json!({ "records": [
        { "attributes": { "type": "UserProvisioningRequest" }, "id": id, "State": "Completed" },
        { "attributes": { "type": "UserProvisioningRequest" }, "id": id, "State": "New" },
    ]});
    let answer = client.ask("PATCH", "composite/sobjects", &back.to_string());
    assert_eq!(answer.json()[1]["success"], true, "{}", answer.text());
    assert!(answer.header("x-fauxforce-warning").is_some(), "collections warn too");
}

#[test]
fn every_org_has_a_journal_of_its_own() {
    let served = Served::start();
    let mut client = served.client();
    client.get("limits");
    let (status, fork) = control(&mut client, "/fork", &json!({ "name": "branch" }));
    assert_eq!(status, 201, "{fork}");
    let branch = "/_fauxforce/orgs/branch/requests";
    assert_eq!(client.get(branch)["items"], json!([]), "a fork starts without");
    // A login that names the fork by its username is the fork's, whatever host it came by.
    let text = |key: &str| fork[key].as_str().expect("a text").to_owned();
    let form = format!(
        "grant_type=password&username={}&password={}&client_id={}&client_secret={}",
        text("username"),
        text("password"),
        text("client_id"),
        text("client_secret")
    );
    let kind = ("Content-Type", "application/x-www-form-urlencoded");
    let token = client.send("POST", "/services/oauth2/token", &[kind], form.as_bytes());
    assert_eq!(token.status, 200, "{}", token.text());
    let own = client.get(branch)["items"].clone();
    assert_eq!(column(own.as_array().expect("items"), "operation"), ["login"]);
    assert_eq!(column(&items(&mut client, ""), "operation"), ["info"]);
}

#[test]
fn reset_and_delete_forget_and_numbers_go_on() {
    let served = Served::start();
    let mut client = served.client();
    client.get("limits");
    assert_eq!(client.ask("DELETE", REQUESTS, "").status, 204);
    assert_eq!(items(&mut client, ""), Vec::<Json>::new());
    client.get("limits");
    assert_eq!(column(&items(&mut client, ""), "seq"), [2]);
    assert_eq!(control(&mut client, "/reset", &json!({})).0, 200);
    assert_eq!(items(&mut client, ""), Vec::<Json>::new());
    client.get("limits");
    assert_eq!(column(&items(&mut client, ""), "seq"), [3]);
    let answer = client.ask("PUT", REQUESTS, "{}");
    assert_eq!((answer.status, answer.header("allow")), (405, Some("GET,DELETE")));
}

#[test]
fn control_calls_and_telemetry_are_left_out_and_requests_astray_are_not() {
    let served = Served::start();
    let mut client = served.client();
    client.get("/_fauxforce/orgs");
    assert_eq!(client.ask("POST", "connect/proxy/ui-telemetry", "{}").status, 200);
    assert_eq!(client.ask("GET", "/no/such/path", "").status, 404);
    assert_eq!(client.send("GET", "/services/data/v66.0/limits", &[], b"").status, 401);
    let all = items(&mut client, "");
    assert_eq!(column(&all, "status"), [404, 401]);
    assert_eq!(column(&all, "protocol"), ["other", "rest"]);
}

#[test]
fn large_bodies_are_cut_and_their_facts_kept() {
    let served = Served::start();
    let mut client = served.client();
    let records: Vec<Json> = (0..200)
        .map(|_| json!({ "attributes": { "type": "account" }, "Name": "x", "Description": "é".repeat(400) }))
        .collect();
    let body = json!({ "records": records }).to_string();
    assert_eq!(client.ask("POST", "composite/sobjects", &body).status, 200);
    let all = items(&mut client, "");
    assert_eq!((&all[0]["object"], &all[0]["operation"]), (&json!("Account"), &json!("create")));
    let request = &all[0]["request"];
    assert_eq!((&request["truncated"], &request["length"]), (&json!(true), &json!(body.len())));
    assert!(body.starts_with(request["body"].as_str().expect("the beginning as text")));
}

/// The fields that HAR 1.2 demands (<http://www.softwareishard.com/blog/har-12-spec>).
#[test]
fn the_archive_is_har() {
    let served = Served::start();
    let mut client = served.client();
    client.create("Account", r#"{"Name":"Acme"}"#);
    client.get("query?q=SELECT+Id+FROM+Account&x=1");
    let body = json!({ "compositeRequest": [
        { "method": "GET", "url": format!("{DATA}/limits"), "referenceId": "a" }
    ]});
    client.ask("POST", "composite", &body.to_string());
    let har = client.get(&format!("{REQUESTS}?format=har"));
    let log = &har["log"];
    assert_eq!((&log["version"], &log["creator"]["name"]), (&json!("1.2"), &json!("fauxforce")));
    assert!(log["creator"]["version"].is_string());
    let entries = log["entries"].as_array().expect("entries");
    assert_eq!(entries.len(), 3, "parts of composite requests are no exchanges");
    for entry in entries {
        assert!(entry["startedDateTime"].as_str().is_some_and(|at| at.ends_with('Z')));
        assert!(entry["time"].is_number() && entry["cache"].is_object());
        for part in ["send", "wait", "receive"] {
            assert!(entry["timings"][part].is_number(), "{part}");
        }
        for half in ["request", "response"] {
            let half = &entry[half];
            assert_eq!(half["httpVersion"], "HTTP/1.1");
            assert!(half["cookies"].is_array() && half["headersSize"].is_i64());
            assert!(half["bodySize"].is_i64());
            for header in half["headers"].as_array().expect("headers") {
                assert!(header["name"].is_string() && header["value"].is_string());
            }
        }
        assert!(entry["request"]["queryString"].is_array());
        let response = &entry["response"];
        assert!(response["status"].is_u64() && response["statusText"].is_string());
        assert!(response["redirectURL"].is_string());
        assert!(
            response["content"]["size"].is_u64() && response["content"]["mimeType"].is_string()
        );
    }
    let posted = &entries[0]["request"];
    assert_eq!(posted["url"], format!("{}{DATA}/sobjects/Account", served.url));
    assert_eq!(
        posted["postData"],
        json!({"mimeType": "application/json", "text": "{\"Name\":\"Acme\"}"})
    );
    let query = &entries[1]["request"]["queryString"];
    assert_eq!(query[0], json!({"name": "q", "value": "SELECT Id FROM Account"}));
}

#[test]
fn eight_writers_lose_nothing() {
    const WRITERS: usize = 8;
    const EACH: usize = 100;
    let served = Served::start();
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let served = &served;
            scope.spawn(move || {
                let mut client = served.client();
                for number in 0..EACH {
                    client.create(
                        "Account",
                        &json!({ "Name": format!("{writer}-{number}") }).to_string(),
                    );
                }
            });
        }
        // A reader that follows sees every number once, and in order.
        let mut client = served.client();
        let mut since = 0;
        while since < (WRITERS * EACH) as u64 {
            let page = items(&mut client, &format!("?since={since}&limit=50"));
            for item in page {
                assert_eq!(item["seq"], since + 1);
                since += 1;
            }
        }
    });
    let all = items(&mut served.client(), "?operation=create");
    let names: BTreeSet<&str> =
        all.iter().filter_map(|item| item["request"]["body"]["Name"].as_str()).collect();
    assert_eq!((all.len(), names.len()), (WRITERS * EACH, WRITERS * EACH));
}

#[test]
fn a_server_without_a_journal_records_nothing() {
    let served = Served::start_with(&["--no-journal"]);
    let mut client = served.client();
    client.get("limits");
    assert_eq!(items(&mut client, ""), Vec::<Json>::new());
}
