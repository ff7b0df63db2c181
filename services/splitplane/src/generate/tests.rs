//! The generator on a made-up domain, and on every specification under `examples/`.

use super::*;
use arrow::array::{Array, Decimal128Array, RecordBatch, cast::AsArray as _};
use arrow::datatypes::{DataType, Date32Type, Decimal128Type, Int64Type};
use jiff::civil::date;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::path::PathBuf;
use std::sync::OnceLock;

const SKY: &str = r##"
version: 1
seed: 7
week_starts: monday
weeks: 3
tables:
  - name: moons
    rows: { listed: [[io, "0.50", 3], [europa, "1.25", 0]] }
    columns:
      - { name: moon, is: { listed: text } }
      - { name: weight, is: { listed: decimal } }
      - { name: craters, is: { listed: integer } }
  - name: domes
    rows: { listed: [[north, "1", 2, 10], [north, "10", 3, 20], [south, "1", 2, 30]] }
    columns:
      - { name: society, is: { listed: text } }
      - { name: hill, is: { listed: text } }
      - { name: lenses, is: { listed: integer } }
      - { name: nightly, is: { listed: integer } }
  - name: lenses
    rows: { each: { parent: domes, count: { column: lenses } } }
    columns:
      - { name: society, is: { parent: society } }
      - { name: hill, is: { parent: hill } }
      - { name: lens, is: { sequence: { prefix: Z, digits: 2, restarts: true } } }
      - { name: nightly, written: false, is: { parent: nightly } }
      - { name: moon, is: { cycle: { table: moons, column: moon, every: 1, stride: 0 } } }
      - { name: craters, is: { through: { column: moon, take: craters } } }
      - { name: title, is: { template: "{hill}/{lens} at {moon}" } }
      - { name: code, is: { pattern: "x-##" } }
  - name: keepers
    written: false
    rows: { listed: [[north, "1", kim, "Z02"], [south, "1", lee, "*"]] }
    columns:
      - { name: society, is: { listed: text } }
      - { name: hill, is: { listed: text } }
      - { name: keeper, is: { listed: text } }
      - { name: keeps, is: { listed: text } }
  - name: keys
    rows: { each: { parent: keepers, count: { partners: { table: lenses, same: [society, hill], key: lens, listed: keeps } } } }
    columns:
      - { name: society, is: { parent: society } }
      - { name: keeper, is: { parent: keeper } }
      - { name: lens, is: { partner: lens } }
  - name: sightings
    rows: { each: { parent: lenses, count: { daily: { column: nightly, weekdays: [100, 100, 100, 100, 100, 0, 200], vary_percent: 20 } } } }
    columns:
      - { name: sighting, is: { sequence: { prefix: S, digits: 4, restarts: false } } }
      - { name: society, is: { parent: society } }
      - { name: hill, is: { parent: hill } }
      - { name: lens, is: { parent: lens } }
      - { name: night, is: day }
      - { name: seen_by, is: { reference: { table: keys, column: keeper, within: [society], empty_percent: 30 } } }
      - { name: sky, is: { text: { clear: 3, cloudy: 1 } } }
      - { name: magnitude, is: { between: { min: -1, max: 6 } } }
      - { name: light, is: { decimal: { min: "1.00", max: "9.00", skewed: true } } }
      - { name: glare, is: { percent_more: { of: light, percents: { 0: 1, 10: 1 } } } }
  - name: rays
    rows: { each: { parent: sightings, count: { drawn: { 1: 1, 2: 1, 3: 1 } } } }
    columns:
      - { name: sighting, is: { parent: sighting } }
      - { name: width, is: { integer: { 1: 2, 5: 1 } } }
      - { name: light, is: { share: { of: light, by: [width] } } }
totals:
  - { table: sightings, column: light, total: "123.45", where: { society: [north], hill: ["1"], lens: [Z02] } }
  - { table: sightings, column: light, total: "2000.00", where: { society: [north] } }
  - { table: sightings, column: light, total: "0.20", where: { society: [south], lens: [Z01], sky: [cloudy], magnitude: ["6", "5"] } }
"##;

const MONDAY: Date = date(2026, 11, 23);

struct World {
    _folder: tempfile::TempDir,
    path: PathBuf,
    generated: Generated,
}

fn world(spec: &str, as_of: Date) -> World {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("warehouse");
    let generated = generate(spec, &path, as_of).unwrap();
    World { _folder: folder, path, generated }
}

fn sky() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(|| world(SKY, MONDAY))
}

fn reader(folder: &Path, table: &str) -> ParquetRecordBatchReaderBuilder<File> {
    let file = File::open(folder.join(format!("{table}.parquet"))).unwrap();
    ParquetRecordBatchReaderBuilder::try_new(file).unwrap()
}

fn batches(folder: &Path, table: &str) -> Vec<RecordBatch> {
    reader(folder, table).with_batch_size(1 << 16).build().unwrap().map(Result::unwrap).collect()
}

fn text(column: &dyn Array, row: usize) -> String {
    let integers = column.as_primitive_opt::<Int64Type>().map(|values| values.value(row).to_string());
    let unscaled = || column.as_primitive_opt::<Decimal128Type>().map(|values| values.value(row).to_string());
    let day = || {
        column.as_primitive_opt::<Date32Type>().map(|values| values.value_as_date(row).unwrap().to_string())
    };
    let text = || column.as_string_opt::<i32>().map(|values| values.value(row).to_owned());
    if column.is_null(row) {
        String::new()
    } else {
        integers.or_else(unscaled).or_else(day).or_else(text).unwrap()
    }
}

/// All rows of these columns as text, by means that share nothing with the generator.
fn rows(folder: &Path, table: &str, columns: &[&str]) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    for batch in batches(folder, table) {
        let columns: Vec<_> = columns.iter().map(|name| batch.column_by_name(name).unwrap()).collect();
        rows.extend((0..batch.num_rows()).map(|row| columns.iter().map(|c| text(c, row)).collect()));
    }
    rows
}

fn cents(text: &str) -> i128 {
    text.parse().unwrap()
}

/// What a total of a specification sums up to in the files.
fn sum_of(folder: &Path, total: &spec::TotalSpec, day_column: &str, week: Week) -> i128 {
    let mut sum = 0;
    for batch in batches(folder, &total.table) {
        let amounts: &Decimal128Array = batch.column_by_name(&total.column).unwrap().as_primitive();
        let days = batch.column_by_name(day_column).unwrap().as_primitive::<Date32Type>();
        let filters: Vec<_> =
            total.filter.iter().map(|(name, wanted)| (batch.column_by_name(name).unwrap(), wanted)).collect();
        let week = epoch_day(week.from)..=epoch_day(week.to);
        for row in (0..batch.num_rows()).filter(|row| week.contains(&days.value(*row))) {
            if filters.iter().all(|(column, wanted)| wanted.contains(&text(*column, row))) {
                sum += amounts.value(row);
            }
        }
    }
    sum
}

fn epoch_day(day: Date) -> i32 {
    day.since(date(1970, 1, 1)).unwrap().get_days()
}

/// Whether the rows are in the order of these texts and then of the day.
fn is_sorted(folder: &Path, table: &str, texts: &[&str], day: &str) -> bool {
    let mut last: Vec<(Vec<String>, i32)> = Vec::new();
    batches(folder, table).iter().all(|batch| {
        let texts: Vec<_> =
            texts.iter().map(|name| batch.column_by_name(name).unwrap().as_string::<i32>()).collect();
        let days = batch.column_by_name(day).unwrap().as_primitive::<Date32Type>();
        let key =
            |row: usize| (texts.iter().map(|column| column.value(row)).collect::<Vec<_>>(), days.value(row));
        let own = |row: usize| {
            let (texts, day) = key(row);
            (texts.into_iter().map(str::to_owned).collect(), day)
        };
        let follows = last.last().is_none_or(|last| *last <= own(0));
        last = vec![own(batch.num_rows() - 1)];
        follows && (1..batch.num_rows()).all(|row| key(row - 1) <= key(row))
    })
}

fn day_column(spec: &spec::Spec, table: &str) -> String {
    let table = spec.tables.iter().find(|known| known.name == table).unwrap();
    table.columns.iter().find(|column| matches!(column.is, spec::Source::Day)).unwrap().name.clone()
}

fn assert_totals(text: &str, world: &World) {
    let spec = spec::Spec::parse(text).unwrap();
    assert!(!spec.totals.is_empty());
    for total in &spec.totals {
        let sum = sum_of(&world.path, total, &day_column(&spec, &total.table), world.generated.week);
        assert_eq!(sum, cents(&total.total.replace('.', "")), "{total:?}");
    }
}

#[test]
fn stated_totals_come_out_to_the_hundredth_within_each_other() {
    assert_totals(SKY, sky());
    // Days of the current week lie behind the newest complete one, and count for no total.
    assert_totals(SKY, &world(SKY, date(2026, 11, 26)));
    assert!(rows(&sky().path, "sightings", &["light"]).iter().all(|row| cents(&row[0]) >= 1));
}

#[test]
fn columns_hold_what_the_specification_says() {
    let path = &sky().path;
    assert_eq!(
        rows(path, "moons", &["moon", "weight", "craters"]),
        [["io", "50", "3"], ["europa", "125", "0"]]
    );
    assert_eq!(
        rows(path, "lenses", &["society", "hill", "lens", "moon", "craters", "title"])[..3],
        [
            ["north", "1", "Z01", "io", "3", "1/Z01 at io"],
            ["north", "1", "Z02", "europa", "0", "1/Z02 at europa"],
            ["north", "10", "Z01", "io", "3", "10/Z01 at io"],
        ]
    );
    assert_eq!(
        rows(path, "keys", &["society", "keeper", "lens"]),
        [["north", "kim", "Z02"], ["south", "lee", "Z01"], ["south", "lee", "Z02"]]
    );
    assert!(!path.join("keepers.parquet").exists());
    assert!(batches(path, "lenses")[0].column_by_name("nightly").is_none());
    for row in rows(path, "lenses", &["code"]) {
        assert!(
            row[0].len() == 4 && row[0].strip_prefix("x-").is_some_and(|digits| digits.parse::<u8>().is_ok()),
            "{row:?}"
        );
    }
    let sightings = rows(path, "sightings", &["sky", "magnitude", "light", "glare", "seen_by"]);
    let share = |wanted: &dyn Fn(&Vec<String>) -> bool| {
        sightings.iter().filter(|row| wanted(row)).count() * 100 / sightings.len()
    };
    assert!((65..85).contains(&share(&|row| row[0] == "clear")));
    assert!((20..40).contains(&share(&|row| row[4].is_empty())));
    let magnitudes: BTreeSet<_> = sightings.iter().map(|row| row[1].parse::<i8>().unwrap()).collect();
    assert_eq!(magnitudes, (-1..=6).collect());
    for row in &sightings {
        let (light, glare) = (cents(&row[2]), cents(&row[3]));
        assert!(glare == light || glare == (light * 110 + 50) / 100, "{row:?}");
    }
    let seen = rows(path, "sightings", &["society", "seen_by"]);
    let keeper = |society: &str| if society == "north" { "kim" } else { "lee" };
    assert!(seen.iter().all(|row| row[1].is_empty() || row[1] == keeper(&row[0])));
}

#[test]
fn shares_of_a_row_add_up_to_it() {
    let mut sums: BTreeMap<String, i128> = BTreeMap::new();
    for row in rows(&sky().path, "rays", &["sighting", "light"]) {
        *sums.entry(row[0].clone()).or_insert(0) += cents(&row[1]);
    }
    let whole = rows(&sky().path, "sightings", &["sighting", "light"]);
    assert_eq!(sums, whole.iter().map(|row| (row[0].clone(), cents(&row[1]))).collect());
}

#[test]
fn days_are_complete_weeks_and_what_has_passed_of_this_one() {
    let nights = |as_of| {
        let world = world(SKY, as_of);
        let nights: BTreeSet<String> =
            rows(&world.path, "sightings", &["night"]).into_iter().flatten().collect();
        (nights.first().unwrap().clone(), nights.last().unwrap().clone(), world.generated.week)
    };
    let week = Week { from: date(2026, 11, 16), to: date(2026, 11, 22) };
    // No nights on the sixth day of a week, twice as many on the seventh.
    assert_eq!(nights(MONDAY), ("2026-11-02".to_owned(), "2026-11-22".to_owned(), week));
    assert_eq!(nights(date(2026, 11, 26)), ("2026-11-02".to_owned(), "2026-11-25".to_owned(), week));
    assert_eq!(nights(date(2026, 11, 29)), ("2026-11-02".to_owned(), "2026-11-27".to_owned(), week));
    let sundays = SKY.replace("monday", "sunday");
    assert_eq!(
        world(&sundays, date(2026, 11, 28)).generated.week,
        Week { from: date(2026, 11, 15), to: date(2026, 11, 21) }
    );
}

#[test]
fn the_same_specification_and_day_give_the_same_bytes_and_no_other_does() {
    let bytes = |world: &World| {
        let names = world.generated.tables.keys();
        names.map(|name| fs::read(world.path.join(format!("{name}.parquet"))).unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(bytes(&world(SKY, MONDAY)), bytes(sky()));
    assert_ne!(bytes(&world(&SKY.replace("seed: 7", "seed: 8"), MONDAY)), bytes(sky()));
    assert_ne!(bytes(&world(SKY, date(2026, 11, 24))), bytes(sky()));
}

#[test]
fn data_is_current_while_last_week_is_its_newest_and_every_file_is_whole() {
    let world = world(SKY, MONDAY);
    let current = |spec: &str, as_of| is_current(spec, &world.path, as_of).unwrap();
    assert!(current(SKY, MONDAY) && current(SKY, date(2026, 11, 29)));
    assert!(!current(SKY, date(2026, 11, 30)) && !current(SKY, date(2026, 11, 22)));
    assert!(!current(&SKY.replace("seed: 7", "seed: 8"), MONDAY));
    assert!(!is_current(SKY, &world.path.join("nowhere"), MONDAY).unwrap());
    let file = world.path.join("rays.parquet");
    let whole = fs::read(&file).unwrap();
    fs::write(&file, &whole[1..]).unwrap();
    assert!(!current(SKY, MONDAY));
    fs::remove_file(&file).unwrap();
    assert!(!current(SKY, MONDAY));
    fs::write(&file, &whole).unwrap();
    assert!(current(SKY, MONDAY));
}

#[test]
fn a_folder_of_ours_is_replaced_whole_and_any_other_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("above").join("warehouse");
    generate(SKY, &out, MONDAY).unwrap();
    fs::write(out.join("moons_of_old.parquet"), b"").unwrap();
    generate(SKY, &out, date(2026, 11, 30)).unwrap();
    assert!(is_current(SKY, &out, date(2026, 11, 30)).unwrap());
    assert!(!out.join("moons_of_old.parquet").exists());

    let broken = SKY.replace("\"123.45\"", "\"0.01\"");
    assert!(matches!(generate(&broken, &out, MONDAY), Err(GenerateError::Spec { .. })));
    assert!(is_current(SKY, &out, date(2026, 11, 30)).unwrap());
    assert_eq!(fs::read_dir(out.parent().unwrap()).unwrap().count(), 1, "nothing is left beside");

    let theirs = folder.path().join("theirs");
    fs::create_dir(&theirs).unwrap();
    fs::write(theirs.join("diary.txt"), b"dear diary").unwrap();
    assert!(matches!(generate(SKY, &theirs, MONDAY), Err(GenerateError::NotOurs { .. })));
    assert_eq!(fs::read(theirs.join("diary.txt")).unwrap(), b"dear diary");
    fs::remove_file(theirs.join("diary.txt")).unwrap();
    generate(SKY, &theirs, MONDAY).unwrap();
}

#[test]
fn a_wrong_specification_says_where_and_what() {
    let folder = tempfile::tempdir().unwrap();
    for (right, wrong, says) in [
        ("version: 1", "version: 2", "`version`: 2 is not known"),
        ("weeks: 3", "weeks: 0", "`weeks`: must be 1 to 520"),
        ("name: rays", "name: ../rays", "table `../rays`: a table's name"),
        ("name: rays", "name: keys", "table `keys`: it is there twice"),
        ("parent: sightings", "parent: rays", "table `rays`: there is no table `rays` before it"),
        ("of: light, by", "of: night, by", "`rays.light`: `night` is not decimal"),
        ("by: [width]", "by: [wdth]", "table `rays`: it has no column `wdth`"),
        ("by: [width]", "by: [sighting]", "a weight is not a number above 0"),
        ("{hill}/", "{hil}/", "it has no column `hil`"),
        ("at {moon}", "at {moon", "is not closed"),
        ("take: craters", "take: holes", "it has no column `holes`"),
        ("column: moon, take", "column: hill, take", "`hill` picks no row"),
        ("\"Z02\"]", "\"Z02 Z09\"]", "finds 1 rows: `Z02 Z09`"),
        ("clear: 3, cloudy: 1", "clear: 0", "no weight is above 0"),
        ("\"0.50\", 3", "\"0.505\", 3", "`0.505` is no decimal number"),
        ("\"0.50\", 3", "\"0.50\", many", "`many` is no whole number"),
        ("[io, \"0.50\", 3]", "[io, \"0.50\"]", "row 1 has 2 values for 3 columns"),
        ("max: \"9.00\"", "max: \"0.50\"", "`max` is below `min`"),
        ("is: day }", "is: { partner: lens } }", "its rows have no partner"),
        ("\"123.45\"", "\"0.05\"", "rows are left to carry 5 hundredths"),
        ("column: light, total: \"0.20\"", "column: lite, total: \"0.20\"", "there is no such column"),
        ("column: light, total: \"0.20\"", "column: sky, total: \"0.20\"", "the column is not decimal"),
    ] {
        let spec = SKY.replacen(right, wrong, 1);
        assert_ne!(spec, SKY, "{right}");
        let error = generate(&spec, &folder.path().join("out"), MONDAY).unwrap_err();
        assert!(error.to_string().contains(says), "{wrong}: {error}");
    }
    for wrong in ["", "[]", "version: one", &SKY.replace("seed: 7", "seed: 7\nsed: 8")] {
        let error = generate(wrong, &folder.path().join("out"), MONDAY).unwrap_err();
        assert!(matches!(error, GenerateError::Syntax(_)), "{error}");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

// === The specifications, models and policies of the repository ===

/// A folder of `examples/`, and the specification of its data and the data where it has one.
struct Example {
    folder: PathBuf,
    data: Option<(String, World)>,
}

fn examples() -> &'static [Example] {
    static EXAMPLES: OnceLock<Vec<Example>> = OnceLock::new();
    EXAMPLES.get_or_init(|| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
        let folders =
            fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir());
        let example = |folder: PathBuf| {
            let spec = folder.join("data.yaml");
            let text = spec.is_file().then(|| fs::read_to_string(spec).unwrap());
            Example { folder, data: text.map(|text| (text.clone(), world(&text, MONDAY))) }
        };
        folders.map(example).collect()
    })
}

#[test]
fn every_example_that_is_generated_has_its_totals_and_is_small_and_sorted() {
    let generated: Vec<_> = examples().iter().filter_map(|example| example.data.as_ref()).collect();
    assert!(!generated.is_empty());
    for (text, world) in generated {
        assert_totals(text, world);
        let bytes: u64 = world.generated.tables.values().map(|table| table.bytes).sum();
        assert!(bytes < 100_000_000, "{bytes}");
        let parsed = spec::Spec::parse(text).unwrap();
        for total in &parsed.totals {
            // Sorted by what the totals are stated for, then by day: what filters use is close together.
            let table = parsed.tables.iter().find(|table| table.name == total.table).unwrap();
            let mut columns: Vec<&str> = table.columns.iter().map(|column| column.name.as_str()).collect();
            columns.retain(|column| parsed.totals.iter().any(|total| total.filter.contains_key(*column)));
            let day = day_column(&parsed, &total.table);
            assert!(is_sorted(&world.path, &total.table, &columns, &day), "{columns:?}");
        }
    }
}

#[test]
fn every_example_loads_and_its_generated_files_hold_the_columns_of_its_models() {
    for Example { folder, data } in examples() {
        let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let is_model = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().starts_with("model");
        let models: Vec<_> = entries.filter(is_model).collect();
        assert!(!models.is_empty(), "{}", folder.display());
        for path in models {
            let model = splitplane_semantics::load_model(&path).unwrap_or_else(|error| panic!("{error}"));
            splitplane_semantics::load_policy(&folder.join("policy.yaml"), &model)
                .unwrap_or_else(|error| panic!("{error}"));
            for dataset in data.iter().flat_map(|_| &model.datasets) {
                assert_columns(&data.as_ref().unwrap().1.path, dataset);
            }
        }
    }
}

fn assert_columns(folder: &Path, dataset: &splitplane_semantics::Dataset) {
    let schema = reader(folder, &dataset.source).schema().clone();
    for field in &dataset.fields {
        let splitplane_semantics::FieldExpression::Column(column) = &field.expression else { continue };
        let found = schema.field_with_name(column).unwrap_or_else(|error| panic!("{error}"));
        let types = [
            (DataType::Utf8, splitplane_types::DataType::String),
            (DataType::Int64, splitplane_types::DataType::Integer),
            (DataType::Decimal128(12, 2), splitplane_types::DataType::Decimal),
            (DataType::Date32, splitplane_types::DataType::Date),
        ];
        let (_, expected) = types.iter().find(|(arrow, _)| arrow == found.data_type()).unwrap();
        assert_eq!(field.data_type, Some(*expected), "{}.{}", dataset.name, field.name);
    }
}
