//! The settings of an org: one reader and one writer for `[org]` of a scenario, `POST /orgs`, and
//! `PUT`/`GET …/settings`.

use super::base;
use super::problem::{Problem, faults_text, not_emulated, unknown};
use super::tree::{Node, Tree};
use crate::clock::{Clock, Millis};
use crate::dml::{Actor, Raw, Transaction, coerce};
use crate::schema::{Feature, Features, ObjectSpec};
use crate::store::{ApexRoute, DAILY_API_REQUESTS, IndexCache, LIMITS, Limit, Settings, State};
use crate::time;
use crate::value::Value;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;

/// What a settings text asks for. What it does not name stays as it is.
#[derive(Clone, Debug, Default)]
pub(crate) struct Change {
    /// The clock.
    pub clock: Option<ClockChoice>,
    /// The seed of everything random.
    pub seed: Option<u64>,
    features: Vec<(Feature, Option<bool>)>,
    organization: Vec<(&'static str, Node)>,
    limits: Vec<(&'static str, Option<u64>)>,
    taken_usernames: Option<BTreeSet<String>>,
    apex_rest: Option<Arc<[ApexRoute]>>,
    employees: super::employees::Change,
    target_side: super::targets::Change,
    provisioning: super::behaviour::Change,
    switches: super::switches::Change,
    duplicates: super::duplicates::Change,
}

/// How an org shall tell the time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ClockChoice {
    /// With the system.
    Real,
    /// It stands still at an instant.
    At(Millis),
}

impl ClockChoice {
    /// Reads `real` or an instant.
    pub(crate) fn parse(text: &str) -> Option<ClockChoice> {
        if text == "real" {
            return Some(ClockChoice::Real);
        }
        time::parse_rfc3339(text).map(ClockChoice::At)
    }

    /// The clock of a new org.
    pub(crate) fn clock(self) -> Clock {
        match self {
            ClockChoice::Real => Clock::Real { offset: 0 },
            ClockChoice::At(now) => Clock::Virtual { now },
        }
    }
}

/// Which text is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Of {
    /// `[org]` of a scenario: clock and seed too.
    Scenario,
    /// `PUT …/settings`.
    Settings,
}

/// Settings keys that are built.
const KEYS: &[&str] = &[
    "organization",
    "features",
    "limits",
    "takenUsernames",
    "state",
    "transitions",
    "progression",
    "targets",
    "scim",
    "concur",
    "licenses",
    "employeeUserSettings",
    "apexRest",
    "sessions",
    "mixedDml",
    "duplicateRules",
];

/// Settings keys that INTERFACES documents and nothing obeys yet.
const NOT_BUILT: [&str; 2] = ["outboundMessages", "loginCertificates"];

/// Keys of `organization` and the fields of the Organization row behind them.
const ORGANIZATION: [(&str, &str); 5] = [
    ("timeZone", "TimeZoneSidKey"),
    ("locale", "DefaultLocaleSidKey"),
    ("language", "LanguageLocaleKey"),
    ("FiscalYearStartMonth", "FiscalYearStartMonth"),
    ("UsesStartDateAsFiscalYearName", "UsesStartDateAsFiscalYearName"),
];

/// The administrator's field that follows a field of the Organization row.
const FOLLOWING: [(&str, &str); 3] = [
    ("TimeZoneSidKey", "TimeZoneSidKey"),
    ("DefaultLocaleSidKey", "LocaleSidKey"),
    ("LanguageLocaleKey", "LanguageLocaleKey"),
];

impl Change {
    /// Reads a settings table.
    pub(crate) fn read(node: &Node, of: Of) -> Result<Change, Problem> {
        let mut change = Change::default();
        for (key, value) in node.table()? {
            match key.as_str() {
                "clock" if of == Of::Scenario => {
                    let clock = ClockChoice::parse(value.text()?);
                    let message = "must be real or an RFC 3339 instant";
                    change.clock = Some(clock.ok_or_else(|| value.problem(message))?);
                }
                "seed" if of == Of::Scenario => change.seed = Some(value.whole(0, u64::MAX)?),
                "clock" => return Err(value.problem("the clock is moved with PUT …/clock")),
                "organization" => change.organization = organization(value)?,
                "features" => change.features = features(value)?,
                "limits" => change.limits = limits(value)?,
                "takenUsernames" => change.taken_usernames = Some(usernames(value)?),
                "scim" => change.target_side.read_scim(value)?,
                "concur" => change.target_side.read_concur(value)?,
                "state" | "transitions" | "progression" | "targets" => {
                    change.provisioning.read(key, value)?;
                }
                "duplicateRules" => change.duplicates.read(value)?,
                "licenses" | "employeeUserSettings" => change.employees.read(key, value)?,
                "apexRest" => change.apex_rest = Some(super::apex::read(value)?.into()),
                "sessions" | "mixedDml" => change.switches.read(key, value)?,
                key if NOT_BUILT.contains(&key) => {
                    return Err(value.problem(not_emulated(&format!("the setting {key}"))));
                }
                key => {
                    let known = KEYS.iter().chain(&NOT_BUILT).copied();
                    let extra = ["clock", "seed"].into_iter().filter(|_| of == Of::Scenario);
                    let known: Vec<&str> = known.chain(extra).collect();
                    return Err(value.problem(unknown("setting", key, known)));
                }
            }
        }
        Ok(change)
    }

    /// The features of an org that had `before`.
    pub(crate) fn features(&self, before: Features) -> Features {
        self.features.iter().fold(before, |set, (feature, on)| match on {
            Some(true) => set.with(*feature),
            Some(false) => set.without(*feature),
            None if Features::DEFAULT.has(*feature) => set.with(*feature),
            None => set.without(*feature),
        })
    }

    /// Makes the change, all but the clock. A problem leaves a half-made state, to be dropped.
    pub(crate) fn apply(
        &self,
        state: &mut State,
        indexes: &IndexCache,
        now: Millis,
    ) -> Result<(), Problem> {
        let before = state.schema.features();
        let features = self.features(before);
        if features != before {
            state.set_schema(Arc::new(state.schema.with_features(features)), now);
            base::complete(state, indexes);
        }
        self.apply_organization(state, indexes, now)?;
        let settings = Arc::make_mut(&mut state.settings);
        let usual = Settings::default();
        for (name, most) in &self.limits {
            match (*name, most) {
                (DAILY_API_REQUESTS, most) => {
                    settings.daily_api_requests = most.unwrap_or(usual.daily_api_requests);
                }
                (name, Some(most)) => {
                    settings.limits.insert(name.to_owned(), *most);
                }
                (name, None) => {
                    settings.limits.remove(name);
                }
            }
        }
        if let Some(names) = &self.taken_usernames {
            settings.taken_usernames.clone_from(names);
        }
        if let Some(routes) = &self.apex_rest {
            settings.apex_rest = Arc::clone(routes);
        }
        if let Some(seed) = self.seed {
            settings.seed = seed;
        }
        self.target_side.apply(settings);
        self.switches.apply(settings);
        self.duplicates.apply(state)?;
        self.employees.apply(state, indexes)?;
        self.provisioning.apply(state)
    }

    fn apply_organization(
        &self,
        state: &mut State,
        indexes: &IndexCache,
        now: Millis,
    ) -> Result<(), Problem> {
        let schema = Arc::clone(&state.schema);
        let (Some(object), Some(user)) = (schema.by_name("Organization"), schema.by_name("User"))
        else {
            return Ok(());
        };
        let actor = Actor { user: base::administrator(), now, system: true };
        for (name, node) in &self.organization {
            let (slot, field) =
                object.field(name).ok_or_else(|| node.problem("this org has no such setting"))?;
            let raw = match &node.value {
                Tree::Bool(flag) => Raw::Bool(*flag),
                Tree::Number(text) => Raw::Number(text),
                Tree::Text(text) => Raw::Text(text),
                _ => return Err(node.problem("must be a single value")),
            };
            let value = coerce(field, raw).map_err(|_| node.problem("has the wrong type"))?;
            let Some((number, row)) = state.table(object.id).live_rows().next() else { continue };
            let held = row.get(slot).clone();
            let mut transaction = Transaction::begin(state, actor, indexes);
            let given = vec![(slot, value)];
            transaction
                .update(object, number, given)
                .map_err(|faults| node.problem(faults_text(&faults)))?;
            if let Some((_, follower)) = FOLLOWING.iter().find(|(own, _)| own == name) {
                let before = text_of(object, name, &held);
                follow(&mut transaction, user, follower, &before, raw);
            }
            *state = transaction.state;
        }
        Ok(())
    }
}

/// Changes a field of the administrator too, if it holds what the organization held.
fn follow(
    transaction: &mut Transaction<'_>,
    user: &Arc<ObjectSpec>,
    name: &str,
    before: &str,
    raw: Raw<'_>,
) {
    let Some((slot, field)) = user.field(name) else { return };
    let Some((number, row)) = transaction.state.live_row(user, base::administrator()) else {
        return;
    };
    if text_of(user, name, row.get(slot)) == before
        && let Ok(value) = coerce(field, raw)
    {
        transaction.patch_silently(user, number, vec![(slot, value)]);
    }
}

/// The text of a value, whether free or from a picklist.
fn text_of(object: &ObjectSpec, name: &str, value: &Value) -> String {
    let picklist = object.field(name).and_then(|(_, field)| field.picklist.clone());
    match (value, picklist) {
        (Value::Pick(code), Some(picklist)) => picklist.value(*code).value.to_string(),
        (Value::Text(text), _) => text.to_string(),
        (Value::Int(number), _) => number.to_string(),
        _ => String::new(),
    }
}

fn organization(node: &Node) -> Result<Vec<(&'static str, Node)>, Problem> {
    let mut fields = Vec::new();
    for (key, value) in node.table()? {
        let known = ORGANIZATION.iter().find(|(own, _)| own == key);
        let (_, field) = known.ok_or_else(|| {
            value.problem(unknown("key of organization", key, ORGANIZATION.map(|(own, _)| own)))
        })?;
        match *field {
            "FiscalYearStartMonth" => {
                value.whole(1, 12)?;
            }
            "UsesStartDateAsFiscalYearName" => {
                value.flag()?;
            }
            "TimeZoneSidKey" if !time::is_zone(value.text()?) => {
                return Err(value.problem("is no time zone, such as America/Los_Angeles"));
            }
            _ => {
                value.text()?;
            }
        }
        fields.push((*field, value.clone()));
    }
    Ok(fields)
}

fn features(node: &Node) -> Result<Vec<(Feature, Option<bool>)>, Problem> {
    let mut features = Vec::new();
    for (key, value) in node.table()? {
        let names = Feature::ALL.map(|(_, name)| name);
        let feature =
            Feature::named(key).ok_or_else(|| value.problem(unknown("feature", key, names)))?;
        let on = if value.value == Tree::Null { None } else { Some(value.flag()?) };
        features.push((feature, on));
    }
    Ok(features)
}

fn limits(node: &Node) -> Result<Vec<(&'static str, Option<u64>)>, Problem> {
    let mut limits = Vec::new();
    for (key, value) in node.table()? {
        let limit = Limit::named(key).ok_or_else(|| {
            let names: Vec<&str> = LIMITS.iter().map(|limit| limit.name).collect();
            value.problem(unknown("limit", key, names))
        })?;
        let most = if value.value == Tree::Null { None } else { Some(value.whole(0, u64::MAX)?) };
        limits.push((limit.name, most));
    }
    Ok(limits)
}

fn usernames(node: &Node) -> Result<BTreeSet<String>, Problem> {
    if node.value == Tree::Null {
        return Ok(BTreeSet::new());
    }
    node.list()?.iter().map(|name| Ok(name.text()?.to_lowercase())).collect()
}

/// All settings of an org, as `GET …/settings` answers.
pub(crate) fn to_json(state: &State) -> String {
    let mut out = String::from("{\"organization\":{");
    let object = state.schema.by_name("Organization");
    let row = object.and_then(|o| Some((o, state.table(o.id).live_rows().next()?.1)));
    for (place, (key, field)) in ORGANIZATION.iter().enumerate() {
        let value = row.and_then(|(object, row)| Some(row.get(object.field(field)?.0)));
        let text = object.zip(value).map(|(object, value)| text_of(object, field, value));
        let text = text.unwrap_or_default();
        let comma = if place == 0 { "" } else { "," };
        let _ = match *field {
            "FiscalYearStartMonth" => write!(out, "{comma}\"{key}\":{}", or_null(&text)),
            "UsesStartDateAsFiscalYearName" => {
                write!(out, "{comma}\"{key}\":{}", value.is_some_and(Value::is_true))
            }
            _ => write!(out, "{comma}\"{key}\":{}", quoted(&text)),
        };
    }
    out.push_str("},\"features\":{");
    let on = state.schema.features();
    for (place, (feature, name)) in Feature::ALL.iter().enumerate() {
        let comma = if place == 0 { "" } else { "," };
        let _ = write!(out, "{comma}\"{name}\":{}", on.has(*feature));
    }
    let settings = &state.settings;
    let _ = write!(out, "}},\"limits\":{{\"{DAILY_API_REQUESTS}\":{}", settings.daily_api_requests);
    for (name, most) in &settings.limits {
        let _ = write!(out, ",{}:{most}", quoted(name));
    }
    out.push_str("},\"takenUsernames\":[");
    for (place, name) in settings.taken_usernames.iter().enumerate() {
        let comma = if place == 0 { "" } else { "," };
        let _ = write!(out, "{comma}{}", quoted(name));
    }
    out.push(']');
    super::targets::push_json(&mut out, settings);
    super::switches::push_json(&mut out, settings);
    super::behaviour::push_json(&mut out, settings);
    super::employees::push_json(&mut out, state);
    super::duplicates::push_json(&mut out, settings);
    super::apex::push_json(&mut out, settings);
    out.push('}');
    out
}

fn or_null(text: &str) -> &str {
    if text.is_empty() { "null" } else { text }
}

pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::Id;
    use serde_json::json;

    fn applied(settings: &serde_json::Value) -> Result<State, Problem> {
        let clock = Clock::Virtual { now: 0 };
        let state = base::empty_org(Id::own(*b"00D", 1), Features::DEFAULT, clock);
        let mut state = State::clone(&state);
        let change = Change::read(&Node::from_json(settings), Of::Settings)?;
        change.apply(&mut state, &IndexCache::default(), base::BEGINNING)?;
        Ok(state)
    }

    #[test]
    fn settings_are_merged_and_shown() {
        let state = applied(&json!({
            "organization": {"timeZone": "Europe/Paris", "FiscalYearStartMonth": 4},
            "features": {"personAccounts": true},
            "limits": {"DailyApiRequests": 10, "DataStorageMB": 5},
            "takenUsernames": ["Taken@Acme.Test"],
        }))
        .expect("good settings");
        let shown: serde_json::Value = serde_json::from_str(&to_json(&state)).expect("JSON");
        assert_eq!(shown["organization"]["timeZone"], "Europe/Paris");
        assert_eq!(shown["organization"]["locale"], "en_US");
        assert_eq!(shown["organization"]["FiscalYearStartMonth"], 4);
        assert_eq!(shown["features"]["personAccounts"], true);
        assert_eq!(shown["limits"], json!({"DailyApiRequests": 10, "DataStorageMB": 5}));
        assert_eq!(shown["takenUsernames"], json!(["taken@acme.test"]));
        let (user, _, row) = state.resolve(base::administrator()).expect("the administrator");
        let zone = row.get(user.field("TimeZoneSidKey").expect("a field").0);
        assert_eq!(text_of(user, "TimeZoneSidKey", zone), "Europe/Paris");
        let record_types = state.schema.by_name("RecordType").expect("RecordType").id;
        assert_eq!(state.table(record_types).live(), 1, "Person Accounts bring a record type");
    }

    #[test]
    fn what_is_wrong_is_named() {
        let message = |settings| applied(&settings).map(|_| ()).expect_err("a problem");
        let problem = message(json!({"feature": {}}));
        assert_eq!(problem.message, "no such setting: feature; did you mean features?");
        let problem = message(json!({"organization": {"timeZone": "Mars/Olympus"}}));
        assert_eq!(problem.path, "organization.timeZone");
        assert!(message(json!({"progression": {"bulk": "immediate"}})).is_not_emulated());
        assert_eq!(
            message(json!({"limits": {"DailyApiRequests": -1}})).path,
            "limits.DailyApiRequests"
        );
        assert!(message(json!({"clock": "real"})).message.contains("PUT"));
    }
}
