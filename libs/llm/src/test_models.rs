//! A model for tests that answers from a script. It decides nothing.

use crate::language_model::{
    ExplainTask, LanguageModel, ModelError, RouteTask, ValidateReply, ValidateTask, WriteSqlTask,
};
use splitplane_semantics::{Interpretation, SemanticModel, parse_model};
use std::collections::VecDeque;
use std::sync::Mutex;

const MODEL: &str = include_str!("../../semantics/fixtures/library/model.yaml");

/// Answers as it is told, in turn.
#[derive(Debug)]
pub(crate) struct Scripted {
    answers: Mutex<VecDeque<Result<(), ModelError>>>,
    asked: Mutex<usize>,
}

impl Scripted {
    pub(crate) fn new(answers: impl IntoIterator<Item = Result<(), ModelError>>) -> Self {
        Self { answers: Mutex::new(answers.into_iter().collect()), asked: Mutex::new(0) }
    }

    /// How often it was asked.
    pub(crate) fn asked(&self) -> usize {
        *self.asked.lock().unwrap()
    }

    fn next(&self) -> Result<(), ModelError> {
        *self.asked.lock().unwrap() += 1;
        self.answers.lock().unwrap().pop_front().unwrap()
    }
}

#[async_trait::async_trait]
impl LanguageModel for Scripted {
    fn name(&self) -> &str {
        "scripted"
    }

    async fn validate(&self, _: ValidateTask<'_>) -> Result<ValidateReply, ModelError> {
        self.next().map(|()| ValidateReply::Unsupported { nearest: Vec::new() })
    }

    async fn route(&self, _: RouteTask<'_>) -> Result<Vec<String>, ModelError> {
        self.next().map(|()| Vec::new())
    }

    async fn write_sql(&self, _: WriteSqlTask<'_>) -> Result<String, ModelError> {
        self.next().map(|()| String::new())
    }

    async fn explain(&self, _: ExplainTask<'_>) -> Result<String, ModelError> {
        self.next().map(|()| String::new())
    }
}

/// Asks a model for relations.
pub(crate) async fn route(model: &dyn LanguageModel) -> Result<(), ModelError> {
    let semantics: SemanticModel = parse_model("model.yaml", MODEL).unwrap();
    let interpretation = Interpretation {
        metrics: Vec::new(),
        dimensions: Vec::new(),
        filters: Vec::new(),
        period: None,
        comparison: None,
        thresholds: Vec::new(),
        shares: false,
        order: Vec::new(),
        limit: None,
        buckets: splitplane_semantics::Buckets::ISO,
    };
    let task = RouteTask { interpretation: &interpretation, model: &semantics };
    model.route(task).await.map(|_| ())
}
