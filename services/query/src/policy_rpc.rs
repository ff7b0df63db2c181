//! The gRPC face of the policy lab, for the operator: who sees what, and why, under the policy in force.
//!
//! Decides that every use is on record before it is answered. Shows no row; what is true of the policy is the lab's to
//! say.

use crate::survey::WarehouseRows;
use splitplane_audit::{Event, Record};
use splitplane_engine::Warehouse;
use splitplane_lab::{
    Audience, ColumnView, DatasetView, Exposure, Lab, LabError, RoleColumns, RoleName, RowGroup, Verdict,
    WhatCan, WhoCanSee, WhyNot, WhyNotOutcome, failure_lines, mask_text, step_lines,
};
use splitplane_proto::query::v1 as wire;
use splitplane_proto::query::v1::policy_service_server::PolicyService;
use splitplane_semantics::{Policy, SemanticModel};
use splitplane_service::{AuditFailure, Auditor, Clock, PublicError, to_status};
use splitplane_types::{CompositeKey, InvalidId, Outcome, Reason, Role};
use std::collections::BTreeMap;
use std::sync::Arc;
use tonic::{Request, Response, Status};

/// Surveys at a time: each reads the files of everyone.
const AT_ONCE: usize = 1;

/// What the lab is asked about: what this service answers by.
#[derive(Debug)]
pub(crate) struct PolicyDesk {
    pub(crate) model: SemanticModel,
    pub(crate) policy: Policy,
    pub(crate) warehouse: Warehouse,
    pub(crate) audit: Auditor,
    pub(crate) clock: Clock,
}

/// The gRPC face.
#[derive(Debug)]
pub(crate) struct PolicyRpc {
    desk: Arc<PolicyDesk>,
    turns: Arc<tokio::sync::Semaphore>,
}

/// Why the lab has no answer for an operator.
#[derive(Debug, thiserror::Error)]
enum PolicyError {
    /// The question names nobody.
    #[error("the request names no admin")]
    NoAdmin,
    /// An id that is none.
    #[error("the request names no admin or role")]
    Id(#[from] InvalidId),
    /// The lab cannot tell.
    #[error("the lab has no answer")]
    Lab(#[from] LabError),
    /// It cannot be written down.
    #[error("the audit log is not written")]
    Audit(#[from] AuditFailure),
    /// Another survey is at work.
    #[error("another survey is at work")]
    Busy,
    /// The thread that surveyed is gone.
    #[error("the survey ended without an answer")]
    Gone(#[from] tokio::task::JoinError),
}

impl PublicError for PolicyError {
    fn reason(&self) -> Reason {
        match self {
            Self::NoAdmin | Self::Id(_) => Reason::RequestMalformed,
            Self::Lab(error) => match error {
                LabError::UnknownDataset { .. }
                | LabError::HoldsGrants { .. }
                | LabError::UnknownField { .. }
                | LabError::Computed { .. }
                | LabError::EmptyKey { .. }
                | LabError::UnknownAdmin { .. }
                | LabError::TooMany { .. } => Reason::RequestMalformed,
                LabError::Unread { .. } | LabError::Columns { .. } => Reason::WarehouseUnavailable,
                LabError::TooDeep { .. } | LabError::Inconsistent(_) => Reason::Internal,
            },
            Self::Audit(_) => Reason::AuditUnavailable,
            Self::Busy => Reason::Overloaded,
            Self::Gone(_) => Reason::Internal,
        }
    }

    /// What an operator may be told: the names that were wrong, and the nearest right ones.
    fn metadata(&self) -> Vec<(String, String)> {
        match self {
            Self::Lab(error) if self.reason() == Reason::RequestMalformed => {
                vec![("hint".to_owned(), error.to_string())]
            }
            Self::Id(error) => vec![("hint".to_owned(), error.to_string())],
            Self::NoAdmin | Self::Lab(_) | Self::Audit(_) | Self::Busy | Self::Gone(_) => Vec::new(),
        }
    }
}

/// What is asked, as it is written down.
struct Asked {
    admin: Option<CompositeKey>,
    role: Option<Role>,
    dataset: Option<String>,
    key: Vec<(String, String)>,
}

impl PolicyRpc {
    pub(crate) fn new(desk: PolicyDesk) -> Self {
        Self { desk: Arc::new(desk), turns: Arc::new(tokio::sync::Semaphore::new(AT_ONCE)) }
    }

    /// Writes the question down, and then asks the lab, on a thread that may wait for files.
    async fn ask<T: Send + 'static>(
        &self,
        asked: Asked,
        question: impl FnOnce(&Lab<'_, WarehouseRows<'_>>) -> Result<T, LabError> + Send + 'static,
    ) -> Result<T, PolicyError> {
        let turn = Arc::clone(&self.turns).try_acquire_owned().or(Err(PolicyError::Busy))?;
        self.desk.audit.append(self.record(asked)).await?;
        let desk = Arc::clone(&self.desk);
        let answer = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            let rows = WarehouseRows(&desk.warehouse);
            question(&Lab::open(&desk.model, &desk.policy, &rows)?)
        });
        Ok(answer.await??)
    }

    fn record(&self, asked: Asked) -> Record {
        Record {
            decision: Some(Outcome::Answered),
            composite: asked.admin,
            role: asked.role,
            relations: asked.dataset.into_iter().collect(),
            parameters: asked.key.into_iter().collect::<BTreeMap<_, _>>(),
            policy: Some(self.desk.policy.digest),
            model: Some(self.desk.model.digest),
            ..Record::new(self.desk.clock.now(), "query", Event::PolicyAsked)
        }
    }

    async fn who_can_see(&self, message: wire::WhoCanSeeRequest) -> Result<WhoCanSee, PolicyError> {
        let wire::WhoCanSeeRequest { dataset, key } = message;
        let key = pairs(key);
        let asked = Asked { admin: None, role: None, dataset: Some(dataset.clone()), key: key.clone() };
        self.ask(asked, move |lab| lab.who_can_see(&dataset, &key)).await
    }

    async fn what_can(&self, message: wire::WhatCanRequest) -> Result<WhatCan, PolicyError> {
        let (admin, role) = (admin_of(message.admin)?, message.role.parse::<Role>()?);
        let dataset = Some(message.dataset).filter(|name| !name.is_empty());
        let asked = Asked {
            admin: Some(admin.clone()),
            role: Some(role.clone()),
            dataset: dataset.clone(),
            key: Vec::new(),
        };
        self.ask(asked, move |lab| lab.what_can(&admin, &role, dataset.as_deref())).await
    }

    async fn why_not(&self, message: wire::WhyNotRequest) -> Result<WhyNot, PolicyError> {
        let wire::WhyNotRequest { admin, dataset, key } = message;
        let (admin, key) = (admin_of(admin)?, pairs(key));
        let asked = Asked {
            admin: Some(admin.clone()),
            role: None,
            dataset: Some(dataset.clone()),
            key: key.clone(),
        };
        self.ask(asked, move |lab| lab.why_not(&admin, &dataset, &key)).await
    }
}

#[tonic::async_trait]
impl PolicyService for PolicyRpc {
    async fn who_can_see(
        &self,
        request: Request<wire::WhoCanSeeRequest>,
    ) -> Result<Response<wire::WhoCanSeeResponse>, Status> {
        let found = Self::who_can_see(self, request.into_inner()).await.map_err(|error| to_status(&error))?;
        Ok(Response::new(wire::WhoCanSeeResponse {
            rows: found.rows,
            groups: found.groups.into_iter().map(group_to_wire).collect(),
            roles: found.roles.into_iter().map(role_to_wire).collect(),
        }))
    }

    async fn what_can(
        &self,
        request: Request<wire::WhatCanRequest>,
    ) -> Result<Response<wire::WhatCanResponse>, Status> {
        let found = Self::what_can(self, request.into_inner()).await.map_err(|error| to_status(&error))?;
        let names = |supported: bool| {
            let of = found.metrics.iter().filter(|metric| metric.unsupported.is_none() == supported);
            of.map(|metric| metric.metric.clone()).collect()
        };
        Ok(Response::new(wire::WhatCanResponse {
            metrics: names(true),
            unsupported_metrics: names(false),
            datasets: found.datasets.into_iter().map(dataset_to_wire).collect(),
        }))
    }

    async fn why_not(
        &self,
        request: Request<wire::WhyNotRequest>,
    ) -> Result<Response<wire::WhyNotResponse>, Status> {
        let found = Self::why_not(self, request.into_inner()).await.map_err(|error| to_status(&error))?;
        let verdicts = match found.outcome {
            WhyNotOutcome::NoSuchRow => Vec::new(),
            WhyNotOutcome::Rows(verdicts) => verdicts,
        };
        let verdict = |of: splitplane_lab::RowsVerdict| {
            let (seen, because) = match &of.verdict {
                Verdict::Sees(steps) => (true, step_lines(steps)),
                Verdict::DoesNot(failures) => (false, failure_lines(failures)),
            };
            wire::RowsVerdict { rows: of.rows, seen, because }
        };
        Ok(Response::new(wire::WhyNotResponse { verdicts: verdicts.into_iter().map(verdict).collect() }))
    }
}

fn pairs(key: Vec<wire::FieldValue>) -> Vec<(String, String)> {
    key.into_iter().map(|part| (part.field, part.value)).collect()
}

fn admin_of(admin: Option<wire::AdminRef>) -> Result<CompositeKey, PolicyError> {
    let wire::AdminRef { tenant_id, business_id, admin_id } = admin.ok_or(PolicyError::NoAdmin)?;
    Ok(CompositeKey::new(tenant_id.parse()?, business_id.parse()?, admin_id.parse()?))
}

fn admin_to_wire(admin: &CompositeKey) -> wire::AdminRef {
    wire::AdminRef {
        tenant_id: admin.tenant().to_string(),
        business_id: admin.business().to_string(),
        admin_id: admin.admin().to_string(),
    }
}

fn group_to_wire(group: RowGroup) -> wire::RowGroup {
    let (public_because, seers) = match group.audience {
        Audience::Everyone { reason } => (reason, Vec::new()),
        Audience::Admins(seers) => (String::new(), seers),
    };
    let seer = |seer: splitplane_lab::Seer| wire::Seer {
        admin: Some(admin_to_wire(&seer.admin)),
        because: step_lines(&seer.steps),
    };
    wire::RowGroup { rows: group.rows, public_because, seers: seers.into_iter().map(seer).collect() }
}

fn role_to_wire(of: RoleColumns) -> wire::RoleColumns {
    let role = match of.role {
        RoleName::Other => String::new(),
        RoleName::Named(role) => role.to_string(),
    };
    wire::RoleColumns { role, columns: of.columns.iter().map(column_to_wire).collect() }
}

fn column_to_wire(column: &ColumnView) -> wire::ColumnView {
    let exposure = match &column.exposure {
        Exposure::Hidden => "hidden".to_owned(),
        Exposure::Masked(mask) => mask_text(mask),
        Exposure::Shown => "shown".to_owned(),
    };
    wire::ColumnView { field: column.field.clone(), exposure }
}

fn dataset_to_wire(view: DatasetView) -> wire::DatasetView {
    wire::DatasetView {
        dataset: view.dataset,
        rows_seen: view.rows_seen,
        rows: view.rows,
        columns: view.columns.iter().map(column_to_wire).collect(),
    }
}
