//! The network edge: the only folder that knows hyper and tokio.
//!
//! A socket is accepted by [`workers`](self), read by `connection`, and each request on it goes
//! through `exchange`: `receive` makes one plain [`Request`] of head and body, the handler answers
//! it, `respond` puts the answer on the wire. `outbound` goes the other way: it makes the calls that
//! orgs ask of other systems. Whatever is refused before the handler is worded by
//! `refuse`.

mod answer_body;
mod background;
mod coding;
mod connection;
mod exchange;
mod listen;
mod outbound;
mod receive;
mod refuse;
mod respond;
mod signal;
mod workers;

pub use background::Background;
pub use outbound::{Deliver, Outbound};

pub use signal::StopSignal;

use crate::api::{Request, RequestBody, Response};
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

/// The addresses to listen on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostChoice {
    /// Both 127.0.0.1 and `::1`, on the same port. Without IPv6, the first alone.
    Loopback,
    /// This address alone. `::` takes IPv4 connections too.
    Address(IpAddr),
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
        Some("_fauxforce") => return segments.next() != Some("health"),
        _ => LONG_BODY,
    };
    body.len() > limit
}

/// A listening server. It owns its threads and its runtimes, so it works inside sync and async
/// tests alike. Dropping it stops it.
#[must_use = "dropping the edge stops it"]
#[derive(Debug)]
pub struct Edge {
    addresses: Vec<SocketAddr>,
    host: HostChoice,
    workers: workers::Workers,
}

impl Edge {
    /// Listens and serves; returns when connections are accepted. A taken port is
    /// [`io::ErrorKind::AddrInUse`], with the address in the message.
    pub fn bind(options: EdgeOptions, handler: Handler) -> io::Result<Edge> {
        let listeners = listen::bind(options.host, options.port)?;
        let addresses =
            listeners.iter().map(std::net::TcpListener::local_addr).collect::<io::Result<_>>()?;
        let host = options.host;
        let workers = workers::Workers::start(&listeners, options, handler)?;
        Ok(Edge { addresses, host, workers })
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
    use crate::api::Method;

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
            ("/", 0, false),
        ];
        for (path, length, expected) in cases {
            let request = Request::new(Method::Post, path).body(vec![b'x'; length]);
            assert_eq!(is_long(&request), expected, "{path} {length}");
        }
    }
}
