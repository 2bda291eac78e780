//! Answers that the edge gives by itself, in the form of Salesforce's REST errors.

use crate::api::{Response, json};
use crate::error::OrgError;

/// The answer to a request that never reached the org.
pub(super) fn refuse(error: &OrgError) -> Response {
    let mut body = String::with_capacity(128 + error.message.len());
    let code = |body: &mut String| {
        body.push_str("\"errorCode\":");
        json::push_str(body, &error.code);
    };
    let message = |body: &mut String| {
        body.push_str("\"message\":");
        json::push_str(body, &error.message);
    };
    body.push_str("[{");
    if error.code_first {
        code(&mut body);
        body.push(',');
        message(&mut body);
    } else {
        message(&mut body);
        body.push(',');
        code(&mut body);
    }
    body.push_str("}]");

    let mut response = Response::status(error.status)
        .with("Content-Type", "application/json;charset=UTF-8")
        .body(body);
    if let Some(hint) = &error.hint {
        response = response.with("X-Fauxforce-Hint", hint.clone());
    }
    if let Some(what) = &error.unsupported {
        response = response.with("X-Fauxforce-Unsupported", what.clone());
    }
    if error.status == 407 {
        let asked = "Basic realm=\"fauxforce: the control token as password\"";
        response = response.with("Proxy-Authenticate", asked);
    }
    response
}
