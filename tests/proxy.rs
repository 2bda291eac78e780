//! The forward proxy on the server's port: what is served in the place of its host, what is passed
//! on, what is refused.
#![cfg(feature = "tls")]
#![allow(clippy::unwrap_used)] // Helpers of tests are tests too.

mod common;

use common::{Answer, Folder, Wire, ask, edge_with, trusting};
use fauxforce::api::{Request, Response};
use fauxforce::server::{
    Authority, Edge, EdgeOptions, HostChoice, HostPattern, ProxyOptions, Upstream,
};
use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, mpsc};
use std::thread;

const LOCALHOST: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// An edge that speaks TLS and tells how requests came.
struct Proxy {
    edge: Edge,
    config: Arc<rustls::ClientConfig>,
    _folder: Folder,
}

impl Proxy {
    fn new() -> Proxy {
        Proxy::with(ProxyOptions::default())
    }

    fn with(options: ProxyOptions) -> Proxy {
        Proxy::at(HostChoice::Loopback, options)
    }

    fn at(host: HostChoice, proxy: ProxyOptions) -> Proxy {
        let folder = Folder::new();
        let authority = Arc::new(Authority::in_folder(&folder.0, None).unwrap());
        let config = trusting(authority.certificate_pem());
        let options =
            EdgeOptions { host, proxy, authority: Some(authority), ..EdgeOptions::default() };
        Proxy { edge: edge_with(options, told), config, _folder: folder }
    }

    /// A connection on which a tunnel was asked for, with further header lines.
    fn connect_with(&self, target: &str, headers: &str) -> (Wire, Answer) {
        let mut wire = Wire::open(&self.edge);
        wire.send(format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n{headers}\r\n"));
        // Nothing follows a tunnel's head.
        let head = wire.head();
        if head.status == 200 {
            return (wire, head);
        }
        let length = head.header("content-length").unwrap().parse().unwrap();
        let body = wire.exactly(length);
        (wire, Answer { body, ..head })
    }

    /// A tunnel, which must be granted.
    fn tunnel(&self, target: &str) -> Wire {
        let (wire, answer) = self.connect_with(target, "");
        assert_eq!(answer.status, 200, "{target}");
        assert_eq!(
            (answer.header("content-length"), answer.header("transfer-encoding")),
            (None, None)
        );
        wire
    }

    /// The status of a tunnel that is not granted; the rest of the answer is checked.
    fn refused(&self, target: &str, headers: &str) -> u16 {
        let (_, answer) = self.connect_with(target, headers);
        assert!(answer.header("x-fauxforce-hint").is_some(), "{target}: {answer:?}");
        assert!(answer.text().contains("\"errorCode\":"), "{target}: {answer:?}");
        answer.status
    }
}

/// Tells how a request came.
#[allow(clippy::needless_pass_by_value)] // The signature of a handler.
fn told(request: Request) -> Response {
    let scheme = if request.origin.secure { "https" } else { "http" };
    let mut text =
        format!("{} {scheme}://{}{}", request.method.name(), request.origin.host, request.path);
    if !request.query.is_empty() {
        text.push('?');
        text.push_str(&request.query);
    }
    for (name, value) in request.headers.iter().filter(|(name, _)| name.starts_with("x-")) {
        // Writing to a string cannot fail.
        let _ = write!(text, "\n{name}: {value}");
    }
    let body = common::body_of(&request);
    Response::status(200).with("X-Told", "1").body([text.as_bytes(), b"\n", &body].concat())
}

fn get(target: &str, host: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n")
}

// Served here.

#[test]
fn salesforce_s_and_concur_s_hosts_are_served_here() {
    let proxy = Proxy::new();
    for host in [
        "login.salesforce.com",
        "acme--dev.sandbox.my.salesforce.com",
        "salesforce.com",
        "acme.lightning.force.com",
        "us.api.concursolutions.com",
    ] {
        let tunnel = proxy.tunnel(&format!("{host}:443"));
        let mut wire = tunnel.secured(host, &proxy.config).unwrap().wire;
        for path in ["/a", "/b"] {
            wire.send(get(path, host));
            assert_eq!(wire.answer().text(), format!("GET https://{host}{path}\n"));
        }
    }
    assert_eq!(proxy.edge.tunnelled_hosts(), [""; 0]);
}

#[test]
fn a_tunnel_may_hold_http_in_the_clear() {
    let proxy = Proxy::new();
    let mut wire = proxy.tunnel("acme.my.salesforce.com:80");
    for _ in 0..2 {
        wire.send(get("/", "acme.my.salesforce.com"));
        assert_eq!(wire.answer().text(), "GET http://acme.my.salesforce.com/\n");
    }
    // A request without a host is for the one that the tunnel leads to.
    wire.send("GET /old HTTP/1.0\r\n\r\n");
    assert_eq!(wire.answer().text(), "GET http://acme.my.salesforce.com/old\n");
}

#[test]
fn what_is_sent_with_the_connect_is_not_lost() {
    let proxy = Proxy::new();
    let mut wire = Wire::open(&proxy.edge);
    let host = "login.salesforce.com";
    wire.send(format!("CONNECT {host}:80 HTTP/1.1\r\nHost: {host}:80\r\n\r\n{}", get("/x", host)));
    assert_eq!(wire.head().status, 200);
    assert_eq!(wire.answer().text(), "GET http://login.salesforce.com/x\n");
}

#[test]
fn a_connect_may_follow_other_requests() {
    let proxy = Proxy::new();
    let mut wire = Wire::open(&proxy.edge);
    wire.send(get("/", "a"));
    assert_eq!(wire.answer().status, 200);
    wire.send("CONNECT nowhere HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(wire.answer().status, 400);
    wire.send("CONNECT login.salesforce.com:443 HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(wire.head().status, 200);
    assert!(wire.secured("login.salesforce.com", &proxy.config).is_ok());
}

#[test]
fn the_proxy_itself_may_be_reached_over_tls() {
    let proxy = Proxy::new();
    let mut wire = Wire::open(&proxy.edge).secured("localhost", &proxy.config).unwrap().wire;
    wire.send("CONNECT login.salesforce.com:443 HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(wire.head().status, 200);
    let mut wire = wire.secured("login.salesforce.com", &proxy.config).unwrap().wire;
    wire.send(get("/", "login.salesforce.com"));
    assert_eq!(wire.answer().text(), "GET https://login.salesforce.com/\n");
}

#[test]
fn clients_that_name_nobody_get_the_host_of_the_tunnel() {
    let mut options = ProxyOptions::default();
    options.intercept.push(HostPattern::parse("192.0.2.1").unwrap());
    let proxy = Proxy::with(options);
    // Addresses are not named in the greeting.
    assert!(proxy.tunnel("192.0.2.1:443").secured("192.0.2.1", &proxy.config).is_ok());
    assert!(proxy.tunnel("192.0.2.1:443").secured("192.0.2.2", &proxy.config).is_err());
}

#[test]
fn absolute_targets_are_served_here() {
    let proxy = Proxy::new();
    let told = |target: &str| ask(&proxy.edge, get(target, "ignored")).text().to_owned();
    assert_eq!(
        told("http://login.salesforce.com/a?b=c"),
        "GET http://login.salesforce.com/a?b=c\n"
    );
    assert_eq!(
        told("http://acme.my.salesforce.com:8080"),
        "GET http://acme.my.salesforce.com:8080/\n"
    );
    // Some clients ask a proxy so instead of for a tunnel.
    assert_eq!(told("https://login.salesforce.com/a"), "GET https://login.salesforce.com/a\n");
    let own = format!("http://localhost:{}/", proxy.edge.port());
    assert_eq!(told(&own), format!("GET {own}\n"));
}

#[test]
fn our_own_addresses_are_always_served() {
    let proxy = Proxy::with(ProxyOptions { refuse_other_hosts: true, ..ProxyOptions::default() });
    let port = proxy.edge.port();
    for host in ["localhost", "127.0.0.1", "[::1]", "acme.localhost", "LOCALHOST"] {
        let mut wire = proxy.tunnel(&format!("{host}:{port}"));
        wire.send(get("/", host));
        assert_eq!(wire.answer().text(), format!("GET http://{host}/\n"));
    }
    assert_eq!(proxy.refused("localhost:1", ""), 403);
}

#[test]
fn further_hosts_can_be_named() {
    let mut options = ProxyOptions {
        refuse_other_hosts: true,
        public_url: Some("https://sf.acme.test/".to_owned()),
        ..ProxyOptions::default()
    };
    options.intercept.push(HostPattern::parse("*.acme.example").unwrap());
    let proxy = Proxy::with(options);
    for target in ["crm.acme.example:8443", "acme.example:443", "sf.acme.test:443"] {
        proxy.tunnel(target);
    }
    assert_eq!(proxy.refused("xacme.example:443", ""), 403);
}

#[test]
fn the_org_answers_with_the_url_by_which_it_was_called() {
    let folder = Folder::new();
    let server = fauxforce::Server::builder().ca_dir(&folder.0).start().unwrap();
    let config = trusting(&std::fs::read_to_string(server.ca_file().unwrap()).unwrap());
    let org = server.org("default").unwrap();
    let tunnel = |host: &str| {
        let mut wire = Wire::to(LOCALHOST, server.port());
        wire.send(format!("CONNECT {host}:443 HTTP/1.1\r\nHost: {host}:443\r\n\r\n"));
        assert_eq!(wire.head().status, 200);
        wire.secured(host, &config).unwrap().wire
    };
    let login = format!(
        "<Envelope xmlns=\"http://schemas.xmlsoap.org/soap/envelope/\"><Body>\
         <login xmlns=\"urn:partner.soap.sforce.com\"><username>{}</username>\
         <password>{}</password></login></Body></Envelope>",
        org.username(),
        org.password()
    );
    let token = format!(
        "grant_type=password&username={}&password={}&client_id={}&client_secret={}",
        org.username(),
        org.password(),
        org.client_id(),
        org.client_secret()
    );
    let post = |host: &str, path: &str, kind: &str, body: &str| {
        let mut wire = tunnel(host.split(':').next().unwrap());
        wire.send(format!(
            "POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: {kind}\r\nSOAPAction: \"\"\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        ));
        let answer = wire.answer();
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.text().to_owned()
    };
    let form = "application/x-www-form-urlencoded";
    for (called, told) in [
        ("login.salesforce.com", "https://fauxforce.my.salesforce.com"),
        ("Test.Salesforce.com:443", "https://fauxforce.my.salesforce.com"),
        ("acme.my.salesforce.com", "https://acme.my.salesforce.com"),
        ("acme.my.salesforce.com:443", "https://acme.my.salesforce.com"),
    ] {
        let answer = post(called, "/services/Soap/u/60.0", "text/xml", &login);
        for (element, api) in [("serverUrl", "u"), ("metadataServerUrl", "m")] {
            let expected = format!("<{element}>{told}/services/Soap/{api}/60.0/");
            assert!(answer.contains(&expected), "{called}: {answer}");
        }
        let answer = post(called, "/services/oauth2/token", form, &token);
        assert!(answer.contains(&format!("\"instance_url\":\"{told}\"")), "{called}: {answer}");
        assert!(answer.contains("\"id\":\"https://"), "{called}: {answer}");
    }
}

// Passed on.

/// A server that says hello and then repeats what it hears, and ends when the client has.
fn echo_server() -> u16 {
    let listener = TcpListener::bind((LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            thread::spawn(move || {
                stream.write_all(b"hello ").unwrap();
                let mut reader = stream.try_clone().unwrap();
                // The client may leave at any time.
                let _ = std::io::copy(&mut reader, &mut stream);
            });
        }
    });
    port
}

#[test]
fn other_hosts_are_tunnelled_to() {
    let proxy = Proxy::new();
    let port = echo_server();
    let mut wire = proxy.tunnel(&format!("127.0.0.1:{port}"));
    assert_eq!(wire.exactly(6), b"hello ");
    let long = vec![7; 300_000];
    wire.send(b"\x16\x03\x01 whatever");
    assert_eq!(wire.exactly(12), b"\x16\x03\x01 whatever");
    wire.send(&long);
    assert!(wire.exactly(long.len()) == long);
    // Each side ends by itself.
    wire.send("last words");
    wire.end_sending();
    assert_eq!(wire.rest(), b"last words");
    assert_eq!(proxy.edge.tunnelled_hosts(), ["127.0.0.1"]);
}

#[test]
fn an_open_tunnel_does_not_hold_up_the_stop() {
    let proxy = Proxy::new();
    let mut wire = proxy.tunnel(&format!("127.0.0.1:{}", echo_server()));
    assert_eq!(wire.exactly(6), b"hello ");
    proxy.edge.stop();
    assert_eq!(wire.rest(), b"");
}

#[test]
fn requests_in_the_clear_are_sent_on() {
    let proxy = Proxy::new();
    let other = common::edge(told);
    let authority = format!("127.0.0.1:{}", other.port());
    let mut wire = Wire::open(&proxy.edge);
    for chunked in [false, true] {
        let body = if chunked {
            "Transfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n"
        } else {
            "Content-Length: 4\r\n\r\nbody"
        };
        wire.send(format!(
            "POST http://{authority}/p/a?t=h HTTP/1.1\r\nHost: ignored\r\nX-Kept: 1\r\nX-Hop: 1\r\n\
             Connection: keep-alive, X-Hop\r\nProxy-Connection: keep-alive\r\n{body}"
        ));
        let answer = wire.answer();
        assert_eq!(answer.text(), format!("POST http://{authority}/p/a?t=h\nx-kept: 1\nbody"));
        assert_eq!(answer.header("x-told"), Some("1"));
    }
    wire.send(format!("HEAD http://{authority}/ HTTP/1.1\r\nHost: a\r\n\r\n"));
    assert_eq!(wire.head().status, 200);
    // The same connection goes on with requests for us.
    wire.send(get("/", "login.salesforce.com"));
    assert_eq!(wire.answer().text(), "GET http://login.salesforce.com/\n");
}

/// A proxy that hears one head, answers it, and gives what it heard and what followed.
fn proxy_before(answer: &'static str) -> (u16, mpsc::Receiver<String>) {
    let listener = TcpListener::bind((LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let (heard, hearing) = mpsc::channel();
    thread::spawn(move || {
        let (mut stream, _): (TcpStream, _) = listener.accept().unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            head.push(byte[0]);
        }
        heard.send(String::from_utf8(head).unwrap()).unwrap();
        stream.write_all(answer.as_bytes()).unwrap();
        let mut rest = String::new();
        stream.read_to_string(&mut rest).unwrap();
        let _ = heard.send(rest);
    });
    (port, hearing)
}

fn through(port: u16) -> Proxy {
    let url = format!("http://me:secret@127.0.0.1:{port}");
    let upstream = Upstream::parse(&url, &url, "direct.test").unwrap();
    Proxy::with(ProxyOptions { upstream, ..ProxyOptions::default() })
}

#[test]
fn the_proxy_of_the_environment_is_asked_for_tunnels() {
    let (port, heard) = proxy_before("HTTP/1.1 200 Established\r\nX: y\r\n\r\nwelcome");
    let proxy = through(port);
    let mut wire = proxy.tunnel("other.test:443");
    assert_eq!(
        heard.recv().unwrap(),
        "CONNECT other.test:443 HTTP/1.1\r\nHost: other.test:443\r\n\
         Proxy-Authorization: Basic bWU6c2VjcmV0\r\n\r\n"
    );
    assert_eq!(wire.exactly(7), b"welcome");
    wire.send("and on");
    wire.end_sending();
    assert_eq!(heard.recv().unwrap(), "and on");
    // What is served here is not asked for there.
    proxy.tunnel("login.salesforce.com:443");
}

#[test]
fn the_proxy_of_the_environment_takes_requests_in_the_clear() {
    let (port, heard) = proxy_before("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    let proxy = through(port);
    let answer = ask(&proxy.edge, get("http://other.test/a?b", "ignored"));
    assert_eq!(answer.text(), "ok");
    let head = heard.recv().unwrap().to_lowercase();
    assert!(head.starts_with("get http://other.test/a?b http/1.1\r\n"), "{head}");
    assert!(head.contains("\r\nhost: other.test\r\n"), "{head}");
    assert!(head.contains("\r\nproxy-authorization: basic bwu6c2vjcmv0\r\n"), "{head}");
}

#[test]
fn what_the_proxy_of_the_environment_refuses_is_502() {
    for answer in ["HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", "nonsense\r\n\r\n", ""] {
        let (port, _heard) = proxy_before(answer);
        // The thread ends with an answer that is none.
        let proxy = through(port);
        if !answer.is_empty() {
            assert_eq!(proxy.refused("other.test:443", ""), 502, "{answer:?}");
        }
    }
    // Nobody is there, or it is we.
    let closed = TcpListener::bind((LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
    assert_eq!(through(closed).refused("other.test:443", ""), 502);
}

// Refused.

#[test]
fn what_cannot_be_reached_is_502() {
    let proxy = Proxy::new();
    let closed = TcpListener::bind((LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
    assert_eq!(proxy.refused(&format!("127.0.0.1:{closed}"), ""), 502);
    let answer = ask(&proxy.edge, get(&format!("http://127.0.0.1:{closed}/"), "a"));
    assert_eq!(answer.status, 502);
    assert_eq!(proxy.edge.tunnelled_hosts(), [""; 0]);
}

#[test]
fn other_hosts_can_be_refused() {
    let proxy = Proxy::with(ProxyOptions { refuse_other_hosts: true, ..ProxyOptions::default() });
    for target in ["example.com:443", "127.0.0.1:1", "salesforce.com.example:443"] {
        assert_eq!(proxy.refused(target, ""), 403, "{target}");
    }
    let answer = ask(&proxy.edge, get("http://example.com/", "login.salesforce.com"));
    assert_eq!(answer.status, 403);
    assert!(answer.header("x-fauxforce-hint").unwrap().contains("--intercept"), "{answer:?}");
    proxy.tunnel("login.salesforce.com:443");
}

#[test]
fn https_in_the_clear_is_for_nobody_else() {
    let answer = ask(&Proxy::new().edge, get("https://example.com/", "a"));
    assert_eq!(answer.status, 400);
}

#[test]
fn off_loopback_tunnels_need_the_control_token() {
    let everywhere = HostChoice::Address(Ipv4Addr::UNSPECIFIED.into());
    let target = format!("127.0.0.1:{}", echo_server());
    let closed = Proxy::at(everywhere, ProxyOptions::default());
    assert_eq!(closed.refused(&target, "Proxy-Authorization: Bearer \r\n"), 403);
    closed.tunnel("login.salesforce.com:443");

    let options = ProxyOptions { token: Some("secret".to_owned()), ..ProxyOptions::default() };
    let open = Proxy::at(everywhere, options);
    assert_eq!(open.refused(&target, ""), 407);
    assert_eq!(open.refused(&target, "Proxy-Authorization: Bearer wrong\r\n"), 407);
    let (mut wire, answer) = open.connect_with(&target, "");
    assert!(answer.header("proxy-authenticate").unwrap().starts_with("Basic "));
    // On the same connection, as clients do; the token is the password in the proxy's URL.
    let credentials = "Proxy-Authorization: Basic YW55OnNlY3JldA==";
    wire.send(format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n{credentials}\r\n\r\n"));
    assert_eq!(wire.head().status, 200);
    assert_eq!(wire.exactly(6), b"hello ");
    let (_, answer) = open.connect_with(&target, "Proxy-Authorization: Bearer secret\r\n");
    assert_eq!(answer.status, 200);
    let plain = format!("http://{target}/");
    assert_eq!(ask(&open.edge, get(&plain, "a")).status, 407);
}

#[test]
fn a_connect_that_says_no_host_or_port_is_400() {
    let proxy = Proxy::new();
    for target in [
        "/",
        "/path",
        "login.salesforce.com",
        "login.salesforce.com:",
        "login.salesforce.com:0",
        "login.salesforce.com:65536",
        "login.salesforce.com:x",
        ":443",
        "*",
        "http://a:443/",
        "[::1",
        "a b:443",
        "",
    ] {
        let answer = ask(&proxy.edge, format!("CONNECT {target} HTTP/1.1\r\nHost: a\r\n\r\n"));
        assert_eq!(answer.status, 400, "{target:?}");
    }
    let mut wire = proxy.tunnel("login.salesforce.com:80");
    wire.send("CONNECT login.salesforce.com:443 HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(wire.answer().status, 400, "a tunnel in a tunnel");
    assert_eq!(ask(&proxy.edge, get("/", "a")).status, 200);
}

#[test]
fn whoever_leaves_a_tunnel_is_let_go() {
    let proxy = Proxy::new();
    let target = format!("127.0.0.1:{}", echo_server());
    for _ in 0..3 {
        // Before the answer, after it, after some bytes.
        Wire::open(&proxy.edge).send(format!("CONNECT {target} HTTP/1.1\r\n\r\n"));
        drop(proxy.tunnel(&target));
        proxy.tunnel(&target).send("some bytes");
        drop(proxy.tunnel("login.salesforce.com:443"));
        proxy.tunnel("login.salesforce.com:443").send("\x16\x03");
    }
    assert_eq!(ask(&proxy.edge, get("/", "a")).status, 200);
}
