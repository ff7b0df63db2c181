//! Amounts as people write them: "1,000", "1.5k", "two million", "$5,000", "10 %".
//!
//! Decides which number it is, and whether it is money or a percentage. What has two readings, "1.234,5", is none.

use super::super::tokens::{Kind, Token};
use super::super::vocabulary::Vocabulary;
use super::super::words;
use splitplane_types::{Decimal, number_word};

/// A number and what it is a number of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Amount {
    /// In plain notation.
    pub(super) value: String,
    pub(super) money: bool,
    pub(super) percent: bool,
}

const MONEY: [&str; 12] =
    ["dollar", "dollars", "bucks", "usd", "eur", "euro", "euros", "gbp", "pounds", "nok", "chf", "cents"];

/// The powers of ten that a word adds.
fn power(word: &str) -> Option<u32> {
    match word {
        "hundred" => Some(2),
        "k" | "thousand" | "grand" => Some(3),
        "m" | "mn" | "mio" | "million" => Some(6),
        "bn" | "billion" => Some(9),
        _ => None,
    }
}

fn is_sign(token: &Token, signs: &[&str]) -> bool {
    token.kind == Kind::Symbol && signs.contains(&token.lower.as_str())
}

/// The amount that begins at a token, and the token after it; a span of time is none.
pub(super) fn amount(tokens: &[Token], at: usize, vocabulary: &Vocabulary<'_>) -> Option<(Amount, usize)> {
    let signed = |at: usize| {
        tokens.get(at).is_some_and(|token| is_sign(token, &["$", "\u{20ac}", "\u{a3}", "\u{a5}"]))
    };
    let named = |at: usize| {
        tokens.get(at).is_some_and(|token| token.kind == Kind::Word && MONEY.contains(&token.lower.as_str()))
    };
    let before = usize::from(signed(at) || named(at));
    let (value, end) = number(tokens, at + before)?;
    let after = usize::from(signed(end) || named(end));
    let percent = tokens.get(end).is_some_and(|token| {
        is_sign(token, &["%"])
            || (token.kind == Kind::Word && matches!(token.lower.as_str(), "percent" | "pct"))
    });
    let end = end + after + usize::from(percent);
    // "a million minutes watched" are those of a metric.
    let metric =
        vocabulary.longest(tokens, end).is_some_and(|found| found.length > 1 && !found.metrics.is_empty());
    let unit = !metric
        && tokens.get(end).is_some_and(|token| token.kind == Kind::Word && words::is_time_unit(&token.lower));
    (!unit).then_some((Amount { value, money: before + after > 0, percent }, end))
}

fn number(tokens: &[Token], at: usize) -> Option<(String, usize)> {
    let token = tokens.get(at)?;
    let (digits, mut powers, mut end) = match token.kind {
        Kind::Number => (plain(&token.lower)?, 0, at + 1),
        Kind::Word if token.lower.starts_with(|c: char| c.is_ascii_digit()) => {
            let digits = token.lower.trim_end_matches(|c: char| c.is_ascii_alphabetic());
            (plain(digits)?, power(token.lower.strip_prefix(digits)?)?, at + 1)
        }
        Kind::Word if matches!(token.lower.as_str(), "a" | "an") => {
            tokens.get(at + 1).and_then(|next| power(&next.lower))?;
            ("1".to_owned(), 0, at + 1)
        }
        Kind::Word => {
            let (number, end) = spelled(tokens, at)?;
            (number.to_string(), 0, end)
        }
        Kind::Quoted | Kind::Comma | Kind::Stop | Kind::Taken | Kind::Bound(_) | Kind::Symbol => return None,
    };
    while let Some(more) =
        tokens.get(end).filter(|token| token.kind == Kind::Word).and_then(|token| power(&token.lower))
    {
        powers += more;
        end += 1;
    }
    let number: Decimal = digits.parse().ok()?;
    let unscaled = number.unscaled().checked_mul(10_i128.checked_pow(powers)?)?;
    Some((Decimal::new(unscaled, number.scale())?.normalized(0).to_string(), end))
}

/// "twenty-five", "forty".
fn spelled(tokens: &[Token], at: usize) -> Option<(u32, usize)> {
    let value = |at: usize| {
        let word = tokens.get(at).filter(|token| token.kind == Kind::Word)?;
        number_word(&word.lower).filter(|value| *value > 0)
    };
    let first = value(at)?;
    let ones = value(at + 1).filter(|ones| *ones < 10 && first >= 20);
    Some(ones.map_or((first, at + 1), |ones| (first + ones, at + 2)))
}

/// Digits without the commas between thousands.
fn plain(digits: &str) -> Option<String> {
    let (whole, part) = digits.split_once('.').map_or((digits, None), |(whole, part)| (whole, Some(part)));
    let groups: Vec<&str> = whole.split(',').collect();
    let grouped = groups.iter().skip(1).all(|group| group.len() == 3)
        && groups.first().is_some_and(|group| (1..=3).contains(&group.len()));
    let all_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !(groups.len() == 1 || grouped)
        || !groups.iter().all(|group| all_digits(group))
        || !part.is_none_or(all_digits)
    {
        return None;
    }
    let whole = groups.concat();
    Some(part.map_or(whole.clone(), |part| format!("{whole}.{part}")))
}
