//! `splitplane policy check`: every mistake and every doubt, in the files and in the data.
//!
//! Decides the exit code, 1 where there is a mistake, and how findings look.

mod data;

use crate::error::{CommandError, DONE, FAILED};
use crate::home::Home;
use crate::output;
use crate::registrar;
use crate::world::{World, WorldArgs, WorldError};
use clap::Args;
use serde_json::{Value, json};
use splitplane_lab::{Lab, Weight};
use splitplane_query::WarehouseRows;
use splitplane_semantics::{
    Finding, LoadError, Severity, check_model, check_policy, load_model, load_policy,
};
use splitplane_service::Clock;
use splitplane_types::Role;
use std::path::{Path, PathBuf};

/// Check a policy against its model, and against the data where a folder is named; exit 1 where something is wrong
#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// Semantic model [default: the example's, with its policy and data]
    #[arg(long, value_name = "FILE", requires = "policy")]
    model: Option<PathBuf>,
    /// Policy
    #[arg(long, value_name = "FILE", requires = "model")]
    policy: Option<PathBuf>,
    /// Folder of the data: types, keys that lead nowhere, rows that nobody sees, admins who see nothing
    #[arg(long, value_name = "FOLDER", requires = "model")]
    data: Option<PathBuf>,
    /// The registry, whose roles the policy's must be among: a file, or a database by URL
    #[arg(long, value_name = "FILE_OR_URL")]
    registry: Option<String>,
    /// One JSON object a finding
    #[arg(long)]
    json: bool,
}

/// A finding in the form in which it is told.
pub(crate) struct Told {
    pub(crate) severity: &'static str,
    pub(crate) code: &'static str,
    pub(crate) place: String,
    pub(crate) line: Option<u64>,
    pub(crate) what: String,
    pub(crate) remedy: String,
}

pub(super) async fn run(home: &Home, args: &CheckArgs) -> Result<u8, CommandError> {
    let world = match (&args.model, &args.policy) {
        (Some(model), Some(policy)) => {
            Files { model: model.clone(), policy: policy.clone(), data: args.data.clone() }
        }
        (None, _) | (_, None) => {
            let World { model, policy, data } =
                World::of(&WorldArgs::default(), home, Clock::system().now())?;
            Files { model, policy, data: Some(data) }
        }
    };
    let roles = match &args.registry {
        None => None,
        Some(place) => Some(registrar::roles(home, place).await?),
    };
    tell(&world.findings(roles.as_deref())?, args.json)
}

/// Tells findings, and gives the exit code.
pub(crate) fn tell(findings: &[Told], json: bool) -> Result<u8, CommandError> {
    for finding in findings {
        output::out(&if json { format!("{}\n", finding.json()) } else { finding.text() })?;
    }
    let errors = findings.iter().filter(|finding| finding.severity == "error").count();
    if !json {
        let warnings = findings.iter().filter(|finding| finding.severity == "warning").count();
        output::out(&format!("{}, {}\n", counted(errors, "error"), counted(warnings, "warning")))?;
    }
    Ok(if errors == 0 { DONE } else { FAILED })
}

/// So many of something.
pub(crate) fn counted(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

/// The findings of a model's file alone.
pub(crate) fn of_model(path: &Path) -> Result<Vec<Told>, CommandError> {
    let text = read(path)?;
    Ok(check_model(&path.display().to_string(), &text).findings.iter().map(Told::of).collect())
}

fn read(path: &Path) -> Result<String, CommandError> {
    std::fs::read_to_string(path)
        .map_err(|error| CommandError::Usage(format!("cannot read `{}`: {error}", path.display())))
}

struct Files {
    model: PathBuf,
    policy: PathBuf,
    data: Option<PathBuf>,
}

impl Files {
    fn findings(&self, roles: Option<&[Role]>) -> Result<Vec<Told>, CommandError> {
        let model = match load_model(&self.model) {
            Ok(model) => model,
            // Without a model a policy's names mean nothing.
            Err(LoadError::Invalid { .. }) => {
                let mut told = of_model(&self.model)?;
                told.push(data::not_looked_at("the policy", "the model has mistakes"));
                return Ok(told);
            }
            Err(error) => return Err(WorldError::Load(error).into()),
        };
        let text = read(&self.policy)?;
        let report = check_policy(&self.policy.display().to_string(), &text, &model, roles);
        let mut told: Vec<Told> = report.findings.iter().map(Told::of).collect();
        let Some(folder) = &self.data else { return Ok(told) };
        let Ok(policy) = load_policy(&self.policy, &model) else {
            told.push(data::not_looked_at("the data", "the policy has mistakes"));
            return Ok(told);
        };
        let warehouse = splitplane_engine::Warehouse::open(folder)
            .map_err(|_error| WorldError::Missing { what: "the data folder", path: folder.clone() })?
            .declaring(splitplane_query::declared_columns(&model, Some(&policy)));
        let misfits = splitplane_query::misfits(&model, &policy, &warehouse);
        told.extend(misfits.iter().map(data::misfit));
        if misfits.is_empty() {
            let costly = splitplane_query::costly_scopes(&model, &policy, &warehouse)
                .map_err(|error| CommandError::Usage(output::chain(&error)))?;
            told.extend(costly.iter().map(data::costly));
            let rows = WarehouseRows::new(&warehouse);
            match Lab::open(&model, &policy, &rows).and_then(|lab| lab.inspect()) {
                Ok(found) => told.extend(found.iter().filter_map(data::finding)),
                Err(error) => told.push(data::unread(&error)),
            }
        }
        Ok(told)
    }
}

impl Told {
    fn of(finding: &Finding) -> Self {
        let severity = match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        Self {
            severity,
            code: finding.code,
            place: finding.file.clone(),
            line: Some(finding.line),
            what: finding.what.clone(),
            remedy: finding.remedy.clone(),
        }
    }

    fn text(&self) -> String {
        let Self { severity, code, place, line, what, remedy } = self;
        let at = line.map_or_else(String::new, |line| format!(":{line}"));
        let text = format!("{place}{at}: {severity} [{code}]: {what}; {remedy}");
        // A name in a file may hold what a terminal obeys.
        format!(
            "{}\n",
            text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect::<String>()
        )
    }

    fn json(&self) -> Value {
        let Self { severity, code, place, line, what, remedy } = self;
        json!({ "severity": severity, "code": code, "file": place, "line": line, "what": what, "remedy": remedy })
    }
}

const fn severity(weight: Weight) -> &'static str {
    match weight {
        Weight::Error => "error",
        Weight::Warning => "warning",
        Weight::Note => "note",
    }
}
