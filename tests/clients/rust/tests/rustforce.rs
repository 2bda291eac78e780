//! rustforce 0.2.2: logins, rows, queries, describes.

use fauxforce_client_rust::Server;
use rustforce::response::{DescribeResponse, QueryResponse};
use rustforce::{Client, Error};
use serde::Deserialize;
use serde_json::json;

#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "PascalCase")]
struct Account {
    id: String,
    name: String,
    industry: Option<String>,
}

fn client(server: &Server) -> Client {
    let org = &server.org;
    let mut client = Client::new(Some(org.client_id.clone()), Some(org.client_secret.clone()));
    client.set_login_endpoint(&server.url);
    client
}

/// A client with the first access token of the org.
fn ready(server: &Server) -> Client {
    let mut client = client(server);
    client.set_instance_url(&server.url).set_access_token(&server.org.access_token);
    client
}

/// The code and fields of the first error of an answer.
fn refused<T: std::fmt::Debug>(answer: Result<T, Error>) -> (String, Vec<String>) {
    match answer {
        Err(Error::ErrorResponses(mut errors)) => {
            let first = errors.remove(0);
            (first.error_code, first.fields.unwrap_or_default())
        }
        other => panic!("expected an error of Salesforce, got {other:?}"),
    }
}

async fn works(client: &Client) {
    let created = client.create("Account", json!({"Name": "Signed in"})).await.expect("created");
    assert!(created.success);
}

#[tokio::test]
async fn logs_in_by_soap() {
    let server = Server::start();
    let mut client = client(&server);
    let (username, password) = (server.org.username.clone(), server.org.password.clone());
    client.login_by_soap(username, password).await.expect("a session");
    works(&client).await;
}

#[tokio::test]
async fn is_refused_by_soap() {
    let server = Server::start();
    let mut client = client(&server);
    let refused = client.login_by_soap(server.org.username.clone(), "wrong".to_owned()).await;
    let Err(Error::LoginError(error)) = refused.map(|_| ()) else { panic!("no login error") };
    assert_eq!(error.error_code, "sf:INVALID_LOGIN");
    assert_eq!(
        error.message,
        "INVALID_LOGIN: Invalid username, password, security token; or user locked out."
    );
}

#[tokio::test]
async fn logs_in_by_password() {
    let server = Server::start();
    let mut client = client(&server);
    let (username, password) = (server.org.username.clone(), server.org.password.clone());
    client.login_with_credential(username, password).await.expect("a session");
    works(&client).await;
}

#[tokio::test]
async fn refreshes_a_token() {
    let server = Server::start();
    let mut client = client(&server);
    client.refresh(&server.org.refresh_token).await.expect("a session");
    works(&client).await;
}

#[tokio::test]
async fn writes_and_reads_rows() {
    let server = Server::start();
    let client = ready(&server);
    let row = json!({"Name": "Acme", "Industry": "Banking"});
    let id = client.create("Account", row).await.expect("created").id;
    let read: Account = client.find_by_id("Account", &id).await.expect("read");
    let industry = Some("Banking".to_owned());
    assert_eq!(read, Account { id: id.clone(), name: "Acme".to_owned(), industry });
    client.update("Account", &id, json!({"Name": "Renamed"})).await.expect("updated");
    let read: Account = client.find_by_id("Account", &id).await.expect("read");
    assert_eq!(read.name, "Renamed");
    client.destroy("Account", &id).await.expect("deleted");
    let gone: Result<Account, Error> = client.find_by_id("Account", &id).await;
    assert_eq!(refused(gone).0, "NOT_FOUND");
}

#[tokio::test]
async fn sees_why_a_row_is_refused() {
    let server = Server::start();
    let client = ready(&server);
    let refusal = refused(client.create("Account", json!({"Industry": "Banking"})).await);
    assert_eq!(refusal, ("REQUIRED_FIELD_MISSING".to_owned(), vec!["Name".to_owned()]));
}

#[tokio::test]
async fn queries() {
    let server = Server::start();
    let client = ready(&server);
    for name in ["Acme", "Beta"] {
        client.create("Account", json!({"Name": name})).await.expect("created");
    }
    let answer: QueryResponse<Account> = client
        .query("SELECT Id, Name, Industry FROM Account WHERE Name LIKE 'A%'")
        .await
        .expect("rows");
    assert_eq!((answer.total_size, answer.done), (1, true));
    assert_eq!(answer.records[0].name, "Acme");
    let bad: Result<QueryResponse<Account>, Error> = client.query("SELECT FROM").await;
    assert_eq!(refused(bad).0, "MALFORMED_QUERY");
}

#[tokio::test]
async fn searches() {
    let server = Server::start();
    let client = ready(&server);
    let id = client.create("Account", json!({"Name": "Acme"})).await.expect("created").id;
    let found = client.search("FIND {Acme} RETURNING Account(Id)").await.expect("records");
    let found: Vec<&str> = found.search_records.iter().map(|record| record.id.as_str()).collect();
    assert_eq!(found, [id]);
}

#[tokio::test]
async fn describes_parse() {
    let server = Server::start();
    let client = ready(&server);
    let describe = client.describe("Account").await.expect("a describe");
    let describe: DescribeResponse = serde_json::from_value(describe).expect("its shape");
    assert_eq!(describe.name, "Account");
    assert!(describe.fields.iter().any(|field| field.name == "Industry" && field.nillable));
    let all = client.describe_global().await.expect("a global describe");
    assert!(all.sobjects.iter().any(|object| object.name == "UserProvisioningRequest"));
    let versions = client.versions().await.expect("versions");
    assert_eq!(versions.last().map(|version| version.version.as_str()), Some("67.0"));
}
