//! The binary: options, the ready line, exit statuses, signals.
#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used)] // Helpers of tests are tests too.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Output, Stdio};

/// The binary without the caller's own settings.
fn fauxforce(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fauxforce"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("FAUXFORCE_")) {
        command.env_remove(name);
    }
    // Not the CA of whoever runs the tests.
    command.env("FAUXFORCE_CA_DIR", concat!(env!("CARGO_TARGET_TMPDIR"), "/ca"));
    command.args(arguments).env_remove("RUST_LOG");
    command
}

fn run(arguments: &[&str]) -> Output {
    fauxforce(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// A server of its own, ended with this value.
struct Serving {
    child: Child,
    ready: serde_json::Value,
}

impl Serving {
    fn start(command: &mut Command) -> Serving {
        let mut child =
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary");
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let ready = serde_json::from_str(&line).expect("the ready line is JSON");
        Serving { child, ready }
    }

    fn url(&self) -> &str {
        self.ready["url"].as_str().unwrap()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn the_ready_line_names_everything() {
    let serving = Serving::start(&mut fauxforce(&["serve", "--port", "0", "--json"]));
    let url = serving.url();
    assert!(url.starts_with("http://localhost:"), "{url}");
    assert_eq!(serving.ready["control_url"], format!("{url}/_fauxforce"));
    let secure_url = serving.ready["secure_url"].as_str();
    let files = ["ca_file", "ca_bundle"].map(|name| serving.ready[name].as_str());
    if cfg!(feature = "tls") {
        assert_eq!(secure_url, Some(url.replace("http:", "https:").as_str()));
        for file in files {
            let text = std::fs::read_to_string(file.unwrap()).unwrap();
            assert!(text.starts_with("-----BEGIN CERTIFICATE-----"), "{file:?}");
        }
    } else {
        assert_eq!((secure_url, files), (None, [None, None]));
    }
    for name in [
        "id",
        "name",
        "instance_url",
        "username",
        "password",
        "security_token",
        "user_id",
        "access_token",
        "refresh_token",
        "client_id",
        "client_secret",
    ] {
        assert!(serving.ready["org"][name].is_string(), "{name}");
    }
    assert_eq!(serving.ready["org"]["instance_url"], url);
}

#[test]
fn options_are_variables_too() {
    let mut command = fauxforce(&["serve"]);
    command
        .env("FAUXFORCE_PORT", "0")
        .env("FAUXFORCE_JSON", "true")
        .env("FAUXFORCE_USERNAME", "svc@acme.test")
        .env("FAUXFORCE_PUBLIC_URL", "https://sf.acme.test");
    let serving = Serving::start(&mut command);
    assert_eq!(serving.ready["org"]["username"], "svc@acme.test");
    assert_eq!(serving.ready["org"]["instance_url"], "https://sf.acme.test");
}

#[test]
fn health_tells_whether_a_server_is_ready() {
    let serving = Serving::start(&mut fauxforce(&["serve", "--port", "0", "--json"]));
    let ready = run(&["health", "--url", serving.url(), "--wait", "10s"]);
    assert!(ready.status.success(), "{}", text(&ready.stderr));
    assert!(text(&ready.stdout).contains("\"status\":\"ready\""));

    let url = serving.url().to_owned();
    drop(serving);
    let gone = run(&["health", "--url", &url]);
    assert_eq!(gone.status.code(), Some(1));
    assert!(text(&gone.stderr).starts_with("fauxforce: no server at localhost:"));
}

#[test]
fn a_taken_port_has_its_status() {
    let serving = Serving::start(&mut fauxforce(&["serve", "--port", "0", "--json"]));
    let port = serving.url().rsplit(':').next().unwrap().to_owned();
    let second = run(&["serve", "--port", &port]);
    assert_eq!(second.status.code(), Some(69));
    assert!(text(&second.stderr).contains("the port is taken"));
    assert_eq!(text(&second.stdout), "");
}

#[test]
fn wrong_usage_has_its_status() {
    for arguments in [
        &["serve", "--port", "many"][..],
        &["serve", "--strict-state", "maybe"],
        &["serve", "--clock", "noon"],
        &["serve", "--host", "0.0.0.0", "--port", "0"],
        &["serve", "--intercept", "https://a"],
        &["serve", "--intercept", "*"],
        &["health", "--url", "ftp://localhost"],
        &["health", "--wait", "soon"],
        &["unknown"],
        &[],
    ] {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(64), "{arguments:?}");
        assert_eq!(text(&output.stdout), "");
        assert_ne!(text(&output.stderr), "");
    }
    assert!(run(&["--help"]).status.success());
    assert!(run(&["--version"]).status.success());
}

#[test]
fn unknown_scenarios_have_their_status() {
    for arguments in [
        &["serve", "--port", "0", "--scenario", "no-such-scenario"][..],
        &["scenario", "show", "no-such-scenario"],
        &["scenario", "check", "no-such-scenario"],
    ] {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(65), "{arguments:?}");
        assert!(text(&output.stderr).starts_with("fauxforce: "));
    }
}

#[cfg(unix)]
#[test]
fn signals_end_the_server_gracefully() {
    for signal in ["INT", "TERM"] {
        let mut serving = Serving::start(&mut fauxforce(&["serve", "--port", "0", "--json"]));
        // The shell's own kill, so that no test needs a dependency for it.
        let command = format!("kill -{signal} {}", serving.child.id());
        assert!(Command::new("sh").args(["-c", &command]).status().unwrap().success());
        assert_eq!(serving.child.wait().unwrap().code(), Some(0), "{signal}");
        let mut rest = String::new();
        serving.child.stdout.as_mut().unwrap().read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "", "nothing follows the ready line");
    }
}

#[test]
fn for_a_person_the_facts_are_printed_with_a_request_to_paste() {
    let mut child = fauxforce(&["serve", "--port", "0"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let told = lines.by_ref().map_while(Result::ok).any(|line| line.contains("curl -H"));
    // It may have ended by itself.
    let _ = child.kill();
    let _ = child.wait();
    assert!(told);
}
