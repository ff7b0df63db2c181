//! What a language model is asked, and what it may answer. Nothing here has been checked.

use splitplane_semantics::{
    BoundFilter, Catalogue, CompileError, DraftInterpretation, Interpretation, RelationSchema, SemanticModel,
};
use splitplane_types::{Question, Table};
use std::fmt::Debug;

/// A language model: proposes, and decides nothing.
#[async_trait::async_trait]
pub trait LanguageModel: Send + Sync + Debug {
    /// Its name, for logs and spans.
    fn name(&self) -> &str;

    /// Layer 2: what the question means in the words of the catalogue.
    ///
    /// # Errors
    /// See [`ModelError`].
    async fn validate(&self, task: ValidateTask<'_>) -> Result<ValidateReply, ModelError>;

    /// The relations that an interpretation needs.
    ///
    /// # Errors
    /// See [`ModelError`].
    async fn route(&self, task: RouteTask<'_>) -> Result<Vec<String>, ModelError>;

    /// SQL over the relations of a sandbox, as text.
    ///
    /// # Errors
    /// See [`ModelError`].
    async fn write_sql(&self, task: WriteSqlTask<'_>) -> Result<String, ModelError>;

    /// An analysis of a result in plain sentences.
    ///
    /// # Errors
    /// See [`ModelError`].
    async fn explain(&self, task: ExplainTask<'_>) -> Result<String, ModelError>;
}

/// A question, and the words in which it may be understood.
#[derive(Debug, Clone, Copy)]
pub struct ValidateTask<'a> {
    /// The question that was signed.
    pub question: &'a Question,
    /// What this caller's role may ask.
    pub catalogue: &'a Catalogue<'a>,
    /// What was understood before in the same conversation: the question may be about what to change in it.
    /// Names in it were this caller's when it was validated, and are still to be checked.
    pub previous: Option<&'a Interpretation>,
    /// The question just before in the same conversation, if it was not answered: asked back about, which this one may
    /// answer, or not supported. What was understood is then from before it.
    pub asked_back: Option<&'a Question>,
}

/// How a model understood a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ValidateReply {
    /// It has a meaning; every name in it is still to be checked.
    Supported(DraftInterpretation),
    /// It has several.
    Ambiguous {
        /// The question back.
        question: String,
        /// Whole questions to choose from, five at most.
        options: Vec<String>,
    },
    /// It has none that is supported.
    Unsupported {
        /// Names of the catalogue's metrics, nearest first.
        nearest: Vec<String>,
    },
}

/// An interpretation whose relations are wanted.
#[derive(Debug, Clone, Copy)]
pub struct RouteTask<'a> {
    /// What was asked.
    pub interpretation: &'a Interpretation,
    /// The semantic model.
    pub model: &'a SemanticModel,
}

/// An interpretation to be written as SQL.
#[derive(Debug, Clone, Copy)]
pub struct WriteSqlTask<'a> {
    /// What was asked.
    pub interpretation: &'a Interpretation,
    /// The semantic model.
    pub model: &'a SemanticModel,
    /// The sandbox's relations: all that exists.
    pub relations: &'a [RelationSchema],
    /// The filters, as parameters.
    pub filters: &'a [BoundFilter],
    /// What was refused before, oldest first.
    pub refusals: &'a [Refusal],
}

/// SQL that was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The text.
    pub sql: String,
    /// The reason's name.
    pub reason: String,
    /// What to do instead; names of the sandbox only.
    pub hint: String,
}

/// A result to be explained.
#[derive(Debug, Clone, Copy)]
pub struct ExplainTask<'a> {
    /// What was asked.
    pub interpretation: &'a Interpretation,
    /// The semantic model.
    pub model: &'a SemanticModel,
    /// The first rows of the result, unmasked columns only.
    pub table: &'a Table,
    /// Rows of the whole result.
    pub row_count: usize,
}

/// Why a model gave no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ModelError {
    /// The interpretation has no SQL over these relations.
    #[error("the interpretation cannot be written as a query")]
    NotExpressible(#[from] CompileError),
    /// There is nothing to read from.
    #[error("the sandbox holds no relation")]
    NoRelations,
    /// The account's quota is used up.
    #[error("the model's endpoint throttles its callers")]
    Throttled,
    /// The endpoint is not reached, not ready, or failed.
    #[error("the model is not available")]
    Unavailable,
    /// No answer in time, tries and all.
    #[error("the model did not answer in time")]
    TimedOut,
    /// It failed too often just now, and is left alone.
    #[error("the model failed too often and is not called for a while")]
    Resting,
    /// No credentials, none of a role, or none that may call this model.
    #[error("the model's endpoint does not take this service's credentials")]
    Unauthorised,
    /// The request as such was refused: a model that is gone, a prompt that is too long.
    #[error("the model's endpoint refused the request")]
    Rejected,
    /// A guardrail stepped in.
    #[error("a guardrail intervened")]
    Guardrail,
    /// The model declined.
    #[error("the model declined to answer")]
    Declined,
    /// An answer without content.
    #[error("the model answered with nothing")]
    Empty,
    /// An answer that is not of the form that was asked for.
    #[error("the model's answer was {0}")]
    Malformed(&'static str),
}

impl ModelError {
    /// Its kind, for spans and metrics.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::NotExpressible(_) => "not_expressible",
            Self::NoRelations => "no_relations",
            Self::Throttled => "throttled",
            Self::Unavailable => "unavailable",
            Self::TimedOut => "timed_out",
            Self::Resting => "resting",
            Self::Unauthorised => "unauthorised",
            Self::Rejected => "rejected",
            Self::Guardrail => "guardrail",
            Self::Declined => "declined",
            Self::Empty => "empty",
            Self::Malformed(_) => "malformed",
        }
    }

    /// Whether the model as such is out of order. What a single question can bring about is not
    /// among these: it must not take the model away from everybody else.
    #[must_use]
    pub const fn is_outage(&self) -> bool {
        match self {
            Self::Throttled | Self::Unavailable | Self::TimedOut | Self::Resting | Self::Unauthorised => true,
            Self::NotExpressible(_)
            | Self::NoRelations
            | Self::Rejected
            | Self::Guardrail
            | Self::Declined
            | Self::Empty
            | Self::Malformed(_) => false,
        }
    }
}
