//! The shapes of the two Ossie versions: which keys and which names each one has.
//!
//! Released `0.1.1` and the draft `0.2.0.dev0` differ in the keys of the root, in `datatype` and in
//! the dialects. `0.1.1` lists six vendors of extensions; any other is let through in both versions,
//! since units and labels travel in extensions of our own.

use crate::LoadError;
use crate::log::Log;
use crate::yaml::{Node, Source};
use splitplane_types::DataType;

/// A version of the format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Version {
    V0_1_1,
    V0_2_0Dev0,
    /// The file names none that is known, which was written down. The rest is held to what any has.
    Any,
}

pub(super) const MODEL_KEYS: &[&str] =
    &["name", "description", "ai_context", "datasets", "relationships", "metrics", "custom_extensions"];
pub(super) const DATASET_KEYS: &[&str] = &[
    "name",
    "source",
    "primary_key",
    "unique_keys",
    "description",
    "ai_context",
    "fields",
    "custom_extensions",
];
pub(super) const RELATIONSHIP_KEYS: &[&str] =
    &["name", "from", "to", "from_columns", "to_columns", "ai_context", "custom_extensions"];

impl Version {
    /// The version that a file says it has.
    pub(super) fn of(log: Log<'_>, root: &Node) -> Self {
        log.keep(Self::said(log.source, root)).unwrap_or(Self::Any)
    }

    fn said(source: Source<'_>, root: &Node) -> Result<Self, LoadError> {
        const REMEDY: &str = "write version: \"0.1.1\" or version: \"0.2.0.dev0\"";
        let root = source.open_mapping(root, "the file")?;
        let error = |line, what: String| Err(source.error(line, what, REMEDY).coded("unknown-version"));
        let Some(node) = root.get("version") else {
            return error(root.line, "the file has no `version`".to_owned());
        };
        match node.value.as_text() {
            Some("0.1.1") => Ok(Self::V0_1_1),
            Some("0.2.0.dev0") => Ok(Self::V0_2_0Dev0),
            Some(text) => error(node.line, format!("Ossie version `{text}` is not known")),
            None => error(node.line, format!("`version` is {}", node.value.kind())),
        }
    }

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::V0_1_1 => "0.1.1",
            Self::V0_2_0Dev0 => "0.2.0.dev0",
            Self::Any => "of any version",
        }
    }

    pub(super) const fn root_keys(self) -> &'static [&'static str] {
        match self {
            Self::V0_1_1 | Self::Any => &["version", "dialects", "vendors", "semantic_model"],
            Self::V0_2_0Dev0 => &["version", "semantic_model"],
        }
    }

    pub(super) const fn field_keys(self) -> &'static [&'static str] {
        match self {
            Self::V0_1_1 => &[
                "name",
                "expression",
                "dimension",
                "label",
                "description",
                "ai_context",
                "custom_extensions",
            ],
            Self::V0_2_0Dev0 | Self::Any => &[
                "name",
                "expression",
                "dimension",
                "label",
                "description",
                "datatype",
                "ai_context",
                "custom_extensions",
            ],
        }
    }

    pub(super) const fn metric_keys(self) -> &'static [&'static str] {
        match self {
            Self::V0_1_1 => &["name", "expression", "description", "ai_context", "custom_extensions"],
            Self::V0_2_0Dev0 | Self::Any => {
                &["name", "expression", "description", "datatype", "ai_context", "custom_extensions"]
            }
        }
    }

    /// The dialects in which expressions may be given. Two of them can be answered from.
    pub(super) const fn dialects(self) -> &'static [&'static str] {
        match self {
            Self::V0_1_1 => &["ANSI_SQL", "SNOWFLAKE", "MDX", "TABLEAU", "DATABRICKS", "MAQL"],
            Self::V0_2_0Dev0 | Self::Any => {
                &["ANSI_SQL", "SNOWFLAKE", "MDX", "TABLEAU", "DATABRICKS", "MAQL", "BIGQUERY"]
            }
        }
    }
}

const DATA_TYPES: [(&str, Option<DataType>); 10] = [
    ("String", Some(DataType::String)),
    ("Integer", Some(DataType::Integer)),
    ("Decimal", Some(DataType::Decimal)),
    ("Float", Some(DataType::Float)),
    ("Boolean", Some(DataType::Boolean)),
    ("Date", Some(DataType::Date)),
    ("DateTime", Some(DataType::Timestamp)),
    ("DateTimeTz", Some(DataType::TimestampTz)),
    // Types of no column of ours: the file's declared schema decides.
    ("Time", None),
    ("Opaque", None),
];

/// The type of that Ossie name.
pub(super) fn data_type(source: Source<'_>, line: u64, name: &str) -> Result<Option<DataType>, LoadError> {
    match DATA_TYPES.iter().find(|(known, _)| *known == name) {
        Some((_, data_type)) => Ok(*data_type),
        None => Err(source.unknown(line, "unknown datatype", name, DATA_TYPES.iter().map(|(name, _)| *name))),
    }
}
