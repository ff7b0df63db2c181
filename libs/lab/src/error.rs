//! Why the lab has no answer, with the nearest right name where a name was wrong.

pub(crate) use splitplane_semantics::nearest;
use std::error::Error;

/// Why the lab has no answer.
#[derive(Debug, thiserror::Error)]
pub enum LabError {
    /// No dataset of that name is exposed by the policy.
    #[error("no dataset `{name}` is exposed by the policy{}", hint(nearest.as_deref()))]
    UnknownDataset {
        /// The name.
        name: String,
        /// The nearest right one.
        nearest: Option<String>,
    },
    /// The dataset holds the grants, which no sandbox ever shows.
    #[error("dataset `{name}` holds the grants and never enters a sandbox")]
    HoldsGrants {
        /// The dataset.
        name: String,
    },
    /// No field of that name.
    #[error("dataset `{dataset}` has no field `{field}`{}", hint(nearest.as_deref()))]
    UnknownField {
        /// The dataset.
        dataset: String,
        /// The name.
        field: String,
        /// The nearest right one.
        nearest: Option<String>,
    },
    /// A key on a field that is no column of the file.
    #[error("field `{dataset}.{field}` is computed; a key needs fields that are plain columns")]
    Computed {
        /// The dataset.
        dataset: String,
        /// The field.
        field: String,
    },
    /// A key without a field.
    #[error("the key of `{dataset}` names no field; write `field=value`")]
    EmptyKey {
        /// The dataset.
        dataset: String,
    },
    /// A key with a field twice.
    #[error("the key of `{dataset}` names `{field}` twice")]
    RepeatedField {
        /// The dataset.
        dataset: String,
        /// The field.
        field: String,
    },
    /// Nobody of that name is in the grants.
    #[error("no grant names `{admin}`{}", hint(nearest.as_deref()))]
    UnknownAdmin {
        /// Who was asked about.
        admin: String,
        /// The nearest right one.
        nearest: Option<String>,
    },
    /// Rows of too many different scopes match to explain each.
    #[error("rows of `{dataset}` with more than {max} different keys match; name more fields of the key")]
    TooMany {
        /// The dataset.
        dataset: String,
        /// Most that are explained.
        max: usize,
    },
    /// A chain of `through` that no security plane is built from.
    #[error("the scope of `{dataset}` leads through more than {max} datasets")]
    TooDeep {
        /// The dataset.
        dataset: String,
        /// Most that are followed.
        max: usize,
    },
    /// The policy names something that the model or the grants lack: a defect of loading.
    #[error("the policy does not fit the semantic model: {0}")]
    Inconsistent(String),
    /// A batch that does not hold the columns that were asked for.
    #[error("reading `{source_name}` gave {given} columns where {asked} were asked for")]
    Columns {
        /// The source.
        source_name: String,
        /// Columns asked for.
        asked: usize,
        /// Columns given.
        given: usize,
    },
    /// Rows were not read.
    #[error("the rows of `{source_name}` were not read")]
    Unread {
        /// The source.
        source_name: String,
        /// Why.
        #[source]
        cause: Box<dyn Error + Send + Sync>,
    },
}

fn hint(nearest: Option<&str>) -> String {
    nearest.map(|name| format!("; did you mean `{name}`?")).unwrap_or_default()
}
