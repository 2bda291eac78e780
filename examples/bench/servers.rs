//! The servers that this program can be: the base and the edge around small handlers.

use fauxforce::api::{Request, Response};
use fauxforce::server::{Authority, Edge, EdgeOptions};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use std::convert::Infallible;
use std::future::Future;
use std::io::Read;
use std::sync::Arc;

/// What every server here answers.
static FIXED: [u8; 300] = [b'x'; 300];

/// Prints the port for the parent process, then serves until the parent closes our input.
fn announce_and_wait(port: u16) -> Result<(), String> {
    println!("{port}");
    std::io::stdin().read_to_end(&mut Vec::new()).map_err(|error| error.to_string())?;
    Ok(())
}

/// The base: what hyper's own documentation shows, on one thread, and `TCP_NODELAY`.
pub(crate) fn bare() -> Result<(), String> {
    serve_bare(|stream| async {
        let service = hyper::service::service_fn(answer_fixed);
        hyper::server::conn::http1::Builder::new()
            .serve_connection(hyper_util::rt::TokioIo::new(stream), service)
            .await
    })
}

/// The base over TLS: the same behind rustls, with one certificate of the same kind as ours.
pub(crate) fn bare_tls() -> Result<(), String> {
    let made = rcgen::generate_simple_self_signed(vec!["login.salesforce.com".to_owned()])
        .map_err(|error| error.to_string())?;
    let key = rustls::pki_types::PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key.into())
        .map_err(|error| error.to_string())?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    serve_bare(move |stream| {
        let acceptor = acceptor.clone();
        async move {
            let Ok(stream) = acceptor.accept(stream).await else { return Ok(()) };
            let service = hyper::service::service_fn(answer_fixed);
            hyper::server::conn::http1::Builder::new()
                .serve_connection(hyper_util::rt::TokioIo::new(stream), service)
                .await
        }
    })
}

/// Serves connections on one thread.
fn serve_bare<F>(serve: impl Fn(tokio::net::TcpStream) -> F + Send + 'static) -> Result<(), String>
where
    F: Future<Output = hyper::Result<()>> + Send + 'static,
{
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| error.to_string())?;
    let listener = runtime
        .block_on(tokio::net::TcpListener::bind(("127.0.0.1", 0)))
        .map_err(|error| error.to_string())?;
    let port = listener.local_addr().map_err(|error| error.to_string())?.port();
    std::thread::spawn(move || {
        runtime.block_on(async move {
            loop {
                let Ok((stream, _)) = listener.accept().await else { continue };
                // The base must not lose to Nagle's algorithm.
                let _ = stream.set_nodelay(true);
                tokio::spawn(serve(stream));
            }
        });
    });
    announce_and_wait(port)
}

async fn answer_fixed(
    _request: hyper::Request<Incoming>,
) -> Result<hyper::Response<Full<Bytes>>, Infallible> {
    Ok(hyper::Response::new(Full::new(Bytes::from_static(&FIXED))))
}

/// The edge around the handler of this name.
pub(crate) fn edge(handler: &str) -> Result<(), String> {
    let handler: fn(Request) -> Response = match handler {
        "fixed" => fixed,
        "org" => with_the_headers_of_an_org,
        unknown => return Err(format!("no handler {unknown}")),
    };
    let edge =
        Edge::bind(EdgeOptions::default(), Arc::new(handler)).map_err(|error| error.to_string())?;
    announce_and_wait(edge.port())
}

/// The edge over TLS.
pub(crate) fn edge_tls() -> Result<(), String> {
    let folder = std::env::temp_dir().join(format!("fauxforce-bench-{}", std::process::id()));
    let authority = Authority::in_folder(&folder, None).map_err(|error| error.to_string());
    // It is in memory now.
    let _ = std::fs::remove_dir_all(&folder);
    let options = EdgeOptions { authority: Some(Arc::new(authority?)), ..EdgeOptions::default() };
    let edge = Edge::bind(options, Arc::new(fixed)).map_err(|error| error.to_string())?;
    announce_and_wait(edge.port())
}

fn fixed(_request: Request) -> Response {
    Response::status(200).body(Bytes::from_static(&FIXED))
}

/// The headers of a REST answer, two of them made for each answer (rest.md §1.3).
#[allow(clippy::needless_pass_by_value)] // The signature of a handler.
fn with_the_headers_of_an_org(request: Request) -> Response {
    let used = request.path.len();
    Response::status(200)
        .with("Date", "Wed, 14 Apr 2021 13:50:54 GMT")
        .with("Set-Cookie", "BrowserId=bmg9450oEeuFnSMDERhUCg; domain=.salesforce.com; path=/")
        .with("Strict-Transport-Security", "max-age=63072000; includeSubDomains")
        .with("X-Content-Type-Options", "nosniff")
        .with("X-XSS-Protection", "1; mode=block")
        .with("X-Robots-Tag", "none")
        .with("Cache-Control", "no-cache,must-revalidate,max-age=0,no-store,private")
        .with("Sforce-Limit-Info", format!("api-usage={used}/100000"))
        .with("Content-Type", "application/json;charset=UTF-8")
        .with("Vary", "Accept-Encoding")
        .body(Bytes::from_static(&FIXED))
}
