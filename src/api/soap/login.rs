//! `login` and `logout`.

use super::super::auth::facts::{self, Facts};
use super::super::auth::password;
use super::{Call, envelope};
use crate::clock::Millis;
use crate::error::OrgError;
use crate::id::Id;
use crate::org::{Org, Session};
use crate::schema::Feature;
use crate::store::State;

/// The first version at which `login` is refused.
const REFUSED_FROM: u32 = 65;

/// The scopes of a SOAP session: it may do all that its user may.
const SCOPE: &str = "full";

/// Opens a session.
pub(super) fn login(call: &Call<'_, '_>) -> Result<String, OrgError> {
    let operation = &call.envelope.operation;
    let username = operation.child_text("username").unwrap_or_default().trim();
    let password = operation.child_text("password").unwrap_or_default();
    let entry = call.entry;
    let found = password::log_in(entry, username, password, None);
    let org = found.as_ref().map_or(&entry.org, |(org, _)| org);
    let settings = org.read().settings.clone();
    if call.version >= REFUSED_FROM && !settings.soap_login_any_version {
        return Err(OrgError::soap_login_disabled());
    }
    let (org, user) = found.map_err(|(_, hint)| OrgError::soap_invalid_login().hint(hint))?;
    let now = org.now(entry.request.received_at);
    let lifetime: Millis = settings.session_seconds * 1000;
    let token = org.sessions.open_new(org.id, Session::new(user, SCOPE, now, lifetime));
    let state = org.read();
    Ok(envelope::result(
        call.api.namespace(),
        "",
        &login_response(call, &org, &state, user, &token),
    ))
}

/// Ends the session.
pub(super) fn logout(call: &Call<'_, '_>) -> Result<String, OrgError> {
    let (org, _, id) = call.session()?;
    let header = limit_info(call, &org);
    org.sessions.end(id);
    Ok(envelope::result(call.api.namespace(), &header, "<logoutResponse/>"))
}

/// How many calls there were: the header of every answer but login's.
fn limit_info(call: &Call<'_, '_>, org: &Org) -> String {
    let used = org.usage.used(org.now(call.entry.request.received_at));
    let most = org.read().settings.daily_api_requests;
    let mut out = String::from("<LimitInfoHeader><limitInfo>");
    envelope::leaf(&mut out, "current", &used.to_string());
    envelope::leaf(&mut out, "limit", &most.to_string());
    envelope::leaf(&mut out, "type", "API REQUESTS");
    out.push_str("</limitInfo></LimitInfoHeader>");
    out
}

fn login_response(call: &Call<'_, '_>, org: &Org, state: &State, user: Id, token: &str) -> String {
    let base = call.entry.base_url();
    let version = call.version;
    let url = |api: &str| format!("{base}/services/Soap/{api}/{version}.0/{}", org.id.as_15());
    let own = if call.api == super::Api::Enterprise { "c" } else { "u" };
    let sandbox =
        facts::organization(org, state).is_some_and(|organization| organization.flag("IsSandbox"));
    let mut out = String::from("<loginResponse><result>");
    envelope::leaf(&mut out, "metadataServerUrl", &url("m"));
    flag(&mut out, "passwordExpired", false);
    flag(&mut out, "sandbox", sandbox);
    envelope::leaf(&mut out, "serverUrl", &url(own));
    envelope::leaf(&mut out, "sessionId", token);
    envelope::leaf(&mut out, "userId", &user.to_string());
    out.push_str("<userInfo>");
    push_user_info(&mut out, call.version, org, state, user);
    out.push_str("</userInfo></result></loginResponse>");
    out
}

fn flag(out: &mut String, name: &str, value: bool) {
    envelope::leaf(out, name, if value { "true" } else { "false" });
}

/// Appends the members of `GetUserInfoResult`, as the WSDL of a version orders them.
pub(super) fn push_user_info(out: &mut String, version: u32, org: &Org, state: &State, user: Id) {
    let person = Facts::of(state, user);
    let organization = facts::organization(org, state);
    let text = |field: &str, usual: &'static str| {
        person.map_or(usual, |person| person.text_or(field, usual))
    };
    let of_org = |field: &str, usual: &'static str| {
        organization.map_or(usual, |organization| organization.text_or(field, usual))
    };
    let features = state.schema.features();
    let many_currencies = features.has(Feature::MultiCurrency);
    let single = |value| (!many_currencies).then_some(value);

    flag(out, "accessibilityMode", false);
    if version >= 40 {
        flag(out, "chatterExternal", false);
    }
    envelope::nillable(out, "currencySymbol", single("$"));
    envelope::leaf(out, "orgAttachmentFileSizeLimit", "5242880");
    envelope::nillable(out, "orgDefaultCurrencyIsoCode", single("USD"));
    if version >= 39 {
        let locale = of_org("DefaultLocaleSidKey", "en_US");
        envelope::leaf(out, "orgDefaultCurrencyLocale", locale);
    }
    flag(out, "orgDisallowHtmlAttachments", false);
    flag(out, "orgHasPersonAccounts", features.has(Feature::PersonAccounts));
    envelope::leaf(out, "organizationId", &org.id.to_string());
    flag(out, "organizationMultiCurrency", many_currencies);
    envelope::leaf(out, "organizationName", of_org("Name", "fauxforce"));
    let reference = |field: &str| person.and_then(|person| person.id(field));
    envelope::leaf(
        out,
        "profileId",
        &reference("ProfileId").map_or_else(String::new, |id| id.to_string()),
    );
    let role = reference("UserRoleId").map(|id| id.to_string());
    envelope::nillable(out, "roleId", role.as_deref());
    envelope::leaf(out, "sessionSecondsValid", &state.settings.session_seconds.to_string());
    let currency = many_currencies.then(|| text("DefaultCurrencyIsoCode", "USD"));
    envelope::nillable(out, "userDefaultCurrencyIsoCode", currency);
    envelope::leaf(out, "userEmail", text("Email", ""));
    envelope::leaf(out, "userFullName", text("Name", ""));
    envelope::leaf(out, "userId", &user.to_string());
    envelope::leaf(out, "userLanguage", text("LanguageLocaleKey", "en_US"));
    envelope::leaf(out, "userLocale", text("LocaleSidKey", "en_US"));
    envelope::leaf(out, "userName", text("Username", ""));
    envelope::leaf(out, "userTimeZone", text("TimeZoneSidKey", "GMT"));
    envelope::leaf(out, "userType", text("UserType", "Standard"));
    envelope::leaf(out, "userUiSkin", "Theme3");
}
