//! Errors of composite requests, batches, trees, collections and graphs: `reference/rest.md` §5. The
//! texts that nobody has published are marked unverified.

use super::OrgError;

/// Sub-requests of composite requests, batches and graphs.
impl OrgError {
    /// A reference whose value is not to be had. `path` is what stands in the braces, `reference` its
    /// first part.
    pub fn invalid_reference(path: &str, reference: &str) -> OrgError {
        let message = format!(
            "Invalid reference specified. No value for {path} found in {reference}. {}",
            reference_rule(path)
        );
        OrgError::halted(message)
            .hint("references count letter case (.id of a create, .Id of a row) and look back only")
    }

    /// A sub-request that refers to one which failed.
    pub fn dependency_failed(reference: &str) -> OrgError {
        OrgError::halted(format!(
            "Execution halted as previous operation ({reference}) was not successful."
        ))
    }

    /// A sub-request that was undone, or never done, because another one failed.
    pub fn rolled_back_with_another() -> OrgError {
        OrgError::halted(
            "The transaction was rolled back since another operation in the same transaction failed.",
        )
    }

    fn halted(message: impl Into<std::borrow::Cow<'static, str>>) -> OrgError {
        OrgError::resource(400, "PROCESSING_HALTED", message)
    }

    /// A graph that is not processed because too many before it failed. The text is unverified.
    pub fn too_many_failed_graphs(most: usize) -> OrgError {
        OrgError::halted(format!(
            "Processing was halted since more than {most} graphs of the request failed."
        ))
    }

    /// A later sub-request of a batch that halts at its first error. The text is unverified.
    pub fn batch_halted() -> OrgError {
        OrgError::resource(
            412,
            "BATCH_PROCESSING_HALTED",
            "Batch processing halted per request after encountering an error.",
        )
    }

    /// A reference id with characters that v52 and later refuse.
    pub fn illegal_reference_id(reference: &str) -> OrgError {
        OrgError::json_parser(reference_rule(reference))
    }

    /// Two sub-requests with one reference id. The text is unverified.
    pub fn duplicate_reference_id(reference: &str) -> OrgError {
        OrgError::json_parser(format!("Provided referenceId ('{reference}') is not unique."))
    }

    /// A member that a request's body must have. The text is unverified.
    pub fn member_missing(name: &str) -> OrgError {
        OrgError::json_parser(format!("Required member '{name}' is missing."))
    }

    /// A member whose value has the wrong shape. The text is unverified.
    pub fn member_misshapen(name: &str) -> OrgError {
        OrgError::json_parser(format!("The value of member '{name}' is not of the expected type."))
    }

    /// A header that sub-requests take from the request around them. The text is unverified.
    pub fn header_not_allowed(name: &str) -> OrgError {
        let message =
            format!("The header '{name}' can't be specified in the httpHeaders of a subrequest.");
        OrgError::json_parser(message)
            .hint("subrequests inherit Accept, Authorization and Content-Type")
    }

    /// More sub-requests than one request may have.
    pub fn too_many_operations(most: usize) -> OrgError {
        OrgError::limit_exceeded(format!(
            "The request can\u{2019}t contain more than {most} operations."
        ))
    }

    /// More queries and collections than one composite request may have. The text is unverified.
    pub fn too_many_queries(most: usize) -> OrgError {
        OrgError::limit_exceeded(format!(
            "The request can\u{2019}t contain more than {most} query or sObject Collections \
             operations."
        ))
    }

    fn limit_exceeded(message: String) -> OrgError {
        OrgError::resource(400, "LIMIT_EXCEEDED", message)
    }

    /// A resource that cannot be used inside a composite request. The text is unverified.
    pub fn not_in_composite(path: &str) -> OrgError {
        let message = format!("The resource '{path}' is not supported in a composite request.");
        OrgError::resource(400, "INVALID_INPUT", message)
    }

    /// A resource that is no row: graphs take rows only. The text is unverified.
    pub fn not_in_graph(url: &str) -> OrgError {
        let message = format!("The URL '{url}' is not supported in a composite graph.");
        OrgError::resource(400, "INVALID_INPUT", message)
            .hint("graphs take sobjects/X, sobjects/X/{id} and sobjects/X/{field}/{value}")
    }

    /// The bytes of a blob as a part of a JSON answer. The text is unverified.
    pub fn blob_in_composite() -> OrgError {
        OrgError::resource(
            400,
            "INVALID_INPUT",
            "Binary data can't be retrieved in a composite request.",
        )
    }

    /// 501 of a body in a form that real orgs read for a resource and this one does not.
    pub fn composite_media_not_emulated(media: &str, resource: &str) -> OrgError {
        OrgError::not_emulated(
            &format!("composite/{resource} with a body of {media}"),
            "Send JSON; bytes can be sent as base64.",
        )
    }

    /// A batch sub-request of a version that batches do not take. The text is unverified.
    pub fn batch_version(version: &str) -> OrgError {
        let message = format!(
            "The API version of the subrequest '{version}' must be 34.0 or later and no later than \
             that of the batch request."
        );
        OrgError::general(400, "INVALID_INPUT", message)
    }

    /// A batch sub-request whose method or URL is no such thing. The text is unverified.
    pub fn batch_misshapen(name: &str, value: &str) -> OrgError {
        OrgError::json_parser(format!("Invalid {name} in batch request: {value}"))
    }

    /// More of something than a graph request may have. The text is unverified.
    pub fn graph_limit(what: &str, most: usize) -> OrgError {
        let message = format!("The request can\u{2019}t contain more than {most} {what}.");
        OrgError::general(400, "LIMIT_EXCEEDED", message)
    }

    /// A graph id that is missing, too long, twice there or of wrong characters. The text is
    /// unverified.
    pub fn illegal_graph_id(id: &str) -> OrgError {
        OrgError::json_parser(format!(
            "Provided graphId ('{id}') must be unique, start with a letter or a number, have less \
             than 40 characters and contain no period."
        ))
    }
}

/// The sentence about the characters of a reference id.
fn reference_rule(reference: &str) -> String {
    format!(
        "Provided referenceId ('{reference}') must start with a letter or a number, and it can \
         contain only letters, numbers and underscores ('_')."
    )
}

/// Collections and trees.
impl OrgError {
    /// More records than one call takes.
    pub fn too_many_records(most: usize) -> OrgError {
        let message =
            format!("record limit reached. cannot submit more than {most} records into this call");
        OrgError::general(400, "EXCEEDED_ID_LIMIT", message)
    }

    /// More runs of records of one type than one call takes. Code and status are unverified.
    pub fn too_many_chunks(most: usize) -> OrgError {
        let message = format!(
            "Cannot have more than {most} chunks in a single operation. Please rearrange the data \
             to reduce chunking."
        );
        OrgError::general(400, "LIMIT_EXCEEDED", message)
    }

    /// A record that does not say its type. The text is unverified.
    pub fn record_type_missing() -> OrgError {
        OrgError::general(
            400,
            "INVALID_INPUT",
            "Include a type in the attributes of each record in the request.",
        )
    }

    /// A record of another type than its place allows. The text is unverified.
    pub fn record_type_unexpected(found: &str, expected: &str) -> OrgError {
        let message =
            format!("Record type '{found}' does not match the expected type '{expected}'.");
        OrgError::general(400, "INVALID_INPUT", message)
    }

    /// A record of a type that the org does not know.
    pub fn record_type_unknown(name: &str) -> OrgError {
        let message = format!("sObject type '{name}' is not supported.");
        OrgError::general(400, "INVALID_TYPE", message)
    }

    /// A record that was undone because another of its call failed.
    pub fn rolled_back_record() -> OrgError {
        OrgError::save(
            "ALL_OR_NONE_OPERATION_ROLLED_BACK",
            "Record rolled back because not all records were valid and the request was using \
             AllOrNone header",
            &[],
        )
    }

    /// An id in a record that is to be created.
    pub fn id_in_insert() -> OrgError {
        OrgError::save(
            "INVALID_FIELD_FOR_INSERT_UPDATE",
            "cannot specify Id in an insert call",
            &["Id"],
        )
    }

    /// A record to be updated without its id.
    pub fn id_missing_in_update() -> OrgError {
        OrgError::save("MISSING_ARGUMENT", "Id not specified in an update call", &[])
    }

    /// A record to be upserted without its external id.
    pub fn external_id_missing(field: &str) -> OrgError {
        OrgError::save("MISSING_ARGUMENT", format!("{field} not specified"), &[])
    }

    /// An external id twice in one upsert.
    pub fn external_id_repeated(field: &str, value: &str) -> OrgError {
        let message = format!("Duplicate external id specified: {value}");
        OrgError::save("DUPLICATE_VALUE", message, &[field])
    }

    /// An external id that names several rows.
    pub fn external_id_ambiguous(field: &str, ids: &[String]) -> OrgError {
        let message = format!(
            "{field}: more than one record found for external id field: [{}]",
            ids.join(", ")
        );
        OrgError::save("DUPLICATE_EXTERNAL_ID", message, &[])
    }

    /// A tree with a record that has no reference id.
    pub fn tree_reference_missing() -> OrgError {
        OrgError::general(
            400,
            "INVALID_INPUT",
            "Include a reference ID for each record in the request.",
        )
    }

    /// A tree with one reference id twice. The text is unverified.
    pub fn tree_reference_repeated() -> OrgError {
        OrgError::general(400, "INVALID_INPUT", "Duplicate ReferenceId provided in the request.")
    }

    /// A tree of more records, levels or types than one request takes. The text is unverified.
    pub fn tree_limit(what: &str, most: usize) -> OrgError {
        let message = format!("The request can't contain more than {most} {what}.");
        OrgError::general(400, "INVALID_INPUT", message)
    }

    /// A part of the request's parameters that a read of many rows needs. The text is unverified.
    pub fn collection_parameter_missing(name: &str) -> OrgError {
        let message = format!("The required parameter '{name}' is missing.");
        OrgError::general(400, "INVALID_INPUT", message)
    }
}
