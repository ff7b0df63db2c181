//! Words that every room shares: ids, the composite key, digests, questions, tables and limits.
//!
//! Decides what a well-formed value of each is. Does no I/O and knows nothing of the wire.

mod bucket;
mod composite;
mod decimal;
mod derived;
mod digest;
mod frame;
mod ids;
mod limits;
mod numeral;
mod outcome;
mod question;
mod reason;
mod table;
mod usage;

pub use bucket::{Bucket, BucketUnit};
pub use composite::CompositeKey;
pub use decimal::{Decimal, InvalidDecimal};
pub use derived::Derived;
pub use digest::{Digest, InvalidDigest};
pub use frame::{frame, message_of};
pub use ids::{AdminId, BusinessId, InvalidId, PrincipalId, Role, SessionId, TenantId, Txn};
pub use limits::Limits;
pub use numeral::number_word;
pub use outcome::Outcome;
pub use question::{QUESTION_BYTES_MAX, Question, QuestionError};
pub use reason::Reason;
pub use table::{Cell, Column, DataType, Table};
pub use usage::ModelUsage;
