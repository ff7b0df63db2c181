//! Writes a draft as Ossie YAML, version `0.2.0.dev0`.
//!
//! Decides the form alone: every text is quoted, so that none can be taken for anything else.

use crate::draft::{About, Dataset, Draft, Field, Metric, Relationship, Role};
use crate::kind::Kind;
use std::fmt::Write as _;

/// The line after which metrics stand.
const METRICS: &str = "    metrics:";

/// The comment at the head: from what the model was made.
pub(crate) fn header(kind: Kind, files: &[&str]) -> String {
    let what = match kind {
        Kind::MetricView => "a Databricks metric view, version 1.1",
        Kind::MetricFlow => "semantic models and metrics of dbt's MetricFlow",
    };
    let mut text = format!("# Imported from {what}:\n");
    for file in files {
        let _ = writeln!(text, "#   {}", file.escape_debug());
    }
    text.push_str("# Check units, types, time dimensions and keys before it is used.\n");
    text
}

/// The text of a model.
pub(crate) fn yaml(draft: &Draft, header: &str) -> String {
    let mut out = header.to_owned();
    out.push_str("version: \"0.2.0.dev0\"\nsemantic_model:\n");
    let _ = writeln!(out, "  - name: {}", quoted(&draft.name));
    if !draft.description.trim().is_empty() {
        let _ = writeln!(out, "    description: {}", quoted(&draft.description));
    }
    out.push_str("    datasets:\n");
    for dataset in &draft.datasets {
        write_dataset(&mut out, dataset);
    }
    if !draft.relationships.is_empty() {
        out.push_str("    relationships:\n");
    }
    for relationship in &draft.relationships {
        write_relationship(&mut out, relationship);
    }
    if !draft.metrics.is_empty() {
        let _ = writeln!(out, "{METRICS}");
    }
    for metric in &draft.metrics {
        write_metric(&mut out, metric);
    }
    out
}

/// The lines on which the metrics begin in a text that [`yaml`] wrote, in order. Every text is on one line there, and
/// metrics come last.
pub(crate) fn metric_lines(yaml: &str) -> Vec<u64> {
    let lines = (1_u64..).zip(yaml.lines());
    let metrics = lines.skip_while(|(_, line)| *line != METRICS).skip(1);
    metrics.filter(|(_, line)| line.starts_with("      - ")).map(|(line, _)| line).collect()
}

fn write_dataset(out: &mut String, dataset: &Dataset) {
    let _ = writeln!(out, "      - name: {}", quoted(&dataset.name));
    let _ = writeln!(out, "        source: {}", quoted(&dataset.source));
    if !dataset.primary_key.is_empty() {
        let _ = writeln!(out, "        primary_key: {}", list(&dataset.primary_key));
    }
    if !dataset.unique_keys.is_empty() {
        let keys: Vec<String> = dataset.unique_keys.iter().map(|key| list(key)).collect();
        let _ = writeln!(out, "        unique_keys: [{}]", keys.join(", "));
    }
    write_description(out, "        ", dataset.description.as_deref());
    write_synonyms(out, "        ", &dataset.synonyms);
    if !dataset.fields.is_empty() {
        out.push_str("        fields:\n");
    }
    for field in &dataset.fields {
        write_field(out, field);
    }
}

fn write_field(out: &mut String, field: &Field) {
    let _ = writeln!(out, "          - name: {}", quoted(&field.name));
    if field.is_date {
        out.push_str("            datatype: Date\n");
    }
    match field.role {
        Role::Plain => {}
        Role::Dimension => out.push_str("            dimension: { is_time: false }\n"),
        Role::Time => out.push_str("            dimension: { is_time: true }\n"),
    }
    if let Some(label) = &field.about.label {
        let _ = writeln!(out, "            label: {}", quoted(label));
    }
    let indent = "            ";
    write_description(out, indent, field.about.description.as_deref());
    write_synonyms(out, indent, &field.about.synonyms);
    write_expression(out, indent, &field.sql);
    write_extension(out, indent, &About { label: None, ..field.about.clone() });
}

fn write_relationship(out: &mut String, relationship: &Relationship) {
    let _ = writeln!(out, "      - name: {}", quoted(&relationship.name));
    let _ = writeln!(out, "        from: {}", quoted(&relationship.from));
    let _ = writeln!(out, "        to: {}", quoted(&relationship.to));
    let _ = writeln!(out, "        from_columns: {}", list(&relationship.from_fields));
    let _ = writeln!(out, "        to_columns: {}", list(&relationship.to_fields));
}

fn write_metric(out: &mut String, metric: &Metric) {
    let indent = "        ";
    let _ = writeln!(out, "      - name: {}", quoted(&metric.name));
    write_description(out, indent, metric.about.description.as_deref());
    write_synonyms(out, indent, &metric.about.synonyms);
    write_expression(out, indent, &metric.sql);
    write_extension(out, indent, &metric.about);
}

fn write_description(out: &mut String, indent: &str, text: Option<&str>) {
    if let Some(text) = text {
        let _ = writeln!(out, "{indent}description: {}", quoted(text));
    }
}

fn write_synonyms(out: &mut String, indent: &str, synonyms: &[String]) {
    if !synonyms.is_empty() {
        let _ = writeln!(out, "{indent}ai_context: {{ synonyms: {} }}", list(synonyms));
    }
}

fn write_expression(out: &mut String, indent: &str, sql: &str) {
    let sql = quoted(sql);
    let _ =
        writeln!(out, "{indent}expression: {{ dialects: [ {{ dialect: DATABRICKS, expression: {sql} }} ] }}");
}

/// What Ossie has no key for travels as an extension of ours.
fn write_extension(out: &mut String, indent: &str, about: &About) {
    let parts = [("unit", &about.unit), ("label", &about.label)];
    let said: Vec<String> = parts
        .into_iter()
        .filter_map(|(key, value)| value.as_ref().map(|value| format!("{}: {}", quoted(key), quoted(value))))
        .collect();
    if !said.is_empty() {
        let data = quoted(&format!("{{{}}}", said.join(", ")));
        let _ = writeln!(out, "{indent}custom_extensions: [ {{ vendor_name: SPLITPLANE, data: {data} }} ]");
    }
}

fn list(texts: &[String]) -> String {
    let texts: Vec<String> = texts.iter().map(|text| quoted(text)).collect();
    format!("[{}]", texts.join(", "))
}

/// A text in double quotes, the same in YAML and in JSON.
pub(crate) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.trim().chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\u{feff}' | '\u{2028}' | '\u{2029}' | '\u{fffe}' | '\u{ffff}' => escape(&mut out, c),
            c if c.is_control() => escape(&mut out, c),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

fn escape(out: &mut String, c: char) {
    let _ = write!(out, "\\u{:04x}", u32::from(c));
}
