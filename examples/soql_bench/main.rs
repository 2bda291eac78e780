//! SOQL against `SQLite` in memory, over the same 310,000 rows, in one run: `scripts/bench soql`.
//!
//! Ours is parse, plan, execution and REST JSON of the text of a query. The base is a prepared
//! statement (an unprepared one for the point read) stepped to its end, its rows written as the
//! same JSON. The rounds of both are taken in turn; printed are medians of 15, in CPU time of the
//! one thread that does all the work: on an idle machine that is the time on the wall. Then the
//! parser against the crate `sqlparser` on texts that both accept, and how cost grows with the
//! number of rows.
#![allow(clippy::disallowed_methods)] // A benchmark reads clocks.

mod base;
mod data;
mod parsers;
mod queries;

use fauxforce::api::query_json;
use fauxforce::id::Id;
use fauxforce::soql::{self, Context};
use fauxforce::store::{IndexCache, State};
use queries::Row;
use rustix::time::{ClockId, clock_gettime};
use std::error::Error;
use std::fmt::Write as _;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

const USAGE: &str = "\
soql_bench [--corpus FOLDER] [NAME…]   rows whose names contain one of these; all without names
                                       FOLDER holds a corpus.json for the row of the parsers
soql_bench --ours NAME SECONDS         our side of one row over and over, for a profiler";

/// Rounds of which the median is taken.
const ROUNDS: usize = 15;

/// API version of the answers.
const VERSION: u32 = 66;

type Outcome<T> = Result<T, Box<dyn Error>>;

/// One org and what was built for its queries so far.
struct Org {
    state: Arc<State>,
    indexes: IndexCache,
    user: Id,
    out: String,
}

impl Org {
    fn new(sizes: data::Sizes) -> Outcome<Org> {
        let state = data::org(sizes)?;
        let user = data::id(&state.schema, "User", 1);
        Ok(Org { state, indexes: IndexCache::default(), user, out: String::new() })
    }

    /// Answers a query; the answer stays in `out`.
    fn answer(&mut self, query: &str) -> Outcome<usize> {
        let context = Context::new(&self.state, &self.indexes, self.user, 0, VERSION);
        let result = soql::query(query, &context).map_err(|error| error.to_string())?;
        self.out.clear();
        query_json::page(&mut self.out, &result, 0, 2000, VERSION, None);
        Ok(result.total())
    }
}

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    if let [flag, rest @ ..] = &words[..]
        && *flag == "--ours"
    {
        return repeat_ours(rest);
    }
    let mut corpus = None;
    if let Some(at) = words.iter().position(|word| *word == "--corpus") {
        corpus = words.get(at + 1).copied();
        words.drain(at..(at + 2).min(words.len()));
    }
    if words.iter().any(|word| word.starts_with('-')) {
        println!("{USAGE}");
        return Ok(());
    }
    let wanted = |name: &str| words.is_empty() || words.iter().any(|word| name.contains(word));
    let rows: Vec<Row> = queries::all().into_iter().filter(|row| wanted(row.name)).collect();
    println!("{:46}  {:>9}  {:>9}  {:>6}  {:>6}", "", "base", "ours", "ratio", "target");
    if !rows.is_empty() {
        let mut org = Org::new(data::USUAL)?;
        let base = base::Base::new(data::USUAL)?;
        for row in &rows {
            measure(row, &mut org, &base)?;
        }
    }
    if wanted("parser") {
        parsers::compare(corpus)?;
    }
    if wanted("growth") {
        growth()?;
    }
    Ok(())
}

fn measure(row: &Row, org: &mut Org, base: &base::Base) -> Outcome<()> {
    let mut text = String::new();
    // Both sides must find as much; the second answer is as warm as those that are timed.
    for _ in 0..2 {
        let (soql, sql) = row.texts(org, 0);
        let ours = org.answer(&soql)?;
        let theirs = base.answer(row, &sql, &mut text)?;
        if ours != theirs {
            return Err(format!("{}: {ours} rows, SQLite {theirs}", row.name).into());
        }
    }
    let (mut base_times, mut our_times) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let texts: Vec<(String, String)> =
            (0..row.repeats).map(|at| row.texts(org, round * row.repeats + at)).collect();
        let start = spent();
        for (_, sql) in &texts {
            black_box(base.answer(row, sql, &mut text)?);
        }
        base_times.push((spent() - start) / row.repeats as f64);
        let start = spent();
        for (soql, _) in &texts {
            black_box(org.answer(soql)?);
        }
        our_times.push((spent() - start) / row.repeats as f64);
    }
    print(row.name, median(&mut base_times), median(&mut our_times), Some(row.target));
    Ok(())
}

fn print(name: &str, base: f64, ours: f64, target: Option<f64>) {
    let target = target.map_or(String::new(), |target| format!("{target:.1}"));
    let ratio = base / ours;
    println!("{name:46}  {:>9}  {:>9}  {ratio:>6.1}  {target:>6}", time(base), time(ours));
}

/// Nanoseconds of CPU time that this thread took so far.
fn spent() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 * 1e9 + time.tv_nsec as f64
}

fn time(nanoseconds: f64) -> String {
    match nanoseconds {
        short if short < 1_000_000.0 => format!("{:.2} µs", short / 1_000.0),
        long => format!("{:.2} ms", long / 1_000_000.0),
    }
}

fn median(times: &mut [f64]) -> f64 {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Our side of one row for some seconds.
fn repeat_ours(words: &[&str]) -> Outcome<()> {
    let [name, seconds] = words else { return Err(USAGE.into()) };
    let rows = queries::all();
    let row = rows.iter().find(|row| row.name.contains(name)).ok_or("no such row")?;
    let seconds: u64 = seconds.parse()?;
    let mut org = Org::new(data::USUAL)?;
    let (start, from) = (Instant::now(), spent());
    let mut count = 0;
    while start.elapsed().as_secs() < seconds {
        org.answer(&row.texts(&org, count).0)?;
        count += 1;
    }
    println!("{}: {}", row.name, time((spent() - from) / count as f64));
    Ok(())
}

/// Cost over 10,000, 100,000 and 1,000,000 opportunities, in nanoseconds a row.
fn growth() -> Outcome<()> {
    let queries = queries::growing();
    let mut lines: Vec<String> = queries.iter().map(|(name, _)| format!("{name:46}")).collect();
    println!("\n{:46}  {:>22}  {:>22}  {:>22}", "growth", "10,000 rows", "100,000", "1,000,000");
    for rows in [10_000, 100_000, 1_000_000] {
        let sizes = data::Sizes { accounts: rows / 20, contacts: rows / 2, opportunities: rows };
        let mut org = Org::new(sizes)?;
        for ((_, query), line) in queries.iter().zip(&mut lines) {
            org.answer(query)?;
            let mut times = Vec::new();
            for _ in 0..ROUNDS {
                let start = spent();
                black_box(org.answer(query)?);
                times.push(spent() - start);
            }
            let median = median(&mut times);
            let each = format!("{:.1} ns a row", median / rows as f64);
            let _ = write!(line, "  {:>9} {each:>12}", time(median));
        }
    }
    for line in lines {
        println!("{line}");
    }
    Ok(())
}
