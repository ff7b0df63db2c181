//! Where a source lies on the engine, and which part of it a scope can name before a row is read.
//!
//! Decides that the tenant's own folder is read wherever the layout has one: what is not opened cannot leak. What the
//! folders' names do not say is left as conditions on rows. Pure: asks nobody, builds no plan.

use serde::{Deserialize, Serialize};
use splitplane_split_plane::{Condition, RowScope, ScopeValue};
use std::collections::{BTreeMap, BTreeSet};

/// Sources by the name that the semantic model gives them.
pub type Sources = BTreeMap<String, Source>;

/// Where a source is: a folder or file that the engine can read, or a table of its catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Folder or file, as the engine reaches it (`s3a://bucket/sales`, `/mnt/sales`). Empty where `table` says.
    #[serde(default)]
    pub path: String,
    /// Table of the engine's catalogue (`main.sales.orders`). Empty where `path` says.
    #[serde(default)]
    pub table: String,
    /// How files are written.
    #[serde(default)]
    pub format: Format,
    /// Columns that the folders' names hold (`tenant_id=..`), outermost first, or by which the table is partitioned.
    #[serde(default)]
    pub partitions: Vec<String>,
    /// Names and types of the files' columns, as Spark writes them (`id BIGINT, day DATE`); empty takes those of the files.
    #[serde(default)]
    pub schema: String,
}

/// How files are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Apache Parquet.
    #[default]
    Parquet,
    /// Text with a header, all of it text until the model says otherwise.
    Csv,
    /// JSON lines.
    Json,
    /// Delta Lake, where the engine can read it.
    Delta,
}

/// Why a mapping cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LayoutError {
    /// Neither a path nor a table, or both.
    #[error("source `{source_name}` needs either a path or a table")]
    Place {
        /// The source.
        source_name: String,
    },
    /// A name of a partition column that is none.
    #[error("source `{source_name}`: `{column}` is no name of a partition column")]
    Partition {
        /// The source.
        source_name: String,
        /// The column.
        column: String,
    },
}

/// A part of a source that may hold rows of a scope.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// Folders beneath the source's own, as `column=value`, outermost first; all values are plain words.
    pub folders: Vec<(String, String)>,
    /// What a row of the part has to meet besides.
    pub conditions: Vec<Condition>,
}

impl Part {
    /// Whether folders' names alone say whose the rows are.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.conditions.is_empty()
    }

    /// The path of the part, within the path of its source.
    #[must_use]
    pub fn path(&self, root: &str) -> String {
        let mut path = root.trim_end_matches('/').to_owned();
        for (column, value) in &self.folders {
            path.push('/');
            path.push_str(column);
            path.push('=');
            path.push_str(value);
        }
        path
    }
}

/// The parts of a source that may hold rows of a scope; none where no row can.
#[must_use]
pub fn parts(source: &Source, rows: &RowScope) -> Vec<Part> {
    let whole = |conditions: &[Condition]| Part { folders: Vec::new(), conditions: conditions.to_vec() };
    let conditions = match rows {
        RowScope::Public { reason: _ } => return vec![whole(&[])],
        RowScope::All(conditions) => conditions,
    };
    let nothing = |condition: &Condition| matches!(condition, Condition::Keys { columns: _, tuples } if tuples.is_empty());
    if conditions.iter().any(nothing) {
        return Vec::new();
    }
    let depth = |condition: &Condition| match condition {
        Condition::Keys { columns, tuples: _ } => {
            source.partitions.iter().take_while(|partition| columns.contains(partition)).count()
        }
        Condition::Exists { .. } => 0,
    };
    let best =
        conditions.iter().enumerate().max_by_key(|(at, condition)| (depth(condition), usize::MAX - at));
    let Some((at, Condition::Keys { columns, tuples })) = best else { return vec![whole(conditions)] };
    let folders = source
        .partitions
        .iter()
        .take(depth(&Condition::Keys { columns: columns.clone(), tuples: Vec::new() }));
    let folders: Vec<&String> = folders.collect();
    if folders.is_empty() {
        return vec![whole(conditions)];
    }
    let others: Vec<Condition> = conditions
        .iter()
        .enumerate()
        .filter(|(other, _)| *other != at)
        .map(|(_, condition)| condition.clone())
        .collect();
    let rest: Vec<String> = columns.iter().filter(|column| !folders.contains(column)).cloned().collect();
    by_folder(&folders, &rest, columns, tuples).map_or_else(
        || vec![whole(conditions)],
        |groups| {
            let part = |(folders, tuples): (Folders, BTreeSet<Vec<ScopeValue>>)| {
                let tuples: Vec<_> = tuples.into_iter().collect();
                let keys = (!rest.is_empty()).then(|| Condition::Keys { columns: rest.clone(), tuples });
                Part { folders, conditions: keys.into_iter().chain(others.iter().cloned()).collect() }
            };
            groups.into_iter().map(part).collect()
        },
    )
}

type Folders = Vec<(String, String)>;

/// What is left of tuples, by the folders that hold them; `None` where a value is no plain word, since writers differ in
/// how they spell others in a folder's name.
fn by_folder(
    folders: &[&String],
    rest: &[String],
    columns: &[String],
    tuples: &[Vec<ScopeValue>],
) -> Option<BTreeMap<Folders, BTreeSet<Vec<ScopeValue>>>> {
    let mut groups: BTreeMap<Folders, BTreeSet<Vec<ScopeValue>>> = BTreeMap::new();
    for tuple in tuples {
        let value = |column: &String| {
            let at = columns.iter().position(|other| other == column)?;
            tuple.get(at).cloned()
        };
        let folder = |column: &&String| Some(((*column).clone(), plain(&value(column)?)?));
        let folder: Folders = folders.iter().map(folder).collect::<Option<_>>()?;
        let left = rest.iter().map(value).collect::<Option<Vec<_>>>()?;
        groups.entry(folder).or_default().insert(left);
    }
    Some(groups)
}

/// The value as every writer spells it in a folder's name.
fn plain(value: &ScopeValue) -> Option<String> {
    let text = spelling(value);
    let is_plain =
        !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    // What writers put for NULL is no value.
    (is_plain && text != "__HIVE_DEFAULT_PARTITION__").then_some(text)
}

/// The one spelling of a value.
pub(crate) fn spelling(value: &ScopeValue) -> String {
    match value {
        ScopeValue::Text(text) | ScopeValue::Date(text) => text.clone(),
        ScopeValue::Integer(number) => number.to_string(),
    }
}

/// Checks a mapping.
///
/// # Errors
/// See [`LayoutError`].
pub fn check(sources: &Sources) -> Result<(), LayoutError> {
    for (name, source) in sources {
        if source.path.is_empty() == source.table.is_empty() {
            return Err(LayoutError::Place { source_name: name.clone() });
        }
        let is_name = |column: &&String| {
            !column.is_empty()
                && column.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
                && source.partitions.iter().filter(|other| other == column).count() == 1
        };
        if let Some(column) = source.partitions.iter().find(|column| !is_name(column)) {
            return Err(LayoutError::Partition { source_name: name.clone(), column: column.clone() });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
