//! Logging in through SOAP; the exchanges with exact bytes are in `tests/golden/auth/soap.http`.

use super::{Api, fault, login};
use crate::api::auth::testing::{ADMINISTRATOR, Fixture, NOW, USER, outcome};
use crate::api::http::{Method, Request};
use crate::error::OrgError;

fn send(fixture: &Fixture, target: &str, operation: &str) -> (u16, String) {
    let body = format!(
        "<e:Envelope xmlns:e=\"http://schemas.xmlsoap.org/soap/envelope/\" \
         xmlns=\"urn:partner.soap.sforce.com\"><e:Body>{operation}</e:Body></e:Envelope>"
    );
    let request = Request::new(Method::Post, target).header("Content-Type", "text/xml").body(body);
    outcome(fixture.send(request))
}

fn log_in(username: &str) -> String {
    format!("<login><username>{username}</username><password>fauxforce</password></login>")
}

/// The text of the first element of a name.
fn text<'b>(body: &'b str, name: &str) -> &'b str {
    let (_, rest) = body.split_once(&format!("<{name}>")).expect(name);
    rest.split_once('<').expect(name).0
}

fn member_names(body: &str) -> Vec<&str> {
    let (_, info) = body.split_once("<userInfo>").expect("userInfo");
    let (info, _) = info.split_once("</userInfo>").expect("userInfo");
    info.split('<')
        .filter(|part| !part.is_empty() && !part.starts_with('/'))
        .map(|part| part.split(['>', ' ']).next().unwrap_or_default())
        .collect()
}

#[test]
fn members_by_version() {
    let fixture = Fixture::new();
    let members = |version: u32| {
        let target = format!("/services/Soap/u/{version}.0");
        let (status, body) = send(&fixture, &target, &log_in(ADMINISTRATOR));
        assert_eq!(status, 200, "{body}");
        member_names(&body).into_iter().map(String::from).collect::<Vec<_>>()
    };
    let (old, newer, new) = (members(31), members(39), members(64));
    assert_eq!(old.len() + 1, newer.len());
    assert!(newer.contains(&"orgDefaultCurrencyLocale".to_owned()));
    let all = [
        "accessibilityMode",
        "chatterExternal",
        "currencySymbol",
        "orgAttachmentFileSizeLimit",
        "orgDefaultCurrencyIsoCode",
        "orgDefaultCurrencyLocale",
        "orgDisallowHtmlAttachments",
        "orgHasPersonAccounts",
        "organizationId",
        "organizationMultiCurrency",
        "organizationName",
        "profileId",
        "roleId",
        "sessionSecondsValid",
        "userDefaultCurrencyIsoCode",
        "userEmail",
        "userFullName",
        "userId",
        "userLanguage",
        "userLocale",
        "userName",
        "userTimeZone",
        "userType",
        "userUiSkin",
    ];
    assert_eq!(new, all);
}

#[test]
fn forks_settings_and_inactive_users() {
    let fixture = Fixture::new();
    let fork = fixture.create("fork1");
    let suffixed = log_in(&format!("{ADMINISTRATOR}.fork1"));
    let (_, body) = send(&fixture, "/services/Soap/u/64.0", &suffixed);
    assert!(text(&body, "sessionId").starts_with(fork.id.as_15()));
    let (status, _) = send(&fixture, "/services/Soap/u/66.0", &log_in(USER));
    assert_eq!(status, 500);
    fixture.set(|settings| settings.soap_login_any_version = true);
    let (status, _) = send(&fixture, "/services/Soap/u/66.0", &log_in(USER));
    assert_eq!(status, 200);
    fixture.set_active(USER, false);
    let (status, body) = send(&fixture, "/services/Soap/u/66.0", &log_in(USER));
    assert_eq!((status, text(&body, "faultcode")), (500, "sf:INVALID_LOGIN"));
}

#[test]
fn sessions_serve_rest_too() {
    let fixture = Fixture::new();
    let (_, body) = send(&fixture, "/services/Soap/u/44", &log_in(USER));
    let token = text(&body, "sessionId");
    assert_eq!(fixture.get("/services/oauth2/userinfo", token).0, 200);
}

#[test]
fn many_currencies() {
    use crate::schema::{Feature, Schema};
    let fixture = Fixture::new();
    let org = fixture.org();
    let mut state = crate::store::State::clone(&org.read());
    let features = state.schema.features().with(Feature::MultiCurrency);
    state.set_schema(Schema::standard(features), NOW);
    let mut out = String::new();
    login::push_user_info(&mut out, 64, &org, &state, org.credentials.user_id);
    assert!(out.contains("<currencySymbol xsi:nil=\"true\"/>"), "{out}");
    assert!(out.contains("<organizationMultiCurrency>true</organizationMultiCurrency>"));
    assert!(out.contains("<userDefaultCurrencyIsoCode>USD</userDefaultCurrencyIsoCode>"));
}

#[test]
fn faults_of_queries_carry_a_place() {
    let error = OrgError::query_missing();
    let text = fault::text(Api::Partner, &error);
    assert!(text.contains(
        "<sf:MalformedQueryFault xsi:type=\"sf:MalformedQueryFault\"><sf:exceptionCode>\
         MALFORMED_QUERY</sf:exceptionCode><sf:exceptionMessage>A query string has to be \
         specified</sf:exceptionMessage><sf:row>-1</sf:row><sf:column>-1</sf:column>"
    ));
    let metadata = fault::text(Api::Metadata, &error);
    assert!(!metadata.contains("detail") && !metadata.contains("xmlns:xsi"));
}
