//! How a cell is shown to people: in the table of the command line, in narratives, in templates.
//!
//! Decides digits, separators and units. Text is made inert: a cell cannot move a cursor, change a
//! colour or turn the direction of a line.

use splitplane_types::{Cell, Decimal};

/// Active codes of ISO 4217, so that a unit such as `KWH` is not taken for money.
const CURRENCIES: &str = "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BRL BSD BTN BWP BYN \
    BZD CAD CDF CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ \
    GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL \
    LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN \
    PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD \
    TWD TZS UAH UGX USD UYU UZS VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW ZWG";

/// Those that have no smaller unit in use.
const WITHOUT_CENTS: &str = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF";

/// Shows a cell, with its unit.
///
/// Money has at least two decimals where the currency has them, and four below 1, so that a price of
/// half a cent is not shown as none; other numbers have as many decimals as they need, at most four.
#[must_use]
pub fn display_cell(cell: &Cell, unit: Option<&str>) -> String {
    match cell {
        Cell::Null => "-".to_owned(),
        Cell::Text(text) => inert(text),
        Cell::Boolean(value) => value.to_string(),
        Cell::Date(text) => inert(text),
        Cell::Timestamp(text) => inert(text.strip_suffix("T00:00:00").unwrap_or(text)),
        Cell::Float(value) => match crate::number::of_cell(cell) {
            Some(number) => display_number(number, unit),
            None => value.to_string(),
        },
        Cell::Integer(_) | Cell::Decimal(_) => {
            crate::number::of_cell(cell).map_or_else(|| "-".to_owned(), |number| display_number(number, unit))
        }
    }
}

/// Shows a cell that names a row: a whole number is then no amount, and has no separators.
pub(crate) fn display_name(cell: &Cell, unit: Option<&str>) -> String {
    match cell {
        Cell::Integer(value) => value.to_string(),
        Cell::Null
        | Cell::Text(_)
        | Cell::Decimal(_)
        | Cell::Float(_)
        | Cell::Boolean(_)
        | Cell::Date(_)
        | Cell::Timestamp(_) => display_cell(cell, unit),
    }
}

pub(crate) fn is_currency(unit: &str) -> bool {
    unit.len() == 3 && CURRENCIES.split_ascii_whitespace().any(|code| code == unit)
}

pub(crate) fn is_percent(unit: &str) -> bool {
    matches!(unit, "%" | "percent")
}

pub(crate) fn display_number(value: Decimal, unit: Option<&str>) -> String {
    let (sign, text) = match unit {
        Some(code) if is_currency(code) => separated(money(value, code)),
        Some(_) | None => separated(value.rounded(4).normalized(0)),
    };
    match unit {
        Some("USD") => format!("{sign}${text}"),
        Some(unit) if is_percent(unit) => format!("{sign}{text}%"),
        Some(unit) => format!("{sign}{text} {}", inert(unit)),
        None => format!("{sign}{text}"),
    }
}

fn money(value: Decimal, code: &str) -> Decimal {
    let cents = if WITHOUT_CENTS.split_ascii_whitespace().any(|other| other == code) { 0 } else { 2 };
    let below_one = value.rounded(38).normalized(0).unscaled().unsigned_abs() != 0
        && Decimal::new(1, 0).is_some_and(|one| value < one)
        && Decimal::new(-1, 0).is_some_and(|one| value > one);
    value.rounded(if below_one { 4 } else { cents }).normalized(cents)
}

/// The sign, and the digits with a comma before every third.
fn separated(value: Decimal) -> (&'static str, String) {
    let text = value.to_string();
    let (sign, digits) = text.strip_prefix('-').map_or(("", text.as_str()), |digits| ("-", digits));
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let mut shown = String::with_capacity(text.len() + text.len() / 3);
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    if !part.is_empty() {
        shown.push('.');
        shown.push_str(part);
    }
    (sign, shown)
}

/// Control characters and marks that reorder a line become U+FFFD.
fn inert(text: &str) -> String {
    let hostile = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    text.chars().map(|c| if hostile(c) { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, unit: Option<&str>) -> String {
        display_cell(&Cell::Decimal(text.parse().unwrap()), unit)
    }

    #[test]
    fn amounts_carry_separators_cents_and_currency() {
        assert_eq!(shown("84000", Some("USD")), "$84,000.00");
        assert_eq!(shown("9200000.00", Some("USD")), "$9,200,000.00");
        assert_eq!(shown("-1234.5", Some("USD")), "-$1,234.50");
        assert_eq!(shown("84000", Some("EUR")), "84,000.00 EUR");
        assert_eq!(shown("84000", Some("JPY")), "84,000 JPY");
        assert_eq!(shown("12.3456789", Some("USD")), "$12.35");
        assert_eq!(shown("0.0051", Some("USD")), "$0.0051");
        assert_eq!(shown("0.25", Some("USD")), "$0.25");
        assert_eq!(shown("0.00", Some("USD")), "$0.00");
        assert_eq!(display_cell(&Cell::Integer(999), Some("USD")), "$999.00");
    }

    #[test]
    fn other_numbers_show_what_they_need() {
        assert_eq!(display_cell(&Cell::Integer(1_234), None), "1,234");
        assert_eq!(display_cell(&Cell::Integer(-1_234_567), None), "-1,234,567");
        assert_eq!(display_cell(&Cell::Integer(i64::MIN), None), "-9,223,372,036,854,775,808");
        assert_eq!(shown("12.50", None), "12.5");
        assert_eq!(shown("12.50", Some("%")), "12.5%");
        assert_eq!(shown("12.50", Some("KWH")), "12.5 KWH");
        assert_eq!(display_cell(&Cell::Float(0.333333333333), None), "0.3333");
        assert_eq!(display_cell(&Cell::Null, Some("USD")), "-");
    }

    #[test]
    fn dates_are_iso_and_midnight_is_a_date() {
        assert_eq!(display_cell(&Cell::Date("2031-02-03".into()), None), "2031-02-03");
        assert_eq!(display_cell(&Cell::Timestamp("2031-02-01T00:00:00".into()), None), "2031-02-01");
        assert_eq!(display_cell(&Cell::Timestamp("2031-02-01T09:30:00".into()), None), "2031-02-01T09:30:00");
    }

    #[test]
    fn text_cannot_steer_a_terminal() {
        let shown = display_cell(&Cell::Text("a\u{1b}[2Jb\u{202e}c\nd".into()), None);
        assert!(!shown.contains(|c: char| c.is_control() || c == '\u{202e}'), "{shown:?}");
        assert!(shown.contains('a') && shown.contains('d'));
    }
}
