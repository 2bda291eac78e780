//! The settings key `duplicateRules`: `{"Contact":{"fields":["Email"],"action":"alert"}}`.

use super::problem::{Problem, unknown};
use super::settings::quoted;
use super::tree::{Node, Tree};
use crate::store::{DuplicateRule, Settings, State};
use std::fmt::Write as _;
use std::sync::Arc;

/// Keys of a rule.
const KEYS: [&str; 3] = ["fields", "action", "message"];

/// What a rule does about a duplicate: its name in settings, and whether the caller may pass over it.
const ACTIONS: [(&str, bool); 2] = [("alert", true), ("block", false)];

/// What a settings text asks for, by object. What it does not name stays as it is.
#[derive(Clone, Debug, Default)]
pub(super) struct Change {
    /// All rules go first.
    clear: bool,
    rules: Vec<(String, Node)>,
}

impl Change {
    /// Reads `duplicateRules`.
    pub(super) fn read(&mut self, node: &Node) -> Result<(), Problem> {
        if node.value == Tree::Null {
            self.clear = true;
            return Ok(());
        }
        for (object, rule) in node.table()? {
            if rule.value != Tree::Null {
                for (key, value) in rule.table()? {
                    if !KEYS.contains(&key.as_str()) {
                        return Err(value.problem(unknown("key of a duplicate rule", key, KEYS)));
                    }
                }
            }
            self.rules.push((object.clone(), rule.clone()));
        }
        Ok(())
    }

    /// Makes the change.
    pub(super) fn apply(&self, state: &mut State) -> Result<(), Problem> {
        if self.clear {
            Arc::make_mut(&mut state.settings).duplicate_rules.clear();
        }
        for (name, node) in &self.rules {
            let object = state.schema.by_name(name);
            let object = object.ok_or_else(|| node.problem("this org has no such object"))?;
            let held = state.settings.duplicate_rules.get(&*object.name);
            let rule = match node.value {
                Tree::Null => None,
                _ => Some(Arc::new(merged(node, held.map(|rule| &**rule), |field| {
                    object.field(field).map(|(_, field)| field.name.to_string())
                })?)),
            };
            let name = object.name.to_string();
            let rules = &mut Arc::make_mut(&mut state.settings).duplicate_rules;
            match rule {
                Some(rule) => rules.insert(name, rule),
                None => rules.remove(&name),
            };
        }
        Ok(())
    }
}

/// A rule with what a text changes of it. `field` gives a field's name in canonical spelling.
fn merged(
    node: &Node,
    held: Option<&DuplicateRule>,
    field: impl Fn(&str) -> Option<String>,
) -> Result<DuplicateRule, Problem> {
    let usual = DuplicateRule { fields: Vec::new(), alerts: true, message: None };
    let mut rule = held.cloned().unwrap_or(usual);
    for (key, value) in node.table()? {
        let is_null = value.value == Tree::Null;
        match key.as_str() {
            "fields" => {
                let names = value.list()?.iter().map(|name| {
                    field(name.text()?).ok_or_else(|| name.problem("the object has no such field"))
                });
                rule.fields = names.collect::<Result<_, _>>()?;
            }
            "action" if is_null => rule.alerts = true,
            "action" => {
                let name = value.text()?;
                let action = ACTIONS.iter().find(|(own, _)| *own == name);
                let names = ACTIONS.map(|(name, _)| name);
                let wrong = || value.problem(unknown("action", name, names));
                rule.alerts = action.ok_or_else(wrong)?.1;
            }
            "message" if is_null => rule.message = None,
            _ => rule.message = Some(value.text()?.to_owned()),
        }
    }
    if rule.fields.is_empty() {
        return Err(node.problem("needs fields: the names of those that must be equal"));
    }
    Ok(rule)
}

/// Appends `,"duplicateRules":{…}`.
pub(super) fn push_json(out: &mut String, settings: &Settings) {
    out.push_str(",\"duplicateRules\":{");
    for (place, (object, rule)) in settings.duplicate_rules.iter().enumerate() {
        let comma = if place == 0 { "" } else { "," };
        let fields: Vec<String> = rule.fields.iter().map(|name| quoted(name)).collect();
        let action = ACTIONS.iter().find(|(_, alerts)| *alerts == rule.alerts);
        let action = action.map_or("", |(name, _)| name);
        let message = rule.message.as_deref().map_or_else(|| "null".to_owned(), quoted);
        let _ = write!(
            out,
            "{comma}{}:{{\"fields\":[{}],\"action\":\"{action}\",\"message\":{message}}}",
            quoted(object),
            fields.join(",")
        );
    }
    out.push('}');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::id::Id;
    use crate::scenario::base;
    use crate::schema::Features;
    use serde_json::{Value, json};

    fn change(state: &mut State, settings: &Value) -> Result<String, Problem> {
        let mut change = Change::default();
        change.read(&Node::from_json(settings))?;
        change.apply(state)?;
        let mut out = String::new();
        push_json(&mut out, &state.settings);
        Ok(out)
    }

    #[test]
    fn rules_are_merged_and_taken_away() {
        let clock = Clock::Virtual { now: 0 };
        let state = base::empty_org(Id::own(*b"00D", 1), Features::DEFAULT, clock);
        let mut state = State::clone(&state);
        let shown = change(&mut state, &json!({"lead": {"fields": ["email"]}}));
        let rule =
            r#","duplicateRules":{"Lead":{"fields":["Email"],"action":"alert","message":null}}"#;
        assert_eq!(shown.as_deref(), Ok(rule));
        let shown = change(&mut state, &json!({"Lead": {"action": "block", "message": "No."}}));
        let rule =
            r#","duplicateRules":{"Lead":{"fields":["Email"],"action":"block","message":"No."}}"#;
        assert_eq!(shown.as_deref(), Ok(rule));
        let problem = change(&mut state, &json!({"Lead": {"action": "warn"}})).expect_err("none");
        assert_eq!(problem.path, "Lead.action");
        let problem = change(&mut state, &json!({"Nonsense": {}})).expect_err("none");
        assert_eq!(problem.message, "this org has no such object");
        let shown = change(&mut state, &json!({"Lead": null}));
        assert_eq!(shown.as_deref(), Ok(",\"duplicateRules\":{}"));
    }
}
