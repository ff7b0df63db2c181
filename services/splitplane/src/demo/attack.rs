//! Attacks: how a request is forged, and whether the right layer stopped it.
//!
//! That a layer stopped an attack is read from what came back before: a refusal of layer 1 has no
//! transaction, layer 3b refused every draft after a scope was built, and an answer that layer 3a kept clean
//! holds none of the words that it must not.

use super::script::{AttackScript, Layer};
use super::{AttackReport, DemoError, Stage};
use crate::answer::{Answer, answer};
use crate::caller::{ASK, Caller, question, with_headers};
use crate::json;
use prost::Message as _;
use splitplane_proto::gateway::v1::AskRequest;
use splitplane_types::{Outcome, Reason};

/// Sends a forged request, and says what came back.
pub(super) async fn forged(stage: &Stage, script: &AttackScript, text: &str) -> Result<Answer, DemoError> {
    let caller = Caller::new(&stage.profile(&script.caller).await?, stage.clock.clone())?;
    let message = AskRequest { question: Some(question(text, None)), conversation: String::new() };
    let mut signer = caller.signer().clone();
    if let Some(combination) = &script.attack.sign_as {
        signer.composite = combination.key()?;
    }
    let mut headers = signer.headers(ASK, &message.encode_to_vec())?;
    for (name, value) in script.attack.swap_after_signing.iter().flat_map(|swap| swap.headers()) {
        for header in headers.iter_mut().filter(|(header, _)| header == name) {
            value.clone_into(&mut header.1);
        }
    }
    Ok(answer(&caller, with_headers(message, &headers)?, &mut |_| {}).await?)
}

/// Says in what an attack did not end as the script expects.
pub(super) fn judged(script: &AttackScript, answer: Answer) -> AttackReport {
    let mut problems = Vec::new();
    if answer.outcome.as_str() != script.expect.outcome {
        problems.push(format!("the outcome is {} instead of {}", answer.outcome, script.expect.outcome));
    }
    let reason = answer.reason().map(Reason::as_str);
    if reason != script.expect.reason.as_deref() {
        problems.push(format!(
            "the reason is {} instead of {}",
            or_none(reason),
            or_none(script.expect.reason.as_deref())
        ));
    }
    if !is_stopped_by(script.stopped_by, &answer) {
        problems.push(format!("it was not layer {} that stopped it", script.stopped_by.as_str()));
    }
    let shown = everything(&answer);
    for word in script.expect.never.iter().filter(|word| holds(&shown, word)) {
        problems.push(format!("the answer holds `{word}`"));
    }
    AttackReport { script: script.clone(), answer, problems }
}

fn or_none(text: Option<&str>) -> &str {
    text.unwrap_or("none")
}

fn is_stopped_by(layer: Layer, answer: &Answer) -> bool {
    let is_authenticated = answer.txn.is_some();
    let is_validated = answer.interpretation.is_some();
    let is_scoped = answer.security_sql.is_some();
    match layer {
        Layer::Signature => answer.outcome == Outcome::Refused && !is_authenticated,
        Layer::Validation => is_authenticated && !is_validated,
        Layer::Scope => is_validated && is_scoped && answer.table.is_some(),
        Layer::Guard => {
            is_scoped && !answer.drafts.is_empty() && answer.refused_drafts.len() == answer.drafts.len()
        }
    }
}

/// All texts of an answer but the question, which the caller wrote.
fn everything(answer: &Answer) -> String {
    let mut answer = answer.clone();
    answer.question.clear();
    // A table, a statement and a sentence always encode.
    json::text(&answer).unwrap_or_else(|error| error.to_string())
}

/// Whether a text holds a word, as a word: `544` is not in `1,544,000.00`.
fn holds(text: &str, word: &str) -> bool {
    let is_inside = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ',' | '$');
    let is_edge = |c: char| matches!(c, '.' | ',' | '$' | '-');
    if word.chars().all(is_inside) {
        let mut words = text.split(|c| !is_inside(c)).map(|word| word.trim_matches(is_edge));
        words.any(|found| found.eq_ignore_ascii_case(word))
    } else {
        text.to_lowercase().contains(&word.to_lowercase())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_found_as_a_word_and_not_within_a_figure() {
        for text in ["business 544.", "('544')", "\"544\"", "x,544"] {
            assert!(holds(&text.replace("x,", "x, "), "544"), "{text}");
        }
        for text in ["1,544,000.00", "$544.10", "5440", "a544"] {
            assert!(!holds(text, "544"), "{text}");
        }
        assert!(holds("tenant_id = 'Elm-and-Ash'", "elm-and-ash"));
        assert!(!holds("elm and ash", "elm-and-ash"));
        assert!(holds("the Elm street", "elm street"));
    }
}
