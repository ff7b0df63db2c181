//! The words that make a claim. What they claim is checked in [`crate::claims`].
//!
//! English only: a narrative in another language has words that are not here and names that are no
//! cells, and is refused for its letters.

/// What a word claims.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sense {
    /// The largest.
    High,
    /// The smallest.
    Low,
    /// Larger than another.
    More,
    /// Smaller than another.
    Less,
    /// Larger than before.
    Up,
    /// Smaller than before.
    Down,
    /// As before, or as another.
    Flat,
    /// The opposite of what follows.
    Not,
    /// A claim that no cell can prove.
    Unchecked,
    /// All rows added up.
    Total,
    /// Some rows added up.
    Together,
    /// Total over count.
    Average,
    /// The distance of two cells.
    Difference,
    /// Only the rows of this table.
    Shown,
}

const SENSES: [(Sense, &str); 14] = [
    (
        Sense::High,
        "highest largest biggest most best top topped tops greatest maximum max peak peaked peaks leading leads led \
         leader leaders strongest busiest longest",
    ),
    (Sense::Low, "lowest smallest least worst bottom minimum min weakest fewest slowest shortest quietest"),
    (
        Sense::More,
        "higher more larger bigger greater above exceeds exceeded exceed exceeding outperformed outperforms outsold \
         ahead beats beat stronger better surpassed surpasses longer",
    ),
    (
        Sense::Less,
        "lower less fewer smaller below behind weaker worse trails trailed trailing underperformed underperforms \
         shorter",
    ),
    (
        Sense::Up,
        "increase increases increased increasing rose rise rises risen rising grew grow grows growing grown growth up \
         upward upwards gain gains gained gaining climbed climbs climb climbing improved improves improving \
         improvement surged surge surges surging jumped jump jumps soared soaring accelerated accelerating expanded \
         expanding rebounded recovered boosted boost",
    ),
    (
        Sense::Down,
        "decrease decreases decreased decreasing fell fall falls fallen falling dropped drop drops dropping declined \
         decline declines declining down downward downwards shrank shrunk shrinking lost loss losses losing dipped dip \
         dips slipped slip slipping plunged plunge plummeted sank tumbled collapsed slowed slowing slump slumped \
         reduced reduction contracted eroded",
    ),
    (Sense::Flat, "unchanged flat steady stable stagnant equal equals identical tied tie constant"),
    (Sense::Not, "not no never none neither nor without cannot nothing nobody nowhere hardly barely"),
    (
        Sense::Unchecked,
        "half halved halves twice thrice double doubled doubles doubling triple tripled quadrupled majority minority \
         dozens hundreds thousands millions billions median record ever always forecast forecasted predicted projected \
         expected will http https www roughly nearly almost third thirds quarters fraction",
    ),
    (Sense::Total, "total totals totalled totaled altogether overall sum summed sums"),
    (Sense::Together, "together combined jointly"),
    (Sense::Average, "average averaged averages mean averaging"),
    (Sense::Difference, "difference differ differs differed gap spread range apart margin"),
    (Sense::Shown, "shown listed these displayed"),
];

/// Words that may open a sentence, or fill one, without naming anything.
const NEUTRAL: &str = "a about across after all also although an and any are as at because been before being between \
    both but by came can come compared comes contributed contributes contributing coverage covers data daily day days \
    during each earned entries every figure figures first followed following for from given group groups had has have \
    having here hour hours how however if in including individual is it its itself last line lines made makes meanwhile \
    month monthly months next now of on only or other others our out over per period please quarter ranged ranging \
    result results row rows same second several share shares showing since so some still such than that the their them \
    then there they this those through thus to two under until up value values was we week weekly weeks were what when \
    where which while whereas with within year years you your yet accounted accounts accounting reached reaches stood \
    stands amounted amounts";

/// What `word`, in lower case, claims.
pub(crate) fn sense(word: &str) -> Option<Sense> {
    if word.ends_with("n't") || word.ends_with("n\u{2019}t") {
        return Some(Sense::Not);
    }
    SENSES
        .into_iter()
        .find_map(|(sense, words)| words.split_ascii_whitespace().any(|known| known == word).then_some(sense))
}

/// Whether `word`, in lower case, may be capitalised at the start of a sentence without being a name.
pub(crate) fn is_neutral(word: &str) -> bool {
    NEUTRAL.split_ascii_whitespace().any(|known| known == word) || sense(word).is_some()
}

/// Whether a clause ends before `word`.
pub(crate) fn joins_clauses(word: &str) -> bool {
    matches!(word, "and" | "while" | "whereas" | "but" | "although" | "however")
}

/// Whether a row may be called so, whatever the dimension.
pub(crate) fn is_generic_noun(word: &str) -> bool {
    matches!(word, "row" | "result" | "entry" | "group" | "line" | "value")
}

/// The month of a name.
pub(crate) fn month(word: &str) -> Option<u8> {
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
    MONTHS.iter().position(|name| *name == word).and_then(|index| u8::try_from(index + 1).ok())
}

/// The rank that an ordinal word names.
pub(crate) fn ordinal(word: &str) -> Option<i128> {
    const ORDINALS: [&str; 10] =
        ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"];
    ORDINALS.iter().position(|name| *name == word).and_then(|index| i128::try_from(index + 1).ok())
}

/// The value of a number word below a hundred.
pub(crate) fn small_number(word: &str) -> Option<i128> {
    const UNITS: [&str; 20] = [
        "zero",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
        "thirteen",
        "fourteen",
        "fifteen",
        "sixteen",
        "seventeen",
        "eighteen",
        "nineteen",
    ];
    const TENS: [&str; 8] = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];
    let position =
        |list: &[&str]| list.iter().position(|name| *name == word).and_then(|i| i128::try_from(i).ok());
    position(&UNITS)
        .or_else(|| position(&TENS).map(|index| (index + 2) * 10))
        .or_else(|| (word == "dozen").then_some(12))
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
