//! Requests in the clear for hosts that are not served here: sent on, and their answers sent back.

use super::answer_body::AnswerBody;
use super::proxy::{Target, Tunnel};
use super::tunnel::ProxyBefore;
use crate::error::OrgError;
use hyper::body::Incoming;
use hyper::header::{
    CONNECTION, HOST, HeaderMap, HeaderName, HeaderValue, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION,
    TE, TRANSFER_ENCODING, UPGRADE,
};
use hyper::{Request, Response, Uri};
use hyper_util::rt::TokioIo;

/// What concerns one connection only (RFC 9110 §7.6.1), beside what `Connection` itself names.
const OF_ONE_CONNECTION: [HeaderName; 8] = [
    CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    PROXY_AUTHENTICATE,
    PROXY_AUTHORIZATION,
    TE,
    TRANSFER_ENCODING,
    UPGRADE,
];

/// Sends a request on over a connection to its target, or to the proxy before us.
pub(super) async fn forward(
    mut request: Request<Incoming>,
    target: &Target,
    tunnel: Tunnel,
    before: Option<&ProxyBefore>,
) -> Result<Response<AnswerBody>, OrgError> {
    let unreachable = |error: hyper::Error| OrgError::host_unreachable(&target.host, &error);
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str()).to_owned();
    let authority = request.uri().authority().map(|authority| authority.as_str().to_owned());
    let headers = request.headers_mut();
    strip(headers);
    // The target wins over the header (RFC 9112 §3.2.2).
    if let Some(host) = authority.and_then(|authority| HeaderValue::try_from(authority).ok()) {
        headers.insert(HOST, host);
    }
    if let Some(before) = before {
        let authorization = before.authorization.as_deref();
        if let Some(Ok(value)) = authorization.map(HeaderValue::from_str) {
            headers.insert(PROXY_AUTHORIZATION, value);
        }
    } else if let Ok(path) = Uri::try_from(path) {
        *request.uri_mut() = path;
    }
    let Tunnel { stream, permit } = tunnel;
    let io = TokioIo::new(stream);
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(io).await.map_err(unreachable)?;
    tokio::spawn(async move {
        let _permit = permit;
        if let Err(error) = connection.await {
            tracing::debug!(%error, "a forwarded connection ended");
        }
    });
    let mut response = sender.send_request(request).await.map_err(unreachable)?;
    strip(response.headers_mut());
    Ok(response.map(AnswerBody::Forwarded))
}

/// Takes away what concerns one connection only.
fn strip(headers: &mut HeaderMap) {
    let named: Vec<String> = headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|name| name.trim().to_ascii_lowercase())
        .collect();
    for name in named {
        headers.remove(name);
    }
    for name in OF_ONE_CONNECTION {
        headers.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_concerns_one_connection_goes_no_further() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("connection", "close, X-Hop"),
            ("x-hop", "1"),
            ("proxy-authorization", "Basic x"),
            ("proxy-connection", "keep-alive"),
            ("content-length", "2"),
            ("x-kept", "1"),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        strip(&mut headers);
        let mut left: Vec<&str> = headers.keys().map(HeaderName::as_str).collect();
        left.sort_unstable();
        assert_eq!(left, ["content-length", "x-kept"]);
    }
}
