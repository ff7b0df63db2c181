//! Averages that are called like a total: "delay" beside a total delay and an average delay.
//!
//! Decides where a name without its "total" names the average as well, so that which one is meant is asked.

use super::super::tokens::{name_words, spelled_words};
use super::super::words::is_currency;
use super::{Name, Target, Tier, Vocabulary};
use crate::aggregate::Aggregate;
use splitplane_semantics::Metric;

impl Vocabulary<'_> {
    /// "delay" is the total delay or the average delay, where both are measured in a unit that is no money: of money, and
    /// of things in the plural, the total is meant.
    pub(super) fn name_averages(&mut self) {
        let measured = |metric: &Metric| metric.unit.as_ref().is_some_and(|unit| !is_currency(unit));
        let mut averages = Vec::new();
        for (index, metric) in self.metrics.iter().enumerate() {
            if Aggregate::of(metric) != Some(Aggregate::Average) || !measured(metric) {
                continue;
            }
            for name in [splitplane_semantics::words_of(&metric.name), metric.label.clone()] {
                let (words, spelled) = (name_words(&name), spelled_words(&name));
                let (Some(("average", rest)), Some((_, spelled))) =
                    (words.split_first().map(|(first, rest)| (first.as_str(), rest)), spelled.split_first())
                else {
                    continue;
                };
                let total = |name: &Name| {
                    matches!(name.target, Target::Metric(other) if self.metrics.get(other).is_some_and(|other| measured(other)))
                        && name.tier == Tier::Short
                        && name.needs.is_none()
                        && name.words == rest
                };
                if self.names.iter().any(total) {
                    averages.push(Name {
                        words: rest.to_vec(),
                        spelled: Some(spelled.to_vec()),
                        needs: None,
                        target: Target::Metric(index),
                        tier: Tier::Short,
                    });
                }
            }
        }
        self.names.extend(averages);
    }
}
