//! An identity in three files: certificate chain, key, authorities.
//!
//! Decides when the files are a new identity: when their contents are other than those in use and
//! make one together. A file that is missing, half-written or of another certificate changes
//! nothing, and is said once. Looks at contents, since a mount may keep the time of a file that it
//! replaces.

use crate::config;
use crate::status::Chain;
use crate::tls::{Credentials, Material, Owner, TlsError, roots};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use splitplane_types::Digest;
use std::io;
use std::path::Path;

/// What stood in the files at one time; `None` could not be read.
type Digests = [Option<Digest>; 3];

/// The files, and what was last found in them.
#[derive(Debug)]
pub(crate) struct Files {
    paths: config::Tls,
    owner: Owner,
    in_use: Digests,
    /// What the log says about the files as they are.
    told: Option<Digests>,
}

struct Contents {
    certificate: io::Result<Vec<u8>>,
    key: io::Result<Vec<u8>>,
    ca: io::Result<Vec<u8>>,
}

impl Files {
    /// Reads the files for the first time.
    ///
    /// # Errors
    /// They make no identity of `owner`'s.
    pub(crate) async fn open(paths: &config::Tls, owner: Owner) -> Result<(Self, Credentials), TlsError> {
        let contents = Contents::read(paths).await;
        let in_use = contents.digests();
        let first = contents.material(paths)?.prove(&owner)?;
        Ok((Self { paths: paths.clone(), owner, in_use, told: None }, first))
    }

    /// Looks at the files once: the identity in them, if it is a new one.
    pub(crate) async fn look(&mut self) -> Option<Credentials> {
        let contents = Contents::read(&self.paths).await;
        let found = contents.digests();
        if found == self.in_use {
            self.told = None;
            return None;
        }
        // Tried at each look, not at each change: what is not valid yet may be so a second later.
        match contents.material(&self.paths).and_then(|material| material.prove(&self.owner)) {
            Ok(renewed) => {
                tracing::info!("the certificate was renewed");
                (self.in_use, self.told) = (found, None);
                Some(renewed)
            }
            Err(error) => {
                if self.told != Some(found) {
                    tracing::warn!(error = %Chain(&error), "the certificate in use stays: the files make none");
                    self.told = Some(found);
                }
                None
            }
        }
    }
}

impl Contents {
    /// Each file is read once, so that what is checked is what is used.
    async fn read(paths: &config::Tls) -> Self {
        Self {
            certificate: tokio::fs::read(&paths.certificate).await,
            key: tokio::fs::read(&paths.key).await,
            ca: tokio::fs::read(&paths.ca).await,
        }
    }

    fn digests(&self) -> Digests {
        [&self.certificate, &self.key, &self.ca].map(|file| file.as_deref().ok().map(Digest::of))
    }

    fn material(self, paths: &config::Tls) -> Result<Material, TlsError> {
        let read = |file: io::Result<Vec<u8>>, path: &Path| {
            file.map_err(|source| TlsError::File { path: path.to_owned(), source })
        };
        let authorities = certificates(&read(self.ca, &paths.ca)?, &paths.ca)?;
        let chain = certificates(&read(self.certificate, &paths.certificate)?, &paths.certificate)?;
        let key = PrivateKeyDer::from_pem_slice(&read(self.key, &paths.key)?)
            .map_err(|source| TlsError::Pem { path: paths.key.clone(), source })?;
        Ok(Material { chain, key, roots: roots(authorities)? })
    }
}

fn certificates(pem: &[u8], path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let found = CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>();
    let found = found.map_err(|source| TlsError::Pem { path: path.to_owned(), source })?;
    if found.is_empty() { Err(TlsError::Empty(path.to_owned())) } else { Ok(found) }
}
