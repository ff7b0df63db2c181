//! The columns that a result has, by name and kind.
//!
//! Decides nothing: says what `semantics::compile` names them.

use splitplane_semantics::{Derived, Dimension, Interpretation, SemanticModel, figure_label, words_of};

/// A column of a result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Output {
    pub(super) name: String,
    pub(super) kind: Kind,
    /// The metric, or the dimension's label.
    pub(super) of: String,
}

/// What stands in a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Dimension,
    Metric,
    Derived(Derived),
}

impl Kind {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Dimension => "dimension",
            Self::Metric => "metric",
            Self::Derived(derived) => derived.suffix(),
        }
    }
}

impl Output {
    /// What people call it.
    pub(super) fn label(&self, model: &SemanticModel) -> String {
        match self.kind {
            Kind::Dimension => self.of.clone(),
            Kind::Metric | Kind::Derived(_) => figure_label(&self.name, model),
        }
    }
}

/// The dimensions, then each metric followed by what is derived from it.
pub(super) fn outputs(asked: &Interpretation, model: &SemanticModel) -> Vec<Output> {
    let dimension = |(dimension, name): (&Dimension, String)| {
        let field = &dimension.field;
        let label = model.field(field).map_or_else(|| words_of(&field.field), |field| field.label.clone());
        Output { name, kind: Kind::Dimension, of: label }
    };
    let mut outputs: Vec<Output> = asked.dimensions.iter().zip(aliases(asked)).map(dimension).collect();
    for metric in &asked.metrics {
        outputs.push(Output { name: metric.clone(), kind: Kind::Metric, of: metric.clone() });
        outputs.extend(asked.derived().into_iter().map(|derived| Output {
            name: derived.column(metric),
            kind: Kind::Derived(derived),
            of: metric.clone(),
        }));
    }
    outputs
}

/// The names of the dimensions' columns: equal ones get their dataset in front.
pub(super) fn aliases(asked: &Interpretation) -> Vec<String> {
    let derived = asked.derived();
    let figures = |metric: &String| {
        let derived: Vec<String> = derived.iter().map(|derived| derived.column(metric)).collect();
        std::iter::once(metric.clone()).chain(derived)
    };
    let figures: Vec<String> = asked.metrics.iter().flat_map(figures).collect();
    let short: Vec<String> = asked.dimensions.iter().map(Dimension::short_alias).collect();
    // Engines do not tell letter case apart in names.
    let is_in = |names: &[String], name: &str| names.iter().any(|other| other.eq_ignore_ascii_case(name));
    let mut aliases: Vec<String> = Vec::new();
    for (dimension, name) in asked.dimensions.iter().zip(&short) {
        let is_shared = short.iter().filter(|other| other.eq_ignore_ascii_case(name)).count() > 1;
        let mut alias = name.clone();
        if is_shared || is_in(&figures, name) {
            alias = format!("{}_{name}", dimension.field.dataset);
        }
        while is_in(&aliases, &alias) || is_in(&figures, &alias) {
            alias.push('_');
        }
        aliases.push(alias);
    }
    aliases
}
