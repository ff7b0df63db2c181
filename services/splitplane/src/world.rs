//! What a mesh is started on: a semantic model, a policy and a folder of data.
//!
//! Decides which files these are and that they are there, so that a wrong path is told before a port
//! is bound. What is in them is decided by the services, which load them anew.

use crate::example::{self, ExampleError};
use crate::grants::{self, GrantsError};
use crate::home::Home;
use clap::Args;
use splitplane_semantics::{LoadError, Policy, SemanticModel, load_model, load_policy};
use splitplane_types::CompositeKey;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Why a mesh cannot be started on these files.
#[derive(Debug, thiserror::Error)]
pub enum WorldError {
    /// Only some of model, policy and data are named.
    #[error("--model, --policy and --data belong together; --{0} is missing")]
    Incomplete(&'static str),
    /// A file or folder is not there.
    #[error("{what} `{}` is not there", path.display())]
    Missing {
        /// What it would be.
        what: &'static str,
        /// The path.
        path: PathBuf,
    },
    /// A path cannot be made absolute.
    #[error("cannot find `{}`", path.display())]
    Path {
        /// The path.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The model or the policy is wrong.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The grants cannot be read.
    #[error(transparent)]
    Grants(#[from] GrantsError),
    /// The embedded example cannot be laid out.
    #[error(transparent)]
    Example(#[from] ExampleError),
}

/// The user's own files; the embedded example when none is named.
#[derive(Debug, Clone, Default, Args)]
pub struct WorldArgs {
    /// Semantic model, Apache Ossie YAML
    #[arg(long, value_name = "FILE")]
    pub model: Option<PathBuf>,
    /// Policy: who may see what
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
    /// Folder of the data: a source `a.b.c` of the model is c.parquet, c/ or c.csv in it
    #[arg(long, value_name = "FOLDER")]
    pub data: Option<PathBuf>,
}

/// Files that a mesh is started on. Paths are absolute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct World {
    /// The semantic model.
    pub model: PathBuf,
    /// The policy.
    pub policy: PathBuf,
    /// Folder of the data.
    pub data: PathBuf,
}

/// A world whose files were read.
#[derive(Debug, Clone)]
pub struct OpenWorld {
    /// The semantic model.
    pub model: SemanticModel,
    /// The policy.
    pub policy: Policy,
    /// Who is named by the grants.
    pub combinations: BTreeSet<CompositeKey>,
}

impl World {
    /// The files that were named, if any.
    ///
    /// # Errors
    /// Only some were, or one of them is not there.
    pub fn named(args: &WorldArgs) -> Result<Option<Self>, WorldError> {
        match (&args.model, &args.policy, &args.data) {
            (None, None, None) => Ok(None),
            (Some(model), Some(policy), Some(data)) => Self::at(model, policy, data).map(Some),
            (None, _, _) => Err(WorldError::Incomplete("model")),
            (_, None, _) => Err(WorldError::Incomplete("policy")),
            (_, _, None) => Err(WorldError::Incomplete("data")),
        }
    }

    /// The files that were named, or the embedded example, laid out in `home` with data up to `now`.
    ///
    /// # Errors
    /// See [`WorldError`].
    pub fn of(args: &WorldArgs, home: &Home, now: SystemTime) -> Result<Self, WorldError> {
        match Self::named(args)? {
            Some(world) => Ok(world),
            None => Ok(example::lay_out(home, now)?),
        }
    }

    /// Files of the user's own.
    ///
    /// # Errors
    /// One of them is not there.
    pub fn at(model: &Path, policy: &Path, data: &Path) -> Result<Self, WorldError> {
        Ok(Self {
            model: found("the semantic model", model, Path::is_file)?,
            policy: found("the policy", policy, Path::is_file)?,
            data: found("the data folder", data, Path::is_dir)?,
        })
    }

    /// Reads model, policy and grants.
    ///
    /// # Errors
    /// See [`WorldError`].
    pub fn open(&self) -> Result<OpenWorld, WorldError> {
        let model = load_model(&self.model)?;
        let policy = load_policy(&self.policy, &model)?;
        let combinations = grants::combinations(&self.data, &model, &policy)?;
        Ok(OpenWorld { model, policy, combinations })
    }
}

fn found(what: &'static str, path: &Path, is_there: fn(&Path) -> bool) -> Result<PathBuf, WorldError> {
    if !is_there(path) {
        return Err(WorldError::Missing { what, path: path.to_owned() });
    }
    std::path::absolute(path).map_err(|source| WorldError::Path { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(args: &WorldArgs) -> String {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path()).unwrap();
        World::of(args, &home, SystemTime::UNIX_EPOCH).unwrap_err().to_string()
    }

    #[test]
    fn files_that_are_not_named_or_not_there_are_told() {
        let some = |text: &str| Some(PathBuf::from(text));
        assert!(
            of(&WorldArgs { model: some("m"), policy: some("p"), data: None }).contains("--data is missing")
        );
        assert!(
            of(&WorldArgs { model: None, policy: some("p"), data: some("d") }).contains("--model is missing")
        );
        let all = WorldArgs { model: some("/no/m.yaml"), policy: some("p"), data: some("d") };
        assert!(of(&all).contains("the semantic model `/no/m.yaml` is not there"));
    }
}
