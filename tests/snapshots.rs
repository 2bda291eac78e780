//! Snapshots over a real socket: taken, gone back to, compared, written to a file and read from one;
//! and what `reset`, `restore` and a fork each keep.
#![cfg(feature = "cli")]

mod common;

use common::Answer;
use common::served::{Client, Served};
use serde_json::{Value as Json, json};

/// A served org and somebody who works in it.
struct World {
    served: Served,
    client: Client,
}

const CONTROL: &str = "/_fauxforce/orgs/default";

impl World {
    fn start() -> World {
        let served = Served::start();
        let client = served.client();
        World { served, client }
    }

    /// A call of the control API about the default org, or about all (`/orgs…`).
    fn control(&mut self, method: &str, path: &str, body: &Json) -> (u16, Json) {
        let answer = self.raw(method, path, body.to_string().as_bytes(), body.is_null());
        (answer.status, serde_json::from_slice(&answer.body).unwrap_or_default())
    }

    fn raw(&mut self, method: &str, path: &str, body: &[u8], empty: bool) -> Answer {
        let path = match path.strip_prefix("/orgs") {
            Some(rest) => format!("/_fauxforce/orgs{rest}"),
            None => format!("{CONTROL}{path}"),
        };
        self.client.send(method, &path, &[], if empty { b"" } else { body })
    }

    fn done(&mut self, method: &str, path: &str, body: &Json, status: u16) -> Json {
        let (got, answer) = self.control(method, path, body);
        assert_eq!(got, status, "{method} {path} {body}: {answer}");
        answer
    }

    fn snapshot(&mut self, name: &str) {
        self.done("PUT", &format!("/snapshots/{name}"), &Json::Null, 201);
    }

    fn restore(&mut self, name: &str) {
        self.done("POST", &format!("/snapshots/{name}/restore"), &Json::Null, 200);
    }

    fn diff(&mut self, query: &str) -> Json {
        self.done("GET", &format!("/diff?{query}"), &Json::Null, 200)["objects"].clone()
    }

    fn file(&mut self, name: &str) -> Vec<u8> {
        let answer = self.raw("GET", &format!("/snapshots/{name}/file"), b"", true);
        assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
        assert_eq!(answer.header("content-type"), Some("application/octet-stream"));
        answer.body
    }

    fn import(&mut self, name: &str, file: &[u8]) -> (u16, Json) {
        let answer = self.raw("PUT", &format!("/snapshots/{name}/file"), file, false);
        (answer.status, serde_json::from_slice(&answer.body).unwrap_or_default())
    }

    /// The token of a new session.
    fn login(&mut self) -> String {
        let login = self.served.filled(
            "grant_type=password&username=admin%40fauxforce.test&password=fauxforce&\
             client_id={client_id}&client_secret={client_secret}",
        );
        let form = [("Content-Type", "application/x-www-form-urlencoded")];
        let granted = self.client.send("POST", "/services/oauth2/token", &form, login.as_bytes());
        granted.json()["access_token"].as_str().expect("a token").to_owned()
    }

    fn contact(&mut self, name: &str) -> String {
        self.client.create("Contact", &json!({"LastName": name}).to_string())
    }

    fn rename(&mut self, id: &str, name: &str) {
        let body = json!({"LastName": name}).to_string();
        assert_eq!(self.client.ask("PATCH", &format!("sobjects/Contact/{id}"), &body).status, 204);
    }

    fn delete(&mut self, id: &str) {
        assert_eq!(self.client.ask("DELETE", &format!("sobjects/Contact/{id}"), "").status, 204);
    }

    fn names(&mut self) -> Vec<String> {
        let found = self.client.get("query?q=SELECT+LastName+FROM+Contact+ORDER+BY+Id");
        let rows = found["records"].as_array().expect("rows").iter();
        rows.map(|row| row["LastName"].as_str().expect("a name").to_owned()).collect()
    }
}

#[test]
fn snapshots_are_taken_listed_and_forgotten() {
    let mut world = World::start();
    world.contact("Okafor");
    let taken = world.done("PUT", "/snapshots/one", &Json::Null, 201);
    assert_eq!((&taken["name"], &taken["at"]), (&json!("one"), &json!("2026-01-15T09:00:00.000Z")));
    let records = taken["records"].as_u64().expect("a number");
    world.done("PUT", "/clock", &json!({"advance": "PT1H"}), 200);
    world.contact("Ito");
    let second = world.done("PUT", "/snapshots/Two_2.0-x", &json!({}), 201);
    assert_eq!(second["at"], "2026-01-15T10:00:00.000Z");
    assert_eq!(second["records"], records + 1);
    let listed = world.done("GET", "/snapshots", &Json::Null, 200);
    assert_eq!(listed, json!({"items": [second, taken]}));
    assert_eq!(world.done("GET", "/snapshots/one", &Json::Null, 200), taken);

    let taken_name = world.done("PUT", "/snapshots/one", &Json::Null, 409);
    assert_eq!(taken_name["error"]["code"], "NAME_TAKEN");
    world.done("DELETE", "/snapshots/one", &Json::Null, 204);
    for (method, path) in [
        ("DELETE", "/snapshots/one"),
        ("GET", "/snapshots/one"),
        ("GET", "/snapshots/one/file"),
        ("POST", "/snapshots/one/restore"),
    ] {
        let error = world.done(method, path, &Json::Null, 404);
        assert_eq!(error["error"]["code"], "NOT_FOUND", "{method} {path}");
    }
    let long = "x".repeat(101);
    for name in ["a%20b", "%C3%A9", "a%2Fb", long.as_str()] {
        world.done("PUT", &format!("/snapshots/{name}"), &Json::Null, 400);
        world.done("PUT", &format!("/snapshots/{name}/file"), &json!("x"), 400);
    }
    let error = world.done("PUT", "/snapshots/three", &json!({"labl": "x"}), 400);
    assert_eq!(error["error"]["path"], "labl");
    let error =
        world.done("POST", "/snapshots/Two_2.0-x/restore", &json!({"sessions": "end"}), 400);
    assert_eq!(error["error"]["path"], "sessions");
    for (method, path, allow) in [
        ("POST", "/snapshots", "GET"),
        ("POST", "/snapshots/one", "GET,PUT,DELETE"),
        ("GET", "/snapshots/one/restore", "POST"),
        ("DELETE", "/snapshots/one/file", "GET,PUT"),
        ("POST", "/diff", "GET"),
    ] {
        let answer = world.raw(method, path, b"", true);
        assert_eq!((answer.status, answer.header("allow")), (405, Some(allow)), "{method} {path}");
    }
}

#[test]
fn a_diff_tells_what_was_created_updated_deleted_and_undeleted() {
    let mut world = World::start();
    let (kept, changed, gone) =
        (world.contact("Kept"), world.contact("Changed"), world.contact("Gone"));
    world.snapshot("before");
    assert_eq!(world.diff("from=before"), json!({}));
    world.done("PUT", "/clock", &json!({"advance": "PT1H"}), 200);
    let body = json!({"LastName": "Other", "Email": "a@b.test"}).to_string();
    let patched = world.client.ask("PATCH", &format!("sobjects/Contact/{changed}"), &body);
    assert_eq!(patched.status, 204);
    world.delete(&gone);
    let account = world.client.create("Account", r#"{"Name":"Acme","BillingCity":"Oslo"}"#);
    let brief = world.contact("Brief");
    world.delete(&brief);
    // Written, and as it was.
    world.rename(&kept, "Kept");
    world.snapshot("after");

    let diff = world.diff("from=before");
    assert_eq!(diff, world.diff("from=before&to=after"));
    let objects: Vec<&String> = diff.as_object().expect("objects").keys().collect();
    assert_eq!(objects, ["Account", "Contact"]);
    let contacts = &diff["Contact"];
    assert_eq!(contacts["deleted"], json!([{"id": gone}]));
    assert_eq!((&contacts["created"], &contacts["undeleted"]), (&json!([]), &json!([])));
    let updated = contacts["updated"].as_array().expect("a list");
    let own = updated.iter().find(|row| row["id"] == json!(changed)).expect("the changed row");
    let (at, later) = ("2026-01-15T09:00:00.000+0000", "2026-01-15T10:00:00.000+0000");
    assert_eq!(
        own,
        &json!({
            "id": changed,
            "before": {"LastName": "Changed", "Name": "Changed", "Email": null,
                       "LastModifiedDate": at, "SystemModstamp": at},
            "after": {"LastName": "Other", "Name": "Other", "Email": "a@b.test",
                      "LastModifiedDate": later, "SystemModstamp": later},
        })
    );
    let created = &diff["Account"]["created"];
    assert_eq!((created.as_array().map(Vec::len), &created[0]["id"]), (Some(1), &json!(account)));
    // The record is the row as a GET answers it, but for `attributes`.
    let mut row = world.client.row("Account", &account);
    row.as_object_mut().expect("an object").remove("attributes");
    let mut record = created[0]["record"].clone();
    for viewed in ["LastViewedDate", "LastReferencedDate"] {
        row[viewed] = Json::Null;
        record[viewed] = Json::Null;
    }
    assert_eq!(record, row);

    // The other way round.
    let back = world.diff("from=after&to=before");
    assert_eq!(back["Account"]["deleted"], json!([{"id": account}]));
    assert_eq!(back["Contact"]["undeleted"], json!([{"id": gone}]));
    let updated = back["Contact"]["updated"].as_array().expect("a list");
    let row = updated.iter().find(|row| row["id"] == json!(changed)).expect("the changed row");
    assert_eq!((&row["before"], &row["after"]), (&own["after"], &own["before"]));

    let error = world.done("GET", "/diff", &Json::Null, 400);
    assert_eq!(error["error"]["path"], "from");
    let error = world.done("GET", "/diff?from=none", &Json::Null, 404);
    assert_eq!(error["error"]["path"], "from");
    let error = world.done("GET", "/diff?from=before&to=none", &Json::Null, 404);
    assert_eq!(error["error"]["path"], "to");
    let error = world.done("GET", "/diff?from=before&until=after", &Json::Null, 400);
    assert_eq!(error["error"]["path"], "until");
}

/// After a way back, other objects and fields may stand where those of a snapshot stood.
#[test]
fn a_diff_goes_by_names_and_ids() {
    let mut world = World::start();
    let kept = world.contact("Kept");
    world.snapshot("start");
    let field = |name: &str| {
        json!([
            {"name": "Contact", "fields": [{"name": name, "type": "string", "length": 20}]},
            {"name": name.replace("__c", "_Thing__c"), "fields": []},
        ])
    };
    world.done("POST", "/objects", &field("First__c"), 201);
    let body = json!({"First__c": "one"}).to_string();
    assert_eq!(world.client.ask("PATCH", &format!("sobjects/Contact/{kept}"), &body).status, 204);
    let first = world.client.create("First_Thing__c", r#"{"Name":"x"}"#);
    world.snapshot("first");
    world.restore("start");
    world.done("POST", "/objects", &field("Second__c"), 201);
    let body = json!({"Second__c": "two"}).to_string();
    assert_eq!(world.client.ask("PATCH", &format!("sobjects/Contact/{kept}"), &body).status, 204);
    let second = world.client.create("Second_Thing__c", r#"{"Name":"x"}"#);
    world.snapshot("second");

    let diff = world.diff("from=first&to=second");
    assert_eq!(
        diff["Contact"]["updated"],
        json!([{"id": kept, "before": {"Second__c": null, "First__c": "one"},
                "after": {"Second__c": "two", "First__c": null}}])
    );
    assert_eq!(diff["First_Thing__c"]["deleted"], json!([{"id": first}]));
    assert_eq!(diff["Second_Thing__c"]["created"][0]["id"], json!(second));
}

/// "State is records, schema, settings, sequences, jobs and clock. `reset` and `restore` put State
/// back and keep org id, credentials, port and live sessions."
#[test]
fn restore_and_reset_put_the_state_back_and_keep_the_rest() {
    let mut world = World::start();
    world.snapshot("empty");
    let before = world.done("GET", "", &Json::Null, 200);
    for (path, body) in [
        ("/snapshots/empty/restore", Json::Null),
        ("/reset", Json::Null),
        ("/snapshots/empty/restore", json!({"sessions": "keep"})),
    ] {
        // A session that was opened meanwhile, on a clock that went on.
        world.done("PUT", "/clock", &json!({"advance": "P1D"}), 200);
        world.client.token = world.login();
        // Records, sequences, schema, settings.
        let first = world.contact("Okafor");
        let added = json!({"name": "Thing__c", "fields": []});
        world.done("POST", "/objects", &added, 201);
        world.done("PUT", "/settings", &json!({"takenUsernames": ["a@b.test"]}), 200);
        // A cursor.
        for _ in 0..9 {
            let records: Vec<Json> = (0..200)
                .map(|_| json!({"attributes": {"type": "Contact"}, "LastName": "x"}))
                .collect();
            let body = json!({"records": records}).to_string();
            assert_eq!(world.client.ask("POST", "composite/sobjects", &body).status, 200);
        }
        let page = world.client.ask_with(
            "GET",
            "query?q=SELECT+Id+FROM+Contact",
            &[("Sforce-Query-Options", "batchSize=200")],
            "",
        );
        let next = page.json()["nextRecordsUrl"].as_str().expect("a cursor").to_owned();
        assert_eq!(world.client.ask("GET", &next, "").status, 200);

        let org = world.done("POST", path, &body, 200);
        assert_eq!(org, before, "{path}: id and credentials");
        assert_eq!(world.names(), Vec::<String>::new(), "{path}: records, asked by the session");
        assert_eq!(
            world.done("GET", "/clock", &Json::Null, 200)["now"],
            "2026-01-15T09:00:00.000Z"
        );
        let settings = world.done("GET", "/settings", &Json::Null, 200);
        assert_eq!(settings["takenUsernames"], json!([]));
        assert_eq!(world.client.ask("GET", "sobjects/Thing__c", "").status, 404);
        assert_eq!(world.client.ask("GET", &next, "").status, 400, "{path}: cursors end");
        assert_eq!(world.contact("Again"), first, "{path}: sequences");
        // The snapshot itself is no state.
        assert_eq!(world.diff("from=empty")["Contact"]["created"][0]["id"], json!(first));
        world.restore("empty");
    }
    for path in ["/snapshots/empty/restore", "/reset"] {
        world.client.token = world.login();
        assert_eq!(world.client.ask("GET", "limits", "").status, 200);
        world.done("POST", path, &json!({"sessions": "drop"}), 200);
        assert_eq!(world.client.ask("GET", "limits", "").status, 401, "{path}");
        world.client.token.clone_from(&world.served.token);
        assert_eq!(world.client.ask("GET", "limits", "").status, 200, "the first one is anew");
    }
}

/// A session that had an hour left has an hour left, in whichever direction the clock was put.
#[test]
fn live_sessions_stay_live_when_the_clock_is_put_forth() {
    let mut world = World::start();
    world.snapshot("early");
    world.done("PUT", "/clock", &json!({"advance": "P10D"}), 200);
    world.snapshot("late");
    world.restore("early");
    assert_eq!(world.client.ask("GET", "limits", "").status, 401, "it had ended ten days on");
    world.done("POST", "/reset", &json!({"sessions": "drop"}), 200);
    assert_eq!(world.client.ask("GET", "limits", "").status, 200);
    world.restore("late");
    assert_eq!(world.client.ask("GET", "limits", "").status, 200);
    world.done("PUT", "/clock", &json!({"advance": "PT3H"}), 200);
    assert_eq!(world.client.ask("GET", "limits", "").status, 401);
}

/// Work that waits is state: it is there again, and falls due again.
#[test]
fn jobs_wait_again_after_a_restore() {
    let mut world = World::start();
    let scenario = json!({"name": "employees-ready-to-provision"});
    world.done("POST", "/scenarios", &scenario, 200);
    let pace = json!({"progression": {"provisioning": {"after": "PT5M"}}});
    world.done("PUT", "/settings", &pace, 200);
    world.done("POST", "/provisioning/run", &Json::Null, 202);
    world.snapshot("running");
    let users = "query?q=SELECT+COUNT()+FROM+User";
    let before = world.client.get(users)["totalSize"].clone();
    let first = world.done("POST", "/drain", &Json::Null, 200);
    let after = world.client.get(users)["totalSize"].clone();
    assert_ne!(before, after);
    assert_ne!(first["ran"], 0);
    world.snapshot("done");
    let file = world.file("running");
    assert_eq!(world.import("imported", &file).0, 201);
    for name in ["running", "imported"] {
        world.restore(name);
        assert_eq!(world.client.get(users)["totalSize"], before, "{name}");
        assert_eq!(world.done("POST", "/drain", &Json::Null, 200), first, "{name}");
        assert_eq!(world.client.get(users)["totalSize"], after, "{name}");
        assert_eq!(world.diff("from=done"), json!({}), "{name}: the same happened again");
    }
}

/// "A fork copies State and faults, has its own id, tokens, client id and secret, journal and clock,
/// and no open sessions or cursors of its origin."
#[test]
fn a_fork_copies_the_state_and_nothing_else() {
    let mut world = World::start();
    let first = world.contact("Okafor");
    world.snapshot("one");
    world.done("PUT", "/settings", &json!({"takenUsernames": ["a@b.test"]}), 200);
    let fork = world.done("POST", "/orgs/default/fork", &json!({"name": "branch"}), 201);
    let own = world.done("GET", "", &Json::Null, 200);
    for key in
        ["id", "name", "username", "access_token", "refresh_token", "client_id", "client_secret"]
    {
        assert_ne!(fork[key], own[key], "{key}");
    }
    assert_eq!(fork["username"], "admin@fauxforce.test.branch");
    assert_eq!((&fork["password"], &fork["user_id"]), (&own["password"], &own["user_id"]));
    let (_, settings) = world.control("GET", "/orgs/branch/settings", &Json::Null);
    assert_eq!(settings["takenUsernames"], json!(["a@b.test"]));
    let (_, snapshots) = world.control("GET", "/orgs/branch/snapshots", &Json::Null);
    assert_eq!(snapshots, json!({"items": []}), "snapshots are no state");

    let bearer = format!("Bearer {}", world.client.token);
    let headers = [("Authorization", bearer.as_str()), ("X-Fauxforce-Org", "branch")];
    let answer = world.client.send("GET", "/services/data/v66.0/limits", &headers, b"");
    assert_eq!(answer.status, 401, "no session of its origin is open");
    let token = fork["access_token"].as_str().expect("a token").to_owned();
    let origin = std::mem::replace(&mut world.client.token, token);
    assert_eq!(world.names(), ["Okafor"]);
    world.rename(&first, "Renamed");
    let next = world.contact("Next");
    // Its Organization row carries its own id.
    let organization = world.client.get("query?q=SELECT+Id+FROM+Organization");
    assert_eq!(organization["totalSize"], 1);
    assert_eq!(organization["records"][0]["Id"], fork["id"]);
    world.client.token = origin;
    assert_eq!(world.names(), ["Okafor"]);
    // Sequences go on in each.
    assert_eq!(world.contact("Also next"), next);
    // Reset brings it back to what it was forked from.
    world.done("POST", "/orgs/branch/reset", &Json::Null, 200);
    world.client.token = fork["access_token"].as_str().expect("a token").to_owned();
    assert_eq!(world.names(), ["Okafor"]);
}

/// Whoever remembers a version of a row is never told that another one is the same.
#[test]
fn an_etag_is_never_given_twice() {
    let mut world = World::start();
    let account = world.client.create("Account", r#"{"Name":"Acme"}"#);
    world.snapshot("one");
    let path = format!("sobjects/Account/{account}");
    let mut seen: Vec<String> = Vec::new();
    for (round, back) in ["", "restore", "reset"].into_iter().enumerate() {
        match back {
            "restore" => world.restore("one"),
            "reset" => {
                world.done("POST", "/reset", &Json::Null, 200);
                assert_eq!(world.client.create("Account", r#"{"Name":"Acme"}"#), account);
            }
            _ => {}
        }
        let body = json!({"Name": format!("Version {round}")}).to_string();
        assert_eq!(world.client.ask("PATCH", &path, &body).status, 204);
        let answer = world.client.ask("GET", &path, "");
        let etag = answer.header("etag").expect("an ETag").to_owned();
        for old in &seen {
            let known = world.client.ask_with("GET", &path, &[("If-None-Match", old)], "");
            assert_eq!(known.status, 200, "round {round}");
        }
        assert!(!seen.contains(&etag));
        seen.push(etag);
    }
}

/// An org that has something of everything.
fn furnished(world: &mut World) {
    let objects = json!([
        {"name": "Project__c", "fields": [
            {"name": "Stage__c", "type": "picklist", "picklistValues": [
                {"value": "Open", "label": "Open", "active": true},
                {"value": "Done", "label": "Done", "active": true},
            ]},
            {"name": "Lead__c", "type": "reference", "referenceTo": ["Contact"]},
            {"name": "Budget__c", "type": "currency", "precision": 18, "scale": 2},
            {"name": "Key__c", "type": "string", "length": 20, "externalId": true, "unique": true},
        ]},
        {"name": "Contact", "fields": [{"name": "Nick__c", "type": "string", "length": 20}]},
    ]);
    world.done("POST", "/objects", &objects, 201);
    let scenario = json!({"name": "employees-ready-to-provision"});
    world.done("POST", "/scenarios", &scenario, 200);
    world.done("POST", "/drain", &Json::Null, 200);
    let change = json!({"takenUsernames": ["a@b.test"], "limits": {"DailyApiRequests": 4321},
                        "features": {"multiCurrency": true}});
    world.done("PUT", "/settings", &change, 200);
    let body = json!({"LastName": "Okafor", "Nick__c": "Oka"}).to_string();
    let contact = world.client.create("Contact", &body);
    let project = json!({"Name": "P", "Stage__c": "Done", "Lead__c": contact,
                         "Budget__c": 0.1, "Key__c": "k"});
    world.client.create("Project__c", &project.to_string());
    let gone = world.contact("Gone");
    world.delete(&gone);
}

#[test]
fn a_snapshot_goes_through_a_file_into_another_process() {
    let mut here = World::start();
    furnished(&mut here);
    here.snapshot("full");
    let file = here.file("full");
    assert_eq!(here.file("full"), file, "the same state gives the same bytes");

    let mut there = World::start();
    let before = there.done("GET", "", &Json::Null, 200);
    let (status, taken) = there.import("mine", &file);
    assert_eq!(status, 201, "{taken}");
    let (_, own) = here.control("GET", "/snapshots/full", &Json::Null);
    assert_eq!((&taken["at"], &taken["records"]), (&own["at"], &own["records"]));
    // Nothing has changed yet.
    assert_eq!(there.names(), Vec::<String>::new());
    there.restore("mine");
    assert_eq!(there.done("GET", "", &Json::Null, 200), before);
    for path in [
        "query?q=SELECT+FIELDS(ALL)+FROM+Contact+LIMIT+200",
        "query?q=SELECT+FIELDS(ALL)+FROM+User+LIMIT+200",
        "query?q=SELECT+FIELDS(ALL)+FROM+Project__c+LIMIT+200",
        "query?q=SELECT+Id,Name+FROM+Organization",
        "queryAll?q=SELECT+Id,LastName,IsDeleted,Nick__c+FROM+Contact+ORDER+BY+LastName",
        "query?q=SELECT+Id+FROM+Project__c+WHERE+Key__c='k'+AND+Lead__r.LastName='Okafor'",
        "sobjects/Project__c/Key__c/k",
        "sobjects/Project__c/describe",
        "sobjects",
        "sobjects/Contact/deleted?start=2026-01-15T08:00:00Z&end=2026-01-15T10:00:00Z",
    ] {
        // Links of the user interface name the host.
        let seen = |world: &mut World| {
            world.client.get(path).to_string().replace(&world.served.url, "http://host")
        };
        let (there, here) = (seen(&mut there), seen(&mut here));
        assert!(there == here, "{path}:\n{here}\n{there}");
    }
    let settings = here.done("GET", "/settings", &Json::Null, 200);
    assert_eq!(there.done("GET", "/settings", &Json::Null, 200), settings);
    // What comes next is the same too, and an own key is still unique.
    assert_eq!(there.contact("Next"), here.contact("Next"));
    let twice = there.client.ask("POST", "sobjects/Project__c", r#"{"Key__c":"k"}"#);
    assert_eq!(twice.status, 400, "{}", twice.text());
    // Written again, it is the same file but for what came since.
    there.restore("mine");
    there.snapshot("again");
    assert_eq!(there.diff("from=mine&to=again"), json!({}));

    // Into another org of the same process, which keeps its own id.
    there.done("POST", "/orgs", &json!({"name": "other"}), 201);
    let (status, _) = {
        let path = "/_fauxforce/orgs/other/snapshots/mine/file";
        let answer = there.client.send("PUT", path, &[], &file);
        (answer.status, answer)
    };
    assert_eq!(status, 201);
    let (_, other) = there.control("POST", "/orgs/other/snapshots/mine/restore", &Json::Null);
    there.client.token = other["access_token"].as_str().expect("a token").to_owned();
    let organization = there.client.get("query?q=SELECT+Id+FROM+Organization");
    assert_eq!(organization["records"][0]["Id"], other["id"]);
    assert_eq!(there.names().len(), here.names().len() - 1);
}

#[test]
fn a_bad_file_is_refused_and_nothing_changes() {
    let mut world = World::start();
    furnished(&mut world);
    world.snapshot("full");
    let file = world.file("full");
    let with = |at: usize, byte: u8| {
        let mut file = file.clone();
        file[at] ^= byte;
        file
    };
    let longer = [&file[..], b"x"].concat();
    let cases: Vec<(&str, Vec<u8>, u16, &str)> = vec![
        ("empty", Vec::new(), 400, "NOT_A_SNAPSHOT"),
        ("JSON", b"{\"name\":\"x\"}".to_vec(), 400, "NOT_A_SNAPSHOT"),
        ("another beginning", with(0, 1), 400, "NOT_A_SNAPSHOT"),
        ("a cut beginning", file[..7].to_vec(), 400, "SNAPSHOT_LENGTH"),
        ("a cut head", file[..40].to_vec(), 400, "SNAPSHOT_LENGTH"),
        ("no content", file[..63].to_vec(), 400, "SNAPSHOT_LENGTH"),
        ("half", file[..file.len() / 2].to_vec(), 400, "SNAPSHOT_LENGTH"),
        ("all but a byte", file[..file.len() - 1].to_vec(), 400, "SNAPSHOT_LENGTH"),
        ("a byte more", longer, 400, "SNAPSHOT_LENGTH"),
        ("version 2", with(22, 3), 422, "SNAPSHOT_VERSION"),
        ("a great version", with(19, 0xff), 422, "SNAPSHOT_VERSION"),
        ("another length", with(24, 1), 400, "SNAPSHOT_LENGTH"),
        ("another checksum", with(40, 1), 400, "SNAPSHOT_CORRUPTED"),
        ("a bit in the middle", with(file.len() / 2, 4), 400, "SNAPSHOT_CORRUPTED"),
        ("the last bit", with(file.len() - 1, 1), 400, "SNAPSHOT_CORRUPTED"),
    ];
    for (what, bytes, status, code) in cases {
        let (got, error) = world.import("bad", &bytes);
        assert_eq!((got, &error["error"]["code"]), (status, &json!(code)), "{what}: {error}");
        assert!(error["error"]["message"].as_str().is_some_and(|text| text.len() > 20), "{error}");
        assert_eq!(error["error"]["path"], "", "{what}");
        assert_eq!(world.control("GET", "/snapshots/bad", &Json::Null).0, 404, "{what}");
        assert_eq!(world.diff("from=full"), json!({}), "{what}");
    }
    let (status, error) = world.import("full", &file);
    assert_eq!((status, &error["error"]["code"]), (409, &json!("NAME_TAKEN")));
}

/// The files of `tests/snapshots`: one of each version of the format, which every later version
/// reads, and some that are at fault.
#[test]
fn files_of_the_past_are_read_and_files_at_fault_are_not() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/snapshots");
    let read = |name: &str| std::fs::read(format!("{folder}/{name}")).expect(name);
    let mut world = World::start();
    let (status, taken) = world.import("one", &read("version-1.fauxforce"));
    assert_eq!(status, 201, "{taken}");
    world.restore("one");
    assert!(world.names().contains(&"Okafor".to_owned()));
    let project = world.client.get("sobjects/Project__c/Key__c/k");
    assert_eq!((&project["Stage__c"], &project["Budget__c"]), (&json!("Done"), &json!(0.1)));
    for (name, status, code, path) in [
        ("cut-short.fauxforce", 400, "SNAPSHOT_LENGTH", ""),
        ("corrupted.fauxforce", 400, "SNAPSHOT_CORRUPTED", ""),
        ("version-2.fauxforce", 422, "SNAPSHOT_VERSION", ""),
        ("no-messagepack.fauxforce", 400, "SNAPSHOT_CORRUPTED", ""),
        ("no-such-object.fauxforce", 422, "SNAPSHOT_MISFIT", "Nothing"),
        ("no-such-field.fauxforce", 422, "SNAPSHOT_MISFIT", "Contact.Nothing"),
        ("no-such-value.fauxforce", 422, "SNAPSHOT_MISFIT", "Project__c.Stage__c"),
        ("wrong-type.fauxforce", 422, "SNAPSHOT_MISFIT", "Contact.LastName"),
        ("row-out-of-place.fauxforce", 422, "SNAPSHOT_MISFIT", "Contact[7]"),
        ("unknown-job.fauxforce", 422, "SNAPSHOT_MISFIT", ""),
        ("too-deep.fauxforce", 400, "SNAPSHOT_CORRUPTED", ""),
    ] {
        let (got, error) = world.import("bad", &read(name));
        let error = &error["error"];
        let found = (got, &error["code"], &error["path"]);
        assert_eq!(found, (status, &json!(code), &json!(path)), "{name}: {error}");
        assert_eq!(world.diff("from=one"), json!({}), "{name}");
    }
}
