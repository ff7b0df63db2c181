//! Invariant 10, and that the check can see it broken.

use super::fixture::{engine, folder};
use crate::kit::interference::{HOSTILE, Observation, check};
use crate::kit::weak::{WeakEngine, Weakness};
use crate::kit::world::Share;
use crate::{Engine, EngineError, Warehouse};
use std::sync::Arc;

#[tokio::test]
async fn nothing_that_a_caller_can_obtain_depends_on_the_rows_of_others() {
    let folder = folder();
    let make = |warehouse: Warehouse| -> Result<Arc<dyn Engine>, EngineError> {
        let config = crate::EngineConfig {
            threads: 2,
            memory_bytes_max: 1 << 30,
            stack_bytes: crate::EngineConfig::STACK_BYTES,
        };
        Ok(Arc::new(crate::DataFusionEngine::new(warehouse, &config)?))
    };
    let report = check(folder.path(), &make, &Share::ALL, &HOSTILE).await.unwrap();
    assert!(report.differences.is_empty(), "{:#?}", report.differences);
    // The statements are worth comparing: next to none is refused, most answer, and some do fail.
    assert_eq!(report.compared, Share::ALL.len() * (HOSTILE.len() + 1));
    assert!(report.refused <= Share::ALL.len(), "{report:?}");
    assert!(report.answered > report.compared * 3 / 4 && report.failed > 0, "{report:?}");
}

async fn caught(weakness: Weakness, share: Share) -> Vec<(String, Observation)> {
    let folder = folder();
    let make = |warehouse| -> Result<Arc<dyn Engine>, EngineError> {
        Ok(Arc::new(WeakEngine::new(warehouse, weakness)))
    };
    let report = check(folder.path(), &make, &[share], &HOSTILE).await.unwrap();
    report.differences.into_iter().map(|difference| (difference.statement, difference.whole)).collect()
}

#[tokio::test]
async fn a_view_with_a_filter_is_caught() {
    let found = caught(Weakness::PlainView, Share::PerMille(500)).await;
    assert!(found.iter().any(|(statement, _)| statement == HOSTILE[0]), "{found:?}");
}

#[tokio::test]
async fn batches_passed_on_as_scanned_are_caught() {
    let found = caught(Weakness::AsScanned, Share::PerMille(200)).await;
    assert!(found.iter().any(|(statement, _)| statement.contains("10 / frost")), "{found:?}");
}

#[tokio::test]
async fn an_engine_answers_the_same_twice() {
    let folder = folder();
    crate::kit::world::write(folder.path(), Share::PerMille(500), true).unwrap();
    let engine = engine(folder.path());
    let plane = Arc::new(crate::kit::world::plane().unwrap());
    for sql in HOSTILE {
        let Ok(query) = crate::kit::world::view().unwrap().guard(sql) else { continue };
        let statement =
            crate::Statement { plane: Arc::clone(&plane), query, limits: super::fixture::limits() };
        let (one, other) = (engine.execute(statement.clone()).await, engine.execute(statement).await);
        let shown = |result: Result<crate::QueryResult, EngineError>| {
            result.map(|r| format!("{r:?}")).map_err(|e| e.to_string())
        };
        assert_eq!(shown(one), shown(other), "{sql}");
    }
}
