//! The compiled statement against an oracle that adds rows up by hand: metrics of one dataset and of two, ratios
//! across them, conditions, comparisons, bounds, shares, order and limit.
//!
//! Loans have up to one fine each, and branches many loans: whoever joined before adding up would be found out.
//! Nothing of what is checked here goes through a model or through layer 2.

use crate::forger::{Forger, with_key};
use crate::support::{BEA, Bench, options};
use jiff::civil::Weekday;
use splitplane_engine::kit::random::Random;
use splitplane_proto::convert::table_from_wire;
use splitplane_proto::query::v1::execute_response::Part;
use splitplane_proto::query::v1::{ExecuteRequest, Sandbox};
use splitplane_semantics::{
    Bound, Buckets, Derived, Dimension, FieldRef, Filter, Grain, Interpretation, Order, Period,
    SemanticModel, Threshold, load_model, load_policy, relations_of,
};
use splitplane_session::{SessionKey, VerifiedSession};
use splitplane_testkit::World;
use splitplane_types::{Cell, Table};
use std::cmp::Ordering;
use std::collections::BTreeMap;

const CASES: u64 = 160;

/// Metrics that the world's model does not have.
const MORE: &str = r#"
      - name: fine_per_loan
        expression: { dialects: [ { dialect: ANSI_SQL, expression: "SUM(fines.amount) / COUNT(loans.loan_id)" } ] }
      - name: charged
        expression: { dialects: [ { dialect: ANSI_SQL, expression: "SUM(loans.fee) + SUM(fines.amount)" } ] }
      - name: bergen_fees
        expression: { dialects: [ { dialect: ANSI_SQL, expression: "SUM(CASE WHEN branches.city = 'Bergen' THEN loans.fee END)" } ] }
      - name: small_loans
        expression: { dialects: [ { dialect: ANSI_SQL, expression: "COUNT(CASE WHEN loans.fee < 9 THEN loans.loan_id END)" } ] }
      - name: fee_per_refund
        expression: { dialects: [ { dialect: ANSI_SQL, expression: "SUM(loans.fee) / COUNT(CASE WHEN loans.fee < 0 THEN loans.loan_id END)" } ] }
"#;

const METRICS: [&str; 7] = [
    "total_fees",
    "number_of_loans",
    "total_fines",
    "fine_per_loan",
    "charged",
    "bergen_fees",
    "small_loans",
];
const ADDITIVE: [&str; 5] = ["total_fees", "number_of_loans", "total_fines", "bergen_fees", "small_loans"];

// === the oracle ===

/// A row of a dataset, as far as it matters: where it belongs, and what it adds.
struct Fact<'w> {
    branch: &'w str,
    city: &'w str,
    day: jiff::civil::Date,
    loans: i64,
    fees: i64,
    fines: i64,
    is_loan: bool,
}

fn facts(world: &World) -> Vec<Fact<'_>> {
    let mut facts = Vec::new();
    for loan in world.seen_loans(BEA) {
        let branch = &world.branches[loan.branch];
        let (branch, city, day) = (branch.name, branch.city, loan.day.parse().unwrap());
        facts.push(Fact { branch, city, day, loans: 1, fees: loan.fee_cents, fines: 0, is_loan: true });
        for fine in world.fines.iter().filter(|fine| fine.loan == loan.id) {
            facts.push(Fact { branch, city, day, loans: 0, fees: 0, fines: fine.cents, is_loan: false });
        }
    }
    facts
}

/// Sums of one group in one period. `None` where there was no row to add.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    loans: Option<i64>,
    fees: Option<i64>,
    bergen: Option<i64>,
    small: Option<i64>,
    fines: Option<i64>,
}

fn real(number: i64) -> f64 {
    number.to_string().parse().unwrap()
}

fn cents(of: Option<i64>) -> Option<f64> {
    of.map(|cents| real(cents) / 100.0)
}

fn figure(metric: &str, sums: &Sums, is_folded: bool) -> Option<f64> {
    let count = |of: Option<i64>| of.or(is_folded.then_some(0)).map(real);
    match metric {
        "total_fees" => cents(sums.fees),
        "number_of_loans" => count(sums.loans),
        "total_fines" => cents(sums.fines),
        "fine_per_loan" => {
            let loans = count(sums.loans).filter(|loans| *loans != 0.0)?;
            Some(cents(sums.fines)? / loans)
        }
        "charged" => Some(cents(sums.fees)? + cents(sums.fines)?),
        "bergen_fees" => cents(sums.bergen),
        "small_loans" => count(sums.small),
        // Nothing is divided by no refunds.
        "fee_per_refund" => None,
        other => panic!("{other}"),
    }
}

fn uses_loans(metric: &str) -> bool {
    metric != "total_fines"
}

fn uses_fines(metric: &str) -> bool {
    matches!(metric, "total_fines" | "fine_per_loan" | "charged")
}

/// The group of a fact, its day moved by so many days.
fn key(asked: &Interpretation, fact: &Fact<'_>, moved: i64) -> Vec<String> {
    let day = fact.day.checked_add(jiff::Span::new().days(moved)).unwrap();
    let part = |dimension: &Dimension| match (dimension.field.field.as_str(), dimension.grain) {
        ("branch_name", _) => fact.branch.to_owned(),
        ("city", _) => fact.city.to_owned(),
        (_, Some(Grain::Week)) => {
            let into = i64::from(day.weekday().since(asked.buckets.week_starts));
            day.checked_sub(jiff::Span::new().days(into)).unwrap().to_string()
        }
        (_, _) => day.to_string(),
    };
    asked.dimensions.iter().map(part).collect()
}

fn passes(asked: &Interpretation, fact: &Fact<'_>) -> bool {
    asked.filters.iter().all(|filter| {
        let value = if filter.fields[0].field == "city" { fact.city } else { fact.branch };
        filter.phrases.iter().any(|phrase| phrase == value) != filter.negated
    })
}

fn within(period: Option<&Period>, fact: &Fact<'_>) -> bool {
    period.is_none_or(|period| (period.from.date()..period.to.date()).contains(&fact.day))
}

fn rounded(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

type Row = (Vec<String>, Vec<Option<f64>>);

type Groups = BTreeMap<Vec<String>, [Sums; 2]>;

/// Sums of every group in both periods, and whether parts are laid beside one another.
fn groups_of(asked: &Interpretation, world: &World) -> (Groups, bool) {
    let (loans, fines) =
        (asked.metrics.iter().any(|m| uses_loans(m)), asked.metrics.iter().any(|m| uses_fines(m)));
    let is_folded = (loans && fines) || asked.comparison.is_some();
    let facts = facts(world);
    let mut groups = Groups::new();
    let periods = [(asked.period.as_ref(), 0), (asked.comparison.as_ref(), 1)];
    for (period, slot) in periods.into_iter().filter(|(period, slot)| *slot == 0 || period.is_some()) {
        let moved = match (slot, &asked.period, period) {
            (1, Some(now), Some(before)) => {
                i64::from(before.from.date().until(now.from.date()).unwrap().get_days())
            }
            _ => 0,
        };
        if asked.dimensions.is_empty() {
            // One row, whether there is anything to add or not.
            let sums = &mut groups.entry(Vec::new()).or_default()[slot];
            if loans {
                (sums.loans, sums.small) = (Some(0), Some(0));
            }
        }
        for fact in facts.iter().filter(|fact| within(period, fact) && passes(asked, fact)) {
            if (fact.is_loan && !loans) || (!fact.is_loan && !fines) {
                continue;
            }
            let sums = &mut groups.entry(key(asked, fact, moved)).or_default()[slot];
            let add = |to: &mut Option<i64>, by: i64| *to = Some(to.unwrap_or(0) + by);
            if fact.is_loan {
                add(&mut sums.loans, fact.loans);
                add(&mut sums.fees, fact.fees);
                add(&mut sums.small, i64::from(fact.fees < 900));
                if fact.city == "Bergen" {
                    add(&mut sums.bergen, fact.fees);
                }
            } else {
                add(&mut sums.fines, fact.fines);
            }
        }
    }
    (groups, is_folded)
}

/// What the statement must give, in order.
fn expected(asked: &Interpretation, world: &World) -> Vec<Row> {
    let (groups, is_folded) = groups_of(asked, world);
    let totals: Vec<f64> = asked
        .metrics
        .iter()
        .map(|m| groups.values().filter_map(|sums| figure(m, &sums[0], is_folded)).sum())
        .collect();
    let mut rows: Vec<Row> = groups
        .into_iter()
        .map(|(key, sums)| {
            let of = |(m, total): (&String, &f64)| {
                let (now, before) = (figure(m, &sums[0], is_folded), figure(m, &sums[1], is_folded));
                let change = now.zip(before).map(|(now, before)| now - before);
                let whole = |whole: f64| Some(whole).filter(|whole| *whole != 0.0);
                let growth = change.zip(before.and_then(whole)).map(|(c, b)| rounded(c * 100.0 / b.abs()));
                let share = now.zip(whole(*total)).map(|(now, total)| rounded(now * 100.0 / total));
                let derived = asked.derived().into_iter().map(move |derived| match derived {
                    Derived::Before => before,
                    Derived::Change => change,
                    Derived::Growth => growth,
                    Derived::Share => share,
                });
                std::iter::once(now).chain(derived).collect::<Vec<_>>()
            };
            (key, asked.metrics.iter().zip(&totals).flat_map(of).collect())
        })
        .collect();
    let names = figure_names(asked);
    let at = |name: &str| names.iter().position(|n| n == name);
    rows.retain(|(_, figures)| {
        asked.thresholds.iter().all(|threshold| {
            let value: f64 = threshold.value.parse().unwrap();
            figures[at(&threshold.by).unwrap()].is_some_and(|figure| match threshold.bound {
                Bound::MoreThan => figure > value,
                Bound::AtLeast => figure >= value,
                Bound::LessThan => figure < value,
                Bound::AtMost => figure <= value,
                Bound::Exactly => (figure - value).abs() < 1e-9,
            })
        })
    });
    let order = asked.order.first().map(|order| (at(&order.by).unwrap(), order.descending));
    rows.sort_by(|a, b| {
        let first = order.map_or(Ordering::Equal, |(at, down)| compared(a.1[at], b.1[at], down));
        first.then_with(|| a.0.cmp(&b.0))
    });
    rows.truncate(asked.limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap()));
    rows
}

/// Rows without a figure come last either way.
fn compared(a: Option<f64>, b: Option<f64>, descending: bool) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) if (a - b).abs() < 1e-9 => Ordering::Equal,
        (Some(a), Some(b)) if descending => b.total_cmp(&a),
        (Some(a), Some(b)) => a.total_cmp(&b),
        (None, None) => Ordering::Equal,
        (None, Some(_)) => Ordering::Greater,
        (Some(_), None) => Ordering::Less,
    }
}

fn figure_names(asked: &Interpretation) -> Vec<String> {
    let derived = asked.derived();
    let of = |m: &String| {
        std::iter::once(m.clone()).chain(derived.iter().map(|d| d.column(m))).collect::<Vec<_>>()
    };
    asked.metrics.iter().flat_map(of).collect()
}

// === what is asked ===

fn field(dataset: &str, field: &str) -> FieldRef {
    FieldRef { dataset: dataset.to_owned(), field: field.to_owned() }
}

/// So many days of November, from a day on.
fn period(from: i64, days: i64) -> Period {
    let day = jiff::civil::date(2026, 11, 1).checked_add(jiff::Span::new().days(from - 1)).unwrap();
    Period {
        from: day.at(0, 0, 0, 0),
        to: day.checked_add(jiff::Span::new().days(days)).unwrap().at(0, 0, 0, 0),
        zone: "Europe/Oslo".to_owned(),
        label: "asked".to_owned(),
    }
}

fn asked(number: u64) -> Interpretation {
    let mut random = Random::of(2026, "figures", number);
    let mut chance = |percent: usize| random.below(100) < percent;
    let shares = chance(25);
    let compared = chance(40);
    let mut dimensions = Vec::new();
    if chance(60) {
        dimensions.push(Dimension { field: field("branches", "branch_name"), grain: None });
    }
    if chance(25) {
        dimensions.push(Dimension { field: field("branches", "city"), grain: None });
    }
    if chance(35) {
        let grain = if chance(50) { Grain::Day } else { Grain::Week };
        dimensions.push(Dimension { field: field("loans", "loaned_on"), grain: Some(grain) });
    }
    let shares = shares && !dimensions.is_empty();
    let timed = compared || chance(50);
    let (bounded, ordered, limited) = (chance(35), chance(50), chance(50));
    let (descending, filtered, negated, two) = (chance(50), chance(40), chance(40), chance(50));
    let pool: &[&str] = if shares { &ADDITIVE } else { &METRICS };
    let mut metrics: Vec<String> = Vec::new();
    for _ in 0..random.between(1, 3) {
        let metric = pool[random.below(pool.len())].to_owned();
        if !metrics.contains(&metric) {
            metrics.push(metric);
        }
    }
    let week = random.between(0, 1);
    let (from, days) = (9 + 7 * week, 7 * random.between(1, 2));
    let values: &[&str] = &["Harbour", "Hill", "Mill"];
    let mut phrases = vec![values[random.below(3)].to_owned()];
    let second = values[random.below(3)].to_owned();
    if two && !phrases.contains(&second) {
        phrases.push(second);
    }
    let filter =
        Filter { phrases, fields: vec![field("branches", "branch_name")], negated, either: !negated };
    let has_rows = !dimensions.is_empty();
    let weeks = [Weekday::Monday, Weekday::Sunday, Weekday::Saturday, Weekday::Wednesday];
    let week_starts = weeks[random.below(weeks.len())];
    let mut interpretation = Interpretation {
        metrics,
        filters: Vec::from_iter(filtered.then_some(filter)),
        period: timed.then(|| period(from, days)),
        comparison: compared.then(|| period(from - 7, days)),
        thresholds: Vec::new(),
        shares,
        order: Vec::new(),
        limit: (limited && has_rows).then(|| 1 + u32::try_from(random.below(3)).unwrap()),
        dimensions,
        buckets: Buckets { week_starts, ..Buckets::ISO },
    };
    let names = figure_names(&interpretation);
    if bounded && has_rows {
        let by = names[random.below(names.len())].clone();
        let bounds = [Bound::MoreThan, Bound::AtLeast, Bound::LessThan, Bound::AtMost];
        let value = (random.between(-40, 120)).to_string();
        interpretation.thresholds.push(Threshold { by, bound: bounds[random.below(4)], value });
    }
    if ordered && has_rows {
        let by = names[random.below(names.len())].clone();
        interpretation.order.push(Order { by, descending });
    }
    interpretation
}

// === what is answered ===

async fn answered(forger: &mut Forger, key: &SessionKey, sandbox: Sandbox, json: &str) -> Table {
    let message =
        ExecuteRequest { sandbox_id: sandbox.sandbox_id, sql: String::new(), with_draft_rows: false };
    let parts = forger.query.execute(with_key(key, message)).await;
    let mut parts = parts.unwrap_or_else(|status| panic!("{json}: {status:?}")).into_inner();
    let (mut columns, mut rows) = (Vec::new(), Vec::new());
    while let Some(part) = parts.message().await.unwrap() {
        match part.part {
            Some(Part::Header(header)) => columns = header.columns,
            Some(Part::Batch(batch)) => rows.extend(batch.rows),
            _ => {}
        }
    }
    table_from_wire(columns, rows).unwrap()
}

fn as_rows(table: &Table, dimensions: usize) -> Vec<Row> {
    let text = |cell: &Cell| match cell {
        Cell::Text(text) | Cell::Date(text) => text.clone(),
        Cell::Timestamp(at) => at.strip_suffix("T00:00:00").unwrap().to_owned(),
        other => panic!("{other:?}"),
    };
    let number = |cell: &Cell| match cell {
        Cell::Null => None,
        Cell::Integer(number) => Some(real(*number)),
        Cell::Decimal(number) => Some(number.to_f64()),
        Cell::Float(number) => Some(*number),
        other => panic!("{other:?}"),
    };
    let row = |row: &Vec<Cell>| {
        let (key, figures) = row.split_at(dimensions);
        (key.iter().map(text).collect(), figures.iter().map(number).collect())
    };
    table.rows.iter().map(row).collect()
}

fn is_same(found: &[Row], expected: &[Row]) -> bool {
    let near = |a: &Option<f64>, b: &Option<f64>| match (a, b) {
        // A half may be rounded either way: the oracle counts in binary.
        (Some(a), Some(b)) => (a - b).abs() < 0.010_001,
        (None, None) => true,
        (None, Some(_)) | (Some(_), None) => false,
    };
    found.len() == expected.len()
        && found.iter().zip(expected).all(|(found, expected)| {
            found.0 == expected.0 && found.1.iter().zip(&expected.1).all(|(a, b)| near(a, b))
        })
}

async fn check(
    forger: &mut Forger,
    model: &SemanticModel,
    world: &World,
    (number, asked): (u64, Interpretation),
) -> usize {
    let relations = relations_of(&asked, model).unwrap();
    let json = serde_json::to_string(&asked).unwrap();
    let (key, session): (SessionKey, VerifiedSession) = forger.key(BEA);
    let sandbox = forger.sandbox((&key, &session), &json, &relations).await.unwrap();
    let table = answered(forger, &key, sandbox, &json).await;
    let (found, expected) = (as_rows(&table, asked.dimensions.len()), expected(&asked, world));
    assert!(is_same(&found, &expected), "{number}: {json}\nfound {found:#?}\nexpected {expected:#?}");
    found.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_compiled_figure_is_what_an_oracle_adds_up_by_hand() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::library(17);
    let options = options(folder.path(), &world);
    let text = std::fs::read_to_string(&options.world.model).unwrap();
    std::fs::write(&options.world.model, text.trim_end().to_owned() + MORE).unwrap();
    let model = load_model(&options.world.model).unwrap();
    let policy = load_policy(&options.world.policy, &model).unwrap();
    let keys = options.home.keys();
    let bench = Bench::start_at(folder, options, |_| {}).await;
    let mut forger = Forger::with_keys_of(&bench, &keys, (&model, &policy)).await;
    let mut rows = 0;
    for number in 0..CASES {
        rows += check(&mut forger, &model, &world, (number, asked(number))).await;
    }
    assert!(rows > 300, "{rows} rows say little");
    // A ratio to nothing has no value, and takes nobody's answer away.
    let metrics = vec!["fee_per_refund".to_owned(), "number_of_loans".to_owned()];
    let (dimensions, filters, thresholds) = (Vec::new(), Vec::new(), Vec::new());
    let nothing = Interpretation {
        metrics,
        dimensions,
        filters,
        thresholds,
        period: None,
        comparison: None,
        shares: false,
        order: Vec::new(),
        limit: None,
        buckets: Buckets::ISO,
    };
    assert_eq!(check(&mut forger, &model, &world, (CASES, nothing)).await, 1);
    bench.mesh.stop().await.unwrap();
}
