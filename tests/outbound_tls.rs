//! Targets over TLS: another org of the same server is one, over SCIM; what is not trusted is not
//! spoken to.
#![cfg(feature = "tls")]

mod provisioning;

use fauxforce::{Org, Server};
use provisioning::{app, create, named, query, settings, update, user};
use serde_json::{Value, json};
use std::path::PathBuf;

fn server(folder: &str) -> Server {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(folder);
    let server = Server::builder().clock("2026-01-15T09:00:00Z").ca_dir(folder).start();
    server.expect("a server")
}

/// An org whose users of a profile are provisioned into a SCIM service.
fn provisioned(org: &Org, url: &str, token: &str) {
    let target = json!({
        "adapter": "scim", "url": format!("{url}/services/scim/v2"),
        "authorization": format!("Bearer {token}"),
    });
    settings(org, &json!({"targets": {"fauxforce": target}}));
    let config = json!({
        "DeveloperName": "fauxforce", "MasterLabel": "fauxforce", "ConnectedAppId": app(org),
        "Enabled": true, "EnabledOperations": "Create,Update,EnableAndDisable",
        "OnUpdateAttributes": "Title",
    });
    create(org, "UserProvisioningConfig", &config);
    let profile = named(org, "Profile", "Standard User");
    let set = query(org, &format!("SELECT Id FROM PermissionSet WHERE ProfileId = '{profile}'"));
    let grant = json!({"ParentId": set[0]["Id"], "SetupEntityId": app(org)});
    create(org, "SetupEntityAccess", &grant);
}

fn logs(org: &Org) -> Vec<Value> {
    query(org, "SELECT Status, Details FROM UserProvisioningLog ORDER BY Name")
}

#[test]
fn one_org_provisions_into_another_over_tls() {
    let server = server("outbound-one");
    let source = server.org("default").expect("an org");
    let target = source.fork().expect("a fork");
    settings(&target, &json!({"scim": "rfc"}));
    let url = server.secure_url().expect("TLS");
    provisioned(&source, &url, target.access_token());
    let id = user(&source, "mia", "Standard User", &json!({"Title": "CFO"}));
    source.drain();
    assert_eq!(logs(&source)[0]["Status"], "201", "{:?}", logs(&source));
    let there = "SELECT Id, Title, IsActive FROM User WHERE Username = 'mia@example.com'";
    let found = query(&target, there);
    assert_eq!((&found[0]["Title"], &found[0]["IsActive"]), (&json!("CFO"), &json!(true)));
    let accounts = query(&source, "SELECT ExternalUserId FROM UserProvAccount");
    assert_eq!(accounts[0]["ExternalUserId"], found[0]["Id"]);
    update(&source, "User", &id, &json!({"Title": "CEO"}));
    source.drain();
    assert_eq!(logs(&source)[1]["Status"], "200", "{:?}", logs(&source));
    update(&source, "User", &id, &json!({"IsActive": false}));
    source.drain();
    let found = query(&target, there);
    assert_eq!((&found[0]["Title"], &found[0]["IsActive"]), (&json!("CEO"), &json!(false)));
    // As Salesforce itself answers SCIM, a user must have a profile.
    settings(&target, &json!({"scim": "salesforce"}));
    user(&source, "leo", "Standard User", &json!({}));
    source.drain();
    let last = logs(&source).pop().expect("a log");
    assert_eq!(last["Status"], "409");
    let details = last["Details"].as_str().expect("a text");
    assert!(
        details.contains("user_must_have_one_entitlement_which_must_be_a_profileid"),
        "{details}"
    );
}

#[test]
fn a_certificate_that_nobody_vouches_for_is_refused() {
    let (other, server) = (server("outbound-other"), server("outbound-two"));
    let org = server.org("default").expect("an org");
    provisioned(&org, &other.secure_url().expect("TLS"), "x");
    user(&org, "mia", "Standard User", &json!({}));
    org.drain();
    assert_eq!(logs(&org)[0]["Status"], "UNREACHABLE");
    let details = logs(&org)[0]["Details"].as_str().expect("a text").to_owned();
    assert!(details.contains("invalid peer certificate"), "{details}");
}
