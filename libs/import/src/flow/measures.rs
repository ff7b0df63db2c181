//! Measures: aggregates over the rows of one semantic model.
//!
//! Decides which can be said here. One that applies to another time than its dataset's cannot: a period would pick
//! other rows.

use super::graph::{Bound, Graph, own_expression};
use super::models::Measure;
use crate::draft::Draft;
use crate::name::same;
use crate::note::Notes;
use crate::sql;
use sqlparser::ast::Expr;

/// A measure of a semantic model.
#[derive(Debug)]
pub(super) struct BoundMeasure {
    /// The semantic model, by its place in the graph.
    pub(super) node: usize,
    pub(super) model: String,
    pub(super) measure: Measure,
    /// The aggregate, or why there is none.
    pub(super) aggregate: Result<Expr, String>,
}

pub(super) fn bind(graph: &mut Graph, draft: &mut Draft, notes: &mut Notes) -> Vec<BoundMeasure> {
    let mut bound = Vec::new();
    for (node, model) in graph.nodes.iter_mut().enumerate() {
        for measure in std::mem::take(&mut model.measures) {
            let what = format!("measure `{}` of semantic model `{}`", measure.name, model.name);
            let aggregate = aggregate(&measure, model, draft);
            match &aggregate {
                Err(why) => notes.add(&measure.at, what, why.clone()),
                Ok(_) if measure.is_approximate => {
                    notes.add(&measure.at, what, "is approximate there and exact here");
                }
                Ok(_) => {}
            }
            bound.push(BoundMeasure { node, model: model.name.clone(), measure, aggregate });
        }
    }
    bound
}

fn aggregate(measure: &Measure, model: &Bound, draft: &mut Draft) -> Result<Expr, String> {
    if let Some(why) = &measure.refused {
        return Err(why.clone());
    }
    let Some(time) = &model.time else {
        return Err("its semantic model has no time to which it applies".to_owned());
    };
    if let Some(own) = measure.time.as_ref().filter(|own| !same(own, time)) {
        return Err(format!("applies to `{own}`, and periods here apply to `{time}`"));
    }
    let mut value = own_expression(measure.expr.as_deref().unwrap_or(&measure.name))?;
    let at = measure.at.clone();
    sql::rename(&mut value, &mut |parts| {
        let [column] = parts else { return Err("a name is no column".to_owned()) };
        let dataset = draft.dataset_mut(&model.dataset);
        let dataset = dataset.ok_or_else(|| format!("its semantic model `{}` is not carried", model.name))?;
        Ok(sql::field(&model.dataset, &dataset.column(&column.value, &at)))
    })?;
    let one = |name: &str, value| Ok(sql::call(name, false, vec![value]));
    match measure.agg.to_lowercase().as_str() {
        "sum" => one("SUM", value),
        "count" => one("COUNT", value),
        "average" => one("AVG", value),
        "min" => one("MIN", value),
        "max" => one("MAX", value),
        "median" => one("MEDIAN", value),
        "count_distinct" => Ok(sql::call("COUNT", true, vec![value])),
        "sum_boolean" => one("SUM", sql::case(value, sql::number("1"), Some(sql::number("0")))),
        "percentile" if measure.is_discrete => {
            Err("is a discrete percentile, and ours are continuous".to_owned())
        }
        "percentile" => {
            let share = measure.percentile.as_deref().unwrap_or_default();
            let is_share = share.parse::<f64>().is_ok_and(|share| (0.0..=1.0).contains(&share));
            if !is_share || !share.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
                return Err("has no percentile between 0 and 1".to_owned());
            }
            Ok(sql::call("PERCENTILE", false, vec![value, sql::number(share)]))
        }
        other => Err(format!("aggregates by `{}`, which is not read", other)),
    }
}
