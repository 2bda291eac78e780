//! Exchanges as data (`tests/golden/auth`), and what data cannot say well.

use super::testing::{self, ADMINISTRATOR, Fixture, NOW, USER, keys, member, outcome};
use crate::api::http::{Method, Request, Response};
use std::fmt::Write as _;
use std::path::Path;

/// Runs an exchange file against a new default org. A request is the lines that begin with `>`
/// (request line, headers, an empty one, body), its response those with `<`.
fn run(text: &str) -> String {
    let fixture = Fixture::new();
    let org = fixture.org();
    let fill = |text: &str| {
        let own = &org.credentials;
        text.replace("{client_id}", &own.client_id)
            .replace("{client_secret}", &own.client_secret)
            .replace("{security_token}", &own.security_token)
            .replace("{access_token}", &own.access_token)
            .replace("{refresh_token}", &own.refresh_token)
    };
    let mut out = String::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let Some(first) = line.strip_prefix("> ") else {
            if !line.starts_with('<') {
                let _ = writeln!(out, "{line}");
            }
            continue;
        };
        let mut said = vec![first];
        while let Some(line) = lines.next_if(|line| line.starts_with('>')) {
            said.push(line[1..].strip_prefix(' ').unwrap_or(&line[1..]));
        }
        for line in &said {
            let _ = writeln!(out, "{}", format!("> {line}").trim_end());
        }
        let response = fixture.send(request(&said, &fill));
        print(&mut out, response);
    }
    out
}

fn request(lines: &[&str], fill: &impl Fn(&str) -> String) -> Request {
    let (method, target) = lines[0].split_once(' ').expect("method and target");
    let method = Method::parse(method).expect("a method");
    let mut request = Request::new(method, &fill(target));
    let mut rest = lines[1..].iter();
    for line in rest.by_ref().take_while(|line| !line.is_empty()) {
        let (name, value) = line.split_once(": ").expect("a header");
        if name == "Host" {
            request.origin.host = value.to_owned();
            request.origin.secure = value.ends_with("salesforce.com");
        } else {
            request.headers.push(name, &fill(value));
        }
    }
    let body: Vec<&str> = rest.copied().collect();
    request.body(fill(&body.join("\n")))
}

fn print(out: &mut String, response: Response) {
    let _ = writeln!(out, "< {}", response.status);
    for name in ["Content-Type", "Location", "X-Fauxforce-Unsupported", "X-Fauxforce-Hint"] {
        if let Some(value) = response.header(name) {
            let _ = writeln!(out, "< {name}: {value}");
        }
    }
    let (_, body) = outcome(response);
    if !body.is_empty() {
        let _ = writeln!(out, "<");
        for line in body.lines() {
            let _ = writeln!(out, "{}", format!("< {line}").trim_end());
        }
    }
}

#[test]
fn recorded_exchanges() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/auth");
    let mut files: Vec<_> = std::fs::read_dir(&folder)
        .expect("the folder of exchanges")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "http"))
        .collect();
    files.sort();
    assert!(!files.is_empty());
    let mut differing = String::new();
    for path in files {
        let expected = std::fs::read_to_string(&path).expect("an exchange file");
        let found = run(&expected);
        if found != expected {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let _ = writeln!(differing, "==== {name} answers now:\n{found}==== end");
        }
    }
    assert!(differing.is_empty(), "{differing}");
}

/// The claims of an assertion for a user; `exp` lies `seconds` ahead.
fn assert_for(fixture: &Fixture, username: &str, seconds: i64) -> String {
    let claims = format!(
        r#"{{"iss":"{}","sub":"{username}","aud":"https://login.salesforce.com","exp":"{}"}}"#,
        fixture.org().credentials.client_id,
        NOW / 1000 + seconds
    );
    let grant = "urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer";
    let assertion = testing::assertion(r#"{"alg":"RS256"}"#, &claims);
    format!("grant_type={grant}&assertion={assertion}")
}

fn described(answer: &(u16, String)) -> (u16, String) {
    (answer.0, member(&answer.1, "error_description"))
}

#[test]
fn assertions() {
    let fixture = Fixture::new();
    let post = |form: &str| fixture.post("/services/oauth2/token", form);
    let (status, body) = post(&assert_for(&fixture, &USER.to_lowercase(), 180));
    assert_eq!(status, 200);
    assert_eq!(keys(&body), ["access_token", "scope", "instance_url", "id", "token_type"]);
    let token = member(&body, "access_token");
    assert_eq!(fixture.get("/services/oauth2/userinfo", &token).0, 200);

    let late = post(&assert_for(&fixture, USER, 0));
    assert_eq!(described(&late), (400, "expired authorization code".to_owned()));
    let nobody = post(&assert_for(&fixture, "svc@acme.test", 60));
    assert_eq!(described(&nobody), (400, "user hasn't approved this consumer".to_owned()));
    fixture.set_active(USER, false);
    let inactive = post(&assert_for(&fixture, USER, 60));
    assert_eq!(described(&inactive), (400, "inactive user".to_owned()));
    let broken = post("grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer&assertion=a.b.c");
    assert_eq!(described(&broken), (400, "invalid assertion".to_owned()));
}

#[test]
fn an_assertion_outlives_the_orgs_clock() {
    let fixture = Fixture::new();
    fixture.advance(1_000_000_000);
    let form = assert_for(&fixture, USER, 60);
    assert_eq!(fixture.post("/services/oauth2/token", &form).0, 200);
}

#[test]
fn the_username_names_the_org() {
    let fixture = Fixture::new();
    let fork = fixture.create("fork1");
    let org_of = |form: &str| {
        let (status, body) = fixture.token(form);
        (status == 200).then(|| member(&body, "access_token")[..15].to_owned())
    };
    let default = Some(fixture.org().id.as_15().to_owned());
    let forked = Some(fork.id.as_15().to_owned());
    let password =
        |username: &str| format!("grant_type=password&username={username}&password=fauxforce");
    assert_eq!(org_of(&password(ADMINISTRATOR)), default);
    assert_eq!(org_of(&password("admin@fauxforce.test.fork1")), forked);
    assert_eq!(org_of(&password("ADMIN@fauxforce.test.Fork1")), forked);
    assert_eq!(org_of(&password("admin@fauxforce.test.fork2")), None);
    assert_eq!(org_of(&password("nobody@fauxforce.test.fork1")), None);
    // A refresh token and a client id name their org as well.
    let token = &fork.credentials.refresh_token;
    assert_eq!(org_of(&format!("grant_type=refresh_token&refresh_token={token}")), forked);
    let own = &fork.credentials;
    let client = format!("&client_id={}&client_secret={}", own.client_id, own.client_secret);
    let form = format!("{}{client}", password(ADMINISTRATOR));
    let (_, body) = fixture.post("/services/oauth2/token", &form);
    assert!(member(&body, "access_token").starts_with(own.access_token.split_at(15).0));
}

#[test]
fn a_header_and_a_port_name_the_org() {
    let fixture = Fixture::new();
    let fork = fixture.create("fork1");
    let own = &fixture.org().credentials;
    let form = format!(
        "grant_type=password&username={ADMINISTRATOR}&password=fauxforce&client_id={}\
         &client_secret={}",
        own.client_id, own.client_secret
    );
    let request = || Request::new(Method::Post, "/services/oauth2/token").body(form.clone());
    let (_, body) = outcome(fixture.send(request().header("X-Fauxforce-Org", "fork1")));
    assert!(member(&body, "access_token").starts_with(fork.id.as_15()));
    let mut at_port = request();
    at_port.origin.org = Some("fork1".to_owned());
    let (_, body) = outcome(fixture.send(at_port));
    let token = member(&body, "access_token");
    assert!(token.starts_with(fork.id.as_15()));

    let elsewhere = Request::new(Method::Get, "/services/oauth2/userinfo").bearer(&token);
    let (status, body) = outcome(fixture.send(elsewhere.header("X-Fauxforce-Org", "default")));
    assert_eq!((status, body.as_str()), (403, "Wrong_Org"));
}

#[test]
fn passwords_and_users() {
    let fixture = Fixture::new();
    let post = |username: &str, password: &str| {
        fixture.token(&format!("grant_type=password&username={username}&password={password}"))
    };
    assert_eq!(post(USER, "fauxforce").0, 200);
    fixture.set_password(USER, "changed1");
    assert_eq!(described(&post(USER, "fauxforce")).1, "authentication failure");
    assert_eq!(post(USER, "changed1").0, 200);
    let token = &fixture.org().credentials.security_token;
    assert_eq!(post(USER, &format!("changed1{token}")).0, 200);
    assert_eq!(post(ADMINISTRATOR, "fauxforce").0, 200);
    fixture.set_active(USER, false);
    assert_eq!(described(&post(USER, "changed1")).1, "inactive user");
    assert_eq!(described(&post(USER, "wrong")).1, "authentication failure");
}

#[test]
fn client_credentials_by_basic() {
    let fixture = Fixture::new();
    let own = &fixture.org().credentials;
    let send = |id: &str, secret: &str| {
        use base64::Engine as _;
        let pair = base64::engine::general_purpose::STANDARD.encode(format!("{id}:{secret}"));
        let request = Request::new(Method::Post, "/services/oauth2/token")
            .header("Authorization", &format!("Basic {pair}"))
            .body("grant_type=client_credentials");
        outcome(fixture.send(request))
    };
    let (status, body) = send(&own.client_id, &own.client_secret);
    assert_eq!(status, 200);
    let order =
        ["access_token", "signature", "scope", "instance_url", "id", "token_type", "issued_at"];
    assert_eq!(keys(&body), order);
    let wrong = send(&own.client_id, "x");
    assert_eq!(described(&wrong), (400, "invalid client credentials".to_owned()));
    fixture.set_active(ADMINISTRATOR, false);
    let nobody = send(&own.client_id, &own.client_secret);
    assert_eq!(described(&nobody).1, "no client credentials user enabled");
}

#[test]
fn refresh_tokens_rotate_and_take_their_sessions_with_them() {
    let fixture = Fixture::new();
    let first = fixture.org().credentials.refresh_token.clone();
    let refresh =
        |token: &str| fixture.token(&format!("grant_type=refresh_token&refresh_token={token}"));
    let (_, body) = refresh(&first);
    assert!(!body.contains("refresh_token\":"), "{body}");
    fixture.set(|settings| settings.refresh_token_rotation = true);
    let (_, body) = refresh(&first);
    let second = member(&body, "refresh_token");
    assert_ne!(first, second);
    assert_eq!(described(&refresh(&first)).1, "expired access/refresh token");
    let (_, body) = refresh(&second);
    let (third, access) = (member(&body, "refresh_token"), member(&body, "access_token"));
    assert_eq!(fixture.get("/services/oauth2/userinfo", &access).0, 200);
    assert_eq!(fixture.post("/services/oauth2/revoke", &format!("token={third}")).0, 200);
    assert_eq!(fixture.get("/services/oauth2/userinfo", &access).0, 403);
}

/// Logs in at the login page and returns the code.
fn code(fixture: &Fixture, more: &str) -> String {
    let form = format!(
        "response_type=code&client_id=PlatformCLI&redirect_uri=app%3A%2F%2Fcb&username={USER}\
         &pw=fauxforce{more}"
    );
    let request = Request::new(Method::Post, "/services/oauth2/authorize").body(form);
    let response = fixture.send(request);
    let location = response.header("Location").expect("a redirect");
    location.strip_prefix("app://cb?code=").expect("a code").to_owned()
}

#[test]
fn codes_need_their_verifier_callback_client_and_time() {
    let fixture = Fixture::new();
    let exchange = |code: &str, more: &str| {
        let form = format!("grant_type=authorization_code&code={code}{more}");
        fixture.post("/services/oauth2/token", &form)
    };
    let own = "&client_id=PlatformCLI&redirect_uri=app%3A%2F%2Fcb";
    let plain = "&code_challenge=abc&code_challenge_method=plain";
    assert_eq!(exchange(&code(&fixture, ""), own).0, 200);
    let (status, body) = exchange(&code(&fixture, plain), &format!("{own}&code_verifier=abc"));
    assert_eq!(status, 200, "{body}");
    for (asked, more, description) in [
        (plain, format!("{own}&code_verifier=abd"), "invalid code verifier"),
        (plain, own.to_owned(), "invalid code verifier"),
        ("", format!("{own}&code_verifier=abc"), "invalid code verifier"),
        ("", "&client_id=PlatformCLI".to_owned(), "redirect_uri must match configuration"),
        ("", own.replace("PlatformCLI", "none"), "client identifier invalid"),
    ] {
        let answer = exchange(&code(&fixture, asked), &more);
        assert_eq!(described(&answer), (400, description.to_owned()));
    }
    let others = fixture.token(&format!(
        "grant_type=authorization_code&redirect_uri=app%3A%2F%2Fcb&code={}",
        code(&fixture, "")
    ));
    assert_eq!(described(&others).1, "invalid authorization code");
    let late = code(&fixture, "");
    fixture.advance(900_000);
    assert_eq!(described(&exchange(&late, own)).1, "expired authorization code");
}

#[test]
fn openid_says_that_there_is_no_id_token() {
    let fixture = Fixture::new();
    let code = code(&fixture, "&scope=openid%20api");
    let form = format!(
        "grant_type=authorization_code&code={code}&client_id=PlatformCLI&redirect_uri=app%3A%2F%2Fcb"
    );
    let response = fixture.send(Request::new(Method::Post, "/services/oauth2/token").body(form));
    assert_eq!(response.header("X-Fauxforce-Unsupported"), Some("OpenID id_token"));
    let (_, body) = outcome(response);
    assert!(!body.contains("refresh_token"), "not asked for: {body}");
}

#[test]
fn a_device_joins_the_org_of_who_logs_in() {
    let fixture = Fixture::new();
    let fork = fixture.create("fork1");
    let start = "response_type=device_code&client_id=PlatformCLI";
    let (_, body) = fixture.post("/services/oauth2/token", start);
    let (code, user_code) = (member(&body, "device_code"), member(&body, "user_code"));
    let poll = || {
        let form = format!("grant_type=device&client_id=PlatformCLI&code={code}");
        fixture.post("/services/oauth2/token", &form)
    };
    assert_eq!(member(&poll().1, "error"), "authorization_pending");
    let form = format!("user_code={user_code}&username={ADMINISTRATOR}.fork1&pw=fauxforce");
    assert_eq!(fixture.post("/setup/connect", &form).0, 200);
    let (status, body) = poll();
    assert_eq!(status, 200, "{body}");
    assert!(member(&body, "access_token").starts_with(fork.id.as_15()));

    let (_, body) = fixture.post("/services/oauth2/token", start);
    let (code, user_code) = (member(&body, "device_code"), member(&body, "user_code"));
    fixture.post("/setup/connect", &format!("user_code={user_code}&deny=1"));
    let form = format!("grant_type=device&client_id=PlatformCLI&code={code}");
    let (_, body) = fixture.post("/services/oauth2/token", &form);
    assert_eq!(member(&body, "error"), "access_denied");
}

#[test]
fn the_identity_as_xml() {
    let fixture = Fixture::new();
    let token = fixture.login(USER);
    let target = "/id/00Dff0000000001/005ff0000000002?format=xml&version=58.0";
    let (status, body) = fixture.get(target, &token);
    assert_eq!(status, 200);
    assert!(body.contains("<user xmlns:xsi="), "{body}");
    assert!(body.contains("<utcOffset>3600000</utcOffset>"), "{body}");
    assert!(body.contains("/services/Soap/u/58.0/00Dff0000000001</partner>"), "{body}");
}

#[test]
fn the_front_page_answers_a_ping() {
    let (status, body) = outcome(Fixture::new().send(Request::new(Method::Get, "/")));
    assert_eq!(status, 200);
    assert!(body.starts_with("<!DOCTYPE html>"));
}
