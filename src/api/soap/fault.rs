//! Faults: the one place where an [`OrgError`] becomes SOAP bytes. HTTP 500, unless a fault rule says
//! otherwise.

use super::super::entry::Entry;
use super::super::http::Response;
use super::super::reply;
use super::{Api, envelope};
use crate::error::{OrgError, SOAP_CLIENT};
use std::fmt::Write as _;

/// What REST says is not emulated, SOAP says in a code of its own WSDL.
const NOT_EMULATED: (&str, &str) = ("NOT_EMULATED", "FUNCTIONALITY_NOT_ENABLED");

/// Renders a fault.
pub(super) fn render(entry: &Entry<'_>, api: Api, status: u16, error: &OrgError) -> Response {
    let mut response = super::respond(entry, status, text(api, error));
    reply::error_headers(&mut response, std::slice::from_ref(error));
    response
}

/// The envelope of a fault.
pub(super) fn text(api: Api, error: &OrgError) -> String {
    if error.code == SOAP_CLIENT {
        let mut body = String::from("<soapenv:Fault>");
        envelope::leaf(&mut body, "faultcode", SOAP_CLIENT);
        envelope::leaf(&mut body, "faultstring", &error.message);
        body.push_str("</soapenv:Fault>");
        return envelope::fault("", &body);
    }
    let code = if error.code == NOT_EMULATED.0 { NOT_EMULATED.1 } else { &*error.code };
    let mut body = String::from("<soapenv:Fault>");
    envelope::leaf(&mut body, "faultcode", &format!("sf:{code}"));
    envelope::leaf(&mut body, "faultstring", &format!("{code}: {}", error.message));
    let mut attributes = format!(" xmlns:sf=\"{}\"", api.faults());
    if api.has_typed_faults() {
        attributes.push_str(" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"");
        push_detail(&mut body, code, error);
    }
    body.push_str("</soapenv:Fault>");
    envelope::fault(&attributes, &body)
}

fn push_detail(body: &mut String, code: &str, error: &OrgError) {
    let (kind, positional) = kind_of(code);
    let _ = write!(body, "<detail><sf:{kind} xsi:type=\"sf:{kind}\">");
    envelope::leaf(body, "sf:exceptionCode", code);
    envelope::leaf(body, "sf:exceptionMessage", &error.message);
    if positional {
        let place = |number: Option<u32>| number.map_or("-1".to_owned(), |n| n.to_string());
        envelope::leaf(body, "sf:row", &place(error.position.map(|(row, _)| row)));
        envelope::leaf(body, "sf:column", &place(error.position.map(|(_, column)| column)));
    }
    let _ = write!(body, "</sf:{kind}></detail>");
}

/// The fault element of an exception code, and whether it has a row and column.
fn kind_of(code: &str) -> (&'static str, bool) {
    match code {
        "INVALID_LOGIN" | "LOGIN_MUST_USE_SECURITY_TOKEN" => ("LoginFault", false),
        "MALFORMED_QUERY" => ("MalformedQueryFault", true),
        "MALFORMED_SEARCH" => ("MalformedSearchFault", true),
        "INVALID_FIELD" => ("InvalidFieldFault", true),
        "INVALID_TYPE" => ("InvalidSObjectFault", true),
        "INVALID_QUERY_LOCATOR" => ("InvalidQueryLocatorFault", false),
        "MALFORMED_ID" | "INVALID_ID_FIELD" => ("InvalidIdFault", false),
        "INVALID_NEW_PASSWORD" => ("InvalidNewPasswordFault", false),
        "INVALID_OLD_PASSWORD" => ("InvalidOldPasswordFault", false),
        _ => ("UnexpectedErrorFault", false),
    }
}
