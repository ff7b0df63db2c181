//! The forms of English words: plurals, verbs, the nouns made of them, abbreviations.
//!
//! Decides when two words are forms of one. Knows no word of any domain.

/// The word without the ending of its plural.
pub(crate) fn singular(word: &str) -> String {
    let irregular = match word {
        "people" => Some("person"),
        "children" => Some("child"),
        "men" => Some("man"),
        "women" => Some("woman"),
        _ => None,
    };
    if let Some(irregular) = irregular {
        return irregular.to_owned();
    }
    let stem = |ending: &str, instead: &str| {
        word.strip_suffix(ending).filter(|stem| stem.len() > 1).map(|stem| format!("{stem}{instead}"))
    };
    if word.ends_with("ss") || word.ends_with("us") || word.ends_with("is") {
        return word.to_owned();
    }
    let sibilant = ["ches", "shes", "xes", "sses"].into_iter().any(|ending| word.ends_with(ending));
    let es = if sibilant { stem("es", "") } else { None };
    stem("ies", "y").or(es).or_else(|| stem("s", "")).unwrap_or_else(|| word.to_owned())
}

/// Whether a word has the form of a verb in the past or going on.
pub(crate) fn is_verb_form(word: &str) -> bool {
    word.ends_with("ed") || word.ends_with("ing") || IRREGULAR.iter().any(|(_, forms)| forms.contains(&word))
}

/// Verbs whose forms no rule of spelling gives.
const IRREGULAR: [(&str, &[&str]); 24] = [
    ("bring", &["brought"]),
    ("burn", &["burnt"]),
    ("buy", &["bought"]),
    ("drive", &["drove", "driven"]),
    ("eat", &["ate", "eaten"]),
    ("earn", &["earnt"]),
    ("fly", &["flew", "flown", "flies"]),
    ("give", &["gave", "given"]),
    ("grow", &["grew", "grown"]),
    ("hold", &["held"]),
    ("keep", &["kept"]),
    ("lend", &["lent"]),
    ("lose", &["lost"]),
    ("make", &["made"]),
    ("pay", &["paid"]),
    ("run", &["ran"]),
    ("see", &["saw", "seen"]),
    ("sell", &["sold"]),
    ("send", &["sent"]),
    ("spend", &["spent"]),
    ("take", &["took", "taken"]),
    ("teach", &["taught"]),
    ("win", &["won"]),
    ("write", &["wrote", "written"]),
];

/// What all forms of a word share: "sold", "selling" and "sells" are "sell".
pub(crate) fn stem(word: &str) -> &str {
    let irregular = IRREGULAR.iter().find(|(_, forms)| forms.contains(&word));
    let word = irregular.map_or(word, |(base, _)| *base);
    // "feed" is no form of "fee": what is left must not end in the vowel that the ending begins with.
    let regular = |ending: &str| {
        word.strip_suffix(ending).filter(|rest| {
            rest.len() > 1
                && !rest.ends_with(if ending == "s" { 's' } else { 'e' })
                && (ending != "ing" || rest.len() > 2)
        })
    };
    let bare = ["ing", "ed", "es", "s"].into_iter().find_map(regular).unwrap_or(word);
    let bare = bare.strip_suffix('e').filter(|rest| rest.len() > 1).unwrap_or(bare);
    let doubled = || bare.chars().rev().take(2).collect::<Vec<_>>();
    match doubled().as_slice() {
        [last, before] if last == before && bare.len() > 3 => bare.strip_suffix(*last).unwrap_or(bare),
        _ => bare,
    }
}

/// What a verb of trade brings or takes, the nearest noun first.
pub(crate) fn nouns_of(verb: &str) -> &'static [&'static str] {
    match stem(verb) {
        "sell" => &["sale", "revenue", "turnover"],
        "earn" | "mak" | "gross" => &["revenue", "income", "earning", "turnover", "sale", "taking"],
        "spend" => &["spending", "spend", "expenditure", "expense", "cost"],
        "los" => &["loss", "lost"],
        "pay" => &["payment", "paid"],
        _ => &[],
    }
}

/// What a verb shares with the noun that is made of it: "cancelled" and "cancellation", "enrolled" and "enrolment".
pub(crate) fn root(word: &str) -> &str {
    let noun = ["ations", "ation", "ments", "ment", "ances", "ance", "ions", "ion", "als", "al"];
    let bare = noun.into_iter().find_map(|ending| word.strip_suffix(ending)).filter(|rest| rest.len() > 3);
    let bare = stem(bare.unwrap_or(word));
    let doubled = bare.strip_suffix('l').filter(|rest| rest.ends_with('l'));
    doubled.unwrap_or(bare)
}

/// What an abbreviation stands for, in names and in questions.
pub(crate) fn written_out(word: &str) -> &str {
    match word {
        "avg" | "mean" => "average",
        "amt" => "amount",
        "qty" => "quantity",
        "num" | "nbr" => "number",
        "cnt" => "count",
        "max" => "maximum",
        "pct" => "percent",
        "rev" => "revenue",
        "cust" => "customer",
        "txn" | "trx" => "transaction",
        "acct" => "account",
        "dept" => "department",
        "tot" => "total",
        "prod" => "product",
        "emp" => "employee",
        "mgr" => "manager",
        "qtr" => "quarter",
        "addr" => "address",
        "veh" => "vehicle",
        "inv" => "invoice",
        "org" => "organisation",
        word => word,
    }
}

/// Verbs that say only that there was something.
pub(crate) fn is_light_verb(word: &str) -> bool {
    const VERBS: &str = "give gives gave generate generates generated produce produces produced record records recorded \
        achieve achieves achieved serve serves served handle handles handled see sees saw register registered log logged \
        bring brings brought take takes took report reports reported experience experienced account accounted have run process \
        host hosts hosted carry carries carried teach taught treat treats treated welcome issue issues issued transport \
        transports transported publish publishes published attract attracts attracted";
    super::holds(VERBS, word)
}

/// Verbs of which the subject says who: "which carrier paid the most dues".
pub(crate) fn is_verb_of_subject(word: &str) -> bool {
    const VERBS: &str = "pay pays paid earn earns earned sell sells sold buy buys bought spend spends spent receive receives \
        received collect collects collected use uses used order orders ordered place places placed book books booked";
    super::holds(VERBS, word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_a_verb_meet_and_other_words_do_not() {
        for (one, other) in [
            ("sold", "selling"),
            ("drove", "driven"),
            ("used", "uses"),
            ("collected", "collect"),
            ("seen", "saw"),
        ] {
            assert_eq!(stem(one), stem(other), "{one} {other}");
        }
        for (one, other) in [("used", "unused"), ("fee", "feed"), ("see", "seed"), ("order", "reorder")] {
            assert_ne!(stem(one), stem(other));
        }
        assert_eq!(stem("shipped"), stem("ship"));
        assert_eq!(stem("fees"), stem("fee"));
        assert_ne!(stem("paid"), stem("unpaid"));
    }

    #[test]
    fn plurals_and_singulars_meet() {
        for (plural, one) in [
            ("branches", "branch"),
            ("fees", "fee"),
            ("categories", "category"),
            ("classes", "class"),
            ("addresses", "address"),
            ("status", "status"),
            ("people", "person"),
            ("boxes", "box"),
        ] {
            assert_eq!(singular(plural), one);
            assert_eq!(singular(one), one);
        }
    }
}
