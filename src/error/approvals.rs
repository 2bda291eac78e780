//! Errors of approval processes, as results of single requests show them: `statusCode`, `message`.
//! The texts are those that Apex callers and data loaders report of real orgs.

use super::OrgError;

impl OrgError {
    /// No process wants the record.
    pub fn no_applicable_process() -> OrgError {
        let message = "No applicable approval process was found.";
        OrgError::save("NO_APPLICABLE_PROCESS", message, &[]).hint(
            "there is a process for a UserProvisioningRequest whose State is New and ApprovalStatus \
             Required, while some UserProvisioningConfig has ApprovalRequired",
        )
    }

    /// The record waits for a decision already.
    pub fn already_in_process() -> OrgError {
        OrgError::save("ALREADY_IN_PROCESS", "Cannot submit object already in process.", &[])
    }

    /// The approver is the manager, and there is none.
    pub fn manager_not_defined() -> OrgError {
        let message = "This approval request requires the next approver to be determined by the \
                       Manager field. This value is empty. Please contact your administrator for \
                       more information.";
        OrgError::save("MANAGER_NOT_DEFINED", message, &[])
            .hint("set ManagerId of the request, or name somebody in nextApproverIds")
    }

    /// A decision by somebody who is not asked.
    pub fn no_access_to_cross_reference() -> OrgError {
        let message = "insufficient access rights on cross-reference id";
        OrgError::save("INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY", message, &[])
            .hint("only the approver of the work item, or who may modify all data, can decide")
    }

    /// An action that is none. The text is ours.
    pub fn no_such_approval_action(name: &str) -> OrgError {
        let message = format!("actionType must be Submit, Approve or Reject, not {name}");
        OrgError::save("INVALID_OPERATION", message, &["actionType"])
    }

    /// More requests in one call than are taken. The text is ours.
    pub fn too_many_approvals(most: usize) -> OrgError {
        let message = format!("a request may have up to {most} process requests");
        OrgError::general(400, "LIMIT_EXCEEDED", message)
    }
}
