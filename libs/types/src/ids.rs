//! Identifiers. Each can only be made by parsing; none has a default.
//!
//! Tenant, business and admin ids are the user's own strings: 1 to 128 characters of
//! `[A-Za-z0-9._-]`, compared byte for byte, so `001` and `1`, `A` and `a` stay apart. Request ids
//! are ULIDs.

use std::fmt;
use std::str::FromStr;

const ID_CHARS_MAX: usize = 128;

/// A text that is no id of its kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a {kind}: must be 1 to {ID_CHARS_MAX} characters of A-Z, a-z, 0-9, `.`, `_` and `-`")]
pub struct InvalidId {
    kind: &'static str,
}

fn is_id(text: &str) -> bool {
    (1..=ID_CHARS_MAX).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'))
}

macro_rules! define_id {
    ($(#[$doc:meta])* $name:ident, $kind:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Box<str>);

        impl $name {
            /// The id as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                if is_id(text) { Ok(Self(text.into())) } else { Err(InvalidId { kind: $kind }) }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }
    };
}

define_id!(
    /// A customer of the software company: the outermost boundary.
    TenantId,
    "tenant id"
);
define_id!(
    /// A business (brand, company) within a tenant.
    BusinessId,
    "business id"
);
define_id!(
    /// A person or account within a business. The same text in two businesses is two admins.
    AdminId,
    "admin id"
);
define_id!(
    /// A workload or service account that signs requests, and may speak for registered combinations.
    PrincipalId,
    "principal id"
);
define_id!(
    /// A role that the registry gives a combination.
    Role,
    "role"
);

macro_rules! define_ulid {
    ($(#[$doc:meta])* $name:ident, $kind:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(ulid::Ulid);

        impl $name {
            /// Makes a new id from the given milliseconds since the Unix epoch and random bits.
            #[must_use]
            pub const fn from_parts(unix_ms: u64, random: u128) -> Self {
                Self(ulid::Ulid::from_parts(unix_ms, random))
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                ulid::Ulid::from_string(text).map(Self).or(Err(InvalidId { kind: $kind }))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }
    };
}

define_ulid!(
    /// Transaction id of one request: what logs, traces and the audit record are found by.
    Txn,
    "transaction id"
);
define_ulid!(
    /// Session id: the conversation's, or a new one.
    SessionId,
    "session id"
);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ids_that_could_be_mistaken_or_injected_are_refused() {
        for text in ["", " ", "a b", "a/b", "a'", "ä", "a\0", "a\n", "*", "a:b", &"x".repeat(129)] {
            assert!(text.parse::<TenantId>().is_err(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn parse_undoes_display(text in "[A-Za-z0-9._-]{1,128}") {
            let id: TenantId = text.parse().unwrap();
            prop_assert_eq!(id.to_string(), text);
        }

        #[test]
        fn transaction_ids_survive_the_wire(ms in 0_u64..1 << 48, random in any::<u128>()) {
            let txn = Txn::from_parts(ms, random);
            prop_assert_eq!(txn.to_string().parse::<Txn>().unwrap(), txn);
        }
    }
}
