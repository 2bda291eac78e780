//! A served org: the built binary in a process of its own, and a client that talks to it as any
//! client would. Everything about how the org is started is behind [`Served`].

use super::{Answer, Wire};
use serde_json::Value as Json;
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader};
use std::net::{IpAddr, Ipv4Addr};
use std::process::{Child, Command, Stdio};

/// The instant at which every test's org stands.
pub(crate) const CLOCK: &str = "2026-01-15T09:00:00Z";

/// The path under which most resources lie.
pub(crate) const DATA: &str = "/services/data/v66.0";

/// An org that is served until it is dropped.
pub(crate) struct Served {
    process: Child,
    /// What the ready line said.
    pub(crate) ready: Json,
    /// Scheme, host and port.
    pub(crate) url: String,
    /// Host and port.
    pub(crate) host: String,
    /// The port on 127.0.0.1.
    pub(crate) port: u16,
    /// The first session's access token.
    pub(crate) token: String,
}

impl Served {
    /// An empty org.
    pub(crate) fn start() -> Served {
        Served::start_with(&[])
    }

    /// An org with further options of `serve`, on a standing clock unless they name another.
    pub(crate) fn start_with(options: &[&str]) -> Served {
        let clock: &[&str] = if options.contains(&"--clock") { &[] } else { &["--clock", CLOCK] };
        let mut process = Command::new(env!("CARGO_BIN_EXE_fauxforce"))
            .args(["serve", "--port", "0", "--json"])
            .args(clock)
            // Not the CA of whoever runs the tests.
            .env("FAUXFORCE_CA_DIR", concat!(env!("CARGO_TARGET_TMPDIR"), "/ca"))
            .args(options)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let stdout = process.stdout.take().expect("a pipe");
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line).expect("a ready line");
        let ready: Json = serde_json::from_str(&line)
            .unwrap_or_else(|error| panic!("the ready line is not JSON ({error}): {line:?}"));
        let text = |value: &Json| value.as_str().expect("a text").to_owned();
        let url = text(&ready["url"]);
        let host = url.rsplit('/').next().expect("a host").to_owned();
        let port = host.rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port");
        let token = text(&ready["org"]["access_token"]);
        Served { process, ready, url, host, port, token }
    }

    /// What the names in braces of golden files stand for.
    fn names(&self) -> [(&'static str, &str); 5] {
        let org = |key: &str| self.ready["org"][key].as_str().expect("a text");
        [
            ("{token}", &self.token),
            ("{client_id}", org("client_id")),
            ("{client_secret}", org("client_secret")),
            ("{security_token}", org("security_token")),
            ("{refresh_token}", org("refresh_token")),
        ]
    }

    /// A text with the names in braces replaced by what they stand for.
    pub(crate) fn filled(&self, text: &str) -> String {
        let fill = |text: String, (name, value)| text.replace(name, value);
        self.names().into_iter().fold(text.to_owned(), fill)
    }

    /// The other way round.
    pub(crate) fn unfilled(&self, text: &str) -> String {
        let unfill = |text: String, (name, value)| text.replace(value, name);
        self.names().into_iter().fold(text.to_owned(), unfill)
    }

    /// A connection of its own.
    pub(crate) fn wire(&self) -> Wire {
        Wire::to(IpAddr::V4(Ipv4Addr::LOCALHOST), self.port)
    }

    /// The head of a request of the first session, with a JSON body of this text.
    pub(crate) fn head(&self, method: &str, target: &str, body: &str) -> String {
        let mut head = format!(
            "{method} {target} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n",
            self.host, self.token
        );
        if !body.is_empty() {
            let _ = write!(
                head,
                "Content-Type: application/json\r\nContent-Length: {}\r\n",
                body.len()
            );
        }
        head.push_str("\r\n");
        head
    }

    /// A client with a connection of its own and the first session.
    pub(crate) fn client(&self) -> Client {
        Client {
            wire: Wire::to(IpAddr::V4(Ipv4Addr::LOCALHOST), self.port),
            port: self.port,
            host: self.host.clone(),
            token: self.token.clone(),
        }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // It may have ended by itself; a test that minds has seen it by now.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Somebody with a session and a connection that is kept open.
pub(crate) struct Client {
    wire: Wire,
    port: u16,
    host: String,
    /// Sent as a bearer token.
    pub(crate) token: String,
}

impl Client {
    /// Sends a head and a body as they are and reads the answer.
    pub(crate) fn raw(&mut self, method: &str, head: &[u8], body: &[u8]) -> Answer {
        self.wire.send(head);
        self.wire.send(body);
        let answer = if method == "HEAD" { self.wire.head() } else { self.wire.answer() };
        if answer.header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close")) {
            self.reconnect();
        }
        answer
    }

    /// Opens a new connection.
    pub(crate) fn reconnect(&mut self) {
        self.wire = Wire::to(IpAddr::V4(Ipv4Addr::LOCALHOST), self.port);
    }

    /// One request with just these headers, `Host` and a length.
    pub(crate) fn send(
        &mut self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Answer {
        let mut head = format!("{method} {target} HTTP/1.1\r\n");
        if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
            let _ = write!(head, "Host: {}\r\n", self.host);
        }
        for (name, value) in headers {
            let _ = write!(head, "{name}: {value}\r\n");
        }
        if !body.is_empty() || matches!(method, "POST" | "PATCH" | "PUT") {
            let _ = write!(head, "Content-Length: {}\r\n", body.len());
        }
        head.push_str("\r\n");
        self.raw(method, head.as_bytes(), body)
    }

    /// One request of this session; a body is JSON. A target without a leading slash lies under
    /// [`DATA`].
    pub(crate) fn ask(&mut self, method: &str, target: &str, body: &str) -> Answer {
        self.ask_with(method, target, &[], body)
    }

    /// The same with further headers.
    pub(crate) fn ask_with(
        &mut self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let bearer = format!("Bearer {}", self.token);
        let mut all = vec![("Authorization", bearer.as_str())];
        if !body.is_empty() {
            all.push(("Content-Type", "application/json"));
        }
        all.extend_from_slice(headers);
        let target = match target.strip_prefix('/') {
            Some(_) => target.to_owned(),
            None => format!("{DATA}/{target}"),
        };
        self.send(method, &target, &all, body.as_bytes())
    }

    /// GET; the answer must be 200 with JSON.
    pub(crate) fn get(&mut self, target: &str) -> Json {
        let answer = self.ask("GET", target, "");
        assert_eq!(answer.status, 200, "GET {target}: {}", answer.text());
        answer.json()
    }

    /// Creates a row, which must succeed, and returns its id.
    pub(crate) fn create(&mut self, object: &str, body: &str) -> String {
        let answer = self.ask("POST", &format!("sobjects/{object}"), body);
        assert_eq!(answer.status, 201, "{object} {body}: {}", answer.text());
        answer.json()["id"].as_str().expect("an id").to_owned()
    }

    /// A row as it is read.
    pub(crate) fn row(&mut self, object: &str, id: &str) -> Json {
        self.get(&format!("sobjects/{object}/{id}"))
    }

    /// How many live rows an object has.
    pub(crate) fn count(&mut self, object: &str) -> u64 {
        let counts = self.get(&format!("limits/recordCount?sObjects={object}"));
        counts["sObjects"][0]["count"].as_u64().expect("a count")
    }
}

impl Answer {
    /// The body as JSON.
    pub(crate) fn json(&self) -> Json {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("not JSON ({error}): {:?}", self.text()))
    }
}
