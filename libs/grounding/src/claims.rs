//! Whether the claims of one sentence hold. Each rule names the cells that make it true; where no
//! rule applies, the claim is unproved.

use crate::error::{Claim, Ungrounded};
use crate::facts::{Facts, Measure};
use crate::figure::{Figure, FigureUnit};
use crate::lexer::{Kind, Token};
use crate::sentence::{Mention, Sentence};
use crate::words::{self, Sense};
use crate::{display, number};
use splitplane_types::Decimal;

/// Proves one sentence.
pub(crate) fn prove(tokens: &[Token], facts: &Facts<'_>) -> Result<(), Ungrounded> {
    let sentence = Sentence::of(tokens, facts);
    sentence.prove_names()?;
    prove_figures(&sentence)?;
    for (index, sense) in sentence.senses() {
        let at = tokens.get(index).map_or(0, |token| token.at);
        prove_word(&sentence, index, sense).map_err(|claim| Ungrounded::new(claim, at))?;
    }
    Ok(())
}

// === figures ===

fn prove_figures(sentence: &Sentence<'_>) -> Result<(), Ungrounded> {
    let mut pending: Vec<(usize, &Figure)> = Vec::new();
    for (index, token) in sentence.tokens.iter().enumerate() {
        let Kind::Figure(figure) = &token.kind else { continue };
        let proved = match figure.unit {
            FigureUnit::Ordinal if is_rank(sentence, index, figure) => true,
            FigureUnit::Ordinal => return Err(Ungrounded::new(Claim::Rank, token.at)),
            // "over $5,000" claims more than the figure, and no cell says how much more.
            _ if is_bounded(sentence, index) => return Err(Ungrounded::new(Claim::Figure, token.at)),
            FigureUnit::Plain | FigureUnit::Currency(_) | FigureUnit::Percent | FigureUnit::Times => {
                stands_alone(sentence, index, figure)
            }
        };
        if !proved {
            pending.push((index, figure));
        }
    }
    let Some((first, _)) = pending.first() else { return Ok(()) };
    let at = sentence.tokens.get(*first).map_or(0, |token| token.at);
    if belong(sentence, &pending) { Ok(()) } else { Err(Ungrounded::new(Claim::Figure, at)) }
}

/// Whether one reading of the sentence gives every figure to a row that it names: the row named
/// before it, the row named after it, or, in two lists of one length, the row at its place.
fn belong(sentence: &Sentence<'_>, pending: &[(usize, &Figure)]) -> bool {
    let mentions = &sentence.mentions;
    let all = |row_of: &dyn Fn(usize, usize) -> Option<Mention>| {
        pending.iter().enumerate().all(|(place, (index, figure))| {
            row_of(place, *index).is_some_and(|mention| is_cell_of(sentence, figure, &mention.rows))
        })
    };
    all(&|_, index| mentions.iter().rfind(|mention| mention.at < index).cloned())
        || all(&|_, index| mentions.iter().find(|mention| mention.at > index).cloned())
        || (pending.len() == mentions.len() && all(&|place, _| mentions.get(place).cloned()))
}

fn fits(figure: &Figure, measure: &Measure) -> bool {
    match &figure.unit {
        FigureUnit::Plain => true,
        FigureUnit::Currency(code) => measure.unit.as_deref() == Some(code),
        FigureUnit::Percent => measure.unit.as_deref().is_some_and(display::is_percent),
        FigureUnit::Times | FigureUnit::Ordinal => false,
    }
}

/// A cell of one of `rows`, their sum, or their share of the whole.
fn is_cell_of(sentence: &Sentence<'_>, figure: &Figure, rows: &[usize]) -> bool {
    sentence.measures.iter().any(|measure| {
        let cell = || rows.iter().filter_map(|row| measure.value(*row)).any(|value| figure.shows(value));
        let sum =
            || rows.len() > 1 && sentence.may_sum() && measure.sum(rows).is_some_and(|sum| figure.shows(sum));
        (fits(figure, measure) && (cell() || sum())) || is_share(sentence, figure, measure, rows)
    })
}

fn is_share(sentence: &Sentence<'_>, figure: &Figure, measure: &Measure, rows: &[usize]) -> bool {
    figure.unit == FigureUnit::Percent
        && sentence.may_sum()
        && match (measure.sum(rows), measure.total) {
            (Some(part), Some(whole)) => figure.shows_share(part, whole),
            (Some(_) | None, _) => false,
        }
}

fn is_bounded(sentence: &Sentence<'_>, index: usize) -> bool {
    matches!(
        sentence.before(index),
        Some(
            "over"
                | "under"
                | "above"
                | "below"
                | "than"
                | "least"
                | "most"
                | "exceeded"
                | "exceeds"
                | "exceeding"
        )
    )
}

/// A figure that needs no named row.
fn stands_alone(sentence: &Sentence<'_>, index: usize, figure: &Figure) -> bool {
    is_count(sentence, index, figure)
        || is_days_or_year(sentence, index, figure)
        || is_only_row(sentence, figure)
        || is_whole(sentence, figure)
        || is_extreme(sentence, figure)
        || is_of_pair(sentence, figure)
        || is_of_group(sentence, figure)
}

/// "5 branches", where there are five rows and a row is called a branch.
fn is_count(sentence: &Sentence<'_>, index: usize, figure: &Figure) -> bool {
    let facts = sentence.facts;
    let is = |count: usize| i128::try_from(count).is_ok_and(|count| figure.whole() == Some(count));
    let counted = is(facts.context.row_count) || (sentence.has(Sense::Shown) && is(facts.table.rows.len()));
    let noun = |word: &str| {
        let word = words::singular(word);
        let measured =
            facts.measures.iter().any(|measure| measure.words.iter().any(|w| words::singular(w) == word));
        !measured && (facts.nouns.contains(&word) || words::is_generic_noun(&word))
    };
    counted
        && (1..=2).filter_map(|ahead| sentence.tokens.get(index + ahead)).any(|token| match &token.kind {
            Kind::Word(word, _) => noun(word),
            Kind::Known(known) => known.iter().any(|word| noun(word)),
            Kind::Figure(_) | Kind::Date(_) | Kind::Rows { .. } | Kind::Break | Kind::Dash | Kind::End => {
                false
            }
        })
}

fn is_days_or_year(sentence: &Sentence<'_>, index: usize, figure: &Figure) -> bool {
    let Some((from, to)) = sentence.facts.period else { return false };
    let is = |value: i64| figure.whole() == Some(i128::from(value));
    let days =
        matches!(sentence.word(index + 1), Some("day" | "days")) && is(to.number() - from.number() + 1);
    let led_in = matches!(sentence.before(index), Some("in" | "during" | "year" | "for"));
    days || (figure.year_like && led_in && from.year == to.year && is(from.year))
}

fn is_only_row(sentence: &Sentence<'_>, figure: &Figure) -> bool {
    let facts = sentence.facts;
    facts.table.rows.len() == 1
        && facts.context.row_count == 1
        && sentence
            .measures
            .iter()
            .any(|m| fits(figure, m) && m.value(0).is_some_and(|value| figure.shows(value)))
}

/// The sum of a column, or its mean.
fn is_whole(sentence: &Sentence<'_>, figure: &Figure) -> bool {
    let meant = sentence.tells_total() || sentence.mentions.is_empty();
    let complete = sentence.facts.has_every_row() && !sentence.facts.context.limited;
    sentence.measures.iter().filter(|measure| fits(figure, measure)).any(|measure| {
        let Some(total) = measure.total else { return false };
        let count =
            i128::try_from(measure.values.iter().flatten().count()).ok().and_then(|n| Decimal::new(n, 0));
        let mean = || figure.power == 0 && count.is_some_and(|count| figure.shows_ratio(total, count));
        (meant && sentence.may_sum() && figure.shows(total))
            || (complete && sentence.has(Sense::Average) && mean())
    })
}

/// The highest or lowest cell, its share, or the distance between both, where no row is named.
fn is_extreme(sentence: &Sentence<'_>, figure: &Figure) -> bool {
    if !sentence.mentions.is_empty() || !sentence.may_rank() {
        return false;
    }
    let (high, low) = (sentence.has(Sense::High), sentence.has(Sense::Low));
    sentence.measures.iter().any(|measure| {
        let (Some(top), Some(bottom)) = (measure.high(), measure.low()) else { return false };
        let share = |value: Decimal| {
            figure.unit == FigureUnit::Percent
                && sentence.may_sum()
                && measure.total.is_some_and(|total| figure.shows_share(value, total))
        };
        let shows = |value: Decimal| (fits(figure, measure) && figure.shows(value)) || share(value);
        (high && shows(top))
            || (low && shows(bottom))
            || (sentence.has(Sense::Difference) && is_distance(figure, measure, top, bottom))
    })
}

fn is_distance(figure: &Figure, measure: &Measure, a: Decimal, b: Decimal) -> bool {
    fits(figure, measure) && number::absolute_difference(a, b).is_some_and(|distance| figure.shows(distance))
}

/// The difference, change or ratio of two rows: the two that are named, or the first and last in time.
fn is_of_pair(sentence: &Sentence<'_>, figure: &Figure) -> bool {
    let moves = sentence.has(Sense::Up) || sentence.has(Sense::Down);
    let compares = [Sense::More, Sense::Less, Sense::Difference, Sense::High, Sense::Low];
    let compares = compares.into_iter().any(|sense| sentence.has(sense)) || sentence.has_word("by");
    let (a, b, in_time) = match (sentence.pair(), time_pair(sentence)) {
        (_, Some((earlier, later))) if moves => (later, earlier, true),
        (Some((a, b)), _) => match (a.rows.first(), b.rows.first()) {
            (Some(a), Some(b)) => (*a, *b, false),
            (Some(_) | None, _) => return false,
        },
        (None, _) => return false,
    };
    sentence.measures.iter().any(|measure| {
        let (Some(x), Some(y)) = (measure.value(a), measure.value(b)) else { return false };
        let Some(distance) = number::absolute_difference(x, y) else { return false };
        match figure.unit {
            FigureUnit::Times => figure.shows_ratio(x, y),
            // The base of a change is the earlier row, that of a comparison the second named.
            FigureUnit::Percent => (in_time || compares) && figure.shows_share(distance, y),
            FigureUnit::Plain | FigureUnit::Currency(_) => {
                let end = in_time && sentence.mentions.is_empty() && (figure.shows(x) || figure.shows(y));
                fits(figure, measure) && (end || ((in_time || compares) && figure.shows(distance)))
            }
            FigureUnit::Ordinal => false,
        }
    })
}

/// "Together", the rows that are named: their sum, or its share.
fn is_of_group(sentence: &Sentence<'_>, figure: &Figure) -> bool {
    let mut rows: Vec<usize> = sentence.mentions.iter().flat_map(|mention| mention.rows.clone()).collect();
    rows.sort_unstable();
    rows.dedup();
    rows.len() > 1
        && sentence.facts.context.additive
        && sentence.has(Sense::Together)
        && sentence.measures.iter().any(|measure| {
            let sum = || measure.sum(&rows).is_some_and(|sum| figure.shows(sum));
            (fits(figure, measure) && sum()) || is_share(sentence, figure, measure, &rows)
        })
}

/// The earlier and the later of two rows in time: those named, or the first and last of all.
fn time_pair(sentence: &Sentence<'_>) -> Option<(usize, usize)> {
    let order = sentence.facts.in_time.as_ref()?;
    let place = |row: usize| order.iter().position(|other| *other == row);
    if sentence.mentions.is_empty() {
        let complete = sentence.facts.has_every_row();
        return order.first().copied().zip(order.last().copied()).filter(|(a, b)| complete && a != b);
    }
    let (a, b) = sentence.pair()?;
    let (a, b) = (*a.rows.first()?, *b.rows.first()?);
    Some(if place(a)? <= place(b)? { (a, b) } else { (b, a) })
}

// === words ===

fn prove_word(sentence: &Sentence<'_>, index: usize, sense: Sense) -> Result<(), Claim> {
    let holds = |proved: bool, claim: Claim| if proved { Ok(()) } else { Err(claim) };
    match sense {
        Sense::High | Sense::Low => holds(extreme_holds(sentence, index, sense == Sense::High), Claim::Rank),
        Sense::More | Sense::Less => {
            holds(comparison_holds(sentence, index, sense == Sense::More), Claim::Direction)
        }
        Sense::Up | Sense::Down | Sense::Flat => holds(trend_holds(sentence, sense), Claim::Direction),
        // Only an empty result can be spoken of in the negative: "no rows".
        Sense::Not => holds(sentence.facts.context.row_count == 0, Claim::Direction),
        Sense::Unchecked => Err(Claim::Direction),
        // These claim nothing without a figure, which is proved on its own.
        Sense::Total | Sense::Together | Sense::Average | Sense::Difference | Sense::Shown => Ok(()),
    }
}

fn figure_at<'s>(sentence: &'s Sentence<'_>, index: usize) -> Option<&'s Figure> {
    match sentence.tokens.get(index).map(|token| &token.kind) {
        Some(Kind::Figure(figure)) => Some(figure),
        Some(Kind::Word(..) | Kind::Date(_) | Kind::Rows { .. } | Kind::Known(_))
        | Some(Kind::Break | Kind::Dash | Kind::End)
        | None => None,
    }
}

fn extreme_holds(sentence: &Sentence<'_>, index: usize, high: bool) -> bool {
    // "top 5 stores" counts rows; "second highest" is a rank and was proved as one.
    if figure_at(sentence, index + 1).is_some_and(|figure| is_count(sentence, index + 1, figure))
        || index
            .checked_sub(1)
            .and_then(|at| figure_at(sentence, at))
            .is_some_and(|f| f.unit == FigureUnit::Ordinal)
    {
        return true;
    }
    if sentence.facts.table.rows.len() < 2 || !sentence.may_rank() || sentence.word(index + 1) == Some("of") {
        return false;
    }
    let extreme = |measure: &Measure| if high { measure.high() } else { measure.low() };
    match sentence.rows_near(index) {
        Some(rows) => {
            !sentence.measures.is_empty()
                && sentence.measures.iter().all(|measure| {
                    let extreme = extreme(measure);
                    extreme.is_some() && rows.iter().any(|row| measure.value(*row) == extreme)
                })
        }
        None => sentence.tokens.iter().any(|token| match &token.kind {
            Kind::Figure(figure) => sentence.measures.iter().any(|measure| {
                extreme(measure).is_some_and(|value| fits(figure, measure) && figure.shows(value))
            }),
            Kind::Word(..) | Kind::Date(_) | Kind::Rows { .. } | Kind::Known(_) => false,
            Kind::Break | Kind::Dash | Kind::End => false,
        }),
    }
}

/// "A is higher than B": A is named before the word, B after it.
fn comparison_holds(sentence: &Sentence<'_>, index: usize, more: bool) -> bool {
    let Some((a, b)) = sentence.pair() else { return false };
    // "A was exceeded by B" says the opposite.
    let passive =
        sentence.word(index + 1) == Some("by") && sentence.word(index).is_some_and(|w| w.ends_with("ed"));
    let (Some(x), Some(y)) = (a.rows.first(), b.rows.first()) else { return false };
    a.at < index
        && index < b.at
        && !passive
        && !sentence.measures.is_empty()
        && sentence.measures.iter().all(|measure| match (measure.value(*x), measure.value(*y)) {
            (Some(x), Some(y)) => {
                if more {
                    x > y
                } else {
                    x < y
                }
            }
            (Some(_) | None, _) => false,
        })
}

fn trend_holds(sentence: &Sentence<'_>, sense: Sense) -> bool {
    let Some((earlier, later)) = time_pair(sentence) else { return false };
    !sentence.measures.is_empty()
        && sentence.measures.iter().all(|measure| match (measure.value(earlier), measure.value(later)) {
            (Some(before), Some(after)) if sense == Sense::Up => after > before,
            (Some(before), Some(after)) if sense == Sense::Down => after < before,
            (Some(before), Some(after)) => after == before,
            (Some(_) | None, _) => false,
        })
}

/// "second highest", "ranked 2nd": as many values beyond it as the rank says, less one.
fn is_rank(sentence: &Sentence<'_>, index: usize, figure: &Figure) -> bool {
    let after = sentence.sense(index + 1);
    let led_in = matches!(sentence.before(index), Some("ranks" | "ranked" | "rank" | "placed" | "place"));
    let named = matches!(after, Some(Sense::High | Sense::Low)) || led_in;
    let Some(rows) = sentence.rows_near(index).filter(|_| named && sentence.may_rank()) else { return false };
    !sentence.measures.is_empty()
        && sentence.measures.iter().all(|measure| {
            rows.iter().filter_map(|row| measure.value(*row)).any(|value| {
                let beyond = measure.values.iter().flatten().filter(|other| match after {
                    Some(Sense::Low) => **other < value,
                    _ => **other > value,
                });
                i128::try_from(beyond.count() + 1)
                    .is_ok_and(|rank| Decimal::new(rank, 0) == Some(figure.value))
            })
        })
}
