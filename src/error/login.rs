//! Errors of becoming a session: OAuth (`reference/rest.md` §9.1) and SOAP login (`reference/
//! soap-bulk-streaming.md` §1.4). An OAuth error's code is `error`, its message `error_description`.

use super::OrgError;

/// The code of a SOAP fault that blames the message's form and carries no detail.
pub const SOAP_CLIENT: &str = "soapenv:Client";

impl OrgError {
    fn oauth(code: &'static str, description: &'static str) -> OrgError {
        OrgError::general(400, code, description)
    }

    /// The token endpoint asked with another method. The text is unverified.
    pub fn oauth_not_posted() -> OrgError {
        OrgError::oauth("invalid_request", "must use HTTP POST")
            .hint("send the parameters as a form, with POST")
    }

    /// A grant type that nobody knows, or none.
    pub fn unsupported_grant_type() -> OrgError {
        OrgError::oauth("unsupported_grant_type", "grant type not supported").hint(
            "send grant_type as a form field (application/x-www-form-urlencoded) or in the query: \
             password, authorization_code, refresh_token, client_credentials, device or \
             urn:ietf:params:oauth:grant-type:jwt-bearer",
        )
    }

    /// A response type that the authorization endpoint does not know.
    pub fn unsupported_response_type() -> OrgError {
        OrgError::oauth("unsupported_response_type", "response type not supported")
            .hint("response_type is code, token, or device_code at the token endpoint")
    }

    /// A consumer key of no connected app.
    pub fn unknown_client() -> OrgError {
        OrgError::oauth("invalid_client_id", "client identifier invalid").hint(
            "client_id is the one of the ready line, another org's, or PlatformCLI where no secret \
             is needed",
        )
    }

    /// A consumer secret that is wrong or missing.
    pub fn wrong_client_secret() -> OrgError {
        OrgError::oauth("invalid_client", "invalid client credentials")
            .hint("client_secret is the one of the ready line (FAUXFORCE_CLIENT_SECRET sets it)")
    }

    /// A username that nobody has, or a wrong password.
    pub fn authentication_failure() -> OrgError {
        OrgError::oauth("invalid_grant", "authentication failure")
    }

    /// A user whose `IsActive` is false.
    pub fn inactive_user() -> OrgError {
        OrgError::oauth("invalid_grant", "inactive user")
            .hint("the User row has IsActive = false: update it to log in")
    }

    /// A refresh token that nobody was given, or that was revoked.
    pub fn expired_refresh_token() -> OrgError {
        OrgError::oauth("invalid_grant", "expired access/refresh token")
            .hint("no org here gave this refresh token, or it was revoked or rotated")
    }

    /// An authorization code or assertion that has ended, or was used.
    pub fn expired_code() -> OrgError {
        OrgError::oauth("invalid_grant", "expired authorization code")
            .hint("codes live 15 minutes on the org's clock and work once; assertions end at `exp`")
    }

    /// An authorization code that nobody was given.
    pub fn invalid_code() -> OrgError {
        OrgError::oauth("invalid_grant", "invalid authorization code")
            .hint("no org here gave this code to this client")
    }

    /// A callback other than the one that the code was asked for, or none.
    pub fn redirect_mismatch() -> OrgError {
        OrgError::oauth("redirect_uri_mismatch", "redirect_uri must match configuration")
            .hint("send the redirect_uri of the authorize request; here any absolute URI will do")
    }

    /// PKCE: the verifier does not give the challenge. The description is unverified.
    pub fn invalid_code_verifier() -> OrgError {
        OrgError::oauth("invalid_grant", "invalid code verifier")
            .hint("code_challenge is BASE64URL(SHA256(code_verifier)), or the verifier when plain")
    }

    /// PKCE: a method other than S256 and plain. The description is unverified.
    pub fn invalid_code_challenge() -> OrgError {
        OrgError::oauth("invalid_request", "invalid code challenge method")
            .hint("code_challenge_method is S256 or plain")
    }

    /// A scope that nobody knows.
    pub fn invalid_scope() -> OrgError {
        OrgError::oauth(
            "invalid_scope",
            "the requested scope is invalid, unknown, or malformed",
        )
        .hint("scopes are separated by blanks: api, web, full, id, openid, refresh_token and others")
    }

    /// An assertion that is no JWT with the claims it needs.
    pub fn invalid_assertion(hint: &'static str) -> OrgError {
        OrgError::oauth("invalid_grant", "invalid assertion").hint(hint)
    }

    /// An assertion for somebody else's audience.
    pub fn invalid_audience() -> OrgError {
        OrgError::oauth("invalid_grant", "audience is invalid").hint(
            "aud is https://login.salesforce.com, https://test.salesforce.com or this server's URL",
        )
    }

    /// An assertion whose subject is no user of the org.
    pub fn unapproved_user(hint: String) -> OrgError {
        OrgError::oauth("invalid_grant", "user hasn't approved this consumer").hint(hint)
    }

    /// `client_credentials` at a login host.
    pub fn wrong_domain() -> OrgError {
        OrgError::oauth("invalid_grant", "request not supported on this domain")
            .hint("client_credentials needs the org's own URL, not login or test.salesforce.com")
    }

    /// `client_credentials` of an app whose run-as user may not log in.
    pub fn no_client_credentials_user() -> OrgError {
        OrgError::oauth("invalid_grant", "no client credentials user enabled")
            .hint("the app runs as the org's administrator, who has no active User row")
    }

    /// A device whose user code nobody has typed yet. The description is unverified.
    pub fn authorization_pending() -> OrgError {
        OrgError::oauth("authorization_pending", "user has not yet authorized this device")
            .hint("POST user_code, username and pw to /setup/connect")
    }

    /// Somebody said no.
    pub fn access_denied() -> OrgError {
        OrgError::oauth("access_denied", "end-user denied authorization")
            .hint("the person at the login page pressed Deny")
    }

    /// `prompt=none` or `immediate=true`: nobody is logged in, for there are no browser sessions.
    pub fn immediate_unsuccessful() -> OrgError {
        OrgError::oauth("immediate_unsuccessful", "immediate unsuccessful")
            .hint("this server keeps no browser sessions: the login page must be shown")
    }

    /// A token to revoke that is neither a session nor a refresh token.
    pub fn unsupported_token_type() -> OrgError {
        OrgError::oauth("unsupported_token_type", "this token type is not supported")
            .hint("token is a live access token or refresh token")
    }

    /// 403 of the identity service: plain text, without JSON around it.
    fn identity(text: &'static str, hint: &'static str) -> OrgError {
        OrgError::general(403, text, text).hint(hint)
    }

    /// The identity service without a token.
    pub fn missing_oauth_token() -> OrgError {
        let hint = "send `Authorization: Bearer <access token>` or ?oauth_token=";
        OrgError::identity("Missing_OAuth_Token", hint)
    }

    /// The identity service with a token that is unknown or has ended.
    pub fn bad_oauth_token() -> OrgError {
        OrgError::identity("Bad_OAuth_Token", "no live session has this token: log in again")
    }

    /// The identity service of another org than the token's.
    pub fn wrong_org() -> OrgError {
        OrgError::identity(
            "Wrong_Org",
            "the token is another org's: compare its first 15 characters",
        )
    }

    /// The identity of another user than the token's.
    pub fn bad_id() -> OrgError {
        OrgError::identity("Bad_Id", "the user in the path is not the token's user")
    }

    /// SOAP: a username that nobody has, a wrong password, or a user who may not log in.
    pub fn soap_invalid_login() -> OrgError {
        OrgError::general(
            500,
            "INVALID_LOGIN",
            "Invalid username, password, security token; or user locked out.",
        )
    }

    /// SOAP login at 65.0 and later.
    pub fn soap_login_disabled() -> OrgError {
        OrgError::general(
            500,
            "INVALID_OPERATION",
            "SOAP API login() is disabled by default in this org. Contact the org administrator to \
             enable SOAP API login().",
        )
        .hint("log in at 64.0 or earlier, use OAuth, or set sessions.soapLoginAnyVersion in the settings")
    }

    /// SOAP: a session that is unknown or has ended. `hash` is the session id's SHA-256 in Base64;
    /// `None` when the message has no session id.
    pub fn soap_invalid_session(hash: Option<&str>) -> OrgError {
        let mut message = "Invalid Session ID found in SessionHeader: Illegal Session".to_owned();
        if let Some(hash) = hash {
            message.push_str(". Session not found, missing session hash: ");
            message.push_str(hash);
            message.push_str(
                "\nThis error usually occurs after a session expires or a user logs out. ",
            );
        }
        OrgError::general(500, "INVALID_SESSION_ID", message)
            .hint("no live session has this id: log in again")
    }

    /// SOAP at a version that is retired or not there yet.
    pub fn soap_unsupported_version() -> OrgError {
        OrgError::general(500, "UNSUPPORTED_API_VERSION", "Invalid Api version specified on URL")
            .hint("versions 31.0 to 67.0 are served: /services/Soap/u/64.0")
    }

    fn soap_client(message: impl Into<std::borrow::Cow<'static, str>>) -> OrgError {
        OrgError::general(500, SOAP_CLIENT, message)
    }

    /// SOAP with another content type than `text/xml`.
    pub fn soap_content_type() -> OrgError {
        OrgError::soap_client("content-type of the request should be text/xml")
            .hint("send Content-Type: text/xml; charset=UTF-8")
    }

    /// SOAP without a body.
    pub fn soap_premature_end() -> OrgError {
        OrgError::soap_client("Premature end of file.").hint("the request has no body")
    }

    /// SOAP that is not well-formed. Real texts are those of another parser.
    pub fn soap_malformed(why: &str) -> OrgError {
        OrgError::soap_client(why.to_owned()).hint("the body is not a well-formed SOAP envelope")
    }

    /// SOAP with a document type: refused, for entities could grow without bound.
    pub fn soap_doctype() -> OrgError {
        OrgError::soap_client("DOCTYPE is disallowed.").hint("leave <!DOCTYPE …> out")
    }

    /// SOAP with an entity that XML does not define.
    pub fn soap_unknown_entity(name: &str) -> OrgError {
        let message = format!("The entity \"{name}\" was referenced, but not declared.");
        OrgError::soap_client(message).hint("XML defines amp, lt, gt, quot and apos only")
    }

    /// SOAP of more bytes than the API takes.
    pub fn soap_too_large(limit: usize) -> OrgError {
        let message =
            format!("Maximum size of request reached. Maximum size of request is {limit} bytes.");
        OrgError::soap_client(message).hint("send fewer records a call")
    }

    /// SOAP whose operation the endpoint does not have. `namespace` and `name` are the element's.
    pub fn soap_no_operation(namespace: &str, name: &str) -> OrgError {
        let message = format!(
            "No operation available for request {{{namespace}}}{name}, please check the WSDL for \
             the service."
        );
        OrgError::soap_client(message)
            .hint("the first child of Body is an operation in the endpoint's own namespace")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn oauth_errors_are_never_401() {
        for error in [OrgError::wrong_client_secret(), OrgError::unknown_client()] {
            assert_eq!(error.status, 400);
            assert!(error.hint.is_some());
        }
    }
}
