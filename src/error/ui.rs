//! Errors of the User Interface API. Its reads fail as other resources do, with an array; a record
//! that cannot be saved fails with an object whose `output` says which field is at fault.

use super::OrgError;

/// The message above the faults of a record that cannot be saved, whatever they are.
pub const UI_NOT_SAVED: &str =
    "An error occurred while trying to update the record. Please try again.";

impl OrgError {
    /// 400 of something that is no record's id. `parameter` is its name in the guide.
    pub fn ui_not_an_id(parameter: &str, value: &str) -> OrgError {
        let message = format!("{parameter} should be a valid record ID: {value}");
        OrgError::resource(400, "ILLEGAL_QUERY_PARAMETER_VALUE", message)
    }

    /// 400 of an object that the User Interface API leaves out.
    pub fn ui_not_supported(object: &str) -> OrgError {
        let message = format!("Object {object} is not supported in UI API");
        OrgError::resource(400, "INVALID_TYPE", message)
            .hint("use sobjects/{object} and query for it, as with a real org")
    }

    /// 400 of a field that its object has not. The text is that of SOQL, without the query.
    pub fn ui_no_such_field(field: &str, object: &str) -> OrgError {
        let message = format!(
            "No such column '{field}' on entity '{object}'. If you are attempting to use a custom \
             field, be sure to append the '__c' after the custom field name. Please reference your \
             WSDL or the describe call for the appropriate names."
        );
        OrgError::resource(400, "INVALID_FIELD", message)
    }

    /// 400 of a request that does not say which fields it wants.
    pub fn ui_no_fields_wanted(optional_suffices: bool) -> OrgError {
        let names = if optional_suffices {
            "fields, optionalFields or layoutTypes"
        } else {
            "fields or layoutTypes"
        };
        let message = format!("One of {names} is required");
        OrgError::resource(400, "ILLEGAL_QUERY_PARAMETER_VALUE", message)
    }

    /// 400 of a parameter whose value is not one of those that it takes.
    pub fn ui_bad_parameter(parameter: &str, value: &str) -> OrgError {
        let message = format!("{parameter} has an invalid value: {value}");
        OrgError::resource(400, "ILLEGAL_QUERY_PARAMETER_VALUE", message)
    }

    /// 400 of a body without a property, or with one of the wrong shape.
    pub fn ui_bad_property(property: &str) -> OrgError {
        let message = format!("The property {property} is missing or has the wrong shape");
        OrgError::resource(400, "JSON_PARSER_ERROR", message)
    }

    /// 400 of more items than one request takes.
    pub fn ui_too_many(what: &str, most: usize) -> OrgError {
        let message = format!("A request takes at most {most} {what}");
        OrgError::resource(400, "ILLEGAL_QUERY_PARAMETER_VALUE", message)
    }

    /// 501 of display values in a locale whose formats are not known.
    pub fn ui_locale_not_emulated(locale: &str) -> OrgError {
        OrgError::not_emulated(
            &format!("display values in the locale {locale}"),
            "Set the user's LocaleSidKey to en_US, en_GB or de_DE.",
        )
    }

    /// 501 of a parameter of the User Interface API that nothing here carries out.
    pub fn ui_parameter_not_emulated(parameter: &str) -> OrgError {
        OrgError::not_emulated(&format!("parameter {parameter} of ui-api"), "Leave it out.")
    }

    /// 501 of a field whose default is a formula, which nothing computes.
    pub fn ui_default_formula_not_emulated(object: &str, field: &str) -> OrgError {
        OrgError::not_emulated(
            &format!("the default formula of {object}.{field}"),
            "Give the field a defaultValue instead.",
        )
    }
}
