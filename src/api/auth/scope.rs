//! OAuth scopes: names separated by blanks.

use crate::error::OrgError;

/// What the app grants when nothing is asked for and a refresh token can be given.
pub(super) const WITH_REFRESH: &str = "refresh_token web api";
/// What it grants to flows that have no refresh token.
pub(super) const WITHOUT_REFRESH: &str = "web api";

/// The scopes of real orgs.
const KNOWN: &[&str] = &[
    "address",
    "api",
    "cdp_api",
    "cdp_calculated_insight_api",
    "cdp_identityresolution_api",
    "cdp_ingest_api",
    "cdp_profile_api",
    "cdp_query_api",
    "cdp_segment_api",
    "chatbot_api",
    "chatter_api",
    "content",
    "custom_permissions",
    "eclair_api",
    "einstein_gpt_api",
    "email",
    "forgot_password",
    "full",
    "id",
    "interaction_api",
    "introspect_all_tokens",
    "lightning",
    "mcp_api",
    "offline_access",
    "openid",
    "pardot_api",
    "phone",
    "profile",
    "pwdless_login_api",
    "refresh_token",
    "scrt_api",
    "sfap_api",
    "user_registration_api",
    "visualforce",
    "wave_api",
    "web",
];

/// The scopes to grant: those asked for, or the app's.
pub(super) fn granted(asked: Option<&str>, usual: &'static str) -> Result<String, OrgError> {
    let asked = asked.map(str::trim).filter(|asked| !asked.is_empty());
    let Some(asked) = asked else { return Ok(usual.to_owned()) };
    if asked.split_whitespace().all(|scope| KNOWN.contains(&scope)) {
        Ok(asked.split_whitespace().collect::<Vec<_>>().join(" "))
    } else {
        Err(OrgError::invalid_scope())
    }
}

/// True when a scope is among those granted.
pub(super) fn has(granted: &str, scope: &str) -> bool {
    granted.split(' ').any(|own| own == scope)
}

/// True when the grant comes with a refresh token.
pub(super) fn refreshes(granted: &str) -> bool {
    has(granted, "refresh_token") || has(granted, "offline_access")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes() {
        assert_eq!(granted(None, WITHOUT_REFRESH).as_deref(), Ok("web api"));
        assert_eq!(granted(Some(" api  openid "), "").as_deref(), Ok("api openid"));
        assert!(granted(Some("api everything"), "").is_err());
        assert!(refreshes("api offline_access") && !refreshes("api refresh"));
    }
}
