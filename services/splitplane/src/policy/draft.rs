//! `splitplane policy init`: a draft of a policy, from a model and the data's keys.
//!
//! Decides what is looked at in the data. What is a good guess is `splitplane-semantics`' to say.

use crate::error::{CommandError, DONE};
use crate::output;
use crate::world::WorldError;
use clap::Args;
use splitplane_engine::{SurveyColumn, Warehouse};
use splitplane_semantics::{
    DataHints, Dataset, DatasetHints, FieldExpression, SemanticModel, draft_policy, grants_candidate,
    load_model,
};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

/// Draft a policy from a semantic model and the data's keys: every guess is marked, and nothing is public
#[derive(Debug, Args)]
pub(crate) struct InitArgs {
    /// Semantic model, Apache Ossie YAML
    #[arg(long, value_name = "FILE")]
    model: PathBuf,
    /// Folder of the data, whose keys make the guesses better
    #[arg(long, value_name = "FOLDER")]
    data: Option<PathBuf>,
    /// File to write, which must not be there [default: standard output]
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(super) fn run(args: &InitArgs) -> Result<u8, CommandError> {
    let model = load_model(&args.model).map_err(WorldError::Load)?;
    let hints = match &args.data {
        Some(folder) => hints(&model, folder)?,
        None => DataHints::default(),
    };
    write(&draft_policy(&model, &hints), args.output.as_deref())
}

/// Writes a text to a new file, or to standard output.
pub(crate) fn write(text: &str, to: Option<&Path>) -> Result<u8, CommandError> {
    use std::io::Write as _;
    let Some(path) = to else {
        output::out(text)?;
        return Ok(DONE);
    };
    let file = std::fs::OpenOptions::new().write(true).create_new(true).open(path);
    let refused =
        |error: std::io::Error| CommandError::Usage(format!("cannot write `{}`: {error}", path.display()));
    file.and_then(|mut file| file.write_all(text.as_bytes())).map_err(refused)?;
    Ok(DONE)
}

/// Looks at the keys of the data: which columns there are, which are unique, and which hold what the grants hold.
fn hints(model: &SemanticModel, folder: &Path) -> Result<DataHints, CommandError> {
    let warehouse = Warehouse::open(folder)
        .map_err(|_error| WorldError::Missing { what: "the data folder", path: folder.to_owned() })?
        .declaring(splitplane_query::declared_columns(model, None));
    let unread = |error| CommandError::Usage(output::chain(&error));
    let granted: BTreeMap<String, HashSet<String>> = match grants_candidate(model) {
        None => BTreeMap::new(),
        Some(grants) => {
            let seen = looked_at(&warehouse, grants).map_err(unread)?;
            seen.into_iter().map(|(column, seen)| (column, seen.values)).collect()
        }
    };
    let mut hints = DataHints::default();
    for dataset in model.datasets.iter().filter(|dataset| warehouse.has(&dataset.source)) {
        let columns = warehouse.columns(&dataset.source).map_err(unread)?;
        let mut of = DatasetHints {
            columns: columns.into_iter().map(|column| column.name).collect(),
            ..DatasetHints::default()
        };
        for (column, seen) in looked_at(&warehouse, dataset).map_err(unread)? {
            if seen.is_unique {
                of.unique.insert(column.clone());
            }
            let holding =
                granted.iter().filter(|(_, values)| !seen.values.is_empty() && seen.values.is_subset(values));
            let holding: BTreeSet<String> = holding.map(|(name, _)| name.clone()).collect();
            if !holding.is_empty() {
                of.contained.insert(column, holding);
            }
        }
        hints.datasets.insert(dataset.name.clone(), of);
    }
    Ok(hints)
}

/// What a column holds.
#[derive(Debug, Default)]
struct Seen {
    values: HashSet<String>,
    rows: usize,
    has_null: bool,
    is_unique: bool,
    /// There are more values than are looked at: nothing is guessed from them.
    is_too_many: bool,
}

/// Distinct values of a column that are looked at.
const VALUES_MAX: usize = 2_000_000;

impl Seen {
    fn add(&mut self, values: Vec<String>, rows: usize) {
        self.rows += rows;
        if !self.is_too_many {
            self.values.extend(values);
        }
        if self.values.len() > VALUES_MAX {
            self.is_too_many = true;
            self.values = HashSet::new();
        }
    }
}

/// The columns of a dataset that are keys by their names in relationships, or end as ids do.
fn looked_at(
    warehouse: &Warehouse,
    dataset: &Dataset,
) -> Result<BTreeMap<String, Seen>, splitplane_engine::EngineError> {
    let is_there: BTreeSet<String> =
        warehouse.columns(&dataset.source)?.into_iter().map(|column| column.name).collect();
    let plain = dataset.fields.iter().filter_map(|field| match &field.expression {
        FieldExpression::Column(column) if is_there.contains(column) => Some(column.clone()),
        FieldExpression::Column(_) | FieldExpression::Computed(_) => None,
    });
    let columns: Vec<String> = plain.filter(|column| is_key_like(column)).collect();
    let mut seen: BTreeMap<String, Seen> =
        columns.iter().map(|column| (column.clone(), Seen::default())).collect();
    warehouse.survey(&dataset.source, &columns, &mut |batch: Vec<SurveyColumn>, rows| {
        for (column, SurveyColumn { values, codes }) in columns.iter().zip(batch) {
            let Some(seen) = seen.get_mut(column) else { continue };
            seen.has_null |= codes.iter().any(Option::is_none);
            seen.add(values, rows);
        }
        ControlFlow::Continue(())
    })?;
    for seen in seen.values_mut() {
        let whole = !seen.is_too_many && !seen.has_null && seen.rows > 0;
        seen.is_unique = whole && seen.values.len() == seen.rows;
    }
    Ok(seen)
}

fn is_key_like(column: &str) -> bool {
    let lower = column.to_ascii_lowercase();
    ["id", "key", "code", "no", "number", "uuid"]
        .iter()
        .any(|end| lower == *end || lower.ends_with(&format!("_{end}")))
        || lower.ends_with("id")
}
