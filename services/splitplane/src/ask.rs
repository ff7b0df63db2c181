//! `splitplane ask`: one question, its stages while they happen, its answer.
//!
//! Decides what a person sees and the exit code. What the answer is was decided by the mesh.

use crate::answer::{Answer, Refusal, answer};
use crate::caller::{ASK, Caller, CallerError, question};
use crate::error::{CommandError, DONE, FAILED, OTHERWISE};
use crate::home::Home;
use crate::profiles::Profile;
use crate::{conversation, json, output, table, trace, when};
use clap::Args;
use splitplane_proto::common::v1::Metric;
use splitplane_proto::gateway::v1::ask_response::Event;
use splitplane_proto::gateway::v1::{AskRequest, AskResponse};
use splitplane_service::{Clock, ask_for_spans};
use splitplane_types::{Outcome, Reason};
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

/// Columns of a drawing.
const DRAWING_WIDTH: usize = 80;

/// Ask a question
#[derive(Debug, Args)]
pub(crate) struct AskArgs {
    /// Profile to ask as
    #[arg(long = "as", value_name = "NAME")]
    name: String,
    /// The question, in plain English
    question: String,
    /// Count relative periods from here: RFC 3339, or a date (its noon, UTC)
    #[arg(long, value_name = "TIME", value_parser = when::instant)]
    as_of: Option<SystemTime>,
    /// Ask it in the conversation of this profile's last answer: "and by channel?"
    #[arg(long)]
    follow_up: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// Show the statement that ran, and the scope it ran in
    #[arg(long)]
    sql: bool,
    /// Longest time to wait, for example 30s
    #[arg(long, value_name = "TIME", value_parser = when::duration)]
    timeout: Option<Duration>,
    /// Show where the time went, span by span, to who has the operator's certificate
    #[arg(long)]
    trace: bool,
    /// The operator's certificate, if not the profile's
    #[arg(long, value_name = "FILE", requires = "key", requires = "trace")]
    cert: Option<PathBuf>,
    /// Its key
    #[arg(long, value_name = "FILE", requires = "cert")]
    key: Option<PathBuf>,
}

impl AskArgs {
    fn caller(&self, profile: &Profile, clock: Clock) -> Result<Caller, CallerError> {
        if !self.trace {
            return Caller::new(profile, clock);
        }
        let certificate = self.cert.as_ref().unwrap_or(&profile.certificates.certificate);
        let key = self.key.as_ref().unwrap_or(&profile.certificates.key);
        Caller::with_certificate(certificate, key, profile, clock)
    }
}

/// Asks, and prints.
pub(crate) async fn run(home: &Home, args: AskArgs) -> Result<u8, CommandError> {
    let clock = Clock::system();
    let profile = Profile::read(&home.profiles(), &args.name)?;
    let caller = args.caller(&profile, clock.clone())?;
    let conversation = if args.follow_up { conversation::kept(home, &args.name)? } else { String::new() };
    let message = AskRequest { question: Some(question(&args.question, args.as_of)), conversation };
    let mut request = caller.signer().request(ASK, message)?;
    if let Some(timeout) = args.timeout {
        request.set_timeout(timeout);
    }
    if args.trace {
        ask_for_spans(request.metadata_mut());
    }
    let is_shown = output::is_watched() && !args.json;
    let mut on_event = |response: &AskResponse| {
        if is_shown {
            output::err(&stage(response));
        }
    };
    let answer = answer(&caller, request, &mut on_event).await?;
    if let Some(token) = &answer.conversation {
        conversation::keep(home, &args.name, token)?;
    }
    if args.json {
        output::out(&json::text(&answer).map_err(std::io::Error::from)?)?;
    } else {
        output::out(&text(&answer, args.sql))?;
        if let Some(spans) = &answer.spans {
            output::out(&format!("\n{}", trace::text(spans)))?;
        }
        if let Some(refusal) = &answer.error {
            output::err(&refusal_text(refusal, &profile, clock.now()));
        }
    }
    if args.trace && answer.spans.is_none() {
        output::err("splitplane: no spans came back: they are told to workload `operator` alone\n");
    }
    Ok(exit_code(answer.outcome))
}

/// The exit code of an outcome.
pub(crate) const fn exit_code(outcome: Outcome) -> u8 {
    match outcome {
        Outcome::Answered => DONE,
        Outcome::Clarify | Outcome::Unsupported | Outcome::NothingInScope => OTHERWISE,
        Outcome::OverLimit | Outcome::Unavailable | Outcome::Refused => FAILED,
    }
}

/// One line for a stage.
fn stage(response: &AskResponse) -> String {
    let Some(event) = &response.event else { return String::new() };
    let what = match event {
        Event::Accepted(accepted) => format!("accepted, transaction {}", accepted.txn),
        Event::Validated(validated) => {
            let sentence = validated.interpretation.as_ref().map_or("", |meant| meant.sentence.as_str());
            format!("understood: {sentence}")
        }
        Event::Clarify(_) => "not clear".to_owned(),
        Event::Unsupported(_) => "not supported".to_owned(),
        Event::Routed(routed) => format!("relations: {}", routed.relations.join(", ")),
        Event::SandboxOpened(opened) => {
            let coverage = opened.coverage.as_ref().map_or("", |coverage| coverage.sentence.as_str());
            format!("scope built: {coverage}")
        }
        Event::SqlWritten(written) => format!("SQL drafted (attempt {})", written.attempt),
        Event::SqlRefused(refused) => format!("SQL refused: {}", refused.reason),
        Event::Rows(rows) if rows.rows.len() == 1 => "1 row".to_owned(),
        Event::Rows(rows) => format!("{} rows", rows.rows.len()),
        Event::Checked(checked) => match &checked.check {
            None => "no statement of a model was usable".to_owned(),
            Some(check) if check.agrees => "the model's statement gives the same".to_owned(),
            Some(check) => format!("the model's statement gives other {}: set aside", check.difference),
        },
        Event::Chart(_) => "chart suggested".to_owned(),
        Event::Narrative(narrative) if narrative.from_template => "analysis from the template".to_owned(),
        Event::Narrative(_) => "analysis written and proved".to_owned(),
        Event::NothingInScope(_) => "nothing by that name".to_owned(),
        Event::Done(_) => "done".to_owned(),
    };
    format!("{:>7} ms  {what}\n", response.elapsed_ms)
}

/// What a person reads.
pub(crate) fn text(answer: &Answer, with_sql: bool) -> String {
    let mut parts = Vec::new();
    if let Some(meant) = &answer.interpretation {
        let as_of = answer.as_of.as_ref().map_or_else(String::new, |as_of| format!(" (as of {as_of})"));
        parts.push(format!("{}{as_of}\n", meant.sentence));
    }
    parts.extend(answer.table.as_ref().map(table::text));
    parts.extend(drawing(answer));
    parts.extend(answer.narrative.as_ref().map(|narrative| format!("{}\n", narrative.trim_end())));
    parts.extend(answer.nothing.as_ref().map(|message| format!("{message}\n")));
    if let Some(clarification) = &answer.clarification {
        let options: String = clarification.options.iter().map(|option| format!("  - {option}\n")).collect();
        parts.push(format!("{}\n{options}", clarification.question));
    }
    if !answer.stood_in.is_empty() {
        let models = answer.stood_in.join(", ");
        parts.push(format!("The configured language model was not available: {models} stood in.\n"));
    }
    if let Some(metrics) = &answer.metrics {
        parts.push(format!("That is not something you can ask about. These are:\n{}", metrics_text(metrics)));
    }
    parts.extend(answer.coverage.as_ref().map(|coverage| format!("Coverage: {}\n", coverage.sentence)));
    if with_sql {
        parts.extend(answer.sql.as_ref().map(|sql| format!("Statement that ran:\n{sql}\n")));
        parts.extend(answer.security_sql.as_ref().map(|sql| format!("Scope it ran in:\n{sql}\n")));
    }
    parts.join("\n")
}

/// The chart that the answer suggests, as a terminal can draw it.
fn drawing(answer: &Answer) -> Option<String> {
    answer.chart.as_ref()?;
    let (meant, table) = (answer.interpretation.as_ref()?, answer.table.as_ref()?);
    let chart = splitplane_gateway::chart_of(meant, table)?;
    Some(format!("{}\n", chart.text(DRAWING_WIDTH).trim_end()))
}

/// One line for each metric.
pub(crate) fn metrics_text(metrics: &[Metric]) -> String {
    let width = metrics.iter().map(|metric| metric.label.chars().count()).max().unwrap_or(0);
    let line = |metric: &Metric| {
        let unit = if metric.unit.is_empty() { String::new() } else { format!(" ({})", metric.unit) };
        format!("  {:<width$}  {}{unit}", metric.label, metric.description).trim_end().to_owned() + "\n"
    };
    metrics.iter().map(line).collect()
}

/// Why there is no answer, and what to do.
pub(crate) fn refusal_text(refusal: &Refusal, profile: &Profile, now: SystemTime) -> String {
    let reason = refusal.reason.map_or(refusal.code.as_str(), |reason| reason.as_str());
    let mut text = format!("splitplane: {reason}: {}\n", refusal.message);
    if let Some(hint) = refusal.metadata.get("hint") {
        text.push_str(&format!("splitplane: {hint}\n"));
    }
    if refusal.reason == Some(Reason::Unauthenticated) && profile.credentials.expires_at <= now {
        text.push_str(
            "splitplane: the profile's credentials have expired; `splitplane credentials` renews them\n",
        );
    }
    if refusal.reason.is_none() && refusal.code == "UNAVAILABLE" {
        text.push_str(&format!(
            "splitplane: is a mesh up at {}? `splitplane up` starts one\n",
            profile.endpoint
        ));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::tests::answered;

    #[test]
    fn exit_codes_tell_answers_from_questions_back_from_failures() {
        let codes = [
            Outcome::Answered,
            Outcome::Clarify,
            Outcome::Unsupported,
            Outcome::NothingInScope,
            Outcome::OverLimit,
            Outcome::Unavailable,
            Outcome::Refused,
        ]
        .map(exit_code);
        assert_eq!(codes, [0, 3, 3, 3, 1, 1, 1]);
    }

    #[test]
    fn a_person_sees_the_table_and_sql_only_on_request() {
        let plain = text(&answered(), false);
        assert!(plain.contains("$84,000.00") && !plain.contains("SELECT 1"), "{plain}");
        assert!(text(&answered(), true).contains("SELECT 1"));
    }
}
