//! The running server and org that a client command means, and calls of its control API.

use super::Exit;
use super::client::{Answer, Client, ClientError};
use crate::api::Json;
use clap::Args;
use std::io::{self, Write as _};

/// Which server and org.
#[derive(Clone, Debug, Args)]
pub(crate) struct Target {
    /// The server
    #[arg(long, env = "FAUXFORCE_URL", default_value = "http://localhost:7357")]
    pub(super) url: String,
    /// The org, by name or id
    #[arg(long, env = "FAUXFORCE_ORG", default_value = "default", value_parser = org_name)]
    pub(super) org: String,
    /// What the server was started with, if it needs one
    #[arg(long, env = "FAUXFORCE_CONTROL_TOKEN", value_name = "TOKEN", hide_env_values = true)]
    control_token: Option<String>,
}

impl Target {
    /// A client of the control API.
    pub(super) fn control(&self) -> Result<Control, Exit> {
        let client = self.client()?;
        let client = match &self.control_token {
            Some(token) => client.bearer(token).map_err(told)?,
            None => client,
        };
        Ok(Control { client })
    }

    /// A client without a token.
    pub(super) fn client(&self) -> Result<Client, Exit> {
        Client::new(&self.url).map_err(told)
    }

    /// A control path of the org.
    pub(super) fn path(&self, rest: &str) -> String {
        format!("/orgs/{}{rest}", self.org)
    }
}

/// The exit that a client's error ends with.
#[allow(clippy::needless_pass_by_value)] // For `map_err(told)`.
pub(super) fn told(error: ClientError) -> Exit {
    match error {
        ClientError::Url(_) | ClientError::Token => Exit::usage(error.to_string()),
        _ => Exit::failed(error.to_string()),
    }
}

/// The control API of a server.
pub(super) struct Control {
    client: Client,
}

impl Control {
    /// A call with a JSON body (empty: none); what is refused becomes the message of the exit.
    pub(super) fn call(&self, method: &str, path: &str, body: &str) -> Result<Json, Exit> {
        let answer = self.send(method, path, "application/json", body.as_bytes())?;
        if answer.body.is_empty() {
            return Ok(Json::Null);
        }
        Json::parse(&answer.body).ok_or_else(|| Exit::failed("the server's answer is not JSON"))
    }

    /// A call with a body of any type, and the bytes that it answers.
    pub(super) fn send(
        &self,
        method: &str,
        path: &str,
        content_type: &str,
        body: &[u8],
    ) -> Result<Answer, Exit> {
        let target = format!("/_fauxforce{path}");
        let answer = self.client.send_as(content_type, method, &target, body).map_err(told)?;
        if (200..300).contains(&answer.status) { Ok(answer) } else { Err(refused(&answer)) }
    }
}

/// What the control API says against a call.
fn refused(answer: &Answer) -> Exit {
    let json = Json::parse(&answer.body).unwrap_or(Json::Null);
    let Some(message) = json.text(&["error", "message"]) else {
        let text = "is a fauxforce server there? the answer has status";
        return Exit::failed(format!("{text} {}", answer.status));
    };
    match json.text(&["error", "path"]).filter(|path| !path.is_empty()) {
        Some(path) => Exit::failed(format!("{path}: {message}")),
        None => Exit::failed(message),
    }
}

/// Prints results on stdout. Whoever closed it has read enough: the command ends quietly.
pub(super) fn print(text: &str) -> Result<(), Exit> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(|error| {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Exit::silent(0);
        }
        Exit::not_writable(format!("stdout: {error}"))
    })
}

/// A name or an id.
pub(super) fn org_name(text: &str) -> Result<String, String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '-';
    if text.is_empty() || text.len() > 40 || !text.chars().all(fits) {
        return Err("1 to 40 lower-case letters, digits and hyphens, or an id".to_owned());
    }
    Ok(text.to_owned())
}

/// Appends `,"key":"value"` for a value that is there; the first member of an object gets no comma.
pub(super) fn push_member(body: &mut String, key: &str, value: Option<&str>) {
    let Some(value) = value else { return };
    if !body.ends_with('{') {
        body.push(',');
    }
    crate::api::json::push_str(body, key);
    body.push(':');
    crate::api::json::push_str(body, value);
}

/// A path segment with everything escaped that is no letter, digit, `-`, `_` or `.`.
pub(super) fn segment(text: &str) -> String {
    use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
    const ESCAPED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.');
    utf8_percent_encode(text, &ESCAPED).to_string()
}
