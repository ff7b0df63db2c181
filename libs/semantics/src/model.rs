//! The semantic model: what things mean. Read from Apache Ossie YAML by [`crate::load_model`].

use splitplane_types::{DataType, Digest};
use sqlparser::ast::{Expr, FunctionArguments};
use std::collections::BTreeSet;

/// A loaded semantic model. Every reference in it has been resolved.
#[derive(Debug, Clone)]
pub struct SemanticModel {
    /// Name of the model.
    pub name: String,
    /// What it is about.
    pub description: String,
    /// Datasets, in order.
    pub datasets: Vec<Dataset>,
    /// Relationships, many side to one side.
    pub relationships: Vec<Relationship>,
    /// Metrics, in order.
    pub metrics: Vec<Metric>,
    /// SHA-256 of the file's bytes.
    pub digest: Digest,
}

/// A dataset: a table with meaning.
#[derive(Debug, Clone)]
pub struct Dataset {
    /// Name, as policies and SQL use it.
    pub name: String,
    /// Where it comes from: the last part of `a.b.c`, which names the file or folder.
    pub source: String,
    /// Primary key fields.
    pub primary_key: Vec<String>,
    /// Further lists of fields of which no two rows hold the same.
    pub unique_keys: Vec<Vec<String>>,
    /// What a row is.
    pub description: String,
    /// Other words for it.
    pub synonyms: Vec<String>,
    /// Fields, in order.
    pub fields: Vec<Field>,
}

/// A field of a dataset.
#[derive(Debug, Clone)]
pub struct Field {
    /// Name.
    pub name: String,
    /// Label for people; the name in words when none is given.
    pub label: String,
    /// What it says.
    pub description: String,
    /// Other words for it.
    pub synonyms: Vec<String>,
    /// Type; `None` when the model does not declare one, then the file's declared schema decides.
    pub data_type: Option<DataType>,
    /// Unit of its values, for example `USD`.
    pub unit: Option<String>,
    /// Whether it can be grouped by and filtered on.
    pub is_dimension: bool,
    /// Whether it is a time dimension.
    pub is_time: bool,
    /// How it is computed.
    pub expression: FieldExpression,
}

/// How a field is computed from the columns of its dataset's file.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "a model holds few, for as long as the process lives")]
pub enum FieldExpression {
    /// A column, unchanged.
    Column(String),
    /// An expression over columns, written by the model's owner.
    Computed(Expr),
}

impl FieldExpression {
    /// The columns of its dataset's file that it is computed from, as they are spelled.
    #[must_use]
    pub fn columns(&self) -> BTreeSet<String> {
        match self {
            Self::Column(column) => BTreeSet::from([column.clone()]),
            Self::Computed(expression) => {
                let names = crate::expression::Names::of(expression).names.into_iter();
                names.filter_map(|(parts, _)| parts.last().map(ToString::to_string)).collect()
            }
        }
    }
}

/// A relationship between two datasets.
#[derive(Debug, Clone)]
pub struct Relationship {
    /// Name.
    pub name: String,
    /// Many side.
    pub from: String,
    /// One side.
    pub to: String,
    /// Fields of the many side.
    pub from_columns: Vec<String>,
    /// Fields of the one side, in the same order.
    pub to_columns: Vec<String>,
}

/// A metric.
#[derive(Debug, Clone)]
pub struct Metric {
    /// Name.
    pub name: String,
    /// Label for people; the name in words when none is given.
    pub label: String,
    /// What it measures.
    pub description: String,
    /// Other words for it.
    pub synonyms: Vec<String>,
    /// Aggregate expression over `dataset.field`.
    pub expression: Expr,
    /// Fields that the expression uses.
    pub fields: Vec<crate::FieldRef>,
    /// The datasets whose rows its aggregates add up, each by its own: at least one, none twice. A dataset that is only
    /// joined to one of them is not among these.
    pub grains: Vec<String>,
    /// Whether its owner says that its values do not add up, though it is a sum: a balance at the end of a day.
    pub is_level: bool,
    /// Unit of its values, for example `USD`.
    pub unit: Option<String>,
}

impl SemanticModel {
    /// The dataset of that name.
    #[must_use]
    pub fn dataset(&self, name: &str) -> Option<&Dataset> {
        self.datasets.iter().find(|dataset| dataset.name == name)
    }

    /// The metric of that name.
    #[must_use]
    pub fn metric(&self, name: &str) -> Option<&Metric> {
        self.metrics.iter().find(|metric| metric.name == name)
    }

    /// The field of that name.
    #[must_use]
    pub fn field(&self, field: &crate::FieldRef) -> Option<&Field> {
        self.dataset(&field.dataset)?.field(&field.field)
    }
}

impl Metric {
    /// The first of the datasets whose rows it adds up.
    #[must_use]
    pub fn dataset(&self) -> &str {
        self.grains.first().map_or("", String::as_str)
    }

    /// Whether values may be added up over rows: sums and counts may, averages, ratios and distinct
    /// counts may not.
    #[must_use]
    pub fn is_additive(&self) -> bool {
        let Expr::Function(call) = &self.expression else { return false };
        if self.is_level {
            return false;
        }
        let name = call.name.to_string();
        let FunctionArguments::List(arguments) = &call.args else { return false };
        let adds_up = name.eq_ignore_ascii_case("sum") || name.eq_ignore_ascii_case("count");
        adds_up && arguments.duplicate_treatment.is_none() && call.over.is_none()
    }
}

impl Dataset {
    /// The field of that name.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }
}

impl Field {
    /// Whether it has the role of time and can hold dates. A year as a number has the role alone.
    #[must_use]
    pub const fn holds_time(&self) -> bool {
        let temporal = matches!(
            self.data_type,
            None | Some(DataType::Date | DataType::Timestamp | DataType::TimestampTz)
        );
        self.is_time && temporal
    }
}
