//! User provisioning: what writes of users, access and requests set off, and the jobs that follow.
//!
//! a write → [`triggers`] make a `UserProvisioningRequest` for each connected app concerned →
//! [`requests`] take it through approval to its [`target`], or [`reconcile`] what the target has.
//! Nothing happens for a connected app without an enabled configuration and a target in the
//! settings: its records are plain records.

mod access;
mod mapping;
mod reconcile;
mod record;
mod requests;
mod target;
mod transitions;
mod triggers;

use crate::dml::{self, Watch};
use crate::org::{Answered, Hooks};

pub use requests::{REQUEST, wake};

/// What provisioning does in an org.
pub static HOOKS: Hooks = Hooks { writes: &dml::Hooks { watch }, step: requests::step, answered };

fn watch(object: &str) -> Watch {
    let after = |after| Watch { before: None, after: Some(after) };
    match object {
        "User" => after(triggers::user_saved),
        "UserLogin" => after(triggers::login_saved),
        "PermissionSetAssignment" => after(triggers::assignment_saved),
        "SetupEntityAccess" => after(triggers::grant_saved),
        "UserProvisioningRequest" => {
            Watch { before: Some(transitions::check), after: Some(requests::saved) }
        }
        _ => Watch::NONE,
    }
}

/// No target is reached over the network yet.
fn answered(_: &str) -> Option<Answered> {
    None
}
