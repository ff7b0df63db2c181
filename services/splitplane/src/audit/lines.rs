//! One record as text: for a person, as JSON, as comma-separated values. Decides no more than that.

use serde_json::{Map, Value};

/// Keys of a record, in the order in which they are exported.
const KEYS: [&str; 23] = [
    "seq",
    "time",
    "service",
    "event",
    "decision",
    "reason",
    "txn",
    "composite",
    "role",
    "principal",
    "question",
    "question_digest",
    "relations",
    "metrics",
    "sql",
    "parameters",
    "policy",
    "model",
    "rows",
    "bytes",
    "result_digest",
    "trace_id",
    "hash",
];

/// A record that was read.
pub(super) struct Entry {
    line: String,
    record: Map<String, Value>,
}

impl Entry {
    /// Takes a line of the log, without its end. It was checked: it is a JSON object.
    pub(super) fn new(line: &[u8]) -> Self {
        let line = String::from_utf8_lossy(line).into_owned();
        let record = match serde_json::from_str(&line) {
            Ok(Value::Object(record)) => record,
            Ok(_) | Err(_) => Map::new(),
        };
        Self { line, record }
    }

    /// The value of a key as text; nothing where it is absent, null or empty.
    pub(super) fn get(&self, key: &str) -> Option<String> {
        match self.record.get(key)? {
            Value::Null => None,
            Value::String(text) => Some(text.clone()),
            Value::Array(items) if items.is_empty() => None,
            Value::Object(items) if items.is_empty() => None,
            Value::Array(items) => Some(items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" ")),
            other @ (Value::Bool(_) | Value::Number(_) | Value::Object(_)) => Some(other.to_string()),
        }
    }

    /// Whether it is of this transaction, or has this number.
    pub(super) fn is(&self, what: &str) -> bool {
        ["txn", "seq"].iter().any(|key| self.get(key).as_deref() == Some(what))
    }

    /// Whether any of its values holds the text, which is in small letters.
    pub(super) fn holds(&self, text: &str) -> bool {
        KEYS.iter().any(|key| self.get(key).is_some_and(|value| value.to_lowercase().contains(text)))
    }

    pub(super) fn json(&self) -> String {
        format!("{}\n", self.line)
    }

    /// A line of RFC 4180.
    pub(super) fn csv(&self) -> String {
        let cells: Vec<String> =
            KEYS.iter().map(|key| csv_cell(&self.get(key).unwrap_or_default())).collect();
        format!("{}\r\n", cells.join(","))
    }

    /// A few lines for a person.
    pub(super) fn text(&self) -> String {
        let get = |key| self.get(key).unwrap_or_default();
        let outcome = [get("decision"), get("reason")].join(" ");
        let mut text = format!(
            "{:>6}  {}  {} {} {}\n",
            get("seq"),
            get("time"),
            get("service"),
            get("event"),
            outcome.trim()
        );
        let mut line = |name: &str, value: Option<String>| {
            if let Some(value) = value {
                // A statement may be written over several lines, and a question hold what moves a cursor.
                let value: String = value.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
                text.push_str(format!("        {name:<10} {value}").trim_end());
                text.push('\n');
            }
        };
        for (name, key) in [
            ("who", "composite"),
            ("by", "principal"),
            ("txn", "txn"),
            ("question", "question"),
            ("relations", "relations"),
            ("metrics", "metrics"),
            ("sql", "sql"),
            ("values", "parameters"),
            ("rows", "rows"),
            ("bytes", "bytes"),
            ("result", "result_digest"),
            ("trace", "trace_id"),
        ] {
            line(name, self.get(key));
        }
        text
    }
}

/// The names of the values.
pub(super) fn csv_header() -> String {
    format!("{}\r\n", KEYS.join(","))
}

fn csv_cell(text: &str) -> String {
    // A spreadsheet takes a cell that begins so for a formula.
    let text =
        if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() };
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry() -> Entry {
        Entry::new(
            br#"{"seq":7,"txn":"t1","decision":"answered","question":"=SUM(A1)","relations":["a","b"],"sql":"SELECT \"x\",\n1","parameters":{},"rows":null,"hash":"h"}"#,
        )
    }

    #[test]
    fn a_record_is_found_by_its_number_its_transaction_and_its_words() {
        let entry = entry();
        assert!(entry.is("7") && entry.is("t1") && !entry.is("answered"));
        assert!(entry.holds("select") && entry.holds("a b") && !entry.holds("rows"));
    }

    #[test]
    fn values_stay_in_their_cells() {
        let csv = entry().csv();
        assert!(csv.contains(r#","SELECT ""x"","#), "{csv}");
        assert!(csv.contains(",'=SUM(A1),"), "{csv}");
        assert_eq!(csv_header().matches(',').count(), KEYS.len() - 1);
        let text = entry().text();
        assert_eq!(text.lines().count(), 5, "{text}");
    }
}
