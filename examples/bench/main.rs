//! Measures what a request costs. `scripts/bench` builds and runs it.
//!
//! Every row is compared with the same base: a bare hyper server that answers 300 fixed bytes (over
//! TLS: rustls and hyper alone), measured in the same run, in turn with the row. What counts is the CPU time of the server's
//! process per request (`process`), not the time on the wall; requests come from a process of their
//! own (`load`), so that its work is not counted. The rows are in `rows`: a new one is one line.
#![allow(clippy::disallowed_methods)] // A benchmark reads clocks and waits.

mod load;
mod process;
mod provisioning;
mod rows;
mod servers;
mod table;

use rows::{Measure, Row};
use std::process::ExitCode;

const USAGE: &str = "\
bench                          the rows of examples/bench/rows.rs whose server can be started
bench NAME…                    only the rows whose names contain one of these
bench provisioning             what the engine of provisioning costs
bench request [--url URL --pid PID] [--connections N] METHOD TARGET [-H 'Name: value']… [-d BODY]
                               one request to a running server (without --url: to one started now)
Environment: BENCH_ROUNDS (default 9), BENCH_REQUESTS per round (default 20000)";

/// How much is measured.
#[derive(Clone, Copy)]
struct Effort {
    rounds: usize,
    requests: usize,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let effort =
        Effort { rounds: number("BENCH_ROUNDS", 9), requests: number("BENCH_REQUESTS", 20_000) };
    let outcome = match words.as_slice() {
        // Roles of the child processes.
        ["role", "bare"] => servers::bare(),
        ["role", "edge", handler] => servers::edge(handler),
        ["role", "bare-tls"] => servers::bare_tls(),
        ["role", "edge-tls"] => servers::edge_tls(),
        ["role", "load", rest @ ..] => load::run(rest),
        ["role", "load-tls", authority, count] => load::handshakes(authority, count),
        ["--help" | "-h" | "help"] => {
            println!("{USAGE}");
            Ok(())
        }
        ["provisioning"] => provisioning::run(effort),
        ["request", rest @ ..] => Row::from_arguments(rest).and_then(|row| measure(&[row], effort)),
        names => {
            let rows: Vec<Row> = rows::all()
                .into_iter()
                .filter(|row| names.is_empty() || names.iter().any(|name| row.name.contains(name)))
                .collect();
            measure(&rows, effort)
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("bench: {problem}");
            ExitCode::FAILURE
        }
    }
}

fn number(variable: &str, default: usize) -> usize {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// Measures rows in turn with their base and prints the table.
fn measure(rows: &[Row], effort: Effort) -> Result<(), String> {
    let mut table = table::Table::default();
    for row in rows {
        eprintln!("measuring {}", row.name);
        let measured = match &row.measure {
            Measure::Request { server, request, connections } => {
                process::request_cost(server, request, *connections, effort)
            }
            Measure::Prepared { before, request, sparse } => {
                let fewer = Effort { requests: (effort.requests / sparse).max(20), ..effort };
                process::prepared_cost(before, request, fewer, effort)
            }
            Measure::Compared { with, without, before, request } => {
                process::compared_cost(with, without, before, request, effort)
            }
            Measure::MemoryAfter { before } => process::memory_after(before),
            Measure::MemoryAdded { before, then } => process::memory_added(before, then),
            Measure::Handshake => process::handshake_cost(effort),
            Measure::Start { server } => process::start_time(server, effort),
            Measure::Exec => process::exec_time(effort),
            Measure::Memory { server } => process::idle_memory(server, effort),
            Measure::InProcess { work } => process::in_process(*work, effort),
        };
        match measured {
            Ok(measured) => table.add(row.name.clone(), measured),
            Err(problem) => table.fail(row.name.clone(), problem),
        }
    }
    print!("{table}");
    if table.is_whole() { Ok(()) } else { Err("not every row could be measured".to_owned()) }
}
