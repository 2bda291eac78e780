//! Tests of PATCH.

use super::*;
use crate::api::doc_text::{parse, text};

fn patched(before: &str, operations: &str) -> Result<String, PatchFault> {
    let body = format!("{{\"Operations\":{operations}}}");
    let mut doc = parse(before.as_bytes()).expect("JSON");
    for operation in read(&parse(body.as_bytes()).expect("JSON"))? {
        apply(&mut doc, &operation, &|path: &AttrPath| path.name.as_deref() == Some("emails"))?;
    }
    Ok(text(&doc))
}

fn gives(before: &str, operations: &str, after: &str) {
    assert_eq!(patched(before, operations).as_deref(), Ok(after), "{operations}");
}

#[test]
fn add() {
    gives("{}", r#"[{"op":"add","path":"title","value":"x"}]"#, r#"{"title":"x"}"#);
    gives(
        "{}",
        r#"[{"op":"ADD","path":"name.givenName","value":"x"}]"#,
        r#"{"name":{"givenName":"x"}}"#,
    );
    gives(
        "{}",
        r#"[{"op":"add","path":"emails","value":{"value":"a"}}]"#,
        r#"{"emails":[{"value":"a"}]}"#,
    );
    gives(
        r#"{"emails":[{"value":"a","primary":true}]}"#,
        r#"[{"op":"add","path":"emails","value":[{"value":"b","primary":true}]}]"#,
        r#"{"emails":[{"value":"a","primary":false},{"value":"b","primary":true}]}"#,
    );
    gives(
        r#"{"emails":[{"value":"a"}]}"#,
        r#"[{"op":"add","path":"emails","value":[{"value":"a"}]}]"#,
        r#"{"emails":[{"value":"a"}]}"#,
    );
    gives(
        "{}",
        r#"[{"op":"add","value":{"title":"x","name.familyName":"y","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department":"d"}}]"#,
        r#"{"title":"x","name":{"familyName":"y"},"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"d"}}"#,
    );
    gives(
        "{}",
        r#"[{"op":"add","path":"emails[type eq \"work\"].value","value":"a"}]"#,
        r#"{"emails":[{"type":"work","value":"a"}]}"#,
    );
}

#[test]
fn replace() {
    let before = r#"{"name":{"givenName":"a","familyName":"b"},"emails":[{"type":"work","value":"a"},{"type":"home","value":"b"}]}"#;
    gives(
        before,
        r#"[{"op":"replace","path":"name","value":{"givenName":"x"}},{"op":"replace","path":"emails[type eq \"home\"].value","value":"y"}]"#,
        r#"{"name":{"givenName":"x","familyName":"b"},"emails":[{"type":"work","value":"a"},{"type":"home","value":"y"}]}"#,
    );
    gives(
        before,
        r#"[{"op":"replace","path":"emails","value":[{"value":"z"}]},{"op":"replace","path":"emails.type","value":"other"}]"#,
        r#"{"name":{"givenName":"a","familyName":"b"},"emails":[{"value":"z","type":"other"}]}"#,
    );
    gives(r#"{"title":"x"}"#, r#"[{"op":"replace","path":"title","value":null}]"#, "{}");
    let fault =
        patched(before, r#"[{"op":"replace","path":"emails[type eq \"x\"].value","value":1}]"#);
    assert_eq!(fault, Err(PatchFault::NoTarget));
}

#[test]
fn remove() {
    let before =
        r#"{"title":"x","emails":[{"type":"work","value":"a"},{"type":"home","value":"b"}]}"#;
    gives(
        before,
        r#"[{"op":"remove","path":"emails"},{"op":"remove","path":"nothing"}]"#,
        r#"{"title":"x"}"#,
    );
    gives(
        before,
        r#"[{"op":"remove","path":"emails[type eq \"work\"]"}]"#,
        r#"{"title":"x","emails":[{"type":"home","value":"b"}]}"#,
    );
    gives(
        before,
        r#"[{"op":"remove","path":"emails","value":[{"value":"a"}]},{"op":"remove","path":"emails[value eq \"b\"].type"}]"#,
        r#"{"title":"x","emails":[{"value":"b"}]}"#,
    );
    gives(
        before,
        r#"[{"op":"remove","path":"emails[value pr]"},{"op":"remove","path":"title"}]"#,
        "{}",
    );
}

#[test]
fn extensions() {
    let urn = "urn:ietf:params:scim:schemas:extension:spend:2.0:User";
    let before =
        format!(r#"{{"{urn}":{{"customData":[{{"id":"custom1","value":"a"}}],"country":"US"}}}}"#);
    gives(
        &before,
        &format!(
            r#"[{{"op":"replace","path":"{urn}:customData[id eq \"custom1\"].value","value":"b"}},{{"op":"remove","path":"{urn}:country"}}]"#
        ),
        &format!(r#"{{"{urn}":{{"customData":[{{"id":"custom1","value":"b"}}]}}}}"#),
    );
    gives(&before, &format!(r#"[{{"op":"remove","path":"{urn}"}}]"#), "{}");
    gives(
        "{}",
        &format!(r#"[{{"op":"add","path":"{urn}","value":{{"country":"DE"}}}}]"#),
        &format!(r#"{{"{urn}":{{"country":"DE"}}}}"#),
    );
}

#[test]
fn faults() {
    let fault = |operations: &str| patched("{}", operations).expect_err(operations);
    assert!(matches!(fault("{}"), PatchFault::Shape(_)));
    assert!(matches!(fault("[{}]"), PatchFault::Shape(_)));
    assert!(matches!(fault(r#"[{"op":"move"}]"#), PatchFault::Operation(_)));
    assert!(matches!(fault(r#"[{"op":"remove"}]"#), PatchFault::NoTarget));
    assert!(matches!(fault(r#"[{"op":"add","path":"title"}]"#), PatchFault::Value(_)));
    assert!(matches!(fault(r#"[{"op":"add","value":"x"}]"#), PatchFault::Value(_)));
    assert!(matches!(fault(r#"[{"op":"add","path":"a b","value":1}]"#), PatchFault::Path(_)));
    assert!(matches!(fault(r#"[{"op":"add","path":7,"value":1}]"#), PatchFault::Shape(_)));
}
