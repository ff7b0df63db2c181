//! The configurations of the five services of a mesh on one machine.
//!
//! Starts from each service's own defaults and the environment, then fills in what only this machine
//! knows: files, ports, addresses. Nothing here turns a check off.

use super::{Addresses, MeshError, MeshOptions};
use crate::keys::Keys;
use crate::pki::Pki;
use serde::de::DeserializeOwned;
use splitplane_service::config::{Listen, TelemetryConfig, Tls, load};
use splitplane_service::{Telemetry, TelemetryError, Workload};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

/// Makes a service's telemetry.
pub type MakeTelemetry =
    Arc<dyn Fn(Workload, &TelemetryConfig) -> Result<Telemetry, TelemetryError> + Send + Sync>;

/// Where a mesh listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ports {
    /// Wherever there is room.
    Free,
    /// The gateway here, the others on the four ports after it, health ten above each.
    Base(u16),
}

/// Distance between a service's port and its health port.
const HEALTH_OFFSET: u16 = 10;

impl Ports {
    /// Port 0 stands for any.
    #[must_use]
    pub const fn from_base(base: u16) -> Self {
        if base == 0 { Self::Free } else { Self::Base(base) }
    }

    /// The listening addresses of a service.
    ///
    /// # Errors
    /// The base leaves no room for the ports after it.
    pub fn listen(self, workload: Workload) -> Result<Listen, MeshError> {
        let at = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let Self::Base(base) = self else {
            return Ok(Listen { address: at(0), health_address: at(0) });
        };
        let port = base.checked_add(offset(workload)).ok_or(MeshError::Ports(base))?;
        let health = port.checked_add(HEALTH_OFFSET).ok_or(MeshError::Ports(base))?;
        Ok(Listen { address: at(port), health_address: at(health) })
    }
}

const fn offset(workload: Workload) -> u16 {
    match workload {
        Workload::Gateway => 0,
        Workload::Auth => 1,
        Workload::Reasoning => 2,
        Workload::SchemaRouter => 3,
        Workload::Query => 4,
        Workload::Operator => 5,
    }
}

/// The configurations of a mesh.
#[derive(Debug, Clone)]
pub struct Configs {
    /// The door.
    pub gateway: splitplane_gateway::Config,
    /// Who is asking.
    pub auth: splitplane_auth::Config,
    /// What is asked.
    pub reasoning: splitplane_reasoning::Config,
    /// Which relations, and SQL over them.
    pub schema_router: splitplane_schema_router::Config,
    /// The data plane.
    pub query: splitplane_query::Config,
}

impl Configs {
    /// Puts the configurations together. Ports that are free are known only once they are bound.
    ///
    /// # Errors
    /// See [`MeshError`].
    pub fn of(options: &MeshOptions) -> Result<Self, MeshError> {
        let mut configs = Self {
            gateway: defaults(options, Workload::Gateway, splitplane_gateway::DEFAULTS)?,
            auth: defaults(options, Workload::Auth, splitplane_auth::DEFAULTS)?,
            reasoning: defaults(options, Workload::Reasoning, splitplane_reasoning::DEFAULTS)?,
            schema_router: defaults(options, Workload::SchemaRouter, splitplane_schema_router::DEFAULTS)?,
            query: defaults(options, Workload::Query, splitplane_query::DEFAULTS)?,
        };
        configs.share(options)?;
        configs.fill(options);
        Ok(configs)
    }

    /// The blocks that every service has.
    fn share(&mut self, options: &MeshOptions) -> Result<(), MeshError> {
        let pki = Pki::at(&options.home.pki());
        let blocks = [
            (Workload::Gateway, &mut self.gateway.listen, &mut self.gateway.tls, &mut self.gateway.telemetry),
            (Workload::Auth, &mut self.auth.listen, &mut self.auth.tls, &mut self.auth.telemetry),
            (
                Workload::Reasoning,
                &mut self.reasoning.listen,
                &mut self.reasoning.tls,
                &mut self.reasoning.telemetry,
            ),
            (
                Workload::SchemaRouter,
                &mut self.schema_router.listen,
                &mut self.schema_router.tls,
                &mut self.schema_router.telemetry,
            ),
            (Workload::Query, &mut self.query.listen, &mut self.query.tls, &mut self.query.telemetry),
        ];
        for (workload, listen, tls, telemetry) in blocks {
            *listen = options.ports.listen(workload)?;
            *tls = Tls {
                certificate: pki.certificate(workload),
                key: pki.key(workload),
                ca: pki.ca(),
                workload_api: String::new(),
            };
            telemetry.log.clone_from(&options.log);
            telemetry.log_format = options.log_format;
            if !options.otlp_endpoint.is_empty() {
                telemetry.otlp_endpoint.clone_from(&options.otlp_endpoint);
            }
        }
        Ok(())
    }

    /// Files of this machine.
    fn fill(&mut self, options: &MeshOptions) {
        let keys = Keys::at(&options.home.keys());
        let world = &options.world;
        self.auth.credentials.master_key = keys.credentials();
        // Made with the other keys before auth reads it: a copy, until the first rotation.
        self.auth.credentials.previous_master_key = keys.credentials_previous();
        self.auth.session.signing_key = keys.session();
        self.auth.receipts.public_key = keys.receipt_public();
        self.auth.conversations.public_key = keys.conversation_public();
        self.gateway.conversations.signing_key = keys.conversation();
        self.auth.registry.file.clone_from(&options.registry);
        self.reasoning.receipts.signing_key = keys.receipt();
        self.reasoning.semantics.model.clone_from(&world.model);
        self.reasoning.semantics.policy.clone_from(&world.policy);
        self.schema_router.semantics.model.clone_from(&world.model);
        self.schema_router.semantics.policy.clone_from(&world.policy);
        self.query.semantics.model.clone_from(&world.model);
        self.query.semantics.policy.clone_from(&world.policy);
        self.query.warehouse.data.clone_from(&world.data);
        self.query.sandboxes.sealing_key = keys.sandbox();
        self.query.masks.key = keys.masks();
        self.query.engine.spill = options.home.spill();
        self.auth.state.file = options.state.join("auth.db");
        self.query.state.file = options.state.join("query.db");
        for audit in [&mut self.auth.audit, &mut self.reasoning.audit, &mut self.query.audit] {
            audit.file = options.home.audit_log();
            audit.checkpoints = options.home.audit_checkpoints();
            audit.signing_key = keys.audit();
        }
        if let Ports::Base(base) = options.ports {
            self.auth.requests.authorities = authorities(base);
            let at = |workload| {
                let port = base.saturating_add(offset(workload));
                SocketAddr::from((Ipv4Addr::LOCALHOST, port)).to_string()
            };
            self.upstreams(&at);
        }
    }

    /// Tells every service where the others are.
    pub(super) fn connect(&mut self, addresses: &Addresses) {
        let at =
            |workload| addresses.of_service(workload).map_or_else(String::new, |address| address.to_string());
        if let Some(gateway) = addresses.of_service(Workload::Gateway) {
            self.auth.requests.authorities = authorities(gateway.port());
        }
        self.upstreams(&at);
    }

    fn upstreams(&mut self, at: &impl Fn(Workload) -> String) {
        self.gateway.auth.address = at(Workload::Auth);
        self.gateway.reasoning.address = at(Workload::Reasoning);
        self.gateway.schema_router.address = at(Workload::SchemaRouter);
        self.gateway.query.address = at(Workload::Query);
        self.reasoning.auth.address = at(Workload::Auth);
        self.schema_router.auth.address = at(Workload::Auth);
        self.query.auth.address = at(Workload::Auth);
    }
}

/// What clients on this machine call the gateway by.
pub(crate) fn authorities(port: u16) -> Vec<String> {
    vec![format!("localhost:{port}"), format!("127.0.0.1:{port}")]
}

fn defaults<C: DeserializeOwned>(
    options: &MeshOptions,
    workload: Workload,
    defaults: &'static str,
) -> Result<C, MeshError> {
    load(workload.name(), defaults, None, options.environment.clone())
        .map_err(|source| MeshError::Config { workload, source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_follow_the_base_and_zero_is_any() {
        let port = |ports: Ports, workload| ports.listen(workload).unwrap().address.port();
        assert_eq!(port(Ports::Base(7100), Workload::Gateway), 7100);
        assert_eq!(port(Ports::Base(7100), Workload::Query), 7104);
        assert_eq!(Ports::Base(7100).listen(Workload::Query).unwrap().health_address.port(), 7114);
        assert_eq!(port(Ports::from_base(0), Workload::Query), 0);
        assert!(Ports::Base(65_530).listen(Workload::Query).is_err());
    }
}
