//! A demonstration's script, as YAML has it. Only gives it types.

use super::DemoError;
use serde::Deserialize;
use splitplane_types::CompositeKey;

/// A whole script.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Script {
    version: u32,
    /// What every caller asks.
    pub question: String,
    /// Who asks.
    pub callers: Vec<CallerScript>,
    /// What is attacked, in order.
    pub attacks: Vec<AttackScript>,
}

/// Somebody who asks.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallerScript {
    /// Name of the profile.
    pub profile: String,
    /// What the screen calls them.
    pub title: String,
    /// What they must get.
    pub expect: CallerExpectation,
}

/// What a caller must get.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallerExpectation {
    /// The one figure, a plain decimal.
    pub value: String,
    /// Scope keys covered.
    pub covered: u32,
    /// Scope keys granted.
    pub granted: u32,
}

/// An attack.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttackScript {
    /// What happens, in one line.
    pub title: String,
    /// The profile that starts it.
    pub caller: String,
    /// How.
    pub attack: Attack,
    /// The layer that must stop it.
    pub stopped_by: Layer,
    /// What must come back.
    pub expect: Expectation,
    /// Why, in a sentence.
    pub why: String,
}

/// How an attack goes: exactly one of these.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attack {
    /// Sign as the caller, then send another id.
    #[serde(default)]
    pub swap_after_signing: Option<Swap>,
    /// Sign with the caller's credentials for a foreign combination.
    #[serde(default)]
    pub sign_as: Option<Combination>,
    /// Ask a language model that obeys.
    #[serde(default)]
    pub obedient: Option<String>,
}

/// Ids to be sent in place of the signed ones.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Swap {
    /// Another tenant.
    #[serde(default)]
    pub tenant: Option<String>,
    /// Another business.
    #[serde(default)]
    pub business: Option<String>,
    /// Another admin.
    #[serde(default)]
    pub admin: Option<String>,
}

impl Swap {
    /// The header to change and its new value, for each id that is swapped.
    pub(super) fn headers(&self) -> Vec<(&'static str, &str)> {
        let pairs = [
            ("x-splitplane-tenant-id", &self.tenant),
            ("x-splitplane-business-id", &self.business),
            ("x-splitplane-admin-id", &self.admin),
        ];
        pairs.into_iter().filter_map(|(name, value)| Some((name, value.as_deref()?))).collect()
    }
}

/// A combination.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Combination {
    /// Tenant.
    pub tenant: String,
    /// Business.
    pub business: String,
    /// Admin.
    pub admin: String,
}

impl Combination {
    /// The composite key.
    pub(super) fn key(&self) -> Result<CompositeKey, DemoError> {
        let text = format!("{}/{}/{}", self.tenant, self.business, self.admin);
        text.parse().map_err(|source| DemoError::Id { text, source })
    }
}

/// A layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Layer {
    /// The signed request.
    #[serde(rename = "1")]
    Signature,
    /// Semantic validation.
    #[serde(rename = "2")]
    Validation,
    /// The scope that the server builds.
    #[serde(rename = "3a")]
    Scope,
    /// The guard of what a model writes.
    #[serde(rename = "3b")]
    Guard,
}

impl Layer {
    /// The layer's name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Signature => "1 (signed request)",
            Self::Validation => "2 (semantic validation)",
            Self::Scope => "3a (scope built by the server)",
            Self::Guard => "3b (guard of the model's SQL)",
        }
    }
}

/// What must come back from an attack.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expectation {
    /// Name of the outcome.
    pub outcome: String,
    /// Name of the reason of a refusal.
    #[serde(default)]
    pub reason: Option<String>,
    /// Words that may be nowhere in an answer.
    #[serde(default)]
    pub never: Vec<String>,
}

impl Script {
    /// Reads a script.
    ///
    /// # Errors
    /// [`DemoError::Script`] or [`DemoError::Version`].
    pub fn parse(text: &str) -> Result<Self, DemoError> {
        let script: Self =
            serde_saphyr::from_str(text).map_err(|error| DemoError::Script(Box::new(error)))?;
        if script.version == 1 { Ok(script) } else { Err(DemoError::Version(script.version)) }
    }
}
