//! The spans of a request as they are shown: bars for a person, an object for a program.
//!
//! Decides how an id is written. How bars are drawn is the drawing room's to say.

use serde_json::{Value, json};
use splitplane_drawing::{SpanBar, waterfall};
use splitplane_proto::common::v1::{Span, SpanList};

/// Columns of a drawing.
const WIDTH: usize = 100;

/// The bars, and how many there was no room for.
pub(crate) fn text(list: &SpanList) -> String {
    let bars: Vec<SpanBar> = list.spans.iter().map(bar).collect();
    let mut text = waterfall(&bars, WIDTH);
    match list.dropped {
        0 => {}
        1 => text.push_str("1 more span was left out\n"),
        dropped => text.push_str(&format!("{dropped} more spans were left out\n")),
    }
    text
}

fn bar(span: &Span) -> SpanBar {
    SpanBar {
        id: id(span.span_id),
        parent: parent(span),
        service: span.service.clone(),
        name: span.name.clone(),
        start_us: span.start_us,
        duration_us: span.duration_us,
        failed: span.failed,
    }
}

/// The object.
pub(crate) fn json(list: &SpanList) -> Value {
    let span = |span: &Span| {
        json!({
            "id": id(span.span_id),
            "parent": parent(span),
            "service": span.service,
            "name": span.name,
            "start_us": span.start_us,
            "duration_us": span.duration_us,
            "failed": span.failed,
        })
    };
    json!({ "spans": list.spans.iter().map(span).collect::<Vec<_>>(), "dropped": list.dropped })
}

/// As tools write it that spans are exported to.
fn id(id: u64) -> String {
    format!("{id:016x}")
}

fn parent(span: &Span) -> Option<String> {
    (span.parent_span_id != 0).then(|| id(span.parent_span_id))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(dropped: u32) -> SpanList {
        let span = |span_id, parent_span_id, service: &str| Span {
            span_id,
            parent_span_id,
            service: service.to_owned(),
            name: "Ask".to_owned(),
            start_us: 1_795_000_000_000_000,
            duration_us: 7,
            failed: parent_span_id == 0,
        };
        SpanList { spans: vec![span(0xab, 0, "gateway"), span(1 << 63, 0xab, "query")], dropped }
    }

    #[test]
    fn ids_are_written_as_in_exported_traces_and_a_first_span_has_no_parent() {
        let object = json(&list(3));
        assert_eq!(object["dropped"], 3);
        assert_eq!(object["spans"][0]["id"], "00000000000000ab");
        assert_eq!(object["spans"][0]["parent"], Value::Null);
        assert_eq!(object["spans"][1]["id"], "8000000000000000");
        assert_eq!(object["spans"][1]["parent"], "00000000000000ab");
        let bars: Vec<SpanBar> = list(0).spans.iter().map(bar).collect();
        assert_eq!(bars[1].parent.as_ref(), Some(&bars[0].id));
        assert!(bars[0].failed && !bars[1].failed);
    }

    #[test]
    fn what_was_left_out_is_told() {
        assert!(!text(&list(0)).contains("left out"));
        assert!(text(&list(1)).ends_with("1 more span was left out\n"));
        assert!(text(&list(9)).ends_with("9 more spans were left out\n"));
    }
}
