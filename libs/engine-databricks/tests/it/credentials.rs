//! Tokens: from what they are made, how long they are used, and who sees them.

use crate::support::{Bench, PROOF, all, clock, file, options, statement};
use aws_credential_types::Credentials as AwsCredentials;
use serde_json::json;
use splitplane_engine_databricks::testing::Options;
use splitplane_engine_databricks::{
    Credentials, CredentialsConfig, DatabricksError, Statements, WebIdentity, Workspace,
};
use std::error::Error;
use std::io::{Seek as _, Write as _};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";

async fn client_of(bench: &Bench, config: CredentialsConfig, aws: Option<WebIdentity>) -> Statements {
    let workspace = Workspace::new(bench.config(), clock).unwrap();
    let credentials = Credentials::with_web_identity(config, &workspace, aws).unwrap();
    Statements::new(workspace, credentials).unwrap()
}

/// All that an error shows, in every way.
fn shown(error: &DatabricksError) -> String {
    let mut shown = format!("{error:?}");
    let mut next: Option<&dyn Error> = Some(error);
    while let Some(error) = next {
        shown += &format!(" | {error}");
        next = error.source();
    }
    shown
}

#[tokio::test]
async fn a_token_is_made_once_for_many_statements_at_a_time() {
    let bench = Bench::new().await;
    let client = bench.client().await;
    let many = (0..16).map(|_| all(&client, statement("rows 10")));
    for came in futures::future::join_all(many).await {
        assert_eq!(came.unwrap().num_rows(), 10);
    }
    let seen = bench.seen();
    assert_eq!((seen.statements, seen.exchanges), (16, 1));
    assert_eq!(seen.grants, [(EXCHANGE.to_owned(), Some("service-principal".to_owned()))]);
}

#[tokio::test]
async fn a_token_that_is_about_to_expire_is_not_used() {
    // Good for less than the margin: each request has one of its own.
    let bench = Bench::with(Options { token_time: Duration::from_secs(59), ..options() }).await;
    let client = bench.client().await;
    assert!(all(&client, statement("rows 1")).await.is_ok());
    assert!(all(&client, statement("rows 1")).await.is_ok());
    assert_eq!(bench.seen().exchanges, 2);
}

#[tokio::test]
async fn a_token_that_is_refused_is_replaced_once() {
    let bench = Bench::new().await;
    let client = bench.client().await;
    bench.script(|faults| faults.tokens_refused = 1);
    assert!(all(&client, statement("rows 1")).await.is_ok());
    assert_eq!((bench.seen().exchanges, bench.seen().statements), (2, 1));
    bench.script(|faults| faults.tokens_refused = 1000);
    let error = all(&client, statement("rows 1")).await.unwrap_err();
    assert!(matches!(error, DatabricksError::Unauthenticated(_)), "{error:?}");
    assert_eq!((bench.seen().exchanges, bench.seen().statements), (3, 1));
}

#[tokio::test]
async fn a_token_that_is_refused_as_forbidden_is_replaced_and_a_right_that_is_missing_is_not() {
    for (body, exchanges, is_served) in [
        (json!({"error_code": "INVALID_TOKEN", "message": "a"}), 2, true),
        (json!({"error_code": "403", "message": "a"}), 2, true),
        (json!("Invalid access token."), 2, true),
        (json!({"error_code": "PERMISSION_DENIED", "message": "a"}), 1, false),
    ] {
        let bench = Bench::new().await;
        let client = bench.client().await;
        bench.script(|faults| {
            faults.tokens_refused = 1;
            faults.token_refusal = Some((403, body.clone()));
        });
        let came = all(&client, statement("rows 1")).await;
        assert_eq!(came.is_ok(), is_served, "{body}");
        assert_eq!(bench.seen().exchanges, exchanges, "{body}");
        bench.script(|faults| faults.tokens_refused = 1000);
        let error = all(&client, statement("rows 1")).await.unwrap_err();
        assert!(matches!(error, DatabricksError::Unauthenticated(_)), "{error:?}");
        // One more attempt, if any.
        assert_eq!(bench.seen().exchanges, if is_served { 3 } else { 1 }, "{body}");
    }
}

#[tokio::test]
async fn a_proof_is_read_anew_for_each_exchange_and_a_wrong_one_is_told_without_being_shown() {
    let bench = Bench::new().await;
    let mut proof = file("header.WRONG-PROOF.signature");
    let config = CredentialsConfig::ServiceAccountToken {
        file: proof.path().to_owned(),
        client_id: Some("service-principal".to_owned()),
    };
    let client = client_of(&bench, config, None).await;
    let error = all(&client, statement("rows 1")).await.unwrap_err();
    assert!(matches!(error, DatabricksError::Unauthenticated(_)), "{error:?}");
    assert!(
        shown(&error).contains("invalid_grant") && !shown(&error).contains("WRONG-PROOF"),
        "{}",
        shown(&error)
    );
    proof.as_file().set_len(0).unwrap();
    proof.rewind().unwrap();
    proof.write_all(PROOF.as_bytes()).unwrap();
    assert!(all(&client, statement("rows 1")).await.is_ok());
    assert_eq!(bench.seen().requests, 1);
}

#[tokio::test]
async fn no_proof_and_another_client_are_refused() {
    let bench = Bench::new().await;
    let missing = std::path::PathBuf::from("/nowhere/token");
    let large = file(&"x".repeat(70_000));
    let empty = file(" \n");
    let client_id = Some("service-principal".to_owned());
    for (path, client_id) in [
        (missing, client_id.clone()),
        (large.path().to_owned(), client_id.clone()),
        (empty.path().to_owned(), client_id),
        (bench.proof.path().to_owned(), None),
        (bench.proof.path().to_owned(), Some("another".to_owned())),
    ] {
        let config = CredentialsConfig::ServiceAccountToken { file: path.clone(), client_id };
        let error = all(&client_of(&bench, config, None).await, statement("rows 1")).await.unwrap_err();
        assert!(matches!(error, DatabricksError::Unauthenticated(_)), "{path:?} {error:?}");
    }
    assert_eq!((bench.seen().requests, bench.seen().exchanges), (0, 2));
}

#[tokio::test]
async fn a_token_endpoint_that_fails_for_a_moment_is_asked_again() {
    let bench = Bench::new().await;
    let client = bench.client().await;
    bench.script(|faults| faults.tokens_unavailable = 3);
    assert!(all(&client, statement("rows 1")).await.is_ok());
    assert_eq!(bench.seen().exchanges, 4);
}

#[tokio::test]
async fn an_answer_that_is_larger_than_it_may_be_is_not_read() {
    let bench = Bench::new().await;
    let client = bench.client().await;
    bench.script(|faults| faults.token_bytes_more = 64 * 1024);
    let error = all(&client, statement("rows 1")).await.unwrap_err();
    assert!(matches!(error, DatabricksError::Protocol(_)), "{error:?}");
    bench.script(|faults| faults.token_bytes_more = 60 * 1024);
    assert!(all(&client, statement("rows 1")).await.is_ok());
}

#[tokio::test]
async fn a_long_lived_secret_is_used_where_an_operator_says_so() {
    let client_secret = Some(("service-principal".to_owned(), "the-secret".to_owned()));
    let bench = Bench::with(Options { client_secret, ..options() }).await;
    for (secret, is_let_in) in [("the-secret\n", true), ("another", false)] {
        let secret = file(secret);
        let config = CredentialsConfig::LongLivedClientSecret {
            client_id: "service-principal".to_owned(),
            file: secret.path().to_owned(),
        };
        let came = all(&client_of(&bench, config, None).await, statement("rows 1")).await;
        assert_eq!(came.is_ok(), is_let_in, "{came:?}");
    }
    assert_eq!(bench.seen().grants[0].0, "client_credentials");
}

#[test]
fn where_a_token_comes_from_is_spelled_out() {
    let read = |text: &str| serde_json::from_str::<CredentialsConfig>(text);
    assert!(read(r#"{"from": "service-account-token", "file": "/a", "client_id": null}"#).is_ok());
    assert!(read(r#"{"from": "web-identity", "audience": "a", "client_id": "b"}"#).is_ok());
    assert!(read(r#"{"from": "long-lived-client-secret", "client_id": "a", "file": "/b"}"#).is_ok());
    assert!(read(r#"{"from": "client-secret", "client_id": "a", "file": "/b"}"#).is_err());
    assert!(read(r#"{"from": "long-lived-client-secret", "client_id": "a", "secret": "b"}"#).is_err());
    assert!(read(r#"{"from": "service-account-token", "file": "/a", "token": "b"}"#).is_err());
}

/// Answers one request as STS does, and gives what was asked.
async fn sts(listener: TcpListener) -> String {
    let (stream, asked) = sts_asked(&listener).await;
    sts_answer(stream).await;
    asked
}

/// A request to STS that waits for its answer, and what was asked.
async fn sts_asked(listener: &TcpListener) -> (TcpStream, String) {
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut asked = Vec::new();
    let mut part = [0; 4096];
    loop {
        let length = stream.read(&mut part).await.unwrap();
        asked.extend_from_slice(&part[..length]);
        let text = String::from_utf8_lossy(&asked);
        let head = text.split_once("\r\n\r\n");
        let announced = head.and_then(|(head, body)| {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "))?;
            Some(body.len() >= length.parse::<usize>().ok()?)
        });
        if length == 0 || announced == Some(true) {
            break;
        }
    }
    (stream, String::from_utf8_lossy(&asked).into_owned())
}

async fn sts_answer(mut stream: TcpStream) {
    let body = format!(
        "<GetWebIdentityTokenResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\
         <GetWebIdentityTokenResult><WebIdentityToken>{PROOF}</WebIdentityToken>\
         <Expiration>2027-01-15T08:05:00Z</Expiration></GetWebIdentityTokenResult>\
         <ResponseMetadata><RequestId>a</RequestId></ResponseMetadata></GetWebIdentityTokenResponse>"
    );
    let head = format!("HTTP/1.1 200 OK\r\ncontent-type: text/xml\r\ncontent-length: {}\r\n\r\n", body.len());
    stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
}

#[tokio::test]
async fn a_role_of_aws_gives_a_token_for_the_audience_and_a_user_none() {
    let bench = Bench::new().await;
    let config = || CredentialsConfig::WebIdentity {
        audience: "https://w.example/oidc/v1/token".to_owned(),
        client_id: Some("service-principal".to_owned()),
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let user = AwsCredentials::new("AKIAIOSFODNN7EXAMPLE", "secret", None, None, "test");
    let aws = WebIdentity::at(&endpoint, "us-east-1", user);
    let error = all(&client_of(&bench, config(), Some(aws)).await, statement("rows 1")).await.unwrap_err();
    assert!(matches!(error, DatabricksError::Unauthenticated(_)), "{error:?}");
    assert_eq!(bench.seen().exchanges, 0);

    let role = AwsCredentials::new("ASIAIOSFODNN7EXAMPLE", "secret", Some("token".to_owned()), None, "test");
    let aws = WebIdentity::at(&endpoint, "us-east-1", role);
    let asked = tokio::spawn(sts(listener));
    assert!(all(&client_of(&bench, config(), Some(aws)).await, statement("rows 1")).await.is_ok());
    let asked = asked.await.unwrap();
    for part in
        ["Action=GetWebIdentityToken", "SigningAlgorithm=RS256", "oidc%2Fv1%2Ftoken", "DurationSeconds=300"]
    {
        assert!(asked.contains(part), "{part}: {asked}");
    }
    assert!(!asked.contains("Tags"), "{asked}");
}

#[tokio::test]
async fn a_statement_whose_caller_leaves_while_a_token_is_fetched_never_begins() {
    let bench = Bench::new().await;
    let config = CredentialsConfig::WebIdentity {
        audience: "https://w.example/oidc/v1/token".to_owned(),
        client_id: Some("service-principal".to_owned()),
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let role = AwsCredentials::new("ASIAIOSFODNN7EXAMPLE", "secret", Some("token".to_owned()), None, "test");
    let client = client_of(&bench, config, Some(WebIdentity::at(&endpoint, "us-east-1", role))).await;
    let running = tokio::spawn({
        let client = client.clone();
        async move { client.run(statement("rows 1")).await.map(|_| ()) }
    });
    let (stream, _asked) = sts_asked(&listener).await;
    running.abort();
    assert!(running.await.unwrap_err().is_cancelled());
    sts_answer(stream).await;
    // It waits for the same token, behind the one whose caller is gone.
    assert_eq!(all(&client, statement("rows 2")).await.unwrap().num_rows(), 2);
    assert_eq!((bench.seen().exchanges, bench.seen().texts), (1, vec!["rows 2".to_owned()]));
}

#[tokio::test]
async fn nothing_that_is_shown_holds_a_token_a_link_or_a_header() {
    let bench = Bench::new().await;
    let client = bench.client().await;
    assert!(all(&client, statement("rows 1")).await.is_ok());
    // The client holds a token now.
    let mut all_shown = format!("{client:?} {:?}", client.run(statement("rows 10")).await.unwrap());
    bench.script(|faults| faults.links_url = Some("https://SECRET.example:1".to_owned()));
    all_shown += &shown(&all(&client, statement("rows 1")).await.unwrap_err());
    bench.script(|faults| {
        faults.links_url = None;
        faults.dropped_in_chunk = Some(0);
    });
    all_shown += &shown(&all(&client, statement("rows 1")).await.unwrap_err());
    for secret in ["Bearer", "sig=", "SECRET", "x-result-key", "PROOF", "external_link"] {
        assert!(!all_shown.contains(secret), "{secret}: {all_shown}");
    }
}
