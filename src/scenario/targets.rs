//! Settings of the target side: `scim` and `concur`.

use super::behaviour;
use super::problem::{Problem, unknown};
use super::tree::{Node, Tree};
use crate::clock::Millis;
use crate::store::{ConcurOutcome, ConcurSettings, ScimMode, Settings};
use crate::time;
use std::fmt::Write as _;
use std::sync::Arc;

/// Names of the SCIM modes.
const MODES: [(ScimMode, &str); 2] = [(ScimMode::Salesforce, "salesforce"), (ScimMode::Rfc, "rfc")];

/// Keys of `concur`.
const CONCUR: [&str; 3] = ["latency", "webhook", "outcomes"];

/// Keys of an outcome.
const OUTCOME: [&str; 9] = [
    "userName",
    "latency",
    "timeout",
    "extension",
    "status",
    "code",
    "message",
    "schemaPath",
    "warning",
];

/// What the URNs of Concur's extensions begin with; settings leave it out.
pub(crate) const URN: &str = "urn:ietf:params:scim:schemas:";

/// What a settings text asks for. What it does not name stays as it is.
#[derive(Clone, Debug, Default)]
pub(super) struct Change {
    scim: Option<ScimMode>,
    latency: Option<Millis>,
    /// Empty text takes it away.
    webhook: Option<String>,
    outcomes: Option<Vec<ConcurOutcome>>,
}

impl Change {
    /// Reads `scim`.
    pub(super) fn read_scim(&mut self, node: &Node) -> Result<(), Problem> {
        if node.value == Tree::Null {
            self.scim = Some(ScimMode::default());
            return Ok(());
        }
        let name = node.text()?;
        let mode = MODES.iter().find(|(_, own)| *own == name).map(|(mode, _)| *mode);
        let names = MODES.map(|(_, name)| name);
        self.scim = Some(mode.ok_or_else(|| node.problem(unknown("SCIM mode", name, names)))?);
        Ok(())
    }

    /// Reads `concur`.
    pub(super) fn read_concur(&mut self, node: &Node) -> Result<(), Problem> {
        if node.value == Tree::Null {
            (self.latency, self.webhook) = (Some(0), Some(String::new()));
            self.outcomes = Some(Vec::new());
            return Ok(());
        }
        for (key, value) in node.table()? {
            let is_null = value.value == Tree::Null;
            match key.as_str() {
                "latency" if is_null => self.latency = Some(0),
                "latency" => self.latency = Some(duration(value)?),
                "webhook" if is_null => self.webhook = Some(String::new()),
                "webhook" => self.webhook = Some(behaviour::url(value)?.to_owned()),
                "outcomes" if is_null => self.outcomes = Some(Vec::new()),
                "outcomes" => {
                    let outcomes = value.list()?.iter().map(outcome);
                    self.outcomes = Some(outcomes.collect::<Result<_, _>>()?);
                }
                key => return Err(value.problem(unknown("key of concur", key, CONCUR))),
            }
        }
        Ok(())
    }

    /// Makes the change.
    pub(super) fn apply(&self, settings: &mut Settings) {
        if let Some(mode) = self.scim {
            settings.scim = mode;
        }
        let concur = Arc::make_mut(&mut settings.concur);
        if let Some(latency) = self.latency {
            concur.latency = latency;
        }
        if let Some(webhook) = &self.webhook {
            concur.webhook = Some(webhook.clone()).filter(|url| !url.is_empty());
        }
        if let Some(outcomes) = &self.outcomes {
            concur.outcomes.clone_from(outcomes);
        }
    }
}

pub(super) fn duration(node: &Node) -> Result<Millis, Problem> {
    let duration = time::parse_duration(node.text()?);
    duration.ok_or_else(|| node.problem("must be a duration such as PT2H"))
}

fn outcome(node: &Node) -> Result<ConcurOutcome, Problem> {
    let mut outcome = ConcurOutcome { user_name: "*".to_owned(), ..ConcurOutcome::default() };
    for (key, value) in node.table()? {
        let text = || value.text().map(ToOwned::to_owned);
        match key.as_str() {
            "userName" => outcome.user_name = text()?.to_lowercase(),
            "latency" => outcome.latency = Some(duration(value)?),
            "timeout" => outcome.timeout = value.flag()?,
            "extension" => {
                let name = text()?;
                outcome.extension = Some(name.strip_prefix(URN).unwrap_or(&name).to_owned());
            }
            "status" => {
                let status = match &value.value {
                    Tree::Number(text) | Tree::Text(text) => text.clone(),
                    _ => return Err(value.problem("must be an HTTP status")),
                };
                let known = status.parse::<u16>().is_ok_and(|own| (200..600).contains(&own));
                if !known {
                    return Err(value.problem("must be an HTTP status"));
                }
                outcome.status = Some(status);
            }
            "code" => outcome.code = Some(text()?),
            "message" => outcome.message = Some(text()?),
            "schemaPath" => outcome.schema_path = Some(text()?),
            "warning" => outcome.warning = value.flag()?,
            key => return Err(value.problem(unknown("key of an outcome", key, OUTCOME))),
        }
    }
    if outcome.extension.is_some() && outcome.message.is_none() {
        return Err(node.problem("an outcome of an extension needs a message"));
    }
    Ok(outcome)
}

/// Appends `,"scim":…,"concur":{…}`.
pub(super) fn push_json(out: &mut String, settings: &Settings) {
    let (_, mode) = MODES.iter().find(|(own, _)| *own == settings.scim).unwrap_or(&MODES[0]);
    let ConcurSettings { latency, webhook, outcomes } = &*settings.concur;
    let text = |text: &str| serde_json::Value::from(text).to_string();
    let webhook = webhook.as_deref().map_or_else(|| "null".to_owned(), text);
    let _ = write!(
        out,
        ",\"scim\":\"{mode}\",\"concur\":{{\"latency\":\"{}\",\"webhook\":{webhook},\"outcomes\":[",
        duration_text(*latency)
    );
    for (place, outcome) in outcomes.iter().enumerate() {
        let comma = if place == 0 { "" } else { "," };
        let _ = write!(out, "{comma}{{\"userName\":{}", text(&outcome.user_name));
        if let Some(latency) = outcome.latency {
            let _ = write!(out, ",\"latency\":\"{}\"", duration_text(latency));
        }
        let flags = [("timeout", outcome.timeout), ("warning", outcome.warning)];
        for (name, _) in flags.iter().filter(|(_, on)| *on) {
            let _ = write!(out, ",\"{name}\":true");
        }
        let texts = [
            ("extension", &outcome.extension),
            ("status", &outcome.status),
            ("code", &outcome.code),
            ("message", &outcome.message),
            ("schemaPath", &outcome.schema_path),
        ];
        for (name, value) in texts {
            if let Some(value) = value {
                let _ = write!(out, ",\"{name}\":{}", text(value));
            }
        }
        out.push('}');
    }
    out.push_str("]}");
}

/// A duration in seconds.
pub(super) fn duration_text(millis: Millis) -> String {
    let (seconds, rest) = (millis / 1000, millis % 1000);
    if rest == 0 { format!("PT{seconds}S") } else { format!("PT{seconds}.{rest:03}S") }
}
