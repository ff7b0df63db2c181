//! Health: what a service says about itself, on the mesh's port and on a plain one for probes.
//!
//! Everything begins as NOT_SERVING and follows the service's own readiness; liveness alone is
//! SERVING from the start.

use crate::workload::Workload;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;
use tokio_stream::wrappers::TcpListenerStream;
use tokio_util::sync::CancellationToken;
use tonic::transport::Server;
use tonic_health::ServingStatus;
use tonic_health::pb::health_server::HealthServer;
use tonic_health::server::{HealthReporter, HealthService};

/// How often readiness is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(200);
const PROBE_TIME_MAX: Duration = Duration::from_secs(5);
const PROBE_STREAMS_MAX: u32 = 16;
const PROBE_BYTES_MAX: usize = 4_096;

/// Says whether a service can serve now. Looked at several times a second, so it must be cheap.
#[derive(Clone)]
pub struct Readiness(Arc<dyn Fn() -> bool + Send + Sync>);

impl Readiness {
    /// Ready when `is_ready` says so.
    pub fn when(is_ready: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        Self(Arc::new(is_ready))
    }

    pub(crate) fn is_ready(&self) -> bool {
        (self.0)()
    }
}

impl fmt::Debug for Readiness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Readiness")
    }
}

/// The health service of one workload.
pub(crate) struct Health {
    reporter: HealthReporter,
    names: Vec<&'static str>,
}

impl Health {
    pub(crate) async fn new(workload: Workload) -> Self {
        let mut names = vec!["", "readiness"];
        names.extend(workload.services());
        let health = Self { reporter: HealthReporter::new(), names };
        health.tell(false).await;
        health.reporter.set_service_status("liveness", ServingStatus::Serving).await;
        health
    }

    /// A server for it. All servers share what is told.
    pub(crate) fn server(&self) -> HealthServer<HealthService> {
        let service = HealthService::from_health_reporter(self.reporter.clone());
        HealthServer::new(service).max_decoding_message_size(PROBE_BYTES_MAX)
    }

    async fn tell(&self, is_ready: bool) {
        let status = if is_ready { ServingStatus::Serving } else { ServingStatus::NotServing };
        for name in &self.names {
            self.reporter.set_service_status(*name, status).await;
        }
    }

    /// Follows readiness until `draining`, and says NOT_SERVING before it returns.
    pub(crate) async fn follow(
        &self,
        readiness: Readiness,
        told: watch::Sender<bool>,
        draining: CancellationToken,
    ) {
        let mut ticks = tokio::time::interval(LOOK_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut was_ready = false;
        while draining.run_until_cancelled(ticks.tick()).await.is_some() {
            let is_ready = readiness.is_ready();
            if is_ready != was_ready {
                tracing::info!(is_ready, "readiness changed");
                self.tell(is_ready).await;
                told.send_replace(is_ready);
                was_ready = is_ready;
            }
        }
        self.tell(false).await;
        told.send_replace(false);
    }

    /// Serves grpc.health.v1, and nothing else, without TLS.
    pub(crate) async fn serve_plain(
        &self,
        listener: TcpListener,
        stop: CancellationToken,
    ) -> Result<(), tonic::transport::Error> {
        Server::builder()
            .timeout(PROBE_TIME_MAX)
            .max_concurrent_streams(PROBE_STREAMS_MAX)
            .add_service(self.server())
            .serve_with_incoming_shutdown(TcpListenerStream::new(listener), stop.cancelled_owned())
            .await
    }
}
