//! The functions that exist. Everything else is unknown to the planner.
//!
//! The names are the guard's; what is registered under them is decided here, and some are never
//! registered whatever the guard says.

use crate::arithmetic::OPERATORS;
use crate::databricks;
use crate::mean::Mean;
use crate::sum::Sum;
use datafusion::execution::SessionStateDefaults;
use datafusion::logical_expr::{AggregateUDF, ScalarUDF, Volatility, WindowUDF};
use splitplane_split_plane::{FUNCTIONS, Meaning};
use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};

/// Functions of the allow-list, as the engine has them.
#[derive(Debug)]
pub(crate) struct Registry {
    pub(crate) scalar: Vec<Arc<ScalarUDF>>,
    pub(crate) aggregate: Vec<Arc<AggregateUDF>>,
    pub(crate) window: Vec<Arc<WindowUDF>>,
    names: BTreeSet<String>,
}

/// Functions that syntax becomes: EXTRACT, POSITION, SUBSTRING, `median(CAST(x AS DOUBLE))`.
const OF_SYNTAX: [&str; 9] =
    ["count", "date_part", "date_trunc", "median", "min", "nullif", "strpos", "substr", "to_char"];

/// Functions that tell of the machine, the clock, files or chance.
const NEVER: [&str; 16] = [
    "arrow_cast",
    "arrow_field",
    "arrow_metadata",
    "arrow_try_cast",
    "arrow_typeof",
    "current_date",
    "current_time",
    "current_timestamp",
    "file_row_index",
    "input_file_name",
    "now",
    "random",
    "today",
    "uuid",
    "version",
    "with_metadata",
];

static REGISTRY: LazyLock<Registry> = LazyLock::new(|| {
    let wanted: BTreeSet<&str> = FUNCTIONS
        .iter()
        .filter_map(|function| match function.meaning {
            Meaning::Engine(name) => Some(name),
            Meaning::Syntax(_) => None,
        })
        .chain(OF_SYNTAX)
        .collect();
    let known = |name: &str, aliases: &[String]| {
        let mut names = aliases.iter().map(String::as_str).chain([name]);
        let never = names.clone().any(|name| NEVER.contains(&name));
        !never && names.any(|name| wanted.contains(name))
    };
    let mut scalar = SessionStateDefaults::default_scalar_functions();
    scalar.retain(|f| known(f.name(), f.aliases()) && f.signature().volatility != Volatility::Volatile);
    // Ours take the place of the engine's of the same name.
    let ours = |name: &str| databricks::functions().iter().any(|function| function.name() == name);
    scalar.retain(|f| !ours(f.name()) && !f.aliases().iter().any(|alias| ours(alias)));
    scalar.extend(databricks::functions().iter().map(Arc::clone));
    let mut aggregate = SessionStateDefaults::default_aggregate_functions();
    aggregate.retain(|f| known(f.name(), f.aliases()) && !["sum", "avg"].contains(&f.name()));
    aggregate.push(Arc::new(AggregateUDF::from(Sum::new())));
    aggregate.push(Arc::new(AggregateUDF::from(Mean::new())));
    let mut window = SessionStateDefaults::default_window_functions();
    window.retain(|f| known(f.name(), f.aliases()));
    let names = scalar.iter().map(|f| f.name()).chain(aggregate.iter().map(|f| f.name()));
    let names = names.chain(window.iter().map(|f| f.name())).chain(OPERATORS).map(str::to_owned).collect();
    Registry { scalar, aggregate, window, names }
});

impl Registry {
    pub(crate) fn get() -> &'static Self {
        &REGISTRY
    }

    /// The engine's own name for a function that the guard named, which may be one of its aliases.
    pub(crate) fn canonical(&self, name: &str) -> Option<&str> {
        let is = |own: &str, aliases: &[String]| own == name || aliases.iter().any(|alias| alias == name);
        let scalar = self.scalar.iter().find(|f| is(f.name(), f.aliases())).map(|f| f.name());
        let aggregate = self.aggregate.iter().find(|f| is(f.name(), f.aliases())).map(|f| f.name());
        let window = self.window.iter().find(|f| is(f.name(), f.aliases())).map(|f| f.name());
        scalar.or(aggregate).or(window)
    }

    /// Whether a planned call may run.
    pub(crate) fn allows(&self, name: &str) -> bool {
        self.names.contains(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_function_that_the_guard_lets_through_is_there() {
        let registry = Registry::get();
        let has = |name: &str| {
            let named =
                |own: &str, aliases: &[String]| own == name || aliases.iter().any(|alias| alias == name);
            registry.scalar.iter().any(|f| named(f.name(), f.aliases()))
                || registry.aggregate.iter().any(|f| named(f.name(), f.aliases()))
                || registry.window.iter().any(|f| named(f.name(), f.aliases()))
        };
        assert!(!FUNCTIONS.is_empty());
        for function in FUNCTIONS {
            if let Meaning::Engine(name) = function.meaning {
                assert!(has(name), "{} is to run as {name}", function.name);
            }
        }
    }

    #[test]
    fn nothing_that_tells_of_the_machine_the_clock_or_chance_is_there() {
        let registry = Registry::get();
        for name in NEVER {
            assert!(!registry.allows(name), "{name}");
            assert!(
                registry.scalar.iter().all(|f| f.name() != name && !f.aliases().iter().any(|a| a == name)),
                "{name}"
            );
        }
        // The list is of names that exist: a misspelt one would forbid nothing.
        let all = SessionStateDefaults::default_scalar_functions();
        for name in NEVER {
            assert!(all.iter().any(|f| f.name() == name || f.aliases().iter().any(|a| a == name)), "{name}");
        }
    }
}
