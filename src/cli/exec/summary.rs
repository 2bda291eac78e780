//! What `exec` says at the end.

use super::super::Verbosity;
use crate::api::json;
use crate::facade::Counts;
use std::fmt::Write as _;

/// How it went.
pub(super) struct Summary {
    /// The command's exit status.
    pub(super) status: u8,
    /// What the server was asked.
    pub(super) counts: Counts,
    /// Hosts that are not Salesforce's, to which the server was a mere proxy.
    pub(super) tunnelled: Vec<String>,
}

/// Unsupported calls were made, and shall not.
const UNSUPPORTED: u8 = 70;

/// Expectations are unmet.
const UNVERIFIED: u8 = 71;

impl Summary {
    /// The exit status: the command's own comes first.
    pub(super) fn outcome(&self, fail_on_unsupported: bool, fail_on_unverified: bool) -> u8 {
        if self.status != 0 {
            self.status
        } else if fail_on_unsupported && self.counts.unsupported_calls() > 0 {
            UNSUPPORTED
        } else if fail_on_unverified && self.counts.unmet().next().is_some() {
            UNVERIFIED
        } else {
            0
        }
    }

    /// Prints it on stderr; with `-q` only what made the run fail.
    pub(super) fn print(&self, outcome: u8, verbosity: Verbosity, as_json: bool) {
        if as_json {
            eprintln!("{}", self.to_json(outcome));
            return;
        }
        if !verbosity.quiet {
            eprintln!("fauxforce: {}", self.first_line());
            if !self.tunnelled.is_empty() {
                eprintln!("fauxforce: tunnelled to {}", self.tunnelled.join(", "));
            }
        }
        if !verbosity.quiet || outcome == UNSUPPORTED {
            for (what, calls) in &self.counts.unsupported {
                eprintln!("fauxforce: not emulated: {what} ({})", plural(*calls, "call"));
            }
        }
        if !verbosity.quiet || outcome == UNVERIFIED {
            for expectation in self.counts.unmet() {
                eprintln!("fauxforce: expectation unmet in org {expectation}");
            }
        }
    }

    fn first_line(&self) -> String {
        let counts = &self.counts;
        if counts.requests == 0 {
            return "0 requests seen: the command never came; SF_INSTANCE_URL told it where, and \
                    --env can tell it under another name"
                .to_owned();
        }
        let mut line = plural(counts.requests, "request");
        let _ = write!(line, ", {}", plural(counts.errors, "error"));
        let _ = write!(line, ", {} unsupported", counts.unsupported_calls());
        let _ = write!(line, ", {} tunnelled", plural(self.tunnelled.len() as u64, "host"));
        line
    }

    /// The same for programs, with the exit status.
    pub(super) fn to_json(&self, status: u8) -> String {
        let counts = &self.counts;
        let mut out = format!(
            "{{\"status\":{status},\"requests\":{},\"errors\":{},\"unsupported\":{{",
            counts.requests, counts.errors
        );
        for (place, (what, calls)) in counts.unsupported.iter().enumerate() {
            out.push_str(if place > 0 { "," } else { "" });
            json::push_str(&mut out, what);
            let _ = write!(out, ":{calls}");
        }
        out.push_str("},\"unmet\":");
        push_list(&mut out, counts.unmet());
        out.push_str(",\"tunnelled\":");
        push_list(&mut out, self.tunnelled.iter().map(String::as_str));
        out.push('}');
        out
    }
}

fn push_list<'a>(out: &mut String, items: impl Iterator<Item = &'a str>) {
    out.push('[');
    for (place, item) in items.enumerate() {
        out.push_str(if place > 0 { "," } else { "" });
        json::push_str(out, item);
    }
    out.push(']');
}

fn plural(count: u64, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}
