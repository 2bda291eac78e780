//! A served org: [`ServerBuilder`] gathers what the socket is about, [`Server`] serves.

use super::ports::OwnPorts;
use super::tally::{self, Tally};
use super::{Arc, DEFAULT, Options, Org, Orgs, PathBuf, StartError, time};
use crate::api::{self, json};
use crate::clock;
#[cfg(feature = "tls")]
use crate::error::CaError;
#[cfg(feature = "tls")]
use crate::server::Authority;
use crate::server::{
    Background, Deliver, Edge, EdgeOptions, HostChoice, HostPattern, Outbound, ProxyOptions,
    environment,
};
use std::net::IpAddr;
use std::path::Path;

/// Start options of a server.
#[derive(Clone, Debug, Default)]
pub struct ServerBuilder {
    options: Options,
    port: u16,
    host: HostChoice,
    intercept: Vec<HostPattern>,
    refuse_other_hosts: bool,
    #[cfg(feature = "tls")]
    tls: Option<CaFolder>,
    tally: Option<Arc<Tally>>,
}

/// Where the certificate authority is kept.
#[cfg(feature = "tls")]
#[derive(Clone, Debug)]
enum CaFolder {
    Usual,
    At(PathBuf),
}

impl ServerBuilder {
    start_options!();

    /// The port; any free one unless it is given.
    #[must_use]
    pub fn port(mut self, port: u16) -> ServerBuilder {
        self.port = port;
        self
    }

    /// The address to listen on; both loopback addresses unless it is given.
    #[must_use]
    pub fn host(mut self, address: IpAddr) -> ServerBuilder {
        self.host = HostChoice::Address(address);
        self
    }

    /// Serves a host for clients that use the server as their proxy, as it serves Salesforce's
    /// and Concur's: a name, or `*.` and a domain.
    ///
    /// # Panics
    ///
    /// When the text is neither.
    #[must_use]
    pub fn intercept(mut self, host: &str) -> ServerBuilder {
        self.intercept.push(HostPattern::parse(host).expect("a host name"));
        self
    }

    /// Refuses clients that use the server as their proxy for other hosts.
    #[must_use]
    pub fn refuse_other_hosts(mut self) -> ServerBuilder {
        self.refuse_other_hosts = true;
        self
    }

    /// Serves TLS on the same port, with a certificate authority that is kept in the user's
    /// cache folder and made when there is none.
    ///
    /// ```no_run
    /// let server = fauxforce::Server::builder().tls().start()?;
    /// // Give these to the code under test.
    /// let (url, ca) = (server.secure_url(), server.ca_file());
    /// # assert!(url.is_some() && ca.is_some());
    /// # Ok::<(), fauxforce::StartError>(())
    /// ```
    #[cfg(feature = "tls")]
    #[must_use]
    pub fn tls(mut self) -> ServerBuilder {
        self.tls.get_or_insert(CaFolder::Usual);
        self
    }

    /// Serves TLS with the certificate authority of this folder.
    #[cfg(feature = "tls")]
    #[must_use]
    pub fn ca_dir(mut self, folder: impl Into<PathBuf>) -> ServerBuilder {
        self.tls = Some(CaFolder::At(folder.into()));
        self
    }

    #[cfg(feature = "tls")]
    fn authority(&self) -> Result<Option<Arc<Authority>>, StartError> {
        let folder = match &self.tls {
            None => return Ok(None),
            Some(CaFolder::At(folder)) => folder.clone(),
            Some(CaFolder::Usual) => environment::usual_ca_folder()
                .ok_or_else(|| StartError::Ca(CaError::no_folder()))?,
        };
        let system = environment::system_bundle();
        let authority = Authority::in_folder(&folder, system.as_deref());
        Ok(Some(Arc::new(authority.map_err(StartError::Ca)?)))
    }

    /// Counts what is asked.
    #[must_use]
    #[cfg(feature = "cli")]
    pub(crate) fn tally(mut self, tally: &Arc<Tally>) -> ServerBuilder {
        self.tally = Some(Arc::clone(tally));
        self
    }

    /// Makes the default org and serves it; returns when connections are accepted.
    pub fn start(self) -> Result<Server, StartError> {
        #[cfg(feature = "tls")]
        let authority = self.authority()?;
        #[cfg(feature = "tls")]
        let ca_pem = authority.as_ref().map(|authority| authority.certificate_pem().to_owned());
        #[cfg(not(feature = "tls"))]
        let ca_pem = None;
        let orgs = self.options.start(ca_pem.clone())?;
        let (served, tally) = (Arc::clone(&orgs), self.tally.clone());
        let handler = move |request| tally::answer(&served, tally.as_deref(), request);
        let edge_options = EdgeOptions {
            host: self.host,
            port: self.port,
            proxy: ProxyOptions {
                intercept: self.intercept,
                public_url: self.options.public_url,
                refuse_other_hosts: self.refuse_other_hosts,
                upstream: environment::upstream(),
                token: self.options.control_token,
            },
            #[cfg(feature = "tls")]
            authority: authority.clone(),
            ..EdgeOptions::default()
        };
        let edge = Edge::bind(edge_options.clone(), Arc::new(handler));
        let edge = edge.map_err(StartError::Listen)?;
        let ports = OwnPorts::serve(&orgs, edge_options, self.tally);
        let driven = Arc::clone(&orgs);
        let work = move || driven.run_due(clock::system_now());
        let background = Background::start(work).map_err(StartError::Listen)?;
        // The carrier lives in the orgs: an owner of theirs in it would keep them for ever.
        let asking = Arc::downgrade(&orgs);
        let deliver: Deliver = Arc::new(move |id, call, answer| {
            if let Some(org) = asking.upgrade().and_then(|orgs| orgs.with_id(id)) {
                org.answer(call, answer, clock::system_now());
            }
        });
        let outbound = Outbound::start(deliver, ca_pem).map_err(StartError::Listen)?;
        orgs.carry_with(outbound.carrier());
        Ok(Server {
            edge,
            orgs,
            ports,
            #[cfg(feature = "tls")]
            authority,
            _background: background,
            _outbound: outbound,
        })
    }
}

/// A fake Salesforce that listens on a port of this machine. It owns its threads, so it works
/// in sync and async tests alike; dropping it stops it.
///
/// ```
/// use fauxforce::Server;
///
/// let server = Server::start()?;
/// let org = server.org("default").expect("it is always there");
/// // Give these to the code under test.
/// let (url, token) = (server.url(), org.access_token());
/// assert!(url.starts_with("http://localhost:"));
/// assert!(token.starts_with("00D"));
/// # Ok::<(), fauxforce::StartError>(())
/// ```
#[must_use = "dropping the server stops it"]
pub struct Server {
    edge: Edge,
    orgs: Arc<Orgs>,
    /// Where orgs listen alone.
    ports: Arc<OwnPorts>,
    #[cfg(feature = "tls")]
    authority: Option<Arc<Authority>>,
    /// Runs the orgs' work as time passes.
    _background: Background,
    /// Makes the orgs' calls to other systems.
    _outbound: Outbound,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server").field("url", &self.url()).finish_non_exhaustive()
    }
}

impl Server {
    /// An empty org on the system's clock, on any free port.
    pub fn start() -> Result<Server, StartError> {
        Server::builder().start()
    }

    /// A server with options.
    pub fn builder() -> ServerBuilder {
        ServerBuilder::default()
    }

    /// Where clients on this machine reach it, without a trailing slash.
    pub fn url(&self) -> String {
        self.edge.url()
    }

    /// The same over TLS; `None` without it.
    pub fn secure_url(&self) -> Option<String> {
        self.ca_file().map(|_| self.url().replacen("http", "https", 1))
    }

    /// The file with the certificate that clients over TLS must trust, PEM.
    pub fn ca_file(&self) -> Option<&Path> {
        #[cfg(feature = "tls")]
        return self.authority.as_deref().map(Authority::ca_file);
        #[cfg(not(feature = "tls"))]
        None
    }

    /// The file with the system's certificates and that one, for clients that trust one file
    /// only.
    pub fn ca_bundle(&self) -> Option<&Path> {
        #[cfg(feature = "tls")]
        return self.authority.as_deref().map(Authority::ca_bundle);
        #[cfg(not(feature = "tls"))]
        None
    }

    /// The other hosts to which clients were tunnelled, by name; up to a hundred.
    pub fn tunnelled_hosts(&self) -> Vec<String> {
        self.edge.tunnelled_hosts()
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.edge.port()
    }

    /// The org of a name; `default` is always there.
    pub fn org(&self, name: &str) -> Option<Org> {
        let org = self.orgs.named(name)?;
        Some(Org { orgs: Arc::clone(&self.orgs), org })
    }

    /// The line that `serve --json` prints when it is ready, with its line feed.
    pub fn ready_line(&self) -> String {
        let url = self.url();
        let mut line = String::with_capacity(1024);
        line.push_str("{\"url\":");
        json::push_str(&mut line, &url);
        let path = |path: Option<&Path>| path.map(|path| path.display().to_string());
        for (name, value) in [
            ("secure_url", self.secure_url()),
            ("control_url", Some(format!("{url}/_fauxforce"))),
            ("ca_file", path(self.ca_file())),
            ("ca_bundle", path(self.ca_bundle())),
        ] {
            line.push_str(",\"");
            line.push_str(name);
            line.push_str("\":");
            match value {
                Some(text) => json::push_str(&mut line, &text),
                None => line.push_str("null"),
            }
        }
        line.push_str(",\"org\":");
        let org = self.orgs.named(DEFAULT).expect("the default org is always there");
        let public = self.orgs.template.public_url.as_deref();
        let instance_url = public.map_or(url.as_str(), |url| url.trim_end_matches('/'));
        api::push_org(&mut line, &org, instance_url);
        line.push_str("}\n");
        line
    }

    /// Stops accepting, lets requests under way end, and returns after at most two seconds.
    pub fn stop(&mut self) {
        self.orgs.release_held();
        self.edge.stop();
        self.ports.close_all();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.orgs.release_held();
    }
}
