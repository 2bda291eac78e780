//! User provisioning: what writes of users, access and requests set off, and the jobs that follow.
//!
//! a write → [`triggers`] make a `UserProvisioningRequest` for each connected app concerned →
//! [`requests`] take it through approval to its [`target`], or [`reconcile`] what the target has.
//! Nothing happens for a connected app without an enabled configuration and a target in the
//! settings: its records are plain records.

mod access;
pub mod approvals;
pub mod employees;
mod mapping;
mod reconcile;
mod record;
mod remote;
mod requests;
mod target;
mod transitions;
mod triggers;

use crate::dml::{self, Saved, Transaction, Watch};
use crate::error::Faults;
use crate::org::{Step, TakeAnswer};
use crate::store::JobKind;

pub use requests::{REQUEST, wake};

/// What provisioning does when records are written.
pub const WRITES: &dml::Hooks = &dml::Hooks { watch };

fn watch(object: &str) -> Watch {
    let after = |after| Watch { before: None, after: Some(after) };
    match object {
        "User" => Watch { before: employees::watch(object).before, after: Some(user_saved) },
        "UserLogin" => after(triggers::login_saved),
        "PermissionSetAssignment" => after(assignment_saved),
        "SetupEntityAccess" => after(triggers::grant_saved),
        "UserProvisioningRequest" => {
            Watch { before: Some(transitions::check), after: Some(requests::saved) }
        }
        name => employees::watch(name),
    }
}

fn user_saved(transaction: &mut Transaction<'_>, saved: &Saved<'_>) -> Result<(), Faults> {
    employees::user_saved(transaction, saved)?;
    triggers::user_saved(transaction, saved)
}

fn assignment_saved(transaction: &mut Transaction<'_>, saved: &Saved<'_>) -> Result<(), Faults> {
    employees::assignment_saved(transaction, saved)?;
    triggers::assignment_saved(transaction, saved)
}

/// The function that runs jobs of a kind.
pub fn step(kind: JobKind) -> Option<Step> {
    employees::step(kind).or_else(|| requests::step(kind))
}

/// The function that takes answers to calls that jobs of a kind asked.
pub fn answered(kind: JobKind) -> Option<TakeAnswer> {
    match kind {
        requests::CALL => Some(remote::answered),
        reconcile::COLLECT => Some(reconcile::answered),
        _ => None,
    }
}
