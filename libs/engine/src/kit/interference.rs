//! The non-interference check: one caller, two warehouses, every statement, byte for byte.

use super::world::{self, Share};
use crate::error::AnyError;
use crate::{Engine, EngineError, Lookup, Match, Statement, Warehouse};
use splitplane_types::Limits;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Statements that can fail, or that tell rows apart by order, batches, statistics or shortcuts.
pub const HOSTILE: [&str; 36] = [
    "SELECT count(*) AS n FROM harvests WHERE CAST(note AS INT) > 0",
    "SELECT id FROM harvests WHERE CAST(note AS INT) = 7 AND crates > 3",
    "SELECT count(*) AS n FROM harvests WHERE CAST(day AS DATE) > DATE '2026-05-10'",
    "SELECT count(*) AS n FROM harvests WHERE 10 / crates > 1",
    "SELECT count(*) AS n FROM harvests WHERE 10 % crates > 1",
    "SELECT count(*) AS n FROM harvests WHERE kilos / kilos > 0",
    "SELECT count(*) AS n FROM harvests WHERE 1.5 / acid > 1",
    "SELECT count(*) AS n FROM harvests WHERE 10 / (crates - 50) < 0",
    "SELECT count(*) AS n FROM harvests WHERE frost <> 0 AND 10 / frost > 1",
    "SELECT count(*) AS n FROM harvests WHERE frost = 0 OR 10 / frost > 1",
    "SELECT sum(10 / crates) AS s FROM harvests",
    "SELECT sum(CAST(note AS DECIMAL(10,2))) AS s FROM harvests",
    "SELECT substring(note, 1, 1) AS c, count(*) AS n FROM harvests GROUP BY substring(note, 1, 1)",
    "SELECT count(*) AS n FROM harvests WHERE CAST(substring(note, 1, 6) AS INT) > 0",
    "SELECT max(note) AS m, min(note) AS l FROM harvests",
    "SELECT max(id) AS m, min(picked_on) AS d, count(grower) AS g, count(*) AS n FROM harvests",
    "SELECT count(*) AS n FROM harvests WHERE grower IS NOT NULL",
    "SELECT count(*) AS n FROM harvests WHERE grower LIKE 'SECRET%'",
    "SELECT avg(acid) AS a, stddev(acid) AS s, sum(acid) AS t FROM harvests",
    "SELECT note, crates FROM harvests ORDER BY CAST(note AS INT) DESC, id LIMIT 5",
    "SELECT note FROM harvests ORDER BY crates, id LIMIT 3",
    "SELECT id, row_number() OVER (ORDER BY crates, id) AS r FROM harvests ORDER BY r LIMIT 7",
    "SELECT crates, sum(kilos) AS k FROM harvests GROUP BY crates HAVING sum(kilos) / count(*) > 1 ORDER BY crates",
    "SELECT count(*) AS n FROM harvests h JOIN baskets b ON h.id = b.harvest WHERE 10 / b.weight > 1",
    "SELECT sum(b.weight) AS w FROM baskets b",
    "SELECT count(*) AS n FROM baskets WHERE 10 / weight > 0",
    "SELECT count(*) AS n FROM harvests h WHERE EXISTS (SELECT 1 FROM baskets b WHERE b.harvest = h.id AND 10 / b.weight > 2)",
    "SELECT count(*) AS n FROM harvests WHERE id IN (SELECT harvest FROM baskets WHERE 10 % weight = 0)",
    "SELECT id FROM harvests WHERE crates = 3 UNION ALL SELECT harvest FROM baskets WHERE weight = 4 LIMIT 20",
    "SELECT sum(acid) AS s FROM (SELECT acid FROM harvests UNION ALL SELECT acid FROM harvests WHERE crates > 4) u",
    "SELECT CASE WHEN crates > 0 THEN CAST(note AS INT) ELSE 0 END AS c, count(*) AS n FROM harvests GROUP BY 1 ORDER BY 1",
    "SELECT year(CAST(day AS DATE)) AS y, count(*) AS n FROM harvests GROUP BY year(CAST(day AS DATE))",
    "SELECT count(DISTINCT orchard) AS o FROM harvests",
    "SELECT orchard, median(crates) AS m FROM harvests GROUP BY orchard ORDER BY orchard",
    "SELECT count(*) AS n FROM harvests WHERE orchard = '1'",
    "SELECT count(*) AS n FROM harvests WHERE sqrt(crates - 1) >= 0 AND ln(crates) >= 0",
];

/// What a caller gets for one statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Observation {
    /// Rows and their schema, written out.
    Rows(String),
    /// The class of an error, which is all that leaves the data plane.
    Failed(String),
    /// The guard did not accept it.
    Refused(String),
}

/// A statement by which the caller can tell that others have rows.
#[derive(Debug, Clone)]
pub struct Difference {
    /// The caller's share of the rows.
    pub share: Share,
    /// The statement.
    pub statement: String,
    /// What the whole warehouse gives.
    pub whole: Observation,
    /// What a warehouse without anyone else's rows gives.
    pub alone: Observation,
}

/// What a run of the check covered and found.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// Statements compared.
    pub compared: usize,
    /// Those that gave rows.
    pub answered: usize,
    /// Those that failed on data.
    pub failed: usize,
    /// Those that the guard refused.
    pub refused: usize,
    /// Every difference.
    pub differences: Vec<Difference>,
}

/// How an engine is made over a warehouse.
pub type MakeEngine<'m> = &'m dyn Fn(Warehouse) -> Result<Arc<dyn Engine>, EngineError>;

/// Limits under which no statement of the kit should end.
#[must_use]
pub const fn limits() -> Limits {
    Limits {
        rows_max: 1_000_000,
        bytes_max: 1 << 30,
        time_max: Duration::from_secs(120),
        memory_bytes_max: 1 << 30,
        concurrent_per_tenant_max: 1,
    }
}

/// Runs `statements` for every share, in worlds written under `folder`.
///
/// # Errors
/// When a world cannot be written or an engine cannot be made; never for what an engine answers.
pub async fn check(
    folder: &Path,
    make: MakeEngine<'_>,
    shares: &[Share],
    statements: &[&str],
) -> Result<Report, AnyError> {
    let mut report = Report::default();
    for (index, share) in shares.iter().enumerate() {
        let mut engines = Vec::new();
        for whole in [true, false] {
            let root = folder.join(format!("{index}-{whole}"));
            std::fs::create_dir_all(&root)?;
            world::write(&root, *share, whole)?;
            engines.push(make(Warehouse::open(&root)?)?);
        }
        let [whole, alone] = engines.as_slice() else { continue };
        for statement in statements {
            let seen = (observe(whole.as_ref(), statement).await?, observe(alone.as_ref(), statement).await?);
            report.add(*share, statement, seen);
        }
        report.add(*share, "a lookup", (look(whole.as_ref()).await?, look(alone.as_ref()).await?));
    }
    Ok(report)
}

impl Report {
    fn add(&mut self, share: Share, statement: &str, (whole, alone): (Observation, Observation)) {
        self.compared += 1;
        match &whole {
            Observation::Rows(_) => self.answered += 1,
            Observation::Failed(_) => self.failed += 1,
            Observation::Refused(_) => self.refused += 1,
        }
        if whole != alone {
            self.differences.push(Difference { share, statement: statement.to_owned(), whole, alone });
        }
    }
}

/// Everything that one statement lets the caller obtain.
async fn observe(engine: &dyn Engine, statement: &str) -> Result<Observation, AnyError> {
    let query = match world::view()?.guard(statement) {
        Ok(query) => query,
        Err(error) => return Ok(Observation::Refused(error.to_string())),
    };
    let statement = Statement { plane: Arc::new(world::plane()?), query, limits: limits() };
    Ok(match engine.execute(statement).await {
        // `Debug` tells apart what `==` on doubles does not.
        Ok(result) => Observation::Rows(format!("{result:?}")),
        Err(error) => Observation::Failed(error.to_string()),
    })
}

async fn look(engine: &dyn Engine) -> Result<Observation, AnyError> {
    let lookup = Lookup {
        plane: Arc::new(world::plane()?),
        relation: "harvests".to_owned(),
        columns: vec!["orchard".to_owned(), "note".to_owned(), "grower".to_owned()],
        matching: vec![Match::Phrase { column: "orchard".to_owned(), phrase: " a ".to_owned() }],
        limit: 40,
    };
    Ok(match engine.lookup(lookup).await {
        Ok(tuples) => Observation::Rows(format!("{tuples:?}")),
        Err(error) => Observation::Failed(error.to_string()),
    })
}
