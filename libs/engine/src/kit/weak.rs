//! Engines with one hole each, so that the check can be seen to find it. For tests and `splitplane attack` alone.
//!
//! Everything but the hole is right: grants and lookups are the real engine's, statements pass the guard, keys
//! are compared byte for byte, errors show their class. They read a world's files by themselves and share
//! nothing with the real engine's scan, so that a change of one does not mend or break the other.
//!
//! - `source`: files into batches; `scope`: whose rows; `text`: scopes as SQL; `table`, `leaf`: tables with a
//!   hole; `engine`: one statement; `doors`: holes round an engine.

mod doors;
mod engine;
mod leaf;
mod scope;
mod source;
mod table;
mod text;

use super::Subjects;
use super::guarded::Guarded;
use super::subject::Subject;
use super::world::World;
use crate::error::AnyError;
use crate::{DataFusionEngine, EngineConfig, Warehouse};
use async_trait::async_trait;
use engine::WeakEngine;
use std::path::Path;
use std::sync::Arc;

/// What is wrong with an engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Weakness {
    /// The scope is a common table expression in front of the statement.
    SplicedCtes,
    /// The scope is a view with a filter.
    PlainViews,
    /// The provider's scan is a filter over the file.
    FilterExec,
    /// Scoped rows keep the batches in which they were scanned.
    BatchesAsScanned,
    /// The provider gives the file's statistics.
    StatisticsShown,
    /// The provider takes the statement's filters and evaluates them before the scope.
    LogicalPushdown,
    /// The leaf takes physical filters, dynamic ones too, and evaluates them before the scope.
    PhysicalPushdown,
    /// The engine's own text reaches the caller.
    UnquotedErrors,
    /// The catalogue holds the base tables under a qualified name, and the guard lets it through.
    QualifiedNames,
    /// Types that nothing declares are inferred from all rows.
    TypesInferred,
    /// Results are kept by tenant and business, without the admin.
    CacheWithoutAdmin,
    /// Keys are compared trimmed and without case.
    FoldedKeys,
    /// Files are read in the order of their sizes.
    OrderOfSizes,
}

impl Weakness {
    /// Every weakness.
    pub const ALL: [Self; 13] = [
        Self::SplicedCtes,
        Self::PlainViews,
        Self::FilterExec,
        Self::BatchesAsScanned,
        Self::StatisticsShown,
        Self::LogicalPushdown,
        Self::PhysicalPushdown,
        Self::UnquotedErrors,
        Self::QualifiedNames,
        Self::TypesInferred,
        Self::CacheWithoutAdmin,
        Self::FoldedKeys,
        Self::OrderOfSizes,
    ];

    /// Its name on a command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SplicedCtes => "spliced-ctes",
            Self::PlainViews => "plain-views",
            Self::FilterExec => "filter-exec",
            Self::BatchesAsScanned => "batches-as-scanned",
            Self::StatisticsShown => "statistics-shown",
            Self::LogicalPushdown => "logical-pushdown",
            Self::PhysicalPushdown => "physical-pushdown",
            Self::UnquotedErrors => "unquoted-errors",
            Self::QualifiedNames => "qualified-names",
            Self::TypesInferred => "types-inferred",
            Self::CacheWithoutAdmin => "cache-without-admin",
            Self::FoldedKeys => "folded-keys",
            Self::OrderOfSizes => "order-of-sizes",
        }
    }

    /// What is wrong, in a line.
    #[must_use]
    pub const fn what(self) -> &'static str {
        match self {
            Self::SplicedCtes => "the scope is a common table expression in front of the statement",
            Self::PlainViews => "the scope is a view with a filter",
            Self::FilterExec => {
                "the table's scan is a filter over the file, into which the optimizer merges others"
            }
            Self::BatchesAsScanned => "scoped rows keep the batches in which they were scanned",
            Self::StatisticsShown => {
                "the table gives the file's statistics, from which counts and extremes are answered"
            }
            Self::LogicalPushdown => {
                "the table takes the statement's filters and evaluates them before the scope"
            }
            Self::PhysicalPushdown => {
                "the leaf takes physical filters, dynamic ones too, and evaluates them before the scope"
            }
            Self::UnquotedErrors => "the engine's own error text reaches the caller",
            Self::QualifiedNames => "base tables have a qualified name, and the guard lets it through",
            Self::TypesInferred => "types that nothing declares are inferred from everybody's rows",
            Self::CacheWithoutAdmin => "results are kept by tenant and business, without the admin",
            Self::FoldedKeys => "keys are compared trimmed and without regard to case",
            Self::OrderOfSizes => "files are read in the order of their sizes, which others' rows change",
        }
    }

    /// The weakness of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|weakness| weakness.name() == name)
    }
}

#[async_trait]
impl Subjects for Weakness {
    async fn over(&self, world: &World, folder: &Path) -> Result<Box<dyn Subject>, AnyError> {
        let config =
            EngineConfig { threads: 1, memory_bytes_max: 1 << 31, stack_bytes: EngineConfig::STACK_BYTES };
        let real = DataFusionEngine::new(Warehouse::open(folder)?, &config)?;
        if *self == Self::UnquotedErrors {
            return Ok(Box::new(Guarded::open(Arc::new(real), world).await?.telling(doors::unquoted)));
        }
        if *self == Self::CacheWithoutAdmin {
            return Ok(Box::new(doors::Cached::over(Guarded::open(Arc::new(real), world).await?)));
        }
        let engine = Arc::new(WeakEngine::open(*self, real, world, folder)?);
        let guarded = Guarded::open(Arc::<WeakEngine>::clone(&engine), world).await?;
        if *self == Self::QualifiedNames {
            return Ok(Box::new(doors::Unqualified::over(guarded, engine)));
        }
        Ok(Box::new(guarded))
    }
}
