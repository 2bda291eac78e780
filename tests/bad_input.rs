//! What is malformed is refused with the right 4xx, never with 5xx (but 501 for what is not emulated,
//! which says so), and leaves the org as it was.
#![cfg(feature = "cli")]

mod common;

use common::Answer;
use common::served::{Client, DATA, Served};
use serde_json::json;

/// A served org with a few rows, and a way to see that nothing in it changed.
struct Watched {
    _served: Served,
    client: Client,
    account: String,
    before: Vec<String>,
}

impl Watched {
    fn start() -> Watched {
        let served = Served::start();
        let mut client = served.client();
        let things = json!({"name": "Thing__c", "fields": [
            {"name": "Key__c", "type": "string", "length": 40, "externalId": true},
            {"name": "Number__c", "type": "double", "precision": 18, "scale": 2},
            {"name": "Whole__c", "type": "int", "digits": 9},
            {"name": "Area__c", "type": "textarea", "length": 32000},
            {"name": "Day__c", "type": "date"},
            {"name": "Instant__c", "type": "datetime"},
            {"name": "Flag__c", "type": "boolean"},
        ]});
        let answer = client.ask("POST", "/_fauxforce/orgs/default/objects", &things.to_string());
        assert_eq!(answer.status, 201, "{}", answer.text());
        let account = client.create("Account", r#"{"Name":"Acme"}"#);
        client.create("Contact", &format!(r#"{{"LastName":"Okafor","AccountId":"{account}"}}"#));
        client.create("Thing__c", r#"{"Key__c":"k"}"#);
        let mut watched = Watched { _served: served, client, account, before: Vec::new() };
        watched.before = watched.seen();
        watched
    }

    /// All counts and a full read of the rows.
    fn seen(&mut self) -> Vec<String> {
        let counts = self.client.ask("GET", "limits/recordCount", "");
        let mut seen = vec![counts.text().to_owned()];
        for object in ["Account", "Contact", "Thing__c"] {
            let query = format!("query?q=SELECT+FIELDS(ALL)+FROM+{object}+LIMIT+200");
            seen.push(self.client.ask("GET", &query, "").text().to_owned());
        }
        seen
    }

    /// Sends a request and asserts that it is refused in the right way.
    #[track_caller]
    fn refuses(&mut self, what: &str, expected: u16, ask: impl FnOnce(&mut Client) -> Answer) {
        let answer = ask(&mut self.client);
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        assert_eq!(answer.status, expected, "{what}: {text}");
        if expected == 501 {
            assert!(answer.header("x-fauxforce-unsupported").is_some(), "{what}");
        }
        if !answer.body.is_empty() {
            assert!(text.starts_with("[{"), "{what}: {text}");
            assert!(answer.json()[0]["errorCode"].is_string(), "{what}: {text}");
        }
        for (name, value) in &answer.headers {
            assert!(!value.chars().any(char::is_control), "{what}: {name}: {value:?}");
            assert!(value.len() <= 500, "{what}: {name} has {} bytes", value.len());
        }
    }

    /// Nothing of what was sent has changed the org.
    #[track_caller]
    fn unchanged(mut self) {
        let after = self.seen();
        assert_eq!(self.before, after);
    }
}

#[test]
fn paths() {
    let mut org = Watched::start();
    let account = org.account.clone();
    for (status, path) in [
        (404, format!("{DATA}/sobjects/%ff")),
        (404, format!("{DATA}/sobjects/Account%00")),
        (404, format!("{DATA}/sobjects/Account/%ff%fe")),
        (404, format!("{DATA}/sobjects/Account/{account}%00")),
        (404, format!("{DATA}/sobjects/Account/{account}/%c3")),
        (404, format!("{DATA}/sobjects/..%2f..%2fetc")),
        (404, format!("{DATA}/../../../etc/passwd")),
        (404, format!("{DATA}/sobjects/Account;x=1")),
        (404, format!("{DATA}/sobjects/__proto__")),
        (404, format!("{DATA}/sobjects/constructor/describe")),
        (404, format!("{DATA}/sobjects/Account/__proto__")),
        (404, format!("{DATA}/sobjects/Account/Account")),
        (404, format!("{DATA}/sobjects/Account/Name/x/y/z")),
        (404, format!("{DATA}/sobjects/Account/{account}/Contacts/x")),
        (404, format!("{DATA}/sobjects//Account")),
        (404, format!("{DATA}/%2e%2e/sobjects")),
        (404, format!("{DATA}/sobjects/{}", "x".repeat(4000))),
        (404, format!("{DATA}/sobjects/Account/{}", "0".repeat(4000))),
        (404, format!("{DATA}/sobjects/Thing__c/Key__c/%ff")),
        (404, format!("{DATA}/sobjects/Thing__c/Key__c/%00")),
        (404, format!("{DATA}/sobjects/Thing__c/Number__c/1e999")),
        (404, "/services/data/v99999999999999999999.0/sobjects".to_owned()),
        (404, "/services/data/v-1.0/sobjects".to_owned()),
        (404, "/services/data/v66.0.0/sobjects".to_owned()),
        (404, "/services/data/v%36%36.1/sobjects".to_owned()),
        (404, "/services/data/v66,0/sobjects".to_owned()),
        (404, "/services".to_owned()),
        (404, "/%".to_owned()),
        (404, "/%zz".to_owned()),
        (404, "/favicon.ico".to_owned()),
        (404, format!("{DATA}/query/%ff")),
        (400, format!("{DATA}/query/01gff0000000001AAA-99999999999999999999999")),
        (400, format!("{DATA}/query/01gff0000000001AAA--1")),
        (400, format!("{DATA}/query?q=%ff%fe%00")),
        (400, format!("{DATA}/query?q={}", "(".repeat(5000))),
        (400, format!("{DATA}/query?q=SELECT+Id+FROM+Account+WHERE+{}Name='x'", "(".repeat(3000))),
        (400, format!("{DATA}/sobjects/Account/{account}?fields=Name,,%00")),
        (400, format!("{DATA}/sobjects/Account/{account}?fields={}", "x".repeat(4000))),
        (400, format!("{DATA}/sobjects/Account/updated?start=%ff&end=%ff")),
        (400, format!("{DATA}/sobjects/Account/updated?start=9999999-01-01T00:00:00Z&end=x")),
        (414, format!("{DATA}/{}", "x".repeat(17_000))),
        (414, format!("{DATA}/query?q={}", "x".repeat(17_000))),
    ] {
        let shown = &path[..path.len().min(120)];
        org.refuses(shown, status, |client| client.ask("GET", &path, ""));
    }
    for path in [
        format!("{DATA}/sobjects/Thing__c/Key__c/%ff"),
        format!("{DATA}/sobjects/Thing__c/Key__c/a%00b%c3"),
        format!("{DATA}/sobjects/Thing__c/Number__c/NaN"),
        format!("{DATA}/sobjects/Thing__c/Number__c/{}", "9".repeat(400)),
        format!("{DATA}/sobjects/Thing__c/Id/{account}"),
        format!("{DATA}/sobjects/%ff/{account}"),
    ] {
        org.refuses(&path, 404, |client| client.ask("PATCH", &path, "{}"));
        org.refuses(&path, 404, |client| client.ask("DELETE", &path, ""));
    }
    org.unchanged();
}

#[test]
fn heads() {
    let mut org = Watched::start();
    let create = format!("{DATA}/sobjects/Account");
    let body = r#"{"Name":"x"}"#;
    for (status, name, value) in [
        (401, "Authorization", "Bearer"),
        (401, "Authorization", "Bearer \u{e9}"),
        (401, "Authorization", "Basic x"),
        (401, "Authorization", "Bearer 00Dff0000000001!' OR 1=1 --"),
        (401, "Authorization", ""),
        (404, "X-Fauxforce-Org", "../default"),
        (404, "X-Fauxforce-Org", "\u{e9}"),
        (400, "Content-Encoding", "gzip"),
        (400, "Content-Encoding", "deflate"),
        (400, "Content-Encoding", "br"),
        (400, "Content-Encoding", "gzip, gzip"),
        (415, "Content-Type", "application/x-www-form-urlencoded"),
        (415, "Content-Type", "text/html; charset=utf-8"),
        (415, "Content-Type", "multipart/form-data; boundary="),
        (415, "Content-Type", "\u{e9}"),
        (431, "X-Big", &"x".repeat(17_000)),
    ] {
        let shown = format!("{name}: {}", &value[..value.len().min(40)]);
        org.refuses(&shown, status, |client| {
            let bearer = format!("Bearer {}", client.token);
            let mut headers = vec![(name, value)];
            for (own, usual) in
                [("Authorization", bearer.as_str()), ("Content-Type", "application/json")]
            {
                if name != own {
                    headers.push((own, usual));
                }
            }
            let answer = client.send("POST", &create, &headers, body.as_bytes());
            client.reconnect();
            answer
        });
    }
    let account = org.account.clone();
    for (name, value) in [
        ("If-Match", "nonsense"),
        ("If-Unmodified-Since", "yesterday"),
        ("If-Unmodified-Since", "Thu, 01 Jan 1970 00:00:00 GMT"),
        ("If-Modified-Since", "\u{e9}"),
    ] {
        let answer = org.client.ask_with(
            "PATCH",
            &format!("sobjects/Account/{account}"),
            &[(name, value)],
            r#"{"Name":"changed"}"#,
        );
        assert!(matches!(answer.status, 400 | 412), "{name}: {value}: {}", answer.status);
    }
    // What is not understood there is as good as not sent.
    for (name, value) in [
        ("Sforce-Query-Options", "batchSize=-1"),
        ("Sforce-Query-Options", "batchSize=99999999999999999999"),
        ("Sforce-Call-Options", "=;=;,,"),
        ("Sforce-Mru", "x"),
        ("X-PrettyPrint", "\u{e9}"),
        ("Accept", "nonsense"),
        ("If-Modified-Since", "yesterday"),
    ] {
        let answer =
            org.client.ask_with("GET", "query?q=SELECT+Id+FROM+Account", &[(name, value)], "");
        assert_eq!(answer.status, 200, "{name}: {value}: {}", answer.text());
    }
    org.unchanged();
}

#[test]
fn json() {
    let mut org = Watched::start();
    let deep = |open: &str, close: &str, times: usize| {
        format!(r#"{{"Name":{}1{}}}"#, open.repeat(times), close.repeat(times))
    };
    let digits = "9".repeat(400);
    let mut bodies: Vec<(String, Vec<u8>)> = [
        "",
        " ",
        "{",
        "}",
        "[",
        "]",
        "\"",
        "{}}",
        "{]",
        "[}",
        "nul",
        "truE",
        "undefined",
        "NaN",
        "-",
        "0x1",
        "01",
        "1.",
        ".5",
        "1e",
        "'x'",
        "{a:1}",
        "{'a':1}",
        r#"{"a"}"#,
        r#"{"a":}"#,
        r#"{"a":1,}"#,
        r#"{,"a":1}"#,
        r#"{"a" 1}"#,
        r#"{"a":1 "b":2}"#,
        "[]",
        "[1]",
        "1",
        "true",
        "null",
        r#""text""#,
        "{\"Name\":\"a\nb\"}",
        "{\"Name\":\"a\tb\"}",
        r#"{"Name":"\x41"}"#,
        r#"{"Name":"\u12"}"#,
        r#"{"Name":"\ud800"}"#,
        r#"{"Name":"\udc00"}"#,
        r#"{"Name":"\ud800\u0041"}"#,
        r#"{"Name":"\ud83d\ud83d"}"#,
        r#"{"Na\ud800me":"x"}"#,
        "{\"Name\":\"x\"}{}",
        "{\"Name\":\"x\"} trailing",
        "/* c */ {\"Name\":\"x\"}",
        "<Account><Name>x</Name></Account>",
        "Name=x",
        "--b\r\n",
    ]
    .iter()
    .map(|body| ((*body).to_owned(), body.as_bytes().to_vec()))
    .collect();
    for bytes in [
        &b"\xff"[..],
        b"{\"Name\":\"\xff\"}",
        b"{\"Name\":\"\xc3\"}",
        b"{\"Name\":\"\xed\xa0\x80\"}",
        b"{\"Name\":\"\xf5\x80\x80\x80\"}",
        b"{\"Name\":\"\xc0\xaf\"}",
        b"{\"N\xe9me\":\"x\"}",
        b"\xff\xfe{\x00}\x00",
        b"\x00",
        b"{\"Name\":\"a\x00b\"}",
        b"{\x00}",
        b"\x1f\x8b\x08\x00",
    ] {
        bodies.push((format!("{bytes:?}"), bytes.to_vec()));
    }
    for times in [100, 127, 128, 129, 1000, 100_000] {
        bodies.push((format!("{times} lists"), deep("[", "]", times).into_bytes()));
        bodies.push((format!("{times} objects"), deep("{\"a\":", "}", times).into_bytes()));
        bodies.push((format!("{times} open lists"), "[".repeat(times).into_bytes()));
        bodies.push((format!("{times} open objects"), "{\"a\":".repeat(times).into_bytes()));
    }
    for value in [
        r#"{"Name":"x","NumberOfEmployees":1e999}"#.to_owned(),
        format!(r#"{{"Name":"x","NumberOfEmployees":{digits}}}"#),
        format!(r#"{{"Name":"x","AnnualRevenue":{digits}}}"#),
        format!(r#"{{"Name":"x","AnnualRevenue":-{digits}}}"#),
        r#"{"Name":"x","AnnualRevenue":1e400}"#.to_owned(),
        r#"{"Name":"x","AnnualRevenue":"Infinity"}"#.to_owned(),
        r#"{"Name":"x","AnnualRevenue":"0x10"}"#.to_owned(),
        r#"{"Name":"x","NumberOfEmployees":1.5}"#.to_owned(),
        r#"{"Name":"x","NumberOfEmployees":true}"#.to_owned(),
        r#"{"Name":["x"]}"#.to_owned(),
        r#"{"Name":{"x":1}}"#.to_owned(),
        r#"{"Name":"x","__proto__":{"a":1}}"#.to_owned(),
        r#"{"Name":"x","constructor":1}"#.to_owned(),
        r#"{"Name":"x","":1}"#.to_owned(),
        r#"{"Name":"x","\u0000":1}"#.to_owned(),
        r#"{"Name":"x","Name.x":1}"#.to_owned(),
        r#"{"Name":"x","Id":"001ff0000000001AAA"}"#.to_owned(),
        r#"{"Name":"x","OwnerId":"nobody"}"#.to_owned(),
        r#"{"Name":"x","OwnerId":"005ff0000000099AAA"}"#.to_owned(),
        r#"{"Name":"x","ParentId":"\u0000"}"#.to_owned(),
        r#"{"Name":"x","Owner":{"Nonsense__c":"x"}}"#.to_owned(),
        r#"{"Name":"x","Owner":{}}"#.to_owned(),
        r#"{"Name":"x","Owner":{"Username":"a","Id":"b"}}"#.to_owned(),
        r#"{"Name":"x","Owner":[1]}"#.to_owned(),
        r#"{"Name":"x","Owner":"x"}"#.to_owned(),
        format!(r#"{{"Name":"{}"}}"#, "x".repeat(256)),
        format!(r#"{{"Name":"x","{}":1}}"#, "x".repeat(100_000)),
        r#"{"Name":""}"#.to_owned(),
        r#"{"Name":null}"#.to_owned(),
        r#"{"Name":"x","name":""}"#.to_owned(),
    ] {
        bodies.push((value[..value.len().min(80)].to_owned(), value.into_bytes()));
    }
    let account = org.account.clone();
    for (what, body) in bodies {
        for (method, path) in [
            ("POST", "sobjects/Account".to_owned()),
            ("PATCH", format!("sobjects/Account/{account}")),
        ] {
            let what = format!("{method} {what}");
            org.refuses(&what, 400, |client| {
                let bearer = format!("Bearer {}", client.token);
                let headers =
                    [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
                client.send(method, &format!("{DATA}/{path}"), &headers, &body)
            });
        }
    }
    org.unchanged();
}

#[test]
fn values_that_come_back_in_headers_and_messages() {
    let mut org = Watched::start();
    let account = org.account.clone();
    for (what, body) in [
        ("a line break", json!({"LastName": "x", "Email": "a\r\nSet-Cookie: x=1"})),
        ("a NUL", json!({"LastName": "x", "Email": "a\u{0}b"})),
        ("an escape", json!({"LastName": "x", "Email": "\u{1b}[2J"})),
        ("a right-to-left mark", json!({"LastName": "x", "Email": "\u{202e}x"})),
        ("a name", json!({"LastName": "x", "Bad\r\nX-Evil: 1": 1})),
        ("a long one", json!({"LastName": "x", "Email": "x".repeat(20_000)})),
    ] {
        org.refuses(what, 400, |client| client.ask("POST", "sobjects/Contact", &body.to_string()));
    }
    for path in ["%0d%0aX-Evil:%201", "%00", "%1b%5b2J", "%e2%80%ae"] {
        let target = format!("sobjects/Account/{path}");
        org.refuses(path, 404, |client| client.ask("GET", &target, ""));
        let target = format!("sobjects/Account/{account}/{path}");
        org.refuses(path, 404, |client| client.ask("GET", &target, ""));
        let target = format!("sobjects/{path}");
        org.refuses(path, 404, |client| client.ask("GET", &target, ""));
        let target = format!("{path}/x");
        org.refuses(path, 404, |client| client.ask("GET", &target, ""));
    }
    org.unchanged();
}

#[test]
fn what_is_odd_but_right_is_taken() {
    let served = Served::start();
    let mut client = served.client();
    // The last of equal keys counts, whatever their letter case.
    let id = client.create("Account", r#"{"Name":"first","name":"second","NAME":"third"}"#);
    assert_eq!(client.row("Account", &id)["Name"], "third");
    // Blanks and line ends around everything.
    let id = client.create("Account", " \r\n\t{ \"Name\"\n:\t\"x\" ,\r\"Site\" : null } \n");
    assert_eq!(client.row("Account", &id)["Name"], "x");
    // Escaped names, and characters beyond the first plane.
    let id = client.create("Account", r#"{"\u004eame":"\ud83d\ude00 \u00e9 \/"}"#);
    assert_eq!(client.row("Account", &id)["Name"], "😀 é /");
    // A body of many members, nearly all of them unknown, is refused; of known ones it is taken.
    let many: Vec<String> = (0..2000).map(|_| r#""Site":"x""#.to_owned()).collect();
    client.create("Account", &format!(r#"{{"Name":"x",{}}}"#, many.join(",")));
    // As long as a text area may be.
    let long = "é".repeat(32_000);
    let id = client.create("Account", &json!({"Name": "x", "Description": long}).to_string());
    assert_eq!(client.row("Account", &id)["Description"], long.as_str());
}

#[test]
fn composites() {
    let mut org = Watched::start();
    let deep = format!("{}1{}", "{\"a\":".repeat(50_000), "}".repeat(50_000));
    let lists = format!("{}1{}", "[".repeat(50_000), "]".repeat(50_000));
    let sub = |url: &str, body: &str| {
        format!(
            r#"{{"compositeRequest":[{{"method":"POST","url":{},"referenceId":"a","body":{body}}}]}}"#,
            json!(url)
        )
    };
    let account = format!("{DATA}/sobjects/Account");
    for (path, body) in [
        ("composite", deep.clone()),
        ("composite", lists.clone()),
        ("composite", r#"{"compositeRequest":{}}"#.to_owned()),
        ("composite", r#"{"compositeRequest":[1]}"#.to_owned()),
        ("composite", r#"{"compositeRequest":[{"method":"POST"}]}"#.to_owned()),
        ("composite/batch", deep.clone()),
        ("composite/batch", r#"{"batchRequests":"x"}"#.to_owned()),
        ("composite/tree/Account", deep.clone()),
        ("composite/tree/Account", r#"{"records":[{"attributes":7}]}"#.to_owned()),
        ("composite/sobjects", deep.clone()),
        ("composite/sobjects", r#"{"records":[{"attributes":{"type":7}}]}"#.to_owned()),
        ("composite/sobjects", r#"{"records":"\ud800"}"#.to_owned()),
        ("composite/graph", deep.clone()),
    ] {
        let what = format!("{path} {}", &body[..body.len().min(60)]);
        org.refuses(&what, 400, |client| client.ask("POST", path, &body));
    }
    // Inside, each refused by itself.
    for (url, body) in [
        (account.as_str(), deep.as_str()),
        (account.as_str(), lists.as_str()),
        (account.as_str(), r#"{"Name":"@{b.id}"}"#),
        ("/services/data/v66.0/composite", r#"{"compositeRequest":[]}"#),
        ("//services/data/v66.0/%ff", "{}"),
        ("http://example.com/", "{}"),
        ("\u{0}", "{}"),
    ] {
        let body = sub(url, body);
        let answer = org.client.ask("POST", "composite", &body);
        let shown = &body[..body.len().min(120)];
        assert!(matches!(answer.status, 200 | 400), "{shown}: {}", answer.status);
        if answer.status == 200 {
            let status = answer.json()["compositeResponse"][0]["httpStatusCode"].clone();
            assert!((400..500).contains(&status.as_i64().expect("a status")), "{shown}: {status}");
        }
    }
    org.unchanged();
}

#[test]
fn oversize_bodies() {
    let mut org = Watched::start();
    let long = format!(r#"{{"Name":"x","Description":"{}"}}"#, "x".repeat(3_000_000));
    org.refuses("3 MB of text", 400, |client| client.ask("POST", "sobjects/Account", &long));
    // More than any request may have: refused before it is read.
    org.refuses("a body said to be 1 TB", 413, |client| {
        let head = format!(
            "POST {DATA}/sobjects/Account HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n\
             Content-Type: application/json\r\nContent-Length: 1099511627776\r\n\r\n",
            client.token
        );
        let answer = client.raw("POST", head.as_bytes(), b"{");
        client.reconnect();
        answer
    });
    org.unchanged();
}
