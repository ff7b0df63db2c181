//! Engines that run elsewhere: where they are, and where each source lies for them.

use super::Ready;
use crate::config::{Config, DatabricksWarehouse, SparkServer};
use crate::declared::declared_columns;
use splitplane_engine_databricks::{
    Credentials, DatabricksConfig, DatabricksEngine, SetupError, Statements, Workspace,
};
use splitplane_engine_spark::layout::{self, Format, Sources};
use splitplane_engine_spark::{
    Address, Client, ClientError, ClientOptions, FileToken, Roots, SparkConfig, SparkEngine, TokenSource,
};
use splitplane_semantics::{Policy, SemanticModel};
use splitplane_service::{Clock, StartError};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// A token in a file is read again at least so often.
const TOKEN_AGE_MAX: Duration = Duration::from_secs(60);

pub(super) async fn spark(
    config: &Config,
    model: &SemanticModel,
    policy: &Policy,
) -> Result<Ready, StartError> {
    let SparkServer { address, ca, token, sessions_max, barrier_rows } = &config.spark;
    let address = Address::parse(address)
        .map_err(|error| StartError::service("the address of the Spark Connect server is none", error))?;
    let roots = if ca.is_empty() {
        Roots::Public
    } else {
        let pem = std::fs::read(ca).map_err(|error| {
            StartError::service("the engine's certificate authority cannot be read", error)
        })?;
        Roots::Pem(pem)
    };
    let token = (!token.is_empty())
        .then(|| -> Arc<dyn TokenSource> { Arc::new(FileToken::new(token.clone(), TOKEN_AGE_MAX)) });
    let options = ClientOptions { roots, ..ClientOptions::default() };
    let failed =
        |error: ClientError| StartError::service("there is no client for the Spark Connect server", error);
    let client = Client::new(address, token, options).map_err(failed)?;
    let sources = sources(config, model, policy)?;
    let config = SparkConfig { sources, sessions_max: sessions_max.get(), barrier_rows: barrier_rows.get() };
    let engine = SparkEngine::open(client, config)
        .await
        .map_err(|error| StartError::service("the Spark Connect server cannot be used", error))?;
    let engine = Arc::new(engine);
    let catalog = Arc::clone(&engine);
    Ok((engine, catalog))
}

pub(super) async fn databricks(config: &Config) -> Result<Ready, StartError> {
    let failed = |error: SetupError| {
        StartError::service("the Databricks warehouse cannot be used as configured", error)
    };
    let DatabricksWarehouse { requests_max, barrier_rows, workspace, credentials, tags } = &config.databricks;
    let credentials = credentials.as_ref().ok_or_else(|| {
        StartError::service(
            "the Databricks warehouse is not configured",
            "there is no [databricks.credentials]",
        )
    })?;
    let workspace = Workspace::new(workspace.clone(), || Clock::system().now()).map_err(failed)?;
    let credentials = Credentials::new(credentials.clone(), &workspace).await.map_err(failed)?;
    let statements = Statements::new(workspace, credentials).map_err(failed)?;
    let config = DatabricksConfig {
        sources: config.warehouse.sources.clone(),
        requests_max: requests_max.get(),
        barrier_rows: barrier_rows.get(),
        tags: tags.clone().into_iter().collect(),
    };
    let engine = DatabricksEngine::open(statements, config)
        .await
        .map_err(|error| StartError::service("the Databricks warehouse cannot be used", error))?;
    let engine = Arc::new(engine);
    let catalog = Arc::clone(&engine);
    Ok((engine, catalog))
}

/// Where the model's sources are: as configured, the rest in the folder of the data, which the engine sees as this service
/// does.
fn sources(config: &Config, model: &SemanticModel, policy: &Policy) -> Result<Sources, StartError> {
    let mut sources = config.warehouse.sources.clone();
    let used = model.datasets.iter().filter(|dataset| {
        policy.datasets.contains_key(&dataset.name) || policy.grants.dataset == dataset.name
    });
    let missing: Vec<&str> =
        used.map(|dataset| dataset.source.as_str()).filter(|source| !sources.contains_key(*source)).collect();
    if !missing.is_empty() {
        sources.extend(in_folder(&config.warehouse.data, &missing)?);
    }
    // A file of JSON lines has no header: its columns are those that the model and the policy name.
    let declared = declared_columns(model, Some(policy));
    for (name, source) in &mut sources {
        if source.format == Format::Json && source.schema.is_empty() {
            let columns = declared.get(name).into_iter().flatten();
            let texts: Vec<String> = columns.map(|column| format!("`{column}` STRING")).collect();
            source.schema = texts.join(", ");
        }
    }
    Ok(sources)
}

fn in_folder(folder: &Path, names: &[&str]) -> Result<Sources, StartError> {
    let unread =
        |error: std::io::Error| StartError::service("the folder of the data cannot be looked at", error);
    let folder = std::path::absolute(folder).map_err(unread)?;
    layout::in_folder(&folder, names).map_err(unread)
}
