//! What an org's owner may set: limits, modes, names taken elsewhere. Part of the state.

use super::apex::ApexRoute;
use super::concur::ConcurSettings;
use super::employees::EmployeeUserSettings;
use super::jobs::Pace;
use super::targets::Target;
use super::transitions::{StateMode, Transitions};
use crate::id::Id;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// How `/services/scim/v2` answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ScimMode {
    /// As Salesforce does, quirks and all.
    #[default]
    Salesforce,
    /// As RFC 7643 and 7644 say.
    Rfc,
}

/// A duplicate rule with one exact matching rule behind it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DuplicateRule {
    /// The fields that must all be equal, letter case aside; one that is empty matches nothing.
    pub fields: Vec<String>,
    /// True for an alert, which the caller may pass over; false when duplicates are blocked.
    pub alerts: bool,
    /// The alert; `None` for the usual one.
    pub message: Option<String>,
}

impl DuplicateRule {
    /// The developer name of an object's rule.
    pub fn name(object: &str) -> String {
        format!("Standard_{object}_Duplicate_Rule")
    }

    /// The developer name of the matching rule behind it.
    pub fn match_rule(object: &str) -> String {
        format!("Standard_{object}_Match_Rule_v1_0")
    }
}

/// Settings that no record holds. Features live in the schema, the organization's own facts in its
/// `Organization` row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Most API requests in 24 hours; `Sforce-Limit-Info` and `limits` show it.
    pub daily_api_requests: u64,
    /// Other limits shown by `limits`, by name: their `Max`.
    pub limits: BTreeMap<String, u64>,
    /// Usernames that other organizations hold: lower case.
    pub taken_usernames: BTreeSet<String>,
    /// Seconds that a session lives after its last use.
    pub session_seconds: i64,
    /// Refresh tokens are replaced at every use.
    pub refresh_token_rotation: bool,
    /// From which names, samples and probabilities are drawn.
    pub seed: u64,
    /// SOAP `login()` works at 65.0 and later too.
    pub soap_login_any_version: bool,
    /// Setup objects and others do not mix in one transaction.
    pub mixed_dml: bool,
    /// How SCIM answers.
    pub scim: ScimMode,
    /// How the Concur tenant behaves.
    pub concur: Arc<ConcurSettings>,
    /// What becomes of a State change that real orgs refuse.
    pub state_mode: StateMode,
    /// Which State changes those are. Without a cell every change is taken.
    pub transitions: Arc<Transitions>,
    /// How long each step of a provisioning request lets its client wait.
    pub pace: Pace,
    /// How employees become users.
    pub employees: EmployeeUserSettings,
    /// Duplicate rules, by their object.
    pub duplicate_rules: BTreeMap<String, Arc<DuplicateRule>>,
    /// The systems that connected apps provision, by the app's name or id.
    pub targets: BTreeMap<String, Arc<Target>>,
    /// What `/services/apexrest` answers.
    pub apex_rest: Arc<[ApexRoute]>,
}

impl Settings {
    /// The target of a connected app.
    pub fn target(&self, app: Id, name: &str) -> Option<&Arc<Target>> {
        let mut targets = self.targets.iter();
        targets.find(|(key, _)| Settings::names(key, app, name)).map(|(_, target)| target)
    }

    /// True when a key of the targets means this connected app.
    pub fn names(key: &str, app: Id, name: &str) -> bool {
        key.eq_ignore_ascii_case(name) || Id::parse(key).is_ok_and(|id| id == app)
    }
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            daily_api_requests: 100_000,
            limits: BTreeMap::new(),
            taken_usernames: BTreeSet::new(),
            session_seconds: 7200,
            refresh_token_rotation: false,
            seed: 0,
            soap_login_any_version: false,
            mixed_dml: true,
            scim: ScimMode::default(),
            concur: Arc::default(),
            state_mode: StateMode::default(),
            transitions: Arc::default(),
            pace: Pace::default(),
            employees: EmployeeUserSettings::default(),
            duplicate_rules: BTreeMap::new(),
            targets: BTreeMap::new(),
            apex_rest: Arc::default(),
        }
    }
}
