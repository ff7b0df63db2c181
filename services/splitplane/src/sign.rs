//! `splitplane sign`: the headers that sign one message, and the grpcurl command that sends it.
//!
//! Decides how a message in JSON becomes the bytes that grpcurl sends: fields in the order of their
//! numbers, as every encoder writes messages without maps, floats or optional fields.

use crate::caller::Signer;
use crate::error::{CommandError, DONE};
use crate::home::Home;
use crate::profiles::Profile;
use crate::{output, shell};
use clap::Args;
use prost::Message as _;
use prost_reflect::{DescriptorError, DescriptorPool, DeserializeOptions, DynamicMessage, MethodDescriptor};
use splitplane_service::Clock;
use splitplane_types::CompositeKey;

/// The service whose methods are signed.
const GATEWAY: &str = "splitplane.gateway.v1.GatewayService";

/// Why there is no signature.
#[derive(Debug, thiserror::Error)]
pub enum SignCommandError {
    /// There is no such method.
    #[error("`{name}` is not a signed method; there are {}", methods.join(", "))]
    Method {
        /// The name.
        name: String,
        /// Those that there are.
        methods: Vec<String>,
    },
    /// The JSON is not this message.
    #[error("the JSON is not a {message}")]
    Json {
        /// The message's full name.
        message: String,
        /// What is wrong.
        #[source]
        source: serde_json::Error,
    },
    /// The descriptors cannot be read.
    #[error("the API's descriptors cannot be read")]
    Descriptors(#[source] Box<DescriptorError>),
}

/// Print the headers that sign a message, and the grpcurl command that sends it
#[derive(Debug, Args)]
pub(crate) struct SignArgs {
    /// Profile to sign as
    #[arg(long = "as", value_name = "NAME")]
    name: String,
    /// Method of the gateway: Ask, ListMetrics or OpenSession, or its full name
    method: String,
    /// The message as JSON
    #[arg(default_value = "{}")]
    json: String,
    /// Print the grpcurl command alone
    #[arg(long)]
    command: bool,
    /// Sign for another combination than the profile's
    #[arg(long = "for", value_name = "TENANT/BUSINESS/ADMIN")]
    combination: Option<CompositeKey>,
}

/// A message to be signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Signable {
    /// `/package.Service/Method`.
    pub(crate) path: String,
    /// The bytes that are sent.
    pub(crate) message: Vec<u8>,
}

/// Signs, and prints.
pub(crate) fn run(home: &Home, args: &SignArgs) -> Result<u8, CommandError> {
    let profile = Profile::read(&home.profiles(), &args.name)?;
    let signable = signable(&args.method, &args.json)?;
    let mut signer = Signer::of(&profile, Clock::system());
    if let Some(combination) = &args.combination {
        signer.composite = combination.clone();
    }
    let headers = signer.headers(&signable.path, &signable.message)?;
    let command = grpcurl(&profile, &headers, &args.json, &signable.path);
    if !args.command {
        let listed: String = headers.iter().map(|(name, value)| format!("{name}: {value}\n")).collect();
        output::out(&format!("{listed}\n"))?;
    }
    output::out(&command)?;
    Ok(DONE)
}

/// The path and bytes of a message of the gateway.
pub(crate) fn signable(method: &str, json: &str) -> Result<Signable, SignCommandError> {
    let method = find(method)?;
    let message = method.input();
    let failed = |source| SignCommandError::Json { message: message.full_name().to_owned(), source };
    let mut json = serde_json::Deserializer::from_str(json);
    let options = DeserializeOptions::new().deny_unknown_fields(true);
    let parsed =
        DynamicMessage::deserialize_with_options(message.clone(), &mut json, &options).map_err(failed)?;
    json.end().map_err(failed)?;
    let path = format!("/{}/{}", method.parent_service().full_name(), method.name());
    Ok(Signable { path, message: parsed.encode_to_vec() })
}

fn find(name: &str) -> Result<MethodDescriptor, SignCommandError> {
    let pool = DescriptorPool::decode(splitplane_proto::DESCRIPTOR_SET);
    let pool = pool.map_err(|error| SignCommandError::Descriptors(Box::new(error)))?;
    let short = name.trim_start_matches('/').trim_start_matches(GATEWAY).trim_start_matches(['/', '.']);
    let methods: Vec<MethodDescriptor> =
        pool.get_service_by_name(GATEWAY).map(|service| service.methods().collect()).unwrap_or_else(Vec::new);
    let found = methods.iter().find(|method| method.name() == short).cloned();
    found.ok_or_else(|| SignCommandError::Method {
        name: name.to_owned(),
        methods: methods.iter().map(|method| method.name().to_owned()).collect(),
    })
}

/// The whole command. The operator's certificate is there for reflection alone: the method itself is
/// signed.
pub(crate) fn grpcurl(profile: &Profile, headers: &[(String, String)], json: &str, path: &str) -> String {
    let mut command = format!("grpcurl {}", tls(profile));
    for (name, value) in headers {
        let header = shell::quoted(&format!("{name}: {value}"));
        command.push_str(&format!(" \\\n  -rpc-header {header}"));
    }
    let method = path.trim_start_matches('/');
    command.push_str(&format!(" \\\n  -d {} {} {method}\n", shell::quoted(json), profile.authority()));
    command
}

/// The options with which grpcurl shows the operator's certificate and knows the mesh.
pub(crate) fn tls(profile: &Profile) -> String {
    let path = |path: &std::path::Path| shell::quoted(&path.display().to_string());
    let certificates = &profile.certificates;
    format!(
        "-cacert {} -cert {} -key {}",
        path(&certificates.ca),
        path(&certificates.certificate),
        path(&certificates.key)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use splitplane_proto::common::v1::Question;
    use splitplane_proto::gateway::v1::AskRequest;
    use std::time::{Duration, UNIX_EPOCH};

    #[test]
    fn json_becomes_the_bytes_that_every_encoder_writes() {
        let json = r#"{"question":{"asOf":"2021-08-31T00:00:00.5Z","text":"How \"many\"?"}}"#;
        let as_of = (UNIX_EPOCH + Duration::from_millis(1_630_368_000_500)).into();
        let question = Question { text: "How \"many\"?".to_owned(), as_of: Some(as_of) };
        let expected = AskRequest { question: Some(question), conversation: String::new() }.encode_to_vec();
        for method in
            ["Ask", "splitplane.gateway.v1.GatewayService/Ask", "/splitplane.gateway.v1.GatewayService/Ask"]
        {
            let signable = signable(method, json).unwrap();
            assert_eq!(signable.path, "/splitplane.gateway.v1.GatewayService/Ask");
            assert_eq!(signable.message, expected);
        }
        assert_eq!(signable("ListMetrics", "{}").unwrap().message, b"");
    }

    #[test]
    fn what_grpcurl_would_refuse_is_refused_here() {
        for (method, json) in [
            ("Tell", "{}"),
            ("splitplane.auth.v1.AuthService/Watch", "{}"),
            ("Ask", "{\"question\":{\"txt\":\"x\"}}"),
            ("Ask", "{} {}"),
            ("Ask", "{"),
        ] {
            assert!(signable(method, json).is_err(), "{method} {json}");
        }
    }
}
