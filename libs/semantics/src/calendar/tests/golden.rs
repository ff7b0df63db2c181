//! A reviewed table: phrases of time, in calendars that differ in what they can, at instants that are hard.

use super::instant;
use crate::{
    Calendar, FiscalMonths, FiscalYear, FiscalYearNamedBy, PeriodExpr, PeriodPhrase, PeriodSearch,
    find_period,
};
use jiff::civil::{Time, Weekday, date, time};
use std::fmt::Write as _;

const PHRASES: &str = "today | yesterday | this week | last week | last 2 weeks | week to date | this month | last month | \
    month to date | this quarter | last quarter | Q3 | Q4 2025 | July | December | this year | last year | year to date | \
    past 30 days | past week | last 7 days | since 2026-06-01 | between 2026-05-01 and 2026-08-30 | same week last year | \
    same month last year | same quarter last year | this fiscal month | last fiscal month | this fiscal quarter | \
    last fiscal quarter | fiscal Q1 | fiscal Q3 | fiscal Q4 2025 | FY26 | this fiscal year | last fiscal year | \
    last 2 fiscal years | fiscal year to date | since Easter Monday 2026 | the week before last | same day last year | \
    last weekend | next month | \
    since July | since June 1 | since 18 November | since Nov 19 | since December 31 | since Feb 29 | since Q2 | since Q4 | \
    on July 4 | on December 25 | from July 1 to July 15 | between 15 November and 20 November | from May to August | \
    from November to February | from Q3 to Q4 | from February 10 to February";

/// Phrases that are as hard as the instant.
const EDGES: &str = "since Feb 29 | since January 1 | on March 8 | from February to March 8 | today | yesterday | last week | week to date | month to date | last month | past 7 days | fiscal Q4 | last fiscal year";

fn calendars() -> Vec<(&'static str, Calendar)> {
    let fiscal = |month, named_by, months| FiscalYear { month, day: 1, named_by, months };
    let (start, end) = (FiscalYearNamedBy::Start, FiscalYearNamedBy::End);
    let calendar = |zone, week, fiscal| Calendar::new(zone, week, fiscal).unwrap();
    let late = calendar("America/Chicago", Weekday::Monday, FiscalYear::CALENDAR);
    vec![
        ("plain", calendar("America/Chicago", Weekday::Monday, FiscalYear::CALENDAR)),
        ("april", calendar("Europe/London", Weekday::Monday, fiscal(4, end, FiscalMonths::Calendar))),
        (
            "4-5-4",
            calendar("America/Chicago", Weekday::Sunday, fiscal(2, start, FiscalMonths::Weeks([4, 5, 4]))),
        ),
        ("until 4am", late.with_day_starts(time(4, 0, 0, 0))),
    ]
}

fn line(table: &mut String, phrase: &str, name: &str, calendar: &Calendar, at: &str) {
    let dates = match find_period(phrase) {
        PeriodSearch::None => "no period".to_owned(),
        PeriodSearch::Unclear { .. } => "asked back".to_owned(),
        PeriodSearch::Found { phrase, .. } => match calendar.resolve(&phrase, instant(at)) {
            Err(error) => error.to_string(),
            Ok(period) if period.from.time() == Time::midnight() => {
                format!("{} .. {}", period.from.date(), period.to.date())
            }
            Ok(period) => format!("{} .. {}", period.from, period.to),
        },
    };
    writeln!(table, "{phrase:<34} {name:<10} {at} {dates}").unwrap();
}

fn table() -> String {
    let mut table = String::new();
    for (name, calendar) in calendars() {
        for phrase in PHRASES.split(" | ") {
            // A Wednesday at noon in Chicago.
            line(&mut table, phrase, name, &calendar, "2026-11-18T18:00:00Z");
        }
        for at in [
            // Sunday 23:30 in Chicago, Monday in London.
            "2026-11-23T05:30:00Z",
            // Clocks go forward in Chicago half an hour later, and back in the night of 1 November.
            "2026-03-08T07:30:00Z",
            "2026-11-01T07:30:00Z",
            // The last hours of a year in Chicago, and a leap day.
            "2027-01-01T05:30:00Z",
            "2028-02-29T18:00:00Z",
        ] {
            for phrase in EDGES.split(" | ") {
                line(&mut table, phrase, name, &calendar, at);
            }
        }
    }
    table
}

#[test]
fn phrases_in_calendars_at_instants_have_the_reviewed_dates() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/calendar/tests/periods.txt");
    let table = table();
    if std::env::vars().any(|(name, _)| name == "UPDATE_GOLDEN") {
        std::fs::write(path, &table).unwrap();
    }
    let reviewed = std::fs::read_to_string(path).unwrap();
    assert_eq!(table, reviewed, "run with UPDATE_GOLDEN=1 and review");
}

#[test]
fn a_year_of_weeks_has_a_53rd_one_now_and_then_and_loses_none() {
    for pattern in [[4, 4, 5], [4, 5, 4], [5, 4, 4]] {
        let fiscal = FiscalYear {
            month: 2,
            day: 1,
            named_by: FiscalYearNamedBy::Start,
            months: FiscalMonths::Weeks(pattern),
        };
        let calendar = Calendar::new("America/New_York", Weekday::Sunday, fiscal).unwrap();
        let dates = |expr| {
            let phrase = PeriodPhrase { expr, label: String::new() };
            let period = calendar.resolve(&phrase, instant("2026-11-18T18:00:00Z")).unwrap();
            (period.from.date(), period.to.date())
        };
        let mut long = Vec::new();
        for year in 2000..2040 {
            let (from, to) = dates(PeriodExpr::FiscalYear(year));
            assert_eq!((from.weekday(), to), (Weekday::Sunday, dates(PeriodExpr::FiscalYear(year + 1)).0));
            let weeks = (to - from).get_days() / 7;
            assert!(matches!(weeks, 52 | 53) && (to - from).get_days() % 7 == 0);
            if weeks == 53 {
                long.push(year);
            }
            let mut day = from;
            for quarter in 1..=4 {
                let (first, after) = dates(PeriodExpr::FiscalQuarter { year: Some(year), quarter });
                assert_eq!(first, day);
                day = after;
            }
            assert_eq!(day, to);
        }
        // The years of 53 weeks of the retail trade.
        assert_eq!(long, [2000, 2006, 2012, 2017, 2023, 2028, 2034]);
        assert_eq!(dates(PeriodExpr::FiscalYear(2023)), (date(2023, 1, 29), date(2024, 2, 4)));
    }
}
