//! The device flow: a device asks for a code, a person types it at `/setup/connect`, the device
//! polls the token endpoint. A device may poll as fast as it likes: `slow_down` is never said, for on
//! a standing clock every poll would be too soon.

use super::super::entry::Entry;
use super::super::http::{Method, Response};
use super::super::params::Params;
use super::super::{json, reply};
use super::answer::{self, Shape};
use super::client::{self, Proof};
use super::form::{self, Form, given};
use super::{find, page, password, scope};
use crate::error::OrgError;
use crate::org::{Decision, Pending, derived_token};

/// A device code lives ten minutes.
const LIFETIME: i64 = 600_000;
/// Seconds that a device is told to wait between polls.
const INTERVAL: i64 = 5;

const CODE_CHARS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._";
const USER_CODE_CHARS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/// Answers `response_type=device_code` at the token endpoint.
pub(super) fn start(entry: &Entry<'_>, params: &Params<'_>, shape: Shape) -> Response {
    let presented = client::presented(entry, params);
    let org = client::org_of(entry, presented.id.as_deref());
    let asked = presented
        .verify(entry, &org, Proof::Optional)
        .and_then(|app| Ok((app, scope::granted(params.get("scope"), scope::WITH_REFRESH)?)));
    let (app, scope) = match asked {
        Ok(asked) => asked,
        Err(error) => return answer::error(entry, shape, &error),
    };
    let number = org.sessions.next();
    let code = derived_token(org.id, "device code", number, 80, CODE_CHARS);
    let user_code = derived_token(org.id, "user code", number, 8, USER_CODE_CHARS);
    let pending = Pending {
        client_id: app.id,
        user_code: user_code.clone(),
        scope,
        decision: Decision::Pending,
        expires_at: org.now(entry.request.received_at) + LIFETIME,
    };
    org.sessions.remember_device(&code, pending);
    let mut out = String::from("{\"device_code\":");
    json::push_str(&mut out, &code);
    out.push_str(",\"user_code\":");
    json::push_str(&mut out, &user_code);
    out.push_str(",\"verification_uri\":");
    json::push_str(&mut out, &format!("{}/setup/connect", find::identity_base(entry)));
    out.push_str(",\"interval\":");
    json::push_int(&mut out, INTERVAL);
    out.push('}');
    answer::json(entry, out)
}

/// Answers `/setup/connect`: the page on which a person types the code and logs in.
pub(super) fn handle(entry: &Entry<'_>) -> Response {
    let form = Form::of(entry);
    let text = form.text();
    let params = form::parameters(&text, entry);
    let user_code = given(&params, "user_code").unwrap_or_default().trim().to_ascii_uppercase();
    match entry.request.method {
        Method::Get | Method::Head => connect_page(entry, &user_code, None),
        Method::Post => decide(entry, &params, &user_code),
        _ => answer::wrong_method(entry, "GET,HEAD,POST"),
    }
}

fn connect_page(entry: &Entry<'_>, user_code: &str, problem: Option<&str>) -> Response {
    let fields = [("user_code", "Code", user_code)];
    page::login(entry, "Connect Your Device", "/setup/connect", &fields, &[], "", problem)
}

fn decide(entry: &Entry<'_>, params: &Params<'_>, user_code: &str) -> Response {
    let found = find::holding(entry, |org| org.sessions.device_of(user_code));
    let live = found.filter(|(org, (_, pending))| {
        org.now(entry.request.received_at) < pending.expires_at
            && pending.decision == Decision::Pending
    });
    let Some((asked, (code, mut pending))) = live else {
        let problem = "The code you entered is invalid or expired.";
        return refused(entry, user_code, problem, "no device waits for this user_code".to_owned());
    };
    if given(params, "deny").is_some() {
        pending.decision = Decision::Denied;
        asked.sessions.remember_device(&code, pending);
        return page::message(entry, "Access Denied", "The device was not connected.");
    }
    let username = given(params, "username").unwrap_or_default();
    let password = given(params, "pw").unwrap_or_default();
    let client_id = Some(pending.client_id.as_str());
    let (org, user) = match password::log_in(entry, username, password, client_id) {
        Ok(found) => found,
        Err((_, hint)) => return refused(entry, user_code, page::WRONG_LOGIN, hint),
    };
    // The device belongs to the org that the person logged in to, not to the one it was asked at.
    asked.sessions.end_device(&code);
    pending.decision = Decision::Granted(user);
    // Its end was told by the other org's clock.
    pending.expires_at = org.now(entry.request.received_at) + LIFETIME;
    org.sessions.remember_device(&code, pending);
    page::message(entry, "You're Connected", "Return to the device.")
}

/// The page once more, with what is wrong.
fn refused(entry: &Entry<'_>, user_code: &str, problem: &str, hint: String) -> Response {
    let mut response = connect_page(entry, user_code, Some(problem));
    let error = OrgError::authentication_failure().hint(hint);
    reply::error_headers(&mut response, std::slice::from_ref(&error));
    response
}
