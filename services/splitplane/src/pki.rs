//! The development PKI: an authority, and a certificate for every workload.
//!
//! Decides names and validity of certificates that a newcomer starts with. The authority's key is
//! thrown away as soon as the certificates are issued, so nobody can issue another one from this
//! folder. A company brings its own PKI: services read files and do not care who wrote them.

use crate::home::{self, HomeError};
use rcgen::string::Ia5String;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, ExtendedKeyUsagePurpose,
    IsCa, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, SanType, date_time_ymd,
};
use secrecy::{ExposeSecret as _, SecretString};
use splitplane_service::Workload;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Name of the bootstrap workload of a developer's machine.
pub const BOOTSTRAP: &str = "developer";

/// Years that certificates are valid.
const YEARS: i32 = 10;

/// Why certificates cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum PkiError {
    /// The certificate cannot be made.
    #[error("a certificate cannot be made")]
    Certificate(#[from] rcgen::Error),
    /// A file cannot be written.
    #[error(transparent)]
    Home(#[from] HomeError),
}

/// From when to when a certificate is valid: first days of these years.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    /// From the first day of this year.
    pub from: i32,
    /// Until the first day of this year.
    pub until: i32,
}

impl Validity {
    /// Ten years around `now`.
    #[must_use]
    pub fn around(now: SystemTime) -> Self {
        let year = jiff::Timestamp::try_from(now).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        let year = i32::from(year.to_zoned(jiff::tz::TimeZone::UTC).year());
        // The year before, so that a certificate made on New Year's Eve is valid in every zone.
        Self { from: year - 1, until: year + YEARS }
    }
}

/// What a certificate stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    /// Common name: for people only.
    pub common_name: String,
    /// URIs; services want exactly one, the SPIFFE id.
    pub uris: Vec<String>,
    /// DNS names.
    pub dns: Vec<String>,
    /// IP addresses.
    pub addresses: Vec<IpAddr>,
}

impl Names {
    /// The names of a workload of the mesh.
    #[must_use]
    pub fn of_workload(workload: Workload, trust_domain: &str) -> Self {
        Self {
            common_name: workload.name().to_owned(),
            uris: vec![workload.spiffe_id(trust_domain)],
            dns: vec![workload.server_name(), "localhost".to_owned()],
            addresses: vec![Ipv4Addr::LOCALHOST.into()],
        }
    }

    /// The names of a workload that fetches credentials. It serves nothing, so it has no DNS name.
    #[must_use]
    pub fn of_bootstrap(name: &str, trust_domain: &str) -> Self {
        let uris = vec![bootstrap_id(name, trust_domain)];
        Self { common_name: name.to_owned(), uris, dns: Vec::new(), addresses: Vec::new() }
    }
}

/// The SPIFFE id of a bootstrap workload.
#[must_use]
pub fn bootstrap_id(name: &str, trust_domain: &str) -> String {
    format!("spiffe://{trust_domain}/bootstrap/{name}")
}

/// A certificate authority, in memory.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Authority")
    }
}

/// A certificate and its key, PEM.
#[derive(Debug)]
pub struct Leaf {
    /// The certificate.
    pub certificate: String,
    /// Its key, PKCS #8.
    pub key: SecretString,
}

impl Authority {
    /// Makes a new authority.
    ///
    /// # Errors
    /// See [`PkiError`].
    pub fn generate(name: &str, validity: Validity) -> Result<Self, PkiError> {
        let mut params = params(name, validity);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        Ok(Self { issuer: CertifiedIssuer::self_signed(params, key)? })
    }

    /// The authority's certificate.
    #[must_use]
    pub fn certificate(&self) -> String {
        self.issuer.pem()
    }

    /// Issues a certificate for any names.
    ///
    /// # Errors
    /// See [`PkiError`].
    pub fn issue(&self, names: &Names, validity: Validity) -> Result<Leaf, PkiError> {
        let mut params = params(&names.common_name, validity);
        for uri in &names.uris {
            params.subject_alt_names.push(SanType::URI(Ia5String::try_from(uri.as_str())?));
        }
        for name in &names.dns {
            params.subject_alt_names.push(SanType::DnsName(Ia5String::try_from(name.as_str())?));
        }
        params.subject_alt_names.extend(names.addresses.iter().copied().map(SanType::IpAddress));
        params.is_ca = IsCa::ExplicitNoCa;
        params.use_authority_key_identifier_extension = true;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages =
            vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let certificate = params.signed_by(&key, &self.issuer)?;
        Ok(Leaf { certificate: certificate.pem(), key: key.serialize_pem().into() })
    }
}

fn params(common_name: &str, validity: Validity) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, common_name);
    params.not_before = date_time_ymd(validity.from, 1, 1);
    params.not_after = date_time_ymd(validity.until, 1, 1);
    params
}

/// A folder of certificates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pki {
    folder: PathBuf,
}

impl Pki {
    /// A folder, whatever is in it.
    #[must_use]
    pub fn at(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    /// The folder's certificates, made anew when one is missing.
    ///
    /// # Errors
    /// See [`PkiError`].
    pub fn ensure(folder: &Path, trust_domain: &str, now: SystemTime) -> Result<Self, PkiError> {
        let pki = Self::at(folder);
        if !pki.is_whole() {
            let validity = Validity::around(now);
            let authority = Authority::generate("splitplane development authority", validity)?;
            pki.write(&authority, trust_domain, validity)?;
        }
        Ok(pki)
    }

    /// Writes the certificates of all workloads, issued by `authority`, into a folder.
    ///
    /// # Errors
    /// See [`PkiError`].
    pub fn issue(
        folder: &Path,
        authority: &Authority,
        trust_domain: &str,
        validity: Validity,
    ) -> Result<Self, PkiError> {
        let pki = Self::at(folder);
        pki.write(authority, trust_domain, validity)?;
        Ok(pki)
    }

    /// The authority's certificate.
    #[must_use]
    pub fn ca(&self) -> PathBuf {
        self.folder.join("ca.pem")
    }

    /// A workload's certificate.
    #[must_use]
    pub fn certificate(&self, workload: Workload) -> PathBuf {
        self.file(workload.name(), "pem")
    }

    /// A workload's key.
    #[must_use]
    pub fn key(&self, workload: Workload) -> PathBuf {
        self.file(workload.name(), "key")
    }

    /// The bootstrap workload's certificate.
    #[must_use]
    pub fn bootstrap_certificate(&self) -> PathBuf {
        self.file("bootstrap", "pem")
    }

    /// The bootstrap workload's key.
    #[must_use]
    pub fn bootstrap_key(&self) -> PathBuf {
        self.file("bootstrap", "key")
    }

    fn file(&self, name: &str, extension: &str) -> PathBuf {
        self.folder.join(format!("{name}.{extension}"))
    }

    fn is_whole(&self) -> bool {
        let mut files = vec![self.ca(), self.bootstrap_certificate(), self.bootstrap_key()];
        files.extend(
            Workload::ALL.into_iter().flat_map(|workload| [self.certificate(workload), self.key(workload)]),
        );
        files.iter().all(|file| file.is_file())
    }

    fn write(&self, authority: &Authority, trust_domain: &str, validity: Validity) -> Result<(), PkiError> {
        home::make_secret_folder(&self.folder)?;
        let bootstrap = ("bootstrap", Names::of_bootstrap(BOOTSTRAP, trust_domain));
        let workloads =
            Workload::ALL.map(|workload| (workload.name(), Names::of_workload(workload, trust_domain)));
        for (name, names) in workloads.into_iter().chain([bootstrap]) {
            let leaf = authority.issue(&names, validity)?;
            home::write_public(&self.file(name, "pem"), &leaf.certificate)?;
            home::write_secret(&self.file(name, "key"), leaf.key.expose_secret())?;
        }
        // Last, so that a folder with an authority is whole.
        Ok(home::write_public(&self.ca(), &authority.certificate())?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, UNIX_EPOCH};

    fn now() -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(1_795_000_000)
    }

    #[test]
    fn a_missing_file_makes_the_whole_folder_anew_and_nothing_else_does() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("pki");
        let pki = Pki::ensure(&folder, "splitplane.local", now()).unwrap();
        let first = std::fs::read_to_string(pki.ca()).unwrap();
        Pki::ensure(&folder, "splitplane.local", now()).unwrap();
        assert_eq!(std::fs::read_to_string(pki.ca()).unwrap(), first);
        std::fs::remove_file(pki.key(Workload::Query)).unwrap();
        Pki::ensure(&folder, "splitplane.local", now()).unwrap();
        assert_ne!(std::fs::read_to_string(pki.ca()).unwrap(), first);
    }

    #[test]
    fn the_authority_s_key_is_nowhere() {
        let folder = tempfile::tempdir().unwrap();
        let pki = Pki::ensure(folder.path(), "splitplane.local", now()).unwrap();
        let files = std::fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(files, 2 * (Workload::ALL.len() + 1) + 1);
        assert!(pki.ca().is_file() && !folder.path().join("ca.key").exists());
    }

    #[test]
    fn certificates_are_valid_now_and_for_years() {
        assert_eq!(Validity::around(now()), Validity { from: 2025, until: 2036 });
    }
}
