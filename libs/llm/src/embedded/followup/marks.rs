//! The words that make a text a fragment: "and", "also", "instead", "only", "what about", "without the filter".
//!
//! Decides what they do and takes them out; what is left is read like a question.

use super::super::tokens::{Kind, Token, is_word_of, tokens};
use super::super::vocabulary::Vocabulary;
use super::super::words;

/// What the marking words of a text say.
#[derive(Debug, Clone, Default)]
pub(super) struct Marks {
    /// Whether it begins or ends as only a fragment does.
    pub(super) begins: bool,
    /// "also", "add", "too".
    pub(super) adds: bool,
    /// "split that by".
    pub(super) splits: bool,
    pub(super) instead: bool,
    /// "which one was highest".
    pub(super) one: bool,
    /// "without the filter".
    pub(super) no_filters: bool,
    /// "all stores again": the dimensions whose filters go.
    pub(super) all_of: Vec<usize>,
    /// "remove the limit".
    pub(super) no_limit: bool,
    /// "make it ten".
    pub(super) limit: Option<u32>,
    /// "remove the Oslo filter".
    pub(super) without: Option<String>,
    /// "sort by".
    pub(super) sorts: bool,
    /// "what about", which a value of any spelling may follow.
    pub(super) about: bool,
    /// Whether it begins so by more than a last "only", with which a whole question may end as well.
    pub(super) opens: bool,
    /// "only", which takes nothing in the place of anything.
    pub(super) narrows: bool,
    /// "temporary shows only": it ends with the word that makes a value of what stands before it.
    pub(super) only: bool,
    /// "as numbers".
    pub(super) no_shares: bool,
    /// The text without them.
    pub(super) rest: String,
}

/// Phrases that are taken out wherever they stand, with what they do.
type Phrase = (&'static [&'static str], fn(&mut Marks));

const PHRASES: [Phrase; 36] = [
    (&["without", "the", "filter"], |marks| marks.no_filters = true),
    (&["without", "the", "filters"], |marks| marks.no_filters = true),
    (&["without", "filter"], |marks| marks.no_filters = true),
    (&["without", "filters"], |marks| marks.no_filters = true),
    (&["without", "any", "filter"], |marks| marks.no_filters = true),
    (&["without", "any", "filters"], |marks| marks.no_filters = true),
    (&["remove", "the", "filter"], |marks| marks.no_filters = true),
    (&["remove", "the", "filters"], |marks| marks.no_filters = true),
    (&["remove", "all", "filters"], |marks| marks.no_filters = true),
    (&["clear", "the", "filter"], |marks| marks.no_filters = true),
    (&["clear", "the", "filters"], |marks| marks.no_filters = true),
    (&["drop", "the", "filter"], |marks| marks.no_filters = true),
    (&["drop", "the", "filters"], |marks| marks.no_filters = true),
    (&["no", "filter"], |marks| marks.no_filters = true),
    (&["no", "filters"], |marks| marks.no_filters = true),
    (&["remove", "the", "limit"], |marks| marks.no_limit = true),
    (&["without", "the", "limit"], |marks| marks.no_limit = true),
    (&["without", "a", "limit"], |marks| marks.no_limit = true),
    (&["drop", "the", "limit"], |marks| marks.no_limit = true),
    (&["no", "limit"], |marks| marks.no_limit = true),
    (&["all", "of", "them"], |marks| marks.no_limit = true),
    (&["the", "whole", "list"], |marks| marks.no_limit = true),
    (&["the", "full", "list"], |marks| marks.no_limit = true),
    (&["as", "numbers"], |marks| marks.no_shares = true),
    (&["as", "absolute", "numbers"], |marks| marks.no_shares = true),
    (&["in", "absolute", "numbers"], |marks| marks.no_shares = true),
    (&["as", "well"], |marks| marks.adds = true),
    (&["in", "addition"], |marks| marks.adds = true),
    (&["which", "one"], |marks| marks.one = true),
    (&["which", "of", "them"], |marks| marks.one = true),
    (&["which", "of", "those"], |marks| marks.one = true),
    (&["which", "of", "these"], |marks| marks.one = true),
    (&["do", "the", "same"], |_| ()),
    (&["the", "same", "thing"], |_| ()),
    (&["what", "about"], |marks| marks.about = true),
    (&["how", "about"], |marks| marks.about = true),
];

impl Marks {
    /// What is left before a last "only", with it.
    pub(super) fn narrowed(&self) -> Option<String> {
        let said = self.rest.trim_end_matches(|c: char| !c.is_alphanumeric());
        (self.only && !said.is_empty()).then(|| format!("{said} only"))
    }

    /// What is left as a value: "what about web?", "and Boston?".
    pub(super) fn bare_value(&self) -> Option<String> {
        let tokens = tokens(&self.rest);
        let first = tokens.iter().find(|token| token.is_word() || token.kind == Kind::Quoted)?;
        let proper = first.capital || first.kind == Kind::Quoted;
        let leads = words::is_preposition(&first.lower) || words::is_grouper(&first.lower);
        (self.begins && !leads && (proper || self.about)).then(|| format!("for {}", self.rest.trim()))
    }
}

/// The marks of a text.
pub(super) fn marks(text: &str, vocabulary: &Vocabulary<'_>) -> Marks {
    let tokens = tokens(text);
    let owned = vocabulary.owned(&tokens);
    let mut marks = Marks { rest: text.to_owned(), ..Marks::default() };
    let mut at = 0;
    // Whether only marks and words without meaning came before.
    let mut leading = true;
    while let Some(token) = tokens.get(at) {
        let length = filters_off(&tokens, at, (&mut marks, vocabulary))
            .or_else(|| taken(&tokens, at, leading, (&mut marks, &owned)))
            .or_else(|| all_of(&tokens, at, (&mut marks, vocabulary)));
        match length {
            Some(length) => {
                let closes = is_word_of(&tokens, at, &["only", "just", "alone"]);
                (marks.begins, marks.opens) = (true, marks.opens || !closes);
                blot(&mut marks.rest, &tokens, at, at + length);
                at += length;
            }
            None => {
                leading &=
                    words::is_stop(&token.lower) || token.kind == Kind::Comma || token.kind == Kind::Stop;
                at += 1;
            }
        }
    }
    // "now show me orders by channel" begins anew.
    let anew = is_word_of(&tokens, 0, &["now", "ok", "okay", "so", "then"])
        && is_word_of(&tokens, 1, &["show", "give", "tell", "what", "how", "list", "which"]);
    marks.begins &= !anew || marks.adds || marks.instead || marks.one;
    marks
}

/// "remove that filter", "take the filter off", "drop the Oslo filter".
fn filters_off(
    tokens: &[Token],
    at: usize,
    (marks, vocabulary): (&mut Marks, &Vocabulary<'_>),
) -> Option<usize> {
    const VERBS: [&str; 8] = ["remove", "clear", "drop", "delete", "cancel", "undo", "lift", "reset"];
    const POINTERS: [&str; 8] = ["the", "that", "this", "those", "these", "all", "any", "my"];
    let takes = is_word_of(tokens, at, &["take"]);
    let rid = is_word_of(tokens, at, &["get"]) && is_word_of(tokens, at + 1, &["rid"]);
    let verb = is_word_of(tokens, at, &VERBS) || takes || rid;
    let mut start = at + if rid { 3 } else { 1 };
    start += usize::from(takes && is_word_of(tokens, start, &["off", "away", "out"]));
    let off = start > at + 1;
    while is_word_of(tokens, start, &POINTERS) {
        start += 1;
    }
    let filter = (start..start + VALUE_WORDS_MAX + 1)
        .find(|index| is_word_of(tokens, *index, &["filter", "filters"]))
        .filter(|_| verb)?;
    let mut end = filter + 1;
    let off_after = takes && !off && is_word_of(tokens, end, &["off", "away", "out"]);
    end += usize::from(off_after);
    if (takes && !off && !off_after) || !ends(tokens, end) {
        return None;
    }
    let named = vocabulary.longest_dimension(tokens, start).filter(|found| start + found.length == filter);
    match (tokens.get(start..filter)?, named) {
        ([], _) => marks.no_filters = true,
        (_, Some(found)) => marks.all_of.extend(found.dimensions.iter().map(|(index, _)| *index)),
        ([first, .., last] | [first @ last], None) if tokens.get(start..filter)?.iter().all(is_value) => {
            marks.without = marks.rest.get(first.span.start..last.span.end).map(str::to_owned);
        }
        (_, None) => return None,
    }
    Some(end - at)
}

/// More words than a value has that is named before "filter".
const VALUE_WORDS_MAX: usize = 4;

fn is_value(token: &Token) -> bool {
    matches!(token.kind, Kind::Word | Kind::Number | Kind::Quoted) && !words::is_function_word(&token.lower)
}

/// Whether nothing but politeness comes from `at` on.
fn ends(tokens: &[Token], at: usize) -> bool {
    tokens.iter().skip(at).all(|token| {
        !(token.is_word() || token.kind == Kind::Quoted)
            || words::is_stop(&token.lower)
            || matches!(token.lower.as_str(), "again" | "instead" | "only" | "now")
    })
}

fn count_at(tokens: &[Token], at: usize) -> Option<u32> {
    let token = tokens.get(at).filter(|token| token.is_word())?;
    words::number(&token.lower).or_else(|| token.lower.parse().ok()).filter(|count| *count > 0)
}

/// How many tokens from `at` mark a fragment.
fn taken(tokens: &[Token], at: usize, leading: bool, (marks, owned): (&mut Marks, &[bool])) -> Option<usize> {
    if owned.get(at).copied().unwrap_or(true) {
        return None;
    }
    let said = |phrase: &[&str]| {
        phrase.iter().enumerate().all(|(index, word)| is_word_of(tokens, at + index, &[word]))
    };
    if let Some((phrase, apply)) = PHRASES.iter().find(|(phrase, _)| said(phrase)) {
        apply(marks);
        return Some(phrase.len());
    }
    let token = tokens.get(at).filter(|token| token.kind == Kind::Word)?;
    let pronoun = ["that", "it", "this", "those", "them", "these", "they"];
    let last = !tokens.iter().skip(at + 1).any(|token| token.is_word() || token.kind == Kind::Quoted);
    let unit = |at: usize| {
        tokens.get(at).is_some_and(|token| words::grain(&token.lower).is_some() || token.lower == "period")
    };
    match token.lower.as_str() {
        "also" | "additionally" => marks.adds = true,
        "add" | "include" if leading => marks.adds = true,
        "too" if last => marks.adds = true,
        "plus" if leading => marks.adds = true,
        "instead" => {
            marks.instead = true;
            // "instead of channel" would take something away.
            if is_word_of(tokens, at + 1, &["of"]) {
                return None;
            }
        }
        // It stays, as what says that a value follows.
        "only" | "just" if leading && !last => {
            (marks.begins, marks.opens, marks.narrows) = (true, true, true);
            if let Some(word) = marks.rest.get_mut(token.span.clone()) {
                word.make_ascii_lowercase();
            }
            if token.lower == "just" && marks.rest.get(token.span.clone()).is_some() {
                marks.rest.replace_range(token.span.clone(), "only");
            }
            return None;
        }
        "and" | "now" | "then" | "ok" | "okay" | "but" | "so" if leading => {}
        "same" if leading && !unit(at + 1) => {}
        "the" if leading && is_word_of(tokens, at + 1, &["same"]) && !unit(at + 2) => return Some(2),
        "again" => {}
        "only" | "just" | "alone" if last => {
            (marks.about, marks.only, marks.narrows) = (true, true, true);
        }
        // "make it ten", "make that monthly".
        "make" if leading && is_word_of(tokens, at + 1, &pronoun) => {
            let count = count_at(tokens, at + 2).filter(|_| ends(tokens, at + 3));
            marks.limit = count;
            return Some(2 + usize::from(count.is_some()));
        }
        "split" | "break" | "slice" | "group" | "drill" if leading => {
            marks.splits = true;
            let it = at + 1 + usize::from(is_word_of(tokens, at + 1, &["down"]));
            let by = it + usize::from(is_word_of(tokens, it, &pronoun));
            let by = by + usize::from(is_word_of(tokens, by, &["down", "up", "further"]));
            return is_word_of(tokens, by, &["by", "into"]).then_some(by - at);
        }
        "sort" | "order" | "rank" | "sorted" | "ordered" | "ranked" if leading => {
            marks.sorts = true;
            marks.begins = true;
            return None;
        }
        "compare" | "show" | "give" | "see" if is_word_of(tokens, at + 1, &pronoun) && leading => {
            marks.begins = true;
            return None;
        }
        word if pronoun.contains(&word) && marks.begins && is_pointing(tokens, at) => {}
        _ => return None,
    }
    Some(1)
}

/// Whether a pronoun points at what was asked before: "compare that with", "sort them by", "show it".
fn is_pointing(tokens: &[Token], at: usize) -> bool {
    at.checked_sub(1).is_some_and(|before| {
        is_word_of(
            tokens,
            before,
            &[
                "compare", "sort", "rank", "order", "show", "see", "give", "for", "of", "me", "do", "before",
                "after", "is", "are", "just", "only",
            ],
        )
    })
}

/// "all stores again", "for all stores": filters by that dimension go.
fn all_of(tokens: &[Token], at: usize, (marks, vocabulary): (&mut Marks, &Vocabulary<'_>)) -> Option<usize> {
    let start = at + usize::from(is_word_of(tokens, at, &["for", "across"]));
    if !is_word_of(tokens, start, &["all"]) {
        return None;
    }
    let name = start + 1 + usize::from(is_word_of(tokens, start + 1, &["the", "our"]));
    let found = vocabulary.longest_dimension(tokens, name)?;
    let end = name + found.length;
    let plural = tokens.get(end.checked_sub(1)?).is_some_and(|token| !token.is_single());
    let closes = tokens.get(end).is_none_or(|token| {
        !token.is_word() || matches!(token.lower.as_str(), "again" | "instead" | "please")
    });
    if !plural || !closes {
        return None;
    }
    marks.all_of.extend(found.dimensions.iter().map(|(index, _)| *index));
    Some(end - at)
}

fn blot(text: &mut String, tokens: &[Token], from: usize, to: usize) {
    let start = tokens.get(from).map_or(0, |token| token.span.start);
    let end = to.checked_sub(1).and_then(|last| tokens.get(last)).map_or(start, |token| token.span.end);
    if text.get(start..end).is_some() {
        text.replace_range(start..end, &" ".repeat(end - start));
    }
}
