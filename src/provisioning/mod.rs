//! User provisioning: what writes of users, grants and requests set off, and the jobs that follow.

pub mod employees;
pub mod transitions;

use crate::dml::{self, Watch};
use crate::org::{Answered, Hooks, Step};

/// What provisioning does in an org.
pub static HOOKS: Hooks = Hooks { writes: &dml::Hooks { watch }, step, answered };

fn watch(object: &str) -> Watch {
    match object {
        "UserProvisioningRequest" => Watch { before: Some(transitions::check), after: None },
        name => employees::watch(name),
    }
}

fn step(kind: &'static str) -> Option<Step> {
    employees::step(kind)
}

fn answered(_: &str) -> Option<Answered> {
    None
}
