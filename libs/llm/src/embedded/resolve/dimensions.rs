//! Which fields a question groups by.
//!
//! Decides between fields that the same words name; a field that not all metrics have is none.

use super::super::grammar::{Candidates, Group, GroupKind, Reading};
use super::super::vocabulary::{Tier, Vocabulary};
use super::Trouble;
use splitplane_semantics::Dimension;

/// The dimensions that words name most directly among those that all metrics have.
pub(super) fn dimensions_named(
    candidates: &Candidates,
    vocabulary: &Vocabulary<'_>,
    metrics: &[usize],
) -> Vec<usize> {
    let shared = vocabulary.shared(metrics);
    let usable: Candidates = candidates.iter().filter(|(index, _)| shared.contains(index)).copied().collect();
    let limit = match usable.iter().map(|(_, tier)| *tier).min() {
        Some(Tier::Name | Tier::Synonym) => Tier::Synonym,
        Some(Tier::Short) => Tier::Short,
        Some(Tier::Key) => Tier::Key,
        Some(Tier::Head) | None => Tier::Head,
    };
    usable.into_iter().filter(|(_, tier)| *tier <= limit).map(|(index, _)| index).collect()
}

/// "branches with the highest fees": what stands loose is what is ranked.
pub(super) fn rank_loose(
    reading: &mut Reading,
    vocabulary: &Vocabulary<'_>,
    metrics: &[usize],
) -> Result<(), Trouble> {
    // "branches with more than 100 loans": a bound chooses among them, as a rank does.
    let bounded = reading.bounded && reading.loose.iter().all(|loose| !loose.single);
    let chooses = reading.rank.is_some() || bounded;
    if let (true, true, [loose]) = (chooses, reading.groups.is_empty(), reading.loose.as_slice()) {
        let kind = GroupKind::Field(loose.candidates.clone());
        reading.groups.push(Group { span: loose.span.clone(), kind, wanted: true, single: loose.single });
        reading.loose.clear();
        return Ok(());
    }
    match reading.loose.first() {
        None => Ok(()),
        Some(loose) => Err(match dimensions_named(&loose.candidates, vocabulary, metrics).as_slice() {
            [dimension] => Trouble::Loose { span: loose.span.clone(), dimension: *dimension },
            _ => Trouble::nothing(),
        }),
    }
}

pub(super) fn dimensions(
    reading: &Reading,
    vocabulary: &Vocabulary<'_>,
    metrics: &[usize],
) -> Result<Vec<Dimension>, Trouble> {
    let mut chosen: Vec<Dimension> = Vec::new();
    for group in &reading.groups {
        let dimension = match &group.kind {
            GroupKind::Grain(grain) => {
                let field = vocabulary.time_field(metrics).ok_or_else(Trouble::nothing)?;
                Dimension { field, grain: Some(*grain) }
            }
            GroupKind::Field(candidates) => {
                match dimensions_named(candidates, vocabulary, metrics).as_slice() {
                    [] => return Err(Trouble::Unsupported { leftovers: vec![group.span.clone()] }),
                    [index] => {
                        let found = vocabulary.dimensions.get(*index).ok_or_else(Trouble::nothing)?;
                        let grain = found.field.holds_time().then_some(splitplane_semantics::Grain::Day);
                        Dimension { field: found.reference.clone(), grain }
                    }
                    several => {
                        return Err(Trouble::Dimension {
                            span: group.span.clone(),
                            candidates: several.to_vec(),
                        });
                    }
                }
            }
        };
        match chosen.iter().find(|other| other.field == dimension.field) {
            None => chosen.push(dimension),
            Some(other) if *other == dimension => {}
            // One field at two grains would be two columns of one name.
            Some(_) => return Err(Trouble::nothing()),
        }
    }
    Ok(chosen)
}
