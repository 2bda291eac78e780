//! `fauxforce snapshot save|restore|list|diff|delete|export|import`: named states of a running org.

use super::Exit;
use super::table::Rows;
use super::target::{Target, print, segment};
use crate::api::Json;
use clap::{Args, Subcommand};
use std::fmt::Write as _;
use std::path::PathBuf;

const HELP: &str = "\
Examples:
  fauxforce snapshot save before
  fauxforce snapshot diff before               # what has changed since
  fauxforce snapshot restore before
  fauxforce snapshot export before before.snapshot
  fauxforce snapshot import before before.snapshot --url http://other:7357";

/// Options of `snapshot`.
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(crate) struct SnapshotOptions {
    #[command(subcommand)]
    command: SnapshotCommand,
}

#[derive(Debug, Subcommand)]
enum SnapshotCommand {
    /// Keep the org's state under a name
    Save {
        /// The name
        name: String,
        /// Forget an older one of this name
        #[arg(long)]
        replace: bool,
        #[command(flatten)]
        common: Common,
    },
    /// Put the org back to a state that was kept
    Restore {
        /// The name
        name: String,
        /// End the org's sessions too
        #[arg(long)]
        drop_sessions: bool,
        #[command(flatten)]
        common: Common,
    },
    /// The org's snapshots
    List(Common),
    /// What was created, updated, deleted and undeleted between two of them, or since one
    Diff {
        /// The earlier one
        from: String,
        /// The later one [default: now]
        to: Option<String>,
        #[command(flatten)]
        common: Common,
    },
    /// Forget snapshots
    Delete {
        /// Their names
        #[arg(value_name = "NAME", required = true)]
        names: Vec<String>,
        #[command(flatten)]
        common: Common,
    },
    /// Write a snapshot to a file
    Export {
        /// The name
        name: String,
        /// The file; `-` for stdout
        file: PathBuf,
        #[command(flatten)]
        common: Common,
    },
    /// Read a snapshot from a file
    Import {
        /// The name that it gets
        name: String,
        /// The file
        file: PathBuf,
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

fn path(name: &str, rest: &str) -> String {
    format!("/snapshots/{}{rest}", segment(name))
}

/// Runs the subcommand.
pub(crate) fn run(options: &SnapshotOptions) -> Result<(), Exit> {
    match &options.command {
        SnapshotCommand::Save { name, replace, common } => {
            let items = if *replace { common.call("GET", "/snapshots", "")? } else { Json::Null };
            let is_own = |item: &Json| item.text(&["name"]) == Some(name);
            if items.list(&["items"]).iter().any(is_own) {
                common.call("DELETE", &path(name, ""), "")?;
            }
            done(common, &common.call("PUT", &path(name, ""), "")?, &format!("saved {name}"))
        }
        SnapshotCommand::Restore { name, drop_sessions, common } => {
            let body = if *drop_sessions { "{\"sessions\":\"drop\"}" } else { "" };
            let answer = common.call("POST", &path(name, "/restore"), body)?;
            done(common, &answer, &format!("restored {name}"))
        }
        SnapshotCommand::List(common) => list(common),
        SnapshotCommand::Diff { from, to, common } => {
            let to = to.as_ref().map(|to| format!("&to={}", segment(to))).unwrap_or_default();
            let diff = common.call("GET", &format!("/diff?from={}{to}", segment(from)), "")?;
            print(&if common.json { format!("{diff}\n") } else { told_diff(&diff) })
        }
        SnapshotCommand::Delete { names, common } => {
            names.iter().try_for_each(|name| common.call("DELETE", &path(name, ""), "").map(|_| ()))
        }
        SnapshotCommand::Export { name, file, common } => export(common, name, file),
        SnapshotCommand::Import { name, file, common } => {
            let bytes = std::fs::read(file)
                .map_err(|error| Exit::bad_fixture(format!("{}: {error}", file.display())))?;
            let target = common.target.path(&path(name, "/file"));
            let control = common.target.control()?;
            let answer = control.send("PUT", &target, "application/octet-stream", &bytes)?;
            let answer = Json::parse(&answer.body).unwrap_or(Json::Null);
            done(common, &answer, &format!("imported {name}"))
        }
    }
}

/// What was done, in a word or in the API's JSON.
fn done(common: &Common, answer: &Json, words: &str) -> Result<(), Exit> {
    if common.json && *answer != Json::Null {
        return print(&format!("{answer}\n"));
    }
    print(&format!("{words}\n"))
}

fn list(common: &Common) -> Result<(), Exit> {
    let snapshots = common.call("GET", "/snapshots", "")?;
    if common.json {
        return print(&format!("{snapshots}\n"));
    }
    let columns = ["name", "at", "records"];
    let mut rows = Rows::new(&columns);
    for item in snapshots.list(&["items"]) {
        let cell = |key: &&str| match item.at(&[key]) {
            None => String::new(),
            Some(Json::Text(text)) => text.clone(),
            Some(other) => other.to_string(),
        };
        rows.rows.push(columns.iter().map(cell).collect());
    }
    print(&rows.for_stdout())
}

fn export(common: &Common, name: &str, file: &PathBuf) -> Result<(), Exit> {
    use std::io::Write as _;
    let target = common.target.path(&path(name, "/file"));
    let answer = common.target.control()?.send("GET", &target, "application/json", b"")?;
    let written = if file.as_os_str() == "-" {
        std::io::stdout().write_all(&answer.body)
    } else {
        std::fs::write(file, &answer.body)
    };
    written.map_err(|error| Exit::not_writable(format!("{}: {error}", file.display())))
}

/// A line for each record, a line for each changed field below it.
fn told_diff(diff: &Json) -> String {
    let mut out = String::new();
    for (object, kinds) in diff.at(&["objects"]).map_or(&[][..], Json::members) {
        for (kind, mark) in
            [("created", '+'), ("updated", '~'), ("deleted", '-'), ("undeleted", '^')]
        {
            for record in kinds.list(&[kind]) {
                let id = record.text(&["id"]).unwrap_or_default();
                let _ = writeln!(out, "{mark} {object} {id}");
                for (name, value) in record.at(&["record"]).map_or(&[][..], Json::members) {
                    if *value != Json::Null && name != "attributes" && name != "Id" {
                        let _ = writeln!(out, "    {name}: {value}");
                    }
                }
                for (name, after) in record.at(&["after"]).map_or(&[][..], Json::members) {
                    let before = record.at(&["before", name]).unwrap_or(&Json::Null);
                    let _ = writeln!(out, "    {name}: {before} -> {after}");
                }
            }
        }
    }
    if out.is_empty() {
        out.push_str("no differences\n");
    }
    out
}
