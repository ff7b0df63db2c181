//! FROM: relations of the view, common table expressions, subqueries. Joins stand in [`super::join`].

use super::place::Node;
use super::scope::{Binding, view_output};
use super::{Walk, build, instead, not_allowed};
use crate::bounds::RELATIONS_MAX;
use crate::error::GuardError;
use sqlparser::ast::{
    Ident, ObjectName, Query, TableAlias, TableAliasColumnDef, TableFactor, TableWithJoins,
};

impl Walk<'_> {
    /// The FROM of the innermost frame. The second value names the bindings that a WHERE must tie together.
    pub(super) fn from(
        &mut self,
        from: &[TableWithJoins],
    ) -> Result<(Vec<TableWithJoins>, Vec<usize>), GuardError> {
        let mut built = Vec::with_capacity(from.len());
        let mut commas = Vec::new();
        for (index, table) in from.iter().enumerate() {
            if index > 0 {
                self.count_join()?;
                commas.push(self.bindings_len());
            }
            built.push(self.deeper(|walk| walk.table_with_joins(table))?);
        }
        Ok((built, commas))
    }

    fn table_with_joins(&mut self, table: &TableWithJoins) -> Result<TableWithJoins, GuardError> {
        let TableWithJoins { relation, joins } = table;
        let begin = self.bindings_len();
        let around = self.see_from(begin);
        let relation = self.factor(relation)?;
        let joins = joins.iter().map(|join| self.join(join, begin)).collect::<Result<_, _>>()?;
        let _ = self.see_from(around);
        Ok(TableWithJoins { relation, joins })
    }

    pub(super) fn factor(&mut self, factor: &TableFactor) -> Result<TableFactor, GuardError> {
        self.spend(1)?;
        self.factor_here(factor).map_err(|error| Node::Factor(factor).place(error))
    }

    fn factor_here(&mut self, factor: &TableFactor) -> Result<TableFactor, GuardError> {
        match factor {
            TableFactor::Table {
                name,
                alias,
                args: None,
                with_hints,
                version: None,
                with_ordinality: false,
                partitions,
                json_path: None,
                sample: None,
                index_hints,
            } if with_hints.is_empty() && partitions.is_empty() && index_hints.is_empty() => {
                self.named_relation(name, alias.as_ref())
            }
            TableFactor::Derived { lateral: false, subquery, alias, sample: None } => {
                self.deeper(|walk| walk.derived(subquery, alias.as_ref()))
            }
            TableFactor::NestedJoin { table_with_joins, alias: None } => {
                let inner = self.deeper(|walk| walk.table_with_joins(table_with_joins))?;
                Ok(TableFactor::NestedJoin { table_with_joins: Box::new(inner), alias: None })
            }
            // With whatever else these three can carry: arguments make a table function of a name.
            TableFactor::Table { args: Some(_), name, .. } => match self.one_part(name) {
                Ok(ident) => Err(self.outside("relation", ident)),
                Err(error) => Err(error),
            },
            TableFactor::Table { .. } => Err(not_allowed("a hint, version or sample of a relation")),
            TableFactor::Derived { .. } => Err(not_allowed("LATERAL or a sample of a subquery")),
            TableFactor::NestedJoin { .. } => Err(not_allowed("an alias of a join in brackets")),
            TableFactor::TableFunction { .. }
            | TableFactor::Function { .. }
            | TableFactor::UNNEST { .. }
            | TableFactor::JsonTable { .. }
            | TableFactor::OpenJsonTable { .. }
            | TableFactor::XmlTable { .. }
            | TableFactor::SemanticView { .. } => Err(not_allowed("a table function")),
            TableFactor::Pivot { .. } => Err(instead(
                "PIVOT",
                "write one aggregate for each column with FILTER: sum(x) FILTER (WHERE y = 'a') AS a",
            )),
            TableFactor::Unpivot { .. } => Err(instead(
                "UNPIVOT",
                "write one SELECT for each column and put them together with UNION ALL",
            )),
            TableFactor::MatchRecognize { .. } => {
                Err(instead("MATCH_RECOGNIZE", "compare rows with lag and lead OVER (ORDER BY ..)"))
            }
        }
    }

    fn named_relation(
        &mut self,
        name: &ObjectName,
        alias: Option<&TableAlias>,
    ) -> Result<TableFactor, GuardError> {
        let ident = self.one_part(name)?;
        // No name can be both: `own_relation_name` keeps CTEs away from the view's.
        let (name, output, relations, source) = match (self.cte(&ident.value), self.view.find(&ident.value)) {
            (Some(cte), _) => (cte.name.clone(), cte.output.clone(), cte.relations, None),
            (None, Some((at, relation))) => (relation.name.clone(), view_output(relation), 1, Some(at)),
            (None, None) => return Err(self.outside("relation", ident)),
        };
        self.reads.relations.extend(source);
        self.expand(relations)?;
        let (mut binding, alias) = match alias {
            None => (Binding::new(name.clone(), output), None),
            Some(alias) => {
                let (binding, alias) = self.aliased(alias, output)?;
                (binding, Some(alias))
            }
        };
        binding.source = source;
        self.bind(binding, ident)?;
        Ok(TableFactor::Table {
            name: build::object_name(&name),
            alias,
            args: None,
            with_hints: vec![],
            version: None,
            with_ordinality: false,
            partitions: vec![],
            json_path: None,
            sample: None,
            index_hints: vec![],
        })
    }

    fn derived(&mut self, subquery: &Query, alias: Option<&TableAlias>) -> Result<TableFactor, GuardError> {
        // A subquery in FROM sees nothing of the SELECTs around it.
        let around = std::mem::take(&mut self.frames);
        let walked = self.query(subquery, false);
        self.frames = around;
        let (query, output) = walked?;
        let (binding, alias) = match alias {
            Some(alias) => self.aliased(alias, output)?,
            None => {
                let name = self.fresh_relation_name();
                let alias = build::alias(&name, &[]);
                (Binding::new(name, output), alias)
            }
        };
        let place = Ident::new(binding.name.clone());
        self.bind(binding, &place)?;
        Ok(TableFactor::Derived { lateral: false, subquery: query, alias: Some(alias), sample: None })
    }

    /// A relation under an alias, its columns renamed where the alias says so.
    pub(super) fn aliased(
        &mut self,
        alias: &TableAlias,
        mut output: super::Output,
    ) -> Result<(Binding, TableAlias), GuardError> {
        let TableAlias { explicit: _, name, columns, at: None } = alias else {
            return Err(not_allowed("an alias with AT"));
        };
        let name = self.own_relation_name(name)?;
        if !columns.is_empty() && columns.len() != output.columns.len() {
            return Err(GuardError::not_allowed(
                "an alias that names another number of columns than there are",
                "name every column or none",
            ));
        }
        let mut names = Vec::new();
        for (definition, column) in columns.iter().zip(&mut output.columns) {
            let TableAliasColumnDef { name, data_type: None } = definition else {
                return Err(not_allowed("a type in an alias"));
            };
            let name = self.own_name(name)?;
            if names.iter().any(|other: &String| other.eq_ignore_ascii_case(&name)) {
                return Err(super::select::same_name(&name));
            }
            column.name.clone_from(&name);
            names.push(name);
        }
        let alias = build::alias(&name, &names);
        Ok((Binding::new(name, output), alias))
    }

    fn bind(&mut self, binding: Binding, place: &Ident) -> Result<(), GuardError> {
        let start = place.span.start;
        let Some(frame) = self.frames.last_mut() else { return Err(not_allowed("FROM outside of SELECT")) };
        if frame.bindings.iter().any(|other| other.name.eq_ignore_ascii_case(&binding.name)) {
            return Err(GuardError::not_allowed(
                format!("two relations are called `{}`", binding.name),
                "give each its own alias",
            )
            .at(start.line, start.column));
        }
        frame.bindings.push(binding);
        Ok(())
    }

    fn see_from(&mut self, first: usize) -> usize {
        self.frames.last_mut().map_or(0, |frame| std::mem::replace(&mut frame.first, first))
    }

    pub(super) fn bindings_len(&self) -> usize {
        self.frames.last().map_or(0, |frame| frame.bindings.len())
    }

    fn expand(&mut self, relations: usize) -> Result<(), GuardError> {
        self.expanded += relations;
        if self.expanded > RELATIONS_MAX {
            return Err(GuardError::too_complex(format!("more than {RELATIONS_MAX} relations, all told")));
        }
        Ok(())
    }
}
