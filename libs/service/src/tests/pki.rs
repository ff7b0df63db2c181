//! A certificate authority in a temporary folder.

use crate::config;
use crate::tls::{Material, roots};
use crate::workload::Workload;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, KeyUsagePurpose, SanType};
use rustls::ClientConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use splitplane_testkit::X509Svid;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempDir;

pub(super) const TRUST_DOMAIN: &str = "mesh.test";

pub(super) struct Pki {
    folder: TempDir,
    issuer: Issuer<'static, KeyPair>,
}

/// The certificates in a file.
pub(super) fn certificates(path: &Path) -> Vec<CertificateDer<'static>> {
    CertificateDer::pem_file_iter(path).unwrap().collect::<Result<_, _>>().unwrap()
}

/// What somebody shows and asks who holds these files, whoever that is.
pub(super) fn holder(files: &config::Tls) -> Arc<ClientConfig> {
    let chain = certificates(&files.certificate);
    let key = PrivateKeyDer::from_pem_file(&files.key).unwrap();
    Material { chain, key, roots: roots(certificates(&files.ca)).unwrap() }.client_config().unwrap()
}

impl Pki {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        std::fs::write(folder.path().join("ca.pem"), certificate.pem()).unwrap();
        Self { folder, issuer: Issuer::new(params, key) }
    }

    /// A certificate with any names.
    pub(super) fn issue(&self, file: &str, dns: &str, uri: &str) -> config::Tls {
        self.issue_with(file, dns, uri, |_| {})
    }

    /// A certificate with any names, and with what else is wanted of it.
    pub(super) fn issue_with(
        &self,
        file: &str,
        dns: &str,
        uri: &str,
        adjust: impl FnOnce(&mut CertificateParams),
    ) -> config::Tls {
        let mut params = CertificateParams::default();
        params.subject_alt_names =
            vec![SanType::DnsName(dns.try_into().unwrap()), SanType::URI(uri.try_into().unwrap())];
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        adjust(&mut params);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let path = |end: &str| self.folder.path().join(format!("{file}.{end}"));
        std::fs::write(path("pem"), certificate.pem()).unwrap();
        std::fs::write(path("key"), key.serialize_pem()).unwrap();
        config::Tls { certificate: path("pem"), key: path("key"), ca: self.ca(), workload_api: String::new() }
    }

    pub(super) fn ca(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// A new certificate of the workload, in the place of the one before.
    pub(super) fn workload(&self, workload: Workload) -> config::Tls {
        self.issue(workload.name(), &workload.server_name(), &workload.spiffe_id(TRUST_DOMAIN))
    }

    /// The same, as an agent gives it.
    pub(super) fn svid(&self, workload: Workload) -> X509Svid {
        let files = self.workload(workload);
        let bundle = certificates(&files.ca);
        X509Svid {
            spiffe_id: workload.spiffe_id(TRUST_DOMAIN),
            chain: certificates(&files.certificate)[0].to_vec(),
            key: PrivateKeyDer::from_pem_file(&files.key).unwrap().secret_der().to_vec(),
            bundle: bundle.iter().flat_map(|authority| authority.to_vec()).collect(),
        }
    }

    /// What a caller shows and asks.
    pub(super) fn caller(&self, workload: Workload) -> Arc<ClientConfig> {
        holder(&self.workload(workload))
    }

    /// A caller without a certificate, in the versions given.
    pub(super) fn nobody(&self, versions: &[&'static rustls::SupportedProtocolVersion]) -> Arc<ClientConfig> {
        let mut roots = rustls::RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(self.ca()).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(versions)
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"h2".to_vec()];
        Arc::new(config)
    }
}
