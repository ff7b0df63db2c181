use super::*;
use crate::FieldExpression;
use crate::fixtures::{BIKES_MODEL, LIBRARY_MODEL, bikes, library};
use splitplane_types::DataType;

fn error(text: &str) -> String {
    parse_model("m.yaml", text).unwrap_err().to_string()
}

/// The message for a model in which `old` was replaced, once, and the line of the replacement.
fn spoiled(model: &str, old: &str, new: &str) -> (String, u64) {
    let (before, _) = model.split_once(old).unwrap_or_else(|| panic!("no `{old}` in the model"));
    let line = u64::try_from(before.lines().count() + usize::from(before.ends_with('\n'))).unwrap();
    (error(&model.replacen(old, new, 1)), line)
}

#[test]
fn both_versions_load_with_all_that_they_say() {
    let (model, _) = library();
    assert_eq!((model.name.as_str(), model.datasets.len(), model.metrics.len()), ("lending", 6, 6));
    assert_eq!(model.digest, Digest::of(LIBRARY_MODEL.as_bytes()));
    let branches = model.dataset("branches").unwrap();
    assert_eq!(
        (branches.source.as_str(), branches.synonyms.as_slice()),
        ("dim_branch", &["libraries".to_owned()][..])
    );
    let name = branches.field("branch_name").unwrap();
    assert_eq!((name.label.as_str(), name.synonyms.len(), name.is_dimension), ("branch", 2, true));
    let fee = model.dataset("loans").unwrap().field("fee").unwrap();
    assert_eq!((fee.unit.as_deref(), fee.label.as_str()), (Some("USD"), "lending fee"));
    assert_eq!((fee.data_type, fee.is_dimension), (Some(DataType::Decimal), false));
    let fees = model.metric("total_fees").unwrap();
    assert_eq!(
        (fees.label.as_str(), fees.unit.as_deref(), fees.dataset()),
        ("fees charged", Some("USD"), "loans")
    );
    assert_eq!(fees.synonyms, ["fees", "fee income"]);
    assert_eq!(model.metric("fee_per_loan").unwrap().fields.len(), 2);

    let (model, _) = bikes();
    assert_eq!(model.dataset("docks").unwrap().source, "dim_dock");
    let day = model.dataset("rides").unwrap().field("ride_day").unwrap();
    assert_eq!((day.data_type, day.is_time, day.label.as_str()), (Some(DataType::Date), true, "ride day"));
    assert_eq!(model.dataset("rides").unwrap().field("city").unwrap().data_type, None);
}

#[test]
fn expressions_take_databricks_first_and_lose_their_own_dataset_name() {
    let (model, _) = library();
    let loans = model.dataset("loans").unwrap();
    assert_eq!(loans.field("branch_id").unwrap().expression, FieldExpression::Column("branch_no".to_owned()));
    let FieldExpression::Computed(cents) = &loans.field("fee_in_cents").unwrap().expression else { panic!() };
    assert_eq!(cents.to_string(), "fee * 100");
    // ANSI quotes are names; on Databricks they would be a text.
    let order = bikes().0.dataset("docks").unwrap().field("Order").unwrap().expression.clone();
    assert_eq!(order, FieldExpression::Column("Order".to_owned()));
}

#[test]
fn a_time_dimension_says_so_or_since_0_2_its_type_does() {
    let (model, _) = library();
    assert!(model.dataset("loans").unwrap().field("borrowed_at").unwrap().is_time);
    assert!(!model.dataset("branches").unwrap().field("opened_on").unwrap().is_time);
    let older = BIKES_MODEL.replace("dimension: { is_time: true }", "dimension: {}");
    assert!(!parse_model("m", &older).unwrap().dataset("rides").unwrap().field("ride_day").unwrap().is_time);
    // A year as a number may have the role, but no period applies to it.
    let number = BIKES_MODEL.replace("\"datatype\": \"Date\"", "\"datatype\": \"Integer\"");
    let model = parse_model("m", &number).unwrap();
    let day = model.dataset("rides").unwrap().field("ride_day").unwrap();
    assert_eq!((day.is_time, day.holds_time()), (true, false));
}

#[test]
fn each_version_is_held_to_its_own_shape() {
    for (model, old, new, message) in [
        (BIKES_MODEL, "version: 0.1.1", "version: 0.2.0.dev0", "the file has an unknown key `dialects`"),
        (
            LIBRARY_MODEL,
            "version: \"0.2.0.dev0\"",
            "version: \"0.1.1\"",
            "a field has an unknown key `datatype`",
        ),
        (BIKES_MODEL, "version: 0.1.1", "version: 0.1", "`version` is a number"),
        (BIKES_MODEL, "version: 0.1.1", "version: 0.3.0", "Ossie version `0.3.0` is not known"),
        (BIKES_MODEL, "version: 0.1.1\n", "", "the file has no `version`; write version: \"0.1.1\""),
        (
            BIKES_MODEL,
            "dialect: ANSI_SQL, expression: operator",
            "dialect: BIGQUERY, expression: operator",
            "Ossie 0.1.1 has no dialect `BIGQUERY`",
        ),
        (
            LIBRARY_MODEL,
            "'{\"unit\": \"USD\", \"label\": \"lending fee\"}'",
            "'{\"datatype\": \"Decimal\"}'",
            "extension SPLITPLANE has an unknown key here, `datatype`",
        ),
        (
            LIBRARY_MODEL,
            "vendor_name: DBT",
            "vendor_name: SPLITPLANE",
            "extension SPLITPLANE means nothing here",
        ),
        (LIBRARY_MODEL, "house_words: [stacks]", "synonyms: stacks", "`synonyms` is a text, not a list"),
        (LIBRARY_MODEL, "is_time: false", "is_time: no", "`is_time` is a text; write true or false"),
        (
            LIBRARY_MODEL,
            "'{\"unit\": \"USD\"}'",
            "'unit: USD'",
            "`data` of extension SPLITPLANE is no JSON object",
        ),
        (
            LIBRARY_MODEL,
            "datatype: Decimal",
            "datatype: decimal",
            "unknown datatype `decimal`; did you mean `Decimal`?",
        ),
        (LIBRARY_MODEL, "description: One row", "descripton: One row", "did you mean `description`?"),
        (LIBRARY_MODEL, "name: lending\n", "name: 2021\n", "is a number, not a text; put it in quotes"),
    ] {
        let (found, _) = spoiled(model, old, new);
        assert!(found.contains(message), "{new}: {found}");
    }
}

#[test]
fn errors_name_the_line_and_the_nearest_right_name() {
    for (old, new, message) in [
        ("SUM(loans.fee)\"", "SUM(loan.fee)\"", "names an unknown dataset `loan`; did you mean `loans`?"),
        (
            "SUM(loans.fee)\"",
            "SUM(loans.fees)\"",
            "a field that `loans` does not have, `fees`; did you mean `fee`?",
        ),
        ("SUM(loans.fee)\"", "SUM(fee)\"", "names `fee`; write fields as `dataset.field`"),
        ("SUM(loans.fee)\"", "loans.fee\"", "uses `loans.fee` outside an aggregate"),
        ("SUM(loans.fee)\"", "SUM(loans.fee\"", "does not parse"),
        ("SUM(loans.fee)\"", "COUNT(*)\"", "names no field, so it belongs to no dataset"),
        ("SUM(loans.fee)\"", "SUM(AVG(loans.fee))\"", "an aggregate inside an aggregate"),
        (
            "SUM(loans.fee)\"",
            "COUNT(members.town || titles.genre)\"",
            "spans the datasets `members` and `titles`",
        ),
        (
            "SUM(loans.fee)\"",
            "(SUM(loans.fee) + SUM(fines.amount)) / COUNT(*)\"",
            "counts rows of none of them",
        ),
        ("\"label\": \"fees charged\"", "\"additivity\": \"addative\"", "did you mean `additive`?"),
        ("SUM(loans.fee)\"", "SUM((SELECT 1))\"", "an expression holds a query"),
        (
            "SUM(loans.fee)\"",
            "SUM(CASE WHEN EXISTS (SELECT * FROM fines) THEN loans.fee END)\"",
            "holds a query",
        ),
        ("SUM(loans.fee)\"", "SUM(loans.fee) OVER ()\"", "a window function"),
        ("SUM(loans.fee)\"", "SUM(loans.fee * :rate)\"", "an expression holds a parameter"),
        ("name: loans", "name: my loans", "dataset name `my loans` is not a plain identifier"),
        ("name: titles\n", "name: Branches\n", "dataset `Branches` is there twice"),
        ("name: loan_count", "name: TOTAL_FEES", "metric `TOTAL_FEES` is there twice"),
        ("name: fee_in_cents", "name: Fee", "field `Fee` is there twice"),
        (
            "from: loans, to: branches",
            "from: loans, to: branch",
            "an unknown dataset `branch`; did you mean `branches`?",
        ),
        (
            "from_columns: [branch_id]",
            "from_columns: [branchid]",
            "no field `branchid`; did you mean `branch_id`?",
        ),
        ("from_columns: [branch_id]", "from_columns: [branch_id, fee]", "joins 2 to 1 columns"),
        (
            "primary_key: [loan_id]",
            "primary_key: [loan]",
            "dataset `loans` has no field `loan`; did you mean `loan_id`?",
        ),
        ("source: lake.core.fct_loan", "source: ../../etc/passwd", "does not name a table"),
        ("source: lake.core.fct_loan", "source: SELECT 1", "does not name a table"),
        ("loans.`fee` * 100", "fines.amount * 100", "the expression names `fines.amount`"),
        ("loans.`fee` * 100", "SUM(fee)", "a field holds an aggregate"),
        ("expression: channel", "expression: ''", "`expression` is empty"),
        ("name: fines_charged", "name: 'fines`charged'", "holds quotes, dots or control characters"),
    ] {
        let (found, line) = spoiled(LIBRARY_MODEL, old, new);
        assert!(found.contains(message), "{new}: {found}");
        assert!(found.starts_with(&format!("m.yaml:{line}: ")), "{new}: line {line}: {found}");
    }
}

#[test]
fn standard_sql_that_databricks_reads_differently_is_refused() {
    for expression in [r"replace(channel, '\\n', '')", "element_at({'a': channel}, 'a')"] {
        let new = format!("expression: \"{expression}\"");
        let (found, _) = spoiled(LIBRARY_MODEL, "expression: channel", &new);
        assert!(found.contains("means something else on Databricks"), "{found}");
    }
}

#[test]
fn a_file_holds_exactly_one_model_and_some_dataset() {
    assert!(error("version: 0.1.1\nsemantic_model: []\n").contains("holds 0 semantic models"));
    let none = "version: 0.1.1\nsemantic_model:\n  - name: x\n    datasets: []\n";
    assert_eq!(error(none), "m.yaml:4: the model has no dataset; add one");
    assert!(error("").starts_with("m.yaml:1: "));
}

#[test]
fn a_missing_file_is_named() {
    let error = load_model(Path::new("/nowhere/model.yaml")).unwrap_err().to_string();
    assert!(error.starts_with("/nowhere/model.yaml: cannot be read; "), "{error}");
}
