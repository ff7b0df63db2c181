//! Templates in filters of metrics.
//!
//! Decides which are read: `Dimension('entity__name')`, `TimeDimension('entity__name', 'grain')` and `Entity('name')`,
//! in exactly these forms. Anything else keeps the filter, and with it the metric, out.

use crate::sql;
use sqlparser::ast::Expr;

/// What a template names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reference {
    Dimension { path: String },
    Time { path: String, grain: Option<String> },
    Entity { path: String },
}

/// A filter whose templates are marks, by number.
#[derive(Debug)]
pub(super) struct Template {
    pub(super) expression: Expr,
    pub(super) references: Vec<Reference>,
}

pub(super) fn read(text: &str) -> Result<Template, String> {
    if text.contains(['\0', '`']) {
        return Err("its filter holds a character that is not read".to_owned());
    }
    if text.contains("{%") || text.contains("{#") {
        return Err("its filter holds a statement of Jinja".to_owned());
    }
    let mut references = Vec::new();
    let mut sql = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        let Some((inside, after)) = after.split_once("}}") else {
            return Err("its filter opens a template that does not end".to_owned());
        };
        sql.push_str(before);
        sql.push_str(&sql::mark(references.len()).to_string());
        references.push(reference(inside.trim())?);
        rest = after;
    }
    sql.push_str(rest);
    let expression = sql::parse_marked(&sql)?;
    // Each stands where a column can stand, and nothing else does: a bare name is of no known table.
    let mut found = Vec::new();
    for name in sql::names(&expression) {
        let parts: Vec<_> = name.iter().map(sqlparser::ast::Ident::new).collect();
        match sql::marked(&parts) {
            Some(number) => found.push(number),
            None => return Err(format!("its filter names `{}` outside a template", name.join("."))),
        }
    }
    found.sort_unstable();
    if found != (0..references.len()).collect::<Vec<_>>() {
        return Err("its filter holds a template where no column can stand".to_owned());
    }
    Ok(Template { expression, references })
}

fn reference(text: &str) -> Result<Reference, String> {
    let refused = || format!("its filter holds `{{{{ {} }}}}`, which is not read", text);
    let (function, rest) = text.split_once('(').ok_or_else(refused)?;
    let arguments = rest.strip_suffix(')').ok_or_else(refused)?;
    let arguments: Vec<&str> = arguments.split(',').map(str::trim).collect();
    let arguments: Vec<&str> =
        arguments.into_iter().map(quoted).collect::<Option<_>>().ok_or_else(refused)?;
    match (function.trim(), arguments.as_slice()) {
        ("Dimension", [path]) => Ok(Reference::Dimension { path: (*path).to_owned() }),
        ("TimeDimension", [path]) => Ok(Reference::Time { path: (*path).to_owned(), grain: None }),
        ("TimeDimension", [path, grain]) => {
            Ok(Reference::Time { path: (*path).to_owned(), grain: Some((*grain).to_owned()) })
        }
        ("Entity", [path]) => Ok(Reference::Entity { path: (*path).to_owned() }),
        _ => Err(refused()),
    }
}

/// The name between quotes.
pub(super) fn quoted(text: &str) -> Option<&str> {
    let inside = ['\'', '"'].iter().find_map(|quote| text.strip_prefix(*quote)?.strip_suffix(*quote))?;
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ' ');
    (!inside.is_empty() && inside.chars().all(plain)).then_some(inside)
}

#[cfg(test)]
mod tests;
