//! Which keys the policy desk is asked by.
//!
//! Decides that no row is found by a column that some role may not see, whatever it is called there. Whether a field
//! exists is the lab's to say.

use super::{Asked, PolicyDesk, PolicyError};
use splitplane_semantics::{Dataset, FieldExpression};

/// Fields of a key.
pub(super) const KEY_FIELDS_MAX: usize = 16;
/// Bytes of a name or a value.
const KEY_BYTES_MAX: usize = 1_024;

impl PolicyDesk {
    /// Refuses keys that are no keys: too many or too long, or fields that some role may not see, since whether a
    /// row holds a value tells that value.
    pub(super) fn check_key(&self, asked: &Asked) -> Result<(), PolicyError> {
        let is_long = |text: &String| text.len() > KEY_BYTES_MAX;
        let long_name = asked.dataset.iter().any(is_long);
        if long_name
            || asked.key.len() > KEY_FIELDS_MAX
            || asked.key.iter().any(|(f, v)| is_long(f) || is_long(v))
        {
            return Err(PolicyError::Key("a name, a value or the key itself is too long".to_owned()));
        }
        for (field, _) in &asked.key {
            if asked.dataset.as_ref().is_some_and(|name| self.is_restricted(name, field)) {
                let told =
                    format!("`{field}` is hidden or masked for some role, so no row is found by it here");
                return Err(PolicyError::Key(told));
            }
        }
        Ok(())
    }
}

impl PolicyDesk {
    /// Whether a field is made of a column that some role may not see, by whatever name and in whatever dataset of the
    /// same file the policy restricts it.
    fn is_restricted(&self, name: &str, field: &str) -> bool {
        let Some(asked) = self.model.dataset(name) else { return false };
        let column = |dataset: &Dataset, field: &str| match &dataset.field(field)?.expression {
            FieldExpression::Column(column) => Some(column.to_ascii_lowercase()),
            FieldExpression::Computed(_) => None,
        };
        let Some(wanted) = column(asked, field) else { return false };
        let mut same_file = self.model.datasets.iter().filter(|dataset| dataset.source == asked.source);
        same_file.any(|dataset| {
            let policy = self.policy.datasets.get(&dataset.name);
            policy.is_some_and(|policy| {
                policy.columns.keys().any(|restricted| column(dataset, restricted).as_ref() == Some(&wanted))
            })
        })
    }
}

/// A text, no longer than one that is looked up.
pub(super) fn cut(text: &str) -> String {
    text.chars().take(KEY_BYTES_MAX).collect()
}
