//! Errors of SAP Concur's User Provisioning: `reference/provisioning.md` §C1. The envelope is
//! documented; most codes and texts below are ours, shaped after recorded ones.

use super::{OrgError, PatchFault};
use std::borrow::Cow;

/// Characters that no user name may have.
pub const FORBIDDEN_IN_NAMES: &str = "%[#!*&()~'{^}\\/?><,;:\"+=]|";

/// An error of the Concur API.
#[derive(Clone, Debug, PartialEq)]
pub struct ConcurError {
    /// HTTP status.
    pub status: u16,
    /// The detail error keyword of RFC 7644.
    pub scim_type: Option<&'static str>,
    /// The message's code.
    pub code: Cow<'static, str>,
    /// The message.
    pub message: String,
    /// The attribute at fault.
    pub schema_path: Option<Box<str>>,
    /// What would help.
    pub hint: Option<Box<str>>,
    /// What is not emulated.
    pub unsupported: Option<&'static str>,
}

impl ConcurError {
    fn new(
        status: u16,
        scim_type: Option<&'static str>,
        code: impl Into<Cow<'static, str>>,
        message: impl Into<String>,
    ) -> ConcurError {
        ConcurError {
            status,
            scim_type,
            code: code.into(),
            message: message.into(),
            schema_path: None,
            hint: None,
            unsupported: None,
        }
    }

    fn at(mut self, path: &str) -> ConcurError {
        self.schema_path = Some(path.into());
        self
    }

    /// The same with a line for the developer.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<Box<str>>) -> ConcurError {
        self.hint = Some(hint.into());
        self
    }

    /// 400 of a body that is no request. The text is Concur's own.
    pub fn unparsable() -> ConcurError {
        let message = "Request is unparsable, syntactically incorrect, or violates schema.";
        ConcurError::new(400, Some("invalidSyntax"), "BAD_REQUEST", message)
    }

    /// The same with what is wrong as the hint.
    pub fn malformed(why: impl Into<Box<str>>) -> ConcurError {
        ConcurError::unparsable().hint(why)
    }

    /// 400 of a required attribute without a value.
    pub fn required(path: &str) -> ConcurError {
        let message = format!("Required attribute is missing: '{path}'");
        ConcurError::new(400, Some("invalidValue"), "ATTRIBUTE_REQUIRED", message).at(path)
    }

    /// 400 of a value that cannot be taken. The text's form is Concur's own.
    pub fn invalid_value(path: &str) -> ConcurError {
        let message = format!("Invalid Value: '{path}'");
        ConcurError::new(400, Some("invalidValue"), "INVALID_VALUE", message).at(path)
    }

    /// 400 of a user name that somebody in any company has.
    pub fn user_name_taken(name: &str) -> ConcurError {
        let message = format!("User name already exists: '{name}'");
        ConcurError::new(400, Some("uniqueness"), "DUPLICATE_VALUE", message).at("userName").hint(
            "user names are unique across all of Concur; takenUsernames of the settings lists \
             those of other companies",
        )
    }

    /// 400 of an employee number that somebody in the company has.
    pub fn employee_number_taken(number: &str, path: &str) -> ConcurError {
        let message = format!("Employee number already exists: '{number}'");
        ConcurError::new(400, Some("uniqueness"), "DUPLICATE_VALUE", message).at(path)
    }

    /// 400 of a change to what cannot be changed.
    pub fn immutable(path: &str) -> ConcurError {
        let message = format!("Attribute cannot be changed: '{path}'");
        ConcurError::new(400, Some("mutability"), "IMMUTABLE_ATTRIBUTE", message).at(path)
    }

    /// 404 of a user.
    pub fn no_such_user(id: &str) -> ConcurError {
        ConcurError::new(404, None, "INVALID_USER", format!("User does not exist: '{id}'"))
    }

    /// 404 of a provisioning request that never was, or is older than seven days.
    pub fn no_such_provision(id: &str) -> ConcurError {
        let message = format!("Provision request does not exist: '{id}'");
        ConcurError::new(404, None, "NOT_FOUND", message)
            .hint("a request's status is kept for 7 days of the org's clock")
    }

    /// 404 of a path.
    pub fn no_such_path() -> ConcurError {
        ConcurError::new(404, None, "NOT_FOUND", "Resource does not exist")
    }

    /// 400 of a query parameter.
    pub fn bad_parameter(name: &str, value: &str) -> ConcurError {
        let message = format!("Invalid Value: '{name}={value}'");
        ConcurError::new(400, Some("invalidValue"), "INVALID_VALUE", message).at(name)
    }

    /// 400 of too many operations.
    pub fn too_many_operations(count: usize, most: usize) -> ConcurError {
        let message = format!("Bulk request has {count} operations; the limit is {most}");
        ConcurError::new(400, Some("tooMany"), "BAD_REQUEST", message)
    }

    /// 400 of too many bytes.
    pub fn too_many_bytes(most: usize) -> ConcurError {
        let message = format!("Bulk request is larger than {} KB", most / 1024);
        ConcurError::new(400, Some("tooMany"), "BAD_REQUEST", message)
    }

    /// 401.
    pub fn unauthorized(error: &OrgError) -> ConcurError {
        let hint = error.hint.as_deref().map(Into::into);
        let refused = ConcurError::new(401, None, "UNAUTHORIZED", error.message.clone());
        ConcurError { hint, ..refused }
    }

    /// The error that a fault rule asks for.
    pub(super) fn injected(error: &OrgError) -> ConcurError {
        let hint = error.hint.as_deref().map(Into::into);
        let refused = ConcurError::new(error.status, None, error.code.clone(), &*error.message);
        ConcurError { hint, ..refused }
    }

    /// 501 of what is not built.
    pub fn not_emulated(what: &'static str) -> ConcurError {
        let message = format!("{what} is not emulated by fauxforce");
        let refused = ConcurError::new(501, None, "NOT_EMULATED", message);
        ConcurError { unsupported: Some(what), ..refused }
    }

    /// An error that the settings ask for.
    pub fn scripted(
        status: u16,
        code: String,
        message: String,
        schema_path: Option<String>,
    ) -> ConcurError {
        let error = ConcurError::new(status, None, code, message);
        let schema_path = schema_path.map(Into::into);
        ConcurError { schema_path, ..error }.hint("the outcome that settings.concur asks for")
    }

    /// The error of a PATCH.
    pub fn of_patch(fault: &PatchFault) -> ConcurError {
        match fault {
            PatchFault::Shape(why) | PatchFault::Value(why) => ConcurError::malformed(why.clone()),
            PatchFault::Operation(op) => ConcurError::invalid_value(op),
            PatchFault::Path(path) => ConcurError::invalid_value(path),
            PatchFault::NoTarget => {
                let message = "The path names nothing";
                ConcurError::new(400, Some("noTarget"), "INVALID_VALUE", message)
            }
        }
    }
}

/// The message of an operation that 120 minutes did not end. Ours; the documents give no text.
pub fn concur_timed_out() -> String {
    "Provisioning request timed out".to_owned()
}

/// The message of an approver who is no user. Concur's own text.
pub fn concur_no_such_employee() -> String {
    "Employee does not exist".to_owned()
}

/// The message of an extension's required attribute without a value.
pub fn concur_required(path: &str) -> String {
    ConcurError::required(path).message
}
