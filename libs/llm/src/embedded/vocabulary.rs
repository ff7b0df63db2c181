//! The names of a catalogue, as words that a question may use.
//!
//! Decides which metrics and dimensions a run of words may name, and how well. Does not choose
//! between two that are named equally well.

mod averages;
mod names;

use super::tokens::{Token, name_words, spelled_words};
use super::words::{
    is_article, is_function_word, is_kind, is_one_only, is_verb_form, nouns_of, root, stem, written_out,
};
use crate::aggregate::Aggregate;
use names::{is_joined_copy, is_quantity, length_of, without_aggregate};
use splitplane_semantics::{Catalogue, Dataset, Field, FieldRef, Metric};
use splitplane_types::DataType;

/// How directly a phrase names a thing; smaller is more direct.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Tier {
    /// Its name or its label.
    Name,
    /// A synonym.
    Synonym,
    /// Its name without a word that says only what kind of thing it is.
    Short,
    /// Likewise, for keys: what a person calls by name, a key identifies.
    Key,
    /// The last word of its name alone: "type" for "book type".
    Head,
}

/// What a phrase may name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    Metric(usize),
    Dimension(usize),
}

#[derive(Debug)]
struct Name {
    words: Vec<String>,
    /// As written, where the plural names another thing: "average sale" is not "average sales".
    spelled: Option<Vec<String>>,
    /// The stem of a verb that must stand elsewhere: "items" is "items sold" where something is sold.
    needs: Option<String>,
    target: Target,
    tier: Tier,
}

impl Name {
    fn is_spelled(&self, tokens: &[Token], length: usize) -> bool {
        let Some(spelled) = &self.spelled else { return true };
        let said =
            tokens.iter().take(length).map(|token| token.lower.as_str()).filter(|word| !is_article(word));
        said.map(written_out).eq(spelled
            .iter()
            .map(String::as_str)
            .filter(|word| !is_article(word))
            .map(written_out))
    }
}

/// A field that can be grouped by or filtered on.
#[derive(Debug, Clone)]
pub(crate) struct Dimension<'a> {
    pub(crate) field: &'a Field,
    pub(crate) reference: FieldRef,
}

impl Dimension<'_> {
    /// Whether a phrase can be one of its values.
    pub(crate) fn is_text(&self) -> bool {
        !self.field.is_time && matches!(self.field.data_type, None | Some(DataType::String))
    }
}

/// More words than a metric's name has.
const NAME_WORDS_MAX: usize = 6;

/// The names of one catalogue.
#[derive(Debug)]
pub(crate) struct Vocabulary<'a> {
    pub(crate) metrics: Vec<&'a Metric>,
    pub(crate) dimensions: Vec<Dimension<'a>>,
    /// For each metric, its dimensions; of two that a join makes equal, the metric's own.
    reachable: Vec<Vec<usize>>,
    time_fields: Vec<Option<FieldRef>>,
    timely: Vec<bool>,
    /// Whether each metric adds up whole numbers that are no money: quantities, which answer "how many".
    quantities: Vec<bool>,
    names: Vec<Name>,
}

/// What a run of tokens may name: each target with the best tier of its phrases.
#[derive(Debug, Clone)]
pub(crate) struct Match {
    pub(crate) length: usize,
    pub(crate) metrics: Vec<(usize, Tier)>,
    pub(crate) dimensions: Vec<(usize, Tier)>,
}

impl<'a> Vocabulary<'a> {
    pub(crate) fn of(catalogue: &Catalogue<'a>) -> Self {
        let metrics: Vec<&Metric> = catalogue.metrics().collect();
        let mut vocabulary = Self {
            quantities: metrics.iter().map(|metric| is_quantity(catalogue, metric)).collect(),
            timely: metrics.iter().map(|metric| catalogue.has_time(metric)).collect(),
            time_fields: metrics.iter().map(|metric| catalogue.time_field_of(metric)).collect(),
            metrics,
            dimensions: Vec::new(),
            reachable: Vec::new(),
            names: Vec::new(),
        };
        for (index, metric) in vocabulary.metrics.clone().into_iter().enumerate() {
            vocabulary.name_metric(index, metric);
            let fields = catalogue.dimensions_of(metric);
            let mut reachable = Vec::with_capacity(fields.len());
            for (dataset, field) in
                fields.iter().filter(|(dataset, field)| !is_joined_copy(catalogue, metric, dataset, field))
            {
                reachable.push(vocabulary.dimension(dataset, field));
            }
            vocabulary.reachable.push(reachable);
        }
        vocabulary.name_averages();
        vocabulary
    }

    fn add(&mut self, words: Vec<String>, target: Target, tier: Tier) {
        let known = |name: &Name| name.words == words && name.target == target && name.needs.is_none();
        if !words.is_empty() && !self.names.iter().any(known) {
            self.names.push(Name { words, spelled: None, needs: None, target, tier });
        }
    }

    fn add_spelled(&mut self, name: &str, target: Target, tier: Tier) {
        let words = name_words(name);
        let known = self.names.len();
        self.add(words, target, tier);
        if let Some(name_added) = self.names.get_mut(known)
            && name_added.words.first().is_some_and(|first| is_one_only(first))
        {
            name_added.spelled = Some(spelled_words(name));
        }
    }

    fn name_metric(&mut self, index: usize, metric: &Metric) {
        let target = Target::Metric(index);
        let own = [name_words(&splitplane_semantics::words_of(&metric.name)), name_words(&metric.label)];
        let synonyms: Vec<_> = metric.synonyms.iter().map(|name| name_words(name)).collect();
        let aggregate = Aggregate::of(metric);
        for name in [splitplane_semantics::words_of(&metric.name), metric.label.clone()] {
            self.add_spelled(&name, target, Tier::Name);
        }
        for synonym in &metric.synonyms {
            self.add_spelled(synonym, target, Tier::Synonym);
        }
        for words in own.iter().chain(&synonyms) {
            if let Some((verb, rest)) = words.split_last()
                && !rest.is_empty()
                && is_verb_form(verb)
            {
                let (words, needs) = (rest.to_vec(), Some(stem(verb).to_owned()));
                self.names.push(Name { words, spelled: None, needs, target, tier: Tier::Short });
            }
            if let Some(short) = without_aggregate(words, aggregate) {
                self.add(short, target, Tier::Short);
            }
        }
    }

    fn dimension(&mut self, dataset: &Dataset, field: &'a Field) -> usize {
        let reference = FieldRef { dataset: dataset.name.clone(), field: field.name.clone() };
        if let Some(known) = self.dimensions.iter().position(|dimension| dimension.reference == reference) {
            return known;
        }
        self.dimensions.push(Dimension { field, reference });
        let index = self.dimensions.len() - 1;
        let target = Target::Dimension(index);
        let thing = name_words(&splitplane_semantics::words_of(&dataset.name));
        let others: Vec<_> = dataset.synonyms.iter().map(|name| name_words(name)).collect();
        let own = [name_words(&splitplane_semantics::words_of(&field.name)), name_words(&field.label)];
        for words in &own {
            self.add(words.clone(), target, Tier::Name);
            if !words.starts_with(&thing) {
                self.add([thing.clone(), words.clone()].concat(), target, Tier::Name);
            }
        }
        for synonym in &field.synonyms {
            self.add(name_words(synonym), target, Tier::Synonym);
        }
        for words in &own {
            let Some((last, rest)) = words.split_last() else { continue };
            let tier = match last.as_str() {
                "name" | "title" => Tier::Short,
                "id" | "key" | "code" => Tier::Key,
                _ => continue,
            };
            // The name of a thing is what people mean by the thing: "by branch" is by branch name.
            if rest.is_empty() || rest == thing {
                for words in others.iter().chain([&thing]) {
                    self.add(words.clone(), target, tier);
                }
            }
            self.add(rest.to_vec(), target, tier);
        }
        // "type" is that of the aircraft type and of what is also called a haul type; a "country of the hub" is no hub.
        let headed = |words: &Vec<String>| !words.iter().any(|word| is_function_word(word));
        let others: Vec<_> = field.synonyms.iter().map(|name| name_words(name)).filter(headed).collect();
        for words in own.iter().chain(&others) {
            if let [_, .., last] = words.as_slice()
                && !is_function_word(last)
            {
                self.add(vec![last.clone()], target, Tier::Head);
            }
        }
        index
    }

    /// The longest run of tokens from `at` that names something, and all that it may name.
    pub(crate) fn longest(&self, tokens: &[Token], at: usize) -> Option<Match> {
        self.longest_of(tokens, at, |_| true)
    }

    /// Likewise, of the names of dimensions alone.
    pub(crate) fn longest_dimension(&self, tokens: &[Token], at: usize) -> Option<Match> {
        self.longest_of(tokens, at, |target| matches!(target, Target::Dimension(_)))
    }

    fn longest_of(&self, tokens: &[Token], at: usize, wanted: impl Fn(Target) -> bool) -> Option<Match> {
        let rest = tokens.get(at..)?;
        let mut best: Option<Match> = None;
        for name in self.names.iter().filter(|name| wanted(name.target)) {
            let said = |stem_of: &String| {
                let verb =
                    |token: &Token| token.kind == super::tokens::Kind::Word && stem(&token.lower) == stem_of;
                tokens.iter().any(verb)
            };
            let Some(length) = length_of(&name.words, rest)
                .filter(|length| name.is_spelled(rest, *length) && name.needs.as_ref().is_none_or(said))
            else {
                continue;
            };
            if best.as_ref().is_none_or(|best| length > best.length) {
                best = Some(Match { length, metrics: Vec::new(), dimensions: Vec::new() });
            }
            let Some(found) = best.as_mut().filter(|best| best.length == length) else { continue };
            let (list, index) = match name.target {
                Target::Metric(index) => (&mut found.metrics, index),
                Target::Dimension(index) => (&mut found.dimensions, index),
            };
            match list.iter_mut().find(|(other, _)| *other == index) {
                Some((_, tier)) => *tier = (*tier).min(name.tier),
                None => list.push((index, name.tier)),
            }
        }
        best
    }

    /// Whether each token belongs to a name of the catalogue, or is a quotation. A word of grammar alone is no name.
    pub(crate) fn owned(&self, tokens: &[Token]) -> Vec<bool> {
        let mut owned = vec![false; tokens.len()];
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            let quoted = token.kind == super::tokens::Kind::Quoted;
            let found =
                self.longest(tokens, at).filter(|found| found.length > 1 || !is_function_word(&token.lower));
            let length = found.as_ref().map_or(1, |found| found.length).max(1);
            if quoted || found.is_some() {
                owned.iter_mut().skip(at).take(length).for_each(|own| *own = true);
            }
            at += length;
        }
        owned
    }

    /// The dimensions that say of which kind a thing is: of "class" the class type.
    pub(crate) fn kinds_of(&self, thing: &str) -> Vec<(usize, Tier)> {
        let kind = |name: &&Name| match name.words.as_slice() {
            [first, last] => first == thing && is_kind(last),
            _ => false,
        };
        let of = |name: &Name| match name.target {
            Target::Dimension(index) => Some((index, Tier::Head)),
            Target::Metric(_) => None,
        };
        self.names.iter().filter(kind).filter_map(of).collect()
    }

    /// The longest name of a metric that ends just before `end`, and where it begins.
    pub(crate) fn metric_before(&self, tokens: &[Token], end: usize) -> Option<(usize, Vec<(usize, Tier)>)> {
        (end.saturating_sub(NAME_WORDS_MAX)..end).find_map(|start| {
            let found = self.longest(tokens, start)?;
            (start + found.length == end && !found.metrics.is_empty()).then_some((start, found.metrics))
        })
    }

    pub(crate) fn reaches(&self, metric: usize, dimension: usize) -> bool {
        self.reachable.get(metric).is_some_and(|list| list.contains(&dimension))
    }

    /// The dimensions that all of `metrics` share, in the order of the model.
    pub(crate) fn shared(&self, metrics: &[usize]) -> Vec<usize> {
        let first = metrics.first().and_then(|metric| self.reachable.get(*metric));
        let all = |dimension: &usize| metrics.iter().all(|metric| self.reaches(*metric, *dimension));
        first.into_iter().flatten().copied().filter(all).collect()
    }

    /// The one time field of all of `metrics`.
    pub(crate) fn time_field(&self, metrics: &[usize]) -> Option<FieldRef> {
        let mut fields = metrics.iter().map(|metric| self.time_fields.get(*metric).cloned().flatten());
        let first = fields.next()??;
        fields.all(|other| other.as_ref() == Some(&first)).then_some(first)
    }

    /// Whether a period applies to each of `metrics`, be it to fields of their own.
    pub(crate) fn have_time(&self, metrics: &[usize]) -> bool {
        metrics.iter().all(|metric| self.timely.get(*metric).copied().unwrap_or(false))
    }

    /// Whether a sum answers "how many": of whole numbers, or of a unit that is no money.
    pub(crate) fn is_quantity(&self, metric: usize) -> bool {
        self.quantities.get(metric).copied().unwrap_or(false)
    }

    /// The metrics that a verb of trade asks for, "how much did we sell": those whose names hold a noun of it.
    pub(crate) fn verb(&self, word: &str) -> Vec<(usize, Tier)> {
        for noun in nouns_of(word) {
            let of = |metric: usize| {
                let names = self.names.iter().filter(|name| name.target == Target::Metric(metric));
                names.flat_map(|name| &name.words).any(|word| word == noun)
            };
            let adds = |metric: &usize| {
                self.metrics.get(*metric).is_some_and(|metric| Aggregate::of(metric) == Some(Aggregate::Sum))
            };
            let found: Vec<_> = (0..self.metrics.len())
                .filter(adds)
                .filter(|metric| of(*metric))
                .map(|metric| (metric, Tier::Synonym))
                .collect();
            if !found.is_empty() {
                return found;
            }
        }
        Vec::new()
    }

    /// Whether a word is another form of one in the name of any metric.
    pub(crate) fn repeats_any(&self, word: &str) -> bool {
        (0..self.metrics.len()).any(|metric| self.repeats(metric, word))
    }

    /// Whether a word is another form of one in the names of `metric`: saying it says nothing more.
    pub(crate) fn repeats(&self, metric: usize, word: &str) -> bool {
        let (said, nouns) = (stem(word), nouns_of(word));
        let same = |other: &String| {
            stem(other) == said || root(other) == root(word) || nouns.contains(&other.as_str())
        };
        let names = self.names.iter().filter(|name| name.target == Target::Metric(metric));
        let dated = is_verb_form(word) && self.is_dated_by(metric, said);
        let named = names.flat_map(|name| &name.words).any(same);
        (!is_function_word(word) || word == "ordered") && (named || dated)
    }

    /// Whether the time of a metric is named by a verb: "tickets opened last week" have a time of opening.
    fn is_dated_by(&self, metric: usize, said: &str) -> bool {
        let field = self.time_fields.get(metric).and_then(Option::as_ref);
        let words =
            field.map(|field| name_words(&splitplane_semantics::words_of(&field.field))).unwrap_or_default();
        words.iter().any(|word| is_verb_form(word) && stem(word) == said)
    }

    /// The metrics in one of whose names all of `words` are.
    pub(crate) fn metrics_with(&self, words: &[String]) -> Vec<usize> {
        let of = |metric: &usize| {
            let own = |name: &Name| name.target == Target::Metric(*metric);
            let has = |name: &Name| words.iter().all(|word| name.words.contains(word));
            self.names.iter().any(|name| own(name) && has(name))
        };
        if words.is_empty() { Vec::new() } else { (0..self.metrics.len()).filter(of).collect() }
    }

    /// Every single word that a name is made of, for spelling.
    pub(crate) fn words(&self) -> impl Iterator<Item = &str> {
        self.names.iter().flat_map(|name| &name.words).map(String::as_str)
    }
}
