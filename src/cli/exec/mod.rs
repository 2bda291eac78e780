//! `fauxforce exec -- CMD`: a server for as long as a command runs.
//!
//! `options` → `environment` says what the command is told → `child` runs it and passes signals on →
//! `summary` says what was asked → `report` writes the evidence down when something went wrong.

mod child;
mod report;
mod summary;

use super::environment::{Facts, Template, variables};
use super::serve::{self, ServeOptions};
use super::{Exit, Verbosity};
use crate::facade::Tally;
use clap::builder::BoolishValueParser;
use clap::parser::ValueSource;
use clap::{ArgMatches, Args};
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use summary::Summary;

const HELP: &str = "\
Examples:
  fauxforce exec -- npm test
  fauxforce exec --scenario employees-ready-to-provision -- pytest -q
  fauxforce exec --env CRM_URL={instance_url} --env CRM_TOKEN={access_token} -- ./run-tests
  fauxforce exec --report build/fauxforce --fail-on-unsupported -- go test ./...

Templates of --env may name {url}, {secure_url}, {control_url}, {ca_file}, {ca_bundle}, {login_url},
{scim_url}, {concur_url}, {port} and of the org {id}, {name}, {instance_url}, {username}, {password},
{security_token}, {user_id}, {access_token}, {refresh_token}, {client_id}, {client_secret}; {{ and }}
stand for braces.

The command gets FAUXFORCE_URL, FAUXFORCE_SECURE_URL, FAUXFORCE_CONTROL_URL, FAUXFORCE_CA_FILE,
FAUXFORCE_ORG, FAUXFORCE_SCIM_URL, FAUXFORCE_CONCUR_URL, SF_INSTANCE_URL, SF_LOGIN_URL, SF_USERNAME,
SF_PASSWORD, SF_SECURITY_TOKEN, SF_ACCESS_TOKEN, SF_REFRESH_TOKEN, SF_CLIENT_ID, SF_CLIENT_SECRET; trust
in the CA (NODE_EXTRA_CA_CERTS, REQUESTS_CA_BUNDLE, SSL_CERT_FILE, CURL_CA_BUNDLE); the proxy
(HTTPS_PROXY, NO_PROXY, NODE_USE_ENV_PROXY); and settings that keep the sf command quiet.

Exit status: the command's own (128 + signal when a signal ended it), and when that is 0:
70 unsupported calls were made and --fail-on-unsupported; 71 expectations unmet and
--fail-on-unverified. Before the command: 64 usage, 65 bad fixture or schema, 69 port taken,
73 CA folder or report folder not writable, 126 command not executable, 127 not found.";

/// Options of `exec`.
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(crate) struct ExecOptions {
    #[command(flatten)]
    serve: ServeOptions,
    /// Do not set `HTTPS_PROXY`: the command does not go through the server as a proxy
    #[arg(long, env = "FAUXFORCE_NO_PROXY_ENV", value_parser = BoolishValueParser::new())]
    no_proxy_env: bool,
    /// A variable of the command under its own name, like `CRM_URL={instance_url}` (repeatable)
    #[arg(long = "env", env = "FAUXFORCE_ENV", value_name = "NAME=TEMPLATE")]
    variables: Vec<String>,
    /// When something fails, write journal, diff, snapshot and clock of every org to this folder
    #[arg(long, env = "FAUXFORCE_REPORT", value_name = "DIR")]
    report: Option<PathBuf>,
    /// Exit 70 when a call was made that is not emulated
    #[arg(long, env = "FAUXFORCE_FAIL_ON_UNSUPPORTED", value_parser = BoolishValueParser::new())]
    fail_on_unsupported: bool,
    /// Exit 71 when an expectation (`POST …/requests/verify`) did not hold when it was last asked for
    #[arg(long, env = "FAUXFORCE_FAIL_ON_UNVERIFIED", value_parser = BoolishValueParser::new())]
    fail_on_unverified: bool,
    /// The command and its arguments
    #[arg(last = true, required = true, value_name = "CMD")]
    command: Vec<OsString>,
}

impl ExecOptions {
    /// Takes lists apart that came as variables: `FAUXFORCE_ENV` holds several templates.
    pub(super) fn split_lists(&mut self, matches: &ArgMatches) {
        if matches.value_source("variables") == Some(ValueSource::EnvVariable) {
            self.variables =
                self.variables.iter().flat_map(|text| Template::split_list(text)).collect();
        }
    }
}

/// Serves while the command runs, and exits as it did.
pub(crate) fn run(options: &ExecOptions, verbosity: Verbosity) -> Result<(), Exit> {
    let templates: Vec<Template> =
        options.variables.iter().map(|text| Template::parse(text)).collect::<Result<_, _>>()?;
    let report = options.report.as_deref().map(report::Report::prepare).transpose()?;
    // Listened for before there is anything to end, so that none is missed.
    let signals = child::Signals::listen()?;

    let tally = Arc::new(Tally::default());
    let mut server = serve::start(&options.serve, 0, Some(&tally))?;
    let facts = Facts::of_ready_line(&server.ready_line());
    let token = options.serve.control_token.as_deref();
    let mut told = variables(&facts, !options.no_proxy_env);
    if let Some(token) = token {
        told.push(("FAUXFORCE_CONTROL_TOKEN", token.to_owned()));
    }
    let own = templates.iter().map(|template| Ok((template.name(), template.fill(&facts)?)));
    let own: Vec<(&str, String)> = own.collect::<Result<_, Exit>>()?;
    told.extend(own);
    tracing::info!(url = server.url(), "serving");

    let status = child::run(&options.command, &told, signals)?;

    let summary = Summary { status, counts: tally.counts(), tunnelled: server.tunnelled_hosts() };
    let outcome = summary.outcome(options.fail_on_unsupported, options.fail_on_unverified);
    summary.print(outcome, verbosity, options.serve.json);
    let outcome = match report {
        Some(report) if outcome != 0 => {
            report.write(&server, token, &summary.to_json(outcome)).map(|()| outcome)
        }
        _ => Ok(outcome),
    };
    server.stop();
    match outcome {
        Ok(0) => Ok(()),
        Ok(status) => Err(Exit::silent(status)),
        // What the command said weighs more than where its evidence went.
        Err(exit) if status != 0 => Err(exit.with_status(status)),
        Err(exit) => Err(exit),
    }
}
