//! Errors about paths, methods, media, sessions and limits.

use super::OrgError;

impl OrgError {
    /// 404 of a path, object or row that is not there.
    pub fn not_found() -> OrgError {
        OrgError::resource(404, "NOT_FOUND", "The requested resource does not exist")
    }

    /// 404 of a row addressed by something that is no id, or by a field that is no external id.
    pub fn external_id_not_accessible(what: &str) -> OrgError {
        let message =
            format!("Provided external ID field does not exist or is not accessible: {what}");
        OrgError::resource(404, "NOT_FOUND", message)
    }

    /// 405. `allowed` is the list as the message and the `Allow` header print it: `HEAD,GET,POST`.
    pub fn method_not_allowed(method: &str, allowed: &'static str) -> OrgError {
        let message = format!("HTTP Method '{method}' not allowed. Allowed are {allowed}");
        let mut error = OrgError::resource(405, "METHOD_NOT_ALLOWED", message);
        error.0.allow = Some(allowed.into());
        error
    }

    /// 410 of an API version that is retired.
    pub fn gone() -> OrgError {
        OrgError::resource(410, "GONE", "The requested resource is no longer available")
            .hint("versions 31.0 to 67.0 are served")
    }

    /// 415.
    pub fn unsupported_media_type(media_type: &str) -> OrgError {
        let message = format!("MediaType of '{media_type}' is not supported by this resource");
        OrgError::general(415, "UNSUPPORTED_MEDIA_TYPE", message)
    }

    /// 401 of a missing, unknown or expired session.
    pub fn session_expired() -> OrgError {
        OrgError::general(401, "INVALID_SESSION_ID", "Session expired or invalid")
    }

    /// 401 of an `Authorization` header that carries no token.
    pub fn invalid_auth_header() -> OrgError {
        OrgError::general(401, "INVALID_AUTH_HEADER", "INVALID_HEADER_TYPE")
    }

    /// 412 of `If-Match`, `If-None-Match` or `If-Unmodified-Since`. The text is unverified.
    pub fn precondition_failed() -> OrgError {
        OrgError::general(412, "PRECONDITION_FAILED", "The precondition of the request failed")
    }

    /// 400 of a conditional header that is no date.
    pub fn bad_conditional_header(name: &str, value: &str) -> OrgError {
        OrgError::general(400, "INVALID_ARGUMENT", format!("Invalid value for {name}: {value}"))
    }

    /// 403 when the org's requests of 24 hours are used up.
    pub fn request_limit_exceeded() -> OrgError {
        OrgError::general(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
    }

    /// 414 of a URI over 16,384 bytes.
    pub fn uri_too_long() -> OrgError {
        OrgError::general(414, "URI_TOO_LONG", "URI Too Long")
    }

    /// 431 of a URI and headers over 16,384 bytes together.
    pub fn headers_too_large() -> OrgError {
        OrgError::general(431, "REQUEST_HEADER_FIELDS_TOO_LARGE", "Request Header Fields Too Large")
    }

    /// 413 of a body over the limit of its resource.
    pub fn body_too_large(limit: u64) -> OrgError {
        OrgError::general(413, "REQUEST_ENTITY_TOO_LARGE", "Request entity is too large")
            .hint(format!("bodies of this resource may have {limit} bytes"))
    }

    /// 500 of a handler that panicked; the org lives on.
    pub fn unknown_exception(error_id: &str) -> OrgError {
        let message = format!(
            "An unexpected error occurred. Please include this ErrorId if you contact support: \
             {error_id}"
        );
        OrgError::general(500, "UNKNOWN_EXCEPTION", message)
            .hint("this is a bug of fauxforce: nothing was changed by the request")
    }

    /// 501 of what a real org does and this one does not.
    pub fn not_emulated(what: &str, help: &str) -> OrgError {
        let message = format!("{what} is not emulated by fauxforce. {help}");
        let mut error = OrgError::resource(501, "NOT_EMULATED", message).hint(help);
        error.0.unsupported = Some(what.to_owned());
        error
    }

    /// 501 of `Sforce-Call-Options: defaultNamespace=…` with a namespace that the schema has. Without
    /// one in the schema the header changes nothing.
    pub fn default_namespace_not_emulated(namespace: &str) -> OrgError {
        OrgError::not_emulated(
            &format!("defaultNamespace {namespace}"),
            "Write the names of its objects and fields with their prefix.",
        )
    }

    /// 501 of a REST resource that real orgs have and this one has not.
    pub fn resource_not_emulated(path: &str) -> OrgError {
        OrgError::not_emulated(
            &format!("resource {path}"),
            "It is planned; see the README's limits.",
        )
    }

    /// 501 of a standard object that real orgs have and this schema has not.
    pub fn object_not_emulated(object: &str) -> OrgError {
        OrgError::not_emulated(
            &format!("object {object}"),
            "Add it with POST /_fauxforce/orgs/{org}/objects.",
        )
    }

    /// 501 of an object of the Tooling API that this schema has not.
    pub fn tooling_object_not_emulated(object: &str) -> OrgError {
        OrgError::not_emulated(
            &format!("Tooling API object {object}"),
            "GET tooling/sobjects lists those that are.",
        )
    }

    /// 501 of a field or relationship that real orgs have in an object and this one has not.
    pub fn catalog_field_not_emulated(object: &str, field: &str) -> OrgError {
        OrgError::not_emulated(
            &format!("{object}.{field}"),
            "Leave it out; the object's describe lists what there is.",
        )
    }

    /// 501 of a row of Apex code or another object whose rows nobody can make here.
    pub fn write_not_emulated(object: &str) -> OrgError {
        OrgError::not_emulated(
            &format!("writing {object}"),
            "There is no Apex here; settings.apexRest answers /services/apexrest.",
        )
    }

    /// 404 of an Apex REST path that no route answers.
    pub fn no_apex_route(method: &str, path: &str, routes: usize) -> OrgError {
        OrgError::resource(404, "NOT_FOUND", "Could not find a match for URL").hint(format!(
            "none of the {routes} routes of settings.apexRest answers {method} {path}"
        ))
    }

    /// 413 of a body that is too long to be echoed.
    pub fn apex_body_too_long() -> OrgError {
        OrgError::general(413, "REQUEST_ENTITY_TOO_LARGE", "Request body is too large")
    }

    /// 501 of a Tooling API resource. `path` is what follows `tooling/`.
    pub fn tooling_not_emulated(path: &str) -> OrgError {
        let help = match path {
            "executeAnonymous" => "No Apex runs here; write the records through the REST API.",
            _ => "Of the Tooling API there are query, sobjects and describes.",
        };
        OrgError::not_emulated(&format!("resource tooling/{path}"), help)
    }

    /// 400 of a row to delete whose id has a wrong checksum.
    pub fn malformed_delete_id(value: &str) -> OrgError {
        OrgError::save("MALFORMED_ID", format!("malformed id {value}"), &[])
    }

    /// 400 of a query resource without `q`.
    pub fn query_missing() -> OrgError {
        OrgError::general(400, "MALFORMED_QUERY", "A query string has to be specified")
    }

    /// 400 of a query locator that is unknown, expired or another session's.
    pub fn invalid_query_locator() -> OrgError {
        OrgError::general(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
    }

    /// 400 of aggregates that do not fit one page.
    pub fn aggregates_do_not_page() -> OrgError {
        OrgError::general(
            400,
            "EXCEEDED_ID_LIMIT",
            "Aggregate query does not support queryMore(), use LIMIT to restrict the results to a \
             single batch",
        )
    }

    /// 400 of a span of time that getUpdated or getDeleted does not take.
    pub fn invalid_replication_date(message: &'static str) -> OrgError {
        OrgError::general(400, "INVALID_REPLICATION_DATE", message)
    }

    /// 400 of a query parameter that is missing.
    pub fn parameter_missing(name: &str) -> OrgError {
        let message = format!("A value for {name} is required");
        OrgError::general(400, "INVALID_PARAMETER", message)
    }

    /// 400 of a query parameter that is no whole number.
    pub fn parameter_not_a_number(name: &str, text: &str) -> OrgError {
        let message = format!("{name} is not a whole number: {text}");
        OrgError::general(400, "INVALID_PARAMETER", message)
    }

    /// 400 of a query parameter that is no instant.
    pub fn not_a_datetime(name: &str, text: &str) -> OrgError {
        let message = format!("{name} is not a dateTime: {text}");
        OrgError::general(400, "INVALID_PARAMETER", message)
    }

    /// 400 of a request body that does not decompress.
    pub fn bad_encoding(encoding: &str) -> OrgError {
        let message = format!("The request body is not valid {encoding}");
        OrgError::general(400, "INVALID_CONTENT_ENCODING", message)
    }

    /// 406 of an `Accept` header that names no form that is served.
    pub fn not_acceptable(accept: &str) -> OrgError {
        let message = format!("None of the media types '{accept}' is supported by this resource");
        OrgError::general(406, "NOT_ACCEPTABLE", message)
    }

    /// 403 of a record that the user may not see.
    pub fn insufficient_access() -> OrgError {
        OrgError::general(
            403,
            "INSUFFICIENT_ACCESS",
            "You do not have permission to view this record.",
        )
    }

    /// 400 of a password that the policy refuses.
    pub fn invalid_new_password(message: &'static str) -> OrgError {
        OrgError::general(400, "INVALID_NEW_PASSWORD", message)
    }

    /// 404 of a request that names an org which does not exist.
    pub fn unknown_org() -> OrgError {
        OrgError::not_found().hint("no org of that name: GET /_fauxforce/orgs lists them")
    }

    /// 400 of getUpdated or getDeleted on an object that is not replicated.
    pub fn not_replicated(object: &str) -> OrgError {
        let message = format!("{object} is not replicable");
        OrgError::general(400, "INVALID_TYPE", message)
    }
}
