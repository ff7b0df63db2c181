//! Generated worlds: orchards of several growers' cooperatives, of which the caller owns two orchards.
//!
//! The caller's rows are the same whatever the share; the others' rows lie between them, hold secrets in
//! every column, and keys that look like the caller's.

use crate::error::AnyError;
use arrow::array::{
    ArrayRef, Date32Array, Decimal128Array, Float64Array, Int64Array, RecordBatch, StringArray,
};
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;
use splitplane_split_plane::{
    ColumnExpression, ColumnMask, Condition, RowScope, SandboxView, ScopeError, ScopeValue, ScopedColumn,
    ScopedRelation, SecurityPlane, ViewError, ViewRelation,
};
use splitplane_types::{Column, DataType};
use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

/// How many of every thousand rows are the caller's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Share {
    /// No row at all.
    Nothing,
    /// One row among thousands.
    OneRow,
    /// So many of a thousand, spread evenly.
    PerMille(u16),
}

impl Share {
    /// Shares on both sides of every threshold that an engine is known to have.
    pub(super) const ALL: [Self; 8] = [
        Self::Nothing,
        Self::OneRow,
        Self::PerMille(190),
        Self::PerMille(200),
        Self::PerMille(210),
        Self::PerMille(500),
        Self::PerMille(900),
        Self::PerMille(999),
    ];

    fn own_rows(self) -> usize {
        match self {
            Self::Nothing => 0,
            Self::OneRow => 1,
            Self::PerMille(_) => OWN_ROWS,
        }
    }

    fn is_own(self, position: usize) -> bool {
        match self {
            Self::Nothing => false,
            Self::OneRow => position == FOREIGN_ROWS / 2,
            // 617 has no factor in common with 1000, so the caller's rows are spread, not in one run.
            Self::PerMille(share) => position * 617 % 1000 < usize::from(share),
        }
    }
}

/// Rows of the caller, where there is a share: more than one batch of any engine, and not a multiple.
const OWN_ROWS: usize = 10_000;
/// Rows of others, where the caller has one row or none.
const FOREIGN_ROWS: usize = 9_000;
const ROW_GROUP_ROWS: usize = 20_000;

/// A row: the caller's with its number, or another's.
#[derive(Debug, Clone, Copy)]
enum Row {
    Own(usize),
    Foreign(usize),
}

/// Writes a world: with everyone's rows, or with the caller's alone.
///
/// # Errors
/// When the folder cannot be written.
pub(super) fn write(
    folder: &Path,
    share: Share,
    whole: bool,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let mut rows = Vec::new();
    let (mut own, mut position) = (0, 0);
    while own < share.own_rows() || (share.own_rows() < 2 && position < FOREIGN_ROWS) {
        if own < share.own_rows() && share.is_own(position) {
            rows.push(Row::Own(own));
            own += 1;
        } else if whole {
            rows.push(Row::Foreign(position));
        }
        position += 1;
    }
    write_parquet(&folder.join("harvests.parquet"), &harvests(&rows)?)?;
    write_parquet(&folder.join("baskets.parquet"), &baskets(&rows)?)
}

/// Writes one Parquet file.
fn write_parquet(path: &Path, batch: &RecordBatch) -> Result<(), AnyError> {
    let properties = WriterProperties::builder().set_max_row_group_row_count(Some(ROW_GROUP_ROWS)).build();
    let mut writer = ArrowWriter::try_new(File::create(path)?, batch.schema(), Some(properties))?;
    writer.write(batch)?;
    writer.close()?;
    Ok(())
}

/// Keys that are not the caller's, each as near as can be. The caller's are (`c-1`, `001`) and (`c-1`, `A`).
const FOREIGN_KEYS: [(Option<&str>, Option<&str>); 9] = [
    (Some("c-2"), Some("001")),
    (Some("c-2"), Some("A")),
    (Some("c-1"), Some("1")),
    (Some("c-1"), Some("a")),
    (Some("c-1"), Some("001 ")),
    (Some("c-1"), None),
    (None, Some("001")),
    (Some("C-1"), Some("001")),
    (Some(""), Some("")),
];

fn harvests(rows: &[Row]) -> Result<RecordBatch, AnyError> {
    let foreign_key = |n: usize| FOREIGN_KEYS.get(n % FOREIGN_KEYS.len()).copied().unwrap_or((None, None));
    let text = |own: &dyn Fn(usize) -> String, foreign: &dyn Fn(usize) -> Option<String>| -> ArrayRef {
        Arc::new(
            rows.iter()
                .map(|row| match row {
                    Row::Own(n) => Some(own(*n)),
                    Row::Foreign(n) => foreign(*n),
                })
                .collect::<StringArray>(),
        )
    };
    let number = |own: &dyn Fn(usize) -> Option<i64>, foreign: i64| -> ArrayRef {
        Arc::new(
            rows.iter()
                .map(|row| match row {
                    Row::Own(n) => own(*n),
                    Row::Foreign(_) => Some(foreign),
                })
                .collect::<Int64Array>(),
        )
    };
    let small = |n: usize, modulus: usize| i64::try_from(n % modulus).ok();
    let kilos: Decimal128Array = rows
        .iter()
        .map(|row| match row {
            Row::Own(n) => i128::try_from(n % 777).ok().map(|n| n * 100 + 125),
            Row::Foreign(_) => Some(0),
        })
        .collect();
    let acid: Float64Array = rows
        .iter()
        .map(|row| match row {
            Row::Own(n) => u32::try_from(n % 13).ok().map(|n| f64::from(n) / 7.0 + 0.1),
            Row::Foreign(_) => Some(0.0),
        })
        .collect();
    let picked: Date32Array = rows
        .iter()
        .map(|row| match row {
            Row::Own(n) => i32::try_from(n % 300).ok().map(|n| n + 20_000),
            Row::Foreign(_) => Some(-700_000),
        })
        .collect();
    Ok(RecordBatch::try_from_iter(vec![
        ("cooperative", text(&|_| "c-1".to_owned(), &|n| foreign_key(n).0.map(str::to_owned))),
        (
            "orchard",
            text(&|n| if n % 3 == 0 { "A" } else { "001" }.to_owned(), &|n| {
                foreign_key(n).1.map(str::to_owned)
            }),
        ),
        ("id", number_of_row(rows)),
        ("crates", number(&|n| small(n, 50).map(|n| n + 1), 0)),
        ("frost", number(&frost, 7)),
        ("kilos", Arc::new(kilos.with_precision_and_scale(12, 2)?)),
        ("acid", Arc::new(acid)),
        ("note", text(&|n| (n % 90 + 1).to_string(), &|n| Some(format!("SECRET-{n}")))),
        ("day", text(&|n| format!("2026-05-{:02}", n % 28 + 1), &|n| Some(format!("SECRET-DAY-{n}")))),
        ("picked_on", Arc::new(picked)),
        ("grower", text(&|n| format!("grower {n}"), &|n| Some(format!("SECRET-GROWER-{n}")))),
    ])?)
}

/// Runs in which one of twenty, and runs in which three of ten are not zero: a batch of 8,192 of them, and
/// what is left, are under a fifth together; a batch that ends elsewhere may not be.
fn frost(n: usize) -> Option<i64> {
    let some = if (n / 2_048).is_multiple_of(2) { n.is_multiple_of(20) } else { n % 10 < 3 };
    Some(if some { 5 } else { 0 })
}

/// Ids: even for the caller, odd for others, so that baskets of both can be told apart.
fn number_of_row(rows: &[Row]) -> ArrayRef {
    let id = |row: &Row| match row {
        Row::Own(n) => i64::try_from(n * 2).ok(),
        Row::Foreign(n) => i64::try_from(n * 2 + 1).ok(),
    };
    Arc::new(rows.iter().map(id).collect::<Int64Array>())
}

fn baskets(rows: &[Row]) -> Result<RecordBatch, AnyError> {
    let weight = |row: &Row| match row {
        Row::Own(n) => i64::try_from(n % 9 + 1).ok(),
        Row::Foreign(_) => Some(0),
    };
    let weights: Int64Array = rows.iter().map(weight).collect();
    let weights: ArrayRef = Arc::new(weights);
    Ok(RecordBatch::try_from_iter(vec![("harvest", number_of_row(rows)), ("weight", weights)])?)
}

const HARVEST_COLUMNS: [(&str, DataType); 10] = [
    ("orchard", DataType::String),
    ("id", DataType::Integer),
    ("crates", DataType::Integer),
    ("frost", DataType::Integer),
    ("kilos", DataType::Decimal),
    ("acid", DataType::Float),
    ("note", DataType::String),
    ("day", DataType::String),
    ("picked_on", DataType::Date),
    ("grower", DataType::String),
];
const BASKET_COLUMNS: [(&str, DataType); 2] = [("harvest", DataType::Integer), ("weight", DataType::Integer)];

/// The caller's sandbox: `harvests` by (cooperative, orchard), `baskets` through `harvests`, `grower` masked.
///
/// # Errors
/// Never in practice; the plane checks itself.
pub(super) fn plane() -> Result<SecurityPlane, ScopeError> {
    let text = |text: &str| ScopeValue::Text(text.to_owned());
    let harvests = RowScope::All(vec![Condition::Keys {
        columns: vec!["cooperative".to_owned(), "orchard".to_owned()],
        tuples: vec![vec![text("c-1"), text("001")], vec![text("c-1"), text("A")]],
    }]);
    let through = Condition::Exists {
        source: "harvests".to_owned(),
        rows: Box::new(harvests.clone()),
        by: vec![("harvest".to_owned(), "id".to_owned())],
    };
    SecurityPlane::new(vec![
        relation("harvests", &HARVEST_COLUMNS, harvests),
        relation("baskets", &BASKET_COLUMNS, RowScope::All(vec![through])),
    ])
}

fn relation(name: &str, columns: &[(&str, DataType)], rows: RowScope) -> ScopedRelation {
    let column = |(name, data_type): &(&str, DataType)| ScopedColumn {
        name: (*name).to_owned(),
        expression: ColumnExpression::Physical((*name).to_owned()),
        data_type: Some(*data_type),
        unit: None,
        mask: (*name == "grower").then_some(ColumnMask::Null),
    };
    ScopedRelation {
        name: name.to_owned(),
        source: name.to_owned(),
        columns: columns.iter().map(column).collect(),
        rows,
    }
}

/// What statements over [`plane`] may name.
///
/// # Errors
/// Never in practice; the view checks itself.
pub(super) fn view() -> Result<SandboxView, ViewError> {
    let columns = |columns: &[(&str, DataType)]| {
        let column = |(name, data_type): &(&str, DataType)| Column {
            name: (*name).to_owned(),
            data_type: *data_type,
            unit: None,
            masked: *name == "grower",
        };
        columns.iter().map(column).collect()
    };
    let relations = vec![
        ViewRelation { name: "harvests".to_owned(), columns: columns(&HARVEST_COLUMNS) },
        ViewRelation { name: "baskets".to_owned(), columns: columns(&BASKET_COLUMNS) },
    ];
    SandboxView::new(relations, BTreeMap::new())
}

/// Statements that can fail, or that tell rows apart by order, batches, statistics or shortcuts.
pub(super) const HOSTILE: [&str; 36] = [
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
