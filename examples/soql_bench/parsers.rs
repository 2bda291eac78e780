//! The parser against the crate `sqlparser`, on the same texts: those that both accept.

use crate::{Outcome, ROUNDS, median, print, queries, spent};
use fauxforce::soql::parser;
use serde_json::Value;
use sqlparser::dialect::GenericDialect;
use sqlparser::parser::Parser;
use std::hint::black_box;
use std::path::Path;

/// Prints the average time a text. Without a folder the texts are the benchmark's own queries.
pub(crate) fn compare(folder: Option<&str>) -> Outcome<()> {
    let own = || queries::growing().iter().map(|(_, query)| (*query).to_owned()).collect();
    let all: Vec<String> = match folder {
        Some(folder) => valid(folder)?,
        None => own(),
    };
    let both: Vec<&String> = all.iter().filter(|text| sql(text)).collect();
    let (mut base, mut ours, mut every) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        base.push(average(both.len(), || both.iter().for_each(|text| _ = black_box(sql(text)))));
        ours.push(average(both.len(), || both.iter().for_each(|text| _ = black_box(soql(text)))));
        every.push(average(all.len(), || all.iter().for_each(|text| _ = black_box(soql(text)))));
    }
    let bytes = both.iter().map(|text| text.len()).sum::<usize>() / both.len().max(1);
    let name = format!("parser, {} texts of {bytes} bytes", both.len());
    print(&name, median(&mut base), median(&mut ours), Some(1.0));
    let bytes = all.iter().map(String::len).sum::<usize>() / all.len().max(1);
    let every = median(&mut every) / 1000.0;
    println!("    ours over all {} texts of {bytes} bytes: {every:.2} µs", all.len());
    Ok(())
}

/// The queries of a corpus that are valid.
fn valid(folder: &str) -> Outcome<Vec<String>> {
    let text = std::fs::read_to_string(Path::new(folder).join("corpus.json"))?;
    let rows: Vec<Value> = serde_json::from_str(&text)?;
    let texts = rows.iter().filter(|row| row["lang"] == "soql").filter_map(|row| row["q"].as_str());
    Ok(texts.filter(|text| soql(text)).map(str::to_owned).collect())
}

fn soql(text: &str) -> bool {
    parser::parse(text).is_ok()
}

fn sql(text: &str) -> bool {
    Parser::parse_sql(&GenericDialect {}, text).is_ok()
}

fn average(count: usize, work: impl FnOnce()) -> f64 {
    let start = spent();
    work();
    (spent() - start) / count.max(1) as f64
}
