//! Session keys, receipts and conversations: who may speak for whom, which question was approved, and what a
//! follow-up continues.
//!
//! A session key says on whose behalf one request runs; `auth` mints it and every service verifies
//! it anew. A receipt says that layer 2 approved one question under one session key; `reasoning`
//! signs it. A conversation says what a combination's question before this one meant; `gateway` signs it and the caller
//! keeps it. A key certificate says that a root key, which no service holds, vouches for a key that signs
//! session keys. All are JWS with ES256 and one frozen header per key.
//!
//! - **S-1** A [`VerifiedSession`] exists only as the result of [`Verifier::verify`], a
//!   [`VerifiedReceipt`] only as the result of [`Verifier::verify_receipt`].
//! - **S-2** The signature is checked before one byte of the claims is parsed, and the header is
//!   compared, never parsed.
//! - **S-3** Nothing verifies without a feed of keys and revocations younger than the bound.
//! - **S-4** None of the four passes as another; a receipt passes only with the session key, transaction and
//!   question that it was signed for.
//! - **S-5** A [`VerifiedKey`] exists only as the result of [`KeyRoot::verify`]; a verifier with a root knows no
//!   session-signing key without one, nor for longer.
//! - **S-6** A [`VerifiedConversation`] exists only as the result of [`Verifier::verify_conversation`] or, where the
//!   keys themselves are at hand, of [`ConversationKeys::verify`]: one check for both, for one whole combination.
//!
//! Not decided here: how the feed travels, whether a key or receipt is used twice, and what an
//! interpretation means.

mod cache;
mod certificate;
mod claims;
mod conversation;
mod der;
mod error;
mod jws;
mod keys;
mod mint;
mod receipt;
mod ring;
mod session;
mod verifier;

pub use certificate::{CERTIFICATE_LIFETIME_MAX, DraftCertificate, KeyCertificate, KeyRoot, VerifiedKey};
pub use conversation::{
    CONVERSATION_LIFETIME_MAX, ConversationKeys, ConversationSigner, VerifiedConversation,
    conversation_issuer,
};
pub use error::{
    ConversationError, FeedRefused, KeyError, MintError, ReceiptError, SessionError, TokenError,
};
pub use keys::{PublicKey, SigningKey};
pub use mint::{Minter, SESSION_LIFETIME_MAX, SessionGrant};
pub use receipt::{RECEIPT_LIFETIME_MAX, ReceiptClaims, ReceiptSigner, VerifiedReceipt, receipt_issuer};
pub use ring::KeyRing;
pub use session::{SessionKey, VerifiedSession};
pub use verifier::{Feed, OfferedKey, Verifier};
