//! The one error type. Every message that a user can see is made by a named constructor here, by
//! topic: [`resource`](self) (paths, methods, sessions), `login` (OAuth, SOAP sessions), `record`
//! (saving), `query` (SOQL, SOSL),
//! `json` (request bodies), `ui` (the User Interface API), `scim` and `concur` (targets), `outbound`
//! (calls to other systems), `control` (our own API). Each protocol
//! renders an [`OrgError`] in one place. Texts and statuses: `reference/rest.md` §8.

mod approvals;
mod authority;
mod composite;
mod concur;
mod control;
mod edge;
mod employees;
mod injected;
pub mod journal;
mod login;
mod outbound;
pub mod provisioning;
mod proxy;
mod query;
mod record;
mod resource;
mod scim;
mod semantic;
mod snapshot;
pub mod snippet;
mod ui;

pub use authority::CaError;
pub use concur::{
    ConcurError, FORBIDDEN_IN_NAMES, concur_no_such_employee, concur_required, concur_timed_out,
};
pub use control::ControlError;
pub use injected::{Injected, error_codes, is_of_records};
pub use login::SOAP_CLIENT;
pub use outbound::CallFailed;
pub use scim::{FilterFault, PatchFault, ScimError};
pub use snapshot::FileFault;
pub use ui::UI_NOT_SAVED;

use crate::id::Id;
use std::borrow::Cow;

/// One fault, as Salesforce would report it, plus what helps a developer.
#[derive(Clone, Debug, PartialEq)]
pub struct OrgError(Box<Detail>);

/// The parts of an [`OrgError`].
#[derive(Clone, Debug, PartialEq)]
pub struct Detail {
    /// HTTP status of a REST answer whose first error this is.
    pub status: u16,
    /// `errorCode` (REST), `statusCode` (collections, SOAP results), `exceptionCode` (SOAP faults).
    pub code: Cow<'static, str>,
    /// The message, byte for byte.
    pub message: Cow<'static, str>,
    /// The fields at fault by API name. `None`: the key is absent from REST errors.
    pub fields: Option<Vec<String>>,
    /// True for resource-level errors, whose JSON puts `errorCode` first.
    pub code_first: bool,
    /// Row and column in a query, for SOAP faults.
    pub position: Option<(u32, u32)>,
    /// Value of the `Allow` header of a 405.
    pub allow: Option<Cow<'static, str>>,
    /// Why, and what would change it: the `X-Fauxforce-Hint` header.
    pub hint: Option<String>,
    /// What is not emulated: the `X-Fauxforce-Unsupported` header.
    pub unsupported: Option<String>,
    /// The records that a duplicate rule found.
    pub duplicates: Option<Box<Duplicates>>,
    /// JSON members that stand before the code in REST errors.
    pub first_members: Option<String>,
}

/// The records that a duplicate rule found.
#[derive(Clone, Debug, PartialEq)]
pub struct Duplicates {
    /// The rule's developer name.
    pub rule: String,
    /// The developer name of the matching rule behind it.
    pub match_rule: String,
    /// The object of the records.
    pub object: String,
    /// True when the caller may save all the same.
    pub allow_save: bool,
    /// The records.
    pub ids: Vec<Id>,
}

/// All faults of one record or request; never empty. The first gives the status.
pub type Faults = Vec<OrgError>;

impl OrgError {
    /// An error of the general family: `{"message","errorCode"}`, no `fields`.
    fn general(status: u16, code: &'static str, message: impl Into<Cow<'static, str>>) -> OrgError {
        OrgError(Box::new(Detail {
            status,
            code: Cow::Borrowed(code),
            message: message.into(),
            fields: None,
            code_first: false,
            position: None,
            allow: None,
            hint: None,
            unsupported: None,
            duplicates: None,
            first_members: None,
        }))
    }

    /// An error of the resource family: `{"errorCode","message"}`.
    fn resource(
        status: u16,
        code: &'static str,
        message: impl Into<Cow<'static, str>>,
    ) -> OrgError {
        let mut error = OrgError::general(status, code, message);
        error.0.code_first = true;
        error
    }

    /// An error from saving a record: `{"message","errorCode","fields"}`.
    fn save(
        code: &'static str,
        message: impl Into<Cow<'static, str>>,
        fields: &[&str],
    ) -> OrgError {
        let mut error = OrgError::general(400, code, message);
        error.0.fields = Some(fields.iter().map(|field| (*field).to_owned()).collect());
        error
    }

    /// The same with a line for the developer: why, and what would change it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> OrgError {
        self.0.hint = Some(hint.into());
        self
    }

    /// The same with JSON members before its code.
    #[must_use]
    pub fn with_first_members(mut self, members: String) -> OrgError {
        self.0.first_members = Some(members);
        self
    }

    /// The same under another HTTP status.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> OrgError {
        self.0.status = status;
        self
    }
}

impl std::ops::Deref for OrgError {
    type Target = Detail;

    fn deref(&self) -> &Detail {
        &self.0
    }
}

impl std::fmt::Display for OrgError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for OrgError {}

impl From<OrgError> for Faults {
    fn from(error: OrgError) -> Faults {
        vec![error]
    }
}
