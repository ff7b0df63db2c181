//! The calendar of a policy.

use crate::log::Log;
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

/// The calendar; none after a mistake.
pub(super) fn read(log: Log<'_>, node: &Node) -> Option<Calendar> {
    let keys = [
        "timezone",
        "week_starts",
        "day_starts",
        "fiscal_year_starts",
        "fiscal_year_named_by",
        "fiscal_weeks",
    ];
    let source = log.source;
    let part = log.part(node, "`calendar`", &keys)?;
    let zone = part.required("timezone").and_then(|node| Some((node.line, log.text(node, "`timezone`")?)));
    let week_starts =
        log.keep(part.get("week_starts").map_or(Ok(Weekday::Monday), |node| weekday(source, node)));
    let named_by = part.get("fiscal_year_named_by");
    let named_by = log.keep(named_by.map_or(Ok(FiscalYearNamedBy::Start), |node| naming(source, node)));
    let first = log.keep(part.get("fiscal_year_starts").map_or(Ok((1, 1)), |node| first_day(source, node)));
    let months = part.get("fiscal_weeks");
    let months = log.keep(months.map_or(Ok(FiscalMonths::Calendar), |node| weeks(source, node)));
    let day_starts = part.get("day_starts").map_or(Ok(Time::midnight()), |node| cut_off(source, node));
    let day_starts = log.keep(day_starts);
    let (line, name) = zone?;
    // The zone is looked up even where the rest is wrong, so that it is among the mistakes.
    let (month, day) = first.unwrap_or((1, 1));
    let fiscal_year = FiscalYear {
        month,
        day,
        named_by: named_by.unwrap_or(FiscalYearNamedBy::Start),
        months: months.unwrap_or(FiscalMonths::Calendar),
    };
    let calendar = Calendar::new(name, week_starts.unwrap_or(Weekday::Monday), fiscal_year);
    let calendar = log.keep(calendar.ok_or_else(|| unknown_zone(source, line, name)))?;
    Some(calendar.with_day_starts(day_starts?))
}

fn unknown_zone(source: Source<'_>, line: u64, name: &str) -> LoadError {
    let zones: Vec<String> = jiff::tz::db().available().map(|zone| zone.to_string()).collect();
    let remedy = match nearest(name, zones.iter().map(String::as_str)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "write an IANA name, for example America/Chicago".to_owned(),
    };
    source
        .error(line, format!("there is no time zone `{}`", name.escape_debug()), remedy)
        .coded("unknown-value")
}

fn weekday(source: Source<'_>, node: &Node) -> Result<Weekday, LoadError> {
    let day = source.text(node, "`week_starts`")?;
    let found = WEEKDAYS.iter().find(|(name, _)| *name == day);
    found.map(|(_, weekday)| *weekday).ok_or_else(|| {
        source.unknown(node.line, "`week_starts` is", day, WEEKDAYS.iter().map(|(name, _)| *name))
    })
}

fn naming(source: Source<'_>, node: &Node) -> Result<FiscalYearNamedBy, LoadError> {
    match source.text(node, "`fiscal_year_named_by`")? {
        "start" => Ok(FiscalYearNamedBy::Start),
        "end" => Ok(FiscalYearNamedBy::End),
        other => Err(source.unknown(node.line, "`fiscal_year_named_by` is", other, ["start", "end"])),
    }
}

/// Month and day on which fiscal years start.
fn first_day(source: Source<'_>, node: &Node) -> Result<(i8, i8), LoadError> {
    let text = source.text(node, "`fiscal_year_starts`")?;
    // 2001 is no leap year: a year cannot start on a day that most years lack.
    let date = format!("2001-{text}").parse::<Date>().ok().filter(|_| text.len() == 5);
    let date = date.ok_or_else(|| {
        let what = format!("`fiscal_year_starts` is `{}`", text.escape_debug());
        source.error(node.line, what, "write month and day, for example \"02-01\"")
    })?;
    Ok((date.month(), date.day()))
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
