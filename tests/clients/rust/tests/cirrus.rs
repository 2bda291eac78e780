//! cirrus 0.8.0: tokens, client credentials, rows, queries, describes, limits.

use cirrus::auth::{ClientCredentialsAuth, RefreshTokenAuth, SharedAuth, StaticTokenAuth};
use cirrus::{Cirrus, CirrusError};
use fauxforce_client_rust::Server;
use futures::TryStreamExt;
use serde_json::{Value, json};
use std::sync::Arc;

fn connect(auth: SharedAuth) -> Cirrus {
    Cirrus::builder().auth(auth).allow_insecure_transport(true).build().expect("a client")
}

/// A client with the first access token of the org.
fn ready(server: &Server) -> Cirrus {
    connect(Arc::new(StaticTokenAuth::new(&server.org.access_token, &server.url)))
}

/// The status, code and fields of a refusal.
fn refused<T: std::fmt::Debug>(answer: Result<T, CirrusError>) -> (u16, String, Vec<String>) {
    match answer {
        Err(CirrusError::Api { status, mut errors, .. }) => {
            let first = errors.remove(0);
            (status, first.error_code, first.fields)
        }
        other => panic!("expected an error of Salesforce, got {other:?}"),
    }
}

async fn works(client: &Cirrus) {
    let created = client.sobject("Account").create(&json!({"Name": "Signed in"})).await;
    assert!(created.expect("created").success);
}

#[tokio::test]
async fn takes_an_access_token() {
    let server = Server::start();
    works(&ready(&server)).await;
}

#[tokio::test]
async fn is_told_that_a_token_is_bad() {
    let server = Server::start();
    let client = connect(Arc::new(StaticTokenAuth::new("00D!none", &server.url)));
    assert_eq!(refused(client.limits().await).1, "INVALID_SESSION_ID");
}

#[tokio::test]
async fn logs_in_by_client_credentials() {
    let server = Server::start();
    let auth = ClientCredentialsAuth::builder()
        .consumer_key(&server.org.client_id)
        .consumer_secret(&server.org.client_secret)
        .login_url(&server.url)
        .instance_url(&server.url)
        .build()
        .expect("an authenticator");
    works(&connect(Arc::new(auth))).await;
}

#[tokio::test]
async fn logs_in_by_refresh_token() {
    let server = Server::start();
    let auth = RefreshTokenAuth::builder()
        .consumer_key(&server.org.client_id)
        .consumer_secret(&server.org.client_secret)
        .refresh_token(&server.org.refresh_token)
        .login_url(&server.url)
        .instance_url(&server.url)
        .build()
        .expect("an authenticator");
    works(&connect(Arc::new(auth))).await;
}

#[tokio::test]
async fn writes_and_reads_rows() {
    let server = Server::start();
    let client = ready(&server);
    let requests = client.sobject("UserProvisioningRequest");
    let row = json!({
        "AppName": "Concur", "State": "New", "Operation": "Create", "ApprovalStatus": "NotRequired",
    });
    let id = requests.create(&row).await.expect("created").id;
    requests.update(&id, &json!({"ExternalUserId": "c-1"})).await.expect("updated");
    let read = requests.retrieve(&id).await.expect("read");
    assert_eq!(read["State"], "New");
    assert_eq!(read["ExternalUserId"], "c-1");
    requests.delete(&id).await.expect("deleted");
    assert_eq!(refused(requests.retrieve(&id).await).0, 404);
}

#[tokio::test]
async fn sees_why_a_row_is_refused() {
    let server = Server::start();
    let client = ready(&server);
    let processes = client.sobject("EmpUserProvisioningProcess");
    assert_eq!(
        refused(processes.create(&json!({"ProcessStatus": "Sleeping"})).await),
        (
            400,
            "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST".to_owned(),
            vec!["ProcessStatus".to_owned()]
        )
    );
}

#[tokio::test]
async fn queries_page_by_page() {
    let server = Server::start();
    let client = ready(&server);
    let accounts = client.sobject("Account");
    for number in 0..450 {
        let name = format!("Account {number:03}");
        accounts.create(&json!({"Name": name})).await.expect("created");
    }
    let query = "SELECT Name FROM Account WHERE Name LIKE 'Account%' ORDER BY Name";
    let options = cirrus::QueryOptions::new().batch_size(200);
    let first = client.query_with_options(query, &options).await.expect("a page");
    assert_eq!((first.total_size, first.done, first.records.len()), (450, false, 200));
    let rows: Vec<Value> =
        client.query_stream_with_options(query, &options).try_collect().await.expect("all pages");
    assert_eq!(rows.len(), 450);
    assert_eq!(rows[449]["Name"], "Account 449");
    assert_eq!(refused(client.query("SELECT Id FROM Nope__c").await).1, "INVALID_TYPE");
}

#[tokio::test]
async fn describes_and_limits_parse() {
    let server = Server::start();
    let client = ready(&server);
    let all = client.sobjects().describe_global().await.expect("a global describe");
    assert!(all.sobjects.iter().any(|object| object.name == "EmpUserProvisioningProcess"));
    let describe = client.sobject("Account").describe().await.expect("a describe");
    assert_eq!(describe["keyPrefix"], "001");
    assert_eq!(client.latest_api_version().await.expect("versions"), "v67.0");
    client.limits().await.expect("limits");
    assert_eq!(client.last_limit_info().expect("Sforce-Limit-Info").used, 3);
}
