use super::*;
use crate::Grain;
use crate::Order;
use crate::fixtures::{dimension, field, library};
use jiff::civil::date;

fn period(from: (i16, i8, i8), to: (i16, i8, i8)) -> Period {
    let at = |day: (i16, i8, i8)| date(day.0, day.1, day.2).at(0, 0, 0, 0);
    Period { from: at(from), to: at(to), zone: "UTC".to_owned(), label: "x".to_owned() }
}

fn plain(metrics: &[&str]) -> Interpretation {
    Interpretation {
        metrics: metrics.iter().map(|name| (*name).to_owned()).collect(),
        dimensions: Vec::new(),
        filters: Vec::new(),
        period: None,
        comparison: None,
        thresholds: Vec::new(),
        shares: false,
        order: Vec::new(),
        limit: None,
        buckets: crate::Buckets::ISO,
    }
}

#[test]
fn a_sentence_says_all_that_was_understood() {
    let (model, _) = library();
    assert_eq!(sentence(&plain(&["loan_count"]), &model), "Loan count, all time");
    let order = |descending| vec![Order { by: "total_fees".to_owned(), descending }];
    let mut full = Interpretation {
        dimensions: vec![
            dimension("branches.branch_name", None),
            dimension("loans.borrowed_at", Some(Grain::Month)),
        ],
        filters: vec![
            Filter {
                phrases: vec!["Fiction".to_owned()],
                fields: vec![field("titles.genre")],
                negated: false,
                either: false,
            },
            Filter {
                phrases: vec!["kiosk".to_owned()],
                fields: vec![field("loans.channel")],
                negated: true,
                either: false,
            },
        ],
        period: Some(period((2026, 11, 16), (2026, 11, 23))),
        order: order(true),
        limit: Some(5),
        ..plain(&["total_fees", "loan_count"])
    };
    assert_eq!(
        sentence(&full, &model),
        "Fees charged and loan count, only \"Fiction\", without \"kiosk\", by branch and month of loan date, \
         2026-11-16 to 2026-11-22, top 5"
    );
    full.order = order(false);
    assert!(sentence(&full, &model).ends_with("bottom 5"));
    full.order = Vec::new();
    assert!(sentence(&full, &model).ends_with("first 5"));
}

#[test]
fn weeks_that_do_not_begin_on_monday_are_said() {
    let (model, _) = library();
    let mut weekly = Interpretation {
        dimensions: vec![dimension("loans.borrowed_at", Some(Grain::Week))],
        ..plain(&["loan_count"])
    };
    assert_eq!(sentence(&weekly, &model), "Loan count, by week of loan date, all time");
    weekly.buckets.week_starts = jiff::civil::Weekday::Sunday;
    assert_eq!(sentence(&weekly, &model), "Loan count, by week of loan date from Sunday, all time");
}

#[test]
fn the_last_day_of_a_period_is_named() {
    assert_eq!(period_text(&period((2021, 5, 1), (2021, 8, 31))), "2021-05-01 to 2021-08-30");
    assert_eq!(period_text(&period((2021, 7, 4), (2021, 7, 5))), "2021-07-04");
}
