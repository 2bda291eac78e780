//! `fauxforce serve`: starts a fake org, says where, and serves until it is told to stop.

use super::Exit;
use crate::api::{Request, json};
use crate::clock::{Clock, system_now};
use crate::org::{DEFAULT, Orgs, Template};
use crate::scenario::base;
use crate::schema::Features;
use crate::server::{Edge, EdgeOptions, HostChoice};
use crate::store::{State, StateMode};
use crate::time::parse_rfc3339;
use clap::builder::BoolishValueParser;
use clap::{Args, ValueEnum};
use std::io::{self, Write};
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

/// Options of `serve`; each is also the variable `FAUXFORCE_<OPTION>`.
#[derive(Clone, Debug, Args)]
pub(crate) struct ServeOptions {
    /// The port; 0 takes any free one
    #[arg(long, env = "FAUXFORCE_PORT", default_value_t = 7357)]
    pub(crate) port: u16,
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
    /// An access token that is valid from the start
    #[arg(long, env = "FAUXFORCE_ACCESS_TOKEN")]
    pub(crate) access_token: Option<String>,
    /// Print one JSON line when ready, and nothing else on stdout
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

/// A server that runs, and what its clients need to know.
#[derive(Debug)]
pub(crate) struct Running {
    /// Dropping it stops the server.
    pub(crate) edge: Edge,
    /// The default org.
    pub(crate) org: OrgFacts,
}

/// What the ready line says of an org.
#[derive(Clone, Debug)]
#[allow(missing_docs)] // The names are those of the ready line.
pub(crate) struct OrgFacts {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) instance_url: String,
    pub(crate) username: String,
    pub(crate) password: String,
    pub(crate) security_token: String,
    pub(crate) user_id: String,
    pub(crate) access_token: String,
    pub(crate) refresh_token: String,
    pub(crate) client_id: String,
    pub(crate) client_secret: String,
}

/// Builds the org and serves it.
pub(crate) fn start(options: &ServeOptions) -> Result<Running, Exit> {
    if let Some(scenario) = options.scenario.first() {
        return Err(Exit::bad_fixture(format!("{scenario}: scenarios cannot be loaded yet")));
    }
    if let Some(schema) = options.schema.first() {
        return Err(Exit::bad_fixture(format!(
            "{}: schemas cannot be loaded yet",
            schema.display()
        )));
    }
    let orgs = Orgs::new(Template {
        username: options.username.clone(),
        password: options.password.clone(),
        client_id: options.client_id.clone(),
        client_secret: options.client_secret.clone(),
        access_token: options.access_token.clone(),
        public_url: options.public_url.clone(),
        control_token: options.control_token.clone(),
        ..Template::default()
    });
    let orgs = Arc::new(orgs.with_hooks(&crate::provisioning::HOOKS));
    let clock = match options.clock {
        ClockChoice::Real => Clock::Real { offset: 0 },
        ClockChoice::At(now) => Clock::Virtual { now },
    };
    let org = orgs
        .create(Some(DEFAULT), None, base::administrator(), system_now(), |id| {
            let mut state = State::clone(&base::empty_org(id, Features::DEFAULT, clock));
            Arc::make_mut(&mut state.settings).state_mode = options.strict_state.mode();
            Arc::new(state)
        })
        .expect("the first org's name is free");
    let handler = move |request: Request| crate::api::handle(&orgs, &request);
    let edge = bind(options, Arc::new(handler))?;
    let credentials = &org.credentials;
    let org = OrgFacts {
        id: org.id.to_string(),
        name: org.name.clone(),
        instance_url: options.public_url.clone().unwrap_or_else(|| edge.url()),
        username: credentials.username.clone(),
        password: credentials.password.clone(),
        security_token: credentials.security_token.clone(),
        user_id: credentials.user_id.to_string(),
        access_token: credentials.access_token.clone(),
        refresh_token: credentials.refresh_token.clone(),
        client_id: credentials.client_id.clone(),
        client_secret: credentials.client_secret.clone(),
    };
    Ok(Running { edge, org })
}

/// Listens as the options say. Off loopback, the control API needs its token.
fn bind(options: &ServeOptions, handler: crate::server::Handler) -> Result<Edge, Exit> {
    let host = options.host.map_or(HostChoice::Loopback, HostChoice::Address);
    if let Some(address) = options.host
        && !address.to_canonical().is_loopback()
        && options.control_token.is_none()
    {
        return Err(Exit::usage(format!("--host {address} needs --control-token")));
    }
    let edge_options = EdgeOptions { host, port: options.port, ..EdgeOptions::default() };
    Edge::bind(edge_options, handler).map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => Exit::port_taken(error.to_string()),
        _ => Exit::failed(error.to_string()),
    })
}

/// Starts, says where, and serves until SIGINT or SIGTERM.
pub(crate) fn run(options: &ServeOptions) -> Result<(), Exit> {
    let stop = StopSignal::listen()?;
    let running = start(options)?;
    let text = if options.json { ready_line(&running) } else { ready_text(&running) };
    // Whoever closed our stdout does not want to read it; the server is for others.
    let _ = io::stdout().write_all(text.as_bytes()).and_then(|()| io::stdout().flush());
    stop.wait();
    tracing::info!("stopping");
    running.edge.stop();
    Ok(())
}

/// SIGINT and SIGTERM. Listened for before the ready line, so that none is missed after it.
struct StopSignal {
    runtime: tokio::runtime::Runtime,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
}

impl StopSignal {
    fn listen() -> Result<StopSignal, Exit> {
        let failed = |error: io::Error| Exit::failed(format!("cannot listen for signals: {error}"));
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            let inside = runtime.enter();
            let terminate = signal(SignalKind::terminate()).map_err(failed)?;
            let interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
            drop(inside);
            Ok(StopSignal { runtime, terminate, interrupt })
        }
        #[cfg(not(unix))]
        Ok(StopSignal { runtime })
    }

    #[cfg(unix)]
    fn wait(mut self) {
        self.runtime.block_on(async {
            tokio::select! {
                _ = self.terminate.recv() => {}
                _ = self.interrupt.recv() => {}
            }
        });
    }

    #[cfg(not(unix))]
    fn wait(self) {
        // Without the signal there is nothing to wait for but the end of the process.
        if self.runtime.block_on(tokio::signal::ctrl_c()).is_err() {
            std::thread::park();
        }
    }
}

/// The one line of `--json`.
fn ready_line(running: &Running) -> String {
    let url = running.edge.url();
    let org = &running.org;
    let mut line = String::with_capacity(1024);
    line.push_str("{\"url\":");
    json::push_str(&mut line, &url);
    line.push_str(",\"secure_url\":null,\"control_url\":");
    json::push_str(&mut line, &format!("{url}/_fauxforce"));
    line.push_str(",\"ca_file\":null,\"ca_bundle\":null,\"org\":{");
    let facts = [
        ("id", &org.id),
        ("name", &org.name),
        ("instance_url", &org.instance_url),
        ("username", &org.username),
        ("password", &org.password),
        ("security_token", &org.security_token),
        ("user_id", &org.user_id),
        ("access_token", &org.access_token),
        ("refresh_token", &org.refresh_token),
        ("client_id", &org.client_id),
        ("client_secret", &org.client_secret),
    ];
    for (index, (name, value)) in facts.into_iter().enumerate() {
        if index > 0 {
            line.push(',');
        }
        json::push_str(&mut line, name);
        line.push(':');
        json::push_str(&mut line, value);
    }
    line.push_str("}}\n");
    line
}

/// The same for a person, with a request to paste.
fn ready_text(running: &Running) -> String {
    let url = running.edge.url();
    let org = &running.org;
    format!(
        "fauxforce {version} is ready\n\n  \
         instance URL    {instance_url}\n  \
         control API     {url}/_fauxforce\n  \
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
        instance_url = org.instance_url,
        name = org.name,
        id = org.id,
        username = org.username,
        password = org.password,
        security_token = org.security_token,
        client_id = org.client_id,
        client_secret = org.client_secret,
        access_token = org.access_token,
    )
}
