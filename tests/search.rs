//! Searches of a whole org: limits, forks, and any text at all.

use fauxforce::Org;
use fauxforce::api::{Method, Request};
use std::fmt::Write as _;

fn encoded(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        // As short as may be: a URI has at most 16,384 bytes.
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'*' | b'(' | b')' | b'?' => {
                out.push(byte.into());
            }
            b' ' => out.push('+'),
            _ => {
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
    out
}

fn call(org: &Org, request: Request) -> (u16, String) {
    let response = org.call(request.bearer(org.access_token()));
    let status = response.status;
    let body = response.into_bytes().expect("a body");
    (status, String::from_utf8(body.to_vec()).expect("UTF-8"))
}

fn search(org: &Org, text: &str) -> (u16, String) {
    let path = format!("/services/data/v66.0/search?q={}", encoded(text));
    call(org, Request::new(Method::Get, &path))
}

fn create(org: &Org, object: &str, json: &str) {
    let path = format!("/services/data/v66.0/sobjects/{object}");
    let (status, body) = call(org, Request::new(Method::Post, &path).json(json.to_owned()));
    assert_eq!(status, 201, "{body}");
}

/// How many records of an object a search finds.
fn count(org: &Org, text: &str, object: &str) -> usize {
    let (status, body) = search(org, text);
    assert_eq!(status, 200, "{text:.80}: {body:.400}");
    body.matches(&format!("\"type\":\"{object}\"")).count()
}

fn org() -> Org {
    Org::builder().clock("2026-01-15T09:00:00Z").start().expect("an org")
}

#[test]
fn results_are_limited_as_documented() {
    let org = org();
    for number in 0..260 {
        create(&org, "Account", &format!("{{\"Name\":\"Acme {number}\"}}"));
    }
    for number in 0..3 {
        create(&org, "Contact", &format!("{{\"LastName\":\"Acme {number}\"}}"));
    }
    let accounts = |text: &str| count(&org, text, "Account");
    // One object: 250, unless it is narrowed or ordered.
    assert_eq!(accounts("FIND {acme} RETURNING Account"), 250);
    assert_eq!(accounts("FIND {acme} RETURNING Account(Id LIMIT 255)"), 250);
    assert_eq!(accounts("FIND {acme} RETURNING Account(Id ORDER BY Name)"), 260);
    assert_eq!(accounts("FIND {acme} RETURNING Account(Id WHERE Name != 'x')"), 260);
    assert_eq!(accounts("FIND {acme} RETURNING Account(Id WHERE Name != 'x' LIMIT 255)"), 255);
    assert_eq!(accounts("FIND {acme} RETURNING Account(Id LIMIT 0)"), 0);
    // Several: each as many as there are to share, at most 250.
    assert_eq!(accounts("FIND {acme} RETURNING Account(Id ORDER BY Name), Contact"), 250);
    let ten = "FIND {acme} RETURNING Account, Contact, Lead, Case, Campaign, Opportunity, Task, \
               Event, User, Note";
    assert_eq!(accounts(ten), 200);
    // An overall limit is shared evenly; what one leaves goes to the others.
    assert_eq!(accounts("FIND {acme} RETURNING Account, Contact LIMIT 20"), 17);
    assert_eq!(count(&org, "FIND {acme} RETURNING Account, Contact LIMIT 20", "Contact"), 3);
    assert_eq!(accounts("FIND {acme} RETURNING Account, Contact LIMIT 2"), 1);
    let long = |length: usize| format!("FIND {{acme AND nothing{}}}", "x".repeat(length - 16));
    assert_eq!(accounts(&long(4_000)), 0);
    assert!(accounts(&long(4_001)) > 0);
    assert_eq!(accounts(&long(10_001)), 0);
}

#[test]
fn forks_search_their_own_records() {
    let org = org();
    create(&org, "Account", "{\"Name\":\"Shared\"}");
    let text = "FIND {shared OR forked OR original} RETURNING Account";
    assert_eq!(count(&org, text, "Account"), 1);
    let fork = org.fork().expect("a fork");
    create(&fork, "Account", "{\"Name\":\"Forked\"}");
    create(&org, "Account", "{\"Name\":\"Original\"}");
    create(&org, "Account", "{\"Name\":\"Original\"}");
    assert_eq!(count(&fork, text, "Account"), 2);
    assert_eq!(count(&org, text, "Account"), 3);
    org.reset();
    assert_eq!(count(&org, text, "Account"), 0);
    assert_eq!(count(&fork, text, "Account"), 2);
}

#[test]
fn any_text_is_answered() {
    let org = org();
    let wordy = "ab ".repeat(10_000);
    create(&org, "Account", &format!("{{\"Name\":\"ab\",\"Description\":\"{wordy}\"}}"));
    let terms = [
        "ab* ".repeat(900),
        "a?b* OR ".repeat(1_200) + "ab",
        format!("\"{}\"", "ab ".repeat(1_200)),
        format!("\"{}cd\"", "ab ".repeat(1_200)),
        "\"ab ab\" ".repeat(400),
        format!("{}ab{}", "(".repeat(150), ")".repeat(150)),
        "ab AND NOT ".repeat(300) + "ab",
        "ж".repeat(9_000),
        "東".repeat(9_000),
        "(".repeat(50_000),
        "ab ".repeat(40_000),
        "\u{0}\u{301}\u{202e}ab".to_owned(),
        "} RETURNING Account(Id".to_owned(),
        "\\".to_owned(),
        "\"".to_owned(),
    ];
    for term in terms {
        // In a body: longer than a URI may be.
        let body = serde_json::json!({ "q": term, "sobjects": [{ "name": "Account" }] });
        let path = "/services/data/v66.0/parameterizedSearch";
        let (status, body) = call(&org, Request::new(Method::Post, path).json(body.to_string()));
        assert!(status == 200 || status == 400, "{term:.40}: {status} {body:.400}");
    }
}
