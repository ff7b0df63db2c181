//! Which rows a table has: how many for each row of its parent, and what each of them stems from.

use super::GenerateError;
use super::random::{Random, Wheel};
use super::spec::{CountSpec, RowsSpec, Spec, TableSpec};
use super::table::{Table, find};
use super::values::index;
use super::week::Days;
use std::collections::HashMap;

/// More rows than this in one table is a slip in a specification.
const ROWS_MAX: usize = 50_000_000;

/// Where each row stems from. Lists that do not apply to the kind of rows are empty.
#[derive(Debug, Default)]
pub(super) struct Rows {
    /// The parent row.
    pub(super) parents: Vec<Option<u32>>,
    /// The row's number among those of its parent.
    pub(super) ordinals: Vec<u32>,
    /// The day's number.
    pub(super) days: Vec<u32>,
    /// The partner row.
    pub(super) partners: Vec<Option<u32>>,
    /// Rows that are listed, whose origin is nowhere.
    listed: usize,
}

impl Rows {
    pub(super) fn of(
        spec: &Spec,
        table: &TableSpec,
        days: Days,
        earlier: &[Table],
    ) -> Result<Self, GenerateError> {
        let place = format!("table `{}`", table.name);
        let (parent, count) = match &table.rows {
            RowsSpec::Listed(rows) => {
                let numbers = 0..u32::try_from(rows.len()).or(Err(too_many(&place)))?;
                return Ok(Self { ordinals: numbers.collect(), listed: rows.len(), ..Self::default() });
            }
            RowsSpec::Each { parent, count } => (find(earlier, parent, &place)?, count),
        };
        let mut maker = RowMaker {
            place: &place,
            parent,
            random: Random::of(spec.seed, &format!("{}/rows", table.name)),
            rows: Self::default(),
        };
        match count {
            CountSpec::Column(column) => maker.by_column(column)?,
            CountSpec::Drawn(weights) => {
                maker.drawn(&Wheel::new(weights).ok_or_else(|| no_weight(&place))?)?
            }
            CountSpec::Daily { column, weekdays, vary_percent } => {
                maker.daily(column, weekdays, *vary_percent, days)?;
            }
            CountSpec::Partners { table, same, key, listed } => {
                maker.partners(find(earlier, table, &place)?, same, key, listed)?;
            }
        }
        Ok(maker.rows)
    }

    pub(super) const fn len(&self) -> usize {
        if self.listed > 0 { self.listed } else { self.parents.len() }
    }

    /// Whether a row is of the newest complete week.
    pub(super) fn is_newest(&self, row: usize, days: &Days) -> bool {
        self.days.get(row).is_some_and(|day| days.is_newest(*day))
    }
}

pub(super) fn no_weight(place: &str) -> GenerateError {
    GenerateError::spec(place, "no weight is above 0")
}

fn too_many(place: &str) -> GenerateError {
    GenerateError::spec(place, format!("more than {ROWS_MAX} rows"))
}

struct RowMaker<'a> {
    place: &'a str,
    parent: &'a Table,
    random: Random,
    rows: Rows,
}

impl RowMaker<'_> {
    /// Adds rows of one parent row; `first` is the number of the first of them.
    fn add(&mut self, parent: usize, first: u32, count: u64) -> Result<u32, GenerateError> {
        let count = usize::try_from(count).or(Err(too_many(self.place)))?;
        let total = self.rows.parents.len().saturating_add(count);
        let end = u32::try_from(count).ok().and_then(|count| first.checked_add(count));
        let (Some(end), true, Ok(parent)) = (end, total <= ROWS_MAX, u32::try_from(parent)) else {
            return Err(too_many(self.place));
        };
        self.rows.parents.resize(total, Some(parent));
        self.rows.ordinals.extend(first..end);
        Ok(end)
    }

    fn number(&self, column: &str, parent: usize) -> Result<u64, GenerateError> {
        let number = self.parent.values(column)?.number(parent).and_then(|number| u64::try_from(number).ok());
        number.ok_or_else(|| GenerateError::spec(self.place, format!("`{column}` of its parent is no count")))
    }

    fn by_column(&mut self, column: &str) -> Result<(), GenerateError> {
        for parent in 0..self.parent.rows {
            self.add(parent, 0, self.number(column, parent)?)?;
        }
        Ok(())
    }

    fn drawn(&mut self, wheel: &Wheel<i64>) -> Result<(), GenerateError> {
        for parent in 0..self.parent.rows {
            let count = wheel.draw(&mut self.random).and_then(|count| u64::try_from(count).ok());
            let count = count.ok_or_else(|| GenerateError::spec(self.place, "a count is below 0"))?;
            self.add(parent, 0, count)?;
        }
        Ok(())
    }

    fn daily(
        &mut self,
        column: &str,
        weekdays: &[u64; 7],
        vary_percent: u64,
        days: Days,
    ) -> Result<(), GenerateError> {
        if vary_percent > 100 {
            return Err(GenerateError::spec(self.place, "`vary_percent` is above 100"));
        }
        for parent in 0..self.parent.rows {
            let base = self.number(column, parent)?;
            let mut next = 0;
            for (day, weekday) in (0..days.count).zip(weekdays.iter().cycle()) {
                let varied = 100 - vary_percent + self.random.below(2 * vary_percent + 1);
                let count =
                    base.saturating_mul(*weekday).saturating_mul(varied).saturating_add(5_000) / 10_000;
                next = self.add(parent, next, count)?;
                self.rows.days.resize(self.rows.parents.len(), day);
            }
        }
        Ok(())
    }

    fn partners(
        &mut self,
        others: &Table,
        same: &[String],
        key: &str,
        listed: &str,
    ) -> Result<(), GenerateError> {
        let groups = group(others, same)?;
        let keys = others.values(key)?;
        for parent in 0..self.parent.rows {
            let words = self.parent.values(listed)?.text(parent);
            let words: Option<Vec<&str>> = words.as_deref().map(|words| words.split_whitespace().collect());
            let words = words.filter(|words| !words.is_empty()).ok_or_else(|| {
                GenerateError::spec(self.place, format!("`{listed}` of its parent lists nothing"))
            })?;
            let candidates = groups.get(&key_of(self.parent, same, parent)?).map_or(&[][..], Vec::as_slice);
            let is_listed =
                |row: &u32| keys.text(index(*row)).is_some_and(|key| words.contains(&key.as_str()));
            let all = words == ["*"];
            let chosen: Vec<_> =
                candidates.iter().filter(|row| all || is_listed(row)).map(|row| Some(*row)).collect();
            // A word that finds nothing is a slip that would silently narrow what a row stands for.
            if chosen.is_empty() || (!all && chosen.len() != words.len()) {
                let what =
                    format!("`{listed}` of its parent finds {} rows: `{}`", chosen.len(), words.join(" "));
                return Err(GenerateError::spec(self.place, what));
            }
            self.add(parent, 0, u64::try_from(chosen.len()).or(Err(too_many(self.place)))?)?;
            self.rows.partners.extend(chosen);
        }
        Ok(())
    }
}

/// The texts of some columns of a row.
pub(super) fn key_of(table: &Table, columns: &[String], row: usize) -> Result<Vec<String>, GenerateError> {
    let text = |column: &String| Ok(table.values(column)?.text(row).unwrap_or_else(String::new));
    columns.iter().map(text).collect()
}

/// The rows of a table by the texts of some columns.
pub(super) fn group(
    table: &Table,
    columns: &[String],
) -> Result<HashMap<Vec<String>, Vec<u32>>, GenerateError> {
    let mut groups: HashMap<Vec<String>, Vec<u32>> = HashMap::new();
    for row in 0..table.rows {
        let number = u32::try_from(row).or(Err(too_many(&format!("table `{}`", table.name))))?;
        groups.entry(key_of(table, columns, row)?).or_default().push(number);
    }
    Ok(groups)
}
