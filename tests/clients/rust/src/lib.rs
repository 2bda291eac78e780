//! Starts the built binary and gives the facts of its ready line.

use serde::Deserialize;
use std::env;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

/// A running server; dropping it stops it.
#[derive(Debug)]
pub struct Server {
    child: Child,
    /// Where it listens.
    pub url: String,
    /// Its default org.
    pub org: Org,
}

/// What the ready line says of the default org.
#[derive(Debug, Deserialize)]
#[allow(missing_docs)] // The names are those of the ready line.
pub struct Org {
    pub id: String,
    pub username: String,
    pub password: String,
    pub security_token: String,
    pub user_id: String,
    pub access_token: String,
    pub refresh_token: String,
    pub client_id: String,
    pub client_secret: String,
}

#[derive(Deserialize)]
struct Ready {
    url: String,
    org: Org,
}

impl Server {
    /// Starts the binary that `FAUXFORCE_BIN` names on a free port.
    pub fn start() -> Server {
        let binary = env::var("FAUXFORCE_BIN").expect("FAUXFORCE_BIN names the built binary");
        let mut child = Command::new(binary)
            .args(["serve", "--port", "0", "--json"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("a piped stdout");
        BufReader::new(stdout).read_line(&mut line).expect("a ready line");
        let Ready { url, org } = serde_json::from_str(&line).expect("a ready line of JSON");
        Server { child, url, org }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The process may have ended on its own; there is nothing left to stop then.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
