//! The orgs of one process, by name and id.

use super::outbound::Outbound;
use super::{Carrier, Credentials, Hooks, Org};
use crate::clock::Millis;
use crate::id::Id;
use crate::schema::Additions;
use crate::store::{State, StateMode};
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

/// What the start options say about every org.
#[derive(Clone, Debug, Default)]
pub struct Template {
    /// Replaces the administrator's username.
    pub username: Option<String>,
    /// Replaces the password.
    pub password: Option<String>,
    /// Replaces the default org's consumer key.
    pub client_id: Option<String>,
    /// Replaces the default org's consumer secret.
    pub client_secret: Option<String>,
    /// Replaces the default org's first access token.
    pub access_token: Option<String>,
    /// What `instance_url` says, when the server stands behind an ingress.
    pub public_url: Option<String>,
    /// Bearer token of the control API; needed off loopback.
    pub control_token: Option<String>,
    /// The certificate of the server's CA, PEM; `None` without TLS.
    pub ca_pem: Option<String>,
    /// Where the clock of a new org stands; `None`: it runs with the system.
    pub standing_clock: Option<Millis>,
    /// The seed of a new org.
    pub seed: u64,
    /// What becomes of a State change that real orgs refuse, in a new org.
    pub state_mode: StateMode,
    /// True when orgs keep no journal.
    pub no_journal: bool,
    /// Objects and fields that every new org has.
    pub additions: Vec<Additions>,
}

#[derive(Default)]
struct Registered {
    by_name: BTreeMap<String, Arc<Org>>,
    by_id: BTreeMap<Id, Arc<Org>>,
    made: u64,
}

/// All orgs of a process.
pub struct Orgs {
    /// What the start options say.
    pub template: Template,
    /// Who makes their calls to other systems.
    pub(super) carrier: Arc<OnceLock<Carrier>>,
    registered: RwLock<Registered>,
    hooks: &'static Hooks,
    ticks: fn() -> u64,
}

/// The name of the org that exists from the start.
pub const DEFAULT: &str = "default";

impl Orgs {
    /// No orgs yet.
    pub fn new(template: Template) -> Orgs {
        Orgs {
            template,
            carrier: Arc::default(),
            registered: RwLock::default(),
            hooks: Hooks::NONE,
            ticks: || 0,
        }
    }

    /// The same with what the floors above do in every org.
    #[must_use]
    pub fn with_hooks(mut self, hooks: &'static Hooks) -> Orgs {
        self.hooks = hooks;
        self
    }

    /// The same with a clock that measures how long answers take: microseconds since any instant.
    #[must_use]
    pub fn with_ticks(mut self, ticks: fn() -> u64) -> Orgs {
        self.ticks = ticks;
        self
    }

    /// Microseconds since any instant; always 0 when nobody measures.
    pub fn ticks(&self) -> u64 {
        (self.ticks)()
    }

    /// Registers an org. `state` makes its first state for the id it gets. `None` when the name is
    /// taken.
    pub fn create(
        &self,
        name: Option<&str>,
        label: Option<String>,
        administrator: Id,
        system_now: Millis,
        state: impl FnOnce(Id) -> Arc<State>,
    ) -> Option<Arc<Org>> {
        let (id, name) = {
            let mut registered = self.registered.write().unwrap_or_else(PoisonError::into_inner);
            if name.is_some_and(|name| registered.by_name.contains_key(name)) {
                return None;
            }
            registered.made += 1;
            let id = Id::own(*b"00D", registered.made);
            let unnamed = || format!("org-{}", registered.made);
            (id, name.map_or_else(unnamed, ToOwned::to_owned))
        };
        let credentials = self.credentials(id, &name, administrator);
        let org = Org::new(id, &name, label, credentials, state(id), system_now);
        let org = org.with_hooks(self.hooks).with_outbound(Outbound::through(&self.carrier));
        let org = Arc::new(org.with_journal(!self.template.no_journal));
        let mut registered = self.registered.write().unwrap_or_else(PoisonError::into_inner);
        if registered.by_name.contains_key(&name) {
            return None;
        }
        registered.by_name.insert(name, Arc::clone(&org));
        registered.by_id.insert(id, Arc::clone(&org));
        Some(org)
    }

    fn credentials(&self, id: Id, name: &str, administrator: Id) -> Credentials {
        let is_default = name == DEFAULT;
        let mut credentials = Credentials::of(id, (!is_default).then_some(name), administrator);
        let template = &self.template;
        if let Some(username) = &template.username {
            let suffix = if is_default { String::new() } else { format!(".{name}") };
            credentials.username = format!("{username}{suffix}");
        }
        let set = |field: &mut String, value: &Option<String>, everywhere: bool| {
            if let Some(value) = value
                && (is_default || everywhere)
            {
                field.clone_from(value);
            }
        };
        set(&mut credentials.password, &template.password, true);
        set(&mut credentials.client_id, &template.client_id, false);
        set(&mut credentials.client_secret, &template.client_secret, false);
        set(&mut credentials.access_token, &template.access_token, false);
        credentials
    }

    /// The org of a name.
    pub fn named(&self, name: &str) -> Option<Arc<Org>> {
        self.registered.read().unwrap_or_else(PoisonError::into_inner).by_name.get(name).cloned()
    }

    /// The org of an id.
    pub fn with_id(&self, id: Id) -> Option<Arc<Org>> {
        self.registered.read().unwrap_or_else(PoisonError::into_inner).by_id.get(&id).cloned()
    }

    /// All orgs, by name.
    pub fn all(&self) -> Vec<Arc<Org>> {
        let registered = self.registered.read().unwrap_or_else(PoisonError::into_inner);
        registered.by_name.values().cloned().collect()
    }

    /// Lets go what fault rules hold in any org, for good: the process ends.
    pub fn release_held(&self) {
        for org in self.all() {
            for active in org.faults.active().iter() {
                active.gate.open(true);
            }
        }
    }

    /// Deletes an org; false when there is none of that name.
    pub fn delete(&self, name: &str) -> bool {
        let mut registered = self.registered.write().unwrap_or_else(PoisonError::into_inner);
        let Some(org) = registered.by_name.remove(name) else { return false };
        registered.by_id.remove(&org.id);
        drop(registered);
        // Nobody is left to release what its rules hold.
        org.faults.clear();
        true
    }
}
