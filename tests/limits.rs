//! API limits over a real socket: what is counted, where it is shown, what happens at the edge.
#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used)] // Helpers of tests are tests too.

mod common;

use common::served::{Client, Served};
use serde_json::json;

const SETTINGS: &str = "/_fauxforce/orgs/default/settings";

fn limit_to(client: &mut Client, most: u64) {
    let settings = json!({"limits": {"DailyApiRequests": most}}).to_string();
    assert_eq!(client.ask("PUT", SETTINGS, &settings).status, 200);
}

fn soap(body: &str, token: Option<&str>) -> String {
    let header = token.map_or_else(String::new, |token| {
        format!(
            "<e:Header><SessionHeader><sessionId>{token}</sessionId></SessionHeader></e:Header>"
        )
    });
    format!(
        "<e:Envelope xmlns:e=\"http://schemas.xmlsoap.org/soap/envelope/\" \
         xmlns=\"urn:partner.soap.sforce.com\">{header}<e:Body>{body}</e:Body></e:Envelope>"
    )
}

/// What the limit header says after a request.
fn usage(client: &mut Client) -> String {
    let answer = client.ask("GET", "sobjects/Account", "");
    answer.header("sforce-limit-info").unwrap().to_owned()
}

#[test]
fn what_counts_and_what_does_not() {
    let served = Served::start();
    let mut client = served.client();
    let secret = |key: &str| served.ready["org"][key].as_str().unwrap().to_owned();
    assert_eq!(usage(&mut client), "api-usage=1/100000");
    let form = [("Content-Type", "application/x-www-form-urlencoded")];
    let login = format!(
        "grant_type=client_credentials&client_id={}&client_secret={}",
        secret("client_id"),
        secret("client_secret")
    );
    let xml = [("Content-Type", "text/xml")];
    let soap_login =
        "<login><username>admin@fauxforce.test</username><password>fauxforce</password></login>";
    let free = [
        client.send("POST", "/services/oauth2/token", &form, login.as_bytes()).status,
        client
            .send("POST", "/services/Soap/u/60.0", &xml, soap(soap_login, None).as_bytes())
            .status,
        client.ask("GET", "/services/oauth2/userinfo", "").status,
        client.ask("GET", "/services/data", "").status,
        client.ask("POST", "connect/proxy/ui-telemetry", "{}").status,
        client.ask("GET", SETTINGS, "").status,
        client.send("GET", "/services/data/v66.0/limits", &[], b"").status,
        client.ask("GET", "/services/data/v99.0/limits", "").status,
    ];
    assert_eq!(free, [200, 200, 200, 200, 200, 200, 401, 404]);
    assert_eq!(usage(&mut client), "api-usage=2/100000");

    assert_eq!(client.ask("GET", "/services/scim/v2/Users?count=1", "").status, 200);
    assert_eq!(client.ask("GET", "sobjects/Nonsense", "").status, 404);
    let part = |n: u32| json!({"method": "GET", "url": "/services/data/v66.0/limits", "referenceId": format!("r{n}")});
    client.ask("POST", "composite", &json!({"compositeRequest": [part(1), part(2)]}).to_string());
    assert_eq!(usage(&mut client), "api-usage=6/100000", "a composite request is one");
    let batch = json!({"batchRequests": [{"method": "GET", "url": "v66.0/limits"}, {"method": "GET", "url": "v66.0/limits"}]});
    client.ask("POST", "composite/batch", &batch.to_string());
    assert_eq!(usage(&mut client), "api-usage=9/100000", "a batch is as many as its parts");
    let limits = client.get("limits");
    assert_eq!(limits["DailyApiRequests"], json!({"Max": 100_000, "Remaining": 99_990}));
    let token = client.token.clone();
    let logout = client.send(
        "POST",
        "/services/Soap/u/60.0",
        &xml,
        soap("<logout/>", Some(&token)).as_bytes(),
    );
    assert!(
        logout.text().contains("<current>11</current><limit>100000</limit>"),
        "{}",
        logout.text()
    );
}

#[test]
fn the_edge_of_the_limit() {
    let served = Served::start();
    let mut client = served.client();
    limit_to(&mut client, 3);
    let shown: Vec<String> = (0..3).map(|_| usage(&mut client)).collect();
    assert_eq!(shown, ["api-usage=1/3", "api-usage=2/3", "api-usage=3/3"]);
    let refused = client.ask("POST", "sobjects/Account", "{\"Name\":\"Late\"}");
    assert_eq!(refused.status, 403);
    assert_eq!(
        refused.text(),
        "[{\"message\":\"TotalRequests Limit exceeded.\",\"errorCode\":\"REQUEST_LIMIT_EXCEEDED\"}]"
    );
    assert_eq!(refused.header("sforce-limit-info"), Some("api-usage=3/3"));
    assert!(refused.header("x-fauxforce-hint").unwrap().contains("limits.DailyApiRequests"));
    let scim = client.ask("GET", "/services/scim/v2/Users", "");
    assert_eq!(
        (scim.status, &scim.json()[0]["errorCode"]),
        (403, &json!("REQUEST_LIMIT_EXCEEDED"))
    );
    let token = client.token.clone();
    let xml = [("Content-Type", "text/xml")];
    let body = soap("<logout/>", Some(&token));
    let fault = client.send("POST", "/services/Soap/u/60.0", &xml, body.as_bytes());
    assert_eq!(fault.status, 500);
    assert!(fault.text().contains(
        "<faultstring>REQUEST_LIMIT_EXCEEDED: TotalRequests Limit exceeded.</faultstring>"
    ));

    // What is refused is not counted: a day later all of them are there again.
    let clock = "/_fauxforce/orgs/default/clock";
    client.ask("PUT", clock, "{\"advance\":\"PT23H\"}");
    client.ask("PUT", "/_fauxforce/orgs/default/settings", &json!({}).to_string());
    let session = client.ask("GET", "limits", "").status;
    assert_eq!(session, 401, "the session has ended meanwhile");
    client.ask("POST", "/_fauxforce/orgs/default/reset", "{\"sessions\":\"drop\"}");
    assert_eq!(
        usage(&mut client),
        "api-usage=1/100000",
        "reset forgets the counts and the setting"
    );
}

#[test]
fn the_count_slides_with_the_orgs_clock() {
    let served = Served::start();
    let mut client = served.client();
    limit_to(&mut client, 5);
    let advance = |client: &mut Client| {
        let body = "{\"advance\":\"PT1H30M\"}";
        assert_eq!(client.ask("PUT", "/_fauxforce/orgs/default/clock", body).status, 200);
    };
    let mut shown = Vec::new();
    for _ in 0..5 {
        shown.push(usage(&mut client));
        advance(&mut client);
    }
    assert_eq!(shown.last().unwrap(), "api-usage=5/5");
    // Use keeps the session alive while the first hours drop out of the day.
    for _ in 0..10 {
        assert_eq!(client.ask("GET", "limits", "").status, 403);
        advance(&mut client);
    }
    assert_eq!(client.ask("GET", "limits", "").status, 403);
    advance(&mut client);
    assert_eq!(usage(&mut client), "api-usage=5/5", "the first request is a day old");
}

#[test]
fn limits_lists_what_each_version_does_and_what_is_set() {
    let served = Served::start();
    let mut client = served.client();
    let limits = client.get("limits");
    for name in [
        "DailyApiRequests",
        "DailyBulkApiBatches",
        "DailyBulkV2QueryJobs",
        "DataStorageMB",
        "FileStorageMB",
        "SingleEmail",
        "MassEmail",
        "PermissionSets",
        "PlatformEventTriggersWithParallelProcessing",
    ] {
        assert!(limits[name]["Max"].is_u64() && limits[name]["Remaining"].is_u64(), "{name}");
    }
    let keys: Vec<&String> = limits.as_object().unwrap().keys().collect();
    let mut sorted = keys.clone();
    sorted.sort();
    assert_eq!(keys, sorted);
    assert!(
        limits.get("DailyBulkApiRequests").is_none()
            && limits.get("MonthlyPlatformEvents").is_none()
    );
    let old = client.get("/services/data/v45.0/limits");
    assert!(old.get("DailyBulkApiBatches").is_none() && old.get("DailyBulkV2QueryJobs").is_none());
    assert_eq!(old["DailyBulkApiRequests"]["Max"], 15_000);

    let settings =
        json!({"limits": {"DataStorageMB": 7, "DailyMetadataRetrievesWithDependencies": 9}});
    assert_eq!(client.ask("PUT", SETTINGS, &settings.to_string()).status, 200);
    let limits = client.get("limits");
    assert_eq!(limits["DataStorageMB"], json!({"Max": 7, "Remaining": 7}));
    assert_eq!(limits["DailyMetadataRetrievesWithDependencies"]["Max"], 9);
    let wrong = client.ask("PUT", SETTINGS, &json!({"limits": {"DataStorageGB": 7}}).to_string());
    assert_eq!(
        (wrong.status, wrong.json()["error"]["path"].as_str()),
        (400, Some("limits.DataStorageGB"))
    );
    assert!(wrong.text().contains("did you mean DataStorageMB?"), "{}", wrong.text());
    assert_eq!(
        client.ask("PUT", SETTINGS, &json!({"limits": {"DataStorageMB": null}}).to_string()).status,
        200
    );
    assert_eq!(client.get("limits")["DataStorageMB"]["Max"], 5);
}

#[test]
fn each_org_counts_for_itself() {
    let served = Served::start();
    let mut client = served.client();
    limit_to(&mut client, 2);
    let fork = client.ask("POST", "/_fauxforce/orgs/default/fork", "{}").json();
    assert_eq!(usage(&mut client), "api-usage=1/2");
    assert_eq!(usage(&mut client), "api-usage=2/2");
    assert_eq!(client.ask("GET", "limits", "").status, 403);
    client.token = fork["access_token"].as_str().unwrap().to_owned();
    assert_eq!(usage(&mut client), "api-usage=1/2", "the fork has the setting and counts anew");
}
