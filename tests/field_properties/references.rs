//! What holds of references, and what deleting their targets does.

use super::{
    create, delete, employee, faults, org, patch, post, refused, request, update, user, with,
};
use serde_json::json;

#[test]
fn reference_to() {
    let (_served, mut client) = org();
    let account = create(&mut client, "Account", &json!({"Name": "x"}));
    let body = |id: &str| json!({"LastName": "x", "AccountId": id});
    let contact = create(&mut client, "Contact", &body(&account[..15]));
    assert_eq!(client.row("Contact", &contact)["AccountId"], account.as_str());
    // Of the wrong object, and no id at all.
    for bad in [contact.as_str(), "Acme", "001ff0000000001AAB"] {
        let message =
            format!(r#"MALFORMED_ID ["AccountId"] Account ID: id value of incorrect type: {bad}"#);
        refused(&post(&mut client, "Contact", &body(bad)), &[&message]);
    }
    // Never existed.
    refused(
        &post(&mut client, "Contact", &body("001ff0000000009AAA")),
        &["INVALID_CROSS_REFERENCE_KEY [] invalid cross reference id"],
    );
    // Deleted.
    let gone = create(&mut client, "Account", &json!({"Name": "y"}));
    delete(&mut client, "Account", &gone);
    refused(
        &patch(&mut client, "Contact", &contact, &json!({"AccountId": gone})),
        &["ENTITY_IS_DELETED [] entity is deleted"],
    );
    update(&mut client, "Contact", &contact, &json!({"AccountId": null}));
    assert_eq!(client.row("Contact", &contact)["AccountId"], json!(null));
}

#[test]
fn polymorphic_foreign_key() {
    let (_served, mut client) = org();
    let ann = create(&mut client, "User", &user("ann"));
    let queue = create(&mut client, "Group", &json!({"Name": "Queue", "Type": "Queue"}));
    let object = "UserProvisioningRequest";
    for (owner, kind) in [(&ann, "User"), (&queue, "Group")] {
        let id = create(&mut client, object, &with(request(), &json!({"OwnerId": owner})));
        assert_eq!(client.row(object, &id)["OwnerId"], owner.as_str());
        let owner = client.get(&format!("sobjects/{object}/{id}/Owner"));
        assert_eq!(owner["attributes"]["type"], kind);
    }
    let account = create(&mut client, "Account", &json!({"Name": "x"}));
    let message =
        format!(r#"MALFORMED_ID ["OwnerId"] Owner ID: id value of incorrect type: {account}"#);
    refused(
        &post(&mut client, object, &with(request(), &json!({"OwnerId": account}))),
        &[&message],
    );
}

#[test]
fn cascade_delete() {
    let (_served, mut client) = org();
    let process = create(&mut client, "EmpUserProvisioningProcess", &json!({}));
    let other = create(&mut client, "EmpUserProvisioningProcess", &json!({}));
    for id in [&process, &process, &other] {
        create(&mut client, "EmpUserProvisionProcessErr", &json!({"ProvisioningProcessId": id}));
    }
    delete(&mut client, "EmpUserProvisioningProcess", &process);
    assert_eq!(client.count("EmpUserProvisionProcessErr"), 1);
    // Over two levels: an account takes its contacts along, a contact its employees.
    let account = create(&mut client, "Account", &json!({"Name": "x"}));
    let contact = create(&mut client, "Contact", &json!({"LastName": "x", "AccountId": account}));
    let employee = create(&mut client, "Employee2", &employee(&contact, "E-1"));
    delete(&mut client, "Account", &account);
    for (object, id) in [("Contact", &contact), ("Employee2", &employee)] {
        let answer = client.ask("DELETE", &format!("sobjects/{object}/{id}"), "");
        assert!(faults(&answer)[0].starts_with("ENTITY_IS_DELETED"), "{object}");
    }
}

#[test]
fn restricted_delete() {
    let (_served, mut client) = org();
    let account = create(&mut client, "Account", &json!({"Name": "Acme"}));
    let contact = create(&mut client, "Contact", &json!({"LastName": "x", "AccountId": account}));
    let case = create(&mut client, "Case", &json!({"AccountId": account}));
    let answer = client.ask("DELETE", &format!("sobjects/Account/{account}"), "");
    refused(
        &answer,
        &["DELETE_FAILED [] Your attempt to delete Acme could not be completed because it is \
           associated with the following cases.: 00000001\n"],
    );
    // Nothing of a delete that fails is done.
    assert_eq!(client.row("Contact", &contact)["AccountId"], account.as_str());
    delete(&mut client, "Case", &case);
    delete(&mut client, "Account", &account);
    assert_eq!(client.count("Contact"), 0);
}

#[test]
fn lookups_are_emptied_when_their_target_goes() {
    let (_served, mut client) = org();
    let object = "UserProvisioningRequest";
    let parent = create(&mut client, object, &request());
    let child = create(&mut client, object, &with(request(), &json!({"ParentId": parent})));
    delete(&mut client, object, &parent);
    assert_eq!(client.row(object, &child)["ParentId"], json!(null));
}

#[test]
fn set_once() {
    let (_served, mut client) = org();
    let contact = create(&mut client, "Contact", &json!({"LastName": "x"}));
    let [ann, bob] = ["ann", "bob"].map(|name| create(&mut client, "User", &user(name)));
    let id = create(&mut client, "Employee2", &employee(&contact, "E-1"));
    // Null until it is set; then it stays, and may be sent again.
    update(&mut client, "Employee2", &id, &json!({"UserId": null}));
    update(&mut client, "Employee2", &id, &json!({"UserId": ann}));
    update(&mut client, "Employee2", &id, &json!({"UserId": ann}));
    for other in [json!(bob), json!(null)] {
        let found = faults(&patch(&mut client, "Employee2", &id, &json!({"UserId": other})));
        assert!(found[0].starts_with(r#"INVALID_FIELD_FOR_INSERT_UPDATE ["UserId"]"#), "{found:?}");
    }
    assert_eq!(client.row("Employee2", &id)["UserId"], ann.as_str());
}
