//! The stages of an answer as they happen, with their times.

use splitplane_proto::convert::usage_to_wire;
use splitplane_proto::gateway::v1::ask_response::Event;
use splitplane_proto::gateway::v1::{AskResponse, Done, Outcome, StageTiming};
use splitplane_types::ModelUsage;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tonic::Status;

/// Sends events to the caller and keeps the time.
#[derive(Debug)]
pub(crate) struct Stages {
    events: mpsc::Sender<Result<AskResponse, Status>>,
    accepted: Instant,
    last: Instant,
    timings: Vec<(&'static str, Duration)>,
    usage: ModelUsage,
}

impl Stages {
    /// Starts to keep the time at `accepted`, when the request came in.
    pub(crate) fn new(events: mpsc::Sender<Result<AskResponse, Status>>, accepted: Instant) -> Self {
        let mut stages =
            Self { events, accepted, last: accepted, timings: Vec::new(), usage: ModelUsage::default() };
        stages.passed("authenticate");
        stages
    }

    /// Books the time since the last stage on `stage`.
    pub(crate) fn passed(&mut self, stage: &'static str) {
        let now = Instant::now();
        let spent = now.duration_since(self.last);
        self.last = now;
        match self.timings.iter_mut().find(|(name, _)| *name == stage) {
            Some((_, total)) => *total += spent,
            None => self.timings.push((stage, spent)),
        }
    }

    /// Books a stage in which a language model was asked.
    pub(crate) fn used(&mut self, stage: &'static str, usage: ModelUsage) {
        self.usage = self.usage.and(usage);
        self.passed(stage);
    }

    /// Sends an event. A caller who went away is noticed by the transport, which drops this task.
    pub(crate) async fn emit(&mut self, event: Event) {
        let elapsed_ms = whole_ms(self.accepted.elapsed());
        let gone = self.events.send(Ok(AskResponse { elapsed_ms, event: Some(event) })).await.is_err();
        if gone {
            tracing::debug!("the caller went away");
        }
    }

    /// Sends the last event.
    pub(crate) async fn done(&mut self, outcome: Outcome, conversation: String) {
        let total = ("total", self.accepted.elapsed());
        let timings = self
            .timings
            .iter()
            .chain([&total])
            .map(|(stage, spent)| StageTiming { stage: (*stage).to_owned(), ms: whole_ms(*spent) })
            .collect();
        let usage = Some(usage_to_wire(self.usage));
        self.emit(Event::Done(Done { outcome: outcome.into(), timings, conversation, usage })).await;
    }

    /// Ends the stream with an error.
    pub(crate) async fn failed(self, status: Status) {
        if self.events.send(Err(status)).await.is_err() {
            tracing::debug!("the caller went away");
        }
    }
}

fn whole_ms(duration: Duration) -> u32 {
    u32::try_from(duration.as_millis()).unwrap_or(u32::MAX)
}
