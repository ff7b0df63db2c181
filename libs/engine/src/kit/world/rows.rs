//! What stands in every cell: in the caller's rows values on which nothing fails, in others' secrets on which
//! everything does.

use super::World;
use super::keys::Site;
use super::layout::Row;
use crate::kit::random::Random;

/// The text that every foreign text holds. A caller who sees it has been shown another's row.
pub(crate) const SECRET: &str = "SECRET";
/// The text of the caller's own rows that no failure may show.
pub(crate) const OWN_WORD: &str = "mine-";

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Null,
    Integer(i64),
    /// Hundredths.
    Decimal(i64),
    Float(f64),
    Text(String),
    /// Days since 1970.
    Date(i32),
    /// Microseconds since 1970.
    Timestamp(i64),
    Boolean(bool),
}

const DAY_0: i64 = 20_000;
const MICROS_PER_DAY: i64 = 86_400_000_000;
/// 9999-12-31 and 0001-01-01.
const FAR_DAYS: [i32; 2] = [2_932_896, -719_162];
const FAR_TIMES: [i64; 2] = [253_402_300_799_000_000, -62_135_596_800_000_000];

/// A cell of a row of a relation, under its physical name.
pub(super) fn cell(world: &World, relation: &str, column: &str, row: Row) -> Value {
    if relation == "varieties" {
        let (Row::Own(number) | Row::Foreign(number)) = row;
        return public(column, number);
    }
    match (column, row) {
        ("coop", _) => optional(key(world, relation, row).coop),
        ("house", _) => optional(key(world, relation, row).house),
        ("site", _) => match key(world, relation, row).site {
            Site::None => Value::Null,
            Site::Text(text) => Value::Text(text),
            Site::Number(number) => Value::Integer(number),
        },
        (_, Row::Own(number)) => own(world, relation, column, number),
        (_, Row::Foreign(number)) => foreign(world, relation, column, number),
    }
}

/// A plot in the caller's site that hangs on another's harvest is not the caller's, nor is its converse.
fn key(world: &World, relation: &str, row: Row) -> super::keys::Key {
    match row {
        Row::Own(number) => world.keys.own(number),
        Row::Foreign(number) if relation == "plots" && hangs_elsewhere(number) => world.keys.own(number),
        Row::Foreign(number) => world.keys.foreign(number),
    }
}

const fn hangs_elsewhere(number: usize) -> bool {
    number % 4 == 1
}

fn optional(text: Option<String>) -> Value {
    text.map_or(Value::Null, Value::Text)
}

fn small(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(0)
}

/// Ids: even for the caller, odd for others.
fn id(row: Row) -> Value {
    Value::Integer(match row {
        Row::Own(number) => small(number) * 2,
        Row::Foreign(number) => small(number) * 2 + 1,
    })
}

/// The row that a row hangs on, of the relation that has fewer.
fn parent(relation: &str, number: usize) -> usize {
    match relation {
        "baskets" => number * 2 / 3,
        "weighings" => number * 3 / 4,
        _ => number,
    }
}

fn own(world: &World, relation: &str, column: &str, number: usize) -> Value {
    let mut random = world.random(&format!("{relation}.{column}"), number);
    if may_be_null(column) && random.percent(6) {
        return Value::Null;
    }
    match column {
        "id" => id(Row::Own(number)),
        "harvest" | "basket" => id(Row::Own(parent(relation, number))),
        "crates" | "weight" | "rows" => Value::Integer(random.between(1, 50)),
        "grams" | "rank" => Value::Integer(random.between(1, 900)),
        "frost" => Value::Integer(if frost(world, number) { 5 } else { 0 }),
        "big" => Value::Integer(random.between(-1_000_000, 1_000_000)),
        "kilos" | "area" => Value::Decimal(random.between(25, 90_000)),
        "acid" | "scale" => Value::Float(double(number, &mut random)),
        "note" | "tag" | "name" | "extra" => Value::Text(random.between(1, 90).to_string()),
        "day" | "remark" | "soil" => Value::Text(format!(
            "20{}-{:02}-{:02}",
            random.between(20, 26),
            random.between(1, 12),
            random.between(1, 28)
        )),
        "word" => Value::Text(format!("{OWN_WORD}{}", random.between(1, 40))),
        "picked_on" | "made" => Value::Date(i32::try_from(DAY_0 + random.between(0, 400)).unwrap_or(0)),
        "seen_at" => Value::Timestamp(
            (DAY_0 + random.between(0, 400)) * MICROS_PER_DAY + random.between(0, 86_399) * 1_000_000,
        ),
        "ripe" => Value::Boolean(random.percent(60)),
        "variety" => Value::Text(format!("v{}", random.between(1, 6))),
        "grower" | "weaver" | "phone" => Value::Text(format!("+1-555-{:04}", random.between(0, 9_999))),
        _ => Value::Null,
    }
}

/// Stretches in which one row of twenty, and stretches in which three of ten are not zero: a batch of them
/// together is under a fifth; a batch that ends elsewhere may not be.
fn frost(world: &World, number: usize) -> bool {
    let stretch = if world.large { 2_048 } else { 12 };
    if (number / stretch).is_multiple_of(2) { number.is_multiple_of(25) } else { number % 10 < 3 }
}

/// Doubles whose sum tells the order of its terms: large ones that cancel out, and small ones between them.
fn double(number: usize, random: &mut Random) -> f64 {
    let small = f64::from(i32::try_from(random.between(1, 9_999)).unwrap_or(1)) / 7.0;
    match number % 9 {
        2 => 3e15,
        7 => -3e15,
        _ => small,
    }
}

fn foreign(world: &World, relation: &str, column: &str, number: usize) -> Value {
    let at = number % 2;
    let secret = |what: &str| Value::Text(format!("{SECRET}-{what}-{number}"));
    match column {
        "id" => id(Row::Foreign(number)),
        // Some hang on nothing. None hangs on a row of the caller, or it would be the caller's.
        "harvest" | "basket" => match number % 7 {
            3 => Value::Null,
            _ if relation == "plots" && !hangs_elsewhere(number) && number % 4 == 3 => {
                id(Row::Own(number / 6))
            }
            _ => id(Row::Foreign(parent(relation, number))),
        },
        "crates" | "weight" | "rows" | "grams" | "rank" => Value::Integer(0),
        "frost" => Value::Integer(7),
        "big" => Value::Integer([i64::MAX, i64::MIN].get(at).copied().unwrap_or(0)),
        "kilos" | "area" => Value::Decimal(0),
        "acid" | "scale" => {
            Value::Float([0.0, f64::INFINITY, f64::NAN].get(number % 3).copied().unwrap_or(0.0))
        }
        "picked_on" | "made" => Value::Date(FAR_DAYS.get(at).copied().unwrap_or(0)),
        "seen_at" => Value::Timestamp(FAR_TIMES.get(at).copied().unwrap_or(0)),
        "ripe" => Value::Boolean(at == 0),
        // The caller's own variety as well: joins to what is public meet both.
        "variety" if at == 0 => Value::Text(format!("v{}", number % 6 + 1)),
        _ if number.is_multiple_of(5) => {
            Value::Text(format!("{SECRET}, \"{column}\" of {}", world.seed % 1_000 + small_u64(number)))
        }
        _ => secret(column),
    }
}

fn small_u64(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

fn public(column: &str, number: usize) -> Value {
    match column {
        "code" => Value::Text(format!("v{}", number + 1)),
        "price" => Value::Decimal(small(number) * 37 + 99),
        "rank" => Value::Integer(small(number % 3) + 1),
        "label" => Value::Text(format!("{OWN_WORD}{}", number % 4)),
        _ => Value::Null,
    }
}

/// Rows of what is public: the same in both copies, whoever else there is.
pub(super) const PUBLIC_ROWS: usize = 8;

/// Columns whose values may be NULL in the caller's rows. Keys may not.
fn may_be_null(column: &str) -> bool {
    matches!(
        column,
        "crates"
            | "note"
            | "picked_on"
            | "seen_at"
            | "ripe"
            | "variety"
            | "weight"
            | "area"
            | "extra"
            | "phone"
            | "tag"
    )
}
