//! Profiles: who a person on this machine can ask as, and how to reach the mesh.
//!
//! Decides names and files. A profile holds temporary credentials, so its file is for its owner
//! alone. That the credentials may speak for the combination is decided by auth.

use crate::home::{self, HomeError};
use crate::pki::Pki;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use splitplane_service::Workload;
use splitplane_sigv4::TemporaryCredentials;
use splitplane_types::{CompositeKey, InvalidId};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Most bytes of a name: a file system takes 255 with the extension.
const NAME_BYTES_MAX: usize = 240;

/// Why a profile cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ProfileError {
    /// There is none of that name.
    #[error("there is no profile `{name}`; {}", known(names))]
    Unknown {
        /// The name.
        name: String,
        /// Those that there are.
        names: Vec<String>,
    },
    /// `--profiles` names somebody whom the grants do not.
    #[error("the grants name nobody who is called `{name}`; they name {}", names.join(", "))]
    NotGranted {
        /// The name.
        name: String,
        /// Those that there are.
        names: Vec<String>,
    },
    /// The file is no profile.
    #[error("`{}` is not a profile; start `splitplane up` to write it anew", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// An expiry is outside the calendar.
    #[error("the credentials' expiry is outside the calendar")]
    Expiry(#[source] jiff::Error),
    /// A file cannot be read or written.
    #[error(transparent)]
    Home(#[from] HomeError),
}

fn known(names: &[String]) -> String {
    if names.is_empty() {
        "start `splitplane up`, which writes them".to_owned()
    } else {
        format!("there are {}", names.join(", "))
    }
}

/// Addresses of the services behind the gateway, `host:port`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InnerServices {
    /// Who is asking.
    pub auth: String,
    /// What is asked.
    pub reasoning: String,
    /// Which relations, and SQL over them.
    pub schema_router: String,
    /// The data plane.
    pub query: String,
}

/// Files with which a person on this machine shows who they are, and knows the mesh.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Certificates {
    /// The mesh's authority.
    pub ca: PathBuf,
    /// Certificate of workload `operator`.
    pub certificate: PathBuf,
    /// Its key.
    pub key: PathBuf,
    /// Certificate of the bootstrap workload.
    pub bootstrap_certificate: PathBuf,
    /// Its key.
    pub bootstrap_key: PathBuf,
}

impl Certificates {
    /// Those of a folder.
    #[must_use]
    pub fn of(pki: &Pki) -> Self {
        Self {
            ca: pki.ca(),
            certificate: pki.certificate(Workload::Operator),
            key: pki.key(Workload::Operator),
            bootstrap_certificate: pki.bootstrap_certificate(),
            bootstrap_key: pki.bootstrap_key(),
        }
    }
}

/// A profile.
#[derive(Debug, Clone)]
pub struct Profile {
    /// The gateway, `https://host:port`.
    pub endpoint: String,
    /// Who asks.
    pub composite: CompositeKey,
    /// Whose credentials these are.
    pub principal: String,
    /// Region of the credential scope.
    pub region: String,
    /// What requests are signed with.
    pub credentials: TemporaryCredentials,
    /// Certificates.
    pub certificates: Certificates,
    /// The services behind the gateway.
    pub services: InnerServices,
}

/// The file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    endpoint: String,
    tenant: String,
    business: String,
    admin: String,
    principal: String,
    region: String,
    credentials: CredentialsFile,
    certificates: Certificates,
    services: InnerServices,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CredentialsFile {
    access_key_id: String,
    secret_access_key: String,
    session_token: String,
    expires_at: String,
}

impl Profile {
    /// The gateway as clients name it: `host:port`, which is signed as `host`.
    #[must_use]
    pub fn authority(&self) -> &str {
        self.endpoint.strip_prefix("https://").unwrap_or(&self.endpoint)
    }

    /// Writes the profile, for its owner alone.
    ///
    /// # Errors
    /// See [`ProfileError`].
    pub fn write(&self, folder: &Path, name: &str) -> Result<(), ProfileError> {
        let path = path(folder, name);
        let text = toml::to_string(&self.to_file()?)
            .map_err(|error| ProfileError::Malformed { path: path.clone(), source: Box::new(error) })?;
        home::make_secret_folder(folder)?;
        Ok(home::write_secret(&path, &text)?)
    }

    /// Reads a profile.
    ///
    /// # Errors
    /// See [`ProfileError`].
    pub fn read(folder: &Path, name: &str) -> Result<Self, ProfileError> {
        let names = names_in(folder);
        // Only a listed name is ever put into a path.
        if !names.iter().any(|known| known == name) {
            return Err(ProfileError::Unknown { name: name.to_owned(), names });
        }
        let path = path(folder, name);
        let malformed = |source| ProfileError::Malformed { path: path.clone(), source };
        let file: File = toml::from_str(&home::read(&path)?).map_err(|error| malformed(Box::new(error)))?;
        Self::from_file(file).map_err(malformed)
    }

    fn to_file(&self) -> Result<File, ProfileError> {
        let expires_at =
            jiff::Timestamp::try_from(self.credentials.expires_at).map_err(ProfileError::Expiry)?;
        Ok(File {
            endpoint: self.endpoint.clone(),
            tenant: self.composite.tenant().to_string(),
            business: self.composite.business().to_string(),
            admin: self.composite.admin().to_string(),
            principal: self.principal.clone(),
            region: self.region.clone(),
            credentials: CredentialsFile {
                access_key_id: self.credentials.access_key_id.clone(),
                secret_access_key: self.credentials.secret_access_key.expose_secret().to_owned(),
                session_token: self.credentials.session_token.expose_secret().to_owned(),
                expires_at: expires_at.to_string(),
            },
            certificates: self.certificates.clone(),
            services: self.services.clone(),
        })
    }

    fn from_file(file: File) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let expires_at: jiff::Timestamp = file.credentials.expires_at.parse()?;
        let ids = || -> Result<CompositeKey, InvalidId> {
            Ok(CompositeKey::new(file.tenant.parse()?, file.business.parse()?, file.admin.parse()?))
        };
        Ok(Self {
            composite: ids()?,
            endpoint: file.endpoint,
            principal: file.principal,
            region: file.region,
            credentials: TemporaryCredentials {
                access_key_id: file.credentials.access_key_id,
                secret_access_key: SecretString::from(file.credentials.secret_access_key),
                session_token: SecretString::from(file.credentials.session_token),
                expires_at: SystemTime::from(expires_at),
            },
            certificates: file.certificates,
            services: file.services,
        })
    }
}

/// Names of the profiles in a folder, sorted.
#[must_use]
pub fn names_in(folder: &Path) -> Vec<String> {
    let Ok(entries) = folder.read_dir() else { return Vec::new() };
    let name = |entry: std::io::Result<std::fs::DirEntry>| {
        let name = entry.ok()?.file_name().into_string().ok()?;
        let name = name.strip_suffix(".toml")?;
        (!name.is_empty()).then(|| name.to_owned())
    };
    let names: BTreeSet<String> = entries.filter_map(name).collect();
    names.into_iter().collect()
}

/// Removes the profiles that lead to `endpoint`: a mesh that starts there replaces them.
///
/// # Errors
/// A file cannot be removed.
pub fn remove_of(folder: &Path, endpoint: &str) -> Result<(), ProfileError> {
    for name in names_in(folder) {
        let leads_there = Profile::read(folder, &name).is_ok_and(|profile| profile.endpoint == endpoint);
        if leads_there {
            let path = path(folder, &name);
            std::fs::remove_file(&path).map_err(HomeError::io("remove", &path))?;
        }
    }
    Ok(())
}

fn path(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}.toml"))
}

/// A name for each combination: the admin's id; `admin@business` where ids repeat;
/// `admin@business.tenant` where that repeats too.
#[must_use]
pub fn names(combinations: &BTreeSet<CompositeKey>) -> BTreeMap<String, CompositeKey> {
    let plain = |key: &CompositeKey| key.admin().to_string();
    let with_business = |key: &CompositeKey| format!("{}@{}", key.admin(), key.business());
    let full = |key: &CompositeKey| format!("{}@{}.{}", key.admin(), key.business(), key.tenant());
    let (admins, businesses) = (counted(combinations, plain), counted(combinations, with_business));
    let mut named = BTreeMap::new();
    for key in combinations {
        let once = |counts: &BTreeMap<String, usize>, name: &str| counts.get(name) == Some(&1);
        let name = match (plain(key), with_business(key)) {
            (name, _) if once(&admins, &name) => name,
            (_, name) if once(&businesses, &name) => name,
            (_, _) => full(key),
        };
        // Ids hold dots, so business `b.t` can meet business `b` of tenant `t`. Nobody's name may then
        // lead to somebody else's rows.
        let name =
            if named.contains_key(&name) || name.len() > NAME_BYTES_MAX { unmistakable(key) } else { name };
        named.insert(name, key.clone());
    }
    named
}

fn counted(
    combinations: &BTreeSet<CompositeKey>,
    name: impl Fn(&CompositeKey) -> String,
) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for key in combinations {
        *counts.entry(name(key)).or_insert(0) += 1;
    }
    counts
}

fn unmistakable(key: &CompositeKey) -> String {
    let admin: String = key.admin().as_str().chars().take(NAME_BYTES_MAX / 2).collect();
    format!("{admin}@~{}", key.digest())
}

/// The combinations that are asked for by name, or all.
///
/// # Errors
/// [`ProfileError::NotGranted`] for a name that is nobody's.
pub fn narrowed(
    named: BTreeMap<String, CompositeKey>,
    wanted: &[String],
) -> Result<BTreeMap<String, CompositeKey>, ProfileError> {
    if let Some(name) = wanted.iter().find(|name| !named.contains_key(*name)) {
        return Err(ProfileError::NotGranted { name: name.clone(), names: named.into_keys().collect() });
    }
    let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|wanted| wanted == name);
    Ok(named.into_iter().filter(|(name, _)| is_wanted(name)).collect())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;
    use std::time::{Duration, UNIX_EPOCH};

    fn named(texts: &[&str]) -> Vec<(String, String)> {
        let keys = texts.iter().map(|text| text.parse().unwrap()).collect();
        names(&keys).into_iter().map(|(name, key)| (name, key.to_string())).collect()
    }

    fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
        expected.iter().map(|(name, key)| ((*name).to_owned(), (*key).to_owned())).collect()
    }

    #[test]
    fn names_are_as_short_as_they_can_be() {
        assert_eq!(
            named(&["t/b/ann", "t/b/bob", "t/c/bob", "t/b/cy", "u/b/cy", "u/d/cy"]),
            pairs(&[
                ("ann", "t/b/ann"),
                ("bob@b", "t/b/bob"),
                ("bob@c", "t/c/bob"),
                ("cy@b.t", "t/b/cy"),
                ("cy@b.u", "u/b/cy"),
                ("cy@d", "u/d/cy"),
            ])
        );
    }

    #[test]
    fn two_people_never_share_a_name() {
        let texts = ["t/b/x", "u/b/x", "v/b.t/x", "v/c/x"];
        let names = named(&texts);
        let people: BTreeSet<&str> = names.iter().map(|(_, key)| key.as_str()).collect();
        assert_eq!(people, BTreeSet::from(texts));
        let long = format!("{0}/{0}/{0}", "a".repeat(128));
        let other = format!("{0}b/{1}/{1}", "a".repeat(127), "a".repeat(128));
        for (name, _) in named(&[&long, &other]) {
            assert!(name.len() <= NAME_BYTES_MAX, "{name}");
        }
        assert_eq!(named(&[&long, &other]).len(), 2);
    }

    #[test]
    fn only_those_who_are_asked_for_are_kept_and_strangers_are_an_error() {
        let keys = ["t/b/ann", "t/b/bob"].iter().map(|text| text.parse().unwrap()).collect();
        let kept = narrowed(names(&keys), &["bob".to_owned()]).unwrap();
        assert_eq!(kept.into_keys().collect::<Vec<_>>(), ["bob"]);
        assert_eq!(narrowed(names(&keys), &[]).unwrap().len(), 2);
        let message = narrowed(names(&keys), &["eve".to_owned()]).unwrap_err().to_string();
        assert!(message.contains("`eve`") && message.contains("ann, bob"), "{message}");
    }

    /// A profile of nobody.
    pub(crate) fn profile() -> Profile {
        Profile {
            endpoint: "https://localhost:7100".to_owned(),
            composite: "t/b/a".parse().unwrap(),
            principal: "a.12345678".to_owned(),
            region: "us-east-1".to_owned(),
            credentials: TemporaryCredentials {
                access_key_id: "ASIAAAAAAAAAAAAAAAAA".to_owned(),
                secret_access_key: SecretString::from("secret-of-a".to_owned()),
                session_token: SecretString::from("token-of-a".to_owned()),
                expires_at: UNIX_EPOCH + Duration::from_secs(1_795_000_000),
            },
            certificates: Certificates {
                ca: "/h/pki/ca.pem".into(),
                certificate: "/h/pki/operator.pem".into(),
                key: "/h/pki/operator.key".into(),
                bootstrap_certificate: "/h/pki/bootstrap.pem".into(),
                bootstrap_key: "/h/pki/bootstrap.key".into(),
            },
            services: InnerServices {
                auth: "localhost:7101".to_owned(),
                reasoning: "localhost:7102".to_owned(),
                schema_router: "localhost:7103".to_owned(),
                query: "localhost:7104".to_owned(),
            },
        }
    }

    #[test]
    fn a_profile_survives_its_file_which_only_its_owner_can_read() {
        let folder = tempfile::tempdir().unwrap();
        profile().write(folder.path(), "a").unwrap();
        let read = Profile::read(folder.path(), "a").unwrap();
        assert_eq!(read.composite, profile().composite);
        assert_eq!(read.authority(), "localhost:7100");
        assert_eq!(read.credentials.expires_at, profile().credentials.expires_at);
        assert_eq!(read.credentials.session_token.expose_secret(), "token-of-a");
        assert_eq!((read.certificates, read.services), (profile().certificates, profile().services));
        let mode = std::fs::metadata(path(folder.path(), "a")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_profile_that_is_not_there_is_told_with_those_that_are() {
        let folder = tempfile::tempdir().unwrap();
        let read = |name: &str| Profile::read(folder.path(), name).unwrap_err().to_string();
        assert!(read("a").contains("splitplane up"));
        profile().write(folder.path(), "ann").unwrap();
        assert!(read("a").contains("there are ann"));
        assert!(read("../profiles/ann").contains("there is no profile"));
    }

    #[test]
    fn profiles_of_a_mesh_that_starts_anew_go_and_others_stay() {
        let folder = tempfile::tempdir().unwrap();
        profile().write(folder.path(), "a").unwrap();
        let other = Profile { endpoint: "https://localhost:9".to_owned(), ..profile() };
        other.write(folder.path(), "b").unwrap();
        remove_of(folder.path(), "https://localhost:7100").unwrap();
        assert_eq!(names_in(folder.path()), ["b"]);
    }

    #[test]
    fn debug_shows_no_secret() {
        let shown = format!("{:?}", profile());
        assert!(!shown.contains("secret-of-a") && !shown.contains("token-of-a"), "{shown}");
    }
}
