//! What a command ends with.
//!
//! Decides the exit code of every error: 64 for what the user can put right in the command line or
//! the files it names, 1 for everything else.

use crate::caller::CallerError;
use crate::credentials::CredentialsError;
use crate::demo::DemoError;
use crate::example::ExampleError;
use crate::generate::GenerateError;
use crate::home::HomeError;
use crate::keys::KeysError;
use crate::mesh::MeshError;
use crate::output;
use crate::pki::PkiError;
use crate::profiles::ProfileError;
use crate::sign::SignCommandError;
use crate::world::WorldError;
use splitplane_audit::AuditError;
use splitplane_auth::RegistryError;
use splitplane_lab::LabError;
use splitplane_service::LongTermCredentials;
use std::process::ExitCode;

/// Answered, done.
pub(crate) const DONE: u8 = 0;
/// Refused or failed.
pub(crate) const FAILED: u8 = 1;
/// A question back, not supported, or nothing in scope.
pub(crate) const OTHERWISE: u8 = 3;
/// Bad usage, as `sysexits.h` has it.
pub(crate) const USAGE: u8 = 64;

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CommandError {
    /// The command line says something that makes no sense.
    #[error("{0}")]
    Usage(String),
    /// Standard output is closed, or the runtime cannot be made.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    #[error(transparent)]
    Home(#[from] HomeError),
    #[error(transparent)]
    Pki(#[from] PkiError),
    #[error(transparent)]
    Keys(#[from] KeysError),
    #[error(transparent)]
    World(#[from] WorldError),
    #[error(transparent)]
    Example(#[from] ExampleError),
    #[error(transparent)]
    Generate(#[from] GenerateError),
    #[error(transparent)]
    Profile(#[from] ProfileError),
    #[error(transparent)]
    Credentials(#[from] CredentialsError),
    #[error(transparent)]
    Mesh(#[from] MeshError),
    #[error(transparent)]
    Caller(#[from] CallerError),
    #[error(transparent)]
    Sign(#[from] SignCommandError),
    #[error(transparent)]
    LongTerm(#[from] LongTermCredentials),
    #[error(transparent)]
    Audit(#[from] AuditError),
    #[error(transparent)]
    Registry(#[from] RegistryError),
    #[error(transparent)]
    Demo(#[from] DemoError),
    #[error(transparent)]
    Lab(#[from] LabError),
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    /// The answer could not be run again.
    #[error("the answer could not be run again: {0}")]
    Replay(String),
    /// The check could not be run.
    #[error("the check could not be run: {0}")]
    Attack(String),
}

impl CommandError {
    /// The exit code.
    pub(crate) const fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_) | Self::World(_) | Self::Sign(_) | Self::Home(HomeError::Nowhere) => USAGE,
            Self::Generate(error) => match error {
                GenerateError::Syntax(_) | GenerateError::Spec { .. } | GenerateError::NotOurs { .. } => {
                    USAGE
                }
                GenerateError::Io { .. } | GenerateError::Encode { .. } => FAILED,
            },
            Self::Profile(error) => match error {
                ProfileError::Unknown { .. }
                | ProfileError::NotGranted { .. }
                | ProfileError::Malformed { .. } => USAGE,
                ProfileError::Expiry(_) | ProfileError::Home(_) => FAILED,
            },
            Self::Mesh(error) => match error {
                // A port in use, a file that does not fit: the command line can name others.
                MeshError::World(_)
                | MeshError::Config { .. }
                | MeshError::Start { .. }
                | MeshError::Telemetry { .. }
                | MeshError::Ports(_) => USAGE,
                MeshError::Home(_)
                | MeshError::Pki(_)
                | MeshError::Keys(_)
                | MeshError::Stopped { .. }
                | MeshError::Broken { .. }
                | MeshError::NotReady(_) => FAILED,
            },
            Self::Registry(error) => match error {
                RegistryError::Io { .. }
                | RegistryError::File { .. }
                | RegistryError::Invalid { .. }
                | RegistryError::Comments(_) => USAGE,
                RegistryError::Busy
                | RegistryError::Behind
                | RegistryError::Slow
                | RegistryError::Store(_) => FAILED,
            },
            Self::Lab(error) => match error {
                LabError::UnknownDataset { .. }
                | LabError::HoldsGrants { .. }
                | LabError::UnknownField { .. }
                | LabError::Computed { .. }
                | LabError::EmptyKey { .. }
                | LabError::RepeatedField { .. }
                | LabError::UnknownAdmin { .. }
                | LabError::TooMany { .. } => USAGE,
                LabError::TooDeep { .. }
                | LabError::Inconsistent(_)
                | LabError::Unread { .. }
                | LabError::Columns { .. } => FAILED,
            },
            Self::Io(_)
            | Self::Json(_)
            | Self::Home(HomeError::Io { .. } | HomeError::Random)
            | Self::Pki(_)
            | Self::Keys(_)
            | Self::Example(_)
            | Self::Credentials(_)
            | Self::Caller(_)
            | Self::Audit(_)
            | Self::LongTerm(_)
            | Self::Demo(_)
            | Self::Replay(_)
            | Self::Attack(_) => FAILED,
        }
    }

    /// Tells the error, and gives its exit code.
    pub(crate) fn tell(&self) -> ExitCode {
        // Whoever closed the pipe has seen enough.
        if !matches!(self, Self::Io(error) if error.kind() == std::io::ErrorKind::BrokenPipe) {
            output::err(&format!("splitplane: {}\n", output::chain(self)));
        }
        ExitCode::from(self.exit_code())
    }
}
