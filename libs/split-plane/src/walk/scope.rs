//! What a name means: bindings of one FROM, frames of nested SELECTs, common table expressions.
//!
//! Names are folded to lower case for comparison, as the dialect does, and come out in the spelling of
//! the view or of the draft's own definition. Every column comes out with its relation, so that no
//! engine resolves a bare name by rules of its own.

use super::{Checked, Facts, Origin, OutColumn, Output, Walk, build};
use crate::error::GuardError;
use crate::plane::is_name;
use sqlparser::ast::{Expr, Ident, ObjectName, ObjectNamePart};

/// Longest name that a draft may give to something of its own.
const OWN_NAME_BYTES_MAX: usize = 64;

/// A relation in a FROM, under the name it has there.
#[derive(Debug, Clone)]
pub(super) struct Binding {
    pub(super) name: String,
    pub(super) columns: Vec<OutColumn>,
    pub(super) touches: bool,
    pub(super) single_row: bool,
    /// The right side of a semi or anti join: gone after its ON.
    pub(super) hidden: bool,
}

/// A column that USING made one of two.
#[derive(Debug, Clone)]
pub(super) struct Merged {
    /// Binding whose column is no longer in sight without its relation's name.
    pub(super) dropped: usize,
    pub(super) name: String,
}

/// Which of its own output columns an expression may name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Aliases {
    /// None: FROM, WHERE, SELECT.
    Hidden,
    /// After the columns of FROM: GROUP BY.
    AfterInput,
    /// Not where a column of FROM has the same name: HAVING, QUALIFY.
    Unambiguous,
    /// Before the columns of FROM: ORDER BY.
    BeforeInput,
}

/// One SELECT that is being walked.
#[derive(Debug, Clone)]
pub(super) struct Frame {
    pub(super) bindings: Vec<Binding>,
    pub(super) merged: Vec<Merged>,
    /// First binding in sight; an ON sees only its own join.
    pub(super) first: usize,
    pub(super) joins: usize,
    /// Whether a name was found in the SELECT outside of this one.
    pub(super) correlated: bool,
    /// Named expressions of the SELECT list, by name.
    pub(super) outputs: Vec<(String, Checked)>,
    pub(super) aliases: Aliases,
    /// What makes the rows that a window sees distinct.
    pub(super) row_keys: RowKeys,
}

/// What makes the rows that a window function sees distinct, or alike in everything that can be seen.
#[derive(Debug, Clone)]
pub(super) enum RowKeys {
    /// All columns of FROM.
    Input,
    /// The grouping expressions.
    Groups(Vec<Expr>),
    /// Nothing in sight: subtotals of grouping sets.
    None,
}

impl Frame {
    pub(super) const fn new() -> Self {
        Self {
            bindings: Vec::new(),
            merged: Vec::new(),
            first: 0,
            joins: 0,
            correlated: false,
            outputs: Vec::new(),
            aliases: Aliases::Hidden,
            row_keys: RowKeys::Input,
        }
    }

    pub(super) fn touches(&self) -> bool {
        self.bindings.iter().any(|binding| binding.touches)
    }

    /// Bindings in sight.
    pub(super) fn visible(&self) -> impl Iterator<Item = (usize, &Binding)> {
        self.bindings.iter().enumerate().skip(self.first).filter(|(_, binding)| !binding.hidden)
    }

    fn named(&self, name: &str) -> Option<&Binding> {
        self.visible().map(|(_, binding)| binding).find(|binding| binding.name.eq_ignore_ascii_case(name))
    }

    /// Every place a bare name can mean, but for those that USING merged away.
    fn places(&self, name: &str) -> Vec<(&Binding, &OutColumn)> {
        let merged_away = |index: usize| {
            self.merged.iter().any(|merged| merged.dropped == index && merged.name.eq_ignore_ascii_case(name))
        };
        self.visible()
            .filter(|(index, _)| !merged_away(*index))
            .filter_map(|(_, binding)| binding.column(name).map(|column| (binding, column)))
            .collect()
    }

    /// Columns that `*` stands for, in order.
    pub(super) fn star(&self) -> Vec<(&Binding, &OutColumn)> {
        let merged_away = |index: usize, name: &str| {
            self.merged.iter().any(|merged| merged.dropped == index && merged.name.eq_ignore_ascii_case(name))
        };
        self.visible()
            .flat_map(|(index, binding)| binding.columns.iter().map(move |column| (index, binding, column)))
            .filter(|(index, _, column)| !merged_away(*index, &column.name))
            .map(|(_, binding, column)| (binding, column))
            .collect()
    }

    fn output(&self, name: &str) -> Option<&Checked> {
        let mut named = self.outputs.iter().filter(|(output, _)| output.eq_ignore_ascii_case(name));
        named.next().map(|(_, checked)| checked)
    }
}

impl Binding {
    pub(super) fn new(name: String, output: Output) -> Self {
        let Output { columns, touches, single_row } = output;
        Self { name, columns, touches, single_row, hidden: false }
    }

    pub(super) fn column(&self, name: &str) -> Option<&OutColumn> {
        self.columns.iter().find(|column| column.name.eq_ignore_ascii_case(name))
    }

    fn reference(&self, column: &OutColumn) -> Checked {
        let facts = Facts { origin: column.origin, width: column.width, aggregate: false, window: false };
        Checked::new(build::column(&self.name, &column.name), facts)
    }
}

/// A common table expression of the draft.
#[derive(Debug, Clone)]
pub(super) struct Cte {
    pub(super) name: String,
    pub(super) output: Output,
    /// Relations it reads, expanded.
    pub(super) relations: usize,
}

impl Walk<'_> {
    pub(super) fn cte(&self, name: &str) -> Option<&Cte> {
        self.ctes.iter().rev().find(|cte| cte.name.eq_ignore_ascii_case(name))
    }

    /// A name that the draft gives to something; columns may be called as relations are.
    pub(super) fn own_name(&self, ident: &Ident) -> Result<String, GuardError> {
        let Ident { value, quote_style, span } = ident;
        let plain = matches!(quote_style, None | Some('`'));
        let fits = is_name(value) && value.len() <= OWN_NAME_BYTES_MAX && !value.contains(['\\', '$']);
        if plain && fits {
            return Ok(value.clone());
        }
        let what = "a name that is quoted otherwise than with backticks, longer than 64 bytes, or odd";
        Err(GuardError::not_allowed(what, "use letters, digits and underscores")
            .at(span.start.line, span.start.column))
    }

    /// A name that the draft gives to a relation: never that of a relation of the view, whose rows it
    /// would pretend to be.
    pub(super) fn own_relation_name(&mut self, ident: &Ident) -> Result<String, GuardError> {
        let name = self.own_name(ident)?;
        if self.view.relation(&name).is_some() {
            let start = ident.span.start;
            return Err(GuardError::not_allowed(
                "a CTE or an alias called as a relation is",
                "give it a name that no relation has",
            )
            .at(start.line, start.column));
        }
        let _ = self.taken.insert(name.to_ascii_lowercase());
        Ok(name)
    }

    /// A name for a relation that the draft left without one.
    pub(super) fn fresh_relation_name(&mut self) -> String {
        // The loop ends: `taken` and the view are finite.
        let mut number = 1_usize;
        loop {
            let name = format!("_sub_{number}");
            if self.view.relation(&name).is_none() && self.taken.insert(name.clone()) {
                return name;
            }
            number += 1;
        }
    }

    /// The one part of a name; names of several parts reach into catalogues.
    pub(super) fn one_part<'n>(&self, name: &'n ObjectName) -> Result<&'n Ident, GuardError> {
        let ObjectName(parts) = name;
        match parts.as_slice() {
            [ObjectNamePart::Identifier(ident)] if matches!(ident.quote_style, None | Some('`')) => Ok(ident),
            [ObjectNamePart::Identifier(ident), ..] => Err(self.outside("name", ident)),
            [] | [ObjectNamePart::Function(_), ..] => Err(super::not_allowed("a computed name")),
        }
    }

    pub(super) fn bare_column(&mut self, ident: &Ident) -> Result<Checked, GuardError> {
        if !matches!(ident.quote_style, None | Some('`')) {
            return Err(super::not_allowed("a quoted name without backticks"));
        }
        let name = ident.value.as_str();
        let Some(frame) = self.frames.last() else { return Err(self.outside("column", ident)) };
        let places = frame.places(name);
        let output = frame.output(name);
        let input = match places.as_slice() {
            [] => None,
            [(binding, column)] => Some(binding.reference(column)),
            [_, _, ..] => return Err(ambiguous(ident)),
        };
        let found = match (frame.aliases, input, output) {
            (Aliases::Hidden, input, _) => input,
            (Aliases::AfterInput, Some(input), _) => Some(input),
            (Aliases::BeforeInput, _, Some(output)) => Some(substitute(output)),
            (Aliases::Unambiguous, Some(input), Some(output)) if input.expr != output.expr => {
                return Err(ambiguous(ident));
            }
            (Aliases::AfterInput | Aliases::Unambiguous, None, Some(output)) => Some(substitute(output)),
            (Aliases::Unambiguous | Aliases::BeforeInput, Some(input), _) => Some(input),
            (Aliases::AfterInput | Aliases::Unambiguous | Aliases::BeforeInput, None, None) => None,
        };
        match found {
            Some(checked) => Ok(checked),
            None => self.outer_column(None, ident),
        }
    }

    pub(super) fn qualified_column(&mut self, parts: &[Ident]) -> Result<Checked, GuardError> {
        let [relation, column] = parts else {
            return match parts.first() {
                Some(ident) => Err(self.outside("name", ident)),
                None => Err(super::not_allowed("an empty name")),
            };
        };
        if !matches!((relation.quote_style, column.quote_style), (None | Some('`'), None | Some('`'))) {
            return Err(super::not_allowed("a quoted name without backticks"));
        }
        match self.frames.last().and_then(|frame| frame.named(&relation.value)) {
            // An inner relation hides an outer one of its name, so an unknown column is not looked up further.
            Some(binding) => match binding.column(&column.value) {
                Some(found) => Ok(binding.reference(found)),
                None => Err(self.outside("column", column)),
            },
            None => self.outer_column(Some(relation), column),
        }
    }

    /// A column of the SELECT around this one. One level only: engines plan no more.
    fn outer_column(&mut self, relation: Option<&Ident>, column: &Ident) -> Result<Checked, GuardError> {
        let Some([outer, inner]) = self.frames.last_chunk::<2>() else {
            return Err(self.outside("column", relation.unwrap_or(column)));
        };
        let places: Vec<_> = outer
            .places(&column.value)
            .into_iter()
            .filter(|(binding, _)| relation.is_none_or(|name| binding.name.eq_ignore_ascii_case(&name.value)))
            .collect();
        let found = match places.as_slice() {
            [] => return Err(self.outside("column", relation.unwrap_or(column))),
            // Under its written-out name it would mean the inner relation.
            [(binding, _)] if inner.named(&binding.name).is_some() => return Err(ambiguous(column)),
            [(binding, found)] => binding.reference(found),
            [_, _, ..] => return Err(ambiguous(column)),
        };
        if let Some(inner) = self.frames.last_mut() {
            inner.correlated = true;
        }
        Ok(found)
    }
}

/// The expression behind the name of an output column.
fn substitute(output: &Checked) -> Checked {
    Checked::new(build::operand(output.expr.clone()), output.facts)
}

fn ambiguous(ident: &Ident) -> GuardError {
    let start = ident.span.start;
    GuardError::not_allowed(
        format!("`{}` can mean several columns", ident.value),
        "write the relation's alias before the column, and give computed columns names of their own",
    )
    .at(start.line, start.column)
}

/// A column of the view is what numbers must be traced to.
pub(super) fn view_output(relation: &crate::view::ViewRelation) -> Output {
    let column = |name: &String| OutColumn { name: name.clone(), origin: Origin::Traced, width: 1 };
    Output {
        columns: relation.columns.iter().map(|declared| column(&declared.name)).collect(),
        touches: true,
        single_row: false,
    }
}
