//! What a flood of bad signatures does to others: `cargo bench -p splitplane-tests --bench flood`.
//!
//! Wall time of a warm `Ask` through the whole mesh over mutual TLS, while another address sends requests whose
//! signature is wrong, as many a second as said; over the same without a flood, in turns. Everything, the flood's
//! own client included, shares this machine's cores. Once with the limits of the default configuration, and once
//! with limits that nobody reaches, so that every bad signature is looked at and recorded.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    clippy::print_stdout,
    reason = "a benchmark stops where something is not as it must be"
)]

#[path = "../it/support.rs"]
#[expect(dead_code, reason = "shared with the end-to-end suite, which uses all of it")]
mod support;

use splitplane::caller::{ASK, question, with_headers};
use splitplane_proto::gateway::v1::AskRequest;
use splitplane_proto::gateway::v1::gateway_service_client::GatewayServiceClient;
use splitplane_service::Workload;
use splitplane_testkit::World;
use splitplane_types::Outcome;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use support::{ANN, BEA, Bench, as_of, ask};
use tonic::transport::{Certificate, ClientTlsConfig, Endpoint};

const ROUNDS: usize = 10;
const ASKS: usize = 20;
const TICK: Duration = Duration::from_millis(10);
const TICKS_A_SECOND: usize = 100;

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        for rate in [1_000, 3_000, 6_000] {
            measure("as configured", rate, false).await;
            measure("without limits", rate, true).await;
        }
    });
}

async fn measure(name: &str, rate: usize, is_unlimited: bool) {
    let bench = Bench::start_with(&World::library(20), |options| {
        for key in ["PER_PEER", "PER_ACCESS_KEY", "REFUSED_PER_PEER", "REFUSED_PER_ACCESS_KEY"] {
            for key in [key.to_owned(), format!("{key}_BURST")] {
                if is_unlimited {
                    let key = format!("SPLITPLANE_GATEWAY__THROTTLE__{key}");
                    options.environment.push((key, "1000000".to_owned()));
                }
            }
        }
    })
    .await;
    let bench = Arc::new(bench);
    let good = bench.caller(BEA).await;
    for _ in 0..ASKS {
        assert_eq!(ask(&good, "What were total fees last week?").await.outcome, Outcome::Answered);
    }
    let (mut quiet, mut flooded) = (Vec::new(), Vec::new());
    let sent = Arc::new(AtomicUsize::new(0));
    let mut time = Duration::ZERO;
    for _ in 0..ROUNDS {
        quiet.extend(asks(&good).await);
        let stop = Arc::new(AtomicBool::new(false));
        let flooding = tokio::spawn(flood(Arc::clone(&bench), rate, Arc::clone(&stop), Arc::clone(&sent)));
        let started = Instant::now();
        flooded.extend(asks(&good).await);
        time += started.elapsed();
        stop.store(true, Ordering::Relaxed);
        flooding.await.unwrap();
    }
    quiet.sort();
    flooded.sort();
    let at =
        |sorted: &[Duration], percent: usize| sorted[(sorted.len() * percent / 100).min(sorted.len() - 1)];
    let sent = Duration::from_secs(1).as_secs_f64()
        * f64::from(u32::try_from(sent.load(Ordering::Relaxed)).unwrap());
    for percent in [50, 95] {
        let (quiet, flooded) = (at(&quiet, percent), at(&flooded, percent));
        println!(
            "{name}, {:.0} bad signatures a second: p{percent} of a good caller {flooded:.2?} over {quiet:.2?}, ratio {:.2}",
            sent / time.as_secs_f64(),
            flooded.as_secs_f64() / quiet.as_secs_f64()
        );
    }
    Arc::into_inner(bench).unwrap().mesh.stop().await.unwrap();
}

async fn asks(caller: &splitplane::caller::Caller) -> Vec<Duration> {
    let mut times = Vec::with_capacity(ASKS);
    for _ in 0..ASKS {
        let started = Instant::now();
        assert_eq!(ask(caller, "What were total fees last week?").await.outcome, Outcome::Answered);
        times.push(started.elapsed());
    }
    times
}

/// Sends the same badly signed request from another address of this machine until told to stop.
async fn flood(bench: Arc<Bench>, rate: usize, stop: Arc<AtomicBool>, sent: Arc<AtomicUsize>) {
    let mut signer = bench.caller(ANN).await.signer().clone();
    signer.composite = BEA.parse().unwrap();
    let message =
        AskRequest { question: Some(question("total fees", Some(as_of()))), conversation: String::new() };
    let mut headers = signer.headers(ASK, &[]).unwrap();
    headers.sort();
    let ca = Certificate::from_pem(std::fs::read(bench.mesh.pki().ca()).unwrap());
    let channel = Endpoint::from_shared(format!("https://{}", bench.address(Workload::Gateway)))
        .unwrap()
        .tls_config(ClientTlsConfig::new().ca_certificate(ca))
        .unwrap()
        .local_address(Some(IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2))))
        .connect()
        .await
        .unwrap();
    let mut ticks = tokio::time::interval(TICK);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    while !stop.load(Ordering::Relaxed) {
        ticks.tick().await;
        let calls = (0..rate / TICKS_A_SECOND).map(|_| {
            let mut client = GatewayServiceClient::new(channel.clone());
            let request = with_headers(message.clone(), &headers).unwrap();
            async move { client.ask(request).await.unwrap_err() }
        });
        let refused = futures::future::join_all(calls).await;
        sent.fetch_add(refused.len(), Ordering::Relaxed);
    }
}
