//! Questions back, and the nearest metrics. Every option is read anew before it is offered, so that
//! choosing it leads to an answer.

use super::answer::answered;
use super::followup::{Followed, begins_fragment, follow, says_all};
use super::resolve::{TOKENS_MAX, Trouble, read};
use super::tokens::{Kind, name_words, tokens};
use super::vocabulary::{Dimension, Vocabulary};
use super::wording;
use super::words;
use crate::language_model::ValidateReply;
use splitplane_semantics::{Catalogue, DraftInterpretation, Interpretation, Metric, words_of};
use std::collections::BTreeSet;
use std::ops::Range;

/// The most options of a question back.
const OPTIONS_MAX: usize = 5;

/// The words that are corrected at most; more is not a slip.
const SLIPS_MAX: usize = 3;

/// Periods that are clear, offered where one was not.
const PERIODS: [&str; 4] = ["yesterday", "last week", "last month", "this year"];

/// Reads a question and says what became of it. `open` is the question just before, where it was not answered.
pub(crate) fn reply(
    text: &str,
    catalogue: &Catalogue<'_>,
    (previous, open): (Option<&Interpretation>, Option<&str>),
) -> ValidateReply {
    let vocabulary = Vocabulary::of(catalogue);
    if let Some(open) = open
        && let ValidateReply::Ambiguous { options, .. } = reply(open, catalogue, (previous, None))
        && let Some(draft) = answered(text, &options, &vocabulary)
    {
        return ValidateReply::Supported(draft);
    }
    let unsupported = || ValidateReply::Unsupported { nearest: nearest(text, &vocabulary) };
    match previous.map(|previous| follow(text, &vocabulary, previous)) {
        None if open.is_some() && begins_fragment(text, &vocabulary) => {
            let draft = read(text, &vocabulary).ok();
            return draft
                .and_then(|draft| without_open(text, draft, &vocabulary))
                .unwrap_or_else(unsupported);
        }
        None | Some(Followed::Whole) => {}
        Some(Followed::Changed(draft)) if open.is_some() => {
            return without_open(text, *draft, &vocabulary).unwrap_or_else(unsupported);
        }
        Some(Followed::Changed(draft)) => return ValidateReply::Supported(*draft),
        Some(Followed::Either(options)) => {
            return ValidateReply::Ambiguous { question: "Which of these do you mean?".to_owned(), options };
        }
        Some(Followed::Lost) => return unsupported(),
    }
    let reader = Asker { text, vocabulary: &vocabulary };
    let answer = match read(text, &vocabulary) {
        Ok(draft) => return ValidateReply::Supported(draft),
        Err(Trouble::Metric { spans, candidates }) => reader.which_metric(&spans, &candidates),
        Err(Trouble::Dimension { span, candidates }) => reader.which_dimension(&span, &candidates),
        Err(Trouble::Loose { span, dimension }) => reader.which_part(&span, dimension),
        Err(Trouble::Period { words }) => reader.which_period(&words),
        Err(Trouble::NoPeriod { at }) => reader.which_base(at),
        Err(Trouble::Name { span }) => reader.which_name(&span),
        Err(Trouble::Judged { span }) => reader.which_end(&span),
        Err(Trouble::Unsupported { leftovers }) => {
            reader.which_has(&leftovers).or_else(|| reader.did_you_mean(&leftovers))
        }
    };
    match answer {
        Some((question, options)) if !options.is_empty() => ValidateReply::Ambiguous { question, options },
        Some(_) | None => unsupported(),
    }
}

/// What a fragment may mean after a question that was not answered: all but that question, if that is meant. One that
/// says itself all that it asks for, "ok, then loans by genre last week", leaves nothing open.
fn without_open(
    text: &str,
    draft: DraftInterpretation,
    vocabulary: &Vocabulary<'_>,
) -> Option<ValidateReply> {
    if says_all(&draft) && read(text, vocabulary).is_ok_and(|own| own == draft) {
        return Some(ValidateReply::Supported(draft));
    }
    let question = "Your last question was not answered. Do you mean this, without it?".to_owned();
    wording::question(&draft, vocabulary)
        .map(|option| ValidateReply::Ambiguous { question, options: vec![option] })
}

struct Asker<'a> {
    text: &'a str,
    vocabulary: &'a Vocabulary<'a>,
}

type Answer = Option<(String, Vec<String>)>;

impl Asker<'_> {
    /// The question with `words` at each of `spans`, if it then has one meaning, and that as `wanted`.
    fn option(
        &self,
        spans: &[Range<usize>],
        words: &str,
        wanted: impl Fn(&DraftInterpretation) -> bool,
    ) -> Option<String> {
        let mut question = self.text.to_owned();
        let mut spans = spans.to_vec();
        // From the end, so that the spans before stay where they are.
        spans.sort_by_key(|span| std::cmp::Reverse(span.start));
        for span in spans {
            question.get(span.clone())?;
            question.replace_range(span, words);
        }
        let question = question.split_whitespace().collect::<Vec<_>>().join(" ").replace(" ?", "?");
        read(&question, self.vocabulary).is_ok_and(|draft| wanted(&draft)).then_some(question)
    }

    fn said(&self, span: &Range<usize>) -> &str {
        self.text.get(span.clone()).unwrap_or("")
    }

    fn which_metric(&self, spans: &[Range<usize>], candidates: &[usize]) -> Answer {
        let metrics: Vec<&Metric> =
            candidates.iter().filter_map(|index| self.vocabulary.metrics.get(*index).copied()).collect();
        let options = metrics.iter().filter_map(|metric| {
            let names = [metric.label.clone(), words_of(&metric.name), metric.name.clone()];
            let mut names = names.into_iter().chain(metric.synonyms.iter().cloned());
            names.find_map(|name| self.option(spans, &name, |draft| draft.metrics.contains(&metric.name)))
        });
        let options = options.take(OPTIONS_MAX).collect();
        let labels: Vec<&str> = metrics.iter().map(|metric| metric.label.as_str()).collect();
        let said = spans.first().map_or("", |span| self.said(span));
        Some((format!("Which do you mean by \"{said}\": {}?", labels.join(" or ")), options))
    }

    /// "revenue", where there is a ticket revenue and a freight revenue: a word that names share, or that is part of one.
    fn which_has(&self, leftovers: &[Range<usize>]) -> Answer {
        let [span] = leftovers else { return None };
        let said: Vec<String> = tokens(self.said(span))
            .into_iter()
            .filter(|token| !words::is_function_word(&token.lower))
            .map(|token| token.norm)
            .collect();
        let candidates = self.vocabulary.metrics_with(&said);
        let (question, options) = self.which_metric(std::slice::from_ref(span), &candidates)?;
        let only = candidates.first().filter(|_| candidates.len() == 1);
        let only = only.and_then(|index| self.vocabulary.metrics.get(*index));
        let question = only
            .map_or(question, |metric| format!("Do you mean {} by \"{}\"?", metric.label, self.said(span)));
        (!options.is_empty()).then_some((question, options))
    }

    fn which_dimension(&self, span: &Range<usize>, candidates: &[usize]) -> Answer {
        let found: Vec<&Dimension<'_>> =
            candidates.iter().filter_map(|index| self.vocabulary.dimensions.get(*index)).collect();
        let full = |dimension: &Dimension<'_>| {
            let thing = words::singular(&words_of(&dimension.reference.dataset));
            format!("{thing} {}", dimension.field.label)
        };
        let options = found.iter().filter_map(|dimension| {
            let names = [dimension.field.label.clone(), words_of(&dimension.field.name), full(dimension)];
            let mut names = names.into_iter().chain(dimension.field.synonyms.iter().cloned());
            let wanted =
                |draft: &DraftInterpretation| draft.dimensions.iter().any(|d| d.field == dimension.reference);
            names.find_map(|name| self.option(std::slice::from_ref(span), &name, wanted))
        });
        let options = options.take(OPTIONS_MAX).collect();
        let labels: Vec<String> = found.iter().map(|dimension| full(dimension)).collect();
        Some((format!("Which do you mean by \"{}\": {}?", self.said(span), labels.join(" or ")), options))
    }

    fn which_part(&self, span: &Range<usize>, dimension: usize) -> Answer {
        let dimension = self.vocabulary.dimensions.get(dimension)?;
        let label = dimension.field.label.to_lowercase();
        let grouped =
            |draft: &DraftInterpretation| draft.dimensions.iter().any(|d| d.field == dimension.reference);
        let options = [
            self.option(std::slice::from_ref(span), &format!("by {label}"), grouped),
            self.option(std::slice::from_ref(span), "", |draft| !grouped(draft)),
        ];
        let question = format!("Do you want one figure for each \"{label}\", or one for all?");
        Some((question, options.into_iter().flatten().collect()))
    }

    fn which_period(&self, words: &str) -> Answer {
        let start = self.text.find(words).filter(|_| !words.is_empty())?;
        let span = start..start + words.len();
        let options = PERIODS.iter().filter_map(|period| {
            self.option(std::slice::from_ref(&span), period, |draft| draft.period.is_some())
        });
        let options = options.take(OPTIONS_MAX).collect();
        Some((format!("Which period do you mean by \"{words}\"?"), options))
    }

    /// The period that a comparison starts from.
    fn which_base(&self, at: usize) -> Answer {
        let options = PERIODS.iter().rev().filter_map(|period| {
            let words = format!("{period} ");
            self.option(std::slice::from_ref(&(at..at)), &words, |draft| draft.comparison.is_some()).or_else(
                || {
                    self.option(
                        std::slice::from_ref(&(self.end()..self.end())),
                        &format!(" {period}"),
                        |draft| draft.comparison.is_some(),
                    )
                },
            )
        });
        Some(("Which period do you want to compare?".to_owned(), options.take(OPTIONS_MAX).collect()))
    }

    /// Where the words of the question end, before its last sign.
    fn end(&self) -> usize {
        self.text.trim_end_matches(|c: char| c.is_whitespace() || matches!(c, '?' | '.' | '!')).len()
    }

    fn which_name(&self, span: &Range<usize>) -> Answer {
        let said = self.said(span);
        let (thing, name) = said.split_once(' ')?;
        let options = [format!("\"{said}\""), format!("{} \"{name}\"", thing.to_lowercase())]
            .map(|words| self.option(std::slice::from_ref(span), &words, |draft| !draft.filters.is_empty()));
        let question = format!("Is it called \"{said}\", or \"{name}\"?");
        Some((question, options.into_iter().flatten().collect()))
    }

    fn which_end(&self, span: &Range<usize>) -> Answer {
        let options = ["highest", "lowest"]
            .map(|word| self.option(std::slice::from_ref(span), word, |draft| !draft.order.is_empty()));
        let question = format!("Is \"{}\" the highest or the lowest?", self.said(span));
        Some((question, options.into_iter().flatten().collect()))
    }

    /// A slip of the pen is offered back, never corrected in silence: it may be a word that means
    /// something else.
    fn did_you_mean(&self, leftovers: &[Range<usize>]) -> Answer {
        let within =
            |span: &Range<usize>| leftovers.iter().any(|l| l.start <= span.start && span.end <= l.end);
        let unknown: Vec<_> =
            tokens(self.text).into_iter().filter(|t| t.kind == Kind::Word && within(&t.span)).collect();
        if unknown.is_empty() || unknown.len() > SLIPS_MAX {
            return None;
        }
        if let Some(answer) = self.is_it_a_value(leftovers) {
            return Some(answer);
        }
        let mut question = self.text.to_owned();
        for token in unknown.iter().rev() {
            if words::is_function_word(&token.lower) || self.vocabulary.words().any(|word| word == token.norm)
            {
                continue;
            }
            let grains = ["month", "week", "quarter", "monthly", "weekly", "daily", "excluding"];
            let known = self.vocabulary.words().chain(grains);
            let near = known.filter(|word| is_slip(&token.norm, word)).collect::<BTreeSet<_>>();
            // Near to two words, it is a slip of neither.
            let word = near.first().filter(|_| near.len() == 1)?;
            question.replace_range(token.span.clone(), word);
        }
        let corrected = Asker { text: &question, vocabulary: self.vocabulary };
        let option = corrected.option(&[], "", |_| true).filter(|option| *option != self.text)?;
        Some((format!("Did you mean: {option}"), vec![option]))
    }
}

impl Asker<'_> {
    /// "cancelled orders": a word that says of which kind a thing is may be a value, and is asked about.
    fn is_it_a_value(&self, leftovers: &[Range<usize>]) -> Answer {
        let [span] = leftovers else { return None };
        let all = tokens(self.text);
        let next = all.iter().position(|token| token.span.start >= span.end)?;
        let before_metric =
            self.vocabulary.longest(&all, next).is_some_and(|found| !found.metrics.is_empty());
        let asked =
            |token: &super::tokens::Token| span.start <= token.span.start && token.span.end <= span.end;
        let plain = all.iter().filter(|token| asked(token)).all(|token| {
            let word = &token.lower;
            token.kind == Kind::Word
                && !words::is_function_word(word)
                && !words::is_time_of(word)
                && !words::is_scope(word)
                && !self.vocabulary.words().any(|known| is_slip(&token.norm, known))
        });
        let subject = all.iter().rev().find(|token| token.span.end <= span.start).is_some_and(|token| {
            matches!(token.lower.as_str(), "do" | "does" | "did" | "we" | "they" | "you" | "i")
        });
        if !before_metric || !plain || subject {
            return None;
        }
        let said = self.said(span).to_owned();
        let option = self
            .option(std::slice::from_ref(span), &format!("\"{said}\""), |draft| !draft.filters.is_empty())?;
        Some((format!("Is \"{said}\" a value to filter by?"), vec![option]))
    }
}

/// Whether `word` is `known` but for one letter, or two in a long word.
pub(crate) fn is_slip(word: &str, known: &str) -> bool {
    // Known words stand in the singular; the word as typed may be longer.
    let length = known.chars().count().max(word.chars().count());
    let allowed = match length {
        0..=3 => 0,
        4..=7 => 1,
        _ => 2,
    };
    // "contractor" is a word of its own, and no "contract" that was misspelled.
    let derived = word
        .strip_prefix(known)
        .is_some_and(|ending| matches!(ending, "or" | "er" | "ors" | "ers" | "al" | "ed"));
    word != known && !derived && strsim::osa_distance(word, known) <= allowed
}

/// Every metric's name, those first that share words with the question or are spelled like one.
fn nearest(text: &str, vocabulary: &Vocabulary<'_>) -> Vec<String> {
    let asked: Vec<String> = tokens(text)
        .into_iter()
        .take(TOKENS_MAX)
        .filter(|t| t.is_word() && !words::is_function_word(&t.lower))
        .map(|t| t.norm)
        .collect();
    let likeness = |metric: &Metric| {
        let names =
            [words_of(&metric.name), metric.label.clone()].into_iter().chain(metric.synonyms.iter().cloned());
        let own: BTreeSet<String> = names.flat_map(|name| name_words(&name)).collect();
        let described: BTreeSet<String> = name_words(&metric.description).into_iter().collect();
        let shared = |list: &BTreeSet<String>| asked.iter().filter(|word| list.contains(*word)).count();
        let spelled =
            asked.iter().flat_map(|word| own.iter().map(move |known| strsim::jaro_winkler(word, known)));
        // Thousandths, so that likenesses can be ordered as whole numbers.
        let spelled = spelled.map(thousandths).max().unwrap_or(0);
        (shared(&own), spelled, shared(&described))
    };
    let mut metrics = vocabulary.metrics.clone();
    metrics.sort_by_cached_key(|metric| std::cmp::Reverse(likeness(metric)));
    metrics.into_iter().map(|metric| metric.name.clone()).collect()
}

fn thousandths(likeness: f64) -> u32 {
    (0_u32..=1000).rev().find(|step| f64::from(*step) <= likeness * 1000.0).unwrap_or(0)
}
