//! Why a key could not be read, minted or verified. For logs: callers outside learn none of it.

/// A signing or verifying key that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The operating system gave no random bytes.
    #[error("no random bytes")]
    Random,
    /// Not one PEM block `PRIVATE KEY`.
    #[error("not a PEM file with one `PRIVATE KEY` block (PKCS #8)")]
    Pem,
    /// Not a P-256 private key.
    #[error("not a P-256 private key")]
    Rejected,
    /// Not an uncompressed P-256 point.
    #[error("not an uncompressed P-256 point of 65 bytes, on the curve")]
    Point,
    /// Not base64url.
    #[error("not unpadded base64url")]
    Text,
    /// Not the DER form of a P-256 public key.
    #[error("not a P-256 public key in DER (SubjectPublicKeyInfo, named curve)")]
    Spki,
}

/// A session key, receipt, conversation or key certificate that could not be made.
#[derive(Debug, thiserror::Error)]
pub enum MintError {
    /// Zero, not whole seconds, or longer than verifiers accept.
    #[error("the lifetime must be whole seconds, at least one and within the cap")]
    Lifetime,
    /// The clock shows a time that claims cannot hold.
    #[error("the clock is before 1970 or too far in the future")]
    Clock,
    /// The requesting workload is no SPIFFE id of the trust domain.
    #[error("the requesting workload is not of this trust domain")]
    Workload,
    /// Nothing vouches for the signing key any more: what it signs now, nobody would take.
    #[error("the signing key's certificate has expired")]
    KeyExpired,
    /// The session that a receipt is for has expired.
    #[error("the session has expired")]
    SessionExpired,
    /// The receipt that a conversation is to continue from is another session's.
    #[error("the receipt is of another session")]
    OtherSession,
    /// Larger than verifiers accept.
    #[error("the token would be too large")]
    TooLarge,
    /// The claims do not encode.
    #[error("the claims do not encode")]
    Encode(#[source] serde_json::Error),
    /// Signing or random bytes failed.
    #[error("signing failed")]
    Sign,
    /// What signed elsewhere gave no DER signature of a P-256 key.
    #[error("not an ECDSA signature of P-256 in DER")]
    Signature,
}

/// What a session key, a receipt, a conversation and a key certificate can all be refused for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Too large, or not three parts of unpadded base64url.
    #[error("malformed")]
    Malformed,
    /// The header is none of the frozen headers of the known keys.
    #[error("signed by no known key of this kind")]
    UnknownKey,
    /// The signature does not match.
    #[error("bad signature")]
    BadSignature,
    /// A claim is missing, unknown, twice there or of the wrong form.
    #[error("malformed claims")]
    Claims,
    /// Issued by someone else.
    #[error("wrong issuer")]
    Issuer,
    /// Meant for another trust domain.
    #[error("wrong audience")]
    Audience,
    /// Lives longer than tokens of this kind may, or ends before it begins.
    #[error("lifetime over the cap")]
    Lifetime,
    /// Issued in the future.
    #[error("not yet valid")]
    NotYetValid,
    /// Expired.
    #[error("expired")]
    Expired,
}

/// A feed that was not taken: the one that is held goes on ageing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FeedRefused {
    /// Of an older registry than the one that is held: it would bring revoked people back.
    #[error("the feed is of an older registry than the one before it")]
    Older,
    /// A session-signing key comes without a certificate, where a root must vouch for it.
    #[error("nothing vouches for a session-signing key of the feed")]
    Uncertified,
    /// A certificate does not hold.
    #[error("the certificate of a session-signing key of the feed does not hold")]
    Certificate(#[from] TokenError),
    /// A certificate is of another key than the one it comes with.
    #[error("the certificate of a session-signing key of the feed is of another key")]
    OtherKey,
}

/// A session key that was refused.
///
/// All but [`SessionError::FeedStale`] are failures of credentials and look the same outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SessionError {
    /// No feed, or one older than the bound: nothing can be verified now.
    #[error("the feed of keys and revocations is stale")]
    FeedStale,
    /// See [`TokenError`].
    #[error("session key refused")]
    Token(#[from] TokenError),
    /// The claims contradict each other.
    #[error("session key refused: the claims contradict each other")]
    Inconsistent,
    /// The combination was revoked after the key was minted.
    #[error("session key refused: revoked")]
    Revoked,
}

/// A receipt that was refused.
///
/// All but [`ReceiptError::FeedStale`] are failures of credentials and look the same outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptError {
    /// No feed, or one older than the bound: nothing can be verified now.
    #[error("the feed of keys and revocations is stale")]
    FeedStale,
    /// See [`TokenError`].
    #[error("receipt refused")]
    Token(#[from] TokenError),
    /// Signed for another transaction.
    #[error("receipt refused: for another transaction")]
    OtherTransaction,
    /// Signed for another session key.
    #[error("receipt refused: for another session key")]
    OtherSessionKey,
    /// Signed for another question.
    #[error("receipt refused: for another question")]
    OtherQuestion,
}

/// A conversation that was refused.
///
/// All but [`ConversationError::FeedStale`] and [`ConversationError::Expired`] are failures of credentials and look
/// the same outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ConversationError {
    /// No feed, or one older than the bound: nothing can be verified now.
    #[error("the feed of keys and revocations is stale")]
    FeedStale,
    /// See [`TokenError`].
    #[error("conversation refused")]
    Token(#[from] TokenError),
    /// Another combination's.
    #[error("conversation refused: of another combination")]
    OtherCombination,
    /// This combination's own, and over: everything else about it holds.
    #[error("the conversation has expired")]
    Expired,
}
