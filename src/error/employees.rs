//! Messages about employees who become users: seats, permission sets, runs.

use super::{ControlError, OrgError};

impl OrgError {
    /// No seat of a user licence or permission set licence is free.
    pub fn license_limit_exceeded(license: &str, total: i64) -> OrgError {
        OrgError::save("LICENSE_LIMIT_EXCEEDED", "License Limit Exceeded", &[]).hint(format!(
            "all {total} seats of {license} are taken: deactivate a user, or raise the setting \
             licenses"
        ))
    }

    /// A permission set that the user's licence does not take.
    pub fn permission_not_licensed(set: &str, user: &str, permission: &str) -> OrgError {
        let message = format!(
            "Can't assign permission set {set} to user {user}. The user license doesn't allow the \
             permission: {permission}"
        );
        OrgError::field_integrity(message, &[])
    }

    /// A second portal user of a contact, active or not.
    pub fn portal_user_exists() -> OrgError {
        OrgError::save(
            "PORTAL_USER_ALREADY_EXISTS_FOR_CONTACT",
            "portal user already exists for contact",
            &["ContactId"],
        )
        .hint("inactive users keep their contact")
    }

    /// A portal user of a contact that belongs to no account.
    pub fn contact_without_account() -> OrgError {
        OrgError::field_integrity(
            "ContactId: the contact must have a value in the AccountId field",
            &["ContactId"],
        )
    }

    /// Several users could be an employee's.
    pub fn ambiguous_user(field: &str, users: usize) -> OrgError {
        let message =
            format!("{users} active users have the same {field}: none of them was linked");
        OrgError::save("DUPLICATE_VALUE", message, &[])
    }

    /// An employee who was queued for a run and shall no longer be a user.
    pub fn employee_status_left(status: &str) -> OrgError {
        let message = format!("EmployeeStatus is no longer {status}");
        OrgError::field_integrity(message, &["EmployeeStatus"])
    }

    /// Employee User Settings without which no user can be made.
    pub fn employee_settings_blank(setting: &str) -> OrgError {
        let message = format!("Employee User Settings are incomplete: {setting} is blank");
        OrgError::save("REQUIRED_FIELD_MISSING", message, &[])
    }

    /// Employee User Settings that name what is not there.
    pub fn employee_settings_unknown(setting: &str, name: &str) -> OrgError {
        let message = format!("Employee User Settings: there is no {setting} {name}");
        OrgError::save("INVALID_CROSS_REFERENCE_KEY", message, &[])
    }

    /// One employee too many in a transaction, where the owner wants that refused.
    pub fn employees_per_transaction(most: usize) -> OrgError {
        let message = format!(
            "You can import only {most} records per transaction with Automatic User Creation enabled"
        );
        OrgError::save("LIMIT_EXCEEDED", message, &[])
            .hint("set employeeUserSettings.overflow to leave, and the rest wait for a run")
    }

    /// A run in an org without the objects that show it.
    pub fn no_employee_provisioning() -> OrgError {
        OrgError::save("FUNCTIONALITY_NOT_ENABLED", "User provisioning is not enabled", &[])
            .hint("turn on the feature workplaceCommandCenter or employeeExperience")
    }
}

impl ControlError {
    /// 409 of a run in an org that has none.
    pub fn no_provisioning(fault: &OrgError) -> ControlError {
        let why = fault.hint.as_deref().unwrap_or_default();
        let mut error = ControlError::invalid(format!("{}: {why}", fault.message));
        error.status = 409;
        error.code = "FEATURE_OFF";
        error
    }

    /// 404 of a process.
    pub fn no_such_process(id: &str) -> ControlError {
        let mut error = ControlError::invalid(format!("there is no run {id}"));
        error.status = 404;
        error.code = "NOT_FOUND";
        error
    }

    /// 409 of a process that cannot be stopped so. `instead` says what would do.
    pub fn wrong_stage(status: &str, asked: &str, instead: Option<&str>) -> ControlError {
        let instead = instead.map(|call| format!("; {call} it instead")).unwrap_or_default();
        let message = format!("the run is {status}, and cannot be {asked}{instead}");
        let mut error = ControlError::invalid(message);
        error.status = 409;
        error.code = "WRONG_STATUS";
        error
    }
}
