//! Exchanges as data: every file under `tests/golden` is a list of requests and the exact answers
//! that a fresh org gives to them, in order. `tests/golden/README.md` describes the format.
//!
//! `FAUXFORCE_GOLDEN=part-of-a-path` runs only the files that match. `FAUXFORCE_BLESS=1` writes the
//! actual answers into the files, to be reviewed.
#![allow(clippy::disallowed_methods)] // Its switches are variables of the environment.
#![cfg(feature = "cli")]

mod common;
#[path = "golden/format.rs"]
mod format;

use common::Answer;
use common::served::{Client, Served};
use format::{Exchange, Golden, Mark};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// Headers that belong to the connection, not to the answer.
const OF_THE_CONNECTION: [&str; 4] =
    ["content-length", "transfer-encoding", "connection", "keep-alive"];

/// The host that requests name: with the port, answers that link to it would differ from run to run.
const HOST: &str = "org.localhost";

#[test]
fn every_exchange_is_answered_exactly() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut files = Vec::new();
    collect(&root, &mut files);
    files.sort();
    let wanted = std::env::var("FAUXFORCE_GOLDEN").unwrap_or_default();
    let shown =
        |file: &Path| file.strip_prefix(&root).unwrap_or(file).to_string_lossy().replace('\\', "/");
    files.retain(|file| shown(file).contains(&wanted));
    assert!(!files.is_empty(), "no golden file matches {wanted:?}");
    let bless = std::env::var("FAUXFORCE_BLESS").is_ok_and(|value| value == "1");
    assert!(!(bless && std::env::var("CI").is_ok()), "answers are not blessed in CI");

    let waiting = Mutex::new(files.iter());
    let problems = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                loop {
                    let Some(file) = waiting.lock().unwrap().next() else { return };
                    let outcome = std::panic::catch_unwind(|| run(file, bless))
                        .unwrap_or_else(|panic| Err(said(panic.as_ref())));
                    if let Err(problem) = outcome {
                        problems.lock().unwrap().push((shown(file), problem));
                    }
                }
            });
        }
    });
    let mut problems = problems.into_inner().unwrap();
    problems.sort();
    let mut report = String::new();
    for (file, problem) in &problems {
        let _ = write!(report, "\n── {file}\n{problem}");
    }
    assert!(problems.is_empty(), "{} of {} files differ{report}", problems.len(), files.len());
}

fn said(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    format!("the exchange broke off: {}\n", text.unwrap_or("panic"))
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "golden") {
            files.push(path);
        }
    }
}

/// Runs one file against an org of its own.
fn run(file: &Path, bless: bool) -> Result<(), String> {
    let text = std::fs::read_to_string(file).map_err(|error| format!("{error}\n"))?;
    let mut golden = format::parse(&text)?;
    let options: Vec<&str> = golden.options.iter().map(String::as_str).collect();
    let served = Served::start_with(&options);
    let mut client = served.client();
    let mut captures = Vec::new();
    let mut report = String::new();
    for exchange in &mut golden.exchanges {
        let filled = |text: &str| filled(&served, &captures, text);
        for number in 1..exchange.times {
            let before = ask(&mut client, &filled, exchange, number);
            assert!(before.status < 300, "{}: {}", exchange.title, before.text());
        }
        let answer = ask(&mut client, &filled, exchange, exchange.times);
        capture(&mut captures, exchange, &answer);
        let actual = observed(&served, &captures, exchange, &answer);
        if bless {
            exchange.answer = actual;
        } else if let Some(difference) = format::difference(&exchange.answer, &actual) {
            let _ = write!(report, "=== {}\n{difference}", exchange.title);
        }
    }
    if bless {
        return write_back(file, &text, &golden);
    }
    if report.is_empty() { Ok(()) } else { Err(report) }
}

fn write_back(file: &Path, before: &str, golden: &Golden) -> Result<(), String> {
    let after = format::print(golden);
    assert!(format::parse(&after).is_ok_and(|again| again == *golden), "{after}");
    if after == before {
        return Ok(());
    }
    std::fs::write(file, after).map_err(|error| format!("{error}\n"))
}

/// Values of headers that a file gave names.
type Captures = Vec<(String, String)>;

/// A header that is expected to be a new name in braces gives its value that name.
fn capture(captures: &mut Captures, exchange: &Exchange, answer: &Answer) {
    for (header, mark) in &exchange.answer.headers {
        let Mark::Is(name) = mark else { continue };
        let plain = |name: &str| name.bytes().all(|byte| byte.is_ascii_lowercase());
        let inner = name.strip_prefix('{').and_then(|name| name.strip_suffix('}'));
        if inner.is_some_and(plain)
            && !captures.iter().any(|(own, _)| own == name)
            && let Some(value) = answer.header(header)
        {
            captures.push((name.clone(), value.to_owned()));
        }
    }
}

fn filled(served: &Served, captures: &Captures, text: &str) -> String {
    let fill = |text: String, (name, value): &(String, String)| text.replace(name, value);
    captures.iter().fold(served.filled(text), fill)
}

/// Sends an exchange's request. Unless it says otherwise it carries the first session's token, and a
/// body is JSON.
fn ask(
    client: &mut Client,
    filled: &dyn Fn(&str) -> String,
    exchange: &Exchange,
    number: u32,
) -> Answer {
    let request = &exchange.request;
    let fill = |text: &str| filled(text).replace("{n}", &number.to_string());
    let mut headers: Vec<(String, String)> = Vec::new();
    for (name, value) in &request.headers {
        if let Mark::Is(value) = value {
            headers.push((name.clone(), fill(value)));
        }
    }
    let named = |name: &str| request.headers.iter().any(|(own, _)| own.eq_ignore_ascii_case(name));
    if !named("Host") {
        headers.push(("Host".to_owned(), HOST.to_owned()));
    }
    if !named("Authorization") {
        headers.push(("Authorization".to_owned(), fill("Bearer {token}")));
    }
    if !named("Content-Type") && !request.body.is_empty() {
        headers.push(("Content-Type".to_owned(), "application/json".to_owned()));
    }
    let headers: Vec<(&str, &str)> =
        headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let body = match std::str::from_utf8(&request.body) {
        Ok(text) => fill(text).into_bytes(),
        Err(_) => request.body.clone(),
    };
    client.send(&request.method, &fill(&request.target), &headers, &body)
}

/// The answer in the form of the file: the headers that the file names, or all if it wants them all.
fn observed(
    served: &Served,
    captures: &Captures,
    exchange: &Exchange,
    answer: &Answer,
) -> format::Answer {
    let unfill = |text: String, (name, value): &(String, String)| text.replace(value, name);
    let plain = |text: &str| captures.iter().fold(served.unfilled(text), unfill);
    let expected = &exchange.answer;
    let of_answer = |name: &str| !OF_THE_CONNECTION.contains(&name.to_lowercase().as_str());
    let mut headers: Vec<(String, Mark)> = Vec::new();
    if expected.exactly {
        for (name, value) in answer.headers.iter().filter(|(name, _)| of_answer(name)) {
            headers.push((spelled(name), Mark::Is(plain(value))));
        }
    } else {
        let named = if expected.status == 0 { &usual(answer) } else { &expected.headers };
        for (name, _) in named {
            // A header that is named twice is expected twice.
            if headers.iter().any(|(own, _)| own.eq_ignore_ascii_case(name)) {
                continue;
            }
            let own = answer.headers.iter().filter(|(own, _)| own.eq_ignore_ascii_case(name));
            let values: Vec<&String> = own.map(|(_, value)| value).collect();
            if values.is_empty() {
                headers.push((name.clone(), Mark::Absent));
            }
            for value in values {
                headers.push((name.clone(), Mark::Is(plain(value))));
            }
        }
    }
    let body = match std::str::from_utf8(&answer.body) {
        Ok(text) => plain(text).into_bytes(),
        Err(_) => answer.body.clone(),
    };
    let (body, prefix) = match &expected.prefix {
        true if expected.status != 0 => {
            (body.get(..expected.body.len()).unwrap_or(&body).to_vec(), true)
        }
        _ => (body, false),
    };
    format::Answer { status: answer.status, exactly: expected.exactly, headers, body, prefix }
}

/// The headers that a new exchange shows.
fn usual(answer: &Answer) -> Vec<(String, Mark)> {
    ["Location", "Content-Type", "Allow"]
        .iter()
        .filter(|name| answer.header(name).is_some())
        .map(|name| ((*name).to_owned(), Mark::Absent))
        .collect()
}

/// A header's name as it is usually spelled; on the wire letter case does not count.
fn spelled(name: &str) -> String {
    let mut starts = true;
    let capital = |c: char| {
        let own = if starts { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() };
        starts = c == '-';
        own
    };
    name.chars().map(capital).collect()
}
