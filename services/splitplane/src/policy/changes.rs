//! `splitplane policy diff`: who gains or loses what when another policy takes the place of this one.
//!
//! Decides the exit code: 2 where anyone's view widens, unless that is allowed. Counted over the real grants and rows.

use super::{Opened, WIDENS, lines, tables};
use crate::error::{CommandError, DONE};
use crate::home::Home;
use crate::output;
use crate::world::{World, WorldArgs, WorldError};
use clap::Args;
use serde_json::json;
use splitplane_lab::{
    ColumnChange, DatasetChange, DatasetChangeKind, Diff, Lab, MetricChange, RowsChange, diff,
};
use splitplane_query::WarehouseRows;
use splitplane_service::Clock;
use std::collections::BTreeSet;
use std::path::PathBuf;

/// Say who gains or loses which rows and columns by a change of policy, widest first; exit 2 where anyone gains
#[derive(Debug, Args)]
pub(crate) struct DiffArgs {
    /// The policy in force
    old: PathBuf,
    /// The policy that is to take its place
    new: PathBuf,
    /// Semantic model [default: the example's]
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,
    /// Semantic model of the new policy, where that changes as well
    #[arg(long, value_name = "FILE")]
    new_model: Option<PathBuf>,
    /// Folder of the data [default: the example's]
    #[arg(long, value_name = "FOLDER")]
    data: Option<PathBuf>,
    /// Folder of the data whose grants the new policy is counted over, where those change as well
    #[arg(long, value_name = "FOLDER")]
    new_data: Option<PathBuf>,
    /// Exit 0 although somebody's view widens
    #[arg(long)]
    allow_widening: bool,
    /// Most lines of each table
    #[arg(long, default_value_t = 20)]
    most: usize,
    /// One JSON object, with every line
    #[arg(long, conflicts_with = "markdown")]
    json: bool,
    /// Markdown, for a comment on a pull request
    #[arg(long)]
    markdown: bool,
}

pub(super) fn run(home: &Home, args: &DiffArgs) -> Result<u8, CommandError> {
    let (model, data) = match (&args.model, &args.data) {
        (Some(model), Some(data)) => (model.clone(), data.clone()),
        (None, None) => {
            let example = World::of(&WorldArgs::default(), home, Clock::system().now())?;
            (example.model, example.data)
        }
        (Some(_), None) => return Err(WorldError::Incomplete("data").into()),
        (None, Some(_)) => return Err(WorldError::Incomplete("model").into()),
    };
    let old = World::at(&model, &args.old, &data)?;
    let new = World::at(
        args.new_model.as_ref().unwrap_or(&model),
        &args.new,
        args.new_data.as_ref().unwrap_or(&data),
    )?;
    let (old, new) = (Opened::at(&old)?, Opened::at(&new)?);
    let (old_rows, new_rows) = (WarehouseRows::new(&old.warehouse), WarehouseRows::new(&new.warehouse));
    let before = Lab::open(&old.model, &old.policy, &old_rows)?;
    let after = Lab::open(&new.model, &new.policy, &new_rows)?;
    let found = diff(&before, &after)?;
    let text = if args.json {
        let whole = json!({ "widens": found.is_widening(), "diff": found });
        format!("{}\n", serde_json::to_string_pretty(&whole)?)
    } else {
        text(&found, &Style { markdown: args.markdown, most: args.most })
    };
    output::out(&text)?;
    Ok(if found.is_widening() && !args.allow_widening { WIDENS } else { DONE })
}

/// How it is written.
struct Style {
    markdown: bool,
    most: usize,
}

fn text(found: &Diff, style: &Style) -> String {
    if found.is_empty() {
        return format!("Nothing changes for any of {} admins.\n", found.admins);
    }
    let mut text = String::new();
    if style.markdown {
        text.push_str("### Who sees what after this change\n\n");
    }
    text.push_str(&summary(found));
    let datasets = found.datasets.iter().map(dataset_row);
    text.push_str(&style.table("Datasets", &["dataset", "change"], datasets));
    let rows = found.rows.iter().map(rows_row);
    text.push_str(&style.table("Rows", &["admin", "dataset", "gained", "lost", "before", "after"], rows));
    let columns = found.columns.iter().map(column_row);
    text.push_str(&style.table("Columns", &["column", "roles", "before", "after", "change"], columns));
    let metrics = found.metrics.iter().map(metric_row);
    text.push_str(&style.table("Metrics", &["metric", "roles", "change"], metrics));
    let settings = found
        .settings
        .iter()
        .map(|change| vec![change.name.clone(), change.before.clone(), change.after.clone()]);
    text.push_str(&style.table("Settings", &["setting", "before", "after"], settings));
    text
}

/// How many admins a change touches, and rows in all.
fn touched(found: &Diff, of: impl Fn(&RowsChange) -> u64) -> (usize, String) {
    let touched = found.rows.iter().filter(|change| of(change) > 0);
    let admins: BTreeSet<_> = touched.map(|change| &change.admin).collect();
    (admins.len(), lines::rows(found.rows.iter().map(&of).sum()))
}

fn summary(found: &Diff) -> String {
    let word = if found.is_widening() { "WIDENS somebody's view" } else { "widens nobody's view" };
    let (gain, gained) = touched(found, |change| change.gained);
    let (lose, lost) = touched(found, |change| change.lost);
    let Diff { admins, columns, metrics, .. } = found;
    format!(
        "This change {word}. Of {admins} admins, {gain} gain rows ({gained} in all) and {lose} lose rows ({lost} in all); \
         {} columns and {} metrics change.\n",
        columns.len(),
        metrics.len(),
    )
}

fn dataset_row(change: &DatasetChange) -> Vec<String> {
    let word = match change.kind {
        DatasetChangeKind::MadePublic => "shown to everyone; was scoped",
        DatasetChangeKind::Exposed => "enters sandboxes; did not",
        DatasetChangeKind::SourceChanged => "its rows come from elsewhere",
        DatasetChangeKind::ScopeWeakened => "its scope asks for less than it did",
        DatasetChangeKind::ScopeChanged => "other rules",
        DatasetChangeKind::NoLongerPublic => "scoped; was shown to everyone",
        DatasetChangeKind::Removed => "enters no sandbox any more",
    };
    vec![change.dataset.clone(), word.to_owned()]
}

fn rows_row(change: &RowsChange) -> Vec<String> {
    let numbers = [change.gained, change.lost, change.before, change.after].map(|number| number.to_string());
    [change.admin.to_string(), change.dataset.clone()].into_iter().chain(numbers).collect()
}

fn roles(roles: &[splitplane_lab::RoleName]) -> String {
    roles.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn column_row(change: &ColumnChange) -> Vec<String> {
    let word = match (change.movement.is_widening(), change.redefined) {
        (_, true) => "computed otherwise",
        (true, false) => "shows more",
        (false, false) => "shows less",
    };
    vec![
        format!("{}.{}", change.dataset, change.field),
        roles(&change.roles),
        tables::exposure(&change.before),
        tables::exposure(&change.after),
        word.to_owned(),
    ]
}

fn metric_row(change: &MetricChange) -> Vec<String> {
    let word = if change.gained { "gained" } else { "lost" };
    vec![change.metric.clone(), roles(&change.roles), word.to_owned()]
}

impl Style {
    fn table(&self, title: &str, head: &[&str], rows: impl ExactSizeIterator<Item = Vec<String>>) -> String {
        let count = rows.len();
        if count == 0 {
            return String::new();
        }
        let shown: Vec<Vec<String>> = rows.take(self.most).collect();
        let mut text = if self.markdown { format!("\n**{title}**\n\n") } else { format!("\n{title}\n") };
        let head: Vec<String> = head.iter().map(|name| (*name).to_owned()).collect();
        text.push_str(&if self.markdown { markdown(&head, &shown) } else { plain(&head, &shown) });
        if count > self.most {
            text.push_str(&format!(
                "{}and {} more\n",
                if self.markdown { "\n" } else { "  " },
                count - self.most
            ));
        }
        text
    }
}

/// A text as itself, whatever Markdown would make of it.
fn escaped(cell: &str) -> String {
    let special = |letter: char| letter.is_ascii_punctuation() && !"-./,;:()%".contains(letter);
    cell.chars().flat_map(|letter| special(letter).then_some('\\').into_iter().chain([letter])).collect()
}

pub(super) fn markdown(head: &[String], rows: &[Vec<String>]) -> String {
    let line = |cells: &[String]| {
        let cells: Vec<String> = cells.iter().map(|cell| escaped(cell)).collect();
        format!("| {} |\n", cells.join(" | "))
    };
    let rule = format!("|{}\n", " --- |".repeat(head.len()));
    let rows: String = rows.iter().map(|row| line(row)).collect();
    format!("{}{rule}{rows}", line(head))
}

fn plain(head: &[String], rows: &[Vec<String>]) -> String {
    let width = |at: usize| {
        let cells = rows.iter().filter_map(|row| row.get(at)).chain(head.get(at));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let line = |cells: &[String]| {
        let padded: Vec<String> =
            cells.iter().enumerate().map(|(at, cell)| format!("{cell:<width$}", width = width(at))).collect();
        format!("  {}\n", padded.join("  ").trim_end())
    };
    std::iter::once(line(head)).chain(rows.iter().map(|row| line(row))).collect()
}
