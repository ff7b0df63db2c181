//! What a name in an expression of a metric view stands for.
//!
//! Decides between the source's columns, columns of joins, and dimensions. A name that could be two things is refused.

use crate::draft::Draft;
use crate::name::same;
use crate::sql;
use sqlparser::ast::{Expr, Ident};

/// A join, under the names by which its columns are called.
#[derive(Debug)]
pub(super) struct Joined {
    pub(super) path: Vec<String>,
    pub(super) dataset: String,
}

/// A dimension that was read.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) name: String,
    /// What it is, over columns named `dataset.column`; or why it is not understood.
    pub(super) expression: Result<Expr, String>,
    /// The field that it became.
    pub(super) field: Option<(String, String)>,
    /// Why its name could mean something else.
    pub(super) doubt: Option<String>,
}

/// The names of a view.
#[derive(Debug)]
pub(super) struct Names {
    pub(super) base: String,
    pub(super) joins: Vec<Joined>,
    pub(super) dimensions: Vec<Known>,
}

/// What a name stands for.
pub(super) enum Meaning<'n> {
    /// A column of a dataset.
    Column { dataset: &'n str, column: &'n str },
    /// A dimension.
    Dimension(&'n Known),
}

impl Names {
    pub(super) fn new(draft: &Draft) -> Self {
        let base = draft.datasets.first().map(|dataset| dataset.name.clone()).unwrap_or_default();
        Self { base, joins: Vec::new(), dimensions: Vec::new() }
    }

    pub(super) fn meaning<'n>(&'n self, parts: &'n [Ident]) -> Result<Meaning<'n>, String> {
        let Some((last, qualifiers)) = parts.split_last() else { return Err("a name is empty".to_owned()) };
        let column = last.value.as_str();
        let shown = || Expr::CompoundIdentifier(parts.to_vec()).to_string();
        match qualifiers {
            [] => match self.dimensions.iter().find(|known| same(&known.name, column)) {
                Some(known) => match &known.doubt {
                    Some(doubt) => Err(doubt.clone()),
                    None => Ok(Meaning::Dimension(known)),
                },
                None => Ok(Meaning::Column { dataset: &self.base, column }),
            },
            [one] if same(&one.value, "source") => Ok(Meaning::Column { dataset: &self.base, column }),
            _ => {
                let found: Vec<&Joined> =
                    self.joins.iter().filter(|join| join.is_called(qualifiers)).collect();
                match found.as_slice() {
                    [join] => Ok(Meaning::Column { dataset: &join.dataset, column }),
                    [] => Err(format!("it names `{}`, and no join of that name is carried", shown())),
                    [_, _, ..] => Err(format!("it names `{}`, and several joins have that name", shown())),
                }
            }
        }
    }

    /// An expression of a dimension over columns named `dataset.column`, dimensions before it put in.
    pub(super) fn physical(&self, text: &str) -> Result<Expr, String> {
        let mut expression = sql::parse(text)?;
        sql::rename(&mut expression, &mut |parts| match self.meaning(parts)? {
            Meaning::Column { dataset, column } => Ok(sql::field(dataset, column)),
            Meaning::Dimension(known) => known.expression.clone().map(sql::closed),
        })?;
        if expression.to_string().len() > sql::CHARS_MAX {
            return Err("its expression grows too long".to_owned());
        }
        Ok(expression)
    }

    /// An expression over fields named `dataset.field`, where marks may stand.
    pub(super) fn logical(&self, expression: &mut Expr, draft: &mut Draft) -> Result<(), String> {
        let fields = &mut |parts: &[Ident]| {
            if sql::marked(parts).is_some() {
                let [mark] = parts else { return Err("a mark is no name".to_owned()) };
                return Ok(Expr::Identifier(mark.clone()));
            }
            match self.meaning(parts)? {
                Meaning::Column { dataset, column } => column_field(draft, dataset, column),
                Meaning::Dimension(Known { field: Some((dataset, field)), name, .. }) => {
                    let found = draft.dataset(dataset).and_then(|dataset| dataset.field(field));
                    let why = || format!("its dimension `{name}` is not carried");
                    found.map(|_| sql::field(dataset, field)).ok_or_else(why)
                }
                Meaning::Dimension(known) => {
                    let mut expression = sql::closed(known.expression.clone()?);
                    sql::rename(&mut expression, &mut |parts| match parts {
                        [dataset, column] => column_field(draft, &dataset.value, &column.value),
                        _ => Err(format!("its dimension `{}` is not carried", known.name)),
                    })?;
                    Ok(expression)
                }
            }
        };
        sql::rename(expression, fields)
    }
}

fn column_field(draft: &mut Draft, dataset: &str, column: &str) -> Result<Expr, String> {
    let Some(found) = draft.dataset_mut(dataset) else {
        return Err(format!("dataset `{dataset}` is not carried"));
    };
    let at = found.at.clone();
    let field = found.column(column, &at);
    Ok(sql::field(dataset, &field))
}

impl Joined {
    /// Whether qualifiers name this join: by its path, or by its own name alone.
    fn is_called(&self, qualifiers: &[Ident]) -> bool {
        let is = |path: &[String]| {
            path.len() == qualifiers.len()
                && path.iter().zip(qualifiers).all(|(name, part)| same(name, &part.value))
        };
        is(&self.path) || self.path.last().is_some_and(|last| is(std::slice::from_ref(last)))
    }
}
