//! Fields, their expressions per dialect, and extensions.

use super::{Reader, text_or_empty};
use crate::expression::{BadExpression, Names, Written, parse, strip_qualifiers};
use crate::log::Part;
use crate::ossie::shape::{Version, data_type};
use crate::yaml::{Node, Source, Value};
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
    /// A field; `qualifiers` are the names of its own dataset, if these could be read.
    pub(super) fn field(self, node: &Node, qualifiers: Option<&[&str]>) -> Option<Field> {
        let log = self.log;
        let part = log.part(node, "a field", self.version.field_keys())?;
        let name = part.required_text("name");
        let extension = match self.version {
            Version::V0_1_1 | Version::Any => self.extension(&part, &["unit", "label", "datatype"]),
            Version::V0_2_0Dev0 => self.extension(&part, &["unit", "label"]),
        };
        let declared = match part.get("datatype") {
            Some(node) => {
                let text = log.text(node, "`datatype`");
                text.and_then(|name| log.keep(data_type(log.source, node.line, name))).flatten()
            }
            None => extension.data_type,
        };
        let dimension = part.get("dimension");
        let label = part.optional_text("label").map(str::to_owned);
        let label = extension.label.or(label);
        let description = text_or_empty(part.optional_text("description"));
        let synonyms = self.ai_context(&part);
        let is_time = dimension.is_some_and(|node| self.is_time(node, declared));
        let expression = self.field_expression(&part, qualifiers);
        let name = name?;
        Some(Field {
            name: name.to_owned(),
            label: label.unwrap_or_else(|| words_of(name)),
            description,
            synonyms,
            data_type: declared,
            unit: extension.unit,
            is_dimension: dimension.is_some(),
            is_time,
            // Stands in for what could not be read, so that the field's name is known.
            expression: expression.unwrap_or_else(|| FieldExpression::Column(name.to_owned())),
        })
    }

    /// Whether a dimension has the role of time. Unset, its type says so since 0.2.0.dev0.
    fn is_time(self, dimension: &Node, declared: Option<DataType>) -> bool {
        let log = self.log;
        if matches!(dimension.value, Value::Null) {
            let error = log.source.error(dimension.line, "`dimension` is empty", "write `dimension: {}`");
            log.refuse(error.coded("wrong-kind"));
            return false;
        }
        let Some(part) = log.part(dimension, "`dimension`", &["is_time"]) else { return false };
        let temporal = matches!(declared, Some(DataType::Date | DataType::Timestamp | DataType::TimestampTz));
        match part.get("is_time") {
            None => temporal && self.version != Version::V0_1_1,
            Some(Node { value: Value::Boolean(is_time), .. }) => *is_time,
            Some(node) => {
                let what = format!("`is_time` is {}", node.value.kind());
                log.refuse(log.source.error(node.line, what, "write true or false").coded("wrong-kind"));
                false
            }
        }
    }

    fn field_expression(self, part: &Part<'_, '_>, qualifiers: Option<&[&str]>) -> Option<FieldExpression> {
        let (line, mut expression) = self.expression(part)?;
        let stripped = qualifiers.map_or(Ok(()), |qualifiers| strip_qualifiers(&mut expression, qualifiers));
        let checked = stripped.and_then(|()| {
            if Names::of(&expression).aggregates {
                let remedy = "a field is computed row by row; make it a metric";
                return Err(BadExpression {
                    what: "a field holds an aggregate".to_owned(),
                    remedy: remedy.to_owned(),
                });
            }
            Ok(())
        });
        self.sound(line, checked)?;
        if let Expr::Identifier(column) = expression {
            return Some(FieldExpression::Column(column.value));
        }
        Some(FieldExpression::Computed(expression))
    }

    fn sound<T>(self, line: u64, checked: Result<T, BadExpression>) -> Option<T> {
        let error = |bad: BadExpression| self.log.source.error(line, bad.what, bad.remedy);
        self.log.keep(checked.map_err(|bad| error(bad).coded("invalid-expression")))
    }

    /// The expression for Databricks, else the one in standard SQL, and its line.
    pub(super) fn expression(self, part: &Part<'_, '_>) -> Option<(u64, Expr)> {
        let log = self.log;
        let node = part.required("expression")?;
        let expression = log.part(node, "`expression`", &["dialects"])?;
        let nodes = log.list(expression.required("dialects")?, "`dialects`")?;
        let mut found: Vec<(&str, &Node)> = Vec::new();
        let mut complete = true;
        for node in nodes {
            match self.dialect(node, &found) {
                Some(entry) => found.push(entry),
                None => complete = false,
            }
        }
        let written = [("DATABRICKS", Written::Databricks), ("ANSI_SQL", Written::AnsiSql)];
        let usable = written.iter().find_map(|(name, written)| {
            found.iter().find(|(dialect, _)| dialect == name).map(|(_, node)| (*node, *written))
        });
        let Some((node, written)) = usable else {
            if complete {
                let what = "the expression has neither dialect DATABRICKS nor ANSI_SQL";
                let error = log.source.error(expression.line(), what, "add one of them");
                log.refuse(error.coded("no-dialect"));
            }
            return None;
        };
        let text = log.text(node, "`expression`")?;
        self.sound(node.line, parse(text, written)).map(|parsed| (node.line, parsed))
    }

    /// One entry of `dialects`: its dialect and the node of its expression.
    fn dialect<'n>(self, node: &'n Node, found: &[(&str, &Node)]) -> Option<(&'n str, &'n Node)> {
        let log = self.log;
        let entry = log.part(node, "an entry of `dialects`", &["dialect", "expression"])?;
        let (dialect, expression) = (entry.required_text("dialect"), entry.required("expression"));
        let dialect = dialect?;
        if !self.version.dialects().contains(&dialect) {
            let what = format!("Ossie {} has no dialect", self.version.as_str());
            let known = self.version.dialects().iter().copied();
            log.refuse(log.source.unknown(entry.line_of("dialect"), &what, dialect, known));
            return None;
        }
        if found.iter().any(|(other, _)| *other == dialect) {
            let what = format!("dialect `{dialect}` is there twice");
            let error = log.source.error(entry.line_of("dialect"), what, "remove one");
            log.refuse(error.coded("duplicate-name"));
            return None;
        }
        Some((dialect, expression?))
    }

    /// Our extension of a field or a metric.
    pub(super) fn extension(self, part: &Part<'_, '_>, keys: &[&str]) -> Extension {
        let (log, source) = (self.log, self.log.source);
        let mut extension = Extension::default();
        for (line, data) in self.extensions(part) {
            let data = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(data);
            let data = data.map_err(|error| {
                let what = format!("`data` of extension {VENDOR} is no JSON object: {error}");
                source.error(line, what, "write for example '{\"unit\": \"USD\"}'").coded("invalid-extension")
            });
            for (key, value) in log.keep(data).unwrap_or_default() {
                if !keys.contains(&key.as_str()) {
                    let what = format!("extension {VENDOR} has an unknown key here,");
                    let error = source.unknown(line, &what, &key, keys.iter().copied());
                    log.refuse(error.coded("unknown-key"));
                    continue;
                }
                let Some(value) = value.as_str().filter(|text| !text.trim().is_empty()) else {
                    let what = format!("`{key}` of extension {VENDOR} is no text");
                    log.refuse(source.error(line, what, "write a text").coded("invalid-extension"));
                    continue;
                };
                match key.as_str() {
                    "unit" => extension.unit = Some(value.to_owned()),
                    "label" => extension.label = Some(value.to_owned()),
                    "additivity" => {
                        let read = log.keep(additivity(source, line, value));
                        extension.additivity = read.map(|additivity| (line, additivity));
                    }
                    _ => extension.data_type = log.keep(data_type(source, line, value)).flatten(),
                }
            }
        }
        extension
    }

    /// Checks extensions where we define none.
    pub(super) fn foreign_extensions(self, part: &Part<'_, '_>) {
        for (line, _) in self.extensions(part) {
            let what = format!("extension {VENDOR} means nothing here");
            let error = self.log.source.error(line, what, "move it to a field or a metric");
            self.log.refuse(error.coded("invalid-extension"));
        }
    }

    /// The line and data of our extensions; those of other vendors are checked and left alone.
    fn extensions<'n>(self, part: &Part<'_, 'n>) -> Vec<(u64, &'n str)> {
        let mut ours = Vec::new();
        for node in part.optional_list("custom_extensions") {
            let entry = self.log.part(node, "a custom extension", &["vendor_name", "data"]);
            let Some(entry) = entry else { continue };
            let (vendor, data) = (entry.required_text("vendor_name"), entry.required_text("data"));
            if let (Some(VENDOR), Some(data)) = (vendor, data) {
                ours.push((entry.line_of("data"), data));
            }
        }
        ours
    }
}
