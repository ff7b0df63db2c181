//! The gRPC face of the policy lab, for the operator: who sees what, and why, under the policy in force.
//!
//! Decides that every use is on record before it is answered. Shows no row; what is true of the policy is the lab's to
//! say.

mod key;

use crate::schema::{SchemaError, key_misfits};
use crate::survey::{Stop, WarehouseRows};
use key::{KEY_FIELDS_MAX, cut};
use splitplane_audit::{Event, Record};
use splitplane_engine::{Catalog, EngineError};
use splitplane_lab::{
    Audience, ColumnView, DatasetView, Exposure, Lab, LabError, RoleColumns, RoleName, RowGroup, Verdict,
    WhatCan, WhoCanSee, WhyNot, WhyNotOutcome, failure_lines, mask_text, scope_lines, step_lines,
};
use splitplane_proto::query::v1 as wire;
use splitplane_proto::query::v1::policy_service_server::PolicyService;
use splitplane_semantics::{Policy, SemanticModel};
use splitplane_service::{AuditFailure, Auditor, Clock, PublicError, telemetry, to_status};
use splitplane_types::{CompositeKey, InvalidId, Outcome, Reason, Role};
use std::sync::Arc;
use tonic::{Request, Response, Status};

/// Surveys at a time: each reads the files of everyone.
const AT_ONCE: usize = 1;
/// Groups of rows, and admins of a group, that one answer tells; how many there are is told in any case.
const TOLD_MAX: usize = 200;

/// What the lab is asked about: what this service answers by.
#[derive(Debug)]
pub(crate) struct PolicyDesk {
    pub(crate) model: SemanticModel,
    pub(crate) policy: Policy,
    pub(crate) warehouse: Arc<dyn Catalog>,
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
    /// The key cannot be asked by.
    #[error("the key cannot be asked by")]
    Key(String),
    /// No sandbox that needs a column can be built.
    #[error("the data does not fit the policy")]
    Misfit(#[source] SchemaError),
    /// Files cannot be read.
    #[error("the files cannot be read")]
    Engine(#[from] EngineError),
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
            Self::NoAdmin | Self::Id(_) | Self::Key(_) => Reason::RequestMalformed,
            Self::Misfit(_) | Self::Engine(_) => Reason::WarehouseUnavailable,
            Self::Lab(error) => match error {
                LabError::UnknownDataset { .. }
                | LabError::HoldsGrants { .. }
                | LabError::UnknownField { .. }
                | LabError::Computed { .. }
                | LabError::EmptyKey { .. }
                | LabError::RepeatedField { .. }
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
            Self::Key(told) => vec![("hint".to_owned(), told.clone())],
            Self::NoAdmin
            | Self::Misfit(_)
            | Self::Engine(_)
            | Self::Lab(_)
            | Self::Audit(_)
            | Self::Busy
            | Self::Gone(_) => Vec::new(),
        }
    }
}

/// What is asked, as it is written down.
#[derive(Debug, Clone, Default)]
struct Asked {
    method: &'static str,
    subject: Option<CompositeKey>,
    role: Option<Role>,
    dataset: Option<String>,
    key: Vec<(String, String)>,
}

/// Calls a survey off when whoever asked is gone.
struct CalledOff(Stop);

impl Drop for CalledOff {
    fn drop(&mut self) {
        self.0.set();
    }
}

impl PolicyRpc {
    pub(crate) fn new(desk: PolicyDesk) -> Self {
        Self { desk: Arc::new(desk), turns: Arc::new(tokio::sync::Semaphore::new(AT_ONCE)) }
    }

    /// Asks the lab, writes the question and what came of it down, and only then hands the answer out.
    async fn ask<T: Send + 'static>(
        &self,
        asked: Asked,
        question: impl FnOnce(&Lab<'_, WarehouseRows<'_>>) -> Result<T, LabError> + Send + 'static,
    ) -> Result<T, PolicyError> {
        let answer = self.survey(&asked, question).await;
        let (decision, reason) = match &answer {
            Ok(_) => (Outcome::Answered, None),
            Err(error) => (Outcome::Refused, Some(error.reason())),
        };
        self.desk.audit.append(self.record(asked, decision, reason)).await?;
        answer
    }

    async fn survey<T: Send + 'static>(
        &self,
        asked: &Asked,
        question: impl FnOnce(&Lab<'_, WarehouseRows<'_>>) -> Result<T, LabError> + Send + 'static,
    ) -> Result<T, PolicyError> {
        self.desk.check_key(asked)?;
        let turn = Arc::clone(&self.turns).try_acquire_owned().or(Err(PolicyError::Busy))?;
        let desk = Arc::clone(&self.desk);
        let stop = Stop::default();
        let _called_off = CalledOff(stop.clone());
        // On a thread that may wait for files.
        let answer = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            let PolicyDesk { model, policy, warehouse, .. } = desk.as_ref();
            if let Some(misfit) = key_misfits(model, policy, warehouse.as_ref())?.into_iter().next() {
                return Err(PolicyError::Misfit(misfit));
            }
            let rows = WarehouseRows::until(warehouse.as_ref(), stop);
            Ok(question(&Lab::open(model, policy, &rows)?)?)
        });
        answer.await?
    }

    fn record(&self, asked: Asked, decision: Outcome, reason: Option<Reason>) -> Record {
        let told = [
            Some(("method".to_owned(), asked.method.to_owned())),
            asked.subject.map(|subject| ("subject".to_owned(), subject.to_string())),
            asked.role.map(|role| ("role".to_owned(), role.to_string())),
        ];
        // What is refused for its length must not fill the log, nor be kept out of it by its length.
        let key = asked.key.into_iter().take(KEY_FIELDS_MAX);
        let key = key.map(|(field, value)| (format!("key {}", cut(&field)), cut(&value)));
        Record {
            decision: Some(decision),
            reason,
            relations: asked.dataset.iter().map(|name| cut(name)).collect(),
            parameters: told.into_iter().flatten().chain(key).collect(),
            policy: Some(self.desk.policy.digest),
            model: Some(self.desk.model.digest),
            trace_id: telemetry::trace_id(),
            ..Record::new(self.desk.clock.now(), "query", Event::PolicyAsked)
        }
    }

    async fn who_can_see(&self, message: wire::WhoCanSeeRequest) -> Result<WhoCanSee, PolicyError> {
        let wire::WhoCanSeeRequest { dataset, key } = message;
        let key = pairs(key);
        let asked = Asked {
            method: "WhoCanSee",
            dataset: Some(dataset.clone()),
            key: key.clone(),
            ..Asked::default()
        };
        self.ask(asked, move |lab| lab.who_can_see(&dataset, &key)).await
    }

    async fn what_can(&self, message: wire::WhatCanRequest) -> Result<WhatCan, PolicyError> {
        let wire::WhatCanRequest { admin, role, dataset } = message;
        let dataset = Some(dataset).filter(|name| !name.is_empty());
        let mut asked = Asked { method: "WhatCan", dataset: dataset.clone(), ..Asked::default() };
        let (admin, role) = match (admin_of(admin), role.parse::<Role>()) {
            (Ok(admin), Ok(role)) => (admin, role),
            (Err(error), _) => return self.refuse(asked, error).await,
            (_, Err(error)) => return self.refuse(asked, error.into()).await,
        };
        (asked.subject, asked.role) = (Some(admin.clone()), Some(role.clone()));
        self.ask(asked, move |lab| lab.what_can(&admin, &role, dataset.as_deref())).await
    }

    async fn why_not(&self, message: wire::WhyNotRequest) -> Result<WhyNot, PolicyError> {
        let wire::WhyNotRequest { admin, dataset, key } = message;
        let key = pairs(key);
        let mut asked =
            Asked { method: "WhyNot", dataset: Some(dataset.clone()), key: key.clone(), ..Asked::default() };
        let admin = match admin_of(admin) {
            Ok(admin) => admin,
            Err(error) => return self.refuse(asked, error).await,
        };
        asked.subject = Some(admin.clone());
        self.ask(asked, move |lab| lab.why_not(&admin, &dataset, &key)).await
    }

    /// Writes a question down that makes no sense.
    async fn refuse<T>(&self, asked: Asked, error: PolicyError) -> Result<T, PolicyError> {
        self.desk.audit.append(self.record(asked, Outcome::Refused, Some(error.reason()))).await?;
        Err(error)
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
            group_count: count(found.groups.len()),
            groups: found.groups.into_iter().take(TOLD_MAX).map(group_to_wire).collect(),
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
        Ok(Response::new(wire::WhyNotResponse {
            verdicts: verdicts.into_iter().take(TOLD_MAX).map(verdict).collect(),
        }))
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
    wire::RowGroup {
        rows: group.rows,
        public_because,
        seer_count: count(seers.len()),
        seers: seers.into_iter().take(TOLD_MAX).map(seer).collect(),
    }
}

fn count(of: usize) -> u64 {
    u64::try_from(of).unwrap_or(u64::MAX)
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
        because: scope_lines(&view.scope),
        columns: view.columns.iter().map(column_to_wire).collect(),
    }
}
