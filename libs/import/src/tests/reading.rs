//! Reading and writing: kinds, templates, names, quotes.

use super::*;
use crate::{ImportError, name, sql, write};

#[test]
fn the_keys_of_a_file_tell_its_kind() {
    for (text, kind) in [
        (CROSSINGS, Some(Kind::MetricView)),
        (NIGHTS, Some(Kind::MetricFlow)),
        (NIGHT_METRICS, Some(Kind::MetricFlow)),
        (WELLS, Some(Kind::MetricFlow)),
        ("models:\n  - name: x\n", None),
        ("models:\n  - { name: x, semantic_model: { enabled: false } }\n", None),
        ("source: a.b\n", None),
        ("source: a.b\nfields: []\n", Some(Kind::MetricView)),
        ("a: [\n", None),
        ("", None),
    ] {
        assert_eq!(Kind::detect(text), kind, "{text:.40}");
    }
}

#[test]
fn expressions_whose_names_may_be_no_columns_are_refused() {
    for text in [
        "a + 1",
        "CASE WHEN a THEN b END",
        "cast(a as date)",
        "extract(year from a)",
        "a is not null",
        "sum(a) filter (where b)",
    ] {
        assert!(sql::parse(text).is_ok(), "{text}");
    }
    for text in [
        "dateadd(DAY, 1, a)",
        "datediff(MONTH, a, b)",
        "transform(a, x -> x + 1)",
        "a[0]",
        "a:b.c",
        "(select 1)",
        "exists (select 1)",
        "sum(a) over ()",
        "a b",
        "a; drop table b",
        "",
        // As a mark would be named.
        "`\u{0}0`",
    ] {
        assert!(sql::parse(text).is_err(), "{text}");
    }
    assert!(sql::parse(&format!("a + {}", "1 + ".repeat(10_000) + "1")).is_err());
    assert!(sql::parse(&"(".repeat(2_000)).is_err());
}

#[test]
fn names_are_what_every_engine_prints_and_reads_back() {
    for (given, field, dataset) in [
        ("Order Month", "Order Month", "Order_Month"),
        ("a.b", "a_b", "a_b"),
        ("na`me", "na_me", "na_me"),
        ("r\u{e9}gion", "r_gion", "r_gion"),
        ("2nd", "2nd", "_2nd"),
        (" ", "_", "_"),
        ("a\nb$c\\d", "a_b_c_d", "a_b_c_d"),
    ] {
        assert_eq!(
            (name::field(given).as_str(), name::dataset(given).as_str()),
            (field, dataset),
            "{given:?}"
        );
    }
    assert_eq!(name::field(&"x".repeat(500)).len(), 48);
    assert_eq!(name::free("a", &["A", "a_2"].into_iter()), "a_3");
}

#[test]
fn quoted_texts_read_back_as_they_were() {
    let texts = [
        "plain",
        "a: b # c",
        "\"q\" \\ 'x'",
        "tab\there",
        "two\nlines",
        "\u{7f}\u{85}\u{2028}\u{feff}x",
        "\u{1f980} \u{e9}",
        "{{ x }}",
        "- no",
    ];
    for text in texts {
        let yaml = format!(
            "version: 1.1\nsource: a.b.t\ndimensions:\n  - {{ name: x, expr: x, comment: {} }}\n",
            write::quoted(text)
        );
        let imported = view(&yaml);
        let model = model(&imported);
        let description = &model.dataset("t").unwrap().field("x").unwrap().description;
        assert_eq!(description, text.trim(), "{text:?}");
    }
}

#[test]
fn the_head_says_from_what_it_was_made_on_lines_of_its_own() {
    let imported =
        import(Kind::MetricFlow, &files(&[("a\nversion: x.yml", WELLS)]), &Options::default()).unwrap();
    let head: Vec<&str> = imported.ossie_yaml.lines().take_while(|line| line.starts_with('#')).collect();
    assert_eq!(
        head,
        [
            "# Imported from semantic models and metrics of dbt's MetricFlow:",
            "#   a\\nversion: x.yml",
            "# Check units, types, time dimensions and keys before it is used."
        ]
    );
}

#[test]
fn files_without_anything_are_an_error_that_says_so() {
    let of =
        |texts: &[(&str, &str)]| import(Kind::MetricFlow, &files(texts), &Options::default()).unwrap_err();
    assert!(matches!(of(&[("a.yml", "# nothing\n")]), ImportError::NoFile));
    assert_eq!(
        of(&[("a.yml", "models: []\n")]).to_string(),
        "nothing could be carried over: no dataset is described"
    );
    let lost = of(&[("a.yml", "semantic_models:\n  - { name: x, model: x }\n")]).to_string();
    assert!(lost.contains("semantic model `x`: its model `x` is no `ref('name')`"), "{lost}");
    // Files beside them may hold nothing but comments.
    let both = import(Kind::MetricFlow, &files(&[("a.yml", "# x\n"), ("w.yml", WELLS)]), &Options::default());
    assert_eq!(both.unwrap().notes.len(), flow(WELLS).notes.len());
}

#[test]
fn keys_that_nobody_reads_are_noted_with_their_line() {
    let text = "saved_queries:\n  - name: x\nsemantic_models:\n  - name: t\n    model: ref('t')\n    config: { enabled: true }\n";
    let imported = flow(text);
    let notes: Vec<_> = imported.notes.iter().map(|note| (note.line, note.what.as_str())).collect();
    assert_eq!(notes, [(1, "`saved_queries` of the file"), (6, "`config` of semantic model `t`")]);
}
