//! Keys that change while people ask: nobody notices.

use crate::support::{ANN, BEA, Bench, as_of, ask};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::ExposeSecret as _;
use splitplane::caller::{Caller, question};
use splitplane::keys::Keys;
use splitplane_session::SigningKey;
use splitplane_testkit::World;
use splitplane_types::Outcome;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Id of the key that signs session keys now.
async fn kid(caller: &Caller) -> String {
    let opened = caller.open_session(question("total fees", Some(as_of()))).await.unwrap();
    let header = opened.session_key.split('.').next().unwrap();
    let header = URL_SAFE_NO_PAD.decode(header).unwrap();
    let header: serde_json::Value = serde_json::from_slice(&header).unwrap();
    header["kid"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn session_signing_keys_rotate_under_load_without_a_failed_request() {
    let bench = Arc::new(Bench::start(&World::library(4)).await);
    let caller = bench.caller(ANN).await;
    let before = kid(&caller).await;
    let (stop, answered) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let callers: Vec<_> = [ANN, BEA]
        .into_iter()
        .map(|who| {
            let (bench, stop, answered) = (Arc::clone(&bench), Arc::clone(&stop), Arc::clone(&answered));
            tokio::spawn(async move {
                let caller = bench.caller(who).await;
                while !stop.load(Ordering::Relaxed) {
                    let answer = ask(&caller, "total fees").await;
                    assert_eq!(answer.outcome, Outcome::Answered, "{answer:?}");
                    answered.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();

    let file = Keys::at(&bench.folder.path().join("home").join("keys")).session();
    let mut signed = before.clone();
    for _ in 0..2 {
        let (key, pem) = SigningKey::generate().unwrap();
        std::fs::write(&file, pem.expose_secret()).unwrap();
        // It is shown for as long as feeds may be old, and signs then.
        while kid(&caller).await != key.public_key().kid() {
            assert!(callers.iter().all(|caller| !caller.is_finished()), "a request failed");
        }
        assert_ne!(signed, key.public_key().kid());
        key.public_key().kid().clone_into(&mut signed);
        let by_then = answered.load(Ordering::Relaxed);
        while answered.load(Ordering::Relaxed) < by_then + 5 {
            assert!(callers.iter().all(|caller| !caller.is_finished()), "a request failed");
            tokio::task::yield_now().await;
        }
    }
    stop.store(true, Ordering::Relaxed);
    for caller in callers {
        caller.await.unwrap();
    }
    assert!(answered.load(Ordering::Relaxed) > 10);
    let Ok(bench) = Arc::try_unwrap(bench) else { panic!("somebody still asks") };
    bench.mesh.stop().await.unwrap();
}
