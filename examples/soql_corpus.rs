//! Measures the SOQL front end against a folder of reference data: `soql_corpus FOLDER`.
//!
//! The folder's `corpus.json` holds rows `{q, lang, valid, level, official_parser,
//! predicted_error: {row, column, message, kind}}`. Printed are three percentages (syntax-valid
//! rows accepted, syntax-invalid rows refused with `MALFORMED_QUERY`, predicted messages equal),
//! whether the canonical text of each accepted query parses to the same tree, and every exception.
//!
//! Its `date-literal-windows.json` holds rows `{now, fiscal_year_start_month, user_locale, literal,
//! start, end}`, whole days in UTC.

use fauxforce::soql::dates::{Calendar, DateLiteral, FiscalYear, WeekStart, window};
use fauxforce::soql::parser;
use fauxforce::sosl;
use fauxforce::time;
use serde_json::Value;
use std::path::Path;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

#[derive(Default)]
struct Tally {
    good: usize,
    all: usize,
    exceptions: Vec<String>,
}

impl Tally {
    fn count(&mut self, good: bool, exception: impl FnOnce() -> String) {
        self.all += 1;
        if good {
            self.good += 1;
        } else {
            self.exceptions.push(exception());
        }
    }

    fn print(&self, title: &str) {
        let percent = 100.0 * self.good as f64 / self.all.max(1) as f64;
        println!("{title}: {} of {} ({percent:.2} %)", self.good, self.all);
        for exception in &self.exceptions {
            println!("    {exception}");
        }
    }
}

fn rows(folder: &Path, file: &str) -> Outcome<Vec<Value>> {
    Ok(serde_json::from_str(&std::fs::read_to_string(folder.join(file))?)?)
}

fn main() -> Outcome<()> {
    let folder = std::env::args().nth(1).ok_or("usage: soql_corpus FOLDER")?;
    let folder = Path::new(&folder);
    check_queries(&rows(folder, "corpus.json")?);
    check_searches(&rows(folder, "corpus.json")?);
    check_windows(&rows(folder, "date-literal-windows.json")?)?;
    Ok(())
}

fn check_searches(rows: &[Value]) {
    let (mut accepted, mut refused) = (Tally::default(), Tally::default());
    for row in rows.iter().filter(|row| row["lang"] == "sosl" && row["level"] == "syntax") {
        let query = row["q"].as_str().unwrap_or_default();
        let result = sosl::parser::parse(query);
        if row["valid"] == true {
            accepted.count(result.is_ok(), || format!("{query:?}\n        {:?}", result.err()));
        } else {
            let expected = row["expect"]["message"].as_str();
            let good = result.as_ref().is_err_and(|error| {
                error.code == "MALFORMED_SEARCH"
                    && expected.is_none_or(|message| error.message == message)
            });
            refused.count(good, || format!("{query:?}\n        {:?}", result.err()));
        }
    }
    accepted.print("valid searches accepted");
    refused.print("invalid searches refused");
}

fn check_windows(rows: &[Value]) -> Outcome<()> {
    let mut tally = Tally::default();
    for row in rows {
        let text = |key: &str| row[key].as_str().ok_or("a key is missing");
        let literal = text("literal")?;
        let (name, n) = literal.split_once(':').map_or((literal, None), |(a, b)| (a, Some(b)));
        let calendar = Calendar {
            zone: "UTC",
            week_start: WeekStart::of_locale(text("user_locale")?),
            fiscal: FiscalYear {
                start_month: row["fiscal_year_start_month"].as_u64().unwrap_or(1) as u32,
                named_by_start: false,
            },
        };
        let day = |text: &str| time::parse_date(text).ok_or("no date");
        let now = i64::from(day(text("now")?)?) * time::DAY + time::DAY / 2;
        let n = n.map(str::parse).transpose()?;
        let found = DateLiteral::from_name(name).and_then(|it| window(it, n, now, &calendar));
        let found = found.map(|window| (window.first_day, window.end_day));
        let expected = Some((day(text("start")?)?, day(text("end")?)?));
        tally.count(found == expected, || format!("{row}\n        {found:?}"));
    }
    tally.print("windows equal");
    Ok(())
}

fn check_queries(rows: &[Value]) {
    let (mut accepted, mut refused) = (Tally::default(), Tally::default());
    let (mut equal, mut printed) = (Tally::default(), Tally::default());
    for row in rows.iter().filter(|row| row["lang"] == "soql") {
        let query = row["q"].as_str().unwrap_or_default();
        let result = parser::parse(query);
        if let Ok(tree) = &result {
            let text = tree.to_string();
            let again = parser::parse(&text);
            printed.count(again.as_ref() == Ok(tree), || {
                format!("{query:?}\n        {text:?}\n        {:?}", again.err())
            });
        }
        // The official parser's verdict is the label to trust; rows about meaning are not asked.
        let is_valid = row["official_parser"].as_bool().or(row["valid"].as_bool());
        if row["level"] == "syntax" && row["valid"] == row["official_parser"] {
            match &result {
                Err(error) if is_valid == Some(true) => {
                    accepted.count(false, || format!("{query:?}\n        {error:?}"));
                }
                Ok(_) if is_valid == Some(false) => refused.count(false, || format!("{query:?}")),
                Ok(_) => accepted.count(true, String::new),
                Err(error) => refused.count(error.code == "MALFORMED_QUERY", || {
                    format!("{query:?}\n        {error:?}")
                }),
            }
        }
        let predicted = &row["predicted_error"];
        if let Some(message) = predicted["message"].as_str() {
            let place = (predicted["row"].as_u64(), predicted["column"].as_u64());
            let got = result.err();
            let is_equal = got.as_ref().is_some_and(|error| {
                let found = error
                    .position
                    .map(|(row, column)| (Some(u64::from(row)), Some(u64::from(column))));
                error.message.ends_with(&format!("\n{message}")) && found == Some(place)
            });
            equal.count(is_equal, || {
                let got = got.map(|error| (error.message.to_string(), error.position));
                format!("{query:?}\n        expected {place:?} {message:?}\n        got {got:?}")
            });
        }
    }
    accepted.print("valid accepted");
    refused.print("invalid refused");
    equal.print("messages equal");
    printed.print("printed and parsed again");
}
