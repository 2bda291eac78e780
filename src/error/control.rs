//! Errors of the control API: `{"error":{"code","message","path"}}`.

use super::OrgError;

/// An error of the control API.
#[derive(Clone, Debug, PartialEq)]
pub struct ControlError {
    /// HTTP status.
    pub status: u16,
    /// A code for programs.
    pub code: &'static str,
    /// A sentence for people.
    pub message: String,
    /// The JSON path of the value at fault; empty for the request as a whole.
    pub path: String,
    /// Value of the `Allow` header of a 405.
    pub allow: Option<&'static str>,
    /// What is not emulated: the `X-Fauxforce-Unsupported` header.
    pub unsupported: Option<String>,
}

impl ControlError {
    pub(super) fn new(status: u16, code: &'static str, message: impl Into<String>) -> ControlError {
        ControlError {
            status,
            code,
            message: message.into(),
            path: String::new(),
            allow: None,
            unsupported: None,
        }
    }

    /// The same at a JSON path.
    #[must_use]
    pub fn at(mut self, path: impl Into<String>) -> ControlError {
        self.path = path.into();
        self
    }

    /// 400 of a value that cannot be taken.
    pub fn invalid(message: impl Into<String>) -> ControlError {
        ControlError::new(400, "INVALID_REQUEST", message)
    }

    /// 400 of a body that does not parse.
    pub fn unreadable(message: impl Into<String>) -> ControlError {
        ControlError::new(400, "UNREADABLE_BODY", message)
    }

    /// 413 of a body over the limit.
    pub fn body_too_large(limit: u64) -> ControlError {
        ControlError::new(413, "BODY_TOO_LARGE", format!("a body may have {limit} bytes here"))
    }

    /// 401 without the control token.
    pub fn unauthorized(told: bool) -> ControlError {
        let message = if told {
            "send `Authorization: Bearer <the token of --control-token>`"
        } else {
            "start with --control-token to use the control API from another machine"
        };
        ControlError::new(401, "UNAUTHORIZED", message)
    }

    /// 403 of a request that a page of another site made.
    pub fn foreign_origin(origin: &str) -> ControlError {
        let message = format!("pages of {origin} may not use the control API");
        ControlError::new(403, "FOREIGN_ORIGIN", message)
    }

    /// 404 of a path that nobody documents.
    pub fn no_such_call() -> ControlError {
        ControlError::new(404, "NOT_FOUND", "the control API has no such call")
    }

    /// 404 of the CA's certificate when the server does not speak TLS.
    pub fn no_tls() -> ControlError {
        let message = "this server speaks no TLS: it was built or started without it";
        ControlError::new(404, "NO_TLS", message)
    }

    /// 404 of an org.
    pub fn no_such_org(name: &str) -> ControlError {
        let message = format!("there is no org {name}: GET /_fauxforce/orgs lists them");
        ControlError::new(404, "NOT_FOUND", message)
    }

    /// 404 of a scenario.
    pub fn no_such_scenario(message: impl Into<String>) -> ControlError {
        ControlError::new(404, "NOT_FOUND", message)
    }

    /// 405.
    pub fn method_not_allowed(allow: &'static str) -> ControlError {
        let message = format!("this call takes {allow}");
        let mut error = ControlError::new(405, "METHOD_NOT_ALLOWED", message);
        error.allow = Some(allow);
        error
    }

    /// 409 of an org name.
    pub fn name_taken(name: &str) -> ControlError {
        ControlError::new(409, "NAME_TAKEN", format!("there is an org {name} already"))
    }

    /// 404 of a fault rule.
    pub fn no_such_fault(id: &str) -> ControlError {
        let message =
            format!("there is no fault rule {id}: GET /_fauxforce/orgs/{{org}}/faults lists them");
        ControlError::new(404, "NOT_FOUND", message)
    }

    /// 409 of a fault rule's id.
    pub fn fault_id_taken(id: &str) -> ControlError {
        ControlError::new(409, "NAME_TAKEN", format!("there is a fault rule {id} already"))
    }

    /// 409 of one fault rule too many.
    pub fn too_many_faults(most: usize) -> ControlError {
        ControlError::new(409, "TOO_MANY", format!("an org has {most} fault rules at most"))
    }

    /// 409 of the release of what a fault rule does not hold.
    pub fn fault_holds_nothing(id: &str) -> ControlError {
        let message = format!("fault rule {id} holds no requests: its then is no hold");
        ControlError::new(409, "NOT_HOLDING", message)
    }

    /// 409 of one org too many.
    pub fn too_many_orgs(most: usize) -> ControlError {
        let message = format!("a process may have {most} orgs: DELETE some first");
        ControlError::new(409, "TOO_MANY", message)
    }

    /// 501 of a port where nobody serves.
    pub fn no_ports() -> ControlError {
        let message = "an org without a server has no ports: start one with `Server` or `serve`";
        let mut error = ControlError::new(501, "NOT_EMULATED", message);
        error.unsupported = Some("a port of its own".to_owned());
        error
    }

    /// 503 of a port that the system does not give.
    pub fn cannot_listen(why: &std::io::Error) -> ControlError {
        ControlError::new(503, "CANNOT_LISTEN", why.to_string())
    }

    /// 409 of the org that must stay.
    pub fn default_stays() -> ControlError {
        let message = "the org default stays as long as the server runs; reset puts it back";
        ControlError::new(409, "DEFAULT_ORG", message)
    }

    /// 501 of what is documented and not built yet.
    pub fn not_emulated(what: &str) -> ControlError {
        let message = format!("{what} is not built yet");
        let mut error = ControlError::new(501, "NOT_EMULATED", message);
        error.unsupported = Some(what.to_owned());
        error
    }

    /// The error of records that broke rules.
    pub fn of_faults(faults: &[OrgError]) -> ControlError {
        let texts: Vec<String> = faults.iter().map(OrgError::to_string).collect();
        ControlError::invalid(texts.join("; "))
    }
}

impl std::fmt::Display for ControlError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for ControlError {}
