//! Errors of SCIM 2.0: `reference/provisioning.md` §C2 and §C3. Texts marked *pilot* are those of
//! Salesforce's own Apex server; production was seen to answer one of them byte for byte.

use super::{Faults, OrgError};

/// What is wrong with a filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FilterFault {
    /// No such attribute.
    Attribute(String),
    /// An attribute with parts, compared as a whole.
    Complex(String),
    /// No such operator.
    Operator(String),
    /// A value that is not quoted where it must be.
    Unquoted(String),
    /// Something that cannot stand here.
    Token(String),
    /// Brackets that do not match, or too many of them.
    Brackets,
    /// The filter ends too early.
    End,
    /// An operator that the attribute's type does not have.
    Ordering(String),
}

/// What is wrong with a PATCH.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PatchFault {
    /// The body is no PATCH.
    Shape(String),
    /// No such operation.
    Operation(String),
    /// A path that cannot be read.
    Path(String),
    /// Nothing to remove or replace was named, or found.
    NoTarget,
    /// A value of the wrong shape.
    Value(String),
}

/// An error of a SCIM server.
#[derive(Clone, Debug, PartialEq)]
pub struct ScimError {
    /// HTTP status.
    pub status: u16,
    /// The detail error keyword of RFC 7644; Salesforce sends none.
    pub scim_type: Option<&'static str>,
    /// The detail.
    pub detail: String,
    /// What would help.
    pub hint: Option<String>,
    /// What is not emulated.
    pub unsupported: Option<String>,
    /// The methods that are allowed, of a 405.
    pub allow: Option<&'static str>,
}

impl ScimError {
    fn new(status: u16, scim_type: Option<&'static str>, detail: impl Into<String>) -> ScimError {
        let detail = detail.into();
        ScimError { status, scim_type, detail, hint: None, unsupported: None, allow: None }
    }

    /// The same with a line for the developer.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> ScimError {
        self.hint = Some(hint.into());
        self
    }

    // ── Salesforce ──────────────────────────────────────────────────────────────────────────────

    /// 409 of a user that breaks rules: the tokens of all of them. *pilot, seen in production*
    pub fn refused_user(tokens: &[String]) -> ScimError {
        ScimError::new(409, None, tokens.concat())
    }

    /// A required attribute is missing. *pilot*
    pub fn token_missing(attribute: &str) -> String {
        format!("REQUIRED_FIELD_MISSING:{attribute};")
    }

    /// No profile among the entitlements. *pilot, seen in production*
    pub fn token_profile_missing() -> String {
        ScimError::token_missing("user_must_have_one_entitlement_which_must_be_a_profileid")
    }

    /// More than one value where one is kept. *pilot*
    pub fn token_single(what: &str) -> String {
        // The pilot forgets the semicolon after phones.
        let end = if what == "phone" { "" } else { ";" };
        format!("INVALID:only_a_single_{what}_is_allowed{end}")
    }

    /// Not exactly one role. *pilot*
    pub fn token_role() -> String {
        "INVALID:user_must_have_only_one_role;".to_owned()
    }

    /// Another id in the body than in the URL. *pilot*
    pub fn token_id() -> String {
        "INVALID:id_attribute_is_readonly;".to_owned()
    }

    /// An attribute that Salesforce does not keep. *pilot*
    pub fn token_unsupported(attribute: &str) -> String {
        format!("UNSUPPORTED_FIELD:{attribute};")
    }

    /// An entitlement that is no profile. *pilot*
    pub fn token_profile(id: &str) -> String {
        format!("INVALID: profile id is invalid : {id}")
    }

    /// A value of another JSON type than expected. *pilot*
    pub fn token_type(expected: &str, found: &str, attribute: &str) -> String {
        format!("Expecting {expected} But Found {found} while parsing {attribute}")
    }

    /// 409 of rules that saving found broken: the text of the DML exception. `row` is the id of the
    /// row to be changed; `None` was to be created. *pilot*
    pub fn refused_save(faults: &Faults, row: Option<&str>) -> ScimError {
        let Some(fault) = faults.first() else { return ScimError::new(500, None, "") };
        let verb = if row.is_some() { "Update" } else { "Insert" };
        let row = row.map_or_else(String::new, |id| format!(" with id {id}"));
        let fields = fault.fields.as_deref().unwrap_or_default().join(", ");
        let detail = format!(
            "{verb} failed. First exception on row 0{row}; first error: {}, {}: [{fields}]",
            fault.code, fault.message
        );
        ScimError { hint: fault.hint.clone(), ..ScimError::new(409, None, detail) }
    }

    /// 400 of PATCH: all entitlements cannot be removed. *pilot*
    pub fn all_entitlements_removed() -> ScimError {
        ScimError::new(400, None, "INVALID: Cannot remove all entitlements. Use replace")
    }

    /// 400 of PATCH: an attribute that must have a value is removed. *pilot*
    pub fn not_nillable(attribute: &str) -> ScimError {
        ScimError::new(400, None, format!("FIELD CANNOT BE NULL: {attribute}"))
    }

    /// 400 of PATCH: a second profile. *pilot*
    pub fn many_profiles(ids: &[String]) -> ScimError {
        let detail = format!("INVALID: cannot have multiple profiles: ({})", ids.join(", "));
        ScimError::new(400, None, detail)
    }

    /// 400 of an entitlement that is neither profile nor permission set. *pilot*
    pub fn bad_entitlement(id: &str) -> ScimError {
        ScimError::new(400, Some("invalidValue"), format!("INVALID entitlement id: {id}"))
    }

    /// 409 of an id of a group that is none: the text of the exception. *pilot*
    pub fn invalid_id(id: &str) -> ScimError {
        ScimError::new(409, None, format!("Invalid id: {id}"))
    }

    /// 400 of a `count` out of range. *pilot*
    pub fn illegal_count(count: &str) -> ScimError {
        ScimError::new(400, None, format!("Illegal count value : {count}"))
    }

    /// 400 of a `startIndex` that is no number. *pilot*
    pub fn illegal_start(start: &str) -> ScimError {
        ScimError::new(400, None, format!("Illegal startIndex value : {start}"))
    }

    /// 400 of a `startIndex` below 1: another blank than for what is no number. *pilot*
    pub fn start_too_small(start: &str) -> ScimError {
        ScimError::new(400, None, format!("Illegal startIndex value: {start}"))
    }

    /// 400 of a `startIndex` over 2,001. *pilot*
    pub fn start_too_big() -> ScimError {
        let detail = "Start index too big. Consider filtering down your result set, e.g. id gt \
                      \"(the last id in the result set)\"";
        ScimError::new(400, None, detail)
    }

    /// 400 of an attribute to show that there is not. *pilot*
    pub fn unsupported_attribute(name: &str) -> ScimError {
        ScimError::new(400, None, format!("Unsupported attribute: {name}"))
    }

    /// 400 of both lists at once. *pilot*
    pub fn both_attribute_lists() -> ScimError {
        let detail = "Cannot provide both attributes and excludedAttributes";
        ScimError::new(400, Some("invalidValue"), detail)
    }

    /// 404 of a row. *pilot*
    pub fn resource_not_found(url: &str) -> ScimError {
        ScimError::new(404, None, format!("Resource {url} not found"))
    }

    /// 404 of a path. *pilot*
    pub fn no_such_resource() -> ScimError {
        ScimError::new(404, None, "No such resource")
    }

    /// 400 of a schema that there is not. *pilot*
    pub fn invalid_schema() -> ScimError {
        ScimError::new(400, None, "Invalid Schema specified")
    }

    /// 400 of a PATCH without its schema. *pilot*
    pub fn improper_schema() -> ScimError {
        ScimError::new(400, Some("invalidSyntax"), "Improper Schema.")
    }

    /// 501 of a write to what is read only. *pilot*
    pub fn method_not_supported() -> ScimError {
        ScimError::new(501, None, "Method not supported")
            .hint("Salesforce lets SCIM clients read entitlements and roles, not write them")
    }

    /// 400 of two memberships in one filter. *pilot*
    pub fn many_memberships() -> ScimError {
        ScimError::new(400, None, "Only one membership criteria allowed in filter.")
    }

    // ── RFC 7644 ────────────────────────────────────────────────────────────────────────────────

    /// 400 of a body that does not parse.
    pub fn invalid_syntax(detail: impl Into<String>) -> ScimError {
        ScimError::new(400, Some("invalidSyntax"), detail)
    }

    /// 400 of a value that cannot be taken.
    pub fn invalid_value(detail: impl Into<String>) -> ScimError {
        ScimError::new(400, Some("invalidValue"), detail)
    }

    /// 400 of an attribute without which a resource cannot be.
    pub fn required(attribute: &str) -> ScimError {
        ScimError::invalid_value(format!("attribute {attribute} is required"))
    }

    /// 400 of a value of another type.
    pub fn wrong_type(attribute: &str, expected: &str) -> ScimError {
        ScimError::invalid_value(format!("attribute {attribute} must be {expected}"))
    }

    /// 400 of several values where one can be kept.
    pub fn single_value(attribute: &str) -> ScimError {
        ScimError::invalid_value(format!("attribute {attribute} can have one value here"))
    }

    /// 400 of a change to what cannot be changed.
    pub fn mutability(attribute: &str) -> ScimError {
        ScimError::new(400, Some("mutability"), format!("attribute {attribute} is read-only"))
    }

    /// 409 of a value that another resource holds.
    pub fn uniqueness(detail: impl Into<String>) -> ScimError {
        ScimError::new(409, Some("uniqueness"), detail)
    }

    /// 412 of `If-Match`.
    pub fn version_mismatch() -> ScimError {
        ScimError::new(412, None, "the resource has another version")
    }

    /// 404.
    pub fn not_found(id: &str) -> ScimError {
        ScimError::new(404, None, format!("resource {id} not found"))
    }

    /// 401.
    pub fn unauthorized(error: &OrgError) -> ScimError {
        let hint = error.hint.clone();
        ScimError { hint, ..ScimError::new(401, None, error.message.clone()) }
    }

    /// 403 of a filter on what describes the server.
    pub fn discovery_filter() -> ScimError {
        ScimError::new(403, None, "discovery endpoints cannot be filtered")
    }

    /// 405.
    pub fn method_not_allowed(method: &str, allow: &'static str) -> ScimError {
        let detail = format!("method {method} is not allowed here");
        ScimError { allow: Some(allow), ..ScimError::new(405, None, detail) }
    }

    /// 413 of a bulk request over its limits.
    pub fn too_large(detail: impl Into<String>) -> ScimError {
        ScimError::new(413, Some("tooLarge"), detail)
    }

    /// 413 of too many operations.
    pub fn too_many_operations(most: usize) -> ScimError {
        ScimError::too_large(format!("a bulk request may have {most} operations"))
    }

    /// 413 of too many bytes.
    pub fn payload_too_large(most: usize) -> ScimError {
        ScimError::too_large(format!("a bulk request may have {most} bytes"))
    }

    /// 409 of a `bulkId` that nothing before gave.
    pub fn unknown_bulk_id(id: &str) -> ScimError {
        ScimError::new(409, Some("invalidValue"), format!("bulkId {id} names no resource"))
    }

    /// 501 of what is not built.
    pub fn not_emulated(what: &str) -> ScimError {
        let detail = format!("{what} is not emulated by fauxforce");
        ScimError { unsupported: Some(what.to_owned()), ..ScimError::new(501, None, detail) }
    }

    /// The error of broken rules, in RFC mode.
    pub fn of_faults(faults: &Faults) -> ScimError {
        let detail = faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
        let Some(first) = faults.first() else { return ScimError::new(500, None, detail) };
        let error = match &*first.code {
            "DUPLICATE_USERNAME" | "DUPLICATE_COMM_NICKNAME" | "DUPLICATE_VALUE" => {
                ScimError::uniqueness(detail)
            }
            _ if first.status == 400 => ScimError::invalid_value(detail),
            _ => ScimError::new(first.status, None, detail),
        };
        ScimError { hint: first.hint.clone(), ..error }
    }

    /// The error that a fault rule asks for.
    pub(super) fn injected(error: &OrgError) -> ScimError {
        let detail = error.message.clone();
        ScimError { hint: error.hint.clone(), ..ScimError::new(error.status, None, detail) }
    }

    /// The error of a filter.
    pub fn of_filter(fault: &FilterFault, salesforce: bool) -> ScimError {
        let detail = match fault {
            FilterFault::Attribute(name) => format!("Unsupported attribute : {name}"),
            FilterFault::Complex(name) => {
                format!("Complex attribute {name}. Please specify subattribute.")
            }
            FilterFault::Operator(name) => format!("Unsupported Operator : {name}"),
            FilterFault::Unquoted(text) => {
                format!("Argument has to be a quoted string literal : {text}")
            }
            FilterFault::Token(text) => format!("Illegal token : {text}"),
            FilterFault::Brackets => "Unbalanced brackets, check your filter".to_owned(),
            FilterFault::End => "Unexpected end of filter".to_owned(),
            FilterFault::Ordering(name) => format!("Unsupported comparison for {name}"),
        };
        ScimError::new(400, (!salesforce).then_some("invalidFilter"), detail)
    }

    /// The error of a PATCH.
    pub fn of_patch(fault: &PatchFault, salesforce: bool) -> ScimError {
        let (kind, detail) = match fault {
            PatchFault::Shape(what) => ("invalidSyntax", what.clone()),
            PatchFault::Operation(op) if salesforce => {
                ("invalidSyntax", format!("INPROPER Operation: {op}"))
            }
            PatchFault::Operation(op) => ("invalidSyntax", format!("no such operation: {op}")),
            PatchFault::Path(path) if salesforce => {
                ("invalidPath", format!("Unsupported attribute : {path}"))
            }
            PatchFault::Path(path) => ("invalidPath", format!("no such path: {path}")),
            // The pilot's own spelling.
            PatchFault::NoTarget if salesforce => ("noTarget", "MISING PATH".to_owned()),
            PatchFault::NoTarget => ("noTarget", "the path names nothing".to_owned()),
            PatchFault::Value(what) => ("invalidValue", what.clone()),
        };
        ScimError::new(400, (!salesforce).then_some(kind), detail)
    }
}
