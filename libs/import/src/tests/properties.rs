//! What holds for every file: it loads or is refused, it compiles, the guard takes it, nothing panics.

use super::*;
use proptest::prelude::*;
use splitplane_semantics::{Interpretation, RelationSchema, compile};
use splitplane_split_plane::{SandboxView, ViewRelation};
use splitplane_types::{Column, DataType};

fn all() -> Vec<Imported> {
    vec![view(CROSSINGS), telescopes(), flow(WELLS)]
}

fn columns(dataset: &splitplane_semantics::Dataset) -> Vec<Column> {
    let column = |field: &splitplane_semantics::Field| Column {
        name: field.name.clone(),
        data_type: field.data_type.unwrap_or(DataType::String),
        unit: None,
        masked: false,
    };
    dataset.fields.iter().map(column).collect()
}

#[test]
fn every_metric_compiles_and_the_guard_takes_it() {
    let mut count = 0;
    for imported in all() {
        let model = model(&imported);
        let relations: Vec<RelationSchema> = model
            .datasets
            .iter()
            .map(|d| RelationSchema { name: d.name.clone(), columns: columns(d) })
            .collect();
        let view = model.datasets.iter().map(|d| ViewRelation { name: d.name.clone(), columns: columns(d) });
        let view = SandboxView::new(view.collect(), std::collections::BTreeMap::new()).unwrap();
        for metric in &model.metrics {
            let asked = Interpretation {
                metrics: vec![metric.name.clone()],
                dimensions: Vec::new(),
                filters: Vec::new(),
                period: None,
                comparison: None,
                thresholds: Vec::new(),
                shares: false,
                order: Vec::new(),
                limit: None,
                buckets: splitplane_semantics::Buckets::ISO,
            };
            let query =
                compile(&asked, &model, &relations, &[]).unwrap_or_else(|e| panic!("{}: {e}", metric.name));
            let text = query.to_string();
            let _ = view.guard(&text).unwrap_or_else(|e| panic!("{}: {e}\n{text}", metric.name));
            count += 1;
        }
    }
    assert_eq!(count, 29);
}

#[test]
fn every_metric_of_a_file_is_carried_or_noted() {
    for (imported, text, begins) in [(flow(WELLS), WELLS, "type: "), (telescopes(), NIGHT_METRICS, "type: ")]
    {
        let kinds = ["simple", "ratio", "derived", "cumulative", "conversion"];
        let written: usize =
            text.split(begins).skip(1).filter(|rest| kinds.iter().any(|kind| rest.starts_with(kind))).count();
        let noted = imported.notes.iter().filter(|note| note.what.starts_with("metric `")).count();
        // One of the telescopes' measures asks for a metric of its own.
        let own = usize::from(text == NIGHT_METRICS);
        assert_eq!(metrics(&imported).len() + noted, written + own);
    }
}

#[test]
fn the_same_files_give_the_same_bytes() {
    assert_eq!(all(), all());
}

/// Imports under both kinds; whatever comes out must load.
fn loads(text: &str) -> Result<(), TestCaseError> {
    for kind in [Kind::MetricView, Kind::MetricFlow] {
        if let Ok(imported) = import(kind, &files(&[("f.yml", text)]), &Options::default()) {
            let loaded = parse_model("imported.yaml", &imported.ossie_yaml);
            prop_assert!(loaded.is_ok(), "{loaded:?}\n{}", imported.ossie_yaml);
            prop_assert_eq!(import(kind, &files(&[("f.yml", text)]), &Options::default()).unwrap(), imported);
        }
    }
    let _ = Kind::detect(text);
    Ok(())
}

/// Pieces that mean something somewhere in the files.
const PIECES: [&str; 24] = [
    "{{ Dimension('telescope__aperture') }}",
    "{{",
    "}}",
    "MEASURE(egg)",
    "SUM(",
    ")",
    "'",
    "`",
    "\"",
    ": ",
    "- ",
    "\n",
    "null",
    "[]",
    "{}",
    "0.5",
    "type: derived",
    "expr: ",
    "filter: ",
    "\u{0}",
    "\\",
    "a.b.c",
    "COUNT(*)",
    "FILTER (WHERE ",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn a_spoiled_file_is_refused_or_loads(
        which in 0..4_usize,
        edits in proptest::collection::vec((any::<prop::sample::Index>(), 0..40_usize, 0..PIECES.len()), 1..6),
    ) {
        let mut text: Vec<char> = [CROSSINGS, NIGHTS, NIGHT_METRICS, WELLS][which].chars().collect();
        for (at, removed, piece) in edits {
            let at = at.index(text.len());
            let end = (at + removed).min(text.len());
            text.splice(at..end, PIECES[piece].chars());
        }
        let text: String = text.into_iter().collect();
        loads(&text)?;
    }

    #[test]
    fn a_file_with_lines_taken_out_or_moved_is_refused_or_loads(
        which in 0..4_usize,
        moves in proptest::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 1..5),
    ) {
        let mut lines: Vec<&str> = [CROSSINGS, NIGHTS, NIGHT_METRICS, WELLS][which].lines().collect();
        for (from, to) in moves {
            let line = lines.remove(from.index(lines.len()));
            if to.index(3) > 0 {
                lines.insert(to.index(lines.len()), line);
            }
        }
        loads(&lines.join("\n"))?;
    }

    #[test]
    fn names_of_every_kind_are_carried_and_stay_as_labels(
        names in proptest::collection::btree_set("[a-z][a-zA-Z\u{e0}-\u{ff} .$\\\\-]{0,20}[a-z]", 1..6),
    ) {
        let quoted = |text: &str| format!("'{}'", text.replace('\'', "''"));
        let mut text = "version: 1.1\nsource: a.b.t\ndimensions:\n".to_owned();
        for (index, name) in names.iter().enumerate() {
            text += &format!("  - {{ name: {}, expr: c{index} }}\n", quoted(&format!("d {name}")));
        }
        text += "measures:\n";
        for (index, name) in names.iter().enumerate() {
            // Numbered, since other spellings of one name are one name here.
            text += &format!("  - {{ name: {}, expr: SUM(c{index}) }}\n", quoted(&format!("m{index} {name}")));
        }
        let imported = view(&text);
        let model = model(&imported);
        prop_assert_eq!(model.metrics.len(), names.len(), "{:#?}", imported.notes);
        for (index, name) in names.iter().enumerate() {
            let full = format!("m{index} {name}");
            let found = model.metrics.iter().filter(|metric| metric.name == full || metric.label == full).count();
            prop_assert_eq!(found, 1, "{}", full);
        }
    }

    #[test]
    fn a_filter_is_never_lost(
        values in proptest::collection::vec(0..1_000_u32, 1..5),
        on_metric in 0..5_usize,
    ) {
        // Each filter compares with a number of its own: every number must be in every aggregate.
        let filter = |value: &u32| format!("\"{{{{ Dimension('trip__line') }}}} <> {}\"", value + 7000);
        let (outer, inner) = values.split_at(on_metric.min(values.len()));
        let list = |values: &[u32]| values.iter().map(filter).collect::<Vec<_>>().join(", ");
        let text = format!(
            "semantic_models:\n  - name: trips\n    model: ref('t')\n    defaults: {{ agg_time_dimension: at }}\n\
             \x20   entities: [{{ name: trip, type: primary }}]\n\
             \x20   dimensions: [{{ name: at, type: time }}, {{ name: line, type: categorical }}]\n\
             \x20   measures: [{{ name: km, agg: sum }}, {{ name: n, agg: count, expr: 1 }}]\n\
             metrics:\n  - {{ name: km, type: simple, type_params: {{ measure: {{ name: km, filter: [{}] }} }} }}\n\
             \x20 - {{ name: n, type: simple, type_params: {{ measure: {{ name: n, filter: [{}] }} }} }}\n\
             \x20 - {{ name: r, type: ratio, filter: [{}], type_params: {{ numerator: km, denominator: n }} }}\n",
            list(inner), list(inner), list(outer),
        );
        let imported = flow(&text);
        let ratio = metric(&imported, "r");
        let (numerator, denominator) = ratio.split_once(" / ").unwrap();
        for value in &values {
            let number = format!("<> {}", value + 7000);
            prop_assert!(numerator.contains(&number) && denominator.contains(&number), "{}: {}", number, ratio);
        }
        prop_assert_eq!(ratio.matches("<>").count(), 2 * values.len());
    }
}
