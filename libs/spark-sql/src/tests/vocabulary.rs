//! No byte that a model chose is in the text: over the guard's corpus, and over generated drafts.
//!
//! The oracle is a reader of its own: it knows the words that may stand in a text, and nothing of how the
//! text is made.

use crate::{Kind, Relation, SparkStatement, Value, statement};
use proptest::prelude::*;
use splitplane_split_plane::{SandboxView, ViewRelation};
use splitplane_types::{Column, DataType};
use std::collections::BTreeMap;

const WORLDS: [&str; 3] = [
    include_str!("../../../split-plane/src/tests/corpus/clinic.sql"),
    include_str!("../../../split-plane/src/tests/corpus/freight.sql"),
    include_str!("../../../split-plane/src/tests/corpus/music.sql"),
];

/// Every word that may stand in a text, beside generated names.
const WORDS: &str = "ALL AND AS ASC BETWEEN BIGINT BOOLEAN BOTH BY CASE CAST CROSS CUBE CURRENT DATE DAY DECIMAL \
    DESC DISTINCT DOUBLE ELSE END EXCEPT EXISTS FALSE FILTER FIRST FLOAT FOLLOWING FROM FULL GROUP GROUPING \
    HAVING HOUR ILIKE IN INNER INT INTERSECT INTERVAL IS JOIN LAST LEADING LEFT ANTI LIKE LIMIT MINUTE MONTH NOT \
    NULL NULLS OFFSET ON OR ORDER OUTER OVER PARTITION PRECEDING QUARTER RANGE RIGHT ROLLUP ROW ROWS SECOND SELECT \
    SEMI SETS SMALLINT STRING THEN TIMESTAMP TIMESTAMP_NTZ TINYINT TRAILING TRUE UNBOUNDED UNION WEEK WHEN WHERE \
    WITH WITHIN YEAR \
    abs array_join ascii avg bool_and bool_or ceil char_length coalesce collect_list collect_set concat concat_ws \
    contains corr count covar_pop covar_samp cume_dist date_add date_format date_from_unix_date date_sub date_trunc datediff day \
    dayofmonth dayofyear dense_rank div endswith exp first_value floor format_string greatest grouping hour initcap \
    instr isnan lag last_value lead least left ln log10 log2 lower lpad make_ym_interval max median min minute month \
    months_between next_day nth_value ntile nullif percent_rank percentile_cont pmod power quarter rank replace \
    reverse right round row_number rpad second sign sort_array split_part sqrt startswith stddev_pop stddev_samp \
    struct substring sum timestampdiff transform trim try_add try_avg try_cast try_multiply try_subtract try_sum unix_date \
    unix_micros upper var_pop var_samp weekofyear year";

/// The first piece of a text that is nothing it may hold.
fn stranger(text: &str, names: &[String]) -> Option<String> {
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '`' => {
                let name = rest.split('`').nth(1).unwrap();
                if !names.contains(&name.to_owned()) {
                    return Some(name.to_owned());
                }
                name.len() + 2
            }
            ':' => {
                let Some(marker) = rest.strip_prefix(":p") else {
                    return Some(rest.chars().take(20).collect());
                };
                let digits = marker.chars().take_while(char::is_ascii_digit).count();
                if digits == 0 {
                    return Some(marker.to_owned());
                }
                digits + 2
            }
            '0'..='9' => rest.chars().take_while(|c| c.is_ascii_digit() || *c == 'E').count(),
            'A'..='Z' | 'a'..='z' => {
                let word: String =
                    rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
                let (letter, number) = word.split_at(1);
                let generated = "qrc".contains(letter) && number.parse::<u16>().is_ok();
                if !generated && !WORDS.split_whitespace().any(|known| known == word) {
                    return Some(word);
                }
                word.len()
            }
            '-' if rest.starts_with("--") => return Some(rest.to_owned()),
            '/' if rest.starts_with("/*") => return Some(rest.to_owned()),
            ' ' | '(' | ')' | ',' | '.' | '*' | '+' | '-' | '/' | '%' | '<' | '>' | '=' => 1,
            other => return Some(other.to_string()),
        };
        rest = rest.split_at(length).1;
    }
    None
}

fn declared(line: &str) -> (ViewRelation, Relation) {
    let (name, columns) = line.trim_end_matches(')').split_once('(').unwrap();
    let typed = columns.split(", ").map(|column| {
        let (name, data_type) = column.split_once(' ').unwrap();
        let data_type = match data_type {
            "integer" => DataType::Integer,
            "string" => DataType::String,
            "float" => DataType::Float,
            "decimal" => DataType::Decimal,
            "boolean" => DataType::Boolean,
            "date" => DataType::Date,
            "timestamp" => DataType::Timestamp,
            other => panic!("{other}"),
        };
        (name.to_owned(), data_type)
    });
    let typed: Vec<_> = typed.collect();
    let kinds = typed.iter().map(|(name, data_type)| (name.clone(), Kind::of(*data_type, Some((10, 2)))));
    let relation =
        Relation { name: name.to_owned(), columns: kinds.collect(), masked: Vec::new(), is_shared: false };
    let column = |(name, data_type)| Column { name, data_type, unit: None, masked: false };
    (ViewRelation { name: name.to_owned(), columns: typed.into_iter().map(column).collect() }, relation)
}

fn world(text: &str, parameters: BTreeMap<String, String>) -> (SandboxView, Vec<Relation>, Vec<String>) {
    let declared = text.lines().filter_map(|line| line.strip_prefix("-- relation ")).map(declared);
    let (views, relations): (Vec<_>, Vec<_>) = declared.unzip();
    let columns = relations.iter().flat_map(|relation: &Relation| relation.columns.iter());
    let mut names: Vec<String> = columns.map(|(name, _)| name.clone()).collect();
    names.extend(relations.iter().map(|relation| relation.name.clone()));
    (SandboxView::new(views, parameters).unwrap(), relations, names)
}

/// The same relations, of which the rows lie among others'.
fn shared(relations: &[Relation]) -> Vec<Relation> {
    relations.iter().map(|relation| Relation { is_shared: true, ..relation.clone() }).collect()
}

#[test]
fn every_statement_of_the_corpus_is_translated_into_words_that_are_known() {
    let (mut translated, mut shared_too) = (0, 0);
    for text in WORLDS {
        let (view, relations, names) = world(text, BTreeMap::new());
        for draft in text.lines().filter(|line| !line.starts_with("--") && !line.is_empty()) {
            let Ok(query) = view.guard(draft) else { continue };
            let whole = statement(&query, &relations).unwrap_or_else(|error| panic!("{draft}: {error}"));
            translated += 1;
            // Some of it is refused among other people's rows.
            let among_others = statement(&query, &shared(&relations)).ok();
            shared_too += usize::from(among_others.is_some());
            for statement in std::iter::once(whole).chain(among_others) {
                assert_eq!(stranger(&statement.text(), &names), None, "{draft}\n{}", statement.text());
                assert!(!statement.columns().is_empty());
            }
        }
    }
    assert!(translated >= 200 && shared_too >= 180, "{translated} {shared_too}");
}

#[test]
fn the_reader_of_words_knows_a_stranger_when_it_sees_one() {
    let names = vec!["sales".to_owned()];
    for wrong in [
        "SELECT 'x'",
        "SELECT -- x",
        "SELECT /* x",
        "`other`",
        "SELECT note",
        "${env}",
        "a\\",
        ":x",
        "K\u{212A}",
    ] {
        assert!(stranger(wrong, &names).is_some(), "{wrong}");
    }
    assert_eq!(stranger("SELECT r0.`sales` AS c0, :p12 FROM `sales` AS r0", &names), None);
}

/// A draft with places for four texts, two numbers and three names of its own.
const DRAFTS: [&str; 6] = [
    "SELECT note AS {a}, count(*) AS {b} FROM sales WHERE note = {0} OR note IN ({1}, {2}) OR amount > {n} GROUP BY note",
    "WITH {a} AS (SELECT note, amount * {n} AS {b} FROM sales WHERE note <> {0}) SELECT {c}.{b} FROM {a} AS {c} WHERE {c}.note = {1}",
    "SELECT CASE WHEN note = {0} THEN {1} ELSE {2} END AS {a}, sum(amount) AS {b} FROM sales GROUP BY 1 ORDER BY {b}",
    "SELECT {a}.note, concat({a}.note, {0}, {1}) AS {b} FROM sales AS {a} WHERE coalesce({a}.note, {2}) = {3}",
    "SELECT note, row_number() OVER (PARTITION BY note = {0} ORDER BY amount + {n}) AS {a} FROM sales QUALIFY {a} < {m}",
    "SELECT id, (SELECT max(amount) FROM sales AS {c} WHERE {c}.note = {0}) AS {a}, replace(note, {1}, 'b') || {2} AS {b} FROM sales WHERE EXISTS (SELECT 1 FROM sales AS {d} WHERE {d}.id = sales.id AND {d}.note = {3})",
];

const SALES: &str = "-- relation sales(id integer, amount decimal, note string)";

/// Texts and numbers all different, so that none of them shares a parameter with another.
#[derive(Debug, Clone)]
struct Filling {
    texts: [String; 4],
    numbers: [u32; 2],
    names: [String; 4],
}

fn translated(draft: &str, filling: &Filling) -> (SparkStatement, Vec<String>) {
    let parameters =
        filling.texts.iter().enumerate().map(|(at, text)| (format!("filter_{at}"), text.clone()));
    let (view, relations, names) = world(SALES, parameters.collect());
    let mut draft = draft.to_owned();
    for (at, name) in ["{a}", "{b}", "{c}", "{d}"].into_iter().zip(&filling.names) {
        draft = draft.replace(at, &format!("`{name}`"));
    }
    for at in 0..4 {
        draft = draft.replace(&format!("{{{at}}}"), &format!(":filter_{at}"));
    }
    let [n, m] = filling.numbers;
    draft = draft.replace("{n}", &n.to_string()).replace("{m}", &m.to_string());
    let query = view.guard(&draft).unwrap_or_else(|error| panic!("{draft}: {error}"));
    (statement(&query, &relations).unwrap_or_else(|error| panic!("{draft}: {error}")), names)
}

fn plain() -> Filling {
    let word = |at: usize| format!("w{at}");
    Filling {
        texts: [0, 1, 2, 3].map(word),
        numbers: [700, 800],
        names: [0, 1, 2, 3].map(|at| format!("name_{at}")),
    }
}

fn hostile() -> impl Strategy<Value = Filling> {
    let piece = prop::sample::select(vec![
        "'",
        "\\",
        "--",
        "/*+ BROADCAST(x) */",
        "${env:HOME}",
        "${spark.app.name}",
        "\n",
        "\r",
        "\t",
        "\u{212A}",
        "`",
        ";",
        ":p0",
        "' OR '1'='1",
        "\\' union all select note from base -- ",
        "%",
        "\u{0}",
        "\"",
        "$$",
        "x",
        "\u{a0}",
    ]);
    let text = prop::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat());
    // Names of a draft are printable ASCII; all that is odd among it is here.
    let letters = prop::sample::select(b" !\"#%&'()*+,-./:;<=>?@[]^_{|}~aZ9".to_vec());
    let name = prop::collection::vec(letters, 0..12).prop_map(|letters| String::from_utf8(letters).unwrap());
    (prop::array::uniform4(text), prop::array::uniform2(100_u32..1_000), prop::array::uniform4(name))
        .prop_map(|(texts, numbers, names)| {
            let mut at = 0;
            let mut differing = |text: String| {
                at += 1;
                format!("{text}{at}")
            };
            let texts = texts.map(&mut differing);
            let names = names.map(&mut differing);
            let [n, m] = numbers;
            Filling { texts, numbers: [n, if m == n { n + 1 } else { m }], names }
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn other_literals_and_other_names_give_the_same_text(filling in hostile(), draft in 0..DRAFTS.len()) {
        let (usual, _) = translated(DRAFTS[draft], &plain());
        let (odd, names) = translated(DRAFTS[draft], &filling);
        prop_assert_eq!(usual.text(), odd.text());
        prop_assert_eq!(stranger(&odd.text(), &names), None);
        // What was taken out of the text is bound, whole.
        let bound = |text: &String| odd.parameters().iter().any(|parameter| parameter.value == Value::Text(text.clone()));
        for (at, text) in filling.texts.iter().enumerate() {
            if DRAFTS[draft].contains(&format!("{{{at}}}")) {
                prop_assert!(bound(text), "{:?}", odd.parameters());
            }
        }
    }
}
