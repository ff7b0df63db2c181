//! Who is at the other end of a connection: the workloads of the mesh and their SPIFFE ids.
//!
//! Decides which identity a certificate stands for. That the certificate was issued by the mesh's
//! authority is the TLS handshake's to check, what the identity may do is `access`'s.

use std::fmt;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer as _, X509Certificate};

/// The workloads of the mesh.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Workload {
    /// The door.
    Gateway,
    /// Who is asking.
    Auth,
    /// What is asked.
    Reasoning,
    /// Which relations, and SQL over them.
    SchemaRouter,
    /// The data plane.
    Query,
    /// A person with grpcurl.
    Operator,
}

impl Workload {
    /// Every workload.
    pub const ALL: [Self; 6] =
        [Self::Gateway, Self::Auth, Self::Reasoning, Self::SchemaRouter, Self::Query, Self::Operator];

    /// The name, as in SPIFFE ids, logs and file names.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gateway => "gateway",
            Self::Auth => "auth",
            Self::Reasoning => "reasoning",
            Self::SchemaRouter => "schema-router",
            Self::Query => "query",
            Self::Operator => "operator",
        }
    }

    /// The workload of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|workload| workload.name() == name)
    }

    /// The SPIFFE id in a trust domain.
    #[must_use]
    pub fn spiffe_id(self, trust_domain: &str) -> String {
        format!("spiffe://{trust_domain}/{}", self.name())
    }

    /// The DNS name in its certificate, by which other services address it.
    #[must_use]
    pub fn server_name(self) -> String {
        format!("{}.splitplane.internal", self.name())
    }

    /// Full names of the gRPC services that it serves, besides health and reflection.
    #[must_use]
    pub const fn services(self) -> &'static [&'static str] {
        match self {
            Self::Gateway => &["splitplane.gateway.v1.GatewayService"],
            Self::Auth => &["splitplane.auth.v1.AuthService"],
            Self::Reasoning => &["splitplane.reasoning.v1.ReasoningService"],
            Self::SchemaRouter => &["splitplane.schema_router.v1.SchemaRouterService"],
            Self::Query => &["splitplane.query.v1.QueryService", "splitplane.query.v1.PolicyService"],
            Self::Operator => &[],
        }
    }
}

impl fmt::Display for Workload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Proof that a peer's certificate names it. Made by [`PeerIdentity::from_certificate`] alone.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum PeerIdentity {
    /// A workload of the mesh.
    #[non_exhaustive]
    Workload(Workload),
    /// A workload that may fetch request-signing credentials: its full SPIFFE id.
    #[non_exhaustive]
    Bootstrap(String),
}

/// Why a certificate names nobody here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PeerError {
    /// It does not parse.
    #[error("the certificate does not parse")]
    Malformed,
    /// It has no URI name, or several.
    #[error("the certificate has {0} URI names instead of one")]
    UriCount(usize),
    /// Its URI is not an id of this trust domain.
    #[error("`{0}` is no SPIFFE id of this trust domain")]
    Foreign(String),
}

const BOOTSTRAP_NAME_CHARS_MAX: usize = 128;

impl PeerIdentity {
    /// The only door from a certificate to an identity.
    ///
    /// The caller has verified the certificate's chain; this reads the one URI name in it.
    ///
    /// # Errors
    /// See [`PeerError`].
    pub fn from_certificate(der: &[u8], trust_domain: &str) -> Result<Self, PeerError> {
        let (rest, certificate) = X509Certificate::from_der(der).or(Err(PeerError::Malformed))?;
        if !rest.is_empty() {
            return Err(PeerError::Malformed);
        }
        let names = certificate.subject_alternative_name().or(Err(PeerError::Malformed))?;
        let uris: Vec<&str> = names
            .iter()
            .flat_map(|extension| &extension.value.general_names)
            .filter_map(|name| if let GeneralName::URI(uri) = name { Some(*uri) } else { None })
            .collect();
        // With two ids, which of them counts would depend on who reads the certificate.
        let [uri] = uris.as_slice() else { return Err(PeerError::UriCount(uris.len())) };
        Self::from_uri(uri, trust_domain)
    }

    /// The workload, if it is one of the mesh.
    #[must_use]
    pub const fn workload(&self) -> Option<Workload> {
        match self {
            Self::Workload(workload) => Some(*workload),
            Self::Bootstrap(_) => None,
        }
    }

    /// The full SPIFFE id, if it is a bootstrap workload's.
    #[must_use]
    pub fn bootstrap_id(&self) -> Option<&str> {
        match self {
            Self::Workload(_) => None,
            Self::Bootstrap(id) => Some(id),
        }
    }

    fn from_uri(uri: &str, trust_domain: &str) -> Result<Self, PeerError> {
        let path = uri
            .strip_prefix("spiffe://")
            .and_then(|rest| rest.strip_prefix(trust_domain))
            .and_then(|rest| rest.strip_prefix('/'))
            .ok_or_else(|| PeerError::Foreign(uri.to_owned()))?;
        if let Some(workload) = Workload::from_name(path) {
            return Ok(Self::Workload(workload));
        }
        match path.strip_prefix("bootstrap/") {
            Some(name) if is_bootstrap_name(name) => Ok(Self::Bootstrap(uri.to_owned())),
            Some(_) | None => Err(PeerError::Foreign(uri.to_owned())),
        }
    }
}

impl fmt::Display for PeerIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Workload(workload) => f.write_str(workload.name()),
            Self::Bootstrap(id) => f.write_str(id),
        }
    }
}

fn is_bootstrap_name(name: &str) -> bool {
    (1..=BOOTSTRAP_NAME_CHARS_MAX).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{CertificateParams, KeyPair, SanType};

    fn certificate(names: Vec<SanType>) -> Vec<u8> {
        let mut params = CertificateParams::default();
        params.subject_alt_names = names;
        params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec()
    }

    fn uri(text: &str) -> SanType {
        SanType::URI(text.try_into().unwrap())
    }

    fn identity(names: Vec<SanType>) -> Result<PeerIdentity, PeerError> {
        PeerIdentity::from_certificate(&certificate(names), "mesh.test")
    }

    #[test]
    fn a_certificate_with_one_id_of_this_trust_domain_names_its_workload() {
        for workload in Workload::ALL {
            let names = vec![
                SanType::DnsName("localhost".try_into().unwrap()),
                uri(&workload.spiffe_id("mesh.test")),
            ];
            assert_eq!(identity(names).unwrap(), PeerIdentity::Workload(workload));
        }
        let id = "spiffe://mesh.test/bootstrap/nightly-report";
        assert_eq!(identity(vec![uri(id)]).unwrap(), PeerIdentity::Bootstrap(id.into()));
    }

    #[test]
    fn every_other_name_names_nobody() {
        for text in [
            "spiffe://mesh.test.evil/gateway",
            "spiffe://other.test/gateway",
            "spiffe://mesh.test/gateway/",
            "spiffe://mesh.test//gateway",
            "spiffe://mesh.test/Gateway",
            "spiffe://mesh.test/",
            "spiffe://mesh.testgateway",
            "spiffe://mesh.test/bootstrap/",
            "spiffe://mesh.test/bootstrap/a/b",
            "https://mesh.test/gateway",
            "SPIFFE://mesh.test/gateway",
        ] {
            assert_eq!(identity(vec![uri(text)]), Err(PeerError::Foreign(text.into())));
        }
    }

    #[test]
    fn a_certificate_with_no_id_or_two_names_nobody() {
        let dns = SanType::DnsName("gateway.splitplane.internal".try_into().unwrap());
        assert_eq!(identity(vec![dns]), Err(PeerError::UriCount(0)));
        let two = vec![uri("spiffe://mesh.test/gateway"), uri("spiffe://mesh.test/operator")];
        assert_eq!(identity(two), Err(PeerError::UriCount(2)));
        let mut trailing = certificate(vec![uri("spiffe://mesh.test/gateway")]);
        trailing.push(0);
        assert_eq!(PeerIdentity::from_certificate(&trailing, "mesh.test"), Err(PeerError::Malformed));
        assert_eq!(PeerIdentity::from_certificate(b"", "mesh.test"), Err(PeerError::Malformed));
    }
}
