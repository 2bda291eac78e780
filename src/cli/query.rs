//! `fauxforce query`: SOQL against a running server, all pages of its result.

use super::Exit;
use super::client::{Answer, Client};
use super::table::Rows;
use super::target::{Target, print, told};
use crate::api::Json;
use clap::Args;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use std::fmt::Write as _;
use std::io::Read as _;

const HELP: &str = "\
Examples:
  fauxforce query \"SELECT Id, Name, Owner.Username FROM Account ORDER BY Name\"
  fauxforce query --csv \"SELECT Id FROM Employee2 WHERE EmployeeStatus = 'Active'\" > ids.csv
  fauxforce query --json \"SELECT COUNT() FROM User\" | jq .totalSize
  fauxforce query --org mine - < report.soql

On a terminal the result is a table, anywhere else CSV. Exit status: 0; 1 when the org refuses the
query (its words, with the caret, go to stderr) or there is no server; 64 usage.";

/// Options of `query`.
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(crate) struct QueryOptions {
    #[command(flatten)]
    target: Target,
    /// Print `{"totalSize","done","records"}` with the records of all pages
    #[arg(long, conflicts_with = "csv")]
    json: bool,
    /// Print CSV
    #[arg(long)]
    csv: bool,
    /// Deleted rows too, as queryAll has them
    #[arg(long)]
    all: bool,
    /// The query; `-` reads it from stdin
    #[arg(value_name = "SOQL")]
    soql: String,
}

/// Asks for columns and records and prints them.
pub(crate) fn run(options: &QueryOptions) -> Result<(), Exit> {
    let mut soql = options.soql.clone();
    if soql == "-" {
        soql.clear();
        let read = std::io::stdin().read_to_string(&mut soql);
        read.map_err(|error| Exit::usage(format!("stdin: {error}")))?;
    }
    let soql = soql.trim();
    let resource = if options.all { "queryAll" } else { "query" };
    let query = utf8_percent_encode(soql, NON_ALPHANUMERIC);
    let target = format!("/services/data/v67.0/{resource}?q={query}");
    let mut session = Session::open(&options.target)?;
    if options.json {
        let (total, records) = session.records(&target)?;
        let records: Vec<String> = records.iter().map(ToString::to_string).collect();
        return print(&format!(
            "{{\"totalSize\":{total},\"done\":true,\"records\":[{}]}}\n",
            records.join(",")
        ));
    }
    let columns = session.ask(&format!("{target}&columns=true"))?;
    let mut paths = Vec::new();
    add_columns(&mut paths, &[], columns.list(&["columnMetadata"]));
    let (total, records) = session.records(&target)?;
    let mut rows = Rows::default();
    if paths.is_empty() {
        rows.columns.push("COUNT()".to_owned());
        rows.rows.push(vec![total.to_string()]);
    } else {
        rows.columns = paths.iter().map(|path| path.join(".")).collect();
        let row = |record| paths.iter().map(|path| cell(record, path)).collect();
        rows.rows = records.iter().map(row).collect();
    }
    print(&if options.csv { rows.csv() } else { rows.for_stdout() })
}

/// The paths of the columns: `Owner.Name` is below `Owner`; a child query is a column of its own.
fn add_columns(paths: &mut Vec<Vec<String>>, parent: &[String], columns: &[Json]) {
    for column in columns {
        let mut path = parent.to_vec();
        path.extend(column.text(&["columnName"]).map(ToOwned::to_owned));
        let below = column.list(&["joinColumns"]);
        let is_child_query = column.at(&["aggregate"]) == Some(&Json::Bool(true));
        if below.is_empty() || is_child_query {
            paths.push(path);
        } else {
            add_columns(paths, &path, below);
        }
    }
}

/// A value as a cell: text as it is, nothing for `null`, and JSON for what has parts.
fn cell(record: &Json, path: &[String]) -> String {
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    match record.at(&path) {
        None => String::new(),
        Some(Json::Text(text)) => text.clone(),
        Some(rows) if rows.at(&["records"]).is_some() => {
            let records = rows.list(&["records"]).iter().map(plain).collect();
            Json::List(records).to_string()
        }
        Some(other) => plain(other).to_string(),
    }
}

/// The same without `attributes`.
fn plain(json: &Json) -> Json {
    match json {
        Json::Object(members) => {
            let own = members.iter().filter(|(name, _)| name != "attributes");
            Json::Object(own.map(|(name, value)| (name.clone(), plain(value))).collect())
        }
        other => other.clone(),
    }
}

/// A session with the org.
struct Session {
    client: Client,
    org: Json,
    is_renewed: bool,
}

impl Session {
    /// Takes the org's first session from the control API.
    fn open(target: &Target) -> Result<Session, Exit> {
        let org = target.control()?.call("GET", &target.path(""), "")?;
        let token = org.text(&["access_token"]).unwrap_or_default();
        let client = target.client()?.bearer(token).map_err(told)?;
        Ok(Session { client, org, is_renewed: false })
    }

    /// GET; a session that has ended is renewed once.
    fn ask(&mut self, target: &str) -> Result<Json, Exit> {
        let mut answer = self.client.send("GET", target, b"").map_err(told)?;
        if answer.status == 401 && !self.is_renewed {
            self.is_renewed = true;
            self.log_in()?;
            answer = self.client.send("GET", target, b"").map_err(told)?;
        }
        let json = Json::parse(&answer.body).ok_or_else(|| unreadable(&answer))?;
        if answer.status == 200 { Ok(json) } else { Err(refused(&json, &answer)) }
    }

    fn log_in(&mut self) -> Result<(), Exit> {
        let mut form = String::from("grant_type=password");
        for name in ["username", "password", "client_id", "client_secret"] {
            let value = self.org.text(&[name]).unwrap_or_default();
            let _ = write!(form, "&{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC));
        }
        let form_type = "application/x-www-form-urlencoded";
        let path = "/services/oauth2/token";
        let answer = self.client.send_as(form_type, "POST", path, form.as_bytes()).map_err(told)?;
        let json = Json::parse(&answer.body).ok_or_else(|| unreadable(&answer))?;
        let token = json.text(&["access_token"]).ok_or_else(|| refused(&json, &answer))?;
        self.client = self.client.clone().bearer(token).map_err(told)?;
        Ok(())
    }

    /// The number of records, and the records of all pages.
    fn records(&mut self, target: &str) -> Result<(u64, Vec<Json>), Exit> {
        let first = self.ask(target)?;
        let total = first.number(&["totalSize"]).unwrap_or_default();
        Ok((total, self.all_pages(first)?))
    }

    /// The records of a page and of all that follow it, their child queries complete too.
    fn all_pages(&mut self, mut page: Json) -> Result<Vec<Json>, Exit> {
        let mut records = Vec::new();
        loop {
            let next = page.text(&["nextRecordsUrl"]).map(ToOwned::to_owned);
            if let Json::Object(members) = page {
                for (name, value) in members {
                    if let (true, Json::List(items)) = (name == "records", value) {
                        records.extend(items);
                    }
                }
            }
            let Some(next) = next else { break };
            page = self.ask(&next)?;
        }
        for record in &mut records {
            let Json::Object(members) = record else { continue };
            for (_, value) in members {
                if value.text(&["nextRecordsUrl"]).is_some() {
                    let total = value.at(&["totalSize"]).cloned().unwrap_or(Json::Null);
                    let all = self.all_pages(std::mem::replace(value, Json::Null))?;
                    *value = Json::Object(vec![
                        ("totalSize".to_owned(), total),
                        ("done".to_owned(), Json::Bool(true)),
                        ("records".to_owned(), Json::List(all)),
                    ]);
                }
            }
        }
        Ok(records)
    }
}

/// Salesforce's own words; its messages about a place in a query begin with a line feed.
fn refused(json: &Json, answer: &Answer) -> Exit {
    let error = match json {
        Json::List(errors) => errors.first().unwrap_or(&Json::Null),
        other => other,
    };
    let code = error.text(&["errorCode"]).or_else(|| error.text(&["error"]));
    let message = error.text(&["message"]).or_else(|| error.text(&["error_description"]));
    match (code, message) {
        (Some(code), Some(message)) if message.starts_with('\n') => {
            Exit::failed(format!("{code}{message}"))
        }
        (Some(code), Some(message)) => Exit::failed(format!("{code}: {message}")),
        _ => unreadable(answer),
    }
}

fn unreadable(answer: &Answer) -> Exit {
    Exit::failed(format!("the answer has status {} and is no result", answer.status))
}
