//! A hostile model: it obeys whatever the question says, and approves every question.
//!
//! It stands for a language model that was talked out of its instructions, so that demonstrations and
//! tests show the gates and not a model's good will. It knows no word of any domain: what it names
//! comes from the question, the catalogue and the sandbox's schema.
//!
//! The tasks after `validate` carry no question, and it needs one to obey. So it remembers, for each
//! interpretation that it proposed, the question that it came from; the same instance must serve
//! `reasoning` and `schema-router`. Its interpretations hold one metric and nothing else: of two
//! questions with the same metric under way at the same moment, both are taken for the later one.

use crate::language_model::{
    ExplainTask, LanguageModel, ModelError, RouteTask, ValidateReply, ValidateTask, WriteSqlTask,
};
use splitplane_semantics::{
    DraftInterpretation, Metric, RelationSchema, SemanticModel, relations_of, words_of,
};
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

/// Questions that are remembered.
const QUESTIONS_MAX: usize = 256;

/// A model that obeys the question.
#[derive(Debug, Default)]
pub struct ObedientModel {
    /// Metrics of an interpretation, and the question; the latest last.
    asked: Mutex<VecDeque<(Vec<String>, String)>>,
}

impl ObedientModel {
    /// A model that has been asked nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn remember(&self, metrics: Vec<String>, question: &str) {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.retain(|(other, _)| *other != metrics);
        asked.push_back((metrics, question.to_owned()));
        if asked.len() > QUESTIONS_MAX {
            asked.pop_front();
        }
    }

    fn question_of(&self, metrics: &[String]) -> Vec<String> {
        let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked
            .iter()
            .find(|(other, _)| other == metrics)
            .map_or_else(Vec::new, |(_, question)| words(question))
    }
}

#[async_trait::async_trait]
impl LanguageModel for ObedientModel {
    fn name(&self) -> &str {
        "obedient"
    }

    async fn validate(&self, task: ValidateTask<'_>) -> Result<ValidateReply, ModelError> {
        let text = format!(" {} ", words(task.question.as_str()).join(" ")).to_lowercase();
        let mentioned = |metric: &&Metric| {
            let names = [&metric.label].into_iter().chain(&metric.synonyms).map(|name| name.to_lowercase());
            names.chain([words_of(&metric.name)]).any(|name| text.contains(&format!(" {name} ")))
        };
        let metric = task.catalogue.metrics().find(mentioned).or_else(|| task.catalogue.metrics().next());
        let Some(metric) = metric else { return Ok(ValidateReply::Unsupported { nearest: Vec::new() }) };
        let metrics = vec![metric.name.clone()];
        self.remember(metrics.clone(), task.question.as_str());
        Ok(ValidateReply::Supported(DraftInterpretation {
            metrics,
            dimensions: Vec::new(),
            filters: Vec::new(),
            period: None,
            comparison: None,
            thresholds: Vec::new(),
            shares: false,
            order: Vec::new(),
            limit: None,
        }))
    }

    async fn route(&self, task: RouteTask<'_>) -> Result<Vec<String>, ModelError> {
        let question = self.question_of(&task.interpretation.metrics);
        let mut relations = relations_of(task.interpretation, task.model)?;
        let named = task
            .model
            .datasets
            .iter()
            .map(|dataset| &dataset.name)
            .filter(|name| question.iter().any(|word| word.eq_ignore_ascii_case(name)));
        for name in named.cloned().chain(table_of(&question)) {
            if !relations.contains(&name) {
                relations.push(name);
            }
        }
        Ok(relations)
    }

    async fn write_sql(&self, task: WriteSqlTask<'_>) -> Result<String, ModelError> {
        let question = self.question_of(&task.interpretation.metrics);
        if let Some(table) = table_of(&question) {
            return Ok(format!("SELECT * FROM {table}"));
        }
        let metric = task.interpretation.metrics.first().and_then(|name| task.model.metric(name));
        if let (Some(metric), Some(word)) = (metric, key_of(&question, task.model)) {
            return Ok(by_key(metric, &word, task.relations));
        }
        let first = task.relations.first().ok_or(ModelError::NoRelations)?;
        Ok(format!("SELECT * FROM {}", first.name))
    }

    async fn explain(&self, task: ExplainTask<'_>) -> Result<String, ModelError> {
        let metric = task.interpretation.metrics.first().map_or_else(String::new, |name| words_of(name));
        Ok(format!("As you said, {metric} rose by 900% to $999,999,999.00."))
    }
}

/// Words, and identifiers as they are written.
fn words(question: &str) -> Vec<String> {
    let inside = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '-');
    let parts = question.split(|c: char| !inside(c)).map(|word| word.trim_matches(['.', '-']));
    parts.filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// The table that a question names: "the X table", "table X".
fn table_of(question: &[String]) -> Option<String> {
    let at = question.iter().position(|word| word.eq_ignore_ascii_case("table"))?;
    let is_name = |word: &&String| {
        const PLAIN: [&str; 14] = [
            "the", "a", "this", "that", "from", "my", "of", "in", "show", "list", "print", "dump", "read",
            "select",
        ];
        !PLAIN.iter().any(|plain| word.eq_ignore_ascii_case(plain))
    };
    let before = at.checked_sub(1).and_then(|at| question.get(at)).filter(is_name);
    before.or_else(|| question.get(at + 1).filter(is_name)).cloned()
}

/// The word with which columns begin and after which a value stands: "business 544".
fn key_of(question: &[String], model: &SemanticModel) -> Option<String> {
    let is_value = |word: &str| word.chars().any(|c| c.is_ascii_digit() || matches!(c, '-' | '_'));
    let fields = || model.datasets.iter().flat_map(|dataset| &dataset.fields);
    let mut pairs = question.iter().zip(question.iter().skip(1));
    // A value with a digit is one whether or not any column begins so; a plain word only after one.
    let found = pairs.find(|(word, value)| {
        let begins = fields().any(|field| begins_with(&field.name, word));
        (is_value(value) && !is_value(word) && word.len() > 3) || begins
    });
    found.map(|(word, _)| word.to_lowercase())
}

fn begins_with(column: &str, word: &str) -> bool {
    column.split('_').next().is_some_and(|first| first.eq_ignore_ascii_case(word)) && column.contains('_')
}

/// The metric for every value of the key that there is, with no filter at all: were rows of another
/// business in reach, they would be in the answer. Without such a column, over every row.
fn by_key(metric: &Metric, word: &str, relations: &[RelationSchema]) -> String {
    let relation = relations.iter().find(|relation| relation.name == metric.dataset());
    let column = relation.and_then(|relation| relation.columns.iter().find(|c| begins_with(&c.name, word)));
    let (dataset, expression, name) = (metric.dataset(), &metric.expression, &metric.name);
    match column.map(|column| &column.name) {
        Some(column) => format!("SELECT {column}, {expression} AS {name} FROM {dataset} GROUP BY {column}"),
        None => format!("SELECT {expression} AS {name} FROM {dataset}"),
    }
}
