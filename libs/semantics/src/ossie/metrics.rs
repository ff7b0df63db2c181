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
    pub(super) fn metric(self, node: &Node, model: &SemanticModel) -> Option<Metric> {
        let log = self.log;
        let part = log.part(node, "a metric", self.version.metric_keys())?;
        let name = part.required_text("name");
        if let Some(node) = part.get("datatype") {
            log.text(node, "`datatype`").map(|name| log.keep(data_type(log.source, node.line, name)));
        }
        let extension = self.extension(&part, &["unit", "label", "additivity"]);
        let called = name.unwrap_or("without a name");
        let computed = self.expression(&part).and_then(|(line, expression)| {
            let (fields, grains) = self.aggregated((called, line), &expression, model)?;
            Some((expression, fields, grains))
        });
        let description = text_or_empty(part.optional_text("description"));
        let synonyms = self.ai_context(&part);
        let (expression, fields, grains) = computed?;
        let metric = Metric {
            name: name?.to_owned(),
            label: extension.label.unwrap_or_else(|| words_of(called)),
            description,
            synonyms,
            expression,
            fields,
            grains,
            is_level: extension.additivity.is_some_and(|(_, additivity)| additivity != Additivity::Additive),
            unit: extension.unit,
        };
        match extension.additivity {
            Some((line, Additivity::Additive)) if !metric.is_additive() => {
                let what = format!("metric `{called}` is said to be additive, and is no SUM or COUNT");
                let remedy = "averages, ratios and distinct counts do not add up";
                log.refuse(log.source.error(line, what, remedy).coded("invalid-metric"));
                None
            }
            Some(_) | None => Some(metric),
        }
    }

    /// The fields that an expression aggregates, and the datasets whose rows it adds up.
    fn aggregated(
        self,
        (name, line): (&str, u64),
        expression: &Expr,
        model: &SemanticModel,
    ) -> Option<(Vec<FieldRef>, Vec<String>)> {
        let refuse = |what: String, remedy: &str| {
            self.log.refuse(self.log.source.error(line, what, remedy).coded("invalid-metric"));
        };
        let names = Names::of(expression);
        if names.nested {
            refuse(format!("metric `{name}` holds an aggregate inside an aggregate"), "aggregate once");
            return None;
        }
        let fields = self.metric_fields(name, line, &names, model)?;
        if fields.is_empty() {
            let what = format!("metric `{name}` names no field, so it belongs to no dataset");
            refuse(what, "name one, for example COUNT(dataset.field)");
            return None;
        }
        let mut grains: Vec<String> = Vec::new();
        let aggregates = aggregates(expression);
        let mut spans = false;
        for aggregate in &aggregates {
            match grain_of(aggregate, model) {
                Ok(grain) => grains.extend(grain.filter(|grain| !grains.contains(grain))),
                // A relationship that could not be read may be the one that leads there.
                Err(_) if self.known.lacks_relationships.get() => spans = true,
                Err(datasets) => {
                    spans = true;
                    refuse(
                        format!("an aggregate of metric `{name}` spans the datasets {datasets}"),
                        "no relationships lead from one of them to all others; aggregate each by its own",
                    );
                }
            }
        }
        let bare = aggregates.iter().any(|aggregate| Names::of(aggregate).names.is_empty());
        if !spans && grains.len() > 1 && bare {
            let what = format!("metric `{name}` spans several datasets, and counts rows of none of them");
            refuse(what, "write COUNT(dataset.field)");
            return None;
        }
        (!spans).then_some((fields, grains))
    }

    /// The fields of a metric; none if one of them is a mistake or may be one.
    fn metric_fields(
        self,
        metric: &str,
        line: u64,
        names: &Names,
        model: &SemanticModel,
    ) -> Option<Vec<FieldRef>> {
        let mut fields: Vec<FieldRef> = Vec::new();
        let mut complete = true;
        for (parts, aggregated) in &names.names {
            match self.metric_field((metric, line), parts, *aggregated, model) {
                Ok(Some(field)) if !fields.contains(&field) => fields.push(field),
                Ok(Some(_)) => {}
                Ok(None) => complete = false,
                Err(error) => {
                    self.log.refuse(error);
                    complete = false;
                }
            }
        }
        complete.then_some(fields)
    }

    /// The field that a name in a metric is; none where that part of the model could not be read.
    fn metric_field(
        self,
        (metric, line): (&str, u64),
        parts: &[String],
        aggregated: bool,
        model: &SemanticModel,
    ) -> Result<Option<FieldRef>, LoadError> {
        let source = self.log.source;
        let [dataset, field] = parts else {
            let what = format!("metric `{metric}` names `{}`", parts.join("."));
            return Err(source.error(line, what, "write fields as `dataset.field`").coded("invalid-metric"));
        };
        let Some(found) = model.dataset(dataset) else {
            if self.known.lacks_datasets.get() {
                return Ok(None);
            }
            let what = format!("metric `{metric}` names an unknown dataset");
            let known = model.datasets.iter().map(|dataset| dataset.name.as_str());
            return Err(source.unknown(line, &what, dataset, known).coded("unknown-dataset"));
        };
        if found.field(field).is_none() {
            if !self.known.has_fields_of(dataset) {
                return Ok(None);
            }
            let what = format!("metric `{metric}` names a field that `{dataset}` does not have,");
            let known = found.fields.iter().map(|f| f.name.as_str());
            return Err(source.unknown(line, &what, field, known).coded("unknown-column"));
        }
        if !aggregated {
            let what = format!("metric `{metric}` uses `{dataset}.{field}` outside an aggregate");
            let error = source.error(line, what, "aggregate it, for example SUM(...)");
            return Err(error.coded("invalid-metric"));
        }
        Ok(Some(FieldRef { dataset: dataset.clone(), field: field.clone() }))
    }
}
