//! `fauxforce scenario list|show|check`: the scenario fixtures.

use super::Exit;
use clap::{Args, Subcommand};

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

/// Runs the subcommand.
pub(crate) fn run(options: &ScenarioOptions) -> Result<(), Exit> {
    match &options.command {
        ScenarioCommand::List => {
            let built_in = crate::facade::built_in_scenarios();
            let width = built_in.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
            for (name, title) in built_in {
                println!("{name:width$}  {title}");
            }
            Ok(())
        }
        ScenarioCommand::Show { name } => {
            let text = crate::facade::built_in_scenario(name).ok_or_else(|| unknown(name))?;
            print!("{text}");
            Ok(())
        }
        ScenarioCommand::Check { scenarios } => check(scenarios),
    }
}

/// Checks all of them before it fails, so that one run shows every problem.
fn check(scenarios: &[String]) -> Result<(), Exit> {
    let built_in = crate::facade::built_in_scenarios();
    let named: Vec<&str> = if scenarios.is_empty() {
        built_in.iter().map(|(name, _)| *name).collect()
    } else {
        scenarios.iter().map(String::as_str).collect()
    };
    let mut failed = 0;
    for name in &named {
        match crate::facade::check_scenario(name) {
            Ok(()) => println!("ok      {name}"),
            Err(problems) => {
                println!("failed  {name}");
                for problem in problems {
                    println!("        {problem}");
                }
                failed += 1;
            }
        }
    }
    if failed == 0 {
        return Ok(());
    }
    Err(Exit::bad_fixture(format!("{failed} of {} scenarios failed", named.len())))
}

fn unknown(name: &str) -> Exit {
    Exit::bad_fixture(format!("{name}: no built-in scenario has this name, and no file this path"))
}
