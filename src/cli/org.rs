//! `fauxforce org list|create|fork|reset|delete`: the orgs of a running server.

use super::Exit;
use super::table::Rows;
use super::target::{Target, org_name, print, push_member};
use crate::api::{Json, json};
use clap::{Args, Subcommand};
use std::fmt::Write as _;

const HELP: &str = "\
Examples:
  fauxforce org create acme --scenario employees-ready-to-provision --clock 2026-01-15T09:00:00Z
  fauxforce org fork test-1                    # of the org that --org names; microseconds
  token=$(fauxforce org create --json | jq -r .access_token)
  fauxforce org reset --org acme
  fauxforce org delete acme test-1";

/// Options of `org`.
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(crate) struct OrgOptions {
    #[command(subcommand)]
    command: OrgCommand,
}

#[derive(Debug, Subcommand)]
enum OrgCommand {
    /// All orgs with what is needed to log in
    List(Common),
    /// Make an org: empty, from scenarios, from another org, or from a snapshot
    Create {
        #[command(flatten)]
        new: New,
        /// The org to fork
        #[arg(long, value_name = "ORG", value_parser = org_name)]
        from: Option<String>,
        #[command(flatten)]
        common: Common,
    },
    /// Make an org that shares every record with --org, copy on write
    Fork {
        #[command(flatten)]
        new: New,
        #[command(flatten)]
        common: Common,
    },
    /// Put an org back to how it was when it was created
    Reset {
        /// End its sessions too
        #[arg(long)]
        drop_sessions: bool,
        #[command(flatten)]
        common: Common,
    },
    /// Delete orgs
    Delete {
        /// Their names or ids
        #[arg(value_name = "ORG", required = true, value_parser = org_name)]
        orgs: Vec<String>,
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

/// What a new org is like.
#[derive(Debug, Args)]
struct New {
    /// Its name [default: one that is free]
    #[arg(value_parser = org_name)]
    name: Option<String>,
    /// The state to begin with: a snapshot of the origin
    #[arg(long, value_name = "NAME")]
    snapshot: Option<String>,
    /// A built-in scenario to load (repeatable)
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    scenario: Vec<String>,
    /// `real`, or an instant at which its clock stands still
    #[arg(long, value_name = "real|RFC3339")]
    clock: Option<String>,
    /// Seed of everything that is generated
    #[arg(long)]
    seed: Option<u64>,
    /// A note for people
    #[arg(long)]
    label: Option<String>,
    /// Delete it after so long, like PT1H
    #[arg(long, value_name = "DURATION")]
    ttl: Option<String>,
    /// Give it a port of its own
    #[arg(long)]
    listen: bool,
}

impl New {
    /// The body of `POST /orgs`.
    fn body(&self, from: Option<&str>) -> String {
        let mut body = String::from("{");
        push_member(&mut body, "name", self.name.as_deref());
        push_member(&mut body, "from", from);
        push_member(&mut body, "snapshot", self.snapshot.as_deref());
        push_member(&mut body, "clock", self.clock.as_deref());
        push_member(&mut body, "label", self.label.as_deref());
        push_member(&mut body, "ttl", self.ttl.as_deref());
        let mut add = |member: &str| {
            body.push_str(if body.ends_with('{') { "" } else { "," });
            body.push_str(member);
        };
        if !self.scenario.is_empty() {
            let mut list = String::from("\"scenarios\":[");
            for (place, name) in self.scenario.iter().enumerate() {
                list.push_str(if place > 0 { "," } else { "" });
                json::push_str(&mut list, name);
            }
            list.push(']');
            add(&list);
        }
        if let Some(seed) = self.seed {
            add(&format!("\"seed\":{seed}"));
        }
        if self.listen {
            add("\"listen\":true");
        }
        body.push('}');
        body
    }
}

/// Runs the subcommand.
pub(crate) fn run(options: &OrgOptions) -> Result<(), Exit> {
    match &options.command {
        OrgCommand::List(common) => list(common),
        OrgCommand::Create { new, from, common } => {
            make(common, "/orgs", &new.body(from.as_deref()))
        }
        OrgCommand::Fork { new, common } => {
            make(common, &common.target.path("/fork"), &new.body(None))
        }
        OrgCommand::Reset { drop_sessions, common } => {
            let body = if *drop_sessions { "{\"sessions\":\"drop\"}" } else { "" };
            make(common, &common.target.path("/reset"), body)
        }
        OrgCommand::Delete { orgs, common } => {
            let control = common.target.control()?;
            orgs.iter()
                .try_for_each(|org| control.call("DELETE", &format!("/orgs/{org}"), "").map(|_| ()))
        }
    }
}

fn list(common: &Common) -> Result<(), Exit> {
    let orgs = common.target.control()?.call("GET", "/orgs", "")?;
    if common.json {
        return print(&format!("{orgs}\n"));
    }
    let columns = ["name", "id", "instance_url", "username", "label"];
    let mut rows = Rows::new(&columns);
    for org in orgs.list(&["items"]) {
        let cell = |key: &&str| org.text(&[key]).unwrap_or_default().to_owned();
        rows.rows.push(columns.iter().map(cell).collect());
    }
    print(&rows.for_stdout())
}

/// A call that answers an org.
fn make(common: &Common, path: &str, body: &str) -> Result<(), Exit> {
    let org = common.target.control()?.call("POST", path, body)?;
    print(&if common.json { format!("{org}\n") } else { facts(&org) })
}

/// Its facts, one a line, as `serve` prints them.
fn facts(org: &Json) -> String {
    let width = org.members().iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let mut out = String::new();
    for (name, value) in org.members() {
        let value = match value {
            Json::Text(text) => text.clone(),
            other => other.to_string(),
        };
        let _ = writeln!(out, "{:width$}  {value}", name.replace('_', " "));
    }
    out
}
