//! MetricFlow: what becomes of each part.

use super::*;

/// A model with one measure and what stands in it, and metrics.
fn small(parts: &str, metrics: &str) -> Imported {
    flow(&format!(
        "semantic_models:\n  - name: trips\n    model: ref('trips')\n    defaults: {{ agg_time_dimension: left }}\n\
         \x20   entities:\n      - {{ name: trip, type: primary, expr: trip_id }}\n\
         \x20   dimensions:\n      - {{ name: left, type: time }}\n      - {{ name: line, type: categorical }}\n{parts}\
         metrics:\n{metrics}"
    ))
}

const MEASURE: &str = "    measures:\n      - { name: km, agg: sum }\n";

#[test]
fn entities_become_keys_and_relationships() {
    let imported = telescopes();
    let model = model(&imported);
    let datasets: Vec<_> = model
        .datasets
        .iter()
        .map(|d| (d.name.as_str(), d.source.as_str(), d.primary_key.join(","), d.description.as_str()))
        .collect();
    assert_eq!(
        datasets,
        [
            ("exposures", "fct_exposures", "exposure_id".to_owned(), "One row per exposure"),
            ("telescopes", "dim_telescopes", "id".to_owned(), ""),
            ("sites", "dim_sites", "id".to_owned(), ""),
        ]
    );
    assert_eq!(
        relationships(&imported),
        ["exposures(telescope_id) -> telescopes(id)", "telescopes(site_id) -> sites(id)"]
    );
    assert!(why(&imported, "entity `mount` of semantic model `exposures`").contains("is natural"));
    assert!(why(&imported, "semantic model `observers`").contains("is no `ref('name')`"));
}

#[test]
fn dimensions_are_fields_and_the_time_of_measures_comes_first() {
    let imported = telescopes();
    let found: Vec<_> = fields(&imported, "exposures").into_iter().take(4).collect();
    let found: Vec<_> = found.iter().map(|(n, e, r)| (n.as_str(), e.as_str(), *r)).collect();
    assert_eq!(
        found,
        [
            ("taken_at", "taken_at", 't'),
            ("published_on", "CAST(published_at AS DATE)", 't'),
            ("band", "band", 'd'),
            ("is_calibration", "frame_type <> 'SCIENCE'", 'd'),
        ]
    );
    let model = model(&imported);
    let taken = model.dataset("exposures").unwrap().field("taken_at").unwrap();
    assert_eq!(taken.label, "time of exposure");
    assert!(why(&imported, "dimension `rank` of semantic model `exposures`").contains("window function"));
    assert!(
        why(&imported, "dimension `first_light` of semantic model `telescopes`").contains("by year there")
    );
}

#[test]
fn metrics_are_carried_with_their_filters() {
    let imported = telescopes();
    let only_r = "exposures.band = 'r'";
    let expected: &[(&str, &str)] = &[
        ("exposures", "SUM(CASE WHEN exposures.exposure_id IS NOT NULL THEN 1 END)"),
        ("frames", "COUNT(exposures.exposure_id)"),
        ("open_shutter", "SUM(exposures.seconds)"),
        ("bands_used", "COUNT(DISTINCT exposures.band)"),
        ("seeing", "AVG(exposures.seeing)"),
        ("best", "MIN(exposures.seeing)"),
        ("calibration_frames", "SUM(CASE WHEN exposures.is_dark OR exposures.is_flat THEN 1 ELSE 0 END)"),
        ("median", "MEDIAN(exposures.seeing)"),
        ("p90", "PERCENTILE(exposures.seeing, 0.9)"),
        ("science_seconds", "SUM(CASE WHEN exposures.is_calibration = false THEN exposures.seconds END)"),
        (
            "large_telescope_frames",
            "COUNT(CASE WHEN (telescopes.aperture >= 8) AND (exposures.band IN ('g', 'r') OR \
             exposures.exposure_id IS NULL) THEN exposures.exposure_id END)",
        ),
        ("frames_in_chile", "COUNT(CASE WHEN sites.country = 'CL' THEN exposures.exposure_id END)"),
        (
            "frames_since_2020",
            "COUNT(CASE WHEN DATE_TRUNC('MONTH', exposures.taken_at) >= '2020-01-01' AND \
             exposures.published_on IS NOT NULL THEN exposures.exposure_id END)",
        ),
        (
            "science_share",
            &format!(
                "CAST(SUM(CASE WHEN ({only_r}) AND (exposures.is_calibration = false) THEN exposures.seconds END) AS \
                 DOUBLE) / NULLIF(CAST(SUM(CASE WHEN {only_r} THEN exposures.seconds END) AS DOUBLE), 0)"
            ),
        ),
        ("seconds_per_frame", "SUM(exposures.seconds) / nullif(COUNT(exposures.exposure_id), 0)"),
        ("worst_seeing", "MAX(exposures.seeing)"),
    ];
    let expected: Vec<_> = expected.iter().map(|(n, e)| ((*n).to_owned(), (*e).to_owned())).collect();
    assert_eq!(metrics(&imported), expected);
    let model = model(&imported);
    assert!(model.metrics.iter().all(|metric| metric.grains == ["exposures"]));
    assert_eq!(model.metric("exposures").unwrap().label, "Exposures");
    assert_eq!(model.metric("open_shutter").unwrap().description, "Seconds of open shutter");
    assert!(why(&imported, "`join_to_timespine` of metric `frames`").contains("not shown here"));
    assert!(why(&imported, "measure `p90_seeing` of semantic model `exposures`").contains("exact here"));
}

#[test]
fn metrics_that_cannot_be_said_are_left_out_with_their_line() {
    let imported = telescopes();
    for (name, line, part) in [
        ("growth", 43, "of another time"),
        ("growth_share", 50, "metric `growth`, of which it is made"),
        ("all_time", 51, "over a window of time"),
        ("from_proposal", 52, "conversions"),
        ("discrete", 53, "a discrete percentile"),
        ("disk", 54, "first or last `taken_at` only"),
        ("papers", 55, "applies to `published_on`, and periods here apply to `taken_at`"),
        ("quoted", 56, "double quotes"),
        ("nothing", 57, "names measure `no_such`"),
        ("by_institute", 58, "is not reached"),
        ("bare", 59, "names `band` outside a template"),
        ("macro", 60, "{{ var('band') }}"),
        ("grained", 61, "which is not read"),
        ("ouroboros", 62, "made of itself"),
        ("Exposures", 63, "the name is taken by the metric of metrics.yml:2"),
    ] {
        let what = format!("metric `{name}`");
        let note = imported.notes.iter().find(|note| note.what == what).unwrap_or_else(|| panic!("{name}"));
        assert_eq!((note.file.as_str(), note.line), ("metrics.yml", line), "{name}");
        assert!(note.why.contains(part), "{name}: {}", note.why);
        assert!(model(&imported).metric(name).is_none(), "{name}");
    }
}

#[test]
fn models_annotated_in_place_are_read_as_the_others() {
    let imported = flow(WELLS);
    assert_eq!(relationships(&imported), ["well_readings(well_id) -> wells(well_id)"]);
    let sources: Vec<_> = model(&imported).datasets.into_iter().map(|d| (d.name, d.source)).collect();
    let expected = [("well_readings", "readings"), ("wells", "wells")];
    assert_eq!(sources, expected.map(|(name, source)| (name.to_owned(), source.to_owned())));
    let found = fields(&imported, "well_readings");
    let found: Vec<_> = found.iter().map(|(n, e, r)| (n.as_str(), e.as_str(), *r)).collect();
    assert_eq!(
        found,
        [
            ("read_on", "read_on", 't'),
            ("way_of_reading", "method", 'd'),
            ("is_manual", "method = 'HAND'", 'd'),
            ("reading_id", "reading_id", ' '),
            ("well_id", "well_id", ' '),
            ("litres", "litres", ' '),
        ]
    );
    let manual = "SUM(CASE WHEN well_readings.is_manual THEN well_readings.litres END)";
    let expected = [
        ("volume", "SUM(well_readings.litres)".to_owned()),
        ("readings", "COUNT(well_readings.reading_id)".to_owned()),
        ("manual_volume", manual.to_owned()),
        (
            "litres_per_reading",
            "CAST(SUM(well_readings.litres) AS DOUBLE) / NULLIF(CAST(COUNT(CASE WHEN wells.district <> 'none' THEN \
             well_readings.reading_id END) AS DOUBLE), 0)"
                .to_owned(),
        ),
        ("spread", format!("SUM(well_readings.litres) - {manual}")),
    ];
    assert_eq!(metrics(&imported), expected.map(|(name, text)| (name.to_owned(), text)));
    assert!(why(&imported, "metric `p95`").contains("no percentile between 0 and 1"));
    assert!(why(&imported, "metric `month_to_date`").contains("over a window of time"));
}

#[test]
fn the_same_model_in_both_spellings_is_the_same_model() {
    let old = "semantic_models:\n  - name: trips\n    model: ref('trips')\n    defaults: { agg_time_dimension: left }\n\
               \x20   entities:\n      - { name: trip, type: primary, expr: trip_id }\n\
               \x20   dimensions:\n      - { name: left, type: time, type_params: { time_granularity: day } }\n\
               \x20   measures:\n      - { name: km, agg: sum }\n\
               metrics:\n  - { name: km, type: simple, type_params: { measure: km } }\n";
    let new = "models:\n  - name: trips\n    semantic_model: true\n    agg_time_dimension: left\n    columns:\n\
               \x20     - { name: trip_id, entity: { name: trip, type: primary } }\n\
               \x20     - { name: left, granularity: day, dimension: { type: time } }\n\
               \x20   metrics:\n      - { name: km, type: simple, agg: sum }\n";
    assert_eq!(flow(old), flow(new));
}

#[test]
fn a_filter_goes_only_where_a_question_would_go() {
    // Two entities lead to the same model: no way is the one that was meant.
    let text = |path: &str| {
        format!(
            "semantic_models:\n  - name: trips\n    model: ref('trips')\n    defaults: {{ agg_time_dimension: left }}\n\
             \x20   entities: [{{ name: trip, type: primary }}, {{ name: bus, type: foreign }}, {{ name: depot, type: foreign }}]\n\
             \x20   dimensions: [{{ name: left, type: time }}]\n    measures: [{{ name: km, agg: sum }}]\n\
             \x20 - name: buses\n    model: ref('buses')\n\
             \x20   entities: [{{ name: bus, type: primary }}, {{ name: depot, type: foreign }}]\n\
             \x20 - name: depots\n    model: ref('depots')\n    entities: [{{ name: depot, type: primary }}]\n\
             \x20   dimensions: [{{ name: town, type: categorical }}]\n\
             metrics:\n  - name: km\n    type: simple\n    type_params: {{ measure: km }}\n\
             \x20   filter: \"{{{{ Dimension('{path}') }}}} = 'x'\"\n"
        )
    };
    assert_eq!(
        metric(&flow(&text("depot__town")), "km"),
        "SUM(CASE WHEN depots.town = 'x' THEN trips.km END)"
    );
    let other = flow(&text("bus__depot__town"));
    assert!(why(&other, "metric `km`").contains("by another way than questions do"));
}

#[test]
fn two_equally_short_ways_are_none() {
    let text = "semantic_models:\n  - name: trips\n    model: ref('trips')\n    defaults: { agg_time_dimension: left }\n\
                \x20   entities: [{ name: start, type: foreign }, { name: stop, type: foreign }]\n\
                \x20   dimensions: [{ name: left, type: time }]\n    measures: [{ name: km, agg: sum }]\n\
                \x20 - name: stops\n    model: ref('stops')\n\
                \x20   entities: [{ name: start, type: primary }, { name: stop, type: unique }]\n\
                \x20   dimensions: [{ name: town, type: categorical }]\n\
                metrics:\n  - name: km\n    type: simple\n    type_params: { measure: km }\n\
                \x20   filter: \"{{ Dimension('start__town') }} = 'x'\"\n";
    assert!(why(&flow(text), "metric `km`").contains("by another way"));
}

#[test]
fn what_an_input_is_filled_with_is_kept() {
    let of = |fill: &str| {
        small(
            MEASURE,
            &format!(
                "  - {{ name: km, type: simple, type_params: {{ measure: {{ name: km, fill_nulls_with: {fill} }} }} }}\n"
            ),
        )
    };
    assert_eq!(metric(&of("0"), "km"), "COALESCE(SUM(trips.km), 0)");
    assert!(why(&of("x"), "metric `km`").contains("no number"));
}

#[test]
fn an_input_with_a_key_that_is_not_read_is_no_input() {
    let metrics = "  - { name: km, type: simple, type_params: { measure: { name: km, only_when: line } } }\n";
    assert!(why(&small(MEASURE, metrics), "metric `km`").contains("key `only_when`"));
    let metrics = "  - { name: km, type: simple, type_params: { measure: km } }\n\
                   \x20 - { name: far, type: derived, type_params: { expr: x * 2, metrics: [{ name: km, alias: x, offset_to_grain: month }] } }\n";
    assert!(why(&small(MEASURE, metrics), "metric `far`").contains("of another time"));
}

#[test]
fn measures_without_a_time_and_without_a_metric_are_named() {
    let imported = small(MEASURE, "  - { name: other, type: cumulative }\n");
    assert_eq!(why(&imported, "measure `km` of semantic model `trips`"), "no metric is made of it");
    let text = "semantic_models:\n  - name: trips\n    model: ref('trips')\n    measures:\n      - { name: km, agg: sum }\n\
                metrics:\n  - { name: km, type: simple, type_params: { measure: km } }\n";
    assert!(why(&flow(text), "metric `km`").contains("no time to which it applies"));
}

#[test]
fn a_second_semantic_model_of_one_name_is_an_error() {
    let text =
        "semantic_models:\n  - { name: trips, model: ref('a') }\n  - { name: Trips, model: ref('b') }\n";
    let error = import(Kind::MetricFlow, &files(&[("f.yml", text)]), &Options::default()).unwrap_err();
    let message = "f.yml:3: semantic model `Trips` is in f.yml:2 already; rename or remove one";
    assert_eq!(error.to_string(), message);
}

#[test]
fn a_chain_of_metrics_that_doubles_ends() {
    let mut metrics = "  - { name: m0, type: simple, type_params: { measure: km } }\n".to_owned();
    for n in 1..40 {
        let m = n - 1;
        metrics += &format!(
            "  - {{ name: m{n}, type: derived, type_params: {{ expr: a + b, metrics: [{{ name: m{m}, alias: a }}, {{ name: m{m}, alias: b }}] }} }}\n"
        );
    }
    let imported = small(MEASURE, &metrics);
    assert!(metric(&imported, "m3").matches("SUM").count() == 8);
    assert!(why(&imported, "metric `m39`").contains("too many metrics"));
}

#[test]
fn the_prefix_of_options_stands_before_every_source() {
    let options = Options {
        source_prefix: Some("main.gold".to_owned()),
        model_name: Some("water".to_owned()),
        ..Options::default()
    };
    let imported = import(Kind::MetricFlow, &files(&[("w.yml", WELLS)]), &options).unwrap();
    assert!(imported.ossie_yaml.contains("source: \"main.gold.wells\""));
    assert_eq!(model(&imported).name, "water");
}

#[test]
fn what_could_say_more_of_a_metric_than_is_read_keeps_it_out() {
    let simple = |more: &str| {
        small(MEASURE, &format!("  - {{ name: km, type: simple, type_params: {{ measure: km }}, {more} }}\n"))
    };
    assert_eq!(metric(&simple("group: x"), "km"), "SUM(trips.km)");
    for (more, part) in [
        ("filter: { where: x }", "`filter` is neither a text nor a list of texts"),
        ("filter: [[x]]", "`filter` is neither a text nor a list of texts"),
        ("filter: ''", "`filter` is neither a text nor a list of texts"),
        ("window: 7 days", "key `window` is not read"),
        ("fill_nulls_with: [0]", "`fill_nulls_with` is no text"),
    ] {
        assert!(why(&simple(more), "metric `km`").contains(part), "{more}");
    }
    let metrics =
        "  - { name: km, type: simple, type_params: { measure: { name: km, filter: { a: b } } } }\n";
    assert!(why(&small(MEASURE, metrics), "metric `km`").contains("`filter` is neither"));
    let metrics = "  - { name: km, type: simple, type_params: { measure: km, window: 7 days } }\n";
    assert!(why(&small(MEASURE, metrics), "metric `km`").contains("key `window` is not read"));
    let plain = "  - { name: km, type: simple, type_params: { measure: km } }\n";
    for (measure, part) in [
        ("{ name: km, agg: sum, expr: { x: y } }", "`expr` is no text"),
        ("{ name: km, agg: sum, agg_time_dimension: [line] }", "`agg_time_dimension` is no text"),
        ("{ name: km, agg: sum, where: line = 1 }", "key `where` is not read"),
        ("{ name: km, agg: mode }", "aggregates by `mode`"),
        ("{ name: km, agg: sum, expr: t.km }", "names `t.km`"),
    ] {
        let imported = small(&format!("    measures:\n      - {measure}\n"), plain);
        assert!(why(&imported, "metric `km`").contains(part), "{measure}: {:#?}", imported.notes);
    }
    let imported = small("    measures: { km: sum }\n", plain);
    assert_eq!(why(&imported, "`measures` of semantic model `trips`"), "is no list and was left out");
}

#[test]
fn what_the_loader_refuses_is_left_out_and_so_is_what_rests_on_it() {
    let text = |time: &str, key: &str| {
        format!(
            "semantic_models:\n  - name: trips\n    model: ref('trips')\n    defaults: {{ agg_time_dimension: at }}\n\
             \x20   entities: [{{ name: trip, type: primary }}, {{ name: bus, type: foreign, expr: '{key}' }}]\n\
             \x20   dimensions: [{{ name: at, type: time, expr: '{time}' }}, {{ name: later, type: time }}, \
             {{ name: most, type: categorical, expr: max(km) }}]\n\
             \x20   measures: [{{ name: km, agg: sum }}]\n\
             \x20 - name: buses\n    model: ref('buses')\n    entities: [{{ name: bus, type: primary }}]\n\
             metrics:\n  - {{ name: km, type: simple, type_params: {{ measure: km }} }}\n"
        )
    };
    let whole = flow(&text("at", "bus_id"));
    assert!(why(&whole, "field `most` of dataset `trips`").contains("a field holds an aggregate"));
    assert_eq!((relationships(&whole).len(), metrics(&whole).len()), (1, 1));
    let unjoined = flow(&text("at", "max(bus_id)"));
    assert!(why(&unjoined, "relationship `trips_bus_to_buses`").contains("could not be carried"));
    assert_eq!(metrics(&unjoined).len(), 1);
    // Its periods would silently apply to `later`.
    let timeless = flow(&text("max(at)", "bus_id"));
    assert!(why(&timeless, "dataset `trips`").contains("the field to which its periods apply"));
    assert!(why(&timeless, "metric `km`").contains("semantic model `trips` is not carried"));
}

#[test]
fn a_distinct_count_of_a_literal_stays_one() {
    let imported = small(
        "    measures:\n      - { name: one, agg: count_distinct, expr: 1 }\n",
        "  - { name: one, type: simple, type_params: { measure: one } }\n",
    );
    assert_eq!(metric(&imported, "one"), "COUNT(DISTINCT CASE WHEN trips.trip_id IS NOT NULL THEN 1 END)");
}

#[test]
fn metrics_put_into_metrics_stay_whole() {
    let imported = small(
        "    measures:\n      - { name: km, agg: sum }\n      - { name: n, agg: count, expr: 1 }\n",
        "  - { name: km, type: simple, type_params: { measure: km } }\n\
         \x20 - { name: n, type: simple, type_params: { measure: n } }\n\
         \x20 - { name: both, type: derived, type_params: { expr: km + n, metrics: [km, n] } }\n\
         \x20 - { name: twice, type: derived, type_params: { expr: 2 * both, metrics: [both] } }\n\
         \x20 - { name: quoted, type: simple, type_params: { measure: n }, filter: \"{{ Dimension('trip__line') }} = \\\"x\\\"\" }\n\
         \x20 - { name: n, type: simple, type_params: { measure: km } }\n\
         \x20 - { name: which, type: derived, type_params: { expr: n, metrics: [n] } }\n",
    );
    assert!(why(&imported, "metric `both`").contains("of which there are several"));
    assert!(why(&imported, "metric `which`").contains("of which there are several"));
    assert!(why(&imported, "metric `quoted`").contains("double quotes"));
    let imported = small(
        MEASURE,
        "  - { name: km, type: simple, type_params: { measure: km } }\n\
         \x20 - { name: more, type: derived, type_params: { expr: km + 1, metrics: [km] } }\n\
         \x20 - { name: twice, type: derived, type_params: { expr: 2 * more, metrics: [more] } }\n",
    );
    assert_eq!(metric(&imported, "twice"), "2 * (SUM(trips.km) + 1)");
}

#[test]
fn a_dimension_of_several_models_is_none() {
    let text = "semantic_models:\n  - name: trips\n    model: ref('trips')\n    defaults: { agg_time_dimension: left }\n\
                \x20   entities: [{ name: bus, type: foreign }]\n\
                \x20   dimensions: [{ name: left, type: time }]\n    measures: [{ name: km, agg: sum }]\n\
                \x20 - name: buses\n    model: ref('buses')\n    entities: [{ name: bus, type: primary }]\n\
                \x20   dimensions: [{ name: maker, type: categorical }]\n\
                \x20 - name: fleet\n    model: ref('fleet')\n    entities: [{ name: bus, type: unique }]\n\
                \x20   dimensions: [{ name: maker, type: categorical }]\n\
                metrics:\n  - name: km\n    type: simple\n    type_params: { measure: km }\n\
                \x20   filter: \"{{ Dimension('bus__maker') }} = 'x'\"\n";
    assert!(why(&flow(text), "metric `km`").contains("which is in several semantic models"));
}
