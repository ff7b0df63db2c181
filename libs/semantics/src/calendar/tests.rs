mod golden;

use super::*;
use crate::{PeriodSearch, find_period};
use jiff::civil::date;
use proptest::prelude::*;
use std::time::Duration;

fn calendar(zone: &str, week_starts: Weekday) -> Calendar {
    Calendar::new(zone, week_starts, FiscalYear::CALENDAR).unwrap()
}

fn instant(text: &str) -> SystemTime {
    text.parse::<Timestamp>().unwrap().into()
}

/// Reads a phrase and resolves it; both days as `from..to`, the second exclusive.
fn resolved(phrase: &str, calendar: &Calendar, as_of: &str) -> String {
    let PeriodSearch::Found { phrase, .. } = find_period(phrase) else { panic!("{phrase}") };
    match calendar.resolve(&phrase, instant(as_of)) {
        Ok(period) => {
            assert_eq!(
                (period.from.time(), period.to.time()),
                (jiff::civil::Time::MIN, jiff::civil::Time::MIN)
            );
            assert_eq!(period.zone, calendar.time_zone());
            format!("{}..{}", period.from.date(), period.to.date())
        }
        Err(error) => error.to_string(),
    }
}

#[test]
fn phrases_have_the_dates_that_a_person_with_a_paper_calendar_finds() {
    let chicago = &calendar("America/Chicago", Weekday::Monday);
    let sundays = &calendar("America/Chicago", Weekday::Sunday);
    let utc = &calendar("UTC", Weekday::Monday);
    let tokyo = &calendar("Asia/Tokyo", Weekday::Saturday);
    // Sunday evening in Chicago, Monday in London and Tokyo.
    const SUNDAY: &str = "2026-11-23T05:30:00Z";
    for (phrase, calendar, as_of, expected) in [
        ("today", chicago, SUNDAY, "2026-11-22..2026-11-23"),
        ("today", utc, SUNDAY, "2026-11-23..2026-11-24"),
        ("yesterday", chicago, SUNDAY, "2026-11-21..2026-11-22"),
        ("last week", chicago, SUNDAY, "2026-11-09..2026-11-16"),
        ("last week", utc, SUNDAY, "2026-11-16..2026-11-23"),
        ("last week", sundays, SUNDAY, "2026-11-15..2026-11-22"),
        ("last week", tokyo, SUNDAY, "2026-11-14..2026-11-21"),
        ("this week", chicago, SUNDAY, "2026-11-16..2026-11-23"),
        ("this week", sundays, SUNDAY, "2026-11-22..2026-11-29"),
        ("week to date", chicago, SUNDAY, "2026-11-16..2026-11-23"),
        ("week to date", sundays, SUNDAY, "2026-11-22..2026-11-23"),
        ("last 3 weeks", chicago, SUNDAY, "2026-10-26..2026-11-16"),
        ("previous month", chicago, SUNDAY, "2026-10-01..2026-11-01"),
        ("last three months", chicago, SUNDAY, "2026-08-01..2026-11-01"),
        ("this month", chicago, SUNDAY, "2026-11-01..2026-12-01"),
        ("month to date", chicago, SUNDAY, "2026-11-01..2026-11-23"),
        ("last quarter", chicago, SUNDAY, "2026-07-01..2026-10-01"),
        ("current quarter", chicago, SUNDAY, "2026-10-01..2027-01-01"),
        ("quarter to date", chicago, SUNDAY, "2026-10-01..2026-11-23"),
        ("last year", chicago, SUNDAY, "2025-01-01..2026-01-01"),
        ("last 2 years", chicago, SUNDAY, "2024-01-01..2026-01-01"),
        ("this year", chicago, SUNDAY, "2026-01-01..2027-01-01"),
        ("ytd", chicago, SUNDAY, "2026-01-01..2026-11-23"),
        ("last 30 days", chicago, SUNDAY, "2026-10-23..2026-11-22"),
        ("past 7 days", chicago, SUNDAY, "2026-11-15..2026-11-22"),
        ("in July", chicago, SUNDAY, "2026-07-01..2026-08-01"),
        ("in November", chicago, SUNDAY, "2026-11-01..2026-12-01"),
        ("in December", chicago, SUNDAY, "2025-12-01..2026-01-01"),
        ("in July 2021", chicago, SUNDAY, "2021-07-01..2021-08-01"),
        ("Q3", chicago, SUNDAY, "2026-07-01..2026-10-01"),
        ("Q4", chicago, SUNDAY, "2026-10-01..2027-01-01"),
        ("Q4", chicago, "2026-09-30T12:00:00Z", "2025-10-01..2026-01-01"),
        ("Q1 2024", chicago, SUNDAY, "2024-01-01..2024-04-01"),
        ("in 2021", chicago, SUNDAY, "2021-01-01..2022-01-01"),
        ("between 2021-05-01 and 2021-08-30", chicago, SUNDAY, "2021-05-01..2021-08-31"),
        ("on 2021-07-04", chicago, SUNDAY, "2021-07-04..2021-07-05"),
        ("since 2021-06-01", chicago, SUNDAY, "2021-06-01..2026-11-23"),
        ("since 2026-11-22", chicago, SUNDAY, "2026-11-22..2026-11-23"),
        ("since 2026-11-23", chicago, SUNDAY, "the period begins in the future"),
        // Over the end of a year, and through leap days.
        ("last week", utc, "2027-01-04T00:00:00Z", "2026-12-28..2027-01-04"),
        ("last month", utc, "2027-01-04T00:00:00Z", "2026-12-01..2027-01-01"),
        ("last quarter", utc, "2027-01-04T00:00:00Z", "2026-10-01..2027-01-01"),
        ("last month", utc, "2028-03-31T23:59:59Z", "2028-02-01..2028-03-01"),
        ("last 4 quarters", utc, "2028-03-31T23:59:59Z", "2027-01-01..2028-01-01"),
        ("on 2028-02-29", utc, SUNDAY, "2028-02-29..2028-03-01"),
        ("last year", utc, "2028-02-29T12:00:00Z", "2027-01-01..2028-01-01"),
    ] {
        assert_eq!(
            resolved(phrase, calendar, as_of),
            expected,
            "{phrase} in {} as of {as_of}",
            calendar.time_zone()
        );
    }
}

#[test]
fn days_begin_at_local_midnight_when_clocks_change() {
    let chicago = &calendar("America/Chicago", Weekday::Sunday);
    for (as_of, today) in [
        // 8 March 2026 has 23 hours: it ends at 05:00 UTC, an hour earlier than the day before.
        ("2026-03-08T05:59:59Z", "2026-03-07..2026-03-08"),
        ("2026-03-08T06:00:00Z", "2026-03-08..2026-03-09"),
        ("2026-03-09T04:59:59Z", "2026-03-08..2026-03-09"),
        ("2026-03-09T05:00:00Z", "2026-03-09..2026-03-10"),
        // 1 November 2026 has 25.
        ("2026-11-01T05:00:00Z", "2026-11-01..2026-11-02"),
        ("2026-11-02T05:59:59Z", "2026-11-01..2026-11-02"),
        ("2026-11-02T06:00:00Z", "2026-11-02..2026-11-03"),
    ] {
        assert_eq!(resolved("today", chicago, as_of), today, "{as_of}");
    }
    assert_eq!(resolved("last week", chicago, "2026-03-15T05:00:00Z"), "2026-03-08..2026-03-15");
    assert_eq!(resolved("last week", chicago, "2026-03-15T04:59:59Z"), "2026-03-01..2026-03-08");
}

#[test]
fn instants_are_shown_in_the_calendar_zone_to_the_second() {
    let chicago = calendar("America/Chicago", Weekday::Monday);
    let shown = chicago.zoned_text(instant("2026-11-23T05:30:07.9Z"));
    assert_eq!(shown, "2026-11-22T23:30:07-06:00");
    assert_eq!(chicago.local(instant("2026-07-01T05:00:00Z")), date(2026, 7, 1).at(0, 0, 0, 0));
}

#[test]
fn zones_are_found_by_their_iana_names_alone() {
    assert!(Calendar::new("Mars/Olympus", Weekday::Monday, FiscalYear::CALENDAR).is_none());
    assert!(Calendar::new("../../etc/localtime", Weekday::Monday, FiscalYear::CALENDAR).is_none());
    assert_eq!(calendar("asia/tokyo", Weekday::Monday).time_zone(), "Asia/Tokyo");
}

#[test]
fn what_no_calendar_holds_is_an_error() {
    let utc = calendar("UTC", Weekday::Monday);
    let resolve = |expr, as_of| {
        let phrase = PeriodPhrase { expr, label: String::new() };
        utc.resolve(&phrase, as_of).map(|period| period.from)
    };
    let now = instant("2026-11-23T05:30:00Z");
    let (may, june) = (date(2021, 5, 1), date(2021, 6, 1));
    assert_eq!(resolve(PeriodExpr::Between { from: june, to: may }, now), Err(PeriodError::Reversed));
    for expr in [
        PeriodExpr::Month { year: None, month: 13 },
        PeriodExpr::Quarter { year: Some(2021), quarter: 0 },
        PeriodExpr::Quarter { year: Some(2021), quarter: 5 },
        PeriodExpr::Quarter { year: Some(2021), quarter: i8::MAX },
        PeriodExpr::Year(9999),
        PeriodExpr::Last { count: u16::MAX, unit: Grain::Year },
    ] {
        assert_eq!(resolve(expr, now), Err(PeriodError::OutOfRange), "{expr:?}");
    }
    let end_of_time = SystemTime::UNIX_EPOCH + Duration::from_secs(1 << 50);
    assert_eq!(resolve(PeriodExpr::This(Grain::Year), end_of_time), Err(PeriodError::OutOfRange));
}

const UNITS: [Grain; 5] = [Grain::Day, Grain::Week, Grain::Month, Grain::Quarter, Grain::Year];

proptest! {
    #[test]
    fn units_follow_each_other_without_gap_and_hold_their_instant(
        seconds in 0_u64..4_000_000_000,
        zone in prop::sample::select(vec!["UTC", "America/Chicago", "Europe/Berlin", "Pacific/Apia", "Asia/Kathmandu"]),
        first in 0_i8..7,
        unit in prop::sample::select(UNITS.to_vec()),
        count in 1_u16..20,
    ) {
        let starts = Weekday::from_monday_zero_offset(first).unwrap();
        let calendar = calendar(zone, starts);
        let as_of = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        let resolve = |expr, as_of| {
            calendar.resolve(&PeriodPhrase { expr, label: String::new() }, as_of).unwrap()
        };
        let this = resolve(PeriodExpr::This(unit), as_of);
        let last = resolve(PeriodExpr::Last { count: 1, unit }, as_of);
        prop_assert_eq!(last.to, this.from);
        let now = calendar.local(as_of);
        prop_assert!(this.from <= now && now < this.to);
        // Counted one by one they are the same as counted together.
        let mut from = last.from;
        for _ in 1..count {
            let before = calendar.zone.to_ambiguous_timestamp(from).compatible().unwrap() - jiff::SignedDuration::from_hours(1);
            // A zone that skipped a whole day has no hour before that is in the day before.
            prop_assume!(calendar.local(before.into()).date() == from.date().yesterday().unwrap());
            from = resolve(PeriodExpr::This(unit), before.into()).from;
        }
        prop_assert_eq!(resolve(PeriodExpr::Last { count, unit }, as_of).from, from);
        let week = resolve(PeriodExpr::This(Grain::Week), as_of);
        prop_assert_eq!(week.from.date().weekday(), starts);
        prop_assert_eq!((week.to.date() - week.from.date()).get_days(), 7);
        let to_date = resolve(PeriodExpr::ToDate(unit), as_of);
        prop_assert_eq!(to_date.from, this.from);
        prop_assert!(to_date.to <= this.to && now < to_date.to);
    }
}
