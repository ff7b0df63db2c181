//! Makes the values of one column over all rows of its table.

use super::GenerateError;
use super::random::{Random, Wheel};
use super::rows::{Rows, group, key_of, no_weight};
use super::spec::{ColumnSpec, Kind, RowsSpec, Scalar, Source, Spec, TableSpec};
use super::table::{Picks, Table, find};
use super::totals::hundredths;
use super::values::{Values, index};
use super::week::Days;
use std::collections::BTreeMap;

/// Everything that a column may be made of.
#[derive(Debug)]
pub(super) struct Maker<'a> {
    pub(super) spec: &'a Spec,
    pub(super) table: &'a TableSpec,
    pub(super) column: &'a ColumnSpec,
    pub(super) rows: &'a Rows,
    pub(super) days: Days,
    pub(super) earlier: &'a [Table],
    /// The columns before this one.
    pub(super) built: &'a Table,
}

impl Maker<'_> {
    pub(super) fn values(&self, picks: &mut Picks) -> Result<Values, GenerateError> {
        match &self.column.is {
            Source::Listed(kind) => self.listed(*kind),
            Source::Parent(column) => self.copied(self.parent()?.values(column)?, &self.rows.parents),
            Source::Partner(column) => self.copied(self.partner()?.values(column)?, &self.rows.partners),
            Source::Day => self.day(),
            Source::Sequence { prefix, digits, restarts } => self.sequence(prefix, *digits, *restarts),
            Source::Text(weights) => self.text(weights),
            Source::Integer(weights) => {
                let wheel = Wheel::new(weights).ok_or_else(|| no_weight(&self.place()))?;
                Ok(Values::Integer(self.drawn(|random| wheel.draw(random).unwrap_or(0))))
            }
            Source::Between { min, max } => {
                Ok(Values::Integer(self.drawn(|random| random.between(*min, *max))))
            }
            Source::Decimal { min, max, skewed } => self.decimal(min, max, *skewed),
            Source::Reference { table, column, within, empty_percent } => {
                let rows = self.referenced(table, within, *empty_percent)?;
                let values = self.picked(picks, table, column, rows)?;
                let optional = if *empty_percent > 0 { values.made_optional() } else { Some(values) };
                optional.ok_or_else(|| self.wrong("numbers and dates cannot be empty"))
            }
            Source::Cycle { table, column, every, stride } => {
                let rows = self.cycled(table, *every, *stride)?;
                self.picked(picks, table, column, rows)
            }
            Source::Through { column, take } => {
                let (table, rows) = picks
                    .get(column)
                    .ok_or_else(|| self.wrong(format!("`{column}` picks no row of another table")))?;
                self.copied(find(self.earlier, table, &self.place())?.values(take)?, rows)
            }
            Source::Template(template) => self.template(template),
            Source::Pattern(pattern) => {
                let mut random = self.random();
                let texts = (0..self.rows.len()).map(|_| filled(pattern, &mut random));
                Ok(Values::of_texts(texts))
            }
            Source::PercentMore { of, percents } => self.percent_more(of, percents),
            Source::Share { of, by } => self.share(of, by),
        }
    }

    fn place(&self) -> String {
        format!("column `{}.{}`", self.table.name, self.column.name)
    }

    fn wrong(&self, what: impl Into<String>) -> GenerateError {
        GenerateError::spec(self.place(), what)
    }

    fn random(&self) -> Random {
        Random::of(self.spec.seed, &format!("{}.{}", self.table.name, self.column.name))
    }

    fn drawn(&self, mut draw: impl FnMut(&mut Random) -> i64) -> Vec<i64> {
        let mut random = self.random();
        (0..self.rows.len()).map(|_| draw(&mut random)).collect()
    }

    fn parent(&self) -> Result<&Table, GenerateError> {
        match &self.table.rows {
            RowsSpec::Each { parent, .. } => find(self.earlier, parent, &self.place()),
            RowsSpec::Listed(_) => Err(self.wrong("listed rows have no parent")),
        }
    }

    fn partner(&self) -> Result<&Table, GenerateError> {
        match &self.table.rows {
            RowsSpec::Each { count: super::spec::CountSpec::Partners { table, .. }, .. } => {
                find(self.earlier, table, &self.place())
            }
            RowsSpec::Each { .. } | RowsSpec::Listed(_) => Err(self.wrong("its rows have no partner")),
        }
    }

    fn copied(&self, values: &Values, rows: &[Option<u32>]) -> Result<Values, GenerateError> {
        values.gather(rows).ok_or_else(|| self.wrong("numbers and dates cannot be empty"))
    }

    /// Copies a column of picked rows, and remembers them for `through`.
    fn picked(
        &self,
        picks: &mut Picks,
        table: &str,
        column: &str,
        rows: Vec<Option<u32>>,
    ) -> Result<Values, GenerateError> {
        let values = self.copied(find(self.earlier, table, &self.place())?.values(column)?, &rows)?;
        picks.insert(self.column.name.clone(), (table.to_owned(), rows));
        Ok(values)
    }

    fn listed(&self, kind: Kind) -> Result<Values, GenerateError> {
        let RowsSpec::Listed(rows) = &self.table.rows else {
            return Err(self.wrong("its rows are not listed"));
        };
        let is_listed = |column: &&ColumnSpec| matches!(column.is, Source::Listed(_));
        let mut columns = self.table.columns.iter().filter(is_listed);
        let width = columns.clone().count();
        let place = columns.position(|column| column.name == self.column.name);
        let mut texts = Vec::with_capacity(rows.len());
        for (number, row) in rows.iter().enumerate() {
            if row.len() != width {
                return Err(self.wrong(format!(
                    "row {} has {} values for {width} columns",
                    number + 1,
                    row.len()
                )));
            }
            texts.extend(place.and_then(|place| row.get(place)).map(|value| match value {
                Scalar::Integer(number) => number.to_string(),
                Scalar::Text(text) => text.clone(),
            }));
        }
        let integer =
            |text: &String| text.parse().or(Err(self.wrong(format!("`{text}` is no whole number"))));
        Ok(match kind {
            Kind::Text => Values::of_texts(texts.into_iter()),
            Kind::Integer => Values::Integer(texts.iter().map(integer).collect::<Result<_, _>>()?),
            Kind::Decimal => Values::Hundredths(
                texts.iter().map(|text| hundredths(text, &self.place())).collect::<Result<_, _>>()?,
            ),
        })
    }

    fn day(&self) -> Result<Values, GenerateError> {
        if self.rows.days.len() != self.rows.len() {
            return Err(self.wrong("its rows are not daily"));
        }
        let first = self.days.epoch_day();
        Ok(Values::Date(self.rows.days.iter().map(|day| first.saturating_add_unsigned(*day)).collect()))
    }

    fn sequence(&self, prefix: &str, digits: usize, restarts: bool) -> Result<Values, GenerateError> {
        let end = u32::try_from(self.rows.len()).or(Err(self.wrong("too many rows")))?;
        let numbers = if restarts {
            self.rows.ordinals.iter().map(|ordinal| Some(ordinal.saturating_add(1))).collect()
        } else {
            (1..=end).map(Some).collect()
        };
        Ok(Values::Sequence { prefix: prefix.to_owned(), digits, numbers, optional: false })
    }

    fn text(&self, weights: &BTreeMap<String, u64>) -> Result<Values, GenerateError> {
        let wheel = Wheel::new(weights).ok_or_else(|| no_weight(&self.place()))?;
        let mut random = self.random();
        let at = (0..self.rows.len()).map(|_| u32::try_from(wheel.place(&mut random)).ok()).collect();
        Ok(Values::Text { pool: weights.keys().cloned().collect(), at, optional: false })
    }

    fn decimal(&self, min: &str, max: &str, skewed: bool) -> Result<Values, GenerateError> {
        let (min, max) = (hundredths(min, &self.place())?, hundredths(max, &self.place())?);
        let span = u64::try_from(max.saturating_sub(min)).or(Err(self.wrong("`max` is below `min`")))?;
        let draw = |random: &mut Random| {
            // The product of two even draws: low ones are frequent, and the longest tail ends at `max`.
            let bound = if skewed { random.below(span.saturating_add(1)) } else { span };
            min.saturating_add_unsigned(random.below(bound.saturating_add(1)))
        };
        Ok(Values::Hundredths(self.drawn(draw)))
    }

    fn referenced(
        &self,
        table: &str,
        within: &[String],
        empty_percent: u64,
    ) -> Result<Vec<Option<u32>>, GenerateError> {
        let groups = group(find(self.earlier, table, &self.place())?, within)?;
        let parent = if within.is_empty() { None } else { Some(self.parent()?) };
        // Rows of one parent row follow each other: its group is looked up once for all of them.
        let mut known: Option<u32> = None;
        let mut candidates: &[u32] = &[];
        let mut random = self.random();
        let mut picked = Vec::with_capacity(self.rows.len());
        for row in 0..self.rows.len() {
            let parent_row = self.rows.parents.get(row).copied().flatten();
            if row == 0 || parent_row != known {
                let key = match (parent, parent_row) {
                    (Some(parent), Some(parent_row)) => key_of(parent, within, index(parent_row))?,
                    (_, _) => Vec::new(),
                };
                known = parent_row;
                candidates = groups.get(&key).map_or(&[], Vec::as_slice);
            }
            if random.percent(empty_percent) {
                picked.push(None);
                continue;
            }
            let bound = u64::try_from(candidates.len()).unwrap_or(u64::MAX);
            let place = usize::try_from(random.below(bound)).ok();
            let candidate = place.and_then(|place| candidates.get(place)).copied();
            let candidate = candidate.ok_or_else(|| self.wrong(format!("no row of `{table}` fits")))?;
            picked.push(Some(candidate));
        }
        Ok(picked)
    }

    fn cycled(&self, table: &str, every: u32, stride: u32) -> Result<Vec<Option<u32>>, GenerateError> {
        let length = u64::try_from(find(self.earlier, table, &self.place())?.rows).unwrap_or(u64::MAX);
        if length == 0 || every == 0 {
            return Err(self.wrong("a cycle needs rows, and `every` above 0"));
        }
        let every = u64::from(every);
        let turn = |ordinal: &u32| {
            let ordinal = u64::from(*ordinal);
            u32::try_from((ordinal / every + ordinal % every * u64::from(stride)) % length).ok()
        };
        Ok(self.rows.ordinals.iter().map(turn).collect())
    }

    fn template(&self, template: &str) -> Result<Values, GenerateError> {
        let mut parts: Vec<(&str, Option<&Values>)> = Vec::new();
        let mut rest = template;
        while let Some((before, after)) = rest.split_once('{') {
            let (name, after) =
                after.split_once('}').ok_or_else(|| self.wrong("a `{` of its template is not closed"))?;
            parts.push((before, Some(self.built.values(name)?)));
            rest = after;
        }
        parts.push((rest, None));
        let text = |row: usize| {
            let mut text = String::new();
            for (before, values) in &parts {
                text.push_str(before);
                if let Some(values) = values {
                    values.write_text(row, &mut text);
                }
            }
            text
        };
        Ok(Values::of_texts((0..self.rows.len()).map(text)))
    }

    fn percent_more(&self, of: &str, percents: &BTreeMap<i64, u64>) -> Result<Values, GenerateError> {
        let wheel = Wheel::new(percents).ok_or_else(|| no_weight(&self.place()))?;
        let Values::Hundredths(base) = self.built.values(of)? else {
            return Err(self.wrong(format!("`{of}` is not decimal")));
        };
        let mut random = self.random();
        let more = |value: &i64| {
            let percent = wheel.draw(&mut random).unwrap_or(0);
            value.saturating_mul(100_i64.saturating_add(percent)).saturating_add(50) / 100
        };
        Ok(Values::Hundredths(base.iter().map(more).collect()))
    }

    fn share(&self, of: &str, by: &[String]) -> Result<Values, GenerateError> {
        let Values::Hundredths(totals) = self.parent()?.values(of)? else {
            return Err(self.wrong(format!("`{of}` is not decimal")));
        };
        let columns: Vec<_> = by.iter().map(|column| self.built.values(column)).collect::<Result<_, _>>()?;
        let weight = |row: usize| {
            let factors = columns.iter().map(|values| values.number(row).map(i128::from));
            factors.product::<Option<i128>>().filter(|weight| *weight > 0)
        };
        let weights: Option<Vec<i128>> = (0..self.rows.len()).map(weight).collect();
        let weights = weights.ok_or_else(|| self.wrong("a weight is not a number above 0"))?;
        let mut shares = Vec::with_capacity(weights.len());
        let mut rows = self.rows.parents.iter().zip(&weights);
        for siblings in self.rows.parents.chunk_by(|a, b| a == b) {
            let weights: Vec<i128> = rows.by_ref().take(siblings.len()).map(|(_, weight)| *weight).collect();
            let parent = siblings.first().copied().flatten();
            let total = parent.and_then(|parent| totals.get(index(parent))).copied().map_or(0, i128::from);
            let (sum, mut given, mut seen) = (weights.iter().sum::<i128>(), 0, 0);
            for weight in weights {
                // Differences of rounded running shares add up to the whole, whatever the rounding.
                seen += weight;
                let until = total * seen / sum;
                shares.push(i64::try_from(until - given).or(Err(self.wrong("a share is too large")))?);
                given = until;
            }
        }
        Ok(Values::Hundredths(shares))
    }
}

/// A pattern with digits for its `#`.
fn filled(pattern: &str, random: &mut Random) -> String {
    let digit = |random: &mut Random| {
        let digit = u32::try_from(random.below(10)).ok();
        digit.and_then(|digit| char::from_digit(digit, 10)).unwrap_or('0')
    };
    pattern.chars().map(|c| if c == '#' { digit(random) } else { c }).collect()
}
