//! Which relations a question needs, and drafts of SQL over them.
//!
//! A model proposes; what is routed is what the interpretation needs, neither less nor more,
//! whatever the model said. Drafts are untrusted text: the guard of the data plane decides.

use crate::error::RouterError;
use splitplane_llm::{Asked, By, Refusal, RouteTask, WriteSqlTask};
use splitplane_semantics::{
    BoundFilter, Interpretation, Policy, RelationSchema, SemanticModel, interpretation_from_receipt,
    relations_of,
};
use splitplane_service::{Clock, telemetry};
use splitplane_session::{VerifiedSession, Verifier};
use std::sync::Arc;
use tracing::Instrument as _;

/// Drafts that may have been refused before.
const REFUSALS_MAX: usize = 2;

/// Bytes of a draft, as many as the guard reads of a statement. What is longer is none, and is not passed on.
const DRAFT_BYTES_MAX: usize = 16 * 1024;

/// Everything the schema router needs; made once by [`crate::build`].
#[derive(Debug)]
pub(crate) struct Router {
    pub(crate) model: SemanticModel,
    pub(crate) policy: Policy,
    pub(crate) language: Asked,
    pub(crate) verifier: Arc<Verifier>,
    pub(crate) clock: Clock,
}

impl Router {
    /// The relations that the approved interpretation needs.
    pub(crate) async fn route(
        &self,
        session: &VerifiedSession,
        receipt: &str,
    ) -> Result<By<Vec<String>>, RouterError> {
        let interpretation = self.approved(session, receipt)?;
        let needed = relations_of(&interpretation, &self.model)?;
        let task = RouteTask { interpretation: &interpretation, model: &self.model };
        let span = telemetry::model_span(self.language.name(), "route");
        let tenant = session.composite().tenant();
        let asked = self.language.ask(tenant, self.clock.now(), |model| model.route(task).instrument(span));
        let By { answer: proposed, stood_in, usage } = asked.await?;
        let beyond = proposed.iter().filter(|name| !needed.contains(name)).count();
        if beyond > 0 {
            tracing::warn!(beyond, "the model routed to relations that the interpretation does not need");
        }
        Ok(By { answer: needed, stood_in, usage })
    }

    /// A draft of SQL over the sandbox's relations.
    pub(crate) async fn write_sql(
        &self,
        session: &VerifiedSession,
        receipt: &str,
        relations: &[RelationSchema],
        filters: &[BoundFilter],
        refusals: &[Refusal],
    ) -> Result<By<String>, RouterError> {
        if refusals.len() > REFUSALS_MAX {
            return Err(RouterError::TooManyRefusals);
        }
        let interpretation = self.approved(session, receipt)?;
        let task = WriteSqlTask {
            interpretation: &interpretation,
            model: &self.model,
            relations,
            filters,
            refusals,
        };
        let span = telemetry::model_span(self.language.name(), "write_sql");
        let tenant = session.composite().tenant();
        let asked =
            self.language.ask(tenant, self.clock.now(), |model| model.write_sql(task).instrument(span));
        let By { answer, stood_in, usage } = asked.await?;
        let answer = if answer.len() > DRAFT_BYTES_MAX {
            tracing::warn!(bytes = answer.len(), "the model's draft is too long to be a statement");
            String::new()
        } else {
            answer
        };
        Ok(By { answer, stood_in, usage })
    }

    fn approved(&self, session: &VerifiedSession, receipt: &str) -> Result<Interpretation, RouterError> {
        let receipt = self.verifier.verify_receipt(receipt, session, self.clock.now())?;
        if receipt.model() != self.model.digest || receipt.policy() != self.policy.digest {
            return Err(RouterError::PolicyChanged);
        }
        Ok(interpretation_from_receipt(receipt.interpretation())?)
    }
}
