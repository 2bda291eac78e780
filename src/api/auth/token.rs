//! `POST /services/oauth2/token`: every grant. Errors are 400, never 401.

use super::super::entry::Entry;
use super::super::http::{Method, Response};
use super::super::params::Params;
use super::super::strike::{self, Stop};
use super::answer::{self, Pairs, Shape};
use super::client::{self, Presented, Proof};
use super::form::{self, Form, given};
use super::issue::{self, Issued};
use super::{device, find, jwt, password, pkce, scope};
use crate::error::OrgError;
use crate::org::{Decision, Org};
use std::sync::Arc;

const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// Grants that real orgs have and this one does not.
const NOT_EMULATED: &[&str] = &[
    "urn:ietf:params:oauth:grant-type:saml2-bearer",
    "urn:ietf:params:oauth:grant-type:token-exchange",
    "hybrid_auth_code",
    "hybrid_token",
    "hybrid_refresh",
];

/// Answers the token endpoint.
pub(super) fn handle(entry: &Entry<'_>) -> Response {
    let form = Form::of(entry);
    let text = form.text();
    let params = form::parameters(&text, entry);
    let shape = Shape::of(entry, &params);
    if entry.request.method != Method::Post {
        return answer::error(entry, shape, &OrgError::oauth_not_posted());
    }
    if params.get("response_type") == Some("device_code") {
        return device::start(entry, &params, shape);
    }
    let grant = given(&params, "grant_type").unwrap_or_default();
    if NOT_EMULATED.contains(&grant) {
        let help = "Use password, authorization_code, refresh_token, client_credentials, device or \
                    jwt-bearer.";
        return answer::not_emulated(entry, &format!("OAuth grant type {grant}"), help);
    }
    let asked = Asked { entry, params: &params, client: client::presented(entry, &params) };
    match strike::ask_in(entry, &asked.org(), None) {
        Ok(()) | Err(Stop::Expired) => {}
        Err(Stop::Answer(response)) => return *response,
        Err(Stop::Error(error)) => return answer::error(entry, shape, &error.oauth()),
    }
    let granted = match grant {
        "password" => asked.password().map(|issued| (issued, Issued::password as Answer)),
        "authorization_code" => asked.code().map(|issued| (issued, Issued::scoped as Answer)),
        "refresh_token" => asked.refresh().map(|issued| (issued, Issued::scoped as Answer)),
        "client_credentials" => {
            asked.client_credentials().map(|issued| (issued, Issued::scoped as Answer))
        }
        "device" => asked.device().map(|issued| (issued, Issued::scoped as Answer)),
        JWT_BEARER => asked.assertion().map(|issued| (issued, Issued::asserted as Answer)),
        _ => Err(OrgError::unsupported_grant_type()),
    };
    match granted {
        Ok((issued, answer)) => give(entry, shape, issued, answer),
        Err(error) => answer::error(entry, shape, &error),
    }
}

/// Composes the answer of a grant.
type Answer = fn(Issued) -> Pairs;

fn give(entry: &Entry<'_>, shape: Shape, issued: Issued, answer: Answer) -> Response {
    let lacks_id_token = issued.lacks_id_token();
    let response = answer::pairs(entry, 200, shape, &answer(issued));
    if lacks_id_token {
        return response.with("X-Fauxforce-Unsupported", "OpenID id_token");
    }
    response
}

/// A token request.
struct Asked<'a, 'r> {
    entry: &'a Entry<'r>,
    params: &'a Params<'a>,
    client: Presented,
}

impl Asked<'_, '_> {
    /// The org that the request means, whatever comes of it.
    fn org(&self) -> Arc<Org> {
        let (entry, client) = (self.entry, self.client.id.as_deref());
        if let Some(username) = self.given("username") {
            return find::by_username(entry, username, client).0;
        }
        if let Some(Ok(assertion)) = self.given("assertion").map(jwt::read) {
            return find::by_username(entry, &assertion.subject, Some(&assertion.issuer)).0;
        }
        let held = |name: &str, holds: fn(&Org, &str) -> bool| {
            let value = self.given(name)?;
            let found = find::holding(entry, |org| holds(org, value).then_some(()));
            found.map(|(org, ())| org)
        };
        held("refresh_token", |org, token| org.sessions.refresh(token).is_some())
            .or_else(|| held("code", |org, code| org.sessions.knows_code(code)))
            .or_else(|| held("code", |org, code| org.sessions.device(code).is_some()))
            .unwrap_or_else(|| client::org_of(entry, client))
    }

    fn given(&self, name: &str) -> Option<&str> {
        given(self.params, name)
    }

    fn password(&self) -> Result<Issued, OrgError> {
        let entry = self.entry;
        let org = client::org_of(entry, self.client.id.as_deref());
        let app = self.client.verify(entry, &org, Proof::Secret)?;
        let username = self.given("username").unwrap_or_default();
        let password = self.given("password").unwrap_or_default();
        let (org, user) = password::log_in(entry, username, password, Some(&app.id))
            .map_err(|(refusal, hint)| password::oauth_error(refusal).hint(hint))?;
        Ok(issue::issue(entry, &org, user, &app, scope::WITHOUT_REFRESH))
    }

    fn code(&self) -> Result<Issued, OrgError> {
        let entry = self.entry;
        let code = self.given("code").unwrap_or_default();
        let found = find::holding(entry, |org| org.sessions.knows_code(code).then_some(()));
        let Some((org, ())) = found else {
            // The client is checked first, as ever; only then is the code at fault.
            self.client.verify(entry, &entry.org, Proof::Optional)?;
            return Err(OrgError::invalid_code());
        };
        // A verifier is proof enough: apps without a secret have nothing else.
        let proof = if self.given("code_verifier").is_some() {
            Proof::Optional
        } else {
            Proof::SecretOrPublic
        };
        let app = self.client.verify(entry, &org, proof)?;
        let grant = org.sessions.take_code(code).ok_or_else(OrgError::invalid_code)?;
        if org.now(entry.request.received_at) >= grant.expires_at {
            return Err(OrgError::expired_code());
        }
        if grant.client_id != app.id {
            return Err(OrgError::invalid_code());
        }
        if self.given("redirect_uri") != Some(&grant.redirect_uri) {
            return Err(OrgError::redirect_mismatch());
        }
        pkce::verify(grant.challenge.as_ref(), self.given("code_verifier"))?;
        may_log_in(&org, grant.user)?;
        Ok(issue::issue_with_refresh(entry, &org, grant.user, &app, &grant.scope))
    }

    fn refresh(&self) -> Result<Issued, OrgError> {
        let entry = self.entry;
        let token = self.given("refresh_token").unwrap_or_default();
        let found = find::holding(entry, |org| org.sessions.refresh(token));
        let org = found.as_ref().map_or(&entry.org, |(org, _)| org);
        let app = self.client.verify(entry, org, Proof::SecretOrPublic)?;
        let Some((org, refresh)) = &found else { return Err(OrgError::expired_refresh_token()) };
        if refresh.client_id.as_ref().is_some_and(|own| *own != app.id) {
            return Err(OrgError::expired_refresh_token());
        }
        may_log_in(org, refresh.user)?;
        let mut issued = issue::issue(entry, org, refresh.user, &app, &refresh.scope);
        org.sessions.note_issued(token, &issued.access_token);
        if org.read().settings.refresh_token_rotation {
            issued.refresh_token = org.sessions.rotate_refresh(org.id, token);
        }
        Ok(issued)
    }

    fn client_credentials(&self) -> Result<Issued, OrgError> {
        let entry = self.entry;
        let org = client::org_of(entry, self.client.id.as_deref());
        if find::at_login_host(entry) {
            return Err(OrgError::wrong_domain());
        }
        let app = self.client.verify(entry, &org, Proof::Secret)?;
        // The app runs as the administrator.
        let user = org.credentials.user_id;
        if password::barred(&org, &org.read(), user).is_some() {
            return Err(OrgError::no_client_credentials_user());
        }
        Ok(issue::issue(entry, &org, user, &app, scope::WITHOUT_REFRESH))
    }

    fn assertion(&self) -> Result<Issued, OrgError> {
        let entry = self.entry;
        let assertion = jwt::read(self.given("assertion").unwrap_or_default())?;
        let issuer = &assertion.issuer;
        let (org, user) = find::by_username(entry, &assertion.subject, Some(issuer));
        let client = Presented::of(issuer);
        let app = client.verify(entry, &org, Proof::Optional)?;
        if !assertion.is_for(entry) {
            return Err(OrgError::invalid_audience());
        }
        // Assertions are made by the system's clock, whatever the org's says.
        if assertion.expires_at <= entry.request.received_at {
            return Err(OrgError::expired_code().hint("the claim exp has passed"));
        }
        let Some(user) = user else {
            let hint = find::no_such_user(entry, &org, &assertion.subject);
            return Err(OrgError::unapproved_user(hint));
        };
        may_log_in(&org, user)?;
        Ok(issue::issue(entry, &org, user, &app, scope::WITHOUT_REFRESH))
    }

    fn device(&self) -> Result<Issued, OrgError> {
        let entry = self.entry;
        let code = self.given("code").or_else(|| self.given("device_code")).unwrap_or_default();
        let found = find::holding(entry, |org| org.sessions.device(code));
        let org = found.as_ref().map_or(&entry.org, |(org, _)| org);
        let app = self.client.verify(entry, org, Proof::Optional)?;
        let Some((org, pending)) = &found else { return Err(OrgError::invalid_code()) };
        if pending.client_id != app.id {
            return Err(OrgError::invalid_code());
        }
        if org.now(entry.request.received_at) >= pending.expires_at {
            org.sessions.end_device(code);
            return Err(OrgError::expired_code());
        }
        let user = match pending.decision {
            Decision::Pending => return Err(OrgError::authorization_pending()),
            Decision::Denied => {
                org.sessions.end_device(code);
                return Err(OrgError::access_denied());
            }
            Decision::Granted(user) => user,
        };
        org.sessions.end_device(code);
        may_log_in(org, user)?;
        Ok(issue::issue_with_refresh(entry, org, user, &app, &pending.scope))
    }
}

/// Refuses users who were deactivated or frozen since they agreed.
fn may_log_in(org: &Org, user: crate::id::Id) -> Result<(), OrgError> {
    match password::barred(org, &org.read(), user) {
        Some(refusal) => Err(password::oauth_error(refusal)
            .hint(format!("user {user} of org {} is inactive or frozen", org.name))),
        None => Ok(()),
    }
}
