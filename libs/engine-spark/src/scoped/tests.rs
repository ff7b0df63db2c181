//! What a relation's plan is made of, from the outside in.

use super::*;
use crate::connect::wire::Relation;
use crate::connect::wire::read::ReadType;
use crate::connect::wire::relation::RelType;
use crate::layout::{Format, Source};
use splitplane_split_plane::ScopeValue;
use splitplane_types::DataType;

fn keys(columns: &[&str], tuple: &[&str]) -> Condition {
    Condition::Keys {
        columns: columns.iter().map(|column| (*column).to_owned()).collect(),
        tuples: vec![tuple.iter().map(|value| ScopeValue::Text((*value).to_owned())).collect()],
    }
}

fn through_desks() -> Condition {
    let rows = Box::new(RowScope::All(vec![keys(&["town"], &["t1"])]));
    Condition::Exists { source: "desks".to_owned(), rows, by: vec![("desk".to_owned(), "id".to_owned())] }
}

fn loans(conditions: Vec<Condition>) -> ScopedRelation {
    let size = ScopedColumn {
        name: "size".to_owned(),
        expression: ColumnExpression::Physical("size".to_owned()),
        data_type: Some(DataType::Integer),
        unit: None,
        mask: None,
    };
    ScopedRelation {
        name: "loans".to_owned(),
        source: "loans".to_owned(),
        columns: vec![size],
        rows: RowScope::All(conditions),
    }
}

fn source(name: &str, partitions: &[&str]) -> (String, Source) {
    let source = Source {
        path: format!("/wh/{name}"),
        table: String::new(),
        format: Format::Parquet,
        partitions: partitions.iter().map(|column| (*column).to_owned()).collect(),
        schema: String::new(),
    };
    (name.to_owned(), source)
}

/// The plan of loans in a scope, where their folders are named after these columns.
fn planned(conditions: Vec<Condition>, partitions: &[&str]) -> Scoped<Relation> {
    planned_over(conditions, [source("loans", partitions), source("desks", &["town"])])
}

fn planned_over(conditions: Vec<Condition>, sources: [(String, Source); 2]) -> Scoped<Relation> {
    let sources = Sources::from(sources);
    let relation = loans(conditions);
    let columns = ["town", "desk", "id"].map(|name| (name.to_owned(), Arrow::Utf8));
    let columns = columns.into_iter().chain([("size".to_owned(), Arrow::Int64)]).collect::<Vec<_>>();
    let asked = places(&sources, &relation).unwrap();
    let known: Known = asked.into_iter().map(|place| (place, Some(columns.clone()))).collect();
    let used = BTreeSet::from(["size".to_owned()]);
    Planner { sources: &sources, known: &known, barrier_rows: 77, algebra: Plans }
        .relation(&relation, &used)
        .unwrap()
}

/// The kinds of relations, from the outside in, and the paths that are read.
fn shape(relation: &Relation) -> Vec<String> {
    let inside = |kind: &str, input: &Option<Box<Relation>>| {
        [vec![kind.to_owned()], input.as_deref().map(shape).unwrap_or_default()].concat()
    };
    match relation.rel_type.as_ref().unwrap() {
        RelType::Project(project) => inside("project", &project.input),
        RelType::Filter(filter) => inside("filter", &filter.input),
        RelType::Limit(limit) => inside(&format!("limit {}", limit.limit), &limit.input),
        RelType::Join(join) => {
            let right = join.right.as_deref().map(shape).unwrap_or_default();
            [inside("semi join", &join.left), vec!["with".to_owned()], right].concat()
        }
        RelType::SetOp(union) => {
            let right = union.right_input.as_deref().map(shape).unwrap_or_default();
            [inside("union", &union.left_input), vec!["and".to_owned()], right].concat()
        }
        RelType::Read(read) => match read.read_type.as_ref().unwrap() {
            ReadType::DataSource(files) => vec![format!("files {}", files.paths.join(","))],
            ReadType::NamedTable(table) => vec![format!("table {}", table.unparsed_identifier)],
        },
        RelType::LocalRelation(_) => vec!["nothing".to_owned()],
        RelType::Sql(_) | RelType::Aggregate(_) | RelType::SubqueryAlias(_) => panic!("{relation:?}"),
    }
}

#[test]
fn the_tenants_own_folder_is_read_without_a_condition_and_without_a_barrier() {
    let own = planned(vec![keys(&["town"], &["t1"])], &["town"]);
    assert_eq!(shape(&own.plan), ["project", "project", "files /wh/loans/town=t1"]);
    assert!(own.is_whole && own.checks.is_empty());
}

#[test]
fn what_a_condition_decides_is_barred_before_anything_of_a_statement_stands_above_it() {
    let shared = planned(vec![keys(&["town"], &["t1"])], &[]);
    assert_eq!(shape(&shared.plan), ["project", "limit 77", "filter", "files /wh/loans"]);
    assert!(!shared.is_whole);
    let [check] = shared.checks.as_slice() else { panic!("{:?}", shared.checks) };
    assert!(check.is_barred);
    let inner = planned(vec![keys(&["town", "desk"], &["t1", "d1"])], &["town"]);
    assert_eq!(shape(&inner.plan), ["project", "limit 77", "filter", "project", "files /wh/loans/town=t1"]);
}

#[test]
fn a_relationship_is_a_semi_join_with_rows_of_the_others_own_scope_and_is_barred() {
    let through = planned(vec![through_desks()], &[]);
    let expected = [
        "project",
        "limit 77",
        "semi join",
        "files /wh/loans",
        "with",
        "project",
        "project",
        "files /wh/desks/town=t1",
    ];
    assert_eq!(shape(&through.plan), expected);
    assert!(!through.is_whole && through.checks.len() == 1);
}

#[test]
fn rows_that_a_scope_leads_through_are_counted_at_their_barrier() {
    let through = planned_over(vec![through_desks()], [source("loans", &[]), source("desks", &[])]);
    let [own, desks] = through.checks.as_slice() else { panic!("{:?}", through.checks) };
    assert_eq!(shape(&own.rows)[..3], ["limit 77", "semi join", "files /wh/loans"]);
    assert_eq!(shape(&desks.rows), ["limit 77", "filter", "files /wh/desks"]);
    assert!(own.is_barred && desks.is_barred && desks.loss().is_none());
}

#[test]
fn a_scope_that_no_row_can_meet_reads_nothing() {
    let nobody = Condition::Keys { columns: vec!["town".to_owned()], tuples: Vec::new() };
    for partitions in [&["town"][..], &[]] {
        let nothing = planned(vec![nobody.clone()], partitions);
        assert_eq!(shape(&nothing.plan), ["nothing"]);
        assert!(nothing.checks.is_empty());
    }
}
