//! Binding: one port on one address, or the same port on both loopback addresses.

use super::HostChoice;
use socket2::{Domain, Protocol, Socket, Type};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};

/// Connections that may wait to be accepted.
const BACKLOG: i32 = 1024;

/// How often a free port of 127.0.0.1 may turn out to be taken on `::1`.
const ATTEMPTS: usize = 64;

/// Listens on what `host` means; all listeners have the same port and do not block.
pub(super) fn bind(host: HostChoice, port: u16) -> io::Result<Vec<TcpListener>> {
    match host {
        HostChoice::Address(address) => Ok(vec![listen(SocketAddr::new(address, port))?]),
        HostChoice::Loopback => bind_loopback(port),
    }
}

fn bind_loopback(port: u16) -> io::Result<Vec<TcpListener>> {
    let mut attempts_left = ATTEMPTS;
    loop {
        let v4 = listen(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port))?;
        let v6_address = SocketAddr::new(IpAddr::V6(Ipv6Addr::LOCALHOST), v4.local_addr()?.port());
        match listen(v6_address) {
            Ok(v6) => return Ok(vec![v4, v6]),
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                attempts_left -= 1;
                if port != 0 || attempts_left == 0 {
                    return Err(error);
                }
            }
            // A machine without IPv6: clients reach `localhost` on 127.0.0.1.
            Err(error) => {
                tracing::debug!(%error, "not listening on IPv6");
                return Ok(vec![v4]);
            }
        }
    }
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let named = |error: io::Error| {
        let problem = match error.kind() {
            io::ErrorKind::AddrInUse => "the port is taken".to_owned(),
            _ => error.to_string(),
        };
        io::Error::new(error.kind(), format!("cannot listen on {address}: {problem}"))
    };
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))
        .map_err(named)?;
    // On Unix this lets a restarted server have the port of one that just stopped; on Windows it
    // would let two servers share it.
    #[cfg(unix)]
    socket.set_reuse_address(true).map_err(named)?;
    if address.is_ipv6() {
        socket.set_only_v6(!address.ip().is_unspecified()).map_err(named)?;
    }
    socket.bind(&address.into()).map_err(named)?;
    socket.listen(BACKLOG).map_err(named)?;
    socket.set_nonblocking(true).map_err(named)?;
    Ok(socket.into())
}
