//! Where a source lies on the engine, and which part of it a scope can name before a row is read.
//!
//! Decides that the tenant's own folder is read wherever the layout has one: what is not opened cannot leak. What the
//! folders' names do not say is left as conditions on rows. Pure: asks nobody, builds no plan.

use serde::{Deserialize, Serialize};
use splitplane_split_plane::{Condition, RowScope, ScopeValue};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;

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
    /// A path that an engine reads as a pattern.
    #[error("the path of source `{source_name}` holds one of * ? [ ] {{ }}, which engines read as patterns")]
    Pattern {
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

impl Source {
    /// Whether the column is in folders' names, and so what an engine makes of them.
    pub(crate) fn is_in_folders(&self, column: &str) -> bool {
        self.table.is_empty() && self.partitions.iter().any(|partition| partition == column)
    }
}

/// A part of a source that may hold rows of a scope.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// Columns that its folders' names hold, with their values, outermost first.
    pub folders: Vec<(String, String)>,
    /// The folders' names.
    names: Vec<String>,
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
        for name in &self.names {
            path.push('/');
            path.push_str(name);
        }
        path
    }
}

/// The parts of a source that may hold rows of a scope; none where no row can.
#[must_use]
pub fn parts(source: &Source, rows: &RowScope) -> Vec<Part> {
    let whole = |conditions: &[Condition]| Part {
        folders: Vec::new(),
        names: Vec::new(),
        conditions: conditions.to_vec(),
    };
    let conditions = match rows {
        RowScope::Public { reason: _ } => return vec![whole(&[])],
        RowScope::All(conditions) => conditions,
    };
    let nothing = |condition: &Condition| matches!(condition, Condition::Keys { columns: _, tuples } if tuples.is_empty());
    if conditions.iter().any(nothing) {
        return Vec::new();
    }
    let depth = |condition: &Condition| match condition {
        Condition::Keys { columns, tuples: _ } if source.table.is_empty() => {
            source.partitions.iter().take_while(|partition| columns.contains(partition)).count()
        }
        Condition::Keys { .. } | Condition::Exists { .. } => 0,
    };
    let best =
        conditions.iter().enumerate().max_by_key(|(at, condition)| (depth(condition), usize::MAX - at));
    let Some((at, best @ Condition::Keys { columns, tuples })) = best else { return vec![whole(conditions)] };
    let folders: Vec<&String> = source.partitions.iter().take(depth(best)).collect();
    if folders.is_empty() {
        return vec![whole(conditions)];
    }
    let others = conditions.iter().enumerate().filter(|(other, _)| *other != at);
    let others: Vec<Condition> = others.map(|(_, condition)| condition.clone()).collect();
    let rest: Vec<String> = columns.iter().filter(|column| !folders.contains(column)).cloned().collect();
    let mut parts = Vec::new();
    for (folders, tuples) in by_folder(&folders, &rest, columns, tuples) {
        let tuples: Vec<_> = tuples.into_iter().collect();
        let keys = (!rest.is_empty()).then(|| Condition::Keys { columns: rest.clone(), tuples });
        let conditions: Vec<Condition> = keys.into_iter().chain(others.iter().cloned()).collect();
        for names in named(&folders) {
            parts.push(Part { folders: folders.clone(), names, conditions: conditions.clone() });
        }
    }
    parts
}

type Folders = Vec<(String, String)>;

/// What is left of tuples, by the values of the folders that hold them.
fn by_folder(
    folders: &[&String],
    rest: &[String],
    columns: &[String],
    tuples: &[Vec<ScopeValue>],
) -> BTreeMap<Folders, BTreeSet<Vec<ScopeValue>>> {
    let mut groups: BTreeMap<Folders, BTreeSet<Vec<ScopeValue>>> = BTreeMap::new();
    for tuple in tuples {
        let value = |column: &String| {
            let at = columns.iter().position(|other| other == column)?;
            tuple.get(at).cloned()
        };
        let folder = |column: &&String| Some(((*column).clone(), spelling(&value(column)?)));
        let folder: Option<Folders> = folders.iter().map(folder).collect();
        let left: Option<Vec<_>> = rest.iter().map(value).collect();
        // The plane has seen to it that a tuple is as long as its columns.
        if let (Some(folder), Some(left)) = (folder, left) {
            groups.entry(folder).or_default().insert(left);
        }
    }
    groups
}

/// Every way in which writers name the folders of these values: any that is there is the caller's.
fn named(folders: &Folders) -> Vec<Vec<String>> {
    let mut all: Vec<Vec<String>> = vec![Vec::new()];
    for (column, value) in folders {
        let names = spellings(value);
        let longer = |before: &Vec<String>| -> Vec<Vec<String>> {
            let name = |spelled: &String| [before.clone(), vec![format!("{column}={spelled}")]].concat();
            names.iter().map(name).collect()
        };
        all = all.iter().flat_map(longer).collect();
    }
    all
}

/// What writers put for NULL in a folder's name, which is no value.
pub(crate) const HIVE_NULL: &str = "__HIVE_DEFAULT_PARTITION__";

/// The spellings of a value in a folder's name: as Hive and Spark escape it, and as URLs do. None of them has a
/// character that an engine reads as a pattern or as the end of a folder's name.
fn spellings(value: &str) -> BTreeSet<String> {
    if value == HIVE_NULL || value.is_empty() {
        return BTreeSet::new();
    }
    let escaped = |keeps: &dyn Fn(char) -> bool| -> String {
        let letter = |letter: char| {
            if keeps(letter) {
                return letter.to_string();
            }
            let mut bytes = [0; 4];
            letter.encode_utf8(&mut bytes).bytes().map(|byte| format!("%{byte:02X}")).collect()
        };
        value.chars().map(letter).collect()
    };
    let of_hive = |letter: char| !letter.is_control() && !"\"#%'*/:=?\\{}[]^".contains(letter);
    let of_urls = |letter: char| letter.is_ascii_alphanumeric() || "-_.~".contains(letter);
    let of_few = |letter: char| letter.is_ascii_alphanumeric() || "-_".contains(letter);
    BTreeSet::from([escaped(&of_hive), escaped(&of_urls), escaped(&of_few)])
}

/// Where sources lie in a folder that the engine sees as this process does: `c.parquet`, else the folder `c`, else `c.csv`,
/// `c.jsonl` or `c.ndjson`. A name that is not there is left out.
///
/// # Errors
/// A folder cannot be listed, or its path is no text.
pub fn in_folder(root: &Path, names: &[&str]) -> io::Result<Sources> {
    let mut sources = Sources::new();
    for name in names {
        let files = [("parquet", Format::Parquet), ("", Format::Parquet), ("csv", Format::Csv)];
        let lines = [("jsonl", Format::Json), ("ndjson", Format::Json)];
        for (ending, format) in files.into_iter().chain(lines) {
            let path =
                if ending.is_empty() { root.join(name) } else { root.join(format!("{name}.{ending}")) };
            if !(if ending.is_empty() { path.is_dir() } else { path.is_file() }) {
                continue;
            }
            let (partitions, format) = if ending.is_empty() { folders(&path)? } else { (Vec::new(), format) };
            let path = path.to_str().ok_or_else(|| io::Error::other("a path that is no text"))?.to_owned();
            let source = Source { path, table: String::new(), format, partitions, schema: String::new() };
            sources.insert((*name).to_owned(), source);
            break;
        }
    }
    Ok(sources)
}

/// The columns that folders are named after, and how the files in the innermost are written.
fn folders(root: &Path) -> io::Result<(Vec<String>, Format)> {
    let (mut partitions, mut folder) = (Vec::new(), root.to_owned());
    loop {
        let mut names: Vec<_> = folder.read_dir()?.collect::<io::Result<Vec<_>>>()?;
        names.sort_by_key(std::fs::DirEntry::file_name);
        let inner = names.iter().find_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let (key, _) = name.split_once('=')?;
            entry.path().is_dir().then(|| (key.to_owned(), entry.path()))
        });
        match inner {
            Some((key, path)) => {
                partitions.push(key);
                folder = path;
            }
            None => {
                let ending = |entry: &std::fs::DirEntry| {
                    Some(match entry.path().extension()?.to_str()? {
                        "csv" => Format::Csv,
                        "jsonl" | "ndjson" => Format::Json,
                        _ => Format::Parquet,
                    })
                };
                return Ok((partitions, names.iter().find_map(ending).unwrap_or_default()));
            }
        }
    }
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
        if source.path.contains(['*', '?', '[', ']', '{', '}']) {
            return Err(LayoutError::Pattern { source_name: name.clone() });
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
