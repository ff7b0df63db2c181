//! What Converse answered.
//!
//! Decides whether an answer is whole and which part of it is the answer. That part is a text which should
//! be JSON; [`super::draft`] reads it.

use super::document;
use super::draft::{FORM, SIZE};
use super::prompts::Task;
use crate::account::Usage;
use crate::config::Form;
use crate::language_model::ModelError;
use aws_sdk_bedrockruntime::operation::converse::ConverseOutput;
use aws_sdk_bedrockruntime::types::{ContentBlock, ConversationRole, StopReason, TokenUsage};

/// Bytes of an answer: more than the largest of them needs with every character escaped.
const ANSWER_BYTES_MAX: usize = 131_072;
/// Letters of a word of the endpoint's that may go into a span.
const WORD_MAX: usize = 64;

/// The tokens that an answer says it cost; `None` where it does not.
pub(super) fn usage(usage: &TokenUsage) -> Option<Usage> {
    let count = |tokens: i32| u64::try_from(tokens).unwrap_or(0);
    let cache_read_tokens = count(usage.cache_read_input_tokens().unwrap_or(0));
    let cache_write_tokens = count(usage.cache_write_input_tokens().unwrap_or(0));
    let usage = Usage {
        // Bedrock counts cached tokens apart from the others.
        input_tokens: count(usage.input_tokens()) + cache_read_tokens + cache_write_tokens,
        cache_read_tokens,
        cache_write_tokens,
        output_tokens: count(usage.output_tokens()),
    };
    // The SDK fills in zeros where nothing was said; no answer is without a question that was read.
    (usage != Usage::default()).then_some(usage)
}

/// A word of the endpoint's protocol as it may be told. What is no such word may be anything at all, and is
/// not told.
pub(super) fn word(of: &str) -> &str {
    let is_letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    if of.len() <= WORD_MAX && of.chars().all(is_letter) { of } else { "_OTHER" }
}

/// The answer's text.
pub(super) fn answer(reply: &ConverseOutput, task: Task, form: Form) -> Result<String, ModelError> {
    // The SDK fills in an unknown output where there is none.
    let message = reply.output().and_then(|output| output.as_message().ok()).ok_or(ModelError::Empty);
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "a reason that we do not know may mean anything: no answer"
    )]
    match reply.stop_reason() {
        StopReason::GuardrailIntervened => return Err(ModelError::Guardrail),
        StopReason::ContentFiltered => return Err(ModelError::Declined),
        StopReason::MaxTokens | StopReason::ModelContextWindowExceeded => {
            return Err(ModelError::Malformed("cut short"));
        }
        StopReason::MalformedModelOutput | StopReason::MalformedToolUse => return Err(FORM),
        StopReason::EndTurn | StopReason::StopSequence | StopReason::ToolUse => {}
        other if other.as_str() == "refusal" => return Err(ModelError::Declined),
        // An answer without any part has no reason either.
        _ => return Err(message.err().unwrap_or(FORM)),
    }
    let message = message?;
    if *message.role() != ConversationRole::Assistant {
        return Err(FORM);
    }
    content(message.content(), task, form)
}

fn content(blocks: &[ContentBlock], task: Task, form: Form) -> Result<String, ModelError> {
    let mut found = None;
    for block in blocks {
        let part = match (block, form) {
            (ContentBlock::ReasoningContent(_), _) | (ContentBlock::Text(_), Form::Tool) => continue,
            (ContentBlock::Text(text), Form::Schema) if text.trim().is_empty() => continue,
            (ContentBlock::Text(text), Form::Schema) if text.len() > ANSWER_BYTES_MAX => return Err(SIZE),
            (ContentBlock::Text(text), Form::Schema) => text.clone(),
            (ContentBlock::ToolUse(call), Form::Tool) if call.name() == task.name() => {
                let input = document::to_json(call.input()).ok_or(FORM)?.to_string();
                if input.len() > ANSWER_BYTES_MAX {
                    return Err(SIZE);
                }
                input
            }
            // Pictures, tools that nobody offered, and whatever comes to be.
            (_, Form::Schema | Form::Tool) => return Err(FORM),
        };
        // Of two answers, none is taken.
        if found.replace(part).is_some() {
            return Err(FORM);
        }
    }
    found.ok_or(ModelError::Empty)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_the_protocol_are_told_and_sentences_are_not() {
        for kept in ["end_turn", "ThrottlingException", "model_context_window_exceeded"] {
            assert_eq!(word(kept), kept);
        }
        for other in ["canary words", "<html>", "é", &"x".repeat(WORD_MAX + 1)] {
            assert_eq!(word(other), "_OTHER");
        }
    }
}
