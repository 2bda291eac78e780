//! Connections to other hosts: directly, or through the proxy that this process's environment names.

use super::control::Control;
use super::proxy::{Target, is_within};
use super::stream::Stream;
use base64::Engine as _;
use percent_encoding::percent_decode_str;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs as _};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;

/// For the look-up, the connection and the answer of the proxy before us, together.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);

/// For one address: the next may answer where this one is silent.
const ADDRESS_LIMIT: Duration = Duration::from_secs(2);

/// Names that are looked up at once. A resolver that hangs holds a thread of the pool for each.
const MOST_LOOKUPS: usize = 8;

/// Most bytes of the answer of the proxy before us.
const LONGEST_ANSWER: usize = 16 * 1024;

/// How other hosts are reached: the proxy settings of this process's environment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Upstream {
    /// The one for tunnels.
    secure: Option<ProxyBefore>,
    /// The one for requests in the clear.
    plain: Option<ProxyBefore>,
    /// Hosts that are reached directly: names, domains with or without a leading dot, `*`.
    direct: Vec<String>,
}

/// The proxy before us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ProxyBefore {
    pub(super) target: Target,
    /// The value of `Proxy-Authorization`.
    pub(super) authorization: Option<String>,
}

impl Upstream {
    /// Reads the values of `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`; empty is none. `None` when a
    /// proxy's URL is not one of an HTTP proxy: TLS to the proxy and SOCKS are not spoken.
    pub fn parse(https_proxy: &str, http_proxy: &str, no_proxy: &str) -> Option<Upstream> {
        let entries = no_proxy.split([',', ' ']).map(str::trim).filter(|entry| !entry.is_empty());
        let proxy = |url: &str| match url.trim() {
            "" => Ok(None),
            url => ProxyBefore::parse(url).map(Some).ok_or(()),
        };
        Some(Upstream {
            secure: proxy(https_proxy).ok()?,
            plain: proxy(http_proxy).ok()?,
            direct: entries.map(str::to_ascii_lowercase).collect(),
        })
    }

    /// The proxy through which a tunnel to a host leads.
    pub(super) fn for_tunnels(&self, host: &str) -> Option<&ProxyBefore> {
        self.secure.as_ref().filter(|_| !self.is_direct(host))
    }

    /// The proxy that takes requests in the clear for a host.
    pub(super) fn for_requests(&self, host: &str) -> Option<&ProxyBefore> {
        self.plain.as_ref().filter(|_| !self.is_direct(host))
    }

    fn is_direct(&self, host: &str) -> bool {
        let is_local = host == "localhost"
            || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
        is_local
            || self.direct.iter().any(|entry| {
                let domain = entry.trim_start_matches("*.").trim_start_matches('.');
                entry == "*" || is_within(host, domain)
            })
    }
}

impl ProxyBefore {
    /// Reads a proxy's URL; one without a scheme is an HTTP proxy's.
    fn parse(url: &str) -> Option<ProxyBefore> {
        let rest = match url.split_once("://") {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => rest,
            Some(_) => return None,
            None => url,
        };
        let authority = rest.split('/').next()?;
        let target = Target::of(&authority.parse().ok()?, Some(80))?;
        let authorization = authority.rsplit_once('@').map(|(user, _)| {
            let mut user = percent_decode_str(user).collect::<Vec<u8>>();
            if !user.contains(&b':') {
                user.push(b':');
            }
            let mut value = "Basic ".to_owned();
            base64::engine::general_purpose::STANDARD.encode_string(user, &mut value);
            value
        });
        Some(ProxyBefore { target, authorization })
    }
}

/// Looks names up, a few at a time.
pub(super) struct Lookups(Arc<Semaphore>);

impl Default for Lookups {
    fn default() -> Lookups {
        Lookups(Arc::new(Semaphore::new(MOST_LOOKUPS)))
    }
}

impl Lookups {
    /// The addresses of a target.
    pub(super) async fn addresses(&self, target: &Target) -> io::Result<Vec<SocketAddr>> {
        if let Ok(address) = target.host.parse() {
            return Ok(vec![SocketAddr::new(address, target.port)]);
        }
        let lookup = async {
            let permit = Arc::clone(&self.0).acquire_owned().await.map_err(io::Error::other)?;
            let (host, port) = (target.host.clone(), target.port);
            let looking = tokio::task::spawn_blocking(move || {
                let found = (host.as_str(), port).to_socket_addrs().map(Iterator::collect);
                drop(permit);
                found
            });
            looking.await.map_err(io::Error::other)?
        };
        tokio::time::timeout(CONNECT_LIMIT, lookup).await?
    }
}

/// Connects to a target, through a proxy if one is named, within five seconds.
pub(super) async fn connect(
    lookups: &Lookups,
    target: &Target,
    via: Option<&ProxyBefore>,
) -> io::Result<TcpStream> {
    let connected = async {
        let Some(proxy) = via else { return reach(lookups, target).await };
        let mut stream = reach(lookups, &proxy.target).await?;
        ask(&mut stream, target, proxy).await?;
        Ok(stream)
    };
    let too_late = |_| io::Error::new(io::ErrorKind::TimedOut, "no answer within five seconds");
    tokio::time::timeout(CONNECT_LIMIT, connected).await.map_err(too_late)?
}

/// Connects to the first address of a target that answers.
async fn reach(lookups: &Lookups, target: &Target) -> io::Result<TcpStream> {
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for address in lookups.addresses(target).await? {
        match tokio::time::timeout(ADDRESS_LIMIT, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                stream.set_nodelay(true)?;
                return Ok(stream);
            }
            Ok(Err(error)) => last = error,
            Err(late) => last = late.into(),
        }
    }
    Err(last)
}

/// Asks the proxy before us for a tunnel.
async fn ask(stream: &mut TcpStream, target: &Target, proxy: &ProxyBefore) -> io::Result<()> {
    let mut request = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n");
    if let Some(authorization) = &proxy.authorization {
        request.push_str("Proxy-Authorization: ");
        request.push_str(authorization);
        request.push_str("\r\n");
    }
    request.push_str("\r\n");
    stream.write_all(request.as_bytes()).await?;
    // Byte by byte: what follows the head is the tunnel's.
    let mut answer = Vec::with_capacity(256);
    while !answer.ends_with(b"\r\n\r\n") {
        if answer.len() == LONGEST_ANSWER {
            return Err(io::Error::other("the proxy before us answers too much"));
        }
        answer.push(stream.read_u8().await?);
    }
    let answer = String::from_utf8_lossy(&answer);
    let status = answer.split(' ').nth(1).unwrap_or_default();
    if status.len() == 3 && status.starts_with('2') {
        Ok(())
    } else {
        Err(io::Error::other(format!("the proxy before us answers {status}")))
    }
}

/// Passes bytes both ways until both sides have ended, or the connection is told to end: because the
/// server stops, or because nothing has moved for long.
pub(super) async fn relay(mut client: Stream, mut other: TcpStream, control: &Control) {
    let passed = control.unless_told(copy_bidirectional(&mut client, &mut other)).await;
    if let Some(Err(error)) = passed {
        tracing::debug!(%error, "a tunnel ended");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proxy_settings_are_read_as_other_tools_read_them() {
        let secure = "http://me:p%40ss@proxy.test:3128/";
        let upstream = Upstream::parse(secure, "proxy.test:8080", "a.test, .b.test,*.c.test");
        let upstream = upstream.unwrap();
        for direct in ["a.test", "x.a.test", "x.b.test", "x.c.test", "localhost", "127.0.0.1"] {
            assert_eq!(upstream.for_tunnels(direct), None, "{direct}");
            assert_eq!(upstream.for_requests(direct), None, "{direct}");
        }
        for host in ["d.test", "xa.test"] {
            let proxy = upstream.for_tunnels(host).unwrap();
            assert_eq!(proxy.target.to_string(), "proxy.test:3128");
            assert_eq!(proxy.authorization.as_deref(), Some("Basic bWU6cEBzcw=="));
            let proxy = upstream.for_requests(host).unwrap();
            assert_eq!(proxy.target.to_string(), "proxy.test:8080");
            assert_eq!(proxy.authorization, None);
        }
        let nowhere = Upstream::parse(secure, "", "*").unwrap();
        assert_eq!(nowhere.for_tunnels("d.test"), None);
        assert_eq!(Upstream::parse("", "", "").unwrap(), Upstream::default());
        for unspoken in ["socks5://proxy.test", "https://proxy.test", "http://", "http://a b"] {
            assert_eq!(Upstream::parse(unspoken, "", ""), None, "{unspoken}");
        }
    }
}
