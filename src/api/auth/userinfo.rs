//! `/services/oauth2/userinfo`: who the token's user is, as `OpenID` says it.

use super::super::entry::Entry;
use super::super::http::{Method, Response};
use super::super::json;
use super::answer;
use super::identity::{Bearer, Person, member, urls};

/// Answers the endpoint.
pub(super) fn handle(entry: &Entry<'_>) -> Response {
    if !matches!(entry.request.method, Method::Get | Method::Head | Method::Post) {
        return answer::wrong_method(entry, "GET,HEAD,POST");
    }
    match Bearer::of(entry) {
        Ok(bearer) => answer::json(entry, body(entry, &bearer)),
        Err(error) => answer::identity_error(entry, &error),
    }
}

fn body(entry: &Entry<'_>, bearer: &Bearer) -> String {
    let state = bearer.org.read();
    let person = Person::of(entry, bearer, &state);
    let base = entry.base_url();
    let mut out = String::from("{");
    member(&mut out, "sub", Some(&person.id_url));
    member(&mut out, "user_id", Some(&person.user));
    member(&mut out, "organization_id", Some(&person.org));
    member(&mut out, "preferred_username", person.text("Username"));
    member(&mut out, "nickname", person.text("CommunityNickname"));
    member(&mut out, "name", person.text("Name"));
    member(&mut out, "email", person.text("Email"));
    out.push_str(",\"email_verified\":true");
    optional(&mut out, "given_name", person.text("FirstName"));
    member(&mut out, "family_name", person.text("LastName"));
    member(&mut out, "zoneinfo", person.text("TimeZoneSidKey"));
    person.push_photos(&mut out);
    member(&mut out, "profile", Some(&format!("{base}/{}", person.user)));
    member(&mut out, "picture", Some(&person.picture));
    if let Some(phone) = person.text("MobilePhone") {
        member(&mut out, "phone_number", Some(phone));
        out.push_str(",\"phone_number_verified\":false");
    }
    push_address(&mut out, &person);
    out.push_str(",\"is_salesforce_integration_user\":false");
    urls(&mut out, &base, &person, None);
    person.push_tail(&mut out, "updated_at");
    out.push_str(",\"is_app_installed\":true}");
    out
}

/// Appends a member that is left out when empty.
fn optional(out: &mut String, name: &str, value: Option<&str>) {
    if value.is_some() {
        member(out, name, value);
    }
}

fn push_address(out: &mut String, person: &Person<'_>) {
    let parts = [
        ("street_address", "Street"),
        ("locality", "City"),
        ("region", "State"),
        ("postal_code", "PostalCode"),
        ("country", "Country"),
    ];
    out.push_str(",\"address\":{");
    let start = out.len();
    for (name, field) in parts {
        let Some(value) = person.text(field) else { continue };
        if out.len() > start {
            out.push(',');
        }
        json::push_str(out, name);
        out.push(':');
        json::push_str(out, value);
    }
    out.push('}');
}
