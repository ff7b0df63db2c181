//! The example that needs nothing: model, policy, data and demonstration, compiled in.
//!
//! Decides where it is laid out and when its data is too old. What it is about stands in its YAML
//! files alone.

use crate::generate::{self, GenerateError};
use crate::home::{self, Home, HomeError};
use crate::world::World;
use jiff::civil::Date;
use splitplane_semantics::{LoadError, parse_model, parse_policy};
use std::path::Path;
use std::time::SystemTime;

const MODEL: &str = include_str!("../../../examples/restaurant/model.yaml");
const POLICY: &str = include_str!("../../../examples/restaurant/policy.yaml");
const DATA: &str = include_str!("../../../examples/restaurant/data.yaml");

/// What the demonstration asks and stages.
pub(crate) const DEMO: &str = include_str!("../../../examples/restaurant/demo.yaml");

/// Name of its folders.
const NAME: &str = "restaurant";

/// Why the example cannot be laid out.
#[derive(Debug, thiserror::Error)]
pub enum ExampleError {
    /// A file cannot be written.
    #[error(transparent)]
    Home(#[from] HomeError),
    /// Its data cannot be generated.
    #[error(transparent)]
    Generate(#[from] GenerateError),
    /// Its model or policy is wrong.
    #[error(transparent)]
    Load(#[from] LoadError),
}

/// Where the example is laid out in the command line's folder.
#[must_use]
pub fn world(home: &Home) -> World {
    files(&home.example(NAME), &home.data(NAME))
}

fn files(files: &Path, data: &Path) -> World {
    World { model: files.join("model.yaml"), policy: files.join("policy.yaml"), data: data.to_owned() }
}

/// Lays the example out in the command line's folder, with data up to `now`.
///
/// # Errors
/// See [`ExampleError`].
pub fn lay_out(home: &Home, now: SystemTime) -> Result<World, ExampleError> {
    lay_out_at(&home.example(NAME), &home.data(NAME), now)
}

/// Lays the example out: model and policy in one folder, data in another. Data is generated when there
/// is none, or when its newest complete week is not last week in the policy's calendar.
///
/// # Errors
/// See [`ExampleError`].
pub fn lay_out_at(folder: &Path, data: &Path, now: SystemTime) -> Result<World, ExampleError> {
    home::make_folder(folder)?;
    let world = files(folder, data);
    home::write_public(&world.model, MODEL)?;
    home::write_public(&world.policy, POLICY)?;
    let today = today(now)?;
    if !generate::is_current(DATA, data, today)? {
        if let Some(above) = data.parent() {
            home::make_folder(above)?;
        }
        generate::generate(DATA, data, today)?;
    }
    Ok(world)
}

/// Whether [`lay_out`] has no data to generate, which takes its time.
pub(crate) fn has_data(home: &Home, now: SystemTime) -> Result<bool, ExampleError> {
    Ok(generate::is_current(DATA, &home.data(NAME), today(now)?)?)
}

/// The day in the calendar of the example's policy.
fn today(now: SystemTime) -> Result<Date, ExampleError> {
    let model = parse_model("model.yaml", MODEL)?;
    let policy = parse_policy("policy.yaml", POLICY, &model)?;
    Ok(policy.calendar.local(now).date())
}
