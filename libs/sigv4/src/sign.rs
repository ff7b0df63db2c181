//! The client's side: the headers that make a gRPC call a signed one.
//!
//! The signature is computed by the AWS SDK's own signer, so that signing and verification share no
//! canonicaliser.

use crate::{SERVICE, SignError, TemporaryCredentials, canonical, headers, message_of, verify};
use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings,
    UriPathNormalizationMode, sign as aws_sign,
};
use aws_sigv4::sign::v4::SigningParams;
use aws_smithy_runtime_api::client::identity::Identity;
use secrecy::ExposeSecret as _;
use splitplane_types::CompositeKey;
use std::time::SystemTime;

const AUTHORITY_BYTES_MAX: usize = 255;

/// A call to sign.
#[derive(Debug, Clone, Copy)]
pub struct SignRequest<'a> {
    /// `/package.Service/Method`.
    pub path: &'a str,
    /// The HTTP/2 `:authority` that the call will be sent with.
    pub authority: &'a str,
    /// The body: one uncompressed frame, see [`crate::frame()`].
    pub frame: &'a [u8],
    /// On whose behalf.
    pub composite: &'a CompositeKey,
    /// 16 to 128 characters of `[A-Za-z0-9._-]`, never used before with these credentials.
    pub nonce: &'a str,
    /// Region of the credential scope.
    pub region: &'a str,
}

/// The headers to add to the call, `authorization` among them.
///
/// # Errors
/// The request is not one that [`crate::verify`] could accept, or the signer refuses it.
pub fn sign(
    request: &SignRequest<'_>,
    credentials: &TemporaryCredentials,
    now: SystemTime,
) -> Result<Vec<(String, String)>, SignError> {
    check(request)?;
    let identity: Identity = Credentials::new(
        credentials.access_key_id.as_str(),
        credentials.secret_access_key.expose_secret(),
        Some(credentials.session_token.expose_secret().to_owned()),
        None,
        SERVICE,
    )
    .into();
    let params = SigningParams::builder()
        .identity(&identity)
        .region(request.region)
        .name(SERVICE)
        .time(now)
        .settings(settings())
        .build()
        .map_err(SignError::Parameters)?
        .into();
    let ids = [
        (headers::TENANT_ID, request.composite.tenant().as_str()),
        (headers::BUSINESS_ID, request.composite.business().as_str()),
        (headers::ADMIN_ID, request.composite.admin().as_str()),
        (headers::NONCE, request.nonce),
    ];
    // Given, not left to the signer, which would drop the ports 80 and 443.
    let host = (headers::HOST, request.authority);
    let uri = format!("https://{}{}", request.authority, request.path);
    let body = SignableBody::Bytes(request.frame);
    let signable =
        SignableRequest::new("POST", uri, ids.into_iter().chain([host]), body).map_err(SignError::Signer)?;
    let (instructions, _) = aws_sign(signable, &params).map_err(SignError::Signer)?.into_parts();
    let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    Ok(ids.into_iter().chain(instructions.headers()).map(owned).collect())
}

fn settings() -> SigningSettings {
    let mut settings = SigningSettings::default();
    settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
    settings.percent_encoding_mode = PercentEncodingMode::Single;
    settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
    settings
}

// The signer panics on a URI without an authority, so nothing reaches it unchecked.
fn check(request: &SignRequest<'_>) -> Result<(), SignError> {
    let is_authority = !request.authority.is_empty()
        && request.authority.len() <= AUTHORITY_BYTES_MAX
        && request.authority.bytes().all(|byte| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b':' | b'[' | b']')
        });
    if !canonical::is_method_path(request.path) {
        Err(SignError::Path)
    } else if !is_authority {
        Err(SignError::Authority)
    } else if !verify::is_nonce(request.nonce) {
        Err(SignError::Nonce)
    } else if message_of(request.frame).is_none() {
        Err(SignError::Frame)
    } else {
        Ok(())
    }
}
