//! The command line: one file per command, each with *parse* (a clap struct), *apply* and *render*.
//! Only `main.rs` calls this. Results go to stdout, log lines to stderr.

mod client;
mod clock;
mod env;
mod environment;
mod exec;
mod fault;
mod health;
mod log;
mod org;
mod query;
mod scenario;
mod schema;
mod seed;
mod serve;
mod snapshot;
mod table;
mod target;

use clap::builder::BoolishValueParser;
use clap::{Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
use std::fmt;
use std::process::ExitCode;

const HELP: &str = "\
Examples:
  fauxforce serve                              # an org on http://localhost:7357, until Ctrl-C
  fauxforce exec -- npm test                   # the same for as long as a command runs
  fauxforce query \"SELECT Id, Name FROM Account\"
  fauxforce log --follow                       # what is asked, and why it was refused

Commands that talk to a running server take --url (FAUXFORCE_URL) and --org (FAUXFORCE_ORG). Every
option of serve and exec can be given as a variable: --refuse-other-hosts is
FAUXFORCE_REFUSE_OTHER_HOSTS; those that can be repeated hold several, separated by commas.

Results go to stdout, log lines to stderr. Exit status: 0 done, 1 it did not work out, 64 usage, 65 bad
fixture or schema, 69 port taken, 73 CA folder or output not writable; exec adds its command's own.";

/// A local Salesforce org for tests.
#[derive(Debug, Parser)]
#[command(
    name = "fauxforce",
    version,
    about,
    disable_help_subcommand = true,
    after_help = HELP
)]
struct Arguments {
    #[command(flatten)]
    verbosity: Verbosity,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start a fake org and serve until interrupted
    #[command(after_help = serve::HELP)]
    Serve(Box<serve::ServeOptions>),
    /// Run a command against a server of its own, and exit as it did
    Exec(Box<exec::ExecOptions>),
    /// Print the variables that `exec` sets, for a server that runs already
    Env(env::EnvOptions),
    /// Run SOQL against a running server
    Query(query::QueryOptions),
    /// Show the requests that an org was sent, and why each was refused
    Log(log::LogOptions),
    /// Make, fork, reset and delete orgs of a running server
    Org(org::OrgOptions),
    /// Show and move an org's time
    Clock(clock::ClockOptions),
    /// Make things go wrong on purpose
    Fault(fault::FaultOptions),
    /// Keep, restore and compare states of an org
    Snapshot(snapshot::SnapshotOptions),
    /// Exit 0 when a server is ready
    Health(health::HealthOptions),
    /// List, show and check scenario fixtures
    Scenario(scenario::ScenarioOptions),
    /// Make people, employees, users, apps and requests, for a fixture file or in a running server
    Seed(seed::SeedOptions),
    /// Turn a real schema into a schema file
    Schema(schema::SchemaOptions),
}

/// How much is logged.
#[derive(Clone, Copy, Debug, Args)]
struct Verbosity {
    /// Log more: -v requests, -vv everything
    #[arg(short, long, env = "FAUXFORCE_VERBOSE", action = clap::ArgAction::Count, global = true)]
    verbose: u8,
    /// Log errors only
    #[arg(short, long, env = "FAUXFORCE_QUIET", global = true, value_parser = BoolishValueParser::new())]
    quiet: bool,
}

impl Verbosity {
    /// Sends log lines to stderr. `RUST_LOG` wins over the options.
    fn apply(self) {
        let default = match (self.quiet, self.verbose) {
            (true, _) => "error",
            (_, 0) => "warn",
            (_, 1) => "info",
            (_, 2) => "debug",
            _ => "trace",
        };
        let filter = tracing_subscriber::EnvFilter::try_from_default_env()
            .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new(default));
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    }
}

/// Why a command ends with another status than 0.
#[derive(Debug)]
pub(crate) struct Exit {
    status: u8,
    message: String,
}

impl Exit {
    /// 1: it did not work out, and the command line is not why.
    fn failed(message: impl Into<String>) -> Exit {
        Exit { status: 1, message: message.into() }
    }

    /// 64: the command line asks for what cannot be.
    fn usage(message: impl Into<String>) -> Exit {
        Exit { status: 64, message: message.into() }
    }

    /// 65: a fixture or schema is bad.
    fn bad_fixture(message: impl Into<String>) -> Exit {
        Exit { status: 65, message: message.into() }
    }

    /// 73: the output cannot be written.
    fn not_writable(message: impl Into<String>) -> Exit {
        Exit { status: 73, message: message.into() }
    }

    /// 69: the port is taken.
    fn port_taken(message: impl Into<String>) -> Exit {
        Exit { status: 69, message: message.into() }
    }

    /// 126: the command of `exec` cannot be run.
    fn not_executable(message: impl Into<String>) -> Exit {
        Exit { status: 126, message: message.into() }
    }

    /// 127: there is no such command.
    fn not_found(message: impl Into<String>) -> Exit {
        Exit { status: 127, message: message.into() }
    }

    /// Everything was said already.
    fn silent(status: u8) -> Exit {
        Exit { status, message: String::new() }
    }

    /// The same message with another status.
    fn with_status(self, status: u8) -> Exit {
        Exit { status, ..self }
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// Parses the process's arguments, runs the command and gives its exit status.
pub fn main() -> ExitCode {
    let parsed = Arguments::command().try_get_matches().and_then(|matches| {
        let mut arguments = Arguments::from_arg_matches(&matches)?;
        if let (Command::Exec(options), Some(matches)) =
            (&mut arguments.command, matches.subcommand_matches("exec"))
        {
            options.split_lists(matches);
        }
        Ok(arguments)
    });
    let arguments = match parsed {
        Ok(arguments) => arguments,
        Err(error) => {
            // A closed stdout or stderr is no reason to fail differently.
            let _ = error.print();
            return if error.use_stderr() { ExitCode::from(64) } else { ExitCode::SUCCESS };
        }
    };
    arguments.verbosity.apply();
    let outcome = match &arguments.command {
        Command::Serve(options) => serve::run(options),
        Command::Exec(options) => exec::run(options, arguments.verbosity),
        Command::Env(options) => env::run(options),
        Command::Query(options) => query::run(options),
        Command::Log(options) => log::run(options),
        Command::Org(options) => org::run(options),
        Command::Clock(options) => clock::run(options),
        Command::Fault(options) => fault::run(options),
        Command::Snapshot(options) => snapshot::run(options),
        Command::Health(options) => health::run(options),
        Command::Scenario(options) => scenario::run(options),
        Command::Seed(options) => seed::run(options),
        Command::Schema(options) => schema::run(options),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(exit) => {
            if !exit.message.is_empty() {
                eprintln!("fauxforce: {exit}");
            }
            ExitCode::from(exit.status)
        }
    }
}
