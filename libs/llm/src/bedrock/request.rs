//! How a task is written down for Converse.
//!
//! Decides where instructions end and data begins: instructions are a file of ours, word for word; data
//! is JSON between two marks, in which no text can write a mark, since `<` is escaped. What the data is
//! was decided by [`super::input`].

use super::document;
use super::input::Input;
use super::prompts::Task;
use crate::config::{BedrockConfig, Form, TaskConfig};
use aws_sdk_bedrockruntime::Client;
use aws_sdk_bedrockruntime::error::BuildError;
use aws_sdk_bedrockruntime::operation::converse::builders::ConverseFluentBuilder;
use aws_sdk_bedrockruntime::types::{
    CachePointBlock, CachePointType, ContentBlock, ConversationRole, GuardrailConfiguration,
    GuardrailConverseContentBlock, GuardrailConverseTextBlock, InferenceConfiguration, JsonSchemaDefinition,
    Message, OutputConfig, OutputFormat, OutputFormatStructure, OutputFormatType, SpecificToolChoice,
    SystemContentBlock, Tool, ToolChoice, ToolConfiguration, ToolInputSchema, ToolSpecification,
};
use serde_json::Value;

/// Why a request cannot be written: a defect.
#[derive(Debug, thiserror::Error)]
pub(super) enum RequestError {
    #[error("the request lacks a part")]
    Build(#[from] BuildError),
    #[error("a schema is no JSON")]
    Schema(#[from] serde_json::Error),
}

/// The request, not sent yet.
pub(super) fn converse(
    client: &Client,
    bedrock: &BedrockConfig,
    config: &TaskConfig,
    task: Task,
    input: &Input,
) -> Result<ConverseFluentBuilder, RequestError> {
    let tokens = i32::try_from(config.output_tokens_max.get()).unwrap_or(i32::MAX);
    let mut request = client
        .converse()
        .model_id(&config.model_id)
        .set_system(Some(system(task, input, config.is_cached)?))
        .messages(message(&input.input, !bedrock.guardrail.is_empty())?)
        // Recent models take no temperature beside other settings, or none at all.
        .inference_config(InferenceConfiguration::builder().max_tokens(tokens).build());
    request = match config.form {
        Form::Schema => request.output_config(output_config(task)?),
        Form::Tool => request.tool_config(tool_config(task)?),
    };
    if !bedrock.guardrail.is_empty() {
        let guardrail = GuardrailConfiguration::builder()
            .guardrail_identifier(&bedrock.guardrail)
            .guardrail_version(&bedrock.guardrail_version);
        request = request.guardrail_config(guardrail.build());
    }
    Ok(request)
}

fn system(task: Task, input: &Input, is_cached: bool) -> Result<Vec<SystemContentBlock>, RequestError> {
    let mut blocks = vec![SystemContentBlock::Text(task.instructions().to_owned())];
    if let Some(context) = &input.context {
        blocks.push(SystemContentBlock::Text(enclosed("context", context)));
        if is_cached {
            let point = CachePointBlock::builder().r#type(CachePointType::Default).build()?;
            blocks.push(SystemContentBlock::CachePoint(point));
        }
    }
    Ok(blocks)
}

fn message(input: &Value, is_guarded: bool) -> Result<Message, RequestError> {
    let text = enclosed("input", input);
    let block = if is_guarded {
        let text = GuardrailConverseTextBlock::builder().text(text).build()?;
        ContentBlock::GuardContent(GuardrailConverseContentBlock::Text(text))
    } else {
        ContentBlock::Text(text)
    };
    Ok(Message::builder().role(ConversationRole::User).content(block).build()?)
}

fn output_config(task: Task) -> Result<OutputConfig, RequestError> {
    let schema = JsonSchemaDefinition::builder().schema(task.schema()).name(task.name()).build()?;
    let format = OutputFormat::builder()
        .r#type(OutputFormatType::JsonSchema)
        .structure(OutputFormatStructure::JsonSchema(schema))
        .build()?;
    Ok(OutputConfig::builder().text_format(format).build())
}

fn tool_config(task: Task) -> Result<ToolConfiguration, RequestError> {
    let schema: Value = serde_json::from_str(task.schema())?;
    let tool = ToolSpecification::builder()
        .name(task.name())
        .description("Takes the answer. It must be called once.")
        .input_schema(ToolInputSchema::Json(document::from_json(schema)))
        .build()?;
    let choice = SpecificToolChoice::builder().name(task.name()).build()?;
    Ok(ToolConfiguration::builder()
        .tools(Tool::ToolSpec(tool))
        .tool_choice(ToolChoice::Tool(choice))
        .build()?)
}

/// JSON between two marks. In JSON `<` stands in strings alone, where it may be escaped.
pub(super) fn enclosed(mark: &str, data: &Value) -> String {
    let json = data.to_string().replace('<', "\\u003c").replace('>', "\\u003e");
    format!("<{mark}>\n{json}\n</{mark}>")
}
