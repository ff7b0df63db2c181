//! What identity costs, in CPU time of the process, best of interleaved rounds: `cargo bench -p splitplane-tests
//! --bench identity`.
//!
//! - Verifying a signed request and minting its session key, over the bare cryptography in it.
//! - Checking a session key on a hop, over one ES256 verification: for the first hop, and for those after it.
//! - A whole warm `Ask`, over the same without the four records that it leaves in the audit log.
//! - Session keys in a second, through gateway and auth over mutual TLS, for 1 to 64 callers at once.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    clippy::print_stdout,
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "a benchmark stops where something is not as it must be"
)]

#[path = "../it/support.rs"]
#[expect(dead_code, reason = "shared with the end-to-end suite, which uses all of it")]
mod support;

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::digest::{SHA256, digest};
use ring::hmac;
use rustix::time::{ClockId, clock_gettime};
use splitplane::caller::question;
use splitplane_audit::{AuditLog, Event, Record};
use splitplane_session::{Feed, Minter, SessionGrant, SessionKey, SigningKey, Verifier};
use splitplane_sigv4::{
    CredentialIssuer, Expectations, MasterKey, RawRequest, SignRequest, frame, sign, verify,
};
use splitplane_testkit::World;
use splitplane_types::{Digest, Outcome, SessionId, Txn};
use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use support::{ANN, BEA, Bench, as_of, ask};

const ROUNDS: usize = 15;
const TIMES: u32 = 500;
const LIFETIME: Duration = Duration::from_secs(120);
const RECORDS_OF_AN_ASK: u32 = 4;

fn main() {
    verify_and_mint();
    session_check();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        audit().await;
        throughput().await;
    });
}

fn cpu() -> Duration {
    let now = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(now.tv_sec.try_into().unwrap(), now.tv_nsec.try_into().unwrap())
}

/// The least that each of the works took, once, over interleaved rounds.
fn best(works: &mut [&mut dyn FnMut()]) -> Vec<Duration> {
    let mut best = vec![Duration::MAX; works.len()];
    for _ in 0..=ROUNDS {
        for (best, work) in best.iter_mut().zip(works.iter_mut()) {
            let start = cpu();
            for _ in 0..TIMES {
                work();
            }
            *best = (*best).min((cpu() - start) / TIMES);
        }
    }
    best
}

fn ratio(name: &str, ours: Duration, theirs: Duration) {
    println!("{name}: {ours:.2?} over {theirs:.2?}, ratio {:.2}", ours.as_secs_f64() / theirs.as_secs_f64());
}

fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_795_348_800)
}

fn grant() -> SessionGrant {
    SessionGrant {
        composite: "tenant/business/admin".parse().unwrap(),
        role: "member".parse().unwrap(),
        session_id: SessionId::from_parts(1, 1),
        txn: Txn::from_parts(1, 1),
        body_digest: Digest::of(b"frame"),
        method: "/splitplane.gateway.v1.GatewayService/Ask".to_owned(),
        epoch: 1,
        principal: "worker".parse().unwrap(),
        access_key_id: "ASIAIOSFODNN7EXAMPLE".to_owned(),
        requesting_workload: "spiffe://mesh/gateway".to_owned(),
    }
}

fn minter(key: SigningKey) -> Minter {
    Minter::new(key, "issuer".to_owned(), "mesh".to_owned(), LIFETIME)
}

fn verify_and_mint() {
    let issuer = CredentialIssuer::new(MasterKey::from_bytes([1; 32]).unwrap(), Vec::new());
    let credentials = issuer.issue(&"worker".parse().unwrap(), Duration::from_secs(3_600), now()).unwrap();
    let body = frame(b"\x0a\x20What were total sales last week?");
    let path = "/splitplane.gateway.v1.GatewayService/Ask";
    let request = SignRequest {
        path,
        authority: "gateway:7100",
        frame: &body,
        composite: &"tenant/business/admin".parse().unwrap(),
        nonce: "nonce-0123456789abcdef",
        region: "us-east-1",
    };
    let headers = sign(&request, &credentials, now()).unwrap();
    let headers: Vec<(String, Vec<u8>)> =
        headers.into_iter().map(|(name, value)| (name, value.into_bytes())).collect();
    let expectations = Expectations {
        region: "us-east-1".to_owned(),
        authorities: vec!["gateway:7100".to_owned()],
        skew: Duration::from_secs(300),
    };
    let raw = RawRequest { path, authority: "gateway:7100", headers: &headers, frame: &body };
    let minter = minter(SigningKey::generate().unwrap().0);
    let grant = grant();
    let mut ours = || {
        black_box(verify(&raw, &issuer, &expectations, now()).unwrap());
        black_box(minter.mint(&grant, now()).unwrap());
    };

    // What no verifier and no minter can do without, on bytes as long as theirs.
    let master = hmac::Key::new(hmac::HMAC_SHA256, &[1; 32]);
    let seal = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &[2; 32]).unwrap());
    let mut sealed = vec![7; 90];
    let nonce = || Nonce::assume_unique_for_key([0; 12]);
    seal.seal_in_place_append_tag(nonce(), Aad::empty(), &mut sealed).unwrap();
    let (canonical, claims) = (vec![b'c'; 900], vec![b'j'; 1_000]);
    let signer = SigningKey::generate().unwrap().0;
    let mut bare = || {
        let mut token = sealed.clone();
        black_box(seal.open_in_place(nonce(), Aad::empty(), &mut token).unwrap());
        let mut key = hmac::sign(&master, b"ASIAIOSFODNN7EXAMPLE");
        for part in [&b"20261122"[..], b"us-east-1", b"splitplane", b"aws4_request"] {
            key = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key.as_ref()), part);
        }
        let text = [digest(&SHA256, &body).as_ref(), digest(&SHA256, &canonical).as_ref()].concat();
        black_box(hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key.as_ref()), &text));
        black_box(signer.sign(&claims).unwrap());
    };
    let best = best(&mut [&mut ours, &mut bare]);
    if let [ours, bare] = best.as_slice() {
        ratio("verify a request and mint its key, over the bare cryptography", *ours, *bare);
    }
}

fn session_check() {
    let (key, _pem) = SigningKey::generate().unwrap();
    let public = key.public_key();
    let minter = minter(key);
    let verifier = || {
        let verifier = Verifier::new("issuer".to_owned(), "mesh".to_owned(), Duration::from_secs(5));
        let feed = Feed {
            session_keys: vec![public.clone().into()],
            receipt_keys: Vec::new(),
            conversation_keys: Vec::new(),
            revocations: Vec::new(),
            minimum_epoch: 0,
            epoch: 1,
        };
        verifier.update(feed, now()).unwrap();
        verifier
    };
    let (token, _) = minter.mint(&grant(), now()).unwrap();
    let token = SessionKey::from_wire(token.expose());
    let (cold, warm) = (verifier(), verifier());
    let mut generation = 0_u64;
    // Each first hop has another key: all are verified from nothing.
    let tokens: Vec<SessionKey> = (0..TIMES)
        .map(|number| {
            minter.mint(&SessionGrant { epoch: u64::from(number) + 1, ..grant() }, now()).unwrap().0
        })
        .collect();
    let mut next = 0_usize;
    let mut first = || {
        if next == tokens.len() {
            next = 0;
            // Another key set, so that nothing is remembered.
            generation += 1;
            let other = SigningKey::generate().unwrap().0.public_key();
            let feed = Feed {
                session_keys: vec![public.clone().into(), other.into()],
                receipt_keys: Vec::new(),
                conversation_keys: Vec::new(),
                revocations: Vec::new(),
                minimum_epoch: 0,
                epoch: 1 + generation,
            };
            cold.update(feed, now()).unwrap();
        }
        if let Some(token) = tokens.get(next) {
            black_box(cold.verify(token, now()).unwrap());
        }
        next += 1;
    };
    let mut later = || {
        black_box(warm.verify(&token, now()).unwrap());
    };
    let signer = SigningKey::generate().unwrap().0;
    let message = vec![b'j'; 1_000];
    let signature = signer.sign(&message).unwrap();
    let signer = signer.public_key();
    let mut bare = || assert!(black_box(signer.has_signed(&message, &signature)));
    let best = best(&mut [&mut first, &mut later, &mut bare]);
    if let [first, later, bare] = best.as_slice() {
        ratio("check a session key on its first hop, over one ES256 verification", *first, *bare);
        ratio("check it on a later one, over the same", *later, *bare);
    }
}

async fn audit() {
    let bench = Bench::start(&World::library(20)).await;
    let caller = bench.caller(ANN).await;
    let folder = tempfile::tempdir().unwrap();
    let log = AuditLog::open(&folder.path().join("log.jsonl")).unwrap();
    let record = || Record {
        question: Some("What were total fees last week?".to_owned()),
        sql: Some("SELECT sum(`loans`.`fee`) AS `total_fees` FROM `loans`".to_owned()),
        composite: Some(ANN.parse().unwrap()),
        question_digest: Some(Digest::of(b"question")),
        policy: Some(Digest::of(b"policy")),
        model: Some(Digest::of(b"model")),
        result_digest: Some(Digest::of(b"result")),
        ..Record::new(now(), "query", Event::RowsReleased)
    };
    let (mut asked, mut written) = (Duration::MAX, Duration::MAX);
    for _ in 0..=ROUNDS {
        let start = cpu();
        for _ in 0..20 {
            assert_eq!(ask(&caller, "What were total fees last week?").await.outcome, Outcome::Answered);
        }
        asked = asked.min((cpu() - start) / 20);
        let start = cpu();
        for _ in 0..20 * RECORDS_OF_AN_ASK {
            log.append(record()).unwrap();
        }
        written = written.min((cpu() - start) / 20);
    }
    ratio("a warm Ask, over the same without its four records", asked, asked - written);
    bench.mesh.stop().await.unwrap();
}

async fn throughput() {
    let bench = Bench::start_with(&World::library(2), |options| {
        for key in ["PER_PEER", "PER_PEER_BURST", "PER_ACCESS_KEY", "PER_ACCESS_KEY_BURST"] {
            options.environment.push((format!("SPLITPLANE_GATEWAY__THROTTLE__{key}"), "1000000".to_owned()));
        }
    })
    .await;
    let bench = Arc::new(bench);
    for callers in [1, 4, 16, 64] {
        let (total, started) = (Arc::new(AtomicUsize::new(0)), Instant::now());
        let tasks: Vec<_> = (0..callers)
            .map(|at| {
                let (bench, total) = (Arc::clone(&bench), Arc::clone(&total));
                tokio::spawn(async move {
                    let caller = bench.caller(if at % 2 == 0 { ANN } else { BEA }).await;
                    while started.elapsed() < Duration::from_secs(4) {
                        caller.open_session(question("total fees", Some(as_of()))).await.unwrap();
                        total.fetch_add(1, Ordering::Relaxed);
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        let rate = total.load(Ordering::Relaxed) as f64 / started.elapsed().as_secs_f64();
        println!("{callers:>2} callers: {rate:.0} session keys a second");
    }
}
