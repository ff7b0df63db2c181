//! The commands over the library world: exit codes, and what is told.

use super::*;
use crate::cli::tests::code_of;
use splitplane_testkit::{MODEL, POLICY, World as Library};
use std::fs;
use std::path::Path;
use tempfile::TempDir;

struct Shelf {
    folder: TempDir,
}

impl Shelf {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let shelf = Self { folder };
        fs::write(shelf.path("model.yaml"), MODEL).unwrap();
        fs::write(shelf.path("policy.yaml"), POLICY).unwrap();
        Library::library(3).write(&shelf.folder.path().join("data")).unwrap();
        shelf
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    fn write(&self, name: &str, text: &str) -> String {
        fs::write(self.path(name), text).unwrap();
        self.path(name)
    }

    fn policy(&self, name: &str, from: &str, to: &str) -> String {
        assert!(POLICY.contains(from), "{from}");
        self.write(name, &POLICY.replacen(from, to, 1))
    }

    fn files(&self) -> Vec<String> {
        ["model", "policy"]
            .iter()
            .flat_map(|name| [format!("--{name}"), self.path(&format!("{name}.yaml"))])
            .chain(["--data".to_owned(), self.path("data")])
            .collect()
    }

    /// The exit code of a command over these files.
    fn code(&self, words: &[&str]) -> u8 {
        let words = words.iter().map(|word| (*word).to_owned());
        code_of(words.chain(self.files()))
    }

    fn opened(&self) -> Opened {
        let world = World::at(
            Path::new(&self.path("model.yaml")),
            Path::new(&self.path("policy.yaml")),
            Path::new(&self.path("data")),
        );
        Opened::at(&world.unwrap()).unwrap()
    }
}

const SCOPE: &str = "loans:\n    scope: { tenant: tenant_id, business: business_id, branch: branch_id }";

#[test]
fn questions_end_with_0_and_wrong_names_with_64() {
    let shelf = Shelf::new();
    let ann = "city-libraries/north/ann";
    assert_eq!(shelf.code(&["policy", "who-can-see", "loans", "--key", "loan_id=L0-00000"]), 0);
    assert_eq!(shelf.code(&["policy", "who-can-see", "loans", "--key", "loan_id=none", "--json"]), 0);
    assert_eq!(shelf.code(&["policy", "what-can", ann]), 0);
    assert_eq!(shelf.code(&["policy", "why-not", ann, "fines", "--key", "loan_id=L2-00000"]), 0);
    assert_eq!(shelf.code(&["policy", "who-can-see", "lones", "--key", "loan_id=1"]), 64);
    assert_eq!(shelf.code(&["policy", "who-can-see", "loans", "--key", "loan=1"]), 64);
    assert_eq!(shelf.code(&["policy", "who-can-see", "loans", "--key", "loan_id"]), 64);
    assert_eq!(shelf.code(&["policy", "who-can-see", "loans"]), 64);
    assert_eq!(shelf.code(&["policy", "who-can-see", "loans", "--key", "loan_id=1", "loan_id=2"]), 64);
    assert_eq!(shelf.code(&["policy", "what-can", "city-libraries/north/nobody"]), 64);
    assert_eq!(shelf.code(&["policy", "what-can", "ann"]), 64);
}

#[test]
fn a_chain_is_told_down_to_the_grant() {
    let shelf = Shelf::new();
    let key = [("loan_id".to_owned(), "L0-00000".to_owned())];
    let found = shelf.opened().ask(|lab| lab.who_can_see("fines", &key)).unwrap();
    let text = lines::who_can_see(&found, 20);
    for part in [
        "1 row of fines with loan_id = \"L0-00000\"",
        "2 admins",
        "  city-libraries/north/ann\n",
        "    fines leads to loans where loan_id = 'L0-00000'\n",
        "branch_id = '001' (branch), granted by branch '001'",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(lines::who_can_see(&found, 1).contains("and 1 more"));
    let ann = "city-libraries/north/ann".parse().unwrap();
    let key = [("loan_id".to_owned(), "L2-00000".to_owned())];
    let found = shelf.opened().ask(|lab| lab.why_not(&ann, "loans", &key)).unwrap();
    let text = lines::why_not(&found, 20);
    assert!(text.contains("does not see 1 row of loans") && text.contains("'002'"), "{text}");
    let found = shelf.opened().ask(|lab| lab.what_can(&ann, &"clerk".parse().unwrap(), None)).unwrap();
    let text = tables::what_can(&found);
    for part in [
        "loans: 6 of 21 rows",
        "where (tenant_id, business_id, branch_id) is ('city-libraries', 'north', '001') or ('city-libraries', 'north', '1')",
        "columns: reader_email hidden",
        "without readers: it needs loans.reader_email, which is hidden",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn a_change_that_widens_ends_with_2_unless_it_is_allowed() {
    let shelf = Shelf::new();
    let wider =
        shelf.policy("wider.yaml", SCOPE, "loans:\n    scope: { tenant: tenant_id, business: business_id }");
    let (model, data) = (shelf.path("model.yaml"), shelf.path("data"));
    let old = shelf.path("policy.yaml");
    let code = |from: &str, to: &str, more: &[&str]| {
        let words = ["policy", "diff", from, to, "--model", &model, "--data", &data];
        code_of(words.iter().chain(more).map(|word| (*word).to_owned()))
    };
    assert_eq!(code(&old, &wider, &[]), WIDENS);
    assert_eq!(code(&old, &wider, &["--markdown"]), WIDENS);
    assert_eq!(code(&old, &wider, &["--json"]), WIDENS);
    assert_eq!(code(&old, &wider, &["--allow-widening"]), 0);
    assert_eq!(code(&wider, &old, &[]), 0);
    assert_eq!(code(&old, &old, &[]), 0);
    assert_eq!(code(&old, &shelf.path("none.yaml"), &[]), 64);
    let shown = shelf.policy(
        "shown.yaml",
        "columns: { reader_email: hidden }",
        "columns: { reader_email: { mask: last4 } }",
    );
    assert_eq!(code(&old, &shown, &[]), WIDENS);
    assert_eq!(code(&shown, &old, &[]), 0);
    let template = shelf.policy("template.yaml", "limits:", "explain: template\nlimits:");
    assert_eq!(code(&old, &template, &[]), 0);
    assert_eq!(code(&template, &old, &[]), WIDENS, "a model sees rows that none saw");
    let limits = shelf.policy("limits.yaml", "rows: 1000", "rows: 2000");
    assert_eq!(code(&old, &limits, &[]), 0);
}

#[test]
fn a_check_ends_with_1_where_something_is_wrong_in_the_files_or_in_the_data() {
    let shelf = Shelf::new();
    let (model, data) = (shelf.path("model.yaml"), shelf.path("data"));
    let code = |policy: &str, data: Option<&str>| {
        let words = ["policy", "check", "--model", &model, "--policy", policy];
        let data = data.into_iter().flat_map(|data| ["--data", data]);
        code_of(words.into_iter().chain(data).map(str::to_owned))
    };
    let policy = shelf.path("policy.yaml");
    assert_eq!(code(&policy, None), 0);
    assert_eq!(code(&policy, Some(&data)), 0);
    let typo = shelf.policy("typo.yaml", "branch: branch_id } }\n  loans", "branch: brunch_id } }\n  loans");
    assert_eq!(code(&typo, None), 1);
    // Two tenants' loans have one id now, so a fine of the one leads to the other.
    let loans = fs::read_to_string(format!("{data}/loans.csv")).unwrap();
    fs::write(format!("{data}/loans.csv"), loans.replace("L4-00000,", "L0-00000,")).unwrap();
    assert_eq!(code(&policy, None), 0);
    assert_eq!(code(&policy, Some(&data)), 1);
    fs::remove_file(format!("{data}/fines.csv")).unwrap();
    assert_eq!(code(&policy, Some(&data)), 1);
    assert_eq!(code_of(["model", "check", &model].map(str::to_owned)), 0);
    let broken = shelf.write("broken.yaml", &MODEL.replace("from: loans", "from: loands"));
    assert_eq!(code_of(["model", "check", &broken].map(str::to_owned)), 1);
}

#[test]
fn a_number_in_a_key_is_the_text_that_is_written() {
    let shelf = Shelf::new();
    let of = |key: &str| {
        let text = format!(
            "- {{ admin: city-libraries/north/ann, dataset: branches, exactly: [ {{ branch_id: {key} }}, {{ branch_id: 1 }} ] }}"
        );
        let file = shelf.write("expectations.yaml", &text);
        shelf.code(&["policy", "test", &file])
    };
    assert_eq!((of("001"), of("'001'"), of("01")), (0, 0, 1));
}

#[test]
fn what_no_sandbox_can_be_built_on_has_no_answer_and_is_an_error_of_the_check() {
    use arrow::array::{ArrayRef, Float64Array, RecordBatch, StringArray};
    let shelf = Shelf::new();
    let text = |value: &str| -> ArrayRef { std::sync::Arc::new(StringArray::from(vec![value])) };
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("fine_id", text("F1")),
        ("loan_id", std::sync::Arc::new(Float64Array::from(vec![1.0]))),
        ("amount", text("1.00")),
    ];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let file = fs::File::create(format!("{}/fines.parquet", shelf.path("data"))).unwrap();
    let mut writer = parquet::arrow::ArrowWriter::try_new(file, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    let files = shelf.files();
    assert_eq!(code_of(["policy", "check"].map(str::to_owned).into_iter().chain(files)), 1);
    assert_eq!(shelf.code(&["policy", "what-can", "city-libraries/north/ann"]), 64);
}

#[test]
fn cells_of_markdown_say_themselves_and_no_more() {
    let row = ["a|b\\|c".to_owned(), "<b>@x</b> [l](u) *s* #1".to_owned()];
    let text = changes::markdown(&row, &[]);
    let first = text.lines().next().unwrap();
    assert_eq!(first, r"| a\|b\\\|c | \<b\>\@x\</b\> \[l\](u) \*s\* \#1 |");
}

const EXPECTED: &str = "
- { admin: city-libraries/north/ann, dataset: branches, exactly: [ { branch_id: '001' }, { branch_id: '1' } ], never: [ { branch_id: '002' }, { branch_name: Vault } ] }
- { admin: city-libraries/north/ann, dataset: loans, rows: 6, columns: { reader_email: hidden, fee: shown } }
- { admin: city-libraries/north/bea, dataset: branches, sees: [ { branch_name: Mill } ] }
- { admin: city-libraries/north/ann, metrics: [ total_fees ], no_metrics: [ readers ] }
- { dataset: branches, key: { branch_name: Mill }, seen_by: [ city-libraries/north/bea ] }
";

#[test]
fn an_expectation_that_does_not_hold_ends_with_1() {
    let shelf = Shelf::new();
    let code = |text: &str| {
        let file = shelf.write("expectations.yaml", text);
        shelf.code(&["policy", "test", &file])
    };
    assert_eq!(code(EXPECTED), 0);
    for (from, to) in [
        ("{ branch_id: '001' }, { branch_id: '1' }", "{ branch_id: '001' }"),
        (
            "{ branch_id: '001' }, { branch_id: '1' }",
            "{ branch_id: '001' }, { branch_id: '1' }, { branch_id: '002' }",
        ),
        ("{ branch_id: '1' } ]", "{ branch_id: '01' } ]"),
        ("never: [ { branch_id: '002' }", "never: [ { branch_id: '001' }"),
        ("never: [ { branch_id: '002' }", "never: [ { branch_id: '0002' }"),
        ("{ branch_id: '001' }, { branch_id: '1' }", "{ branch_id: '001' }, { branch_id: '001' }"),
        (
            "admin: city-libraries/north/ann, metrics",
            "admin: city-libraries/north/ann, dataset: loans, rows: 7, metrics",
        ),
        ("admin: city-libraries/north/bea, dataset", "admin: city-libraries/north/nobody, dataset"),
        ("rows: 6", "rows: 7"),
        ("reader_email: hidden", "reader_email: shown"),
        ("fee: shown", "fee: last4"),
        ("sees: [ { branch_name: Mill } ]", "sees: [ { branch_name: Vault } ]"),
        ("metrics: [ total_fees ]", "metrics: [ readers ]"),
        ("no_metrics: [ readers ]", "no_metrics: [ total_fees ]"),
        ("seen_by: [ city-libraries/north/bea ]", "seen_by: []"),
        (
            "seen_by: [ city-libraries/north/bea ]",
            "seen_by: [ city-libraries/north/bea, city-libraries/north/ann ]",
        ),
        ("key: { branch_name: Mill }", "key: { branch_name: None }"),
    ] {
        assert!(EXPECTED.contains(from), "{from}");
        assert_eq!(code(&EXPECTED.replacen(from, to, 1)), 1, "{to}");
    }
}

#[test]
fn an_expectation_that_means_nothing_ends_with_64() {
    let shelf = Shelf::new();
    for text in [
        "[]",
        "- { admin: city-libraries/north/ann, data: loans }",
        "- { dataset: loans, rows: 1 }",
        "- { admin: city-libraries/north/ann }",
        "- { admin: city-libraries/north/ann, dataset: branches, exactly: [ { branch_id: '1' }, { branch_name: Hill } ] }",
        "- { admin: city-libraries/north/ann, dataset: loans }",
        "- { admin: city-libraries/north/ann, rows: 1 }",
        "- { admin: ann, dataset: loans, rows: 1 }",
        "- { admin: city-libraries/north/ann, dataset: lones, rows: 1 }",
        "- { admin: city-libraries/north/ann, dataset: loans, columns: { email: hidden } }",
        "- { admin: city-libraries/north/ann, metrics: [ sales ] }",
        "- { seen_by: [] }",
        "- { dataset: loans, key: { loan_id: L0-00000 }, seen_by: [], rows: 7 }",
        "- { dataset: loans, key: { loan_id: L0-00000 }, seen_by: [ ann ] }",
        "- { dataset: loans, key: {}, seen_by: [] }",
    ] {
        let file = shelf.write("expectations.yaml", text);
        assert_eq!(shelf.code(&["policy", "test", &file]), 64, "{text}");
    }
    assert_eq!(shelf.code(&["policy", "test", "/no/such/file"]), 64);
}

#[test]
fn a_draft_of_the_librarys_policy_is_written_once_and_names_no_public_dataset() {
    let shelf = Shelf::new();
    let (model, data, to) = (shelf.path("model.yaml"), shelf.path("data"), shelf.path("draft.yaml"));
    let words = ["policy", "init", "--model", &model, "--data", &data, "--output", &to].map(str::to_owned);
    assert_eq!(code_of(words.clone()), 0);
    assert_eq!(code_of(words), 64, "it is there");
    let draft = fs::read_to_string(&to).unwrap();
    assert!(!draft.contains("public:") && draft.contains("# guess:"), "{draft}");
    let model = load_model(Path::new(&model)).unwrap();
    let (draft, own) = (
        load_policy(Path::new(&to), &model).unwrap(),
        load_policy(Path::new(&shelf.path("policy.yaml")), &model).unwrap(),
    );
    for (name, dataset) in &own.datasets {
        let rows = |rows: &splitplane_semantics::RowPolicy| format!("{rows:?}");
        assert_eq!(rows(&draft.datasets[name].rows), rows(&dataset.rows), "{name}");
    }
}

const VIEW: &str = "
version: 1.1
source: main.gold.trips
dimensions:
  - { name: harbour, expr: harbour }
measures:
  - { name: passengers, expr: SUM(passengers) }
  - { name: running, expr: SUM(passengers), window: [ { order: day, range: cumulative, semiadditive: last } ] }
";

#[test]
fn an_imported_model_is_written_and_passes_its_check() {
    let shelf = Shelf::new();
    let (view, to) = (shelf.write("trips.yaml", VIEW), shelf.path("imported.yaml"));
    assert_eq!(code_of(["model", "import", &view, "--output", &to].map(str::to_owned)), 0);
    let model = load_model(Path::new(&to)).unwrap();
    assert_eq!(model.metrics.iter().map(|metric| metric.name.as_str()).collect::<Vec<_>>(), ["passengers"]);
    assert_eq!(code_of(["model", "check", &to].map(str::to_owned)), 0);
    let other = shelf.write("other.yaml", "a: 1");
    assert_eq!(code_of(["model", "import", &other].map(str::to_owned)), 64);
    assert_eq!(code_of(["model", "import", &other, "--from", "metric-view"].map(str::to_owned)), 64);
}
