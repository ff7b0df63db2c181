//! The analysis: a draft whose every figure is proved, or the template.

use crate::ask::Ask;
use crate::upstreams::{Answer, Said};
use splitplane_grounding::{ColumnRole, Context, ProvedNarrative, Ranking, prove, template};
use splitplane_proto::common::v1::{Interpretation, Period};
use splitplane_proto::gateway::v1::Narrative;
use splitplane_proto::reasoning::v1::{ExplainRequest, Supported};
use splitplane_types::{ModelUsage, Table};

/// Rows that a model may see.
const EXPLAIN_ROWS_MAX: usize = 50;

/// Has an analysis drafted and proves it against the cells; what is not proved is replaced by the
/// template, and so is the analysis of a model that cannot be reached: the rows are right without it.
pub(crate) async fn narrative(
    ask: &Ask,
    supported: &Supported,
    interpretation: &Interpretation,
    (answer, table): (&Answer, &Table),
) -> (Narrative, ModelUsage) {
    let context = context(interpretation, table);
    let mut used = ModelUsage::default();
    if !supported.explain_by_template {
        let message = explain_request(supported, answer);
        match ask.upstreams.explain(&ask.context, message).await {
            Ok(Said { what, stood_in, usage }) => {
                used = usage;
                match prove(&what, table, &context) {
                    Ok(proved) => return (to_wire(&proved, false, stood_in), used),
                    Err(error) => {
                        tracing::warn!(error = %error, "a figure is not proved: the template is used");
                    }
                }
            }
            Err(error) => tracing::warn!(error = %error, "no analysis: the template is used"),
        }
    }
    (to_wire(&template(table, &context), true, String::new()), used)
}

fn context(interpretation: &Interpretation, table: &Table) -> Context {
    let labels = interpretation.dimensions.iter().map(|dimension| dimension.label.clone());
    let (period, compared) = (interpretation.period.as_ref(), interpretation.comparison.as_ref());
    let days = |period: &Period| (period.first_day.clone(), period.last_day.clone());
    let named = interpretation.metrics.iter().cloned().zip(interpretation.metric_labels.iter().cloned());
    let named: Vec<(String, String)> = named.collect();
    let periods = period.into_iter().chain(compared).map(|period| period.label.clone());
    Context {
        period: period.map(days),
        compared: compared.map(days),
        roles: ColumnRole::of_columns(&table.columns, &named),
        row_count: table.rows.len(),
        // Rows that a bound left out are others, like those beyond a limit.
        limited: interpretation.limit > 0 || !interpretation.thresholds.is_empty(),
        ranked: ranking(interpretation, table),
        additive: interpretation.additive,
        allowed: interpretation.metric_labels.iter().cloned().chain(labels).chain(periods).collect(),
        chosen: chosen(interpretation),
    }
}

fn ranking(interpretation: &Interpretation, table: &Table) -> Option<Ranking> {
    let order = interpretation.order.first().filter(|_| interpretation.limit > 0)?;
    let column = table.columns.iter().position(|column| column.name == order.by)?;
    Some(Ranking { column, descending: order.descending })
}

/// The phrases that rows were chosen by. That they name values of the caller's rows, the data plane has found.
fn chosen(interpretation: &Interpretation) -> Vec<String> {
    let kept = interpretation.filters.iter().filter(|filter| !filter.negated);
    kept.flat_map(|filter| filter.phrases.iter().cloned()).collect()
}

/// The first rows, without the columns that are masked.
fn explain_request(supported: &Supported, answer: &Answer) -> ExplainRequest {
    let unmasked = |position: usize| answer.columns.get(position).is_some_and(|column| !column.masked);
    let columns = answer.columns.iter().filter(|column| !column.masked).cloned().collect();
    let rows = answer
        .rows
        .iter()
        .take(EXPLAIN_ROWS_MAX)
        .map(|row| {
            let cells = row.cells.iter().enumerate();
            let shown = cells.filter(|(position, _)| unmasked(*position)).map(|(_, cell)| cell.clone());
            splitplane_proto::common::v1::Row { cells: shown.collect() }
        })
        .collect();
    ExplainRequest {
        receipt: supported.receipt.clone(),
        columns,
        rows,
        row_count: u32::try_from(answer.rows.len()).unwrap_or(u32::MAX),
    }
}

fn to_wire(proved: &ProvedNarrative, from_template: bool, stood_in: String) -> Narrative {
    Narrative { text: proved.as_str().to_owned(), from_template, stood_in }
}
