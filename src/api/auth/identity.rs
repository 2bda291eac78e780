//! `/id/{org}/{user}`: the identity URL. Also what it shares with userinfo: finding the token's
//! user, and the facts that both print.

use super::super::entry::Entry;
use super::super::http::{Method, Response};
use super::super::params::Params;
use super::super::reply::{self, Format, Style};
use super::super::{json, session, xml};
use super::facts::{self, Facts};
use super::form::{self, Form, given};
use super::{answer, find};
use crate::clock::Millis;
use crate::error::OrgError;
use crate::id::Id;
use crate::org::Org;
use crate::store::State;
use crate::time;
use std::sync::Arc;

/// The version that `version=latest` means.
const LATEST: &str = "67.0";

/// The user behind a request of the identity service.
pub(super) struct Bearer {
    /// The session's org.
    pub(super) org: Arc<Org>,
    /// Its user.
    pub(super) user: Id,
}

impl Bearer {
    /// Reads the token: the header, else `oauth_token` or `access_token` in the query or body.
    pub(super) fn of(entry: &Entry<'_>) -> Result<Bearer, OrgError> {
        let form = Form::of(entry);
        let text = form.text();
        let params = form::parameters(&text, entry);
        let header = entry.token().ok().flatten();
        let token = header
            .or_else(|| given(&params, "oauth_token"))
            .or_else(|| given(&params, "access_token"))
            .ok_or_else(OrgError::missing_oauth_token)?;
        let org = find::org_of_session(entry, token);
        let now = org.now(entry.request.received_at);
        if let Some(session) = session::live(&org, token, now) {
            return Ok(Bearer { user: session.user, org });
        }
        // The port or header may name another org than the one that gave the token.
        let other =
            super::super::entry::org_of_token(entry.orgs, token).filter(|other| other.id != org.id);
        let is_live = other.is_some_and(|other| {
            other.sessions.peek(token, other.now(entry.request.received_at)).is_some()
        });
        Err(if is_live { OrgError::wrong_org() } else { OrgError::bad_oauth_token() })
    }
}

/// Answers an identity URL.
pub(super) fn handle(entry: &Entry<'_>, org: &str, user: &str) -> Response {
    if !matches!(entry.request.method, Method::Get | Method::Head | Method::Post) {
        return answer::wrong_method(entry, "GET,HEAD,POST");
    }
    let bearer = match Bearer::of(entry).and_then(|bearer| bearer.check(org, user)) {
        Ok(bearer) => bearer,
        Err(error) => return answer::identity_error(entry, &error),
    };
    if find::at_login_host(entry) && entry.orgs.template.public_url.is_none() {
        return to_instance(entry);
    }
    let params = entry.params();
    let version = match params.get("version") {
        Some("latest") => Some(LATEST),
        Some(version) if is_version(version) => Some(version),
        _ => None,
    };
    let state = bearer.org.read();
    let person = Person::of(entry, &bearer, &state);
    let body = body(entry, &person, version);
    if wants_xml(entry, &params) {
        return answer::raw(entry, 200, reply::XML, xml::from_json(&body, "user"));
    }
    answer::json(entry, body)
}

/// A login host sends the client on to the org's own host.
fn to_instance(entry: &Entry<'_>) -> Response {
    let request = entry.request;
    let mut location = format!("{}{}", entry.base_url(), request.path);
    if !request.query.is_empty() {
        location.push('?');
        location.push_str(&request.query);
    }
    let mut response = Response::status(302);
    reply::common_headers(&mut response, request, entry.now);
    response.with("Location", location)
}

fn wants_xml(entry: &Entry<'_>, params: &Params<'_>) -> bool {
    match params.get("format") {
        Some("xml") => true,
        Some(_) => false,
        None => Style::of(entry.request).format == Format::Xml,
    }
}

fn is_version(text: &str) -> bool {
    text.split_once('.').is_some_and(|(major, minor)| {
        !major.is_empty() && major.bytes().all(|byte| byte.is_ascii_digit()) && minor == "0"
    })
}

impl Bearer {
    /// Compares the ids of the path, in 15 or 18 characters, with the token's.
    fn check(self, org: &str, user: &str) -> Result<Bearer, OrgError> {
        if Id::parse(org) != Ok(self.org.id) {
            return Err(OrgError::wrong_org());
        }
        if Id::parse(user) != Ok(self.user) {
            return Err(OrgError::bad_id());
        }
        Ok(self)
    }
}

/// What is said of a user.
pub(super) struct Person<'s> {
    facts: Option<Facts<'s>>,
    /// The identity URL.
    pub(super) id_url: String,
    /// Org id, 18 characters.
    pub(super) org: String,
    /// User id, 18 characters.
    pub(super) user: String,
    /// The org's id in 15 characters, as SOAP URLs have it.
    org15: String,
    /// URL of the photo.
    pub(super) picture: String,
    thumbnail: String,
    now: Millis,
}

impl<'s> Person<'s> {
    /// Gathers it.
    pub(super) fn of(entry: &Entry<'_>, bearer: &Bearer, state: &'s State) -> Person<'s> {
        let facts = Facts::of(state, bearer.user);
        let photo = |field: &str, usual: &str| {
            let own = facts.and_then(|facts| facts.text(field));
            own.map_or_else(
                || format!("{}/profilephoto/005/{usual}", entry.base_url()),
                String::from,
            )
        };
        Person {
            id_url: find::identity_url(entry, bearer.org.id, bearer.user),
            org: bearer.org.id.to_string(),
            user: bearer.user.to_string(),
            org15: bearer.org.id.as_15().to_owned(),
            picture: photo("FullPhotoUrl", "F"),
            thumbnail: photo("SmallPhotoUrl", "T"),
            now: bearer.org.now(entry.request.received_at),
            facts,
        }
    }

    /// A field of the user's row.
    pub(super) fn text(&self, field: &str) -> Option<&'s str> {
        self.facts.and_then(|facts| facts.text(field))
    }

    /// Appends `photos`.
    pub(super) fn push_photos(&self, out: &mut String) {
        out.push_str(",\"photos\":{");
        member(out, "picture", Some(&self.picture));
        member(out, "thumbnail", Some(&self.thumbnail));
        out.push('}');
    }

    /// Appends `active` to the instant of the last change, which goes by two names.
    pub(super) fn push_tail(&self, out: &mut String, changed: &str) {
        let active = self.facts.is_some_and(|facts| facts.flag("IsActive"));
        out.push_str(",\"active\":");
        json::push_bool(out, active);
        let kind = facts::user_type(self.text("UserType").unwrap_or("Standard"));
        member(out, "user_type", Some(&kind));
        member(out, "language", Some(self.text("LanguageLocaleKey").unwrap_or("en_US")));
        member(out, "locale", Some(self.text("LocaleSidKey").unwrap_or("en_US")));
        let zone = self.text("TimeZoneSidKey").unwrap_or_default();
        out.push_str(",\"utcOffset\":");
        json::push_int(out, facts::standard_offset(zone, self.now));
        let at = self.facts.and_then(|facts| facts.instant("LastModifiedDate"));
        member(out, changed, at.map(time::datetime_seconds_text).as_deref());
    }
}

/// Appends a member of an object, with a comma unless it is the first.
pub(super) fn member(out: &mut String, name: &str, value: Option<&str>) {
    if !out.ends_with('{') {
        out.push(',');
    }
    json::push_str(out, name);
    out.push(':');
    json::push_opt_str(out, value);
}

/// Appends `urls`. Without a version the templates keep their `{version}`.
pub(super) fn urls(out: &mut String, base: &str, person: &Person<'_>, version: Option<&str>) {
    let version = version.unwrap_or("{version}");
    let soap = |api: &str| format!("{base}/services/Soap/{api}/{version}/{}", person.org15);
    let data = |rest: &str| format!("{base}/services/data/v{version}/{rest}");
    let all = [
        ("enterprise", soap("c")),
        ("metadata", soap("m")),
        ("partner", soap("u")),
        ("rest", data("")),
        ("sobjects", data("sobjects/")),
        ("search", data("search/")),
        ("query", data("query/")),
        ("recent", data("recent/")),
        ("tooling_soap", soap("T")),
        ("tooling_rest", data("tooling/")),
        ("profile", format!("{base}/{}", person.user)),
        ("feeds", data("chatter/feeds")),
        ("groups", data("chatter/groups")),
        ("users", data("chatter/users")),
        ("feed_items", data("chatter/feed-items")),
        ("feed_elements", data("chatter/feed-elements")),
        ("custom_domain", base.to_owned()),
    ];
    out.push_str(",\"urls\":{");
    for (name, url) in &all {
        member(out, name, Some(url));
    }
    out.push('}');
}

fn body(entry: &Entry<'_>, person: &Person<'_>, version: Option<&str>) -> String {
    let mut out = String::from("{");
    member(&mut out, "id", Some(&person.id_url));
    out.push_str(",\"asserted_user\":true");
    member(&mut out, "user_id", Some(&person.user));
    member(&mut out, "organization_id", Some(&person.org));
    member(&mut out, "username", person.text("Username"));
    member(&mut out, "nick_name", person.text("CommunityNickname"));
    member(&mut out, "display_name", person.text("Name"));
    member(&mut out, "email", person.text("Email"));
    out.push_str(",\"email_verified\":true");
    member(&mut out, "first_name", person.text("FirstName"));
    member(&mut out, "last_name", person.text("LastName"));
    member(&mut out, "timezone", person.text("TimeZoneSidKey"));
    person.push_photos(&mut out);
    for (name, field) in [
        ("addr_street", "Street"),
        ("addr_city", "City"),
        ("addr_state", "State"),
        ("addr_country", "Country"),
        ("addr_zip", "PostalCode"),
        ("mobile_phone", "MobilePhone"),
    ] {
        member(&mut out, name, person.text(field));
    }
    out.push_str(",\"mobile_phone_verified\":false,\"is_lightning_login_user\":false");
    out.push_str(",\"status\":{\"created_date\":null,\"body\":null}");
    urls(&mut out, &entry.base_url(), person, version);
    person.push_tail(&mut out, "last_modified_date");
    out.push_str(",\"is_app_installed\":true}");
    out
}
