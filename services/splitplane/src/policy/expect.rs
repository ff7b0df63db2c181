//! `splitplane policy test`: what certain admins must see, and must not, like unit tests of a policy.
//!
//! Decides when an expectation holds. The form of a file stands on the page `docs/policy-lab.md`.

use super::check::counted;
use super::{Opened, tables};
use crate::error::{CommandError, DONE, FAILED};
use crate::home::Home;
use crate::output;
use crate::world::WorldArgs;
use clap::Args;
use serde::Deserialize;
use serde_json::json;
use serde_saphyr::Spanned;
use splitplane_lab::{Audience, Lab, LabError};
use splitplane_query::WarehouseRows;
use splitplane_types::{CompositeKey, Role};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// Check expectations of who sees what: YAML, a list; exit 1 where one does not hold
#[derive(Debug, Args)]
pub(crate) struct TestArgs {
    /// The file
    file: PathBuf,
    #[command(flatten)]
    world: WorldArgs,
    /// One JSON object an expectation
    #[arg(long)]
    json: bool,
}

/// A key: fields, and the values that they hold, as they are written.
type Key = BTreeMap<String, String>;

/// One expectation: of an admin, or of rows.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expectation {
    /// tenant/business/admin.
    admin: Option<String>,
    /// The role in which; for columns and metrics.
    role: Option<String>,
    dataset: Option<String>,
    /// The admin sees rows with each of these keys, and no others.
    exactly: Option<Vec<Key>>,
    /// The admin sees a row with each of these keys.
    #[serde(default)]
    sees: Vec<Key>,
    /// The admin sees no row with any of these keys.
    #[serde(default)]
    never: Vec<Key>,
    /// How many rows the admin sees.
    rows: Option<u64>,
    /// How fields are seen: `shown`, `hidden`, or the mask.
    #[serde(default)]
    columns: BTreeMap<String, String>,
    /// Metrics that are supported.
    #[serde(default)]
    metrics: Vec<String>,
    /// Metrics that are not.
    #[serde(default)]
    no_metrics: Vec<String>,
    /// The key of rows.
    key: Option<Key>,
    /// Exactly these admins see them.
    seen_by: Option<Vec<String>>,
}

/// Checks all of a file.
pub(super) fn run(home: &Home, args: &TestArgs) -> Result<u8, CommandError> {
    let usage = |told: String| CommandError::Usage(format!("{}: {told}", args.file.display()));
    let text = std::fs::read_to_string(&args.file).map_err(|error| usage(error.to_string()))?;
    let all: Vec<Spanned<Expectation>> =
        serde_saphyr::from_str(&text).map_err(|error| usage(error.to_string()))?;
    if all.is_empty() {
        return Err(usage("there is nothing to check".to_owned()));
    }
    let opened = Opened::of(home, &args.world)?;
    let rows = WarehouseRows::new(&opened.warehouse);
    let lab = Lab::open(&opened.model, &opened.policy, &rows)?;
    let mut failed = 0_usize;
    for expectation in &all {
        let line = expectation.defined.line();
        let misses = expectation.value.misses(&lab).map_err(|wrong| match wrong {
            Wrong::Expectation(told) => usage(format!("line {line}: {told}")),
            Wrong::Lab(error @ LabError::Unread { .. }) => CommandError::Lab(error),
            Wrong::Lab(error) => usage(format!("line {line}: {error}")),
        })?;
        failed += usize::from(!misses.is_empty());
        output::out(&told(args, line, &misses)?)?;
    }
    if !args.json {
        output::out(&format!("{}, {failed} of them not as expected\n", counted(all.len(), "expectation")))?;
    }
    Ok(if failed == 0 { DONE } else { FAILED })
}

fn told(args: &TestArgs, line: u64, misses: &[String]) -> Result<String, CommandError> {
    if args.json {
        let object = json!({ "line": line, "holds": misses.is_empty(), "misses": misses });
        return Ok(format!("{}\n", serde_json::to_string(&object)?));
    }
    let file = args.file.display();
    Ok(misses.iter().map(|miss| format!("{file}:{line}: {miss}\n")).collect())
}

/// Why an expectation was not checked.
enum Wrong {
    Expectation(String),
    Lab(LabError),
}

impl From<LabError> for Wrong {
    fn from(error: LabError) -> Self {
        Self::Lab(error)
    }
}

type AWarehouseLab<'a> = Lab<'a, WarehouseRows<'a>>;

impl Expectation {
    /// What of it does not hold.
    fn misses(&self, lab: &AWarehouseLab<'_>) -> Result<Vec<String>, Wrong> {
        match (&self.admin, &self.seen_by) {
            (Some(admin), None) if self.key.is_none() => self.misses_of_admin(lab, admin),
            (None, Some(admins)) => self.misses_of_rows(lab, admins),
            _ => Err(Wrong::Expectation(
                "write `admin` and what that admin sees, or `dataset`, `key` and `seen_by`".to_owned(),
            )),
        }
    }

    fn misses_of_rows(&self, lab: &AWarehouseLab<'_>, admins: &[String]) -> Result<Vec<String>, Wrong> {
        let (Some(dataset), Some(key)) = (&self.dataset, &self.key) else {
            return Err(Wrong::Expectation("`seen_by` needs `dataset` and `key`".to_owned()));
        };
        let is_of_admin = self.rows.is_some() || self.exactly.is_some() || self.role.is_some();
        let names = [&self.metrics, &self.no_metrics];
        let keys = [&self.sees, &self.never];
        if is_of_admin
            || !self.columns.is_empty()
            || names.iter().any(|names| !names.is_empty())
            || keys.iter().any(|keys| !keys.is_empty())
        {
            return Err(Wrong::Expectation("`seen_by` goes with `dataset` and `key` alone".to_owned()));
        }
        if let Some(wrong) = admins.iter().find(|admin| admin.parse::<CompositeKey>().is_err()) {
            return Err(Wrong::Expectation(format!("`{wrong}` is no tenant/business/admin")));
        }
        let pairs = pairs(key);
        let found = lab.who_can_see(dataset, &pairs)?;
        if found.rows == 0 {
            return Ok(vec![format!("{dataset}: no row holds {}", text(&pairs))]);
        }
        let expected: BTreeSet<&str> = admins.iter().map(String::as_str).collect();
        let mut seen = BTreeSet::new();
        for group in &found.groups {
            match &group.audience {
                Audience::Everyone { reason } => {
                    return Ok(vec![format!("{dataset}: everyone sees {}: {reason}", text(&pairs))]);
                }
                Audience::Admins(seers) => seen.extend(seers.iter().map(|seer| seer.admin.to_string())),
            }
        }
        let mut misses = Vec::new();
        for admin in seen.iter().filter(|admin| !expected.contains(admin.as_str())) {
            misses.push(format!("{dataset}: {admin} sees {}, and should not", text(&pairs)));
        }
        for admin in expected.iter().filter(|admin| !seen.contains(**admin)) {
            misses.push(format!("{dataset}: {admin} does not see {}", text(&pairs)));
        }
        Ok(misses)
    }

    fn misses_of_admin(&self, lab: &AWarehouseLab<'_>, admin: &str) -> Result<Vec<String>, Wrong> {
        let admin: CompositeKey = admin
            .parse()
            .map_err(|_error| Wrong::Expectation(format!("`{admin}` is no tenant/business/admin")))?;
        let role = self.role.as_deref().unwrap_or("viewer");
        let role: Role = role.parse().map_err(|_error| Wrong::Expectation(format!("`{role}` is no role")))?;
        let mut misses = Vec::new();
        let of_rows = self.exactly.is_some() || !self.sees.is_empty() || !self.never.is_empty();
        let of_dataset = of_rows || self.rows.is_some() || !self.columns.is_empty();
        match &self.dataset {
            Some(dataset) if of_dataset => {
                misses.extend(self.misses_of_dataset(lab, (&admin, &role), dataset)?)
            }
            None if !of_dataset && self.metrics.is_empty() && self.no_metrics.is_empty() => {
                return Err(Wrong::Expectation("nothing is expected of `admin`".to_owned()));
            }
            None if !of_dataset => {}
            Some(_) => return Err(Wrong::Expectation("nothing is expected of `dataset`".to_owned())),
            None => return Err(Wrong::Expectation("rows and columns need `dataset`".to_owned())),
        }
        misses.extend(self.misses_of_metrics(lab, &role)?);
        Ok(misses)
    }

    fn misses_of_dataset(
        &self,
        lab: &AWarehouseLab<'_>,
        (admin, role): (&CompositeKey, &Role),
        dataset: &str,
    ) -> Result<Vec<String>, Wrong> {
        let view = match lab.what_can(admin, role, Some(dataset)) {
            Err(error @ LabError::UnknownAdmin { .. }) => return Ok(vec![error.to_string()]),
            view => view?,
        };
        let Some(view) = view.datasets.first() else { return Ok(Vec::new()) };
        let mut misses = Vec::new();
        if let Some(rows) = self.rows.filter(|rows| *rows != view.rows_seen) {
            misses.push(format!("{admin} sees {} rows of {dataset}, not {rows}", view.rows_seen));
        }
        misses.extend(self.misses_of_keys(lab, admin, dataset, view.rows_seen)?);
        for (field, expected) in &self.columns {
            let Some(column) = view.columns.iter().find(|column| column.field == *field) else {
                return Err(Wrong::Expectation(format!("dataset `{dataset}` has no field `{field}`")));
            };
            let found = tables::exposure_name(&column.exposure);
            if found != *expected {
                misses.push(format!("{dataset}.{field} is {found} for {role}, not {expected}"));
            }
        }
        Ok(misses)
    }

    fn misses_of_keys(
        &self,
        lab: &AWarehouseLab<'_>,
        admin: &CompositeKey,
        dataset: &str,
        rows_seen: u64,
    ) -> Result<Vec<String>, Wrong> {
        let mut misses = Vec::new();
        let exactly: BTreeSet<&Key> = self.exactly.iter().flatten().collect();
        let fields: BTreeSet<Vec<&String>> = exactly.iter().map(|key| key.keys().collect()).collect();
        if fields.len() > 1 {
            return Err(Wrong::Expectation("the keys of `exactly` name different fields".to_owned()));
        }
        let exactly: Vec<Vec<(String, String)>> = exactly.into_iter().map(pairs).collect();
        let sees: Vec<_> = self.sees.iter().map(pairs).collect();
        let never: Vec<_> = self.never.iter().map(pairs).collect();
        let all: Vec<Vec<(String, String)>> =
            [&exactly, &sees, &never].into_iter().flatten().cloned().collect();
        let counted = lab.count_keys(admin, dataset, &all)?;
        let mut listed = 0;
        for (at, (key, count)) in all.iter().zip(&counted).enumerate() {
            let is_never = at >= exactly.len() + sees.len();
            // A key that no row holds is most likely a slip, whatever is expected of it.
            if count.rows == 0 {
                misses.push(format!("{dataset}: no row holds {}", text(key)));
            } else if is_never && count.seen > 0 {
                misses.push(format!("{admin} sees {} of {dataset}, and never should", text(key)));
            } else if !is_never && count.seen == 0 {
                misses.push(format!("{admin} does not see {} of {dataset}", text(key)));
            }
            // Keys of the same fields are held by different rows, so that no row is counted twice.
            listed += if at < exactly.len() { count.seen } else { 0 };
        }
        // What is seen beside the listed rows must be nothing.
        if self.exactly.is_some() && misses.is_empty() && listed != rows_seen {
            let beside = rows_seen.abs_diff(listed);
            misses.push(format!("{admin} sees {beside} rows of {dataset} beside those that are listed"));
        }
        Ok(misses)
    }

    fn misses_of_metrics(&self, lab: &AWarehouseLab<'_>, role: &Role) -> Result<Vec<String>, Wrong> {
        if self.metrics.is_empty() && self.no_metrics.is_empty() {
            return Ok(Vec::new());
        }
        let metrics = lab.metrics(role);
        let mut misses = Vec::new();
        for (name, wanted) in self
            .metrics
            .iter()
            .map(|name| (name, true))
            .chain(self.no_metrics.iter().map(|name| (name, false)))
        {
            let Some(metric) = metrics.iter().find(|metric| metric.metric == *name) else {
                return Err(Wrong::Expectation(format!("the model has no metric `{name}`")));
            };
            if metric.unsupported.is_none() != wanted {
                let word = if wanted { "not supported" } else { "supported" };
                misses.push(format!("metric {name} is {word} for {role}"));
            }
        }
        Ok(misses)
    }
}

fn pairs(key: &Key) -> Vec<(String, String)> {
    key.iter().map(|(field, value)| (field.clone(), value.clone())).collect()
}

fn text(key: &[(String, String)]) -> String {
    let each: Vec<String> = key.iter().map(|(field, value)| format!("{field} = {value:?}")).collect();
    each.join(" and ")
}
