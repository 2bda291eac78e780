//! Where the links of an answer lead: to the REST API of a version, or to its Tooling API.

use super::json;

/// The API that an answer's links lead to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Home {
    /// API version, 31 to 67.
    pub version: u32,
    /// The Tooling API.
    pub tooling: bool,
}

impl From<u32> for Home {
    /// The REST API of a version.
    fn from(version: u32) -> Home {
        Home { version, tooling: false }
    }
}

impl Home {
    /// Appends `/services/data/v66.0/sobjects/Account`.
    pub fn push_object(self, out: &mut String, object: &str) {
        out.push_str("/services/data/v");
        json::push_int(out, i64::from(self.version));
        out.push_str(if self.tooling { ".0/tooling/sobjects/" } else { ".0/sobjects/" });
        out.push_str(object);
    }
}
