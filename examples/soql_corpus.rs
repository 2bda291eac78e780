//! Measures the SOQL parser against a folder of labelled queries: `soql_corpus FOLDER`.
//!
//! The folder's `corpus.json` holds rows `{q, lang, valid, level, official_parser,
//! predicted_error: {row, column, message, kind}}`. Printed are three percentages (syntax-valid
//! rows accepted, syntax-invalid rows refused with `MALFORMED_QUERY`, predicted messages equal) and
//! every exception.

use fauxforce::soql::parser;
use serde_json::Value;

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

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::args().nth(1).ok_or("usage: soql_corpus FOLDER")?;
    let text = std::fs::read_to_string(std::path::Path::new(&folder).join("corpus.json"))?;
    let rows: Vec<Value> = serde_json::from_str(&text)?;
    let (mut accepted, mut refused, mut equal) =
        (Tally::default(), Tally::default(), Tally::default());
    for row in rows.iter().filter(|row| row["lang"] == "soql") {
        let query = row["q"].as_str().unwrap_or_default();
        let result = parser::parse(query);
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
    Ok(())
}
