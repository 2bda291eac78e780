//! Settings that switch what an org does where real orgs differ, or where nobody is sure: `sessions`
//! and `mixedDml`.

use super::problem::{Problem, unknown};
use super::targets::{duration, duration_text};
use super::tree::{Node, Tree};
use crate::store::Settings;
use std::fmt::Write as _;

/// Keys of `sessions`.
const SESSIONS: [&str; 3] = ["timeout", "refreshTokenRotation", "soapLoginAnyVersion"];

/// What a settings text asks for. What it does not name stays as it is.
#[derive(Clone, Debug, Default)]
pub(super) struct Change {
    seconds: Option<i64>,
    rotation: Option<bool>,
    soap_login: Option<bool>,
    mixed_dml: Option<bool>,
}

/// A flag; null is its usual value.
fn flag(node: &Node, usual: bool) -> Result<Option<bool>, Problem> {
    if node.value == Tree::Null { Ok(Some(usual)) } else { node.flag().map(Some) }
}

impl Change {
    /// Reads one of the keys.
    pub(super) fn read(&mut self, key: &str, node: &Node) -> Result<(), Problem> {
        let usual = Settings::default();
        if key == "mixedDml" {
            self.mixed_dml = flag(node, usual.mixed_dml)?;
            return Ok(());
        }
        if node.value == Tree::Null {
            self.seconds = Some(usual.session_seconds);
            self.rotation = Some(usual.refresh_token_rotation);
            self.soap_login = Some(usual.soap_login_any_version);
            return Ok(());
        }
        for (key, value) in node.table()? {
            match key.as_str() {
                "timeout" if value.value == Tree::Null => {
                    self.seconds = Some(usual.session_seconds);
                }
                "timeout" => {
                    let seconds = duration(value)? / 1000;
                    if seconds < 1 {
                        return Err(value.problem("must be a second or more"));
                    }
                    self.seconds = Some(seconds);
                }
                "refreshTokenRotation" => {
                    self.rotation = flag(value, usual.refresh_token_rotation)?;
                }
                "soapLoginAnyVersion" => {
                    self.soap_login = flag(value, usual.soap_login_any_version)?;
                }
                key => return Err(value.problem(unknown("key of sessions", key, SESSIONS))),
            }
        }
        Ok(())
    }

    /// Makes the change.
    pub(super) fn apply(&self, settings: &mut Settings) {
        fn set<T: Copy>(place: &mut T, value: Option<T>) {
            if let Some(value) = value {
                *place = value;
            }
        }
        set(&mut settings.session_seconds, self.seconds);
        set(&mut settings.refresh_token_rotation, self.rotation);
        set(&mut settings.soap_login_any_version, self.soap_login);
        set(&mut settings.mixed_dml, self.mixed_dml);
    }
}

/// Appends the keys as `GET …/settings` shows them.
pub(super) fn push_json(out: &mut String, settings: &Settings) {
    let _ = write!(
        out,
        ",\"sessions\":{{\"timeout\":\"{}\",\"refreshTokenRotation\":{},\
         \"soapLoginAnyVersion\":{}}},\"mixedDml\":{}",
        duration_text(settings.session_seconds * 1000),
        settings.refresh_token_rotation,
        settings.soap_login_any_version,
        settings.mixed_dml,
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value as Json, json};

    fn shown(settings: &[Json]) -> Result<Json, String> {
        let mut held = Settings::default();
        for asked in settings {
            let mut change = Change::default();
            for (key, node) in Node::from_json(asked).table().expect("a table") {
                change.read(key, node).map_err(|problem| problem.to_string())?;
            }
            change.apply(&mut held);
        }
        let mut out = String::from("{\"x\":0");
        push_json(&mut out, &held);
        out.push('}');
        Ok(serde_json::from_str(&out).expect("JSON"))
    }

    #[test]
    fn they_are_merged_and_shown() {
        let asked = json!({"sessions": {"timeout": "PT15M", "soapLoginAnyVersion": true}, "mixedDml": false});
        let all = shown(std::slice::from_ref(&asked)).expect("settings");
        let sessions = json!({"timeout": "PT900S", "refreshTokenRotation": false, "soapLoginAnyVersion": true});
        assert_eq!((&all["sessions"], &all["mixedDml"]), (&sessions, &json!(false)));
        let back = json!({"sessions": {"timeout": null}, "mixedDml": null});
        let all = shown(&[asked.clone(), back]).expect("settings");
        let sessions = json!({"timeout": "PT7200S", "refreshTokenRotation": false, "soapLoginAnyVersion": true});
        assert_eq!((&all["sessions"], &all["mixedDml"]), (&sessions, &json!(true)));
        assert_eq!(shown(&[asked, json!({"sessions": null, "mixedDml": null})]), shown(&[]));
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        for (asked, message) in [
            (json!({"sessions": {"timeout": "soon"}}), "must be a duration such as PT2H"),
            (json!({"sessions": {"timeout": "PT0.5S"}}), "must be a second or more"),
            (json!({"sessions": {"timout": "PT1S"}}), "did you mean timeout?"),
            (json!({"mixedDml": "yes"}), "must be true or false"),
        ] {
            let problem = shown(std::slice::from_ref(&asked)).expect_err("a problem");
            assert!(problem.contains(message), "{asked}: {problem}");
        }
    }
}
