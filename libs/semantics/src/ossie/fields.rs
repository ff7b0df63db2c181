//! Fields, their expressions per dialect, and extensions.

use super::{Reader, line_of, text_or_empty};
use crate::expression::{BadExpression, Names, Written, parse, strip_qualifiers};
use crate::ossie::shape::{Version, data_type};
use crate::yaml::{Mapping, Node, Source, Value};
use crate::{Field, FieldExpression, LoadError, words_of};
use splitplane_types::DataType;
use sqlparser::ast::Expr;

const VENDOR: &str = "SPLITPLANE";

/// What our extension of a field or a metric says.
#[derive(Debug, Default)]
pub(super) struct Extension {
    pub(super) unit: Option<String>,
    pub(super) label: Option<String>,
    pub(super) additivity: Option<(u64, Additivity)>,
    data_type: Option<DataType>,
}

/// Whether values of a metric may be added up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Additivity {
    /// Over everything.
    Additive,
    /// Not over time: a balance.
    SemiAdditive,
    /// Over nothing.
    NonAdditive,
}

const ADDITIVITIES: [(&str, Additivity); 3] = [
    ("additive", Additivity::Additive),
    ("semi_additive", Additivity::SemiAdditive),
    ("non_additive", Additivity::NonAdditive),
];

fn additivity(source: Source<'_>, line: u64, name: &str) -> Result<Additivity, LoadError> {
    match ADDITIVITIES.iter().find(|(known, _)| *known == name) {
        Some((_, additivity)) => Ok(*additivity),
        None => {
            let known = ADDITIVITIES.iter().map(|(name, _)| *name);
            Err(source.unknown(line, "`additivity` is", name, known))
        }
    }
}

impl Reader<'_> {
    /// A field; `qualifiers` are the names of its own dataset.
    pub(super) fn field(self, node: &Node, qualifiers: &[&str]) -> Result<Field, LoadError> {
        let source = self.source;
        let map = source.mapping(node, "a field", self.version.field_keys())?;
        let name = source.required_text(&map, "name")?;
        let extension = match self.version {
            Version::V0_1_1 => self.extension(&map, &["unit", "label", "datatype"])?,
            Version::V0_2_0Dev0 => self.extension(&map, &["unit", "label"])?,
        };
        let declared = match map.get("datatype") {
            Some(node) => data_type(source, node.line, source.text(node, "`datatype`")?)?,
            None => extension.data_type,
        };
        let dimension = map.get("dimension");
        let label = extension.label.or(source.optional_text(&map, "label")?.map(str::to_owned));
        Ok(Field {
            name: name.to_owned(),
            label: label.unwrap_or_else(|| words_of(name)),
            description: text_or_empty(source.optional_text(&map, "description")?),
            synonyms: self.ai_context(&map)?,
            data_type: declared,
            unit: extension.unit,
            is_dimension: dimension.is_some(),
            is_time: dimension.map_or(Ok(false), |node| self.is_time(node, declared))?,
            expression: self.field_expression(&map, qualifiers)?,
        })
    }

    /// Whether a dimension has the role of time. Unset, its type says so since 0.2.0.dev0.
    fn is_time(self, dimension: &Node, declared: Option<DataType>) -> Result<bool, LoadError> {
        if matches!(dimension.value, Value::Null) {
            return Err(self.source.error(dimension.line, "`dimension` is empty", "write `dimension: {}`"));
        }
        let map = self.source.mapping(dimension, "`dimension`", &["is_time"])?;
        let temporal = matches!(declared, Some(DataType::Date | DataType::Timestamp | DataType::TimestampTz));
        match map.get("is_time") {
            None => Ok(temporal && self.version == Version::V0_2_0Dev0),
            Some(Node { value: Value::Boolean(is_time), .. }) => Ok(*is_time),
            Some(node) => {
                let what = format!("`is_time` is {}", node.value.kind());
                Err(self.source.error(node.line, what, "write true or false"))
            }
        }
    }

    fn field_expression(self, map: &Mapping<'_>, qualifiers: &[&str]) -> Result<FieldExpression, LoadError> {
        let (line, mut expression) = self.expression(map)?;
        let checked = strip_qualifiers(&mut expression, qualifiers).and_then(|()| {
            let names = Names::of(&expression);
            if names.aggregates {
                let remedy = "a field is computed row by row; make it a metric";
                return Err(BadExpression {
                    what: "a field holds an aggregate".to_owned(),
                    remedy: remedy.to_owned(),
                });
            }
            Ok(())
        });
        checked.map_err(|bad| self.source.error(line, bad.what, bad.remedy))?;
        if let Expr::Identifier(column) = expression {
            return Ok(FieldExpression::Column(column.value));
        }
        Ok(FieldExpression::Computed(expression))
    }

    /// The expression for Databricks, else the one in standard SQL, and its line.
    pub(super) fn expression(self, map: &Mapping<'_>) -> Result<(u64, Expr), LoadError> {
        let source = self.source;
        let node = source.required(map, "expression")?;
        let expression = source.mapping(node, "`expression`", &["dialects"])?;
        let mut found: Vec<(&str, &Node)> = Vec::new();
        for node in source.list(source.required(&expression, "dialects")?, "`dialects`")? {
            let entry = source.mapping(node, "an entry of `dialects`", &["dialect", "expression"])?;
            let dialect = source.required_text(&entry, "dialect")?;
            if !self.version.dialects().contains(&dialect) {
                let what = format!("Ossie {} has no dialect", self.version.as_str());
                let known = self.version.dialects().iter().copied();
                return Err(source.unknown(line_of(&entry, "dialect"), &what, dialect, known));
            }
            if found.iter().any(|(other, _)| *other == dialect) {
                let what = format!("dialect `{dialect}` is there twice");
                return Err(source.error(line_of(&entry, "dialect"), what, "remove one"));
            }
            found.push((dialect, source.required(&entry, "expression")?));
        }
        let written = [("DATABRICKS", Written::Databricks), ("ANSI_SQL", Written::AnsiSql)];
        let usable = written.iter().find_map(|(name, written)| {
            found.iter().find(|(dialect, _)| dialect == name).map(|(_, node)| (*node, *written))
        });
        let Some((node, written)) = usable else {
            let what = "the expression has neither dialect DATABRICKS nor ANSI_SQL";
            return Err(source.error(expression.line, what, "add one of them"));
        };
        let text = source.text(node, "`expression`")?;
        let parsed = parse(text, written).map_err(|bad| source.error(node.line, bad.what, bad.remedy))?;
        Ok((node.line, parsed))
    }

    /// Our extension of a field or a metric.
    pub(super) fn extension(self, map: &Mapping<'_>, keys: &[&str]) -> Result<Extension, LoadError> {
        let source = self.source;
        let mut extension = Extension::default();
        for (line, data) in self.extensions(map)? {
            let data: serde_json::Map<String, serde_json::Value> =
                serde_json::from_str(data).map_err(|error| {
                    let what = format!("`data` of extension {VENDOR} is no JSON object: {error}");
                    source.error(line, what, "write for example '{\"unit\": \"USD\"}'")
                })?;
            for (key, value) in &data {
                if !keys.contains(&key.as_str()) {
                    let what = format!("extension {VENDOR} has an unknown key here,");
                    return Err(source.unknown(line, &what, key, keys.iter().copied()));
                }
                let Some(value) = value.as_str().filter(|text| !text.trim().is_empty()) else {
                    let what = format!("`{key}` of extension {VENDOR} is no text");
                    return Err(source.error(line, what, "write a text"));
                };
                match key.as_str() {
                    "unit" => extension.unit = Some(value.to_owned()),
                    "label" => extension.label = Some(value.to_owned()),
                    "additivity" => extension.additivity = Some((line, additivity(source, line, value)?)),
                    _ => extension.data_type = data_type(source, line, value)?,
                }
            }
        }
        Ok(extension)
    }

    /// Checks extensions where we define none.
    pub(super) fn foreign_extensions(self, map: &Mapping<'_>) -> Result<(), LoadError> {
        match self.extensions(map)?.first() {
            None => Ok(()),
            Some((line, _)) => {
                let what = format!("extension {VENDOR} means nothing here");
                Err(self.source.error(*line, what, "move it to a field or a metric"))
            }
        }
    }

    /// The line and data of our extensions; those of other vendors are checked and left alone.
    fn extensions<'n>(self, map: &Mapping<'n>) -> Result<Vec<(u64, &'n str)>, LoadError> {
        let mut ours = Vec::new();
        for node in self.source.optional_list(map, "custom_extensions")? {
            let entry = self.source.mapping(node, "a custom extension", &["vendor_name", "data"])?;
            let vendor = self.source.required_text(&entry, "vendor_name")?;
            let data = self.source.required_text(&entry, "data")?;
            if vendor == VENDOR {
                ours.push((line_of(&entry, "data"), data));
            }
        }
        Ok(ours)
    }
}
