//! Expressions of a wanted type over the relations in sight.

use super::templates::{self, Gives, SYNTAX, Template};
use crate::kit::random::Random;
use crate::kit::world::{ColumnSpec, Link, RelationSpec, Role, World};
use splitplane_split_plane::{AllowedFunction, FUNCTIONS, FunctionKind};
use splitplane_types::DataType;

/// A type of a statement's expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    Int,
    Decimal,
    Float,
    Text,
    Date,
    Time,
    Bool,
}

impl Type {
    /// Types that can be compared, sorted and grouped by alike.
    pub(super) const COMPARED: [Self; 6] =
        [Self::Int, Self::Text, Self::Int, Self::Decimal, Self::Date, Self::Float];
    pub(super) const NUMBERS: [Self; 4] = [Self::Int, Self::Int, Self::Decimal, Self::Float];

    pub(super) const fn of(data_type: DataType) -> Self {
        match data_type {
            DataType::String => Self::Text,
            DataType::Integer => Self::Int,
            DataType::Decimal => Self::Decimal,
            DataType::Float => Self::Float,
            DataType::Boolean => Self::Bool,
            DataType::Date => Self::Date,
            DataType::Timestamp | DataType::TimestampTz => Self::Time,
        }
    }
}

/// A relation in sight.
#[derive(Debug, Clone)]
pub(super) struct Sight {
    pub(super) alias: String,
    pub(super) relation: &'static RelationSpec,
}

/// Writes one statement.
#[derive(Debug)]
pub(super) struct Writer<'w> {
    pub(super) world: &'w World,
    pub(super) random: Random,
    pub(super) sights: Vec<Sight>,
    /// Columns named so far.
    pub(super) named: usize,
    /// Aliases given so far.
    pub(super) aliases: usize,
    /// Whether a scalar subquery may be written here.
    pub(super) subqueries: bool,
    /// Whether this is no subquery itself.
    pub(super) may_nest: bool,
}

impl Writer<'_> {
    /// An expression that depends on a column in sight.
    pub(super) fn traced(&mut self, wanted: Type, depth: usize) -> String {
        let named = self.named;
        let text = self.expression(wanted, depth);
        if self.named > named { text } else { self.leaf(wanted) }
    }

    pub(super) fn expression(&mut self, wanted: Type, depth: usize) -> String {
        if depth == 0 || self.random.percent(30) {
            return self.leaf(wanted);
        }
        let fits = |gives: Gives| match gives {
            Gives::This(this) => this == wanted,
            Gives::Number => wanted == Type::Float,
            Gives::Same => wanted != Type::Bool,
            Gives::Unknown => false,
        };
        if self.random.percent(50) {
            let fitting: Vec<_> = SYNTAX.iter().filter(|(gives, _)| fits(*gives)).collect();
            if let Some((gives, text)) = self.random.one(&fitting).copied() {
                return self.filled(&Template { gives: *gives, text: (*text).to_owned() }, wanted, depth - 1);
            }
        }
        let scalars: Vec<&AllowedFunction> =
            FUNCTIONS.iter().filter(|function| function.kind == FunctionKind::Scalar).collect();
        // Most functions give another type; a few tries find one that fits.
        for _ in 0..12 {
            let turn = self.random.below(64);
            let Some(function) = self.random.one(&scalars).copied() else { break };
            let call = templates::call(function, turn);
            if fits(call.gives) {
                return self.filled(&call, wanted, depth - 1);
            }
        }
        self.leaf(wanted)
    }

    /// A piece with its holes filled.
    pub(super) fn filled(&mut self, template: &Template, same: Type, depth: usize) -> String {
        let mut text = String::new();
        // One column throughout, as a test beside a division needs it.
        let divisor = if template.text.contains("{z}") { self.hole("v", same, depth) } else { String::new() };
        let mut rest = template.text.as_str();
        while let Some((before, after)) = rest.split_once('{') {
            text.push_str(before);
            let Some((hole, after)) = after.split_once('}') else { break };
            let filled = if hole == "z" { divisor.clone() } else { self.hole(hole, same, depth) };
            text.push_str(&filled);
            rest = after;
        }
        text.push_str(rest);
        text
    }

    fn hole(&mut self, hole: &str, same: Type, depth: usize) -> String {
        match hole {
            "i" => self.expression(Type::Int, depth),
            "m" => self.expression(Type::Decimal, depth),
            "f" => self.expression(Type::Float, depth),
            "t" => self.expression(Type::Text, depth),
            "d" => self.expression(Type::Date, depth),
            "s" => self.expression(Type::Time, depth),
            "b" => self.expression(Type::Bool, depth),
            "n" => {
                let wanted = self.random.one(&Type::NUMBERS).copied().unwrap_or(Type::Int);
                self.expression(wanted, depth)
            }
            "v" if self.random.percent(25) => self.of_role(Role::Frost, Type::Int),
            "v" => self.of_role(Role::Divisor, Type::Int),
            "x" => self.extreme(),
            "N" => self.of_role(Role::NumberText, Type::Text),
            "D" => self.of_role(Role::DateText, Type::Text),
            "w" => self.of_role(Role::Word, Type::Text),
            "q" => self.scalar_subquery(),
            _ => self.expression(same, depth),
        }
    }

    /// The columns in sight, written out.
    fn columns(&self, keep: impl Fn(&ColumnSpec) -> bool) -> Vec<String> {
        let of = |sight: &Sight| {
            let kept = sight.relation.columns.iter().filter(|column| keep(column));
            kept.map(|column| format!("{}.{}", sight.alias, column.name)).collect::<Vec<_>>()
        };
        self.sights.iter().flat_map(of).collect()
    }

    /// A column of this type, or a literal or cast where there is none.
    pub(super) fn leaf(&mut self, wanted: Type) -> String {
        let world = self.world;
        let fitting =
            self.columns(|column| Type::of(world.data_type(column)) == wanted && !is_opaque(column));
        if let Some(column) = self.random.one(&fitting) {
            self.named += 1;
            return column.clone();
        }
        match wanted {
            Type::Int => "7".to_owned(),
            Type::Decimal => format!("CAST({} AS DECIMAL(20, 2))", self.leaf(Type::Int)),
            Type::Float => format!("CAST({} AS DOUBLE)", self.leaf(Type::Int)),
            Type::Text => format!("CAST({} AS STRING)", self.leaf(Type::Int)),
            Type::Date => format!("CAST({} AS DATE)", self.of_role(Role::DateText, Type::Text)),
            Type::Time => format!("CAST({} AS TIMESTAMP)", self.leaf(Type::Date)),
            Type::Bool => format!("({} > 3)", self.leaf(Type::Int)),
        }
    }

    fn of_role(&mut self, role: Role, otherwise: Type) -> String {
        let fitting = self.columns(|column| column.role == role);
        match self.random.one(&fitting) {
            Some(column) => {
                self.named += 1;
                column.clone()
            }
            None if role == Role::DateText => "'2026-02-03'".to_owned(),
            None if role == Role::NumberText => "'17'".to_owned(),
            None => self.leaf(otherwise),
        }
    }

    fn extreme(&mut self) -> String {
        let fitting =
            self.columns(|column| column.role == Role::Extreme && column.data_type == DataType::Integer);
        match self.random.one(&fitting) {
            Some(column) => {
                self.named += 1;
                column.clone()
            }
            None => self.of_role(Role::Divisor, Type::Int),
        }
    }

    /// An alias that no other relation of the statement has.
    pub(super) fn alias(&mut self, of: &str) -> String {
        self.aliases += 1;
        let first = of.chars().next().unwrap_or('r');
        format!("{first}{}", self.aliases)
    }

    /// Runs with other relations in sight and without subqueries; the outer names stay out of sight.
    fn inside<T>(&mut self, sights: Vec<Sight>, write: impl FnOnce(&mut Self) -> T) -> T {
        let around = std::mem::replace(&mut self.sights, sights);
        let (subqueries, named) = (std::mem::replace(&mut self.subqueries, false), self.named);
        let may_nest = std::mem::replace(&mut self.may_nest, false);
        let written = write(self);
        self.sights = around;
        self.subqueries = subqueries;
        self.may_nest = may_nest;
        self.named = named;
        written
    }

    fn scalar_subquery(&mut self) -> String {
        if !self.subqueries {
            return self.leaf(Type::Int);
        }
        let Some(relation) = self.relation() else { return self.leaf(Type::Int) };
        let alias = self.alias(relation.name);
        self.named += 1;
        self.inside(vec![Sight { alias: alias.clone(), relation }], |writer| {
            let function = writer.random.text(&["max", "min", "avg", "count", "sum"]);
            let argument = writer.traced(Type::Int, 1);
            let condition = writer.optional_where(1);
            format!("(SELECT {function}({argument}) FROM {} {alias}{condition})", relation.name)
        })
    }

    /// EXISTS or IN along a link of a relation in sight.
    fn test_by_subquery(&mut self) -> Option<String> {
        let links: Vec<(Sight, &str, &str, &str)> = self
            .sights
            .iter()
            .flat_map(|sight| {
                Link::ALL.iter().flat_map(move |link| {
                    let from =
                        |(mine, other): ((&'static str, &'static str), (&'static str, &'static str))| {
                            (mine.0 == sight.relation.name).then_some((
                                sight.clone(),
                                mine.1,
                                other.0,
                                other.1,
                            ))
                        };
                    [from((link.many, link.one)), from((link.one, link.many))].into_iter().flatten()
                })
            })
            .collect();
        let (sight, mine, other, theirs) = self.random.one(&links).cloned()?;
        let relation = relation_of(other)?;
        let alias = self.alias(other);
        self.named += 1;
        let negated = if self.random.percent(30) { "NOT " } else { "" };
        let correlated = self.random.percent(50);
        let condition = self
            .inside(vec![Sight { alias: alias.clone(), relation }], |writer| writer.traced(Type::Bool, 2));
        let outer = sight.alias;
        Some(if correlated {
            format!(
                "{negated}EXISTS (SELECT 1 FROM {other} {alias} WHERE {alias}.{theirs} = {outer}.{mine} AND {condition})"
            )
        } else {
            format!(
                "{outer}.{mine} {negated}IN (SELECT {alias}.{theirs} FROM {other} {alias} WHERE {condition})"
            )
        })
    }

    /// Conditions of a WHERE: what engines take in no other place, subqueries, among them.
    pub(super) fn conditions(&mut self, depth: usize) -> Vec<String> {
        let mut parts = Vec::new();
        if self.random.percent(60) {
            let around = std::mem::replace(&mut self.subqueries, self.may_nest);
            parts.push(self.traced(Type::Bool, depth));
            self.subqueries = around;
        }
        if self.may_nest && self.random.percent(14) {
            parts.extend(self.test_by_subquery());
        }
        if self.may_nest && self.random.percent(4) {
            self.subqueries = true;
            parts.push(format!("{} <= {}", self.leaf(Type::Int), self.scalar_subquery()));
            self.subqueries = false;
        }
        parts
    }

    pub(super) fn optional_where(&mut self, depth: usize) -> String {
        let parts = self.conditions(depth);
        if parts.is_empty() { String::new() } else { format!(" WHERE {}", parts.join(" AND ")) }
    }

    /// A relation of the world; the one with most columns comes most.
    pub(super) fn relation(&mut self) -> Option<&'static RelationSpec> {
        let names = ["harvests", "harvests", "harvests", "baskets", "weighings", "plots", "varieties"];
        relation_of(self.random.text(&names))
    }
}

/// The relation of that name.
pub(super) fn relation_of(name: &str) -> Option<&'static RelationSpec> {
    crate::kit::world::relations().iter().find(|relation| relation.name == name)
}

/// Columns of NULLs make statements that touch nothing; they are named where any column may be.
fn is_opaque(column: &ColumnSpec) -> bool {
    column.mask == Some(splitplane_split_plane::ColumnMask::Null)
}
