//! Request signatures: AWS Signature Version 4 over one gRPC frame, and the temporary credentials
//! that callers sign with.
//!
//! - **G-1** A [`VerifiedCaller`] exists only as the result of [`verify`].
//! - **G-2** What is not already canonical is refused, never normalised, so that what was signed is
//!   byte for byte what is read.
//! - **G-3** Every tenant, business, admin, nonce and body that is read was signed; a header of these
//!   families that was not signed is refused.
//! - **G-4** An unknown access key costs the same cryptography as a known one.
//! - **G-5** What makes a request different from a copy of it is [`VerifiedCaller::single_use_id`]: whoever
//!   acts on a request uses that up, until it is no longer fresh.
//!
//! Not decided here: whether the principal may speak for the combination (the registry), and what a
//! caller is told about a failure (nothing but that it failed).

mod authorization;
mod canonical;
mod credentials;
mod date;
mod error;

mod headers;
mod sign;
mod sts;
mod verify;

pub use credentials::{CredentialIssuer, LIFETIME_MAX, LIFETIME_MIN, MasterKey, TemporaryCredentials};
pub use error::{IssueError, MasterKeyError, SignError, StsError, VerifyError};
pub use sign::{SignRequest, sign};
pub use splitplane_types::{frame, message_of};
pub use sts::{
    AssumedRole, STS_BODY, STS_CONTENT_TYPE, STS_SERVICE, StsExpectations, StsRequest, is_for_sts,
};
pub use verify::{Expectations, RawRequest, VerifiedCaller, verify};

/// The service name in every credential scope.
pub const SERVICE: &str = "splitplane";
