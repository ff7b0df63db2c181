//! Why something was refused. For logs: callers outside learn none of it.

/// A request whose signature was not accepted. All variants look the same outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// The path is not `/package.Service/Method`, or has a query.
    #[error("the path is not that of a gRPC method")]
    Path,
    /// The authority is not on the allow-list, or `host` says something else.
    #[error("the authority is not one of ours")]
    Authority,
    /// A header that must be there once is missing.
    #[error("header `{0}` is missing")]
    HeaderMissing(&'static str),
    /// A header that may be there once is repeated.
    #[error("header `{0}` is repeated")]
    HeaderRepeated(&'static str),
    /// A header's name or value is not in canonical form, or not the one value it may have.
    #[error("header `{0}` is not canonical")]
    HeaderNotCanonical(&'static str),
    /// A header of a signed family that is not on the list.
    #[error("a header of the signed families is not signed")]
    HeaderUnsigned,
    /// `authorization` does not have the one accepted form.
    #[error("the authorization header is malformed")]
    Authorization,
    /// The list of signed headers is not exactly the expected one.
    #[error("the list of signed headers is not the expected one")]
    SignedHeaders,
    /// Another region, service or terminator.
    #[error("the credential scope is for something else")]
    Scope,
    /// Not a temporary access key id.
    #[error("not a temporary access key")]
    AccessKey,
    /// `x-amz-date` is malformed, or the scope names another day.
    #[error("the date is malformed or not that of the scope")]
    Date,
    /// Further from now than the skew allows.
    #[error("signed too long ago or in the future")]
    Skew,
    /// The body is not one uncompressed frame.
    #[error("the body is not one uncompressed gRPC frame")]
    Frame,
    /// `x-amz-content-sha256` is not the digest of the body.
    #[error("the payload hash is not that of the body")]
    PayloadHash,
    /// An id is malformed.
    #[error("an identity header holds no id")]
    Identity,
    /// The nonce is malformed.
    #[error("the nonce is malformed")]
    Nonce,
    /// The session token was not sealed by us for this access key.
    #[error("unknown credentials")]
    UnknownCredentials,
    /// The signature does not match.
    #[error("bad signature")]
    Signature,
    /// The credentials have expired, or were not yet issued.
    #[error("the credentials are not valid now")]
    Expired,
}

/// A caller that AWS did not vouch for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StsError {
    /// AWS refuses the signature or the credentials.
    #[error("AWS refuses the request")]
    Refused,
    /// AWS has no time for it now.
    #[error("AWS throttles")]
    Throttled,
    /// AWS cannot be reached, or has a fault.
    #[error("AWS cannot be asked")]
    Unavailable,
    /// The answer is not that of `GetCallerIdentity`.
    #[error("the answer of AWS does not read")]
    Malformed,
    /// A user, a root or a federated user: whoever lives on long-term credentials.
    #[error("the caller has assumed no role")]
    NotARole,
    /// A role that no principal has.
    #[error("the role is nobody's")]
    UnknownRole,
}

/// Credentials that could not be issued.
#[derive(Debug, thiserror::Error)]
pub enum IssueError {
    /// Out of range.
    #[error("the lifetime must be whole seconds, from 15 minutes to 12 hours")]
    Lifetime,
    /// The clock shows a time that cannot be written down.
    #[error("the clock is before 1970 or too far in the future")]
    Clock,
    /// No random bytes.
    #[error("no random bytes")]
    Random,
    /// The session token could not be encoded.
    #[error("the session token does not encode")]
    Encode(#[source] serde_json::Error),
    /// The session token could not be sealed.
    #[error("the session token could not be sealed")]
    Seal,
}

/// A master key that cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MasterKeyError {
    /// Not 32 bytes in base64.
    #[error("not 32 bytes in base64")]
    Malformed,
    /// No random bytes.
    #[error("no random bytes")]
    Random,
}

/// A request that could not be signed.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// The path is not that of a gRPC method.
    #[error("the path is not that of a gRPC method")]
    Path,
    /// The authority is not `host` or `host:port`.
    #[error("the authority is not `host` or `host:port`")]
    Authority,
    /// Not 16 to 128 characters of `[A-Za-z0-9._-]`.
    #[error("the nonce must be 16 to 128 characters of A-Z, a-z, 0-9, `.`, `_` and `-`")]
    Nonce,
    /// Not one uncompressed frame.
    #[error("the body is not one uncompressed gRPC frame")]
    Frame,
    /// A parameter is missing.
    #[error("signing parameters are incomplete")]
    Parameters(#[source] aws_sigv4::sign::v4::signing_params::BuildError),
    /// The signer refused.
    #[error("the signer refused the request")]
    Signer(#[source] aws_sigv4::http_request::SigningError),
}
