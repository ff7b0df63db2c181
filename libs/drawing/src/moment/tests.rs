use super::*;

fn day(text: &str) -> i64 {
    let moment = Moment::of(text).unwrap();
    assert_eq!(moment.us % (DAY_S * SECOND_US), 0, "{text}");
    moment.us / (DAY_S * SECOND_US)
}

#[test]
fn each_date_is_a_day_after_the_one_before_it() {
    assert_eq!(day("1970-01-01"), 0);
    let mut days = 0;
    for year in 1800..2200 {
        for month in 0..=13 {
            for date in 0..=32 {
                let text = format!("{year}-{month:02}-{date:02}");
                if Moment::of(&text).is_some() {
                    assert_eq!(day(&text), day("1800-01-01") + days, "{text}");
                    days += 1;
                }
            }
        }
    }
    // The Gregorian calendar repeats after 400 years of so many days.
    assert_eq!(days, 146_097);
    assert!(Moment::of("2000-02-29").is_some() && Moment::of("1900-02-29").is_none());
    assert!(Moment::of("2031-01-31").is_some() && Moment::of("2031-04-31").is_none());
}

#[test]
fn times_are_counted_to_the_microsecond_and_instants_from_utc() {
    let us = |text: &str| Moment::of(text).unwrap().us - Moment::of("2031-02-03").unwrap().us;
    assert_eq!(us("2031-02-03T00:00:00"), 0);
    assert_eq!(us("2031-02-03T01:02:03"), 3_723_000_000);
    assert_eq!(us("2031-02-03T00:00:00.5"), 500_000);
    assert_eq!(us("2031-02-03T00:00:00.000001"), 1);
    assert_eq!(us("2031-02-03T00:00:00.123456789"), 123_456);
    assert_eq!(us("2031-02-03T01:00:00Z"), 3_600_000_000);
    assert_eq!(us("2031-02-03T01:00:00+01:00"), 0);
    assert_eq!(us("2031-02-02T22:30:00-01:30"), 0);
}

#[test]
fn what_has_another_form_is_no_moment() {
    for text in [
        "",
        "2031",
        "2031-2-3",
        "2031-02-03-04",
        "02/03/2031",
        "+2031-02-03",
        "2031-02-03 00:00:00",
        "2031-02-03T",
        "2031-02-03T01:02",
        "2031-02-03T24:00:00",
        "2031-02-03T00:60:00",
        "2031-02-03T00:00:00.",
        "2031-02-03T00:00:00.x",
        "2031-02-03T00:00:00z",
        "2031-02-03T00:00:00+0100",
        "2031-02-03T00:00:00ZZ",
        "２０３１-02-03",
    ] {
        assert_eq!(Moment::of(text), None, "{text}");
    }
}

#[test]
fn a_unit_starts_on_its_first_day_at_midnight_and_not_at_an_instant() {
    let starts = |text: &str| {
        let all = [Grain::Day, Grain::Week, Grain::Month, Grain::Quarter, Grain::Year];
        all.map(|grain| Moment::of(text).unwrap().starts(grain))
    };
    assert_eq!(starts("2031-01-01"), [true, true, true, true, true]);
    assert_eq!(starts("2031-10-01T00:00:00"), [true, true, true, true, false]);
    assert_eq!(starts("2031-11-01"), [true, true, true, false, false]);
    assert_eq!(starts("2031-11-02"), [true, true, false, false, false]);
    assert_eq!(starts("2031-01-01T00:00:01"), [false; 5]);
    assert_eq!(starts("2031-01-01T00:00:00Z"), [false; 5]);
    let quarters = ["2031-01-01", "2031-03-31", "2031-04-01", "2031-09-30", "2031-12-31"];
    assert_eq!(quarters.map(|text| Moment::of(text).unwrap().quarter()), [1, 1, 2, 3, 4]);
}
