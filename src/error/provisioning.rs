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

/// `Details` of a call that went well.
pub fn done(operation: &str, username: &str) -> String {
    format!("{operation} of {username} succeeded")
}

/// `Details` of a call that the target refused without saying why.
pub fn refused(operation: &str, username: &str, status: &str) -> String {
    format!("{operation} of {username} failed: the target answered {status}")
}

/// `Details` of a call that was not answered.
pub fn timed_out(operation: &str, seconds: i64) -> String {
    format!("{operation} failed: the target did not answer within {seconds} seconds")
}

/// `Details` of a request about no user.
pub fn no_user(operation: &str) -> String {
    format!("{operation} failed: the request names no user; set SalesforceUserId")
}

/// `Details` of a request that waits for the approval of nobody.
pub fn no_manager() -> String {
    "Approval is required, but the user has no manager: nobody can approve. Set ManagerId, or \
     ApprovalStatus to Approved."
        .to_owned()
}

/// `Details` of a request that was denied, where denied requests fail.
pub fn denied() -> String {
    "Approval denied".to_owned()
}

/// `Details` of a create whose username the target has.
pub fn account_exists(username: &str) -> String {
    format!("Create failed: the target has an account {username} already")
}

/// `Details` of an operation on an account that the target does not have.
pub fn no_account(operation: &str, name: &str) -> String {
    format!("{operation} failed: the target has no account {name}")
}

/// `Details` of an operation that the org does not know.
pub fn no_operation(operation: &str) -> String {
    format!("{operation} is nothing that a target can be asked for")
}

/// `Details` of a collection that never ends.
pub fn never_complete(pages: u64) -> String {
    format!(
        "Collecting failed: after {pages} pages without an account the target still does not report \
         reconState complete"
    )
}

/// `Details` of a stage of a reconciliation that failed without saying why.
pub fn stage_failed(stage: &str, status: &str) -> String {
    format!("{stage} failed: {status}")
}

/// `Details` of a mapping that cannot be read.
pub fn bad_mapping(mapping: &str) -> String {
    format!(
        "Analyzing failed: UserAccountMapping must be \
         {{\"linkingSalesforceUserAttribute\":\"Username\",\"linkingTargetUserAttribute\":\"Email\"}} \
         with a field of User and one of the account; it is {mapping}"
    )
}

/// `Details` of a reconciliation that was committed.
pub fn committed(accounts: u64) -> String {
    format!("{accounts} accounts were taken over")
}

/// `Details` of a stage that meets another reconciliation of the same app.
pub fn busy(stage: &str, other: &str) -> String {
    format!("{stage} failed: {other} is reconciling the same app; try again when it has ended")
}
