//! Which tables a mapping may name, and how a statement names them.
//!
//! Decides that a table has three parts, so that its name means the same whatever a session's catalog is, and no name of
//! a sandbox can stand for it.

use splitplane_engine_spark::layout::Sources;
use splitplane_engine_spark::types;

/// Why a mapping cannot be used here.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum TableError {
    #[error("source `{0}` is a path, and a warehouse reads tables alone")]
    Path(String),
    #[error("source `{0}` needs the name of its table in three parts: catalog, schema, table")]
    Name(String),
}

/// Checks that every source is a table.
pub(super) fn check(sources: &Sources) -> Result<(), TableError> {
    for (name, source) in sources {
        if !source.path.is_empty() {
            return Err(TableError::Path(name.clone()));
        }
        let is_part = |part: &str| {
            !part.is_empty()
                && part.len() <= 255
                && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
        };
        if source.table.split('.').count() != 3 || !source.table.split('.').all(is_part) {
            return Err(TableError::Name(name.clone()));
        }
    }
    Ok(())
}

/// The name as a statement writes it.
pub(super) fn quoted(table: &str) -> String {
    table.split('.').map(types::quoted).collect::<Vec<_>>().join(".")
}

#[cfg(test)]
mod tests {
    use super::*;
    use splitplane_engine_spark::layout::Source;

    fn of(path: &str, table: &str) -> Sources {
        let source = Source {
            path: path.to_owned(),
            table: table.to_owned(),
            format: splitplane_engine_spark::layout::Format::default(),
            partitions: Vec::new(),
            schema: String::new(),
        };
        Sources::from([("sales".to_owned(), source)])
    }

    #[test]
    fn a_source_is_a_table_of_three_plain_parts() {
        assert_eq!(check(&of("", "main.sales-2.orders_1")), Ok(()));
        assert_eq!(quoted("main.sales-2.orders_1"), "`main`.`sales-2`.`orders_1`");
        for table in
            ["orders", "sales.orders", "a.b.c.d", "a..c", "a.b.", "a.b.c`", "a.b.c d", "a.b.c;", "a.b.é"]
        {
            assert_eq!(check(&of("", table)), Err(TableError::Name("sales".to_owned())), "{table}");
        }
        assert_eq!(check(&of("/data/sales", "")), Err(TableError::Path("sales".to_owned())));
    }
}
