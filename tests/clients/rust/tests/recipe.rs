//! What fauxforce is for: a fork per test, a fault, an advance of the clock, a diff; here in the
//! process of the test, with a client that knows nothing of it.

use cirrus::auth::StaticTokenAuth;
use cirrus::{Cirrus, CirrusError};
use fauxforce::{Expected, Fault, Org, Server};
use serde_json::{Value, json};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

const MANAGER: &str = "ngozi.okafor@example.com";

/// One server for all tests of this file; each takes a fork of its org.
static SERVER: LazyLock<Server> = LazyLock::new(|| {
    let server =
        Server::builder().scenario("employees-ready-to-provision").clock("2026-01-15T09:00:00Z");
    server.start().expect("a server")
});

fn fork() -> Org {
    SERVER.org("default").expect("it is always there").fork().expect("a fork")
}

fn connect(org: &Org) -> Cirrus {
    let token = StaticTokenAuth::new(org.access_token(), &SERVER.url());
    Cirrus::builder()
        .auth(Arc::new(token))
        .allow_insecure_transport(true)
        .build()
        .expect("a client")
}

/// The code under test: deactivates a user, tries a locked row again, and says how often it tried.
async fn deactivate(client: &Cirrus, username: &str) -> Result<u32, CirrusError> {
    let query = format!("SELECT Id FROM User WHERE Username = '{username}'");
    let found = client.query(&query).await?;
    let id = found.records[0]["Id"].as_str().expect("an id").to_owned();
    for attempt in 1.. {
        match client.sobject("User").update(&id, &json!({"IsActive": false})).await {
            Ok(_) => return Ok(attempt),
            Err(CirrusError::Api { errors, .. })
                if errors[0].error_code == "UNABLE_TO_LOCK_ROW" && attempt < 3 => {}
            Err(error) => return Err(error),
        }
    }
    unreachable!("the third attempt returns")
}

#[tokio::test]
async fn each_test_has_an_org_of_its_own() {
    let query = "SELECT Id FROM Account WHERE Name = 'Acme'";
    // The second turn would find the first one's record if they shared an org.
    for _ in 0..2 {
        let client = connect(&fork());
        assert_eq!(client.query(query).await.expect("a query").total_size, 0);
        client.sobject("Account").create(&json!({"Name": "Acme"})).await.expect("created");
        assert_eq!(client.query(query).await.expect("a query").total_size, 1);
    }
}

#[tokio::test]
async fn a_locked_row_is_tried_again() {
    let org = fork();
    let locked = Fault::error("UNABLE_TO_LOCK_ROW").object("User").operation("update").times(2);
    let locked = org.fault(locked);
    let expected = Expected::new().method("PATCH").path("sobjects/User/*").times(3);
    let patches = org.expect(expected);
    assert_eq!(deactivate(&connect(&org), MANAGER).await.expect("deactivated"), 3);
    assert_eq!(locked.struck(), 2);
    patches.verify();
}

#[tokio::test]
async fn the_session_ends_after_three_hours() {
    let org = fork();
    let client = connect(&org);
    client.limits().await.expect("limits");
    org.advance(Duration::from_secs(3 * 60 * 60));
    match client.limits().await {
        Err(CirrusError::Api { status, errors, .. }) => {
            assert_eq!((status, &*errors[0].error_code), (401, "INVALID_SESSION_ID"));
        }
        other => panic!("not refused: {other:?}"),
    }
}

#[tokio::test]
async fn what_changed_is_one_user_and_a_seat() {
    let org = fork();
    org.snapshot("before").expect("a snapshot");
    deactivate(&connect(&org), MANAGER).await.expect("deactivated");
    let diff: Value =
        serde_json::from_str(&org.diff("before", None).expect("a diff")).expect("JSON");
    let objects = diff["objects"].as_object().expect("objects");
    // Who is deactivated gives the seat back.
    assert_eq!(objects.keys().collect::<Vec<_>>(), ["User", "UserLicense"]);
    let user = &objects["User"]["updated"][0];
    assert_eq!(
        (&user["before"]["IsActive"], &user["after"]["IsActive"]),
        (&json!(true), &json!(false))
    );
}
