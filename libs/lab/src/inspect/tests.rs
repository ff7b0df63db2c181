use super::*;
use crate::rows::{Batch, TextColumn};
use splitplane_semantics::{Policy, SemanticModel, parse_model, parse_policy};
use std::collections::BTreeMap;
use std::convert::Infallible;

const MODEL: &str = r#"
version: 0.1.1
semantic_model:
  - name: depots
    datasets:
      - name: grants
        source: grants
        fields: &ids
          - { name: tenant, expression: { dialects: [ { dialect: ANSI_SQL, expression: tenant } ] } }
          - { name: business, expression: { dialects: [ { dialect: ANSI_SQL, expression: business } ] } }
          - { name: admin, expression: { dialects: [ { dialect: ANSI_SQL, expression: admin } ] } }
          - { name: place, expression: { dialects: [ { dialect: ANSI_SQL, expression: place } ] } }
      - name: trips
        source: trips
        fields:
          - { name: tenant, expression: { dialects: [ { dialect: ANSI_SQL, expression: tenant } ] } }
          - { name: business, expression: { dialects: [ { dialect: ANSI_SQL, expression: business } ] } }
          - { name: place, expression: { dialects: [ { dialect: ANSI_SQL, expression: place } ] } }
          - { name: trip, expression: { dialects: [ { dialect: ANSI_SQL, expression: trip } ] } }
      - name: stops
        source: stops
        fields:
          - { name: trip, expression: { dialects: [ { dialect: ANSI_SQL, expression: trip } ] } }
    metrics: []
"#;

const POLICY: &str = "
version: 1
model: depots
calendar: { timezone: UTC, week_starts: monday }
grants: { dataset: grants, identity: { tenant: tenant, business: business, admin: admin }, yields: { place: place } }
datasets:
  trips: { scope: { tenant: tenant, business: business, place: place } }
  stops: { scope: { through: trips, by: { trip: trip } } }
";

type Row = Vec<Option<&'static str>>;

/// Columns and rows, by source.
struct Table(BTreeMap<&'static str, (Vec<&'static str>, Vec<Row>)>);

impl Rows for Table {
    type Error = Infallible;

    fn scan(
        &self,
        source: &str,
        columns: &[String],
        visit: &mut dyn FnMut(&Batch),
    ) -> Result<(), Infallible> {
        let (names, rows) = &self.0[source];
        let column = |name: &String| {
            let at = names.iter().position(|known| known == name).unwrap();
            TextColumn::of(rows.iter().map(|row| row[at])).unwrap()
        };
        visit(&Batch::new(columns.iter().map(column).collect(), rows.len()).unwrap());
        Ok(())
    }
}

fn rows(text: &'static str) -> Vec<Row> {
    let cell = |cell: &'static str| (cell != "-").then_some(cell);
    text.split(';').map(|row| row.split_whitespace().map(cell).collect()).collect()
}

fn table(grants: &'static str, trips: &'static str, stops: &'static str) -> Table {
    Table(BTreeMap::from([
        ("grants", (vec!["tenant", "business", "admin", "place"], rows(grants))),
        ("trips", (vec!["tenant", "business", "place", "trip"], rows(trips))),
        ("stops", (vec!["trip"], rows(stops))),
    ]))
}

fn world() -> (SemanticModel, Policy) {
    let model = parse_model("model.yaml", MODEL).unwrap();
    let policy = parse_policy("policy.yaml", POLICY, &model).unwrap();
    (model, policy)
}

fn found(table: &Table) -> Vec<DataFinding> {
    let (model, policy) = world();
    Lab::open(&model, &policy, table).unwrap().inspect().unwrap()
}

#[test]
fn nothing_is_found_where_all_is_well() {
    let table = table("t1 b1 ann p1; t1 b1 bea p2", "t1 b1 p1 7; t1 b1 p2 8", "7; 8; 8");
    assert_eq!(found(&table), []);
}

#[test]
fn a_key_that_two_tenants_share_is_the_worst() {
    let table = table("t1 b1 ann p1; t2 b1 cy p1", "t1 b1 p1 7; t2 b1 p1 7; t1 b1 p1 8", "7; 8");
    let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    let shared = DataFinding::SharedKey {
        dataset: "stops".to_owned(),
        other: "trips".to_owned(),
        columns: owned(&["trip"]),
        keys: 1,
        examples: vec![owned(&["7"])],
    };
    let repeated = DataFinding::RepeatedKey {
        dataset: "trips".to_owned(),
        key: "place".to_owned(),
        values: 1,
        examples: owned(&["p1"]),
    };
    assert_eq!(found(&table), [shared, repeated]);
}

#[test]
fn rows_that_nobody_sees_and_grants_that_do_nothing_are_told() {
    let table = table(
        "t1 b1 ann p1; t1 b1 bea p9; - b1 x p1; t1 b1 ann -",
        "t1 b1 p1 7; t1 b1 p3 8; t1 b1 p3 9; t1 - p1 10",
        "7; 11; 11; -",
    );
    let told: Vec<String> = found(&table).iter().map(|finding| format!("{finding:?}")).collect();
    let expected = [
        r#"NullKey { dataset: "stops", columns: ["trip"], rows: 1 }"#,
        r#"Orphans { dataset: "stops", other: "trips", columns: ["trip"], rows: 2, examples: [["11"]] }"#,
        r#"NullKey { dataset: "trips", columns: ["tenant", "business", "place"], rows: 1 }"#,
        r#"SeenByNobody { dataset: "trips", columns: ["tenant", "business", "place"], rows: 2, keys: 1, examples: [["t1", "b1", "p3"]] }"#,
        r#"PointsNowhere { grants: 1, examples: [["t1", "b1", "bea", "p9"]] }"#,
        "IdleGrants { nameless: 1, incomplete: 1 }",
        r#"SeesNothing { admins: 1, examples: ["t1/b1/bea"] }"#,
    ];
    let mut sorted = told.clone();
    sorted.sort();
    let mut expected: Vec<String> = expected.map(str::to_owned).to_vec();
    expected.sort();
    assert_eq!(sorted, expected);
}

fn shares(found: &[DataFinding]) -> bool {
    found.iter().any(|finding| matches!(finding, DataFinding::SharedKey { .. }))
}

#[test]
fn a_shared_key_is_none_where_nothing_leads_by_it_or_the_row_says_whose_it_is() {
    let (grants, trips) = ("t1 b1 ann p1; t2 b1 cy p1", "t1 b1 p1 7; t2 b1 p1 7; t1 b1 p1 8");
    assert!(shares(&found(&table(grants, trips, "7; 8"))));
    assert!(!shares(&found(&table(grants, trips, "8"))), "no stop is of trip 7");
    // The business of a chain's end, bound in two rules, is an owner as well.
    let stops = "stops: { scope: { through: trips, by: { trip: trip } } }";
    let apart = POLICY.replace(
        "trips: { scope: { tenant: tenant, business: business, place: place } }",
        "trips: { scope: [{ tenant: tenant, place: place }, { business: business }] }",
    );
    let model = parse_model("model.yaml", MODEL).unwrap();
    let policy = parse_policy("policy.yaml", &apart, &model).unwrap();
    assert!(apart.contains(stops));
    let world = table(grants, trips, "7");
    assert!(shares(&Lab::open(&model, &policy, &world).unwrap().inspect().unwrap()));
    // A stop that holds its own tenant and business is nobody else's.
    let model_text = MODEL.replace(
        "source: stops\n        fields:\n",
        "source: stops\n        fields:\n          - { name: t, expression: { dialects: [ { dialect: ANSI_SQL, expression: trip } ] } }\n",
    );
    let model = parse_model("model.yaml", &model_text).unwrap();
    let own = POLICY
        .replace(stops, "stops: { scope: { tenant: t, business: t, through: trips, by: { trip: trip } } }");
    let policy = parse_policy("policy.yaml", &own, &model).unwrap();
    assert!(!shares(&Lab::open(&model, &policy, &world).unwrap().inspect().unwrap()));
}
