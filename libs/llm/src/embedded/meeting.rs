//! Questions near to one whose two periods have rows that do not meet: "by month, 10 to 20 May against April".
//!
//! Decides which they are: the same against a period that meets, in other calendar units, or one row for each period.
//! Every one of them is read back and passes the gate before it is offered; whatever model read the question.

use super::vocabulary::Vocabulary;
use super::wording;
use splitplane_semantics::{Calendar, Catalogue, ComparisonExpr, DraftInterpretation, Grain, validate};
use std::time::SystemTime;

/// Of each kind of change, the most that are offered: five in all.
const OF_A_KIND_MAX: usize = 2;

/// What to ask back about a draft that failed as [`splitplane_semantics::InterpretationError::Unaligned`], and the
/// options; `None` where no question near to it is supported.
#[must_use]
pub fn where_rows_meet(
    draft: &DraftInterpretation,
    catalogue: &Catalogue<'_>,
    calendar: &Calendar,
    as_of: SystemTime,
) -> Option<(String, Vec<String>)> {
    let vocabulary = Vocabulary::of(catalogue);
    let mut options: Vec<String> = Vec::new();
    for kind in [against_others(draft), in_other_units(draft), vec![as_one_row(draft)]] {
        let supported = kind
            .iter()
            .filter(|near| *near != draft && validate((*near).clone(), catalogue, calendar, as_of).is_ok());
        let worded = supported.filter_map(|near| wording::question(near, &vocabulary));
        options.extend(worded.take(OF_A_KIND_MAX));
    }
    let question = "The rows of these two periods do not meet. Which of these do you want?".to_owned();
    (!options.is_empty()).then_some((question, options))
}

/// Against the period before, or the year before.
fn against_others(draft: &DraftInterpretation) -> Vec<DraftInterpretation> {
    let others = [ComparisonExpr::Previous, ComparisonExpr::LastYear];
    others.map(|other| DraftInterpretation { comparison: Some(other), ..draft.clone() }).into()
}

/// By each other calendar unit, the smaller ones first: they meet more often.
fn in_other_units(draft: &DraftInterpretation) -> Vec<DraftInterpretation> {
    let units = [Grain::Day, Grain::Week, Grain::Month, Grain::Quarter, Grain::Year];
    let by = |unit| {
        let mut near = draft.clone();
        for dimension in near.dimensions.iter_mut().filter(|dimension| dimension.grain.is_some()) {
            dimension.grain = Some(unit);
        }
        near
    };
    units.map(by).into()
}

/// Each period as a whole.
fn as_one_row(draft: &DraftInterpretation) -> DraftInterpretation {
    let mut near = draft.clone();
    near.dimensions.retain(|dimension| dimension.grain.is_none());
    let is_time = |by: &str| {
        draft.dimensions.iter().any(|dimension| dimension.grain.is_some() && dimension.field.field == by)
    };
    near.order.retain(|order| !is_time(&order.by));
    near
}
