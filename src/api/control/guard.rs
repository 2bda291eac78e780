//! Who may use the control API: programs on this machine, and whoever knows the control token; never
//! a page of another site.

use super::super::entry::token;
use super::super::http::Request;
use crate::error::ControlError;
use crate::org::Orgs;

/// Lets a request in, or says why not.
pub(super) fn admit(orgs: &Orgs, request: &Request, parts: &[&str]) -> Result<(), ControlError> {
    if let Some(origin) = request.headers.get("origin")
        && !is_own(origin, &request.origin.host)
    {
        return Err(ControlError::foreign_origin(origin));
    }
    // Health checks and trust in the CA come before anybody has the token.
    if let ["health" | "ca.pem"] = parts {
        return Ok(());
    }
    let told = orgs.template.control_token.as_deref();
    if told.is_none() && request.origin.loopback {
        return Ok(());
    }
    let given = token(request).ok().flatten();
    if told.is_some() && given == told {
        return Ok(());
    }
    Err(ControlError::unauthorized(told.is_some()))
}

/// True when an `Origin` names the host that the request addresses.
fn is_own(origin: &str, host: &str) -> bool {
    origin.split_once("://").is_some_and(|(_, own)| own.eq_ignore_ascii_case(host))
}
