//! The calendar of a policy.

use crate::words::nearest;
use crate::yaml::{Node, Source};
use crate::{Calendar, FiscalMonths, FiscalYear, FiscalYearNamedBy, LoadError};
use jiff::civil::{Date, Time, Weekday};

const WEEKDAYS: [(&str, Weekday); 7] = [
    ("monday", Weekday::Monday),
    ("tuesday", Weekday::Tuesday),
    ("wednesday", Weekday::Wednesday),
    ("thursday", Weekday::Thursday),
    ("friday", Weekday::Friday),
    ("saturday", Weekday::Saturday),
    ("sunday", Weekday::Sunday),
];

pub(super) fn read(source: Source<'_>, node: &Node) -> Result<Calendar, LoadError> {
    let keys = [
        "timezone",
        "week_starts",
        "day_starts",
        "fiscal_year_starts",
        "fiscal_year_named_by",
        "fiscal_weeks",
    ];
    let map = source.mapping(node, "`calendar`", &keys)?;
    let zone = source.required(&map, "timezone")?;
    let name = source.text(zone, "`timezone`")?;
    let week_starts = match map.get("week_starts") {
        None => Weekday::Monday,
        Some(node) => {
            let day = source.text(node, "`week_starts`")?;
            let found = WEEKDAYS.iter().find(|(name, _)| *name == day);
            found.map(|(_, weekday)| *weekday).ok_or_else(|| {
                source.unknown(node.line, "`week_starts` is", day, WEEKDAYS.iter().map(|(name, _)| *name))
            })?
        }
    };
    let named_by = match map.get("fiscal_year_named_by") {
        None => FiscalYearNamedBy::Start,
        Some(node) => match source.text(node, "`fiscal_year_named_by`")? {
            "start" => FiscalYearNamedBy::Start,
            "end" => FiscalYearNamedBy::End,
            other => {
                return Err(source.unknown(node.line, "`fiscal_year_named_by` is", other, ["start", "end"]));
            }
        },
    };
    let (month, day) = match map.get("fiscal_year_starts") {
        None => (1, 1),
        Some(node) => {
            let text = source.text(node, "`fiscal_year_starts`")?;
            // 2001 is no leap year: a year cannot start on a day that most years lack.
            let date = format!("2001-{text}").parse::<Date>().ok().filter(|_| text.len() == 5);
            let date = date.ok_or_else(|| {
                let what = format!("`fiscal_year_starts` is `{}`", text.escape_debug());
                source.error(node.line, what, "write month and day, for example \"02-01\"")
            })?;
            (date.month(), date.day())
        }
    };
    let months = map.get("fiscal_weeks").map_or(Ok(FiscalMonths::Calendar), |node| weeks(source, node))?;
    let day_starts = map.get("day_starts").map_or(Ok(Time::midnight()), |node| cut_off(source, node))?;
    let calendar = Calendar::new(name, week_starts, FiscalYear { month, day, named_by, months });
    calendar.map(|calendar| calendar.with_day_starts(day_starts)).ok_or_else(|| {
        let zones: Vec<String> = jiff::tz::db().available().map(|zone| zone.to_string()).collect();
        let remedy = match nearest(name, zones.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "write an IANA name, for example America/Chicago".to_owned(),
        };
        source.error(zone.line, format!("there is no time zone `{}`", name.escape_debug()), remedy)
    })
}

/// The weeks of the three months of a quarter.
fn weeks(source: Source<'_>, node: &Node) -> Result<FiscalMonths, LoadError> {
    const PATTERNS: [(&str, [i8; 3]); 3] = [("4-4-5", [4, 4, 5]), ("4-5-4", [4, 5, 4]), ("5-4-4", [5, 4, 4])];
    let text = source.text(node, "`fiscal_weeks`")?;
    match PATTERNS.iter().find(|(name, _)| *name == text) {
        Some((_, pattern)) => Ok(FiscalMonths::Weeks(*pattern)),
        None => {
            Err(source.unknown(node.line, "`fiscal_weeks` is", text, PATTERNS.iter().map(|(name, _)| *name)))
        }
    }
}

/// When a business day begins. Days that began the evening before would be named by the wrong date.
fn cut_off(source: Source<'_>, node: &Node) -> Result<Time, LoadError> {
    let text = source.text(node, "`day_starts`")?;
    let time = text.parse::<Time>().ok().filter(|time| text.len() == 5 && time.hour() < 12);
    time.ok_or_else(|| {
        let what = format!("`day_starts` is `{}`", text.escape_debug());
        source.error(node.line, what, "write hours and minutes before noon, for example \"04:00\"")
    })
}
