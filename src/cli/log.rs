//! `fauxforce log`: the requests that an org was sent, with the hint of why each was refused.

use super::Exit;
use super::target::{Target, print};
use crate::api::Json;
use clap::Args;
use std::fmt::Write as _;
use std::time::Duration;

/// Between two looks at the journal.
const PAUSE: Duration = Duration::from_millis(200);

/// Entries that one call asks for.
const PAGE: usize = 1_000;

const HELP: &str = "\
Examples:
  fauxforce log --follow
  fauxforce log --unsupported                  # what the code under test needs and is not emulated
  fauxforce log --object Account --status 400
  fauxforce log --json | jq 'select(.status >= 400) | .path'";

/// Options of `log`.
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(crate) struct LogOptions {
    #[command(flatten)]
    target: Target,
    /// Go on with the requests that come, until interrupted
    #[arg(short, long)]
    follow: bool,
    /// Only what came after this number
    #[arg(long, value_name = "SEQ", default_value_t = 0)]
    since: u64,
    /// Only these methods
    #[arg(long)]
    method: Option<String>,
    /// Only this path, or those that a pattern such as */query* matches
    #[arg(long)]
    path: Option<String>,
    /// Only this status
    #[arg(long)]
    status: Option<u16>,
    /// Only requests about this object
    #[arg(long)]
    object: Option<String>,
    /// Only what is not emulated
    #[arg(long)]
    unsupported: bool,
    /// Print each entry as one line of JSON, headers and bodies included
    #[arg(long)]
    json: bool,
}

impl LogOptions {
    /// The query of the journal after an entry.
    fn query(&self, since: u64) -> String {
        let mut query = format!("?since={since}&limit={PAGE}");
        let status = self.status.map(|status| status.to_string());
        let filters = [
            ("method", self.method.as_deref()),
            ("path", self.path.as_deref()),
            ("status", status.as_deref()),
            ("object", self.object.as_deref()),
            ("unsupported", self.unsupported.then_some("true")),
        ];
        for (name, value) in filters {
            if let Some(value) = value {
                let _ = write!(query, "&{name}={}", super::target::segment(value));
            }
        }
        query
    }
}

/// Prints what is there, and what comes if that is wanted.
#[allow(clippy::disallowed_methods)] // A command that watches another process has no other clock.
pub(crate) fn run(options: &LogOptions) -> Result<(), Exit> {
    let control = options.target.control()?;
    let mut since = options.since;
    loop {
        let path = options.target.path(&format!("/requests{}", options.query(since)));
        let journal = control.call("GET", &path, "")?;
        let mut entries: Vec<(u64, &Json)> = journal
            .list(&["items"])
            .iter()
            .filter_map(|entry| Some((entry.number(&["seq"])?, entry)))
            .filter(|(seq, _)| *seq > since)
            .collect();
        entries.sort_by_key(|(seq, _)| *seq);
        let mut out = String::new();
        for (seq, entry) in &entries {
            since = *seq;
            if options.json {
                let _ = writeln!(out, "{entry}");
            } else {
                push_entry(&mut out, entry);
            }
        }
        print(&out)?;
        if entries.is_empty() {
            if !options.follow {
                return Ok(());
            }
            std::thread::sleep(PAUSE);
        }
    }
}

/// One line, and below it what was refused and why.
fn push_entry(out: &mut String, entry: &Json) {
    let text = |key| entry.text(&[key]).unwrap_or_default();
    let number = |key| entry.number(&[key]).unwrap_or_default();
    let at = text("at");
    let time = at.split_once('T').map_or(at, |(_, time)| time.trim_end_matches('Z'));
    let millis = number("duration_us") as f64 / 1_000.0;
    let _ = write!(
        out,
        "{time} {:>3} {:6} {} ({millis:.1} ms",
        number("status"),
        text("method"),
        readable(text("path")),
    );
    for about in [text("operation"), text("object")] {
        if !about.is_empty() {
            let _ = write!(out, ", {about}");
        }
    }
    out.push_str(")\n");
    for (label, value) in [
        ("fault", entry.at(&["fault"]).map(plain)),
        ("not emulated", entry.at(&["unsupported"]).map(plain)),
        ("hint", header(entry, "x-fauxforce-hint")),
    ] {
        if let Some(value) = value {
            let _ = writeln!(out, "    {label}: {}", printable(&value));
        }
    }
}

/// A path as a person reads it: its escapes undone.
fn readable(path: &str) -> String {
    printable(&percent_encoding::percent_decode_str(path).decode_utf8_lossy())
}

/// Text without what would command the terminal.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn plain(value: &Json) -> String {
    match value {
        Json::Text(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A header of the answer, letter case aside.
fn header(entry: &Json, wanted: &str) -> Option<String> {
    let headers = entry.at(&["response", "headers"])?.members();
    let found = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
    found.map(|(_, value)| plain(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_a_line_with_what_went_wrong_below() {
        let entry = Json::parse(
            br#"{"seq":3,"at":"2026-01-15T09:00:00.000Z","method":"GET","path":"/q?q=SELECT%20Id%1b",
                "operation":"query","object":"User","status":400,"duration_us":1250,
                "fault":"f1","response":{"headers":{"X-Fauxforce-Hint":"try\nthis"}}}"#,
        );
        let mut out = String::new();
        push_entry(&mut out, &entry.unwrap());
        assert_eq!(
            out,
            "09:00:00.000 400 GET    /q?q=SELECT Id  (1.2 ms, query, User)\n    fault: f1\n    \
             hint: try this\n"
        );
    }
}
