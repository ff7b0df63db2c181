//! The analysis: a draft whose every figure is proved, or the template.

use crate::ask::Ask;
use crate::error::GatewayError;
use crate::upstreams::{Answer, Said};
use splitplane_grounding::{Context, ProvedNarrative, prove, template};
use splitplane_proto::common::v1::Interpretation;
use splitplane_proto::convert::table_from_wire;
use splitplane_proto::gateway::v1::Narrative;
use splitplane_proto::reasoning::v1::{ExplainRequest, Supported};
use splitplane_types::Table;

/// Rows that a model may see.
const EXPLAIN_ROWS_MAX: usize = 50;

/// Has an analysis drafted and proves it against the cells; what is not proved is replaced by the
/// template, and so is the analysis of a model that cannot be reached: the rows are right without it.
pub(crate) async fn narrative(
    ask: &Ask,
    supported: &Supported,
    interpretation: &Interpretation,
    answer: &Answer,
) -> Result<Narrative, GatewayError> {
    let table = table_from_wire(answer.columns.clone(), answer.rows.clone())?;
    let context = context(interpretation, &table);
    if !supported.explain_by_template {
        let message = explain_request(supported, answer);
        match ask.upstreams.explain(&ask.context, message).await {
            Ok(Said { what, stood_in }) => match prove(&what, &table, &context) {
                Ok(proved) => return Ok(to_wire(&proved, false, stood_in)),
                Err(error) => tracing::warn!(error = %error, "a figure is not proved: the template is used"),
            },
            Err(error) => tracing::warn!(error = %error, "no analysis: the template is used"),
        }
    }
    Ok(to_wire(&template(&table, &context), true, String::new()))
}

fn context(interpretation: &Interpretation, table: &Table) -> Context {
    let labels = interpretation.dimensions.iter().map(|dimension| dimension.label.clone());
    let period = interpretation.period.as_ref();
    Context {
        period: period.map(|period| (period.first_day.clone(), period.last_day.clone())),
        row_count: table.rows.len(),
        limited: interpretation.limit > 0,
        additive: interpretation.additive,
        allowed: interpretation
            .metric_labels
            .iter()
            .cloned()
            .chain(labels)
            .chain(period.map(|period| period.label.clone()))
            .collect(),
    }
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
