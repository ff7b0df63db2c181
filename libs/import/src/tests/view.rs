//! Metric views: what becomes of each part.

use super::*;
use crate::ImportError;

const FILTERED: &str = "fct_vehicle.cancelled = false";

#[test]
fn source_and_joins_become_datasets_and_relationships() {
    let imported = view(CROSSINGS);
    let model = model(&imported);
    assert_eq!(
        (model.name.as_str(), model.description.as_str()),
        ("view", "Vehicles carried across the strait")
    );
    let datasets: Vec<_> = model.datasets.iter().map(|d| (d.name.as_str(), d.source.as_str())).collect();
    let expected = [
        ("fct_vehicle", "fct_vehicle"),
        ("vessel", "dim_vessel"),
        ("yard", "dim_yard"),
        ("route", "dim_route"),
    ];
    assert_eq!(datasets, expected);
    assert_eq!(
        relationships(&imported),
        [
            "fct_vehicle(vessel_id) -> vessel(id)",
            "vessel(yard_id,yard_country) -> yard(yard_id,country)",
            "fct_vehicle(route_id) -> route(route_id)",
        ]
    );
    assert!(why(&imported, "join `claims`").contains("cardinality `one_to_many` multiplies rows"));
    // A match that the view promises needs no word; others do.
    assert!(why(&imported, "join `route`").contains("its key must be unique"));
    assert!(!imported.notes.iter().any(|note| note.what == "join `vessel`"));
    assert!(imported.ossie_yaml.contains("source: \"line.gold.fct_vehicle\""));
}

#[test]
fn the_key_of_a_join_is_unique_only_if_the_view_promises_it() {
    let imported = view(CROSSINGS);
    let model = model(&imported);
    let keys: Vec<_> = model.datasets.iter().map(|d| (d.name.as_str(), d.unique_keys.concat())).collect();
    let expected =
        [("fct_vehicle", vec![]), ("vessel", vec!["id".to_owned()]), ("yard", vec![]), ("route", vec![])];
    assert_eq!(keys, expected);
    // So the check of the model asks for the other two.
    let report = splitplane_semantics::check_model("imported.yaml", &imported.ossie_yaml);
    let asked = report.findings.iter().filter(|finding| finding.code == "join-not-by-key");
    assert_eq!(asked.count(), 2, "{report:#?}");
    let untrue = CROSSINGS.replace("at_most_one_match: true", "at_most_one_match: false");
    let untrue = view(&untrue);
    assert!(!untrue.ossie_yaml.contains("unique_keys"), "{}", untrue.ossie_yaml);
    assert!(why(&untrue, "join `vessel`").contains("its key must be unique"));
}

#[test]
fn dimensions_stand_in_the_dataset_that_their_columns_are_of() {
    let imported = view(CROSSINGS);
    let base: Vec<_> =
        fields(&imported, "fct_vehicle").into_iter().filter(|(.., role)| *role != ' ').collect();
    let base: Vec<_> = base.iter().map(|(n, e, r)| (n.as_str(), e.as_str(), *r)).collect();
    assert_eq!(
        base,
        [
            ("sailing_day", "CAST(sailed_at AS DATE)", 't'),
            ("Sailing Month", "date_trunc('MONTH', sailed_at)", 'd'),
            ("vehicle", "upper(vehicle_type)", 'd'),
            ("is_lorry", "upper(vehicle_type) = 'LORRY'", 'd'),
        ]
    );
    assert!(fields(&imported, "vessel").contains(&("vessel_name".to_owned(), "name".to_owned(), 'd')));
    let model = model(&imported);
    // The key of a join is the dimension, under the key's name and the dimension's label.
    let country = model.dataset("yard").unwrap().field("country").unwrap();
    assert_eq!((country.label.as_str(), country.is_dimension), ("built in", true));
    let day = model.dataset("fct_vehicle").unwrap().field("sailing_day").unwrap();
    assert_eq!((day.label.as_str(), day.description.as_str()), ("day of sailing", "Local day of departure"));
    assert_eq!(day.synonyms, ["date", "day"]);
    assert_eq!(day.data_type, Some(splitplane_types::DataType::Date));
    assert!(why(&imported, "dimension `route label`").contains("spans the tables `route` and `vessel`"));
    assert!(why(&imported, "dimension `weekday_rank`").contains("window function"));
}

#[test]
fn measures_keep_the_filter_of_the_view_and_their_own() {
    let imported = view(CROSSINGS);
    let expected = [
        ("vehicles", format!("COUNT(CASE WHEN {FILTERED} THEN 1 END)")),
        ("Total Fares", format!("SUM(CASE WHEN {FILTERED} THEN fct_vehicle.fare END)")),
        (
            "lorry_fares",
            format!("SUM(CASE WHEN ({FILTERED}) AND fct_vehicle.is_lorry THEN fct_vehicle.fare END)"),
        ),
        (
            "lorry_share",
            format!(
                "SUM(CASE WHEN ({FILTERED}) AND fct_vehicle.is_lorry THEN fct_vehicle.fare END) / \
                 SUM(CASE WHEN {FILTERED} THEN fct_vehicle.fare END)"
            ),
        ),
        (
            "long_route_fares",
            format!(
                "SUM(CASE WHEN route.kilometres > 50 THEN CASE WHEN {FILTERED} THEN fct_vehicle.fare END END)"
            ),
        ),
        ("capacity", format!("SUM(CASE WHEN {FILTERED} THEN vessel.deck_metres END)")),
        ("vessels", format!("COUNT(DISTINCT CASE WHEN {FILTERED} THEN fct_vehicle.vessel_id END)")),
        (
            "labelled",
            format!(
                "COUNT(DISTINCT CASE WHEN {FILTERED} THEN concat(route.name, ' by ', vessel.vessel_name) END)"
            ),
        ),
    ];
    let expected: Vec<_> = expected.into_iter().map(|(name, text)| (name.to_owned(), text)).collect();
    assert_eq!(metrics(&imported), expected);
    let model = model(&imported);
    assert!(model.metrics.iter().all(|metric| metric.grains == ["fct_vehicle"]), "{:#?}", model.metrics);
    let fares = model.metric("Total Fares").unwrap();
    assert_eq!((fares.label.as_str(), fares.unit.as_deref()), ("fares", Some("EUR")));
    assert_eq!(fares.description, "Fares paid, VAT included");
    assert_eq!(model.metric("vehicles").unwrap().synonyms, ["cars", "vehicle count"]);
    assert_eq!(model.metric("lorry_share").unwrap().unit, None);
    assert!(
        why(&imported, "format` of measure `lorry_share`".replace("format`", "`format`").as_str())
            .contains("fractions")
    );
}

#[test]
fn measures_that_cannot_be_said_are_left_out_with_their_line() {
    let imported = view(CROSSINGS);
    for (name, line, part) in [
        ("running_fares", 67, "window measure"),
        ("fares_against_running", 73, "`running_fares` is a window measure"),
        ("open_claims", 75, "no join of that name is carried"),
        ("first_fare", 77, "`first` takes no condition here"),
        ("chicken", 79, "made of itself"),
        ("egg", 81, "made of itself"),
    ] {
        let what = format!("measure `{name}`");
        let note = imported.notes.iter().find(|note| note.what == what).unwrap_or_else(|| panic!("{name}"));
        assert_eq!((note.file.as_str(), note.line), ("view.yaml", line), "{name}");
        assert!(note.why.contains(part), "{name}: {}", note.why);
        assert!(model(&imported).metric(name).is_none(), "{name}");
    }
}

#[test]
fn what_is_added_up_over_a_join_stays_bound_to_rows_of_the_source() {
    let text = "version: 1.1\nsource: a.b.trips\njoins:\n  - { name: bus, source: a.b.buses, on: source.bus_id = bus.id }\n\
                measures:\n  - { name: seats, expr: SUM(bus.seats) }\n  - { name: trips, expr: COUNT(1) }\n\
                \x20 - { name: electric, expr: COUNT(*) FILTER (WHERE bus.is_electric) }\n";
    let imported = view(text);
    let any = "(trips.bus_id IS NULL OR trips.bus_id IS NOT NULL)";
    assert_eq!(metric(&imported, "seats"), format!("SUM(CASE WHEN {any} THEN bus.seats END)"));
    assert_eq!(metric(&imported, "trips"), format!("COUNT(CASE WHEN {any} THEN 1 END)"));
    assert_eq!(
        metric(&imported, "electric"),
        format!("COUNT(CASE WHEN {any} AND bus.is_electric THEN 1 END)")
    );
    assert!(model(&imported).metrics.iter().all(|metric| metric.grains == ["trips"]));
}

#[test]
fn a_filter_that_cannot_be_kept_keeps_every_measure_out() {
    let text = "version: 1.1\nsource: a.b.trips\nfilter: bus.kind = 'x'\nfields:\n  - { name: line, expr: line }\n\
                measures:\n  - { name: trips, expr: COUNT(line) }\n";
    let imported = view(text);
    assert!(model(&imported).metrics.is_empty());
    assert_eq!(why(&imported, "measure `trips`"), "the view's filter could not be carried");
    assert!(why(&imported, "`filter` of the metric view").contains("no join of that name is carried"));
}

#[test]
fn a_name_that_could_be_a_dimension_or_a_column_is_refused() {
    let text = "version: 1.1\nsource: a.b.trips\ndimensions:\n  - { name: fare, expr: fare / 100 }\n\
                \x20 - { name: km, expr: km }\nmeasures:\n  - { name: fares, expr: SUM(fare) }\n\
                \x20 - { name: cents, expr: SUM(source.fare) }\n  - { name: way, expr: SUM(km) }\n";
    let imported = view(text);
    assert!(why(&imported, "measure `fares`").contains("`fare` is a dimension and"));
    // The column has a field of its own: the dimension's name is taken.
    assert_eq!(metric(&imported, "cents"), "SUM(trips.fare_column)");
    assert_eq!(metric(&imported, "way"), "SUM(trips.km)");
    assert!(fields(&imported, "trips").contains(&("fare_column".to_owned(), "fare".to_owned(), ' ')));
}

#[test]
fn names_in_doubt_are_refused_wherever_the_doubt_comes_from() {
    let of = |dimensions: &str| {
        view(&format!(
            "version: 1.1\nsource: a.b.trips\njoins:\n  - {{ name: bus, source: a.b.buses, using: [bus_id] }}\n\
             dimensions:\n{dimensions}measures:\n  - {{ name: m, expr: COUNT(bus_id) }}\n"
        ))
    };
    // The join says that the source has such a column.
    let joined = of("  - { name: bus_id, expr: upper(plate) }\n");
    assert!(why(&joined, "measure `m`").contains("`bus_id` is a dimension and"));
    let twice = of("  - { name: bus_id, expr: bus_id }\n  - { name: BUS_ID, expr: plate }\n");
    assert!(why(&twice, "measure `m`").contains("several dimensions are called"), "{:#?}", twice.notes);
    let later = of("  - { name: fare, expr: fare / 100 }\n  - { name: twice, expr: fare * 2 }\n");
    assert!(why(&later, "dimension `twice`").contains("`fare` is a dimension and"));
    let empty = of("  - { name: bus_id }\n");
    assert!(why(&empty, "measure `m`").contains("it has no expression"));
    assert_eq!(metric(&of("  - { name: bus_id, expr: bus_id }\n"), "m"), "COUNT(trips.bus_id)");
}

#[test]
fn what_could_say_more_of_a_view_than_is_read_is_not_passed_over() {
    let of = |more: &str| {
        view(&format!(
            "version: 1.1\nsource: a.b.trips\n{more}measures:\n  - {{ name: m, expr: COUNT(line) }}\n\
             \x20 - {{ name: n, expr: COUNT(line), only: x }}\n  - {{ name: r, expr: COUNT(*), rollup: x }}\n"
        ))
    };
    for filter in ["filter: { a: b }\n", "filter: [a, b]\n", "filter: ''\n"] {
        let imported = of(filter);
        assert!(model(&imported).metrics.is_empty(), "{filter}");
        assert_eq!(why(&imported, "measure `m`"), "the view's filter could not be carried");
    }
    let imported = of("");
    assert!(why(&imported, "measure `n`").contains("key `only` of `n` is not read"));
    assert!(why(&imported, "`rollup` of measure `r`").contains("has no counterpart"));
    // Rows are counted by a column that another measure names.
    assert_eq!(
        metric(&imported, "r"),
        "COUNT(CASE WHEN (trips.line IS NULL OR trips.line IS NOT NULL) THEN 1 END)"
    );
    assert_eq!(why(&of("joins: { a: b }\n"), "`joins` of the metric view"), "is no list and was left out");
    let text = "version: 1.1\nsource: a.b.trips\ndimensions: { a: b }\n";
    let error = import(Kind::MetricView, &files(&[("v.yaml", text)]), &Options::default()).unwrap_err();
    assert_eq!(error.to_string(), "v.yaml:3: `dimensions` is no list; write a list of dimensions");
}

#[test]
fn joins_that_are_no_equality_of_two_sides_are_left_out() {
    for (join, part) in [
        ("{ name: j, source: a.b.c, on: source.x < j.x }", "is no equality of columns"),
        ("{ name: j, source: a.b.c, on: source.x = source.y }", "compares one side with itself"),
        ("{ name: j, source: a.b.c, on: x = j.y }", "no column with the name of its side"),
        ("{ name: j, source: a.b.c, on: source.x = upper(j.y) }", "no column with the name of its side"),
        ("{ name: j, source: a.b.c, on: source.x = k.y }", "is on neither side"),
        ("{ name: j, source: a.b.c, on: source.x = j.x or source.y = j.y }", "is no equality of columns"),
        ("{ name: j, source: a.b.c }", "neither `on` nor `using`"),
        ("{ name: j, source: a.b.c, on: source.x = j.x, using: [x] }", "both `on` and `using`"),
        ("{ name: j, source: SELECT 1, using: [x] }", "a query, not a table"),
        ("{ name: j, using: [x] }", "no source"),
        ("{ name: j, source: a.b.c, using: [x, [y]] }", "neither a text nor a list of texts"),
        ("{ name: j, source: a.b.c, using: [x], on: [y] }", "`on` is no text"),
        ("{ name: j, source: a.b.c, using: [x], cardinality: many_to_many }", "multiplies rows"),
        ("{ name: j, source: a.b.c, using: [x], kind: inner }", "key `kind` is not read"),
    ] {
        let text = format!(
            "version: 1.1\nsource: a.b.trips\njoins:\n  - {join}\ndimensions:\n  - {{ name: z, expr: z }}\n\
             \x20 - {{ name: far, expr: j.far }}\n"
        );
        let imported = view(&text);
        assert!(why(&imported, "join `j`").contains(part), "{join}: {:#?}", imported.notes);
        assert!(why(&imported, "dimension `far`").contains("no join of that name"), "{join}");
        assert_eq!(model(&imported).datasets.len(), 1, "{join}");
    }
}

#[test]
fn the_time_of_a_view_is_what_must_be_one() {
    let of = |dimensions: &str| {
        let text = format!("version: 1.1\nsource: a.b.trips\ndimensions:\n{dimensions}");
        view(&text)
    };
    let first = |imported: &Imported| fields(imported, "trips").remove(0);
    // A month is cut from a time: the time is added, and periods apply to it.
    let month =
        of("  - { name: line, expr: line }\n  - { name: month, expr: \"date_trunc('MONTH', left_at)\" }\n");
    assert_eq!(first(&month), ("left_at".to_owned(), "left_at".to_owned(), 't'));
    let shown = of("  - { name: line, expr: line }\n  - { name: day, expr: day, format: { type: date } }\n");
    assert_eq!(first(&shown), ("day".to_owned(), "day".to_owned(), 't'));
    let two = of("  - { name: a, expr: DATE(x) }\n  - { name: b, expr: CAST(y AS DATE) }\n");
    assert_eq!(first(&two).0, "a");
    assert_eq!(why(&two, "the time to which periods apply"), "is taken to be `a`; it could be `b`");
    let none = of("  - { name: line, expr: line }\n");
    assert!(why(&none, "the time to which periods apply").contains("declares no types"));
    let joined = "joins:\n  - { name: bus, source: a.b.bus, using: [bus_id] }\n";
    let elsewhere = view(&format!(
        "version: 1.1\nsource: a.b.trips\n{joined}dimensions:\n  - {{ name: built, expr: DATE(bus.built_at) }}\n"
    ));
    // Periods would otherwise apply to the day on which a bus was built.
    assert!(fields(&elsewhere, "bus").iter().all(|(.., role)| *role != 't'));
    let named = Options { time_dimension: Some("left_at".to_owned()), ..Options::default() };
    let text = "version: 1.1\nsource: a.b.trips\ndimensions:\n  - { name: line, expr: line }\n";
    let imported = import(Kind::MetricView, &files(&[("v.yaml", text)]), &named).unwrap();
    assert_eq!(first(&imported).0, "left_at");
}

#[test]
fn files_that_are_no_metric_view_of_version_1_1_are_refused() {
    let error =
        |texts: &[(&str, &str)]| import(Kind::MetricView, &files(texts), &Options::default()).unwrap_err();
    for (text, message) in [
        ("version: 0.1\nsource: a.b\n", "v.yaml:1: the metric view has version `0.1`, and 1.1 is read"),
        ("source: a.b\n", "v.yaml:1: the metric view has no version"),
        ("version: 1.1\ncomment: x\n", "v.yaml:1: the metric view has no `source`"),
        ("version: 1.1\nsource: SELECT * FROM a.b\n", "v.yaml:2: the source is a query"),
        ("- a\n", "v.yaml:1: the file is no mapping"),
    ] {
        let found = error(&[("v.yaml", text)]).to_string();
        assert!(found.starts_with(message), "{found}");
    }
    let two = error(&[("a.yaml", CROSSINGS), ("b.yaml", CROSSINGS)]).to_string();
    assert!(two.starts_with("b.yaml:1: this is a second metric view"), "{two}");
    assert!(matches!(error(&[]), ImportError::NoFile));
    let broken = error(&[("v.yaml", "version: 1.1\nsource: [\n")]);
    let ImportError::Yaml(cause) = broken else { panic!("{broken}") };
    assert!(cause.to_string().starts_with("v.yaml:"), "{cause}");
}

#[test]
fn measures_put_into_measures_stay_whole_and_end() {
    let mut text = "version: 1.1\nsource: a.b.trips\nmeasures:\n  - { name: m0, expr: SUM(km) + 1 }\n\
                    \x20 - { name: list, expr: collect_list(km) }\n\
                    \x20 - { name: odd, expr: 'SUM(coalesce(km, 0) FILTER (WHERE line))' }\n\
                    \x20 - { name: two, expr: SUM(km) }\n  - { name: Two, expr: MIN(km) }\n\
                    \x20 - { name: of_two, expr: MEASURE(two) }\n"
        .to_owned();
    for n in 1..40 {
        text += &format!("  - {{ name: m{n}, expr: MEASURE(m{m}) * MEASURE(m{m}) }}\n", m = n - 1);
    }
    let imported = view(&text);
    assert_eq!(metric(&imported, "m1"), "(SUM(trips.km) + 1) * (SUM(trips.km) + 1)");
    assert!(why(&imported, "measure `m39`").contains("too many measures"));
    assert!(why(&imported, "measure `odd`").contains("`coalesce` takes no FILTER here"));
    // The loader's own words.
    assert!(why(&imported, "metric `list`").contains("outside an aggregate"), "{:#?}", imported.notes);
    for name in ["two", "Two", "of_two"] {
        assert!(
            why(&imported, &format!("measure `{name}`")).contains("several measures are called"),
            "{name}"
        );
    }
}
