use super::*;
use crate::{FiscalUnit, Grain, MonthDay};
use jiff::civil::date;
use proptest::prelude::*;

fn expr(text: &str) -> Option<PeriodExpr> {
    match find_period(text) {
        PeriodSearch::Found { phrase, span } => {
            assert!(text.get(span).unwrap().contains(&phrase.label), "{text}");
            Some(phrase.expr)
        }
        PeriodSearch::None | PeriodSearch::Unclear { .. } => None,
    }
}

fn last(count: u16, unit: Grain) -> PeriodExpr {
    PeriodExpr::Last { count, unit }
}

fn between(from: (i16, i8, i8), to: (i16, i8, i8)) -> PeriodExpr {
    PeriodExpr::Between { from: date(from.0, from.1, from.2), to: date(to.0, to.1, to.2) }
}

#[test]
fn phrases_are_read_wherever_they_stand() {
    let july_4 = PeriodExpr::Day(date(2021, 7, 4));
    let july = PeriodExpr::Month { year: Some(2021), month: 7 };
    let q3 = PeriodExpr::Quarter { year: Some(2021), quarter: 3 };
    for (text, expected) in [
        ("What were the fees today?", PeriodExpr::Today),
        ("yesterday's loans", PeriodExpr::Yesterday),
        ("loans last week by branch", last(1, Grain::Week)),
        ("LAST WEEK", last(1, Grain::Week)),
        ("loans of the last full week", last(1, Grain::Week)),
        ("the previous month", last(1, Grain::Month)),
        ("last 3 months", last(3, Grain::Month)),
        ("over the last three months", last(3, Grain::Month)),
        ("last forty-five days", last(45, Grain::Day)),
        ("last thirty days", last(30, Grain::Day)),
        ("past 30 days", PeriodExpr::PastDays(30)),
        ("the past week", PeriodExpr::PastDays(7)),
        ("the past 2 weeks", PeriodExpr::PastDays(14)),
        ("the past 2 months", last(2, Grain::Month)),
        ("this month", PeriodExpr::This(Grain::Month)),
        ("current quarter", PeriodExpr::This(Grain::Quarter)),
        ("week to date", PeriodExpr::ToDate(Grain::Week)),
        ("month-to-date fees", PeriodExpr::ToDate(Grain::Month)),
        ("fees year-to-date", PeriodExpr::ToDate(Grain::Year)),
        ("ytd", PeriodExpr::ToDate(Grain::Year)),
        ("this year so far", PeriodExpr::ToDate(Grain::Year)),
        ("so far this quarter", PeriodExpr::ToDate(Grain::Quarter)),
        ("in July 2021", july),
        ("July, 2021", july),
        ("the month of July 2021", july),
        ("fees for July of 2021?", july),
        ("in Jul 2021", july),
        ("2021-07", july),
        ("July", PeriodExpr::Month { year: None, month: 7 }),
        ("in may", PeriodExpr::Month { year: None, month: 5 }),
        ("loans for May", PeriodExpr::Month { year: None, month: 5 }),
        ("Q3 2021", q3),
        ("Q3, 2021", q3),
        ("2021 Q3", q3),
        ("2021-Q3", q3),
        ("the third quarter of 2021", q3),
        ("3rd quarter 2021", q3),
        ("Q3", PeriodExpr::Quarter { year: None, quarter: 3 }),
        ("in 2021", PeriodExpr::Year(2021)),
        ("for the year 2021", PeriodExpr::Year(2021)),
        ("between 2021-05-01 and 2021-08-30", between((2021, 5, 1), (2021, 8, 30))),
        ("from 2021-05-01 to 2021-08-30", between((2021, 5, 1), (2021, 8, 30))),
        ("from 2021-05-01 through 2021-08-30", between((2021, 5, 1), (2021, 8, 30))),
        ("2021-05-01 - 2021-08-30", between((2021, 5, 1), (2021, 8, 30))),
        ("2021-05-01 \u{2013} 2021-08-30", between((2021, 5, 1), (2021, 8, 30))),
        ("between May 1, 2021 and August 30th, 2021", between((2021, 5, 1), (2021, 8, 30))),
        ("from May 1 to August 30, 2021", between((2021, 5, 1), (2021, 8, 30))),
        ("between the 1st of May and the 30th of August 2021", between((2021, 5, 1), (2021, 8, 30))),
        ("from May to August 2021", between((2021, 5, 1), (2021, 8, 31))),
        ("between 2019 and 2020", between((2019, 1, 1), (2020, 12, 31))),
        ("Q1 2021 to Q2 2021", between((2021, 1, 1), (2021, 6, 30))),
        ("on 2021-07-04", july_4),
        ("on 2021/7/4", july_4),
        ("July 4, 2021", july_4),
        ("on July 4th 2021", july_4),
        ("4 July 2021", july_4),
        ("the 4th of July, 2021", july_4),
        ("since 2021-06-01", PeriodExpr::Since(date(2021, 6, 1))),
        ("since June 2021", PeriodExpr::Since(date(2021, 6, 1))),
        ("from 2021-06-01 onwards", PeriodExpr::Since(date(2021, 6, 1))),
        ("during the second quarter", PeriodExpr::Quarter { year: None, quarter: 2 }),
    ] {
        assert_eq!(expr(text), Some(expected), "{text}: {:?}", find_period(text));
    }
}

#[test]
fn days_without_a_year_are_read() {
    let on = |month, day| MonthDay { month, day };
    for (text, expected) in [
        ("since June 1", PeriodExpr::YearlessSince(on(6, 1))),
        ("by week since august 15", PeriodExpr::YearlessSince(on(8, 15))),
        ("by month since July", PeriodExpr::YearlessSince(on(7, 1))),
        ("since Q2", PeriodExpr::YearlessSince(on(4, 1))),
        ("on July 4", PeriodExpr::YearlessDay(on(7, 4))),
        ("from 1 July to 15 July", PeriodExpr::YearlessBetween { from: on(7, 1), to: on(7, 15) }),
        ("from May to August", PeriodExpr::YearlessBetween { from: on(5, 1), to: on(8, 31) }),
    ] {
        assert_eq!(expr(text), Some(expected), "{text}: {:?}", find_period(text));
    }
}

#[test]
fn what_is_excluded_after_a_period_is_part_of_it_only_if_it_is_time() {
    for text in ["fees last week excluding Harbour", "fees last week except for new members"] {
        assert_eq!(expr(text), Some(last(1, Grain::Week)), "{text}: {:?}", find_period(text));
    }
    for text in [
        "fees last week excluding Sunday",
        "fees last month except the first week",
        "fees in July 2021 excluding July 4",
        "fees last week without weekends",
    ] {
        assert!(matches!(find_period(text), PeriodSearch::Unclear { .. }), "{text}");
    }
}

#[test]
fn a_year_that_stands_apart_is_a_period() {
    for text in [
        "fees by quarter, 2021",
        "fees of each branch pls, 2021",
        "fees by month 2021",
        "monthly 2021 fees",
        "2021 fees by month",
    ] {
        assert_eq!(expr(text), Some(PeriodExpr::Year(2021)), "{text}: {:?}", find_period(text));
    }
    for text in ["fees of branch 2021", "fees in 2020, 2021"] {
        assert!(matches!(find_period(text), PeriodSearch::Unclear { .. }), "{text}");
    }
}

#[test]
fn fiscal_units_and_the_year_before_are_read() {
    let q3 = PeriodExpr::FiscalQuarter { year: Some(2021), quarter: 3 };
    for (text, expected) in [
        ("the same week last year", PeriodExpr::SameLastYear(Grain::Week)),
        ("same month last year", PeriodExpr::SameLastYear(Grain::Month)),
        ("fiscal Q3", PeriodExpr::FiscalQuarter { year: None, quarter: 3 }),
        ("fiscal q3 2021", q3),
        ("Q3 FY21", q3),
        ("FY2021 Q3", q3),
        ("the third quarter of fiscal 2021", q3),
        ("the third fiscal quarter of 2021", q3),
        ("in the fiscal year 2021", PeriodExpr::FiscalYear(2021)),
        ("FY21", PeriodExpr::FiscalYear(2021)),
        ("fy2021", PeriodExpr::FiscalYear(2021)),
        ("financial year 2021", PeriodExpr::FiscalYear(2021)),
        ("last fiscal year", PeriodExpr::FiscalLast { count: 1, unit: FiscalUnit::Year }),
        ("the previous two fiscal quarters", PeriodExpr::FiscalLast { count: 2, unit: FiscalUnit::Quarter }),
        ("this fiscal month", PeriodExpr::FiscalThis(FiscalUnit::Month)),
        ("fiscal year to date", PeriodExpr::FiscalToDate(FiscalUnit::Year)),
        ("fytd", PeriodExpr::FiscalToDate(FiscalUnit::Year)),
        ("so far this fiscal quarter", PeriodExpr::FiscalToDate(FiscalUnit::Quarter)),
        ("this fiscal year to date", PeriodExpr::FiscalToDate(FiscalUnit::Year)),
    ] {
        assert_eq!(expr(text), Some(expected), "{text}: {:?}", find_period(text));
    }
}

const UNCLEAR: &str = "last week and this week | last week vs yesterday | July 2021 compared to July 2020 | \
    in 2020 and 2021 | on 2021-02-30 | February 30, 2021 | on 2021-13-01 | 07/04/2021 | 4.7.2021 | \
    between 2021-02-30 and 2021-03-05 | between 2021-05-01 | from 2021-05-01 | \
    between 2021-08-30 and 2021-05-01 | from August 2021 to May 2021 | since 31 June | on 1 and 2 July | on July 1 and 2 | 3 or 4 May 2021 | May 3, 4 | on February 29 | from 30 February to March 5 | since Easter Monday 2026 | \
    since Monday | since last month | since the flood | fiscal Q5 | fiscal year | last 0 fiscal years | \
    fy1 | next fiscal year | last 3 fiscal weeks | Q5 FY21 | fiscal Q3 and fiscal Q4 | Q5 2021 | Q0 | next week | next 3 months | tomorrow | upcoming month | \
    same day last year | the same period | the same period last year | the same holiday last year | last week vs same week last year | the week before last | a week ago | 3 days ago | \
    last fortnight | last decade | last weekend | last Monday | on Monday | last July | last few weeks | \
    last couple of months | last 0 days | last 99999999 days | before July 2021 | after 2021-05-01 | \
    until July | by July 2021 | early July | end of last month | the first week of July 2021 | \
    the last week of July | first half of the year | H1 | week 23 | year over year | yesterday morning | \
    last night | this morning | in the summer | last summer | at 10:30 | at 5pm | excluding July | \
    without last week | July to date | fees 2021 | week of 2021-07-04 | over Christmas | not in July | \
    2021-05-01T10:00 | more than last week | than in July 2021 | recently | from last week on | on Black Friday | at noon | in month 3 | on Mondays | last week Monday | \
    for the week ending 2026-11-15 | week starting 2026-11-09 | on the 15th | in 10-2026 | over the past month | \
    in the past year";

#[test]
fn time_that_is_not_understood_is_never_ignored() {
    for text in UNCLEAR.split(" | ") {
        let found = find_period(text);
        assert!(matches!(found, PeriodSearch::Unclear { .. }), "{text}: {found:?}");
    }
}

#[test]
fn halves_of_years_and_their_starts_are_read() {
    for (text, expected) in [
        ("since the start of the year", PeriodExpr::ToDate(Grain::Year)),
        ("from the beginning of this month", PeriodExpr::ToDate(Grain::Month)),
        ("in the first half of 2021", between((2021, 1, 1), (2021, 6, 30))),
        ("in the second half of 2021", between((2021, 7, 1), (2021, 12, 31))),
        ("H2 2021", between((2021, 7, 1), (2021, 12, 31))),
    ] {
        assert_eq!(expr(text), Some(expected), "{text}: {:?}", find_period(text));
    }
    for text in
        ["the first half of the year", "from the start of the year until May", "since the start of it"]
    {
        assert!(matches!(find_period(text), PeriodSearch::Unclear { .. }), "{text}: {:?}", find_period(text));
    }
}

#[test]
fn the_period_at_the_beginning_of_a_text_is_read_alone() {
    let found = |text: &str| leading_period(text).map(|(phrase, end)| (phrase.expr, end));
    let may = PeriodExpr::Month { year: None, month: 5 };
    assert_eq!(found("may by branch"), Some((may, 3)));
    assert_eq!(found("May to June"), Some((may, 3)));
    assert_eq!(found(" the last 2 weeks and others"), Some((last(2, Grain::Week), 17)));
    assert_eq!(found("fees last week"), None);
    assert_eq!(found("the week before last"), None);
}

const TIMELESS: &str = "total fees | loans by month | fees per week | monthly fees by branch | by day of week | \
    top 5 branches | top 2000 members | more than 2000 loans | the last branch | last 5 loans | \
    how many loans may we expect | who will march | second hand books | branch number 2021 | \
    the past of books | between 5 and 10 loans | quarter by quarter | current members | this branch | \
    Sunday school loans | \u{130}\u{3000}\u{1f4da} fees | loans since | from here to there";

#[test]
fn what_speaks_of_no_time_is_no_period() {
    for text in TIMELESS.split(" | ") {
        let expected = matches!(text, "loans since");
        let found = find_period(text);
        assert_eq!(matches!(found, PeriodSearch::Unclear { .. }), expected, "{text}: {found:?}");
        assert!(expected || found == PeriodSearch::None, "{text}: {found:?}");
    }
}

#[test]
fn the_span_covers_the_preposition_and_the_label_does_not() {
    let text = "Fees \u{2014} f\u{fc}r alle \u{2014} in the last 3 weeks, by branch";
    let PeriodSearch::Found { phrase, span } = find_period(text) else { panic!() };
    assert_eq!((phrase.label.as_str(), text.get(span)), ("last 3 weeks", Some("in the last 3 weeks")));
    let PeriodSearch::Found { phrase, span } =
        find_period("total of loans between 2021-05-01 and 2021-08-30?")
    else {
        panic!()
    };
    assert_eq!(phrase.label, "between 2021-05-01 and 2021-08-30");
    assert_eq!(span, 15..phrase.label.len() + 15);
    for text in
        ["in the month of July 2021", "for calendar year 2021", "in year 2021", "on the date 2021-07-04"]
    {
        let PeriodSearch::Found { span, .. } = find_period(text) else { panic!("{text}") };
        assert_eq!(text.get(span), Some(text));
    }
    let PeriodSearch::Found { span, .. } = find_period("fees by month of 2021") else { panic!() };
    assert_eq!(span.start, "fees by month ".len());
    let unclear = find_period("fees on 2021-02-30 by branch");
    assert_eq!(unclear, PeriodSearch::Unclear { words: "2021-02-30".to_owned() });
}

proptest! {
    #[test]
    fn any_text_is_read_and_spans_are_of_the_text(text in "[a-z0-9 ,/'\u{df}\u{2019}\u{130}-]{0,60}|\\PC{0,40}") {
        if let PeriodSearch::Found { span, .. } = find_period(&text) {
            prop_assert!(text.get(span).is_some());
        }
    }

    #[test]
    fn dates_are_read_back_and_those_of_no_calendar_are_not(year in 1900_i16..2199, month in 0_i8..14, day in 0_i8..33) {
        let found = find_period(&format!("fees on {year}-{month:02}-{day:02}"));
        match jiff::civil::Date::new(year, month, day) {
            Ok(day) => {
                let is_day = matches!(found, PeriodSearch::Found { phrase, .. } if phrase.expr == PeriodExpr::Day(day));
                prop_assert!(is_day);
            }
            Err(_) => {
                let is_unclear = matches!(found, PeriodSearch::Unclear { .. });
                prop_assert!(is_unclear);
            }
        }
    }

    #[test]
    fn two_periods_are_never_one(a in phrase(), b in phrase(), between in prop::sample::select(vec![" and ", " by branch ", ", "])) {
        let found = find_period(&format!("fees {a}{between}{b}"));
        let is_unclear = matches!(found, PeriodSearch::Unclear { .. });
        prop_assert!(is_unclear, "{:?}", found);
    }
}

fn phrase() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "last week",
        "yesterday",
        "in July 2021",
        "on 2021-07-04",
        "in 2021",
        "month to date",
        "past 30 days",
        "Q3 2021",
        "since 2021-06-01",
    ])
}
