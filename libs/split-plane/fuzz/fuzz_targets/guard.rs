//! Any bytes as a draft: the guard never panics, and the text of what it accepts guards to the same query.

#![no_main]

use libfuzzer_sys::fuzz_target;
use splitplane_split_plane::{SandboxView, ViewRelation};
use splitplane_types::{Column, DataType};
use std::collections::BTreeMap;
use std::sync::LazyLock;

static VIEW: LazyLock<SandboxView> = LazyLock::new(|| {
    let relation = |name: &str, columns: &[(&str, DataType)]| ViewRelation {
        name: name.into(),
        columns: columns
            .iter()
            .map(|&(name, data_type)| Column { name: name.into(), data_type, unit: None, masked: false })
            .collect(),
    };
    let plays = [
        ("play_id", DataType::Integer),
        ("track_id", DataType::Integer),
        ("started_at", DataType::Timestamp),
        ("day", DataType::Date),
        ("skipped", DataType::Boolean),
        ("fee", DataType::Decimal),
        ("note", DataType::String),
    ];
    let tracks = [("track_id", DataType::Integer), ("Title", DataType::String), ("length", DataType::Float)];
    let parameters = BTreeMap::from([("filter_0".to_owned(), "O'Brien -- ;".to_owned())]);
    SandboxView::new(vec![relation("plays", &plays), relation("tracks", &tracks)], parameters)
        .expect("a view of distinct names")
});

fuzz_target!(|data: &[u8]| {
    let Ok(draft) = std::str::from_utf8(data) else { return };
    let Ok(query) = VIEW.guard(draft) else { return };
    // A text that is too large once it is written out, or that does not read back, is refused.
    let Ok(text) = query.text() else { return };
    let again = VIEW.guard(&text).unwrap_or_else(|error| panic!("refused its own text `{text}`: {error}"));
    assert_eq!(again.query(), query.query(), "{text}");
    assert_eq!(again.text().as_deref(), Ok(text.as_str()));
    assert_eq!(again.relations(), query.relations(), "{text}");
    assert_eq!(again.columns(), query.columns(), "{text}");
    assert_eq!(again.functions(), query.functions(), "{text}");
});
