//! The composite key: who is asking, as one value.

use crate::{AdminId, BusinessId, Digest, InvalidId, TenantId};
use std::fmt;
use std::str::FromStr;

/// Tenant, business and admin together.
///
/// Its text is `tenant/business/admin`. No id holds a slash, so no two triples share a text.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CompositeKey {
    tenant: TenantId,
    business: BusinessId,
    admin: AdminId,
}

impl CompositeKey {
    /// Puts three ids together. That they belong together is for the registry to say.
    #[must_use]
    pub const fn new(tenant: TenantId, business: BusinessId, admin: AdminId) -> Self {
        Self { tenant, business, admin }
    }

    /// The tenant.
    #[must_use]
    pub const fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    /// The business.
    #[must_use]
    pub const fn business(&self) -> &BusinessId {
        &self.business
    }

    /// The admin.
    #[must_use]
    pub const fn admin(&self) -> &AdminId {
        &self.admin
    }

    /// SHA-256 of the text, for places that must not hold the ids themselves.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(self.to_string().as_bytes())
    }
}

impl fmt::Display for CompositeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.tenant, self.business, self.admin)
    }
}

impl FromStr for CompositeKey {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let mut parts = text.splitn(3, '/');
        let mut next = || parts.next().unwrap_or("");
        Ok(Self::new(next().parse()?, next().parse()?, next().parse()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_key_with_more_or_fewer_parts_is_refused() {
        for text in ["a/b", "a/b/c/d", "a//c", "/b/c", "a/b/"] {
            assert!(text.parse::<CompositeKey>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_two_triples_share_a_text(a in proptest::array::uniform3("[ab._-]{1,3}"), b in proptest::array::uniform3("[ab._-]{1,3}")) {
            let key = |[t, b, a]: &[String; 3]| {
                CompositeKey::new(t.parse().unwrap(), b.parse().unwrap(), a.parse().unwrap())
            };
            prop_assert_eq!(key(&a).to_string() == key(&b).to_string(), a == b);
            prop_assert_eq!(key(&a).to_string().parse::<CompositeKey>().unwrap(), key(&a));
        }
    }
}
