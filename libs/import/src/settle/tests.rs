//! What is left out of a model that does not load, and how often the model is read for it.

use super::*;
use crate::draft::{About, Field, Metric};
use proptest::prelude::*;

fn place(line: u64) -> Place {
    Place { file: "f.yaml".to_owned(), line }
}

/// A dataset `trips` with a column `km`, and metrics `m0`, `m1` and so on of these expressions.
fn draft(expressions: &[&str]) -> Draft {
    let km = Field {
        name: "km".to_owned(),
        sql: "km".to_owned(),
        column: Some("km".to_owned()),
        is_date: false,
        role: Role::Plain,
        about: About::default(),
        at: place(1),
    };
    let trips = Dataset {
        name: "trips".to_owned(),
        source: "a.b.trips".to_owned(),
        description: None,
        synonyms: Vec::new(),
        primary_key: Vec::new(),
        unique_keys: Vec::new(),
        fields: vec![km],
        at: place(1),
    };
    let metric = |(index, sql): (usize, &&str)| Metric {
        name: format!("m{index}"),
        sql: (*sql).to_owned(),
        about: About {
            description: Some("Two\nlines:\n      - name: x\n    metrics:".to_owned()),
            unit: Some("km".to_owned()),
            ..About::default()
        },
        at: place(u64::try_from(index).unwrap()),
    };
    Draft { metrics: expressions.iter().enumerate().map(metric).collect(), ..alone(&bare(), trips) }
}

fn bare() -> Draft {
    Draft {
        name: "d".to_owned(),
        description: "A model\n    metrics:\nof metrics".to_owned(),
        datasets: Vec::new(),
        relationships: Vec::new(),
        metrics: Vec::new(),
    }
}

fn names(draft: &Draft) -> Vec<String> {
    draft.metrics.iter().map(|metric| metric.name.clone()).collect()
}

/// What is settled, the notes, and how often a text was checked.
fn counted(draft: Draft) -> (Result<Draft, ImportError>, Notes, usize) {
    let (mut notes, mut checks) = (Notes::default(), 0);
    let settled = settled(draft, &mut notes, |text| {
        checks += 1;
        check_model(FILE, text)
    });
    (settled, notes, checks)
}

const SPOILED: [&str; 7] = [
    "SUM(trips.miles) + MAX(trips.yards)",
    "SUM(km",
    "SUM(trips.miles)",
    "SUM(trams.km)",
    "trips.km",
    "COUNT(*)",
    "SUM(SUM(trips.km))",
];

#[test]
fn however_many_metrics_fail_the_model_is_read_twice() {
    assert_eq!(counted(draft(&["SUM(trips.km)"; 40])).2, 1);
    let mixed: Vec<&str> = SPOILED.iter().flat_map(|spoiled| ["MAX(trips.km)", spoiled, spoiled]).collect();
    let (settled, notes, checks) = counted(draft(&mixed));
    assert_eq!(checks, 2);
    assert_eq!(names(&settled.unwrap()), ["m0", "m3", "m6", "m9", "m12", "m15", "m18"]);
    let noted: Vec<u64> = notes.0.iter().map(|note| note.line).collect();
    assert_eq!(noted, [1, 2, 4, 5, 7, 8, 10, 11, 13, 14, 16, 17, 19, 20]);
}

#[test]
fn a_mistake_in_the_name_is_the_metrics_own() {
    let mut twice = draft(&["SUM(trips.km)"; 3]);
    twice.metrics[1].name = "m0".to_owned();
    let (settled, notes, _) = counted(twice);
    assert_eq!(names(&settled.unwrap()), ["m0", "m2"]);
    assert_eq!(notes.0.iter().map(|note| note.line).collect::<Vec<_>>(), [1]);
}

#[test]
fn a_metric_that_is_only_doubtful_stays() {
    let mut notes = Notes::default();
    let settled = settled(draft(&["SUM(trips.km)", "SUM(trams.km)"]), &mut notes, |text| {
        let mut report = check_model(FILE, text);
        let line = metric_lines(text)[0];
        let doubt = report.findings.first().cloned();
        report.findings.extend(doubt.map(|found| Finding { severity: Severity::Warning, line, ..found }));
        report
    });
    assert_eq!(names(&settled.unwrap()), ["m0"]);
}

#[test]
fn a_mistake_outside_of_the_metrics_is_an_error() {
    let mut unloadable = draft(&["SUM(trips.km)"]);
    unloadable.datasets[0].primary_key = vec!["gone".to_owned()];
    let (settled, notes, checks) = counted(unloadable);
    assert!(matches!(settled, Err(ImportError::Unloadable(_))), "{settled:?}");
    assert_eq!((notes.0.len(), checks), (0, 1));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    /// The oracle shows the loader one metric at a time.
    #[test]
    fn those_are_kept_that_load_alone_and_the_loaders_words_tell_why_others_are_not(
        picks in proptest::collection::vec(0..SPOILED.len() + 4, 0..12),
    ) {
        let picks: Vec<&str> = picks.iter().map(|at| SPOILED.get(*at).copied().unwrap_or("SUM(trips.km)")).collect();
        let draft = draft(&picks);
        let (mut kept, mut told) = (Vec::new(), Vec::new());
        for metric in &draft.metrics {
            match load(&Draft { metrics: vec![metric.clone()], ..draft.clone() }) {
                Ok(()) => kept.push(metric.name.clone()),
                Err(error) => told.push((format!("metric `{}`", metric.name), refused(&error))),
            }
        }
        let mut notes = Notes::default();
        let settled = metrics(draft, &mut notes).unwrap();
        prop_assert!(load(&settled).is_ok());
        prop_assert_eq!(names(&settled), kept);
        let noted: Vec<_> = notes.0.into_iter().map(|note| (note.what, note.why)).collect();
        prop_assert_eq!(noted, told);
    }
}
