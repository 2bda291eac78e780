//! SCIM on the org's User records: lists say what their filters say, writes keep the org's rules and
//! leave nothing of what fails, forks keep their own users.

use fauxforce::Org;
use fauxforce::api::{Method, Request};
use proptest::prelude::*;
use serde_json::{Value, json};

fn call(org: &Org, method: Method, path: &str, body: Option<&Value>) -> (u16, Value) {
    let mut request = Request::new(method, path).bearer(org.access_token());
    if let Some(body) = body {
        request = request.json(body.to_string());
    }
    let response = org.call(request);
    let status = response.status;
    let bytes = response.into_bytes().expect("a body");
    (status, serde_json::from_slice(&bytes).unwrap_or_default())
}

fn rfc() -> Org {
    let org = Org::builder().clock("2026-01-15T09:00:00Z").start().expect("an org");
    let path = "/_fauxforce/orgs/default/settings";
    assert_eq!(call(&org, Method::Put, path, Some(&json!({"scim": "rfc"}))).0, 200);
    org
}

fn encoded(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

/// All pages of a list.
fn list(org: &Org, filter: &str, page: usize) -> Vec<String> {
    let mut ids = Vec::new();
    loop {
        let path = format!(
            "/services/scim/v2/Users?attributes=id&filter={}&startIndex={}&count={page}",
            encoded(filter),
            ids.len() + 1
        );
        let (status, body) = call(org, Method::Get, &path, None);
        assert_eq!(status, 200, "{filter}: {body}");
        let rows = body["Resources"].as_array().expect("a list");
        ids.extend(rows.iter().map(|row| row["id"].as_str().expect("an id").to_owned()));
        let total = body["totalResults"].as_u64().expect("a number");
        if rows.is_empty() || ids.len() as u64 >= total {
            assert_eq!(ids.len() as u64, total, "{filter}");
            return ids;
        }
    }
}

/// A filter as text, and what it says of a user as JSON.
#[derive(Clone, Debug)]
enum Said {
    Text(&'static str, &'static str, String),
    Active(bool),
    Present(&'static str),
    Email(String),
    And(Box<Said>, Box<Said>),
    Or(Box<Said>, Box<Said>),
    Not(Box<Said>),
}

/// Attributes and where JSON has them.
const TEXTS: [(&str, &str); 5] = [
    ("userName", "/userName"),
    ("externalId", "/externalId"),
    ("title", "/title"),
    ("name.familyName", "/name/familyName"),
    (
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department",
        "/urn:ietf:params:scim:schemas:extension:enterprise:2.0:User/department",
    ),
];

impl Said {
    fn print(&self) -> String {
        match self {
            Said::Text(name, op, text) => format!("{name} {op} {}", json!(text)),
            Said::Active(flag) => format!("active eq {flag}"),
            Said::Present(name) => format!("{name} pr"),
            Said::Email(text) => format!("emails[type eq \"work\" and value co {}]", json!(text)),
            Said::And(left, right) => format!("({}) and ({})", left.print(), right.print()),
            Said::Or(left, right) => format!("({}) or ({})", left.print(), right.print()),
            Said::Not(inner) => format!("not ({})", inner.print()),
        }
    }

    fn holds(&self, user: &Value) -> bool {
        let text = |name: &str| {
            let (_, pointer) = TEXTS.iter().find(|(own, _)| *own == name).expect("known");
            user.pointer(pointer).and_then(Value::as_str)
        };
        match self {
            Said::Text(name, op, wanted) => {
                // An external id counts letter case.
                let folded = |text: &str| {
                    if *name == "externalId" { text.to_owned() } else { text.to_lowercase() }
                };
                let (own, wanted) = (text(name).map(folded), folded(wanted));
                match (*op, own) {
                    ("ne", own) => own != Some(wanted),
                    (_, None) => false,
                    ("eq", Some(own)) => own == wanted,
                    ("co", Some(own)) => own.contains(&wanted),
                    ("sw", Some(own)) => own.starts_with(&wanted),
                    ("ew", Some(own)) => own.ends_with(&wanted),
                    ("gt", Some(own)) => own > wanted,
                    (_, Some(own)) => own <= wanted,
                }
            }
            Said::Active(flag) => user["active"] == *flag,
            Said::Present(name) => text(name).is_some(),
            Said::Email(wanted) => user["emails"].as_array().is_some_and(|all| {
                all.iter().any(|one| {
                    one["value"]
                        .as_str()
                        .is_some_and(|own| own.to_lowercase().contains(&wanted.to_lowercase()))
                })
            }),
            Said::And(left, right) => left.holds(user) && right.holds(user),
            Said::Or(left, right) => left.holds(user) || right.holds(user),
            Said::Not(inner) => !inner.holds(user),
        }
    }
}

fn said() -> impl Strategy<Value = Said> {
    let name = prop::sample::select(&TEXTS[..]).prop_map(|(name, _)| name);
    let op = prop::sample::select(&["eq", "ne", "co", "sw", "ew", "gt", "le"][..]);
    let text = prop_oneof!["u[0-9]", "U[0-9]", "(Buyer|buyer|clerk)", "[a-zA-Z]", "x-[0-9]", "X-1"];
    let leaf = prop_oneof![
        4 => (name.clone(), op, text.clone()).prop_map(|(name, op, text)| Said::Text(name, op, text)),
        1 => any::<bool>().prop_map(Said::Active),
        1 => name.prop_map(Said::Present),
        1 => text.prop_map(Said::Email),
    ];
    leaf.prop_recursive(3, 12, 2, |inner| {
        let two = (inner.clone(), inner.clone());
        prop_oneof![
            two.clone().prop_map(|(l, r)| Said::And(Box::new(l), Box::new(r))),
            two.prop_map(|(l, r)| Said::Or(Box::new(l), Box::new(r))),
            inner.prop_map(|inner| Said::Not(Box::new(inner))),
        ]
    })
}

fn crowd() -> Org {
    let org = rfc();
    for number in 0..10 {
        let mut user = json!({
            "userName": format!("{}{number}", if number % 2 == 0 { "u" } else { "U" }),
            "name": {"familyName": format!("Fam{}", number % 3)},
            "active": number % 4 != 0,
        });
        if number % 3 == 0 {
            user["title"] = json!(if number % 2 == 0 { "Buyer" } else { "clerk" });
        }
        if number % 2 == 0 {
            user["externalId"] = json!(format!("x-{number}"));
            user["emails"] = json!([{"value": format!("u{number}@acme.test"), "type": "work"}]);
        }
        if number > 6 {
            user["urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"] =
                json!({"department": "Buyers"});
        }
        let (status, body) = call(&org, Method::Post, "/services/scim/v2/Users", Some(&user));
        assert_eq!(status, 201, "{body}");
    }
    org
}

#[test]
fn a_list_is_what_its_filter_says_of_each_user() {
    let org = crowd();
    let (_, all) = call(&org, Method::Get, "/services/scim/v2/Users", None);
    let all = all["Resources"].as_array().expect("a list").clone();
    assert_eq!(all.len(), 11);
    proptest!(ProptestConfig::with_cases(300), |(said in said(), page in 1usize..12)| {
        let expected: Vec<&str> = all
            .iter()
            .filter(|user| said.holds(user))
            .map(|user| user["id"].as_str().expect("an id"))
            .collect();
        prop_assert_eq!(list(&org, &said.print(), page), expected, "{}", said.print());
    });
}

#[test]
fn what_fails_leaves_nothing() {
    let org = rfc();
    let group = json!({"displayName": "G", "members": [{"value": "005ff0000000099AAA"}]});
    let (status, _) = call(&org, Method::Post, "/services/scim/v2/Groups", Some(&group));
    assert_eq!(status, 400);
    let (_, body) = call(&org, Method::Get, "/services/scim/v2/Groups", None);
    assert_eq!(body["totalResults"], 0);
    let user = json!({"userName": "mia", "entitlements": [{"value": "0PS000000000099"}]});
    let (status, _) = call(&org, Method::Post, "/services/scim/v2/Users", Some(&user));
    assert_eq!(status, 400);
    let (_, body) = call(&org, Method::Get, "/services/scim/v2/Users", None);
    assert_eq!(body["totalResults"], 1);
}

#[test]
fn a_version_that_was_read_guards_a_write() {
    let org = rfc();
    let user = json!({"userName": "mia"});
    let (_, made) = call(&org, Method::Post, "/services/scim/v2/Users", Some(&user));
    let path = format!("/services/scim/v2/Users/{}", made["id"].as_str().expect("an id"));
    let version = made["meta"]["version"].as_str().expect("a version");
    let patch = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [{"op": "replace", "path": "title", "value": "x"}]});
    let write = || {
        let request = Request::new(Method::Patch, &path)
            .bearer(org.access_token())
            .header("If-Match", version)
            .json(patch.to_string());
        org.call(request).status
    };
    assert_eq!(write(), 200);
    assert_eq!(write(), 412, "the title has changed since");
    // Becoming a member of a group changes what is shown of a user, too.
    let (_, before) = call(&org, Method::Get, &path, None);
    let group = json!({"displayName": "G", "members": [{"value": made["id"]}]});
    call(&org, Method::Post, "/services/scim/v2/Groups", Some(&group));
    let (_, after) = call(&org, Method::Get, &path, None);
    assert_ne!(before["meta"]["version"], after["meta"]["version"]);
}

#[test]
fn a_new_password_opens_the_org() {
    let org = rfc();
    let user = json!({"userName": "mia@acme.test", "password": "corr3ct horse"});
    let (status, made) = call(&org, Method::Post, "/services/scim/v2/Users", Some(&user));
    assert_eq!((status, made.get("password")), (201, None));
    let form = format!(
        "grant_type=password&username=mia@acme.test&password=corr3ct+horse&client_id={}&client_secret={}",
        org.client_id(),
        org.client_secret()
    );
    let request = Request::new(Method::Post, "/services/oauth2/token")
        .header("Content-Type", "application/x-www-form-urlencoded")
        .body(form);
    assert_eq!(org.call(request).status, 200);
}

#[test]
fn external_users_get_a_contact() {
    let org = Org::builder().clock("2026-01-15T09:00:00Z").start().expect("an org");
    let query = "SELECT+Id+FROM+Profile+WHERE+Name='Customer+Community+Plus+User'";
    let path = format!("/services/data/v66.0/query?q={query}");
    let (_, found) = call(&org, Method::Get, &path, None);
    let user = json!({
        "userName": "cora@customer.test", "name": {"familyName": "Cora"},
        "emails": [{"value": "cora@customer.test"}],
        "entitlements": [{"value": found["records"][0]["Id"]}],
    });
    let (status, made) = call(&org, Method::Post, "/services/scim/v2/Users", Some(&user));
    assert_eq!(status, 201, "{made}");
    let contact = &made["urn:salesforce:schemas:extension:external:1.0"]["contactId"];
    let path =
        format!("/services/data/v66.0/sobjects/Contact/{}", contact.as_str().expect("an id"));
    let (_, contact) = call(&org, Method::Get, &path, None);
    assert_eq!(contact["LastName"], "Cora");
    let path = format!(
        "/services/data/v66.0/sobjects/Account/{}",
        contact["AccountId"].as_str().expect("an id")
    );
    let (_, account) = call(&org, Method::Get, &path, None);
    assert_eq!(account["Name"], "cora@customer.testJITUserAccount");
}
