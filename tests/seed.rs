//! `fauxforce seed`: fixture files and running servers.
#![cfg(feature = "cli")]

use fauxforce::Server;
use fauxforce::api::{Method, Request};
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output};

fn seed(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fauxforce"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("FAUXFORCE_")) {
        command.env_remove(name);
    }
    command.arg("seed").args(arguments).output().expect("the binary")
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("UTF-8")
}

fn file(name: &str) -> String {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    path.to_str().expect("a path in UTF-8").to_owned()
}

#[test]
fn a_seeded_fixture_holds_what_was_asked_for() {
    let path = file("seeded.toml");
    let arguments = [
        "--employees",
        "100",
        "--users",
        "5",
        "--people",
        "3",
        "--apps",
        "2",
        "--requests",
        "4",
        "--duplicate-usernames",
        "0.1",
        "--missing-emails",
        "0.2",
        "--ambiguous-matches",
        "0.05",
        "--no-seats",
        "0.15",
        "--seed",
        "7",
        "--out",
        &path,
    ];
    let done = seed(&arguments);
    assert!(done.status.success(), "{}", text(&done.stderr));
    assert!(done.stdout.is_empty() && done.stderr.is_empty(), "nothing to say");
    let again = seed(&arguments[..arguments.len() - 2]);
    let written = std::fs::read_to_string(&path).expect("the fixture");
    assert_eq!(text(&again.stdout), written);
    // What the defects do shows in a run.
    let checked = format!(
        "{}\n[[when]]\nrun = \"provisioning\"\n[[then]]\nsoql = \"SELECT ErrorCode, COUNT(Id) n \
         FROM EmpUserProvisionProcessErr WHERE ErrorCode IN ('DUPLICATE_VALUE', \
         'REQUIRED_FIELD_MISSING') GROUP BY ErrorCode ORDER BY ErrorCode\"\nrows = [\n\
         {{ ErrorCode = \"DUPLICATE_VALUE\", n = 5 }},\n\
         {{ ErrorCode = \"REQUIRED_FIELD_MISSING\", n = 20 }},\n]\n\
         [[then]]\nsoql = \"SELECT SuccessRecordCount, ErrorRecordCount FROM \
         EmpUserProvisioningProcess\"\n\
         rows = [{{ SuccessRecordCount = 50, ErrorRecordCount = 50 }}]\n\
         [[then]]\nsoql = \"SELECT COUNT() FROM ConnectedApplication\"\ncount = 3\n\
         [[then]]\nsoql = \"SELECT COUNT() FROM Account\"\ncount = 103\n",
        written.replace("[org]\n", "[org]\nclock = \"2026-01-15T09:00:00Z\"\n")
    );
    std::fs::write(&path, checked).expect("a folder for tests");
    assert_eq!(fauxforce::check_scenario(&path), Ok(()));
}

#[test]
fn a_running_server_is_seeded_in_portions() {
    let server = Server::builder().port(0).start().expect("a server");
    let url = server.url();
    let arguments =
        ["--url", &url, "--employees", "4500", "--people", "10", "--missing-emails", "0.1"];
    let done = seed(&arguments);
    assert!(done.status.success(), "{}", text(&done.stderr));
    assert_eq!(text(&done.stdout), "4510 records made in default\n");
    assert!(done.stderr.is_empty(), "progress is for terminals");
    let org = server.org("default").expect("the default org");
    let count = |query: &str| {
        let path = format!("/services/data/v67.0/query?q={}", query.replace(' ', "+"));
        let answer = org.call(Request::new(Method::Get, &path).bearer(org.access_token()));
        let body = answer.into_bytes().expect("a body");
        serde_json::from_slice::<Value>(&body).expect("JSON")["totalSize"].as_u64()
    };
    assert_eq!(count("SELECT COUNT() FROM Employee2"), Some(4500));
    assert_eq!(count("SELECT COUNT() FROM Account WHERE PersonEmail = null"), Some(450));
    assert_eq!(count("SELECT COUNT() FROM Account"), Some(4510));
}

#[test]
fn what_cannot_be_seeded_is_refused() {
    for (arguments, status, message) in [
        (&[][..], 64, "nothing to make"),
        (&["--employees", "1", "--missing-emails", "2"][..], 64, "from 0 to 1"),
        (
            &["--employees", "1", "--missing-emails", "0.6", "--no-seats", "0.6"][..],
            64,
            "sum to more than 1",
        ),
        (&["--users", "1", "--no-seats", "0.5"][..], 64, "give --employees"),
        (&["--users", "1", "--url", "https://x"][..], 64, "commands talk http"),
        (&["--users", "1", "--url", "http://127.0.0.1:9"][..], 1, "no server at 127.0.0.1:9"),
        (&["--users", "1", "--out", "no/such/folder/x.toml"][..], 73, "no/such/folder"),
    ] {
        let done = seed(arguments);
        assert_eq!(done.status.code(), Some(status), "{arguments:?}: {}", text(&done.stderr));
        assert!(text(&done.stderr).contains(message), "{}", text(&done.stderr));
    }
    let server = Server::builder().port(0).start().expect("a server");
    let url = server.url();
    let done = seed(&["--users", "1", "--url", &url, "--org", "nobody"]);
    assert_eq!(done.status.code(), Some(65), "{}", text(&done.stderr));
}
