//! `fauxforce fault list|add|clear|release`: what goes wrong on purpose in a running org.

use super::Exit;
use super::table::Rows;
use super::target::{Target, print, segment};
use crate::api::Json;
use clap::{Args, Subcommand};
use std::io::Read as _;

const HELP: &str = "\
Examples:
  fauxforce fault list --names                 # the faults that have names
  fauxforce fault add row-lock:object=Account,nth=3
  fauxforce fault add slow:delay=PT2S,path=/services/data/**
  fauxforce fault add '{\"match\":{\"operation\":\"query\"},\"then\":{\"error\":\"QUERY_TIMEOUT\"}}'
  fauxforce fault clear                        # all rules; with ids, only those";

/// Options of `fault`.
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(crate) struct FaultOptions {
    #[command(subcommand)]
    command: FaultCommand,
}

#[derive(Debug, Subcommand)]
enum FaultCommand {
    /// The org's rules, and how often each matched
    List {
        /// The faults that have names instead, and what they do
        #[arg(long)]
        names: bool,
        #[command(flatten)]
        common: Common,
    },
    /// Add a rule, and print its id
    Add {
        /// A named fault with parameters, a rule as JSON, or `-` for JSON from stdin
        #[arg(value_name = "NAME[:KEY=VALUE,…]|JSON|-")]
        rule: String,
        #[command(flatten)]
        common: Common,
    },
    /// Take rules away
    Clear {
        /// Their ids [default: all]
        #[arg(value_name = "ID")]
        ids: Vec<String>,
        #[command(flatten)]
        common: Common,
    },
    /// Let go the requests that a rule with `hold` holds
    Release {
        /// The rule's id
        id: String,
        #[command(flatten)]
        common: Common,
    },
}

#[derive(Debug, Args)]
struct Common {
    #[command(flatten)]
    target: Target,
    /// Print the control API's own JSON
    #[arg(long)]
    json: bool,
}

impl Common {
    fn call(&self, method: &str, rest: &str, body: &str) -> Result<Json, Exit> {
        self.target.control()?.call(method, &self.target.path(rest), body)
    }
}

/// Runs the subcommand.
pub(crate) fn run(options: &FaultOptions) -> Result<(), Exit> {
    match &options.command {
        FaultCommand::List { names: true, common } => {
            let library = common.target.control()?.call("GET", "/faults", "")?;
            listed(common, &library, &["name", "title"])
        }
        FaultCommand::List { names: false, common } => {
            let rules = common.call("GET", "/faults", "")?;
            listed(common, &rules, &["id", "name", "match", "when", "then", "matched"])
        }
        FaultCommand::Add { rule, common } => {
            let rule = common.call("POST", "/faults", &body(rule)?)?;
            let id = rule.text(&["id"]).unwrap_or_default();
            print(&if common.json { format!("{rule}\n") } else { format!("{id}\n") })
        }
        FaultCommand::Clear { ids, common } if ids.is_empty() => {
            common.call("DELETE", "/faults", "").map(|_| ())
        }
        FaultCommand::Clear { ids, common } => ids.iter().try_for_each(|id| {
            common.call("DELETE", &format!("/faults/{}", segment(id)), "").map(|_| ())
        }),
        FaultCommand::Release { id, common } => {
            let path = format!("/faults/{}/release", segment(id));
            let answer = common.call("POST", &path, "")?;
            if common.json && answer != Json::Null { print(&format!("{answer}\n")) } else { Ok(()) }
        }
    }
}

fn listed(common: &Common, items: &Json, columns: &[&str]) -> Result<(), Exit> {
    if common.json {
        return print(&format!("{items}\n"));
    }
    let mut rows = Rows::new(columns);
    for item in items.list(&["items"]) {
        let cell = |key: &&str| match item.at(&[key]) {
            None => String::new(),
            Some(Json::Text(text)) => text.clone(),
            Some(other) => other.to_string(),
        };
        rows.rows.push(columns.iter().map(cell).collect());
    }
    print(&rows.for_stdout())
}

/// The body of `POST …/faults`.
fn body(rule: &str) -> Result<String, Exit> {
    if rule == "-" {
        let mut text = String::new();
        let read = std::io::stdin().read_to_string(&mut text);
        return read.map(|_| text).map_err(|error| Exit::usage(format!("stdin: {error}")));
    }
    if rule.starts_with('{') {
        return Ok(rule.to_owned());
    }
    named(rule)
}

/// `NAME:key=value,…` as JSON. Which keys there are, the server knows.
fn named(rule: &str) -> Result<String, Exit> {
    let (name, parameters) = rule.split_once(':').unwrap_or((rule, ""));
    let text = |value: &str| Json::Text(value.to_owned());
    let mut members = vec![("name".to_owned(), text(name))];
    let mut record = Vec::new();
    for pair in parameters.split(',').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair
            .split_once('=')
            .ok_or_else(|| Exit::usage(format!("fault {rule}: {pair} is no key=value")))?;
        if let Some(field) = key.strip_prefix("record.") {
            record.push((field.to_owned(), text(value)));
            continue;
        }
        let is_plain = ["nth", "every", "times", "probability", "status", "truncate"];
        let value = match Json::parse(value.as_bytes()) {
            Some(number @ Json::Number(_)) if is_plain.contains(&key) => number,
            Some(flag @ Json::Bool(_)) if key == "expire_session" => flag,
            _ => text(value),
        };
        members.push((key.to_owned(), value));
    }
    if !record.is_empty() {
        members.push(("record".to_owned(), Json::Object(record)));
    }
    Ok(Json::Object(members).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn named_faults_become_json() {
        let cases = [
            ("slow", r#"{"name":"slow"}"#),
            (
                "row-lock:object=Account,nth=3,record.Name=Acme",
                r#"{"name":"row-lock","object":"Account","nth":3,"record":{"Name":"Acme"}}"#,
            ),
            (
                "x:probability=0.5,path=/a/**,message=7",
                r#"{"name":"x","probability":0.5,"path":"/a/**","message":"7"}"#,
            ),
        ];
        for (rule, expected) in cases {
            assert_eq!(named(rule).map_err(|exit| exit.to_string()).as_deref(), Ok(expected));
        }
        assert!(named("slow:delay").is_err());
    }
}
