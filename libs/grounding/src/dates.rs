//! Calendar dates as a narrative writes them. Knows the calendar's lengths and no time zone.

/// A date, checked against the lengths of months.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Date {
    pub(crate) year: i64,
    pub(crate) month: i64,
    day: i64,
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

    pub(crate) fn to_iso(self) -> String {
        format!("{:04}-{:02}-{:02}", self.year, self.month, self.day)
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
    fn days_between_dates_are_counted_over_leap_years() {
        let number = |text| Date::from_iso(text).unwrap().number();
        assert_eq!(number("2028-03-01") - number("2028-02-28"), 2);
        assert_eq!(number("2027-03-01") - number("2027-02-28"), 1);
        assert_eq!(number("2028-01-01") - number("2027-01-01"), 365);
        assert_eq!(number("2001-01-01") - number("2000-01-01"), 366);
    }
}
