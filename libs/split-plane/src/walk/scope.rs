//! What a name means: bindings of one FROM, frames of nested SELECTs, common table expressions.
//!
//! Names are folded to lower case for comparison, as the dialect does, and come out in the spelling of
//! the view or of the draft's own definition. Every column comes out with its relation, so that no
//! engine resolves a bare name by rules of its own.

use super::{Checked, Cost, Facts, Origin, OutColumn, Output, Walk, build};
use crate::error::GuardError;
use crate::plane::is_name;
use sqlparser::ast::{Expr, Ident, ObjectName, ObjectNamePart, OrderByExpr, WindowSpec};
use std::rc::Rc;

/// Longest name that a draft may give to something of its own.
const OWN_NAME_BYTES_MAX: usize = 64;

/// A relation in a FROM, under the name it has there.
#[derive(Debug, Clone)]
pub(super) struct Binding {
    pub(super) name: String,
    pub(super) columns: Vec<OutColumn>,
    /// The relation of the view whose columns these are, in order.
    pub(super) source: Option<usize>,
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
    /// None: FROM, WHERE, what SELECT aggregates.
    Hidden,
    /// Those before it in the list, after the columns of FROM: SELECT.
    Before,
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
    /// Named expressions of the SELECT list.
    pub(super) outputs: Vec<Named>,
    /// Windows that a WINDOW clause names, as the draft has them.
    pub(super) windows: Vec<(String, WindowSpec)>,
    /// Windows in use: partitions and keys, as they run.
    pub(super) used: Vec<(Vec<Expr>, Vec<OrderByExpr>)>,
    pub(super) aliases: Aliases,
    /// What makes the rows that a window sees distinct.
    pub(super) row_keys: RowKeys,
}

/// An expression under a name of the draft's own.
#[derive(Debug, Clone)]
pub(super) struct Named {
    pub(super) name: String,
    pub(super) checked: Rc<Checked>,
    pub(super) cost: Cost,
}

/// A column of a relation in a FROM.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) binding: &'a Binding,
    pub(super) at: usize,
    pub(super) column: &'a OutColumn,
}

impl Place<'_> {
    pub(super) fn reference(self) -> Checked {
        let OutColumn { name, origin, width } = self.column;
        let facts = Facts { origin: *origin, width: *width, ..Facts::PLAIN };
        Checked::new(build::column(&self.binding.name, name), facts)
    }

    /// What of the view it is.
    pub(super) fn of_view(self) -> Option<(usize, usize)> {
        Some((self.binding.source?, self.at))
    }
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
            windows: Vec::new(),
            used: Vec::new(),
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
    fn places(&self, name: &str) -> Vec<Place<'_>> {
        self.visible()
            .filter(|(index, _)| !self.is_merged_away(*index, name))
            .filter_map(|(_, binding)| binding.place(name))
            .collect()
    }

    pub(super) fn is_merged_away(&self, index: usize, name: &str) -> bool {
        self.merged.iter().any(|merged| merged.dropped == index && merged.name.eq_ignore_ascii_case(name))
    }

    /// Columns that `*` stands for, in order.
    pub(super) fn star(&self) -> Vec<Place<'_>> {
        self.visible()
            .flat_map(|(index, binding)| binding.places().map(move |place| (index, place)))
            .filter(|(index, place)| !self.is_merged_away(*index, &place.column.name))
            .map(|(_, place)| place)
            .collect()
    }

    /// The output column of this name; a list has no two of one name.
    fn output(&self, name: &str) -> Option<&Named> {
        self.outputs.iter().find(|output| output.name.eq_ignore_ascii_case(name))
    }
}

impl Binding {
    pub(super) fn new(name: String, output: Output) -> Self {
        let Output { columns, touches, single_row } = output;
        Self { name, columns, source: None, touches, single_row, hidden: false }
    }

    pub(super) fn place(&self, name: &str) -> Option<Place<'_>> {
        self.places().find(|place| place.column.name.eq_ignore_ascii_case(name))
    }

    pub(super) fn places(&self) -> impl Iterator<Item = Place<'_>> {
        self.columns.iter().enumerate().map(|(at, column)| Place { binding: self, at, column })
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
        let input = match places.as_slice() {
            [] => None,
            [place] => Some(*place),
            [_, _, ..] => return Err(ambiguous(ident)),
        };
        let output = if frame.aliases == Aliases::Hidden { None } else { frame.output(name) };
        let outputs_first = frame.aliases == Aliases::BeforeInput;
        let (input, output) = match (input, output) {
            (Some(input), Some(output)) if frame.aliases == Aliases::Unambiguous => {
                if input.reference().expr != output.checked.expr {
                    return Err(ambiguous(ident));
                }
                (Some(input), None)
            }
            (Some(_), Some(output)) if outputs_first => (None, Some(output)),
            (Some(input), _) => (Some(input), None),
            (None, output) => (None, output),
        };
        match (input, output) {
            (Some(input), _) => {
                let (checked, read) = (input.reference(), input.of_view());
                self.read(read);
                Ok(checked)
            }
            (None, Some(output)) => {
                let (checked, cost) = (substitute(&output.checked), output.cost);
                self.pay(cost)?;
                Ok(checked)
            }
            (None, None) => self.outer_column(None, ident),
        }
    }

    /// Notes that a column of the view is read.
    pub(super) fn read(&mut self, column: Option<(usize, usize)>) {
        self.reads.columns.extend(column);
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
            Some(binding) => {
                let found = binding.place(&column.value).map(|place| (place.reference(), place.of_view()));
                let Some((checked, read)) = found else { return Err(self.outside("column", column)) };
                self.read(read);
                Ok(checked)
            }
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
            .filter(|place| relation.is_none_or(|name| place.binding.name.eq_ignore_ascii_case(&name.value)))
            .collect();
        let (found, read) = match places.as_slice() {
            [] => return Err(self.outside("column", relation.unwrap_or(column))),
            // Under its written-out name it would mean the inner relation.
            [place] if inner.named(&place.binding.name).is_some() => return Err(ambiguous(column)),
            [place] => (place.reference(), place.of_view()),
            [_, _, ..] => return Err(ambiguous(column)),
        };
        if let Some(inner) = self.frames.last_mut() {
            inner.correlated = true;
        }
        self.read(read);
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
