//! `POST /services/oauth2/introspect`: what a token is worth.

use super::super::entry::Entry;
use super::super::http::{Method, Response};
use super::super::json;
use super::answer::{self, Shape};
use super::client::{self, Proof};
use super::facts::Facts;
use super::find;
use super::form::{self, Form, given};
use crate::clock::Millis;
use crate::id::Id;
use crate::org::Org;

/// A live token.
struct Known {
    user: Id,
    scope: String,
    kind: &'static str,
    /// The app it was given to, when the org knows.
    client_id: Option<String>,
    issued_at: Millis,
    expires_at: Option<Millis>,
}

/// Answers the introspection endpoint. What is not alive, or another app's, is `{"active":false}`.
pub(super) fn handle(entry: &Entry<'_>) -> Response {
    let form = Form::of(entry);
    let text = form.text();
    let params = form::parameters(&text, entry);
    let shape = Shape::of(entry, &params);
    if entry.request.method != Method::Post {
        return answer::wrong_method(entry, "POST");
    }
    let presented = client::presented(entry, &params);
    let app = match presented.verify(entry, &entry.org, Proof::SecretOrPublic) {
        Ok(app) => app,
        Err(error) => return answer::error(entry, shape, &error),
    };
    let token = given(&params, "token").unwrap_or_default();
    let found = find::holding(entry, |org| known(entry, org, token))
        .filter(|(_, known)| known.client_id.as_ref().is_none_or(|own| *own == app.id));
    let Some((org, known)) = found else {
        return answer::json(entry, "{\"active\":false}".to_owned());
    };
    let state = org.read();
    let user = Facts::of(&state, known.user);
    let username = user.and_then(|user| user.text("Username")).unwrap_or_default();
    let mut out = String::from("{\"active\":true");
    let mut text = |name: &str, value: &str| {
        out.push_str(",\"");
        out.push_str(name);
        out.push_str("\":");
        json::push_str(&mut out, value);
    };
    text("scope", &known.scope);
    text("client_id", &app.id);
    text("username", username);
    text("sub", &find::identity_url(entry, org.id, known.user));
    text("token_type", known.kind);
    let instants =
        [("exp", known.expires_at), ("iat", Some(known.issued_at)), ("nbf", Some(known.issued_at))];
    for (name, at) in instants {
        let Some(at) = at else { continue };
        out.push_str(",\"");
        out.push_str(name);
        out.push_str("\":");
        json::push_int(&mut out, at.div_euclid(1000));
    }
    out.push('}');
    answer::json(entry, out)
}

fn known(entry: &Entry<'_>, org: &Org, token: &str) -> Option<Known> {
    let now = org.now(entry.request.received_at);
    if let Some(session) = org.sessions.peek(token, now) {
        return Some(Known {
            user: session.user,
            scope: session.scope.clone(),
            kind: "access_token",
            client_id: None,
            issued_at: session.issued_at,
            expires_at: Some(session.expires_at()),
        });
    }
    let refresh = org.sessions.refresh(token)?;
    Some(Known {
        user: refresh.user,
        scope: refresh.scope,
        kind: "refresh_token",
        client_id: refresh.client_id,
        issued_at: refresh.issued_at,
        expires_at: None,
    })
}
