//! An org inside a `MockServer`: mocks that were there first go first, the org answers the rest.
#![cfg(all(feature = "wiremock", feature = "server"))]

use fauxforce::Org;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use wiremock::matchers::{any, path_regex};
use wiremock::{Mock, MockServer, ResponseTemplate};

/// Sends a request on a connection of its own and gives the answer's head and body.
fn exchange(authority: &str, method: &str, target: &str, headers: &str, body: &str) -> [String; 2] {
    let mut stream = TcpStream::connect(authority).expect("the server listens");
    let length = body.len();
    let request = format!(
        "{method} {target} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n{headers}\
         Content-Length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    [head.to_ascii_lowercase(), body.to_owned()]
}

#[test]
fn an_org_answers_what_no_mock_does() {
    let org = Org::start().expect("an org");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let server = runtime.block_on(async {
        let server = MockServer::start().await;
        let limits = Mock::given(path_regex("^/services/data/v[0-9.]+/limits$"));
        limits.respond_with(ResponseTemplate::new(503)).mount(&server).await;
        Mock::given(any()).respond_with(org.respond()).mount(&server).await;
        server
    });
    let authority = server.address().to_string();
    let ask = |method: &str, target: &str, headers: &str, body: &str| {
        exchange(&authority, method, target, headers, body)
    };

    let form = format!(
        "grant_type=password&username={}&password={}&client_id={}&client_secret={}",
        org.username(),
        org.password(),
        org.client_id(),
        org.client_secret()
    );
    let kind = "Content-Type: application/x-www-form-urlencoded\r\n";
    let [head, login] = ask("POST", "/services/oauth2/token", kind, &form);
    assert!(head.starts_with("http/1.1 200"), "{head}");
    assert!(login.contains(&format!("\"instance_url\":\"http://{authority}\"")), "{login}");

    let bearer = format!("Authorization: Bearer {}\r\n", org.access_token());
    let json = format!("{bearer}Content-Type: application/json\r\n");
    let made = ask("POST", "/services/data/v66.0/sobjects/Account", &json, r#"{"Name":"Acme"}"#);
    assert!(made[0].starts_with("http/1.1 201") && made[0].contains("\r\nlocation: "), "{made:?}");
    assert_eq!(made[0].matches("\r\nset-cookie: ").count(), 3, "{made:?}");
    assert_eq!(made[0].matches("\r\ncontent-type: ").count(), 1, "{made:?}");
    let target = "/services/data/v66.0/query?q=SELECT+Name+FROM+Account+WHERE+Name='Acme'";
    let [_, found] = ask("GET", target, &bearer, "");
    assert!(found.starts_with("{\"totalSize\":1,"), "{found}");

    let [head, _] = ask("GET", "/services/data/v66.0/limits", &bearer, "");
    assert!(head.starts_with("http/1.1 503"), "the mock goes first: {head}");
    let [head, _] = ask("GET", "/services/data/v66.0/sobjects/Nonsense", &bearer, "");
    assert!(head.starts_with("http/1.1 404"), "{head}");
    let operations: Vec<String> =
        org.requests().iter().map(|request| request.operation().to_owned()).collect();
    assert_eq!(operations, ["login", "create", "query", "describe"]);
}
