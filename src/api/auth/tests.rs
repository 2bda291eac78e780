//! Exchanges as data (`tests/golden/auth`), and what data cannot say well.

use super::testing::{self, ADMINISTRATOR, Fixture, NOW, USER, keys, member, outcome};
use crate::api::http::{Method, Request, Response};
use std::fmt::Write as _;
use std::path::Path;

/// Runs an exchange file against a new default org. A request is the lines that begin with `>`
/// (request line, headers, an empty one, body), its response those with `<`.
fn run(text: &str) -> String {
    let fixture = Fixture::new();
    let org = fixture.org();
    let fill = |text: &str| {
        let own = &org.credentials;
        text.replace("{client_id}", &own.client_id)
            .replace("{client_secret}", &own.client_secret)
            .replace("{security_token}", &own.security_token)
            .replace("{access_token}", &own.access_token)
            .replace("{refresh_token}", &own.refresh_token)
    };
    let mut out = String::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let Some(first) = line.strip_prefix("> ") else {
            if !line.starts_with('<') {
                let _ = writeln!(out, "{line}");
            }
            continue;
        };
        let mut said = vec![first];
        while let Some(line) = lines.next_if(|line| line.starts_with('>')) {
            said.push(line[1..].strip_prefix(' ').unwrap_or(&line[1..]));
        }
        for line in &said {
            let _ = writeln!(out, "{}", format!("> {line}").trim_end());
        }
        let response = fixture.send(request(&said, &fill));
        print(&mut out, response);
    }
    out
}

fn request(lines: &[&str], fill: &impl Fn(&str) -> String) -> Request {
    let (method, target) = lines[0].split_once(' ').expect("method and target");
    let method = Method::parse(method).expect("a method");
    let mut request = Request::new(method, &fill(target));
    let mut rest = lines[1..].iter();
    for line in rest.by_ref().take_while(|line| !line.is_empty()) {
        let (name, value) = line.split_once(": ").expect("a header");
        if name == "Host" {
            request.origin.host = value.to_owned();
            request.origin.secure = value.ends_with("salesforce.com");
        } else {
            request.headers.push(name, &fill(value));
        }
    }
    let body: Vec<&str> = rest.copied().collect();
    request.body(fill(&body.join("\n")))
}

fn print(out: &mut String, response: Response) {
    let _ = writeln!(out, "< {}", response.status);
    for name in ["Content-Type", "Location", "X-Fauxforce-Unsupported", "X-Fauxforce-Hint"] {
        if let Some(value) = response.header(name) {
            let _ = writeln!(out, "< {name}: {value}");
        }
    }
    let (_, body) = outcome(response);
    if !body.is_empty() {
        let _ = writeln!(out, "<");
        for line in body.lines() {
            let _ = writeln!(out, "{}", format!("< {line}").trim_end());
        }
    }
}

#[test]
fn recorded_exchanges() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/auth");
    let mut files: Vec<_> = std::fs::read_dir(&folder)
        .expect("the folder of exchanges")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "http"))
        .collect();
    files.sort();
    assert!(!files.is_empty());
    let mut differing = String::new();
    for path in files {
        let expected = std::fs::read_to_string(&path).expect("an exchange file");
        let found = run(&expected);
        if found != expected {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let _ = writeln!(differing, "==== {name} answers now:\n{found}==== end");
        }
    }
    assert!(differing.is_empty(), "{differing}");
}
