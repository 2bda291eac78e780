//! The line that says why a request was refused and what would change it, for errors whose
//! constructor gave none.

use crate::error::OrgError;
use std::borrow::Cow;

/// A hint for the first fault that has a usual one.
pub fn usual(faults: &[OrgError]) -> Cow<'static, str> {
    let Some(fault) = faults.first() else { return Cow::Borrowed("") };
    Cow::Borrowed(match &*fault.code {
        "INVALID_SESSION_ID" => {
            "no live session has this token: log in again, or use the access token of the ready line"
        }
        "INVALID_AUTH_HEADER" => "send `Authorization: Bearer <access token>`",
        "NOT_FOUND" => "no such path, object or row in this org; GET /services/data lists versions",
        "REQUIRED_FIELD_MISSING" => {
            "the describe shows them createable, not nillable and not defaulted"
        }
        "INVALID_FIELD" => {
            "the object's describe lists its fields; add custom ones with POST /_fauxforce/orgs/{org}/objects"
        }
        "INVALID_FIELD_FOR_INSERT_UPDATE" => {
            "the describe shows these fields not writable in this operation"
        }
        "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST" => "the describe lists the picklist's values",
        "MALFORMED_ID" => {
            "an id has 15 characters, or 18 with a matching checksum, and its object's key prefix"
        }
        "DUPLICATE_VALUE" | "DUPLICATE_USERNAME" => "another row of this org holds the value",
        "METHOD_NOT_ALLOWED" => "the Allow header lists the methods of this resource",
        "REQUEST_LIMIT_EXCEEDED" => {
            "raise limits.DailyApiRequests in the settings, or move the clock a day on"
        }
        _ => return Cow::Owned(format!("{}: {}", fault.code, fault.message)),
    })
}
