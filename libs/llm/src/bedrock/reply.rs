//! What Converse answered.
//!
//! Decides whether an answer is whole and which part of it is the answer. That part is JSON of no
//! particular form; [`super::draft`] reads it.

use super::document;
use super::prompts::Task;
use crate::account::Usage;
use crate::config::Form;
use crate::language_model::ModelError;
use aws_sdk_bedrockruntime::operation::converse::ConverseOutput;
use aws_sdk_bedrockruntime::types::{ContentBlock, ConversationRole, StopReason, TokenUsage};
use serde_json::Value;

const FORM: ModelError = ModelError::Malformed("not of the form that was asked for");

/// The tokens that an answer says it cost.
pub(super) fn usage(usage: Option<&TokenUsage>) -> Usage {
    let count = |tokens: i32| u64::try_from(tokens).unwrap_or(0);
    let Some(usage) = usage else { return Usage::default() };
    let cache_read_tokens = count(usage.cache_read_input_tokens().unwrap_or(0));
    let cache_write_tokens = count(usage.cache_write_input_tokens().unwrap_or(0));
    Usage {
        // Bedrock counts cached tokens apart from the others.
        input_tokens: count(usage.input_tokens()) + cache_read_tokens + cache_write_tokens,
        cache_read_tokens,
        cache_write_tokens,
        output_tokens: count(usage.output_tokens()),
    }
}

/// The answer's JSON.
pub(super) fn answer(reply: &ConverseOutput, task: Task, form: Form) -> Result<Value, ModelError> {
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

fn content(blocks: &[ContentBlock], task: Task, form: Form) -> Result<Value, ModelError> {
    let mut found = None;
    for block in blocks {
        let part = match (block, form) {
            (ContentBlock::ReasoningContent(_), _) | (ContentBlock::Text(_), Form::Tool) => continue,
            (ContentBlock::Text(text), Form::Schema) if text.trim().is_empty() => continue,
            (ContentBlock::Text(text), Form::Schema) => {
                serde_json::from_str(text).or(Err(ModelError::Malformed("not JSON")))?
            }
            (ContentBlock::ToolUse(call), Form::Tool) if call.name() == task.name() => {
                document::to_json(call.input()).ok_or(FORM)?
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
