//! Random results, and what is true of them, worked out in whole numbers from the values that were put
//! in: nothing here asks the room that is tested.

use crate::tables::{Case, case, column, compared_columns};
use splitplane_types::{Cell, DataType, Decimal};

/// Numbers that look random and are the same in every run.
#[derive(Clone)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5851_f42d_4c95_7f2d)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    pub(crate) fn between(&mut self, low: i128, high: i128) -> i128 {
        low + i128::from(self.next()) % (high - low + 1)
    }

    pub(crate) fn pick<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }

    pub(crate) fn coin(&mut self) -> bool {
        self.next().is_multiple_of(2)
    }
}

pub(crate) const NAMES: [&str; 12] = [
    "Harbour",
    "Old Mill",
    "Castle",
    "North Quay",
    "Meadow",
    "Station Road",
    "Café Central",
    "O'Brien",
    "Route 66",
    "St. Ives",
    "Bath-Spa",
    "delivery",
];

/// What a metric is called in a column and in a text, and its unit.
pub(crate) struct Named {
    pub(crate) column: &'static str,
    pub(crate) text: &'static str,
    pub(crate) unit: Option<&'static str>,
}

pub(crate) const MONEY: [Named; 3] = [
    Named { column: "late_fees", text: "late fees", unit: Some("USD") },
    Named { column: "net_takings", text: "net takings", unit: Some("USD") },
    Named { column: "rent", text: "rent", unit: Some("EUR") },
];

pub(crate) const COUNTS: [Named; 3] = [
    Named { column: "loan_count", text: "loan count", unit: None },
    Named { column: "visits", text: "visits", unit: None },
    Named { column: "bikes_hired", text: "bikes hired", unit: None },
];

pub(crate) const KINDS: [(&str, &str, &str); 3] = [
    ("branch_name", "branch", "branches"),
    ("store", "store", "stores"),
    ("category", "category", "categories"),
];

/// One metric of a world, in hundredths.
pub(crate) struct Metric {
    pub(crate) named: &'static Named,
    pub(crate) now: Vec<i128>,
    /// `None` where there was nothing.
    pub(crate) before: Vec<Option<i128>>,
}

impl Metric {
    pub(crate) fn total(&self) -> i128 {
        self.now.iter().sum()
    }

    pub(crate) fn total_before(&self) -> i128 {
        self.before.iter().flatten().sum()
    }

    pub(crate) fn change(&self, row: usize) -> Option<i128> {
        Some(self.now[row] - self.before[row]?)
    }

    /// Growth in tenths of a hundredth; none from nothing.
    pub(crate) fn growth(&self, row: usize) -> Option<i128> {
        let before = self.before[row].filter(|before| *before != 0)?;
        Some(rounded(1_000 * self.change(row)?, before))
    }

    pub(crate) fn extreme(&self, high: bool) -> usize {
        let order = |row: &usize| if high { self.now[*row] } else { -self.now[*row] };
        (0..self.now.len()).max_by_key(order).unwrap()
    }

    /// A row's part in tenths of a hundredth.
    pub(crate) fn share(&self, rows: &[usize]) -> i128 {
        rounded(1_000 * rows.iter().map(|row| self.now[*row]).sum::<i128>(), self.total())
    }
}

/// `top / bottom`, half away from zero.
pub(crate) fn rounded(top: i128, bottom: i128) -> i128 {
    let (sign, top) = if (top < 0) == (bottom < 0) { (1, top.abs()) } else { (-1, top.abs()) };
    sign * ((2 * top + bottom.abs()) / (2 * bottom.abs()))
}

pub(crate) struct World {
    pub(crate) case: Case,
    pub(crate) kind: (&'static str, &'static str, &'static str),
    pub(crate) names: Vec<&'static str>,
    pub(crate) metrics: Vec<Metric>,
    pub(crate) compared: bool,
}

fn cell(hundredths: i128) -> Cell {
    if hundredths % 100 == 0 {
        Cell::Integer(i64::try_from(hundredths / 100).unwrap())
    } else {
        Cell::Decimal(Decimal::new(hundredths, 2).unwrap())
    }
}

fn maybe(value: Option<i128>, scale: u8) -> Cell {
    value.map_or(Cell::Null, |value| Cell::Decimal(Decimal::new(value, scale).unwrap()))
}

impl World {
    /// A result by names, of one metric or two, or compared with a week before.
    pub(crate) fn new(dice: &mut Dice) -> Self {
        let kind = *dice.pick(&KINDS);
        let mut names: Vec<&'static str> = NAMES.to_vec();
        let rows = 2 + dice.below(5);
        while names.len() > rows {
            let at = dice.below(names.len());
            names.remove(at);
        }
        let compared = dice.below(3) == 0;
        let money = dice.pick(&MONEY);
        let mut metrics = vec![Self::metric(dice, money, rows, compared)];
        if !compared && dice.coin() {
            let count = dice.pick(&COUNTS);
            metrics.push(Self::metric(dice, count, rows, false));
        }
        let case = Self::case(kind.0, &names, &metrics, compared);
        Self { case, kind, names, metrics, compared }
    }

    fn metric(dice: &mut Dice, named: &'static Named, rows: usize, compared: bool) -> Metric {
        let top = *dice.pick(&[50_000_i128, 9_999_999, 900_000_000]);
        let mut now: Vec<i128> = Vec::new();
        while now.len() < rows {
            let value = dice.between(1_000, top);
            let value = if named.unit.is_none() { value / 100 * 100 } else { value };
            if !now.contains(&value) {
                now.push(value);
            }
        }
        let before = (0..rows).map(|row| match dice.below(8) {
            _ if !compared => None,
            0 => None,
            1 => Some(now[row]),
            2 => Some(0),
            _ => Some(dice.between(1_000, top)),
        });
        let before = before.collect();
        Metric { named, now, before }
    }

    fn case(kind: &str, names: &[&str], metrics: &[Metric], compared: bool) -> Case {
        let mut columns = vec![column(kind, DataType::String, None)];
        for metric in metrics {
            let data_type = if metric.named.unit.is_some() { DataType::Decimal } else { DataType::Integer };
            match compared {
                true => columns.extend(compared_columns(metric.named.column, metric.named.unit)),
                false => columns.push(column(metric.named.column, data_type, metric.named.unit)),
            }
        }
        let row = |row: usize| {
            let mut cells = vec![Cell::Text(names[row].into())];
            for metric in metrics {
                cells.push(cell(metric.now[row]));
                if compared {
                    cells.push(maybe(metric.before[row], 2));
                    cells.push(maybe(metric.change(row), 2));
                    cells.push(maybe(metric.growth(row), 1));
                }
            }
            cells
        };
        let period = Some(("2026-11-09".to_owned(), "2026-11-15".to_owned()));
        let mut case = case(columns, (0..names.len()).map(row).collect(), period);
        if compared {
            case.compare("2026-11-02", "2026-11-08", &[metrics[0].named.column]);
        }
        case
    }

    pub(crate) fn extremes(&self, metric: usize, high: bool) -> usize {
        self.metrics[metric].extreme(high)
    }

    /// How many rows rose, or fell.
    pub(crate) fn moved(&self, up: bool) -> usize {
        let metric = &self.metrics[0];
        let moved =
            |row: &usize| metric.change(*row).is_some_and(|change| if up { change > 0 } else { change < 0 });
        (0..self.names.len()).filter(moved).count()
    }
}

/// A number of hundredths with separators and `decimals` digits, in its unit.
pub(crate) fn shown(hundredths: i128, unit: Option<&str>) -> String {
    let decimals = if unit.is_some() || hundredths % 100 != 0 { 2 } else { 0 };
    let sign = if hundredths < 0 { "-" } else { "" };
    let (whole, part) = (hundredths.abs() / 100, hundredths.abs() % 100);
    let digits = whole.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    if decimals == 2 {
        text.push_str(&format!(".{part:02}"));
    }
    match unit {
        Some("USD") => format!("{sign}${text}"),
        Some(unit) => format!("{sign}{text} {unit}"),
        None => format!("{sign}{text}"),
    }
}

/// Tenths of a hundredth: "48.0".
pub(crate) fn tenths(value: i128) -> String {
    format!("{}.{}", value.abs() / 10, value.abs() % 10)
}
