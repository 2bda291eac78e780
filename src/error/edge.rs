//! Errors about bytes on the wire, found before a request reaches the org.

use super::OrgError;

impl OrgError {
    /// 400 of a body that is not what its `Content-Encoding` says, or of an unknown coding.
    pub fn bad_content_encoding(coding: &str) -> OrgError {
        let message = format!("The request body could not be decoded as '{coding}'");
        OrgError::general(400, "BAD_REQUEST", message)
            .hint("Content-Encoding may be gzip or deflate, and the body must be whole")
    }

    /// 400 of a body whose framing is broken: bad chunks, or an early end.
    pub fn broken_body() -> OrgError {
        OrgError::general(400, "BAD_REQUEST", "The request body could not be read")
            .hint("the body ended early or its chunks are malformed")
    }

    /// 501 of a method that no resource knows.
    pub fn unknown_method(method: &str) -> OrgError {
        OrgError::not_emulated(
            &format!("HTTP method {method}"),
            "Use GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS.",
        )
    }
}
