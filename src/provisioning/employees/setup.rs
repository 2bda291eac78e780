//! Employee User Settings with their names looked up: what a run needs to make users.

use super::{named, pick, record, value};
use crate::dml::{Raw, coerce};
use crate::error::OrgError;
use crate::id::Id;
use crate::schema::ObjectSpec;
use crate::store::{EmployeeUserSettings, State};
use crate::value::Value;
use std::sync::Arc;

/// What new users are assigned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Grant {
    /// A permission set.
    Set(Id),
    /// A permission set group.
    Group(Id),
}

/// The settings of a run.
pub(super) struct Setup {
    /// As the owner made them.
    pub(super) settings: EmployeeUserSettings,
    /// What users are assigned.
    pub(super) grant: Option<Grant>,
    /// New users have the employee's contact: their licence is one of a portal.
    pub(super) portal: bool,
    /// What all new users have in common, by the names of User's fields.
    pub(super) common: Vec<(&'static str, Value)>,
}

/// The usual licences' user type; all others are those of portals.
const INTERNAL: [&str; 2] = ["Standard", "CsnOnly"];

/// Looks the settings up, or says what is missing.
pub(super) fn resolve(state: &State) -> Result<Setup, OrgError> {
    let settings = state.settings.employees.clone();
    let blank = [
        ("profile", &settings.profile),
        ("emailEncoding", &settings.email_encoding),
        ("employeeStatus", &settings.employee_status),
    ];
    if let Some((name, _)) = blank.iter().find(|(_, text)| text.is_empty()) {
        return Err(OrgError::employee_settings_blank(name));
    }
    let schema = &state.schema;
    let unknown = |what: &str, name: &str| OrgError::employee_settings_unknown(what, name);
    let profile = named(state, "Profile", &["Name"], &settings.profile)
        .ok_or_else(|| unknown("profile", &settings.profile))?;
    let grant = grant(state, &settings.permission_set)?;
    let user_type = record(state, "Profile", profile).and_then(|(object, row)| {
        let (slot, field) = object.field("UserType")?;
        match row.get(slot) {
            Value::Pick(code) => Some(field.picklist.as_ref()?.value(*code).value.to_string()),
            other => other.as_text().map(ToOwned::to_owned),
        }
    });
    let user_type = user_type.unwrap_or_else(|| INTERNAL[0].to_owned());
    let mut common = vec![
        ("ProfileId", Value::Id(profile)),
        ("IsActive", Value::Bool(true)),
        ("UserType", pick(schema, "User", "UserType", &user_type)),
        ("EmailEncodingKey", pick(schema, "User", "EmailEncodingKey", &settings.email_encoding)),
    ];
    common.extend(locale(state));
    let portal = !INTERNAL.contains(&user_type.as_str());
    Ok(Setup { settings, grant, portal, common })
}

fn grant(state: &State, name: &str) -> Result<Option<Grant>, OrgError> {
    if name.is_empty() {
        return Ok(None);
    }
    let set = named(state, "PermissionSet", &["Name", "Label"], name).map(Grant::Set);
    let group = || {
        named(state, "PermissionSetGroup", &["DeveloperName", "MasterLabel"], name)
            .map(Grant::Group)
    };
    let found = set.or_else(group);
    found.map(Some).ok_or_else(|| OrgError::employee_settings_unknown("permission set", name))
}

/// The organization's time zone, locale and language, as users hold them.
fn locale(state: &State) -> Vec<(&'static str, Value)> {
    let fields = [
        ("TimeZoneSidKey", "TimeZoneSidKey"),
        ("DefaultLocaleSidKey", "LocaleSidKey"),
        ("LanguageLocaleKey", "LanguageLocaleKey"),
    ];
    let organization = state.schema.by_name("Organization");
    let row = organization
        .and_then(|object| state.table(object.id).live_rows().next().map(|(_, row)| (object, row)));
    let Some((object, row)) = row else { return Vec::new() };
    let text = |name: &str| {
        let (slot, field) = object.field(name)?;
        match row.get(slot) {
            Value::Pick(code) => Some(field.picklist.as_ref()?.value(*code).value.to_string()),
            other => other.as_text().map(ToOwned::to_owned),
        }
    };
    let own = |(from, to): &(&str, &'static str)| {
        Some((*to, pick(&state.schema, "User", to, &text(from)?)))
    };
    fields.iter().filter_map(own).collect()
}

/// The provisioning status as rows of an employee object store it.
pub(super) fn status(object: &Arc<ObjectSpec>, settings: &EmployeeUserSettings) -> Value {
    let field = object.field("EmployeeStatus").map(|(_, field)| field);
    let value = field.and_then(|field| coerce(field, Raw::Text(&settings.employee_status)).ok());
    // A blank setting is no status, not the status of employees without one.
    value.filter(|value| !value.is_null()).unwrap_or_else(|| Value::text(""))
}

/// True for an employee who shall be a user and is not.
pub(super) fn is_waiting(object: &ObjectSpec, row: &crate::store::Row, status: &Value) -> bool {
    value(object, row, "UserId").is_null() && value(object, row, "EmployeeStatus") == status
}
