//! Metrics: expressions of aggregates, each over the rows of one dataset.

use super::{Reader, text_or_empty};
use crate::expression::{Names, aggregates};
use crate::joins::grain_of;
use crate::ossie::fields::Additivity;
use crate::ossie::shape::data_type;
use crate::yaml::Node;
use crate::{FieldRef, LoadError, Metric, SemanticModel, words_of};
use sqlparser::ast::Expr;

impl Reader<'_> {
    pub(super) fn metric(self, node: &Node, model: &SemanticModel) -> Result<Metric, LoadError> {
        let source = self.source;
        let map = source.mapping(node, "a metric", self.version.metric_keys())?;
        let name = source.required_text(&map, "name")?;
        if let Some(node) = map.get("datatype") {
            data_type(source, node.line, source.text(node, "`datatype`")?)?;
        }
        let extension = self.extension(&map, &["unit", "label", "additivity"])?;
        let (line, expression) = self.expression(&map)?;
        let names = Names::of(&expression);
        if names.nested {
            let what = format!("metric `{name}` holds an aggregate inside an aggregate");
            return Err(source.error(line, what, "aggregate once"));
        }
        let fields = self.metric_fields(name, line, &names, model)?;
        if fields.is_empty() {
            let what = format!("metric `{name}` names no field, so it belongs to no dataset");
            return Err(source.error(line, what, "name one, for example COUNT(dataset.field)"));
        }
        let grains = self.grains((name, line), &expression, model)?;
        let metric = Metric {
            name: name.to_owned(),
            label: extension.label.unwrap_or_else(|| words_of(name)),
            description: text_or_empty(source.optional_text(&map, "description")?),
            synonyms: self.ai_context(&map)?,
            expression,
            fields,
            grains,
            is_level: extension.additivity.is_some_and(|(_, additivity)| additivity != Additivity::Additive),
            unit: extension.unit,
        };
        match extension.additivity {
            Some((line, Additivity::Additive)) if !metric.is_additive() => {
                let what = format!("metric `{name}` is said to be additive, and is no SUM or COUNT");
                Err(source.error(line, what, "averages, ratios and distinct counts do not add up"))
            }
            Some(_) | None => Ok(metric),
        }
    }

    /// The datasets whose rows the aggregates add up.
    fn grains(
        self,
        (name, line): (&str, u64),
        expression: &Expr,
        model: &SemanticModel,
    ) -> Result<Vec<String>, LoadError> {
        let mut grains: Vec<String> = Vec::new();
        let aggregates = aggregates(expression);
        for aggregate in &aggregates {
            let grain = grain_of(aggregate, model).map_err(|datasets| {
                let what = format!("an aggregate of metric `{name}` spans the datasets {datasets}");
                let remedy =
                    "no relationships lead from one of them to all others; aggregate each by its own";
                self.source.error(line, what, remedy)
            })?;
            grains.extend(grain.filter(|grain| !grains.contains(grain)));
        }
        let bare = aggregates.iter().any(|aggregate| Names::of(aggregate).names.is_empty());
        if grains.len() > 1 && bare {
            let what = format!("metric `{name}` spans several datasets, and counts rows of none of them");
            return Err(self.source.error(line, what, "write COUNT(dataset.field)"));
        }
        Ok(grains)
    }

    fn metric_fields(
        self,
        metric: &str,
        line: u64,
        names: &Names,
        model: &SemanticModel,
    ) -> Result<Vec<FieldRef>, LoadError> {
        let source = self.source;
        let mut fields: Vec<FieldRef> = Vec::new();
        for (parts, aggregated) in &names.names {
            let [dataset, field] = parts.as_slice() else {
                let what = format!("metric `{metric}` names `{}`", parts.join("."));
                return Err(source.error(line, what, "write fields as `dataset.field`"));
            };
            let Some(found) = model.dataset(dataset) else {
                let what = format!("metric `{metric}` names an unknown dataset");
                let known = model.datasets.iter().map(|dataset| dataset.name.as_str());
                return Err(source.unknown(line, &what, dataset, known));
            };
            if found.field(field).is_none() {
                let what = format!("metric `{metric}` names a field that `{dataset}` does not have,");
                return Err(source.unknown(line, &what, field, found.fields.iter().map(|f| f.name.as_str())));
            }
            if !aggregated {
                let what = format!("metric `{metric}` uses `{dataset}.{field}` outside an aggregate");
                return Err(source.error(line, what, "aggregate it, for example SUM(...)"));
            }
            let field = FieldRef { dataset: dataset.clone(), field: field.clone() };
            if !fields.contains(&field) {
                fields.push(field);
            }
        }
        Ok(fields)
    }
}
