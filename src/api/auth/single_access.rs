//! `/services/oauth2/singleaccess`: a URL that would open a browser session. The page behind it,
//! `/secur/frontdoor.jsp`, is not emulated: there is no user interface to open.

use super::super::entry::Entry;
use super::super::http::{Method, Response};
use super::super::json;
use super::answer;
use super::form::{self, Form, given};
use super::identity::Bearer;
use crate::org::derived_token;

const CODE_CHARS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._";

/// Answers the endpoint.
pub(super) fn handle(entry: &Entry<'_>) -> Response {
    if !matches!(entry.request.method, Method::Get | Method::Post) {
        return answer::wrong_method(entry, "GET,POST");
    }
    let bearer = match Bearer::of(entry) {
        Ok(bearer) => bearer,
        Err(error) => return answer::identity_error(entry, &error),
    };
    let org = &bearer.org;
    let otp = derived_token(org.id, "single access", org.sessions.next(), 96, CODE_CHARS);
    let mut uri = format!("{}/secur/frontdoor.jsp?otp={otp}", entry.base_url());
    let form = Form::of(entry);
    let text = form.text();
    let params = form::parameters(&text, entry);
    if let Some(target) = given(&params, "redirect_uri") {
        uri.push_str("&startURL=");
        form::encode(&mut uri, target);
    }
    let mut out = String::from("{\"frontdoor_uri\":");
    json::push_str(&mut out, &uri);
    out.push('}');
    answer::json(entry, out)
}
