//! One issuer, one honest caller, one moment.

use splitplane_sigv4::{
    CredentialIssuer, Expectations, MasterKey, RawRequest, SignRequest, TemporaryCredentials, VerifiedCaller,
    VerifyError, frame, sign, verify,
};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

pub(crate) const PATH: &str = "/splitplane.gateway.v1.GatewayService/Ask";
pub(crate) const AUTHORITY: &str = "gateway.example:443";
pub(crate) const NONCE: &str = "01JD9Z6V5T.nonce_-";
pub(crate) const KEY: &str = "tenant-1/business_2/admin.3";

/// 2026-11-22T12:00:00Z
pub(crate) fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_795_348_800)
}

pub(crate) fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

pub(crate) fn master(byte: u8) -> MasterKey {
    MasterKey::from_bytes([byte; 32]).unwrap()
}

pub(crate) fn issuer() -> CredentialIssuer {
    CredentialIssuer::new(master(1), vec![])
}

pub(crate) fn expectations() -> Expectations {
    Expectations {
        region: "us-east-1".into(),
        authorities: vec!["localhost:7000".into(), AUTHORITY.into()],
        skew: seconds(300),
    }
}

pub(crate) fn credentials() -> TemporaryCredentials {
    issuer().issue(&"worker".parse().unwrap(), seconds(3_600), now()).unwrap()
}

/// A request on its way.
#[derive(Debug, Clone)]
pub(crate) struct Sent {
    pub(crate) path: String,
    pub(crate) authority: String,
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) frame: Vec<u8>,
}

impl Sent {
    pub(crate) fn honest(credentials: &TemporaryCredentials, nonce: &str, at: SystemTime) -> Self {
        let frame = frame(b"\x0a\x04what");
        let request = SignRequest {
            path: PATH,
            authority: AUTHORITY,
            frame: &frame,
            composite: &KEY.parse().unwrap(),
            nonce,
            region: "us-east-1",
        };
        let headers = sign(&request, credentials, at).unwrap();
        let headers = headers.into_iter().map(|(name, value)| (name, value.into_bytes())).collect();
        Self { path: PATH.into(), authority: AUTHORITY.into(), headers, frame }
    }

    pub(crate) fn raw(&self) -> RawRequest<'_> {
        RawRequest {
            path: &self.path,
            authority: &self.authority,
            headers: &self.headers,
            frame: &self.frame,
        }
    }

    pub(crate) fn verify_with(
        &self,
        issuer: &CredentialIssuer,
        at: SystemTime,
    ) -> Result<VerifiedCaller, VerifyError> {
        verify(&self.raw(), issuer, &expectations(), at)
    }

    pub(crate) fn verify(&self) -> Result<VerifiedCaller, VerifyError> {
        self.verify_with(&issuer(), now())
    }

    pub(crate) fn header(&mut self, name: &str) -> &mut Vec<u8> {
        self.headers.iter_mut().find(|(found, _)| found == name).map(|(_, value)| value).unwrap()
    }
}
