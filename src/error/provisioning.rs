//! Messages of user provisioning: refused State changes, and what logs say.

use super::OrgError;

impl OrgError {
    /// A State change that real orgs refuse. No record of the real text is public: this one is ours.
    pub fn state_transition(from: &str, to: &str, reason: &str) -> OrgError {
        let message = format!("State: invalid transition from {from} to {to}");
        OrgError::field_integrity(message, &["State"])
            .hint(format!("{reason} Start with --strict-state off, or set state, to take it."))
    }

    /// A State in which strict orgs begin no request.
    pub fn initial_state(state: &str) -> OrgError {
        let message = format!("State: a request cannot begin as {state}");
        OrgError::field_integrity(message, &["State"])
            .hint("strict takes New, Requested, Collecting and Analyzing on create")
    }
}

/// The warning about a State change that real orgs refuse.
pub fn state_warning(from: &str, to: &str, reason: &str) -> String {
    format!("State: a real org refuses the transition from {from} to {to}. {reason}")
}
