//! Databricks metric views, version 1.1.
//!
//! Decides what of one view becomes datasets, relationships and metrics. The view's source is the dataset whose rows
//! every measure adds up; its joins are datasets on the one side of it.

mod fields;
mod joins;
mod measures;
mod names;
mod time;

use crate::draft::{About, Dataset, Draft};
use crate::file::Map;
use crate::note::{Notes, Place};
use crate::run::{Options, Read, stem};
use crate::{ImportError, name, settle};
use names::Names;
use splitplane_semantics::yaml::{Node, Value};

/// What reading one view needs at every step.
struct View<'a> {
    file: &'a str,
    root: Map<'a>,
    options: &'a Options,
}

pub(crate) fn draft(read: &[Read<'_>], options: &Options, notes: &mut Notes) -> Result<Draft, ImportError> {
    let [Read { file, root }, rest @ ..] = read else { return Err(ImportError::NoFile) };
    if let Some(second) = rest.first() {
        let what = "this is a second metric view";
        return Err(shape(
            second.file,
            1,
            what,
            "import each by itself: two views may filter one table differently",
        ));
    }
    let Some(map) = Map::of(root) else {
        return Err(shape(file, root.line, "the file is no mapping", "give a metric view"));
    };
    check_version(file, map)?;
    let view = View { file, root: map, options };
    let known = [
        "version",
        "comment",
        "source",
        "filter",
        "joins",
        "dimensions",
        "fields",
        "measures",
        "materialization",
    ];
    map.note_unknown(file, "the metric view", &known, notes);
    if map.get("materialization").is_some() {
        let at = Place { file: (*file).to_owned(), line: map.line_of("materialization") };
        notes.add(&at, "`materialization` of the metric view", "says how it is stored, not what it means");
    }
    let mut draft = view.base()?;
    let mut names = Names::new(&draft);
    view.joins(&mut draft, &mut names, notes);
    view.fields(&mut draft, &mut names, notes)?;
    settle::fields(&mut draft, notes);
    if draft.dataset(&names.base).is_none() {
        return Err(ImportError::Nothing(format!("the source `{}` could not be carried", names.base)));
    }
    view.measures(&mut draft, &names, notes);
    Ok(draft)
}

impl View<'_> {
    fn place(&self, line: u64) -> Place {
        Place { file: self.file.to_owned(), line }
    }

    /// The model with the view's source alone.
    fn base(&self) -> Result<Draft, ImportError> {
        let line = self.root.line_of("source");
        let Some(source) = self.root.text("source") else {
            return Err(shape(self.file, line, "the metric view has no `source`", "name its table"));
        };
        let Some(table) = table_of(&source) else {
            let what = "the source is a query, not a table";
            return Err(shape(self.file, line, what, "make a view of the query, and name that"));
        };
        let name = name::dataset(table);
        Ok(Draft {
            name: self.options.model_name.clone().unwrap_or_else(|| stem(self.file).to_owned()),
            description: self.root.text("comment").unwrap_or_default(),
            datasets: vec![dataset(&name, &source, self.place(line))],
            relationships: Vec::new(),
            metrics: Vec::new(),
        })
    }
}

/// A dataset without fields.
fn dataset(name: &str, source: &str, at: Place) -> Dataset {
    Dataset {
        name: name.to_owned(),
        source: source.to_owned(),
        description: None,
        synonyms: Vec::new(),
        primary_key: Vec::new(),
        unique_keys: Vec::new(),
        fields: Vec::new(),
        at,
    }
}

/// The last part of a table's name; `None` if the text is no name.
fn table_of(source: &str) -> Option<&str> {
    if source.contains(char::is_whitespace) || source.contains(['(', ')']) {
        return None;
    }
    let last = source.rsplit('.').next()?.trim_matches('`');
    (!last.is_empty()).then_some(last)
}

fn check_version(file: &str, map: Map<'_>) -> Result<(), ImportError> {
    let is_it = |node: &Node| match &node.value {
        Value::Text(text) => text.trim() == "1.1",
        Value::Fraction(number) => (number - 1.1).abs() < 1e-9,
        Value::Null | Value::Boolean(_) | Value::Integer(_) | Value::List(_) | Value::Mapping(_) => false,
    };
    if map.get("version").is_some_and(is_it) {
        return Ok(());
    }
    let found =
        map.text("version").map_or_else(|| "no version".to_owned(), |text| format!("version `{text}`"));
    let what = format!("the metric view has {}, and 1.1 is read", found.escape_debug());
    Err(shape(file, map.line_of("version"), &what, "upgrade its definition to version 1.1"))
}

fn shape(file: &str, line: u64, what: &str, remedy: &str) -> ImportError {
    ImportError::Shape { file: file.to_owned(), line, what: what.to_owned(), remedy: remedy.to_owned() }
}

/// What a dimension or a measure says of itself.
fn about(map: Map<'_>, file: &str, what: &str, notes: &mut Notes) -> About {
    About {
        label: map.text("display_name"),
        description: map.text("comment"),
        synonyms: map.texts("synonyms"),
        unit: map.map("format").and_then(|format| unit(format, file, what, notes)),
    }
}

/// The unit of a format. A percentage is a fraction shown a hundredfold, and units here change no figure.
fn unit(format: Map<'_>, file: &str, what: &str, notes: &mut Notes) -> Option<String> {
    let why = match format.text("type").as_deref() {
        Some("currency") => match format.text("currency_code") {
            Some(code) => return Some(code),
            None => "names no currency",
        },
        Some("percentage") => {
            "shows a fraction a hundredfold, which no unit does here: its values stay fractions"
        }
        Some("byte") => "shows bytes in larger units, which no unit does here",
        Some(_) | None => return None,
    };
    notes.add(&format.place(file), format!("`format` of {what}"), why);
    None
}
