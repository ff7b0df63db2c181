//! What every call carries, settings and views.

#![expect(clippy::disallowed_methods, reason = "a server makes statuses")]

use super::double::*;
use crate::{Address, Client, ClientError, ClientOptions, ConnectError, FileToken, Roots, TokenSource, plan};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tonic::transport::{Identity, Server, ServerTlsConfig};

fn is_uuid_4(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    parts.iter().map(|part| part.len()).eq([8, 4, 4, 4, 12])
        && text.bytes().all(|byte| byte == b'-' || byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
        && parts[2].starts_with('4')
        && parts[3].starts_with(['8', '9', 'a', 'b'])
}

#[tokio::test]
async fn every_session_and_operation_has_a_random_name() {
    let steps = || vec![schema("a"), batch("b", 0, &[1]), complete("c")];
    let double = Double::start((0..20).map(|_| steps()).collect()).await;
    let client = double.client();
    for _ in 0..10 {
        let session = client.session().unwrap();
        for _ in 0..2 {
            values(session.run(plan::sql("s", vec![]), "t").unwrap()).await.unwrap();
        }
        session.close().await.unwrap();
    }
    let mut operations = BTreeSet::new();
    for event in double.events() {
        if let Event::Execute { operation, .. } = event {
            assert!(is_uuid_4(&operation), "{operation}");
            operations.insert(operation);
        }
    }
    let sessions: BTreeSet<String> = double.state.lock().unwrap().sessions.iter().cloned().collect();
    assert!(sessions.iter().all(|id| is_uuid_4(id)), "{sessions:?}");
    assert_eq!((sessions.len(), operations.len()), (10, 20));
}

#[tokio::test]
async fn a_call_carries_the_token_that_is_good_now_and_the_addresss_headers() {
    let double = Double::start(vec![vec![schema("a"), batch("b", 0, &[1]), complete("c")]]).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    std::fs::write(&path, "first").unwrap();
    let source: Arc<dyn TokenSource> = Arc::new(FileToken::new(&path, Duration::from_secs(3600)));
    let address = Address::parse(&format!("sc://{}/;x-databricks-cluster-id=0101", double.address)).unwrap();
    let session = Client::new(address, Some(source), options()).unwrap().session().unwrap();
    session.configure(&[("k", "v")]).await.unwrap();
    std::fs::write(&path, "the-second").unwrap();
    values(session.run(plan::sql("s", vec![]), "t").unwrap()).await.unwrap();
    session.close().await.unwrap();
    let state = double.state.lock().unwrap();
    let token = |text: &str| Some(format!("Bearer {text}"));
    for (event, sent) in state.events.iter().zip(&state.tokens) {
        let expected = if *event == Event::Config { token("first") } else { token("the-second") };
        assert_eq!(*sent, expected, "{event:?}");
    }
    assert!(state.headers.iter().all(|header| header.as_deref() == Some("0101")), "{:?}", state.headers);
    assert!(state.events.len() >= 6);
}

#[tokio::test]
async fn without_a_token_nothing_is_sent() {
    let double = Double::start(vec![]).await;
    let source: Arc<dyn TokenSource> = Arc::new(FileToken::new("/nonexistent/token", Duration::ZERO));
    let address = Address::parse(&format!("sc://{}", double.address)).unwrap();
    let session = Client::new(address, Some(source), options()).unwrap().session().unwrap();
    let configured = session.configure(&[("k", "v")]).await;
    assert!(matches!(configured, Err(ConnectError::Unauthenticated { .. })));
    let answer = values(session.run(plan::sql("s", vec![]), "t").unwrap()).await;
    assert!(matches!(answer, Err(ConnectError::Unauthenticated { .. })), "{answer:?}");
    assert!(double.events().is_empty());
}

#[tokio::test]
async fn a_source_of_tokens_needs_tls_as_the_address_does() {
    let source = || -> Option<Arc<dyn TokenSource>> { Some(Arc::new(FileToken::new("/t", Duration::ZERO))) };
    let refused = Client::new(Address::parse("sc://engine").unwrap(), source(), options());
    assert!(matches!(refused, Err(ClientError::Address(_))));
    assert!(Client::new(Address::parse("sc://engine/;use_ssl=true").unwrap(), source(), options()).is_ok());
    let twice = Client::new(Address::parse("sc://engine/;token=a").unwrap(), source(), options());
    assert!(matches!(twice, Err(ClientError::TwoTokens)));
}

#[tokio::test]
async fn a_setting_that_does_not_take_is_named() {
    let double = Double::start(vec![]).await;
    double.edit(|state| {
        state.refused = vec!["static".to_owned()];
        state.ignored = vec!["deaf".to_owned()];
        state.settings = [("deaf".to_owned(), "old".to_owned())].into();
    });
    let session = double.client().session().unwrap();
    session.configure(&[("a", "1"), ("b", "2")]).await.unwrap();
    for wanting in ["static", "deaf"] {
        let error = session.configure(&[("a", "1"), (wanting, "x"), ("b", "2")]).await.unwrap_err();
        assert!(matches!(&error, ConnectError::Setting { key, .. } if key == wanting), "{error:?}");
    }
}

#[tokio::test]
async fn a_view_is_made_when_the_engine_says_that_it_is() {
    let double = Double::start(vec![
        vec![complete("a")],
        vec![Step::Fail(spark_error("PATH_NOT_FOUND", "42K03", ""))],
        vec![],
    ])
    .await;
    let session = double.client().session().unwrap();
    session.view("sales", plan::empty("n BIGINT")).await.unwrap();
    let missing = session.view("sales", plan::empty("n BIGINT")).await;
    assert!(matches!(missing, Err(ConnectError::MissingPath { .. })));
    let silent = session.view("sales", plan::empty("n BIGINT")).await;
    assert!(matches!(silent, Err(ConnectError::Incomplete { .. })));
    let before = double.events().len();
    for name in ["", "1a", "a.b", "a b", "`a`", "a;b", "caf\u{e9}"] {
        assert!(matches!(session.view(name, plan::empty("n INT")).await, Err(ConnectError::Protocol { .. })));
    }
    assert_eq!(double.events().len(), before);
}

#[tokio::test]
async fn a_tag_that_engines_refuse_is_refused_here() {
    let double = Double::start(vec![]).await;
    let session = double.client().session().unwrap();
    for tag in ["", "a,b", "a b", "a\n"] {
        assert!(matches!(session.run(plan::sql("s", vec![]), tag), Err(ConnectError::Protocol { .. })));
    }
}

#[tokio::test]
async fn nothing_is_sent_to_an_engine_whose_certificate_is_not_trusted() {
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate =
        rcgen::CertificateParams::new(["localhost".to_owned()]).unwrap().self_signed(&key).unwrap();
    let identity = Identity::from_pem(certificate.pem(), key.serialize_pem());
    let server = Server::builder().tls_config(ServerTlsConfig::new().identity(identity)).unwrap();
    let double = Double::start_with(server, vec![]).await;
    let configured = async |roots| {
        let text = format!("sc://localhost:{}/;token=t", double.address.port());
        let options = ClientOptions { roots, ..options() };
        let client = Client::new(Address::parse(&text).unwrap(), None, options).unwrap();
        client.session().unwrap().configure(&[("k", "v")]).await
    };
    let refused = configured(Roots::Public).await;
    assert!(matches!(refused, Err(ConnectError::Unavailable { .. })), "{refused:?}");
    assert!(double.events().is_empty());
    configured(Roots::Pem(certificate.pem().into_bytes())).await.unwrap();
    assert_eq!(double.state.lock().unwrap().tokens[0].as_deref(), Some("Bearer t"));
}

#[tokio::test]
async fn credentials_that_are_not_accepted_are_an_error_of_their_own() {
    let cases =
        [(tonic::Status::unauthenticated("no"), true), (tonic::Status::permission_denied("no"), false)];
    for (status, is_unknown) in cases {
        let double = Double::start(vec![vec![Step::Fail(status)]]).await;
        let session = double.client().session().unwrap();
        let error = values(session.run(plan::sql("s", vec![]), "t").unwrap()).await.unwrap_err();
        match is_unknown {
            true => assert!(matches!(error, ConnectError::Unauthenticated { .. }), "{error:?}"),
            false => assert!(matches!(error, ConnectError::Denied { .. }), "{error:?}"),
        }
    }
}
