//! The words that make a claim, and what they claim. Whether a claim holds is decided in
//! [`crate::claims`]; the words that make none stand in [`crate::vocabulary`].
//!
//! English only: a narrative in another language has words that are in neither list, and is refused.

use std::collections::HashMap;
use std::sync::LazyLock;

/// What a word claims.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sense {
    /// The largest.
    High,
    /// The smallest.
    Low,
    /// The largest, or, with another name after it, larger than that.
    Lead,
    /// Larger than another.
    More,
    /// Smaller than another.
    Less,
    /// Larger than before.
    Up,
    /// Smaller than before.
    Down,
    /// As before.
    Flat,
    /// As another.
    Tie,
    /// The distance to before, with its sign.
    Change,
    /// The distance of two cells.
    Difference,
    /// The next in rank.
    Follow,
    /// The last in rank, or the last of something.
    Last,
    /// All rows added up.
    Total,
    /// Some rows added up.
    Together,
    /// Total over count.
    Average,
    /// For one of something: "per".
    Per,
    /// For one stretch of the calendar: "daily".
    Periodic,
    /// Of one row, which is all there is.
    Single,
    /// Below nothing.
    Negative,
    /// Above nothing.
    Positive,
    /// Of every row alike.
    Each,
    /// Of all rows, or all of one.
    All,
    /// Of two.
    Both,
    /// Of one row and no other.
    Only,
    /// Of the rows that are not named.
    Other,
    /// Only the rows of this table.
    Shown,
    /// From the lowest to the highest.
    Range,
    /// A little less than the figure that follows.
    Near,
    /// There is no value.
    Missing,
    /// The opposite of what follows.
    Not,
    /// A claim that no cell can prove.
    Unchecked,
}

const SENSES: [(Sense, &str); 32] = [
    (
        Sense::High,
        "highest largest biggest most best greatest maximum max peak peaked peaks peaking strongest busiest longest \
         high fastest steepest sharpest",
    ),
    (
        Sense::Low,
        "lowest smallest least worst bottom bottomed minimum min weakest fewest slowest shortest quietest low trough",
    ),
    (Sense::Lead, "lead leads led leading leader leaders top tops topped topping"),
    (
        Sense::More,
        "higher more larger bigger greater above exceeds exceeded exceed exceeding outperformed outperforms \
         outperforming outsold outsells ahead beats beat beating stronger better surpassed surpasses surpassing longer \
         over outpaced outpaces outranks",
    ),
    (
        Sense::Less,
        "lower less fewer smaller below behind weaker worse trails trailed trailing underperformed underperforms lags \
         lagged lagging shorter under",
    ),
    (
        Sense::Up,
        "increase increases increased increasing rose rise rises risen rising grew grow grows growing grown growth up \
         upward upwards gain gains gained gaining climbed climbs climb climbing improved improves improving \
         improvement surged surge surges surging jumped jump jumps jumping soared soaring accelerated accelerating \
         expanded expanding rebounded recovered recovering boosted boost uptick upturn",
    ),
    (
        Sense::Down,
        "decrease decreases decreased decreasing fell fall falls fallen falling dropped drop drops dropping declined \
         decline declines declining down downward downwards shrank shrunk shrinking lost lose loses loss losses losing \
         dipped dip dips dipping slipped slip slips slipping plunged plunge plummeted sank tumbled collapsed slowed \
         slowing slump slumped reduced reduction contracted eroded downturn",
    ),
    (Sense::Flat, "unchanged flat steady stable stagnant"),
    (
        Sense::Tie,
        "equal equals equalled equaled identical tied tie ties same even matches matched match constant",
    ),
    (Sense::Change, "change changes changed changing went"),
    (Sense::Difference, "difference differ differs differed gap apart margin separates separated"),
    (Sense::Follow, "followed follows then"),
    (Sense::Last, "last"),
    (Sense::Total, "total totals totalled totaled totalling totaling altogether overall sum summed sums"),
    (Sense::Together, "together combined jointly collectively"),
    (Sense::Average, "average averaged averages mean averaging"),
    (Sense::Per, "per"),
    (Sense::Periodic, "daily weekly monthly quarterly yearly annual"),
    (Sense::Single, "single"),
    (Sense::Negative, "negative"),
    (Sense::Positive, "positive"),
    (Sense::Each, "each every apiece"),
    (Sense::All, "all"),
    (Sense::Both, "both"),
    (Sense::Only, "only"),
    (Sense::Other, "other others remaining rest remainder"),
    (Sense::Shown, "shown listed displayed"),
    (Sense::Range, "ranged ranging ranges range spread spans spanned spanning between"),
    (Sense::Near, "nearly almost"),
    (Sense::Missing, "unknown unavailable nothing"),
    (Sense::Not, "not no never none neither nor without cannot nobody nowhere hardly barely"),
    (
        Sense::Unchecked,
        "halved double doubled doubles doubling triple tripled triples tripling quadrupled majority minority dozen \
         dozens hundreds thousands millions billions median record ever always forecast forecasted predicted \
         projected expected will would http https www fraction few many several some various multiple annually hourly",
    ),
];

static BY_WORD: LazyLock<HashMap<&'static str, Sense>> = LazyLock::new(|| {
    SENSES
        .into_iter()
        .flat_map(|(sense, words)| words.split_ascii_whitespace().map(move |word| (word, sense)))
        .collect()
});

/// What `word`, in lower case, claims.
pub(crate) fn sense(word: &str) -> Option<Sense> {
    if word.ends_with("n't") || word.ends_with("n\u{2019}t") {
        return Some(Sense::Not);
    }
    BY_WORD.get(word).copied()
}

/// Whether `word` compares what stands before it with the name that follows at once: "exceeds Harbour".
/// "higher" needs a "than".
pub(crate) fn takes_object(word: &str) -> bool {
    let adjective =
        matches!(
            word,
            "higher"
                | "more"
                | "larger"
                | "bigger"
                | "greater"
                | "stronger"
                | "better"
                | "longer"
                | "lower"
                | "less"
        ) || matches!(word, "fewer" | "smaller" | "weaker" | "worse" | "shorter" | "over" | "under");
    !adjective && matches!(sense(word), Some(Sense::More | Sense::Less | Sense::Lead))
}

/// Whether a clause ends before `word`.
pub(crate) fn joins_clauses(word: &str) -> bool {
    matches!(
        word,
        "and"
            | "while"
            | "whereas"
            | "but"
            | "although"
            | "though"
            | "however"
            | "after"
            | "before"
            | "then"
            | "with"
    )
}

/// Whether a row may be called so, whatever the dimension.
pub(crate) fn is_generic_noun(word: &str) -> bool {
    matches!(word, "row" | "result" | "entry" | "group" | "line" | "value" | "record")
}

/// Whether `word` may stand between a figure and what it belongs to without changing either.
pub(crate) fn is_filler(word: &str) -> bool {
    matches!(
        word,
        "a" | "an" | "the" | "about" | "around" | "approximately" | "roughly" | "just" | "exactly" | "its"
    )
}

/// The month of a name, in lower case.
pub(crate) fn month(word: &str) -> Option<i64> {
    const MONTHS: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let named = |name: &&str| {
        *name == word
            || (word.len() == 3 && name.starts_with(word))
            || (*name == "september" && word == "sept")
    };
    MONTHS.iter().position(named).and_then(|index| i64::try_from(index + 1).ok())
}

/// The day of the week of a name, Monday first.
pub(crate) fn weekday(word: &str) -> Option<i64> {
    const DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    DAYS.iter().position(|name| *name == word).and_then(|index| i64::try_from(index).ok())
}

/// The power of ten of a scale word or its letter.
pub(crate) fn scale(word: &str) -> Option<u8> {
    match word {
        "hundred" => Some(2),
        "k" | "thousand" => Some(3),
        "m" | "mn" | "million" => Some(6),
        "b" | "bn" | "billion" => Some(9),
        _ => None,
    }
}

/// Whether `word` says what a figure counts.
pub(crate) fn is_unit(word: &str) -> bool {
    matches!(
        word,
        "percent"
            | "percentage"
            | "points"
            | "times"
            | "dollar"
            | "dollars"
            | "euro"
            | "euros"
            | "pound"
            | "pounds"
    )
}

/// The word without the ending of its plural.
pub(crate) fn singular(word: &str) -> String {
    let stem = |ending: &str, instead: &str| {
        word.strip_suffix(ending).filter(|stem| stem.len() > 1).map(|stem| format!("{stem}{instead}"))
    };
    if word.ends_with("ss") {
        return word.to_owned();
    }
    stem("ies", "y")
        .or_else(|| {
            ["ches", "shes", "xes", "sses"]
                .into_iter()
                .any(|e| word.ends_with(e))
                .then(|| stem("es", ""))
                .flatten()
        })
        .or_else(|| stem("s", ""))
        .unwrap_or_else(|| word.to_owned())
}

/// Whether `word` is a stretch of the calendar.
pub(crate) fn is_time(word: &str) -> bool {
    crate::dates::Unit::of_name(&singular(word)).is_some() || word == "half" || word == "period"
}
