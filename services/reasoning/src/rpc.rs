//! Translates between the wire and layer 2. Decides nothing.

use crate::error::ReasoningError;
use crate::layer2::{Layer2, Verdict};
use splitplane_llm::By;
use splitplane_proto::common::v1 as common;
use splitplane_proto::convert::{table_from_wire, usage_to_wire};
use splitplane_proto::reasoning::v1::reasoning_service_server::ReasoningService;
use splitplane_proto::reasoning::v1::validate_response::Outcome;
use splitplane_proto::reasoning::v1::{
    ExplainRequest, ExplainResponse, ListMetricsRequest, ListMetricsResponse, Supported, ValidateRequest,
    ValidateResponse,
};
use splitplane_semantics::{
    Bound, Grain, Interpretation, Metric, Period, SemanticModel, Threshold, sentence,
};
use splitplane_service::{CallContext, to_status};
use splitplane_session::VerifiedSession;
use std::sync::Arc;
use tonic::{Request, Response, Status};

/// The gRPC face of layer 2.
#[derive(Debug)]
pub(crate) struct Rpc(pub(crate) Arc<Layer2>);

#[tonic::async_trait]
impl ReasoningService for Rpc {
    async fn validate(
        &self,
        request: Request<ValidateRequest>,
    ) -> Result<Response<ValidateResponse>, Status> {
        let session = context(&request)?.session;
        let verdict = self.0.validate(&session, &request.into_inner().frame).await;
        let By { answer, stood_in, usage } = verdict.map_err(|error| to_status(&error))?;
        let outcome = Some(self.outcome(&session, answer));
        let (stood_in, usage) = (stood_in.unwrap_or("").to_owned(), Some(usage_to_wire(usage)));
        Ok(Response::new(ValidateResponse { outcome, stood_in, usage }))
    }

    async fn list_metrics(
        &self,
        request: Request<ListMetricsRequest>,
    ) -> Result<Response<ListMetricsResponse>, Status> {
        let session = context(&request)?.session;
        Ok(Response::new(ListMetricsResponse { metrics: self.0.metrics(&session) }))
    }

    async fn explain(&self, request: Request<ExplainRequest>) -> Result<Response<ExplainResponse>, Status> {
        let session = context(&request)?.session;
        let message = request.into_inner();
        let draft = self.draft(&session, message).await.map_err(|error| to_status(&error))?;
        let stood_in = draft.stood_in.unwrap_or("").to_owned();
        let usage = Some(usage_to_wire(draft.usage));
        Ok(Response::new(ExplainResponse { narrative: draft.answer, stood_in, usage }))
    }
}

impl Rpc {
    async fn draft(
        &self,
        session: &VerifiedSession,
        message: ExplainRequest,
    ) -> Result<By<String>, ReasoningError> {
        let table = table_from_wire(message.columns, message.rows)?;
        let row_count = usize::try_from(message.row_count).unwrap_or(usize::MAX);
        self.0.explain(session, &message.receipt, &table, row_count).await
    }

    fn outcome(&self, session: &VerifiedSession, verdict: Verdict) -> Outcome {
        match verdict {
            Verdict::Supported { interpretation, receipt, as_of } => Outcome::Supported(Supported {
                interpretation: Some(to_wire(interpretation.get(), &self.0.model)),
                receipt,
                as_of,
                explain_by_template: self.0.policy.explain_by_template,
            }),
            Verdict::Clarify { question, options } => {
                Outcome::Clarify(common::Clarification { question, options })
            }
            Verdict::Unsupported { nearest } => Outcome::Unsupported(common::Unsupported {
                metrics: self.0.metrics_nearest(session, &nearest),
            }),
        }
    }
}

fn to_wire(interpretation: &Interpretation, model: &SemanticModel) -> common::Interpretation {
    let dimensions = interpretation
        .dimensions
        .iter()
        .map(|dimension| common::Dimension {
            dataset: dimension.field.dataset.clone(),
            field: dimension.field.field.clone(),
            grain: grain(dimension.grain).into(),
            label: label(model, &dimension.field.dataset, &dimension.field.field),
        })
        .collect();
    let filters = interpretation
        .filters
        .iter()
        .map(|filter| common::Filter {
            phrases: filter.phrases.clone(),
            fields: filter
                .fields
                .iter()
                .map(|field| common::FieldRef { dataset: field.dataset.clone(), field: field.field.clone() })
                .collect(),
            negated: filter.negated,
            either: filter.either,
        })
        .collect();
    common::Interpretation {
        sentence: sentence(interpretation, model),
        metrics: interpretation.metrics.clone(),
        dimensions,
        filters,
        period: interpretation.period.as_ref().map(period),
        comparison: interpretation.comparison.as_ref().map(period),
        thresholds: interpretation.thresholds.iter().map(threshold).collect(),
        shares: interpretation.shares,
        order: interpretation
            .order
            .iter()
            .map(|order| common::Order { by: order.by.clone(), descending: order.descending })
            .collect(),
        limit: interpretation.limit.unwrap_or(0),
        metric_labels: metrics(model, interpretation).map(|metric| metric.label.clone()).collect(),
        additive: metrics(model, interpretation).all(Metric::is_additive),
    }
}

fn period(period: &Period) -> common::Period {
    common::Period {
        from: period.from.to_string(),
        to: period.to.to_string(),
        label: period.label.clone(),
        first_day: period.first_day().to_string(),
        last_day: period.last_day().to_string(),
    }
}

fn threshold(threshold: &Threshold) -> common::Threshold {
    let bound = match threshold.bound {
        Bound::MoreThan => common::Bound::MoreThan,
        Bound::AtLeast => common::Bound::AtLeast,
        Bound::LessThan => common::Bound::LessThan,
        Bound::AtMost => common::Bound::AtMost,
        Bound::Exactly => common::Bound::Exactly,
    };
    common::Threshold { by: threshold.by.clone(), bound: bound.into(), value: threshold.value.clone() }
}

fn metrics<'a>(
    model: &'a SemanticModel,
    interpretation: &'a Interpretation,
) -> impl Iterator<Item = &'a Metric> {
    let named = |name: &String| model.metrics.iter().find(|metric| metric.name == *name);
    interpretation.metrics.iter().filter_map(named)
}

const fn grain(grain: Option<Grain>) -> common::Grain {
    match grain {
        None => common::Grain::Unspecified,
        Some(Grain::Day) => common::Grain::Day,
        Some(Grain::Week) => common::Grain::Week,
        Some(Grain::Month) => common::Grain::Month,
        Some(Grain::Quarter) => common::Grain::Quarter,
        Some(Grain::Year) => common::Grain::Year,
    }
}

fn label(model: &SemanticModel, dataset: &str, field: &str) -> String {
    model
        .datasets
        .iter()
        .filter(|candidate| candidate.name == dataset)
        .flat_map(|dataset| &dataset.fields)
        .find(|candidate| candidate.name == field)
        .map_or_else(|| field.to_owned(), |field| field.label.clone())
}

fn context<T>(request: &Request<T>) -> Result<CallContext, Status> {
    CallContext::of(request.extensions()).map_err(|error| to_status(&error))
}
