//! The commands that talk to a running server: what they print, and how they end.
#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used)] // Helpers of tests are tests too.

mod common;

use common::folder::Folder;
use common::served::Served;
use serde_json::Value as Json;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Output, Stdio};

/// The binary without the caller's own settings, and with this server's URL.
fn fauxforce(served: &Served, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fauxforce"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("FAUXFORCE_")) {
        command.env_remove(name);
    }
    for name in ["NO_PROXY", "no_proxy", "RUST_LOG"] {
        command.env_remove(name);
    }
    // Where the tests' servers keep theirs.
    command.env("FAUXFORCE_CA_DIR", concat!(env!("CARGO_TARGET_TMPDIR"), "/ca"));
    command.env("FAUXFORCE_URL", &served.url).args(arguments).stdin(Stdio::null());
    command
}

fn run(served: &Served, arguments: &[&str]) -> Output {
    fauxforce(served, arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// What a command that succeeds prints, the server's own names in braces.
#[track_caller]
fn printed(served: &Served, arguments: &[&str]) -> String {
    let output = run(served, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
    assert_eq!(text(&output.stderr), "", "{arguments:?}");
    served.unfilled(text(&output.stdout)).replace(&served.url, "{url}")
}

/// What a command that fails says on stderr.
#[track_caller]
fn refused(served: &Served, arguments: &[&str], status: i32) -> String {
    let output = run(served, arguments);
    assert_eq!(output.status.code(), Some(status), "{arguments:?}: {}", text(&output.stderr));
    assert_eq!(text(&output.stdout), "", "{arguments:?}");
    text(&output.stderr).to_owned()
}

#[track_caller]
fn json(served: &Served, arguments: &[&str]) -> Json {
    let output = run(served, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
    assert_eq!(text(&output.stdout).lines().count(), 1, "{arguments:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn env_prints_what_exec_sets() {
    let served = Served::start();
    let dotenv = printed(&served, &["env", "--no-proxy-env"]);
    let names: Vec<&str> =
        dotenv.lines().filter_map(|line| Some(line.split_once('=')?.0)).collect();
    let first = dotenv.lines().next();
    assert_eq!(first, Some("FAUXFORCE_URL=\"{url}\""));
    for line in [
        "FAUXFORCE_CONTROL_URL=\"{url}/_fauxforce\"",
        "FAUXFORCE_ORG=\"default\"",
        "FAUXFORCE_SCIM_URL=\"{url}/services/scim/v2\"",
        "FAUXFORCE_CONCUR_URL=\"{url}\"",
        "SF_INSTANCE_URL=\"{url}\"",
        "SF_LOGIN_URL=\"{url}\"",
        "SF_USERNAME=\"admin@fauxforce.test\"",
        "SF_PASSWORD=\"fauxforce\"",
        "SF_SECURITY_TOKEN=\"{security_token}\"",
        "SF_ACCESS_TOKEN=\"{token}\"",
        "SF_REFRESH_TOKEN=\"{refresh_token}\"",
        "SF_CLIENT_ID=\"{client_id}\"",
        "SF_CLIENT_SECRET=\"{client_secret}\"",
        "NO_PROXY=\"localhost,127.0.0.1,::1\"",
        "no_proxy=\"localhost,127.0.0.1,::1\"",
        "NODE_USE_ENV_PROXY=\"1\"",
        "SF_DISABLE_DNS_CHECK=\"true\"",
        "SF_DISABLE_TELEMETRY=\"true\"",
        "SF_AUTOUPDATE_DISABLE=\"true\"",
    ] {
        assert!(dotenv.lines().any(|own| own == line), "{line}\n{dotenv}");
    }
    for (format, line) in [
        ("shell", "export SF_USERNAME='admin@fauxforce.test'"),
        ("powershell", "$Env:SF_USERNAME = 'admin@fauxforce.test'"),
        ("github", "SF_USERNAME=admin@fauxforce.test"),
        ("java", "\"-DSF_USERNAME=admin@fauxforce.test\""),
    ] {
        let other = printed(&served, &["env", "--no-proxy-env", "--format", format]);
        let lines = other.lines().filter(|line| line.contains("SF_") || line.contains("PROXY"));
        let own = names.iter().filter(|name| name.contains("SF_") || name.contains("PROXY"));
        assert_eq!(lines.count(), own.count(), "{format}: {other}");
        assert!(other.lines().any(|own| own == line), "{format}: {other}");
    }
    // A shell takes it.
    let script = "eval \"$(\"$0\" env --format shell)\" && printf '%s' \"$SF_ACCESS_TOKEN\"";
    let mut shell = Command::new("sh");
    shell.args(["-c", script, env!("CARGO_BIN_EXE_fauxforce")]).env("FAUXFORCE_URL", &served.url);
    shell.env("FAUXFORCE_CA_DIR", concat!(env!("CARGO_TARGET_TMPDIR"), "/ca"));
    assert_eq!(text(&shell.output().unwrap().stdout), served.token);

    printed(&served, &["org", "create", "mine"]);
    let mine = printed(&served, &["env", "--org", "mine"]);
    assert!(mine.contains("SF_USERNAME=\"admin@fauxforce.test.mine\"\n"), "{mine}");
    assert_eq!(refused(&served, &["env", "--org", "nobody"], 1), NO_ORG);
    refused(&served, &["env", "--format", "xml"], 64);
}

const NO_ORG: &str = "fauxforce: there is no org nobody: GET /_fauxforce/orgs lists them\n";

#[cfg(feature = "tls")]
#[test]
fn env_names_the_ca_wherever_the_server_keeps_it() {
    let served = Served::start();
    let own = printed(&served, &["env"]);
    let variable = |text: &str, name: &str| -> String {
        let line = text.lines().find_map(|line| line.strip_prefix(&format!("{name}=")));
        line.unwrap_or_else(|| panic!("no {name} in {text}")).trim_matches('"').to_owned()
    };
    for (name, key) in [
        ("FAUXFORCE_CA_FILE", "ca_file"),
        ("NODE_EXTRA_CA_CERTS", "ca_file"),
        ("REQUESTS_CA_BUNDLE", "ca_bundle"),
        ("SSL_CERT_FILE", "ca_bundle"),
        ("CURL_CA_BUNDLE", "ca_bundle"),
        ("FAUXFORCE_SECURE_URL", "secure_url"),
    ] {
        assert_eq!(variable(&own, name), served.ready[key].as_str().unwrap(), "{name}");
    }
    for name in ["HTTPS_PROXY", "https_proxy"] {
        assert_eq!(variable(&own, name), format!("http://127.0.0.1:{}", served.port), "{name}");
    }

    // A server on another machine: its certificate is written down here.
    let folder = Folder::new();
    let pem = std::fs::read(served.ready["ca_file"].as_str().unwrap()).unwrap();
    let mut elsewhere = fauxforce(&served, &["env"]);
    elsewhere.env_remove("FAUXFORCE_CA_DIR").env("XDG_CACHE_HOME", folder.path(""));
    elsewhere.env("HOME", folder.path("")).env("LOCALAPPDATA", folder.path(""));
    let output = elsewhere.output().unwrap();
    let ca_file = variable(text(&output.stdout), "FAUXFORCE_CA_FILE");
    assert!(ca_file.starts_with(&folder.path("")), "{ca_file}");
    assert_eq!(std::fs::read(&ca_file).unwrap(), pem);
    let bundle = std::fs::read(variable(text(&output.stdout), "SSL_CERT_FILE")).unwrap();
    assert!(bundle.ends_with(&pem));
    assert_eq!(elsewhere.output().unwrap().stdout, output.stdout);

    // Another CA is never overwritten.
    let other = folder.path("other");
    std::fs::create_dir(&other).unwrap();
    folder.write("other/ca.pem", "another");
    let said = refused(&served, &["env", "--ca-dir", &other], 73);
    assert!(said.contains("is another CA than the server's"), "{said}");
}

#[test]
fn orgs_are_made_forked_reset_and_deleted() {
    let served = Served::start();
    let made = json(
        &served,
        &[
            "org",
            "create",
            "acme",
            "--scenario",
            "employees-ready-to-provision",
            "--clock",
            "2026-02-01T00:00:00Z",
            "--seed",
            "7",
            "--label",
            "a \"b\"",
            "--json",
        ],
    );
    assert_eq!((&made["name"], &made["label"]), (&"acme".into(), &"a \"b\"".into()));
    let people = ["query", "SELECT COUNT() FROM Employee2", "--org", "acme"];
    assert_eq!(printed(&served, &people), "COUNT()\n10\n");

    let fork = printed(&served, &["org", "fork", "twin", "--org", "acme"]);
    let lines: Vec<&str> = fork.lines().collect();
    assert_eq!(lines[1], "name            twin");
    assert_eq!(lines[2], "instance url    {url}");
    assert_eq!(lines[3], "username        admin@fauxforce.test.twin");
    let people = ["query", "SELECT COUNT() FROM Employee2", "--org", "twin"];
    assert_eq!(printed(&served, &people), "COUNT()\n10\n");
    let other = json(&served, &["org", "create", "other", "--from", "acme", "--json"]);
    assert_eq!(other["name"], "other");

    let list = printed(&served, &["org", "list"]);
    let names: Vec<&str> = list.lines().map(|line| line.split(',').next().unwrap()).collect();
    assert_eq!(names, ["name", "acme", "default", "other", "twin"]);
    assert!(list.contains(",{url},admin@fauxforce.test.acme,\"a \"\"b\"\"\"\n"), "{list}");
    let items = json(&served, &["org", "list", "--json"]);
    assert_eq!(items["items"].as_array().unwrap().len(), 4);

    let mut client = served.client();
    client.create("Account", r#"{"Name":"Acme"}"#);
    let reset = json(&served, &["org", "reset", "--drop-sessions", "--json"]);
    assert_eq!(reset["name"], "default");
    let accounts = ["query", "SELECT COUNT() FROM Account"];
    assert_eq!(printed(&served, &accounts), "COUNT()\n0\n");

    assert_eq!(printed(&served, &["org", "delete", "acme", "twin"]), "");
    assert!(refused(&served, &["org", "delete", "twin"], 1).contains("there is no org twin"));
    assert!(refused(&served, &["org", "delete", "default"], 1).contains("stays"));
    assert!(refused(&served, &["org", "create", "other"], 1).contains("an org other already"));
    refused(&served, &["org", "create", "Not A Name"], 64);
    refused(&served, &["org", "delete"], 64);
    let unknown = ["org", "create", "x", "--scenario", "no-such"];
    assert!(refused(&served, &unknown, 1).starts_with("fauxforce: scenarios[0]: no such scenario"));
}

#[test]
fn the_clock_is_shown_and_moved() {
    let served = Served::start();
    for (arguments, shown) in [
        (&["show"][..], "2026-01-15T09:00:00.000Z virtual\n"),
        (&["advance", "PT2H"], "2026-01-15T11:00:00.000Z virtual\n"),
        (&["advance", "90m"], "2026-01-15T12:30:00.000Z virtual\n"),
        (&["set", "2026-03-01T00:00:00+01:00"], "2026-02-28T23:00:00.000Z virtual\n"),
        (&["show", "--json"], "{\"now\":\"2026-02-28T23:00:00.000Z\",\"mode\":\"virtual\"}\n"),
    ] {
        let all: Vec<&str> = std::iter::once("clock").chain(arguments.iter().copied()).collect();
        assert_eq!(printed(&served, &all), shown, "{arguments:?}");
    }
    assert_eq!(json(&served, &["clock", "set", "real", "--json"])["mode"], "real");
    let earlier = refused(&served, &["clock", "set", "2020-01-01T00:00:00Z"], 1);
    assert_eq!(earlier, "fauxforce: now: is earlier than now, and clocks never run backwards\n");
    for bad in [&["set", "noon"][..], &["advance", "2x"], &["advance"], &[]] {
        let all: Vec<&str> = std::iter::once("clock").chain(bad.iter().copied()).collect();
        refused(&served, &all, 64);
    }
}

#[test]
fn query_prints_rows() {
    let served = Served::start();
    let mut client = served.client();
    let parent = client.create("Account", r#"{"Name":"Acme, \"Inc.\"","NumberOfEmployees":7}"#);
    client.create("Contact", &format!(r#"{{"LastName":"Okafor","AccountId":"{parent}"}}"#));
    client.create("Contact", r#"{"LastName":"Two\nlines"}"#);
    assert_eq!(
        printed(
            &served,
            &[
                "query",
                "SELECT Name, NumberOfEmployees, Fax, Owner.Profile.Name, (SELECT LastName FROM Contacts) FROM Account"
            ]
        ),
        "Name,NumberOfEmployees,Fax,Owner.Profile.Name,Contacts\n\
         \"Acme, \"\"Inc.\"\"\",7,,System Administrator,\"[{\"\"LastName\"\":\"\"Okafor\"\"}]\"\n"
    );
    assert_eq!(
        printed(
            &served,
            &["query", "--csv", "SELECT LastName, Account.Name FROM Contact ORDER BY LastName"]
        ),
        "LastName,Account.Name\nOkafor,\"Acme, \"\"Inc.\"\"\"\n\"Two\nlines\",\n"
    );
    assert_eq!(
        printed(
            &served,
            &[
                "query",
                "SELECT AccountId, COUNT(Id) people FROM Contact GROUP BY AccountId ORDER BY AccountId"
            ]
        ),
        format!("AccountId,people\n,1\n{parent},1\n")
    );
    assert_eq!(printed(&served, &["query", "SELECT Id, Name FROM Lead"]), "Id,Name\n");
    assert_eq!(
        printed(&served, &["query", "--json", "SELECT NumberOfEmployees FROM Account"]),
        format!(
            "{{\"totalSize\":1,\"done\":true,\"records\":[{{\"attributes\":{{\"type\":\"Account\",\
             \"url\":\"/services/data/v67.0/sobjects/Account/{parent}\"}},\
             \"NumberOfEmployees\":7}}]}}\n"
        )
    );
    client.ask("DELETE", &format!("sobjects/Account/{parent}"), "");
    assert_eq!(printed(&served, &["query", "SELECT COUNT() FROM Account"]), "COUNT()\n0\n");
    assert_eq!(
        printed(&served, &["query", "--all", "SELECT COUNT() FROM Account"]),
        "COUNT()\n1\n"
    );
    // A query from stdin.
    let mut child = fauxforce(&served, &["query", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"SELECT COUNT()\nFROM User\n").unwrap();
    assert_eq!(text(&child.wait_with_output().unwrap().stdout), "COUNT()\n1\n");
}

#[test]
fn query_reads_all_pages() {
    let served = Served::start();
    let seeded = ["seed", "--url", &served.url, "--people", "4100"];
    assert_eq!(printed(&served, &seeded), "4100 records made in default\n");
    let all = printed(&served, &["query", "SELECT Id FROM Account ORDER BY Id"]);
    let mut ids: Vec<&str> = all.lines().skip(1).collect();
    assert_eq!(ids.len(), 4_100);
    ids.dedup();
    assert_eq!(ids.len(), 4_100);
    let answer = json(&served, &["query", "--json", "SELECT Id FROM Account"]);
    assert_eq!(answer["totalSize"], 4_100);
    assert_eq!(answer["records"].as_array().unwrap().len(), 4_100);
}

#[test]
fn a_query_that_is_refused_shows_where() {
    let served = Served::start();
    assert_eq!(
        refused(&served, &["query", "SELECT Id, Stat FROM UserProvisioningRequest"], 1),
        "fauxforce: INVALID_FIELD\n\
         SELECT Id, Stat FROM UserProvisioningRequest\n           \
         ^\n\
         ERROR at Row:1:Column:12\n\
         No such column 'Stat' on entity 'UserProvisioningRequest'. If you are attempting to use a \
         custom field, be sure to append the '__c' after the custom field name. Please reference \
         your WSDL or the describe call for the appropriate names.\n"
    );
    for output in ["--json", "--csv"] {
        let said = refused(&served, &["query", output, "SELECT"], 1);
        assert!(said.starts_with("fauxforce: MALFORMED_QUERY"), "{said}");
    }
    refused(&served, &["query", "--json", "--csv", "SELECT Id FROM User"], 64);
    refused(&served, &["query"], 64);
    assert_eq!(refused(&served, &["query", "x", "--org", "nobody"], 1), NO_ORG);
}

#[test]
fn a_session_that_has_ended_is_renewed() {
    let served = Served::start();
    printed(&served, &["clock", "advance", "30d"]);
    let mut client = served.client();
    assert_eq!(client.ask("GET", "limits", "").status, 401, "the first session has ended");
    assert_eq!(printed(&served, &["query", "SELECT COUNT() FROM User"]), "COUNT()\n1\n");
}

#[test]
fn the_control_token_is_sent() {
    let served =
        Served::start_with(&["--control-token", "open sesame!".split(' ').next().unwrap()]);
    let said = refused(&served, &["clock", "show"], 1);
    assert!(said.contains("--control-token"), "{said}");
    for arguments in
        [&["clock", "show"][..], &["query", "SELECT COUNT() FROM User"], &["org", "list"]]
    {
        let with = fauxforce(&served, arguments).env("FAUXFORCE_CONTROL_TOKEN", "open").output();
        assert!(with.unwrap().status.success(), "{arguments:?}");
    }
    printed(&served, &["env", "--control-token", "open"]);
    // Health checks need none.
    printed(&served, &["health"]);
    refused(&served, &["clock", "show", "--control-token", "line\nbreak"], 64);
}

#[test]
fn without_a_server_one_line_says_so() {
    let served = Served::start();
    let url = served.url.clone();
    let commands: [&[&str]; 7] = [
        &["env"],
        &["health"],
        &["log"],
        &["org", "list"],
        &["clock", "show"],
        &["snapshot", "list"],
        &["query", "SELECT Id FROM User"],
    ];
    for command in commands {
        let bad = fauxforce(&served, command).env("FAUXFORCE_URL", "ftp://x").output().unwrap();
        assert_eq!(bad.status.code(), Some(64), "{command:?}");
    }
    let gone = fauxforce(&served, &[]);
    drop(gone);
    let commands_after: Vec<Command> =
        commands.iter().map(|command| fauxforce(&served, command)).collect();
    drop(served);
    for mut command in commands_after {
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{command:?}");
        let authority = url.rsplit('/').next().unwrap();
        assert_eq!(
            text(&output.stderr),
            format!(
                "fauxforce: no server at {authority}: start one with `fauxforce serve`, or say \
                 where it is with --url or FAUXFORCE_URL\n"
            )
        );
    }
}

#[test]
fn log_shows_requests_and_why_they_were_refused() {
    let served = Served::start();
    assert_eq!(printed(&served, &["log"]), "");
    let mut client = served.client();
    client.get("limits");
    client.ask("GET", "query?q=SELECT+Nope+FROM+User", "");
    client.ask("POST", "graphql", "{}");
    // Durations differ from run to run.
    let shown = |arguments: &[&str]| -> String {
        let log = printed(&served, arguments);
        let line = |line: &str| match (line.find(" ("), line.find(" ms")) {
            (Some(from), Some(to)) => format!("{}{}", &line[..from + 2], &line[to + 1..]),
            _ => line.to_owned(),
        };
        log.lines().map(|text| line(text) + "\n").collect()
    };
    let first = "09:00:00.000 200 GET    /services/data/v66.0/limits (ms, info)\n";
    let second = "\
09:00:00.000 400 GET    /services/data/v66.0/query?q=SELECT+Nope+FROM+User (ms, query, User)
    hint: the object's describe lists its fields; add custom ones with POST \
          /_fauxforce/orgs/{org}/objects\n";
    let third = "\
09:00:00.000 501 POST   /services/data/v66.0/graphql (ms, other)
    not emulated: resource graphql
    hint: It is planned; see the README's limits.\n";
    assert_eq!(shown(&["log"]), format!("{first}{second}{third}"));
    assert_eq!(shown(&["log", "--since", "2"]), third);
    assert_eq!(shown(&["log", "--unsupported"]), third);
    assert_eq!(shown(&["log", "--status", "400"]), second);
    assert_eq!(shown(&["log", "--object", "User", "--method", "GET"]), second);
    assert_eq!(shown(&["log", "--path", "/services/data/*/limits"]), first);
    let entry = json(&served, &["log", "--json", "--status", "400"]);
    assert_eq!((&entry["seq"], &entry["operation"]), (&2.into(), &"query".into()));
    assert_eq!(refused(&served, &["log", "--org", "nobody"], 1), NO_ORG);
}

#[test]
fn log_follows_what_comes() {
    let served = Served::start();
    let mut command = fauxforce(&served, &["log", "--follow"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut client = served.client();
    for resource in ["limits", "sobjects", "recent"] {
        client.get(resource);
        let line = lines.next().unwrap().unwrap();
        assert!(line.contains(&format!("/services/data/v66.0/{resource} (")), "{line}");
    }
    // It ends with the server.
    drop(served);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(text(&output.stderr).lines().count(), 1, "{}", text(&output.stderr));
    assert!(lines.next().is_none());
}

#[test]
fn snapshots_are_kept_compared_and_restored() {
    let served = Served::start();
    let mut client = served.client();
    assert_eq!(printed(&served, &["snapshot", "list"]), "name,at,records\n");
    assert_eq!(printed(&served, &["snapshot", "save", "empty"]), "saved empty\n");
    let id = client.create("Lead", r#"{"LastName":"Okafor","Company":"Acme"}"#);
    assert_eq!(json(&served, &["snapshot", "save", "one", "--json"])["name"], "one");
    client.ask("PATCH", &format!("sobjects/Lead/{id}"), r#"{"Company":"Beta"}"#);
    assert_eq!(
        printed(&served, &["snapshot", "diff", "one"]),
        format!("~ Lead {id}\n    Company: \"Acme\" -> \"Beta\"\n")
    );
    let since = printed(&served, &["snapshot", "diff", "empty", "one"]);
    assert!(since.starts_with(&format!("+ Lead {id}\n")), "{since}");
    assert!(since.contains("\n    LastName: \"Okafor\"\n"), "{since}");
    let changed = json(&served, &["snapshot", "diff", "one", "--json"]);
    assert_eq!(changed["objects"]["Lead"]["updated"][0]["after"]["Company"], "Beta");
    client.ask("DELETE", &format!("sobjects/Lead/{id}"), "");
    let gone = printed(&served, &["snapshot", "diff", "one"]);
    assert_eq!(gone, format!("- Lead {id}\n"));

    assert_eq!(printed(&served, &["snapshot", "restore", "one"]), "restored one\n");
    assert_eq!(printed(&served, &["snapshot", "diff", "one"]), "no differences\n");
    assert_eq!(printed(&served, &["query", "SELECT Company FROM Lead"]), "Company\nAcme\n");
    let folder = Folder::new();
    let file = folder.path("one.fauxforce");
    assert_eq!(printed(&served, &["snapshot", "export", "one", &file]), "");
    assert_eq!(printed(&served, &["snapshot", "import", "copy", &file]), "imported copy\n");
    assert_eq!(printed(&served, &["snapshot", "diff", "copy", "one"]), "no differences\n");
    assert_eq!(printed(&served, &["snapshot", "save", "one", "--replace"]), "saved one\n");
    let list = printed(&served, &["snapshot", "list"]);
    let names: Vec<&str> = list.lines().skip(1).filter_map(|line| line.split(',').next()).collect();
    assert_eq!(names, ["copy", "empty", "one"]);
    assert_eq!(json(&served, &["snapshot", "list", "--json"])["items"][0]["name"], "copy");
    assert_eq!(printed(&served, &["snapshot", "delete", "copy", "one"]), "");

    assert!(refused(&served, &["snapshot", "restore", "one"], 1).contains("no snapshot one"));
    assert!(refused(&served, &["snapshot", "save", "empty"], 1).contains("already"));
    assert!(refused(&served, &["snapshot", "diff", "one"], 1).contains("no snapshot one"));
    refused(&served, &["snapshot", "import", "x", &folder.path("none")], 65);
    let nonsense = folder.write("nonsense", "nonsense");
    refused(&served, &["snapshot", "import", "x", &nonsense], 1);
    let below = folder.path("no/folder/x");
    refused(&served, &["snapshot", "export", "empty", &below], 73);
}

#[test]
fn faults_are_added_listed_and_taken_away() {
    let served = Served::start();
    let mut client = served.client();
    assert_eq!(printed(&served, &["fault", "list"]), "id,name,match,when,then,matched\n");
    let names = printed(&served, &["fault", "list", "--names"]);
    assert!(names.starts_with("name,title\n") && names.contains("\nrow-lock,"), "{names}");
    assert_eq!(printed(&served, &["fault", "add", "row-lock:object=Lead,nth=1"]), "f1\n");
    let rule = r#"{"id":"mine","match":{"path":"/services/data/*/limits"},"then":{"error":"SERVER_UNAVAILABLE"}}"#;
    assert_eq!(json(&served, &["fault", "add", rule, "--json"])["id"], "mine");
    let lead = r#"{"LastName":"Okafor","Company":"Acme"}"#;
    let answer = client.ask("POST", "sobjects/Lead", lead);
    assert!(answer.text().contains("UNABLE_TO_LOCK_ROW"), "{}", answer.text());
    assert_eq!(client.ask("POST", "sobjects/Lead", lead).status, 201);
    assert_eq!(client.ask("GET", "limits", "").status, 503);
    let list = printed(&served, &["fault", "list"]);
    assert_eq!(
        list.lines().nth(1),
        Some(
            "f1,row-lock,\"{\"\"object\"\":\"\"Lead\"\"}\",\"{\"\"nth\"\":1}\",\"{\"\"error\"\":\
             \"\"UNABLE_TO_LOCK_ROW\"\"}\",2"
        )
    );
    assert_eq!(printed(&served, &["fault", "clear", "mine"]), "");
    assert_eq!(client.ask("GET", "limits", "").status, 200);
    assert_eq!(printed(&served, &["fault", "clear"]), "");
    assert_eq!(json(&served, &["fault", "list", "--json"])["items"].as_array().unwrap().len(), 0);
    assert!(refused(&served, &["fault", "clear", "mine"], 1).contains("no fault rule mine"));
    assert!(refused(&served, &["fault", "add", "row-lok"], 1).contains("did you mean row-lock?"));
    refused(&served, &["fault", "add", "slow:delay"], 64);
}

#[test]
fn what_is_not_built_says_so() {
    let served = Served::start();
    for source in [&["sfdx", "force-app"][..], &["describe", "a.json", "b.json"], &["wsdl", "x"]] {
        let all: Vec<&str> = ["schema", "import"].iter().chain(source).copied().collect();
        let said = refused(&served, &all, 1);
        assert!(said.contains("is not built yet"), "{said}");
    }
}

#[test]
fn help_teaches() {
    let served = Served::start();
    for command in
        ["serve", "fault", "exec", "env", "query", "log", "org", "clock", "snapshot", "health"]
    {
        let help = printed(&served, &[command, "--help"]);
        assert!(help.contains(&format!("fauxforce {command}")), "{command}: {help}");
        assert!(help.contains("Examples:"), "{command}");
    }
}
