//! The text of a draft: YAML in which every guess has its reason beside it.

use super::grants::{Bound, Guess};
use super::personal::Column;
use super::scopes::Scope;
use crate::expression::is_plain_identifier;

/// A name as YAML 1.2 reads it back.
pub(super) fn name(text: &str) -> String {
    let is_word = ["null", "true", "false"].contains(&text.to_lowercase().as_str());
    if is_plain_identifier(text) && !is_word { text.to_owned() } else { quoted(text) }
}

/// Every text of JSON is one of YAML 1.2.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Lines of YAML.
#[derive(Debug, Default)]
pub(super) struct Page {
    text: String,
}

impl Page {
    pub(super) fn line(&mut self, depth: usize, text: &str) {
        for _ in 0..depth {
            self.text.push_str("  ");
        }
        // A name with a line break in it must not end a comment.
        self.text.extend(text.chars().map(|c| if c.is_control() { ' ' } else { c }));
        self.text.push('\n');
    }

    pub(super) fn text(self) -> String {
        self.text
    }

    fn why(&mut self, depth: usize, reasons: &[String]) {
        for reason in reasons {
            self.line(depth, &format!("# guess: {reason}"));
        }
    }

    pub(super) fn grants(&mut self, grants: Option<&Guess<'_>>) {
        let Some(grants) = grants else {
            self.line(0, "# undecided: no dataset has fields like `tenant_id`, `business_id` and `admin_id`; name the one that says who");
            self.line(0, "# may see what, and its columns: `{ dataset: .., identity: { tenant: .., business: .., admin: .. }, yields: { .. } }`");
            self.line(0, "grants: {}");
            return;
        };
        self.line(0, "grants:");
        let likeness = if grants.is_exact { "" } else { "names like " };
        self.line(1, &format!("# guess: it has {likeness}`tenant_id`, `business_id` and `admin_id`"));
        self.line(1, &format!("dataset: {}", name(&grants.dataset.name)));
        self.line(1, &format!("identity: {{ {} }}", bindings(&grants.identity)));
        if !grants.yields.is_empty() {
            self.line(1, "# guess: other datasets have these ids too");
            self.line(1, &format!("yields: {{ {} }}", bindings(&grants.yields)));
        }
    }

    pub(super) fn scope(&mut self, scope: &Scope<'_>) {
        match scope {
            Scope::Direct { columns, why } => {
                self.why(2, why);
                self.line(2, &format!("scope: {{ {} }}", bindings(columns)));
            }
            Scope::Through { dataset, by, columns, why } => {
                self.why(2, why);
                let by: Vec<String> =
                    by.iter().map(|(mine, theirs)| format!("{}: {}", name(mine), name(theirs))).collect();
                let mut parts = Vec::new();
                if !columns.is_empty() {
                    parts.push(bindings(columns));
                }
                parts.push(format!("through: {}, by: {{ {} }}", name(dataset), by.join(", ")));
                self.line(2, &format!("scope: {{ {} }}", parts.join(", ")));
            }
            Scope::Undecided { why } => {
                self.line(2, &format!("# undecided: {why}"));
                self.line(2, "scope: []");
            }
        }
    }

    pub(super) fn columns(&mut self, columns: &[Column<'_>]) {
        if columns.is_empty() {
            return;
        }
        self.line(2, "columns:");
        for column in columns {
            self.line(3, &format!("{}: {} # guess: {}", name(column.field), column.treatment, column.why));
        }
    }
}

fn bindings(bound: &[Bound<'_>]) -> String {
    let pairs = bound.iter().map(|bound| format!("{}: {}", name(&bound.key), name(bound.field)));
    pairs.collect::<Vec<_>>().join(", ")
}
