//! `OpenID` discovery. The order of the last lists is unverified.

use super::super::entry::Entry;
use super::super::http::Response;
use super::{answer, find};

/// Answers `/.well-known/openid-configuration`.
pub(super) fn configuration(entry: &Entry<'_>) -> Response {
    let base = find::identity_base(entry);
    let endpoint = |name: &str| format!("\"{base}/services/oauth2/{name}\"");
    let members = [
        ("issuer", format!("\"{base}\"")),
        ("authorization_endpoint", endpoint("authorize")),
        ("token_endpoint", endpoint("token")),
        ("revocation_endpoint", endpoint("revoke")),
        ("userinfo_endpoint", endpoint("userinfo")),
        ("jwks_uri", format!("\"{base}/id/keys\"")),
        ("registration_endpoint", endpoint("register")),
        ("introspection_endpoint", endpoint("introspect")),
        ("end_session_endpoint", format!("\"{base}/services/auth/idp/oidc/logout\"")),
        ("frontchannel_logout_supported", "true".to_owned()),
        ("frontchannel_logout_session_supported", "true".to_owned()),
        ("scopes_supported", list(SCOPES)),
        ("response_types_supported", list(&["code", "token", "token id_token"])),
        ("subject_types_supported", list(&["public"])),
        ("id_token_signing_alg_values_supported", list(&["RS256"])),
        ("display_values_supported", list(&["page", "popup", "touch"])),
        ("token_endpoint_auth_methods_supported", list(METHODS)),
        ("claims_supported", list(CLAIMS)),
    ];
    let mut out = String::from("{");
    for (name, value) in members {
        if out.len() > 1 {
            out.push(',');
        }
        out.push('"');
        out.push_str(name);
        out.push_str("\":");
        out.push_str(&value);
    }
    out.push('}');
    answer::json(entry, out)
}

/// Answers `/id/keys`: no key, for nothing here is signed with one.
pub(super) fn keys(entry: &Entry<'_>) -> Response {
    answer::json(entry, "{\"keys\":[]}".to_owned())
}

const METHODS: &[&str] = &["client_secret_post", "client_secret_basic", "private_key_jwt"];

const SCOPES: &[&str] = &[
    "cdp_ingest_api",
    "custom_permissions",
    "cdp_segment_api",
    "content",
    "cdp_api",
    "chatbot_api",
    "cdp_identityresolution_api",
    "interaction_api",
    "wave_api",
    "cdp_calculated_insight_api",
    "einstein_gpt_api",
    "offline_access",
    "id",
    "api",
    "eclair_api",
    "pardot_api",
    "lightning",
    "visualforce",
    "cdp_query_api",
    "sfap_api",
    "openid",
    "cdp_profile_api",
    "refresh_token",
    "pwdless_login_api",
    "user_registration_api",
    "chatter_api",
    "forgot_password",
    "full",
];

const CLAIMS: &[&str] = &[
    "active",
    "address",
    "email",
    "email_verified",
    "family_name",
    "given_name",
    "is_app_installed",
    "language",
    "locale",
    "name",
    "nickname",
    "organization_id",
    "phone_number",
    "phone_number_verified",
    "photos",
    "picture",
    "preferred_username",
    "profile",
    "sub",
    "updated_at",
    "urls",
    "user_id",
    "user_type",
    "utcOffset",
    "zoneinfo",
];

fn list(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
    format!("[{}]", quoted.join(","))
}
