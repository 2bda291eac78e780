//! Errors from saving, deleting and addressing records: the DML rows of `reference/rest.md` §3 and §8.

use super::{Duplicates, OrgError};

impl OrgError {
    /// A key of the body that names no field. `name` is as sent, `object` canonical.
    pub fn no_such_column(name: &str, object: &str) -> OrgError {
        let message = format!("No such column '{name}' on sobject of type {object}");
        OrgError::general(400, "INVALID_FIELD", message)
    }

    /// `Id` in the body of a row request.
    pub fn field_in_body(field: &str) -> OrgError {
        let message = format!("The {field} field should not be specified in the sobject data.");
        OrgError::general(400, "INVALID_FIELD", message)
    }

    /// Fields that may not be written in this operation.
    pub fn not_writable(fields: &[&str]) -> OrgError {
        let message = format!(
            "Unable to create/update fields: {}. Please check the security settings of this field \
             and verify that it is read/write for your profile or permission set.",
            fields.join(", ")
        );
        OrgError::save("INVALID_FIELD_FOR_INSERT_UPDATE", message, fields)
    }

    /// Required fields without a value.
    pub fn required_missing(fields: &[&str]) -> OrgError {
        let message = format!("Required fields are missing: [{}]", fields.join(", "));
        OrgError::save("REQUIRED_FIELD_MISSING", message, fields)
    }

    /// A value that a restricted picklist does not list.
    pub fn bad_picklist_value(label: &str, value: &str, field: &str) -> OrgError {
        let message = format!("{label}: bad value for restricted picklist field: {value}");
        OrgError::save("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message, &[field])
    }

    /// Text over the field's length.
    pub fn too_long(label: &str, value: &str, max: u32, field: &str) -> OrgError {
        let message = format!("{label}: data value too large: {value} (max length={max})");
        OrgError::save("STRING_TOO_LONG", message, &[field])
    }

    /// A number that the field's digits or range cannot hold.
    pub fn out_of_range(label: &str, value: &str, field: &str) -> OrgError {
        let message = format!("{label}: value outside of valid range on numeric field: {value}");
        OrgError::save("NUMBER_OUTSIDE_VALID_RANGE", message, &[field])
    }

    /// A text that is no e-mail address.
    pub fn invalid_email(label: &str, value: &str, field: &str) -> OrgError {
        let message = format!("{label}: invalid email address: {value}");
        OrgError::save("INVALID_EMAIL_ADDRESS", message, &[field])
    }

    /// A value whose form does not fit the field's type (protocols other than REST JSON).
    pub fn wrong_type(label: &str, value: &str, field: &str) -> OrgError {
        let message = format!("{label}: value not of required type: {value}");
        OrgError::save("INVALID_TYPE_ON_FIELD_IN_RECORD", message, &[field])
    }

    /// An id of another object, or with a wrong checksum. `label` is that of the id or lookup field.
    pub fn malformed_id(label: &str, value: &str, field: &str) -> OrgError {
        let message = format!("{label}: id value of incorrect type: {value}");
        OrgError::save("MALFORMED_ID", message, &[field])
    }

    /// A lookup to a row that is not there.
    pub fn invalid_cross_reference() -> OrgError {
        OrgError::save("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", &[])
    }

    /// A row addressed by a valid id that never existed: the same error, under 404.
    pub fn row_never_existed() -> OrgError {
        OrgError::invalid_cross_reference().with_status(404)
    }

    /// A setup object and another in one transaction; `original` was written first.
    pub fn mixed_dml(object: &str, original: &str) -> OrgError {
        let message = format!(
            "DML operation on setup object is not permitted after you have updated a non-setup \
             object (or vice versa): {object}, original object: {original}"
        );
        OrgError::save("MIXED_DML_OPERATION", message, &[])
            .hint("write them in requests of their own, or set mixedDml to false in the settings")
    }

    /// A row in the recycle bin.
    pub fn entity_is_deleted() -> OrgError {
        OrgError::save("ENTITY_IS_DELETED", "entity is deleted", &[]).with_status(404)
    }

    /// A second row with the same unique value. `id15` is the other row's id in 15 characters.
    pub fn duplicate_value(field: &str, id15: &str) -> OrgError {
        let message =
            format!("duplicate value found: {field} duplicates value on record with id: {id15}");
        OrgError::save("DUPLICATE_VALUE", message, &[])
    }

    /// A second user with the same username.
    pub fn duplicate_username() -> OrgError {
        OrgError::save(
            "DUPLICATE_USERNAME",
            "Duplicate Username.<br>The username already exists in this or another Salesforce \
             organization. Usernames must be unique across all Salesforce organizations. To \
             resolve, use a different username (it doesn't need to match the user's email address).",
            &["Username"],
        )
    }

    /// A second user with the same nickname.
    pub fn duplicate_nickname() -> OrgError {
        OrgError::save(
            "DUPLICATE_COMM_NICKNAME",
            "Another user has already selected this nickname.<br>Please select another.",
            &["CommunityNickname"],
        )
    }

    /// A rule between fields, or between a field's old and new value, is broken.
    pub fn field_integrity(message: impl Into<String>, fields: &[&str]) -> OrgError {
        OrgError::save("FIELD_INTEGRITY_EXCEPTION", message.into(), fields)
    }

    /// A row that others point to through a restricting reference.
    /// `plural` is the children's plural label in lower case, `names` their names.
    pub fn delete_failed(name: &str, plural: &str, names: &[String]) -> OrgError {
        let message = format!(
            "Your attempt to delete {name} could not be completed because it is associated with \
             the following {plural}.: {}\n",
            names.join(", ")
        );
        OrgError::save("DELETE_FAILED", message, &[])
    }

    /// Create, update or delete of an object that does not take it. `verb` is `inserted`, `updated`
    /// or `deleted`.
    pub fn entity_not_writable(verb: &str, label: &str) -> OrgError {
        let message = format!("entity type cannot be {verb}: {label}");
        OrgError::save("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", message, &[])
    }

    /// A parent given by a field that is no external id of it (the text is that of other protocols).
    pub fn not_an_external_id(field: &str, object: &str) -> OrgError {
        let message = format!(
            "Field name provided, {field} does not match an External ID, Salesforce Id, or indexed \
             field for {object}"
        );
        OrgError::save("INVALID_FIELD", message, &[])
    }

    /// A parent given by external id that matches no row.
    pub fn foreign_key_not_found(value: &str, field: &str, object: &str) -> OrgError {
        let message = format!(
            "Foreign key external ID: {value} not found for field {field} in entity {object}"
        );
        OrgError::save("INVALID_FIELD", message, &[])
    }

    /// A row that another writer holds.
    pub fn unable_to_lock_row(id18: &str) -> OrgError {
        let message =
            format!("unable to obtain exclusive access to this record or 1 records: {id18}");
        OrgError::save("UNABLE_TO_LOCK_ROW", message, &[])
    }

    /// No body where one is needed.
    pub fn no_entity_body() -> OrgError {
        OrgError::general(
            400,
            "JSON_PARSER_ERROR",
            "The HTTP entity body is required, but this request has no entity body.",
        )
    }

    /// A JSON body that does not parse, or whose value has the wrong type. The message is Jackson's.
    pub fn json_parser(message: String) -> OrgError {
        OrgError::general(400, "JSON_PARSER_ERROR", message)
    }

    /// A request body that is no UTF-8, by its first bad byte.
    pub fn invalid_utf8(byte: u8) -> OrgError {
        OrgError::json_parser(format!("Invalid UTF-8 start byte 0x{byte:x}"))
    }

    /// A JSON value that cannot be what its field is, with its line and column in the body.
    pub fn not_deserializable(
        kind: &str,
        token: &str,
        value: &str,
        (line, column): (usize, usize),
    ) -> OrgError {
        OrgError::json_parser(format!(
            "Cannot deserialize instance of {kind} from {token} value {value} or request may be \
             missing a required field at [line:{line}, column:{column}]"
        ))
    }

    /// A JSON body that is not UTF-8: at a `start` or a `middle` byte of a character, or (no byte) at
    /// its end.
    pub fn not_utf8(kind: &str, byte: Option<u8>, (line, column): (usize, usize)) -> OrgError {
        let what = match byte {
            Some(byte) => format!("Invalid UTF-8 {kind} byte 0x{byte:x}"),
            None => "Unexpected end-of-input in a UTF-8 character".to_owned(),
        };
        OrgError::json_parser(format!("{what} at [line:{line}, column:{column}]"))
    }

    /// A list in a JSON body where a field of type `kind` wants a scalar.
    pub fn list_not_deserializable(kind: &str, (line, column): (usize, usize)) -> OrgError {
        OrgError::json_parser(format!(
            "Cannot deserialize instance of {kind} from START_ARRAY value [line:{line}, \
             column:{column}]"
        ))
    }

    /// A JSON body of the wrong shape: an array where a record is expected, an object in a scalar.
    pub fn json_deserialization(token: &str) -> OrgError {
        let message = format!(
            "Json Deserialization failed on token '{token}' and has left off in the middle of \
             parsing a row. Will go to end of row to begin parsing the next row"
        );
        OrgError::general(400, "INVALID_FIELD", message)
    }

    /// An XML body that does not parse.
    pub fn xml_parser(message: String) -> OrgError {
        OrgError::general(400, "XML_PARSER_ERROR", message)
    }

    /// A multipart body without its JSON part.
    pub fn multipart_without_json() -> OrgError {
        OrgError::general(
            400,
            "INVALID_MULTIPART_REQUEST",
            "Multipart message must include a non-binary part",
        )
    }

    /// Undelete of a record that is not in the recycle bin.
    pub fn undelete_failed() -> OrgError {
        OrgError::save("UNDELETE_FAILED", "Entity is not in the recycle bin", &[])
    }

    /// A username that is not shaped like an e-mail address.
    pub fn invalid_username(value: &str) -> OrgError {
        let message = format!("Username: invalid email address: {value}");
        OrgError::save("INVALID_EMAIL_ADDRESS", message, &["Username"])
    }

    /// A name in `?fields=` that is no field; shown as in a query (the text is unverified).
    pub fn no_such_column_in_fields(list: &str, name: &str, object: &str) -> OrgError {
        let at = list.find(name).unwrap_or_default();
        let message = format!(
            "\n{list}\n{blanks}^\nERROR at Row:1:Column:{column}\nNo such column '{name}' on entity \
             '{object}'. If you are attempting to use a custom field, be sure to append the '__c' \
             after the custom field name. Please reference your WSDL or the describe call for the \
             appropriate names.",
            blanks = " ".repeat(at),
            column = at + 1,
        );
        OrgError::general(400, "INVALID_FIELD", message)
    }

    /// 400 of a record that a duplicate rule takes for one that is there. `message` is the rule's
    /// own alert, if it has one.
    pub fn duplicates_detected(found: Duplicates, message: Option<&str>) -> OrgError {
        let usual = "Use one of these records?";
        let message = message.map_or_else(|| usual.to_owned(), ToOwned::to_owned);
        let hint = if found.allow_save {
            "send Sforce-Duplicate-Rule-Header: allowSave=true, or change duplicateRules in the settings"
        } else {
            "the rule blocks duplicates: change duplicateRules in the settings"
        };
        let mut error = OrgError::resource(400, "DUPLICATES_DETECTED", message).hint(hint);
        error.0.duplicates = Some(Box::new(found));
        error
    }
}
