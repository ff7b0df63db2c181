//! Numbers in digits: signs, money, thousands, decimals, scales and units. What is not written as numbers
//! are is refused, so that no reader sees another number than the one that is checked.

use super::{Kind, Reader, is_money, is_space};
use crate::dates::Date;
use crate::display;
use crate::error::{Claim, Ungrounded};
use crate::figure::{Figure, FigureUnit};
use crate::words;

impl Reader<'_> {
    pub(super) fn number(&mut self) -> Result<(), Ungrounded> {
        let at = self.at;
        let iso: String = self.rest(at).iter().take(10).collect();
        let after = self.chars.get(at + 10).copied();
        if let (Some(date), true) = (Date::from_iso(&iso), after.is_none_or(|c| !c.is_alphanumeric())) {
            self.at += 10;
            self.push(at, Kind::Date(date));
            return Ok(());
        }
        let mut digits = String::new();
        let sign = self.peek(0).filter(|c| self.is_sign(*c)).map(|c| if c == '+' { '+' } else { '-' });
        if sign.is_some() {
            self.at += 1;
        }
        if sign == Some('-') {
            digits.push('-');
        }
        let money = self.peek(0).filter(|c| is_money(*c)).map(currency_of);
        self.at += usize::from(money.is_some());
        let bare = self.digits(&mut digits)?;
        let shown = self.suffix(&digits).and_then(|figure| in_money(figure, money));
        match shown {
            // "12abc", "3.4.5", "1/2", "10:30", "5+": what belongs to no number.
            Some(figure) if self.ends() => {
                let year_like = bare && sign.is_none() && digits.len() == 4 && figure.whole().is_some();
                let sign = figure.sign.or(sign);
                self.push(at, Kind::Figure(Figure { year_like, sign, ..figure }));
                Ok(())
            }
            Some(_) | None => Err(Ungrounded::new(Claim::Figure, at)),
        }
    }

    /// Whether a number can end here.
    fn ends(&self) -> bool {
        let digit = |ahead: usize| self.peek(ahead).is_some_and(|c| c.is_ascii_digit());
        match self.peek(0) {
            None => true,
            Some('/' | '+' | '^' | '%' | '\u{b0}' | '\'') => false,
            Some(':') => !digit(1),
            // "2-8 November" is a range of days; of other figures a range is two claims about one thing.
            Some(c) => !c.is_alphanumeric() && !is_money(c),
        }
    }

    /// Reads digits, well-formed thousands and decimals; says whether they had neither.
    fn digits(&mut self, digits: &mut String) -> Result<bool, Ungrounded> {
        let mut bare = true;
        let is_digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
        let mut run = 0_usize;
        while let Some(c) = self.peek(0) {
            let group = || (1..=3).all(|ahead| is_digit(self.peek(ahead))) && !is_digit(self.peek(4));
            match c {
                '0'..='9' => {
                    digits.push(c);
                    run += 1;
                }
                // "1234,567" has a comma where thousands have none.
                ',' if group() && !digits.contains('.') && (1..=3).contains(&run) && (bare || run == 3) => {
                    bare = false;
                    run = 0;
                }
                ',' if is_digit(self.peek(1)) => return self.refuse(Claim::Figure),
                '.' if is_digit(self.peek(1)) && !digits.contains('.') => {
                    digits.push('.');
                    bare = false;
                }
                '.' if is_digit(self.peek(1)) => return self.refuse(Claim::Figure),
                _ => break,
            }
            self.at += 1;
        }
        let whole = digits.trim_start_matches('-').split('.').next().unwrap_or("");
        // A leading zero is how a code is written, not a number.
        if whole.len() > 1 && whole.starts_with('0') { self.refuse(Claim::Figure) } else { Ok(bare) }
    }

    /// Reads scale and unit after the digits.
    pub(super) fn suffix(&mut self, digits: &str) -> Option<Figure> {
        let mut power = 0;
        let (attached, length) = self.word_at(self.at);
        match attached.to_lowercase().as_str() {
            "st" | "nd" | "rd" | "th" => {
                self.at += 2;
                return Figure::new(digits, 0, FigureUnit::Ordinal)
                    .filter(|_| ordinal_ending(digits) == attached);
            }
            "x" => {
                self.at += 1;
                return Figure::new(digits, 0, FigureUnit::Times);
            }
            letters => {
                if let Some(scale) = words::scale(letters) {
                    power = scale;
                    self.at += length;
                }
            }
        }
        let gap = usize::from(self.peek(0).is_some_and(is_space));
        if self.peek(gap) == Some('%') {
            self.at += gap + 1;
            return Figure::new(digits, power, FigureUnit::Percent);
        }
        while let (length, word) = self.next_word()
            && let Some(scale) = words::scale(&word.to_lowercase()).filter(|_| word.len() > 2)
        {
            self.at += length;
            power += scale;
        }
        let gap = usize::from(self.peek(0).is_some_and(|c| is_space(c) || c == '-'));
        let named =
            self.lexicon.unit(self.rest(self.at + gap)).filter(|(_, unit)| !display::is_currency(unit));
        if let Some((length, unit)) = named.map(|(length, unit)| (length, unit.to_owned())) {
            self.at += gap + length;
            return Figure::new(digits, power, FigureUnit::Named(unit));
        }
        let (length, word) = self.next_word();
        let unit = match word.as_str() {
            "percentage" => return self.points(digits, power, length),
            "points" => FigureUnit::Points,
            "percent" => FigureUnit::Percent,
            "times" => FigureUnit::Times,
            "dollar" | "dollars" => FigureUnit::Currency("USD".to_owned()),
            "euro" | "euros" => FigureUnit::Currency("EUR".to_owned()),
            "pound" | "pounds" => FigureUnit::Currency("GBP".to_owned()),
            code if display::is_currency(code) => FigureUnit::Currency(code.to_owned()),
            _ => return Figure::new(digits, power, FigureUnit::Plain),
        };
        self.at += length;
        Figure::new(digits, power, unit)
    }

    fn points(&mut self, digits: &str, power: u8, length: usize) -> Option<Figure> {
        self.at += length;
        let (length, word) = self.next_word();
        self.at += length;
        Figure::new(digits, power, FigureUnit::Points).filter(|_| word == "points")
    }
}

/// The figure with the sign of money before it, if both agree.
fn in_money(figure: Figure, money: Option<&str>) -> Option<Figure> {
    let Some(code) = money else { return Some(figure) };
    match &figure.unit {
        FigureUnit::Plain => Some(Figure { unit: FigureUnit::Currency(code.to_owned()), ..figure }),
        FigureUnit::Currency(other) if other == code => Some(figure),
        FigureUnit::Currency(_) | FigureUnit::Named(_) | FigureUnit::Percent | FigureUnit::Points => None,
        FigureUnit::Times => None,
        FigureUnit::Ordinal | FigureUnit::Fraction { .. } => None,
    }
}

fn ordinal_ending(digits: &str) -> &'static str {
    let teen = digits.len() > 1
        && digits.ends_with(['1', '2', '3'])
        && digits.trim_end_matches(|c: char| c.is_ascii_digit()).is_empty()
        && digits.as_bytes().get(digits.len() - 2) == Some(&b'1');
    match digits.chars().last() {
        Some('1') if !teen => "st",
        Some('2') if !teen => "nd",
        Some('3') if !teen => "rd",
        _ => "th",
    }
}

const fn currency_of(c: char) -> &'static str {
    match c {
        '\u{20ac}' => "EUR",
        '\u{a3}' => "GBP",
        '\u{a5}' => "JPY",
        _ => "USD",
    }
}
