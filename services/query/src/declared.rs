//! Columns that the model and the policy name, by source: all that is known of the columns of JSON lines, which have
//! no header. Decides nothing of the files that do say what they hold.

use splitplane_semantics::{Dataset, FieldExpression, Policy, RowPolicy, ScopeRule, SemanticModel};
use std::collections::BTreeMap;

/// Columns of each source: of fields, of scopes and of grants. A name in an expression that differs from another in
/// case alone is that other one, as it is in files with a header.
#[must_use]
pub fn declared_columns(model: &SemanticModel, policy: Option<&Policy>) -> BTreeMap<String, Vec<String>> {
    let mut declared: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut add = |dataset: &Dataset, column: &str, in_any_case: bool| {
        let known = declared.entry(dataset.source.clone()).or_default();
        let is_known = |other: &String| other == column || in_any_case && other.eq_ignore_ascii_case(column);
        if !known.iter().any(is_known) {
            known.push(column.to_owned());
        }
    };
    for dataset in &model.datasets {
        for field in &dataset.fields {
            if let FieldExpression::Column(column) = &field.expression {
                add(dataset, column, false);
            }
        }
    }
    for (name, column) in policy.map(scope_columns).unwrap_or_default() {
        if let Some(dataset) = model.dataset(name) {
            add(dataset, column, false);
        }
    }
    for dataset in &model.datasets {
        for field in &dataset.fields {
            for column in field.expression.columns() {
                add(dataset, &column, true);
            }
        }
    }
    declared
}

/// Datasets and columns of the policy's grants and scopes.
fn scope_columns(policy: &Policy) -> Vec<(&str, &str)> {
    let grants = &policy.grants;
    let mut columns: Vec<(&str, &str)> = [&grants.tenant, &grants.business, &grants.admin]
        .into_iter()
        .chain(grants.yields.values())
        .map(|column| (grants.dataset.as_str(), column.as_str()))
        .collect();
    for (name, dataset) in &policy.datasets {
        let RowPolicy::Scoped(rules) = &dataset.rows else { continue };
        for rule in rules {
            match rule {
                ScopeRule::Columns(bindings) => {
                    columns.extend(bindings.iter().map(|(_, column)| (name.as_str(), column.as_str())));
                }
                ScopeRule::Through { dataset, by } => {
                    for (mine, theirs) in by {
                        columns.push((name, mine));
                        columns.push((dataset, theirs));
                    }
                }
            }
        }
    }
    columns
}

#[cfg(test)]
mod tests {
    use super::*;
    use splitplane_engine::Warehouse;
    use splitplane_lab::fixtures::{Size, World};
    use splitplane_semantics::parse_model;
    use std::fmt::Write as _;
    use std::ops::ControlFlow;

    #[test]
    fn a_world_in_json_lines_has_every_column_that_its_model_and_policy_need() {
        let world = World::of_seed(5, Size { admins: 6, rows: 40 });
        let (model, [policy, _]) = world.load().unwrap();
        let folder = tempfile::tempdir().unwrap();
        for dataset in &model.datasets {
            let table = world.tables.table(&dataset.source).unwrap();
            let mut lines = String::new();
            for row in &table.rows {
                let members =
                    table.columns.iter().zip(row).map(|(name, value)| (name.clone(), value.clone().into()));
                writeln!(lines, "{}", serde_json::Value::Object(members.collect())).unwrap();
            }
            std::fs::write(folder.path().join(format!("{}.jsonl", dataset.source)), lines).unwrap();
        }
        let bare = Warehouse::open(folder.path()).unwrap();
        assert!(!crate::misfits(&model, &policy, &bare).is_empty(), "nobody has said what there is");
        let declared = declared_columns(&model, Some(&policy));
        let warehouse = bare.declaring(declared.clone());
        let misfits = crate::misfits(&model, &policy, &warehouse);
        assert!(misfits.is_empty(), "{misfits:?}");
        for (source, columns) in &declared {
            let table = world.tables.table(source).unwrap();
            for column in columns {
                let at = table.position(column).unwrap();
                let mut found = Vec::new();
                let one = std::slice::from_ref(column);
                let mut visit = |mut columns: Vec<splitplane_engine::SurveyColumn>, _rows: usize| {
                    let column = columns.remove(0);
                    let value = |code: u32| column.values[usize::try_from(code).unwrap()].clone();
                    found.extend(column.codes.iter().map(|code| code.map(value)));
                    ControlFlow::Continue(())
                };
                warehouse.survey(source, one, &mut visit).unwrap();
                let expected: Vec<Option<String>> = table.rows.iter().map(|row| row[at].clone()).collect();
                assert_eq!(found, expected, "{source}.{column}");
            }
        }
    }

    #[test]
    fn columns_of_expressions_are_declared_once_whatever_their_case() {
        let model = r#"
version: "0.2.0.dev0"
semantic_model:
  - name: m
    datasets:
      - name: sales
        source: a.b.tills
        fields:
          - name: price
            expression: { dialects: [{ dialect: ANSI_SQL, expression: Price }] }
            datatype: Decimal
          - name: total
            expression: { dialects: [{ dialect: ANSI_SQL, expression: "price * pieces" }] }
            datatype: Decimal
"#;
        let declared = declared_columns(&parse_model("m.yaml", model).unwrap(), None);
        assert_eq!(declared["tills"], ["Price", "pieces"]);
    }
}
