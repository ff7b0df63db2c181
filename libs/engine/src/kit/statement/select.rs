//! Whole statements: the shapes in which a function can stand.

use super::expr::{Sight, Type, Writer, relation_of};
use super::from::FromClause;
use super::templates::{self, Gives};
use splitplane_split_plane::{AllowedFunction, FunctionKind};

const OVER_ROWS: &str = " ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING";

impl Writer<'_> {
    /// A statement in which the function stands somewhere.
    pub(super) fn statement(&mut self, function: &AllowedFunction) -> String {
        match function.kind {
            FunctionKind::Aggregate if self.random.percent(15) => self.windowed_aggregate(function),
            FunctionKind::Aggregate => self.grouped(Some(function)),
            FunctionKind::Window => self.windowed(function),
            FunctionKind::Scalar => self.with_scalar(function),
        }
    }

    fn with_scalar(&mut self, function: &AllowedFunction) -> String {
        let from = self.from();
        let same = self.random.one(&Type::COMPARED).copied().unwrap_or(Type::Int);
        let turn = self.random.below(64);
        let call = templates::call(function, turn);
        let is_test = call.gives == Gives::This(Type::Bool);
        let named = self.named;
        let mut text = self.filled(&call, same, 1);
        if self.named == named {
            // Nothing of the caller's in it: it comes where something of theirs does.
            text = format!("CASE WHEN {} IS NOT NULL THEN {text} END", self.leaf(same));
        }
        match self.random.below(10) {
            0..=2 => self.list(&from, &[format!("{text} AS x")]),
            3 | 4 => {
                let test = if is_test { text } else { format!("{text} IS NOT NULL") };
                self.counted(&from, &test)
            }
            5 => self.grouped_by(&from, &text),
            6 => {
                let test = self.traced(Type::Bool, 2);
                self.list(&from, &[format!("CASE WHEN {test} THEN {text} END AS x")])
            }
            7 => self.totals(&from, &[format!("max({text}) AS top"), format!("count({text}) AS n")]),
            8 => self.sorted(&from, &text),
            _ => self.counted_over(&from, &text),
        }
    }

    /// WHERE, with what commas need.
    fn condition(&mut self, from: &FromClause, depth: usize) -> String {
        let mut parts: Vec<String> = from.tie.iter().cloned().collect();
        parts.extend(self.conditions(depth));
        if parts.is_empty() { String::new() } else { format!(" WHERE {}", parts.join(" AND ")) }
    }

    /// A count of rows of which a part would fail: whether it does may depend on the rows beside them.
    pub(super) fn sieved(&mut self) -> String {
        let Some(relation) = relation_of("harvests") else { return self.star() };
        let alias = self.alias(relation.name);
        let tests = [
            "{a}.frost <> 0 AND 10 / {a}.frost > 1",
            "{a}.frost = 0 OR 10 / {a}.frost > 1",
            "NOT ({a}.frost = 0) AND 10 % {a}.frost = 0",
        ];
        let test = self.random.text(&tests).replace("{a}", &alias);
        self.sights = vec![Sight { alias: alias.clone(), relation }];
        let more: Vec<String> = self.conditions(1).into_iter().filter(|_| self.random.percent(30)).collect();
        let all = [vec![test], more].concat().join(" AND ");
        let shown = self.random.text(&["count(*) AS n", "sum({a}.id) AS s", "min({a}.crates) AS low"]);
        format!("SELECT {} FROM harvests {alias} WHERE {all}", shown.replace("{a}", &alias))
    }

    /// Counts and extremes of a whole relation: what statistics alone could answer.
    pub(super) fn extremes(&mut self) -> String {
        let from = self.bare();
        let mut items = Vec::new();
        for number in 0..=self.random.below(3) {
            let wanted = self.random.one(&[Type::Int, Type::Date, Type::Text]).copied().unwrap_or(Type::Int);
            let column = self.leaf(wanted);
            let call = self.random.text(&["count(*)", "min({c})", "max({c})", "count({c})"]);
            items.push(format!("{} AS e{number}", call.replace("{c}", &column)));
        }
        format!("SELECT {} FROM {}", items.join(", "), from.text)
    }

    /// Sums of doubles whose last digits tell the order of the rows.
    pub(super) fn summed(&mut self) -> String {
        let columns = [("harvests", "acid"), ("weighings", "scale")];
        let (name, column) = self.random.one(&columns).copied().unwrap_or(("harvests", "acid"));
        let Some(relation) = relation_of(name) else { return self.star() };
        let alias = self.alias(name);
        self.sights = vec![Sight { alias: alias.clone(), relation }];
        let value = format!("{alias}.{column}");
        let first = self.random.text(&["sum", "avg"]);
        let condition = if self.random.percent(30) { self.optional_where(1) } else { String::new() };
        if self.random.percent(30) {
            let key = self.leaf(Type::Text);
            return format!(
                "SELECT {key} AS k, {first}({value}) AS s FROM {name} {alias}{condition} GROUP BY {key}"
            );
        }
        format!("SELECT {first}({value}) AS s, sum({value} * 0.5) AS h FROM {name} {alias}{condition}")
    }

    fn list(&mut self, from: &FromClause, items: &[String]) -> String {
        let mut items = items.to_vec();
        for number in 0..self.random.below(3) {
            let wanted = self.random.one(&Type::COMPARED).copied().unwrap_or(Type::Int);
            items.push(format!("{} AS y{number}", self.traced(wanted, 2)));
        }
        let distinct = if self.random.percent(12) { "DISTINCT " } else { "" };
        let condition = self.condition(from, 2);
        let order = self.order_of_items(items.len());
        let limit = self.limit();
        format!(
            "{}SELECT {distinct}{} FROM {}{condition}{order}{limit}",
            from.with,
            items.join(", "),
            from.text
        )
    }

    fn order_of_items(&mut self, items: usize) -> String {
        let direction = self.random.text(&["", " DESC", " ASC", " NULLS LAST", " DESC NULLS FIRST"]);
        match self.random.below(5) {
            0 => format!(" ORDER BY {}{direction}", 1 + self.random.below(items)),
            1 => format!(" ORDER BY 1{direction}, {items}"),
            _ => String::new(),
        }
    }

    fn limit(&mut self) -> String {
        match self.random.below(6) {
            0 => format!(" LIMIT {}", 1 + self.random.below(30)),
            1 => format!(" LIMIT {} OFFSET {}", 1 + self.random.below(9), self.random.below(6)),
            _ => String::new(),
        }
    }

    fn counted(&mut self, from: &FromClause, test: &str) -> String {
        let tie = from.tie.as_ref().map_or_else(String::new, |tie| format!("{tie} AND "));
        let more = if self.random.percent(30) {
            format!(" AND {}", self.traced(Type::Bool, 1))
        } else {
            String::new()
        };
        format!("{}SELECT count(*) AS n FROM {} WHERE {tie}{test}{more}", from.with, from.text)
    }

    /// In the WHERE of a relation in FROM, below a total.
    fn counted_over(&mut self, from: &FromClause, text: &str) -> String {
        let condition = self.condition(from, 1);
        format!(
            "{}SELECT count(*) AS n, count(DISTINCT s.x) AS d, min(s.x) AS low FROM (SELECT {text} AS x FROM {}{condition}) s",
            from.with, from.text
        )
    }

    fn grouped_by(&mut self, from: &FromClause, key: &str) -> String {
        let condition = self.condition(from, 2);
        let total = self.traced(Type::Int, 1);
        let having = if self.random.percent(40) { " HAVING count(*) > 1" } else { "" };
        let by = self.random.text(&["1", "k", "ALL"]);
        let order = self.random.text(&["", " ORDER BY k", " ORDER BY n DESC"]);
        let text = &from.text;
        format!(
            "{}SELECT {key} AS k, count(*) AS n, sum({total}) AS s FROM {text}{condition} GROUP BY {by}{having}{order}",
            from.with
        )
    }

    fn totals(&mut self, from: &FromClause, items: &[String]) -> String {
        let condition = self.condition(from, 2);
        format!("{}SELECT {} FROM {}{condition}", from.with, items.join(", "), from.text)
    }

    fn sorted(&mut self, from: &FromClause, key: &str) -> String {
        let condition = self.condition(from, 1);
        let shown = self.traced(Type::Int, 0);
        let direction = self.random.text(&["", " DESC"]);
        format!(
            "{}SELECT {shown} AS y FROM {}{condition} ORDER BY {key}{direction}, y LIMIT {}",
            from.with,
            from.text,
            1 + self.random.below(20)
        )
    }

    fn aggregate(&mut self, function: &AllowedFunction) -> String {
        let turn = self.random.below(64);
        let same = self.random.one(&Type::COMPARED).copied().unwrap_or(Type::Int);
        let call = templates::call(function, turn);
        let named = self.named;
        let mut text = self.filled(&call, same, 1);
        if self.named == named && !text.contains('*') {
            text = format!("{}({})", function.name, self.leaf(same));
        }
        text
    }

    /// A SELECT with groups; without a function, one of `sum` and `count`.
    pub(super) fn grouped(&mut self, function: Option<&AllowedFunction>) -> String {
        let from = self.from();
        let mut aggregate = match function {
            Some(function) if function.name == "grouping" => String::new(),
            Some(function) => self.aggregate(function),
            None => format!("sum({})", self.traced(Type::Int, 1)),
        };
        let takes_distinct = aggregate.starts_with("count(") && !aggregate.contains('*');
        if takes_distinct && self.random.percent(30) {
            aggregate = aggregate.replacen('(', "(DISTINCT ", 1);
        } else if !aggregate.is_empty() && self.random.percent(20) {
            aggregate = format!("{aggregate} FILTER (WHERE {})", self.traced(Type::Bool, 1));
        }
        let condition = self.condition(&from, 2);
        if aggregate.is_empty() || self.random.percent(55) {
            return self.by_keys(&from, &aggregate, &condition);
        }
        let other = self.traced(Type::Int, 1);
        // Alone, so that a count or an extreme could be answered without reading a row.
        let items = if self.random.percent(50) {
            format!("{aggregate} AS x")
        } else {
            format!("{aggregate} AS x, min({other}) AS low, count(*) AS n")
        };
        format!("{}SELECT {items} FROM {}{condition}", from.with, from.text)
    }

    fn by_keys(&mut self, from: &FromClause, aggregate: &str, condition: &str) -> String {
        let mut keys = vec![self.traced(Type::Text, 0)];
        let wanted = self.random.one(&Type::COMPARED).copied().unwrap_or(Type::Int);
        let second = self.traced(wanted, 1);
        if !keys.contains(&second) && (aggregate.is_empty() || self.random.percent(40)) {
            keys.push(second);
        }
        let mut items: Vec<String> =
            keys.iter().enumerate().map(|(at, key)| format!("{key} AS k{at}")).collect();
        let by = if aggregate.is_empty() { self.random.below(3) } else { self.random.below(6) };
        let list = keys.join(", ");
        let group = match by {
            0 => format!("ROLLUP ({list})"),
            1 => format!("CUBE ({list})"),
            2 => format!("GROUPING SETS (({list}), ())"),
            _ => list,
        };
        if aggregate.is_empty() {
            items.extend(keys.first().map(|key| format!("grouping({key}) AS x")));
        } else {
            items.push(format!("{aggregate} AS x"));
        }
        items.push("count(*) AS n".to_owned());
        let having = match self.random.below(4) {
            0 => " HAVING count(*) > 1".to_owned(),
            1 => format!(" HAVING max({}) IS NOT NULL", self.traced(Type::Int, 1)),
            _ => String::new(),
        };
        let order = self.random.text(&["", " ORDER BY n DESC, 1", " ORDER BY x"]);
        let limit = self.limit();
        format!(
            "{}SELECT {} FROM {}{condition} GROUP BY {group}{having}{order}{limit}",
            from.with,
            items.join(", "),
            from.text
        )
    }

    fn over(&mut self, frame: &str) -> String {
        let partition = if self.random.percent(50) {
            format!("PARTITION BY {} ", self.traced(Type::Text, 0))
        } else {
            String::new()
        };
        let wanted = self.random.one(&Type::COMPARED).copied().unwrap_or(Type::Int);
        let direction = self.random.text(&["", " DESC", " NULLS LAST"]);
        format!(" OVER ({partition}ORDER BY {}{direction}{frame})", self.traced(wanted, 1))
    }

    fn windowed(&mut self, function: &AllowedFunction) -> String {
        let from = self.from();
        let same = self.random.one(&Type::COMPARED).copied().unwrap_or(Type::Int);
        let turn = self.random.below(64);
        let call = self.filled(&templates::call(function, turn), same, 1);
        let frame = if function.name.ends_with("_value") { OVER_ROWS } else { "" };
        let over = self.over(frame);
        self.over_rows(&from, &format!("{call}{over}"))
    }

    fn windowed_aggregate(&mut self, function: &AllowedFunction) -> String {
        if function.name == "grouping" {
            return self.grouped(Some(function));
        }
        let from = self.from();
        let call = self.aggregate(function);
        let frames = [
            "",
            OVER_ROWS,
            " ROWS BETWEEN 2 PRECEDING AND CURRENT ROW",
            " ROWS BETWEEN CURRENT ROW AND 1 FOLLOWING",
            " RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW",
        ];
        // Others cannot take a row out of a frame that slides.
        let slides = ["sum", "avg", "mean", "count", "min", "max"].contains(&function.name);
        let frame = if slides { self.random.text(&frames) } else { self.random.text(&["", OVER_ROWS]) };
        let over = self.over(frame);
        self.over_rows(&from, &format!("{call}{over}"))
    }

    fn over_rows(&mut self, from: &FromClause, window: &str) -> String {
        let condition = self.condition(from, 1);
        let key = self.traced(Type::Int, 0);
        if self.random.percent(25) {
            return format!(
                "{}SELECT {key} AS y, {window} AS x FROM {}{condition} QUALIFY {window} IS NOT NULL ORDER BY 1, 2 LIMIT 20",
                from.with, from.text
            );
        }
        let limit = self.limit();
        format!(
            "{}SELECT {key} AS y, {window} AS x FROM {}{condition} ORDER BY x DESC{limit}",
            from.with, from.text
        )
    }

    /// Set operations of two SELECTs of the same types.
    pub(super) fn united(&mut self) -> String {
        let types = [
            self.random.one(&Type::COMPARED).copied().unwrap_or(Type::Int),
            self.random.one(&Type::COMPARED).copied().unwrap_or(Type::Text),
        ];
        let mut parts = Vec::new();
        for _ in 0..2 + self.random.below(2) {
            let from = self.bare();
            let items: Vec<String> = types
                .iter()
                .enumerate()
                .map(|(at, wanted)| format!("{} AS u{at}", self.traced(*wanted, 1)))
                .collect();
            let condition = self.condition(&from, 2);
            parts.push(format!("SELECT {} FROM {}{condition}", items.join(", "), from.text));
        }
        let operator = self.random.text(&["UNION ALL", "UNION ALL", "UNION", "EXCEPT", "INTERSECT", "MINUS"]);
        let united = parts.join(&format!(" {operator} "));
        match self.random.below(3) {
            0 => format!("{united} ORDER BY 1 LIMIT {}", 1 + self.random.below(20)),
            1 => {
                format!("SELECT count(*) AS n, max(u.u0) AS top, count(DISTINCT u.u1) AS d FROM ({united}) u")
            }
            _ => united,
        }
    }

    /// Every column, as they come.
    pub(super) fn star(&mut self) -> String {
        let from = self.single();
        let alias = self.sights.first().map_or_else(String::new, |sight| sight.alias.clone());
        let star = if self.random.percent(50) { "*".to_owned() } else { format!("{alias}.*") };
        let condition = self.condition(&from, 2);
        let order = self.random.text(&["", " ORDER BY 1 DESC"]);
        let limit = self.limit();
        format!("{}SELECT {star} FROM {}{condition}{order}{limit}", from.with, from.text)
    }
}
