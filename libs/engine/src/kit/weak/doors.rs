//! Holes that stand not in an engine but round it: what it says, what is kept, what is let in.

use super::engine::WeakEngine;
use crate::EngineError;
use crate::kit::guarded::Guarded;
use crate::kit::subject::{Ask, Observation, Probe, Subject};
use crate::kit::world::Admin;
use async_trait::async_trait;
use datafusion::sql::sqlparser::ast::{Query, Statement, visit_relations};
use datafusion::sql::sqlparser::{dialect::DatabricksDialect, parser::Parser};
use std::collections::HashMap;
use std::error::Error as _;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};

/// A failure with what the engine says of it.
pub(super) fn unquoted(error: &EngineError) -> Observation {
    let Observation::Failed { class, mut text } = Observation::of_error(error) else {
        return Observation::of_error(error);
    };
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(&format!(": {inner}"));
        cause = inner.source();
    }
    Observation::Failed { class, text }
}

/// Keeps what was answered, for everybody of the tenant and business.
#[derive(Debug)]
pub(super) struct Cached {
    guarded: Guarded,
    kept: Mutex<HashMap<String, Observation>>,
}

impl Cached {
    pub(super) fn over(guarded: Guarded) -> Self {
        Self { guarded, kept: Mutex::default() }
    }

    async fn answer(&self, admin: Admin, ask: &Ask) -> Observation {
        let key = format!("{ask:?}");
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        if let Some(kept) = kept {
            return kept;
        }
        let answer = self.guarded.answer(admin, ask).await;
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).insert(key, answer.clone());
        answer
    }
}

#[async_trait]
impl Subject for Cached {
    async fn observe(&self, probe: &Probe) -> Observation {
        if probe.after_colleague {
            drop(self.answer(Admin::Colleague, &probe.ask).await);
        }
        self.answer(Admin::Caller, &probe.ask).await
    }
}

/// Lets statements through that name a base table by its qualified name.
#[derive(Debug)]
pub(super) struct Unqualified {
    guarded: Guarded,
    engine: Arc<WeakEngine>,
}

impl Unqualified {
    pub(super) fn over(guarded: Guarded, engine: Arc<WeakEngine>) -> Self {
        Self { guarded, engine }
    }
}

#[async_trait]
impl Subject for Unqualified {
    async fn observe(&self, probe: &Probe) -> Observation {
        let Ask::Statement(sql) = &probe.ask else { return self.guarded.observe(probe).await };
        let Some(query) = with_qualified_names(sql) else { return self.guarded.observe(probe).await };
        match self.engine.run_unguarded(self.guarded.plane(Admin::Caller), query).await {
            Ok(result) => Observation::of_table(&result.table, result.bytes),
            Err(error) => Observation::of_error(&error),
        }
    }
}

/// The one query of a text, if it names a relation of the schema `public`.
fn with_qualified_names(sql: &str) -> Option<Query> {
    let mut statements = Parser::parse_sql(&DatabricksDialect {}, sql).ok()?;
    let (Some(Statement::Query(query)), true) = (statements.pop(), statements.is_empty()) else {
        return None;
    };
    let mut qualified = false;
    let _ = visit_relations(&query, |name| {
        qualified |= name.to_string().starts_with("public.");
        ControlFlow::<()>::Continue(())
    });
    qualified.then_some(*query)
}
