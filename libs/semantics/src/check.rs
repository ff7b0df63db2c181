//! Checks of a semantic model and of a policy: every mistake, and for files that load what is doubtful.
//!
//! Decides which file is read by whom. Mistakes are the readers' to find; the lints beneath see only models and
//! policies that load, and read no data.

mod columns;
mod join_keys;
mod model;
mod names;
mod place;
mod rows;
mod same_column;
mod through;

use crate::log::Log;
use crate::ossie::model_of;
use crate::policy_file::policy_of;
use crate::report::{Finding, Report, Severity, Sink};
use crate::yaml::{Node, Source};
use crate::{Dataset, FieldExpression, Policy, SemanticModel};
use splitplane_types::{Digest, Role};

/// Checks a semantic model's text: every mistake, or if there is none what is doubtful.
#[must_use]
pub fn check_model(file_name: &str, text: &str) -> Report {
    let sink = Sink::default();
    let log = Log { source: Source { file: file_name }, sink: &sink };
    if let Some(root) = log.keep(log.source.tree(text)) {
        let model = log.keep(model_of(log, &root, Digest::of(text.as_bytes())));
        if let (Some(model), true) = (model, sink.is_empty()) {
            let desk = ModelDesk { notes: Notes { log, root: &root }, model: &model };
            model::lint(desk);
            names::lint(desk);
        }
    }
    sink.report()
}

/// Checks a policy's text against a semantic model: every mistake, or if there is none what is doubtful. With
/// the registry's roles at hand, a role that is not among them is a mistake.
#[must_use]
pub fn check_policy(
    file_name: &str,
    text: &str,
    model: &SemanticModel,
    known_roles: Option<&[Role]>,
) -> Report {
    let sink = Sink::default();
    let log = Log { source: Source { file: file_name }, sink: &sink };
    if let Some(root) = log.keep(log.source.tree(text)) {
        let policy = log.keep(policy_of(log, &root, model, Digest::of(text.as_bytes())));
        if let (Some(policy), true) = (policy, sink.is_empty()) {
            let desk = PolicyDesk { notes: Notes { log, root: &root }, model, policy: &policy };
            rows::lint(desk);
            through::lint(desk);
            columns::lint(desk, known_roles);
            join_keys::lint(desk);
        }
    }
    sink.report()
}

/// The file that is checked, and where doubts about it go.
#[derive(Debug, Clone, Copy)]
struct Notes<'a> {
    log: Log<'a>,
    root: &'a Node,
}

/// A semantic model that loads, and its file.
#[derive(Debug, Clone, Copy)]
struct ModelDesk<'a> {
    notes: Notes<'a>,
    model: &'a SemanticModel,
}

/// A policy that loads, its file and its model.
#[derive(Debug, Clone, Copy)]
struct PolicyDesk<'a> {
    notes: Notes<'a>,
    model: &'a SemanticModel,
    policy: &'a Policy,
}

impl Notes<'_> {
    /// Something that the file's owner may not have meant.
    fn warn(self, code: &'static str, path: &[&str], what: String, remedy: String) {
        self.note(Severity::Warning, code, path, (what, remedy));
    }

    /// Something that cannot be meant.
    fn refuse(self, code: &'static str, path: &[&str], what: String, remedy: String) {
        self.note(Severity::Error, code, path, (what, remedy));
    }

    fn note(self, severity: Severity, code: &'static str, path: &[&str], (what, remedy): (String, String)) {
        let (file, line) = (self.log.source.file.to_owned(), place::line_at(self.root, path));
        self.log.sink.push(Finding { severity, code, file, line, what, remedy });
    }
}

/// Names in backticks, with commas between them.
fn ticked<'n>(names: impl IntoIterator<Item = &'n str>) -> String {
    names.into_iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// The field that a column of a dataset's file is; the column itself where none is.
fn field_of<'n>(dataset: &'n Dataset, column: &'n str) -> &'n str {
    let is_column =
        |expression: &FieldExpression| matches!(expression, FieldExpression::Column(name) if name == column);
    let field = dataset.fields.iter().find(|field| is_column(&field.expression));
    field.map_or(column, |field| field.name.as_str())
}

/// Whether no two rows of a dataset hold the same in these fields, as far as the model says.
fn holds_a_key(dataset: &Dataset, fields: &[&str]) -> bool {
    let keys = dataset.unique_keys.iter().chain([&dataset.primary_key]);
    keys.filter(|key| !key.is_empty()).any(|key| key.iter().all(|column| fields.contains(&column.as_str())))
}

#[cfg(test)]
mod tests;
