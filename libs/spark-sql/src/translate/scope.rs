//! What a name means: columns of the relations of a SELECT, and of the one around it.

use super::Translation;
use super::names::quoted;
use super::term::Term;
use crate::kind::Kind;
use crate::refusal::Refusal;
use sqlparser::ast::Ident;

/// One SELECT: its relations so far.
#[derive(Debug, Default)]
pub(super) struct Frame {
    pub(super) bindings: Vec<Binding>,
    /// Whether a column of the SELECT around it was used.
    pub(super) correlated: bool,
    /// Whether something is aggregated, outside of a window.
    pub(super) aggregate: bool,
    /// Whether a function looks at a window.
    pub(super) windowed: bool,
}

/// A relation of FROM.
#[derive(Debug, Clone)]
pub(super) struct Binding {
    /// What the tree calls it.
    pub(super) name: String,
    /// What the text calls it.
    pub(super) alias: String,
    pub(super) columns: Vec<Column>,
}

/// A column of a relation of FROM.
#[derive(Debug, Clone)]
pub(super) struct Column {
    /// What the tree calls it.
    pub(super) name: String,
    /// What the text calls it.
    pub(super) text: String,
    pub(super) kind: Kind,
}

/// A common table expression.
#[derive(Debug, Clone)]
pub(super) struct Cte {
    /// What the tree calls it.
    pub(super) name: String,
    /// What the text calls it.
    pub(super) text: String,
    pub(super) columns: Vec<(String, Kind)>,
}

impl Binding {
    fn column(&self, name: &str) -> Option<Term> {
        let column = self.columns.iter().find(|column| column.name.eq_ignore_ascii_case(name))?;
        Some(Term::written(format!("{}.{}", self.alias, column.text), column.kind))
    }
}

impl Frame {
    fn column(&self, relation: &str, name: &str) -> Option<Term> {
        let binding = self.bindings.iter().find(|binding| binding.name.eq_ignore_ascii_case(relation))?;
        binding.column(name)
    }
}

impl Translation<'_> {
    /// A column of the relation at hand, in an expression of the model's owner.
    pub(super) fn bare_column(&self, ident: &Ident) -> Result<Term, Refusal> {
        let Some(resolve) = self.resolve else { return Err(Refusal::Unknown) };
        let (text, kind) = resolve(&ident.value).ok_or(Refusal::Unknown)?;
        Ok(Term::written(text, kind))
    }

    /// A column with its relation, as a guarded tree has it.
    pub(super) fn column(&mut self, parts: &[Ident]) -> Result<Term, Refusal> {
        let [relation, name] = parts else { return Err(Refusal::Unknown) };
        if self.resolve.is_some() {
            // The dataset is the one at hand, there is no other.
            return self.bare_column(name);
        }
        let mut frames = self.frames.iter_mut().rev();
        let inner = frames.next().ok_or(Refusal::Unknown)?;
        if let Some(term) = inner.column(&relation.value, &name.value) {
            return Ok(term);
        }
        let outer = frames.next().ok_or(Refusal::Unknown)?;
        inner.correlated = true;
        outer.column(&relation.value, &name.value).ok_or(Refusal::Unknown)
    }

    /// The columns of a relation of the view.
    pub(super) fn view_columns(&self, name: &str) -> Result<(String, Vec<Column>), Refusal> {
        let found = self.relations.iter().find(|relation| relation.name == name);
        let relation = found.ok_or(Refusal::Unknown)?;
        let mut columns = Vec::with_capacity(relation.columns.len());
        for (name, kind) in &relation.columns {
            columns.push(Column { name: name.clone(), text: quoted(name)?, kind: *kind });
        }
        Ok((quoted(&relation.name)?, columns))
    }
}
