//! Whether the gateway can serve: only while every service behind it says that it can.

use splitplane_service::{Deadline, Upstream, call};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

/// How often the services are asked.
const PERIOD: Duration = Duration::from_millis(500);

/// Asks all services again and again until told to stop.
pub(crate) async fn follow(upstreams: Vec<Upstream>, all_serve: Arc<AtomicBool>, stop: CancellationToken) {
    let mut period = tokio::time::interval(PERIOD);
    while stop.run_until_cancelled(period.tick()).await.is_some() {
        let asked = futures::future::join_all(upstreams.iter().map(serves)).await;
        all_serve.store(asked.into_iter().all(|serves| serves), Ordering::Relaxed);
    }
}

async fn serves(upstream: &Upstream) -> bool {
    let message = HealthCheckRequest { service: String::new() };
    let Ok(request) = call(Deadline::after(PERIOD), None, message) else { return false };
    match HealthClient::new(upstream.clone()).check(request).await {
        Ok(answer) => answer.into_inner().status() == ServingStatus::Serving,
        Err(_) => false,
    }
}
