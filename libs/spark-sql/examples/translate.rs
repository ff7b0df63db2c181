//! Reads relations and drafts, one a line, and prints what becomes of each draft, as JSON, one a line.
//!
//! `-- relation sales(day date, amount decimal(10,2), note string)` declares a relation, and
//! `-- parameter filter_0 value` a parameter. Every other line is a draft. Decides nothing.

#![expect(clippy::print_stdout, reason = "printing is what it is for")]

use splitplane_spark_sql::{Kind, Relation, SparkStatement, Value, statement};
use splitplane_split_plane::{SandboxView, ViewRelation};
use splitplane_types::{Column, DataType};
use std::collections::BTreeMap;
use std::error::Error;
use std::io::Read as _;

fn main() -> Result<(), Box<dyn Error>> {
    let mut input = String::new();
    let _ = std::io::stdin().read_to_string(&mut input)?;
    let (mut views, mut relations) = (Vec::new(), Vec::new());
    let mut parameters = BTreeMap::new();
    for line in input.lines() {
        if let Some(line) = line.strip_prefix("-- relation ") {
            let (view, relation) = declared(line)?;
            views.push(view);
            relations.push(relation);
        } else if let Some((name, value)) =
            line.strip_prefix("-- parameter ").and_then(|line| line.split_once(' '))
        {
            let _ = parameters.insert(name.to_owned(), value.to_owned());
        }
    }
    let view = SandboxView::new(views, parameters)?;
    for draft in input.lines().filter(|line| !line.starts_with("--") && !line.trim().is_empty()) {
        let answer = match view.guard(draft) {
            Err(error) => format!("\"guard\": {}", quoted(&error.to_string())),
            Ok(query) => match statement(&query, &relations) {
                Err(refusal) => format!("\"refusal\": {}", quoted(&refusal.to_string())),
                Ok(statement) => printed(&statement),
            },
        };
        println!("{{\"draft\": {}, {answer}}}", quoted(draft));
    }
    Ok(())
}

/// `sales(day date, amount decimal(10,2))`
fn declared(line: &str) -> Result<(ViewRelation, Relation), Box<dyn Error>> {
    let (name, columns) = line.trim_end_matches(')').split_once('(').ok_or("no columns")?;
    let (mut shown, mut kinds) = (Vec::new(), Vec::new());
    for column in columns.split(", ") {
        let (name, data_type) = column.split_once(' ').ok_or("no type")?;
        let (data_type, kind) = typed(data_type)?;
        shown.push(Column { name: name.to_owned(), data_type, unit: None, masked: false });
        kinds.push((name.to_owned(), kind));
    }
    let view = ViewRelation { name: name.to_owned(), columns: shown };
    Ok((view, Relation { name: name.to_owned(), columns: kinds, masked: Vec::new(), is_shared: true }))
}

fn typed(data_type: &str) -> Result<(DataType, Kind), Box<dyn Error>> {
    let data_type = data_type.trim_end_matches(')');
    let (word, digits) = match data_type.split_once('(') {
        None => (data_type, None),
        Some((word, digits)) => {
            let (precision, scale) = digits.split_once(',').ok_or("no scale")?;
            (word, Some((precision.parse()?, scale.parse()?)))
        }
    };
    let data_type = match word {
        "integer" => DataType::Integer,
        "string" => DataType::String,
        "float" => DataType::Float,
        "decimal" => DataType::Decimal,
        "boolean" => DataType::Boolean,
        "date" => DataType::Date,
        "timestamp" => DataType::Timestamp,
        "instant" => DataType::TimestampTz,
        _ => return Err("an unknown type".into()),
    };
    Ok((data_type, Kind::of(data_type, digits)))
}

fn printed(statement: &SparkStatement) -> String {
    let parameters = statement.parameters().iter().map(|parameter| {
        let (kind, value) = match &parameter.value {
            Value::Text(value) => ("text", quoted(value)),
            Value::Integer(value) => ("integer", value.to_string()),
            Value::Small(value) => ("small", value.to_string()),
            Value::Decimal { digits, precision, scale } => {
                ("decimal", format!("[{}, {precision}, {scale}]", quoted(digits)))
            }
            Value::Double(value) => ("double", format!("{value:e}")),
            Value::Date(value) => ("date", quoted(value)),
            Value::Timestamp(value) => ("timestamp", quoted(value)),
            Value::Boolean(value) => ("boolean", value.to_string()),
        };
        format!("{}: [\"{kind}\", {value}]", quoted(&parameter.name))
    });
    let parameters: Vec<String> = parameters.collect();
    let columns = statement.columns().iter();
    let columns: Vec<String> =
        columns.map(|column| format!("[{}, \"{:?}\"]", quoted(&column.name), column.kind)).collect();
    format!(
        "\"text\": {}, \"parameters\": {{{}}}, \"columns\": [{}]",
        quoted(&statement.text()),
        parameters.join(", "),
        columns.join(", ")
    )
}

fn quoted(text: &str) -> String {
    let mut quoted = "\"".to_owned();
    for letter in text.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            letter if letter.is_control() => quoted.push_str(&format!("\\u{:04x}", u32::from(letter))),
            letter => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}
