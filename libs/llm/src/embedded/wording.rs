//! A draft as a whole question, for options that must lead to an answer with and without what was asked before.
//!
//! Decides the words; a question that is not read back as the same draft is none.

use super::resolve::read;
use super::vocabulary::Vocabulary;
use super::words;
use splitplane_semantics::{
    ComparisonExpr, Dimension, DraftInterpretation, FieldRef, Filter, PeriodExpr, PeriodPhrase, words_of,
};

/// The question that asks for a draft, if there is one.
pub(crate) fn question(draft: &DraftInterpretation, vocabulary: &Vocabulary<'_>) -> Option<String> {
    let words = Words { vocabulary };
    let metrics: Option<Vec<String>> = draft.metrics.iter().map(|name| words.metric(name)).collect();
    let metrics = metrics?.join(" and ");
    let dimensions: Option<Vec<String>> = draft.dimensions.iter().map(|d| words.dimension(d)).collect();
    let dimensions = dimensions?;
    let mut text = match (draft.limit, draft.order.first(), dimensions.as_slice()) {
        (Some(limit), Some(order), [dimension]) => {
            let end = if order.descending { "top" } else { "bottom" };
            format!("{end} {limit} {dimension} by {metrics}")
        }
        (Some(_), _, _) => return None,
        (None, _, []) => metrics,
        (None, _, several) => format!("{metrics} by {}", several.join(" and by ")),
    };
    for filter in &draft.filters {
        text.push(' ');
        text.push_str(&words.filter(filter));
    }
    if let Some(period) = &draft.period {
        text.push_str(&format!(" {}{}", lead(period.expr), period_words(period)));
    }
    match &draft.comparison {
        None => {}
        Some(ComparisonExpr::Previous) => text.push_str(" compared with the previous period"),
        Some(ComparisonExpr::LastYear) => text.push_str(" compared with a year ago"),
        Some(ComparisonExpr::With(other)) => {
            text.push_str(&format!(" compared with {}", period_words(other)));
        }
    }
    if draft.shares {
        text.push_str(" in percent");
    }
    let again = read(&text, vocabulary).ok()?;
    same(&again, draft).then_some(text)
}

/// Whether two drafts ask for the same, in whatever words their periods are.
fn same(one: &DraftInterpretation, other: &DraftInterpretation) -> bool {
    let bare = |draft: &DraftInterpretation| {
        let mut draft = draft.clone();
        if let Some(period) = &mut draft.period {
            period.label.clear();
        }
        if let Some(ComparisonExpr::With(other)) = &mut draft.comparison {
            other.label.clear();
        }
        draft
    };
    bare(one) == bare(other)
}

/// What stands before a period that is named: a year alone, after a value, may be a part of that.
const fn lead(expr: PeriodExpr) -> &'static str {
    if matches!(
        expr,
        PeriodExpr::Month { .. }
            | PeriodExpr::Quarter { .. }
            | PeriodExpr::FiscalQuarter { .. }
            | PeriodExpr::Year(_)
            | PeriodExpr::FiscalYear(_)
    ) {
        "in "
    } else {
        ""
    }
}

fn period_words(period: &PeriodPhrase) -> String {
    if let PeriodExpr::Between { from, to } = period.expr {
        format!("from {from} to {to}")
    } else {
        period.label.clone()
    }
}

struct Words<'a> {
    vocabulary: &'a Vocabulary<'a>,
}

impl Words<'_> {
    fn metric(&self, name: &str) -> Option<String> {
        self.vocabulary
            .metrics
            .iter()
            .find(|metric| metric.name == name)
            .map(|metric| metric.label.to_lowercase())
    }

    fn label(&self, field: &FieldRef) -> Option<String> {
        let dimension = self.vocabulary.dimensions.iter().find(|dimension| dimension.reference == *field)?;
        let label = dimension.field.label.to_lowercase();
        let alike = self
            .vocabulary
            .dimensions
            .iter()
            .filter(|other| other.field.label.to_lowercase() == label)
            .count();
        let thing = words::singular(&words_of(&field.dataset));
        Some(if alike > 1 { format!("{thing} {label}") } else { label })
    }

    fn dimension(&self, dimension: &Dimension) -> Option<String> {
        dimension.grain.map_or_else(|| self.label(&dimension.field), |grain| Some(grain.name().to_owned()))
    }

    fn filter(&self, filter: &Filter) -> String {
        let joint = if filter.either { " or " } else { " and " };
        let phrases: Vec<String> = filter.phrases.iter().map(|phrase| format!("\"{phrase}\"")).collect();
        let lead = if filter.negated { "excluding" } else { "for" };
        let label = match filter.fields.as_slice() {
            [field] => self.label(field).map(|label| format!("{label} ")),
            _ => None,
        };
        format!("{lead} {}{}", label.unwrap_or_default(), phrases.join(joint))
    }
}
