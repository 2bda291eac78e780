//! The network edge: the only folder that knows hyper, tokio and rustls.
//!
//! A socket is accepted by [`workers`](self) and read by `connection`, which tells TLS (`tls`) from
//! HTTP by the first byte; `proxy` says what becomes of a `CONNECT`, and `tunnel` reaches the hosts
//! that are not served here, `forward` for requests in the clear. Each request goes through
//! `exchange`: `receive` makes one plain [`Request`] of head and body, the handler answers it,
//! `respond` puts the answer on the wire. `outbound` goes the other way: it makes the calls that
//! orgs ask of other systems. Whatever is refused before the handler is worded by
//! `refuse`.

mod answer_body;
mod background;
mod coding;
mod connection;
mod control;
pub mod environment;
mod exchange;
mod forward;
mod listen;
mod outbound;
mod proxy;
mod receive;
mod refuse;
mod respond;
mod signal;
mod stream;
#[cfg(feature = "tls")]
mod tls;
mod tunnel;
mod workers;

pub use background::Background;
pub use outbound::{Deliver, Outbound};
pub use proxy::{HostPattern, ProxyOptions};
pub use signal::StopSignal;
#[cfg(feature = "tls")]
pub use tls::{Authority, keep_trust};
pub use tunnel::Upstream;

use crate::api::{Method, Request, RequestBody, Response};
use proxy::Proxy;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// What answers requests: a plain synchronous function.
pub type Handler = Arc<dyn Fn(Request) -> Response + Send + Sync>;

/// The largest request body that is taken into memory, before and after decompression.
pub const BODY_LIMIT: u64 = 64 * 1024 * 1024;

/// Bodies over this many bytes are handled away from the threads that serve sockets.
const LONG_BODY: usize = 64 * 1024;

/// The same where one request carries many: SOAP and composite.
const LONG_BATCH: usize = 4 * 1024;

/// The same for calls of the control API that are short otherwise.
const LONG_CALL: usize = 1024;

/// The addresses to listen on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HostChoice {
    /// Both 127.0.0.1 and `::1`, on the same port. Without IPv6, the first alone.
    #[default]
    Loopback,
    /// This address alone. `::` takes IPv4 connections too.
    Address(IpAddr),
}

impl HostChoice {
    /// True when only this machine can connect.
    pub fn is_loopback(self) -> bool {
        match self {
            HostChoice::Loopback => true,
            HostChoice::Address(address) => address.to_canonical().is_loopback(),
        }
    }
}

/// How an [`Edge`] listens.
#[derive(Clone, Debug)]
pub struct EdgeOptions {
    /// Where to listen.
    pub host: HostChoice,
    /// The port; 0 takes any free one.
    pub port: u16,
    /// Threads that serve sockets; at least one.
    pub workers: usize,
    /// The largest request body in bytes; a larger one is answered 413.
    pub body_limit: u64,
    /// True for requests that may take long: they are handled on a bounded pool of threads. All
    /// others are handled where their socket is served, which costs less.
    pub is_long: fn(&Request) -> bool,
    /// The org that this port belongs to, if it belongs to one alone.
    pub org: Option<String>,
    /// Which other hosts are served, tunnelled or refused.
    pub proxy: ProxyOptions,
    /// Whose certificates TLS is spoken with on the same port; without it there is no TLS.
    #[cfg(feature = "tls")]
    pub authority: Option<Arc<Authority>>,
}

impl Default for EdgeOptions {
    fn default() -> EdgeOptions {
        EdgeOptions {
            host: HostChoice::Loopback,
            port: 0,
            workers: 2,
            body_limit: BODY_LIMIT,
            is_long,
            org: None,
            proxy: ProxyOptions::default(),
            #[cfg(feature = "tls")]
            authority: None,
        }
    }
}

/// True for the requests that may take long: Bulk, the control API (its calls may wait), SOAP and
/// composite with a body over 4 KiB, and everything else with one over 64 KiB. Going to the pool
/// and back costs more than a small request does.
pub fn is_long(request: &Request) -> bool {
    let RequestBody::Bytes(body) = &request.body else { return true };
    let mut segments = request.path.split('/').skip(1);
    let limit = match segments.next() {
        Some("services") => match segments.next() {
            Some("data") => match segments.nth(1) {
                Some("jobs") => return true,
                Some("composite") => LONG_BATCH,
                _ => LONG_BODY,
            },
            Some("Soap") => LONG_BATCH,
            Some("async") => return true,
            _ => LONG_BODY,
        },
        Some("_fauxforce") => return is_long_call(request.method, segments, body),
        _ => LONG_BODY,
    };
    body.len() > limit
}

/// The same of calls of the control API. Making, forking, resetting and restoring an org shares what
/// is there, which takes less time than going to the pool; loading scenarios and opening ports do not.
fn is_long_call<'a>(method: Method, segments: impl Iterator<Item = &'a str>, body: &[u8]) -> bool {
    let mut parts = [""; 6];
    let mut count = 0;
    for segment in segments {
        let Some(part) = parts.get_mut(count) else { return true };
        *part = segment;
        count += 1;
    }
    let is_short = match (method, &parts[..count]) {
        (_, ["health"]) => true,
        (Method::Post, ["orgs"] | ["orgs", _, "fork" | "reset"]) => true,
        (Method::Post, ["orgs", _, "snapshots", _, "restore"]) => true,
        (Method::Put, ["orgs", _, "snapshots", _]) => true,
        _ => false,
    };
    let names = |key: &str| memchr::memmem::find(body, key.as_bytes()).is_some();
    !is_short || body.len() > LONG_CALL || names("scenarios") || names("listen")
}

/// A listening server. It owns its threads and its runtimes, so it works inside sync and async
/// tests alike. Dropping it stops it.
#[must_use = "dropping the edge stops it"]
pub struct Edge {
    addresses: Vec<SocketAddr>,
    host: HostChoice,
    proxy: Arc<Proxy>,
    workers: workers::Workers,
}

impl std::fmt::Debug for Edge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Edge").field("addresses", &self.addresses).finish_non_exhaustive()
    }
}

impl Edge {
    /// Listens and serves; returns when connections are accepted. A taken port is
    /// [`io::ErrorKind::AddrInUse`], with the address in the message.
    pub fn bind(options: EdgeOptions, handler: Handler) -> io::Result<Edge> {
        let listeners = listen::bind(options.host, options.port)?;
        let addresses: Vec<SocketAddr> =
            listeners.iter().map(std::net::TcpListener::local_addr).collect::<io::Result<_>>()?;
        let host = options.host;
        let off_loopback = !host.is_loopback();
        let proxy = Arc::new(Proxy::new(options.proxy.clone(), off_loopback));
        let workers = workers::Workers::start(&listeners, options, handler, Arc::clone(&proxy))?;
        Ok(Edge { addresses, host, proxy, workers })
    }

    /// The port, the same on all addresses.
    pub fn port(&self) -> u16 {
        self.addresses.first().map_or(0, SocketAddr::port)
    }

    /// The addresses that are listened on.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// The address for clients on this machine, without a trailing slash: `http://localhost:7357`.
    pub fn url(&self) -> String {
        let port = self.port();
        match self.host {
            HostChoice::Loopback => format!("http://localhost:{port}"),
            HostChoice::Address(address) if address.is_unspecified() => {
                format!("http://localhost:{port}")
            }
            HostChoice::Address(address) => format!("http://{}", SocketAddr::new(address, port)),
        }
    }

    /// The hosts to which clients were tunnelled, by name; up to a hundred.
    pub fn tunnelled_hosts(&self) -> Vec<String> {
        self.proxy.tunnelled()
    }

    /// Stops accepting, lets requests under way end, and returns after at most two seconds.
    /// Stopping twice does nothing.
    pub fn stop(&self) {
        self.workers.stop();
    }
}

impl Drop for Edge {
    fn drop(&mut self) {
        self.stop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_requests_are_told_by_path_and_size() {
        let cases = [
            ("/services/data/v60.0/sobjects/Account", 64 * 1024, false),
            ("/services/data/v60.0/sobjects/Account", 64 * 1024 + 1, true),
            ("/services/data/v60.0/composite", 4 * 1024, false),
            ("/services/data/v60.0/composite/sobjects", 4 * 1024 + 1, true),
            ("/services/data/v60.0/jobs/ingest", 0, true),
            ("/services/async/60.0/job", 0, true),
            ("/services/Soap/u/60.0", 4 * 1024, false),
            ("/services/Soap/m/60.0", 4 * 1024 + 1, true),
            ("/_fauxforce/health", 0, false),
            ("/_fauxforce/orgs/default/await", 0, true),
            ("/_fauxforce/orgs", 1024, false),
            ("/_fauxforce/orgs", 1025, true),
            ("/_fauxforce/orgs/default/fork", 0, false),
            ("/_fauxforce/orgs/default/reset", 0, false),
            ("/_fauxforce/orgs/default/scenarios", 0, true),
            ("/_fauxforce/orgs/default/snapshots/a/restore", 0, false),
            ("/_fauxforce/orgs/default/snapshots/a/file", 0, true),
            ("/_fauxforce/a/b/c/d/e/f/g", 0, true),
            ("/", 0, false),
        ];
        for (path, length, expected) in cases {
            let request = Request::new(Method::Post, path).body(vec![b'x'; length]);
            assert_eq!(is_long(&request), expected, "{path} {length}");
        }
        for (body, expected) in [
            (r#"{"name":"x","ttl":"PT1H"}"#, false),
            (r#"{"scenarios":["x"]}"#, true),
            (r#"{"listen":true}"#, true),
        ] {
            let request = Request::new(Method::Post, "/_fauxforce/orgs").json(body);
            assert_eq!(is_long(&request), expected, "{body}");
        }
        let list = Request::new(Method::Get, "/_fauxforce/orgs");
        assert!(is_long(&list), "there may be thousands");
    }
}
