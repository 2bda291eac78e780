//! What a command under test is told in variables: by `exec` when it starts one, by `env` for a
//! server that runs already. Both know the server by the facts of its ready line.

use super::Exit;
use crate::api::Json;
use crate::scenario::nearest;
use std::borrow::Cow;

/// What the ready line says, and what follows from it: names that templates may use, with `None` for
/// what this server does not have.
#[derive(Clone, Debug, Default)]
pub(super) struct Facts(Vec<(String, Option<String>)>);

/// The facts beside those of the org.
const OF_SERVER: [&str; 5] = ["url", "secure_url", "control_url", "ca_file", "ca_bundle"];

/// What follows from the URL.
const DERIVED: [&str; 5] = ["login_url", "scim_url", "concur_url", "proxy_url", "port"];

/// The keys of the object that tells how to log in to an org.
const OF_ORG: [&str; 11] = [
    "id",
    "name",
    "instance_url",
    "username",
    "password",
    "security_token",
    "user_id",
    "access_token",
    "refresh_token",
    "client_id",
    "client_secret",
];

impl Facts {
    /// The facts of a ready line.
    pub(super) fn of_ready_line(line: &str) -> Facts {
        let json = Json::parse(line.as_bytes()).expect("the ready line is JSON");
        let server =
            OF_SERVER.map(|name| (name.to_owned(), json.text(&[name]).map(ToOwned::to_owned)));
        let mut facts = Facts(server.into());
        facts.derive();
        facts.add_org(json.at(&["org"]).unwrap_or(&Json::Null));
        facts
    }

    /// The facts of a server at a URL, with the paths of its CA if it has one.
    pub(super) fn of_server(url: &str, ca: Option<(String, String)>, org: &Json) -> Facts {
        let url = url.trim_end_matches('/');
        let secure_url = ca.as_ref().map(|_| url.replacen("http", "https", 1));
        let (ca_file, ca_bundle) = ca.unzip();
        let named = |name: &str, value| (name.to_owned(), value);
        let mut facts = Facts(vec![
            named("url", Some(url.to_owned())),
            named("secure_url", secure_url),
            named("control_url", Some(format!("{url}/_fauxforce"))),
            named("ca_file", ca_file),
            named("ca_bundle", ca_bundle),
        ]);
        facts.derive();
        facts.add_org(org);
        facts
    }

    fn derive(&mut self) {
        let url = self.get("url").unwrap_or_default().to_owned();
        let authority = url.split_once("://").map_or("", |(_, rest)| rest);
        let authority = authority.split('/').next().unwrap_or_default();
        let port = authority.rsplit_once(':').map_or("80", |(_, port)| port);
        let has_proxy = self.get("secure_url").is_some();
        let proxy = format!("http://{}", authority.replace("localhost", "127.0.0.1"));
        let derived = [
            Some(url.clone()),
            Some(format!("{url}/services/scim/v2")),
            Some(url.clone()),
            has_proxy.then_some(proxy),
            Some(port.to_owned()),
        ];
        self.0.extend(DERIVED.map(ToOwned::to_owned).into_iter().zip(derived));
    }

    /// Every key of the org's object, those that come later included.
    fn add_org(&mut self, org: &Json) {
        for (name, value) in org.members() {
            if let Json::Text(text) = value {
                self.0.push((name.clone(), Some(text.clone())));
            }
        }
    }

    /// The fact of a name.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(own, _)| own == name)?.1.as_deref()
    }
}

/// The variables in their order. Those about TLS are left out when the server has none.
pub(super) fn variables(facts: &Facts, proxy: bool) -> Vec<(&'static str, String)> {
    let mut variables = Vec::with_capacity(32);
    let mut set = |name: &'static str, fact: &str| {
        variables.extend(facts.get(fact).map(|value| (name, value.to_owned())));
    };
    set("FAUXFORCE_URL", "url");
    set("FAUXFORCE_SECURE_URL", "secure_url");
    set("FAUXFORCE_CONTROL_URL", "control_url");
    set("FAUXFORCE_CA_FILE", "ca_file");
    set("FAUXFORCE_ORG", "name");
    set("FAUXFORCE_SCIM_URL", "scim_url");
    set("FAUXFORCE_CONCUR_URL", "concur_url");
    set("SF_INSTANCE_URL", "url");
    set("SF_LOGIN_URL", "login_url");
    set("SF_USERNAME", "username");
    set("SF_PASSWORD", "password");
    set("SF_SECURITY_TOKEN", "security_token");
    set("SF_ACCESS_TOKEN", "access_token");
    set("SF_REFRESH_TOKEN", "refresh_token");
    set("SF_CLIENT_ID", "client_id");
    set("SF_CLIENT_SECRET", "client_secret");
    set("NODE_EXTRA_CA_CERTS", "ca_file");
    set("REQUESTS_CA_BUNDLE", "ca_bundle");
    set("SSL_CERT_FILE", "ca_bundle");
    set("CURL_CA_BUNDLE", "ca_bundle");
    if proxy {
        set("HTTPS_PROXY", "proxy_url");
        set("https_proxy", "proxy_url");
    }
    variables.push(("NO_PROXY", without_proxy("NO_PROXY")));
    variables.push(("no_proxy", without_proxy("no_proxy")));
    variables.push(("NODE_USE_ENV_PROXY", "1".to_owned()));
    for name in ["SF_DISABLE_DNS_CHECK", "SF_DISABLE_TELEMETRY", "SF_AUTOUPDATE_DISABLE"] {
        variables.push((name, "true".to_owned()));
    }
    variables
}

/// The hosts that are reached without a proxy: the caller's, and this machine.
#[allow(clippy::disallowed_methods)] // What a command is told builds on what we were told.
fn without_proxy(name: &str) -> String {
    // Programs read one spelling or the other; a caller usually sets one.
    let other = if name == "NO_PROXY" { "no_proxy" } else { "NO_PROXY" };
    let own = std::env::var(name).or_else(|_| std::env::var(other)).unwrap_or_default();
    let mut hosts: Vec<&str> =
        own.split(',').map(str::trim).filter(|host| !host.is_empty()).collect();
    for host in ["localhost", "127.0.0.1", "::1"] {
        if !hosts.contains(&host) {
            hosts.push(host);
        }
    }
    hosts.join(",")
}

/// `NAME=TEMPLATE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Template {
    name: String,
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Fact(String),
}

impl Template {
    /// Reads one; names that no fact has are refused with the nearest that one has.
    pub(super) fn parse(text: &str) -> Result<Template, Exit> {
        let bad = |why: Cow<'_, str>| Exit::usage(format!("--env {text}: {why}"));
        let (name, template) = text
            .split_once('=')
            .filter(|(name, _)| !name.is_empty())
            .ok_or_else(|| bad("must be NAME=TEMPLATE, like CRM_URL={instance_url}".into()))?;
        let mut parts = Vec::new();
        let mut plain = String::new();
        let mut rest = template;
        while let Some(at) = rest.find(['{', '}']) {
            plain.push_str(&rest[..at]);
            let brace = &rest[at..=at];
            rest = &rest[at + 1..];
            if let Some(behind) = rest.strip_prefix(brace) {
                plain.push_str(brace);
                rest = behind;
                continue;
            }
            let end = rest.find('}').filter(|_| brace == "{");
            let end = end.ok_or_else(|| {
                bad(format!("a `{brace}` stands alone; `{brace}{brace}` is a plain one").into())
            })?;
            let fact = &rest[..end];
            let known = OF_SERVER.into_iter().chain(DERIVED).chain(OF_ORG);
            if !known.clone().any(|own| own == fact) {
                return Err(bad(unknown(fact, known).into()));
            }
            if !plain.is_empty() {
                parts.push(Part::Text(std::mem::take(&mut plain)));
            }
            parts.push(Part::Fact(fact.to_owned()));
            rest = &rest[end + 1..];
        }
        plain.push_str(rest);
        if !plain.is_empty() {
            parts.push(Part::Text(plain));
        }
        Ok(Template { name: name.to_owned(), parts })
    }

    /// The variable's name.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The variable's value.
    pub(super) fn fill(&self, facts: &Facts) -> Result<String, Exit> {
        let mut value = String::new();
        for part in &self.parts {
            value.push_str(match part {
                Part::Text(text) => text,
                Part::Fact(name) => facts.get(name).ok_or_else(|| {
                    let own = &self.name;
                    Exit::usage(format!("--env {own}: there is no {{{name}}} without TLS"))
                })?,
            });
        }
        Ok(value)
    }

    /// Takes `A={url},B=x` apart: a comma begins the next one when a name and `=` follow it.
    pub(super) fn split_list(text: &str) -> Vec<String> {
        let is_name_char = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let begins = |piece: &str| {
            let name = piece.split_once('=').map(|(name, _)| name.trim());
            name.is_some_and(|name| !name.is_empty() && name.chars().all(is_name_char))
        };
        let mut list: Vec<String> = Vec::new();
        for piece in text.split(',') {
            match list.last_mut() {
                Some(last) if !begins(piece) => {
                    last.push(',');
                    last.push_str(piece);
                }
                _ => list.push(piece.trim_start().to_owned()),
            }
        }
        list
    }
}

fn unknown<'a>(fact: &str, known: impl Iterator<Item = &'a str> + Clone) -> String {
    match nearest(fact, known.clone()) {
        Some(near) => format!("there is no {{{fact}}}; did you mean {{{near}}}?"),
        None => {
            let known: Vec<String> = known.map(|name| format!("{{{name}}}")).collect();
            format!("there is no {{{fact}}}; there are {}", known.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> Facts {
        Facts::of_ready_line(
            r#"{"url":"http://localhost:7357","secure_url":null,"control_url":"c","ca_file":null,
                "ca_bundle":null,"org":{"id":"00D","name":"default","instance_url":"http://i"}}"#,
        )
    }

    #[test]
    fn templates_name_facts() {
        let cases = [
            ("A={url}", Ok("http://localhost:7357")),
            ("A=<{name}:{port}>", Ok("<default:7357>")),
            ("A={{{id}}}", Ok("{00D}")),
            ("A=", Ok("")),
            ("A=x=y", Ok("x=y")),
            ("A={scim_url}", Ok("http://localhost:7357/services/scim/v2")),
            ("A={secure_url}", Err("--env A: there is no {secure_url} without TLS")),
            ("A={ur}", Err("--env A={ur}: there is no {ur}; did you mean {url}?")),
            ("A={url", Err("--env A={url: a `{` stands alone; `{{` is a plain one")),
            ("A=}", Err("--env A=}: a `}` stands alone; `}}` is a plain one")),
            ("A", Err("--env A: must be NAME=TEMPLATE, like CRM_URL={instance_url}")),
            ("=x", Err("--env =x: must be NAME=TEMPLATE, like CRM_URL={instance_url}")),
        ];
        for (text, expected) in cases {
            let value = Template::parse(text).and_then(|template| template.fill(&facts()));
            let value = value.map_err(|exit| exit.to_string());
            assert_eq!(value.as_deref().map_err(String::as_str), expected, "{text}");
        }
    }

    #[test]
    fn lists_are_split_where_a_name_begins() {
        let split = |text| Template::split_list(text);
        assert_eq!(split("A={url},B=x"), ["A={url}", "B=x"]);
        assert_eq!(split("A=1,2,3, B_2=x"), ["A=1,2,3", "B_2=x"]);
        assert_eq!(split("A={url}"), ["A={url}"]);
    }

    #[test]
    fn without_tls_its_variables_are_left_out() {
        let names: Vec<&str> = variables(&facts(), true).iter().map(|(name, _)| *name).collect();
        for absent in ["FAUXFORCE_SECURE_URL", "HTTPS_PROXY", "SSL_CERT_FILE"] {
            assert!(!names.contains(&absent), "{absent}");
        }
        assert!(names.contains(&"NO_PROXY") && names.contains(&"SF_LOGIN_URL"));
    }
}
