//! Errors of SOQL and SOSL: `reference/soql.md` §3 and §4.

use super::OrgError;

impl OrgError {
    /// A query that does not parse, or whose clauses do not fit together. `position` is (row, column).
    pub fn malformed_query(message: String, position: Option<(u32, u32)>) -> OrgError {
        let mut error = OrgError::general(400, "MALFORMED_QUERY", message);
        error.0.position = position;
        error
    }
}
