//! `splitplane demo`: one question, two people, two answers, and the attacks that must not work.
//!
//! Decides how a script is played and whether what came back is what the script expects. What is asked
//! and what is attacked stands in the script; nothing here knows a word of its domain.

mod attack;
mod commands;
mod script;
mod show;

pub use script::{Attack, AttackScript, CallerExpectation, CallerScript, Expectation, Layer, Script};

use crate::answer::{Answer, answer};
use crate::caller::{ASK, Caller, CallerError, question};
use crate::credentials::{self, CredentialsError, Issuer};
use crate::error::{CommandError, DONE, FAILED};
use crate::example::{self, ExampleError};
use crate::home::{self, Home};
use crate::mesh::{Mesh, MeshError, MeshOptions, Ports, RunningMesh};
use crate::output;
use crate::profiles::{self, Profile};
use crate::up::TelemetryArgs;
use crate::world::{World, WorldError};
use clap::Args;
use splitplane_llm::ObedientModel;
use splitplane_proto::gateway::v1::AskRequest;
use splitplane_service::Clock;
use splitplane_types::{Cell, CompositeKey, Decimal, InvalidId, Outcome};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Why the demonstration cannot be played.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The script is not one.
    #[error("the demonstration's script cannot be read")]
    Script(#[source] Box<serde_saphyr::Error>),
    /// The script's version is not known.
    #[error("version {0} of the demonstration's script is not known; write 1")]
    Version(u32),
    /// The script names somebody whom the grants do not.
    #[error("the grants name nobody who is called `{0}`")]
    NobodyCalled(String),
    /// The script names an id that is none.
    #[error("`{text}` is not an id")]
    Id {
        /// The text.
        text: String,
        /// Why.
        #[source]
        source: InvalidId,
    },
    /// The example cannot be laid out.
    #[error(transparent)]
    Example(#[from] ExampleError),
    /// The example cannot be read.
    #[error(transparent)]
    World(#[from] WorldError),
    /// The mesh does not start.
    #[error(transparent)]
    Mesh(#[from] MeshError),
    /// There are no credentials.
    #[error(transparent)]
    Credentials(#[from] CredentialsError),
    /// A request cannot be sent.
    #[error(transparent)]
    Caller(#[from] CallerError),
}

/// Show two answers to one question, and the attacks that are stopped
#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// Port of the gateway, the other services after it; 0 is any
    #[arg(long, default_value_t = 0)]
    port: u16,
    #[command(flatten)]
    telemetry: TelemetryArgs,
}

/// Plays the embedded script, and prints.
pub(crate) async fn run(home: &Home, args: &DemoArgs) -> Result<u8, CommandError> {
    let clock = Clock::system();
    let script = Script::parse(example::DEMO)?;
    output::err("Preparing the demonstration's data and services...\n");
    let world = example::lay_out(home, clock.now())?;
    let mut options = MeshOptions::new(home.clone(), world);
    options.ports = Ports::from_base(args.port);
    options.registry = home.demo_registry();
    options.state = home.demo_state();
    options.environment = home::service_environment();
    args.telemetry.apply(&mut options, false);
    let report = play(&script, &options).await?;
    output::out(&show::text(&report))?;
    output::out(&commands::text(&report, home))?;
    Ok(if report.is_as_expected() { DONE } else { FAILED })
}

/// What came of a demonstration.
#[derive(Debug, Clone, PartialEq)]
pub struct DemoReport {
    /// What was asked.
    pub question: String,
    /// What each caller got.
    pub answers: Vec<CallerReport>,
    /// What each attack got.
    pub attacks: Vec<AttackReport>,
}

/// What a caller got.
#[derive(Debug, Clone, PartialEq)]
pub struct CallerReport {
    /// Who, as the script has it.
    pub script: CallerScript,
    /// The answer.
    pub answer: Answer,
    /// In what it is not as expected.
    pub problems: Vec<String>,
}

/// What an attack got.
#[derive(Debug, Clone, PartialEq)]
pub struct AttackReport {
    /// What, as the script has it.
    pub script: AttackScript,
    /// What came back.
    pub answer: Answer,
    /// In what it is not as expected.
    pub problems: Vec<String>,
}

impl DemoReport {
    /// Whether everything came back as the script expects.
    #[must_use]
    pub fn is_as_expected(&self) -> bool {
        let answers = self.answers.iter().all(|answer| answer.problems.is_empty());
        answers && self.attacks.iter().all(|attack| attack.problems.is_empty())
    }
}

/// Plays a script: a mesh for the answers and the forged requests, a second one whose language model
/// is hostile for the rest.
///
/// # Errors
/// See [`DemoError`]. What comes back other than expected is no error: it is in the report.
pub async fn play(script: &Script, options: &MeshOptions) -> Result<DemoReport, DemoError> {
    let honest = Stage::open(options.clone()).await?;
    let played = play_honest(script, &honest).await;
    let closed = honest.mesh.stop().await;
    let mut report = played?;
    closed?;

    let mut hostile = options.clone();
    hostile.ports = Ports::Free;
    hostile.language = Some(Arc::new(ObedientModel::new()));
    let hostile = Stage::open(hostile).await?;
    let played = play_hostile(script, &hostile, &mut report).await;
    let closed = hostile.mesh.stop().await;
    played?;
    closed?;
    // The script's order, whichever mesh an attack was played on.
    report.attacks.sort_by_key(|attack| script.attacks.iter().position(|script| *script == attack.script));
    Ok(report)
}

async fn play_honest(script: &Script, stage: &Stage) -> Result<DemoReport, DemoError> {
    let mut report =
        DemoReport { question: script.question.clone(), answers: Vec::new(), attacks: Vec::new() };
    for caller in &script.callers {
        let answer = stage.ask(&caller.profile, &script.question).await?;
        let problems = problems_of_answer(&answer, &caller.expect);
        report.answers.push(CallerReport { script: caller.clone(), answer, problems });
    }
    for attack in script.attacks.iter().filter(|attack| attack.attack.obedient.is_none()) {
        let answer = attack::forged(stage, attack, &script.question).await?;
        report.attacks.push(attack::judged(attack, answer));
    }
    Ok(report)
}

async fn play_hostile(script: &Script, stage: &Stage, report: &mut DemoReport) -> Result<(), DemoError> {
    for attack in &script.attacks {
        if let Some(question) = &attack.attack.obedient {
            let answer = stage.ask(&attack.caller, question).await?;
            report.attacks.push(attack::judged(attack, answer));
        }
    }
    Ok(())
}

/// A mesh and the people on it.
struct Stage {
    mesh: RunningMesh,
    people: BTreeMap<String, CompositeKey>,
    issuer: Issuer,
    clock: Clock,
}

impl Stage {
    async fn open(options: MeshOptions) -> Result<Self, DemoError> {
        let (clock, world) = (options.clock.clone(), World::open(&options.world)?);
        let people = profiles::names(&world.combinations);
        let configs = Mesh::prepare(&options)?;
        let mesh = Mesh::start_configured(configs, &options, &world).await?;
        let issuer = Issuer::at(&mesh.inner_services().auth, &mesh.certificates())?;
        Ok(Self { mesh, people, issuer, clock })
    }

    /// The profile of somebody whom the script names.
    async fn profile(&self, name: &str) -> Result<Profile, DemoError> {
        let composite = self.people.get(name).ok_or_else(|| DemoError::NobodyCalled(name.to_owned()))?;
        Ok(credentials::profile(&self.mesh, &self.issuer, composite).await?)
    }

    async fn ask(&self, name: &str, text: &str) -> Result<Answer, DemoError> {
        let caller = Caller::new(&self.profile(name).await?, self.clock.clone())?;
        let message = AskRequest { question: Some(question(text, None)), conversation: String::new() };
        let request = caller.signer().request(ASK, message)?;
        Ok(answer(&caller, request, &mut |_| {}).await?)
    }
}

/// In what an answer is not the one figure and the coverage that are expected.
fn problems_of_answer(answer: &Answer, expect: &CallerExpectation) -> Vec<String> {
    let mut problems = Vec::new();
    if answer.outcome != Outcome::Answered {
        problems.push(format!("the outcome is {} instead of answered", answer.outcome));
    }
    let figure = figure(answer);
    let expected = expect.value.parse::<Decimal>().ok();
    if figure.is_none() || figure != expected {
        let figure = figure.map_or_else(|| "no single figure".to_owned(), |figure| figure.to_string());
        problems.push(format!("the figure is {figure} instead of {}", expect.value));
    }
    let coverage = answer.coverage.as_ref().map(|coverage| (coverage.covered, coverage.granted));
    if coverage != Some((expect.covered, expect.granted)) {
        problems.push(format!("the coverage is not {} of {}", expect.covered, expect.granted));
    }
    problems
}

/// The one figure of an answer of one row: its last column.
fn figure(answer: &Answer) -> Option<Decimal> {
    let [row] = answer.table.as_ref()?.rows.as_slice() else { return None };
    match row.last()? {
        Cell::Decimal(number) => Some(*number),
        Cell::Integer(number) => Decimal::new(i128::from(*number), 0),
        Cell::Null
        | Cell::Text(_)
        | Cell::Float(_)
        | Cell::Boolean(_)
        | Cell::Date(_)
        | Cell::Timestamp(_) => None,
    }
}

#[cfg(test)]
mod tests;
