//! Metrics: aggregates over the fields of one dataset.

use super::{Reader, text_or_empty};
use crate::expression::Names;
use crate::ossie::shape::data_type;
use crate::yaml::Node;
use crate::{FieldRef, LoadError, Metric, SemanticModel, words_of};

impl Reader<'_> {
    pub(super) fn metric(self, node: &Node, model: &SemanticModel) -> Result<Metric, LoadError> {
        let source = self.source;
        let map = source.mapping(node, "a metric", self.version.metric_keys())?;
        let name = source.required_text(&map, "name")?;
        if let Some(node) = map.get("datatype") {
            data_type(source, node.line, source.text(node, "`datatype`")?)?;
        }
        let extension = self.extension(&map, &["unit", "label"])?;
        let (line, expression) = self.expression(&map)?;
        let names = Names::of(&expression);
        if names.nested {
            let what = format!("metric `{name}` holds an aggregate inside an aggregate");
            return Err(source.error(line, what, "aggregate once"));
        }
        let fields = self.metric_fields(name, line, &names, model)?;
        let Some(dataset) = fields.first().map(|field| field.dataset.clone()) else {
            let what = format!("metric `{name}` names no field, so it belongs to no dataset");
            return Err(source.error(line, what, "name one, for example COUNT(dataset.field)"));
        };
        if let Some(other) = fields.iter().find(|field| field.dataset != dataset) {
            let what = format!("metric `{name}` spans the datasets `{dataset}` and `{}`", other.dataset);
            return Err(source.error(
                line,
                what,
                "a metric aggregates one dataset; write one metric for each",
            ));
        }
        Ok(Metric {
            name: name.to_owned(),
            label: extension.label.unwrap_or_else(|| words_of(name)),
            description: text_or_empty(source.optional_text(&map, "description")?),
            synonyms: self.ai_context(&map)?,
            expression,
            fields,
            dataset,
            unit: extension.unit,
        })
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
