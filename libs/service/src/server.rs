//! The server that every service runs: one stack of layers, one set of HTTP/2 limits.
//!
//! Decides the order of the layers. What each of them does is written in its own file.

use crate::accept::Incoming;
use crate::clock::Clock;
use crate::config::LimitsConfig;
use crate::health::Health;
use crate::layers::{
    CatchPanic, LimitDeadline, Metrics, NameReasons, NameReasonsLayer, RequirePeer, ShedLoad, Trace,
};
use crate::telemetry::Telemetry;
use crate::workload::Workload;
use http::{Request, Response};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tonic::body::Body;
use tonic::service::Routes;
use tonic::transport::Server;
use tower::layer::util::{Identity, Stack};
use tower::{Layer, Service, ServiceBuilder};

/// What a service's own identity layer stands around.
pub type Inner = NameReasons<Routes>;

/// Room for a session token, a session key and what else a signed request carries.
const HEADER_BYTES_MAX: u32 = 16 * 1_024;
const KEEPALIVE: Duration = Duration::from_secs(30);
const KEEPALIVE_TIME_MAX: Duration = Duration::from_secs(10);

/// The layers, innermost first, as tower nests them.
type Layers<L> = Stack<
    NameReasonsLayer,
    Stack<
        L,
        Stack<
            RequirePeer,
            Stack<LimitDeadline, Stack<ShedLoad, Stack<CatchPanic, Stack<Metrics, Stack<Trace, Identity>>>>>,
        >,
    >,
>;

/// What the layers need to know.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) workload: Workload,
    pub(crate) limits: LimitsConfig,
    pub(crate) telemetry: Arc<Telemetry>,
    pub(crate) clock: Clock,
    pub(crate) draining: CancellationToken,
}

/// The stack of every service, outermost first. `golden/layer-order.txt` is its order.
pub(crate) fn stack<L>(settings: &Settings, identity: L) -> Layers<L> {
    let (telemetry, clock) = (&settings.telemetry, &settings.clock);
    ServiceBuilder::new()
        // Outside everything, so that what is refused below is traced and counted as well.
        .layer(Trace { workload: settings.workload, telemetry: Arc::clone(telemetry), clock: clock.clone() })
        .layer(Metrics { telemetry: Arc::clone(telemetry) })
        .layer(CatchPanic { clock: clock.clone() })
        // Before any cryptography: a refusal has to cost less than the work that it spares.
        .layer(ShedLoad::new(settings.limits.concurrency_max))
        // Before the identity layer, whose own calls have to end in time too.
        .layer(LimitDeadline {
            request_time_max: settings.limits.request_time_max,
            endless_time_max: settings.limits.connection_age_max,
            draining: settings.draining.clone(),
            clock: clock.clone(),
        })
        // The hop before the person: nobody gets a session key looked at through the wrong door.
        .layer(RequirePeer { service: settings.workload })
        .layer(identity)
        .layer(NameReasonsLayer)
        .into_inner()
}

/// The services that everyone has, beside the service's own.
pub(crate) fn with_standard_services(
    routes: Routes,
    workload: Workload,
    health: &Health,
) -> Result<Routes, tonic_reflection::server::Error> {
    let reflection = || {
        let names = workload.services().iter().copied();
        let standard = ["grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection"];
        names.chain(standard).fold(
            tonic_reflection::server::Builder::configure()
                .register_encoded_file_descriptor_set(splitplane_proto::DESCRIPTOR_SET)
                .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET),
            tonic_reflection::server::Builder::with_service_name,
        )
    };
    Ok(routes
        .add_service(health.server())
        // Older tools still ask for v1alpha.
        .add_service(reflection().build_v1()?)
        .add_service(reflection().build_v1alpha()?))
}

/// Serves until `settings.draining`, then finishes what is at work.
pub(crate) async fn serve<L>(
    settings: Settings,
    incoming: Incoming,
    routes: Routes,
    identity: L,
) -> Result<(), tonic::transport::Error>
where
    L: Layer<Inner> + Send + 'static,
    L::Service:
        Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Clone + Send + 'static,
    <L::Service as Service<Request<Body>>>::Future: Send + 'static,
{
    let service = stack(&settings, identity).layer(routes.prepare());
    Server::builder()
        .max_concurrent_streams(settings.limits.streams_per_connection_max)
        .http2_max_header_list_size(HEADER_BYTES_MAX)
        .http2_keepalive_interval(Some(KEEPALIVE))
        .http2_keepalive_timeout(Some(KEEPALIVE_TIME_MAX))
        .max_connection_age(settings.limits.connection_age_max)
        .serve_with_incoming_shutdown(service, incoming, settings.draining.cancelled_owned())
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The order as the type of the stack has it, so that the golden cannot say something else.
    fn order() -> String {
        let nested = std::any::type_name::<Layers<Identity>>();
        let names = nested.split(['<', '>', ',', ' ']).filter(|name| !name.is_empty());
        let mut names: Vec<&str> =
            names.filter_map(|name| name.rsplit("::").next()).filter(|name| *name != "Stack").collect();
        assert_eq!(names.pop(), Some("Identity"), "the bottom of tower's stack");
        names.reverse();
        names.iter().map(|name| format!("{}\n", name.trim_end_matches("Layer"))).collect()
    }

    #[test]
    fn the_layers_stand_in_the_order_that_was_reviewed() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/golden/layer-order.txt");
        let order = order();
        if std::env::vars().any(|(name, _)| name == "UPDATE_GOLDEN") {
            std::fs::write(path, &order).unwrap();
        }
        assert_eq!(std::fs::read_to_string(path).unwrap(), order);
    }
}
