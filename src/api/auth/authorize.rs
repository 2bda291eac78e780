//! `/services/oauth2/authorize`: the login page, and the redirect with a code or token.
//!
//! There are no browser sessions, so the page is shown whatever `prompt` says; logging in on it is
//! consent too. `prompt=none` and `immediate=true` are answered with `immediate_unsuccessful`.

use super::super::entry::Entry;
use super::super::http::{Method, Response};
use super::super::params::Params;
use super::super::reply;
use super::answer::{self, Pairs};
use super::client::{self, App};
use super::form::{self, Form, given};
use super::pkce::{self, Challenge};
use super::{issue, page, password, scope};
use crate::error::OrgError;
use crate::id::Id;
use crate::org::{Grant, Org, derived_token};

const PATH: &str = "/services/oauth2/authorize";

/// A code lives fifteen minutes.
const LIFETIME: i64 = 900_000;

const CODE_CHARS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._";

/// The parameters that the login page carries along.
const CARRIED: &[&str] = &[
    "response_type",
    "client_id",
    "redirect_uri",
    "state",
    "scope",
    "code_challenge",
    "code_challenge_method",
    "nonce",
    "display",
    "prompt",
    "login_hint",
];

/// An authorize request whose client and callback are known good: errors go to the callback.
struct Asked<'p> {
    client_id: &'p str,
    redirect_uri: &'p str,
    state: Option<&'p str>,
}

/// What it asks for.
struct Wish {
    scope: String,
    challenge: Option<Challenge>,
    token: bool,
}

/// Answers the authorization endpoint.
pub(super) fn handle(entry: &Entry<'_>) -> Response {
    let form = Form::of(entry);
    let text = form.text();
    let params = form::parameters(&text, entry);
    if !matches!(entry.request.method, Method::Get | Method::Head | Method::Post) {
        return answer::wrong_method(entry, "GET,HEAD,POST");
    }
    let asked = match asked(entry, &params) {
        Ok(asked) => asked,
        Err(error) => return page::oauth_error(entry, &error),
    };
    let wish = match wish(&params) {
        Ok(wish) => wish,
        Err(error) => return asked.refuse(entry, &error),
    };
    let silent = params.get("prompt") == Some("none") || params.get("immediate") == Some("true");
    if silent {
        return asked.refuse(entry, &OrgError::immediate_unsuccessful());
    }
    if given(&params, "deny").is_some() {
        return asked.refuse(entry, &OrgError::access_denied());
    }
    let (Method::Post, Some(username)) = (entry.request.method, given(&params, "username")) else {
        let hint = given(&params, "login_hint").unwrap_or_default();
        return login_page(entry, &params, hint, None);
    };
    let password = given(&params, "pw").unwrap_or_default();
    match password::log_in(entry, username, password, Some(asked.client_id)) {
        Ok((org, user)) => asked.agree(entry, &org, user, wish),
        Err((refusal, hint)) => {
            let mut response = login_page(entry, &params, username, Some(page::WRONG_LOGIN));
            let error = password::oauth_error(refusal).hint(hint);
            reply::error_headers(&mut response, std::slice::from_ref(&error));
            response
        }
    }
}

/// Answers `/services/oauth2/success`, the callback of apps that have none of their own.
pub(super) fn success(entry: &Entry<'_>) -> Response {
    page::message(entry, "Authorized", "The app may now use this org; the address has its token.")
}

fn login_page(
    entry: &Entry<'_>,
    params: &Params<'_>,
    username: &str,
    problem: Option<&str>,
) -> Response {
    let hidden: Vec<(&str, &str)> =
        CARRIED.iter().filter_map(|name| Some((*name, params.get(name)?))).collect();
    page::login(entry, "Login | Salesforce", PATH, &[], &hidden, username, problem)
}

fn asked<'p>(entry: &Entry<'_>, params: &'p Params<'_>) -> Result<Asked<'p>, OrgError> {
    let client_id = given(params, "client_id").ok_or_else(OrgError::unknown_client)?;
    if !client::is_known(entry, client_id) {
        return Err(OrgError::unknown_client());
    }
    let redirect_uri = given(params, "redirect_uri").ok_or_else(OrgError::redirect_mismatch)?;
    if !is_absolute(redirect_uri) {
        return Err(OrgError::redirect_mismatch());
    }
    Ok(Asked { client_id, redirect_uri, state: params.get("state") })
}

/// True for `scheme:…` in visible ASCII: it goes into a header. Any is taken as configured.
fn is_absolute(uri: &str) -> bool {
    let Some((scheme, rest)) = uri.split_once(':') else { return false };
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '.' | '-' | '_');
    scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(fits)
        && !rest.is_empty()
        && uri.bytes().all(|byte| byte.is_ascii_graphic())
}

fn wish(params: &Params<'_>) -> Result<Wish, OrgError> {
    let token = match params.get("response_type") {
        Some("code") => false,
        Some("token") => true,
        _ => return Err(OrgError::unsupported_response_type()),
    };
    Ok(Wish {
        scope: scope::granted(params.get("scope"), scope::WITH_REFRESH)?,
        challenge: pkce::challenge(params)?,
        token,
    })
}

impl Asked<'_> {
    /// Sends the browser to the callback.
    fn redirect(&self, entry: &Entry<'_>, separator: char, mut pairs: Pairs) -> Response {
        if let Some(state) = self.state {
            pairs.push(("state", state.to_owned()));
        }
        let mut location = self.redirect_uri.to_owned();
        let repeated = separator == '?' && location.contains('?');
        location.push(if repeated { '&' } else { separator });
        location.push_str(&form::encode_pairs(&pairs));
        let mut response = Response::status(302);
        reply::common_headers(&mut response, entry.request, entry.now);
        response.with("Location", location)
    }

    fn refuse(&self, entry: &Entry<'_>, error: &OrgError) -> Response {
        let pairs = vec![
            ("error", error.code.to_string()),
            ("error_description", error.message.to_string()),
        ];
        answer::with_hint(self.redirect(entry, '?', pairs), error)
    }

    /// Gives what was asked for, now that a user has logged in.
    fn agree(&self, entry: &Entry<'_>, org: &Org, user: Id, wish: Wish) -> Response {
        if wish.token {
            return self.give_token(entry, org, user, &wish);
        }
        let number = org.sessions.next();
        let code = derived_token(org.id, "authorization code", number, 82, CODE_CHARS);
        let code = format!("aPrx{code}==");
        let grant = Grant {
            client_id: self.client_id.to_owned(),
            user,
            scope: wish.scope,
            redirect_uri: self.redirect_uri.to_owned(),
            challenge: wish.challenge,
            expires_at: org.now(entry.request.received_at) + LIFETIME,
        };
        org.sessions.remember_code(&code, grant);
        self.redirect(entry, '?', vec![("code", code)])
    }

    /// The user-agent flow. Only apps with a callback of their own scheme, or none, get a refresh
    /// token.
    fn give_token(&self, entry: &Entry<'_>, org: &Org, user: Id, wish: &Wish) -> Response {
        let uri = self.redirect_uri;
        let own = !uri.starts_with("http://") && !uri.starts_with("https://");
        let app = App {
            id: self.client_id.to_owned(),
            secret: client::signing_secret(entry, org, self.client_id),
        };
        let issued = if own || uri.ends_with("/services/oauth2/success") {
            issue::issue_with_refresh(entry, org, user, &app, &wish.scope)
        } else {
            issue::issue(entry, org, user, &app, &wish.scope)
        };
        self.redirect(entry, '#', issued.fragment())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn callbacks() {
        for uri in ["http://localhost:1717/OauthRedirect", "myapp://cb", "com.acme:/x", "sfdc:ok"] {
            assert!(is_absolute(uri), "{uri}");
        }
        for uri in ["", "localhost", "/cb", "http:", "1a://b", "http://a b", "http://a\r\nX: y"] {
            assert!(!is_absolute(uri), "{uri}");
        }
    }
}
