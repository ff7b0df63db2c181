//! Settings that every session must have, whatever the engine's own are. Where one cannot be had, nothing is served.

/// Names and values. Set in every session before anything is asked, and read back.
pub(crate) const REQUIRED: &[(&str, &str)] = &[
    // Files cannot be named in SQL.
    ("spark.sql.runSQLOnFiles", "false"),
    // `001` and `1` in folders' names are two tenants.
    ("spark.sql.sources.partitionColumnTypeInference.enabled", "false"),
    // A filter that the engine infers is evaluated before the one that it was inferred from.
    ("spark.sql.constraintPropagation.enabled", "false"),
    // `${env:..}` is text.
    ("spark.sql.variable.substitute", "false"),
    ("spark.sql.session.timeZone", "UTC"),
    // What does not fit is an error and never another number. Nothing that is sent should come to that.
    ("spark.sql.ansi.enabled", "true"),
    // An answer from some of the files is no answer.
    ("spark.sql.files.ignoreCorruptFiles", "false"),
    ("spark.sql.files.ignoreMissingFiles", "false"),
    // Times without a zone stay so.
    ("spark.sql.parquet.inferTimestampNTZ.enabled", "true"),
    ("spark.sql.timestampType", "TIMESTAMP_LTZ"),
    // An old day in a file is that day: neither moved nor, in somebody's row, a failure of the scan.
    ("spark.sql.parquet.datetimeRebaseModeInRead", "CORRECTED"),
    ("spark.sql.parquet.int96RebaseModeInRead", "CORRECTED"),
    // What translated statements rest on.
    ("spark.sql.orderByOrdinal", "true"),
    ("spark.sql.decimalOperations.allowPrecisionLoss", "true"),
    ("spark.sql.legacy.timeParserPolicy", "CORRECTED"),
    // One table's columns are told apart as Databricks tells them.
    ("spark.sql.caseSensitive", "false"),
];

#[cfg(test)]
mod tests {
    use super::REQUIRED;
    use std::collections::BTreeSet;

    #[test]
    fn every_setting_is_named_once() {
        let names: BTreeSet<_> = REQUIRED.iter().map(|(name, _)| name).collect();
        assert_eq!(names.len(), REQUIRED.len());
    }
}
