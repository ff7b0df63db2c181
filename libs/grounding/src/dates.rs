//! Calendar dates as a narrative writes them. Knows the calendar's lengths and no time zone.

/// A date, checked against the lengths of months.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Date {
    pub(crate) year: i64,
    pub(crate) month: i64,
    day: i64,
}

/// A stretch of the calendar that has a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Unit {
    Day,
    Week,
    Month,
    Quarter,
    Year,
}

impl Unit {
    /// The unit of a name, in lower case and singular.
    pub(crate) fn of_name(name: &str) -> Option<Self> {
        match name {
            "day" => Some(Self::Day),
            "week" => Some(Self::Week),
            "month" => Some(Self::Month),
            "quarter" => Some(Self::Quarter),
            "year" => Some(Self::Year),
            _ => None,
        }
    }

    const fn months(self) -> Option<i64> {
        match self {
            Self::Day | Self::Week => None,
            Self::Month => Some(1),
            Self::Quarter => Some(3),
            Self::Year => Some(12),
        }
    }
}

/// First and last day of something.
pub(crate) type Span = (Date, Date);

/// The unit that a span is one of, whole.
pub(crate) fn unit_of((from, to): Span) -> Option<Unit> {
    [Unit::Day, Unit::Week, Unit::Month, Unit::Quarter, Unit::Year]
        .into_iter()
        .find(|unit| from.begins(*unit) && from.end_of(*unit) == Some(to))
}

/// How many whole months a span has.
pub(crate) fn months_in((from, to): Span) -> Option<i64> {
    let months = (to.year - from.year) * 12 + to.month - from.month + 1;
    (from.day == 1 && to.is_last_of_month()).then_some(months)
}

/// Whether `earlier` is what `later` is, one `unit` before: the week before, the same month a year ago.
pub(crate) fn is_one_before(unit: Unit, earlier: Span, later: Span) -> bool {
    let shifted = |date: Date| match unit.months() {
        None => date.plus_days(if unit == Unit::Day { -1 } else { -7 }),
        Some(months) => date.plus_months(-months),
    };
    let whole = months_in(earlier).is_some() && months_in(earlier) == months_in(later);
    let moved = shifted(later.0) == Some(earlier.0) && (whole || shifted(later.1) == Some(earlier.1));
    // The same weekdays a year ago are those 52 weeks ago.
    let weeks = |a: Date, b: Date| a.number() - b.number() == 364;
    moved || (unit == Unit::Year && weeks(later.0, earlier.0) && weeks(later.1, earlier.1))
}

impl Date {
    pub(crate) fn new(year: i64, month: i64, day: i64) -> Option<Self> {
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let length = match month {
            1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
            4 | 6 | 9 | 11 => 30,
            2 if leap => 29,
            2 => 28,
            _ => return None,
        };
        ((1..=length).contains(&day) && (1..=9999).contains(&year)).then_some(Self { year, month, day })
    }

    /// Year, month and day.
    pub(crate) const fn parts(self) -> (i64, i64, i64) {
        (self.year, self.month, self.day)
    }

    /// Reads `YYYY-MM-DD`, and nothing else.
    pub(crate) fn from_iso(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let mut next = |digits: usize| {
            let part = parts.next()?;
            let plain = part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit());
            if plain { part.parse::<i64>().ok() } else { None }
        };
        let date = Self::new(next(4)?, next(2)?, next(2)?)?;
        if parts.next().is_none() { Some(date) } else { None }
    }

    fn length_of_month(year: i64, month: i64) -> Option<i64> {
        (28..=31).rev().find(|day| Self::new(year, month, *day).is_some())
    }

    fn is_last_of_month(self) -> bool {
        Self::length_of_month(self.year, self.month) == Some(self.day)
    }

    /// Whether a unit of the calendar may begin on this day. A week may begin on any: policies differ.
    pub(crate) const fn begins(self, unit: Unit) -> bool {
        match unit {
            Unit::Day | Unit::Week => true,
            Unit::Month => self.day == 1,
            Unit::Quarter => self.day == 1 && self.month % 3 == 1,
            Unit::Year => self.day == 1 && self.month == 1,
        }
    }

    /// The last day of the unit that begins on this day.
    pub(crate) fn end_of(self, unit: Unit) -> Option<Self> {
        match unit.months() {
            None => self.plus_days(if unit == Unit::Day { 0 } else { 6 }),
            Some(months) => self.plus_months(months)?.plus_days(-1),
        }
    }

    fn plus_months(self, months: i64) -> Option<Self> {
        let month = self.year * 12 + self.month - 1 + months;
        let (year, month) = (month.div_euclid(12), month.rem_euclid(12) + 1);
        Self::new(year, month, self.day.min(Self::length_of_month(year, month)?))
    }

    /// Few days more or less: a month at most.
    fn plus_days(self, days: i64) -> Option<Self> {
        let day = self.day + days;
        if day < 1 {
            let before = Self { day: 1, ..self }.plus_months(-1)?;
            return Self::new(
                before.year,
                before.month,
                Self::length_of_month(before.year, before.month)? + day,
            );
        }
        let length = Self::length_of_month(self.year, self.month)?;
        if day <= length {
            return Self::new(self.year, self.month, day);
        }
        let after = Self { day: 1, ..self }.plus_months(1)?;
        Self::new(after.year, after.month, day - length)
    }

    /// Days since Monday.
    pub(crate) fn weekday(self) -> i64 {
        // 2001-01-01 was a Monday.
        (self.number() - Self { year: 2001, month: 1, day: 1 }.number()).rem_euclid(7)
    }

    /// Days since 0000-03-01 of the proleptic calendar, which puts the leap day last in its year.
    pub(crate) fn number(self) -> i64 {
        let (year, month) =
            if self.month > 2 { (self.year, self.month - 3) } else { (self.year - 1, self.month + 9) };
        year * 365 + year.div_euclid(4) - year.div_euclid(100)
            + year.div_euclid(400)
            + (153 * month + 2) / 5
            + self.day
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_days_that_exist_are_dates() {
        assert!(Date::from_iso("2028-02-29").is_some());
        for text in ["2027-02-29", "2027-13-01", "2027-1-01", "2027-01-32", "2027-01-01-01", "20270101", ""] {
            assert_eq!(Date::from_iso(text), None, "{text}");
        }
    }

    #[test]
    fn units_of_the_calendar_begin_and_end_where_they_do() {
        let span = |from, to| (Date::from_iso(from).unwrap(), Date::from_iso(to).unwrap());
        for (from, to, unit) in [
            ("2028-02-01", "2028-02-29", Some(Unit::Month)),
            ("2028-02-01", "2028-02-28", None),
            ("2031-01-01", "2031-03-31", Some(Unit::Quarter)),
            ("2031-02-01", "2031-04-30", None),
            ("2031-01-01", "2031-12-31", Some(Unit::Year)),
            ("2031-12-28", "2032-01-03", Some(Unit::Week)),
            ("2031-12-28", "2031-12-28", Some(Unit::Day)),
            ("2031-12-28", "2032-01-04", None),
        ] {
            assert_eq!(unit_of(span(from, to)), unit, "{from} {to}");
        }
        for (unit, earlier, later, is) in [
            (Unit::Week, ("2026-11-02", "2026-11-08"), ("2026-11-09", "2026-11-15"), true),
            (Unit::Week, ("2026-11-01", "2026-11-07"), ("2026-11-09", "2026-11-15"), false),
            (Unit::Month, ("2031-02-01", "2031-02-28"), ("2031-03-01", "2031-03-31"), true),
            (Unit::Month, ("2031-02-02", "2031-02-28"), ("2031-03-01", "2031-03-31"), false),
            (Unit::Year, ("2030-07-01", "2030-07-31"), ("2031-07-01", "2031-07-31"), true),
            (Unit::Year, ("2025-11-10", "2025-11-16"), ("2026-11-09", "2026-11-15"), true),
            (Unit::Quarter, ("2030-10-01", "2030-12-31"), ("2031-01-01", "2031-03-31"), true),
            (Unit::Day, ("2031-02-28", "2031-02-28"), ("2031-03-01", "2031-03-01"), true),
        ] {
            assert_eq!(
                is_one_before(unit, span(earlier.0, earlier.1), span(later.0, later.1)),
                is,
                "{earlier:?}"
            );
        }
        let day = |text| Date::from_iso(text).unwrap().weekday();
        assert_eq!((day("2026-11-07"), day("2026-11-09"), day("1999-12-31")), (5, 0, 4));
        assert_eq!(months_in(span("2030-11-01", "2031-02-28")), Some(4));
        assert_eq!(months_in(span("2030-11-01", "2031-02-27")), None);
    }

    #[test]
    fn days_between_dates_are_counted_over_leap_years() {
        let number = |text| Date::from_iso(text).unwrap().number();
        assert_eq!(number("2028-03-01") - number("2028-02-28"), 2);
        assert_eq!(number("2027-03-01") - number("2027-02-28"), 1);
        assert_eq!(number("2028-01-01") - number("2027-01-01"), 365);
        assert_eq!(number("2001-01-01") - number("2000-01-01"), 366);
    }
}
