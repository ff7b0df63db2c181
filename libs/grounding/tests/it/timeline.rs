//! Results by month, week or day: rises, falls, peaks and dates, told truly and told wrongly. What is true
//! is worked out here from the values that were put in.

use crate::tables::{Case, case, column};
use crate::world::{Dice, rounded, shown, tenths};
use splitplane_grounding::prove;
use splitplane_types::{Cell, DataType, Decimal};
use std::collections::BTreeMap;

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// What rows are told apart by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Grain {
    Month,
    Week,
    Day,
}

struct Line {
    case: Case,
    grain: Grain,
    /// First days, as year, month and day.
    days: Vec<(i64, usize, usize)>,
    values: Vec<i128>,
    unit: Option<&'static str>,
    noun: &'static str,
}

fn iso((year, month, day): (i64, usize, usize)) -> String {
    format!("{year}-{month:02}-{day:02}")
}

impl Line {
    fn new(dice: &mut Dice) -> Self {
        let grain = *dice.pick(&[Grain::Month, Grain::Week, Grain::Day]);
        let rows = 3 + dice.below(3);
        let days: Vec<(i64, usize, usize)> = match grain {
            Grain::Month => {
                let first = 1 + dice.below(12 - rows + 1);
                (0..rows).map(|at| (2031, first + at, 1)).collect()
            }
            // July 2030 begins on a Monday and has room for four weeks.
            Grain::Week => (0..rows.min(4)).map(|at| (2030, 7, 1 + 7 * at)).collect(),
            Grain::Day => {
                let first = 1 + dice.below(20);
                (0..rows).map(|at| (2031, 5, first + at)).collect()
            }
        };
        let (noun, unit) = *dice.pick(&[("rides", None), ("takings", Some("USD"))]);
        let mut values: Vec<i128> = Vec::new();
        while values.len() < days.len() {
            let value = dice.between(1_000, 9_999_999);
            let value = if unit.is_none() { value / 100 * 100 } else { value };
            if !values.contains(&value) {
                values.push(value);
            }
        }
        let data_type = if unit.is_some() { DataType::Decimal } else { DataType::Integer };
        let columns = vec![column("started", DataType::Timestamp, None), column(noun, data_type, unit)];
        let cell = |value: i128| match unit {
            Some(_) => Cell::Decimal(Decimal::new(value, 2).unwrap()),
            None => Cell::Integer(i64::try_from(value / 100).unwrap()),
        };
        let table = days
            .iter()
            .zip(&values)
            .map(|(day, value)| vec![Cell::Timestamp(format!("{}T00:00:00", iso(*day))), cell(*value)]);
        let (year, month, day) = *days.last().unwrap();
        let lengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
        let last = match grain {
            Grain::Month => (year, month, lengths[month - 1]),
            Grain::Week => (year, month, day + 6),
            Grain::Day => (year, month, day),
        };
        let last = if last.2 > 31 { (year, month + 1, last.2 - 31) } else { last };
        let period = Some((iso(days[0]), iso(last)));
        let case = case(columns, table.collect(), period);
        Self { case, grain, days, values, unit, noun }
    }

    /// A row as models name it.
    fn name(&self, row: usize, dice: &mut Dice) -> String {
        let (year, month, day) = self.days[row];
        let name = MONTHS[month - 1];
        match (self.grain, dice.below(4)) {
            (Grain::Month, 0) => format!("{} {year}", name.chars().take(3).collect::<String>()),
            (Grain::Month, 1) => name.to_owned(),
            (Grain::Month, _) => format!("{name} {year}"),
            (Grain::Week, 0) => format!("the week of {}", iso((year, month, day))),
            (Grain::Week, _) => format!("the week of {name} {day}, {year}"),
            (Grain::Day, 0) => iso((year, month, day)),
            (Grain::Day, 1) => format!("{name} {day}"),
            (Grain::Day, 2) => format!("{day} {name} {year}"),
            (Grain::Day, _) => format!("{name} {day}, {year}"),
        }
    }

    fn shown(&self, value: i128) -> String {
        shown(value, self.unit)
    }

    fn extreme(&self, high: bool) -> usize {
        let order = |row: &usize| if high { self.values[*row] } else { -self.values[*row] };
        (0..self.values.len()).max_by_key(order).unwrap()
    }
}

/// One claim about a line, with all that could be wrong of it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Told {
    what: usize,
    rows: [usize; 2],
    values: [i128; 2],
    by: i128,
    percent: i128,
    up: bool,
}

impl Told {
    fn any(line: &Line, dice: &mut Dice) -> Self {
        let rows = line.values.len();
        let a = dice.below(rows - 1);
        let b = a + 1 + dice.below(rows - 1 - a);
        let what = dice.below(6);
        let (a, b) = match what {
            2 => (0, rows - 1),
            3 => (b - 1, b),
            4 => (line.extreme(true), line.extreme(true)),
            5 => (line.extreme(false), line.extreme(false)),
            _ => (a, b),
        };
        let (x, y) = (line.values[a], line.values[b]);
        let percent = rounded(1_000 * (y - x), x).abs();
        Self { what, rows: [a, b], values: [x, y], by: (y - x).abs(), percent, up: y > x }
    }

    /// Whether it is true of the line.
    fn holds(&self, line: &Line) -> bool {
        let [a, b] = self.rows;
        let (x, y) = (line.values[a], line.values[b]);
        let moved = a < b
            && self.up == (y > x)
            && self.by == (y - x).abs()
            && self.percent == rounded(1_000 * (y - x), x).abs();
        let values = self.values == [x, y];
        match self.what {
            0 => values && a != b,
            1 => values && moved,
            2 => a == 0 && b + 1 == line.values.len() && values && moved,
            3 => a + 1 == b && values && moved,
            4 => b == line.extreme(true) && self.values[1] == y,
            _ => b == line.extreme(false) && self.values[1] == y,
        }
    }

    /// Which parts its sentences say: rows, values, the change, the direction.
    const fn says(&self) -> [bool; 4] {
        match self.what {
            0 => [true, true, false, false],
            1 | 3 => [true, true, true, true],
            2 => [false, true, true, true],
            _ => [true, true, false, false],
        }
    }

    fn say(&self, line: &Line, dice: &mut Dice) -> String {
        let [m, n] = self.rows.map(|row| line.name(row, dice));
        let [x, y] = self.values.map(|value| line.shown(value));
        let (by, percent) = (line.shown(self.by), format!("{}%", tenths(self.percent)));
        let rides = line.noun;
        let (rose, rise) = if self.up { ("rose", "an increase") } else { ("fell", "a decrease") };
        let up = if self.up { "up" } else { "down" };
        let on = if line.grain == Grain::Day { "on" } else { "in" };
        let all = match self.what {
            0 => vec![
                format!("{rides} were {x} {on} {m} and {y} {on} {n}."),
                format!("{on} {m}, there were {x} in {rides}, compared with {y} {on} {n}."),
                format!("- {m}: {x} in {rides}\n- {n}: {y} in {rides}"),
            ],
            1 => vec![
                format!("{rides} {rose} from {x} {on} {m} to {y} {on} {n}, {rise} of {by} ({percent})."),
                format!("From {m} to {n}, {rides} {rose} by {by}, or {percent}, from {x} to {y}."),
                format!(
                    "Between {m} and {n}, {rides} {rose} {percent}, by {by}: {x} {on} {m}, {y} {on} {n}."
                ),
                format!("{rides} {on} {n} were {y}, {up} {by} ({percent}) from {x} {on} {m}."),
            ],
            2 => vec![
                format!("{rides} {rose} from {x} to {y} over the period, by {by} ({percent})."),
                format!("Overall, {rides} {rose} {percent}, from {x} to {y}, {rise} of {by}."),
            ],
            3 => vec![
                format!("{on} {n}, {rides} {rose} {percent} to {y}, by {by}, from {x} {on} {m}."),
                format!("{rides} {rose} by {by} ({percent}) to {y} {on} {n}, from {x} {on} {m}."),
            ],
            4 => vec![
                format!("{rides} peaked {on} {n} at {y}."),
                format!("{rides} were highest {on} {n}, with {y}."),
                format!("The highest {rides} were {y}, {on} {n}."),
            ],
            _ => vec![
                format!("{rides} were lowest {on} {n} at {y}."),
                format!("The lowest {rides}, {y}, were {on} {n}."),
            ],
        };
        let text = &all[dice.below(all.len())];
        let mut chars = text.chars();
        chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
    }

    /// With one part that its sentences say changed.
    fn changed(&self, line: &Line, dice: &mut Dice) -> (Self, &'static str) {
        let mut other = self.clone();
        let [rows, values, change, direction] = self.says();
        let last = line.values.len();
        let end = usize::from(self.what > 3) + dice.below(2);
        match dice.below(6) {
            0 if rows => {
                let at = end.min(1);
                other.rows[at] = (other.rows[at] + 1 + dice.below(last - 1)) % last;
                (other, "date")
            }
            1 if rows && self.what <= 3 => {
                other.rows.reverse();
                (other, "dates swapped")
            }
            2 if values => {
                let at = end.min(1);
                let place = 10_i128.pow(2 + dice.below(3) as u32);
                other.values[at] += place * (1 + dice.below(8) as i128);
                (other, "digit")
            }
            3 if values && self.what <= 3 => {
                other.values.reverse();
                (other, "values swapped")
            }
            4 if change => {
                if dice.coin() {
                    other.by += 100
                } else {
                    other.percent += 1 + dice.below(300) as i128
                }
                (other, "change")
            }
            5 if direction => {
                other.up = !other.up;
                (other, "direction")
            }
            _ => (other, "nothing"),
        }
    }
}

#[test]
fn what_is_told_of_time_is_proved_when_true_and_refused_when_not() {
    let (mut refused, mut proved, mut all) = (Vec::new(), Vec::new(), 0);
    let mut made: BTreeMap<&str, usize> = BTreeMap::new();
    for seed in 0..3_000 {
        let mut dice = Dice::new(seed + 7_000_000);
        let line = Line::new(&mut dice);
        let told = Told::any(&line, &mut dice);
        let (changed, how) = told.changed(&line, &mut dice);
        let judge = |text: &str| prove(text, &line.case.table, &line.case.context).map(|_| ());
        let text = told.say(&line, &mut dice.clone());
        all += 1;
        if let Err(error) = judge(&text) {
            refused.push(format!("{text:?} {error} {:?} {:?}", line.days, line.values));
        }
        let text = changed.say(&line, &mut dice);
        if changed.holds(&line) || changed == told {
            continue;
        }
        *made.entry(how).or_default() += 1;
        if judge(&text).is_ok() {
            proved.push(format!("{how}: {text:?} {:?} {:?}", line.days, line.values));
        }
    }
    println!(
        "of time: {} of {all} true ones refused; made false {made:?}, {} proved",
        refused.len(),
        proved.len()
    );
    assert!(refused.len() * 50 < all, "{} of {all}:\n{}", refused.len(), refused.join("\n"));
    assert!(
        made.values().sum::<usize>() > 1_500 && proved.is_empty(),
        "{made:?} {}:\n{}",
        proved.len(),
        proved.join("\n")
    );
}
