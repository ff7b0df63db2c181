//! An HTTP endpoint that answers from a script and remembers what it was sent.

use serde_json::{Value, json};
use splitplane_llm::{BedrockConfig, BedrockModel, Form, TaskConfig, TaskSet};
use std::collections::{BTreeMap, VecDeque};
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// Largest reply that is read in these tests.
pub(crate) const REPLY_BYTES_MAX: usize = 65_536;
/// Tries.
pub(crate) const ATTEMPTS_MAX: u32 = 3;

/// What is answered to one request.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    /// A status, the type of an error, a body.
    Said(u16, Option<&'static str>, String),
    /// Chunks without end.
    Endless,
    /// Half a body, and then nothing more.
    Stalled,
    /// A body of which a byte comes now and then, without end.
    Trickling,
    /// These bytes, and then the end of the connection.
    Bytes(Vec<u8>),
}

/// What was sent.
#[derive(Debug, Clone)]
pub(crate) struct Sent {
    pub(crate) line: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Value,
}

pub(crate) struct Endpoint {
    url: String,
    sent: Arc<Mutex<Vec<Sent>>>,
}

impl Endpoint {
    /// Answers in turn; a request beyond the script is not answered.
    pub(crate) async fn start(script: impl IntoIterator<Item = Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let sent = Arc::<Mutex<Vec<Sent>>>::default();
        let (script, heard) = (Mutex::new(script.into_iter().collect::<VecDeque<_>>()), Arc::clone(&sent));
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let Some(request) = read(&mut stream).await else { continue };
                heard.lock().unwrap().push(request);
                let Some(reply) = script.lock().unwrap().pop_front() else { return };
                tokio::spawn(answer(stream, reply));
            }
        });
        Self { url, sent }
    }

    pub(crate) fn sent(&self) -> Vec<Sent> {
        self.sent.lock().unwrap().clone()
    }

    /// A model that asks this endpoint, with credentials of a role.
    pub(crate) fn model(&self, form: Form) -> BedrockModel {
        self.model_with("ASIAIOSFODNN7EXAMPLE", |config, _| config.endpoint.clone_from(&self.url), form)
    }

    pub(crate) fn model_with(
        &self,
        key_id: &str,
        change: impl FnOnce(&mut BedrockConfig, &mut TaskConfig),
        form: Form,
    ) -> BedrockModel {
        let credentials =
            aws_credential_types::Credentials::new(key_id, "secret", Some("token".into()), None, "test");
        let provider = aws_credential_types::provider::SharedCredentialsProvider::new(credentials);
        let mut config = BedrockConfig {
            region: "eu-west-1".into(),
            endpoint: self.url.clone(),
            guardrail: String::new(),
            guardrail_version: String::new(),
            connect_time_max: Duration::from_secs(1),
            attempt_time_max: Duration::from_secs(5),
            call_time_max: Duration::from_secs(20),
            attempts_max: NonZeroU32::new(ATTEMPTS_MAX).unwrap(),
            pause: Duration::from_millis(1),
            reply_bytes_max: REPLY_BYTES_MAX,
        };
        let mut task = TaskConfig {
            model_id: "eu.anthropic.claude-sonnet-4-6".into(),
            form,
            output_tokens_max: NonZeroU32::new(2_000).unwrap(),
            is_cached: true,
            input_price: 3.0,
            cache_read_price: 0.3,
            cache_write_price: 3.75,
            output_price: 15.0,
        };
        change(&mut config, &mut task);
        let tasks = TaskSet {
            validate: Some(task.clone()),
            route: Some(task.clone()),
            write_sql: Some(task.clone()),
            explain: Some(task),
        };
        BedrockModel::with_credentials(provider, &config, tasks)
    }
}

async fn read(stream: &mut TcpStream) -> Option<Sent> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).unwrap();
    let mut lines = head.lines();
    let line = lines.next().unwrap().to_owned();
    let headers: BTreeMap<String, String> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let mut body = vec![0; headers.get("content-length")?.parse().ok()?];
    stream.read_exact(&mut body).await.ok()?;
    Some(Sent { line, headers, body: serde_json::from_slice(&body).unwrap() })
}

async fn answer(mut stream: TcpStream, reply: Reply) {
    let chunked = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";
    // A caller that goes away is what some of these are about.
    match reply {
        Reply::Said(status, error, body) => {
            let error = error.map_or_else(String::new, |error| format!("x-amzn-errortype: {error}\r\n"));
            let head = format!(
                "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\n{error}connection: close\r\ncontent-length: {}\r\n\r\n",
                body.len()
            );
            drop(stream.write_all(format!("{head}{body}").as_bytes()).await);
        }
        Reply::Endless => {
            drop(stream.write_all(chunked.as_bytes()).await);
            let chunk = format!("400\r\n{}\r\n", " ".repeat(0x400));
            while stream.write_all(chunk.as_bytes()).await.is_ok() {}
        }
        Reply::Trickling => {
            drop(stream.write_all(chunked.as_bytes()).await);
            let mut now_and_then = tokio::time::interval(Duration::from_millis(20));
            while stream.write_all(b"1\r\n \r\n").await.is_ok() {
                now_and_then.tick().await;
            }
        }
        Reply::Bytes(bytes) => drop(stream.write_all(&bytes).await),
        Reply::Stalled => {
            drop(stream.write_all(chunked.as_bytes()).await);
            drop(stream.write_all(b"5\r\n{\"out\r\n").await);
            let mut nothing = [0; 1];
            drop(stream.read(&mut nothing).await);
        }
    }
}

/// A whole answer of Converse, with this content.
pub(crate) fn converse(stop: &str, content: &Value) -> Reply {
    let body = json!({
        "output": { "message": { "role": "assistant", "content": content } },
        "stopReason": stop,
        "usage": {
            "inputTokens": 100, "outputTokens": 20, "totalTokens": 1_123,
            "cacheReadInputTokens": 1_000, "cacheWriteInputTokens": 3,
        },
        "metrics": { "latencyMs": 5 },
    });
    Reply::Said(200, None, body.to_string())
}

/// The answer as text.
pub(crate) fn text(answer: &Value) -> Reply {
    converse("end_turn", &json!([{ "text": answer.to_string() }]))
}

/// The answer as a call of a tool.
pub(crate) fn tool(name: &str, input: &Value) -> Reply {
    converse("tool_use", &json!([{ "toolUse": { "toolUseId": "t1", "name": name, "input": input } }]))
}

/// A body of these bytes, with headers of its own, each ended.
pub(crate) fn raw(status: u16, headers: &str, body: &[u8]) -> Reply {
    let head = format!(
        "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\n{headers}connection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    Reply::Bytes([head.as_bytes(), body].concat())
}

/// A failure.
pub(crate) fn failure(status: u16, error: &'static str) -> Reply {
    Reply::Said(status, Some(error), json!({ "message": "canary words" }).to_string())
}
