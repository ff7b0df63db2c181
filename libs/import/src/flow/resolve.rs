//! Metrics as expressions of aggregates.
//!
//! Decides how a metric is made of its measures: filters go into every aggregate, metrics into metrics.

use super::graph::{Graph, own_expression};
use super::measures::BoundMeasure;
use super::specs::{Body, Input, Spec};
use super::template::{self, Reference};
use crate::draft::{Draft, Metric};
use crate::name;
use crate::note::Notes;
use crate::sql;
use sqlparser::ast::{BinaryOperator, DataType, ExactNumberInfo, Expr};

/// Metrics and measures that one metric is made of, at every depth together.
const PARTS_MAX: usize = 256;

/// What metrics are made from.
struct Reading<'a> {
    specs: &'a [Spec],
    measures: &'a [BoundMeasure],
    graph: &'a Graph,
    draft: &'a Draft,
}

pub(super) fn metrics(
    specs: Vec<Spec>,
    measures: &[BoundMeasure],
    graph: &Graph,
    draft: &mut Draft,
    notes: &mut Notes,
) {
    let specs: Vec<Spec> = specs.into_iter().chain(measures.iter().filter_map(own_metric)).collect();
    let reading = Reading { specs: &specs, measures, graph, draft };
    let mut carried = Vec::new();
    for spec in &specs {
        let what = format!("metric `{}`", spec.name);
        match reading.metric(spec, &[], &mut Vec::new(), &mut PARTS_MAX.clone()) {
            Err(why) => notes.add(&spec.at, what, why),
            Ok(expression) => {
                let name = name::field(&spec.name);
                if name != spec.name {
                    notes.add(&spec.at, what, format!("is called `{name}` here"));
                }
                let (about, at) = (spec.about.clone().renamed(&spec.name, &name), spec.at.clone());
                carried.push(Metric { name, sql: expression.to_string(), about, at });
            }
        }
    }
    for bound in measures.iter().filter(|bound| bound.aggregate.is_ok() && !reading.is_used(bound)) {
        let what = format!("measure `{}` of semantic model `{}`", bound.measure.name, bound.model);
        notes.add(&bound.measure.at, what, "no metric is made of it");
    }
    draft.metrics = carried;
}

/// The metric that a measure asks for.
fn own_metric(bound: &BoundMeasure) -> Option<Spec> {
    let measure = bound.measure.is_metric.then_some(&bound.measure)?;
    let name = measure.name.clone();
    let input = Input { name: name.clone(), alias: None, filters: Vec::new(), fill: None, refused: None };
    Some(Spec {
        at: measure.at.clone(),
        about: measure.about.clone(),
        filters: Vec::new(),
        body: Ok(Body::Simple(input)),
        model: Some(bound.model.clone()),
        name,
    })
}

impl Reading<'_> {
    /// Whether a metric is made of a measure.
    fn is_used(&self, bound: &BoundMeasure) -> bool {
        self.specs.iter().any(|spec| match &spec.body {
            Ok(Body::Simple(input)) => input.name == bound.measure.name,
            Ok(Body::Ratio(..) | Body::Derived { .. }) | Err(_) => false,
        })
    }

    /// A metric's expression, with filters from outside.
    fn metric(
        &self,
        spec: &Spec,
        filters: &[String],
        open: &mut Vec<String>,
        left: &mut usize,
    ) -> Result<Expr, String> {
        let body = spec.body.as_ref().map_err(Clone::clone)?;
        if open.contains(&spec.name) {
            return Err(format!("metric `{}` is made of itself", spec.name));
        }
        *left = left.checked_sub(1).ok_or("is made of too many metrics")?;
        let filters: Vec<String> = filters.iter().chain(&spec.filters).cloned().collect();
        open.push(spec.name.clone());
        let made = match body {
            Body::Simple(input) => self.simple(spec, input, &filters)?,
            Body::Ratio(numerator, denominator) => {
                let numerator = self.input(numerator, &filters, open, left)?;
                let denominator = self.input(denominator, &filters, open, left)?;
                ratio(numerator, denominator)
            }
            Body::Derived { expr, inputs } => {
                let mut expression = own_expression(expr)?;
                sql::rename(&mut expression, &mut |parts| {
                    let [one] = parts else { return Err("a name is no metric".to_owned()) };
                    let called = |input: &&Input| input.alias.as_ref().unwrap_or(&input.name) == &one.value;
                    let found: Vec<&Input> = inputs.iter().filter(called).collect();
                    match found.as_slice() {
                        [input] => Ok(sql::closed(self.input(input, &filters, open, left)?)),
                        [] => {
                            Err(format!("its expression names `{}`, which is none of its metrics", one.value))
                        }
                        [_, _, ..] => Err(format!("several of its metrics are called `{}`", one.value)),
                    }
                })?;
                expression
            }
        };
        let _ = open.pop();
        if made.to_string().len() > sql::CHARS_MAX {
            return Err("grows too long".to_owned());
        }
        Ok(made)
    }

    fn input(
        &self,
        input: &Input,
        filters: &[String],
        open: &mut Vec<String>,
        left: &mut usize,
    ) -> Result<Expr, String> {
        if let Some(why) = &input.refused {
            return Err(why.clone());
        }
        let found: Vec<&Spec> = self.specs.iter().filter(|spec| spec.name == input.name).collect();
        let spec = match found.as_slice() {
            [spec] => *spec,
            [] => return Err(format!("is made of metric `{}`, which is in no file", input.name)),
            [_, _, ..] => {
                return Err(format!("is made of metric `{}`, of which there are several", input.name));
            }
        };
        let filters: Vec<String> = filters.iter().chain(&input.filters).cloned().collect();
        let made = self.metric(spec, &filters, open, left).map_err(|why| {
            if why.starts_with("metric `") {
                why
            } else {
                format!("metric `{}`, of which it is made, {why}", input.name)
            }
        })?;
        filled(made, input)
    }

    fn simple(&self, spec: &Spec, input: &Input, filters: &[String]) -> Result<Expr, String> {
        if let Some(why) = &input.refused {
            return Err(why.clone());
        }
        let is_it = |bound: &&BoundMeasure| {
            bound.measure.name == input.name && spec.model.as_ref().is_none_or(|model| *model == bound.model)
        };
        let found: Vec<&BoundMeasure> = self.measures.iter().filter(is_it).collect();
        let bound = match found.as_slice() {
            [bound] => *bound,
            [] => return Err(format!("names measure `{}`, which no semantic model has", input.name)),
            [_, _, ..] => {
                return Err(format!("names measure `{}`, which several semantic models have", input.name));
            }
        };
        let mut aggregate = bound
            .aggregate
            .clone()
            .map_err(|why| format!("rests on measure `{}`, which is not carried: {why}", input.name))?;
        let node = self.graph.nodes.get(bound.node).ok_or("its semantic model is not carried")?;
        if self.draft.dataset(&node.dataset).is_none() {
            return Err(format!("its semantic model `{}` is not carried", node.name));
        }
        let conditions = filters
            .iter()
            .chain(&input.filters)
            .map(|filter| self.filter(filter, bound.node))
            .collect::<Result<Vec<_>, _>>()?;
        let only = sql::all_of(conditions);
        sql::condition(&mut aggregate, only.as_ref(), Some(&self.graph.anchor(node, self.draft)))?;
        filled(aggregate, input)
    }

    /// A filter over fields, as seen from a semantic model.
    fn filter(&self, text: &str, base: usize) -> Result<Expr, String> {
        let template = template::read(text)?;
        let mut expression = template.expression;
        if sql::has_double_quotes(&expression) {
            return Err(
                "its filter holds double quotes, which are names in some warehouses and texts in others"
                    .to_owned(),
            );
        }
        sql::rename(&mut expression, &mut |parts| {
            let reference = sql::marked(parts).and_then(|number| template.references.get(number));
            match reference.ok_or("its filter holds a name")? {
                Reference::Dimension { path } => self.time(base, path, None),
                Reference::Time { path, grain } => self.time(base, path, grain.as_deref()),
                Reference::Entity { path } => self.graph.entity(base, path, self.draft),
            }
        })?;
        Ok(expression)
    }

    /// A dimension; a time is cut to a unit, as it is there.
    fn time(&self, base: usize, path: &str, asked: Option<&str>) -> Result<Expr, String> {
        const UNITS: [&str; 8] = ["second", "minute", "hour", "day", "week", "month", "quarter", "year"];
        let (field, finest) = self.graph.dimension(base, path, self.draft)?;
        let Some(finest) = finest else {
            return match asked {
                None => Ok(field),
                Some(_) => Err(format!("its filter names `{path}` as a time, which it is not")),
            };
        };
        let unit = asked.unwrap_or(&finest).to_lowercase();
        if !UNITS.contains(&unit.as_str()) {
            return Err(format!("its filter cuts a time to `{}`, which is not read", unit));
        }
        if unit == "day" && self.is_date(&field) {
            return Ok(field);
        }
        Ok(sql::call("DATE_TRUNC", false, vec![sql::text(&unit.to_uppercase()), field]))
    }

    fn is_date(&self, field: &Expr) -> bool {
        let Expr::CompoundIdentifier(parts) = field else { return false };
        let [dataset, field] = parts.as_slice() else { return false };
        let dataset = self.draft.dataset(&dataset.value);
        dataset.and_then(|dataset| dataset.field(&field.value)).is_some_and(|field| field.is_date)
    }
}

/// One figure divided by another, as fractions. A division by zero has no value.
fn ratio(numerator: Expr, denominator: Expr) -> Expr {
    let double = |of: Expr| Expr::Cast {
        kind: sqlparser::ast::CastKind::Cast,
        expr: Box::new(of),
        data_type: DataType::Double(ExactNumberInfo::None),
        array: false,
        format: None,
    };
    Expr::BinaryOp {
        left: Box::new(double(numerator)),
        op: BinaryOperator::Divide,
        right: Box::new(sql::call("NULLIF", false, vec![double(denominator), sql::number("0")])),
    }
}

/// What stands for nothing, if the input says so.
fn filled(expression: Expr, input: &Input) -> Result<Expr, String> {
    let Some(fill) = &input.fill else { return Ok(expression) };
    let is_number =
        fill.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') && fill.parse::<f64>().is_ok();
    if !is_number {
        return Err(format!("fills what is missing with `{}`, which is no number", fill));
    }
    // A count is never nothing.
    if sql::is_count(&expression) && fill.bytes().all(|byte| matches!(byte, b'0' | b'.')) {
        return Ok(expression);
    }
    Ok(sql::call("COALESCE", false, vec![expression, sql::number(fill)]))
}
