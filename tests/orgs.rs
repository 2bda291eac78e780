//! Many orgs in one process, over real sockets: how they are made, how a request finds its own, and
//! that nothing of one shows in another.
#![cfg(feature = "cli")]

mod common;

use common::served::{CLOCK, Client, Served};
use common::{Answer, Wire};
use fauxforce::Org;
use fauxforce::api::{Method, Request};
use serde_json::{Value as Json, json};
use std::net::{IpAddr, Ipv4Addr, TcpStream};

/// A call of the control API.
fn control(client: &mut Client, method: &str, path: &str, body: &Json) -> (u16, Json) {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let answer = client.ask(method, &format!("/_fauxforce{path}"), &body);
    (answer.status, serde_json::from_slice(&answer.body).unwrap_or_default())
}

/// Makes an org, which must succeed.
fn made(client: &mut Client, body: &Json) -> Json {
    let (status, org) = control(client, "POST", "/orgs", body);
    assert_eq!(status, 201, "{org}");
    org
}

fn text(json: &Json) -> &str {
    json.as_str().expect("a text")
}

/// A client with the first session of an org.
fn client_of(served: &Served, org: &Json) -> Client {
    let mut client = served.client();
    text(&org["access_token"]).clone_into(&mut client.token);
    client
}

const COUNT: &str = "query?q=SELECT+COUNT()+FROM+Contact";

fn contacts(client: &mut Client) -> u64 {
    client.get(COUNT)["totalSize"].as_u64().expect("a count")
}

fn contact(client: &mut Client, name: &str) -> String {
    client.create("Contact", &json!({"LastName": name}).to_string())
}

#[test]
fn an_org_is_made_with_every_key() {
    let served = Served::start();
    let mut client = served.client();
    contact(&mut client, "Okafor");
    assert_eq!(control(&mut client, "PUT", "/orgs/default/snapshots/one", &Json::Null).0, 201);
    contact(&mut client, "Ito");

    let inline = json!({"name": "mine", "records": [
        {"object": "Contact", "fields": {"LastName": "Inline"}},
    ]});
    let org = made(
        &mut client,
        &json!({
            "name": "full", "from": "default", "snapshot": "one", "label": "Every key", "ttl": "PT1H",
            "scenarios": [inline, "employees-ready-to-provision"],
            "clock": "2026-02-01T00:00:00Z", "seed": 7, "listen": true,
        }),
    );
    assert_eq!((&org["name"], &org["label"]), (&json!("full"), &json!("Every key")));
    assert!(org["expires_at"].is_string(), "{org}");
    let mut own = client_of(&served, &org);
    // One from the snapshot, one from the scenario; the second of the origin came later.
    let named = |name: &str| format!("query?q=SELECT+COUNT()+FROM+Contact+WHERE+LastName='{name}'");
    for (name, count) in [("Okafor", 1), ("Ito", 0), ("Inline", 1)] {
        assert_eq!(own.get(&named(name))["totalSize"], count, "{name}");
    }
    assert!(contacts(&mut own) > 2, "and those of the built-in scenario");
    let (_, clock) = control(&mut client, "GET", "/orgs/full/clock", &Json::Null);
    assert_eq!(clock["now"], "2026-02-01T00:00:00.000Z");
    let (_, listed) = control(&mut client, "GET", "/orgs", &Json::Null);
    let names: Vec<&str> =
        listed["items"].as_array().expect("a list").iter().map(|org| text(&org["name"])).collect();
    assert_eq!(names, ["default", "full"]);
    let (status, got) = control(&mut client, "GET", "/orgs/full", &Json::Null);
    assert_eq!((status, &got), (200, &org));

    // The same keys but `from` make a fork.
    let body = json!({"name": "forked", "snapshot": "one", "label": "x", "clock": CLOCK});
    let (status, fork) = control(&mut client, "POST", "/orgs/default/fork", &body);
    assert_eq!(status, 201, "{fork}");
    assert_eq!(contacts(&mut client_of(&served, &fork)), 1);
    // A snapshot without `from` is the default org's; without a name one is made up.
    let unnamed = made(&mut client, &json!({"snapshot": "one"}));
    assert_eq!(contacts(&mut client_of(&served, &unnamed)), 1);
    assert_eq!(control(&mut client, "DELETE", "/orgs/full", &Json::Null).0, 204);
    assert_eq!(control(&mut client, "GET", "/orgs/full", &Json::Null).0, 404);
}

#[test]
fn what_no_org_can_have_is_refused_with_its_path() {
    let served = Served::start();
    let mut client = served.client();
    for (body, status, path) in [
        (json!({"nam": "x"}), 400, "nam"),
        (json!({"name": "Upper"}), 400, "name"),
        (json!({"name": "x".repeat(41)}), 400, "name"),
        (json!({"name": 7}), 400, "name"),
        (json!({"name": "default"}), 409, "name"),
        (json!({"from": "nobody"}), 404, "from"),
        (json!({"snapshot": "none"}), 404, "snapshot"),
        (json!({"from": "default", "snapshot": "none"}), 404, "snapshot"),
        (json!({"scenarios": "empty-org"}), 400, "scenarios"),
        (json!({"scenarios": ["no-such"]}), 404, "scenarios[0]"),
        (json!({"clock": "noon"}), 400, "clock"),
        (json!({"from": "default", "clock": "2020-01-01T00:00:00Z"}), 400, "clock"),
        (json!({"seed": -1}), 400, "seed"),
        (json!({"label": 1}), 400, "label"),
        (json!({"ttl": "an hour"}), 400, "ttl"),
        (json!({"ttl": "PT0S"}), 400, "ttl"),
        (json!({"ttl": 3600}), 400, "ttl"),
        (json!({"listen": "yes"}), 400, "listen"),
        (json!([]), 400, ""),
    ] {
        let (got, error) = control(&mut client, "POST", "/orgs", &body);
        assert_eq!((got, &error["error"]["path"]), (status, &json!(path)), "{body}: {error}");
        assert!(error["error"]["code"].is_string() && error["error"]["message"].is_string());
    }
    let (status, error) =
        control(&mut client, "POST", "/orgs/default/fork", &json!({"from": "default"}));
    assert_eq!((status, &error["error"]["path"]), (400, &json!("from")));
    let (_, listed) = control(&mut client, "GET", "/orgs", &Json::Null);
    assert_eq!(listed["items"].as_array().map(Vec::len), Some(1));
}

/// The system's time counts, not the org's.
#[test]
fn an_org_goes_away_when_its_time_is_over() {
    let org = Org::builder().clock(CLOCK).start().expect("an org");
    let at = |after: i64, method, path: &str, body: &str| {
        let mut request = Request::new(method, &format!("/_fauxforce{path}")).json(body.to_owned());
        request.received_at = 1_800_000_000_000 + after;
        org.call(request).status
    };
    assert_eq!(at(0, Method::Post, "/orgs", r#"{"name":"brief","ttl":"PT1H"}"#), 201);
    assert_eq!(at(0, Method::Post, "/orgs", r#"{"name":"briefer","ttl":"PT1M"}"#), 201);
    // A day passes in the org, and none outside.
    assert_eq!(at(0, Method::Put, "/orgs/brief/clock", r#"{"advance":"P1D"}"#), 200);
    assert_eq!(at(60_000 - 1, Method::Get, "/orgs/briefer", ""), 200);
    assert_eq!(at(60_000, Method::Get, "/orgs/briefer", ""), 404);
    assert_eq!(at(3_600_000 - 1, Method::Get, "/orgs/brief", ""), 200);
    assert_eq!(at(3_600_000, Method::Get, "/orgs/brief", ""), 404);
    assert_eq!(at(3_600_000, Method::Post, "/orgs", r#"{"name":"brief"}"#), 201);
    assert_eq!(at(i64::from(i32::MAX), Method::Get, "/orgs/default", ""), 200);
}

#[test]
fn an_org_listens_on_a_port_of_its_own() {
    let served = Served::start();
    let mut client = served.client();
    let org = made(&mut client, &json!({"name": "alone", "listen": true}));
    let url = text(&org["instance_url"]);
    let port: u16 = url.rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port");
    assert_ne!(port, served.port);
    let ask = |head: &str| {
        let mut wire = Wire::to(IpAddr::V4(Ipv4Addr::LOCALHOST), port);
        wire.send(format!("{head}\r\nHost: localhost:{port}\r\n\r\n"));
        wire.answer()
    };
    let versions = format!("GET /services/data/v66.0/{COUNT} HTTP/1.1\r\nAuthorization: Bearer ");
    let with = |token: &str| ask(&format!("{versions}{token}")).status;
    assert_eq!(with(text(&org["access_token"])), 200);
    // The port names the org, whatever the session says.
    assert_eq!(with(&served.token), 401);
    let named = format!("{versions}{}\r\nX-Fauxforce-Org: default", served.token);
    assert_eq!(ask(&named).status, 401, "the port comes before the header");

    // The org may be deleted through its own port; then nobody listens there.
    assert_eq!(ask("DELETE /_fauxforce/orgs/alone HTTP/1.1").status, 204);
    while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok() {
        std::thread::yield_now();
    }
    let again = made(&mut client, &json!({"name": "alone"}));
    assert_eq!(again["instance_url"], served.url);
}

fn form(client: &mut Client, path: &str, headers: &[(&str, &str)], form: &str) -> Answer {
    let mut all = vec![("Content-Type", "application/x-www-form-urlencoded")];
    all.extend_from_slice(headers);
    client.send("POST", path, &all, form.as_bytes())
}

/// The org whose token a token endpoint gave.
fn org_of(answer: &Answer) -> String {
    let json = answer.json();
    let token = json["access_token"].as_str();
    let token = token.unwrap_or_else(|| panic!("no token: {json}"));
    token.split('!').next().expect("an org's id").to_owned()
}

/// The authorization code in the address to which a browser is sent, as it stands there.
fn code_of(answer: &Answer) -> String {
    let to = answer.header("location");
    let to = to.unwrap_or_else(|| panic!("{} {}", answer.status, answer.text()));
    let code = to.split("code=").nth(1).and_then(|rest| rest.split('&').next());
    code.expect("a code").to_owned()
}

fn short(org: &Json) -> String {
    text(&org["id"])[..15].to_owned()
}

const TOKEN: &str = "/services/oauth2/token";

#[test]
fn a_request_finds_its_org() {
    let served = Served::start();
    let mut client = served.client();
    let fork = made(&mut client, &json!({"name": "fork1", "from": "default"}));
    let other = made(&mut client, &json!({"name": "fork2", "from": "default"}));
    let default = served.ready["org"].clone();
    for org in [&fork, &other] {
        contact(&mut client_of(&served, org), "Okafor");
    }
    contact(&mut client_of(&served, &other), "Ito");
    let count = |headers: &[(&str, &str)], token: &str| {
        let mut client = served.client();
        token.clone_into(&mut client.token);
        let answer = client.ask_with("GET", COUNT, headers, "");
        (answer.status, answer.json()["totalSize"].as_u64())
    };
    let fork_token = text(&fork["access_token"]);

    // The session carries its org; so does the header of Bulk API 1.0.
    assert_eq!(count(&[], fork_token), (200, Some(1)));
    assert_eq!(count(&[], text(&other["access_token"])), (200, Some(2)));
    assert_eq!(count(&[], &served.token), (200, Some(0)));
    let bulk = client.send(
        "GET",
        &format!("/services/data/v66.0/{COUNT}"),
        &[("X-SFDC-Session", fork_token)],
        b"",
    );
    assert_eq!(bulk.json()["totalSize"], 1);

    // The header comes before the session: a name or an id.
    assert_eq!(count(&[("X-Fauxforce-Org", "fork1")], fork_token).0, 200);
    assert_eq!(count(&[("X-Fauxforce-Org", text(&fork["id"]))], fork_token).0, 200);
    assert_eq!(count(&[("X-Fauxforce-Org", "fork2")], fork_token).0, 401);
    assert_eq!(count(&[("X-Fauxforce-Org", "nobody")], fork_token).0, 404);
    assert_eq!(count(&[("X-Fauxforce-Org", "?No Name")], fork_token).0, 404);

    // A refresh token carries its org, even when the client id is another's.
    let (id, secret) = (text(&default["client_id"]), text(&default["client_secret"]));
    let refresh = format!(
        "grant_type=refresh_token&refresh_token={}&client_id={}&client_secret={}",
        text(&fork["refresh_token"]),
        text(&fork["client_id"]),
        text(&fork["client_secret"])
    );
    assert_eq!(org_of(&form(&mut client, TOKEN, &[], &refresh)), short(&fork));
    let foreign = form(&mut client, TOKEN, &[("X-Fauxforce-Org", "fork2")], &refresh);
    assert_eq!(foreign.status, 400, "{}", foreign.text());

    // An authorization code does, and the username said whose it is.
    let authorize = "response_type=code&client_id=PlatformCLI&scope=api&\
                     redirect_uri=http%3A%2F%2Flocalhost%3A1717%2FOauthRedirect&\
                     username=admin%40fauxforce.test.fork1&pw=fauxforce";
    let granted = form(&mut client, "/services/oauth2/authorize", &[], authorize);
    let code = code_of(&granted);
    let exchange = format!(
        "grant_type=authorization_code&code={code}&client_id=PlatformCLI&\
         redirect_uri=http%3A%2F%2Flocalhost%3A1717%2FOauthRedirect"
    );
    assert_eq!(org_of(&form(&mut client, TOKEN, &[], &exchange)), short(&fork));

    // A device code does: the device asked without a word about an org, a user of fork1 let it in.
    let device =
        form(&mut client, TOKEN, &[], "response_type=device_code&client_id=PlatformCLI&scope=api");
    let device = device.json();
    let connect = format!(
        "user_code={}&username=admin%40fauxforce.test.fork1&pw=fauxforce",
        text(&device["user_code"])
    );
    assert_eq!(form(&mut client, "/setup/connect", &[], &connect).status, 200);
    let poll =
        format!("grant_type=device&client_id=PlatformCLI&code={}", text(&device["device_code"]));
    assert_eq!(org_of(&form(&mut client, TOKEN, &[], &poll)), short(&fork));

    // At login: the username's suffix, then the client id, then the My Domain, then the default org.
    let login = |client: &mut Client, headers: &[(&str, &str)], username: &str, id, secret| {
        let body = format!(
            "grant_type=password&username={username}&password=fauxforce&client_id={id}&\
             client_secret={secret}"
        );
        form(client, TOKEN, headers, &body)
    };
    let suffixed = login(&mut client, &[], "admin%40fauxforce.test.fork1", id, secret);
    assert_eq!(org_of(&suffixed), short(&fork));
    let plain = login(&mut client, &[], "admin%40fauxforce.test", id, secret);
    assert_eq!(org_of(&plain), short(&default));
    let (own_id, own_secret) = (text(&other["client_id"]), text(&other["client_secret"]));
    let by_client = login(&mut client, &[], "admin%40fauxforce.test", own_id, own_secret);
    assert_eq!(org_of(&by_client), short(&other));
    let domain = [("Host", "fork2.my.salesforce.com")];
    let at_domain = authorize.replace(".fork1", "");
    let granted = form(&mut client, "/services/oauth2/authorize", &domain, &at_domain);
    let exchange = exchange.replace(&code, &code_of(&granted));
    assert_eq!(org_of(&form(&mut client, TOKEN, &[], &exchange)), short(&other));
    let suffix_of_nobody = login(&mut client, &[], "admin%40fauxforce.test.nobody", id, secret);
    assert_eq!(suffix_of_nobody.status, 400);
}

#[test]
fn a_new_name_behind_a_question_mark_is_forked_once() {
    let served = Served::start();
    contact(&mut served.client(), "Okafor");
    let login = served.filled(
        "grant_type=password&username=admin%40fauxforce.test&password=fauxforce&\
         client_id={client_id}&client_secret={client_secret}",
    );
    let login = login.as_str();
    let tokens: Vec<String> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    let headers = [("X-Fauxforce-Org", "?shared")];
                    org_of(&form(&mut served.client(), TOKEN, &headers, login))
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().expect("it ends")).collect()
    });
    let mut client = served.client();
    let (status, shared) = control(&mut client, "GET", "/orgs/shared", &Json::Null);
    assert_eq!(status, 200);
    assert!(tokens.iter().all(|org| *org == short(&shared)), "{tokens:?}");
    // It is a fork of the default org, and the name alone finds it from now on.
    assert_eq!(contacts(&mut client_of(&served, &shared)), 1);
    let (_, listed) = control(&mut client, "GET", "/orgs", &Json::Null);
    assert_eq!(listed["items"].as_array().map(Vec::len), Some(2));
    let named = [("X-Fauxforce-Org", "shared")];
    assert_eq!(org_of(&form(&mut client, TOKEN, &named, login)), short(&shared));
}

#[test]
fn nothing_of_one_org_shows_in_another() {
    let served = Served::start();
    let mut client = served.client();
    for number in 0..3_000 / 200 {
        let records: Vec<Json> = (0..200)
            .map(|row| {
                let name = format!("Common{}", number * 200 + row);
                json!({"attributes": {"type": "Contact"}, "LastName": name})
            })
            .collect();
        let body = json!({"allOrNone": true, "records": records}).to_string();
        assert_eq!(client.ask("POST", "composite/sobjects", &body).status, 200);
    }
    // Indexes and words are built before the fork, which shares them.
    let search = "search?q=FIND+%7BCommon7%7D+RETURNING+Contact(Id)";
    let by_name = "query?q=SELECT+Id+FROM+Contact+WHERE+LastName='Common7'";
    assert_eq!(client.get(search)["searchRecords"].as_array().map(Vec::len), Some(1));
    assert_eq!(client.get(by_name)["totalSize"], 1);
    let left = made(&mut client, &json!({"name": "left", "from": "default"}));
    let right = made(&mut client, &json!({"name": "right", "from": "default"}));
    let (mut left_client, mut right_client) =
        (client_of(&served, &left), client_of(&served, &right));

    // Records, and what was built from them.
    let id = text(&left_client.get(by_name)["records"][0]["Id"]).to_owned();
    let rename =
        left_client.ask("PATCH", &format!("sobjects/Contact/{id}"), r#"{"LastName":"Renamed"}"#);
    assert_eq!(rename.status, 204);
    contact(&mut left_client, "Common7");
    contact(&mut left_client, "Common7");
    assert_eq!(left_client.get(by_name)["totalSize"], 2);
    assert_eq!(left_client.get(search)["searchRecords"].as_array().map(Vec::len), Some(2));
    for other in [&mut client, &mut right_client] {
        assert_eq!(other.get(by_name)["totalSize"], 1);
        assert_eq!(other.get(search)["searchRecords"].as_array().map(Vec::len), Some(1));
        assert_eq!(contacts(other), 3_000);
    }

    // Sessions: a token opens nothing elsewhere, and ends in its own org alone.
    let bearer = format!("Bearer {}", left_client.token);
    for org in ["default", "right"] {
        let headers = [("Authorization", bearer.as_str()), ("X-Fauxforce-Org", org)];
        let answer = client.send("GET", "/services/data/v66.0/limits", &headers, b"");
        assert_eq!(answer.status, 401, "{org}");
    }
    let revoke = format!("token={}", left_client.token);
    assert_eq!(form(&mut client, "/services/oauth2/revoke", &[], &revoke).status, 200);
    assert_eq!(left_client.ask("GET", "limits", "").status, 401);
    assert_eq!(right_client.ask("GET", "limits", "").status, 200);
    let refresh = format!(
        "grant_type=refresh_token&refresh_token={}&client_id={}&client_secret={}",
        text(&left["refresh_token"]),
        text(&left["client_id"]),
        text(&left["client_secret"])
    );
    let renewed = form(&mut client, TOKEN, &[], &refresh).json();
    text(&renewed["access_token"]).clone_into(&mut left_client.token);
    let elsewhere = form(&mut client, TOKEN, &[("X-Fauxforce-Org", "right")], &refresh);
    assert_eq!(elsewhere.status, 400, "{}", elsewhere.text());

    // Cursors.
    let page = left_client.get("query?q=SELECT+Id+FROM+Contact");
    let next = text(&page["nextRecordsUrl"]).to_owned();
    assert_eq!(left_client.ask("GET", &next, "").status, 200);
    assert_eq!(right_client.ask("GET", &next, "").status, 400);
    assert_eq!(client.ask("GET", &next, "").status, 400);

    // Usage: only the requests of an org count in it.
    let used = |client: &mut Client| {
        let answer = client.ask("GET", "limits", "");
        answer.header("sforce-limit-info").expect("a count").to_owned()
    };
    let before = used(&mut right_client);
    for _ in 0..10 {
        left_client.get("limits");
    }
    let count = |text: &str| -> u64 {
        text.split(['=', '/']).nth(1).and_then(|used| used.parse().ok()).expect("a number")
    };
    assert_eq!(count(&used(&mut right_client)), count(&before) + 1);

    // Schema and settings.
    let describe = json!({"name": "Contact", "fields": [
        {"name": "Only__c", "type": "string", "length": 10},
    ]});
    let added = control(&mut client, "POST", "/orgs/left/objects", &describe);
    assert_eq!(added.0, 201, "{}", added.1);
    let change = json!({"takenUsernames": ["a@b.test"], "limits": {"DailyApiRequests": 5000}});
    assert_eq!(control(&mut client, "PUT", "/orgs/left/settings", &change).0, 200);
    let only = "query?q=SELECT+Only__c+FROM+Contact+LIMIT+1";
    assert_eq!(left_client.ask("GET", only, "").status, 200);
    assert_eq!(right_client.ask("GET", only, "").status, 400);
    let described = right_client.ask("GET", "sobjects/Contact/describe", "");
    assert!(!described.text().contains("Only__c"));
    let (_, settings) = control(&mut client, "GET", "/orgs/right/settings", &Json::Null);
    assert_eq!(settings["takenUsernames"], json!([]));
    assert_eq!(settings["limits"]["DailyApiRequests"], 100_000);

    // Snapshots.
    assert_eq!(control(&mut client, "PUT", "/orgs/left/snapshots/s", &Json::Null).0, 201);
    let (_, snapshots) = control(&mut client, "GET", "/orgs/right/snapshots", &Json::Null);
    assert_eq!(snapshots, json!({"items": []}));

    // Clocks.
    control(&mut client, "PUT", "/orgs/left/clock", &json!({"advance": "P1D"}));
    let (_, clock) = control(&mut client, "GET", "/orgs/right/clock", &Json::Null);
    assert_eq!(clock["now"], "2026-01-15T09:00:00.000Z");
}

/// Two hundred orgs at once, each worked on by one of eight clients: whatever the order, each holds
/// what was written into it and nothing else.
#[test]
fn two_hundred_orgs_at_once_do_not_mix() {
    const ORGS: usize = 200;
    const CLIENTS: usize = 8;
    let served = Served::start();
    contact(&mut served.client(), "Common");
    let work = |client_number: usize| {
        let mut client = served.client();
        let mine = || (client_number..ORGS).step_by(CLIENTS);
        let name = |number: usize| format!("parallel-{number}");
        let mut orgs: Vec<(usize, Json, Client)> = mine()
            .map(|number| {
                let body = json!({"name": name(number), "from": "default", "label": "stress"});
                let org = made(&mut client, &body);
                let own = client_of(&served, &org);
                (number, org, own)
            })
            .collect();
        for round in 0..3 {
            for (number, org, own) in &mut orgs {
                let mut names = vec!["Common".to_owned()];
                for turn in 0..=round {
                    names.push(format!("Org{number}Round{turn}"));
                }
                let last = names.last().expect("a name");
                contact(own, last);
                let found = own.get("query?q=SELECT+LastName+FROM+Contact+ORDER+BY+Id");
                let rows = found["records"].as_array().expect("rows").iter();
                let found: Vec<&str> = rows.map(|row| text(&row["LastName"])).collect();
                assert_eq!(found, names, "{}", org["name"]);
                let search =
                    format!("search?q=FIND+%7BOrg*%7D+RETURNING+Contact(Id,LastName)&r={number}");
                let hits = own.get(&search);
                assert_eq!(hits["searchRecords"].as_array().map(Vec::len), Some(round + 1));
            }
        }
        for (number, org, own) in &mut orgs {
            let path = format!("/orgs/{}", name(*number));
            let (status, reset) =
                control(&mut client, "POST", &format!("{path}/reset"), &Json::Null);
            assert_eq!((status, &reset["id"]), (200, &org["id"]));
            assert_eq!(contacts(own), 1);
            if *number % 2 == 0 {
                assert_eq!(control(&mut client, "DELETE", &path, &Json::Null).0, 204);
                // Its session went with it: what is left asks the default org, which knows none.
                assert_eq!(own.ask("GET", COUNT, "").status, 401);
            }
        }
    };
    std::thread::scope(|scope| {
        let work = &work;
        let threads: Vec<_> =
            (0..CLIENTS).map(|number| scope.spawn(move || work(number))).collect();
        for thread in threads {
            thread.join().expect("a client that ends");
        }
    });
    let mut client = served.client();
    assert_eq!(contacts(&mut client), 1);
    let (_, listed) = control(&mut client, "GET", "/orgs", &Json::Null);
    let orgs = listed["items"].as_array().expect("a list");
    assert_eq!(orgs.len(), 1 + ORGS / 2);
    for key in ["id", "access_token", "refresh_token", "client_id", "client_secret", "username"] {
        let mut values: Vec<&str> = orgs.iter().map(|org| text(&org[key])).collect();
        values.sort_unstable();
        values.dedup();
        assert_eq!(values.len(), orgs.len(), "{key}");
    }
}
