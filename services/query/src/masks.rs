//! Keys of hashed columns: one per tenant, derived from the service's own key.
//!
//! So that equal values of two tenants have hashes that cannot be compared, and nobody who sees hashes
//! can try values out.

use ring::hmac;
use splitplane_semantics::Mask;
use splitplane_split_plane::{ColumnMask, MaskKey};
use splitplane_types::TenantId;

/// Derives every tenant's key.
pub(crate) struct MaskKeys(hmac::Key);

impl std::fmt::Debug for MaskKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MaskKeys(..)")
    }
}

impl MaskKeys {
    /// Takes the service's key.
    pub(crate) fn new(key: &[u8; 32]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, key))
    }

    fn of(&self, tenant: &TenantId) -> MaskKey {
        let tag = hmac::sign(&self.0, format!("splitplane column masks\n{tenant}").as_bytes());
        let mut key = [0; 32];
        for (to, from) in key.iter_mut().zip(tag.as_ref()) {
            *to = *from;
        }
        MaskKey::new(key)
    }

    /// The policy's mask as this tenant's rows are masked.
    pub(crate) fn mask(&self, mask: &Mask, tenant: &TenantId) -> ColumnMask {
        match mask {
            Mask::Null => ColumnMask::Null,
            Mask::Last(count) => ColumnMask::Last(*count),
            Mask::Hash => ColumnMask::Hash(self.of(tenant)),
            Mask::Bucket(bucket) => ColumnMask::Bucket(*bucket),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tenant_and_every_service_key_has_hashes_of_its_own() {
        let (keys, others) = (MaskKeys::new(&[1; 32]), MaskKeys::new(&[2; 32]));
        let (one, other): (TenantId, TenantId) = ("one".parse().unwrap(), "other".parse().unwrap());
        assert_eq!(keys.of(&one), keys.of(&one));
        assert_ne!(keys.of(&one), keys.of(&other));
        assert_ne!(keys.of(&one), others.of(&one));
    }
}
