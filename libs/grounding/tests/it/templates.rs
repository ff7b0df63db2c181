//! Templates: made of cells, proved like any narrative, and plain about what is missing.

use crate::tables::{Case, case, column, compared_columns, decimal, named, text};
use crate::world::{Dice, World};
use splitplane_grounding::{prove, template};
use splitplane_types::{Cell, DataType};

fn told(case: &Case) -> String {
    template(&case.table, &case.context).as_str().to_owned()
}

fn is_proved(case: &Case, text: &str) -> bool {
    prove(text, &case.table, &case.context).is_ok()
}

/// One metric beside its earlier value.
fn compared(cells: [&str; 4]) -> Case {
    let mut case = case(
        compared_columns("net_takings", Some("USD")),
        vec![cells.map(decimal).to_vec()],
        Some(("2026-11-09".into(), "2026-11-15".into())),
    );
    case.compare("2026-11-02", "2026-11-08", &["net_takings"]);
    case
}

#[test]
fn templates_prove_themselves() {
    let tables = [
        "one",
        "fees",
        "rides",
        "days",
        "channels",
        "rates",
        "profit",
        "none",
        "compared_one",
        "compared",
        "year",
        "shares",
    ];
    for name in tables {
        let case = named(name);
        let text = told(&case);
        assert!(is_proved(&case, &text), "{name}: {text:?} {:?}", prove(&text, &case.table, &case.context));
    }
    for seed in 0..1_000 {
        let world = World::new(&mut Dice::new(seed));
        let text = told(&world.case);
        let proved = prove(&text, &world.case.table, &world.case.context);
        assert!(proved.is_ok(), "{text:?} {proved:?}");
    }
}

#[test]
fn a_result_is_told_by_its_first_rows() {
    assert_eq!(told(&named("one")), "2031-01-01 to 2031-03-31: late fees $84,000.00.");
    assert_eq!(told(&named("none")), "2031-01-01 to 2031-03-31: no rows.");
    assert_eq!(
        told(&named("fees")),
        "2031-01-01 to 2031-03-31: 3 rows. \"Harbour\": late fees $1,200.50, loan count 310; \"Old Mill\": late fees \
         $800.00, loan count 405; \"Castle \"East\"\": late fees $499.50, loan count 120."
    );
    assert!(told(&named("days")).ends_with("takings $10,450.00. The other rows are in the table."));
    assert_eq!(
        told(&named("shares")),
        "2031-01-01 to 2031-03-31: 3 rows. \"Tea\": units 50 (50.0 % of the total); \"Coffee\": units 30 (30.0 % of the \
         total); \"Juice\": units 20 (20.0 % of the total)."
    );
}

#[test]
fn a_comparison_is_told_with_its_change() {
    assert_eq!(
        told(&named("compared_one")),
        "2026-11-09 to 2026-11-15: Net takings were $84,000.00, up $4,000.00 (5.0 %) from $80,000.00 (2026-11-02 to \
         2026-11-08)."
    );
    assert_eq!(
        told(&compared(["80000.00", "84000.00", "-4000.00", "-4.7619"])),
        "2026-11-09 to 2026-11-15: Net takings were $80,000.00, down $4,000.00 (4.8 %) from $84,000.00 (2026-11-02 to \
         2026-11-08)."
    );
    assert!(
        told(&compared(["80.00", "80.00", "0.00", "0"])).contains("were $80.00, unchanged from $80.00 (2026")
    );
    assert_eq!(
        told(&named("compared")),
        "2026-11-09 to 2026-11-15, compared with 2026-11-02 to 2026-11-08: 5 rows. The largest rise in net takings was \
         \"Castle\": $15,000.00, up $5,000.00 (50.0 %) from $10,000.00. The largest fall in net takings was \"Old Mill\": \
         $27,000.00, down $3,000.00 (10.0 %) from $30,000.00. There is nothing to compare with for \"New Street\". The \
         other rows are in the table."
    );
}

#[test]
fn where_there_is_nothing_to_compare_with_the_template_says_so() {
    for (cells, told_as) in [
        (["500.00", "-", "-", "-"], "were $500.00, with nothing to compare with (2026-11-02 to 2026-11-08)."),
        (
            ["500.00", "0.00", "500.00", "-"],
            "were $500.00, up $500.00 from $0.00 (2026-11-02 to 2026-11-08), with nothing to compare with in percent.",
        ),
        (["-", "500.00", "-", "-"], "were unknown, with nothing to compare with (2026-11-02 to 2026-11-08)."),
    ] {
        let case = compared(cells);
        let text = told(&case);
        assert!(text.contains(told_as), "{text}");
    }
    let mut case = named("compared");
    for row in &mut case.table.rows {
        row.splice(2.., [Cell::Null, Cell::Null, Cell::Null]);
    }
    assert!(told(&case).contains("5 rows have nothing to compare with."), "{}", told(&case));
}

#[test]
fn what_is_cut_is_said_to_be_cut() {
    let cut = named("cut");
    let note = "Only the first 3 of 1,234 rows are shown.";
    assert!(told(&cut).contains("1,234 rows. \"Harbour\": late fees $1,200.50"), "{}", told(&cut));
    assert!(told(&cut).ends_with(note), "{}", told(&cut));
    let proved = prove("Harbour had $1,200.50 in late fees.", &cut.table, &cut.context).unwrap();
    assert_eq!(proved.as_str(), format!("Harbour had $1,200.50 in late fees. {note}"));
    let asked = told(&named("top"));
    assert!(asked.ends_with("No more than 5 rows were asked for."), "{asked}");
    let mut case = named("compared");
    case.context.row_count = 9;
    let text = told(&case);
    assert!(
        text.contains("Of the rows shown, the largest rise")
            && text.ends_with("first 5 of 9 rows are shown."),
        "{text}"
    );
    let whole = named("fees");
    assert!(!told(&whole).contains("Only"), "{}", told(&whole));
}

#[test]
fn a_long_name_does_not_make_a_long_template() {
    let long = "x".repeat(100_000);
    let columns = vec![column("name", DataType::String, None), column("visits", DataType::Integer, None)];
    let case = case(columns, vec![vec![text(&long), Cell::Integer(5)]], None);
    let told = told(&case);
    assert!(told.len() < 200 && told.contains("xxx...\": visits 5."), "{}", told.len());
}

#[test]
fn labels_of_the_model_are_used() {
    let mut case = compared(["84000.00", "80000.00", "4000.00", "5.0"]);
    let metrics = vec![("net_takings".to_owned(), "Revenue (net)".to_owned())];
    case.context.roles = splitplane_grounding::ColumnRole::of_columns(&case.table.columns, &metrics);
    assert!(told(&case).contains("Revenue (net) was $84,000.00, up"), "{}", told(&case));
}
