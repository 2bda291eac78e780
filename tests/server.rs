//! The façade over a real socket: requests reach the org they name.
#![cfg(feature = "server")]

use fauxforce::Server;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

/// Sends one request and gives status and body.
fn exchange(server: &Server, method: &str, path: &str, headers: &str, body: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(("127.0.0.1", server.port())).expect("the server listens");
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: localhost:{}\r\nConnection: close\r\n{headers}\
         Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}",
        server.port()
    );
    stream.write_all(request.as_bytes()).expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    (status.expect("a status"), body.to_owned())
}

#[test]
fn a_server_serves_its_orgs_until_it_is_dropped() {
    let server = Server::builder().scenario("approvals-pending").start().expect("a server");
    let port = server.port();
    let (status, body) = exchange(&server, "GET", "/_fauxforce/health", "", "");
    assert_eq!(status, 200, "{body}");
    assert!(body.contains("\"ready\""), "{body}");

    let org = server.org("default").expect("the default org");
    let bearer = format!("Authorization: Bearer {}\r\n", org.access_token());
    let query = "/services/data/v67.0/query?q=SELECT+COUNT()+FROM+UserProvisioningRequest";
    let (status, body) = exchange(&server, "GET", query, &bearer, "");
    assert_eq!(status, 200, "{body}");
    assert!(body.contains("\"totalSize\":5"), "{body}");

    // A fork is reached by its own token.
    let (status, fork) =
        exchange(&server, "POST", "/_fauxforce/orgs/default/fork", "", "{\"name\":\"branch\"}");
    assert_eq!(status, 201, "{fork}");
    let branch = server.org("branch").expect("the fork");
    let bearer = format!("Authorization: Bearer {}\r\n", branch.access_token());
    let contact = "/services/data/v67.0/sobjects/Contact";
    let (status, made) = exchange(&server, "POST", contact, &bearer, "{\"LastName\":\"Ito\"}");
    assert_eq!(status, 201, "{made}");
    let count = "/services/data/v67.0/query?q=SELECT+COUNT()+FROM+Contact";
    let (_, there) = exchange(&server, "GET", count, &bearer, "");
    assert!(there.contains("\"totalSize\":1"), "{there}");
    let bearer = format!("Authorization: Bearer {}\r\n", org.access_token());
    let (_, here) = exchange(&server, "GET", count, &bearer, "");
    assert!(here.contains("\"totalSize\":0"), "{here}");

    drop(server);
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err(), "nobody listens any more");
}

#[test]
fn a_page_of_another_site_gets_nothing() {
    let server = Server::start().expect("a server");
    let origin = "Origin: https://evil.example\r\n";
    let (status, body) = exchange(&server, "GET", "/_fauxforce/orgs", origin, "");
    assert_eq!(status, 403, "{body}");
}

#[test]
fn the_ready_line_is_one_line_of_json_with_the_documented_keys() {
    let server = Server::builder().clock("2026-01-15T09:00:00Z").start().expect("a server");
    let line = server.ready_line();
    assert_eq!(line.matches('\n').count(), 1);
    let json: serde_json::Value = serde_json::from_str(&line).expect("JSON");
    assert_eq!(json["url"], server.url());
    assert_eq!(json["control_url"], format!("{}/_fauxforce", server.url()));
    assert_eq!(json["org"]["instance_url"], server.url());
    assert_eq!(json["org"]["name"], "default");
    let top = ["url", "secure_url", "control_url", "ca_file", "ca_bundle", "org"];
    let places = top.map(|key| line.find(&format!("\"{key}\":")).expect(key));
    assert!(places.is_sorted(), "{line}");
}
