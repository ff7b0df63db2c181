//! `splitplane eval`: a set of questions put to a mesh that is up, and what became of each.
//!
//! Decides what is counted and the exit code: 1 when a question got a wrong answer, the worst that can happen.
//! What is expected stands in the set; when an interpretation is another one is decided by `splitplane-semantics`.
//! Follow-ups are asked in the conversation of the question before.

mod compare;
mod report;

use crate::answer::{Answer, answer};
use crate::caller::{ASK, Caller, question};
use crate::error::{CommandError, DONE, FAILED};
use crate::example;
use crate::home::Home;
use crate::output;
use crate::profiles::Profile;
use crate::world::{World, WorldArgs, WorldError};
use clap::Args;
use compare::judge;
use report::Report;
use splitplane_proto::gateway::v1::AskRequest;
use splitplane_semantics::{Calendar, load_model, load_policy, load_question_set};
use splitplane_service::Clock;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Put a set of questions to the mesh that is up, and compare what comes of them with what is expected
#[derive(Debug, Args)]
pub(crate) struct EvalArgs {
    /// The set: YAML, a list of questions and expectations
    file: PathBuf,
    #[command(flatten)]
    world: WorldArgs,
    /// One JSON object a question, and one for the whole
    #[arg(long)]
    json: bool,
}

/// Asks all of it.
pub(crate) async fn run(home: &Home, args: &EvalArgs) -> Result<u8, CommandError> {
    let set = load_question_set(&args.file).map_err(WorldError::Load)?;
    let calendar = calendar(home, &args.world)?;
    let mut callers = Callers { home, callers: BTreeMap::new() };
    let mut report = Report::default();
    for asked in &set {
        let as_of = asked.instant(&calendar, Clock::system().now());
        let first = std::iter::once((asked.question.as_str(), &asked.expect));
        let turns = asked.turns.iter().map(|turn| (turn.question.as_str(), &turn.expect));
        let mut conversation = String::new();
        for (text, expect) in first.chain(turns) {
            let message = AskRequest { question: Some(question(text, Some(as_of))), conversation };
            let (answer, took) = callers.ask(&asked.profile, message).await?;
            let judged = judge(expect, &answer, took);
            conversation = answer.conversation.unwrap_or_default();
            let line = report.add(asked.line, text, &judged);
            output::out(&if args.json { line.json() } else { line.text() })?;
        }
    }
    output::out(&if args.json { report.json() } else { report.text() })?;
    Ok(if report.has_wrong_answers() { FAILED } else { DONE })
}

/// The calendar in which the set's days are read: the policy's that the mesh was started with.
fn calendar(home: &Home, args: &WorldArgs) -> Result<Calendar, CommandError> {
    let world = match World::named(args)? {
        Some(world) => world,
        None => example::world(home),
    };
    let model = load_model(&world.model).map_err(WorldError::Load)?;
    Ok(load_policy(&world.policy, &model).map_err(WorldError::Load)?.calendar)
}

/// Callers by the name of their profile: each has one connection for the whole set.
struct Callers<'a> {
    home: &'a Home,
    callers: BTreeMap<String, Caller>,
}

impl Callers<'_> {
    async fn ask(&mut self, profile: &str, message: AskRequest) -> Result<(Answer, Duration), CommandError> {
        if !self.callers.contains_key(profile) {
            let read = Profile::read(&self.home.profiles(), profile)?;
            self.callers.insert(profile.to_owned(), Caller::new(&read, Clock::system())?);
        }
        let Some(caller) = self.callers.get(profile) else {
            return Err(CommandError::Usage(format!("there is no profile `{profile}`")));
        };
        let request = caller.signer().request(ASK, message)?;
        let began = Instant::now();
        let answer: Answer = answer(caller, request, &mut |_| {}).await?;
        Ok((answer, began.elapsed()))
    }
}
