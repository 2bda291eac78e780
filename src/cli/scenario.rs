//! `fauxforce scenario list|show|check`: the scenario fixtures.
//!
//! PLACEHOLDER: [`built_in`] and [`check_text`] are what touches scenarios; both wait for the
//! scenario module. Until then nothing is built in and a check refuses, so no fixture passes that
//! was not run.

use super::Exit;
use clap::{Args, Subcommand};
use std::path::Path;

/// Options of `scenario`.
#[derive(Debug, Args)]
pub(crate) struct ScenarioOptions {
    #[command(subcommand)]
    command: ScenarioCommand,
}

#[derive(Debug, Subcommand)]
enum ScenarioCommand {
    /// Names and titles of the built-in scenarios
    List,
    /// The fixture of a built-in scenario, as TOML
    Show {
        /// Its name
        name: String,
    },
    /// Validate and run scenarios; without names, all built-in ones
    Check {
        /// Names of built-in scenarios, or paths of fixture files
        #[arg(value_name = "NAME|PATH")]
        scenarios: Vec<String>,
    },
}

/// A scenario that comes with the binary.
#[derive(Clone, Copy, Debug)]
struct BuiltIn {
    name: &'static str,
    title: &'static str,
    text: &'static str,
}

/// All built-in scenarios by name. PLACEHOLDER.
fn built_in() -> &'static [BuiltIn] {
    &[]
}

/// Loads a scenario, runs it and compares what it expects. PLACEHOLDER.
fn check_text(_text: &str) -> Result<(), String> {
    Err("scenarios cannot be run yet".to_owned())
}

/// Runs the subcommand.
pub(crate) fn run(options: &ScenarioOptions) -> Result<(), Exit> {
    match &options.command {
        ScenarioCommand::List => {
            let width = built_in().iter().map(|scenario| scenario.name.len()).max().unwrap_or(0);
            for scenario in built_in() {
                println!("{:width$}  {}", scenario.name, scenario.title);
            }
            Ok(())
        }
        ScenarioCommand::Show { name } => {
            let scenario = find(name).ok_or_else(|| unknown(name))?;
            print!("{}", scenario.text);
            Ok(())
        }
        ScenarioCommand::Check { scenarios } => check(scenarios),
    }
}

/// Checks all of them before it fails, so that one run shows every problem.
fn check(scenarios: &[String]) -> Result<(), Exit> {
    let named: Vec<&str> = if scenarios.is_empty() {
        built_in().iter().map(|scenario| scenario.name).collect()
    } else {
        scenarios.iter().map(String::as_str).collect()
    };
    let mut failed = 0;
    for name in &named {
        match text_of(name).and_then(|text| check_text(&text).map_err(Exit::bad_fixture)) {
            Ok(()) => println!("ok      {name}"),
            Err(problem) => {
                println!("failed  {name}: {problem}");
                failed += 1;
            }
        }
    }
    if failed == 0 {
        return Ok(());
    }
    Err(Exit::bad_fixture(format!("{failed} of {} scenarios failed", named.len())))
}

/// The text of a built-in scenario or of a file.
fn text_of(name: &str) -> Result<String, Exit> {
    if let Some(scenario) = find(name) {
        return Ok(scenario.text.to_owned());
    }
    if !Path::new(name).exists() {
        return Err(unknown(name));
    }
    std::fs::read_to_string(name).map_err(|error| Exit::bad_fixture(format!("{name}: {error}")))
}

fn find(name: &str) -> Option<BuiltIn> {
    built_in().iter().find(|scenario| scenario.name == name).copied()
}

fn unknown(name: &str) -> Exit {
    Exit::bad_fixture(format!("{name}: no built-in scenario has this name, and no file this path"))
}
