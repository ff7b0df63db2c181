//! One SELECT: its clauses, its list, the names of its output.

use super::order::Ordered;
use super::place::Node;
use super::scope::{Aliases, Frame, Named};
use super::{Checked, Cost, Facts, OutColumn, Output, Walk, build, instead, not_allowed};
use crate::bounds::COLUMNS_MAX;
use crate::error::GuardError;
use sqlparser::ast::helpers::attached_token::AttachedToken;
use sqlparser::ast::{
    Distinct, Expr, GroupByExpr, OrderByExpr, Select, SelectFlavor, SelectItem,
    SelectItemQualifiedWildcardKind, TableWithJoins,
};
use std::rc::Rc;

/// Bytes of a name made for a column without one.
const LABEL_BYTES_MAX: usize = 48;

/// The SELECT list of the new tree, item by item.
#[derive(Debug, Default)]
pub(super) struct List {
    /// What stands in the list; the frame holds the same while its names can be used.
    items: Vec<Rc<Checked>>,
    /// Whether each has its name from AS.
    named: Vec<bool>,
    pub(super) columns: Vec<OutColumn>,
    aggregate: bool,
    window: bool,
}

impl Walk<'_> {
    pub(super) fn select(
        &mut self,
        select: &Select,
        wanted: Ordered<'_>,
    ) -> Result<(Box<Select>, Vec<OrderByExpr>, Output), GuardError> {
        self.spend(1)?;
        self.frames.push(Frame::new());
        let walked = self.deeper(|walk| walk.select_within(select, wanted));
        let _ = self.frames.pop();
        walked.map_err(|error| Node::Select(select).place(error))
    }

    fn select_within(
        &mut self,
        select: &Select,
        wanted: Ordered<'_>,
    ) -> Result<(Box<Select>, Vec<OrderByExpr>, Output), GuardError> {
        let Select {
            select_token: _,
            optimizer_hints,
            distinct,
            select_modifiers: None,
            top: None,
            top_before_distinct: false,
            projection,
            exclude: None,
            into: None,
            from,
            lateral_views,
            prewhere: None,
            selection,
            connect_by,
            group_by,
            cluster_by,
            distribute_by,
            sort_by,
            having,
            named_window,
            qualify,
            window_before_qualify: _,
            value_table_mode: None,
            flavor: SelectFlavor::Standard,
        } = select
        else {
            return Err(not_allowed("INTO, TOP, EXCLUDE, PREWHERE or a modifier of SELECT"));
        };
        let odd =
            [cluster_by.len(), distribute_by.len(), sort_by.len(), lateral_views.len(), connect_by.len()];
        if odd.iter().any(|count| *count > 0) || !optimizer_hints.is_empty() {
            return Err(not_allowed(
                "a hint, LATERAL VIEW, CONNECT BY, CLUSTER BY, DISTRIBUTE BY or SORT BY",
            ));
        }
        self.name_windows(named_window)?;
        let distinct = is_distinct(distinct.as_ref())?;
        let (from, commas) = self.from(from)?;
        let selection = self.condition(selection.as_ref(), Aliases::Hidden, "WHERE")?;
        self.check_commas(&commas, selection.as_ref().map(|checked| &checked.expr))?;
        let group_by = self.group_by(group_by, projection)?;
        let list = self.list(projection)?;
        let having = self.condition(having.as_ref(), Aliases::Unambiguous, "HAVING")?;
        let qualify = self.condition(qualify.as_ref(), Aliases::Unambiguous, "QUALIFY")?;
        let grouped = !is_ungrouped(&group_by);
        let aggregate = list.aggregate || having.as_ref().is_some_and(|having| having.facts.aggregate);
        let window = list.window || qualify.as_ref().is_some_and(|qualify| qualify.facts.window);
        if aggregate && window && !grouped {
            return Err(instead(
                "a window function over a total without GROUP BY",
                "aggregate in a subquery, or write the aggregate with OVER ()",
            ));
        }
        let touches = self.frames.last().is_some_and(Frame::touches);
        let List { items, named, columns, .. } = list;
        let output = Output { columns, touches, single_row: aggregate && !grouped && qualify.is_none() };
        let order = self.order_of_select(wanted, &output, &items, distinct)?;
        // Last, since any clause may have used the outer row.
        self.check_correlation(selection.as_ref().map(|checked| &checked.expr))?;
        let clauses = Clauses { distinct, selection, group_by, having, qualify };
        let projection = self.projection(items, named, &output.columns);
        Ok((assemble(projection, from, clauses), order, output))
    }

    /// The list, once its names mean nothing any more, so that each expression moves instead of being copied.
    fn projection(
        &mut self,
        items: Vec<Rc<Checked>>,
        named: Vec<bool>,
        columns: &[OutColumn],
    ) -> Vec<SelectItem> {
        if let Some(frame) = self.frames.last_mut() {
            frame.outputs.clear();
        }
        let named = named.into_iter().zip(columns);
        let item = |(checked, (named, column)): (Rc<Checked>, (bool, &OutColumn))| {
            let expr = Rc::unwrap_or_clone(checked).expr;
            if named {
                SelectItem::ExprWithAlias { expr, alias: build::ident(&column.name) }
            } else {
                SelectItem::UnnamedExpr(expr)
            }
        };
        items.into_iter().zip(named).map(item).collect()
    }

    /// A condition of a clause, with what may not stand in it.
    fn condition(
        &mut self,
        condition: Option<&Expr>,
        aliases: Aliases,
        clause: &str,
    ) -> Result<Option<Checked>, GuardError> {
        let Some(condition) = condition else { return Ok(None) };
        self.see_aliases(aliases);
        let walked = self.expr(condition);
        self.see_aliases(Aliases::Hidden);
        let walked = walked?;
        let before_groups = clause == "WHERE" && walked.facts.aggregate;
        if before_groups || (clause != "QUALIFY" && walked.facts.window) {
            return Err(not_allowed(&format!("an aggregate or window function in this place of {clause}")));
        }
        Ok(Some(walked))
    }

    fn list(&mut self, projection: &[SelectItem]) -> Result<List, GuardError> {
        let mut list = List::default();
        for item in projection {
            match item {
                SelectItem::UnnamedExpr(expr) => {
                    let (checked, _) = self.item(expr)?;
                    list.push_unnamed(checked)?;
                }
                SelectItem::ExprWithAlias { expr, alias } => {
                    let (checked, cost) = self.item(expr)?;
                    let name = self.own_name(alias)?;
                    // Items after this one may use its name.
                    let checked = Rc::new(checked);
                    if let Some(frame) = self.frames.last_mut() {
                        let named = Named { name: name.clone(), checked: Rc::clone(&checked), cost };
                        frame.outputs.push(named);
                    }
                    list.push(name, checked, true)?;
                }
                SelectItem::Wildcard(options) => self.push_star(&mut list, None, options)?,
                SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(name), options) => {
                    let relation = self.one_part(name)?.clone();
                    self.push_star(&mut list, Some(&relation), options)?;
                }
                SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::Expr(_), _)
                | SelectItem::ExprWithAliases { expr: _, aliases: _ } => {
                    return Err(not_allowed("a struct or a list of aliases in SELECT"));
                }
            }
            if list.items.len() > COLUMNS_MAX {
                return Err(GuardError::too_complex(format!("more than {COLUMNS_MAX} columns")));
            }
        }
        Ok(list)
    }

    /// An item of the list, which sees the names of those before it.
    fn item(&mut self, expr: &Expr) -> Result<(Checked, Cost), GuardError> {
        self.see_aliases(Aliases::Before);
        let walked = self.measured(expr);
        self.see_aliases(Aliases::Hidden);
        walked
    }
}

impl List {
    pub(super) fn push_unnamed(&mut self, checked: Checked) -> Result<(), GuardError> {
        if let Expr::CompoundIdentifier(parts) = &checked.expr
            && let Some(column) = parts.last()
        {
            let name = column.value.clone();
            return self.push(name, Rc::new(checked), false);
        }
        let name = self.label(&checked.expr);
        self.push_named(name, checked)
    }

    pub(super) fn push_named(&mut self, name: String, checked: Checked) -> Result<(), GuardError> {
        self.push(name, Rc::new(checked), true)
    }

    fn push(&mut self, name: String, checked: Rc<Checked>, named: bool) -> Result<(), GuardError> {
        if self.has(&name) {
            return Err(same_name(&name));
        }
        let Facts { origin, width, arithmetic: _, aggregate, window } = checked.facts;
        self.aggregate |= aggregate;
        self.window |= window;
        self.columns.push(OutColumn { name, origin, width });
        self.items.push(checked);
        self.named.push(named);
        Ok(())
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.columns.iter().any(|column| column.name.eq_ignore_ascii_case(name))
    }

    /// A name for a column without one: every engine would make up another.
    pub(super) fn label(&self, expr: &Expr) -> String {
        let mut words = String::new();
        for letter in expr.to_string().chars() {
            match letter {
                'A'..='Z' | 'a'..='z' | '0'..='9' => words.push(letter.to_ascii_lowercase()),
                // Quotes join what they quote to the word; everything else parts words.
                '`' => {}
                _ if words.ends_with('_') || words.is_empty() => {}
                _ => words.push('_'),
            }
            if words.len() >= LABEL_BYTES_MAX {
                break;
            }
        }
        let words = words.trim_end_matches('_');
        let base = if words.starts_with(|first: char| first.is_ascii_alphabetic()) {
            words.to_owned()
        } else {
            format!("column_{}", self.columns.len() + 1)
        };
        let numbered = (2..=COLUMNS_MAX + 2).map(|number| format!("{base}_{number}"));
        std::iter::once(base.clone()).chain(numbered).find(|name| !self.has(name)).unwrap_or(base)
    }
}

struct Clauses {
    distinct: bool,
    selection: Option<Checked>,
    group_by: GroupByExpr,
    having: Option<Checked>,
    qualify: Option<Checked>,
}

/// The SELECT without the clauses that a draft may not have.
fn assemble(projection: Vec<SelectItem>, from: Vec<TableWithJoins>, clauses: Clauses) -> Box<Select> {
    Box::new(Select {
        select_token: AttachedToken::empty(),
        optimizer_hints: vec![],
        distinct: clauses.distinct.then_some(Distinct::Distinct),
        select_modifiers: None,
        top: None,
        top_before_distinct: false,
        projection,
        exclude: None,
        into: None,
        from,
        lateral_views: vec![],
        prewhere: None,
        selection: clauses.selection.map(|checked| checked.expr),
        connect_by: vec![],
        group_by: clauses.group_by,
        cluster_by: vec![],
        distribute_by: vec![],
        sort_by: vec![],
        having: clauses.having.map(|checked| checked.expr),
        named_window: vec![],
        qualify: clauses.qualify.map(|checked| checked.expr),
        window_before_qualify: false,
        value_table_mode: None,
        flavor: SelectFlavor::Standard,
    })
}

fn is_distinct(distinct: Option<&Distinct>) -> Result<bool, GuardError> {
    match distinct {
        None | Some(Distinct::All) => Ok(false),
        Some(Distinct::Distinct) => Ok(true),
        Some(Distinct::On(_)) => Err(not_allowed("DISTINCT ON")),
    }
}

fn is_ungrouped(group_by: &GroupByExpr) -> bool {
    match group_by {
        GroupByExpr::Expressions(expressions, _) => expressions.is_empty(),
        GroupByExpr::All(_) => false,
    }
}

pub(super) fn same_name(name: &str) -> GuardError {
    GuardError::not_allowed(
        format!("two output columns are called `{name}`"),
        "give each output column a name of its own",
    )
}
