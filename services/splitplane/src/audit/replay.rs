//! `splitplane audit replay`: whether an answer that was released would be the same today.
//!
//! Decides what is compared and what is said. The statement runs in a sandbox of the data plane, for which
//! a session key is needed: one is made here, by a key that only this process knows and nothing else trusts.

use super::Opened;
use super::lines::Entry;
use crate::error::{CommandError, DONE, FAILED};
use crate::example;
use crate::home::{self, Home};
use crate::mesh::{Configs, MeshOptions};
use crate::output;
use crate::world::{World, WorldArgs};
use splitplane_query::{Recorded, Replayer};
use splitplane_service::Clock;
use splitplane_session::{Feed, Minter, SessionGrant, SigningKey, VerifiedSession, Verifier};
use splitplane_types::{Digest, SessionId, Txn};
use std::str::FromStr;
use std::time::Duration;

/// A replay is one process, on one trust domain of its own.
const DOMAIN: &str = "replay.local";
const LIFE: Duration = Duration::from_secs(600);

pub(super) async fn run(
    home: &Home,
    log: &Opened,
    what: &str,
    world: &WorldArgs,
) -> Result<u8, CommandError> {
    let mut found = None;
    log.walk(|entry| {
        if entry.is(what) && entry.get("event").as_deref() == Some("rows_released") {
            found = Some(Recording::of(entry)?);
        }
        Ok(())
    })?;
    let recording =
        found.ok_or_else(|| CommandError::Usage(format!("no record `{what}` of rows that were released")))?;

    let world = match World::named(world)? {
        Some(world) => world,
        None => example::world(home),
    };
    let mut options = MeshOptions::new(home.clone(), world);
    options.environment = home::service_environment();
    let config = Configs::of(&options)?.query;
    let failed = |error: &dyn std::error::Error| CommandError::Replay(output::chain(error));
    let replayer = Replayer::open(&config).await.map_err(|error| failed(&error))?;
    let session = recording.session()?;
    let (model, policy) = replayer.digests();
    let replayed =
        replayer.run(&session, recording.recorded.clone()).await.map_err(|error| failed(&error))?;

    let is_same = replayed.digest == recording.result;
    let mut text = format!(
        "recorded  {} rows, {}\nnow       {} rows, {}\n",
        recording.rows, recording.result, replayed.rows, replayed.digest
    );
    for (name, then, now) in
        [("semantic model", recording.model, model), ("policy", recording.policy, policy)]
    {
        if then != now {
            text.push_str(&format!("the {name} has changed since\n"));
        }
    }
    text.push_str(if is_same { "the same result\n" } else { "another result\n" });
    output::out(&text)?;
    Ok(if is_same { DONE } else { FAILED })
}

/// A record of released rows.
struct Recording {
    recorded: Recorded,
    grant: SessionGrant,
    rows: String,
    result: Digest,
    model: Digest,
    policy: Digest,
}

impl Recording {
    fn of(entry: &Entry) -> Result<Self, CommandError> {
        let text = |key: &str| entry.get(key).unwrap_or_default();
        let list =
            |key: &str| text(key).split(' ').filter(|name| !name.is_empty()).map(str::to_owned).collect();
        let parameters = match entry.get("parameters") {
            None => Ok(std::collections::BTreeMap::new()),
            Some(json) => serde_json::from_str(&json).or(Err(incomplete("parameters"))),
        };
        let grant = SessionGrant {
            composite: parsed(entry, "composite")?,
            role: parsed(entry, "role")?,
            session_id: SessionId::from_parts(0, 0),
            txn: parsed::<Txn>(entry, "txn")?,
            body_digest: parsed(entry, "question_digest")?,
            method: "/replay".to_owned(),
            epoch: 0,
            principal: parsed(entry, "principal")?,
            access_key_id: "replay".to_owned(),
            requesting_workload: format!("spiffe://{DOMAIN}/replay"),
        };
        Ok(Self {
            recorded: Recorded {
                relations: list("relations"),
                metrics: list("metrics"),
                sql: text("sql"),
                parameters: parameters?,
            },
            grant,
            rows: text("rows"),
            result: parsed(entry, "result_digest")?,
            model: parsed(entry, "model")?,
            policy: parsed(entry, "policy")?,
        })
    }

    fn session(&self) -> Result<VerifiedSession, CommandError> {
        let failed = |error: &dyn std::error::Error| CommandError::Replay(output::chain(error));
        let now = Clock::system().now();
        let (key, _pem) = SigningKey::generate().map_err(|error| failed(&error))?;
        let verifier = Verifier::new(DOMAIN.to_owned(), DOMAIN.to_owned(), LIFE);
        let feed = Feed {
            session_keys: vec![key.public_key().into()],
            receipt_keys: Vec::new(),
            conversation_keys: Vec::new(),
            revocations: Vec::new(),
            minimum_epoch: 0,
            epoch: 0,
        };
        verifier.update(feed, now).map_err(|error| failed(&error))?;
        let minter = Minter::new(key, DOMAIN.to_owned(), DOMAIN.to_owned(), LIFE);
        let (key, _) = minter.mint(&self.grant, now).map_err(|error| failed(&error))?;
        verifier.verify(&key, now).map_err(|error| failed(&error))
    }
}

fn parsed<T: FromStr>(entry: &Entry, key: &str) -> Result<T, CommandError> {
    entry.get(key).and_then(|text| text.parse().ok()).ok_or_else(|| incomplete(key))
}

fn incomplete(key: &str) -> CommandError {
    CommandError::Replay(format!("the record has no `{key}` that can be read"))
}
