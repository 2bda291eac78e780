//! Errors of the forward proxy: what a `CONNECT` or a request for another host is refused with.

use super::OrgError;
use std::fmt;

impl OrgError {
    /// 400 of a `CONNECT` that does not say where to.
    pub fn bad_connect() -> OrgError {
        OrgError::general(400, "BAD_REQUEST", "CONNECT takes a host and a port")
            .hint("like CONNECT login.salesforce.com:443")
    }

    /// 400 of a `CONNECT` inside of another.
    pub fn nested_connect() -> OrgError {
        OrgError::general(400, "BAD_REQUEST", "This connection is a tunnel already")
            .hint("the client uses this server as a proxy for itself")
    }

    /// 400 of an `https` target of another host without a tunnel.
    pub fn https_in_the_clear(host: &str) -> OrgError {
        let message = format!("https://{host} is not served here and cannot be asked in the clear");
        OrgError::general(400, "BAD_REQUEST", message)
            .hint("clients ask a proxy for a tunnel to https targets: CONNECT host:443")
    }

    /// 400 of `--intercept` with something that is no host.
    pub fn not_a_host(text: &str) -> OrgError {
        let message = format!("'{text}' is not a host name, nor *. and a domain");
        OrgError::general(400, "BAD_REQUEST", message)
    }

    /// 403 of a host that is not Salesforce's under `--refuse-other-hosts`.
    pub fn other_host_refused(host: &str) -> OrgError {
        let message = format!("{host} is not served here, and other hosts are refused");
        OrgError::general(403, "OTHER_HOST_REFUSED", message)
            .hint("start without --refuse-other-hosts, or serve the host with --intercept")
    }

    /// 403 of another host when the server is open to other machines and has no token.
    pub fn other_host_unguarded(host: &str) -> OrgError {
        let message = format!("{host} is not served here, and this is no open proxy");
        OrgError::general(403, "OTHER_HOST_REFUSED", message)
            .hint("start with --control-token to tunnel for clients on other machines that know it")
    }

    /// 407 of another host when the server is open to other machines.
    pub fn proxy_token_needed(host: &str) -> OrgError {
        let message = format!("{host} is not served here; tunnels to it need the control token");
        OrgError::general(407, "PROXY_AUTHENTICATION_REQUIRED", message)
            .hint("put the control token into the proxy's URL as its password: http://any:TOKEN@host:port")
    }

    /// 502 of a host that cannot be reached.
    pub fn host_unreachable(host: &str, why: &dyn fmt::Display) -> OrgError {
        OrgError::general(502, "BAD_GATEWAY", format!("No connection to {host}: {why}"))
            .hint("this host is not Salesforce's, so the request was to go there; --intercept serves it here")
    }

    /// 503 of more tunnels than are kept open at once.
    pub fn too_many_tunnels(most: usize) -> OrgError {
        OrgError::general(503, "TOO_MANY_TUNNELS", format!("{most} tunnels are open")).hint(
            "requests to other hosts go through tunnels; close some, or set NO_PROXY for them",
        )
    }
}
