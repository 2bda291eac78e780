//! `fauxforce exec`: what the command is told, how it ends, what is said and written at the end.
#![cfg(all(feature = "cli", unix))]
#![allow(clippy::unwrap_used)] // Helpers of tests are tests too.

mod common;

use common::folder::Folder;
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _};
use std::net::TcpListener;
use std::process::{Child, Command, Output, Stdio};

const BINARY: &str = env!("CARGO_BIN_EXE_fauxforce");

/// The binary without the caller's own settings.
fn exec(options: &[&str], command: &[&str]) -> Command {
    let mut exec = Command::new(BINARY);
    let inherited = std::env::vars().filter(|(name, _)| {
        name.starts_with("FAUXFORCE_") || name.to_ascii_lowercase().ends_with("_proxy")
    });
    for (name, _) in inherited {
        exec.env_remove(name);
    }
    // As the other tests have it, beside what this user has.
    exec.env("FAUXFORCE_CA_DIR", concat!(env!("CARGO_TARGET_TMPDIR"), "/ca"));
    exec.env_remove("RUST_LOG").arg("exec").args(options).arg("--").args(command);
    exec.stdin(Stdio::null());
    exec
}

fn run(options: &[&str], command: &[&str]) -> Output {
    exec(options, command).output().unwrap()
}

fn sh(options: &[&str], script: &str) -> Output {
    run(options, &["sh", "-c", script])
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// The variables that a command gets.
fn variables(exec: &mut Command) -> BTreeMap<String, String> {
    let output = exec.output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    let lines = text(&output.stdout).lines();
    lines.filter_map(|line| line.split_once('=')).map(|(a, b)| (a.into(), b.into())).collect()
}

/// A request without a body; `curl` is what the house's scripts use too.
const ASK: &str = "ask() { curl -s -o /dev/null -w '%{http_code}' \
                   -H \"Authorization: Bearer $SF_ACCESS_TOKEN\" \"$@\"; }; ";

#[test]
fn the_command_gets_the_whole_environment() {
    let told = variables(&mut exec(&[], &["env"]));
    let url = &told["FAUXFORCE_URL"];
    assert!(url.starts_with("http://localhost:"), "{url}");
    let port = url.rsplit(':').next().unwrap();
    let serve = common::served::Served::start();
    let org = &serve.ready["org"];
    let credentials = [
        ("SF_USERNAME", "username"),
        ("SF_PASSWORD", "password"),
        ("SF_SECURITY_TOKEN", "security_token"),
        ("SF_ACCESS_TOKEN", "access_token"),
        ("SF_REFRESH_TOKEN", "refresh_token"),
        ("SF_CLIENT_ID", "client_id"),
        ("SF_CLIENT_SECRET", "client_secret"),
        ("FAUXFORCE_ORG", "name"),
    ];
    for (name, key) in credentials {
        assert_eq!(told[name], org[key], "{name}");
    }
    let urls = [
        ("SF_INSTANCE_URL", ""),
        ("SF_LOGIN_URL", ""),
        ("FAUXFORCE_CONTROL_URL", "/_fauxforce"),
        ("FAUXFORCE_SCIM_URL", "/services/scim/v2"),
        ("FAUXFORCE_CONCUR_URL", ""),
    ];
    for (name, path) in urls {
        assert_eq!(told[name], format!("{url}{path}"), "{name}");
    }
    let fixed = [
        ("NO_PROXY", "localhost,127.0.0.1,::1"),
        ("no_proxy", "localhost,127.0.0.1,::1"),
        ("NODE_USE_ENV_PROXY", "1"),
        ("SF_DISABLE_DNS_CHECK", "true"),
        ("SF_DISABLE_TELEMETRY", "true"),
        ("SF_AUTOUPDATE_DISABLE", "true"),
    ];
    for (name, value) in fixed {
        assert_eq!(told[name], value, "{name}");
    }
    // A build without TLS has no CA and intercepts nothing.
    if serve.ready["secure_url"].is_null() {
        for name in ["FAUXFORCE_SECURE_URL", "FAUXFORCE_CA_FILE", "HTTPS_PROXY", "https_proxy"] {
            assert!(!told.contains_key(name), "{name}");
        }
        return;
    }
    assert_eq!(told["FAUXFORCE_SECURE_URL"], format!("https://localhost:{port}"));
    for (name, key) in [
        ("FAUXFORCE_CA_FILE", "ca_file"),
        ("NODE_EXTRA_CA_CERTS", "ca_file"),
        ("REQUESTS_CA_BUNDLE", "ca_bundle"),
        ("SSL_CERT_FILE", "ca_bundle"),
        ("CURL_CA_BUNDLE", "ca_bundle"),
    ] {
        assert_eq!(told[name], serve.ready[key], "{name}");
        assert!(std::fs::metadata(&told[name]).unwrap().len() > 0, "{name}");
    }
    for name in ["HTTPS_PROXY", "https_proxy"] {
        assert_eq!(told[name], format!("http://127.0.0.1:{port}"), "{name}");
    }
}

#[test]
fn the_callers_own_proxy_settings_are_kept_or_extended() {
    let mut command = exec(&["--no-proxy-env"], &["env"]);
    command.env("HTTPS_PROXY", "http://proxy.acme.test:3128");
    command.env("NO_PROXY", "acme.test, localhost");
    let told = variables(&mut command);
    assert_eq!(told["HTTPS_PROXY"], "http://proxy.acme.test:3128");
    assert!(!told.contains_key("https_proxy"));
    assert_eq!(told["NO_PROXY"], "acme.test,localhost,127.0.0.1,::1");
    assert_eq!(told["no_proxy"], "acme.test,localhost,127.0.0.1,::1");
}

#[test]
fn variables_get_the_names_that_the_code_under_test_knows() {
    let keys = "url control_url login_url scim_url concur_url port id name instance_url username \
                password security_token user_id access_token refresh_token client_id client_secret";
    let template: Vec<String> = keys.split_whitespace().map(|key| format!("{{{key}}}")).collect();
    let all = format!("ALL={}", template.join("|"));
    let mut command = exec(
        &["--env", "CRM_URL={instance_url}/x", "--env", "PLAIN={{a}},b", "--env", &all],
        &["env"],
    );
    let told = variables(&mut command);
    assert_eq!(told["CRM_URL"], format!("{}/x", told["FAUXFORCE_URL"]));
    assert_eq!(told["PLAIN"], "{a},b");
    let values: Vec<&str> = told["ALL"].split('|').collect();
    assert_eq!(values.len(), keys.split_whitespace().count());
    for (key, value) in keys.split_whitespace().zip(values) {
        assert!(!value.is_empty() && !value.contains('{'), "{key}: {value}");
    }
    // As a variable the option holds several.
    let mut command = exec(&[], &["env"]);
    command.env("FAUXFORCE_ENV", "A={username},B=1,2,C=");
    let told = variables(&mut command);
    assert_eq!((&*told["A"], &*told["B"], &*told["C"]), ("admin@fauxforce.test", "1,2", ""));
}

#[test]
fn every_option_is_a_variable_too() {
    let folder = Folder::new();
    let report = folder.path("report");
    let mut command = exec(&[], &["sh", "-c", "echo $SF_USERNAME $SF_ACCESS_TOKEN $HTTPS_PROXY"]);
    let output = command
        .env("FAUXFORCE_USERNAME", "svc@acme.test")
        .env("FAUXFORCE_ACCESS_TOKEN", "mine")
        .env("FAUXFORCE_NO_PROXY_ENV", "true")
        .env("FAUXFORCE_REPORT", &report)
        .env("FAUXFORCE_JSON", "1")
        .output()
        .unwrap();
    assert_eq!(text(&output.stdout), "svc@acme.test mine\n");
    let summary: Json = serde_json::from_slice(&output.stderr).unwrap();
    assert_eq!(summary["requests"], 0);
    for name in ["FAUXFORCE_FAIL_ON_UNSUPPORTED", "FAUXFORCE_FAIL_ON_UNVERIFIED"] {
        let output = exec(&[], &["true"]).env(name, "maybe").output().unwrap();
        assert_eq!(output.status.code(), Some(64), "{name}");
        assert!(exec(&[], &["true"]).env(name, "yes").output().unwrap().status.success(), "{name}");
    }
}

#[test]
fn the_exit_status_is_the_commands_own() {
    for (script, status) in [("exit 0", 0), ("exit 1", 1), ("exit 255", 255), ("kill -9 $$", 137)] {
        assert_eq!(sh(&[], script).status.code(), Some(status), "{script}");
    }
    let words = run(&[], &["sh", "-c", "echo \"$1\"; echo \"$2\" >&2", "-", "out -- x", "err"]);
    assert_eq!(text(&words.stdout), "out -- x\n");
    assert!(text(&words.stderr).starts_with("err\n"));
}

#[test]
fn commands_that_cannot_run_have_their_status() {
    let folder = Folder::new();
    let script = folder.write("plain.txt", "#!/bin/sh\n");
    for (command, status) in [("no-such-command", 127), (&*script, 126), ("/", 126)] {
        let report = folder.path("report");
        let output = run(&["--report", &report], &[command]);
        assert_eq!(output.status.code(), Some(status), "{command}");
        assert!(text(&output.stderr).starts_with(&format!("fauxforce: {command}: ")));
        assert_eq!(text(&output.stderr).lines().count(), 1);
        assert!(!std::path::Path::new(&report).exists());
    }
}

#[test]
fn what_is_wrong_before_the_command_has_its_status() {
    let folder = Folder::new();
    let file = folder.write("file", "x");
    let below = format!("{file}/report");
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let cases: [(&[&str], i32, &str); 9] = [
        (&["--env", "A={instance_urk}"], 64, "did you mean {instance_url}?"),
        (&["--env", "A={"], 64, "stands alone"),
        (&["--env", "no-template"], 64, "NAME=TEMPLATE"),
        (&["--port", "x"], 64, "invalid value"),
        (&["--no-such-option"], 64, "unexpected argument"),
        (&["--scenario", "no-such-scenario"], 65, "no such scenario"),
        (&["--schema", "no/such/file"], 65, "no/such/file"),
        (&["--port", &port], 69, "the port is taken"),
        (&["--report", &below], 73, &below),
    ];
    for (options, status, message) in cases {
        let output = sh(options, "echo ran");
        assert_eq!(output.status.code(), Some(status), "{options:?}: {}", text(&output.stderr));
        assert!(text(&output.stderr).contains(message), "{options:?}: {}", text(&output.stderr));
        assert_eq!(text(&output.stdout), "", "{options:?}");
    }
    assert_eq!(run(&[], &[]).status.code(), Some(64));
}

#[test]
fn unsupported_calls_can_fail_the_run() {
    let script = format!("{ASK} ask -X POST $SF_INSTANCE_URL/services/data/v66.0/graphql");
    let output = sh(&["--fail-on-unsupported"], &script);
    assert_eq!((text(&output.stdout), output.status.code()), ("501", Some(70)));
    assert!(text(&output.stderr).contains("not emulated: "), "{}", text(&output.stderr));
    assert_eq!(sh(&[], &script).status.code(), Some(0));
    // The command's own failure comes first.
    let failing = format!("{script}; exit 4");
    assert_eq!(sh(&["--fail-on-unsupported"], &failing).status.code(), Some(4));
    assert_eq!(sh(&["--fail-on-unsupported"], "exit 0").status.code(), Some(0));
}

#[cfg(feature = "tls")]
#[test]
fn a_ca_folder_that_is_not_writable_has_its_status() {
    let folder = Folder::new();
    let below = format!("{}/ca", folder.write("file", "x"));
    let output = sh(&["--ca-dir", &below], "echo ran");
    assert_eq!(output.status.code(), Some(73), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("--ca-dir names another"), "{}", text(&output.stderr));
    assert_eq!(text(&output.stdout), "");
}

/// A client that knows nothing but the usual variables reaches the org by Salesforce's own names, and
/// other hosts through the proxy that the server is.
#[cfg(feature = "tls")]
#[test]
fn clients_that_obey_the_variables_never_reach_the_real_hosts() {
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = other.local_addr().unwrap().port();
    let script = format!(
        "curl -s -o /dev/null -w '%{{http_code}} ' https://login.salesforce.com/services/data; \
         NO_PROXY= no_proxy= curl -s -m 1 -o /dev/null https://127.0.0.1:{port}/; true"
    );
    let output = sh(&[], &script);
    assert_eq!(text(&output.stdout), "200 ", "{}", text(&output.stderr));
    assert_eq!(
        text(&output.stderr),
        "fauxforce: 1 request, 0 errors, 0 unsupported, 1 host tunnelled\n\
         fauxforce: tunnelled to 127.0.0.1\n"
    );
    let output = sh(&["--refuse-other-hosts"], &script);
    assert!(text(&output.stderr).contains("0 hosts tunnelled"), "{}", text(&output.stderr));
}

#[test]
fn requests_through_an_orgs_own_port_are_counted_too() {
    let script = format!(
        "{ASK} URL=$(\"{BINARY}\" org create own --listen --json | sed \
         's/.*\"instance_url\":\"\\([^\"]*\\)\".*/\\1/'); ask $URL/services/data"
    );
    let output = sh(&[], &script);
    assert_eq!(text(&output.stdout), "200", "{}", text(&output.stderr));
    assert!(text(&output.stderr).starts_with("fauxforce: 1 request, "), "{}", text(&output.stderr));
}

#[test]
fn faults_strike_the_command() {
    let script = format!("{ASK} ask $SF_INSTANCE_URL/services/data/v66.0/limits");
    let fault = ["--fault", "server-unavailable"];
    assert_eq!(text(&sh(&fault, &script).stdout), "503");
    let mut command = exec(&[], &["sh", "-c", &format!("{script}; {script}; {script}")]);
    command.env("FAUXFORCE_FAULT", "request-limit-exceeded:nth=1,server-unavailable:nth=1");
    assert_eq!(text(&command.output().unwrap().stdout), "403503200");
    let wrong = sh(&["--fault", "no-such-fault"], "echo ran");
    assert_eq!((wrong.status.code(), text(&wrong.stdout)), (Some(64), ""));
}

#[test]
fn unmet_expectations_can_fail_the_run() {
    let verify = |times: &str| {
        format!(
            "{ASK} ask $SF_INSTANCE_URL/services/data/v66.0/limits; ask -d \
             '{{\"path\":\"/services/data/*/limits\",\"times\":{times}}}' -H 'Content-Type: \
             application/json' $FAUXFORCE_CONTROL_URL/orgs/default/requests/verify"
        )
    };
    let unmet = verify("{\"exactly\":2}");
    let output = sh(&["--fail-on-unverified"], &unmet);
    assert_eq!((text(&output.stdout), output.status.code()), ("200200", Some(71)));
    assert!(text(&output.stderr).contains("expectation unmet in org default: {\"path\""));
    assert_eq!(sh(&[], &unmet).status.code(), Some(0));
    let later = format!("{unmet}; {unmet}");
    assert_eq!(sh(&["--fail-on-unverified"], &later).status.code(), Some(0), "met in the end");
    let met = verify("{\"at_least\":1}");
    assert_eq!(sh(&["--fail-on-unverified"], &met).status.code(), Some(0));
    let failing = format!("{unmet}; exit 6");
    assert_eq!(sh(&["--fail-on-unverified"], &failing).status.code(), Some(6));
    // What is not emulated weighs more.
    let both = format!("{unmet}; ask -X POST $SF_INSTANCE_URL/services/data/v66.0/graphql");
    let output = sh(&["--fail-on-unverified", "--fail-on-unsupported"], &both);
    assert_eq!(output.status.code(), Some(70));
}

#[test]
fn the_summary_says_what_was_asked() {
    let silent = sh(&[], "exit 0");
    assert!(text(&silent.stderr).starts_with("fauxforce: 0 requests seen: "));
    assert_eq!(text(&sh(&["-q"], "exit 0").stderr), "");
    let script = format!(
        "{ASK} U=$SF_INSTANCE_URL; ask $U/services/data; ask $U/services/data/v66.0/nonsense; \
         ask -X POST $U/services/data/v66.0/graphql; ask $U/_fauxforce/orgs"
    );
    let output = sh(&[], &script);
    assert_eq!(text(&output.stdout), "200404501200");
    assert_eq!(
        text(&output.stderr),
        "fauxforce: 3 requests, 2 errors, 1 unsupported, 0 hosts tunnelled\n\
         fauxforce: not emulated: resource graphql (1 call)\n"
    );
    let output = sh(&["--json"], &format!("{script} >&2 2>/dev/null; exit 3"));
    let last = text(&output.stderr).lines().last().unwrap();
    let json = &last[last.find('{').unwrap()..];
    let summary: Json = serde_json::from_str(json).unwrap();
    assert_eq!(summary["status"], 3);
    assert_eq!(summary["requests"], 3);
    assert_eq!(summary["errors"], 2);
    assert_eq!(summary["unsupported"]["resource graphql"], 1);
    assert_eq!(summary["tunnelled"].as_array().map(Vec::len), Some(0));
}

#[test]
fn a_failure_leaves_its_evidence() {
    let folder = Folder::new();
    let report = folder.path("a/report");
    let script = format!(
        "{ASK} ask -d '{{\"Name\":\"Acme\"}}' -H 'Content-Type: application/json' \
         $SF_INSTANCE_URL/services/data/v66.0/sobjects/Account; \
         curl -s -o /dev/null -d '{{\"name\":\"mine\"}}' -H 'Content-Type: application/json' \
         $FAUXFORCE_CONTROL_URL/orgs; exit 5"
    );
    let clock = ["--clock", "2026-01-15T09:00:00Z", "--report", &report];
    let output = sh(&clock, &script);
    assert_eq!(output.status.code(), Some(5), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains(&format!("the evidence is in {report}")));
    let read = |file: &str| -> Json {
        let text = std::fs::read_to_string(format!("{report}/{file}")).expect(file);
        serde_json::from_str(&text).expect(file)
    };
    assert_eq!(read("summary.json")["status"], 5);
    let created = &read("default/diff.json")["objects"]["Account"]["created"][0];
    assert_eq!(created["record"]["Name"], "Acme");
    assert_eq!(read("mine/diff.json"), serde_json::json!({"objects": {}}));
    for org in ["default", "mine"] {
        let file = format!("{report}/{org}/org.fauxforce");
        let taken = sh(&[], &format!("\"{BINARY}\" snapshot import end {file}"));
        assert_eq!(text(&taken.stdout), "imported end\n", "{}", text(&taken.stderr));
    }
    let journal = read("default/requests.json");
    assert_eq!(journal["items"][0]["object"], "Account");
    assert_eq!(read("default/requests.har")["log"]["entries"].as_array().map(Vec::len), Some(1));
    for org in ["default", "mine"] {
        let now = &read(&format!("{org}/clock.json"))["now"];
        assert_eq!(now, "2026-01-15T09:00:00.000Z", "{org}");
    }

    // A run that ends well leaves nothing, not even the folder.
    let report = folder.path("b");
    assert!(sh(&["--report", &report], "exit 0").status.success());
    assert!(!std::path::Path::new(&report).exists());
    // One that was there stays.
    std::fs::create_dir(&report).unwrap();
    assert!(sh(&["--report", &report], "exit 0").status.success());
    assert_eq!(std::fs::read_dir(&report).unwrap().count(), 0);
}

/// A run whose command has said that it is ready.
fn started(script: &str) -> (Child, BufReader<std::process::ChildStdout>) {
    let mut child = exec(&["-q"], &["sh", "-c", script]).stdout(Stdio::piped()).spawn().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    output.read_line(&mut line).unwrap();
    assert_eq!(line, "ready\n");
    (child, output)
}

fn kill(signal: &str, pid: u32) {
    // The shell's own kill, so that no test needs a dependency for it.
    let command = format!("kill -{signal} {pid}");
    assert!(Command::new("sh").args(["-c", &command]).status().unwrap().success());
}

#[test]
fn signals_reach_the_command() {
    for (signal, number) in [("INT", 2), ("TERM", 15), ("HUP", 1), ("QUIT", 3)] {
        let script =
            format!("trap 'echo told; exit 9' {signal}; echo ready; while :; do sleep 0.05; done");
        let (mut child, mut output) = started(&script);
        kill(signal, child.id());
        assert_eq!(child.wait().unwrap().code(), Some(9), "{signal}");
        let mut rest = String::new();
        output.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "told\n", "{signal}");

        // A command that does not care ends as signals end programs.
        let (mut child, _output) = started("echo ready; exec sleep 60");
        kill(signal, child.id());
        assert_eq!(child.wait().unwrap().code(), Some(128 + number), "{signal}");
    }
}

#[test]
fn nothing_is_left_running_when_the_run_is_ended() {
    let (mut child, mut output) = started("sleep 60 & echo ready; sleep 60; true");
    kill("TERM", child.id());
    assert_eq!(child.wait().unwrap().code(), Some(143));
    // The pipe ends when nobody holds it any more: the sleeper in the background is gone too.
    let mut rest = String::new();
    output.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "");
}

#[test]
fn the_server_is_gone_afterwards() {
    let output = sh(&["-q"], "echo $SF_INSTANCE_URL");
    let authority = text(&output.stdout).trim().strip_prefix("http://").unwrap().to_owned();
    assert!(std::net::TcpStream::connect(authority).is_err());
}
