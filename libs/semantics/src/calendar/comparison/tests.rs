use super::*;
use crate::calendar::{FiscalMonths, FiscalYear, FiscalYearNamedBy};
use jiff::civil::{Weekday, date};

fn calendar(fiscal: FiscalYear) -> Calendar {
    Calendar::new("America/Chicago", Weekday::Monday, fiscal).unwrap()
}

fn april(months: FiscalMonths) -> FiscalYear {
    FiscalYear { month: 4, day: 1, named_by: FiscalYearNamedBy::Start, months }
}

fn spans(calendar: &Calendar, expr: PeriodExpr) -> [String; 3] {
    let phrase = PeriodPhrase { expr, label: "asked".to_owned() };
    // Wednesday 2026-11-18, noon.
    let as_of = calendar.instant(date(2026, 11, 18).at(12, 0, 0, 0)).unwrap();
    let period = calendar.resolve(&phrase, as_of).unwrap();
    let compared =
        |comparison: ComparisonExpr| calendar.compared(&comparison, (&phrase, &period), as_of).unwrap();
    [period.clone(), compared(ComparisonExpr::Previous), compared(ComparisonExpr::LastYear)]
        .map(|period| format!("{}..{}", period.from.date(), period.to.date()))
}

#[test]
fn whole_months_meet_months_and_whole_weeks_meet_weeks() {
    let calendar = calendar(FiscalYear::CALENDAR);
    let cases = [
        (
            PeriodExpr::Last { count: 1, unit: Grain::Week },
            "2026-11-09..2026-11-16",
            "2026-11-02..2026-11-09",
            "2025-11-10..2025-11-17",
        ),
        (
            PeriodExpr::Last { count: 1, unit: Grain::Month },
            "2026-10-01..2026-11-01",
            "2026-09-01..2026-10-01",
            "2025-10-01..2025-11-01",
        ),
        (
            PeriodExpr::Last { count: 3, unit: Grain::Month },
            "2026-08-01..2026-11-01",
            "2026-05-01..2026-08-01",
            "2025-08-01..2025-11-01",
        ),
        (
            PeriodExpr::Quarter { year: None, quarter: 1 },
            "2026-01-01..2026-04-01",
            "2025-10-01..2026-01-01",
            "2025-01-01..2025-04-01",
        ),
        (
            PeriodExpr::Year(2025),
            "2025-01-01..2026-01-01",
            "2024-01-01..2025-01-01",
            "2024-01-01..2025-01-01",
        ),
        (PeriodExpr::Yesterday, "2026-11-17..2026-11-18", "2026-11-16..2026-11-17", "2025-11-17..2025-11-18"),
        (
            PeriodExpr::PastDays(30),
            "2026-10-19..2026-11-18",
            "2026-09-19..2026-10-19",
            "2025-10-19..2025-11-18",
        ),
        (
            PeriodExpr::ToDate(Grain::Month),
            "2026-11-01..2026-11-19",
            "2026-10-01..2026-10-19",
            "2025-11-01..2025-11-19",
        ),
        (
            PeriodExpr::ToDate(Grain::Year),
            "2026-01-01..2026-11-19",
            "2025-01-01..2025-11-19",
            "2025-01-01..2025-11-19",
        ),
        (
            PeriodExpr::ToDate(Grain::Week),
            "2026-11-16..2026-11-19",
            "2026-11-09..2026-11-12",
            "2025-11-17..2025-11-20",
        ),
        (
            PeriodExpr::Between { from: date(2024, 2, 29), to: date(2024, 3, 2) },
            "2024-02-29..2024-03-03",
            "2024-02-26..2024-02-29",
            "2023-02-28..2023-03-03",
        ),
    ];
    for (expr, asked, previous, year) in cases {
        assert_eq!(spans(&calendar, expr), [asked, previous, year], "{expr:?}");
    }
}

#[test]
fn fiscal_units_meet_fiscal_units() {
    let months = calendar(april(FiscalMonths::Calendar));
    let quarter = PeriodExpr::FiscalQuarter { year: Some(2026), quarter: 2 };
    assert_eq!(
        spans(&months, quarter),
        ["2026-07-01..2026-10-01", "2026-04-01..2026-07-01", "2025-07-01..2025-10-01"]
    );
    let to_date = PeriodExpr::FiscalToDate(FiscalUnit::Year);
    assert_eq!(
        spans(&months, to_date),
        ["2026-04-01..2026-11-19", "2025-04-01..2025-11-19", "2025-04-01..2025-11-19"]
    );
    // 4-4-5: the year starts on the Monday nearest to 1 April. A month of five weeks meets the one of four before.
    let weeks = calendar(april(FiscalMonths::Weeks([4, 4, 5])));
    let month = PeriodExpr::FiscalLast { count: 1, unit: FiscalUnit::Month };
    let [asked, previous, year] = spans(&weeks, month);
    let days = |span: &str| {
        let (from, to) = span.split_once("..").unwrap();
        from.parse::<Date>().unwrap().until(to.parse::<Date>().unwrap()).unwrap().get_days()
    };
    let (_, end) = previous.split_once("..").unwrap();
    assert!(asked.starts_with(end), "{asked} {previous}");
    assert_eq!((days(&asked), days(&year)), (28, 28));
    assert_eq!(days(&previous), 35, "the last month of a quarter has five weeks");
    let quarter = PeriodExpr::FiscalLast { count: 1, unit: FiscalUnit::Quarter };
    assert!(spans(&weeks, quarter).iter().all(|span| days(span) == 91));
}

#[test]
fn buckets_meet_only_where_they_are_as_far_apart_as_the_periods() {
    let period = |from: Date, to: Date| Period {
        from: from.at(0, 0, 0, 0),
        to: to.at(0, 0, 0, 0),
        zone: "UTC".to_owned(),
        label: String::new(),
    };
    let november = period(date(2026, 11, 1), date(2026, 12, 1));
    let october = period(date(2026, 10, 1), date(2026, 11, 1));
    let last_year = period(date(2025, 11, 1), date(2025, 12, 1));
    let week = period(date(2026, 11, 9), date(2026, 11, 16));
    let week_before = period(date(2026, 11, 2), date(2026, 11, 9));
    let cases = [
        (Some(Grain::Month), &november, &october, Some(Shift::Months(1))),
        (Some(Grain::Day), &november, &october, Some(Shift::Days(31))),
        (Some(Grain::Week), &november, &october, None),
        (Some(Grain::Quarter), &november, &october, None),
        (Some(Grain::Year), &november, &last_year, Some(Shift::Months(12))),
        (Some(Grain::Quarter), &november, &last_year, Some(Shift::Months(12))),
        (Some(Grain::Week), &week, &week_before, Some(Shift::Days(7))),
        (Some(Grain::Month), &week, &week_before, None),
        (None, &week, &week_before, Some(Shift::Days(7))),
    ];
    for (grain, now, before, expected) in cases {
        assert_eq!(shift(grain, now, before), expected, "{grain:?}");
    }
}
