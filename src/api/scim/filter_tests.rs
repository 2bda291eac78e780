//! Tests of filters.

use super::super::path::AttrPath;
use super::*;
use crate::store::Doc;
use proptest::prelude::*;

fn read(text: &str) -> Result<Filter, FilterFault> {
    parse(text, Dialect::Rfc)
}

fn person() -> Doc {
    let email = |kind: &str, value: &str| Doc::object().with("type", kind).with("value", value);
    Doc::object()
        .with("id", "005ff0000000001AAA")
        .with("userName", "BJensen")
        .with("title", "Tour Guide")
        .with("active", true)
        .with("age", 42i64)
        .with("name", Doc::object().with("familyName", "O'Malley"))
        .with("emails", vec![email("work", "b@acme.test"), email("home", "b@home.test")])
        .with("meta", Doc::object().with("lastModified", "2026-01-15T09:00:00Z"))
        .with(
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
            Doc::object().with("department", "Tours"),
        )
}

#[test]
fn the_examples_of_the_rfc() {
    for text in [
        r#"userName eq "bjensen""#,
        r#"USERNAME Eq "bjensen""#,
        r#"name.familyName co "O'Malley""#,
        r#"userName sw "J" or userName sw "b""#,
        r#"urn:ietf:params:scim:schemas:core:2.0:User:userName sw "B""#,
        "title pr",
        r#"meta.lastModified gt "2011-05-13T04:42:34Z""#,
        r#"meta.lastModified eq "2026-01-15T10:00:00+01:00""#,
        r#"meta.lastModified le "2026-01-15T09:00:00.000Z""#,
        "title pr and active eq true",
        r#"emails[type eq "work" and value co "@acme"]"#,
        r#"emails[type eq "home"] and not (emails.value ew "@x.test")"#,
        r#"emails co "home.test""#,
        r#"active eq true and (emails co "a.test" or emails.value co "acme")"#,
        r#"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department eq "tours""#,
        r#"id eq "005ff0000000001""#,
        "age gt 41 and age le 42 and age ne 41.5",
        "nickName eq null",
        "title ne null",
        "not (nickName pr)",
        r#"nickName ne "x""#,
    ] {
        let filter = read(text).unwrap_or_else(|fault| panic!("{text}: {fault:?}"));
        assert!(filter.matches(&person()), "{text}");
    }
    for text in [
        r#"userName eq "jensen""#,
        r#"emails[type eq "work" and value co "@home"]"#,
        r#"emails.type eq "work" and emails.value eq "x""#,
        "nickName pr",
        r#"active eq "x""#,
        "title eq null",
        r#"emails.value ne "b@acme.test""#,
        r#"age co "4""#,
        "active eq 1",
    ] {
        assert!(!read(text).expect(text).matches(&person()), "{text}");
    }
}

#[test]
fn and_binds_before_or_but_not_in_salesforce() {
    let text = r#"userName eq "bjensen" or userName eq "x" and title eq "y""#;
    assert!(parse(text, Dialect::Rfc).expect("a filter").matches(&person()));
    assert!(!parse(text, Dialect::Salesforce).expect("a filter").matches(&person()));
    let text = r#"userName eq "bjensen" or (userName eq "x" and title eq "y")"#;
    assert!(parse(text, Dialect::Salesforce).expect("a filter").matches(&person()));
    let text = r#"active eq "TRUE""#;
    assert!(parse(text, Dialect::Salesforce).expect("a filter").matches(&person()));
}

#[test]
fn faults() {
    use FilterFault as F;
    let named = |fault: fn(String) -> F, text: &str| fault(text.to_owned());
    for (text, fault) in [
        ("", F::End),
        ("userName", F::End),
        ("userName eq", F::End),
        ("userName eq \"x", F::End),
        ("userName is \"x\"", named(F::Operator, "is")),
        ("userName eq x", named(F::Unquoted, "x")),
        ("user name eq \"x\"", named(F::Operator, "name")),
        ("(userName pr", F::Brackets),
        ("userName pr)", F::Brackets),
        ("emails[type pr", F::Brackets),
        ("emails[type pr)", F::Brackets),
        ("userName pr title pr", named(F::Token, "title")),
        ("not userName pr", named(F::Operator, "userName")),
        ("\"x\" eq \"y\"", named(F::Attribute, "x")),
        ("9x eq \"y\"", named(F::Attribute, "9x")),
        ("userName pr and", F::End),
    ] {
        assert_eq!(read(text), Err(fault), "{text}");
    }
    let deep = [&"(".repeat(100), "title pr", &")".repeat(100)].concat();
    assert_eq!(read(&deep), Err(F::Brackets));
    let quoted = "emails[type eq \"work\"]";
    assert_eq!(parse(quoted, Dialect::Salesforce), Err(named(F::Operator, "[")));
    assert_eq!(parse("active eq true", Dialect::Salesforce), Err(named(F::Unquoted, "true")));
}

#[test]
fn what_all_matches_have() {
    let demands = |text: &str| {
        let filter = read(text).expect("a filter");
        filter.demands("userName").map(ToOwned::to_owned)
    };
    assert_eq!(demands(r#"title pr and userName eq "x""#).as_deref(), Some("x"));
    assert_eq!(demands(r#"title pr or userName eq "x""#), None);
    assert_eq!(demands(r#"not (userName eq "x")"#), None);
    assert_eq!(demands(r#"userName sw "x""#), None);
}

/// A filter's text.
fn print(filter: &Filter) -> String {
    match filter {
        Filter::And(left, right) => format!("({}) and ({})", print(left), print(right)),
        Filter::Or(left, right) => format!("({}) or ({})", print(left), print(right)),
        Filter::Not(inner) => format!("not ({})", print(inner)),
        Filter::Present(path) => format!("{} pr", path.text()),
        Filter::Compare(path, op, value) => {
            let (_, name) = Op::ALL.iter().find(|(own, _)| own == op).expect("an operator");
            format!("{} {name} {}", path.text(), crate::api::doc_text::text(value))
        }
        Filter::Items(path, inner) => format!("{}[{}]", path.text(), print(inner)),
    }
}

const NAMES: [&str; 3] = ["userName", "title", "nickName"];

fn leaf() -> impl Strategy<Value = Filter> {
    let path = prop::sample::select(&NAMES[..]).prop_map(AttrPath::core);
    let op = prop::sample::select(&Op::ALL[..]).prop_map(|(op, _)| op);
    prop_oneof![
        path.clone().prop_map(Filter::Present),
        (path, op, "[abA \"\\\\é]{0,3}").prop_map(|(path, op, text)| Filter::Compare(
            path,
            op,
            Doc::from(text)
        )),
    ]
}

fn any_filter() -> impl Strategy<Value = Filter> {
    leaf().prop_recursive(4, 24, 2, |inner| {
        let two = (inner.clone(), inner.clone());
        prop_oneof![
            two.clone().prop_map(|(l, r)| Filter::And(Box::new(l), Box::new(r))),
            two.prop_map(|(l, r)| Filter::Or(Box::new(l), Box::new(r))),
            inner.prop_map(|inner| Filter::Not(Box::new(inner))),
        ]
    })
}

/// What a filter says of three texts, in the plainest words.
fn naive(filter: &Filter, values: &[Option<String>; 3]) -> bool {
    let value = |path: &AttrPath| {
        let name = path.name.as_deref().expect("a name");
        let place = NAMES.iter().position(|own| *own == name).expect("a known name");
        values[place].as_ref().map(|text| text.to_lowercase())
    };
    match filter {
        Filter::And(left, right) => naive(left, values) && naive(right, values),
        Filter::Or(left, right) => naive(left, values) || naive(right, values),
        Filter::Not(inner) => !naive(inner, values),
        Filter::Present(path) => value(path).is_some(),
        Filter::Compare(path, op, Doc::Text(text)) => {
            let (own, text) = (value(path), text.to_lowercase());
            let text = text.as_str();
            match (op, own) {
                (Op::Ne, own) => own.as_deref() != Some(text),
                (_, None) => false,
                (Op::Eq, Some(own)) => own == text,
                (Op::Co, Some(own)) => own.contains(text),
                (Op::Sw, Some(own)) => own.starts_with(text),
                (Op::Ew, Some(own)) => own.ends_with(text),
                (Op::Gt, Some(own)) => own.as_str() > text,
                (Op::Ge, Some(own)) => own.as_str() >= text,
                (Op::Lt, Some(own)) => own.as_str() < text,
                (Op::Le, Some(own)) => own.as_str() <= text,
            }
        }
        other => panic!("not made here: {other:?}"),
    }
}

proptest! {
    #[test]
    fn a_printed_filter_reads_back(filter in any_filter()) {
        prop_assert_eq!(read(&print(&filter)), Ok(filter));
    }

    #[test]
    fn a_filter_says_what_it_says(
        filter in any_filter(),
        values in prop::array::uniform3(prop::option::of("[abA é]{1,3}")),
    ) {
        let mut doc = Doc::object();
        for (name, value) in NAMES.iter().zip(&values) {
            if let Some(value) = value {
                doc.set(name, value.as_str());
            }
        }
        let read = read(&print(&filter)).expect("a filter");
        prop_assert_eq!(read.matches(&doc), naive(&filter, &values));
    }

    #[test]
    fn any_text_is_read_or_refused(text in "[a-z(\\[\\])\" .:andort]{0,40}") {
        for dialect in [Dialect::Rfc, Dialect::Salesforce] {
            let _ = parse(&text, dialect);
        }
    }
}
