//! `fauxforce serve`: starts a fake org, says where, and serves until it is told to stop.

use super::Exit;
use crate::facade::{Options, Server, StartError, Tally, split_faults};
use crate::server::{HostPattern, StopSignal};
use crate::store::StateMode;
use crate::time::parse_rfc3339;
use clap::builder::BoolishValueParser;
use clap::{Args, ValueEnum};
use std::io::{self, Write};
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

/// What `serve --help` ends with.
pub(super) const HELP: &str = "\
Examples:
  fauxforce serve
  fauxforce serve --port 0 --json > ready.json &   # one line of JSON when it is ready
  fauxforce serve --scenario employees-ready-to-provision --clock 2026-01-15T09:00:00Z
  fauxforce serve --host 0.0.0.0 --control-token \"$TOKEN\" --public-url https://sf.test.example

Every option is also the variable FAUXFORCE_<OPTION>. Exit status: 0 after SIGINT or SIGTERM, 64 usage,
65 bad fixture or schema, 69 port taken, 73 CA folder not writable.";

/// Options of `serve` and `exec`; each is also the variable `FAUXFORCE_<OPTION>`.
#[derive(Clone, Debug, Args)]
pub(crate) struct ServeOptions {
    /// The port; 0 takes any free one [default: 7357, and 0 for `exec`]
    #[arg(long, env = "FAUXFORCE_PORT")]
    pub(crate) port: Option<u16>,
    /// The address to listen on [default: 127.0.0.1 and `::1`]
    #[arg(long, env = "FAUXFORCE_HOST", value_name = "ADDR")]
    pub(crate) host: Option<IpAddr>,
    /// A scenario to load: a built-in name or a fixture file (repeatable)
    #[arg(long, env = "FAUXFORCE_SCENARIO", value_name = "NAME|PATH", value_delimiter = ',')]
    pub(crate) scenario: Vec<String>,
    /// A schema file to add (repeatable)
    #[arg(long, env = "FAUXFORCE_SCHEMA", value_name = "PATH", value_delimiter = ',')]
    pub(crate) schema: Vec<PathBuf>,
    /// The org's time: `real`, or an instant at which a virtual clock stands still
    #[arg(long, env = "FAUXFORCE_CLOCK", value_name = "real|RFC3339", value_parser = clock, default_value = "real")]
    pub(crate) clock: ClockChoice,
    /// Seed of everything that is generated
    #[arg(long, env = "FAUXFORCE_SEED", default_value_t = 0)]
    pub(crate) seed: u64,
    /// What happens to a State change that real orgs would refuse
    #[arg(long, env = "FAUXFORCE_STRICT_STATE", value_enum, default_value = "enforce")]
    pub(crate) strict_state: StrictState,
    /// Where the CA is kept [default: fauxforce/ca in the user's cache folder]
    #[cfg(feature = "tls")]
    #[arg(long, env = "FAUXFORCE_CA_DIR", value_name = "DIR")]
    pub(crate) ca_dir: Option<PathBuf>,
    /// A host to serve when clients use the server as their proxy: a name or `*.domain` (repeatable)
    #[arg(long, env = "FAUXFORCE_INTERCEPT", value_name = "HOST", value_parser = host, value_delimiter = ',')]
    pub(crate) intercept: Vec<String>,
    /// Refuse clients that use the server as their proxy for hosts that are not Salesforce's
    #[arg(long, env = "FAUXFORCE_REFUSE_OTHER_HOSTS", value_parser = BoolishValueParser::new())]
    pub(crate) refuse_other_hosts: bool,
    /// What `instance_url` says, behind an ingress
    #[arg(long, env = "FAUXFORCE_PUBLIC_URL", value_name = "URL")]
    pub(crate) public_url: Option<String>,
    /// Bearer token of the control API; needed when listening off loopback
    #[arg(long, env = "FAUXFORCE_CONTROL_TOKEN", value_name = "TOKEN")]
    pub(crate) control_token: Option<String>,
    /// The administrator's username
    #[arg(long, env = "FAUXFORCE_USERNAME")]
    pub(crate) username: Option<String>,
    /// The administrator's password
    #[arg(long, env = "FAUXFORCE_PASSWORD")]
    pub(crate) password: Option<String>,
    /// The connected app's client id
    #[arg(long, env = "FAUXFORCE_CLIENT_ID")]
    pub(crate) client_id: Option<String>,
    /// The connected app's client secret
    #[arg(long, env = "FAUXFORCE_CLIENT_SECRET")]
    pub(crate) client_secret: Option<String>,
    /// Something that goes wrong on purpose (repeatable): row-lock:object=Account,nth=3; slow; …
    #[arg(long, env = "FAUXFORCE_FAULT", value_name = "NAME[:KEY=VALUE,…]")]
    pub(crate) fault: Vec<String>,
    /// An access token that is valid from the start
    #[arg(long, env = "FAUXFORCE_ACCESS_TOKEN")]
    pub(crate) access_token: Option<String>,
    /// Keep no journal of requests
    #[arg(long, env = "FAUXFORCE_NO_JOURNAL", value_parser = BoolishValueParser::new())]
    pub(crate) no_journal: bool,
    /// For programs: `serve` prints one JSON line on stdout when it is ready, and nothing else there;
    /// `exec` ends with its summary as one JSON line on stderr
    #[arg(long, env = "FAUXFORCE_JSON", value_parser = BoolishValueParser::new())]
    pub(crate) json: bool,
}

/// The org's clock at its start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ClockChoice {
    /// The system's.
    Real,
    /// Standing still at this instant.
    At(crate::clock::Millis),
}

fn clock(text: &str) -> Result<ClockChoice, String> {
    if text == "real" {
        return Ok(ClockChoice::Real);
    }
    let instant = parse_rfc3339(text).ok_or("`real` or an instant like 2026-01-15T09:00:00Z")?;
    Ok(ClockChoice::At(instant))
}

fn host(text: &str) -> Result<String, String> {
    HostPattern::parse(text).map(|_| text.to_owned()).map_err(|error| error.message.to_string())
}

/// What happens to a State change that real orgs would refuse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum StrictState {
    /// It is taken.
    Off,
    /// It is taken and logged.
    Warn,
    /// It is refused when it is known to be refused.
    Enforce,
    /// It is refused unless it is known to be taken.
    Strict,
}

impl StrictState {
    fn mode(self) -> StateMode {
        match self {
            StrictState::Off => StateMode::Off,
            StrictState::Warn => StateMode::Warn,
            StrictState::Enforce => StateMode::Enforce,
            StrictState::Strict => StateMode::Strict,
        }
    }
}

/// The port of `serve`.
const USUAL_PORT: u16 = 7357;

/// Builds the org and serves it, on this port unless the options name one. What is asked is counted
/// when somebody wants to know.
pub(super) fn start(
    options: &ServeOptions,
    usual_port: u16,
    tally: Option<&Arc<Tally>>,
) -> Result<Server, Exit> {
    if let Some(address) = options.host
        && !address.to_canonical().is_loopback()
        && options.control_token.is_none()
    {
        return Err(Exit::usage(format!("--host {address} needs --control-token")));
    }
    let mut builder = Server::builder()
        .options(Options {
            clock: match options.clock {
                ClockChoice::Real => None,
                ClockChoice::At(now) => Some(now),
            },
            seed: options.seed,
            scenarios: options.scenario.clone(),
            schemas: options.schema.clone(),
            username: options.username.clone(),
            password: options.password.clone(),
            client_id: options.client_id.clone(),
            client_secret: options.client_secret.clone(),
            access_token: options.access_token.clone(),
            public_url: options.public_url.clone(),
            control_token: options.control_token.clone(),
            faults: options.fault.iter().flat_map(|text| split_faults(text)).collect(),
            no_journal: options.no_journal,
            state_mode: options.strict_state.mode(),
        })
        .port(options.port.unwrap_or(usual_port));
    if let Some(address) = options.host {
        builder = builder.host(address);
    }
    for host in &options.intercept {
        builder = builder.intercept(host);
    }
    if options.refuse_other_hosts {
        builder = builder.refuse_other_hosts();
    }
    #[cfg(feature = "tls")]
    {
        builder = match &options.ca_dir {
            Some(folder) => builder.ca_dir(folder),
            None => builder.tls(),
        };
    }
    if let Some(tally) = tally {
        builder = builder.tally(tally);
    }
    builder.start().map_err(|error| match &error {
        StartError::Listen(cause) if cause.kind() == io::ErrorKind::AddrInUse => {
            Exit::port_taken(error.to_string())
        }
        StartError::Fault(_) => Exit::usage(error.to_string()),
        StartError::Listen(_) => Exit::failed(error.to_string()),
        StartError::Ca(_) => Exit::not_writable(error.to_string()),
        _ => Exit::bad_fixture(error.to_string()),
    })
}

/// Starts, says where, and serves until SIGINT or SIGTERM.
pub(crate) fn run(options: &ServeOptions) -> Result<(), Exit> {
    let stop = StopSignal::listen()
        .map_err(|error| Exit::failed(format!("cannot listen for signals: {error}")))?;
    let mut server = start(options, USUAL_PORT, None)?;
    let text = if options.json { server.ready_line() } else { ready_text(&server, options) };
    // Whoever closed our stdout does not want to read it; the server is for others.
    let _ = io::stdout().write_all(text.as_bytes()).and_then(|()| io::stdout().flush());
    stop.wait();
    tracing::info!("stopping");
    server.stop();
    Ok(())
}

/// What the ready line says, for a person, with a request to paste.
fn ready_text(server: &Server, options: &ServeOptions) -> String {
    let url = server.url();
    let Some(org) = server.org("default") else { return String::new() };
    let secure = match (server.secure_url(), server.ca_file(), server.ca_bundle()) {
        (Some(secure_url), Some(ca_file), Some(ca_bundle)) => format!(
            "over TLS        {secure_url}\n  \
             CA to trust     {ca}\n  \
             with system's   {bundle}\n  ",
            ca = ca_file.display(),
            bundle = ca_bundle.display(),
        ),
        _ => String::new(),
    };
    format!(
        "fauxforce {version} is ready\n\n  \
         instance URL    {instance_url}\n  \
         {secure}control API     {url}/_fauxforce\n  \
         org             {name} ({id})\n  \
         username        {username}\n  \
         password        {password}\n  \
         security token  {security_token}\n  \
         client id       {client_id}\n  \
         client secret   {client_secret}\n  \
         access token    {access_token}\n\n  \
         curl -H 'Authorization: Bearer {access_token}' {url}/services/data/v66.0/sobjects\n\n\
         Ctrl-C stops it.\n",
        version = env!("CARGO_PKG_VERSION"),
        instance_url = options.public_url.as_deref().unwrap_or(&url),
        name = org.name(),
        id = org.id(),
        username = org.username(),
        password = org.password(),
        security_token = org.security_token(),
        client_id = org.client_id(),
        client_secret = org.client_secret(),
        access_token = org.access_token(),
    )
}
