//! The forward proxy: which hosts are served here, which are tunnelled, which are refused.

use super::tunnel::{self, Lookups, ProxyBefore, Upstream};
use crate::error::OrgError;
use base64::Engine as _;
use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Whose hosts are always served here.
const SERVED_DOMAINS: [&str; 3] = ["salesforce.com", "force.com", "concursolutions.com"];

/// Tunnels that may be open at once.
const MOST_TUNNELS: usize = 256;

/// Hosts that are remembered as tunnelled to.
const MOST_REMEMBERED: usize = 100;

/// How an edge is a proxy.
#[derive(Clone, Debug, Default)]
pub struct ProxyOptions {
    /// Hosts that are served here beside Salesforce's and Concur's.
    pub intercept: Vec<HostPattern>,
    /// The URL that clients are told; its host is served here too.
    pub public_url: Option<String>,
    /// Answers other hosts 403.
    pub refuse_other_hosts: bool,
    /// How other hosts are reached.
    pub upstream: Upstream,
    /// What clients must know for tunnels when the edge listens off loopback. Without it there are
    /// no tunnels then.
    pub token: Option<String>,
}

/// A host name, or a domain with all names in it (`*.example.com`, which is `example.com` too).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostPattern {
    name: String,
    is_domain: bool,
}

impl HostPattern {
    /// Reads a name, an address, or `*.` and a domain.
    pub fn parse(text: &str) -> Result<HostPattern, OrgError> {
        let (name, is_domain) = match text.strip_prefix("*.") {
            Some(domain) => (domain, true),
            None => (text, false),
        };
        let is_name = !name.is_empty()
            && name.len() <= 253
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
        if !is_name && name.parse::<IpAddr>().is_err() {
            return Err(OrgError::not_a_host(text));
        }
        Ok(HostPattern { name: name.to_ascii_lowercase(), is_domain })
    }

    fn matches(&self, host: &str) -> bool {
        if self.is_domain { is_within(host, &self.name) } else { host == self.name }
    }
}

/// True for a domain and every name in it.
pub(super) fn is_within(host: &str, domain: &str) -> bool {
    host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// Where a client wants to go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    /// In lower case, without brackets or a final dot.
    pub(super) host: String,
    pub(super) port: u16,
}

impl Target {
    /// The target of an authority; `port` is used when it names none.
    pub(super) fn of(authority: &hyper::http::uri::Authority, port: Option<u16>) -> Option<Target> {
        let port = authority.port_u16().or(port).filter(|port| *port != 0)?;
        let host = authority.host();
        let host = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
        let host = host.strip_suffix('.').unwrap_or(host);
        if host.is_empty() {
            return None;
        }
        Some(Target { host: host.to_ascii_lowercase(), port })
    }
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

/// A connection to another host. It counts among the open tunnels while it lasts.
pub(super) struct Tunnel {
    pub(super) stream: TcpStream,
    pub(super) permit: OwnedSemaphorePermit,
}

/// What all connections of an edge share of it.
pub(super) struct Proxy {
    options: ProxyOptions,
    public_host: Option<String>,
    off_loopback: bool,
    tunnels: Arc<Semaphore>,
    lookups: Lookups,
    tunnelled: Mutex<BTreeSet<String>>,
}

impl Proxy {
    /// For an edge that listens off loopback, or not.
    pub(super) fn new(options: ProxyOptions, off_loopback: bool) -> Proxy {
        let public = options.public_url.as_deref().and_then(|url| url.parse().ok());
        let public = public.as_ref().and_then(hyper::Uri::authority);
        let public = public.and_then(|authority| Target::of(authority, Some(443)));
        Proxy {
            options,
            public_host: public.map(|target| target.host),
            off_loopback,
            tunnels: Arc::new(Semaphore::new(MOST_TUNNELS)),
            lookups: Lookups::default(),
            tunnelled: Mutex::default(),
        }
    }

    /// The hosts that were tunnelled to, up to a hundred.
    pub(super) fn tunnelled(&self) -> Vec<String> {
        let tunnelled = self.tunnelled.lock().unwrap_or_else(PoisonError::into_inner);
        tunnelled.iter().cloned().collect()
    }

    /// True for a target that is served here: Salesforce's hosts, those of `--intercept`, and our
    /// own addresses. `local` is the address at which the client reached us.
    pub(super) async fn serves(&self, target: &Target, local: SocketAddr) -> bool {
        let host = target.host.as_str();
        if SERVED_DOMAINS.iter().any(|domain| is_within(host, domain))
            || self.public_host.as_deref() == Some(host)
            || self.options.intercept.iter().any(|pattern| pattern.matches(host))
        {
            return true;
        }
        if target.port != local.port() {
            return false;
        }
        if is_own(host, local) {
            return true;
        }
        // Containers call each other by names of which only the resolver knows.
        let found = self.lookups.addresses(target).await;
        found.is_ok_and(|found| found.iter().any(|address| address.ip() == local.ip()))
    }

    /// Connects to a target that is not served here. `authorization` is the `Proxy-Authorization`.
    pub(super) async fn tunnel(
        &self,
        target: &Target,
        local: SocketAddr,
        authorization: Option<&str>,
    ) -> Result<Tunnel, OrgError> {
        let permit = self.permit(target, authorization)?;
        let before = self.options.upstream.for_tunnels(&target.host);
        self.connected(target, target, before.filter(|before| !is_us(before, local)), permit).await
    }

    /// Connects for a request in the clear: to the target, or to the proxy that takes such requests.
    pub(super) async fn reach(
        &self,
        target: &Target,
        local: SocketAddr,
        authorization: Option<&str>,
    ) -> Result<(Tunnel, Option<&ProxyBefore>), OrgError> {
        let permit = self.permit(target, authorization)?;
        let before = self.options.upstream.for_requests(&target.host);
        let before = before.filter(|before| !is_us(before, local));
        let next = before.map_or(target, |before| &before.target);
        Ok((self.connected(target, next, None, permit).await?, before))
    }

    /// May this client go to a host that is not served here?
    fn permit(
        &self,
        target: &Target,
        authorization: Option<&str>,
    ) -> Result<OwnedSemaphorePermit, OrgError> {
        if self.options.refuse_other_hosts {
            return Err(OrgError::other_host_refused(&target.host));
        }
        if self.off_loopback {
            let Some(token) = &self.options.token else {
                return Err(OrgError::other_host_unguarded(&target.host));
            };
            if !authorization.is_some_and(|header| carries(header, token)) {
                return Err(OrgError::proxy_token_needed(&target.host));
            }
        }
        let permit = Arc::clone(&self.tunnels).try_acquire_owned();
        permit.map_err(|_| OrgError::too_many_tunnels(MOST_TUNNELS))
    }

    async fn connected(
        &self,
        target: &Target,
        next: &Target,
        via: Option<&ProxyBefore>,
        permit: OwnedSemaphorePermit,
    ) -> Result<Tunnel, OrgError> {
        let stream = tunnel::connect(&self.lookups, next, via)
            .await
            .map_err(|error| OrgError::host_unreachable(&target.host, &error))?;
        let mut tunnelled = self.tunnelled.lock().unwrap_or_else(PoisonError::into_inner);
        if tunnelled.len() < MOST_REMEMBERED {
            tunnelled.insert(target.host.clone());
        }
        Ok(Tunnel { stream, permit })
    }
}

/// True when the proxy before us is ourselves: who sets the environment for a server's clients sets
/// it for the next server too.
fn is_us(before: &ProxyBefore, local: SocketAddr) -> bool {
    before.target.port == local.port() && is_own(&before.target.host, local)
}

/// True for the names and addresses of this machine that need no resolver.
fn is_own(host: &str, local: SocketAddr) -> bool {
    host == "localhost"
        || host.ends_with(".localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| {
            address.to_canonical().is_loopback()
                || address.is_unspecified()
                || address.to_canonical() == local.ip().to_canonical()
        })
}

/// True when a `Proxy-Authorization` carries the token: as a bearer token, or, as a URL's user
/// information is sent, as the password or the user of `Basic`.
fn carries(header: &str, token: &str) -> bool {
    let Some((scheme, given)) = header.split_once(' ').filter(|_| !token.is_empty()) else {
        return false;
    };
    let given = given.trim();
    if scheme.eq_ignore_ascii_case("bearer") {
        return given == token;
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return false;
    }
    let decoded = base64::engine::general_purpose::STANDARD.decode(given).unwrap_or_default();
    let decoded = String::from_utf8(decoded).unwrap_or_default();
    decoded
        .split_once(':')
        .is_some_and(|(user, password)| password == token || (password.is_empty() && user == token))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_whole_labels() {
        let matches =
            |pattern: &str, host: &str| HostPattern::parse(pattern).unwrap().matches(host);
        assert!(matches("*.Example.com", "a.b.example.com"));
        assert!(matches("*.example.com", "example.com"));
        assert!(!matches("*.example.com", "badexample.com"));
        assert!(matches("crm.example.com", "crm.example.com"));
        assert!(!matches("crm.example.com", "a.crm.example.com"));
        assert!(matches("::1", "::1"));
        for wrong in ["", "*.", "*", "a b", "http://a", "a:443", "a/b", "ä.example"] {
            assert!(HostPattern::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn targets_are_normalised() {
        let target = |text: &str, port| Target::of(&text.parse().unwrap(), port);
        let shown = |text: &str| target(text, None).map(|target| target.to_string());
        assert_eq!(shown("Login.Salesforce.com.:443").as_deref(), Some("login.salesforce.com:443"));
        assert_eq!(shown("[::1]:80").as_deref(), Some("[::1]:80"));
        assert_eq!(shown("user@host:1").as_deref(), Some("host:1"));
        assert_eq!(shown("host"), None);
        assert_eq!(shown("host:0"), None);
        assert_eq!(target("host", Some(80)).map(|target| target.port), Some(80));
    }

    #[test]
    fn so_many_tunnels_and_no_more() {
        let proxy = Proxy::new(ProxyOptions::default(), false);
        let target = Target { host: "a.test".to_owned(), port: 443 };
        let open: Vec<_> =
            (0..MOST_TUNNELS).map(|_| proxy.permit(&target, None).unwrap()).collect();
        assert_eq!(proxy.permit(&target, None).unwrap_err().status, 503);
        drop(open);
        assert!(proxy.permit(&target, None).is_ok());
    }

    #[test]
    fn the_token_comes_as_bearer_or_in_the_url() {
        assert!(carries("Bearer secret", "secret"));
        assert!(carries("basic YW55OnNlY3JldA==", "secret"));
        assert!(carries("Basic c2VjcmV0Og==", "secret"));
        for wrong in
            ["Bearer other", "Basic secret", "Basic YW55Og==", "Digest secret", "secret", ""]
        {
            assert!(!carries(wrong, "secret"), "{wrong}");
        }
        assert!(!carries("Basic Og==", ""), "an empty token is none");
    }
}
