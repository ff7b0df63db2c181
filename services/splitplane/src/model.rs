//! `splitplane model`: the semantic model's file, checked, or made from what others wrote.
//!
//! Decides which files are read and where the model goes.

use crate::error::{CommandError, DONE};
use crate::output;
use crate::policy::{of_model, tell, write};
use clap::{Args, Subcommand, ValueEnum};
use splitplane_import::{Kind, Options, import};
use std::path::PathBuf;

/// Check a semantic model, or make one of a Databricks metric view or of MetricFlow's semantic models
#[derive(Debug, Args)]
pub(crate) struct ModelArgs {
    #[command(subcommand)]
    command: ModelCommand,
}

#[derive(Debug, Subcommand)]
enum ModelCommand {
    Check(CheckArgs),
    Import(ImportArgs),
}

/// Say every mistake and every doubt of a semantic model; exit 1 where something is wrong
#[derive(Debug, Args)]
struct CheckArgs {
    /// Semantic model, Apache Ossie YAML
    file: PathBuf,
    /// One JSON object a finding
    #[arg(long)]
    json: bool,
}

/// Write a semantic model from metric-view YAML 1.1 or MetricFlow's YAML, and say what could not be carried over
#[derive(Debug, Args)]
struct ImportArgs {
    /// The files; several of MetricFlow make one model
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// What they are [default: told by their keys]
    #[arg(long)]
    from: Option<From>,
    /// Name of the model
    #[arg(long)]
    name: Option<String>,
    /// Catalog and schema before the names of dbt's models, for example `main.gold`
    #[arg(long)]
    source_prefix: Option<String>,
    /// Dimension of a metric view to which periods apply
    #[arg(long)]
    time_dimension: Option<String>,
    /// File to write, which must not be there [default: standard output]
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum From {
    MetricView,
    Metricflow,
}

/// Answers.
pub(crate) fn run(args: &ModelArgs) -> Result<u8, CommandError> {
    match &args.command {
        ModelCommand::Check(args) => tell(&of_model(&args.file)?, args.json),
        ModelCommand::Import(args) => imported(args),
    }
}

fn imported(args: &ImportArgs) -> Result<u8, CommandError> {
    let mut files = Vec::new();
    for path in &args.files {
        let name = path.display().to_string();
        let text = std::fs::read_to_string(path)
            .map_err(|error| CommandError::Usage(format!("cannot read `{name}`: {error}")))?;
        files.push((name, text));
    }
    let told = match args.from {
        Some(From::MetricView) => Some(Kind::MetricView),
        Some(From::Metricflow) => Some(Kind::MetricFlow),
        None => files.iter().find_map(|(_, text)| Kind::detect(text)),
    };
    let kind = told.ok_or_else(|| {
        CommandError::Usage(
            "this is neither a metric view nor MetricFlow's YAML; name it with --from".to_owned(),
        )
    })?;
    let options = Options {
        model_name: args.name.clone(),
        source_prefix: args.source_prefix.clone(),
        time_dimension: args.time_dimension.clone(),
    };
    let done = import(kind, &files, &options).map_err(|error| CommandError::Usage(output::chain(&error)))?;
    write(&done.ossie_yaml, args.output.as_deref())?;
    for note in &done.notes {
        output::err(&format!("{}:{}: {}: {}\n", note.file, note.line, note.what, note.why));
    }
    output::err(&format!(
        "{} notes: what could not be carried over, or means a little less\n",
        done.notes.len()
    ));
    Ok(DONE)
}
