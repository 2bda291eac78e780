//! What the fuzz targets do with their bytes. Each panics when something is wrong and says nothing
//! otherwise. Shared with `tests/fuzz_corpora.rs`.

use fauxforce::api::{Method, Request, Response};
use fauxforce::soql::parser;
use fauxforce::{Org, sosl, time};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

/// A target's function.
pub type Target = fn(&[u8]);

/// Every target by name.
pub const TARGETS: [(&str, Target); 6] = [
    ("datetime", datetime),
    ("json_body", json_body),
    ("rest_request", rest_request),
    ("soql_parse", soql_parse),
    ("soql_run", soql_run),
    ("sosl_parse", sosl_parse),
];

/// A query is refused with a code and a message, or its canonical text parses to the same tree.
pub fn soql_parse(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match parser::parse(text) {
        Ok(tree) => {
            let canonical = tree.to_string();
            let again = parser::parse(&canonical);
            let again = again.unwrap_or_else(|error| panic!("`{canonical}` is refused: {error}"));
            assert_eq!(again.to_string(), canonical);
        }
        Err(error) => assert!(!error.code.is_empty() && !error.message.is_empty()),
    }
}

/// A search is refused with a code and a message, or accepted.
pub fn sosl_parse(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Err(error) = sosl::parser::parse(text) {
        assert!(!error.code.is_empty() && !error.message.is_empty());
    }
}

/// A query against a small org: rows, a refusal, or an honest 501.
pub fn soql_run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let (org, _) = small_org();
    let query = utf8_percent_encode(text, NON_ALPHANUMERIC);
    let target = format!("/services/data/v66.0/query?q={query}");
    let response = org.call(Request::new(Method::Get, &target).bearer(org.access_token()));
    let status = response.status;
    let body = checked(response, &target);
    if status == 200 {
        let body = body.expect("a result has a JSON body");
        let total = body["totalSize"].as_u64().expect("a result has a totalSize");
        let rows = body["records"].as_array().expect("a result has records").len() as u64;
        // COUNT() answers a number and no records.
        let complete = body["done"] == true;
        assert!(rows <= total && (complete || rows > 0), "{rows} of {total} rows");
    } else {
        assert!([400, 414, 501].contains(&status), "{status} for `{text}`");
    }
}

/// A request as text: a line `METHOD target`, header lines, an empty line, the body. `{token}`,
/// `{account}` and `{org}` stand for what is there.
pub fn rest_request(data: &[u8]) {
    let (org, account) = small_org();
    let Some(request) = request(data, &org, &account) else { return };
    let what = format!("{} {}", request.method.name(), request.path);
    checked(org.call(request), &what);
}

/// A request body is malformed JSON for the org when it is for `serde_json`, and only then.
pub fn json_body(data: &[u8]) {
    let (org, _) = small_org();
    let request = Request::new(Method::Post, "/services/data/v66.0/sobjects/Account")
        .bearer(org.access_token())
        .json(data.to_vec());
    let response = org.call(request);
    let status = response.status;
    let body = checked(response, "POST Account").expect("a JSON body");
    let code = body[0]["errorCode"].as_str().unwrap_or_default();
    let message = body[0]["message"].as_str().unwrap_or_default();
    // Right JSON of a wrong type for its field has the same code.
    let refused = code == "JSON_PARSER_ERROR" && !message.starts_with("Cannot deserialize");
    let text = data.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(data);
    match serde_json::from_slice::<Value>(text) {
        Ok(_) => assert!(!refused, "refused though it is JSON: {message}"),
        Err(error) if is_a_limit(&error) => {}
        Err(error) => {
            assert!(status == 400 && refused, "{status} {code} {message}, though {error}");
        }
    }
}

/// True for what `serde_json` cannot hold though it is JSON.
fn is_a_limit(error: &serde_json::Error) -> bool {
    let text = error.to_string();
    text.starts_with("number out of range") || text.starts_with("recursion limit exceeded")
}

/// Instants that are read are written so that they read the same.
pub fn datetime(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Some(ms) = time::parse_datetime(text) {
        assert_eq!(time::parse_datetime(&time::datetime_text(ms)), Some(ms));
    }
    if let Some(ms) = time::parse_rfc3339(text) {
        assert_eq!(time::parse_rfc3339(&time::datetime_z_text(ms)), Some(ms));
    }
    if let Some(days) = time::parse_date(text) {
        let (year, month, day) = time::ymd(days);
        assert_eq!(time::from_ymd(year, month, day), Some(days));
    }
    if let Some(ms) = time::parse_http_date(text) {
        let mut written = String::new();
        time::write_http_date(&mut written, ms);
        assert_eq!(time::parse_http_date(&written), Some(ms));
    }
    if let Some(millis) = time::parse_time(text) {
        assert!(millis < 86_400_000);
    }
    let _ = time::parse_duration(text);
    let _ = time::is_zone(text);
}

/// An org with a few related rows, and the id of its account. A new one for each input: what an
/// input did must not change what the next one does.
fn small_org() -> (Org, String) {
    let org = Org::builder().clock("2026-01-15T09:00:00Z").start().expect("an empty org");
    let account = create(&org, "Account", r#"{"Name":"Acme","NumberOfEmployees":12}"#);
    create(&org, "Account", r#"{"Name":"O'Hara","Industry":"Banking","AnnualRevenue":1e6}"#);
    create(&org, "Contact", &format!(r#"{{"LastName":"Adams","AccountId":"{account}"}}"#));
    let task = r#"{"Subject":"Call","ActivityDate":"2026-01-16","Status":"Not Started"}"#;
    create(&org, "Task", task);
    (org, account)
}

fn create(org: &Org, object: &str, body: &str) -> String {
    let target = format!("/services/data/v66.0/sobjects/{object}");
    let request = Request::new(Method::Post, &target).bearer(org.access_token());
    let response = org.call(request.json(body.to_owned()));
    let body = checked(response, &target).expect("a JSON body");
    body["id"].as_str().unwrap_or_else(|| panic!("{object}: {body}")).to_owned()
}

fn request(data: &[u8], org: &Org, account: &str) -> Option<Request> {
    let end = data.windows(2).position(|pair| pair == b"\n\n");
    let (head, body) = end.map_or((data, &[][..]), |end| (&data[..end], &data[end + 2..]));
    let fill = |text: &str| {
        let text = text.replace("{token}", org.access_token());
        text.replace("{account}", account).replace("{org}", &org.id())
    };
    let head = fill(std::str::from_utf8(head).ok()?);
    let mut lines = head.lines();
    let (method, target) = lines.next()?.split_once(' ')?;
    let mut request = Request::new(Method::parse(method)?, target);
    for line in lines {
        let (name, value) = line.split_once(':')?;
        request = request.header(name.trim(), value.trim());
    }
    let filled = std::str::from_utf8(body).ok().map(fill);
    Some(request.body(filled.map_or_else(|| body.to_vec(), String::into_bytes)))
}

/// What every answer owes: no server error but an honest 501, and JSON that parses. Gives the JSON.
fn checked(response: Response, what: &str) -> Option<Value> {
    let status = response.status;
    let unsupported = response.header("x-fauxforce-unsupported").is_some();
    let content_type = response.header("content-type").unwrap_or_default();
    let is_json = ["application/json", "application/scim+json"]
        .iter()
        .any(|own| content_type.starts_with(own));
    let is_xml = content_type.starts_with("text/xml");
    let body = response.into_bytes().expect("a body in memory");
    // SOAP says with 500 that the request is at fault.
    let fault = is_xml && body.windows(12).any(|text| text == b"</faultcode>");
    let honest = status < 500 || (status == 501 && unsupported) || (status == 500 && fault);
    assert!(honest, "{what}: {status}");
    if !is_json || body.is_empty() {
        return None;
    }
    let json = serde_json::from_slice(&body);
    Some(json.unwrap_or_else(|error| panic!("{what}: {status}: {error} in its JSON body")))
}
