//! A mesh to test against, its callers, and a language model that does as it is told.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use splitplane::answer::{Answer, answer};
use splitplane::caller::{ASK, Caller, question};
use splitplane::credentials::{Issuer, profile};
use splitplane::home::Home;
use splitplane::mesh::{Mesh, MeshOptions, RunningMesh};
use splitplane::profiles::Profile;
use splitplane_llm::{
    EmbeddedModel, ExplainTask, LanguageModel, ModelError, RouteTask, ValidateReply, ValidateTask,
    WriteSqlTask,
};
use splitplane_proto::gateway::v1::AskRequest;
use splitplane_service::{Clock, Workload};
use splitplane_testkit::World;
use splitplane_types::{Cell, Table};
use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tempfile::TempDir;

/// Who sees two branches of three.
pub(crate) const ANN: &str = "city-libraries/north/ann";
/// Who sees all three.
pub(crate) const BEA: &str = "city-libraries/north/bea";
/// Who sees a branch of another business of the same tenant.
pub(crate) const SUE: &str = "city-libraries/south/sue";
/// Who sees a branch of another tenant, with the same ids.
pub(crate) const RITA: &str = "rival-books/north/rita";

/// Friday, 2026-11-20, noon UTC: "last week" is 2026-11-09 to 2026-11-15.
pub(crate) fn as_of() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_795_176_000)
}

/// A running mesh over a world of libraries.
pub(crate) struct Bench {
    pub(crate) folder: TempDir,
    pub(crate) mesh: RunningMesh,
}

impl Bench {
    pub(crate) async fn start(world: &World) -> Self {
        Self::start_with(world, |_| {}).await
    }

    pub(crate) async fn start_with(world: &World, adjust: impl FnOnce(&mut MeshOptions)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = options(folder.path(), world);
        Self::start_at(folder, options, adjust).await
    }

    pub(crate) async fn start_at(
        folder: TempDir,
        mut options: MeshOptions,
        adjust: impl FnOnce(&mut MeshOptions),
    ) -> Self {
        adjust(&mut options);
        let mesh = Mesh::start(options).await.unwrap();
        Self { folder, mesh }
    }

    pub(crate) fn data(&self) -> std::path::PathBuf {
        self.folder.path().join("data")
    }

    pub(crate) fn address(&self, workload: Workload) -> String {
        self.mesh.addresses().local(workload)
    }

    pub(crate) async fn profile(&self, composite: &str) -> Profile {
        let issuer = Issuer::at(&self.address(Workload::Auth), &self.mesh.certificates()).unwrap();
        profile(&self.mesh, &issuer, &composite.parse().unwrap()).await.unwrap()
    }

    pub(crate) async fn caller(&self, composite: &str) -> Caller {
        Caller::new(&self.profile(composite).await, Clock::system()).unwrap()
    }

    pub(crate) async fn ask(&self, composite: &str, text: &str) -> Answer {
        ask(&self.caller(composite).await, text).await
    }
}

/// The library world's files in a folder, and a mesh over them.
pub(crate) fn options(folder: &Path, world: &World) -> MeshOptions {
    let (model, policy, data) = (folder.join("model.yaml"), folder.join("policy.yaml"), folder.join("data"));
    std::fs::write(&model, splitplane_testkit::MODEL).unwrap();
    std::fs::write(&policy, splitplane_testkit::POLICY).unwrap();
    world.write(&data).unwrap();
    let world = splitplane::world::World::at(&model, &policy, &data).unwrap();
    MeshOptions::new(Home::at(&folder.join("home")).unwrap(), world)
}

/// Asks as of the fixed instant.
pub(crate) async fn ask(caller: &Caller, text: &str) -> Answer {
    ask_in(caller, text, "").await
}

/// The same, in the conversation of an earlier answer.
pub(crate) async fn ask_in(caller: &Caller, text: &str, conversation: &str) -> Answer {
    let question = Some(question(text, Some(as_of())));
    let message = AskRequest { question, conversation: conversation.to_owned() };
    let request = caller.signer().request(ASK, message).unwrap();
    answer(caller, request, &mut |_| {}).await.unwrap()
}

/// The table of an answer that must have one.
pub(crate) fn table(answer: &Answer) -> &Table {
    answer.table.as_ref().unwrap_or_else(|| panic!("no table: {answer:?}"))
}

/// The only cell of an answer, in cents.
pub(crate) fn cents(answer: &Answer) -> i64 {
    let table = table(answer);
    assert_eq!((table.columns.len(), table.rows.len()), (1, 1), "{table:?}");
    match &table.rows[0][0] {
        Cell::Decimal(amount) => i64::try_from(amount.rounded(2).normalized(2).unscaled()).unwrap(),
        other => panic!("not an amount: {other:?}"),
    }
}

/// What stands in a token.
pub(crate) fn claims_of(token: &str) -> serde_json::Value {
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
    serde_json::from_slice(&claims).unwrap()
}

/// Everything a caller obtained but what may differ between two worlds: txn and timings, and a conversation's id, times
/// and signature.
pub(crate) fn obtained(answer: &Answer) -> String {
    let mut answer = answer.clone();
    answer.txn = None;
    answer.timings_ms.clear();
    answer.conversation = answer.conversation.map(|token| {
        let mut claims = claims_of(&token);
        for name in ["iat", "exp", "session_id"] {
            claims.as_object_mut().unwrap().remove(name).unwrap();
        }
        claims.to_string()
    });
    if let Some(error) = &mut answer.error {
        error.metadata.remove("server_time");
    }
    format!("{answer:#?}")
}

/// A model that approves what the embedded one reads, and then writes what it is told.
#[derive(Debug)]
pub(crate) struct Scripted {
    embedded: EmbeddedModel,
    drafts: Mutex<VecDeque<String>>,
    narrative: Option<String>,
}

impl Scripted {
    /// Writes these drafts in turn; the last one again and again.
    pub(crate) fn writing<const N: usize>(drafts: [&str; N]) -> Arc<Self> {
        let drafts = Mutex::new(drafts.map(str::to_owned).into());
        Arc::new(Self { embedded: EmbeddedModel::new(), drafts, narrative: None })
    }

    /// Writes honest SQL and then this analysis.
    pub(crate) fn narrating(text: &str) -> Arc<Self> {
        let drafts = Mutex::default();
        Arc::new(Self { embedded: EmbeddedModel::new(), drafts, narrative: Some(text.to_owned()) })
    }

    /// Puts another draft in place of those that are left.
    pub(crate) fn write_next(&self, draft: &str) {
        *self.drafts.lock().unwrap() = VecDeque::from([draft.to_owned()]);
    }
}

#[tonic::async_trait]
impl LanguageModel for Scripted {
    fn name(&self) -> &str {
        "scripted"
    }

    async fn validate(&self, task: ValidateTask<'_>) -> Result<ValidateReply, ModelError> {
        self.embedded.validate(task).await
    }

    async fn route(&self, task: RouteTask<'_>) -> Result<Vec<String>, ModelError> {
        self.embedded.route(task).await
    }

    async fn write_sql(&self, task: WriteSqlTask<'_>) -> Result<String, ModelError> {
        let draft = {
            let mut drafts = self.drafts.lock().unwrap();
            if drafts.len() > 1 { drafts.pop_front() } else { drafts.front().cloned() }
        };
        match draft {
            Some(draft) => Ok(draft),
            None => self.embedded.write_sql(task).await,
        }
    }

    async fn explain(&self, task: ExplainTask<'_>) -> Result<String, ModelError> {
        match &self.narrative {
            Some(text) => Ok(text.clone()),
            None => self.embedded.explain(task).await,
        }
    }
}
