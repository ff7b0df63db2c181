//! English words that shape a question. None of them belongs to a domain.

mod forms;

use crate::aggregate::Aggregate;
use splitplane_semantics::Grain;
use splitplane_types::number_word;

pub(crate) use forms::{
    is_light_verb, is_verb_form, is_verb_of_subject, nouns_of, root, singular, stem, written_out,
};

/// Words without a meaning of their own here: articles, auxiliaries, requests, politeness.
const STOP: &str = "a about again all am an and any are be been both bring brought came can come comes could dear did display do \
    does doing done everyone figure figures find get give gimme go goes going good got had has have having hello help hey hi how i \
    is its just kindly know let list listing look looking lot lots made make makes making me much my need number numbers our please \
    pls report result results say see show showing so some tell thank thanks the us want was we were what whats \
    would yes you your";

/// Words that carry a meaning which no interpretation here can hold. They are never part of a value.
const RESERVED: &str = "above after ago average before below between but change changed changes compare compared \
    comparing comparison correlate cumulative decline develop developed dropped exactly fastest forecasted approximately roughly decrease difference down drop during else ever exceed exceeds except \
    exclude excluding few fewer first forecast from grow growing grown growth higher if ignore increase last less lower \
    maximum mean median minimum more never next no nobody none nor not or other over per percent percentage predict \
    previous prior rank ranking rate ratio rather relative same share since than to trend trending under unless until up \
    versus vs when whenever whether which while who whom whose why without will gonna upcoming include includes including containing";

/// Words that give a question its structure; [`super::reader`] reads them.
const STRUCTURE: &str = "ascending breakdown broken descending divided group grouped ordered plus ranked sort sorted \
    split";

/// Words of grammar that are often misspelled.
pub(crate) const SLIPPED: &str = "total average number count overall maximum minimum daily weekly monthly quarterly yearly \
    show list what which compare excluding except without";

const PREPOSITIONS: &str = "in for at of from on within inside with where only via through";

const GROUPERS: &str = "by per each every across";

const HIGHEST: &str = "top best highest largest biggest most greatest longest";

const LOWEST: &str = "bottom worst lowest smallest least fewest shortest";

fn holds(list: &str, word: &str) -> bool {
    list.split_ascii_whitespace().any(|known| known == word)
}

pub(crate) fn is_stop(word: &str) -> bool {
    holds(STOP, word)
}

pub(crate) fn is_reserved(word: &str) -> bool {
    holds(RESERVED, word)
}

pub(crate) fn is_preposition(word: &str) -> bool {
    holds(PREPOSITIONS, word)
}

pub(crate) fn is_grouper(word: &str) -> bool {
    holds(GROUPERS, word)
}

/// Whether `word` asks for the extreme rows, and whether for the largest.
pub(crate) fn superlative(word: &str) -> Option<bool> {
    match (holds(HIGHEST, word), holds(LOWEST, word)) {
        (true, _) => Some(true),
        (_, true) => Some(false),
        (false, false) => None,
    }
}

/// Whether `word` has any role here besides being a value.
pub(crate) fn is_function_word(word: &str) -> bool {
    is_stop(word)
        || is_reserved(word)
        || holds(STRUCTURE, word)
        || is_preposition(word)
        || is_grouper(word)
        || superlative(word).is_some()
        || is_negator(word)
        || is_pointer(word)
        || modifier(word).is_some()
}

/// Words that may stand between the words of a name: "total of the loans".
pub(crate) fn is_article(word: &str) -> bool {
    matches!(word, "the" | "our" | "my" | "all" | "your" | "their" | "a" | "an")
}

/// Words of grammar that are as well words of names: with a capital, after a name, they belong to it. "Solar Plus".
pub(crate) fn names_too(word: &str) -> bool {
    matches!(word, "plus" | "first" | "next" | "more" | "one" | "go" | "all" | "up")
}

/// Words that point at something said before, unless they only fill the sentence.
pub(crate) fn is_pointer(word: &str) -> bool {
    matches!(word, "it" | "this" | "that" | "there" | "those" | "these" | "them" | "they" | "their")
}

pub(crate) fn is_negator(word: &str) -> bool {
    matches!(
        word,
        "excluding"
            | "exclude"
            | "excludes"
            | "except"
            | "without"
            | "not"
            | "besides"
            | "minus"
            | "omitting"
    )
}

/// The calendar unit of "by month" or "monthly", and whether the word is an adjective of its own.
pub(crate) fn grain(word: &str) -> Option<(Grain, bool)> {
    match word {
        "day" | "days" | "date" | "dates" => Some((Grain::Day, false)),
        "week" | "weeks" => Some((Grain::Week, false)),
        "month" | "months" => Some((Grain::Month, false)),
        "quarter" | "quarters" => Some((Grain::Quarter, false)),
        "year" | "years" => Some((Grain::Year, false)),
        "daily" => Some((Grain::Day, true)),
        "weekly" => Some((Grain::Week, true)),
        "monthly" => Some((Grain::Month, true)),
        "quarterly" => Some((Grain::Quarter, true)),
        "yearly" | "annually" | "annual" => Some((Grain::Year, true)),
        _ => None,
    }
}

/// What a word such as "total" or "average" says of the metric beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Modifier {
    /// "total", "overall".
    Total,
    /// "sum of", which is never a count.
    Sum,
    /// "number of", "how many".
    Count,
    /// "average".
    Average,
    /// "maximum".
    Maximum,
    /// "minimum".
    Minimum,
}

impl Modifier {
    /// Whether a metric with this aggregate is what the modifier says, so that it adds nothing.
    pub(crate) const fn fits(self, aggregate: Option<Aggregate>) -> bool {
        match (self, aggregate) {
            (Self::Total, Some(Aggregate::Sum | Aggregate::Count | Aggregate::CountDistinct))
            | (Self::Sum, Some(Aggregate::Sum))
            | (Self::Count, Some(Aggregate::Count | Aggregate::CountDistinct))
            | (Self::Average, Some(Aggregate::Average))
            | (Self::Maximum, Some(Aggregate::Maximum))
            | (Self::Minimum, Some(Aggregate::Minimum)) => true,
            (Self::Total | Self::Sum | Self::Count | Self::Average | Self::Maximum | Self::Minimum, _) => {
                false
            }
        }
    }
}

pub(crate) fn modifier(word: &str) -> Option<Modifier> {
    match word {
        "total" | "totals" | "overall" | "altogether" | "combined" => Some(Modifier::Total),
        "sum" => Some(Modifier::Sum),
        "count" | "counts" => Some(Modifier::Count),
        "average" | "mean" | "avg" => Some(Modifier::Average),
        "maximum" | "max" => Some(Modifier::Maximum),
        "minimum" | "min" => Some(Modifier::Minimum),
        _ => None,
    }
}

/// The value of a number word up to twenty.
pub(crate) fn number(word: &str) -> Option<u32> {
    number_word(word).filter(|number| (1..=20).contains(number))
}

/// Whether a name that begins with this word is another in the plural: "average sale", "longest trip".
pub(crate) fn is_one_only(word: &str) -> bool {
    word.ends_with("est")
        || matches!(modifier(word), Some(Modifier::Average | Modifier::Maximum | Modifier::Minimum))
}

/// Words that say that a name is a kind of thing.
pub(crate) fn is_kind(word: &str) -> bool {
    matches!(word, "type" | "kind" | "category" | "class" | "genre" | "format" | "group")
}

/// Times of a day or a week that are no periods: what is said of them must not be lost.
pub(crate) fn is_time_of(word: &str) -> bool {
    const TIMES: &str = "weekend weekday morning afternoon evening night noon midnight lunchtime monday tuesday wednesday \
        thursday friday saturday sunday holiday season summer winter spring autumn daytime overnight hour hourly minute second \
        peak rush pm oclock o'clock today yesterday tomorrow";
    holds(TIMES, word.strip_suffix('s').unwrap_or(word))
}

/// Words for whose data it is: that is settled before a question is read, and no question changes it.
pub(crate) fn is_scope(word: &str) -> bool {
    holds(
        "tenant admin administrator scope permission business database superuser root",
        word.strip_suffix('s').unwrap_or(word),
    ) || matches!(word, "business" | "businesses")
}

/// Whether a unit is a currency: three capitals.
pub(crate) fn is_currency(unit: &str) -> bool {
    unit.len() == 3 && unit.bytes().all(|byte| byte.is_ascii_uppercase())
}

/// What is measured and no money: "how many litres" asks for the sum of them, whole or not.
pub(crate) fn is_measure(word: &str) -> bool {
    const MEASURES: &str = "litre liter millilitre milliliter hectolitre hectoliter gallon barrel gram kilogram kilo kg tonne \
        ton hour minute second metre meter kilometre kilometer km mile hectare acre watt kilowatt megawatt kwh mwh joule \
        byte kilobyte megabyte gigabyte terabyte";
    holds(MEASURES, word)
}

/// A unit of time after a number: a span, and no amount.
pub(crate) fn is_time_unit(word: &str) -> bool {
    grain(word).is_some() || matches!(singular(word).as_str(), "hour" | "minute" | "second" | "fortnight")
}

/// Words that say of which kind a thing is, or measure another thing, so that they are not likely the name of a value.
pub(crate) fn qualifies(word: &str) -> bool {
    const KINDS: &str = "new old late early big small large long short high low good bad private public net gross unique \
        distinct repeat active open daily usual typical actual real own extra spare free full empty cheap expensive loyal \
        recent current former potential possible future likely main key important successful popular profit margin cost \
        price budget target goal plan planned rate score rating satisfaction churn per refund wage salary labor labour \
        weather profitable cumulative running rolling moving weighted median typical approximate estimated adjusted \
        absolute relative same different similar individual personal own every tenant business admin user secret hidden internal";
    holds(KINDS, word)
        || holds(KINDS, &singular(word))
        || is_time_of(word)
        || is_verb_form(word)
        || ["un", "non", "ly"].iter().any(|part| {
            word.len() > 4
                && (word.starts_with(part) && *part != "ly" || *part == "ly" && word.ends_with(part))
        })
}
